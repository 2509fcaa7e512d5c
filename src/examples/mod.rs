//! Rows with their targets and weights: what models are trained and judged on.

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

/// Rows, what their scores are compared with, and their weights.
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
    /// The rows of `x` (n x inputs) with their targets (n of them), of equal weight.
    pub fn new(x: impl Into<Rows<'a, T>>, targets: Targets<'a, T>) -> Self {
        Examples { x: x.into(), targets, weights: None }
    }

    /// One weight per row, finite and at least 0. A weight of 2 counts a row twice, 0 removes it. Defaults to 1 for every
    /// row.
    pub fn weights(mut self, weights: &'a [T]) -> Self {
        self.weights = Some(weights);
        self
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.x.nrows()
    }

    /// Checks the rows and their weights, once and for all.
    ///
    /// # Errors
    /// For no rows, numbers that are not finite, another number of targets than of rows, and bad weights.
    pub(crate) fn checked(self) -> Result<CheckedExamples<'a, T>, Error> {
        CheckedExamples::new(self.x, self.targets, self.weights)
    }
}

/// Examples that were checked: rows are finite, there are as many targets and weights, and the weights have a sum.
///
/// Only this module can make one, so whoever is given one need not check again. Whether the targets suit a loss is for
/// the engines to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CheckedExamples<'a, T: Real, Y = Targets<'a, T>> {
    pub(crate) x: Rows<'a, T>,
    pub(crate) targets: Y,
    pub(crate) weights: Option<&'a [T]>,
    /// The sum of the weights; without any, the number of rows.
    pub(crate) total_weight: f64,
    /// Keeps constructors in this module.
    checked: Checked,
}

/// Examples whose targets are class indices.
pub(crate) type ClassExamples<'a, T> = CheckedExamples<'a, T, &'a [usize]>;

/// A seal that only the checks in this module set.
#[derive(Debug, Clone, Copy)]
struct Checked;

/// Something that has a target for each row.
pub(crate) trait PerRow: Copy {
    /// How many rows there are targets for.
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
    /// For no rows or columns, numbers that are not finite, another number of targets than of rows, and bad weights.
    pub(crate) fn new(x: Rows<'a, T>, targets: Y, weights: Option<&'a [T]>) -> Result<Self, Error> {
        check::training_matrix(x)?;
        check::count("targets", "rows", x.nrows(), targets.count())?;
        let total_weight = check::weights(weights, x.nrows())?;
        Ok(CheckedExamples { x, targets, weights, total_weight, checked: Checked })
    }

    /// The number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.x.nrows()
    }

    /// Whether a row has any weight.
    pub(crate) fn counts(&self, row: usize) -> bool {
        self.weights.is_none_or(|weights| weights[row] > T::zero())
    }

    /// The indices of the rows that have any weight.
    pub(crate) fn counted(&self) -> Vec<usize> {
        (0..self.rows()).filter(|&row| self.counts(row)).collect()
    }

    /// Gives the rows other columns, made of checked ones; targets and weights stay.
    pub(crate) fn with_columns(self, x: Rows<'a, T>) -> Self {
        debug_assert_eq!(x.nrows(), self.rows());
        CheckedExamples { x, ..self }
    }
}

impl<'a, T: Real> CheckedExamples<'a, T> {
    /// A copy of the rows with these indices.
    ///
    /// # Errors
    /// For no rows, and for rows whose weights have no sum.
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
