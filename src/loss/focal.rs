//! The focal loss: cross-entropy that down-weights rows that are already classified correctly.

use nalgebra::DMatrix;

use super::elementwise::{self, Elementwise, elementwise_loss, part};
use super::sigmoid::{self, Sigmoid};
use super::{Loss, Targets};
use crate::check;
use crate::error::Error;
use crate::scalar::Exponential;
use crate::scalar::Real;

/// Focal loss of raw scores, summed over score columns.
///
/// Use it where the many easy rows of a frequent class would outweigh the few hard rows: an easy row loses
/// its weight once it is classified correctly. The probabilities are less confident than those of a
/// cross-entropy; calibrate them before use.
///
/// # Formula
/// l(z, t) = α t σ(-z)^γ softplus(-z) + (1 - α) (1 - t) σ(z)^γ softplus(z), for targets t from 0 to 1.
/// Without α, both α and 1 - α are left out. With q = σ(-z) = 1 - p, the first term is -α t q^γ ln p, and its
/// derivative is -α t q^γ (γ p softplus(-z) + q). The second term is its mirror image. γ = 0 is binary
/// cross-entropy.
///
/// # Precision
/// q^γ = exp(-γ softplus(z)), with the product γ |z| in twice the working precision. Both tails keep their
/// digits for every γ, even where q itself underflows. The derivative has no factor q^(γ-1), so γ below 1 is
/// safe.
///
/// # Link
/// For one column, the probabilities are (σ(-z), σ(z)); for several columns, σ(z) of each.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{Focal, Loss, Targets};
///
/// let scores = dmatrix![0.0; 3f64.ln()];
/// let loss = Focal::new(2.0).mean(&scores, Targets::Classes(&[1, 1]), None)?;
/// assert!((loss - (0.25 * 2f64.ln() - 0.0625 * 0.75f64.ln()) / 2.0).abs() < 1e-15);
///
/// let weighted =
///     Focal::new(2.0).alpha(0.25).mean(&scores, Targets::Classes(&[1, 1]), None)?;
/// assert!((weighted - 0.25 * loss).abs() < 1e-15);
/// # Ok::<(), logit::Error>(())
/// ```
///
/// # References
/// Lin, Goyal, Girshick, He, Dollár (2017), *Focal Loss for Dense Object Detection*.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Focal {
    pub(super) gamma: f64,
    pub(super) alpha: Option<f64>,
}

impl Default for Focal {
    /// Returns the focal loss with γ = 2, as in the paper, and without α.
    fn default() -> Self {
        Focal::new(2.0)
    }
}

impl Focal {
    /// Creates the focal loss with the exponent γ, at least 0. The larger γ is, the less the correctly
    /// classified rows count.
    pub const fn new(gamma: f64) -> Self {
        Focal { gamma, alpha: None }
    }

    /// Sets the weight α of targets 1, from 0 to 1; targets 0 get 1 - α. Defaults to no weights, which is
    /// twice the loss of α = 1/2.
    pub const fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = Some(alpha);
        self
    }

    fn terms<T: Real>(&self) -> Terms<T> {
        let (yes, no) = self.alpha.map_or((1.0, 1.0), |alpha| (alpha, 1.0 - alpha));
        Terms { gamma: T::of(self.gamma), yes: T::of(yes), no: T::of(no) }
    }
}

impl<T: Real> Loss<T> for Focal {
    fn describe(&self) -> String {
        format!("{self:?}")
    }

    elementwise_loss! { targets: probabilities, sum of |loss, _| loss.terms::<T>() }

    fn check_parameters(&self, _columns: usize) -> Result<(), Error> {
        check::not_negative("gamma", self.gamma)?;
        let alpha = self.alpha.unwrap_or(0.5);
        check::parameter("alpha", alpha, (0.0..=1.0).contains(&alpha), "from 0 to 1")
    }

    fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
        sigmoid::link(scores, out);
    }

    /// Writes the second derivative where it is positive, and 0 where the loss is concave: at rows that are
    /// wrong by far.
    fn curvature(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        row: usize,
        out: &mut DMatrix<T>,
    ) -> bool {
        let terms = self.terms::<T>();
        elementwise::curvature(scores, targets, row, out, |_, z, t| {
            let second = terms.second_derivative(z, t);
            if second < T::zero() { T::zero() } else { second }
        })
    }
}

/// The exponent and the weights in the number type of the scores.
#[derive(Clone, Copy)]
struct Terms<T> {
    gamma: T,
    yes: T,
    no: T,
}

/// The quantities that both terms of a score share. In each pair, the one of target 1 comes first.
struct Parts<T> {
    sigmoid: Sigmoid<T>,
    /// softplus(-z), softplus(z).
    surprise: (T, T),
    /// σ(-z)^γ, σ(z)^γ.
    power: (T, T),
    /// σ(z) softplus(-z), σ(-z) softplus(z).
    product: (T, T),
}

impl<T: Real> Parts<T> {
    #[inline(always)]
    fn new(z: T, gamma: T) -> Self {
        let sigmoid = Sigmoid::new(z);
        let log = sigmoid.log();
        let (right, wrong) = if z >= T::zero() { (z, T::zero()) } else { (T::zero(), -z) };
        let surprise = (log + wrong, log + right);
        Parts {
            sigmoid,
            surprise,
            power: (power(gamma, right, log), power(gamma, wrong, log)),
            product: (part(sigmoid.rises, surprise.0), part(sigmoid.falls, surprise.1)),
        }
    }
}

