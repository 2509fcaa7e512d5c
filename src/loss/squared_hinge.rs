//! The squared hinge loss.

use nalgebra::DMatrix;

use super::elementwise::{self, Elementwise, elementwise_loss, part};
use super::hinge::{margin_link, shortfall};
use super::{Loss, Targets};
use crate::scalar::Real;

/// Squared hinge loss of raw scores, summed over score columns: zero for scores that are right by a margin
/// of 1.
///
/// Use it in place of [`Hinge`](crate::nn::Hinge) where the minimiser needs a gradient without jumps, or a
/// curvature. Rows far on the wrong side count by the square of their distance, so outliers have more
/// influence.
///
/// # Formula
/// l(z, t) = t max(0, 1 - z)^2 + (1 - t) max(0, 1 + z)^2. For the labels t = 0, 1, this is max(0, 1 - s z)^2
/// with s = -1, +1. dl/dz = 2 (1 - t) max(0, 1 + z) - 2 t max(0, 1 - z). The second derivative jumps at
/// z = ±1, where it is that of the flat side. Several columns are as many one-vs-rest problems.
///
/// # Link
/// The link is that of [`Hinge`](crate::nn::Hinge): sigmoid or softmax, in the order of the scores, which are
/// margins and *not* log-odds.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{Loss, SquaredHinge, Targets};
///
/// let scores = dmatrix![2.0; 0.5; 0.5];
/// let loss = SquaredHinge.mean(&scores, Targets::Classes(&[1, 1, 0]), None)?;
/// assert!((loss - (0.0 + 0.25 + 2.25) / 3.0).abs() < 1e-15);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SquaredHinge;

impl<T: Real> Loss<T> for SquaredHinge {
    elementwise_loss! { targets: probabilities, sum of |loss, _| *loss }

    fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
        margin_link(scores, out);
    }

    /// Writes the second derivative: 2 t where z < 1 plus 2 (1 - t) where z > -1.
    fn curvature(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        row: usize,
        out: &mut DMatrix<T>,
    ) -> bool {
        elementwise::curvature(scores, targets, row, out, |_, z, t| {
            let bent = |factor: T, lacking: T| if lacking > T::zero() { factor } else { factor * lacking };
            let half = bent(t, shortfall(z)) + bent(T::one() - t, shortfall(-z));
            half + half
        })
    }
}

impl<T: Real> Elementwise<T> for SquaredHinge {
    #[inline(always)]
    fn value_and_slope(self, z: T, t: T) -> (T, T) {
        let (below, above) = (shortfall(z), shortfall(-z));
        let (yes, no) = (t, T::one() - t);
        let half = part(no, above) - part(yes, below);
        (part(yes, below * below) + part(no, above * above), half + half)
    }
}
