//! Replacement of missing values.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::moments::Moments;
use super::of_columns::{OF_SORTING, of_columns};
use super::{
    Transform, TransformExt, Transformer, TransformerOptions, check_not_empty, checked, checked_names,
};
use crate::check;
use crate::error::Error;
use crate::quantile::Sorted;
use crate::rows::Rows;
use crate::scalar::{Real, all_finite, column_mut, columns, is_finite};
use crate::scratch::Scratch;

/// Replaces missing values, which are NaN, in each column.
///
/// The replacement is the mean, the median or the most frequent value of the column's training rows, or a
/// constant. All other transformers that compute with values reject NaN, so put the imputer before them.
/// Infinities are errors here too.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::Imputer;
/// use nalgebra::dmatrix;
///
/// let imputer =
///     Imputer::median().indicators(true).fit(&dmatrix![1.0; 2.0; 9.0; f64::NAN])?;
/// assert_eq!(
///     imputer.transform(&dmatrix![f64::NAN; 5.0])?,
///     dmatrix![2.0, 1.0; 5.0, 0.0]
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Imputer {
    by: Replacement,
    indicators: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Replacement {
    Mean,
    Median,
    MostFrequent,
    Constant(f64),
}

impl Imputer {
    /// Replaces missing values by the mean of the column.
    pub fn mean() -> Self {
        Imputer { by: Replacement::Mean, indicators: false }
    }

    /// Replaces missing values by the median of the column, interpolated between two rows.
    pub fn median() -> Self {
        Imputer { by: Replacement::Median, indicators: false }
    }

    /// Replaces missing values by the most frequent value of the column, the smallest in a tie.
    pub fn most_frequent() -> Self {
        Imputer { by: Replacement::MostFrequent, indicators: false }
    }

    /// Replaces missing values by the number `value`.
    pub fn constant(value: f64) -> Self {
        Imputer { by: Replacement::Constant(value), indicators: false }
    }

    /// Sets whether an indicator column is added for each column with missing training values.
    ///
    /// The indicator is 1 where a value was missing and 0 elsewhere, for data in which a missing value is
    /// itself informative. Defaults to `false`.
    pub fn indicators(mut self, indicators: bool) -> Self {
        self.indicators = indicators;
        self
    }
}

/// A fitted [`Imputer`].
///
/// ```
/// use logit::prelude::*;
/// use logit::Imputer;
/// use nalgebra::dmatrix;
///
/// let fitted =
///     Imputer::mean().indicators(true).fit(&dmatrix![1.0, 5.0; 3.0, f64::NAN])?;
/// assert_eq!((fitted.values(), fitted.indicated()), (&[2.0, 5.0][..], &[1][..]));
/// assert!(fitted.inverse_transform(&dmatrix![1.0, 5.0, 1.0])?[(0, 1)].is_nan());
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedImputer<T> {
    pub(super) values: Vec<T>,
    /// The columns that have an indicator.
    pub(super) indicated: Vec<usize>,
}

impl<T: Real> FittedImputer<T> {
    /// # Errors
    /// Returns an error if a value is not finite, or if the indicated columns are not ascending columns of
    /// the input.
    pub(super) fn new(values: Vec<T>, indicated: Vec<usize>) -> Result<Self, Error> {
        check::finite("values", &DMatrix::from_row_slice(1, values.len(), &values))?;
        for (index, &column) in indicated.iter().enumerate() {
            let valid = column < values.len() && (index == 0 || indicated[index - 1] < column);
            check::parameter("indicators", column as f64, valid, "columns in ascending order")?;
        }
        Ok(FittedImputer { values, indicated })
    }

    /// Returns the value that replaces missing ones, for each column.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// Returns the columns that have an indicator.
    pub fn indicated(&self) -> &[usize] {
        &self.indicated
    }
}

fn is_missing<T: Real>(value: T) -> bool {
    value.as_f64().is_nan()
}

/// Returns an error for an infinite entry, which does not count as missing.
fn check_infinite<T: Real>(x: DMatrixView<'_, T>) -> Result<(), Error> {
    // This check reads in memory order; the error below needs the first infinity in row order.
    if is_finite(&x) || !x.iter().any(|v| v.as_f64().is_infinite()) {
        return Ok(());
    }
    for row in 0..x.nrows() {
        for column in 0..x.ncols() {
            let value = x[(row, column)].as_f64();
            if value.is_infinite() {
                return Err(Error::NotFinite { argument: "x", row, column, name: None, value });
            }
        }
    }
    Ok(())
}

impl Replacement {
    /// Returns the replacement value that the entries of a column give.
    ///
    /// # Errors
    /// Returns [`Error::NothingToImpute`] if all entries are missing and the replacement is not a constant.
    fn of<T: Real>(self, column: usize, entries: &[T], weights: Option<&[T]>) -> Result<T, Error> {
        let found = match self {
            Replacement::Constant(value) => Some(value),
            Replacement::Median => Sorted::new(entries, weights).quantile(0.5),
            Replacement::MostFrequent => Sorted::new(entries, weights).most_frequent(),
            Replacement::Mean => {
                if all_finite(entries) {
                    // Some row has a positive weight, because the weights have a positive sum.
                    return Moments::of_column(entries, weights).map(T::of);
                }
                let weight = |row: usize| weights.map_or(T::one(), |weights| weights[row]);
                let there = (0..entries.len()).filter(|&row| !is_missing(entries[row]));
                let there: Vec<usize> = there.filter(|&row| weight(row) > T::zero()).collect();
                let values = DMatrix::from_iterator(there.len(), 1, there.iter().map(|&row| entries[row]));
                let weights: Vec<T> = there.iter().map(|&row| weight(row)).collect();
                if there.is_empty() { None } else { Some(Moments::of(&values, Some(&weights))?.mean()[0]) }
            }
        };
        found.map(T::of).ok_or(Error::NothingToImpute { column, name: None })
    }
}

impl<T: Real> Transformer<T> for Imputer {
    type Fitted = FittedImputer<T>;

    /// Learns the replacement values. A column without any value can only be filled with a constant.
    fn fit_rows(
        &self,
        x: Rows<'_, T>,
        options: TransformerOptions<'_, T>,
    ) -> Result<FittedImputer<T>, Error> {
        let weights = options.weights;
        check_not_empty(x.view())?;
        check_infinite(x.view())?;
        check::weights(weights, x.nrows())?;
        if let Replacement::Constant(value) = self.by {
            check::parameter("constant", value, T::of(value).is_finite(), "finite")?;
        }
        let values = of_columns(x.view(), OF_SORTING, |index, column| self.by.of(index, column, weights))?;
        let counts = |row: usize| weights.is_none_or(|weights| weights[row] > T::zero());
        let missing = |column: &usize| {
            let entries = x.column(*column);
            self.indicators && entries.iter().enumerate().any(|(row, &v)| is_missing(v) && counts(row))
        };
        FittedImputer::new(values, (0..x.ncols()).filter(missing).collect())
    }
}

impl<T: Real> Transform<T> for FittedImputer<T> {
    fn inputs(&self) -> usize {
        self.values.len()
    }
    fn outputs(&self) -> usize {
        self.values.len() + self.indicated.len()
    }
    fn transform_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        _: &mut Scratch<T>,
    ) -> Result<(), Error> {
        check::count("x", "columns", self.inputs(), x.ncols())?;
        check_infinite(x.view())?;
        for (index, (column, &value)) in columns(&x).zip(&self.values).enumerate() {
            let filled = column.iter().map(|&v| if is_missing(v) { value } else { v });
            column_mut(&mut out, index).iter_mut().zip(filled).for_each(|(to, v)| *to = v);
        }
        for (index, &column) in self.indicated.iter().enumerate() {
            let mark = |v: &T| if is_missing(*v) { T::one() } else { T::zero() };
            let marks = column_mut(&mut out, self.values.len() + index);
            marks.iter_mut().zip(x.column(column).iter().map(mark)).for_each(|(to, mark)| *to = mark);
        }
        Ok(())
    }
    fn transform_owned(&self, mut x: DMatrix<T>) -> Result<DMatrix<T>, Error> {
        if !self.indicated.is_empty() {
            return self.transform(&x);
        }
        check::count("x", "columns", self.inputs(), x.ncols())?;
        check_infinite(x.as_view())?;
        for (mut column, &value) in x.column_iter_mut().zip(&self.values) {
            column.iter_mut().filter(|v| is_missing(**v)).for_each(|v| *v = value);
        }
        Ok(x)
    }
    /// Returns the rows with the replacement values, and with NaN where an indicator marks a missing value.
    fn inverse_rows(&self, z: DMatrixView<'_, T>) -> Result<DMatrix<T>, Error> {
        checked(z, self.outputs())?;
        let mut x = z.columns(0, self.inputs()).into_owned();
        for (index, &column) in self.indicated.iter().enumerate() {
            let marks = z.column(self.inputs() + index);
            for (v, mark) in x.column_mut(column).iter_mut().zip(marks.iter()) {
                *v = if *mark > T::of(0.5) { T::of(f64::NAN) } else { *v };
            }
        }
        Ok(x)
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        let mut names = checked_names(names, self.inputs())?.to_vec();
        names.extend(
            self.indicated.iter().map(|&column| format!("{} missing", names[column])).collect::<Vec<_>>(),
        );
        Ok(names)
    }
    fn source_column(&self, output: usize) -> Option<usize> {
        (output < self.values.len()).then_some(output)
    }
}
