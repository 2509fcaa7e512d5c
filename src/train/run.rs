//! A training run, step by step.

use std::ops::ControlFlow;
use std::time::Instant;

use super::attended::Weights;
use super::checkpoint::Checkpoint;
use super::engine::Engine;
use super::history::{Epoch, History, LayerUpdate};
use super::state::{Cursor, RunState};
use super::trained::Trained;
use super::validation::Validation;
use crate::error::Error;
use crate::layer::Layer;
use crate::loss::Loss;
use crate::optim::Optimizer;
use crate::parallel::awake;
use crate::report::{Divergence, NonFinite, StopReason};
use crate::scalar::Real;
use crate::scalar::all_finite;

/// The outcome of [`Run::step`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepOutcome {
    /// A step inside an epoch.
    Step,
    /// The last step of an epoch, which has been added to the history.
    Epoch,
    /// No step, because the run is finished.
    Finished,
}

/// A training run driven one step at a time; it can be stopped, saved and resumed at any step.
///
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{
///     StepOutcome, BinaryCrossEntropy, Examples, Sequential, Targets, TrainOptions,
///     Trainer,
/// };
/// use logit::{Activation, Adam};
///
/// let x = dmatrix![0.0, 0.0; 0.0, 1.0; 1.0, 0.0; 1.0, 1.0];
/// let examples = Examples::new(&x, Targets::Classes(&[0, 1, 1, 0]));
/// let network = Sequential::perceptron(&[2, 4, 1], Activation::Tanh)?;
/// let trainer = Trainer::new(Adam::new(0.05)).batch_size(3).epochs(20);
///
/// let mut run = trainer.start(
///     &network,
///     &BinaryCrossEntropy,
///     examples,
///     TrainOptions::default(),
/// )?;
/// for _ in 0..13 {
///     run.step()?; // two steps per epoch: this ends inside the seventh
/// }
/// let checkpoint = run.checkpoint();
///
/// let mut resumed = trainer.resume(
///     &network,
///     &BinaryCrossEntropy,
///     examples,
///     TrainOptions::default(),
///     checkpoint,
/// )?;
/// while resumed.step()? != StepOutcome::Finished {}
/// while run.step()? != StepOutcome::Finished {}
/// assert_eq!(resumed.finish(), run.finish()); // to the bit
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug)]
pub struct Run<T: Real, N, S, O> {
    pub(super) engine: Engine<T, N, S, O>,
    pub(super) validation: Option<Validation<T>>,
    pub(super) state: RunState<T>,
    pub(super) norms: Vec<f64>,
    pub(super) started: Instant,
}

impl<T: Real, N: Layer<T>, S: Loss<T>, O: Optimizer<T>> Run<T, N, S, O> {
    /// Takes one step of the optimizer.
    ///
    /// # Errors
    /// Returns [`Error::UndefinedMetric`] if a metric is not defined for the validation rows. The run is then
    /// back at the start of the epoch.
    pub fn step(&mut self) -> Result<StepOutcome, Error> {
        if self.is_finished() {
            return Ok(StepOutcome::Finished);
        }
        self.on_threads(Self::next_step)
    }

    /// Takes a step of a run that is not finished.
    fn next_step(&mut self) -> Result<StepOutcome, Error> {
        let Run { engine, state, norms, .. } = self;
        if state.cursor.row == 0 {
            state.snapshot.copy_from(&state.cursor);
            state.loss_sum = 0.0;
        }
        let last = engine.is_last(&state.cursor);
        let sum = engine.gradient(&mut state.cursor);
        if !sum.is_finite() {
            self.diverge();
            return Ok(StepOutcome::Finished);
        }
        state.loss_sum += sum;
        if last {
            state.before_last.copy_from_slice(&state.cursor.params);
            norms.clear();
            norms.extend(engine.gradient_norms());
        }
        let learning_rate = engine.learning_rate(&state.cursor);
        engine.update(&mut state.cursor, learning_rate);
        if !last {
            return Ok(StepOutcome::Step);
        }
        let objective = state.loss_sum + engine.penalty(&state.cursor.params);
        let Cursor { params, statistics, .. } = &state.cursor;
        if !all_finite(params) || !all_finite(statistics) || !objective.is_finite() {
            self.diverge();
            return Ok(StepOutcome::Finished);
        }
        self.end_epoch(learning_rate)
    }

