//! The doctor: every fault is found, and its healthy twin, which differs in one line, has no warning.

mod data;
mod training;
