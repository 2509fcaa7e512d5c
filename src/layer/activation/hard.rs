//! Piecewise polynomial approximations of tanh, sigmoid and SiLU. At a corner the derivative is that of the
//! outer piece, a straight line that extends to infinity.

use crate::scalar::Real;

/// Returns min(max(z, -1), 1) and its derivative.
#[inline(always)]
pub(super) fn hard_tanh<T: Real>(z: T) -> (T, T) {
    between(z, T::one(), (-T::one(), T::zero()), (z, T::one()), (T::one(), T::zero()))
}

/// Returns min(max(z/6 + 1/2, 0), 1) and its derivative.
#[inline(always)]
pub(super) fn hard_sigmoid<T: Real>(z: T) -> (T, T) {
    let (three, six) = (T::of(3.0), T::of(6.0));
    let inside = ((z + three) / six, T::one() / six);
    between(z, three, (T::zero(), T::zero()), inside, (T::one(), T::zero()))
}

/// Returns z min(max(z/6 + 1/2, 0), 1) and its derivative.
#[inline(always)]
pub(super) fn hard_swish<T: Real>(z: T) -> (T, T) {
    let (three, six) = (T::of(3.0), T::of(6.0));
    let inside = (z * (z + three) / six, (z + z + three) / six);
    between(z, three, (T::zero(), T::zero()), inside, (z, T::one()))
}

/// Selects one of three pieces, with corners at -corner and corner. NaN selects the inner piece.
#[inline(always)]
fn between<T: Real>(z: T, corner: T, below: (T, T), inside: (T, T), above: (T, T)) -> (T, T) {
    let (low, high) = (z <= -corner, z >= corner);
    let select = |below: T, inside: T, above: T| {
        let upper = if high { above } else { inside };
        if low { below } else { upper }
    };
    (select(below.0, inside.0, above.0), select(below.1, inside.1, above.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_belong_to_the_outer_pieces() {
        assert_eq!([-1.0, 1.0].map(hard_tanh), [(-1.0, 0.0), (1.0, 0.0)]);
        assert_eq!([-3.0, 3.0].map(hard_sigmoid), [(0.0, 0.0), (1.0, 0.0)]);
        assert_eq!([-3.0, 3.0].map(hard_swish), [(0.0, 0.0), (3.0, 1.0)]);
    }

    #[test]
    fn the_pieces_inside_and_the_ends() {
        assert_eq!(hard_tanh(0.3), (0.3, 1.0));
        assert_eq!(hard_sigmoid(1.5), (0.75, 1.0 / 6.0));
        assert_eq!(hard_swish(-1.5), (-0.375, 0.0));
        assert_eq!([f64::NEG_INFINITY, f64::INFINITY].map(hard_swish), [(0.0, 0.0), (f64::INFINITY, 1.0)]);
        assert_eq!([-1e300, 1e300].map(hard_sigmoid), [(0.0, 0.0), (1.0, 0.0)]);
    }
}
