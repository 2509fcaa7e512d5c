//! Minimises a logistic objective: chooses the solver, runs it and certifies the result in the report.

use nalgebra::DMatrix;

use super::config::{LogisticRegression, Solver};
use super::gap::{GapStopped, duality_gap};
use super::jeffreys::JeffreysObjective;
use super::objective::LogisticObjective;
use super::problem::Problem;
use super::proximal::ProximalNewton;
use crate::check;
use crate::error::{Error, unsupported};
use crate::optim::{
    HasHessian, HessianProduct, Lbfgs, MinimizeResult, Newton, NewtonCg, Objective, Stop, condition,
};
use crate::penalty::Penalty;
use crate::report::{FitReport, Observer};
use crate::scalar::Real;
use crate::scalar::all_finite;

/// Coefficients in the user's units, with the fit report.
#[derive(Debug, Clone)]
pub(super) struct Solved<T: Real> {
    pub(super) coefficients: DMatrix<T>,
    pub(super) intercept: Vec<T>,
    pub(super) report: FitReport,
}

/// Optional slopes and intercepts to start from.
pub(super) type Start<'a, T> = Option<(&'a [T], &'a [T])>;

/// The largest number of parameters for which the Hessian's condition is computed if the solver does not form
/// the Hessian.
const CONDITION_LIMIT: usize = 256;

/// Minimises the objective of `problem`.
pub(super) fn solve<T: Real>(
    config: &LogisticRegression,
    problem: &Problem<'_, T>,
    start: Start<'_, T>,
    observer: &mut Observer<'_>,
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
    let minimum = if config.penalty == Penalty::Jeffreys {
        // If all rows have probabilities 0 or 1 at the start, the information underflows and the start is
        // unusable.
        let start = if JeffreysObjective::new(&mut objective, &start).is_ok() {
            start
        } else {
            vec![T::zero(); start.len()]
        };
        let mut objective = JeffreysObjective::new(&mut objective, &start)?;
        let newton = Newton::new().tolerance(tolerance).max_iterations(limit(200));
        newton.minimize_observed(&mut objective, start, observer)?
    } else if method == Solver::ProximalNewton {
        let by_gap = config.gap_tolerance.is_some();
        let stop = Stop { tolerance: Some(tolerance), max_iterations: limit(500) };
        let method = ProximalNewton::new(by_gap);
        stop.run(&mut objective, start, observer, method)?
    } else if config.gap_tolerance.is_some() {
        minimize(method, tolerance, limit, &mut GapStopped::new(&mut objective), start, observer)?
    } else {
        minimize(method, tolerance, limit, &mut objective, start, observer)?
    };
    let MinimizeResult { params, mut report } = minimum;
    if config.penalty != Penalty::Jeffreys {
        if config.gap_tolerance.is_some() {
            report.gradient_norm = Some(objective.largest_violation(&params));
        }
        report.duality_gap = duality_gap(&mut objective, &params, report.objective);
        if report.hessian_condition.is_none()
            && params.len() <= CONDITION_LIMIT
            && method != Solver::ProximalNewton
        {
            let mut hessian = DMatrix::zeros(params.len(), params.len());
            objective.hessian(&params, &mut hessian);
            report.hessian_condition = Some(condition(&hessian));
        }
    }
    let (coefficients, intercept) = objective.coefficients(&params);
    Ok(Solved { coefficients, intercept, report })
}

fn minimize<T: Real, O: HasHessian<T> + HessianProduct<T>>(
    method: Solver,
    tolerance: f64,
    limit: impl Fn(usize) -> usize,
    objective: &mut O,
    start: Vec<T>,
    observer: &mut Observer<'_>,
) -> Result<MinimizeResult<T>, Error> {
    match method {
        Solver::Newton => {
            let newton = Newton::new().tolerance(tolerance).max_iterations(limit(100));
            newton.minimize_observed(objective, start, observer)
        }
        Solver::NewtonCg => {
            let newton = NewtonCg::new().tolerance(tolerance).max_iterations(limit(200));
            newton.minimize_observed(objective, start, observer)
        }
        _ => {
            let lbfgs = Lbfgs::new().tolerance(tolerance).max_iterations(limit(5000));
            lbfgs.minimize_observed(objective, start, observer)
        }
    }
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
            chosen => Ok(chosen),
        }
    }
}
