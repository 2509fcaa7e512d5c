//! Arithmetic with 32 digits, for references.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// The unevaluated sum of two numbers.
///
/// The algorithms are those of Dekker (1971) and of Hida, Li and Bailey (2001), "Algorithms for quad-double
/// precision floating point arithmetic".
#[derive(Debug, Clone, Copy)]
pub(crate) struct Double(pub(crate) f64, f64);

impl Double {
    fn renormalized(high: f64, low: f64) -> Self {
        let sum = high + low;
        Double(sum, low - (sum - high))
    }

    /// Returns e^self by the series for self / 512.
    pub(crate) fn exp(self) -> Self {
        let ln2 = Double(std::f64::consts::LN_2, 2.319_046_813_846_299_6e-17);
        let k = (self.0 / ln2.0).round();
        if k < -1000.0 {
            return Double::from(0.0);
        }
        let r = (self - ln2 * k.into()) * (1.0 / 512.0).into();
        let mut sum = Double::from(1.0);
        for n in (1..=12).rev() {
            sum = sum * r / f64::from(n).into() + 1.0.into();
        }
        (0..9).for_each(|_| sum = sum * sum);
        sum * 2f64.powi(k as i32).into()
    }
}

impl From<f64> for Double {
    fn from(value: f64) -> Self {
        Double(value, 0.0)
    }
}

impl Add for Double {
    type Output = Double;
    fn add(self, other: Double) -> Double {
        let sum = self.0 + other.0;
        let rest = sum - self.0;
        let error = (self.0 - (sum - rest)) + (other.0 - rest);
        Double::renormalized(sum, error + self.1 + other.1)
    }
}

impl Neg for Double {
    type Output = Double;
    fn neg(self) -> Double {
        Double(-self.0, -self.1)
    }
}

impl Sub for Double {
    type Output = Double;
    fn sub(self, other: Double) -> Double {
        self + -other
    }
}

impl Mul for Double {
    type Output = Double;
    fn mul(self, other: Double) -> Double {
        let product = self.0 * other.0;
        let error = self.0.mul_add(other.0, -product);
        Double::renormalized(product, error + (self.0 * other.1 + self.1 * other.0))
    }
}

impl Div for Double {
    type Output = Double;
    fn div(self, other: Double) -> Double {
        let first = self.0 / other.0;
        let rest = self - other * first.into();
        let second = rest.0 / other.0;
        Double::renormalized(first, second) + Double::from((rest - other * second.into()).0 / other.0)
    }
}

#[test]
fn double_arithmetic_has_32_digits() {
    let third = Double::from(1.0) / 3.0.into();
    let error = third * 3.0.into() - 1.0.into();
    assert!(error.0.abs() < 1e-31, "{error:?}");
    // e = 2.71828182845904523536028747135266249775724709...
    let e = Double::from(1.0).exp();
    assert!((e.0, (e.1 - 1.445_646_891_729_250_2e-16).abs() < 1e-28) == (std::f64::consts::E, true), "{e:?}");
    for x in [-300.0, -20.5, -1e-3, 0.3, 200.0] {
        let error = Double::from(x).exp() * Double::from(-x).exp() - 1.0.into();
        assert!(error.0.abs() < 1e-28, "{x}: {error:?}");
    }
}
