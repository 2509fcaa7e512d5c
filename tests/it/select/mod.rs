//! Splits, cross-validation and searches; no test row ever reaches a fit.

mod no_leaks;
mod selection;
