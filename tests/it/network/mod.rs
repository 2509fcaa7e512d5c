//! The perceptron as a classifier: every setting, several labels per row, minimisers, your own layers and
//! losses.

mod digits;
#[cfg(feature = "gzip")]
mod historical_runs;
mod labels;
mod losses;
mod minimizers;
mod own;
mod settings;
