//! Decisions from scores: calibration, thresholds, costs, priors, prediction sets and the option to reject.
//!
//! Each of them is, or returns, a classifier around another one.
//!
//! | Task | Call |
//! |---|---|
//! | Make probabilities agree with frequencies | [`Calibrate`] |
//! | Choose the threshold that is best for a metric | [`TuneThreshold`] |
//! | Predict the class of least expected cost | [`MinimumCost`] |
//! | Correct for other class frequencies than in training | [`PriorCorrected`] |
//! | Predict sets that contain the true class with a given probability | [`Conformal`] |
//! | Abstain where the model is not sure | [`RejectOption`] |

/// Implements the methods of a [`Classifier`](crate::Classifier) that wraps `$inner` and computes
/// probabilities from its own scores.
macro_rules! classifies_by_scores {
    ($this:ident => $inner:expr) => {
        $crate::classifier::describes_as!($this => $inner);

        fn probabilities_into(
            &$this,
            x: $crate::Rows<'_, T>,
            out: nalgebra::DMatrixViewMut<'_, T>,
            scratch: &mut $crate::Scratch<T>,
        ) -> Result<(), Error> {
            scratch.with_scores($this, x, |scores| $crate::loss::probabilities_of(scores, out))
        }
        fn log_probabilities_into(
            &$this,
            x: $crate::Rows<'_, T>,
            out: nalgebra::DMatrixViewMut<'_, T>,
            scratch: &mut $crate::Scratch<T>,
        ) -> Result<(), Error> {
            scratch.with_scores($this, x, |scores| $crate::loss::log_probabilities_of(scores, out))
        }
    };
}

mod calibrated;
mod conformal;
mod cost;
mod isotonic;
mod platt;
mod platt_fit;
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
