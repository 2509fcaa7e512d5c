//! Minimises a logistic objective: chooses the solver, runs it and certifies the result in the report.

use nalgebra::DMatrix;

use super::config::{LogisticRegression, Solver};
use super::decrement::{Certified, Doubt, MATRIX_LIMIT, rounding_limit};
use super::gap::{GapStopped, duality_gap};
use super::jeffreys::JeffreysObjective;
use super::objective::LogisticObjective;
use super::precondition::Preconditioned;
use super::problem::Problem;
use super::proximal::ProximalNewton;
use super::returned::Returned;
use crate::check;
use crate::error::{Error, unsupported};
use crate::optim::{HasHessian, HessianProduct, Lbfgs, MinimizeResult, Newton, NewtonCg, Objective, Stop};
use crate::penalty::Penalty;
use crate::report::{FitReport, Observer, StopReason};
use crate::scalar::Real;
use crate::scalar::all_finite;

/// Coefficients in the user's units, with the fit report.
#[derive(Debug, Clone)]
pub(super) struct Solved<T: Real> {
    pub(super) coefficients: DMatrix<T>,
    pub(super) intercept: Vec<T>,
    pub(super) report: FitReport,
    /// Whether the run stopped because the classes may be separable.
    pub(super) doubted: bool,
}

/// Optional slopes and intercepts to start from.
pub(super) type Start<'a, T> = Option<(&'a [T], &'a [T])>;

/// Minimises the objective of `problem`. `doubt` says whether the run stops where the classes may be separable.
pub(super) fn solve<T: Real>(
    config: &LogisticRegression,
    problem: &Problem<'_, T>,
    start: Start<'_, T>,
    observer: &mut Observer<'_>,
    doubt: Doubt,
) -> Result<Solved<T>, Error> {
    let tolerance = config.checked_tolerance::<T>(problem)?;
    let method = config.method(problem)?;
    let mut objective = LogisticObjective::new(*problem);
    let start = match start {
        Some((slopes, intercepts)) => objective.coordinates.params(slopes, intercepts),
        None => vec![T::zero(); objective.parameter_count()],
    };
    if !all_finite(&start) {
        return Err(Error::FitOverflow);
    }
    let limit = |default| config.max_iterations.unwrap_or(default);
    if config.penalty == Penalty::Jeffreys {
        // If all rows have probabilities 0 or 1 at the start, the information underflows and the start is
        // unusable.
        let start = if JeffreysObjective::new(&mut objective, &start).is_ok() {
            start
        } else {
            vec![T::zero(); start.len()]
        };
        let mut penalized = JeffreysObjective::new(&mut objective, &start)?;
        let newton = Newton::new().tolerance(tolerance).max_iterations(limit(200));
        let minimum = newton.minimize_observed(&mut penalized, start, observer)?;
        let MinimizeResult { params, mut report } = minimum;
        report.decrement = report.gradient_norm;
        penalized.evaluate(&params, &mut vec![T::zero(); params.len()]);
        report.gradient_norm = Some(penalized.user_optimality());
        return finish(objective, &params, report, true);
    }
    if method == Solver::ProximalNewton {
        let by_gap = config.gap_tolerance.is_some();
        let stop = Stop { tolerance: Some(tolerance), max_iterations: limit(500) };
        let method = ProximalNewton::new(start.len(), by_gap);
        let MinimizeResult { params, mut report } = stop.run(&mut objective, start, observer, method)?;
        judge_with_l1(&mut objective, &params, tolerance, by_gap, &mut report);
        return conclude(objective, params, report);
    }
    if config.gap_tolerance.is_some() {
        let mut stopped = GapStopped::new(&mut objective);
        let MinimizeResult { params, report } =
            minimize(method, tolerance, limit, &mut stopped, start, observer)?;
        let mut certified = Certified::new(&mut objective, T::TOLERANCE, Doubt::Ignored);
        let Refined { params, report } = certified.refine(params, report, false);
        return conclude(objective, params, report);
    }
    // Methods that form the second derivative do not depend on the coordinates.
    let triangle = objective.coordinates.preconditioner().filter(|_| method != Solver::Newton).cloned();
    let slopes = objective.slopes.len();
    let mut certified = Certified::new(&mut objective, tolerance, doubt);
    let MinimizeResult { params, report } = match triangle {
        None => minimize(method, tolerance, limit, &mut certified, start, observer)?,
        Some(triangle) => {
            let mut start = start;
            let mut preconditioned = Preconditioned::new(&mut certified, &triangle, slopes);
            preconditioned.enter(&mut start);
            let run = &mut preconditioned;
            let mut minimum = minimize_without_matrix(method, tolerance, limit, run, start, observer)?;
            preconditioned.leave(&mut minimum.params);
            minimum
        }
    };
    let mut report = report;
    let doubted = certified.doubted && report.stop == StopReason::Converged;
    if doubted {
        report.stop = StopReason::Stalled;
    }
    let Refined { params, report } = certified.refine(params, report, !doubted);
    Ok(Solved { doubted, ..conclude(objective, params, report)? })
}

