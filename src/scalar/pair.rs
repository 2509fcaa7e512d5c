//! Arithmetic with twice the usual digits.

use super::elementary::is_single;
use crate::scalar::Real;

/// The unevaluated sum of two numbers: `low` is the rounding error of `high`.
///
/// # References
/// Dekker, *A floating-point technique for extending the available precision* (1971); Knuth, *The Art of
/// Computer Programming*, vol. 2, 4.2.2.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<T> {
    pub(crate) high: T,
    pub(crate) low: T,
}

impl<T: Real> Pair<T> {
    /// Creates a constant from its two parts in `f64`.
    #[inline(always)]
    pub(crate) fn constant(high: f64, low: f64) -> Self {
        let rounded = T::of(high);
        Pair { high: rounded, low: T::of((high - rounded.as_f64()) + low) }
    }

    /// Returns the pair of one number.
    #[inline(always)]
    pub(crate) fn of(x: T) -> Self {
        Pair { high: x, low: T::zero() }
    }

    /// Returns `x y` exactly, for factors whose product neither overflows nor underflows.
    #[inline(always)]
    pub(crate) fn product(x: T, y: T) -> Self {
        let ((x1, x2), (y1, y2)) = (halves(x), halves(y));
        let high = x * y;
        Pair { high, low: x2 * y2 - (((high - x1 * y1) - x2 * y1) - x1 * y2) }
    }

    /// Returns `self` times `x`.
    #[inline(always)]
    pub(crate) fn times(self, x: T) -> Self {
        let product = Pair::product(self.high, x);
        Pair { high: product.high, low: product.low + self.low * x }
    }

    /// Returns `self` times `other`.
    #[inline(always)]
    pub(crate) fn times_pair(self, other: Self) -> Self {
        let product = self.times(other.high);
        Pair { high: product.high, low: product.low + self.high * other.low }
    }

    /// Returns `self + x`.
    #[inline(always)]
    pub(crate) fn plus(self, x: T) -> Self {
        let high = self.high + x;
        let rest = high - self.high;
        Pair { high, low: ((self.high - (high - rest)) + (x - rest)) + self.low }
    }

    /// Returns `self + other`.
    #[inline(always)]
    pub(crate) fn plus_pair(self, other: Self) -> Self {
        let sum = self.plus(other.high);
        Pair { high: sum.high, low: sum.low + other.low }
    }
}

impl Pair<f64> {
    /// Returns `self` times `x`, also for factors near the ends of the range. If the product itself is there,
    /// its low part is 0.
    pub(crate) fn times_scaled(self, x: f64) -> Self {
        // The largest power of two within `high`, or 0 if that is not normal.
        let unit = f64::from_bits(self.high.to_bits() & f64::INFINITY.to_bits());
        if !unit.is_normal() {
            return Pair::of(self.high * x);
        }
        let product = Pair { high: self.high / unit, low: self.low / unit }.times(x * unit);
        if product.low.is_finite() { product } else { Pair::of(self.high * x) }
    }
}

/// Splits `x` into two numbers of half the digits each (Veltkamp's split).
#[inline(always)]
fn halves<T: Real>(x: T) -> (T, T) {
    let factor = if is_single::<T>() { 4097.0 } else { 134_217_729.0 };
    let shifted = x * T::of(factor);
    let high = shifted - (shifted - x);
    (high, x - high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A product of single-precision numbers is exact in double precision.
    #[test]
    fn products_are_exact() {
        let mut x = 1.000_000_1f32;
        for i in 0..10_000u16 {
            x *= 1.000_7;
            let y = 0.37 + 1.1 * f32::from(i);
            let found = Pair::product(x, y);
            assert_eq!(f64::from(found.high) + f64::from(found.low), f64::from(x) * f64::from(y));
        }
        // (2^52 + 1)(2^27 + 1) needs 80 bits.
        let found = Pair::product(4_503_599_627_370_497.0, 134_217_729.0);
        let high = found.high as i128 + found.low as i128;
        assert_eq!(high, 4_503_599_627_370_497 * 134_217_729);
    }

    #[test]
    fn sums_keep_what_is_too_small_to_see() {
        let sum = Pair { high: 1e-20, low: 0.0 }.plus(1.0);
        assert_eq!((sum.high, sum.low), (1.0, 1e-20));
        let third = Pair::<f32>::constant(1.0 / 3.0, 0.0);
        assert_eq!(
            f64::from(third.high) + f64::from(third.low),
            f64::from(1.0f32 / 3.0) + f64::from(third.low)
        );
        assert!((f64::from(third.high) + f64::from(third.low) - 1.0 / 3.0).abs() < 1e-15);
    }
    #[test]
    fn products_and_sums_of_pairs_keep_both_parts() {
        let third = Pair { high: 1.0 / 3.0, low: 1.0 / 3.0 * 2f64.powi(-54) };
        for unit in [0, -900, 900, 1023] {
            let product = Pair { high: third.high * 2f64.powi(unit), low: third.low * 2f64.powi(unit) };
            let product =
                product.times_scaled(3.0 * 2f64.powi(-unit / 2)).times_scaled(2f64.powi(unit / 2 - unit));
            assert!((product.high - 1.0f64 + product.low).abs() < 1e-31, "{unit}");
        }
        assert_eq!(Pair::of(1e300).times_scaled(1e300).high, f64::INFINITY);
        assert_eq!(Pair::of(1e308).times_scaled(1.5).high, 1.5e308);
        assert_eq!(Pair::of(0.0).times_scaled(1e300).high, 0.0);
        let sum = Pair { high: 1.0, low: 1e-20 }.plus_pair(Pair { high: -1.0, low: 2e-20 });
        assert!((sum.high + sum.low - 3e-20f64).abs() < 1e-34);
    }
}
