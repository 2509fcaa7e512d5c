//! Penalties on large coefficients.

use std::ops::Range;

use crate::check;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::{axpy, dot};

/// A penalty on large coefficients, which is added to the mean loss. The intercept is never penalised.
///
/// | penalty | added to the mean loss | effect |
/// |---|---|---|
/// | `None` | nothing | maximum likelihood |
/// | `L2` | λ/2 ‖w‖² | shrinks all coefficients |
/// | `L1` | λ ‖w‖₁ | sets coefficients to exactly zero |
/// | `ElasticNet` | λ (ρ ‖w‖₁ + (1 - ρ)/2 ‖w‖²) | both; similar columns get similar coefficients |
/// | `Jeffreys` | -1/2 ln det I(w, b) / Σ u | removes the first-order bias; finite on separable data |
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
    /// No penalty: maximum likelihood. If the classes are separable, no optimum exists, and the report says
    /// so.
    None,
    /// The ridge penalty `λ/2 ‖w‖²`.
    L2(Strength),
    /// The lasso penalty `λ ‖w‖₁`.
    L1(Strength),
    /// The elastic net `λ (ρ ‖w‖₁ + (1 - ρ)/2 ‖w‖²)`, Zou and Hastie (2005).
    ElasticNet {
        /// λ, or C.
        strength: Strength,
        /// ρ, from 0 (L2) to 1 (L1).
        l1_ratio: f64,
    },
    /// Jeffreys' prior (Firth, 1993), which adds half the logarithm of the determinant of the Fisher
    /// information to the log-likelihood.
    ///
    /// Estimates exist for every data set with independent columns, even if the classes are separable (Heinze
    /// and Schemper, 2002).
    Jeffreys,
}

/// The strength of a penalty, on one of the two usual scales.
///
/// # Formula
/// The objective is Σ u_i l_i / Σ u_i + λ r(w), with u the sample weights (times class weights) and r(w) such
/// as 1/2 ‖w‖². scikit-learn's C Σ u_i l_i + r(w) has the same minimum when λ = 1 / (C Σ u_i).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Strength {
    /// λ, relative to the *mean* loss; at least 0. Its meaning does not depend on the number of rows.
    Lambda(f64),
    /// scikit-learn's inverse strength C, relative to the *sum* of losses; above 0.
    C(f64),
}

impl Strength {
    /// Returns λ for weights that sum to `total`, and checks that it is finite in the number type.
    fn lambda<T: Real>(self, total: f64) -> Result<f64, Error> {
        let (name, value, lambda) = match self {
            Strength::Lambda(lambda) => {
                check::not_negative("lambda", lambda)?;
                ("lambda", lambda, lambda)
            }
            Strength::C(c) => {
                check::positive("C", c)?;
                ("C", c, 1.0 / (c * total))
            }
        };
        let finite = T::of(lambda).is_finite();
        check::parameter(name, value, finite, "a penalty within the range of the number type")?;
        Ok(lambda)
    }
}

impl Penalty {
    /// Creates an L2 penalty, `λ/2 ‖w‖²` relative to the mean loss.
    pub fn l2(lambda: f64) -> Self {
        Penalty::L2(Strength::Lambda(lambda))
    }

    /// Creates an L1 penalty, `λ ‖w‖₁` relative to the mean loss.
    pub fn l1(lambda: f64) -> Self {
        Penalty::L1(Strength::Lambda(lambda))
    }

    /// Creates an elastic net, `λ (ρ ‖w‖₁ + (1 - ρ)/2 ‖w‖²)` relative to the mean loss, with ρ = `l1_ratio`
    /// from 0 to 1.
    pub fn elastic_net(lambda: f64, l1_ratio: f64) -> Self {
        Penalty::ElasticNet { strength: Strength::Lambda(lambda), l1_ratio }
    }

    /// Creates an L2 penalty from scikit-learn's `C`: `1/2 ‖w‖²` relative to C times the sum of losses.
    pub fn c(c: f64) -> Self {
        Penalty::L2(Strength::C(c))
    }

    /// Returns the factors of ‖w‖₁ and of 1/2 ‖w‖² for weights that sum to `total`.
    pub(crate) fn factors<T: Real>(&self, total: f64) -> Result<(f64, f64), Error> {
        match *self {
            Penalty::None | Penalty::Jeffreys => Ok((0.0, 0.0)),
            Penalty::L2(strength) => Ok((0.0, strength.lambda::<T>(total)?)),
            Penalty::L1(strength) => Ok((strength.lambda::<T>(total)?, 0.0)),
            Penalty::ElasticNet { strength, l1_ratio } => {
                check::parameter("l1_ratio", l1_ratio, (0.0..=1.0).contains(&l1_ratio), "from 0 to 1")?;
                let lambda = strength.lambda::<T>(total)?;
                Ok((lambda * l1_ratio, lambda * (1.0 - l1_ratio)))
            }
        }
    }

    /// Replaces the strength of the penalty by λ. `None` and `Jeffreys` have no strength and stay.
    pub(crate) fn with_lambda(self, lambda: f64) -> Self {
        let strength = Strength::Lambda(lambda);
        match self {
            Penalty::None | Penalty::Jeffreys => self,
            Penalty::L2(_) => Penalty::L2(strength),
            Penalty::L1(_) => Penalty::L1(strength),
            Penalty::ElasticNet { l1_ratio, .. } => Penalty::ElasticNet { strength, l1_ratio },
        }
    }
}

/// Returns `λ/2 ‖w‖²`.
pub(crate) fn l2<T: Real>(lambda: f64, weights: &[T]) -> f64 {
    if lambda == 0.0 { 0.0 } else { 0.5 * lambda * dot(weights, weights).as_f64() }
}

/// Adds the gradient of [`l2`], `λ w`, to `grad`.
pub(crate) fn add_l2_gradient<T: Real>(lambda: f64, weights: &[T], grad: &mut [T]) {
    if lambda != 0.0 {
        axpy(T::of(lambda), weights, grad);
    }
}

/// Returns the sum of [`l2`] over some ranges of parameters.
pub(crate) fn l2_of<T: Real>(lambda: f64, penalized: &[Range<usize>], params: &[T]) -> f64 {
    penalized.iter().map(|range| l2(lambda, &params[range.clone()])).sum()
}

/// Adds the gradient of [`l2_of`] to `grad`.
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
