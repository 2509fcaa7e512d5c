//! Fits over a grid of penalties, each starting from the previous fit.

mod fitted;
mod grid;
mod stored;

use std::ops::ControlFlow;

pub use self::fitted::FittedLogisticPath;
use self::grid::Origin;
use crate::check;
use crate::error::{Error, unsupported};
use crate::estimator::FitOptions;
use crate::label::Label;
use crate::linear::config::LogisticRegression;
use crate::linear::fit::fit;
use crate::linear::fitted::FittedLogistic;
use crate::linear::sample::RowOptions;
use crate::parallel::Threads;
use crate::penalty::Penalty;
use crate::report::{Observer, Progress};
use crate::rows::Rows;
use crate::scalar::Real;

/// Logistic regression for a grid of penalties, from the strongest to the weakest.
///
/// # Formula
/// The objective is that of [`LogisticRegression`], once for each λ. By default the grid has 100 values,
/// evenly spaced in log λ, from λ_max to a fraction of it:
///
/// | penalty | λ_max | fraction | fraction if d > n |
/// |---|---|---|---|
/// | L1, elastic net | max over j, k of \|g_jk\| / (ρ f_j) | 1e-4 | 1e-2 |
/// | L2 | max over j of 100 h_j / f_j | 1e-6 | 1e-4 |
///
/// Here g is the gradient of the mean loss where all penalised coefficients are zero and the others
/// (intercepts, and columns whose factor is 0) are optimal. h_j is the second derivative of the mean loss at
/// that point (the largest over classes), ρ the fraction of L1 and f_j the penalty factor of column j.
///
/// For an L1 penalty, λ_max is the smallest λ for which all penalised coefficients are zero. For an L2
/// penalty no such λ exists; 100 h_j shrinks each coefficient to about a hundredth of its unpenalised value.
///
/// # Method
/// Each fit starts from the previous one, which takes fewer iterations than a start from zero. Each model has
/// the same certificate as a single fit.
///
/// # References
/// Friedman, Hastie and Tibshirani (2010).
///
/// # Examples
/// ```
/// use logit::linear::LogisticPath;
/// use logit::prelude::*;
/// use logit::data;
///
/// let iris = data::iris();
/// let path = LogisticPath::l1().count(20).fit(&iris.x, &iris.y)?;
/// assert_eq!(path.len(), 20);
/// assert!(path.models()[0].coefficients().iter().all(|&w| w == 0.0));
/// assert!(path.models().iter().all(|model| model.report().converged()));
/// assert!(path.models()[19].score(&iris.x, &iris.y)? > 0.95);
/// println!("{path}");
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticPath {
    model: LogisticRegression,
    lambdas: Option<Vec<f64>>,
    count: usize,
    smallest: Option<f64>,
    deviance_limit: Option<f64>,
}

impl LogisticPath {
    /// Creates the path of a model. Each λ replaces the strength of the model's penalty, which must be L1, L2
    /// or an elastic net.
    pub fn new(model: LogisticRegression) -> Self {
        LogisticPath { model, lambdas: None, count: 100, smallest: None, deviance_limit: None }
    }

    /// Creates the path of an L1 penalty.
    pub fn l1() -> Self {
        LogisticPath::new(LogisticRegression::new(Penalty::l1(1.0)))
    }

    /// Creates the path of an L2 penalty.
    pub fn l2() -> Self {
        LogisticPath::new(LogisticRegression::new(Penalty::l2(1.0)))
    }

    /// Creates the path of an elastic net with the given fraction of L1, from 0 to 1.
    pub fn elastic_net(l1_ratio: f64) -> Self {
        LogisticPath::new(LogisticRegression::new(Penalty::elastic_net(1.0, l1_ratio)))
    }

    /// Sets the values of λ, in any order, finite and at least 0; they are fitted in descending order.
    /// Defaults to the grid described above.
    pub fn lambdas(mut self, lambdas: impl Into<Vec<f64>>) -> Self {
        self.lambdas = Some(lambdas.into());
        self
    }

    /// Sets the largest number of threads, at least 1. The result has the same bits on any number of them. Defaults to
    /// that of the model.
    pub fn threads(mut self, threads: usize) -> Self {
        self.model = self.model.threads(threads);
        self
    }

    /// Returns the setting for the number of threads.
    pub(super) fn setting(&self) -> Threads {
        self.model.threads
    }

    /// Sets the number of values in the default grid, at least 1. Defaults to 100.
    pub fn count(mut self, count: usize) -> Self {
        self.count = count;
        self
    }

    /// Sets the ratio of the smallest to the largest λ in the default grid, above 0 and below 1. Defaults to
    /// the fractions in the table above.
    pub fn smallest_fraction(mut self, fraction: f64) -> Self {
        self.smallest = Some(fraction);
        self
    }

    /// Sets a [deviance ratio](FittedLogisticPath::deviance_ratios), from 0 to 1, above which the path ends:
    /// the first model that exceeds it is the last.
    ///
    /// Defaults to none: the whole grid is fitted.
    pub fn deviance_limit(mut self, ratio: f64) -> Self {
        self.deviance_limit = Some(ratio);
        self
    }

