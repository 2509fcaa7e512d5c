//! Minimises a logistic objective: chooses the solver, runs it and certifies the result in the report.

use nalgebra::DMatrix;

use super::config::{LogisticRegression, Solver};
use super::decrement::{Certified, Doubt, MATRIX_LIMIT};
use super::gap::{GapStopped, duality_gap};
use super::jeffreys::JeffreysObjective;
use super::objective::LogisticObjective;
use super::origin::{Coefficients, Origin};
use super::precondition::Preconditioned;
use super::problem::Problem;
use super::proximal::ProximalNewton;
use super::refine::Refined;
use super::returned::Returned;
use crate::check;
use crate::compiled::compiled;
use crate::error::{Error, unsupported};
use crate::optim::{
    HasHessian, HessianProduct, Lbfgs, MinimizeResult, Newton, NewtonCg, Objective, Stop, or_infinite,
};
use crate::parallel::awake;
use crate::penalty::Penalty;
use crate::report::{FitReport, Observer, Progress, StopReason};
use crate::scalar::Real;
use crate::scalar::all_finite;

/// Coefficients in the user's units, with the fit report.
#[derive(Debug, Clone)]
pub(super) struct Solved<T: Real> {
    pub(super) coefficients: DMatrix<T>,
    pub(super) intercept: Vec<T>,
    /// The scores at the centre, if a column is far from the origin.
    pub(super) origin: Option<Origin<T>>,
    pub(super) report: FitReport,
    /// Whether the run stopped because the classes may be separable.
    pub(super) doubted: bool,
    /// The columns without a penalty, or with one too weak to matter.
    pub(super) free: Vec<usize>,
}

impl<T: Real> Solved<T> {
    /// Returns the coefficients with the point of the scores.
    pub(super) fn located(&self) -> Coefficients<'_, T> {
        Coefficients { slopes: &self.coefficients, intercepts: &self.intercept, origin: self.origin.as_ref() }
    }
}

/// Optional coefficients to start from.
pub(super) type Start<'a, T> = Option<Coefficients<'a, T>>;

/// The number of multiplications in a pass over the rows from which other threads stay awake from pass to pass: T4 of
/// `benches/peers` is then 1.73 times as fast on two threads as on one, and 1.69 times if they go to sleep.
const AWAKE: f64 = 2e6;

/// Minimises the objective of `problem`. `doubt` says whether the run stops where the classes may be separable.
pub(super) fn solve<T: Real>(
    config: &LogisticRegression,
    problem: &Problem<'_, T>,
    start: Start<'_, T>,
    observer: &mut Observer<'_>,
    doubt: Doubt,
) -> Result<Solved<T>, Error> {
    let pass = 2.0 * problem.rows.count() as f64 * problem.parameter_count() as f64;
    let mut run = || solve_here(config, problem, start, observer, doubt);
    if pass < AWAKE { run() } else { awake(run) }
}

#[inline(never)]
fn solve_here<T: Real>(
    config: &LogisticRegression,
    problem: &Problem<'_, T>,
    start: Start<'_, T>,
    observer: &mut Observer<'_>,
    doubt: Doubt,
) -> Result<Solved<T>, Error> {
    let tolerance = config.checked_tolerance::<T>(problem)?;
    let method = config.method(problem)?;
    let mut objective = LogisticObjective::new(*problem);
    let method = method.unwrap_or_else(|| automatic(&objective));
    let start = match start {
        Some(start) => start.params_in(&objective.coordinates),
        None => vec![T::zero(); objective.parameter_count()],
    };
    if !all_finite(&start) {
        return Err(Error::FitOverflow);
    }
    let limit = |default| config.max_iterations.unwrap_or(default);
    if config.penalty == Penalty::Jeffreys {
        return solve_with_jeffreys(objective, start, tolerance, limit(200), observer);
    }
    let by_gap = config.gap_tolerance.is_some();
    if method == Solver::ProximalNewton {
        let near = if by_gap { tolerance } else { near(tolerance, LAST_DIGITS) };
        let stop = Stop { tolerance: Some(near), max_iterations: limit(500) };
        let run = ProximalNewton::new(by_gap);
        let MinimizeResult { params, report } = stop.run(&mut objective, start, observer, run)?;
        let mut refined = objective.refine_with_l1(params, report, tolerance, by_gap, limit(500) > 0);
        if refined.unfinished(near > tolerance) {
            let done = refined.report.iterations;
            let max_iterations = limit(500).saturating_sub(done);
            let stop = Stop { tolerance: Some(tolerance), max_iterations };
            let run = ProximalNewton::new(by_gap);
            let observer = &mut |progress: &Progress| observer(&after(done, progress));
            let MinimizeResult { params, report } =
                stop.run(&mut objective, refined.params, observer, run)?;
            let more = objective.refine_with_l1(params, report, tolerance, by_gap, limit(500) > 0);
            refined = more.preceded_by(refined.report);
        }
        return conclude(objective, refined, tolerance);
    }
    if by_gap {
        let mut stopped = GapStopped::new(&mut objective);
        let MinimizeResult { params, report } =
            minimize(method, tolerance, config.max_iterations, &mut stopped, start, observer)?;
        let mut certified = Certified::new(&mut objective, T::TOLERANCE, T::TOLERANCE, Doubt::Ignored);
        let refined = certified.refine(params, report, false);
        return conclude(objective, refined, tolerance);
    }
    let early = match method {
        Solver::Newton => LAST_DIGITS,
        Solver::NewtonCg if start.len() > MATRIX_LIMIT => LAST_PRODUCTS,
        _ => LAST_STRETCH,
    };
    let near = near(tolerance, early);
    let run = Run { method, tolerance, doubt };
    let mut refined = run.solve(&mut objective, start, near, config.max_iterations, observer)?;
    if refined.unfinished(near > tolerance) {
        let done = refined.report.iterations;
        let limit = config.max_iterations.map(|limit| limit.saturating_sub(done));
        let observer = &mut |progress: &Progress| observer(&after(done, progress));
        let more = run.solve(&mut objective, refined.params, tolerance, limit, observer)?;
        refined = more.preceded_by(refined.report);
    }
    conclude(objective, refined, tolerance)
}

