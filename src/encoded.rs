//! Training rows, checked and encoded: what every fit starts from.

use nalgebra::DMatrix;

use crate::check;
use crate::error::Error;
use crate::label::{Encoded, Label, encode};
use crate::rows::Rows;
use crate::scalar::Real;

/// EncodedRows, their class indices and their weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EncodedRows<'a, T: Real> {
    pub(crate) x: Rows<'a, T>,
    pub(crate) classes: &'a [usize],
    pub(crate) weights: Option<&'a [T]>,
    pub(crate) total_weight: f64,
}

impl<T: Real> EncodedRows<'_, T> {
    /// Whether a row has any weight.
    pub(crate) fn counts(&self, row: usize) -> bool {
        self.weights.is_none_or(|weights| weights[row] > T::zero())
    }

    /// The numbers of the rows that have any weight.
    pub(crate) fn counted(&self) -> Vec<usize> {
        (0..self.classes.len()).filter(|&row| self.counts(row)).collect()
    }

    /// A copy of the rows that `numbers` names.
    pub(crate) fn select(&self, numbers: &[usize]) -> Selected<T> {
        Selected {
            x: self.x.select_rows(numbers),
            classes: numbers.iter().map(|&row| self.classes[row]).collect(),
            weights: self.weights.map(|weights| numbers.iter().map(|&row| weights[row]).collect()),
        }
    }
}

/// EncodedRows that own their memory.
#[derive(Debug, Clone)]
pub(crate) struct Selected<T> {
    x: DMatrix<T>,
    classes: Vec<usize>,
    weights: Option<Vec<T>>,
}

impl<T: Real> Selected<T> {
    pub(crate) fn rows(&self) -> EncodedRows<'_, T> {
        let weights = self.weights.as_deref();
        let sum = |weights: &[T]| weights.iter().map(|w| w.as_f64()).sum();
        let total_weight = weights.map_or(self.classes.len() as f64, sum);
        EncodedRows { x: Rows::from(&self.x), classes: &self.classes, weights, total_weight }
    }
}

/// Checks the arguments of a fit and encodes the labels.
///
/// # Errors
/// For an empty or non-finite `x`, disagreeing sizes, bad weights, and fewer than two classes with weight.
pub(crate) fn checked<T: Real, L: Label>(
    x: Rows<'_, T>,
    y: &[L],
    weights: Option<&[T]>,
) -> Result<(Encoded<L>, f64), Error> {
    check::training_matrix(x)?;
    check::count("y", "labels", x.nrows(), y.len())?;
    let total_weight = check::weights(weights, x.nrows())?;
    let encoded = encode(y, |row| weights.is_none_or(|w| w[row] > T::zero()))?;
    Ok((encoded, total_weight))
}
