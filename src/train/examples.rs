//! Rows with their targets: what a network is trained and judged on.

use crate::check;
use crate::error::Error;
use crate::layer::Layer;
use crate::loss::{Loss, Targets, checked_targets};
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
    pub(super) x: Rows<'a, T>,
    pub(super) targets: Targets<'a, T>,
    pub(super) weights: Option<&'a [T]>,
}

impl<'a, T: Real> Examples<'a, T> {
    /// The rows of `x` (n x inputs) with their targets (n of them), of equal weight.
    pub fn new(x: impl Into<Rows<'a, T>>, targets: Targets<'a, T>) -> Self {
        Examples { x: x.into(), targets, weights: None }
    }

    /// One weight per row, finite and at least 0. A weight of 2 counts a row twice, 0 removes it.
    pub fn weights(mut self, weights: &'a [T]) -> Self {
        self.weights = Some(weights);
        self
    }

    /// The same with weights if there are any.
    pub(crate) fn weighted(self, weights: Option<&'a [T]>) -> Self {
        Examples { weights: weights.or(self.weights), ..self }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.x.nrows()
    }

    /// The numbers of the rows that have any weight.
    pub(super) fn counted(&self) -> Vec<usize> {
        (0..self.rows()).filter(|&row| self.weights.is_none_or(|weights| weights[row] > T::zero())).collect()
    }

    /// Checks sizes and values against a network and a loss; returns the sum of the weights.
    ///
    /// # Errors
    /// For no rows, numbers that are not finite, sizes that disagree, targets that the loss refuses, bad weights.
    pub(crate) fn check<N, S>(&self, network: &N, loss: &S) -> Result<f64, Error>
    where
        N: Layer<T> + ?Sized,
        S: Loss<T> + ?Sized,
    {
        check::training_matrix(self.x)?;
        check::count("x", "columns", network.inputs(), self.x.ncols())?;
        checked_targets(loss, (self.rows(), network.outputs()), self.targets)?;
        check::weights(self.weights, self.rows())
    }
}
