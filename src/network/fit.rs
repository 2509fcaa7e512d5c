//! Fits of the multi-layer perceptron in one call.

use std::ops::ControlFlow;

use super::architecture::Network;
use super::config::{Minimizer, MlpClassifier};
use super::mlp::FittedMlp;
use super::prepare::Prepared;
use super::run::{Setup, fit_on};
use crate::compiled::compiled;
use crate::error::Error;
use crate::estimator::{Estimator, FitOptions};
use crate::examples::CheckedExamples;
use crate::label::Label;
use crate::loss::ClassificationLoss;
use crate::optim::MinimizeResult;
use crate::report::Observer;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::train::{
    AnyObjective, Attendance, History, Minimizing, NetworkFit, NetworkObjective, RateCurve, RateRange,
    Trained, Weights,
};

impl<T: Real> Estimator<T> for MlpClassifier {
    type Fitted<L: Label> = FittedMlp<T, L>;

    fn fit_rows<L: Label>(
        &self,
        x: Rows<'_, T>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<FittedMlp<T, L>, Error> {
        self.fit_starting(None, x, y, options)
    }
}

impl MlpClassifier {
    /// Fits the network starting from the weights of `start`, for further rows or with other settings.
    ///
    /// # Errors
    /// Returns the errors of [`fit_from_with`](Self::fit_from_with).
    pub fn fit_from<'a, T: Real, L: Label>(
        &self,
        start: &FittedMlp<T, L>,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
    ) -> Result<FittedMlp<T, L>, Error> {
        let x = x.into();
        self.fit_from_with(start, x, y, FitOptions::default())
    }

    /// Fits the network starting from the weights of `start`, with sample weights or an observer.
    ///
    /// # Errors
    /// Returns the errors of [`Estimator::fit_with`](crate::Estimator::fit_with), and [`Error::WarmStart`] if
    /// `start` has other layers, columns or classes.
    pub fn fit_from_with<'a, T: Real, L: Label>(
        &self,
        start: &FittedMlp<T, L>,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<FittedMlp<T, L>, Error> {
        let x = x.into();
        self.fit_starting(Some(start), x, y, options)
    }

    /// Measures how the loss responds to growing learning rates, with all other settings unchanged.
    ///
    /// See [`Trainer::find_learning_rate`](crate::nn::Trainer::find_learning_rate).
    ///
    /// # Errors
    /// Returns the errors of [`Estimator::fit_with`](crate::Estimator::fit_with), and
    /// [`Error::InvalidParameter`] if `range` is not valid. Returns [`Error::Unsupported`] for a full-batch
    /// minimiser, which has no learning rate.
    pub fn find_learning_rate<'a, T: Real, L: Label>(
        &self,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
        range: RateRange,
    ) -> Result<RateCurve, Error> {
        let x = x.into();
        let Prepared { labelled, network, loss } = self.prepare(x, y, None)?;
        self.check_steps()?;
        let examples = labelled.examples.examples().into();
        self.trainer.find_rate_on_checked(&network, &loss, examples, range)
    }

    fn fit_starting<T: Real, L: Label>(
        &self,
        start: Option<&FittedMlp<T, L>>,
        x: Rows<'_, T>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<FittedMlp<T, L>, Error> {
        options.without_offset("a network")?;
        let Prepared { labelled, network, loss } = self.prepare(x, y, options.weights)?;
        if self.minimizer.is_none() {
            self.check_steps()?;
        }
        if let Some(model) = start {
            model.check_start(&labelled.classes, &network)?;
        }
        let trained = if let Some(minimizer) = &self.minimizer {
            let params = start.map(|model| model.params.clone());
            let examples = labelled.examples.examples().into();
            self.minimize_on(minimizer, (&network, &loss), examples, params, options)?
        } else {
            let start = start.map(|model| (model.params.as_slice(), model.statistics.as_slice()));
            let setup = Setup { fraction: self.validation_fraction, start, ..Setup::default() };
            fit_on(&self.trainer, (&network, &loss), &labelled, setup, options)
                .map_err(|error| error.with_labels(&labelled.classes))?
        };
        let names = x.names().map(<[String]>::to_vec);
        Ok(FittedMlp::new(labelled.classes, names, network, loss, trained))
    }

    /// Minimises over all rows at once, from `start` or from parameters drawn with the seed.
    #[inline(never)]
    pub(super) fn minimize_on<T: Real>(
        &self,
        minimizer: &Minimizer,
        (network, loss): (&Network, &ClassificationLoss),
        examples: CheckedExamples<'_, T>,
        start: Option<Vec<T>>,
        options: FitOptions<'_, T>,
    ) -> Result<Trained<T>, Error> {
        let FitOptions { observer, attendance, .. } = options;
        let mut ignore = |_: &_| ControlFlow::Continue(());
        let observer: &mut Observer<'_> = match observer {
            Some(observer) => observer,
            None => &mut ignore,
        };
        let lambda = self.trainer.l2;
        let mut objective = NetworkObjective::on_checked(network, loss, examples, lambda)?;
        let start = start.unwrap_or_else(|| objective.initial(self.trainer.seed));
        let method = Minimizing {
            minimize: |objective: &mut AnyObjective<'_, T>, start, steps| {
                let mut ignore = |_: &_| ControlFlow::Continue(());
                minimizer
                    .limited(steps)
                    .minimize(objective, start, &mut ignore)
                    .ok()
                    .map(|found| found.params)
            },
            limit: minimizer.limit(),
            lambda,
            bounded: false,
        };
        let fit = NetworkFit { network, loss, examples, held: None, method: &method };
        let attending = Attendance::begin(attendance, fit, Weights { params: &start, statistics: &[] })?;
        let minimized = self.trainer.threads.run(|| minimizer.minimize(&mut objective, start, observer))?;
        let MinimizeResult { params, report, .. } = minimized;
        if let Some(attending) = attending {
            attending.finish(&report, Weights { params: &params, statistics: &[] })?;
        }
        Ok(Trained { params, statistics: Vec::new(), report, history: History::default() })
    }
}

compiled!(T: MlpClassifier::minimize_on::<T> as fn(&_, _, (&_, &_), _, _, _) -> _);
