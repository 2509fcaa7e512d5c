//! Estimates and their covariance in standardised terms, and in the user's units.

use nalgebra::{DMatrix, DVector};

use super::units::Units;
use crate::error::Error;
use crate::linear::definite;

/// The estimates of standardised terms, terms x equations, with their covariance.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standardized {
    pub(super) units: Units,
    pub(super) estimates: DMatrix<f64>,
    /// The covariance times `weight`, which large and small weights leave in range.
    pub(super) covariance: DMatrix<f64>,
    pub(super) weight: f64,
}

/// The error for a covariance that is zero.
const NO_VARIANCE: Error = definite::singular(
    "the scores of all rows or clusters are zero for a coefficient, so it has no standard error: use \
             Covariance::Observed",
);

impl Standardized {
    /// Returns the covariance of the estimates in the user's units.
    pub(super) fn user_covariance(&self) -> DMatrix<f64> {
        let mut covariance = self.units.move_intercepts_of_both(&self.covariance, |_| true);
        for (j, mut column) in covariance.column_iter_mut().enumerate() {
            for (i, entry) in column.iter_mut().enumerate().filter(|(_, entry)| **entry != 0.0) {
                *entry /= self.units.of_coefficient(i) * self.units.of_coefficient(j);
                *entry /= self.weight;
            }
        }
        covariance
    }

    /// Returns the standard errors and z-values of the estimates in the user's units, of which `estimates` are
    /// those of the intercepts and slopes.
    ///
    /// # Errors
    /// Returns [`Error::FitOverflow`] if a standard error is outside the range of `f64`, and
    /// [`Error::Singular`] if one is zero.
    pub(super) fn errors_and_z(&self, estimates: &DMatrix<f64>) -> Result<[DMatrix<f64>; 2], Error> {
        let moved = self.units.move_intercepts_of_both(&self.covariance, |_| true);
        let (mut errors, mut z) = (estimates.clone(), estimates.clone());
        for index in 0..estimates.len() {
            let error = moved[(index, index)].max(0.0).sqrt() / self.weight.sqrt();
            if error == 0.0 {
                return Err(NO_VARIANCE);
            }
            let unit = self.units.of_coefficient(index);
            // An intercept is not that of the standardised terms.
            let intercept = self.units.is_intercept(index);
            z[index] = if intercept { estimates[index] } else { self.estimates[index] } / error;
            errors[index] = error / unit;
            if !errors[index].is_normal() || z[index].is_nan() {
                return Err(Error::FitOverflow);
            }
        }
        Ok([errors, z])
    }

    /// Returns the standard error of a linear combination of the estimates of standardised terms.
    pub(super) fn error_along(&self, combination: &DVector<f64>) -> f64 {
        let largest = combination.amax();
        if largest == 0.0 {
            return 0.0;
        }
        let unit = combination / largest;
        largest * (unit.dot(&(&self.covariance * &unit)).max(0.0).sqrt() / self.weight.sqrt())
    }
}
