//! The outer loop of all minimisers: stopping rules, patience, observer, report.

use super::effort::Effort;
use super::{Evaluation, MinimizeResult, Objective, check_start};
use crate::check;
use crate::error::Error;
use crate::report::{FitReport, Observer, StopReason};
use crate::scalar::Real;

/// A point with its gradient and evaluation.
#[derive(Debug, Clone)]
pub(crate) struct Point<T> {
    pub(crate) params: Vec<T>,
    pub(crate) gradient: Vec<T>,
    evaluation: Evaluation,
}

impl<T: Real> Point<T> {
    /// Creates a point that is not evaluated yet.
    pub(super) fn new(params: Vec<T>) -> Self {
        let gradient = vec![T::zero(); params.len()];
        let evaluation = Evaluation::of(f64::NAN, &gradient);
        Point { params, gradient, evaluation }
    }

    /// Evaluates `objective` at this point, and counts the evaluation.
    pub(crate) fn evaluate<O: Objective<T> + ?Sized>(&mut self, objective: &mut O, effort: &mut Effort<'_>) {
        self.evaluation = objective.evaluate(&self.params, &mut self.gradient);
        effort.evaluate();
    }

    /// Replaces the evaluation, if the objective is only a part of the function to minimise.
    pub(crate) fn amend(&mut self, evaluation: Evaluation) {
        self.evaluation = evaluation;
    }

    pub(crate) fn value(&self) -> f64 {
        self.evaluation.value
    }

    pub(crate) fn optimality(&self) -> f64 {
        self.evaluation.optimality
    }

    /// Returns how much two values near this one may differ by rounding alone.
    pub(crate) fn noise(&self) -> f64 {
        8.0 * T::EPSILON.as_f64() * self.evaluation.magnitude
    }

    fn copy_from(&mut self, other: &Self) {
        self.params.copy_from_slice(&other.params);
        self.gradient.copy_from_slice(&other.gradient);
        self.evaluation = other.evaluation;
    }
}

/// The outcome of an iteration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advance {
    /// The trial point becomes the next point.
    Accepted,
    /// No point was accepted, but the method has adapted itself and may find one next time. This uses up
    /// patience.
    Rejected,
    /// The method has no further step to try.
    Exhausted,
}

/// The algorithm of a minimiser: how it moves from one point to the next.
pub(crate) trait Method<T: Real, O: Objective<T> + ?Sized> {
    /// The number of iterations without progress in value or optimality, beyond rounding, after which a run
    /// counts as stalled.
    ///
    /// `None` if every accepted step is progress by the method's own rules. The run then returns the last
    /// point.
    const PATIENCE: Option<usize>;

    /// Evaluates the starting point.
    fn begin(&mut self, objective: &mut O, start: &mut Point<T>, effort: &mut Effort<'_>) {
        start.evaluate(objective, effort);
    }

    /// Returns whether `point` is optimal within the tolerance.
    fn is_optimal(&mut self, _objective: &mut O, point: &Point<T>, tolerance: f64) -> bool {
        point.optimality() <= tolerance
    }

    /// Finds the point after `point`, and leaves it, evaluated, in `trial`. Gives up if the observer ends the
    /// run meanwhile.
    fn advance(
        &mut self,
        objective: &mut O,
        point: &Point<T>,
        trial: &mut Point<T>,
        effort: &mut Effort<'_>,
    ) -> Advance;

    /// Finds a point in `trial` that is better than `point` by more than rounding, when many steps in a row were
    /// not. Returns whether there is one. Defaults to `false`.
    fn escape(
        &mut self,
        _objective: &mut O,
        _point: &Point<T>,
        _trial: &mut Point<T>,
        _effort: &mut Effort<'_>,
    ) -> bool {
        false
    }

    /// Returns the condition number of the Hessian where it was last used, if it is available.
    fn condition(&self) -> Option<f64>;
}

/// Returns the value, or infinity for NaN. A report says of a run that diverged that nothing is small, and
/// reports with NaN would not equal themselves.
pub(crate) fn or_infinite(value: f64) -> f64 {
    if value.is_nan() { f64::INFINITY } else { value }
}

/// The stopping rules that all minimisers share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stop {
    /// The tolerance on the optimality; `None` for the default of the number type.
    pub(crate) tolerance: Option<f64>,
    pub(crate) max_iterations: usize,
}

impl Stop {
    /// Creates rules with the default tolerance and at most this number of iterations.
    pub(super) fn after(max_iterations: usize) -> Self {
        Stop { tolerance: None, max_iterations }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        self.tolerance.map_or(Ok(()), |tolerance| check::positive("tolerance", tolerance))
    }

    pub(super) fn tolerance<T: Real>(&self) -> f64 {
        self.tolerance.unwrap_or(T::TOLERANCE)
    }

