//! Examples: rows with their targets and weights, for training and evaluation.

mod encoded;
mod owned;
mod targets;

pub(crate) use encoded::{EncodedExamples, Labelled};
pub(crate) use owned::{OwnedExamples, OwnedTargets};
pub use targets::Targets;
pub(crate) use targets::{check_distributions, check_probabilities};

use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;

/// Rows with their targets and weights.
///
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{Examples, Targets};
///
/// let x = dmatrix![0.0, 1.0; 2.0, 3.0];
/// let examples = Examples::new(&x, Targets::Classes(&[1, 0])).weights(&[1.0, 2.0]);
/// assert_eq!(examples.rows(), 2);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Examples<'a, T: Real> {
    x: Rows<'a, T>,
    targets: Targets<'a, T>,
    weights: Option<&'a [T]>,
}

impl<'a, T: Real> Examples<'a, T> {
    /// Creates examples of equal weight from the rows of `x` (n x inputs) and their n targets.
    pub fn new(x: impl Into<Rows<'a, T>>, targets: Targets<'a, T>) -> Self {
        Examples { x: x.into(), targets, weights: None }
    }

    /// Sets one weight per row, finite and at least 0. A weight of 2 counts a row twice, and 0 removes it.
    /// Defaults to 1 for every row.
    pub fn weights(mut self, weights: &'a [T]) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.x.nrows()
    }

    /// Checks the rows and their weights.
    ///
    /// # Errors
    /// Returns an error if there are no rows, if a number is not finite, if the numbers of rows and targets
    /// differ, or if the weights are invalid.
    pub(crate) fn checked(self) -> Result<CheckedExamples<'a, T>, Error> {
        CheckedExamples::new(self.x, self.targets, self.weights)
    }
}

/// Checked examples: rows are finite, each row has a target and a weight, and the weights have a valid sum.
///
/// Only this module can create a value, so functions that take one need not check again. Training checks
/// whether the targets suit the loss.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CheckedExamples<'a, T: Real, Y = Targets<'a, T>> {
    pub(crate) x: Rows<'a, T>,
    pub(crate) targets: Y,
    pub(crate) weights: Option<&'a [T]>,
    /// The sum of the weights, or the number of rows without weights.
    pub(crate) total_weight: f64,
    /// A private field that keeps constructors in this module.
    checked: Checked,
}

/// Examples whose targets are class indices.
pub(crate) type ClassExamples<'a, T> = CheckedExamples<'a, T, &'a [usize]>;

/// A marker that only this module can create, after its checks.
#[derive(Debug, Clone, Copy)]
struct Checked;

/// Targets with one entry per row.
pub(crate) trait PerRow: Copy {
    /// Returns the number of rows.
    fn count(&self) -> usize;
}

impl PerRow for &[usize] {
    fn count(&self) -> usize {
        self.len()
    }
}

impl<T: Real> PerRow for Targets<'_, T> {
    fn count(&self) -> usize {
        self.rows()
    }
}

impl<'a, T: Real, Y: PerRow> CheckedExamples<'a, T, Y> {
    /// Checks the rows of `x` and their weights.
    ///
    /// # Errors
    /// Returns an error if there are no rows or columns, if a number is not finite, if the numbers of rows
    /// and targets differ, or if the weights are invalid.
    pub(crate) fn new(x: Rows<'a, T>, targets: Y, weights: Option<&'a [T]>) -> Result<Self, Error> {
        check::training_matrix(x)?;
        check::count("targets", "rows", x.nrows(), targets.count())?;
        let total_weight = check::weights(weights, x.nrows())?;
        Ok(CheckedExamples { x, targets, weights, total_weight, checked: Checked })
    }

    /// Returns the number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.x.nrows()
    }

    /// Returns whether a row has positive weight.
    pub(crate) fn counts(&self, row: usize) -> bool {
        self.weights.is_none_or(|weights| weights[row] > T::zero())
    }

    /// Returns the indices of the rows with positive weight.
    pub(crate) fn counted(&self) -> Vec<usize> {
        (0..self.rows()).filter(|&row| self.counts(row)).collect()
    }

    /// Replaces the columns of the rows by columns that were computed from checked ones. Targets and weights
    /// stay.
    pub(crate) fn with_columns(self, x: Rows<'a, T>) -> Self {
        debug_assert_eq!(x.nrows(), self.rows());
        CheckedExamples { x, ..self }
    }
}

impl<'a, T: Real> CheckedExamples<'a, T> {
    /// Copies the rows with these indices.
    ///
    /// # Errors
    /// Returns an error if `rows` is empty, or if the weights of the rows do not have a valid sum.
    pub(crate) fn select(&self, rows: &[usize]) -> Result<OwnedExamples<T>, Error> {
        OwnedExamples::select(self, rows)
    }
}

impl<'a, T: Real> From<ClassExamples<'a, T>> for CheckedExamples<'a, T> {
    fn from(examples: ClassExamples<'a, T>) -> Self {
        let CheckedExamples { x, targets, weights, total_weight, checked } = examples;
        CheckedExamples { x, targets: Targets::Classes(targets), weights, total_weight, checked }
    }
}
