//! The training loop: forward, loss, backward, penalty, step.

use std::ops::Range;

use super::batches::{Batch, Samples};
use super::full_batch::FullBatch;
use crate::kernel::all_finite;
use crate::layer::{Dense, Layer, Sequential, Shape};
use crate::loss::{Gradient, Loss, Targets};
use crate::optim::{Optimizer, Step};
use crate::penalty::{add_l2_gradient_of, l2_of};
use crate::real::Real;
use crate::report::{FitReport, Progress, StopReason};
use crate::rng::Rng;

/// What a training run consists of.
pub(super) struct Training<'a, T: Real> {
    pub(super) network: &'a Sequential<Dense>,
    pub(super) loss: &'static dyn Loss<T>,
    pub(super) optimizer: &'a dyn Optimizer<T>,
    pub(super) batch_size: usize,
    pub(super) epochs: usize,
    pub(super) lambda: f64,
    pub(super) patience: usize,
}

/// The memory of a training step that does not depend on the size of the batch.
struct Buffers<T> {
    grad: Vec<T>,
    state: Vec<T>,
    penalized: Vec<Range<usize>>,
}

impl<T: Real> Training<'_, T> {
    /// Trains `params` in place and returns the account of the run.
    pub(super) fn run(
        &self,
        params: &mut [T],
        samples: &Samples<T>,
        mut validation: Option<FullBatch<'_, T>>,
        rng: &mut Rng,
        observe: &mut dyn FnMut(&Progress) -> std::ops::ControlFlow<()>,
    ) -> FitReport {
        let count = samples.count();
        let size = self.batch_size.min(count);
        let mut whole = Batch::new(size, samples, self.network);
        let mut rest = Batch::new(count % size, samples, self.network);
        let mut buffers = Buffers {
            grad: vec![T::zero(); params.len()],
            state: self.optimizer.state(params.len()),
            penalized: self.network.penalized(),
        };
        let mut order: Vec<usize> = (0..count).collect();
        let mut report = FitReport::new(StopReason::IterationLimit, f64::INFINITY, None);
        report.objective_curve.reserve_exact(self.epochs.min(10_000));
        // The last finite parameters; with validation rows, the best.
        let mut kept = params.to_vec();
        let mut best: Option<(f64, usize)> = None;
        for epoch in 1..=self.epochs {
            rng.shuffle(&mut order);
            let mut sum = 0.0;
            for rows in order.chunks(size) {
                let batch = if rows.len() == size { &mut whole } else { &mut rest };
                samples.fill(rows, batch);
                report.evaluations += 1;
                sum += self.step(report.evaluations as u64, params, batch, &mut buffers);
                if !sum.is_finite() {
                    break;
                }
            }
            let objective = sum / count as f64 + l2_of(self.lambda, &buffers.penalized, params);
            let validated = validation.as_mut().map(|rows| rows.mean_loss(params));
            if !objective.is_finite() || !all_finite(params) || validated.is_some_and(|v| !v.is_finite()) {
                report.stop = StopReason::Diverged;
                break;
            }
            report.iterations = epoch;
            report.objective_curve.push(objective);
            report.validation_curve.extend(validated);
            let improved = validated.is_none_or(|v| best.is_none_or(|(lowest, _)| v < lowest));
            if improved {
                kept.copy_from_slice(params);
                best = validated.map(|v| (v, epoch));
                report.objective = objective;
            }
            let progress =
                Progress { iteration: epoch, limit: self.epochs, objective, validation: validated };
            if observe(&progress).is_break() {
                report.stop = StopReason::Cancelled;
                break;
            }
            if best.is_some_and(|(_, at)| epoch - at >= self.patience) {
                report.stop = StopReason::EarlyStopped;
                break;
            }
        }
        params.copy_from_slice(&kept);
        report
    }

    /// One step on a filled batch; returns the sum of its losses before the step.
    fn step(&self, number: u64, params: &mut [T], batch: &mut Batch<T>, buffers: &mut Buffers<T>) -> f64 {
        let Buffers { grad, state, penalized } = buffers;
        self.network.forward(params, &batch.x, &mut batch.tape);
        let (scores, out) = batch.tape.split();
        let gradient = Gradient { scale: T::of(1.0 / batch.classes.len() as f64), out };
        let targets = Targets::Classes(&batch.classes);
        let sum = self.loss.accumulate(scores, targets, batch.weights.as_deref(), Some(gradient));
        self.network.backward(params, &batch.x, &mut batch.tape, grad, None);
        add_l2_gradient_of(self.lambda, penalized, params, grad);
        let step = Step::new(number, self.optimizer.learning_rate()).decayed(penalized);
        self.optimizer.step(step, params, grad, state);
        sum
    }
}
