//! Examples that own their memory: copies of some rows of other examples.

use nalgebra::DMatrix;

use super::{Checked, CheckedExamples, Targets};
use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;

/// Checked examples that own their memory.
#[derive(Debug, Clone)]
pub(crate) struct OwnedExamples<T> {
    x: DMatrix<T>,
    targets: OwnedTargets<T>,
    weights: Option<Vec<T>>,
    total_weight: f64,
}

impl<T: Real> OwnedExamples<T> {
    /// Copies the rows of `all` with these indices.
    ///
    /// # Errors
    /// Returns an error if `rows` is empty, or if the weights of the rows do not have a valid sum.
    pub(super) fn select(all: &CheckedExamples<'_, T>, rows: &[usize]) -> Result<Self, Error> {
        if rows.is_empty() {
            return Err(Error::Empty { argument: "x", axis: "rows" });
        }
        let weights: Option<Vec<T>> =
            all.weights.map(|weights| rows.iter().map(|&row| weights[row]).collect());
        let total_weight = check::weights(weights.as_deref(), rows.len())?;
        let targets = match all.targets {
            Targets::Classes(classes) => {
                OwnedTargets::Classes(rows.iter().map(|&row| classes[row]).collect())
            }
            Targets::Values(values) => OwnedTargets::Values(values.select_rows(rows)),
        };
        Ok(OwnedExamples { x: all.x.select_rows(rows), targets, weights, total_weight })
    }

    /// Borrows the examples.
    pub(crate) fn examples(&self) -> CheckedExamples<'_, T> {
        CheckedExamples {
            x: Rows::from(&self.x),
            targets: self.targets.borrowed(),
            weights: self.weights.as_deref(),
            total_weight: self.total_weight,
            checked: Checked,
        }
    }
}

/// [`Targets`] that own their memory.
#[derive(Debug, Clone)]
pub(crate) enum OwnedTargets<T> {
    Classes(Vec<usize>),
    Values(DMatrix<T>),
}

impl<T> OwnedTargets<T> {
    pub(crate) fn borrowed(&self) -> Targets<'_, T> {
        match self {
            OwnedTargets::Classes(classes) => Targets::Classes(classes),
            OwnedTargets::Values(values) => Targets::Values(values),
        }
    }
}