compiled!(T: solve_here::<T> as fn(_, &_, _, &mut _, _) -> _);

/// The factor of the tolerance at which a run ends and the last Newton steps begin. Newton's method would
/// take one more iteration; the last steps use the second derivative that it has.
const LAST_DIGITS: f64 = 1e2;

/// The factor for methods that do not form the second derivative. The last steps form it once, or multiply by
/// it, which costs less than the iterations that they save.
const LAST_STRETCH: f64 = 1e5;

/// The factor for truncated Newton with many parameters. There, a last step takes about as many products as an
/// iteration. With factors of 1e2 and 1e4, fits of 300 x 10,000 and 5,000 x 1,000 (three
/// penalties each) take 2 % and 8 % more passes in all.
const LAST_PRODUCTS: f64 = 1e3;

/// The lower bound of the decrement at which the preconditioner is renewed. Probabilities hardly change any more.
const FAR: f64 = 1e-2;

/// The largest decrement at which the last Newton steps begin.
const FARTHEST: f64 = 1e-3;

/// Returns the decrement at which a run ends.
fn near(tolerance: f64, factor: f64) -> f64 {
    tolerance.max((factor * tolerance).min(FARTHEST))
}

/// Returns the progress of a run that follows `done` iterations.
pub(super) fn after(done: usize, progress: &Progress) -> Progress {
    let (iteration, limit) = (progress.iteration + done, progress.limit.saturating_add(done));
    Progress { iteration, limit, ..*progress }
}

fn solve_with_jeffreys<T: Real>(
    mut objective: LogisticObjective<'_, T>,
    start: Vec<T>,
    tolerance: f64,
    max_iterations: usize,
    observer: &mut Observer<'_>,
) -> Result<Solved<T>, Error> {
    // If all rows have probabilities 0 or 1 at the start, the information underflows and the start is
    // unusable.
    let start = if JeffreysObjective::new(&mut objective, &start).is_ok() {
        start
    } else {
        vec![T::zero(); start.len()]
    };
    let mut penalized = JeffreysObjective::new(&mut objective, &start)?;
    let newton = Newton::new().tolerance(tolerance).max_iterations(max_iterations);
    let MinimizeResult { params, mut report } = newton.minimize_observed(&mut penalized, start, observer)?;
    report.decrement = report.gradient_norm;
    penalized.evaluate(&params, &mut vec![T::zero(); params.len()]);
    report.gradient_norm = Some(penalized.user_optimality());
    Ok(finish(objective, Refined { params, report, doubted: false }, tolerance))
}

/// A run of a method for smooth objectives.
struct Run {
    method: Solver,
    tolerance: f64,
    doubt: Doubt,
}

