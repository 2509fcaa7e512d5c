//! Newton's method for penalties with absolute values.

use nalgebra::DMatrix;

use super::gap::duality_gap;
use super::objective::LogisticObjective;
use super::quadratic::Quadratic;
use super::working_set::WorkingSet;
use crate::optim::{Advance, Evaluation, Method, Objective, Point, condition};
use crate::scalar::Real;

/// Proximal Newton: each iteration minimises the second-order model of the smooth part plus the absolute values, on
/// the parameters that matter, and searches along the way there.
///
/// # Method
/// A parameter takes part if it is not zero or violates the optimality conditions (Karush-Kuhn-Tucker), the worst
/// first; all others stay zero, and are looked at again after each iteration. The model is minimised by coordinate
/// descent on the Gram matrix of these parameters with Newton steps between sweeps ([`Quadratic`]), so that
/// correlated columns do not slow it down. Converged means that no optimality condition is violated by more than the
/// tolerance, over all parameters and in the user's units.
///
/// # References
/// Lee, Sun and Saunders (2014) for proximal Newton methods; Friedman, Hastie and Tibshirani (2010) for coordinate
/// descent on the model; Tibshirani et al. (2012) for leaving out what cannot matter and checking afterwards.
#[derive(Debug)]
pub(super) struct ProximalNewton<T: Real> {
    /// Whether the tolerance is on the duality gap.
    by_gap: bool,
    /// By how much each parameter violates its optimality condition, in the user's units: at the point that an
    /// iteration starts from, and at the trial point.
    violations: [Vec<f64>; 2],
    hessian: DMatrix<T>,
    /// Of the model: one that bends more gives a shorter step.
    damping: f64,
}

/// Sufficient decrease: the fraction of the decrease that the model promises.
const DECREASE: f64 = 1e-4;
/// Halvings of a step.
const HALVINGS: usize = 40;
/// Parameters that take part in one iteration at most, which bounds the Gram matrix to 32 MB in f64.
const LARGEST_SET: usize = 2048;
/// Parameters that may take part from the start.
const SMALLEST_SET: usize = 256;

/// The largest damping: a model that bends more than this gives no step at all.
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

    /// The minimum of the model over the working set, as a step from where it was made.
    fn step(&self, objective: &LogisticObjective<'_, T>, set: &WorkingSet, point: &Point<T>) -> Vec<T> {
        let of = |values: &[T]| set.parameters.iter().map(|&at| values[at]).collect::<Vec<T>>();
        let lambda = set.parameters.iter().map(|&at| objective.l1_of(at)).collect();
        let mut model =
            Quadratic::new(&self.hessian, of(&point.gradient), of(&point.params), lambda, self.damping);
        // Solved as exactly as is worth while this far from the optimum.
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

/// Moves from `point` along `step` on the working set, by halves until the objective decreases enough.
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

/// The largest entry, or NaN if there is one.
fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |max, &v| if v > max || v.is_nan() { v } else { max })
}

impl<T: Real> LogisticObjective<'_, T> {
    /// Evaluates the objective with its absolute values at `point`, whose gradient stays that of the smooth part, and
    /// writes by how much each parameter violates its optimality condition.
    fn evaluate_with_l1(&mut self, point: &mut Point<T>, violations: &mut [f64], evaluations: &mut usize) {
        point.evaluate(self, evaluations);
        let value = point.value() + self.problem.penalty.l1_value(&self.slopes);
        self.violations(violations);
        point.amend(Evaluation::of(value, &point.gradient).optimality(largest(violations)));
    }

    /// The largest violation of an optimality condition at `params`.
    pub(super) fn largest_violation(&mut self, params: &[T]) -> f64 {
        let mut gradient = vec![T::zero(); params.len()];
        let mut violations = vec![0.0; params.len()];
        self.evaluate(params, &mut gradient);
        self.violations(&mut violations);
        largest(&violations)
    }

    /// λ of the absolute value of a parameter, in the solver's coordinates; 0 for intercepts.
    pub(super) fn l1_of(&self, parameter: usize) -> T {
        if parameter >= self.slopes.len() {
            return T::zero();
        }
        let feature = parameter % self.coordinates.features();
        T::of(self.problem.penalty.l1[feature]) / self.coordinates.scale[feature]
    }

    /// By how much each parameter violates its optimality condition at the point evaluated last, in the user's units:
    /// the smallest absolute value of its subgradients.
    fn violations(&self, out: &mut [f64]) {
        let (slopes, intercepts) = self.user_gradient();
        let l1 = &self.problem.penalty.l1;
        let (of_slopes, of_intercepts) = out.split_at_mut(slopes.len());
        for (at, (out, g)) in of_slopes.iter_mut().zip(slopes).enumerate() {
            let (lambda, g) = (l1[at % l1.len()], g.as_f64());
            let w = self.slopes[at];
            *out = if lambda == 0.0 {
                g.abs()
            } else if w == T::zero() {
                // Not `f64::max`, which would turn NaN into 0.
                if g.abs() <= lambda { 0.0 } else { g.abs() - lambda }
            } else {
                (g + lambda * w.signum().as_f64()).abs()
            };
        }
        of_intercepts.iter_mut().zip(intercepts).for_each(|(out, g)| *out = g.as_f64().abs());
    }
}
