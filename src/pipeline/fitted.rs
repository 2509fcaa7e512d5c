//! The fitted pipeline.

use nalgebra::DMatrix;

use super::range::{OutsideRange, Range, RangeReport};
use crate::check;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::preprocess::Transform;
use crate::scalar::Real;

/// A fitted [`Pipeline`](crate::Pipeline): a classifier of rows in raw units.
///
/// ```
/// use logit::{
///     Classifier, Estimator, LogisticRegression, Penalty, Pipeline, StandardScaler, Transform, data,
/// };
///
/// let iris = data::iris();
/// let pipeline = Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)));
/// let model = pipeline.fit(&iris.x, &iris.y)?;
/// let by_hand = model.classifier().predict_proba(&model.steps().transform(&iris.x)?)?;
/// assert_eq!(model.predict_proba(&iris.x)?, by_hand);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedPipeline<P, C> {
    pub(super) steps: P,
    pub(super) classifier: C,
    pub(super) range: Range,
}

impl<P, C> FittedPipeline<P, C> {
    pub(super) fn new(steps: P, classifier: C, range: Range) -> Self {
        FittedPipeline { steps, classifier, range }
    }

    /// The preprocessing with what it has learned.
    pub fn steps(&self) -> &P {
        &self.steps
    }

    /// The classifier of transformed rows.
    pub fn classifier(&self) -> &C {
        &self.classifier
    }

    /// Which of these rows leave the range of the training rows.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] for the wrong number of columns.
    pub fn range_report<T: Real>(&self, x: &DMatrix<T>) -> Result<RangeReport, Error> {
        check::count("x", "columns", self.range.lower.len(), x.ncols())?;
        Ok(self.range.report(x, 0.0))
    }

    /// The same model with another rule for rows outside of the range of the training rows.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a distance that is not finite and at least 0.
    pub fn with_outside_range(mut self, outside: OutsideRange) -> Result<Self, Error> {
        outside.check()?;
        self.range.outside = outside;
        Ok(self)
    }

    /// Rows as the classifier sees them.
    fn prepared<T: Real>(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error>
    where
        P: Transform<T>,
    {
        check::count("x", "columns", self.steps.inputs(), x.ncols())?;
        self.range.admit(x)?;
        self.steps.transform(x)
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
    fn decision_function(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        self.classifier.decision_function(&self.prepared(x)?)
    }
    fn predict_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        self.classifier.predict_proba(&self.prepared(x)?)
    }
    fn predict_log_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        self.classifier.predict_log_proba(&self.prepared(x)?)
    }
    fn predict(&self, x: &DMatrix<T>) -> Result<Vec<C::Label>, Error> {
        self.classifier.predict(&self.prepared(x)?)
    }
    fn score(&self, x: &DMatrix<T>, y: &[C::Label]) -> Result<f64, Error> {
        self.classifier.score(&self.prepared(x)?, y)
    }
}
