//! Comparison of found and expected numbers.

use std::fmt::Display;

use nalgebra::DMatrix;

/// The smallest positive `f32`.
const SMALLEST_SINGLE: f64 = 1.401298464324817e-45;

/// How far a number may be from the one that is wanted: `absolute + relative |wanted|`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Within {
    relative: f64,
    absolute: f64,
}

impl Within {
    /// A relative tolerance, also for tiny numbers; subnormal ones, which have fewer digits, may be 20 units
    /// off.
    pub(crate) const fn relative(relative: f64) -> Self {
        Within { relative, absolute: 1e-322 }
    }

    /// The same with this much in addition, where a difference of larger numbers limits the digits.
    pub(crate) const fn plus(self, absolute: f64) -> Self {
        Within { absolute: self.absolute + absolute, ..self }
    }

    /// This number of units in the last place of an `f32`, whose argument has been rounded: `shift` is how
    /// much that moves the result.
    pub(crate) fn single(units: f64, shift: f64) -> Self {
        Within { relative: units * f64::from(f32::EPSILON), absolute: units * SMALLEST_SINGLE + shift }
    }

    fn holds(self, found: f64, wanted: f64) -> bool {
        let close = || (found - wanted).abs() <= self.absolute + self.relative * wanted.abs();
        found == wanted || wanted.is_finite() && close()
    }

    /// Compares one number.
    #[track_caller]
    pub(crate) fn one(self, case: impl Display, found: f64, wanted: f64) {
        self.all(case, &[found], &[wanted]);
    }

    /// Compares number by number.
    #[track_caller]
    pub(crate) fn all(self, case: impl Display, found: &[f64], wanted: &[f64]) {
        assert_eq!(found.len(), wanted.len(), "{case}: how many numbers");
        for (index, (&found, &wanted)) in found.iter().zip(wanted).enumerate() {
            assert!(
                self.holds(found, wanted),
                "{case}, index {index}: found {found:e}, wanted {wanted:e}, difference {:e} beyond {self:?}",
                found - wanted
            );
        }
    }

    /// Compares entry by entry; the index in messages runs down the columns.
    #[track_caller]
    pub(crate) fn matrix(self, case: impl Display, found: &DMatrix<f64>, wanted: &DMatrix<f64>) {
        assert_eq!(found.shape(), wanted.shape(), "{case}: shape");
        self.all(case, found.as_slice(), wanted.as_slice());
    }
}

#[test]
fn tolerances_are_relative_down_to_subnormal_numbers() {
    let within = Within::relative(1e-14);
    assert!(within.holds(1e-300 * (1.0 + 1e-15), 1e-300) && !within.holds(1e-300 * (1.0 + 1e-13), 1e-300));
    assert!(within.holds(5e-324, 1e-323) && !within.holds(0.0, 1e-321));
    assert!(within.holds(f64::INFINITY, f64::INFINITY) && !within.holds(1e308, f64::INFINITY));
    assert!(!within.holds(f64::NAN, 0.0) && !within.holds(f64::NAN, f64::NAN));
    assert!(within.plus(1e-3).holds(1e-3, 0.0) && !within.plus(1e-3).holds(2e-3, 0.0));
}

#[test]
fn single_precision_has_units_of_its_own() {
    assert_eq!(f64::from(f32::from_bits(1)), SMALLEST_SINGLE);
    let within = Within::single(2.0, 0.0);
    assert!(within.holds(f64::from(0.1f32), 0.1) && !within.holds(0.1 + 1e-7, 0.1));
    assert!(within.holds(0.0, 2e-45) && !within.holds(0.0, 1e-44));
}

#[test]
#[should_panic(expected = "sum, index 1: found 3e0, wanted 2e0")]
fn a_mismatch_names_the_case_and_the_place() {
    Within::relative(1e-15).all("sum", &[1.0, 3.0], &[1.0, 2.0]);
}
