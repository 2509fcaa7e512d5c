//! Borrowed rows of a matrix, with the names of their columns.

use std::ops::Deref;

use nalgebra::base::dimension::{Const, Dim, Dyn, U1};
use nalgebra::constraint::{DimEq, ShapeConstraint};
use nalgebra::{DMatrixView, Matrix, MatrixView, MatrixViewMut, SMatrix, Scalar, VecStorage};

use crate::error::{Error, count};
use crate::scalar::{Real, Strided, row};

/// A borrowed matrix of samples, one per row, with the names of its columns if they are known.
///
/// Functions that take rows accept `impl Into<Rows>`: a `&DMatrix`, a view of some of its rows or columns
/// (`x.rows(0, 3)`, `x.columns(1, 2)`), a matrix of fixed size, or a [`Dataset`](crate::data::Dataset) with
/// its names. The entries are not copied. The entries of a column must be contiguous in memory, as they are
/// in all matrices of nalgebra and in views of consecutive rows.
///
/// # Names
/// A model that is fitted to rows with names keeps the names. It returns [`Error::ColumnNames`] for rows with
/// other names, in another order, or with a missing column. It accepts rows without names, and checks only
/// the number of their columns.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, Rows};
/// use nalgebra::dmatrix;
///
/// let x = dmatrix![1.1, 20.0; 1.3, 31.0; 1.7, 70.0; 1.8, 82.0];
/// let names = ["height".to_owned(), "weight".to_owned()];
/// let rows = Rows::from(&x).with_names(&names)?;
/// let model = LogisticRegression::new(Penalty::c(1.0)).fit(rows, &[0, 0, 1, 1])?;
///
/// assert_eq!(model.predict(&x)?, model.predict(rows)?);
/// assert_eq!(model.predict(x.rows(2, 2))?, [1, 1]);
/// let swapped = ["weight".to_owned(), "height".to_owned()];
/// let error = model.predict(Rows::from(&x).with_names(&swapped)?).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "column 0 of `x` is `weight`, but the model was fitted with `height` there: put the \
///      columns in the order of the fit"
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rows<'a, T: Scalar> {
    view: DMatrixView<'a, T>,
    /// All entries in column-major order, if they are known to be contiguous.
    data: Option<&'a [T]>,
    names: Option<&'a [String]>,
    /// The categories of each column, if they are known; empty for a column of numbers.
    categories: Option<&'a [Vec<String>]>,
}

/// Returns how many rows with this number of columns form a block, a multiple of 256.
///
/// A block and what is computed from it stay in the second-level cache. Smaller blocks would be slower: their
/// columns are too short for the processor to fetch ahead.
pub(crate) fn rows_together(columns: usize) -> usize {
    // 256 KiB of `f32`, 512 of `f64`.
    const ENTRIES: usize = 1 << 16;
    const ROWS: usize = 256;
    (ENTRIES / ROWS / columns.max(1)).max(1) * ROWS
}

/// The number of bytes of `x` in a block: half of a second-level cache of 1 MB. Each column is a stream that the
/// processor fetches ahead, so longer pieces are read faster; with 200,000 x 50 numbers in memory, L-BFGS takes
/// 0.24 s with blocks of 256 KB, 0.22 with 512 KB and with 1 MB.
pub(crate) const BLOCK_BYTES: usize = 512 * 1024;

/// The smallest number of bytes of a column in a block. Each piece is in another page of memory, whose address
/// costs as much as a kilobyte: with 8,000 x 784 numbers and ten score columns, a pass over blocks of 96 rows takes
/// 8.0 ms, of 256 rows 7.0.
const PIECE_BYTES: usize = 2048;

/// Returns the number of rows of a block of `x`.
pub(crate) fn block_rows<T: Real>(features: usize) -> usize {
    let size = size_of::<T>();
    (BLOCK_BYTES / size.saturating_mul(features.max(1))).clamp(PIECE_BYTES / size, 4096).next_multiple_of(16)
}

impl<'a, T: Scalar> Rows<'a, T> {
    /// Creates rows from a slice of their entries in column-major order.
    pub(crate) fn of_slice(data: &'a [T], rows: usize, columns: usize) -> Self {
        Rows {
            view: DMatrixView::from_slice(data, rows, columns),
            data: Some(data),
            names: None,
            categories: None,
        }
    }

