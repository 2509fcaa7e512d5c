//! SiLU, also called swish: z σ(z).

use crate::scalar::Exponential;
use crate::scalar::Real;

#[inline(always)]
pub(super) fn silu<T: Real>(z: T) -> (T, T) {
    gated(z, Exponential::new(-z.abs()), T::one())
}

/// Returns z σ(u) and its derivative for an odd, increasing u(z), from exp(-|u|) and `slope` = du/dz.
///
/// With e = exp(-|u|) and s = 1/(1+e), the value is z s above zero and z e s below. The derivative is s
/// (1 + |z| u' e s) above and e s (1 - |z| u' s) below. The factor |z| is capped at 800, where e is zero,
/// because an infinite factor would give NaN.
#[inline(always)]
pub(super) fn gated<T: Real>(z: T, exponential: Exponential<T>, slope: T) -> (T, T) {
    let magnitude = z.abs();
    let magnitude = if magnitude > T::of(800.0) { T::of(800.0) } else { magnitude };
    let s = T::one() / (T::one() + exponential.value());
    let (weight, negative) = (magnitude * slope * s, z < T::zero());
    let (below, above) = (-exponential.times(magnitude * s), z * s);
    let term = exponential.times(s * if negative { T::one() - weight } else { weight });
    let derivative = s + term;
    (if negative { below } else { above }, if negative { term } else { derivative })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_finite_where_they_should_be() {
        assert_eq!(silu(f64::NEG_INFINITY), (0.0, 0.0));
        assert_eq!(silu(-1e300), (0.0, 0.0));
        assert_eq!(silu(1e300), (1e300, 1.0));
        assert_eq!(silu(f64::INFINITY), (f64::INFINITY, 1.0));
        assert_eq!(silu(0.0), (0.0, 0.5));
        assert_eq!((silu(f32::NEG_INFINITY), silu(f32::INFINITY)), ((0.0, 0.0), (f32::INFINITY, 1.0)));
    }

    /// exp(-745.5) underflows, 745.5 exp(-745.5) does not: reference value from mpmath with 60 digits.
    #[test]
    fn the_tail_ends_with_the_product() {
        assert_eq!(silu(-745.5).0, -1.275e-321);
    }
}
