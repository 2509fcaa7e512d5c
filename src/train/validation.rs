//! Validation rows, and the metrics on them.

use nalgebra::DMatrix;

use super::blocks::Blocks;
use super::state::Cursor;
use crate::error::{Error, unsupported};
use crate::examples::{CheckedExamples, Targets};
use crate::layer::Layer;
use crate::loss::Loss;
use crate::metric::Metric;
use crate::scalar::Real;

/// Validation rows, and the metrics to evaluate on them beside the loss.
pub(super) struct Validation<T> {
    blocks: Blocks<T>,
    metrics: Vec<Box<dyn Metric>>,
    classes: Vec<usize>,
    weights: Option<Vec<f64>>,
    probabilities: DMatrix<f64>,
}

impl<T> std::fmt::Debug for Validation<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Validation").field("metrics", &self.metrics.len()).finish_non_exhaustive()
    }
}

impl<T: Real> Validation<T> {
    pub(super) fn new<N: Layer<T>>(
        rows: CheckedExamples<'_, T>,
        metrics: Vec<Box<dyn Metric>>,
        network: &N,
    ) -> Result<Self, Error> {
        let (mut classes, mut probabilities) = (Vec::new(), DMatrix::zeros(0, 0));
        if !metrics.is_empty() {
            let Targets::Classes(indices) = rows.targets else {
                return Err(unsupported("targets that are not classes", "a metric", "leave the metric out"));
            };
            classes.extend_from_slice(indices);
            probabilities = DMatrix::zeros(rows.rows(), network.outputs().max(2));
        }
        let weights = rows.weights.map(|weights| weights.iter().map(|w| w.as_f64()).collect());
        let blocks = Blocks::new(rows, network);
        Ok(Validation { blocks, metrics, classes, weights, probabilities })
    }

    pub(super) fn mean_loss<N: Layer<T>, S: Loss<T>>(
        &mut self,
        network: &N,
        loss: &S,
        cursor: &Cursor<T>,
    ) -> f64 {
        self.blocks.load_statistics(&cursor.statistics);
        self.blocks.mean_loss(network, loss, &cursor.params)
    }

    /// Returns the metrics for the scores that [`mean_loss`](Self::mean_loss) left in the tapes.
    pub(super) fn metrics<S: Loss<T>>(&mut self, loss: &S) -> Result<Vec<f64>, Error> {
        if self.metrics.is_empty() {
            return Ok(Vec::new());
        }
        let mut first = 0;
        for block in &self.blocks.blocks {
            let rows = block.rows();
            let mut probabilities = DMatrix::zeros(rows, self.probabilities.ncols());
            loss.probabilities(block.tape.output(), &mut probabilities);
            self.probabilities.rows_mut(first, rows).copy_from(&probabilities.map(|p| p.as_f64()));
            first += rows;
        }
        let weights = self.weights.as_deref();
        let evaluate = |metric: &dyn Metric| {
            metric.evaluate_indices(&self.classes, self.probabilities.as_view(), weights)
        };
        self.metrics.iter().map(|metric| evaluate(&**metric)).collect()
    }
}
