//! Conversions to and from the arrays of the crate `ndarray`.

use ::ndarray::{Array2, ArrayView2, ShapeBuilder};
use nalgebra::{DMatrix, DMatrixView, Dyn};

use crate::scalar::Real;

/// Returns a view of an array as a matrix, without a copy, or `None` if the layout does not permit it.
///
/// The rows or the columns of the array must be contiguous in memory and in order. For other layouts, such as
/// every second row of an array, use [`matrix_from_ndarray`].
///
/// # Examples
/// ```
/// use logit::data::view_of_ndarray;
/// use logit::nalgebra::dmatrix;
/// use ndarray::{array, s};
///
/// let x = array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
/// let view = view_of_ndarray(x.slice(s![1.., ..])).unwrap();
/// assert_eq!(view.clone_owned(), dmatrix![3.0, 4.0; 5.0, 6.0]);
/// assert!(view_of_ndarray(x.slice(s![..;2, ..])).is_none());
/// ```
pub fn view_of_ndarray<T: Real>(array: ArrayView2<'_, T>) -> Option<DMatrixView<'_, T, Dyn, Dyn>> {
    let (rows, columns) = array.dim();
    if let Some(row_major) = array.to_slice() {
        return Some(DMatrixView::from_slice_with_strides(row_major, rows, columns, columns, 1));
    }
    let column_major = array.reversed_axes().to_slice()?;
    Some(DMatrixView::from_slice_with_strides(column_major, rows, columns, 1, rows))
}

/// Copies an array of any layout to a matrix.
///
/// # Examples
/// ```
/// use logit::data::matrix_from_ndarray;
/// use logit::nalgebra::dmatrix;
/// use ndarray::{array, s};
///
/// let x = array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
/// assert_eq!(
///     matrix_from_ndarray(x.slice(s![..;-2, ..])),
///     dmatrix![5.0, 6.0; 1.0, 2.0]
/// );
/// ```
pub fn matrix_from_ndarray<T: Real>(array: ArrayView2<'_, T>) -> DMatrix<T> {
    let (rows, columns) = array.dim();
    // An array iterates row by row whatever its layout, and its transpose therefore column by column.
    DMatrix::from_iterator(rows, columns, array.reversed_axes().iter().copied())
}

/// Converts an array to a matrix. The memory is reused if the array is stored column by column ("Fortran
/// order"), and copied otherwise.
///
/// # Examples
/// ```
/// use logit::data::matrix_from_owned_ndarray;
/// use logit::nalgebra::dmatrix;
///
/// let x = matrix_from_owned_ndarray(ndarray::array![[1.0, 2.0], [3.0, 4.0]]);
/// assert_eq!(x, dmatrix![1.0, 2.0; 3.0, 4.0]);
/// ```
pub fn matrix_from_owned_ndarray<T: Real>(array: Array2<T>) -> DMatrix<T> {
    let (rows, columns) = array.dim();
    if !array.t().is_standard_layout() {
        return matrix_from_ndarray(array.view());
    }
    match array.into_raw_vec_and_offset() {
        (numbers, None | Some(0)) if numbers.len() == rows * columns => {
            DMatrix::from_vec(rows, columns, numbers)
        }
        // A part of a larger allocation.
        (numbers, offset) => {
            let start = offset.unwrap_or(0);
            DMatrix::from_column_slice(rows, columns, &numbers[start..start + rows * columns])
        }
    }
}

/// Returns a view of a matrix as an array, without a copy.
///
/// # Examples
/// ```
/// use logit::data::ndarray_view;
/// use logit::data;
///
/// let iris = data::iris();
/// let view = ndarray_view(&iris.x);
/// assert_eq!((view.dim(), view[[149, 3]]), ((150, 4), 1.8));
/// ```
pub fn ndarray_view<T: Real>(matrix: &DMatrix<T>) -> ArrayView2<'_, T> {
    let shape = matrix.shape();
    match ArrayView2::from_shape(shape.f(), matrix.as_slice()) {
        Ok(view) => view,
        Err(error) => unreachable!("a matrix has as many entries as rows times columns: {error}"),
    }
}
