//! A training run, step by step.

use std::ops::ControlFlow;
use std::time::Instant;

use nalgebra::DMatrix;

use super::blocks::Blocks;
use super::config::Trainer;
use super::engine::Engine;
use super::examples::Examples;
use super::history::{Epoch, History, LayerUpdate};
use super::samples::Samples;
use super::state::{Checkpoint, Cursor, Identity};
use super::trained::Trained;
use crate::check;
use crate::error::Error;
use crate::kernel::all_finite;
use crate::layer::{Layer, groups};
use crate::loss::{Loss, Targets};
use crate::metrics::Metric;
use crate::optim::{Optimizer, PlateauState};
use crate::real::Real;
use crate::report::{Divergence, NonFinite, StopReason};
use crate::rng::Rng;

/// What a training run may be given besides the data.
#[derive(Default)]
pub struct TrainOptions<'a, T> {
    validation: Option<Examples<'a, T>>,
    metrics: Vec<Box<dyn Metric>>,
    start: Option<(&'a [T], &'a [T])>,
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
    /// ([`Trainer::patience`]), and the weights of the best epoch are kept.
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

/// What [`Run::step`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// A step inside an epoch.
    Step,
    /// The last step of an epoch, which has been written to the history.
    Epoch,
    /// Nothing: the run is over.
    Finished,
}

/// A training run that is moved on step by step, and may be stopped, stored and resumed anywhere.
///
/// ```
/// use nalgebra::dmatrix;
/// use logit::{
///     Activation, Adam, Advance, BinaryCrossEntropy, Examples, Sequential, Targets, TrainOptions, Trainer,
/// };
///
/// let x = dmatrix![0.0, 0.0; 0.0, 1.0; 1.0, 0.0; 1.0, 1.0];
/// let examples = Examples::new(&x, Targets::Classes(&[0, 1, 1, 0]));
/// let network = Sequential::perceptron(&[2, 4, 1], Activation::Tanh)?;
/// let trainer = Trainer::new(Adam::new(0.05)).batch_size(3).epochs(20);
///
/// let mut run = trainer.start(&network, &BinaryCrossEntropy, examples, TrainOptions::default())?;
/// for _ in 0..13 {
///     run.step()?; // two steps an epoch: this ends inside the seventh
/// }
/// let checkpoint = run.checkpoint();
///
/// let mut resumed =
///     trainer.resume(&network, &BinaryCrossEntropy, examples, TrainOptions::default(), checkpoint)?;
/// while resumed.step()? != Advance::Finished {}
/// while run.step()? != Advance::Finished {}
/// assert_eq!(resumed.finish(), run.finish()); // to the bit
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug)]
pub struct Run<T: Real, N, S, O> {
    pub(super) engine: Engine<T, N, S, O>,
    validation: Option<Validation<T>>,
    pub(super) state: Checkpoint<T>,
    norms: Vec<f64>,
    started: Instant,
}

/// Validation rows, and what judges them beside the loss.
struct Validation<T> {
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

impl<O> Trainer<O> {
    /// Begins a run on `examples`; nothing is trained yet.
    ///
    /// `network` and `loss` may be references.
    ///
    /// # Errors
    /// For settings out of range, examples that do not fit network or loss, numbers that are not finite.
    pub fn start<T: Real, N: Layer<T>, S: Loss<T>>(
        &self,
        network: N,
        loss: S,
        examples: Examples<'_, T>,
        options: TrainOptions<'_, T>,
    ) -> Result<Run<T, N, S, O>, Error>
    where
        O: Optimizer<T> + Clone,
    {
        let mut state = self.first_state(&network, options.start)?;
        state.identity.rows = examples.counted().len();
        self.run(network, loss, examples, options, state)
    }

    /// Goes on where `checkpoint` was taken, with the same settings, network, loss and examples.
    ///
    /// # Errors
    /// As [`start`](Trainer::start), and [`Error::Checkpoint`] when the checkpoint belongs to another run.
    pub fn resume<T: Real, N: Layer<T>, S: Loss<T>>(
        &self,
        network: N,
        loss: S,
        examples: Examples<'_, T>,
        options: TrainOptions<'_, T>,
        checkpoint: Checkpoint<T>,
    ) -> Result<Run<T, N, S, O>, Error>
    where
        O: Optimizer<T> + Clone,
    {
        let mut fresh = self.first_state(&network, options.start)?;
        fresh.identity.rows = examples.counted().len();
        fresh.identity.check(&checkpoint.identity)?;
        self.run(network, loss, examples, options, checkpoint)
    }

    /// Trains to the end.
    ///
    /// # Errors
    /// As [`start`](Trainer::start), and when a metric is not defined for the validation rows.
    pub fn fit<T: Real, N: Layer<T>, S: Loss<T>>(
        &self,
        network: N,
        loss: S,
        examples: Examples<'_, T>,
        options: TrainOptions<'_, T>,
    ) -> Result<Trained<T>, Error>
    where
        O: Optimizer<T> + Clone,
    {
        self.fit_observed(network, loss, examples, options, |_| ControlFlow::Continue(()))
    }

