//! The fit of a logistic regression: from checked arguments to a model with its fit report.

use std::ops::ControlFlow;

use super::attended::attend;
use super::config::{LogisticRegression, Solver};
use super::decrement::Doubt;
use super::fitted::{FittedLogistic, Terms};
use super::problem::{ColumnPenalty, Problem};
use super::rows::TrainingRows;
use super::sample::{Classes, Sample};
use super::separation::{Budget, Estimate, Separation, separation};
use super::solve::{Solved, Start, after, solve};
use crate::compiled::compiled;
use crate::error::{Error, unsupported};
use crate::estimator::{Estimator, FitOptions};
use crate::label::Label;
use crate::penalty::Penalty;
use crate::report::{FitReport, Observer, Progress, StopReason};
use crate::rows::Rows;
use crate::scalar::Real;

impl<T: Real> Estimator<T> for LogisticRegression {
    type Fitted<L: Label> = FittedLogistic<T, L>;

    fn fit_rows<L: Label>(
        &self,
        x: Rows<'_, T>,
        y: &[L],
        mut options: FitOptions<'_, T>,
    ) -> Result<FittedLogistic<T, L>, Error> {
        let (weights, without_offset) = (options.weights, options.offset.is_none());
        let attendance = options.attendance.take().filter(|_| without_offset);
        let model = fit(self, x, y, options, None)?;
        if let Some(attendance) = attendance {
            attend(self, &model, x, y, weights, attendance)?;
        }
        Ok(model)
    }
}

impl LogisticRegression {
    /// Fits like [`fit`](Estimator::fit), starting from the coefficients of `start`. The closer they are to
    /// the optimum, the fewer iterations the fit takes.
    ///
    /// # Errors
    /// Returns the same errors as [`fit_from_with`](Self::fit_from_with).
    pub fn fit_from<'a, T: Real, L: Label>(
        &self,
        start: &FittedLogistic<T, L>,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
    ) -> Result<FittedLogistic<T, L>, Error> {
        let x = x.into();
        self.fit_from_with(start, x, y, FitOptions::default())
    }

    /// Fits with all options (weights, offsets, an observer), starting from the coefficients of `start`.
    ///
    /// # Errors
    /// Returns the same errors as [`fit_rows`](Estimator::fit_rows), and [`Error::WarmStart`] if `start` has
    /// other columns or classes than the data.
    pub fn fit_from_with<'a, T: Real, L: Label>(
        &self,
        start: &FittedLogistic<T, L>,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<FittedLogistic<T, L>, Error> {
        let x = x.into();
        fit(self, x, y, options, Some(start))
    }
}

/// Fits `config` to the rows, starting from zero or from another model.
pub(super) fn fit<T: Real, L: Label>(
    config: &LogisticRegression,
    x: Rows<'_, T>,
    y: &[L],
    options: FitOptions<'_, T>,
    start: Option<&FittedLogistic<T, L>>,
) -> Result<FittedLogistic<T, L>, Error> {
    config.threads.run(|| fit_here(config, x, y, options, start))
}

fn fit_here<T: Real, L: Label>(
    config: &LogisticRegression,
    x: Rows<'_, T>,
    y: &[L],
    options: FitOptions<'_, T>,
    start: Option<&FittedLogistic<T, L>>,
) -> Result<FittedLogistic<T, L>, Error> {
    let (sample, classes) = Sample::new(x, y, options.weights, options.offset, config.class_weight.as_ref())?;
    if let Some(start) = start {
        start.check_start(x.ncols(), &classes.labels)?;
    }
    let mut ignore = |_: &_| ControlFlow::Continue(());
    let observer: &mut Observer<'_> = match options.observer {
        Some(observer) => observer,
        None => &mut ignore,
    };
    fit_classes(config, sample.rows(), classes, start.map(FittedLogistic::located_coefficients), observer)
}

