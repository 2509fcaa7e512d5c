//! Penalties on large coefficients.

use std::ops::Range;

use crate::check;
use crate::error::Error;
use crate::kernel::{axpy, dot};
use crate::real::Real;

/// What is added to the mean loss to keep coefficients small. The intercept is never penalised.
///
/// ```
/// use logit::Penalty;
///
/// // The same penalty for 200 rows of weight 1:
/// let (ours, scikit_learn) = (Penalty::l2(0.005), Penalty::c(1.0));
/// # let _ = (ours, scikit_learn);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Penalty {
    /// Nothing: maximum likelihood. If the classes are separable there is no optimum, and the report says so.
    None,
    /// `λ/2 ‖w‖²`
    L2(Strength),
}

/// How strong a penalty is, in either of the two usual scales.
///
/// # Formula
/// The objective is Σ u_i l_i / Σ u_i + λ/2 ‖w‖², with u the sample weights. scikit-learn's
/// C Σ u_i l_i + 1/2 ‖w‖² has the same minimum when λ = 1 / (C Σ u_i).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Strength {
    /// λ, relative to the *mean* loss; at least 0. It means the same for any number of rows.
    Lambda(f64),
    /// scikit-learn's inverse strength C, relative to the *sum* of losses; above 0.
    C(f64),
}

impl Penalty {
    /// `λ/2 ‖w‖²` beside the mean loss.
    pub fn l2(lambda: f64) -> Self {
        Penalty::L2(Strength::Lambda(lambda))
    }

    /// scikit-learn's `C`: `1/2 ‖w‖²` beside C times the sum of losses.
    pub fn c(c: f64) -> Self {
        Penalty::L2(Strength::C(c))
    }

    /// λ for weights that sum to `total`: finite, also in the scalar type.
    pub(crate) fn lambda<T: Real>(&self, total: f64) -> Result<f64, Error> {
        let (name, value, lambda) = match *self {
            Penalty::None => return Ok(0.0),
            Penalty::L2(Strength::Lambda(lambda)) => {
                check::not_negative("lambda", lambda)?;
                ("lambda", lambda, lambda)
            }
            Penalty::L2(Strength::C(c)) => {
                check::positive("C", c)?;
                ("C", c, 1.0 / (c * total))
            }
        };
        check::parameter(
            name,
            value,
            T::of(lambda).is_finite(),
            "a penalty within the range of the number type",
        )?;
        Ok(lambda)
    }
}

/// `λ/2 ‖w‖²`
pub(crate) fn l2<T: Real>(lambda: f64, weights: &[T]) -> f64 {
    if lambda == 0.0 { 0.0 } else { 0.5 * lambda * dot(weights, weights).as_f64() }
}

/// Adds the gradient of [`l2`], `λ w`, to `grad`.
pub(crate) fn add_l2_gradient<T: Real>(lambda: f64, weights: &[T], grad: &mut [T]) {
    if lambda != 0.0 {
        axpy(T::of(lambda), weights, grad);
    }
}

/// [`l2`] of some ranges of parameters.
pub(crate) fn l2_of<T: Real>(lambda: f64, penalized: &[Range<usize>], params: &[T]) -> f64 {
    penalized.iter().map(|range| l2(lambda, &params[range.clone()])).sum()
}

/// [`add_l2_gradient`] for some ranges of parameters.
pub(crate) fn add_l2_gradient_of<T: Real>(
    lambda: f64,
    penalized: &[Range<usize>],
    params: &[T],
    grad: &mut [T],
) {
    for range in penalized {
        add_l2_gradient(lambda, &params[range.clone()], &mut grad[range.clone()]);
    }
}
