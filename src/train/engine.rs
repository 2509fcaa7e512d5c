//! One training step, and the data that it needs.

use std::ops::Range;

use super::config::Trainer;
use super::samples::{Batch, Samples};
use super::state::Cursor;
use crate::layer::{Layer, groups};
use crate::loss::{Gradient, Loss};
use crate::optim::{Optimizer, Step, norm};
use crate::penalty::{add_l2_gradient_of, l2_of};
use crate::rng::Rng;
use crate::scalar::Real;
use crate::scalar::{all_finite, axpy};

/// The stream of random numbers for shuffles.
const SHUFFLES: u64 = 1;
/// The stream of random numbers for draws within a step, such as dropout masks.
const DRAWS: u64 = 2;

/// The number of multiplications in the products of a step from which several threads are kept awake.
///
/// On two cores (AVX-512), training 784-100-10 with batches of 200 rows is 1.60 times as fast as on one in `f32` and 1.64
/// times in `f64`, with batches of 32 rows 1.5 times. Steps of 20-50-10, which stay below, take 34 microseconds.
const OPERATIONS: f64 = 1e6;

/// Everything that steps share and that is not part of the state of the run.
#[derive(Debug)]
pub(super) struct Engine<T, N, S, O> {
    pub(super) network: N,
    pub(super) loss: S,
    pub(super) trainer: Trainer<O>,
    samples: Samples<T>,
    whole: Batch<T>,
    rest: Batch<T>,
    grad: Vec<T>,
    partial: Vec<T>,
    penalized: Vec<Range<usize>>,
    /// The ranges of the parameters of each layer.
    groups: Vec<Range<usize>>,
    order: Vec<usize>,
    /// The epoch that `order` belongs to.
    ordered: Option<usize>,
    /// The factor on every learning rate.
    pub(super) rate_factor: f64,
    /// Whether the update rule may shrink weights.
    pub(super) decay: bool,
}

