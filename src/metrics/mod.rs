//! How good predictions are.
//!
//! Functions take the true labels first. Counts of predictions are in a [`ConfusionMatrix`], from which everything
//! else about predicted labels follows; [`log_loss`], [`brier_score`] and [`roc_auc`] judge probabilities. A
//! [`Metric`] is one of these as a value, with sample weights, for model selection: [`LogLoss`], [`BrierScore`],
//! [`RocAuc`], [`Accuracy`], or your own.

mod accuracy;
mod brier_score;
mod confusion;
mod log_loss;
mod metric;
mod report;
mod roc_auc;

pub use accuracy::{Accuracy, accuracy};
pub use brier_score::{BrierScore, brier_score};
pub use confusion::ConfusionMatrix;
pub use log_loss::{LogLoss, log_loss};
pub use metric::Metric;
pub use report::{ClassScores, ClassificationReport};
pub use roc_auc::{RocAuc, roc_auc};