    /// Runs to the end, and calls `observer` after each epoch; [`ControlFlow::Break`] stops the run.
    ///
    /// # Errors
    /// Returns the errors of [`step`](Run::step).
    pub fn run_to_end(&mut self, mut observer: impl FnMut(&Epoch) -> ControlFlow<()>) -> Result<(), Error> {
        self.run_steps(|_, epoch| epoch.map_or(ControlFlow::Continue(()), &mut observer))
    }

    /// Runs to the end, and calls `each` after each step, with the epoch if it was the last of one;
    /// [`ControlFlow::Break`] then stops the run.
    ///
    /// # Errors
    /// Returns the errors of [`step`](Run::step).
    pub(crate) fn run_steps(
        &mut self,
        each: impl FnMut(Weights<'_, T>, Option<&Epoch>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        // Other threads stay awake from step to step.
        self.on_threads(|run| run.remaining_steps(each))
    }

    /// Takes steps on as many threads as the trainer may use, if steps are long enough for several.
    pub(super) fn on_threads<A>(
        &mut self,
        steps: impl FnOnce(&mut Self) -> Result<A, Error>,
    ) -> Result<A, Error> {
        if !self.engine.is_large() {
            return self.engine.trainer.threads.run(|| steps(self));
        }
        self.engine.trainer.threads.run(|| awake(|| steps(self)))
    }

    fn remaining_steps(
        &mut self,
        mut each: impl FnMut(Weights<'_, T>, Option<&Epoch>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        loop {
            let epoch = match self.step()? {
                StepOutcome::Step => None,
                StepOutcome::Finished => return Ok(()),
                StepOutcome::Epoch => self.state.history.epochs.last(),
            };
            // A run that has just stopped by itself keeps its own stop reason.
            let stops = each(self.weights(), epoch).is_break() && epoch.is_some();
            if stops && self.state.stop.is_none() {
                self.state.stop = Some(StopReason::Cancelled);
            }
        }
    }

    /// Returns whether the run is finished.
    pub fn is_finished(&self) -> bool {
        self.state.stop.is_some() || self.state.cursor.epoch >= self.engine.trainer.epochs
    }

    /// Returns a snapshot of the run, to save and to [`resume`](crate::nn::Trainer::resume) from.
    pub fn checkpoint(&self) -> Checkpoint<T> {
        Checkpoint(self.state.clone())
    }

    /// Returns the current parameters.
    pub fn params(&self) -> &[T] {
        &self.state.cursor.params
    }

    /// Returns the current parameters and running statistics.
    pub(crate) fn weights(&self) -> Weights<'_, T> {
        let Cursor { params, statistics, .. } = &self.state.cursor;
        Weights { params, statistics }
    }

    /// Multiplies all following learning rates by a factor.
    pub(crate) fn scale_rate(&mut self, factor: f64) {
        self.engine.rate_factor = factor;
    }

    /// Keeps the update rule from shrinking weights in all following steps.
    pub(crate) fn stop_decay(&mut self) {
        self.engine.decay = false;
    }

    /// Returns the epochs so far.
    pub fn history(&self) -> &History {
        &self.state.history
    }

    /// Returns the model as it stands: with validation rows that of the best epoch, otherwise that of the
    /// last step.
    ///
    /// A run that is not finished counts as cancelled.
    pub fn finish(self) -> Trained<T> {
        self.into_trained().2
    }

    /// Returns the network and the loss beside the model.
    pub(crate) fn into_trained(self) -> (N, S, Trained<T>) {
        let finished = self.state.cursor.epoch >= self.engine.trainer.epochs;
        let unfinished = if finished { StopReason::IterationLimit } else { StopReason::Cancelled };
        let trained = self.state.into_trained(unfinished);
        (self.engine.network, self.engine.loss, trained)
    }

