//! The arguments of a fit or of a question about one, checked: rows, class indices, weights, offsets.

use std::borrow::Cow;

use nalgebra::DMatrixView;

use super::problem::{ColumnPenalty, Problem};
use crate::check;
use crate::class_weight::{ClassWeight, times_class};
use crate::encoded::{EncodedRows, checked};
use crate::error::Error;
use crate::label::{Label, indices};
use crate::rows::Rows;
use crate::scalar::Real;

/// Per-row weights and offsets; pass the ones used for the fit.
///
/// ```
/// use logit::linear::RowOptions;
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, data};
///
/// let wine = data::wine();
/// let weights: Vec<f64> = (0..wine.y.len()).map(|row| 1.0 + (row % 2) as f64).collect();
/// let model = LogisticRegression::new(Penalty::c(1.0)).fit_weighted(&wine.x, &wine.y, &weights)?;
/// let influence = model.influence_with(&wine.x, &wine.y, RowOptions::new().weights(&weights))?;
/// assert_eq!(influence.cooks_distances().len(), wine.y.len());
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RowOptions<'a, T: Real> {
    /// One weight per row.
    pub weights: Option<&'a [T]>,
    /// Numbers added to the scores, n x 1 for two classes and n x K for more.
    pub offset: Option<DMatrixView<'a, T>>,
}

impl<'a, T: Real> RowOptions<'a, T> {
    /// No weights and no offsets.
    pub fn new() -> Self {
        RowOptions { weights: None, offset: None }
    }

    /// One weight per row. Defaults to 1 for every row.
    pub fn weights(mut self, weights: &'a [T]) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Numbers added to the scores, n x 1 for two classes and n x K for more. Defaults to none.
    pub fn offset(mut self, offset: impl Into<DMatrixView<'a, T>>) -> Self {
        self.offset = Some(offset.into());
        self
    }
}

impl<T: Real> Default for RowOptions<'_, T> {
    fn default() -> Self {
        RowOptions::new()
    }
}

/// Rows with everything that belongs to them.
#[derive(Debug, Clone)]
pub(super) struct Sample<'a, T: Real> {
    pub(super) x: Rows<'a, T>,
    pub(super) indices: Vec<usize>,
    /// Sample weights times class weights.
    pub(super) weights: Option<Cow<'a, [T]>>,
    pub(super) total_weight: f64,
    pub(super) offset: Option<DMatrixView<'a, T>>,
    pub(super) classes: usize,
    pub(super) class_weights: Option<Vec<f64>>,
}

impl<'a, T: Real> Sample<'a, T> {
    /// Checks the arguments of a fit; returns the classes too.
    pub(super) fn new<L: Label>(
        x: Rows<'a, T>,
        y: &[L],
        weights: Option<&'a [T]>,
        offset: Option<DMatrixView<'a, T>>,
        class_weight: Option<&ClassWeight>,
    ) -> Result<(Self, Vec<L>), Error> {
        let (encoded, total) = checked(x, y, weights)?;
        let of_classes = class_weight.map(|w| w.of_classes(&encoded.classes, &encoded.indices, weights));
        let of_classes = of_classes.transpose()?;
        let given = (weights, total);
        let sample = Self::assemble(x, encoded.indices, given, offset, of_classes, encoded.classes.len())?;
        Ok((sample, encoded.classes))
    }

    /// Checks rows that are shown to a model with these classes and class weights.
    pub(super) fn of_model<L: Label>(
        x: Rows<'a, T>,
        y: &[L],
        weights: Option<&'a [T]>,
        offset: Option<DMatrixView<'a, T>>,
        classes: &[L],
        class_weights: Option<Vec<f64>>,
    ) -> Result<Self, Error> {
        check::training_matrix(x)?;
        check::count("y", "labels", x.nrows(), y.len())?;
        let given = (weights, check::weights(weights, x.nrows())?);
        Self::assemble(x, indices(classes, y)?, given, offset, class_weights, classes.len())
    }

    /// Sample weights come with their sum, which says that they have been checked.
    fn assemble(
        x: Rows<'a, T>,
        indices: Vec<usize>,
        (weights, total_weight): (Option<&'a [T]>, f64),
        offset: Option<DMatrixView<'a, T>>,
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
        let total_weight = match &weights {
            // Products of checked numbers may leave the number type.
            Some(Cow::Owned(products)) => check::weights(Some(products), x.nrows())?,
            _ => total_weight,
        };
        Ok(Sample { x, indices, weights, total_weight, offset, classes, class_weights })
    }

    /// The problem that these rows pose with a penalty.
    pub(super) fn problem<'b>(&'b self, penalty: &'b ColumnPenalty, intercept: bool) -> Problem<'b, T> {
        let rows = EncodedRows {
            x: self.x,
            classes: &self.indices,
            weights: self.weights.as_deref(),
            total_weight: self.total_weight,
        };
        Problem { rows, offset: self.offset, classes: self.classes, intercept, penalty }
    }
}
