//! The hinge loss of support vector machines.

use nalgebra::DMatrix;

use super::elementwise::{Elementwise, elementwise_loss, part};
use super::{Loss, sigmoid, softmax};
use crate::scalar::Real;

/// Hinge loss of raw scores, summed over score columns: zero for scores that are right by a margin of 1.
///
/// Use it for the largest margin between classes, where only the rows at the margin should matter and
/// probabilities are not needed. It has kinks and no curvature, so it needs a first-order optimizer such as
/// [`Sgd`](crate::Sgd).
///
/// # Formula
/// l(z, t) = t max(0, 1 - z) + (1 - t) max(0, 1 + z). For the labels t = 0, 1, this is max(0, 1 - s z) with
/// s = -1, +1. dl/dz is the sum of -t where z < 1 and 1 - t where z > -1. At the kinks z = ±1 the derivative
/// is that of the flat side, so the term there adds 0. Several columns are as many one-vs-rest problems.
///
/// # Link
/// The scores of a hinge loss are margins and *not* log-odds. The link is nevertheless the sigmoid of a
/// single column and the softmax of several columns. The probabilities have the order and the ties of the
/// scores, but their size means nothing before calibration.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{Hinge, Loss, Targets};
///
/// let scores = dmatrix![2.0; 0.25; 0.25];
/// let mut gradient = scores.clone();
/// let loss = Hinge.mean_and_gradient(
///     &scores,
///     Targets::Classes(&[1, 1, 0]),
///     None,
///     &mut gradient,
/// )?;
/// assert!((loss - (0.0 + 0.75 + 1.25) / 3.0).abs() < 1e-15);
/// assert_eq!(gradient, dmatrix![0.0; -1.0; 1.0] / 3.0);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hinge;

impl<T: Real> Loss<T> for Hinge {
    elementwise_loss! { targets: probabilities, sum of |loss, _| *loss }

    fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
        margin_link(scores, out);
    }
}

impl<T: Real> Elementwise<T> for Hinge {
    #[inline(always)]
    fn value_and_slope(self, z: T, t: T) -> (T, T) {
        let (below, above) = (shortfall(z), shortfall(-z));
        let (yes, no) = (t, T::one() - t);
        let step = |lacking: T| if lacking > T::zero() { T::one() } else { lacking };
        (part(yes, below) + part(no, above), no * step(above) - yes * step(below))
    }
}

/// Returns the amount by which `z` falls short of a margin of 1. The comparison is `<=`, so that NaN passes
/// through.
#[inline(always)]
pub(super) fn shortfall<T: Real>(z: T) -> T {
    let lacking = T::one() - z;
    if lacking <= T::zero() { T::zero() } else { lacking }
}

/// Writes the probabilities of losses whose scores are margins.
pub(super) fn margin_link<T: Real>(scores: &DMatrix<T>, out: &mut DMatrix<T>) {
    if scores.ncols() == 1 {
        sigmoid::link(scores, out);
    } else {
        softmax::link(scores, out);
    }
}
