//! Derivatives proved against finite differences, and mistakes that the proof must find.

mod derivatives;
mod gradients;
mod planted_bugs;
