//! The checked arguments of a fit, or of an analysis of a fit: rows, class indices, weights and offsets.

use nalgebra::DMatrixView;

use super::problem::{ColumnPenalty, Problem};
use super::rows::TrainingRows;
use crate::check;
use crate::class_weight::ClassWeight;
use crate::error::Error;
use crate::examples::{EncodedExamples, Labelled};
use crate::label::Label;
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
/// let weights: Vec<f64> =
///     (0..wine.y.len()).map(|row| 1.0 + (row % 2) as f64).collect();
/// let model = LogisticRegression::new(Penalty::c(1.0))
///     .fit_weighted(&wine.x, &wine.y, &weights)?;
/// let influence =
///     model.influence_with(&wine.x, &wine.y, RowOptions::new().weights(&weights))?;
/// assert_eq!(influence.cooks_distances().len(), wine.y.len());
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RowOptions<'a, T: Real> {
    /// One weight per row.
    pub weights: Option<&'a [T]>,
    /// Offsets added to the scores, n x 1 for two classes and n x K for more.
    pub offset: Option<DMatrixView<'a, T>>,
}

impl<'a, T: Real> RowOptions<'a, T> {
    /// Creates options without weights or offsets.
    pub fn new() -> Self {
        RowOptions { weights: None, offset: None }
    }

    /// Sets one weight per row. Defaults to 1 for every row.
    pub fn weights(mut self, weights: &'a [T]) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Sets offsets added to the scores, n x 1 for two classes and n x K for more. Defaults to none.
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

/// The classes of a fit, in ascending order, with their weights, if any.
pub(super) struct Classes<L> {
    pub(super) labels: Vec<L>,
    pub(super) weights: Option<Vec<f64>>,
}

/// Encoded examples with their offsets.
#[derive(Debug, Clone)]
pub(super) struct Sample<'a, T: Real> {
    pub(super) examples: EncodedExamples<'a, T>,
    pub(super) offset: Option<DMatrixView<'a, T>>,
    pub(super) classes: usize,
}

impl<'a, T: Real> Sample<'a, T> {
    /// Checks the arguments of a fit, and also returns the classes and their weights.
    pub(super) fn new<L: Label>(
        x: Rows<'a, T>,
        y: &[L],
        weights: Option<&'a [T]>,
        offset: Option<DMatrixView<'a, T>>,
        class_weight: Option<&ClassWeight>,
    ) -> Result<(Self, Classes<L>), Error> {
        let Labelled { examples, classes, class_weights } = Labelled::new(x, y, weights, class_weight)?;
        check_offset(offset, x.nrows(), classes.len())?;
        let sample = Sample { examples, offset, classes: classes.len() };
        Ok((sample, Classes { labels: classes, weights: class_weights }))
    }

    /// Checks rows for a model with the given classes and class weights.
    pub(super) fn of_model<L: Label>(
        x: Rows<'a, T>,
        y: &[L],
        weights: Option<&'a [T]>,
        offset: Option<DMatrixView<'a, T>>,
        classes: &[L],
        class_weights: Option<&[f64]>,
    ) -> Result<Self, Error> {
        let examples = EncodedExamples::of_classes(x, y, weights, classes, class_weights)?;
        check_offset(offset, x.nrows(), classes.len())?;
        Ok(Sample { examples, offset, classes: classes.len() })
    }

    /// Returns the rows.
    pub(super) fn rows(&self) -> TrainingRows<'_, T> {
        TrainingRows::new(self.examples.examples(), self.offset)
    }

    /// Returns the fitting problem for these rows with a penalty.
    pub(super) fn problem<'b>(&'b self, penalty: &'b ColumnPenalty, intercept: bool) -> Problem<'b, T> {
        Problem { rows: self.rows(), classes: self.classes, intercept, penalty }
    }
}

/// Returns the number of score columns for this number of classes.
pub(super) fn score_columns(classes: usize) -> usize {
    if classes == 2 { 1 } else { classes }
}

fn check_offset<T: Real>(
    offset: Option<DMatrixView<'_, T>>,
    rows: usize,
    classes: usize,
) -> Result<(), Error> {
    let Some(offset) = offset else { return Ok(()) };
    check::count("offset", "rows", rows, offset.nrows())?;
    check::count("offset", "columns", score_columns(classes), offset.ncols())?;
    check::finite("offset", offset)
}