impl Run {
    /// Minimises until the decrement is `near`, and then takes Newton steps.
    fn solve<T: Real>(
        &self,
        objective: &mut LogisticObjective<'_, T>,
        start: Vec<T>,
        near: f64,
        limit: Option<usize>,
        observer: &mut Observer<'_>,
    ) -> Result<Refined<T>, Error> {
        let many = self.method != Solver::Newton && start.len() > MATRIX_LIMIT;
        if !many || limit == Some(0) || !objective.coordinates.may_renew() {
            return self.finish(objective, start, near, limit, observer);
        }
        let mut certified = Certified::new(objective, self.tolerance, near, self.doubt);
        certified.rough = true;
        let far = near.max(FAR);
        let MinimizeResult { params, report } = self.minimize(&mut certified, start, far, limit, observer)?;
        if certified.doubted || !matches!(report.stop, StopReason::Converged | StopReason::Stalled) {
            return Ok(certified.refine(params, report, true));
        }
        objective.renew_preconditioner(&params);
        let done = report.iterations;
        let limit = limit.map(|limit| limit.saturating_sub(done));
        let observer = &mut |progress: &Progress| observer(&after(done, progress));
        let refined = self.finish(objective, params, near, limit, observer)?;
        Ok(refined.preceded_by(report))
    }

    /// Minimises with the preconditioner at hand until the decrement is `near`, and then takes Newton steps.
    fn finish<T: Real>(
        &self,
        objective: &mut LogisticObjective<'_, T>,
        start: Vec<T>,
        near: f64,
        limit: Option<usize>,
        observer: &mut Observer<'_>,
    ) -> Result<Refined<T>, Error> {
        let mut certified = Certified::new(objective, self.tolerance, near, self.doubt);
        certified.may_move = limit != Some(0);
        let MinimizeResult { params, report } =
            self.minimize(&mut certified, start, near, limit, observer)?;
        Ok(certified.refine(params, report, true))
    }

    /// Minimises until the optimality is `near`.
    fn minimize<T: Real>(
        &self,
        certified: &mut Certified<'_, '_, T>,
        mut start: Vec<T>,
        near: f64,
        limit: Option<usize>,
        observer: &mut Observer<'_>,
    ) -> Result<MinimizeResult<T>, Error> {
        // Methods that form the second derivative do not depend on the coordinates.
        let known = certified.objective.coordinates.preconditioner();
        let Some(preconditioner) = known.filter(|_| self.method != Solver::Newton) else {
            return minimize(self.method, near, limit, certified, start, observer);
        };
        let mut preconditioned = Preconditioned::new(certified, &preconditioner);
        preconditioned.enter(&mut start);
        let run = &mut preconditioned;
        let mut minimum = minimize_without_matrix(self.method, near, limit, run, start, observer)?;
        preconditioned.leave(&mut minimum.params);
        Ok(minimum)
    }
}

fn minimize<T: Real, O: HasHessian<T> + HessianProduct<T>>(
    method: Solver,
    tolerance: f64,
    limit: Option<usize>,
    objective: &mut O,
    start: Vec<T>,
    observer: &mut Observer<'_>,
) -> Result<MinimizeResult<T>, Error> {
    if method == Solver::Newton {
        let newton = Newton::new().tolerance(tolerance).max_iterations(limit.unwrap_or(100));
        return newton.minimize_observed(objective, start, observer);
    }
    minimize_without_matrix(method, tolerance, limit, objective, start, observer)
}

fn minimize_without_matrix<T: Real, O: HessianProduct<T>>(
    method: Solver,
    tolerance: f64,
    limit: Option<usize>,
    objective: &mut O,
    start: Vec<T>,
    observer: &mut Observer<'_>,
) -> Result<MinimizeResult<T>, Error> {
    if method == Solver::NewtonCg {
        let newton = NewtonCg::new().tolerance(tolerance).max_iterations(limit.unwrap_or(200));
        return newton.minimize_observed(objective, start, observer);
    }
    let lbfgs = Lbfgs::new().tolerance(tolerance).max_iterations(limit.unwrap_or(5000));
    lbfgs.minimize_observed(objective, start, observer)
}

/// Completes the report with the duality gap and the measures in the user's units.
fn conclude<T: Real>(
    mut objective: LogisticObjective<'_, T>,
    mut refined: Refined<T>,
    tolerance: f64,
) -> Result<Solved<T>, Error> {
    let value = refined.report.objective;
    refined.report.duality_gap = duality_gap(&mut objective, &refined.params, value);
    let (coefficients, intercept) = objective.coefficients(&refined.params);
    if all_finite(coefficients.as_slice()) && all_finite(&intercept) {
        let model = Returned { slopes: coefficients.as_slice(), center: None, scores: &intercept };
        refined.report.gradient_norm = Some(objective.violation_at(&model, &refined.params));
    }
    Ok(finish(objective, refined, tolerance))
}

/// Converts the parameters to the user's units.
fn finish<T: Real>(objective: LogisticObjective<'_, T>, refined: Refined<T>, tolerance: f64) -> Solved<T> {
    let Refined { params, mut report, doubted } = refined;
    report.gradient_norm = report.gradient_norm.map(or_infinite);
    report.decrement = report.decrement.map(or_infinite);
    let (coefficients, intercept) = objective.coefficients(&params);
    let origin = objective.coordinates.origin(&params);
    report.constant_columns.clone_from(&objective.coordinates.constant);
    report.dependent_columns = objective.coordinates.dependent().collect();
    let penalty = objective.problem.penalty;
    let free = objective.coordinates.free(penalty, coefficients.as_slice(), tolerance);
    Solved { coefficients, intercept, origin, report, doubted, free }
}

