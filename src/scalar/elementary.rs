//! Exponentials and logarithms without branches, so that loops over them vectorise.
//!
//! The functions use only basic arithmetic, without fused operations, so a result has the same bits on every
//! processor. Errors are below 1.5 units in the last place against correctly rounded values; the tests at the
//! end allow at most 2.

use super::pair::Pair;
use crate::scalar::Real;

/// `exp(x)` in the form 2^k (1 + m), from which `exp(x)` and `exp(x) - 1` both follow without cancellation.
///
/// # Formula
/// x = k ln 2 + r with |r| <= ln(2)/2. m = exp(r) - 1 by its Taylor series, whose remainder at that radius is
/// below 1e-17 after 13 terms (f64) and 1e-8 after 7 (f32). ln 2 is subtracted in two parts; the first has
/// enough trailing zeros to make k ln 2 exact (Cody and Waite, 1980). 2^k is applied as two factors, so that
/// subnormal results are rounded once.
#[derive(Clone, Copy)]
pub(crate) struct Exponential<T> {
    half: T,
    other_half: T,
    m: T,
}

impl<T: Real> Exponential<T> {
    #[inline(always)]
    pub(crate) fn new(x: T) -> Self {
        let (k, r) = reduced(x);
        Exponential::of_reduced(k, r)
    }

    /// Creates the exponential of a number that is known to more digits than its type can hold. From a
    /// rounded square, exp(-x^2) would be off by x^2 units in the last place.
    #[inline(always)]
    pub(crate) fn of_pair(x: Pair<T>) -> Self {
        let (k, r) = reduced(x.high);
        Exponential::of_reduced(k, r + x.low)
    }

    #[inline(always)]
    fn of_reduced(k: T, r: T) -> Self {
        let series = horner(r, &FACTORIALS, if is_single::<T>() { 6 } else { 0 });
        let half = (k * T::of(0.5)).nearest_integer();
        Exponential { half, other_half: k - half, m: r + r * r * series }
    }

    /// Returns `exp(x)`.
    #[inline(always)]
    pub(crate) fn value(self) -> T {
        ((T::one() + self.m) * T::power_of_two(self.half)) * T::power_of_two(self.other_half)
    }

    /// Returns `factor exp(x)`, which keeps its digits even if exp(x) itself is subnormal or 0.
    #[inline(always)]
    pub(crate) fn times(self, factor: T) -> T {
        (((T::one() + self.m) * factor) * T::power_of_two(self.half)) * T::power_of_two(self.other_half)
    }

    /// Returns `exp(x) - 1`, for x <= 0.
    #[inline(always)]
    pub(crate) fn minus_one(self) -> T {
        let scale = T::power_of_two(self.half) * T::power_of_two(self.other_half);
        (scale - T::one()) + scale * self.m
    }
}

/// Splits x into k ln 2 + r, after clamping x to a range outside which even a factor of 1e20 cannot bring the
/// exponential back into the range of the type.
#[inline(always)]
fn reduced<T: Real>(x: T) -> (T, T) {
    let (low, high, ln2_high, ln2_low) = if is_single::<T>() {
        (-150.0, 89.0, 0.693_359_375, -2.121_944_400_546_905_8e-4)
    } else {
        (-800.0, 710.0, 0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10)
    };
    let x = if x > T::of(high) { T::of(high) } else { x };
    let x = if x < T::of(low) { T::of(low) } else { x };
    let k = (x * T::of(std::f64::consts::LOG2_E)).nearest_integer();
    (k, (x - k * T::of(ln2_high)) - k * T::of(ln2_low))
}

/// The Taylor coefficients 1/13!, 1/12!, ..., 1/2!.
const FACTORIALS: [f64; 12] = [
    1.605_904_383_682_161_5e-10,
    2.087_675_698_786_81e-9,
    2.505_210_838_544_172e-8,
    2.755_731_922_398_589e-7,
    2.755_731_922_398_589e-6,
    2.480_158_730_158_73e-5,
    1.984_126_984_126_984e-4,
    1.388_888_888_888_889e-3,
    8.333_333_333_333_333e-3,
    4.166_666_666_666_666_4e-2,
    1.666_666_666_666_666_6e-1,
    0.5,
];

/// Returns `ln(1 + e)` for 0 <= e <= 1, accurate to the last digits even for tiny e.
///
/// # Formula
/// ln(1 + e) = 2 artanh(s) with s = e/(2 + e) for e <= 0.4, and ln 1.5 + 2 artanh(s) with
/// s = (e - 0.5)/(e + 2.5) above. Both keep s^2 at or below 1/36, so the series needs 11 terms for f64 and 6
/// for f32.
#[inline(always)]
pub(crate) fn log_one_plus<T: Real>(e: T) -> T {
    let upper = e > T::of(0.4);
    let (shift, denominator) = if upper { (T::of(0.5), T::of(2.5)) } else { (T::zero(), T::of(2.0)) };
    let base = if upper { T::of(0.405_465_108_108_164_4) } else { T::zero() };
    let numerator = e - shift;
    let double = (numerator + numerator) / (e + denominator);
    let square = double * double * T::of(0.25);
    let series = horner(square, &ODD_RECIPROCALS, if is_single::<T>() { 5 } else { 0 });
    base + (double + double * (square * series))
}

