//! Matrices of small integers for tests: every order of summation gives the same bits of their products.

use nalgebra::DMatrix;

use super::Real;

/// Returns integers from -8 to 8 without a simple pattern, which `salt` moves.
pub(super) fn matrix<T: Real>(rows: usize, columns: usize, salt: usize) -> DMatrix<T> {
    DMatrix::from_fn(rows, columns, |i, j| T::of(((i * 7 + j * 13 + salt) % 17) as f64 - 8.0))
}
