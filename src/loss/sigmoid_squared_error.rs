//! The squared distance between sigmoid probabilities and targets.

use nalgebra::DMatrix;

use super::elementwise::{self, Elementwise, elementwise_loss, share};
use super::sigmoid::{self, Sigmoid};
use super::{Loss, Targets};
use crate::scalar::Real;

/// Mean squared error of the probabilities σ(z): the mean over score columns of (σ(z) - t)^2, the Brier
/// score.
///
/// Use it where single wrong labels must not dominate the fit: no row costs more than 1. The gradient
/// vanishes on confident mistakes, and the loss is not convex, so training can stall where a cross-entropy
/// would learn.
///
/// # Formula
/// l(z, t) = Σ_k (σ(z_k) - t_k)^2 / K for K score columns; dl/dz_k = 2 (σ(z_k) - t_k) σ(z_k) σ(-z_k) / K. The
/// residual is computed as σ(z) - t = (1 - t) σ(z) - t σ(-z), which does not cancel for targets of 0 and 1.
///
/// # Link
/// For one column, the probabilities are (σ(-z), σ(z)); for several columns, σ(z) of each.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{Loss, SigmoidSquaredError, Targets};
///
/// let scores = dmatrix![0.0; 3f64.ln()];
/// let loss = SigmoidSquaredError.mean(&scores, Targets::Classes(&[0, 0]), None)?;
/// assert!((loss - (0.25 + 0.5625) / 2.0).abs() < 1e-15);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SigmoidSquaredError;

impl<T: Real> Loss<T> for SigmoidSquaredError {
    elementwise_loss! { targets: probabilities, mean of |share| Squared(T::of(share)) }

    fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
        sigmoid::link(scores, out);
    }

    /// Writes the Gauss-Newton matrix 2/K σ'(z)^2. The loss is not convex; this is its second derivative at
    /// residuals of zero.
    fn curvature(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        row: usize,
        out: &mut DMatrix<T>,
    ) -> bool {
        let twice = T::of(2.0 * share(scores.ncols()));
        elementwise::curvature(scores, targets, row, out, |_, z, _| {
            let slope = Sigmoid::new(z).slope();
            twice * (slope * slope)
        })
    }
}

/// The squared residual, with the share of its column in the mean for the slope.
#[derive(Clone, Copy)]
struct Squared<T>(T);

impl<T: Real> Elementwise<T> for Squared<T> {
    #[inline(always)]
    fn value_and_slope(self, z: T, t: T) -> (T, T) {
        let sigmoid = Sigmoid::new(z);
        let residual = sigmoid.less(t);
        (residual * residual, (residual + residual) * sigmoid.slope() * self.0)
    }
}
