//! Metrics: how good predictions are.
//!
//! Functions and tables take the true labels first. A [`Metric`] is a metric as a value: it takes sample
//! weights, and model selection and [confidence intervals](Bootstrap) use it.
//!
//! | Question | Metrics | Computed from |
//! |---|---|---|
//! | What fraction of rows is classified correctly? | [`accuracy`], [`Accuracy`], [`TopK`] | labels, probabilities |
//! | And if the classes differ in size? | [`BalancedAccuracy`], [`GeometricMean`], [`MatthewsCorrelation`], [`CohenKappa`] | labels |
//! | Which classes are confused with which? | [`ConfusionMatrix`], [`ClassificationReport`] | labels |
//! | How many alarms are right, and how many cases are found? | [`Precision`], [`Recall`], [`FBeta`], [`Jaccard`] | labels |
//! | What do the mistakes cost? | [`MeanCost`] | labels |
//! | How good are the probabilities? | [`LogLoss`], [`BrierScore`] | probabilities |
//! | Do the probabilities match the observed frequencies? | [`CalibrationCurve`], [`CalibrationError`] | probabilities |
//! | Do positive rows rank above negative rows? | [`RocAuc`], [`MulticlassRocAuc`], [`AveragePrecision`] | scores or probabilities |
//! | Which error rates does each threshold give? | [`RocCurve`], [`PrecisionRecallCurve`], [`DetCurve`] | scores or probabilities |
//! | Do the scores keep a margin? | [`hinge_loss`] | scores |
//! | How good are label sets? | [`hamming_loss`], [`multi_label_jaccard`], [`subset_accuracy`] | sets |
//! | How uncertain is a metric? | [`Bootstrap`] | |

mod accuracy;
mod average;
mod average_precision;
mod bootstrap;
mod brier_score;
mod calibration_curve;
mod class_metrics;
mod confusion;
mod counts;
mod curves;
mod hinge_loss;
mod log_loss;
mod mean_cost;
mod multi_label;
mod multiclass_auc;
mod ranking;
mod report;
mod roc_auc;
mod top_k;

pub use crate::metric::Metric;
pub(crate) use crate::metric::{decisions, double};
pub use accuracy::{Accuracy, accuracy};
pub use average::{Average, ZeroDivision};
pub use average_precision::AveragePrecision;
pub use bootstrap::{Bootstrap, BootstrapInterval};
pub use brier_score::{BrierScore, brier_score};
pub use calibration_curve::{Bins, CalibrationCurve, CalibrationError};
pub use class_metrics::{
    BalancedAccuracy, CohenKappa, FBeta, GeometricMean, Jaccard, MatthewsCorrelation, Precision, Recall,
};
pub use confusion::{ConfusionMatrix, Normalize};
pub use counts::Disagreement;
pub use curves::{DetCurve, PrecisionRecallCurve, RocCurve};
pub use hinge_loss::hinge_loss;
pub use log_loss::{LogLoss, log_loss};
pub use mean_cost::MeanCost;
pub use multi_label::{hamming_loss, multi_label_jaccard, subset_accuracy};
pub use multiclass_auc::MulticlassRocAuc;
pub use report::{ClassScores, ClassificationReport};
pub use roc_auc::{RocAuc, roc_auc};
pub use top_k::TopK;
