//! Newton's method for penalties with absolute values.

use nalgebra::DMatrix;

use super::gap::duality_gap;
use super::objective::LogisticObjective;
use super::quadratic::Quadratic;
use super::working_set::WorkingSet;
use crate::optim::{Advance, Method, Point, condition};
use crate::scalar::Real;

/// Proximal Newton's method: each iteration minimises a second-order model of the smooth part plus the
/// absolute values, over the relevant parameters, followed by a line search.
///
/// # Method
/// A parameter takes part if it is not zero or if it violates the optimality conditions (Karush-Kuhn-Tucker),
/// the largest violation first. All others stay zero and are checked again after each iteration. The model is
/// minimised by coordinate descent on the Gram matrix of these parameters, with Newton steps between sweeps
/// ([`Quadratic`]), so correlated columns do not slow it down. The fit has converged when no optimality
/// condition is violated by more than the tolerance, over all parameters, and the Newton decrement over the
/// parameters that are not zero is within it.
///
/// # References
/// Lee, Sun and Saunders (2014) for proximal Newton methods; Friedman, Hastie and Tibshirani (2010) for
/// coordinate descent on the model; Tibshirani et al. (2012) for discarding irrelevant parameters and
/// checking afterwards.
#[derive(Debug)]
pub(super) struct ProximalNewton<T: Real> {
    /// Whether the tolerance applies to the duality gap.
    by_gap: bool,
    /// The violation of each parameter's optimality condition, in the user's units: at the point where an
    /// iteration starts, and at the trial point.
    violations: [Vec<f64>; 2],
    hessian: DMatrix<T>,
    /// The damping of the model: more damping gives a shorter step.
    damping: f64,
}

/// Sufficient decrease, as a fraction of the decrease that the model predicts.
const DECREASE: f64 = 1e-4;
/// The maximum number of step halvings.
const HALVINGS: usize = 40;
/// The largest working set, which bounds the Gram matrix to 32 MB in f64.
const LARGEST_SET: usize = 2048;
/// The working-set size allowed from the start.
const SMALLEST_SET: usize = 256;

/// The largest damping: beyond it the model gives no usable step.
const MOST_DAMPED: f64 = 1e3;

impl<T: Real> ProximalNewton<T> {
    pub(super) fn new(parameters: usize, by_gap: bool) -> Self {
        ProximalNewton {
            by_gap,
            violations: [vec![0.0; parameters], vec![0.0; parameters]],
            hessian: DMatrix::zeros(0, 0),
            damping: 0.0,
        }
    }

    /// Returns the step from the current point to the minimum of the model over the working set.
    fn step(&self, objective: &LogisticObjective<'_, T>, set: &WorkingSet, point: &Point<T>) -> Vec<T> {
        let of = |values: &[T]| set.parameters.iter().map(|&at| values[at]).collect::<Vec<T>>();
        let lambda = set.parameters.iter().map(|&at| objective.l1_of(at)).collect();
        let mut model =
            Quadratic::new(&self.hessian, of(&point.gradient), of(&point.params), lambda, self.damping);
        // Far from the optimum a more exact solution is not worth its cost.
        model.minimize(point.optimality().min(0.1));
        model.step()
    }
}

impl<'a, T: Real> Method<T, LogisticObjective<'a, T>> for ProximalNewton<T> {
    const PATIENCE: Option<usize> = Some(15);

    fn begin(
        &mut self,
        objective: &mut LogisticObjective<'a, T>,
        start: &mut Point<T>,
        evaluations: &mut usize,
    ) {
        objective.evaluate_with_l1(start, &mut self.violations[0], evaluations);
    }

    fn is_optimal(
        &mut self,
        objective: &mut LogisticObjective<'a, T>,
        point: &Point<T>,
        tolerance: f64,
    ) -> bool {
        if self.by_gap {
            duality_gap(objective, &point.params, point.value()).is_some_and(|gap| gap <= tolerance)
        } else {
            point.optimality() <= tolerance
                && objective
                    .decrement_with_l1(&point.params)
                    .is_some_and(|measured| measured.decrement <= tolerance)
        }
    }

    fn advance(
        &mut self,
        objective: &mut LogisticObjective<'a, T>,
        point: &Point<T>,
        trial: &mut Point<T>,
        evaluations: &mut usize,
    ) -> Advance {
        let set =
            WorkingSet::choose(objective, &point.params, &self.violations[0], SMALLEST_SET, LARGEST_SET);
        set.hessian(objective, &point.params, &mut self.hessian);
        let step = self.step(objective, &set, point);
        let trial_violations = &mut self.violations[1];
        if search(objective, &set, point, &step, trial, trial_violations, evaluations) {
            self.violations.swap(0, 1);
            self.damping *= 0.1;
            return Advance::Accepted;
        }
        self.damping = (10.0 * self.damping).max(1e-10);
        if self.damping > MOST_DAMPED { Advance::Exhausted } else { Advance::Rejected }
    }

    fn condition(&self) -> Option<f64> {
        (!self.hessian.is_empty()).then(|| condition(&self.hessian))
    }
}

/// Moves from `point` along `step` on the working set, halving the step until the objective decreases
/// sufficiently.
fn search<T: Real>(
    objective: &mut LogisticObjective<'_, T>,
    set: &WorkingSet,
    point: &Point<T>,
    step: &[T],
    trial: &mut Point<T>,
    violations: &mut [f64],
    evaluations: &mut usize,
) -> bool {
    let mut length = T::one();
    for _ in 0..HALVINGS {
        trial.params.copy_from_slice(&point.params);
        let (mut slope, mut absolute) = (T::zero(), 0.0);
        let mut moved = false;
        for (&at, &d) in set.parameters.iter().zip(step) {
            let (from, to) = (point.params[at], point.params[at] + length * d);
            trial.params[at] = to;
            moved |= to != from;
            slope += point.gradient[at] * (to - from);
            absolute += objective.l1_of(at).as_f64() * (to.abs() - from.abs()).as_f64();
        }
        if !moved {
            return false;
        }
        let promised = slope.as_f64() + absolute;
        objective.evaluate_with_l1(trial, violations, evaluations);
        let noise = point.noise();
        if promised <= noise && trial.value() <= point.value() + DECREASE * promised.min(0.0) + noise {
            return true;
        }
        length *= T::of(0.5);
    }
    false
}