    /// Returns the state of a run in parts, with the last few epochs.
    pub(crate) fn into_state_of_parts(mut self) -> RunState<T> {
        self.state.forget_old_epochs();
        self.state
    }

    /// Evaluates the epoch and records it. If that fails, the run goes back to the start of the epoch, from
    /// where it reaches the same point again.
    fn end_epoch(&mut self, learning_rate: f64) -> Result<StepOutcome, Error> {
        let Run { engine, validation, state, norms, started } = self;
        let train_loss = state.loss_sum / engine.rows() as f64 + engine.penalty(&state.cursor.params);
        let (network, loss) = (&engine.network, &engine.loss);
        let mut metrics = Vec::new();
        let validation_loss = match validation {
            None => None,
            Some(rows) => {
                let loss = rows.mean_loss(network, loss, &state.cursor);
                if !loss.is_finite() {
                    let (step, epoch) = (state.cursor.steps, state.cursor.epoch);
                    state.divergence = Some(Divergence { step, epoch, what: NonFinite::ValidationLoss });
                    state.stop = Some(StopReason::Diverged);
                    return Ok(StepOutcome::Finished);
                }
                let judged = rows.metrics(&engine.loss);
                metrics = judged.inspect_err(|_| state.cursor.copy_from(&state.snapshot))?;
                Some(loss)
            }
        };
        let ratios = engine.update_ratios(&state.before_last, &state.cursor.params);
        let updates = norms
            .iter()
            .zip(ratios)
            .map(|(&gradient_norm, update_ratio)| LayerUpdate { gradient_norm, update_ratio })
            .collect();
        let number = state.cursor.epoch;
        state.history.epochs.push(Epoch {
            number,
            steps: state.cursor.steps,
            train_loss,
            validation_loss,
            metrics,
            learning_rate,
            updates,
            elapsed: started.elapsed(),
        });
        let watched = validation_loss.unwrap_or(train_loss);
        engine.trainer.schedule.observe(watched, &mut state.cursor.plateau);
        if let Some(loss) = validation_loss {
            state.judge(loss, number, engine.trainer.min_improvement);
        }
        if state.is_out_of_patience(engine.trainer.patience) {
            state.stop = Some(StopReason::EarlyStopped);
        }
        Ok(StepOutcome::Epoch)
    }

    /// Goes back to the weights before the step that left the finite numbers, and records which step it was.
    ///
    /// The epoch is run again with a check at each step. It repeats bit for bit, so ordinary steps need no
    /// copy of the weights.
    fn diverge(&mut self) {
        let Run { engine, state, .. } = self;
        let RunState { cursor, snapshot, before_last, .. } = state;
        let reached = cursor.steps;
        cursor.copy_from(snapshot);
        let mut previous = if cursor.epoch > 0 { before_last.clone() } else { cursor.params.clone() };
        let mut here = cursor.clone();
        let mut what = NonFinite::Loss;
        while cursor.steps <= reached {
            here.copy_from(cursor);
            if !engine.gradient(cursor).is_finite() {
                here.params = previous;
                break;
            }
            if let Some(layer) = engine.bad_gradient() {
                what = NonFinite::Gradient { layer };
                break;
            }
            let learning_rate = engine.learning_rate(cursor);
            engine.update(cursor, learning_rate);
            if let Some(layer) = engine.first_bad(&cursor.params) {
                what = NonFinite::Parameters { layer };
                break;
            }
            if !engine.penalty(&cursor.params).is_finite() {
                what = NonFinite::Penalty;
                break;
            }
            if !all_finite(&cursor.statistics) {
                what = NonFinite::Statistics;
                break;
            }
            previous.copy_from_slice(&here.params);
        }
        state.divergence = Some(Divergence { step: here.steps + 1, epoch: here.epoch + 1, what });
        state.cursor = here;
        // The weights before the last step may be those after the one that diverged.
        state.before_last.copy_from_slice(&state.cursor.params);
        state.stop = Some(StopReason::Diverged);
    }
}
