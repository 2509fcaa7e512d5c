//! Rectifiers: relu(z) = max(z, 0), and z for z > 0, else s z.

use crate::scalar::Real;

/// Returns the value and the derivative. The comparison is `<=`, so that NaN passes through.
#[inline(always)]
pub(super) fn relu<T: Real>(z: T) -> (T, T) {
    if z <= T::zero() { (T::zero(), T::zero()) } else { (z, T::one()) }
}

#[inline(always)]
pub(super) fn leaky_relu<T: Real>(z: T, slope: T) -> (T, T) {
    if z <= T::zero() { (z * slope, slope) } else { (z, T::one()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinks_take_the_derivative_from_the_left() {
        for zero in [0.0, -0.0] {
            assert_eq!(relu(zero).1, 0.0);
            assert_eq!(leaky_relu(zero, 0.01).1, 0.01);
        }
        assert_eq!((relu(5e-324), leaky_relu(5e-324, 0.01)), ((5e-324, 1.0), (5e-324, 1.0)));
    }
}
