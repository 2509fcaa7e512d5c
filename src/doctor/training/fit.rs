//! Training runs that the doctor watches.

use std::ops::ControlFlow;

use super::evidence::Settings;
use super::outputs::fresh_statistics;
use super::probe::{Method, Outline, Remade, probe};
use super::rules;
use super::view::Weights;
use super::watch::{Given, Watch};
use crate::doctor::settings::Doctor;
use crate::doctor::trace::{Trace, Watched};
use crate::error::Error;
use crate::examples::{CheckedExamples, Examples};
use crate::layer::Layer;
use crate::loss::Loss;
use crate::optim::{Lbfgs, Optimizer, Schedule, Step};
use crate::scalar::Real;
use crate::train::{CheckedOptions, NetworkObjective, StepOutcome, TrainOptions, Trained, Trainer};

/// Optional inputs to a run that the doctor watches: those of the run, and rows to judge by.
#[derive(Debug, Default)]
pub struct WatchOptions<'a, T: Real> {
    train: TrainOptions<'a, T>,
    held_out: Option<Examples<'a, T>>,
}

impl<'a, T: Real> WatchOptions<'a, T> {
    /// Creates options from those of the run.
    pub fn new(train: TrainOptions<'a, T>) -> Self {
        WatchOptions { train, held_out: None }
    }

    /// Sets rows that take no part in training, on which the doctor measures the loss.
    ///
    /// Unlike validation rows, they do not change the run. Defaults to the validation rows of the run, if
    /// there are any.
    pub fn held_out(mut self, examples: Examples<'a, T>) -> Self {
        self.held_out = Some(examples);
        self
    }
}

impl<'a, T: Real> From<TrainOptions<'a, T>> for WatchOptions<'a, T> {
    fn from(train: TrainOptions<'a, T>) -> Self {
        WatchOptions::new(train)
    }
}

impl Doctor {
    /// Trains like [`Trainer::fit`](crate::nn::Trainer::fit), and returns the diagnosis and the course of
    /// the run beside the result.
    ///
    /// # Errors
    /// Returns the errors of [`Trainer::fit`](crate::nn::Trainer::fit), which
    /// [`Diagnosis::of_error`](crate::doctor::Diagnosis::of_error) explains, and
    /// [`Error::InvalidParameter`] if a setting of the doctor is out of range.
    pub fn fit<'a, T, N, S, O>(
        &self,
        trainer: &Trainer<O>,
        network: &'a N,
        loss: &'a S,
        examples: Examples<'a, T>,
        options: impl Into<WatchOptions<'a, T>>,
    ) -> Result<Watched<T>, Error>
    where
        T: Real,
        N: Layer<T>,
        S: Loss<T>,
        O: Optimizer<T> + Clone,
    {
        self.check()?;
        trainer.check::<T>()?;
        let WatchOptions { train, held_out } = options.into();
        let (examples, options) = (examples.checked()?, train.checked()?);
        let held = held_out.map(Examples::checked).transpose()?.or(options.validation);
        let given = Given { network, loss, examples, held };
        let mut run = trainer.start_on_checked(network, loss, examples, options)?;
        let count = examples.counted().len();
        let settings = Settings {
            batch: trainer.batch_of::<T>(count).min(count),
            limit: trainer.epochs,
            l2: trainer.l2,
            decays: decays::<T, O>(&trainer.optimizer),
            scheduled: trainer.schedule != Schedule::constant(),
            rate: Some(trainer.optimizer.learning_rate()),
            weighted: differ(&examples),
        };
        let (params, statistics) = run.weights();
        let first = (params.to_vec(), statistics.to_vec());
        let mut watch = Watch::start(
            given,
            settings,
            self.threshold,
            Weights { params: &first.0, statistics: &first.1 },
        )?;
        let mut steps = 0;
        loop {
            let outcome = run.step()?;
            if outcome == StepOutcome::Finished {
                break;
            }
            steps += 1;
            let (params, statistics) = run.weights();
            if steps == 1 {
                watch.first_step(params);
            }
            if let (StepOutcome::Epoch, Some(epoch)) = (outcome, run.history().epochs.last()) {
                let ratios = epoch.updates.iter().map(|update| update.update_ratio);
                let ratio = ratios.filter(|ratio| ratio.is_finite()).reduce(f64::max);
                watch.updates(&epoch.updates);
                watch.epoch(epoch.number, epoch.learning_rate, ratio, Weights { params, statistics });
            }
        }
        let trained = run.finish();
        let weights = Weights { params: &trained.params, statistics: &trained.statistics };
        let (mut evidence, _) = watch.finish(&trained.report, steps, weights)?;
        evidence.trials = probe(self, &evidence, given, trainer, weights, &first.0);
        let diagnosis = rules::diagnose(&evidence);
        Ok(Watched { trained, diagnosis, trace: evidence.trace })
    }

    /// Minimises the loss of a network over all rows like [`Lbfgs::minimize`], with the penalty λ, and returns
    /// the diagnosis and the course of the run beside the result.
    ///
    /// `start` are the initial parameters; without them, they are drawn by the layers.
    ///
    /// # Errors
    /// Returns the errors of [`NetworkObjective::new`](crate::nn::NetworkObjective::new) and of
    /// [`Lbfgs::minimize`], and [`Error::InvalidParameter`] if a setting of the doctor is out of range.
    #[allow(clippy::too_many_arguments)]
    pub fn minimize<'a, T, N, S>(
        &self,
        lbfgs: &Lbfgs,
        network: &'a N,
        loss: &'a S,
        examples: Examples<'a, T>,
        lambda: f64,
        start: Option<Vec<T>>,
        held_out: Option<Examples<'a, T>>,
    ) -> Result<Watched<T>, Error>
    where
        T: Real,
        N: Layer<T>,
        S: Loss<T>,
    {
        self.check()?;
        crate::check::not_negative("lambda", lambda)?;
        let examples = examples.checked()?;
        let held = held_out.map(Examples::checked).transpose()?;
        let given = Given { network, loss, examples, held };
        let mut objective = NetworkObjective::on_checked(network, loss, examples, lambda)?;
        let start = start.unwrap_or_else(|| objective.initial(self.seed));
        let settings = Settings {
            batch: examples.counted().len(),
            limit: lbfgs.limit(),
            l2: lambda,
            decays: false,
            scheduled: false,
            rate: None,
            weighted: differ(&examples),
        };
        let weights = |params| Weights { params, statistics: &[] };
        let watch = Watch::start(given, settings, self.threshold, weights(&start))?;
        let mut go_on = |_: &_| ControlFlow::Continue(());
        let found = lbfgs.minimize_observed(&mut objective, start.clone(), &mut go_on)?;
        let steps = found.report.iterations as u64;
        let (mut evidence, _) = watch.finish(&found.report, steps, weights(&found.params))?;
        let method = Minimizer { lbfgs, lambda };
        evidence.trials = probe(self, &evidence, given, &method, weights(&found.params), &start);
        let diagnosis = rules::diagnose(&evidence);
        let trace = Trace { objective: evidence.course.objective, ..evidence.trace };
        let trained = Trained { report: found.report, ..Trained::from_parameters(found.params) };
        Ok(Watched { trained, diagnosis, trace })
    }
}

