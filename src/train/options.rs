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
    /// No validation rows, no metrics, and initial parameters that are drawn.
    pub fn new() -> Self {
        TrainOptions { validation: None, metrics: Vec::new(), start: None }
    }

    /// Rows to measure the loss on after each epoch. Training stops when it no longer falls
    /// ([`Trainer::patience`](crate::nn::Trainer::patience)), and the weights of the best epoch are kept.
    pub fn validation(mut self, examples: Examples<'a, T>) -> Self {
        self.validation = Some(examples);
        self
    }

    /// A metric to write down after each epoch; needs validation rows with classes as targets.
    pub fn metric(mut self, metric: impl Metric + 'static) -> Self {
        self.metrics.push(Box::new(metric));
        self
    }

    /// Parameters and running statistics to start from, instead of drawing them: those of a model trained before.
    pub fn start(mut self, params: &'a [T], statistics: &'a [T]) -> Self {
        self.start = Some((params, statistics));
        self
    }

    /// Checks the validation rows.
    pub(super) fn checked(self) -> Result<CheckedOptions<'a, T>, Error> {
        let TrainOptions { validation, metrics, start } = self;
        Ok(CheckedOptions { validation: validation.map(Examples::checked).transpose()?, metrics, start })
    }
}

/// [`TrainOptions`] whose rows were checked.
pub(crate) struct CheckedOptions<'a, T: Real> {
    pub(crate) validation: Option<CheckedExamples<'a, T>>,
    pub(crate) metrics: Vec<Box<dyn Metric>>,
    pub(crate) start: Option<(&'a [T], &'a [T])>,
}

impl<T: Real> Default for CheckedOptions<'_, T> {
    fn default() -> Self {
        CheckedOptions { validation: None, metrics: Vec::new(), start: None }
    }
}
