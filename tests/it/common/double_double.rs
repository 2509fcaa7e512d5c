//! Arithmetic with 32 digits: the unevaluated sum of two `f64`, for tests that judge results in `f64`.
//!
//! Dekker (1971), *A floating-point technique for extending the available precision*; Hida, Li and Bailey
//! (2001), *Algorithms for quad-double precision floating point arithmetic*.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// A number `high + low` with |low| at most half a unit in the last place of `high`.
///
/// The relative error of an operation is a few 1e-32, as long as the low part stays above the smallest normal
/// number. The range is that of `f64`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(crate) struct DoubleDouble {
    high: f64,
    low: f64,
}

/// The exact sum of two numbers.
fn two_sum(a: f64, b: f64) -> DoubleDouble {
    let high = a + b;
    let part = high - a;
    DoubleDouble { high, low: (a - (high - part)) + (b - part) }
}

/// The exact sum, for |a| >= |b| or a = 0.
fn quick_two_sum(a: f64, b: f64) -> DoubleDouble {
    let high = a + b;
    DoubleDouble { high, low: b - (high - a) }
}

/// The exact product of two numbers.
fn two_product(a: f64, b: f64) -> DoubleDouble {
    let high = a * b;
    DoubleDouble { high, low: a.mul_add(b, -high) }
}

impl DoubleDouble {
    pub(crate) const ZERO: Self = DoubleDouble { high: 0.0, low: 0.0 };
    pub(crate) const ONE: Self = DoubleDouble { high: 1.0, low: 0.0 };
    const LN_2: Self = DoubleDouble { high: std::f64::consts::LN_2, low: 2.319_046_813_846_299_6e-17 };
    /// What is left of ln 2.
    const LN_2_REST: f64 = 5.707_708_438_416_212e-34;

    /// The nearest `f64`.
    pub(crate) fn value(self) -> f64 {
        self.high
    }

    /// The exact difference of two numbers.
    pub(crate) fn difference(a: f64, b: f64) -> Self {
        two_sum(a, -b)
    }

    pub(crate) fn abs(self) -> Self {
        if self.high < 0.0 { -self } else { self }
    }

    pub(crate) fn square(self) -> Self {
        self * self
    }

    /// Multiplies by a power of two, without error.
    fn times_power_of_two(self, factor: f64) -> Self {
        DoubleDouble { high: self.high * factor, low: self.low * factor }
    }

    /// The square root, by one step of Newton's method from that of `f64`. It is 0 for numbers below 0.
    pub(crate) fn sqrt(self) -> Self {
        if self.high <= 0.0 {
            return Self::ZERO;
        }
        let root = self.high.sqrt();
        let rest = self - two_product(root, root);
        quick_two_sum(root, rest.high / (2.0 * root))
    }

    /// The exponential: the Taylor series of (z - k ln 2) / 512, squared nine times.
    pub(crate) fn exp(self) -> Self {
        const HALVINGS: i32 = 9;
        if self.high < -745.0 {
            return Self::ZERO;
        }
        if self.high > 709.7 {
            return DoubleDouble { high: f64::INFINITY, low: 0.0 };
        }
        let k = (self.high / std::f64::consts::LN_2).round();
        let rest = self - Self::LN_2 * Self::from(k) - Self::from(k * Self::LN_2_REST);
        let rest = rest.times_power_of_two(0.5f64.powi(HALVINGS));
        // |rest| <= 7e-4, so the terms fall below 1e-34 after the ninth.
        let mut sum = Self::ZERO;
        for n in (1..=10).rev() {
            sum = rest * (Self::ONE + sum) / Self::from(f64::from(n));
        }
        // exp(2 r) - 1 = s (s + 2) loses no digits where 1 + s would.
        for _ in 0..HALVINGS {
            sum = sum * (sum + Self::from(2.0));
        }
        let power = 2f64.powi((k / 2.0) as i32);
        let result = Self::ONE + sum;
        result.times_power_of_two(power).times_power_of_two(2f64.powi(k as i32 - (k / 2.0) as i32))
    }

    /// The natural logarithm of a positive number, by one step of Newton's method from that of `f64`.
    pub(crate) fn ln(self) -> Self {
        let near = Self::from(self.high.ln());
        // The error of `near` is e, of 1e-16: ln x = near + (x exp(-near) - 1) - e²/2, twice.
        let once = near + (self * (-near).exp() - Self::ONE);
        once + (self * (-once).exp() - Self::ONE)
    }
}

impl From<f64> for DoubleDouble {
    fn from(value: f64) -> Self {
        DoubleDouble { high: value, low: 0.0 }
    }
}

impl Neg for DoubleDouble {
    type Output = Self;

    fn neg(self) -> Self {
        DoubleDouble { high: -self.high, low: -self.low }
    }
}