impl<T: Real> Elementwise<T> for Terms<T> {
    #[inline(always)]
    fn value_and_slope(self, z: T, t: T) -> (T, T) {
        let Parts { sigmoid, surprise, power, product } = Parts::new(z, self.gamma);
        let (yes, no) = (self.yes * t, self.no * (T::one() - t));
        let value = part(yes * power.0, surprise.0) + part(no * power.1, surprise.1);
        let falls = yes * power.0 * (self.gamma * product.0 + sigmoid.falls);
        let rises = no * power.1 * (self.gamma * product.1 + sigmoid.rises);
        (value, rises - falls)
    }
}

impl<T: Real> Terms<T> {
    /// Returns the second derivative, for target 1: q^γ p ((1 + 2γ) q + γ s (γ p - q)) with s = softplus(-z).
    fn second_derivative(self, z: T, t: T) -> T {
        let Parts { sigmoid: Sigmoid { rises: p, falls: q, .. }, power, product, .. } =
            Parts::new(z, self.gamma);
        let gamma = self.gamma;
        let twice = T::one() + gamma + gamma;
        // p s is finite even where s is not.
        let term =
            |power: T, p: T, q: T, product: T| power * (p * q * twice + gamma * product * (gamma * p - q));
        let (yes, no) = (self.yes * t, self.no * (T::one() - t));
        part(yes, term(power.0, p, q, product.0)) + part(no, term(power.1, q, p, product.1))
    }
}

/// Returns exp(-γ (distance + log)), where the distance is not negative and may be large, and the logarithm
/// is small.
#[inline(always)]
fn power<T: Real>(gamma: T, distance: T, log: T) -> T {
    let (high, low) = product(gamma, distance);
    let small = gamma * log;
    // The sum and its rounding error (Knuth).
    let sum = high + small;
    let added = sum - high;
    let low = low + ((high - (sum - added)) + (small - added));
    let whole = Exponential::new(-sum).value();
    // Beyond the range of the exponential, the correction may be NaN and is not needed.
    let low = if low.abs() < T::one() { low } else { T::zero() };
    let value = whole - whole * low;
    // With γ = 0 the product may be 0 * ∞, but the power is 1.
    if gamma == T::zero() { T::one() } else { value }
}

/// Returns `a b` and its rounding error, without fused operations (Dekker 1971).
#[inline(always)]
fn product<T: Real>(a: T, b: T) -> (T, T) {
    let splitter = T::of(if size_of::<T>() == 4 { 4097.0 } else { 134_217_729.0 });
    let split = |x: T| {
        let c = splitter * x;
        let high = c - (c - x);
        (high, x - high)
    };
    let ((a1, a2), (b1, b2), high) = (split(a), split(b), a * b);
    (high, ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_exact_in_two_parts() {
        assert_eq!(
            product(1.0 + f64::EPSILON, 1.0 + f64::EPSILON),
            (1.0 + 2.0 * f64::EPSILON, f64::EPSILON.powi(2))
        );
        assert_eq!(
            product(1.0 + f32::EPSILON, 1.0 + f32::EPSILON),
            (1.0 + 2.0 * f32::EPSILON, f32::EPSILON.powi(2))
        );
        assert_eq!(product(0.1, 10.0), (1.0, 5.551115123125783e-17));
        // Products of two f32 are exact in f64.
        let numbers = [0.1f32, 0.7, 3.3, 1e-4, 123.4567, 98765.43];
        for (a, b) in numbers.iter().flat_map(|&a| numbers.map(|b| (a, b))) {
            let (high, low) = product(a, b);
            assert_eq!((high, f64::from(high) + f64::from(low)), (a * b, f64::from(a) * f64::from(b)));
        }
    }

    /// The exponent is large, so its rounding error alone would cost many digits of the power.
    #[test]
    fn powers_are_exact_far_from_the_boundary() {
        for gamma in [0.5f32, 1.3, 2.0, 7.1] {
            for step in 1..60 {
                let (distance, log) = (0.173 * step as f32, -0.01 / step as f32);
                let exact = (-f64::from(gamma) * (f64::from(distance) + f64::from(log))).exp();
                let error = f64::from(power(gamma, distance, log)) / exact - 1.0;
                assert!(error.abs() <= 2.0 * f64::from(f32::EPSILON), "{gamma}, {distance}: {error:e}");
            }
        }
    }

    #[test]
    fn infinite_scores_are_certain() {
        let inf = f64::INFINITY;
        for gamma in [0.0, 0.5, 2.0, 7.0] {
            let at = |z, t| Focal::new(gamma).terms::<f64>().value_and_slope(z, t);
            assert_eq!((at(inf, 1.0), at(-inf, 0.0)), ((0.0, 0.0), (0.0, 0.0)));
            assert_eq!((at(inf, 0.0), at(-inf, 1.0)), ((inf, 1.0), (inf, -1.0)));
            let (value, slope) = at(f64::NAN, 1.0);
            assert!(value.is_nan() && slope.is_nan());
        }
    }
}
