//! The logistic function: σ(z) = 1 / (1 + exp(-z)), and tanh z = 2 σ(2z) - 1.

use crate::scalar::Exponential;
use crate::scalar::Real;

/// Returns the value, 1/(1+e) or e/(1+e), and the derivative e/(1+e)^2, with e = exp(-|z|).
#[inline(always)]
pub(super) fn sigmoid<T: Real>(z: T) -> (T, T) {
    let e = Exponential::new(-z.abs()).value();
    let larger = T::one() / (T::one() + e);
    let smaller = e * larger;
    (if z < T::zero() { smaller } else { larger }, smaller * larger)
}

/// Returns the value and the derivative. With m = exp(-2|z|) - 1, tanh |z| = -m / (2 + m), and the derivative
/// is 4 (1 + m) / (2 + m)^2.
#[inline(always)]
pub(super) fn tanh<T: Real>(z: T) -> (T, T) {
    let two = T::of(2.0);
    let magnitude = z.abs();
    let exponential = Exponential::new(-(magnitude + magnitude));
    let m = exponential.minus_one();
    let half = T::one() / (two + m);
    let value = -m * half;
    let derivative = T::of(4.0) * exponential.value() * half * half;
    (if z < T::zero() { -value } else { value }, derivative)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saturated_derivatives_keep_their_digits() {
        let (value, derivative) = sigmoid(40.0);
        assert_eq!(value, 1.0);
        approx::assert_relative_eq!(
            derivative,
            4.248_354_255_291_589e-18,
            epsilon = 0.0,
            max_relative = 1e-14
        );
        let (value, derivative) = tanh(20.0);
        assert_eq!(value, 1.0);
        approx::assert_relative_eq!(
            derivative,
            1.699_341_702_116_635_6e-17,
            epsilon = 0.0,
            max_relative = 1e-14
        );
    }
}
