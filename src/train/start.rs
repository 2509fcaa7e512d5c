//! The start of training runs: fresh, from a checkpoint, or on other rows.

use std::ops::ControlFlow;
use std::time::Instant;

use super::checkpoint::Checkpoint;
use super::compatible::check_compatible;
use super::config::Trainer;
use super::engine::Engine;
use super::history::Epoch;
use super::identity::{self, Detail, RunIdentity, another_run};
use super::options::{CheckedOptions, TrainOptions};
use super::run::Run;
use super::samples::Samples;
use super::state::{Cursor, Parts, RunState};
use super::trained::Trained;
use super::validation::Validation;
use crate::check;
use crate::error::{Error, unsupported};
use crate::examples::{CheckedExamples, Examples};
use crate::layer::{Layer, groups};
use crate::loss::Loss;
use crate::optim::{Optimizer, PlateauState};
use crate::report::StopReason;
use crate::rng::Rng;
use crate::scalar::Real;

impl<O> Trainer<O> {
    /// Starts a run on `examples`, without taking a step.
    ///
    /// `network` and `loss` may be references.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if a setting is out of range, [`Error::NotFinite`] if a number is
    /// not finite, [`Error::Unsupported`] if there are metrics but no validation rows with classes,
    /// [`Error::MissingClass`] if a metric needs a class that no validation row has, and the errors of a
    /// mismatch, such as [`Error::ShapeMismatch`] or [`Error::InvalidTarget`], if the examples do
    /// not fit the network or the loss.
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
        self.check::<T>()?;
        self.start_on_checked(network, loss, examples.checked()?, options.checked()?)
    }

    /// Resumes the run of `checkpoint`, with the same settings, network, loss and examples.
    ///
    /// A run that was stopped by its observer can be resumed too, and so can one that stopped early, with
    /// more patience. With the same patience it stays stopped.
    ///
    /// # What may change
    /// These settings may differ from those of the run before: the number of epochs, the patience and the
    /// smallest improvement, the learning rate and its schedule, and the metrics. All else is compared with
    /// what the checkpoint says: the layers with their sizes and settings, the loss, the update rule with its
    /// other settings, penalty, clipping, batches, shuffling, seed, and the numbers of rows.
    ///
    /// # Errors
    /// Returns the errors of [`start`](Trainer::start), and [`Error::Checkpoint`] if the checkpoint belongs
    /// to another run.
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
        self.check::<T>()?;
        self.resume_on_checked(network, loss, examples.checked()?, options.checked()?, checkpoint)
    }

    /// Trains to the end and returns the result.
    ///
    /// # Errors
    /// Returns the errors of [`start`](Trainer::start), and [`Error::UndefinedMetric`] if a metric is not
    /// defined for the validation rows.
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

    /// Trains, and calls `observer` after each epoch; [`ControlFlow::Break`] stops the run.
    ///
    /// # Errors
    /// Returns the errors of [`fit`](Trainer::fit).
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
        run.run_to_end(observer)?;
        Ok(run.finish())
    }

    /// Starts a run with checked settings on checked examples; see [`start`](Self::start).
    pub(crate) fn start_on_checked<T: Real, N: Layer<T>, S: Loss<T>>(
        &self,
        network: N,
        loss: S,
        examples: CheckedExamples<'_, T>,
        options: CheckedOptions<'_, T>,
    ) -> Result<Run<T, N, S, O>, Error>
    where
        O: Optimizer<T> + Clone,
    {
        check_compatible(&examples, &network, &loss)?;
        let details = self.details(&network, &loss, &examples, &options);
        let samples = Samples::new(examples);
        let state = self.first_state(&network, options.start, samples.count(), details)?;
        self.run(network, loss, samples, options, state)
    }

    /// Resumes a run with checked settings on checked examples; see [`resume`](Self::resume).
    pub(crate) fn resume_on_checked<T: Real, N: Layer<T>, S: Loss<T>>(
        &self,
        network: N,
        loss: S,
        examples: CheckedExamples<'_, T>,
        options: CheckedOptions<'_, T>,
        Checkpoint(mut state): Checkpoint<T>,
    ) -> Result<Run<T, N, S, O>, Error>
    where
        O: Optimizer<T> + Clone,
    {
        check_compatible(&examples, &network, &loss)?;
        let details = self.details(&network, &loss, &examples, &options);
        let samples = Samples::new(examples);
        let fresh = self.first_state(&network, options.start, samples.count(), details)?;
        same_rows(&fresh, &state)?;
        fresh.identity.check(&state.identity)?;
        if fresh.history.layers != state.history.layers {
            let named = |layers: &[String]| format!("{layers:?}");
            let (expected, found) = (named(&fresh.history.layers), named(&state.history.layers));
            return Err(another_run("layers", expected, found));
        }
        let goes_on = match state.stop {
            Some(StopReason::Cancelled) => true,
            Some(StopReason::EarlyStopped) => !state.is_out_of_patience(self.patience),
            _ => false,
        };
        if goes_on {
            state.stop = None;
        }
        self.run(network, loss, samples, options, state)
    }

    /// Returns what makes a run of this trainer this run, beside its sizes.
    fn details<T: Real, N: Layer<T>, S: Loss<T>>(
        &self,
        network: &N,
        loss: &S,
        examples: &CheckedExamples<'_, T>,
        options: &CheckedOptions<'_, T>,
    ) -> Vec<Detail>
    where
        O: Optimizer<T>,
    {
        let validation = options.validation.as_ref().map(CheckedExamples::rows);
        let mut details = self.method_details(network, loss, &options.classes);
        details.extend(identity::data(examples, validation));
        details
    }

    /// Returns the layers, the loss, the classes and the settings of the method.
    fn method_details<T: Real, N: Layer<T>, S: Loss<T>>(
        &self,
        network: &N,
        loss: &S,
        classes: &[String],
    ) -> Vec<Detail>
    where
        O: Optimizer<T>,
    {
        let mut details = identity::layers(&network);
        details.extend([
            Detail::new("loss", loss.describe()),
            Detail::new("update rule", self.optimizer.describe()),
            Detail::new("l2", self.l2.to_string()),
            Detail::new("clip", self.clip.map_or("none".to_owned(), |clip| format!("{clip:?}"))),
        ]);
        // Runs that shuffle do not say so: files of before the setting do not either.
        if !self.shuffle {
            details.push(Detail::new("shuffle", "false"));
        }
        let classes = classes.iter().enumerate();
        details.extend(classes.map(|(index, label)| Detail::new(format!("class {index}"), label)));
        details
    }

    /// Returns the state before the first part of a run on rows that arrive in parts.
    pub(crate) fn first_state_in_parts<T: Real, N: Layer<T>, S: Loss<T>>(
        &self,
        network: &N,
        loss: &S,
        classes: &[String],
        start: Option<(&[T], &[T])>,
    ) -> Result<RunState<T>, Error>
    where
        O: Optimizer<T>,
    {
        let details = self.method_details(network, loss, classes);
        let state = self.first_state(network, start, 0, details)?;
        Ok(RunState { parts: Some(Parts::default()), ..state })
    }

    /// Returns the state of a run in parts from its checkpoint.
    ///
    /// # Errors
    /// Returns [`Error::Checkpoint`] if the checkpoint belongs to another run.
    pub(crate) fn resume_in_parts<T: Real, N: Layer<T>, S: Loss<T>>(
        &self,
        network: &N,
        loss: &S,
        classes: &[String],
        Checkpoint(state): Checkpoint<T>,
    ) -> Result<RunState<T>, Error>
    where
        O: Optimizer<T>,
    {
        let fresh = self.first_state_in_parts(network, loss, classes, None)?;
        same_rows(&fresh, &state)?;
        fresh.identity.check(&state.identity)?;
        Ok(state)
    }

    /// Returns the state before the first step on `rows` rows; `rows` is 0 if the number is not known yet.
    fn first_state<T: Real, N: Layer<T>>(
        &self,
        network: &N,
        start: Option<(&[T], &[T])>,
        rows: usize,
        details: Vec<Detail>,
    ) -> Result<RunState<T>, Error>
    where
        O: Optimizer<T>,
    {
        network.check()?;
        let count = network.parameter_count();
        // Parameters, gradient, two vectors of optimizer state, a snapshot of those and the best parameters.
        check::room::<T>("the parameters and the state of the run", count, 9)?;
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
                        return Err(Error::NotFinite {
                            argument: "start",
                            row,
                            column: 0,
                            name: None,
                            value,
                        });
                    }
                }
                params.copy_from_slice(from);
                statistics.copy_from_slice(saved);
            }
            None => {
                network.init(&mut params, &mut Rng::new(self.seed).split());
                // The numbers of an initializer may be too large for `T`.
                if let Some(param) = params.iter().find(|param| !param.is_finite()) {
                    let requires = "such that all initial parameters are finite in the number type";
                    let value = param.as_f64();
                    return Err(Error::InvalidParameter { name: "initializer", value, requires });
                }
                tape.save_statistics(&mut statistics);
            }
        }
        let optimizer_state = self.optimizer.state(count);
        let identity = RunIdentity {
            seed: self.seed,
            rows,
            batch_size: self.batch_of(rows),
            accumulate: self.accumulate,
            parameters: count,
            statistics: statistics.len(),
            optimizer_state: optimizer_state.len(),
            details,
        };
        let plateau = PlateauState::default();
        let cursor = Cursor { params, statistics, optimizer_state, plateau, steps: 0, epoch: 0, row: 0 };
        let layers = groups(network).into_iter().map(|group| group.layer.describe()).collect();
        Ok(RunState::new(identity, cursor, layers))
    }

    /// Resumes a run on its next part, whose rows are compatible with the network and the loss.
    pub(crate) fn resume_on_part<T: Real, N: Layer<T>, S: Loss<T>>(
        &self,
        network: N,
        loss: S,
        examples: CheckedExamples<'_, T>,
        mut state: RunState<T>,
    ) -> Run<T, N, S, O>
    where
        O: Optimizer<T> + Clone,
    {
        let parts = state.parts.unwrap_or_default().with(&examples);
        // A run that has stopped takes no step, so it has not seen the rows.
        if state.stop.is_none() {
            state.parts = Some(parts);
        }
        let samples = Samples::divided(examples, parts.mean_weight);
        self.run_without_validation(network, loss, samples, state)
    }

    fn run_without_validation<T: Real, N: Layer<T>, S: Loss<T>>(
        &self,
        network: N,
        loss: S,
        samples: Samples<T>,
        state: RunState<T>,
    ) -> Run<T, N, S, O>
    where
        O: Optimizer<T> + Clone,
    {
        let engine = Engine::new(network, loss, self.clone(), samples);
        Run { engine, validation: None, state, norms: Vec::new(), started: Instant::now() }
    }

    fn run<T: Real, N: Layer<T>, S: Loss<T>>(
        &self,
        network: N,
        loss: S,
        samples: Samples<T>,
        options: CheckedOptions<'_, T>,
        state: RunState<T>,
    ) -> Result<Run<T, N, S, O>, Error>
    where
        O: Optimizer<T> + Clone,
    {
        if options.validation.is_none() && !options.metrics.is_empty() {
            return Err(unsupported(
                "a metric",
                "a run without validation rows",
                "give validation rows, or leave the metric out",
            ));
        }
        let validation = options.validation.map(|rows| {
            check_compatible(&rows, &network, &loss)?;
            Validation::new(rows, options.metrics, &network)
        });
        let validation = validation.transpose()?;
        Ok(Run { validation, ..self.run_without_validation(network, loss, samples, state) })
    }
}

/// Checks that the rows of both runs arrive in parts, or those of neither.
fn same_rows<T>(wanted: &RunState<T>, found: &RunState<T>) -> Result<(), Error> {
    let named =
        |state: &RunState<T>| if state.parts.is_some() { "in parts" } else { "all at once" }.to_owned();
    if wanted.parts.is_some() == found.parts.is_some() {
        return Ok(());
    }
    Err(another_run("rows", named(wanted), named(found)))
}
