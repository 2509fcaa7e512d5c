//! The multi-layer perceptron as a classifier.

mod batches;
mod config;
mod fitted;
mod full_batch;
mod training;

pub use config::{MlpClassifier, MlpOptimizer};
pub use fitted::FittedMlp;

use crate::loss::{BinaryCrossEntropy, Loss, SoftmaxCrossEntropy};
use crate::real::Real;

/// The loss that fits the number of classes.
fn cross_entropy<T: Real>(classes: usize) -> &'static dyn Loss<T> {
    if classes == 2 { &BinaryCrossEntropy } else { &SoftmaxCrossEntropy }
}

/// Rows of a whole matrix that are passed through a network together: enough to fill the kernels, few enough that
/// the activations stay in cache.
const BLOCK: usize = 256;
