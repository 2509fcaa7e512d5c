//! Classifiers for many classes, made of classifiers for two.

mod one_vs_one;
mod one_vs_rest;
mod stored;

pub use one_vs_one::{FittedOneVsOne, OneVsOne};
pub use one_vs_rest::{FittedOneVsRest, OneVsRest};