    /// Runs `method` from `start` until the objective is optimal within the tolerance or another rule stops
    /// the run.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if `start` has the wrong length, and [`Error::NotFinite`] if it is
    /// not finite.
    pub(crate) fn run<T: Real, O: Objective<T> + ?Sized, M: Method<T, O>>(
        &self,
        objective: &mut O,
        start: Vec<T>,
        observer: &mut Observer<'_>,
        mut method: M,
    ) -> Result<MinimizeResult<T>, Error> {
        check_start(objective.parameter_count(), &start)?;
        let tolerance = self.tolerance::<T>();
        let mut point = Point::new(start);
        let mut effort = Effort::new(self.max_iterations, observer);
        method.begin(objective, &mut point, &mut effort);
        effort.start(point.value());
        let mut trial = point.clone();
        let mut report = FitReport::new(StopReason::IterationLimit, point.value(), None);
        let mut lowest = point.value();
        let mut kept = point.clone();
        let mut idle = 0;
        report.stop = loop {
            if !point.value().is_finite() || !point.optimality().is_finite() {
                break StopReason::Diverged;
            }
            if method.is_optimal(objective, &point, tolerance) {
                break StopReason::Converged;
            }
            if report.iterations == self.max_iterations {
                break StopReason::IterationLimit;
            }
            let outcome = if M::PATIENCE == Some(idle) {
                idle = 0;
                let escaped = method.escape(objective, &point, &mut trial, &mut effort);
                if escaped { Advance::Accepted } else { Advance::Exhausted }
            } else {
                method.advance(objective, &point, &mut trial, &mut effort)
            };
            if effort.is_cancelled() {
                break StopReason::Cancelled;
            }
            match outcome {
                Advance::Accepted => std::mem::swap(&mut point, &mut trial),
                Advance::Rejected => {
                    idle += 1;
                    continue;
                }
                Advance::Exhausted => break StopReason::Stalled,
            }
            report.iterations += 1;
            report.objective_curve.push(point.value());
            let descended = point.value() < lowest - point.noise();
            lowest = lowest.min(point.value());
            if M::PATIENCE.is_none() || descended || point.optimality() < kept.optimality() {
                kept.copy_from(&point);
                idle = 0;
            } else {
                idle += 1;
            }
            if !effort.complete(report.iterations, point.value()) {
                let optimal = method.is_optimal(objective, &point, tolerance);
                break if optimal { StopReason::Converged } else { StopReason::Cancelled };
            }
        };
        // Among points that differ only by rounding, return the one closest to an optimum.
        if report.stop != StopReason::Converged && kept.optimality() < point.optimality() {
            point = kept;
        }
        report.evaluations = effort.evaluations();
        report.objective = or_infinite(point.value());
        report.gradient_norm = Some(or_infinite(point.optimality()));
        report.hessian_condition = method.condition();
        Ok(MinimizeResult { params: point.params, report })
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::optim::{HasHessian, Lbfgs, LevenbergMarquardt};

    /// An objective that is not a number.
    struct Nothing;

    impl Objective<f64> for Nothing {
        fn parameter_count(&self) -> usize {
            2
        }
        fn evaluate(&mut self, _: &[f64], gradient: &mut [f64]) -> Evaluation {
            gradient.copy_from_slice(&[1.0, f64::NAN]);
            Evaluation::of(f64::NAN, gradient)
        }
    }

    impl HasHessian<f64> for Nothing {
        fn hessian(&mut self, _: &[f64], out: &mut nalgebra::DMatrix<f64>) {
            out.fill(f64::NAN);
        }
    }

    #[test]
    fn a_report_of_nan_says_infinity_and_equals_itself() {
        let start = vec![1.0, 2.0];
        let observer: &mut Observer<'_> = &mut |_| ControlFlow::Continue(());
        for found in [
            Lbfgs::new().minimize_observed(&mut Nothing, start.clone(), observer),
            LevenbergMarquardt::new().minimize_observed(&mut Nothing, start.clone(), observer),
        ] {
            let MinimizeResult { params, report, .. } = found.expect("a start");
            assert_eq!((report.stop, report.iterations, params), (StopReason::Diverged, 0, start.clone()));
            assert_eq!((report.objective, report.gradient_norm), (f64::INFINITY, Some(f64::INFINITY)));
            assert_eq!(report, report.clone());
        }
    }

    /// A constant whose gradient claims to be the parameters.
    struct Plain;
    impl Objective<f64> for Plain {
        fn parameter_count(&self) -> usize {
            1
        }
        fn evaluate(&mut self, params: &[f64], gradient: &mut [f64]) -> Evaluation {
            gradient.copy_from_slice(params);
            Evaluation::of(0.0, gradient)
        }
    }

    /// Visits these points.
    struct Script(std::vec::IntoIter<f64>);
    impl Method<f64, Plain> for Script {
        const PATIENCE: Option<usize> = Some(2);

        fn advance(
            &mut self,
            objective: &mut Plain,
            _: &Point<f64>,
            trial: &mut Point<f64>,
            effort: &mut Effort<'_>,
        ) -> Advance {
            let Some(next) = self.0.next() else { return Advance::Exhausted };
            trial.params[0] = next;
            trial.evaluate(objective, effort);
            Advance::Accepted
        }
        fn condition(&self) -> Option<f64> {
            None
        }
    }

    /// Among points of the same value, the one with the smallest gradient is returned.
    #[test]
    fn the_best_point_is_kept() {
        let observer = &mut |_: &_| ControlFlow::Continue(());
        let script = Script(vec![1.0, 2.0, 2.5, 0.5].into_iter());
        let found = Stop::after(10).run(&mut Plain, vec![3.0], observer, script).expect("a start");
        assert_eq!((found.params, found.report.gradient_norm), (vec![1.0], Some(1.0)));
        assert_eq!((found.report.stop, found.report.iterations), (StopReason::Stalled, 3));
    }
}