    /// Returns all entries in column-major order, if they are known to be contiguous.
    pub(crate) fn contiguous(&self) -> Option<&'a [T]> {
        self.data
    }

    /// Names the columns, in order.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the numbers of names and columns differ.
    pub fn with_names(self, names: &'a [String]) -> Result<Self, Error> {
        count("names", "entries", self.view.ncols(), names.len())?;
        Ok(Rows { names: Some(names), ..self })
    }

    /// Removes the names of the columns.
    pub fn without_names(self) -> Self {
        Rows { names: None, ..self }
    }

    /// Names the categories of coded columns: for each column, the names of the codes 0, 1 and so on, or an
    /// empty list for a column of numbers.
    ///
    /// A [`OneHotEncoder`](crate::OneHotEncoder) uses them for names such as `island=Dream`. A data set that
    /// a `CsvReader` has read with coded columns has them already.
    ///
    /// ```
    /// use logit::prelude::*;
    /// use logit::{OneHotEncoder, Rows};
    /// use nalgebra::dmatrix;
    ///
    /// let (x, islands) =
    ///     (dmatrix![0.0; 1.0], [vec!["Biscoe".to_owned(), "Dream".to_owned()]]);
    /// let encoder =
    ///     OneHotEncoder::new().fit(Rows::from(&x).with_categories(&islands)?)?;
    /// assert_eq!(
    ///     encoder.output_names(&["island".into()])?,
    ///     ["island=Biscoe", "island=Dream"]
    /// );
    /// # Ok::<(), logit::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the numbers of lists and columns differ.
    pub fn with_categories(self, categories: &'a [Vec<String>]) -> Result<Self, Error> {
        count("categories", "entries", self.view.ncols(), categories.len())?;
        Ok(Rows { categories: Some(categories), ..self })
    }

    /// Returns the rows as a view of a matrix.
    pub fn view(&self) -> DMatrixView<'a, T> {
        self.view.clone()
    }

    /// Returns the names of the columns, if they are known.
    pub fn names(&self) -> Option<&'a [String]> {
        self.names
    }

    /// Returns the names of the categories of each column, if they are known. The list of a column of numbers
    /// is empty.
    pub fn categories(&self) -> Option<&'a [Vec<String>]> {
        self.categories
    }

    /// Returns these rows with the names and the categories of `other`, of which they are a copy.
    pub(crate) fn labelled_like<'b, U: Scalar>(self, other: Rows<'b, U>) -> Rows<'a, T>
    where
        'b: 'a,
    {
        Rows { names: other.names, categories: other.categories, ..self }
    }

    /// Returns these rows with `names`, unless they have names already or the numbers differ.
    pub(crate) fn or_names(self, names: Option<&'a [String]>) -> Self {
        let names = names.filter(|names| names.len() == self.view.ncols());
        Rows { names: self.names.or(names), ..self }
    }

    /// Returns the `count` rows from `first` on, with the same names.
    pub(crate) fn block(&self, first: usize, count: usize) -> Rows<'_, T> {
        if first == 0 && count == self.view.nrows() {
            return self.clone();
        }
        Rows { view: self.view.rows(first, count), data: None, ..self.clone() }
    }

    /// Creates a single row from a slice.
    pub(crate) fn of_row(row: &'a [T]) -> Self {
        Rows::of_slice(row, 1, row.len())
    }

    /// Checks the columns against those that a model was fitted on: the names if both have names, else the
    /// number.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the numbers differ, and [`Error::ColumnNames`] if the names
    /// differ.
    pub(crate) fn check_columns(&self, features: usize, names: Option<&[String]>) -> Result<(), Error> {
        let (Some(found), Some(wanted)) = (self.names, names) else {
            return count("x", "columns", features, self.view.ncols());
        };
        if found == wanted { Ok(()) } else { Err(wrong_names(found, wanted)) }
    }
}

/// Returns the error for column names that differ from those of a fit.
fn wrong_names(found: &[String], wanted: &[String]) -> Error {
    let missing: Vec<&String> = wanted.iter().filter(|name| !found.contains(name)).collect();
    let extra: Vec<&String> = found.iter().filter(|name| !wanted.contains(name)).collect();
    let reason = match (missing.as_slice(), extra.as_slice()) {
        ([first, rest @ ..], _) => {
            let others = if rest.is_empty() { String::new() } else { format!(" (and {} more)", rest.len()) };
            let instead = match extra.first() {
                Some(extra) => format!("; it has `{extra}`, which the model does not know"),
                None => String::new(),
            };
            format!("`x` has no column `{first}`{others}, which the model was fitted on{instead}")
        }
        ([], [extra, ..]) => {
            format!("`x` has a column `{extra}`, which the model was not fitted on: leave it out")
        }
        ([], []) => {
            let at = found.iter().zip(wanted).position(|(found, wanted)| found != wanted);
            let at = at.unwrap_or_else(|| found.len().min(wanted.len()));
            let name = |names: &[String]| names.get(at).cloned().unwrap_or_else(|| "nothing".to_owned());
            format!(
                "column {at} of `x` is `{}`, but the model was fitted with `{}` there: put the columns in \
                 the order of the fit",
                name(found),
                name(wanted)
            )
        }
    };
    Error::ColumnNames { reason }
}

