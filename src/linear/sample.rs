//! The arguments of a fit or of a question about one, checked: rows, class indices, weights, offsets.

use std::borrow::Cow;

use nalgebra::DMatrix;

use super::problem::{ColumnPenalty, Problem};
use crate::check;
use crate::class_weight::{ClassWeight, times_class};
use crate::error::Error;
use crate::label::{Label, indices};
use crate::rows::{Rows, checked};
use crate::scalar::Real;

/// What rows have besides columns and a label, as they had it in the fit.
#[derive(Debug, Clone, Copy)]
pub struct RowOptions<'a, T> {
    /// One weight per row. Defaults to 1 for all.
    pub weights: Option<&'a [T]>,
    /// Numbers added to the scores, n x 1 for two classes and n x K for more. Defaults to none.
    pub offset: Option<&'a DMatrix<T>>,
}

impl<T> Default for RowOptions<'_, T> {
    fn default() -> Self {
        RowOptions { weights: None, offset: None }
    }
}

/// Rows with everything that belongs to them.
#[derive(Debug, Clone)]
pub(super) struct Sample<'a, T: Real> {
    pub(super) x: &'a DMatrix<T>,
    pub(super) indices: Vec<usize>,
    /// Sample weights times class weights.
    pub(super) weights: Option<Cow<'a, [T]>>,
    pub(super) total_weight: f64,
    pub(super) offset: Option<&'a DMatrix<T>>,
    pub(super) classes: usize,
    pub(super) class_weights: Option<Vec<f64>>,
}

impl<'a, T: Real> Sample<'a, T> {
    /// Checks the arguments of a fit; returns the classes too.
    pub(super) fn new<L: Label>(
        x: &'a DMatrix<T>,
        y: &[L],
        weights: Option<&'a [T]>,
        offset: Option<&'a DMatrix<T>>,
        class_weight: Option<&ClassWeight>,
    ) -> Result<(Self, Vec<L>), Error> {
        let (encoded, _) = checked(x, y, weights)?;
        let of_classes = class_weight.map(|w| w.of_classes(&encoded.classes, &encoded.indices, weights));
        let of_classes = of_classes.transpose()?;
        let sample = Self::assemble(x, encoded.indices, weights, offset, of_classes, encoded.classes.len())?;
        Ok((sample, encoded.classes))
    }

    /// Checks rows that are shown to a model with these classes and class weights.
    pub(super) fn of_model<L: Label>(
        x: &'a DMatrix<T>,
        y: &[L],
        weights: Option<&'a [T]>,
        offset: Option<&'a DMatrix<T>>,
        classes: &[L],
        class_weights: Option<Vec<f64>>,
    ) -> Result<Self, Error> {
        check::training_matrix(x)?;
        check::count("y", "labels", x.nrows(), y.len())?;
        check::weights(weights, x.nrows())?;
        Self::assemble(x, indices(classes, y)?, weights, offset, class_weights, classes.len())
    }

    fn assemble(
        x: &'a DMatrix<T>,
        indices: Vec<usize>,
        weights: Option<&'a [T]>,
        offset: Option<&'a DMatrix<T>>,
        class_weights: Option<Vec<f64>>,
        classes: usize,
    ) -> Result<Self, Error> {
        if let Some(offset) = offset {
            check::count("offset", "rows", x.nrows(), offset.nrows())?;
            let columns = if classes == 2 { 1 } else { classes };
            check::count("offset", "columns", columns, offset.ncols())?;
            check::finite("offset", offset)?;
        }
        let weights = times_class(weights, &indices, class_weights.as_deref());
        let total_weight = check::weights(weights.as_deref(), x.nrows())?;
        Ok(Sample { x, indices, weights, total_weight, offset, classes, class_weights })
    }

    /// The problem that these rows pose with a penalty.
    pub(super) fn problem<'b>(&'b self, penalty: &'b ColumnPenalty, intercept: bool) -> Problem<'b, T> {
        let rows = Rows {
            x: self.x,
            classes: &self.indices,
            weights: self.weights.as_deref(),
            total_weight: self.total_weight,
        };
        Problem { rows, offset: self.offset, classes: self.classes, intercept, penalty }
    }
}