/// Fits `config` to rows with encoded labels.
pub(super) fn fit_classes<T: Real, L: Label>(
    config: &LogisticRegression,
    rows: TrainingRows<'_, T>,
    Classes { labels: classes, weights: class_weights }: Classes<L>,
    start: Start<'_, T>,
    observer: &mut Observer<'_>,
) -> Result<FittedLogistic<T, L>, Error> {
    let (columns, count) = (rows.columns(), classes.len());
    let penalty = config.column_penalty::<T>(columns, rows.total_weight)?;
    let remedy = config.remedy::<T>(columns, rows.total_weight)?;
    let problem = Problem { rows, classes: count, intercept: config.intercept, penalty: &penalty };
    let mut solved = solve(config, &problem, start, observer, Doubt::Stops)?;
    let model = |config: &LogisticRegression, penalty, solved, separation| {
        let jeffreys = config.penalty == Penalty::Jeffreys;
        let terms = Terms { penalty, jeffreys, intercept: config.intercept, class_weights };
        FittedLogistic::new(classes, rows.names().map(<[String]>::to_vec), solved, terms, separation)
    };
    match (Existence::of_optimum(config, &problem, &solved, observer), remedy) {
        (Existence::NotDenied, _) if solved.doubted => {
            let solved = go_on(config, &problem, solved, observer)?;
            model(config, penalty, solved, None)
        }
        (Existence::NotDenied, _) => model(config, penalty, solved, None),
        (Existence::Cancelled, _) => {
            solved.report.stop = StopReason::Cancelled;
            model(config, penalty, solved, None)
        }
        (Existence::Undecided, _) => {
            solved.report.stop = StopReason::SeparationUndecided;
            model(config, penalty, solved, None)
        }
        (Existence::Separated(direction), None) => {
            solved.report.stop = StopReason::Separated;
            model(config, penalty, solved, direction)
        }
        (Existence::Separated(direction), Some((config, penalty))) => {
            let problem = Problem { penalty: &penalty, ..problem };
            let solved = solve(&config, &problem, None, observer, Doubt::Ignored)?;
            model(&config, penalty, solved, direction)
        }
    }
}

/// Continues a run that stopped because the classes might have been separable.
#[inline(never)]
fn go_on<T: Real>(
    config: &LogisticRegression,
    problem: &Problem<'_, T>,
    before: Solved<T>,
    observer: &mut Observer<'_>,
) -> Result<Solved<T>, Error> {
    let done = before.report.iterations;
    let limit = config.max_iterations.map(|limit| limit.saturating_sub(done));
    let config = LogisticRegression { max_iterations: limit, ..config.clone() };
    let mut counted = |progress: &Progress| observer(&after(done, progress));
    let mut solved = solve(&config, problem, Some(before.located()), &mut counted, Doubt::Ignored)?;
    solved.report.precede(before.report);
    Ok(solved)
}

/// The number of multiplications that a search may take however quick the fit was: some tenths of a second.
const LEAST_WORK: usize = 300_000_000;

/// The existence of an optimum.
enum Existence<T: Real> {
    /// An optimum exists, or nothing suggests otherwise: the solver's report stands.
    NotDenied,
    /// The search did not end within its budget, or rounding errors leave separability open, so nothing is
    /// certain about an optimum.
    Undecided,
    /// The observer ended the search.
    Cancelled,
    /// Unpenalised columns separate the classes, so there is no optimum. Holds the direction, unless it is
    /// not representable.
    Separated(Option<Separation<T>>),
}

