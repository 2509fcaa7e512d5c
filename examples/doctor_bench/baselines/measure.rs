//! The measures of a run with certain weights.

use std::ops::Range;

use logit::nn::{Gradient, Layer, Loss, Shape};
use nalgebra::DMatrix;

use super::passes::outputs;
use super::seen::Seen;
use super::trace::{DenseTrace, LayerTrace, Moment};
use crate::facts::accuracy;
use crate::model_schema::Rule;
use crate::network::Network;
use crate::prepare::{Part, Prepared};
use crate::program::Program;

/// Measures the run of a program.
pub(crate) struct Meter<'a> {
    pub(crate) program: &'a Program,
    pub(crate) prepared: &'a Prepared,
    pub(crate) seen: &'a Seen,
    pub(crate) network: Network,
    /// The number of rows of a batch.
    pub(crate) batch: usize,
}

/// The weights that are measured, with what the run itself knows about them.
pub(crate) struct Now<'a> {
    pub(crate) params: &'a [f64],
    pub(crate) statistics: &'a [f64],
    /// The loss of the run; `None` for that of the batch.
    pub(crate) loss: Option<f64>,
    pub(crate) rate: Option<f64>,
    /// The batch of the training rows to measure with.
    pub(crate) batch: usize,
}

impl Meter<'_> {
    /// Returns the validation rows.
    pub(crate) fn held(&self) -> Option<&Part> {
        self.prepared.validation.as_ref().or(self.prepared.test.as_ref())
    }

    /// Measures now.
    pub(crate) fn moment(&self, now: Now<'_>) -> Moment {
        let weights @ (params, _) = (now.params, now.statistics);
        let Prepared { train, .. } = self.prepared;
        let first = now.batch * self.batch;
        let batch = select(train, first..(first + self.batch).min(train.classes.len()));
        let (loss, gradient) = self.gradient(&batch, weights);
        let layers = outputs((&self.program.model, self.seen), &self.network, weights, &batch.x);
        let last = &layers[layers.len() - 1];
        let dense = self.network.dense().weights.iter();
        let is_epoch = now.loss.is_some();
        let accuracy = self.measured(if is_epoch { train } else { &batch }, weights).1;
        Moment {
            loss: now.loss.unwrap_or(loss),
            accuracy,
            validation: self.held().filter(|_| is_epoch).map(|held| self.measured(held, weights)),
            rate: now.rate,
            layers: layers.iter().map(|layer| LayerTrace::of(layer.as_slice())).collect(),
            dense: dense.map(|r| DenseTrace::of(&params[r.clone()], &gradient[r.clone()])).collect(),
            zero_gradients: gradient.iter().filter(|&&g| g == 0.0).count() as f64 / gradient.len() as f64,
            is_gradient_finite: gradient.iter().all(|g| g.is_finite()),
            are_weights_finite: params.iter().all(|weight| weight.is_finite()),
            largest_output: last
                .row_iter()
                .map(|row| row.iter().map(|output| output.abs()).sum::<f64>())
                .fold(f64::NEG_INFINITY, |largest, sum| if sum.is_nan() { sum } else { largest.max(sum) }),
        }
    }

    /// Returns the mean loss of a batch with the penalty, and its gradient, in evaluation mode.
    fn gradient(&self, batch: &Part, (params, statistics): (&[f64], &[f64])) -> (f64, Vec<f64>) {
        let rows = batch.classes.len();
        let mut tape = self.network.tape(rows);
        tape.load_statistics(statistics);
        self.network.forward(params, &batch.x, &mut tape);
        let (scores, out) = tape.split();
        let scale = 1.0 / rows as f64;
        let gradient = Some(Gradient { scale, out });
        let (targets, weights) = (batch.targets.targets(), batch.weights.as_deref());
        let mut loss = self.prepared.loss.accumulate(scores, targets, weights, gradient) * scale;
        let mut gradient = vec![0.0; params.len()];
        // A program that never resets its gradients does so in its own run only.
        self.network.clone().backward(params, &batch.x, &mut tape, &mut gradient, None);
        let optimizer = &self.program.optimizer;
        if optimizer.name != Rule::Adamw {
            for index in self.network.penalized().into_iter().flatten() {
                gradient[index] += optimizer.l2 * params[index];
                loss += 0.5 * optimizer.l2 * params[index] * params[index];
            }
        }
        (loss, gradient)
    }

    /// Returns the mean loss, without a penalty, and the accuracy on rows.
    fn measured(&self, part: &Part, (params, statistics): (&[f64], &[f64])) -> (f64, f64) {
        let scores = self.network.scores(params, statistics, &part.x);
        let loss = self.prepared.loss.accumulate(&scores, part.targets.targets(), None, None);
        let mut p = DMatrix::zeros(scores.nrows(), self.prepared.built.classes.max(2));
        self.prepared.loss.probabilities(&scores, &mut p);
        // Keras decides at 0.5.
        (loss / part.classes.len() as f64, accuracy(&p, &part.classes, 0.5))
    }
}

/// Returns some rows of a part.
fn select(part: &Part, rows: Range<usize>) -> Part {
    let rows: Vec<usize> = rows.collect();
    Part {
        x: part.x.select_rows(&rows),
        classes: rows.iter().map(|&row| part.classes[row]).collect(),
        targets: part.targets.select(&rows),
        weights: part.weights.as_ref().map(|weights| rows.iter().map(|&row| weights[row]).collect()),
    }
}