impl LogisticRegression {
    /// Checks the settings that do not depend on the rows, for this number of columns.
    ///
    /// # Errors
    /// Returns the errors of a fit.
    pub(super) fn check<T: Real>(&self, columns: usize) -> Result<(), Error> {
        check::positive("tolerance", self.tolerance.unwrap_or(T::TOLERANCE))?;
        self.gap_tolerance.map_or(Ok(()), |gap| check::positive("gap_tolerance", gap))?;
        self.column_penalty::<T>(columns, 1.0).map(|_| ())
    }

    /// Returns the tolerance on the gradient, or on the duality gap if that is set.
    fn checked_tolerance<T: Real>(&self, problem: &Problem<'_, T>) -> Result<f64, Error> {
        let tolerance = self.tolerance.unwrap_or(T::TOLERANCE);
        check::positive("tolerance", tolerance)?;
        let Some(gap) = self.gap_tolerance else { return Ok(tolerance) };
        check::positive("gap_tolerance", gap)?;
        if !problem.penalty.free().is_empty() {
            return Err(unsupported(
                "`gap_tolerance`",
                "a fit with unpenalised columns",
                "use `tolerance`, or penalise every column with L1, L2 or both",
            ));
        }
        Ok(gap)
    }

    /// Returns the solver to use; `None` if that depends on the columns.
    fn method<T: Real>(&self, problem: &Problem<'_, T>) -> Result<Option<Solver>, Error> {
        let refuse = |what, instead| Err(unsupported(what, "this solver", instead));
        match self.solver {
            Solver::Auto | Solver::Newton if self.penalty == Penalty::Jeffreys => Ok(Some(Solver::Newton)),
            _ if self.penalty == Penalty::Jeffreys => {
                refuse("Jeffreys' penalty", "use Solver::Auto or Solver::Newton")
            }
            Solver::Auto | Solver::ProximalNewton if !problem.penalty.is_smooth() => {
                Ok(Some(Solver::ProximalNewton))
            }
            _ if !problem.penalty.is_smooth() => {
                refuse("an L1 penalty", "use Solver::Auto or Solver::ProximalNewton")
            }
            Solver::Auto => Ok(None),
            // Without absolute values it is Newton's method.
            Solver::ProximalNewton => Ok(Some(Solver::Newton)),
            chosen => Ok(Some(chosen)),
        }
    }
}

/// The number of rows for each column from which [`Solver::Auto`] takes L-BFGS: a second derivative then costs as
/// much as some evaluations, and the cross products of the columns are close to it up to a factor. On half A of
/// `benches/profile`, it takes 0.86 of the time of Newton's method or conjugate gradients there, and 1.12 elsewhere
/// (half B: 0.78 and 1.11). The choice is the same for 40 to 100 rows.
const TALL: usize = 100;

/// Returns the solver of [`Solver::Auto`] for a smooth objective.
fn automatic<T: Real>(objective: &LogisticObjective<'_, T>) -> Solver {
    let Problem { rows, penalty, .. } = &objective.problem;
    let tall = rows.count() >= TALL * rows.columns();
    if tall && penalty.free().is_empty() && objective.coordinates.preconditioner().is_some() {
        Solver::Lbfgs
    } else if objective.problem.parameter_count() <= Solver::NEWTON_LIMIT {
        Solver::Newton
    } else {
        Solver::NewtonCg
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::ClassExamples;
    use crate::linear::problem::ColumnPenalty;
    use crate::report::StopReason;

    /// The slope is finite, and the intercept at the origin is not.
    #[test]
    fn a_model_that_overflows_has_no_gradient() {
        let x = nalgebra::dmatrix![9.0; 11.0];
        let rows = ClassExamples::new((&x).into(), &[0, 1], None).unwrap();
        let penalty = ColumnPenalty::none(1);
        let problem = Problem { rows: rows.into(), classes: 2, intercept: true, penalty: &penalty };
        for (slope, finite) in [(1.0, true), (1e308, false)] {
            let report = FitReport::new(StopReason::Diverged, f64::INFINITY, None);
            let refined = Refined { params: vec![slope, 0.0], report, doubted: false };
            let solved = conclude(LogisticObjective::new(problem), refined, 1e-8).unwrap();
            assert!(all_finite(solved.coefficients.as_slice()));
            assert_eq!(all_finite(&solved.intercept), finite);
            assert_eq!(solved.report.gradient_norm.is_some(), finite);
        }
    }
}
