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
        let validation = Validation { blocks, metrics, classes, weights, probabilities };
        validation.check_metrics()?;
        Ok(validation)
    }

    /// Checks that the metrics can be defined for these rows: that they are for right predictions, for wrong
    /// ones, or for none.
    ///
    /// # Errors
    /// Returns the error of a metric, such as [`Error::MissingClass`], if its reason is not the predictions.
    fn check_metrics(&self) -> Result<(), Error> {
        let (rows, classes) = self.probabilities.shape();
        let shifted = |by: usize| {
            let predicted = |row: usize| (self.classes[row] + by) % classes;
            DMatrix::from_fn(rows, classes, |row, class| if class == predicted(row) { 1.0 } else { 0.0 })
        };
        let weights = self.weights.as_deref();
        for metric in &self.metrics {
            let of = |p: DMatrix<f64>| metric.evaluate_indices(&self.classes, p.as_view(), weights);
            let Err(error) = of(shifted(0)) else { continue };
            let even = || DMatrix::from_element(rows, classes, 1.0 / classes as f64);
            let always = of(shifted(1)).is_err() && of(even()).is_err();
            if always && !matches!(error, Error::UndefinedMetric { .. }) {
                return Err(error.among("the validation rows"));
            }
        }
        Ok(())
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
        let values = self.metrics.iter().map(|metric| evaluate(&**metric));
        values.map(|value| value.map_err(|error| error.among("the validation rows"))).collect()
    }
}
