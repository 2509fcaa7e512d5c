//! Cholesky factors of second-derivative matrices that determine all parameters.

use nalgebra::{Cholesky, DMatrix, Dyn};

use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::all_finite;

/// The error for undetermined coefficients, with its causes and remedies.
pub(super) const UNDETERMINED: Error =
    singular("columns depend on each other, or classes are separable: drop columns or use a penalty");

/// Returns the error of a singular matrix for a reason that names no columns.
pub(super) const fn singular(reason: &'static str) -> Error {
    Error::Singular { reason, columns: Vec::new(), names: Vec::new() }
}

/// Returns the part of a diagonal entry that has to be left as a pivot of a matrix of this size, computed with
/// machine epsilon `epsilon`: below, it may be rounding.
pub(super) fn smallest(size: usize, epsilon: f64) -> f64 {
    10.0 * size as f64 * epsilon
}

/// Returns the Cholesky factor of a matrix that is positive definite by more than the rounding errors of a
/// type with machine epsilon `epsilon`; `None` otherwise.
///
/// Each pivot is compared with the diagonal entry that it is the remainder of. In the solver's coordinates
/// the diagonal entries are of similar size, so the ratio measures the distance from singularity.
pub(super) fn factor<T: Real>(matrix: DMatrix<T>, epsilon: f64) -> Option<Cholesky<T, Dyn>> {
    if !all_finite(matrix.as_slice()) {
        return None;
    }
    let smallest = smallest(matrix.nrows(), epsilon);
    let diagonal = matrix.diagonal();
    let factor = Cholesky::new(matrix)?;
    let remains = |(pivot, entry): (&T, &T)| {
        let pivot = pivot.as_f64();
        pivot.is_finite() && pivot * pivot > smallest * entry.as_f64()
    };
    let determined = factor.l_dirty().diagonal().iter().zip(diagonal.iter()).all(remains);
    determined.then_some(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_without_a_safe_factor_have_none() {
        let nearly = |gap: f64| DMatrix::from_row_slice(2, 2, &[1.0, 1.0 - gap, 1.0 - gap, 1.0]);
        assert!(factor(nearly(1e-8), f64::EPSILON).is_some());
        assert!(factor(nearly(1e-15), f64::EPSILON).is_none());
        // What came from a narrower type has its rounding errors.
        assert!(factor(nearly(1e-8), f64::from(f32::EPSILON)).is_none());
        assert!(factor(nearly(f64::NAN), f64::EPSILON).is_none());
        // Above the diagonal there may be infinities, which a factorisation would not see.
        assert!(
            factor(DMatrix::from_row_slice(2, 2, &[1.0, f64::INFINITY, 0.0, 1.0]), f64::EPSILON).is_none()
        );
    }
}
