//! The multi-layer perceptron as a classifier.

mod batches;
mod config;
mod fitted;
mod full_batch;
mod training;

pub use config::{MlpClassifier, MlpOptimizer};
pub use fitted::FittedMlp;

/// Rows of a whole matrix that are passed through a network together: enough to fill the kernels, few enough that
/// the activations stay in cache.
const BLOCK: usize = 256;
