//! How good predictions are.
//!
//! Functions take the true labels first. Counts of predictions are in a [`ConfusionMatrix`], from which everything
//! else about predicted labels follows; [`log_loss`] judges probabilities.

mod confusion;
mod log_loss;
mod report;

pub use confusion::{ConfusionMatrix, accuracy};
pub use log_loss::log_loss;
pub use report::{ClassScores, ClassificationReport};
