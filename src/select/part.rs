//! Copies of subsets of rows.

use nalgebra::DMatrix;

use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;

/// A copy of some rows with their labels and weights, and the names of the columns.
#[derive(Debug)]
pub(crate) struct Part<'a, T: Real, L> {
    x: DMatrix<T>,
    whole: Rows<'a, T>,
    pub(crate) y: Vec<L>,
    weights: Option<Vec<T>>,
    /// The number of each row in the whole.
    numbers: &'a [usize],
}

impl<'a, T: Real, L: Clone> Part<'a, T, L> {
    /// Copies the rows with these numbers.
    pub(crate) fn of(x: Rows<'a, T>, y: &[L], weights: Option<&[T]>, numbers: &'a [usize]) -> Self {
        Part {
            x: x.select_rows(numbers),
            whole: x,
            y: numbers.iter().map(|&row| y[row].clone()).collect(),
            weights: weights.map(|weights| numbers.iter().map(|&row| weights[row]).collect()),
            numbers,
        }
    }

    pub(crate) fn rows(&self) -> Rows<'_, T> {
        // The copy has the same columns as the whole.
        Rows::from(&self.x).labelled_like(self.whole)
    }

    /// Translates an error about these rows into one about the whole.
    pub(crate) fn translate(&self, error: Error) -> Error {
        error.in_rows(|row| self.numbers.get(row).copied()).with_column_name(self.whole.names())
    }

    pub(crate) fn weights(&self) -> Option<&[T]> {
        self.weights.as_deref()
    }
}