/// The series coefficients 1/21, 1/19, ..., 1/3.
const ODD_RECIPROCALS: [f64; 10] = [
    1.0 / 21.0,
    1.0 / 19.0,
    1.0 / 17.0,
    1.0 / 15.0,
    1.0 / 13.0,
    1.0 / 11.0,
    1.0 / 9.0,
    1.0 / 7.0,
    1.0 / 5.0,
    1.0 / 3.0,
];

/// Evaluates the polynomial with these coefficients, highest power first, starting from the one at `first`.
///
/// This is a plain loop because a fold over an iterator is not always inlined, and then no loop around it
/// vectorises.
#[inline(always)]
pub(super) fn horner<T: Real, const N: usize>(x: T, coefficients: &[f64; N], first: usize) -> T {
    let (mut sum, mut index) = (T::zero(), first);
    while index < N {
        sum = sum * x + T::of(coefficients[index]);
        index += 1;
    }
    sum
}

#[inline(always)]
pub(super) fn is_single<T>() -> bool {
    size_of::<T>() == 4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ulps(found: f64, wanted: f64) -> u64 {
        found.to_bits().abs_diff(wanted.to_bits())
    }

    fn exp<T: Real>(x: T) -> T {
        Exponential::new(x).value()
    }

    // The standard library's functions are within 1 ulp, so 2 here means at most 3 in truth.
    #[test]
    fn exp_agrees_with_the_standard_library_over_its_whole_range() {
        for i in -7_460_000..=7_100_000 {
            let x = f64::from(i) * 1e-4;
            assert!(ulps(exp(x), x.exp()) <= 2, "exp({x}) = {:e}, not {:e}", exp(x), x.exp());
        }
        for i in -1_040_000..=890_000 {
            let x = i as f32 * 1e-4;
            let (found, wanted) = (exp(x), x.exp());
            assert!(found.to_bits().abs_diff(wanted.to_bits()) <= 2, "exp({x}) = {found:e}, not {wanted:e}");
        }
    }

    #[test]
    fn exp_of_extremes() {
        assert_eq!([f64::NEG_INFINITY, -1e300, 0.0, -0.0].map(exp), [0.0, 0.0, 1.0, 1.0]);
        assert_eq!([710.0, f64::INFINITY, 1e300].map(exp), [f64::INFINITY; 3]);
        assert_eq!(exp(5e-324), 1.0);
        assert!(exp(f64::NAN).is_nan() && exp(f32::NAN).is_nan());
        assert_eq!([f32::NEG_INFINITY, f32::INFINITY].map(exp), [0.0, f32::INFINITY]);
    }

    #[test]
    fn a_factor_saves_the_digits_of_exponentials_too_small_to_hold() {
        // exp(-746) rounds to 0. The products are from mpmath with 60 digits.
        assert_eq!(exp(-746.0), 0.0);
        assert_eq!(Exponential::new(-746.0).times(746.0), 7.76e-322);
        approx::assert_relative_eq!(
            Exponential::new(-750.0).times(1e20),
            1.9016849634750063e-306,
            epsilon = 0.0,
            max_relative = 1e-15
        );
        assert_eq!(Exponential::new(f64::NEG_INFINITY).times(800.0), 0.0);
        assert_eq!(Exponential::new(f32::NEG_INFINITY).times(800.0), 0.0);
    }

    #[test]
    fn the_second_part_of_an_argument_counts() {
        let x = Pair::product(26.3, 26.3);
        let found = Exponential::of_pair(Pair { high: -x.high, low: -x.low }).value();
        approx::assert_relative_eq!(found, 4.007281139193885e-301, epsilon = 0.0, max_relative = 4e-16);
    }

    #[test]
    fn exp_minus_one_keeps_the_digits_of_small_arguments() {
        for i in 0..4_000_000 {
            let x = -1e-9 * 1.000_007f64.powi(i);
            let found = Exponential::new(x).minus_one();
            assert!(ulps(found, x.exp_m1()) <= 2, "expm1({x}) = {found:e}, not {:e}", x.exp_m1());
        }
    }

    #[test]
    fn log_one_plus_agrees_from_subnormals_to_one() {
        for i in 0..1_000_000 {
            for e in [f64::from(i) * 1e-6, 0.999_3f64.powi(i)] {
                assert!(ulps(log_one_plus(e), e.ln_1p()) <= 2, "ln_1p({e})");
            }
            let e = i as f32 * 1e-6;
            assert!(log_one_plus(e).to_bits().abs_diff(e.ln_1p().to_bits()) <= 2, "ln_1p({e}f32)");
        }
        assert_eq!([0.0, 5e-324, 1.0].map(log_one_plus), [0.0, 5e-324, std::f64::consts::LN_2]);
        assert!(log_one_plus(f64::NAN).is_nan());
    }
}