impl<T: Real, N: Layer<T>, S: Loss<T>, O: Optimizer<T>> Engine<T, N, S, O> {
    pub(super) fn new(network: N, loss: S, trainer: Trainer<O>, samples: Samples<T>) -> Self {
        let (count, parameters) = (samples.count(), network.parameter_count());
        let size = trainer.batch_of(count).min(count);
        let accumulates = trainer.accumulate > 1;
        let order: Vec<usize> = (0..count).collect();
        let mut whole = Batch::for_training(size, &samples, &network);
        if size == count {
            samples.fill(&order, &mut whole);
        }
        Engine {
            whole,
            rest: Batch::for_training(count % size, &samples, &network),
            grad: vec![T::zero(); parameters],
            partial: vec![T::zero(); if accumulates { parameters } else { 0 }],
            penalized: network.penalized(),
            groups: groups(&network).into_iter().map(|group| group.range).collect(),
            order,
            ordered: None,
            rate_factor: 1.0,
            decay: true,
            network,
            loss,
            trainer,
            samples,
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.order.len()
    }

    /// Returns whether steps are long enough for several threads.
    pub(super) fn is_large(&self) -> bool {
        2.0 * self.grad.len() as f64 * self.whole.rows() as f64 >= OPERATIONS
    }

    /// Returns whether a batch is all rows, which are then gathered once.
    fn is_full_batch(&self) -> bool {
        self.whole.rows() == self.rows()
    }

    /// Returns the rows of the next step, as a range of the order of the epoch.
    pub(super) fn next_rows(&self, cursor: &Cursor<T>) -> Range<usize> {
        let length = self.whole.rows().saturating_mul(self.trainer.accumulate);
        cursor.row..self.rows().min(cursor.row.saturating_add(length))
    }

    /// Returns whether the next step is the last of its epoch.
    pub(super) fn is_last(&self, cursor: &Cursor<T>) -> bool {
        self.next_rows(cursor).end == self.rows()
    }

    /// Shuffles the rows for an epoch. A batch of all rows keeps them in order, because their sum does not
    /// depend on it.
    fn shuffle(&mut self, epoch: usize) {
        if self.trainer.shuffle && !self.is_full_batch() && self.ordered != Some(epoch) {
            self.order.iter_mut().enumerate().for_each(|(row, slot)| *slot = row);
            Rng::at(self.trainer.seed, SHUFFLES, epoch as u64).shuffle(&mut self.order);
            self.ordered = Some(epoch);
        }
    }

    /// Runs forward pass, loss, backward pass and penalty for the next rows; returns the sum of their losses.
    pub(super) fn gradient(&mut self, cursor: &mut Cursor<T>) -> f64 {
        self.shuffle(cursor.epoch);
        let rows = self.next_rows(cursor);
        let gathered = self.is_full_batch();
        let mut rng = Rng::at(self.trainer.seed, DRAWS, cursor.steps);
        let scale = T::of(1.0 / rows.len() as f64);
        let mut sum = 0.0;
        for (index, rows) in self.order[rows].chunks(self.whole.rows()).enumerate() {
            let batch = if rows.len() == self.whole.rows() { &mut self.whole } else { &mut self.rest };
            if !gathered {
                self.samples.fill(rows, batch);
            }
            let has_statistics = !cursor.statistics.is_empty();
            if has_statistics {
                batch.tape.load_statistics(&cursor.statistics);
            }
            self.network.sample_masks(&mut batch.tape, &mut rng);
            batch.forward(&self.network, &cursor.params);
            self.network.update_running_stats(&mut batch.tape);
            if has_statistics {
                batch.tape.save_statistics(&mut cursor.statistics);
            }
            let judged = batch.loss_inputs();
            let gradient = Gradient { scale, out: judged.gradient };
            sum += self.loss.accumulate(judged.scores, judged.targets, judged.weights, Some(gradient));
            let grad = if index == 0 { &mut self.grad } else { &mut self.partial };
            batch.backward(&self.network, &cursor.params, grad);
            if index > 0 {
                axpy(T::one(), &self.partial, &mut self.grad);
            }
        }
        add_l2_gradient_of(self.trainer.l2, &self.penalized, &cursor.params, &mut self.grad);
        sum
    }

    /// Returns the learning rate of the next step.
    pub(super) fn learning_rate(&self, cursor: &Cursor<T>) -> f64 {
        let base = self.trainer.optimizer.learning_rate();
        self.rate_factor
            * self.trainer.schedule.rate(base, cursor.steps, cursor.epoch as u64, &cursor.plateau)
    }

    /// Clips the current gradient, updates the parameters with it, and moves on to the next rows.
    pub(super) fn update(&mut self, cursor: &mut Cursor<T>, learning_rate: f64) {
        if let Some(clip) = self.trainer.clip {
            clip.apply(&mut self.grad);
        }
        let decayed = if self.decay { self.penalized.as_slice() } else { &[] };
        let step = Step::new(cursor.steps + 1, learning_rate).decayed(decayed).groups(&self.groups);
        self.trainer.optimizer.step(step, &mut cursor.params, &self.grad, &mut cursor.optimizer_state);
        cursor.row = self.next_rows(cursor).end;
        cursor.steps += 1;
        if cursor.row == self.rows() {
            cursor.row = 0;
            cursor.epoch += 1;
        }
    }

    /// Returns the penalty at `params`.
    pub(super) fn penalty(&self, params: &[T]) -> f64 {
        l2_of(self.trainer.l2, &self.penalized, params)
    }

    /// Returns the Euclidean norm of the gradient of each layer.
    pub(super) fn gradient_norms(&self) -> impl Iterator<Item = f64> + '_ {
        self.groups.iter().map(|range| norm(&self.grad[range.clone()]))
    }

    /// Returns the distance that each layer moved from `before` to `after`, divided by its norm before.
    /// Overwrites the gradient.
    pub(super) fn update_ratios<'a>(
        &'a mut self,
        before: &'a [T],
        after: &'a [T],
    ) -> impl Iterator<Item = f64> + 'a {
        self.grad.copy_from_slice(after);
        axpy(-T::one(), before, &mut self.grad);
        self.groups.iter().map(|range| {
            let (moved, size) = (norm(&self.grad[range.clone()]), norm(&before[range.clone()]));
            if moved == 0.0 { 0.0 } else { moved / size }
        })
    }

    /// Returns the first layer whose gradient is not finite.
    pub(super) fn bad_gradient(&self) -> Option<usize> {
        self.first_bad(&self.grad)
    }

    /// Returns the first layer with numbers that are not finite.
    pub(super) fn first_bad(&self, values: &[T]) -> Option<usize> {
        self.groups.iter().position(|range| !all_finite(&values[range.clone()]))
    }
}
