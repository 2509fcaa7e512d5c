//! Conversions to and from the matrices of the crate `faer`.

use ::faer::MatRef;
use nalgebra::DMatrix;

use crate::scalar::Real;

/// Returns a `faer` view of a matrix, without a copy. Both crates store matrices column by column.
///
/// # Examples
/// ```
/// use logit::data::faer_view;
/// use logit::data;
///
/// let iris = data::iris();
/// let view = faer_view(&iris.x);
/// assert_eq!((view.shape(), view[(149, 3)]), ((150, 4), 1.8));
/// ```
pub fn faer_view<T: Real>(matrix: &DMatrix<T>) -> MatRef<'_, T> {
    MatRef::from_column_major_slice(matrix.as_slice(), matrix.nrows(), matrix.ncols())
}

/// Copies a `faer` matrix of any layout.
///
/// A view is not possible: it would need the memory of several columns as one slice, which `faer` does not
/// provide.
///
/// # Examples
/// ```
/// use logit::data::matrix_from_faer;
/// use logit::nalgebra::dmatrix;
///
/// let x = faer::mat![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
/// assert_eq!(matrix_from_faer(x.as_ref()), dmatrix![1.0, 2.0; 3.0, 4.0; 5.0, 6.0]);
/// assert_eq!(matrix_from_faer(x.transpose()), dmatrix![1.0, 3.0, 5.0; 2.0, 4.0, 6.0]);
/// ```
pub fn matrix_from_faer<T: Real>(matrix: MatRef<'_, T>) -> DMatrix<T> {
    let (rows, columns) = matrix.shape();
    DMatrix::from_fn(rows, columns, |row, column| matrix[(row, column)])
}
