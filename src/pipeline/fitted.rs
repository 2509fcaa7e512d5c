//! The fitted pipeline.

use nalgebra::DMatrixViewMut;

use super::range::{OutsideRange, Range, RangeReport};
use crate::check;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::preprocess::{Transform, with_transformed};
use crate::report::FitReport;
use crate::rows::{Rows, rows_together};
use crate::scalar::Real;
use crate::scratch::Scratch;

/// A fitted [`Pipeline`](crate::Pipeline), which is a classifier of rows in raw units.
///
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, Pipeline, StandardScaler, data};
///
/// let iris = data::iris();
/// let pipeline =
///     Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)));
/// let model = pipeline.fit(&iris.x, &iris.y)?;
/// let by_hand =
///     model.classifier().predict_proba(&model.steps().transform(&iris.x)?)?;
/// assert_eq!(model.predict_proba(&iris.x)?, by_hand);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedPipeline<P, C> {
    pub(super) steps: P,
    pub(super) classifier: C,
    pub(super) range: Range,
    /// The names of the input columns, if they are known.
    pub(super) names: Option<Vec<String>>,
}

impl<P, C> FittedPipeline<P, C> {
    /// Creates a pipeline from fitted steps and a classifier of the rows that they return. The range of the
    /// training rows is unknown, so every row counts as inside.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the classifier expects another number of columns than the steps
    /// return.
    ///
    /// # Examples
    /// ```
    /// use logit::prelude::*;
    /// use logit::{FittedLogistic, FittedPipeline, StandardScaler};
    /// use nalgebra::{dmatrix, dvector};
    ///
    /// let scaler = StandardScaler::new().fit(&dmatrix![1.0; 3.0])?; // mean 2, deviation 1
    /// let logistic = FittedLogistic::from_coefficients(
    ///     vec![false, true],
    ///     dmatrix![4.0],
    ///     dvector![0.0],
    /// )?;
    /// let model = FittedPipeline::from_parts(scaler, logistic)?;
    /// assert_eq!(model.predict(&dmatrix![2.5; -90.0])?, [true, false]);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn from_parts<T: Real>(steps: P, classifier: C) -> Result<Self, Error>
    where
        P: Transform<T>,
        C: Classifier<T>,
    {
        check::count("classifier", "columns", steps.outputs(), classifier.features())?;
        let range = Range::unknown(steps.inputs());
        Ok(FittedPipeline { steps, classifier, range, names: None })
    }

    /// Returns the fitted preprocessing.
    pub fn steps(&self) -> &P {
        &self.steps
    }

    /// Returns the classifier of transformed rows.
    pub fn classifier(&self) -> &C {
        &self.classifier
    }

    /// Reports which of these rows are outside the range of the training rows.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] for the wrong number of columns, and [`Error::ColumnNames`] for
    /// column names that differ from those of the fit.
    pub fn range_report<'a, T>(&self, x: impl Into<Rows<'a, T>>) -> Result<RangeReport, Error>
    where
        T: Real + 'a,
    {
        let x = x.into();
        x.check_columns(self.range.lower.len(), self.names.as_deref())?;
        Ok(self.range.report(x.view(), 0.0))
    }

    /// Replaces the rule for rows outside the range of the training rows.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if the distance is not finite and at least 0.
    pub fn with_outside_range(mut self, outside: OutsideRange) -> Result<Self, Error> {
        outside.check()?;
        self.range.outside = outside;
        Ok(self)
    }

    /// Calls `predict` for each block of rows, with the classifier, the first row of the block, and its
    /// transformed rows.
    fn with_prepared<T: Real>(
        &self,
        x: Rows<'_, T>,
        scratch: &mut Scratch<T>,
        mut predict: impl FnMut(&C, usize, Rows<'_, T>, &mut Scratch<T>) -> Result<(), Error>,
    ) -> Result<(), Error>
    where
        P: Transform<T>,
    {
        x.check_columns(self.steps.inputs(), self.names.as_deref())?;
        let x = x.or_names(self.names.as_deref());
        self.range.admit(x.view()).map_err(|error| error.with_column_name(x.names()))?;
        let in_steps = |error: Error| error.in_step(0, self.steps.step_name()).with_column_name(x.names());
        let rows = x.nrows();
        let most = rows_together(self.steps.inputs().max(self.steps.outputs()));
        // No rows are a block, too: steps and classifier check their columns.
        for first in (0..rows.max(1)).step_by(most) {
            let block = x.block(first, most.min(rows - first));
            let then =
                |z: Rows<'_, T>, scratch: &mut Scratch<T>| predict(&self.classifier, first, z, scratch);
            with_transformed(&self.steps, block, scratch, in_steps, then)
                .map_err(|error| error.in_rows(|row| Some(first + row)))?;
        }
        Ok(())
    }
}

impl<T: Real, P: Transform<T>, C: Classifier<T>> Classifier<T> for FittedPipeline<P, C> {
    type Label = C::Label;

    fn classes(&self) -> &[C::Label] {
        self.classifier.classes()
    }
    fn features(&self) -> usize {
        self.steps.inputs()
    }
    fn feature_names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }
    fn report(&self) -> Option<&FitReport> {
        self.classifier.report()
    }
    fn score_columns(&self) -> usize {
        self.classifier.score_columns()
    }
    fn scores_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.with_prepared(x, scratch, |classifier, first, z, scratch| {
            classifier.scores_into(z, out.rows_mut(first, z.nrows()), scratch)
        })
    }
    fn probabilities_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.with_prepared(x, scratch, |classifier, first, z, scratch| {
            classifier.probabilities_into(z, out.rows_mut(first, z.nrows()), scratch)
        })
    }
    fn log_probabilities_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.with_prepared(x, scratch, |classifier, first, z, scratch| {
            classifier.log_probabilities_into(z, out.rows_mut(first, z.nrows()), scratch)
        })
    }
    fn predictions_into(
        &self,
        x: Rows<'_, T>,
        out: &mut [usize],
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        self.with_prepared(x, scratch, |classifier, first, z, scratch| {
            classifier.predictions_into(z, &mut out[first..][..z.nrows()], scratch)
        })
    }
}