/// Returns whether an update rule shrinks a weight that has no gradient.
fn decays<T: Real, O: Optimizer<T>>(optimizer: &O) -> bool {
    let ranges = [std::ops::Range { start: 0, end: 1 }];
    let (mut params, mut state) = ([T::one()], optimizer.state(1));
    let step = Step::new(1, optimizer.learning_rate()).decayed(&ranges);
    optimizer.step(step, &mut params, &[T::zero()], &mut state);
    params[0] != T::one()
}

/// Returns whether rows of positive weight have different weights.
fn differ<T: Real>(examples: &CheckedExamples<'_, T>) -> bool {
    let mut weights = examples.weights.iter().flat_map(|weights| weights.iter()).filter(|w| **w > T::zero());
    let first = weights.next();
    weights.any(|weight| Some(weight) != first)
}

impl<T: Real, O: Optimizer<T> + Clone> Method<T> for Trainer<O> {
    fn steps_of(&self, rows: usize, steps: usize) -> usize {
        steps.saturating_mul(self.batch_of::<T>(rows).min(rows))
    }

    fn again(&self, remade: Remade<'_, T>) -> Option<(Vec<T>, Vec<T>)> {
        let Outline { network, loss, examples } = remade.outline;
        let rows = examples.counted().len();
        let per_epoch = rows.div_ceil(self.batch_of::<T>(rows).min(rows).max(1));
        let mut trainer = self.clone().epochs(remade.steps.div_ceil(per_epoch.max(1)).max(1));
        if remade.without_penalty {
            trainer = trainer.l2(0.0);
        }
        if remade.without_schedule {
            trainer = trainer.schedule(Schedule::constant());
        }
        let statistics = remade.statistics.unwrap_or_else(|| fresh_statistics(network));
        let start = Some((remade.params.as_slice(), statistics.as_slice()));
        let options = CheckedOptions { start, ..CheckedOptions::default() };
        let mut run = trainer.start_on_checked(network, loss, examples, options).ok()?;
        run.scale_rate(remade.rate);
        if remade.without_penalty {
            run.stop_decay();
        }
        for _ in 0..remade.steps {
            if run.step().ok()? == StepOutcome::Finished {
                break;
            }
        }
        let (params, statistics) = run.weights();
        Some((params.to_vec(), statistics.to_vec()))
    }
}

/// L-BFGS with its penalty.
struct Minimizer<'a> {
    lbfgs: &'a Lbfgs,
    lambda: f64,
}

impl<T: Real> Method<T> for Minimizer<'_> {
    fn steps_of(&self, rows: usize, steps: usize) -> usize {
        steps.saturating_mul(rows)
    }

    fn again(&self, remade: Remade<'_, T>) -> Option<(Vec<T>, Vec<T>)> {
        let Outline { network, loss, examples } = remade.outline;
        let lambda = if remade.without_penalty { 0.0 } else { self.lambda };
        let mut objective = NetworkObjective::on_checked(network, loss, examples, lambda).ok()?;
        let run = self.lbfgs.max_iterations(remade.steps);
        let found = run.minimize(&mut objective, remade.params).ok()?;
        Some((found.params, Vec::new()))
    }
}
