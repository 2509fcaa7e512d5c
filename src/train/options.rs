//! What a training run may be given besides the data.

use super::examples::Examples;
use crate::metrics::Metric;

/// What a training run may be given besides the data.
#[derive(Default)]
pub struct TrainOptions<'a, T> {
    pub(super) validation: Option<Examples<'a, T>>,
    pub(super) metrics: Vec<Box<dyn Metric>>,
    pub(super) start: Option<(&'a [T], &'a [T])>,
}

impl<T> std::fmt::Debug for TrainOptions<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrainOptions")
            .field("validation", &self.validation.is_some())
            .field("metrics", &self.metrics.len())
            .field("start", &self.start.is_some())
            .finish()
    }
}

impl<'a, T> TrainOptions<'a, T> {
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
