//! Softplus: ln(1 + exp(z)), and log-sigmoid: ln σ(z) = -softplus(-z).

use crate::scalar::Real;
use crate::scalar::{Exponential, log_one_plus};

/// Returns the value, max(z, 0) + ln(1 + e), and the derivative, 1/(1+e) or e/(1+e), with e = exp(-|z|).
#[inline(always)]
pub(super) fn softplus<T: Real>(z: T) -> (T, T) {
    let e = Exponential::new(-z.abs()).value();
    let negative = z < T::zero();
    let linear = if negative { T::zero() } else { z };
    let larger = T::one() / (T::one() + e);
    (linear + log_one_plus(e), if negative { e * larger } else { larger })
}

#[inline(always)]
pub(super) fn log_sigmoid<T: Real>(z: T) -> (T, T) {
    let (value, derivative) = softplus(-z);
    (-value, derivative)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tails_keep_their_digits() {
        assert_eq!(softplus(-40.0), (4.248354255291589e-18, 4.248354255291589e-18));
        assert_eq!(log_sigmoid(40.0), (-4.248354255291589e-18, 4.248354255291589e-18));
        assert_eq!(softplus(1e300), (1e300, 1.0));
        assert_eq!(softplus(f64::NEG_INFINITY), (0.0, 0.0));
        assert_eq!(softplus(f64::INFINITY), (f64::INFINITY, 1.0));
        assert_eq!(softplus(0.0f32).0, std::f32::consts::LN_2);
    }
}