impl<'a, T: Scalar> From<Rows<'a, T>> for DMatrixView<'a, T> {
    fn from(rows: Rows<'a, T>) -> Self {
        rows.view
    }
}

/// Dereferences to the view of the matrix.
impl<'a, T: Scalar> Deref for Rows<'a, T> {
    type Target = DMatrixView<'a, T>;

    fn deref(&self) -> &DMatrixView<'a, T> {
        &self.view
    }
}

/// Converts a matrix with a dynamic number of rows.
impl<'a, T: Scalar, C: Dim> From<&'a Matrix<T, Dyn, C, VecStorage<T, Dyn, C>>> for Rows<'a, T> {
    fn from(matrix: &'a Matrix<T, Dyn, C, VecStorage<T, Dyn, C>>) -> Self {
        Rows::of_slice(matrix.as_slice(), matrix.nrows(), matrix.ncols())
    }
}

/// Converts a matrix with a fixed number of rows.
impl<'a, T: Scalar, const R: usize> From<&'a Matrix<T, Const<R>, Dyn, VecStorage<T, Const<R>, Dyn>>>
    for Rows<'a, T>
{
    fn from(matrix: &'a Matrix<T, Const<R>, Dyn, VecStorage<T, Const<R>, Dyn>>) -> Self {
        Rows::of_slice(matrix.as_slice(), R, matrix.ncols())
    }
}

/// Converts a matrix of fixed size.
impl<'a, T: Scalar, const R: usize, const C: usize> From<&'a SMatrix<T, R, C>> for Rows<'a, T> {
    fn from(matrix: &'a SMatrix<T, R, C>) -> Self {
        Rows::of_slice(matrix.as_slice(), R, C)
    }
}

/// Converts a view of consecutive rows and columns.
impl<'a, T: Scalar> From<DMatrixView<'a, T>> for Rows<'a, T> {
    fn from(view: DMatrixView<'a, T>) -> Self {
        Rows { view, data: None, names: None, categories: None }
    }
}

/// Converts a borrowed view of any size.
impl<'a, 'b, T: Scalar, R: Dim, C: Dim, CStride: Dim> From<&'a MatrixView<'b, T, R, C, U1, CStride>>
    for Rows<'a, T>
where
    ShapeConstraint: DimEq<R, Dyn> + DimEq<C, Dyn> + DimEq<Dyn, CStride>,
{
    fn from(view: &'a MatrixView<'b, T, R, C, U1, CStride>) -> Self {
        Rows::from(DMatrixView::from(view))
    }
}

/// Converts a mutable view.
impl<'a, 'b, T: Scalar, R: Dim, C: Dim, CStride: Dim> From<&'a MatrixViewMut<'b, T, R, C, U1, CStride>>
    for Rows<'a, T>
where
    ShapeConstraint: DimEq<R, Dyn> + DimEq<C, Dyn> + DimEq<Dyn, CStride>,
{
    fn from(view: &'a MatrixViewMut<'b, T, R, C, U1, CStride>) -> Self {
        Rows::from(DMatrixView::from(view))
    }
}

/// Converts rows to the operand of a matrix product.
impl<T: Real> Rows<'_, T> {
    /// Returns the entries of a single row, if they are contiguous.
    #[inline]
    pub(crate) fn single(&self) -> Option<&[T]> {
        row(&self.view)
    }
}

impl<'a, T: Real> From<&'a Rows<'a, T>> for Strided<'a, T> {
    fn from(rows: &'a Rows<'a, T>) -> Self {
        match rows.contiguous() {
            Some(data) => Strided::columns(data, rows.nrows(), rows.ncols()),
            None => Strided::from(&**rows),
        }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;
    use crate::scalar::{Workspace, product};

    #[test]
    fn blocks_are_read_where_they_are() {
        let x = DMatrix::from_fn(7, 2, |i, j| (10 * i + j) as f64);
        let rows = Rows::from(&x);
        let block = rows.block(4, 3);
        assert_eq!(*block, x.rows(4, 3));
        let (unit, mut copy) = (DMatrix::identity(2, 2), DMatrix::zeros(3, 2));
        let (left, right) = (Strided::from(&block), Strided::from(&unit));
        product(left, right, (copy.as_mut_slice(), 3), false, &mut Workspace::default());
        assert_eq!(copy, *block);
    }
}
