//! Exponential linear units: z for z > 0, else α (exp(z) - 1); SELU is λ times that.

use crate::scalar::Exponential;
use crate::scalar::Real;

/// The scale λ of SELU (Klambauer and others).
const SCALE: f64 = 1.050_700_987_355_480_5;
/// λ α of SELU, with α = 1.6732632423543772.
const SCALE_ALPHA: f64 = 1.758_099_340_847_376_8;

#[inline(always)]
pub(super) fn elu<T: Real>(z: T, alpha: T) -> (T, T) {
    scaled(z, T::one(), alpha)
}

#[inline(always)]
pub(super) fn selu<T: Real>(z: T) -> (T, T) {
    scaled(z, T::of(SCALE), T::of(SCALE_ALPHA))
}

/// Returns the value and the derivative: `scale` z and `scale` for z > 0, else `alpha` m and `alpha` (1 + m)
/// with m = exp(z) - 1.
///
/// m is not computed as a difference close to zero, so it keeps its digits there.
#[inline(always)]
fn scaled<T: Real>(z: T, scale: T, alpha: T) -> (T, T) {
    let exponential = Exponential::new(if z > T::zero() { T::zero() } else { z });
    if z <= T::zero() {
        (alpha * exponential.minus_one(), exponential.times(alpha))
    } else {
        (scale * z, scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_zero_the_derivative_is_the_one_from_the_left() {
        for zero in [0.0, -0.0] {
            assert_eq!(elu(zero, 0.7), (0.0, 0.7));
            assert_eq!(selu(zero), (0.0, SCALE_ALPHA));
        }
        assert_eq!(selu(5e-324f64).1, SCALE);
    }

    #[test]
    fn values_close_to_zero_and_far_below_keep_their_digits() {
        assert_eq!(elu(-1e-300, 1.0), (-1e-300, 1.0));
        assert_eq!(elu(f64::NEG_INFINITY, 2.0), (-2.0, 0.0));
        assert_eq!(selu(-1e300).0, -SCALE_ALPHA);
        assert_eq!(elu(f64::INFINITY, 2.0), (f64::INFINITY, 1.0));
    }
}
