//! Optional inputs to a training run.

use crate::error::Error;
use crate::examples::{CheckedExamples, Examples};
use crate::metric::Metric;
use crate::scalar::Real;

/// Optional inputs to a training run: validation rows, metrics, and parameters to start from.
pub struct TrainOptions<'a, T: Real> {
    validation: Option<Examples<'a, T>>,
    metrics: Vec<Box<dyn Metric>>,
    start: Option<(&'a [T], &'a [T])>,
}

impl<T: Real> std::fmt::Debug for TrainOptions<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrainOptions")
            .field("validation", &self.validation.is_some())
            .field("metrics", &self.metrics.len())
            .field("start", &self.start.is_some())
            .finish()
    }
}

impl<T: Real> Default for TrainOptions<'_, T> {
    fn default() -> Self {
        TrainOptions::new()
    }
}

impl<'a, T: Real> TrainOptions<'a, T> {
    /// Creates options without validation rows and metrics, and with drawn initial parameters.
    pub fn new() -> Self {
        TrainOptions { validation: None, metrics: Vec::new(), start: None }
    }

    /// Sets the rows on which the loss is measured after each epoch.
    ///
    /// Training stops when this loss no longer falls ([`Trainer::patience`](crate::nn::Trainer::patience)),
    /// and the weights of the best epoch are kept. Defaults to no validation rows.
    pub fn validation(mut self, examples: Examples<'a, T>) -> Self {
        self.validation = Some(examples);
        self
    }

    /// Adds a metric to record after each epoch; it needs validation rows with classes as targets.
    pub fn metric(mut self, metric: impl Metric + 'static) -> Self {
        self.metrics.push(Box::new(metric));
        self
    }

    /// Sets the parameters and running statistics to start from, such as those of an earlier model. Defaults
    /// to drawing them.
    pub fn start(mut self, params: &'a [T], statistics: &'a [T]) -> Self {
        self.start = Some((params, statistics));
        self
    }

    /// Checks the validation rows.
    pub(crate) fn checked(self) -> Result<CheckedOptions<'a, T>, Error> {
        let TrainOptions { validation, metrics, start } = self;
        let validation = validation.map(Examples::checked).transpose()?;
        Ok(CheckedOptions { validation, metrics, start, classes: Vec::new() })
    }
}

/// [`TrainOptions`] whose validation rows have been checked.
pub(crate) struct CheckedOptions<'a, T: Real> {
    pub(crate) validation: Option<CheckedExamples<'a, T>>,
    pub(crate) metrics: Vec<Box<dyn Metric>>,
    pub(crate) start: Option<(&'a [T], &'a [T])>,
    /// The labels of the classes, in order, if they are known.
    pub(crate) classes: Vec<String>,
}

impl<T: Real> Default for CheckedOptions<'_, T> {
    fn default() -> Self {
        CheckedOptions { validation: None, metrics: Vec::new(), start: None, classes: Vec::new() }
    }
}
