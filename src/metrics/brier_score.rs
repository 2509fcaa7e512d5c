//! The mean squared error of predicted probabilities.

use nalgebra::DMatrixView;

use crate::error::Error;
use crate::label::Label;
use crate::metric::{Metric, mean};
use crate::scalar::Real;

/// Returns the mean squared error of predicted probabilities; lower is better.
///
/// Let p be the probability of a class, and y be 1 for rows of that class and 0 for others. For two classes
/// the score is the mean over rows of (p - y)^2 for the second class, from 0 to 1. For more classes it is the
/// mean over rows of Σ_k (p_k - y_k)^2, from 0 to 2 (Brier 1950). [`BrierScore`] also takes weights.
/// [`CalibrationCurve`](super::CalibrationCurve) decomposes the score into reliability, resolution and
/// uncertainty.
///
/// # Errors
/// Returns [`Error::ShapeMismatch`] if the sizes differ, [`Error::Empty`] if there are no rows,
/// [`Error::UnknownLabel`] if a label is not one of `classes`, [`Error::UnsortedClasses`] if `classes` are
/// not in ascending order, [`Error::NotFinite`] or [`Error::InvalidTarget`] if an entry is not from 0 to 1,
/// and [`Error::InvalidTarget`] with the sum if a row does not sum to 1 (up to 0.001, for rounding).
///
/// # Examples
/// ```
/// use logit::metrics::brier_score;
/// use nalgebra::dmatrix;
///
/// let p = dmatrix![0.9, 0.1; 0.6, 0.4; 0.65, 0.35; 0.2, 0.8];
/// let score = brier_score(&[0, 0, 1, 1], &p, &[0, 1])?;
/// assert!((score - 0.158125).abs() < 1e-15);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn brier_score<'a, T: Real, L: Label>(
    truth: &[L],
    probabilities: impl Into<DMatrixView<'a, T>>,
    classes: &[L],
) -> Result<f64, Error> {
    BrierScore.evaluate(truth, probabilities, classes, None)
}

/// The Brier score as a [`Metric`], with sample weights; see [`brier_score`].
///
/// ```
/// use logit::metrics::{BrierScore, Metric};
/// use nalgebra::dmatrix;
///
/// let p = dmatrix![1.0, 0.0; 0.5, 0.5];
/// assert_eq!(BrierScore.evaluate(&[0, 1], &p, &[0, 1], Some(&[3.0, 1.0]))?, 0.0625);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BrierScore;

impl Metric for BrierScore {
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
        let classes = probabilities.ncols();
        let first = if classes == 2 { 1 } else { 0 };
        let error = |row: usize, class: usize| {
            let truth = if truth[row] == class { 1.0 } else { 0.0 };
            (probabilities[(row, class)] - truth).powi(2)
        };
        Ok(mean(truth.len(), weights, |row| (first..classes).map(|class| error(row, class)).sum()))
    }
}