impl Add for DoubleDouble {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (high, low) = (two_sum(self.high, other.high), two_sum(self.low, other.low));
        let sum = quick_two_sum(high.high, high.low + low.high);
        quick_two_sum(sum.high, sum.low + low.low)
    }
}

impl Sub for DoubleDouble {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for DoubleDouble {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let product = two_product(self.high, other.high);
        quick_two_sum(product.high, product.low + (self.high * other.low + self.low * other.high))
    }
}

impl Div for DoubleDouble {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let first = self.high / other.high;
        let rest = self - other * Self::from(first);
        let second = rest.high / other.high;
        let third = (rest - other * Self::from(second)).high / other.high;
        quick_two_sum(first, second) + Self::from(third)
    }
}

impl AddAssign for DoubleDouble {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for DoubleDouble {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for DoubleDouble {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::ZERO, Add::add)
    }
}

/// A number, its value by mpmath with 60 digits as the nearest `f64` and the rest.
type Known = (f64, (f64, f64));

/// Asserts a relative error of at most 4e-31 times `size`.
#[track_caller]
fn assert_known(found: DoubleDouble, (high, low): (f64, f64), size: f64, what: &str) {
    let wanted = two_sum(high, low);
    let apart = ((found - wanted) / wanted).abs().value();
    assert!(apart <= 4e-31 * size, "{what}: {found:?}, wanted {wanted:?}, {apart:e} apart");
}

#[test]
fn operations_have_thirty_digits() {
    use std::f64::consts::{E, PI, SQRT_2};
    let pi = two_sum(PI, 1.2246467991473532e-16);
    let e = two_sum(E, 1.4456468917292502e-16);
    assert_known(pi * pi, (9.869604401089358, 6.265295508739711e-16), 1.0, "pi²");
    assert_known(pi.square().sqrt(), (PI, 1.2246467991473532e-16), 1.0, "the root of pi²");
    assert_known(pi / e, (1.1557273497909217, -1.3998972600526045e-17), 1.0, "pi / e");
    assert_known((pi - e) + e, (PI, 1.2246467991473532e-16), 1.0, "pi - e + e");
    let third = DoubleDouble::ONE / DoubleDouble::from(3.0);
    assert_known(third, (0.3333333333333333, 1.850371707708594e-17), 1.0, "1/3");
    let root = DoubleDouble::from(2.0).sqrt();
    assert_known(root, (SQRT_2, -9.667293313452913e-17), 1.0, "the root of 2");
    // 1 + 1e-25 - 1 keeps seven digits.
    let tiny = (DoubleDouble::ONE + DoubleDouble::from(1e-25)) - DoubleDouble::ONE;
    assert!((tiny.value() / 1e-25 - 1.0).abs() < 1e-7, "{tiny:?}");
}

#[test]
fn exponentials_and_logarithms_have_thirty_digits() {
    use std::f64::consts::E;
    let exponentials: [Known; 6] = [
        (1.0, (E, 1.4456468917292502e-16)),
        (-0.75, (0.4723665527410147, 1.7984004434373214e-17)),
        (20.5, (799902177.4755054, 5.468433516540899e-08)),
        (1e-10, (1.0000000001, -8.269037096265652e-18)),
        (345.678, (1.3367429901634594e+150, -8.646839102888425e+133)),
        (-36.7, (1.1518409493076097e-16, -7.470452781883121e-33)),
    ];
    for (z, wanted) in exponentials {
        // A relative error of the argument is an absolute one of the result's logarithm.
        assert_known(DoubleDouble::from(z).exp(), wanted, z.abs().max(1.0), &format!("exp {z}"));
    }
    // The low part is below the normal numbers.
    let tiny = DoubleDouble::from(-700.25).exp().value();
    approx::assert_relative_eq!(tiny, 7.678723813110872e-305, max_relative = 1e-15);
    assert_eq!(DoubleDouble::from(-800.0).exp(), DoubleDouble::ZERO);
    let logarithms: [Known; 5] = [
        (3.0, (1.0986122886681098, -9.07129723500153e-17)),
        (0.1, (-2.3025850929940455, -1.7150243628057985e-16)),
        (1e-300, (-690.7755278982137, -2.3670096176709832e-14)),
        (1.0000001, (9.999999505838704e-08, 1.5249709528441489e-24)),
        (7e200, (462.46292874786445, -2.6894315941580244e-15)),
    ];
    for (x, wanted) in logarithms {
        // Near 1 the logarithm loses the digits that `x - 1` does not have.
        let x = DoubleDouble::from(x);
        let (found, wanted) = (x.ln(), two_sum(wanted.0, wanted.1));
        let apart = (found - wanted).abs().value();
        assert!(apart <= 4e-31 * wanted.abs().value().max(1.0), "ln {x:?}: {found:?}, {apart:e} apart");
    }
}
