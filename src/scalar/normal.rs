//! The normal distribution, without branches and accurate to all digits in its lower tail.

use super::elementary::{Exponential, horner, is_single};
use super::pair::Pair;
use crate::scalar::Real;

/// `1/√(2π)`, the density at 0.
const DENSITY: f64 = 0.398_942_280_401_432_7;

/// The lower tail of the standard normal distribution at -a, for a >= 0, divided by its exponential.
///
/// # Formula
/// Φ(-a) = exp(-a^2/2) M(a) and φ(a) = exp(-a^2/2)/√(2π). The exponent -a^2/2 has twice the usual digits. M
/// (Mills' ratio times 1/√(2π)) falls from 1/2 like 1/a. The product f = M(a) (a + 13/16) stays between 0.39
/// and 0.48. It is a polynomial in t = (a - 4)/(a + 4): for f64 of degree 23, interpolated for a up to 40,
/// with an error below 1e-16; for f32 of degree 11, for a up to 15, with an error of 2e-8. Beyond these
/// ranges, the exponential is 0.
///
/// # References
/// Shepherd and Laframboise, *Chebyshev approximation of (1 + 2x) exp(x^2) erfc x in 0 <= x < ∞* (1981), for
/// the form. The coefficients were computed with mpmath at 60 digits.
#[derive(Clone, Copy)]
pub(crate) struct NormalTail<T> {
    exponential: Exponential<T>,
    ratio: T,
    a: T,
}

impl<T: Real> NormalTail<T> {
    #[inline(always)]
    pub(crate) fn new(a: T) -> Self {
        let a = if a > T::of(40.0) { T::of(40.0) } else { a };
        let square = Pair::product(a, a);
        let minus_half = T::of(-0.5);
        let exponent = Pair { high: minus_half * square.high, low: minus_half * square.low };
        let t = (a - T::of(4.0)) / (a + T::of(4.0));
        let f = if is_single::<T>() { horner(t, &SINGLE, 0) } else { horner(t, &DOUBLE, 0) };
        NormalTail { exponential: Exponential::of_pair(exponent), ratio: f / (a + T::of(0.8125)), a }
    }

    /// Returns Φ(-a) without its exponential factor.
    #[inline(always)]
    pub(crate) fn probability(self) -> T {
        self.ratio
    }

    /// Returns a φ(a) without its exponential factor.
    #[inline(always)]
    pub(crate) fn moment(self) -> T {
        self.a * T::of(DENSITY)
    }

    /// Returns a Φ(-a) without its exponential factor.
    #[inline(always)]
    pub(crate) fn weighted(self) -> T {
        self.a * self.ratio
    }

    /// Returns exp(-a^2/2) times `factor`.
    #[inline(always)]
    pub(crate) fn times(self, factor: T) -> T {
        self.exponential.times(factor)
    }
}

/// The coefficients for f64, highest power first. The third from the end is changed by four units in its last
/// place, so that Φ(0) is exactly 1/2.
const DOUBLE: [f64; 24] = [
    -8.071_000_486_507_21e-10,
    -1.517_779_838_104_005_7e-9,
    6.540_038_254_110_071e-9,
    1.764_771_341_131_313_2e-8,
    -2.198_085_354_944_340_2e-8,
    -1.127_719_137_316_184_2e-7,
    1.119_684_892_415_396_9e-8,
    5.696_406_918_736_246e-7,
    3.659_733_644_559_972e-7,
    -2.736_917_844_951_136e-6,
    -3.276_733_835_450_118_3e-6,
    1.443_377_556_920_610_4e-5,
    2.038_164_606_730_932e-5,
    -9.322_474_534_208_13e-5,
    -8.588_871_373_683_953e-5,
    0.000_729_994_154_596_360_2,
    -0.000_405_400_694_889_478_8,
    -0.005_097_546_480_064_194,
    0.019_528_365_382_551_937,
    -0.037_984_988_198_022_984,
    0.042_045_502_929_377_04,
    -0.009_321_475_651_686_444,
    -0.064_753_904_536_190_43,
    0.454_351_211_265_725_53,
];

/// The coefficients for f32, highest power first.
const SINGLE: [f64; 12] = [
    -1.240_513_211_087_090_9e-5,
    -0.000_102_980_542_578_734_46,
    -6.208_115_519_257_262e-5,
    0.000_745_301_018_469_035_6,
    -0.000_411_183_835_240_080_95,
    -0.005_103_041_417_896_748,
    0.019_528_830_423_951_15,
    -0.037_984_218_448_400_5,
    0.042_045_500_129_461_29,
    -0.009_321_513_585_746_288,
    -0.064_753_904_938_697_81,
    0.454_351_216_554_641_7,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// mpmath with 60 digits.
    const TAIL: [(f64, f64); 15] = [
        (0.0, 0.5),
        (0.001, 0.49960105778608893),
        (0.3, 0.3820885778110474),
        (0.75, 0.2266273523768682),
        (1.0, 0.15865525393145705),
        (1.7, 0.04456546275854304),
        (2.9, 0.0018658133003840384),
        (4.0, 3.1671241833119924e-05),
        (6.5, 4.016000583859118e-11),
        (9.3, 7.022284240441625e-21),
        (14.2, 4.58062055189479e-46),
        (20.7, 1.7318518790197378e-95),
        (27.1, 4.923185454083107e-162),
        (33.3, 1.93050550592784e-243),
        (37.2, 3.412054343470239e-303),
    ];

    fn probability<T: Real>(a: T) -> T {
        let tail = NormalTail::new(a);
        tail.times(tail.probability())
    }

    #[test]
    fn the_tail_keeps_its_digits() {
        for (a, wanted) in TAIL {
            let tail = NormalTail::new(a);
            approx::assert_relative_eq!(probability(a), wanted, epsilon = 0.0, max_relative = 8e-16);
            approx::assert_relative_eq!(
                tail.times(tail.weighted()),
                a * wanted,
                epsilon = 0.0,
                max_relative = 8e-16
            );
        }
        assert_eq!(probability(0.0f64), 0.5);
        assert_eq!(probability(38.4f64), 6.4e-323);
        assert_eq!([40.0, 1e300, f64::INFINITY].map(probability), [0.0; 3]);
        assert!(probability(f64::NAN).is_nan() && probability(f32::NAN).is_nan());
    }

    #[test]
    fn single_precision_agrees_with_double() {
        for i in 0..14_500u16 {
            let a = f32::from(i) * 1e-3;
            let (found, wanted) = (probability(a), probability(f64::from(a)));
            let room = 3.0 * f64::from(f32::EPSILON) * wanted + 2e-45;
            assert!((f64::from(found) - wanted).abs() <= room, "at {a}: {found:e}, not {wanted:e}");
        }
    }

    /// The density is minus the slope of the tail.
    #[test]
    fn moments_belong_to_the_probability() {
        for a in [0.2, 1.0, 3.0, 8.0] {
            let (tail, step) = (NormalTail::new(a), 1e-5);
            let slope = (probability(a - step) - probability(a + step)) / (2.0 * step);
            approx::assert_relative_eq!(
                tail.times(tail.moment()),
                a * slope,
                epsilon = 0.0,
                max_relative = 1e-8
            );
        }
    }
}
