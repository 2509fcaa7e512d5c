//! Training runs that the doctor watches.

use std::ops::ControlFlow;

use super::attention::Attention;
use crate::doctor::settings::Doctor;
use crate::doctor::trace::{Trace, Watched};
use crate::error::Error;
use crate::examples::Examples;
use crate::layer::Layer;
use crate::loss::Loss;
use crate::optim::{Lbfgs, Optimizer};
use crate::scalar::Real;
use crate::train::{
    AnyObjective, Minimizing, NetworkFit, NetworkObjective, TrainOptions, Trained, Trainer, Weights,
};

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
        let fit = NetworkFit { network, loss, examples, held, method: trainer };
        let mut run = trainer.start_on_checked(network, loss, examples, options)?;
        let mut attention = Attention::begin(self, fit, run.weights())?;
        run.run_steps(|weights, epoch| {
            attention.step(weights.params);
            if let Some(epoch) = epoch {
                attention.epoch(epoch, weights);
            }
            ControlFlow::Continue(())
        })?;
        let trained = run.finish();
        let weights = Weights { params: &trained.params, statistics: &trained.statistics };
        let (diagnosis, trace) = attention.finish(&trained.report, weights)?;
        Ok(Watched { trained, diagnosis, trace })
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
        let method = Minimizing {
            minimize: |objective: &mut AnyObjective<'_, T>, start, steps| {
                let run = lbfgs.max_iterations(steps);
                run.minimize(objective, start).ok().map(|found| found.params)
            },
            limit: lbfgs.limit(),
            lambda,
            bounded: false,
        };
        let fit = NetworkFit { network, loss, examples, held, method: &method };
        let mut objective = NetworkObjective::on_checked(network, loss, examples, lambda)?;
        let start = start.unwrap_or_else(|| objective.initial(self.seed));
        let attention = Attention::begin(self, fit, Weights { params: &start, statistics: &[] })?;
        let found = lbfgs.minimize(&mut objective, start)?;
        let end = Weights { params: &found.params, statistics: &[] };
        let (diagnosis, trace) = attention.finish(&found.report, end)?;
        let trace = Trace { objective: found.report.objective_curve.clone(), ..trace };
        let trained = Trained { report: found.report, ..Trained::from_parameters(found.params) };
        Ok(Watched { trained, diagnosis, trace })
    }
}
