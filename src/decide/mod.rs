//! From scores to decisions: calibration, thresholds, costs, priors, sets of classes, no answer.

mod calibrated;
mod conformal;
mod cost;
mod isotonic;
mod platt;
mod priors;
mod reject;
mod stored;
mod temperature;
mod threshold;
mod tune_threshold;

pub use calibrated::{Calibrate, CalibrationMethod, FittedCalibration};
pub use conformal::{Conformal, NonconformityScore};
pub use cost::MinimumCost;
pub use isotonic::IsotonicRegression;
pub use platt::PlattScaling;
pub use priors::PriorCorrected;
pub use reject::RejectOption;
pub use threshold::FittedThreshold;
pub use tune_threshold::TuneThreshold;
