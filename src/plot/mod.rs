//! Figures as SVG and PNG, in the units of the data. Needs the feature `plot`.
//!
//! | To show | Call |
//! |---|---|
//! | predictions over two features, with the data and the boundary | [`decision_regions`], [`decision_boundary`], [`DecisionRegions`] |
//! | the probability of a class over two features | [`ProbabilitySurface`] |
//! | losses and metrics over epochs, objectives over iterations | [`loss_curves`], [`metric_curves`], [`objective_curve`] |
//! | the course of a run that the doctor watched | [`watched_run`] |
//! | ROC, precision-recall and calibration curves | [`roc_curves`], [`precision_recall_curves`], [`calibration_curves`] |
//! | which classes are confused | [`confusion_matrix`] |
//! | coefficients with intervals | [`coefficients`], [`Intervals`] |
//! | the weights of the units of a first layer | [`weight_images`] |
//! | scores over the number of rows or a setting, losses over learning rates | [`learning_curves`], [`validation_curves`], [`learning_rates`] |
//! | your own curves and points | [`Curves`] |

mod apart;
mod axis;
mod bitmap;
mod calibration;
mod chart;
mod clip;
mod coefficients;
mod confusion;
mod curves;
mod figure;
mod font;
mod history;
mod images;
mod layout;
mod palette;
mod partition;
mod plane;
mod ranking;
mod regions;
mod scene;
mod scores;
mod surface;
mod svg;
mod ticks;
mod watched;

pub use calibration::calibration_curves;
pub use coefficients::{Intervals, coefficients};
pub use confusion::confusion_matrix;
pub use curves::Curves;
pub use figure::Figure;
pub use history::{loss_curves, metric_curves, objective_curve};
pub use images::weight_images;
pub use ranking::{precision_recall_curves, roc_curves};
pub use regions::{DecisionRegions, decision_boundary, decision_regions};
pub use scores::{learning_curves, learning_rates, validation_curves};
pub use surface::ProbabilitySurface;
pub use watched::watched_run;