fn minimize<T: Real, O: HasHessian<T> + HessianProduct<T>>(
    method: Solver,
    tolerance: f64,
    limit: impl Fn(usize) -> usize,
    objective: &mut O,
    start: Vec<T>,
    observer: &mut Observer<'_>,
) -> Result<MinimizeResult<T>, Error> {
    if method == Solver::Newton {
        let newton = Newton::new().tolerance(tolerance).max_iterations(limit(100));
        return newton.minimize_observed(objective, start, observer);
    }
    minimize_without_matrix(method, tolerance, limit, objective, start, observer)
}

fn minimize_without_matrix<T: Real, O: HessianProduct<T>>(
    method: Solver,
    tolerance: f64,
    limit: impl Fn(usize) -> usize,
    objective: &mut O,
    start: Vec<T>,
    observer: &mut Observer<'_>,
) -> Result<MinimizeResult<T>, Error> {
    if method == Solver::NewtonCg {
        let newton = NewtonCg::new().tolerance(tolerance).max_iterations(limit(200));
        return newton.minimize_observed(objective, start, observer);
    }
    let lbfgs = Lbfgs::new().tolerance(tolerance).max_iterations(limit(5000));
    lbfgs.minimize_observed(objective, start, observer)
}

/// A point after its last Newton steps, with the report of the run that led to it.
struct Refined<T> {
    params: Vec<T>,
    report: FitReport,
}

/// The largest number of last Newton steps.
const LAST_STEPS: usize = 4;

impl<T: Real> Certified<'_, '_, T> {
    /// Takes Newton steps from the end of a run as long as they halve the decrement, and completes the report
    /// with the decrement. A step costs one evaluation, because the second derivative is known already.
    ///
    /// A run that stalled has converged if its decrement is within the tolerance or within what rounding can
    /// cause. If `certify` is not set, the stop reason stays.
    fn refine(&mut self, mut params: Vec<T>, mut report: FitReport, certify: bool) -> Refined<T> {
        let ended = matches!(report.stop, StopReason::Converged | StopReason::Stalled);
        if matches!(report.stop, StopReason::Diverged) || (!ended && params.len() > MATRIX_LIMIT) {
            return Refined { params, report };
        }
        let mut gradient = vec![T::zero(); params.len()];
        let mut evaluation = self.objective.evaluate(&params, &mut gradient);
        let mut measured = self.measure(&params, &gradient);
        for _ in 0..LAST_STEPS {
            let Some((decrement, step)) = measured.as_ref().filter(|_| ended && certify) else { break };
            if *decrement <= EXACT * T::EPSILON.as_f64() {
                break;
            }
            let trial: Vec<T> = params.iter().zip(step).map(|(&p, &d)| p - d).collect();
            let there = self.objective.evaluate(&trial, &mut gradient);
            report.evaluations += 1;
            let noise = 8.0 * T::EPSILON.as_f64() * evaluation.magnitude;
            if !(there.value <= evaluation.value + noise) {
                break;
            }
            let after = self.measure(&trial, &gradient);
            if after.as_ref().is_none_or(|(after, _)| !(*after <= 0.5 * decrement)) {
                break;
            }
            (params, evaluation, measured) = (trial, there, after);
        }
        report.objective = evaluation.value;
        if let (true, Some(last)) = (ended, report.objective_curve.last_mut()) {
            *last = evaluation.value;
        }
        report.decrement = measured.map(|(decrement, _)| decrement);
        report.hessian_condition = self.condition().or(report.hessian_condition);
        if ended {
            self.judge(&params, &mut report, certify);
        }
        Refined { params, report }
    }