    /// Fits the path to the rows of `x` and their labels.
    ///
    /// # Errors
    /// Returns the same errors as [`fit_with`](Self::fit_with).
    pub fn fit<'a, T: Real, L: Label>(
        &self,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
    ) -> Result<FittedLogisticPath<T, L>, Error> {
        let x = x.into();
        self.fit_with(x, y, FitOptions::default())
    }

    /// Fits the path with all options (weights, offsets, an observer). The observer is called after each λ
    /// with the objective of its fit, and may end the path there.
    ///
    /// # Errors
    /// Returns the same errors as a fit of [`LogisticRegression`]. Returns [`Error::Empty`] or
    /// [`Error::InvalidParameter`] if the grid is empty or out of range. Returns [`Error::Unsupported`] for a
    /// penalty without a strength, for a model with [`on_separation`](LogisticRegression::on_separation), and
    /// if the default grid cannot be computed because no penalised column is informative about the classes.
    /// Returns [`Error::OutOfMemory`] if the models do not fit into memory.
    pub fn fit_with<'a, T: Real, L: Label>(
        &self,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<FittedLogisticPath<T, L>, Error> {
        let x = x.into();
        self.check()?;
        let rows = RowOptions { weights: options.weights, offset: options.offset };
        let mut ignore = |_: &Progress| ControlFlow::Continue(());
        let observer: &mut Observer<'_> = match options.observer {
            Some(observer) => observer,
            None => &mut ignore,
        };
        let origin = Origin::new(&self.model, x, y, rows)?;
        let lambdas = match &self.lambdas {
            Some(given) => {
                let mut descending = given.clone();
                descending.sort_by(|a, b| b.total_cmp(a));
                descending
            }
            None => {
                check::room::<FittedLogistic<T, L>>("the models of the path", self.count, 1)?;
                origin.grid(self.fraction(x), self.count)?
            }
        };
        self.follow(&lambdas, origin, x, y, rows, observer)
    }

    /// Fits the given values of λ, which are in descending order.
    pub(in crate::linear) fn fit_grid<T: Real, L: Label>(
        &self,
        lambdas: &[f64],
        x: Rows<'_, T>,
        y: &[L],
        rows: RowOptions<'_, T>,
        observer: &mut Observer<'_>,
    ) -> Result<FittedLogisticPath<T, L>, Error> {
        let origin = Origin::new(&self.model, x, y, rows)?;
        let whole = LogisticPath { deviance_limit: None, ..self.clone() };
        whole.follow(lambdas, origin, x, y, rows, observer)
    }

    fn follow<T: Real, L: Label>(
        &self,
        lambdas: &[f64],
        origin: Origin<T, L>,
        x: Rows<'_, T>,
        y: &[L],
        RowOptions { weights, offset }: RowOptions<'_, T>,
        observer: &mut Observer<'_>,
    ) -> Result<FittedLogisticPath<T, L>, Error> {
        let Origin { model: mut last, loss: null_loss, .. } = origin;
        let mut path = FittedLogisticPath::new(lambdas.len());
        for (index, &lambda) in lambdas.iter().enumerate() {
            let config = self.model.clone().penalty(self.model.penalty.with_lambda(lambda));
            let options = FitOptions { weights, offset, ..FitOptions::new() };
            last = fit(&config, x, y, options, Some(&last))?;
            path.push(lambda, last.clone(), null_loss);
            let objective = last.report().objective;
            let progress =
                Progress { iteration: index + 1, limit: lambdas.len(), objective, validation: None };
            let enough = self.deviance_limit.is_some_and(|limit| path.last_deviance_ratio() > limit);
            if observer(&progress).is_break() || enough {
                break;
            }
        }
        Ok(path)
    }

    /// Returns the ratio of the smallest to the largest λ of the default grid.
    fn fraction<T: Real>(&self, x: Rows<'_, T>) -> f64 {
        let smooth = match self.model.penalty {
            Penalty::ElasticNet { l1_ratio, .. } => l1_ratio == 0.0,
            Penalty::L1(_) => false,
            _ => true,
        };
        self.smallest.unwrap_or(match (smooth, x.ncols() > x.nrows()) {
            (false, false) => 1e-4,
            (false, true) => 1e-2,
            (true, false) => 1e-6,
            (true, true) => 1e-4,
        })
    }

    fn check(&self) -> Result<(), Error> {
        let refuse = |what, instead| Err(unsupported(what, "a path of penalties", instead));
        if matches!(self.model.penalty, Penalty::None | Penalty::Jeffreys) {
            return refuse("a penalty without a strength", "use Penalty::L1, L2 or ElasticNet");
        }
        if self.model.on_separation.is_some() {
            return refuse(
                "a penalty for separable classes",
                "leave out `on_separation`: with λ above 0 on all columns an optimum always exists",
            );
        }
        if let Some(lambdas) = &self.lambdas {
            if lambdas.is_empty() {
                return Err(Error::Empty { argument: "lambdas", axis: "entries" });
            }
            lambdas.iter().try_for_each(|&lambda| check::not_negative("lambdas", lambda))?;
        }
        check::parameter("count", self.count as f64, self.count > 0, "at least 1")?;
        let within = |ratio: f64| ratio > 0.0 && ratio < 1.0;
        let fraction = self.smallest.unwrap_or(0.5);
        check::parameter("smallest_fraction", fraction, within(fraction), "above 0 and below 1")?;
        let limit = self.deviance_limit.unwrap_or(0.5);
        check::parameter("deviance_limit", limit, (0.0..=1.0).contains(&limit), "from 0 to 1")
    }
}
