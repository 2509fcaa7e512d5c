//! What the minimisers share: stop rules, line search, observer, report.

use super::line_search::{Point, search};
use super::{MinimizeResult, Objective};
use crate::report::{FitReport, Observer, Progress, StopReason};
use crate::scalar::Real;

/// The limits of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) tolerance: f64,
    pub(super) max_iterations: usize,
}

/// A way to choose directions.
pub(super) trait Method<T: Real, O: Objective<T> + ?Sized> {
    /// Writes a descent direction at `point`, and returns the step length to try first.
    fn direction(&mut self, objective: &mut O, point: &Point<T>, direction: &mut [T]) -> f64;

    /// Learns from the step between two points.
    fn learn(&mut self, _from: &Point<T>, _to: &Point<T>) {}

    /// Forgets what it has learnt; whether that changes the next direction.
    fn forget(&mut self) -> bool {
        false
    }

    /// The condition number of the second derivative where it was needed last, if it is at hand.
    fn condition(&self) -> Option<f64> {
        None
    }
}

/// Iterations without progress in value or optimality, beyond rounding, before a run counts as stalled. Close to an
/// optimum the largest entry of a gradient goes up and down while it falls on the whole.
const PATIENCE: usize = 40;

/// Runs `method` from `start` until the objective's optimality is within tolerance or a limit is reached.
pub(super) fn descend<T: Real, O: Objective<T> + ?Sized>(
    objective: &mut O,
    start: Vec<T>,
    limits: Limits,
    observer: &mut Observer<'_>,
    mut method: impl Method<T, O>,
) -> MinimizeResult<T> {
    let mut direction = vec![T::zero(); start.len()];
    let mut point = Point::new(start);
    point.evaluate(objective);
    let mut optimality = objective.optimality(&point.gradient);
    let mut trial = point.clone();
    let mut report = FitReport::new(StopReason::IterationLimit, point.value, None);
    report.evaluations = 1;
    let mut lowest = point.value;
    let mut kept = (point.clone(), optimality);
    let mut idle = 0;
    report.stop = loop {
        if !point.value.is_finite() || !optimality.is_finite() {
            break StopReason::Diverged;
        }
        if optimality <= limits.tolerance {
            break StopReason::Converged;
        }
        if report.iterations == limits.max_iterations {
            break StopReason::IterationLimit;
        }
        if idle == PATIENCE {
            break StopReason::Stalled;
        }
        let first = method.direction(objective, &point, &mut direction);
        if !search(objective, &point, &direction, first, &mut trial, &mut report.evaluations) {
            if method.forget() {
                continue;
            }
            // The objective may remember its last evaluation; leave it at the point that is returned.
            point.evaluate(objective);
            break StopReason::Stalled;
        }
        method.learn(&point, &trial);
        std::mem::swap(&mut point, &mut trial);
        report.iterations += 1;
        optimality = objective.optimality(&point.gradient);
        report.objective_curve.push(point.value);
        let descended = point.value < lowest - point.noise();
        idle = if descended || optimality < kept.1 { 0 } else { idle + 1 };
        lowest = lowest.min(point.value);
        if descended || optimality < kept.1 {
            kept.0.copy_from(&point);
            kept.1 = optimality;
        }
        let progress = Progress {
            iteration: report.iterations,
            limit: limits.max_iterations,
            objective: point.value,
            validation: None,
        };
        if observer(&progress).is_break() {
            break if optimality <= limits.tolerance { StopReason::Converged } else { StopReason::Cancelled };
        }
    };
    // Of points that differ by rounding alone, the one closest to an optimum.
    if kept.1 < optimality {
        point.copy_from(&kept.0);
        point.evaluate(objective);
        optimality = kept.1;
    }
    report.objective = point.value;
    report.gradient_norm = Some(optimality);
    report.hessian_condition = method.condition();
    MinimizeResult { params: point.params, report }
}
