//! Softsign: z / (1 + |z|), with derivative 1 / (1 + |z|)^2.

use crate::scalar::Real;

#[inline(always)]
pub(super) fn softsign<T: Real>(z: T) -> (T, T) {
    // ∞ / ∞ is NaN, and beyond this bound the quotient rounds to 1.
    let bound = T::one() / T::MIN_POSITIVE;
    let magnitude = if z.abs() > bound { bound } else { z.abs() };
    let inverse = T::one() / (T::one() + magnitude);
    let value = magnitude / (T::one() + magnitude);
    (if z < T::zero() { -value } else { value }, inverse * inverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_one() {
        assert_eq!(softsign(f64::INFINITY), (1.0, 0.0));
        assert_eq!(softsign(f64::NEG_INFINITY), (-1.0, 0.0));
        assert_eq!(softsign(f32::MIN).0, -1.0);
        assert_eq!(softsign(1e-300), (1e-300, 1.0));
        assert_eq!(softsign(3.0), (0.75, 0.0625));
    }
}