impl<T: Real> Existence<T> {
    /// Searches for a direction along which unpenalised columns separate the classes, unless the fit itself
    /// proves that there is none. The search takes at most about as long as the fit.
    #[inline(never)]
    fn of_optimum(
        config: &LogisticRegression,
        problem: &Problem<'_, T>,
        solved: &Solved<T>,
        observer: &mut Observer<'_>,
    ) -> Self {
        let Problem { rows, classes, intercept, .. } = *problem;
        let report = &solved.report;
        let unasked = report.stop == StopReason::Cancelled
            || (report.stop == StopReason::IterationLimit && report.iterations == 0);
        let free = &solved.free;
        if config.penalty == Penalty::Jeffreys || free.is_empty() || unasked {
            return Existence::NotDenied;
        }
        let progress = Progress {
            iteration: report.iterations,
            limit: report.iterations,
            objective: report.objective,
            validation: None,
        };
        let mut ask = || observer(&progress);
        let mut budget = Budget::new(work(problem, report).max(LEAST_WORK), &mut ask);
        let whole = free.len() == rows.columns();
        let slopes = solved.coefficients.select_rows(free);
        let intercepts = &solved.intercept;
        let found = if whole {
            let estimate = Estimate { slopes: &slopes, intercepts, beside: None };
            separation(rows, classes, intercept, Some(&estimate), &mut budget)
        } else {
            // Beside the scores of the penalised columns, the others maximise the likelihood.
            let mut beside = solved.coefficients.clone();
            free.iter().for_each(|&j| beside.row_mut(j).fill(T::zero()));
            let estimate = Estimate { slopes: &slopes, intercepts, beside: Some(&beside) };
            separation(rows.with_columns(free), classes, intercept, Some(&estimate), &mut budget)
                .map(|found| found.map(|direction| direction.in_columns(free, rows.columns())))
        };
        if budget.is_cancelled() {
            return Existence::Cancelled;
        }
        match found {
            Ok(None) => Existence::NotDenied,
            // Every class has rows, so no intercept separates them alone. Slopes that are all zero
            // underflowed in the units of their columns.
            Ok(found) => Existence::Separated(found.filter(|direction| !direction.columns().is_empty())),
            // The direction exists but is not representable.
            Err(Error::FitOverflow) => Existence::Separated(None),
            Err(_) => Existence::Undecided,
        }
    }
}

compiled!(
    T: go_on::<T> as fn(_, &_, _, &mut _) -> _,
    Existence::<T>::of_optimum as fn(_, &_, &_, &mut _) -> _
);

/// Returns the approximate number of multiplications that a fit took.
fn work<T: Real>(problem: &Problem<'_, T>, report: &FitReport) -> usize {
    /// The usual number of products with the second derivative per iteration of a solver without a matrix.
    const PRODUCTS: usize = 10;
    let (rows, size) = (problem.rows.count(), problem.parameter_count());
    let pass = rows.saturating_mul(2 * size + 20 * problem.classes);
    let curvature = if size <= Solver::NEWTON_LIMIT { size / 2 } else { 2 * PRODUCTS };
    let steps = rows.saturating_mul(size).saturating_mul(curvature).saturating_mul(report.iterations);
    pass.saturating_mul(report.evaluations).saturating_add(steps)
}

impl LogisticRegression {
    pub(super) fn column_penalty<T: Real>(
        &self,
        features: usize,
        total: f64,
    ) -> Result<ColumnPenalty, Error> {
        ColumnPenalty::new::<T>(self.penalty, self.penalty_factors.as_deref(), features, total)
    }

    /// Returns the configuration to refit with if the classes are separable, and its penalty.
    fn remedy<T: Real>(&self, features: usize, total: f64) -> Result<Option<(Self, ColumnPenalty)>, Error> {
        let Some(penalty) = self.on_separation else { return Ok(None) };
        if penalty == Penalty::None {
            return Err(unsupported(
                "Penalty::None",
                "on_separation",
                "name a penalty for which an optimum exists, such as Penalty::Jeffreys",
            ));
        }
        // Factors leave columns unpenalised, and those columns separate the classes.
        let config = LogisticRegression { penalty_factors: None, ..self.clone().penalty(penalty) };
        let config = LogisticRegression { solver: Solver::Auto, gap_tolerance: None, ..config };
        let columns = config.column_penalty::<T>(features, total)?;
        Ok(Some((config, columns)))
    }
}
