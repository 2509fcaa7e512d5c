//! Transformations of some columns.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::{Transform, Transformer, TransformerOptions, checked_names};
use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;

/// Applies a transformer to some columns; the others go through as they are, missing values included.
///
/// # Shapes
/// First come the columns that the transformer makes of the chosen ones, then all others in their order.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::OnColumns;
/// use logit::{OneHotEncoder, StandardScaler};
/// use nalgebra::dmatrix;
///
/// // Column 1 holds categories; the others are numbers.
/// let x = dmatrix![1.0, 7.0, 10.0; 3.0, 8.0, 30.0];
/// let both = (OnColumns::new([1], OneHotEncoder::new()), OnColumns::new([2, 3], StandardScaler::new()));
/// assert_eq!(both.fit(&x)?.transform(&x)?, dmatrix![-1.0, -1.0, 1.0, 0.0; 1.0, 1.0, 0.0, 1.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct OnColumns<P> {
    columns: Vec<usize>,
    transformer: P,
}

impl<P> OnColumns<P> {
    /// `transformer` for these columns, counted from 0, in this order.
    pub fn new(columns: impl Into<Vec<usize>>, transformer: P) -> Self {
        OnColumns { columns: columns.into(), transformer }
    }
}

/// A fitted [`OnColumns`].
///
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::OnColumns;
/// use logit::StandardScaler;
/// use nalgebra::dmatrix;
///
/// let fitted = OnColumns::new([1], StandardScaler::new()).fit(&dmatrix![7.0, 1.0; 8.0, 3.0])?;
/// assert_eq!((fitted.columns(), fitted.inner().mean()), (&[1][..], &[2.0][..]));
/// assert_eq!(fitted.output_names(&["a".into(), "b".into()])?, ["b", "a"]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedOnColumns<P> {
    columns: Vec<usize>,
    others: Vec<usize>,
    inner: P,
}

impl<P> FittedOnColumns<P> {
    /// # Errors
    /// For columns that are not among `inputs`, or twice the same.
    pub(super) fn new(columns: Vec<usize>, inputs: usize, inner: P) -> Result<Self, Error> {
        let others = others(&columns, inputs)?;
        Ok(FittedOnColumns { columns, others, inner })
    }

    /// The columns that are transformed.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// What was learned of them.
    pub fn inner(&self) -> &P {
        &self.inner
    }

    /// The columns that stay as they are.
    pub(super) fn others(&self) -> &[usize] {
        &self.others
    }

    fn width(&self) -> usize {
        self.columns.len() + self.others.len()
    }
}

/// All columns but these, which must be among `inputs` and different from each other.
fn others(columns: &[usize], inputs: usize) -> Result<Vec<usize>, Error> {
    let mut free = vec![true; inputs];
    for &column in columns {
        let valid = free.get(column).copied().unwrap_or(false);
        check::parameter("columns", column as f64, valid, "one of the columns of `x`, each at most once")?;
        free[column] = false;
    }
    Ok((0..inputs).filter(|&column| free[column]).collect())
}

/// Writes these columns of `x`.
fn copy_columns<T: Real>(x: DMatrixView<'_, T>, columns: &[usize], mut out: DMatrixViewMut<'_, T>) {
    for (mut to, &column) in out.column_iter_mut().zip(columns) {
        to.copy_from(&x.column(column));
    }
}

impl<T: Real, P: Transformer<T>> Transformer<T> for OnColumns<P> {
    type Fitted = FittedOnColumns<P::Fitted>;

    fn fit_rows(&self, x: Rows<'_, T>, options: TransformerOptions<'_, T>) -> Result<Self::Fitted, Error> {
        others(&self.columns, x.ncols())?;
        let chosen = x.select_columns(&self.columns);
        let inner = self.transformer.fit_rows(Rows::from(&chosen), options)?;
        FittedOnColumns::new(self.columns.clone(), x.ncols(), inner)
    }
}

impl<T: Real, P: Transform<T>> Transform<T> for FittedOnColumns<P> {
    fn inputs(&self) -> usize {
        self.width()
    }
    fn outputs(&self) -> usize {
        self.inner.outputs() + self.others.len()
    }
    fn transform_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        check::count("x", "columns", self.width(), x.ncols())?;
        let (rows, columns, made) = (x.nrows(), self.columns.len(), self.inner.outputs());
        let mut copy = scratch.take(rows * columns);
        copy_columns(x.view(), &self.columns, DMatrixViewMut::from_slice(&mut copy, rows, columns));
        let chosen = DMatrixView::from_slice(&copy, rows, columns);
        let done = self.inner.transform_into(chosen.into(), out.columns_mut(0, made), scratch);
        scratch.give_back(copy);
        copy_columns(x.view(), &self.others, out.columns_mut(made, self.others.len()));
        done
    }
    fn inverse_rows(&self, z: DMatrixView<'_, T>) -> Result<DMatrix<T>, Error> {
        check::count("x", "columns", self.outputs(), z.ncols())?;
        let made = self.inner.outputs();
        let inner = self.inner.inverse_rows(z.columns(0, made))?;
        let mut x = DMatrix::zeros(z.nrows(), self.width());
        for (index, &column) in self.columns.iter().enumerate() {
            x.column_mut(column).copy_from(&inner.column(index));
        }
        for (index, &column) in self.others.iter().enumerate() {
            x.column_mut(column).copy_from(&z.column(made + index));
        }
        Ok(x)
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        let names = checked_names(names, self.width())?;
        let of = |columns: &[usize]| columns.iter().map(|&column| names[column].clone()).collect::<Vec<_>>();
        let mut made = self.inner.output_names(&of(&self.columns))?;
        made.extend(of(&self.others));
        Ok(made)
    }
}

/// Keeps some columns, in the order given.
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
    /// These columns, counted from 0.
    pub fn new(columns: impl Into<Vec<usize>>) -> Self {
        SelectColumns { columns: columns.into() }
    }
}

/// A fitted [`SelectColumns`], or what a [`VarianceThreshold`](crate::preprocess::VarianceThreshold) keeps.
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
    /// For no columns, and for columns that are not among `inputs`, or twice the same.
    pub(super) fn new(columns: Vec<usize>, inputs: usize) -> Result<Self, Error> {
        if columns.is_empty() {
            return Err(Error::Empty { argument: "columns", axis: "entries" });
        }
        let scalar = std::marker::PhantomData;
        others(&columns, inputs).map(|_| FittedSelectColumns { columns, inputs, scalar })
    }

    /// The columns that are left out.
    pub(super) fn others(&self) -> Vec<usize> {
        let mut left = vec![true; self.inputs];
        self.columns.iter().for_each(|&column| left[column] = false);
        (0..self.inputs).filter(|&column| left[column]).collect()
    }

    /// The columns that are kept.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }
}

impl<T: Real> Transformer<T> for SelectColumns {
    type Fitted = FittedSelectColumns<T>;

    /// Other columns may hold anything.
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
}
