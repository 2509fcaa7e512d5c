//! Selection of columns by their positions.

use nalgebra::{DMatrixView, DMatrixViewMut};

use super::{Transform, Transformer, TransformerOptions, checked_names};
use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;

/// Keeps the given columns, in the given order.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::SelectColumns;
/// use nalgebra::dmatrix;
///
/// let selected = SelectColumns::new([2, 0]).fit(&dmatrix![1.0, 2.0, 3.0])?;
/// assert_eq!(selected.transform(&dmatrix![4.0, 5.0, 6.0])?, dmatrix![6.0, 4.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectColumns {
    columns: Vec<usize>,
}

impl SelectColumns {
    /// Keeps the columns with these positions, counted from 0.
    pub fn new(columns: impl Into<Vec<usize>>) -> Self {
        SelectColumns { columns: columns.into() }
    }
}

/// A fitted [`SelectColumns`] or [`VarianceThreshold`](crate::preprocess::VarianceThreshold).
///
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::SelectColumns;
/// use nalgebra::dmatrix;
///
/// let fitted = SelectColumns::new([1]).fit(&dmatrix![7.0, 1.0])?;
/// assert_eq!((fitted.columns(), fitted.inputs(), fitted.outputs()), (&[1][..], 2, 1));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FittedSelectColumns<T> {
    pub(super) columns: Vec<usize>,
    pub(super) inputs: usize,
    scalar: std::marker::PhantomData<T>,
}

impl<T> FittedSelectColumns<T> {
    /// # Errors
    /// Returns an error if there are no columns, if a column is not below `inputs`, or if a column is listed
    /// twice.
    pub(super) fn new(columns: Vec<usize>, inputs: usize) -> Result<Self, Error> {
        if columns.is_empty() {
            return Err(Error::Empty { argument: "columns", axis: "entries" });
        }
        let scalar = std::marker::PhantomData;
        others(&columns, inputs).map(|_| FittedSelectColumns { columns, inputs, scalar })
    }

    /// Returns the columns that are left out.
    pub(super) fn others(&self) -> Vec<usize> {
        let mut left = vec![true; self.inputs];
        self.columns.iter().for_each(|&column| left[column] = false);
        (0..self.inputs).filter(|&column| left[column]).collect()
    }

    /// Returns the columns that are kept, in the order of the output.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }
}

impl<T: Real> Transformer<T> for SelectColumns {
    type Fitted = FittedSelectColumns<T>;

    /// Checks the columns against the number of columns of `x`. The values of `x` are not checked, so it may
    /// hold anything.
    fn fit_rows(
        &self,
        x: Rows<'_, T>,
        options: TransformerOptions<'_, T>,
    ) -> Result<FittedSelectColumns<T>, Error> {
        check::weights(options.weights, x.nrows())?;
        FittedSelectColumns::new(self.columns.clone(), x.ncols())
    }
}

impl<T: Real> Transform<T> for FittedSelectColumns<T> {
    fn inputs(&self) -> usize {
        self.inputs
    }
    fn outputs(&self) -> usize {
        self.columns.len()
    }
    fn transform_into(
        &self,
        x: Rows<'_, T>,
        out: DMatrixViewMut<'_, T>,
        _: &mut Scratch<T>,
    ) -> Result<(), Error> {
        check::count("x", "columns", self.inputs, x.ncols())?;
        copy_columns(x.view(), &self.columns, out);
        Ok(())
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        let names = checked_names(names, self.inputs)?;
        Ok(self.columns.iter().map(|&column| names[column].clone()).collect())
    }
    fn source_column(&self, output: usize) -> Option<usize> {
        self.columns.get(output).copied()
    }
}

/// Returns all other columns. The given ones must be below `inputs` and distinct.
fn others(columns: &[usize], inputs: usize) -> Result<Vec<usize>, Error> {
    let mut free = vec![true; inputs];
    for &column in columns {
        let valid = free.get(column).copied().unwrap_or(false);
        check::parameter("columns", column as f64, valid, "a column of `x`, listed at most once")?;
        free[column] = false;
    }
    Ok((0..inputs).filter(|&column| free[column]).collect())
}

/// Copies the given columns of `x` to `out`.
pub(super) fn copy_columns<T: Real>(
    x: DMatrixView<'_, T>,
    columns: &[usize],
    mut out: DMatrixViewMut<'_, T>,
) {
    for (mut to, &column) in out.column_iter_mut().zip(columns) {
        to.copy_from(&x.column(column));
    }
}