    /// Measures the decrement at the model in the user's units, whose coefficients are rounded, and decides
    /// about a run that ended by itself.
    fn judge(&mut self, params: &[T], report: &mut FitReport, certify: bool) {
        let (slopes, intercepts) = self.objective.coefficients(params);
        let coordinates = &self.objective.coordinates;
        let shifts = if coordinates.far { coordinates.shifts(params, slopes.as_slice()) } else { intercepts };
        if !(all_finite(slopes.as_slice()) && all_finite(&shifts)) {
            return;
        }
        if coordinates.explicit() {
            let center = coordinates.far.then(|| coordinates.center.clone());
            let model = Returned { slopes: slopes.as_slice(), center: center.as_deref(), scores: &shifts };
            let mut gradient = vec![T::zero(); params.len()];
            self.objective.gradient_at(&model, &mut gradient);
            let measured = self.measure(params, &gradient).map(|(decrement, _)| decrement);
            report.decrement = report.decrement.and_then(|solved| Some(solved.max(measured?)));
        }
        let Some(decrement) = report.decrement else { return };
        if decrement <= self.tolerance {
            if certify {
                report.stop = StopReason::Converged;
            }
            return;
        }
        let limit = self.rounding(params, slopes.as_slice(), &shifts);
        if certify && limit.is_some_and(|limit| decrement <= limit) {
            report.stop = StopReason::Converged;
            report.rounding_limit = limit;
        } else if certify {
            report.stop = StopReason::Stalled;
        }
    }
}

/// Completes the report of a fit with an L1 penalty with the decrement, and decides about a run that stalled.
fn judge_with_l1<T: Real>(
    objective: &mut LogisticObjective<'_, T>,
    params: &[T],
    tolerance: f64,
    by_gap: bool,
    report: &mut FitReport,
) {
    report.decrement = objective.decrement_with_l1(params);
    let Some(decrement) = report.decrement.filter(|_| !by_gap && report.stop == StopReason::Stalled) else {
        return;
    };
    let (slopes, intercepts) = objective.coefficients(params);
    let coordinates = &objective.coordinates;
    let shifts = if coordinates.far { coordinates.shifts(params, slopes.as_slice()) } else { intercepts };
    let (of_scores, terms) = objective.rounding(params, slopes.as_slice(), &shifts);
    let limit = rounding_limit(of_scores, &terms, &objective.curvature_roots());
    if decrement <= tolerance {
        report.stop = StopReason::Converged;
    } else if decrement <= limit {
        report.stop = StopReason::Converged;
        report.rounding_limit = Some(limit);
    }
}

/// The decrement, in units in the last place, from which Newton steps gain nothing.
const EXACT: f64 = 64.0;

/// Completes the report with the measures that do not depend on the method.
fn conclude<T: Real>(
    mut objective: LogisticObjective<'_, T>,
    params: Vec<T>,
    mut report: FitReport,
) -> Result<Solved<T>, Error> {
    let value = report.objective;
    report.duality_gap = duality_gap(&mut objective, &params, value);
    finish(objective, &params, report, false)
}

/// Converts the parameters to the user's units, and measures the gradient there.
fn finish<T: Real>(
    mut objective: LogisticObjective<'_, T>,
    params: &[T],
    mut report: FitReport,
    jeffreys: bool,
) -> Result<Solved<T>, Error> {
    let (coefficients, intercept) = objective.coefficients(params);
    if !jeffreys && all_finite(coefficients.as_slice()) && all_finite(&intercept) {
        let model = Returned { slopes: coefficients.as_slice(), center: None, scores: &intercept };
        report.gradient_norm = Some(objective.violation_at(&model, params));
    }
    report.constant_columns.clone_from(&objective.coordinates.constant);
    report.dependent_columns = objective.coordinates.dependent().collect();
    Ok(Solved { coefficients, intercept, report, doubted: false })
}

impl LogisticRegression {
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

    /// Returns the solver to use; never `Auto`.
    fn method<T: Real>(&self, problem: &Problem<'_, T>) -> Result<Solver, Error> {
        let refuse = |what, instead| Err(unsupported(what, "this solver", instead));
        match self.solver {
            Solver::Auto | Solver::Newton if self.penalty == Penalty::Jeffreys => Ok(Solver::Newton),
            _ if self.penalty == Penalty::Jeffreys => {
                refuse("Jeffreys' penalty", "use Solver::Auto or Solver::Newton")
            }
            Solver::Auto | Solver::ProximalNewton if !problem.penalty.is_smooth() => {
                Ok(Solver::ProximalNewton)
            }
            _ if !problem.penalty.is_smooth() => {
                refuse("an L1 penalty", "use Solver::Auto or Solver::ProximalNewton")
            }
            Solver::Auto if problem.parameter_count() <= Solver::NEWTON_LIMIT => Ok(Solver::Newton),
            Solver::Auto => Ok(Solver::NewtonCg),
            // Without absolute values it is Newton's method.
            Solver::ProximalNewton => Ok(Solver::Newton),
            chosen => Ok(chosen),
        }
    }
}
