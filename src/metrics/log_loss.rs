//! The mean cross-entropy of predicted probabilities.

use nalgebra::DMatrixView;

use crate::error::Error;
use crate::label::Label;
use crate::metric::{Metric, mean};
use crate::scalar::Real;

/// Returns the log-loss, the mean of -ln p over rows, with p the predicted probability of the true class;
/// lower is better.
///
/// `classes` are the classes of the columns of `probabilities` (n x K), as
/// [`Classifier::classes`](crate::Classifier) returns them. Nothing is clipped: a true class with probability
/// 0 makes the result infinite. [`LogLoss`] also takes weights.
///
/// # Errors
/// Returns [`Error::ShapeMismatch`] if the sizes differ, [`Error::Empty`] if there are no rows,
/// [`Error::UnknownLabel`] if a label is not one of `classes`, [`Error::UnsortedClasses`] if `classes` are
/// not in ascending order, [`Error::NotFinite`] or [`Error::InvalidTarget`] if an entry is not from 0 to 1,
/// and [`Error::InvalidTarget`] with the sum if a row does not sum to 1 (up to 0.001, for rounding).
///
/// # Examples
/// ```
/// use logit::metrics::log_loss;
/// use nalgebra::dmatrix;
///
/// let p = dmatrix![0.9, 0.1; 0.6, 0.4; 0.65, 0.35; 0.2, 0.8];
/// let loss = log_loss(&[0, 0, 1, 1], &p, &[0, 1])?;
/// assert!((loss - 0.47228795380917615).abs() < 1e-15);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn log_loss<'a, T: Real, L: Label>(
    truth: &[L],
    probabilities: impl Into<DMatrixView<'a, T>>,
    classes: &[L],
) -> Result<f64, Error> {
    LogLoss.evaluate(truth, probabilities, classes, None)
}

/// The log-loss as a [`Metric`], Σ u (-ln p) / Σ u with sample weights u; see [`log_loss`].
///
/// ```
/// use logit::metrics::{LogLoss, Metric};
/// use nalgebra::dmatrix;
///
/// let p = dmatrix![1.0, 0.0; 0.5, 0.5];
/// assert_eq!(
///     LogLoss.evaluate(&[0, 1], &p, &[0, 1], Some(&[3.0, 1.0]))?,
///     2f64.ln() / 4.0
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogLoss;

impl Metric for LogLoss {
    fn greater_is_better(&self) -> bool {
        false
    }

    fn rows_must_sum_to_one(&self) -> bool {
        true
    }

    fn evaluate_indices(
        &self,
        truth: &[usize],
        probabilities: DMatrixView<'_, f64>,
        weights: Option<&[f64]>,
    ) -> Result<f64, Error> {
        // Subtracting from 0 gives 0, not -0, for a probability of 1.
        Ok(mean(truth.len(), weights, |row| 0.0 - probabilities[(row, truth[row])].ln()))
    }
}