    /// Trains while `observer` watches: it is called after each epoch and stops the run with
    /// [`ControlFlow::Break`].
    ///
    /// # Errors
    /// As [`fit`](Trainer::fit).
    pub fn fit_observed<T: Real, N: Layer<T>, S: Loss<T>>(
        &self,
        network: N,
        loss: S,
        examples: Examples<'_, T>,
        options: TrainOptions<'_, T>,
        observer: impl FnMut(&Epoch) -> ControlFlow<()>,
    ) -> Result<Trained<T>, Error>
    where
        O: Optimizer<T> + Clone,
    {
        let mut run = self.start(network, loss, examples, options)?;
        run.drive(observer)?;
        Ok(run.finish())
    }

    /// The state before the first step on rows yet unknown.
    pub(crate) fn first_state<T: Real, N: Layer<T>>(
        &self,
        network: &N,
        start: Option<(&[T], &[T])>,
    ) -> Result<Checkpoint<T>, Error>
    where
        O: Optimizer<T>,
    {
        self.check::<T>()?;
        let count = network.parameter_count();
        enough_memory::<T>(count)?;
        let tape = network.tape(0);
        let mut statistics = vec![T::zero(); tape.statistic_count()];
        let mut params = vec![T::zero(); count];
        match start {
            Some((from, saved)) => {
                check::count("start", "parameters", count, from.len())?;
                check::count("start", "running statistics", statistics.len(), saved.len())?;
                for (row, value) in from.iter().chain(saved).enumerate() {
                    if !value.is_finite() {
                        let value = value.as_f64();
                        return Err(Error::NotFinite { argument: "start", row, column: 0, value });
                    }
                }
                params.copy_from_slice(from);
                statistics.copy_from_slice(saved);
            }
            None => {
                network.init(&mut params, &mut Rng::new(self.seed).split());
                tape.save_statistics(&mut statistics);
            }
        }
        let optimizer_state = self.optimizer.state(count);
        let identity = Identity {
            seed: self.seed,
            rows: 0,
            batch_size: self.batch_size,
            accumulate: self.accumulate,
            parameters: count,
            statistics: statistics.len(),
            optimizer_state: optimizer_state.len(),
        };
        let plateau = PlateauState::default();
        let cursor = Cursor { params, statistics, optimizer_state, plateau, steps: 0, epoch: 0, row: 0 };
        let layers = groups(network).into_iter().map(|group| group.layer.describe()).collect();
        Ok(Checkpoint::new(identity, cursor, layers))
    }

    /// A run on other rows than before, which have been checked.
    pub(crate) fn go_on<T: Real, N: Layer<T>, S: Loss<T>>(
        &self,
        network: N,
        loss: S,
        examples: Examples<'_, T>,
        state: Checkpoint<T>,
    ) -> Run<T, N, S, O>
    where
        O: Optimizer<T> + Clone,
    {
        let engine = Engine::new(network, loss, self.clone(), Samples::new(examples));
        Run { engine, validation: None, state, norms: Vec::new(), started: Instant::now() }
    }

    fn run<T: Real, N: Layer<T>, S: Loss<T>>(
        &self,
        network: N,
        loss: S,
        examples: Examples<'_, T>,
        options: TrainOptions<'_, T>,
        state: Checkpoint<T>,
    ) -> Result<Run<T, N, S, O>, Error>
    where
        O: Optimizer<T> + Clone,
    {
        examples.check(&network, &loss)?;
        let validation = options.validation.map(|rows| {
            let total_weight = rows.check(&network, &loss)?;
            Validation::new(rows, total_weight, options.metrics, &network)
        });
        let validation = validation.transpose()?;
        Ok(Run { validation, ..self.go_on(network, loss, examples, state) })
    }
}

/// Whether the vectors of a run can be allocated at all: parameters, gradient, two of state, a snapshot of those and the
/// best ones.
fn enough_memory<T: Real>(parameters: usize) -> Result<(), Error> {
    let room = Vec::<T>::new().try_reserve_exact(parameters.saturating_mul(9));
    let requires = "few enough weights for the memory of this machine";
    room.map_err(|_| Error::InvalidParameter { name: "parameters", value: parameters as f64, requires })
}

impl<T: Real, N: Layer<T>, S: Loss<T>, O: Optimizer<T>> Run<T, N, S, O> {
    /// Takes one step of the optimizer.
    ///
    /// # Errors
    /// When a metric is not defined for the validation rows.
    pub fn step(&mut self) -> Result<Advance, Error> {
        if self.is_finished() {
            return Ok(Advance::Finished);
        }
        let Run { engine, state, norms, .. } = self;
        if state.cursor.row == 0 {
            state.snapshot.copy_from(&state.cursor);
            state.loss_sum = 0.0;
        }
        let last = engine.is_last(&state.cursor);
        let sum = engine.gradient(&mut state.cursor);
        if !sum.is_finite() {
            self.diverge();
            return Ok(Advance::Finished);
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
            return Ok(Advance::Step);
        }
        let objective = state.loss_sum + engine.penalty(&state.cursor.params);
        if !all_finite(&state.cursor.params) || !objective.is_finite() {
            self.diverge();
            return Ok(Advance::Finished);
        }
        self.end_epoch(learning_rate)?;
        Ok(Advance::Epoch)
    }

