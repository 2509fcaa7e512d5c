//! The perceptron as a classifier: every setting, several labels a row, minimisers.

mod labels;
mod losses;
mod minimizers;
mod settings;
