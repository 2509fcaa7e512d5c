//! The condition number of a symmetric positive definite matrix.

use nalgebra::{DMatrix, DVector};

use crate::scalar::Real;
use crate::scalar::{Factor, all_finite};

/// The number of iterations of the power method: enough for an accuracy of a few per cent, which suffices for
/// a condition number.
const ITERATIONS: usize = 30;

/// Returns the ratio of the largest to the smallest eigenvalue, to a few per cent, by power and inverse power
/// iteration.
///
/// Returns infinity if the matrix is not positive definite in this arithmetic. Reads the lower triangle.
pub(crate) fn condition<T: Real>(matrix: &DMatrix<T>) -> f64 {
    if matrix.is_empty() || !all_finite(matrix.as_slice()) {
        return f64::INFINITY;
    }
    let mut full: DMatrix<f64> = matrix.map(Real::as_f64);
    full.fill_upper_triangle_with_lower_triangle();
    let mut factor = Factor::default();
    if !factor.compute(full.nrows(), |i, j| full[(i, j)]) {
        return f64::INFINITY;
    }
    let largest = power(full.nrows(), |v| &full * v);
    let reciprocal = power(full.nrows(), |v| {
        let mut solution = v.clone();
        factor.solve(solution.as_mut_slice());
        solution
    });
    let condition = largest * reciprocal;
    if condition.is_finite() { condition.max(1.0) } else { f64::INFINITY }
}

/// Returns the largest eigenvalue of a symmetric map, starting from a vector that is orthogonal to no
/// coordinate axis.
fn power(size: usize, map: impl Fn(&DVector<f64>) -> DVector<f64>) -> f64 {
    let mut vector = DVector::from_fn(size, |i, _| 1.0 + 0.5 * (1.7 * i as f64).sin()).normalize();
    let mut value = 0.0;
    for _ in 0..ITERATIONS {
        let image = map(&vector);
        value = image.norm();
        if value == 0.0 || !value.is_finite() {
            break;
        }
        vector = image / value;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diagonal_matrices_have_the_ratio_of_their_entries() {
        let matrix = DMatrix::from_diagonal(&DVector::from_vec(vec![3.0, 1e-7, 40.0, 0.2]));
        approx::assert_relative_eq!(condition(&matrix), 4e8, max_relative = 1e-6);
        assert_eq!(condition(&DMatrix::<f64>::identity(5, 5)), 1.0);
    }

    #[test]
    fn only_the_lower_triangle_is_read() {
        let matrix = DMatrix::from_row_slice(2, 2, &[2.0, f64::MAX, 1.0, 2.0]);
        approx::assert_relative_eq!(condition(&matrix), 3.0, max_relative = 1e-6);
    }

    #[test]
    fn matrices_that_are_not_definite_have_none() {
        let zero = DMatrix::<f64>::zeros(2, 2);
        let not_finite = DMatrix::from_element(1, 1, f64::NAN);
        let indefinite = DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 2.0, 1.0]);
        for matrix in [zero, not_finite, indefinite, DMatrix::zeros(0, 0)] {
            assert_eq!(condition(&matrix), f64::INFINITY);
        }
    }
}
