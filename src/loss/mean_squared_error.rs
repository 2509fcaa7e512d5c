//! The squared distance between scores and targets.

use nalgebra::DMatrix;

use super::elementwise::{self, Elementwise, elementwise_loss, share};
use super::{Loss, Targets};
use crate::scalar::Real;

/// Mean squared error of raw scores: the mean over score columns of (z - t)^2.
///
/// Use it for scores that estimate the targets themselves, on any scale: for regression, and for
/// classification by least squares. For classification, prefer a cross-entropy: this loss also penalises a
/// score above 1 for the right class.
///
/// # Formula
/// l(z, t) = Σ_k (z_k - t_k)^2 / K for K score columns; dl/dz_k = 2 (z_k - t_k) / K.
///
/// # Link
/// Scores are read as probabilities: they are clipped to [0, 1] and, for several columns, divided by their
/// sum (equal shares if all are clipped to 0). A single column gives (1 - p, p).
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{Loss, MeanSquaredError, Targets};
///
/// let scores = dmatrix![0.5, 2.0];
/// let targets = dmatrix![0.0, 1.0];
/// assert_eq!(MeanSquaredError.mean(&scores, Targets::Values(&targets), None)?, 0.625);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeanSquaredError;

impl<T: Real> Loss<T> for MeanSquaredError {
    elementwise_loss! { targets: any, mean of |share| Squared(T::of(share)) }

    /// Writes the second derivative, 2/K times the identity.
    fn curvature(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        row: usize,
        out: &mut DMatrix<T>,
    ) -> bool {
        let second = T::of(2.0 * share(scores.ncols()));
        elementwise::curvature(scores, targets, row, out, |_, _, _| second)
    }

    fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
        assert_eq!(scores.nrows(), out.nrows(), "rows of probabilities");
        // The comparisons let NaN pass through.
        let unit = |z: T| {
            if z <= T::zero() {
                T::zero()
            } else if z > T::one() {
                T::one()
            } else {
                z
            }
        };
        for row in 0..scores.nrows() {
            if scores.ncols() == 1 && out.ncols() == 2 {
                let p = unit(scores[row]);
                (out[(row, 0)], out[(row, 1)]) = (T::one() - p, p);
                continue;
            }
            let sum = (0..scores.ncols()).fold(T::zero(), |sum, k| sum + unit(scores[(row, k)]));
            for column in 0..scores.ncols() {
                let equal = T::of(1.0 / scores.ncols() as f64);
                out[(row, column)] = if sum == T::zero() { equal } else { unit(scores[(row, column)]) / sum };
            }
        }
    }
}

/// The squared residual, with the share of its column in the mean for the slope.
#[derive(Clone, Copy)]
struct Squared<T>(T);

impl<T: Real> Elementwise<T> for Squared<T> {
    #[inline(always)]
    fn value_and_slope(self, z: T, t: T) -> (T, T) {
        let residual = z - t;
        (residual * residual, (residual + residual) * self.0)
    }
}