    /// Steps to the end, and shows each epoch to `observer`, which stops the run with [`ControlFlow::Break`].
    ///
    /// # Errors
    /// As [`step`](Run::step).
    pub fn drive(&mut self, mut observer: impl FnMut(&Epoch) -> ControlFlow<()>) -> Result<(), Error> {
        loop {
            match self.step()? {
                Advance::Step => {}
                Advance::Finished => return Ok(()),
                Advance::Epoch => {
                    if self.state.history.epochs.last().is_some_and(|epoch| observer(epoch).is_break()) {
                        self.state.stop = Some(StopReason::Cancelled);
                    }
                }
            }
        }
    }

    /// Whether there is nothing left to do.
    pub fn is_finished(&self) -> bool {
        self.state.stop.is_some() || self.state.cursor.epoch >= self.engine.trainer.epochs
    }

    /// A snapshot of the run, to store and to [`resume`](Trainer::resume) from.
    pub fn checkpoint(&self) -> Checkpoint<T> {
        self.state.clone()
    }

    /// The parameters now.
    pub fn params(&self) -> &[T] {
        &self.state.cursor.params
    }

    /// The epochs so far.
    pub fn history(&self) -> &History {
        &self.state.history
    }

    /// The model as it stands: with validation rows that of the best epoch, else that of the last step. A run that is
    /// not over counts as cancelled.
    pub fn finish(self) -> Trained<T> {
        self.into_parts().2
    }

    /// Network and loss beside the model.
    pub(crate) fn into_parts(self) -> (N, S, Trained<T>) {
        let finished = self.state.cursor.epoch >= self.engine.trainer.epochs;
        let unfinished = if finished { StopReason::IterationLimit } else { StopReason::Cancelled };
        let trained = self.state.into_trained(unfinished);
        (self.engine.network, self.engine.loss, trained)
    }

    /// The state alone.
    pub(crate) fn into_state(self) -> Checkpoint<T> {
        self.state
    }

    fn end_epoch(&mut self, learning_rate: f64) -> Result<(), Error> {
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
                    return Ok(());
                }
                metrics = rows.metrics(&engine.loss)?;
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
            state.keep_best(loss, number, engine.trainer.min_improvement);
        }
        let patience = engine.trainer.patience;
        if state.best.as_ref().is_some_and(|best| number - best.epoch >= patience) {
            state.stop = Some(StopReason::EarlyStopped);
        }
        Ok(())
    }

    /// Goes back to the weights before the step that led out of the finite numbers, and says which it was: the epoch is
    /// run again with a close look at each step. It repeats to the bit, so ordinary steps need no copy of the weights.
    fn diverge(&mut self) {
        let Run { engine, state, .. } = self;
        let Checkpoint { cursor, snapshot, before_last, .. } = state;
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
            previous.copy_from_slice(&here.params);
        }
        state.divergence = Some(Divergence { step: here.steps + 1, epoch: here.epoch + 1, what });
        state.cursor = here;
        state.stop = Some(StopReason::Diverged);
    }
}

impl<T: Real> Validation<T> {
    fn new<N: Layer<T>>(
        rows: Examples<'_, T>,
        total_weight: f64,
        metrics: Vec<Box<dyn Metric>>,
        network: &N,
    ) -> Result<Self, Error> {
        let (mut classes, mut probabilities) = (Vec::new(), DMatrix::zeros(0, 0));
        if !metrics.is_empty() {
            let Targets::Classes(indices) = rows.targets else {
                let (what, by) = ("targets that are no classes", "a metric");
                return Err(Error::Unsupported { what, by, instead: "leave the metric out" });
            };
            classes.extend_from_slice(indices);
            probabilities = DMatrix::zeros(rows.rows(), network.outputs().max(2));
        }
        let weights = rows.weights.map(|weights| weights.iter().map(|w| w.as_f64()).collect());
        let blocks = Blocks::new(rows, total_weight, network);
        Ok(Validation { blocks, metrics, classes, weights, probabilities })
    }

    fn mean_loss<N: Layer<T>, S: Loss<T>>(&mut self, network: &N, loss: &S, cursor: &Cursor<T>) -> f64 {
        self.blocks.load_statistics(&cursor.statistics);
        self.blocks.mean_loss(network, loss, &cursor.params)
    }

    /// The metrics for the scores that [`mean_loss`](Self::mean_loss) left.
    fn metrics<S: Loss<T>>(&mut self, loss: &S) -> Result<Vec<f64>, Error> {
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
        let evaluate =
            |metric: &dyn Metric| metric.evaluate_indices(&self.classes, &self.probabilities, weights);
        self.metrics.iter().map(|metric| evaluate(&**metric)).collect()
    }
}
