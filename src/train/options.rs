//! Optional inputs to a training run.

use super::examples::Examples;
use crate::metric::Metric;
use crate::scalar::Real;

/// Optional inputs to a training run: validation rows, metrics, and parameters to start from.
pub struct TrainOptions<'a, T: Real> {
    pub(super) validation: Option<Examples<'a, T>>,
    pub(super) metrics: Vec<Box<dyn Metric>>,
    pub(super) start: Option<(&'a [T], &'a [T])>,
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
    pub fn metric(self, metric: impl Metric + 'static) -> Self {
        self.boxed_metric(Box::new(metric))
    }

    pub(crate) fn boxed_metric(mut self, metric: Box<dyn Metric>) -> Self {
        self.metrics.push(metric);
        self
    }

    /// Parameters and running statistics to start from, instead of drawing them: those of a model trained before.
    pub fn start(mut self, params: &'a [T], statistics: &'a [T]) -> Self {
        self.start = Some((params, statistics));
        self
    }
}
