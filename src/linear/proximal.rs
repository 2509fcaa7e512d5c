//! Newton's method for penalties with absolute values.

use nalgebra::DMatrix;

use super::gap::duality_gap;
use super::objective::LogisticObjective;
use super::quadratic::Quadratic;
use super::working_set::WorkingSet;
use crate::optim::{MinimizeResult, Objective, condition};
use crate::report::{FitReport, Observer, Progress, StopReason};
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
#[derive(Debug, Clone, Copy)]
pub(super) struct ProximalNewton {
    pub(super) tolerance: f64,
    pub(super) max_iterations: usize,
    /// Whether the tolerance is on the duality gap.
    pub(super) by_gap: bool,
}

/// Sufficient decrease: the fraction of the decrease that the model promises.
const DECREASE: f64 = 1e-4;
/// Halvings of a step.
const HALVINGS: usize = 40;
/// Iterations without progress in value or optimality before a run counts as stalled.
const PATIENCE: usize = 15;
/// Parameters that take part in one iteration at most, which bounds the Gram matrix to 32 MB in f64.
const LARGEST_SET: usize = 2048;
/// Parameters that may take part from the start.
const SMALLEST_SET: usize = 256;

/// Where a run is: parameters, smooth gradient, and the whole objective there.
#[derive(Debug, Clone)]
struct State<T> {
    params: Vec<T>,
    gradient: Vec<T>,
    /// With the absolute values.
    value: f64,
    /// By how much each parameter violates its optimality condition, in the user's units.
    violations: Vec<f64>,
    optimality: f64,
}

impl<T: Real> State<T> {
    fn new(params: Vec<T>) -> Self {
        let gradient = vec![T::zero(); params.len()];
        let violations = vec![0.0; params.len()];
        State { params, gradient, value: f64::NAN, violations, optimality: f64::NAN }
    }

    fn evaluate(&mut self, objective: &mut LogisticObjective<'_, T>) {
        let smooth = objective.evaluate(&self.params, &mut self.gradient);
        self.value = smooth + objective.problem.penalty.l1_value(&objective.slopes);
        objective.violations(&mut self.violations);
        self.optimality = largest(&self.violations);
    }

    fn noise(&self) -> f64 {
        8.0 * T::EPSILON.as_f64() * self.value.abs()
    }
}

/// The largest entry, or NaN if there is one.
fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |max, &v| if v > max || v.is_nan() { v } else { max })
}

impl ProximalNewton {
    /// The largest violation of an optimality condition at `params`.
    pub(super) fn optimality<T: Real>(objective: &mut LogisticObjective<'_, T>, params: &[T]) -> f64 {
        let mut state = State::new(params.to_vec());
        state.evaluate(objective);
        state.optimality
    }

    /// Whether the tolerance holds.
    fn is_optimal<T: Real>(&self, objective: &mut LogisticObjective<'_, T>, state: &State<T>) -> bool {
        if self.by_gap {
            duality_gap(objective, &state.params, state.value).is_some_and(|gap| gap <= self.tolerance)
        } else {
            state.optimality <= self.tolerance
        }
    }

    /// Minimises from `start`.
    pub(super) fn minimize<T: Real>(
        &self,
        objective: &mut LogisticObjective<'_, T>,
        start: Vec<T>,
        observer: &mut Observer<'_>,
    ) -> MinimizeResult<T> {
        let mut state = State::new(start);
        state.evaluate(objective);
        let mut trial = state.clone();
        let mut kept = state.clone();
        let mut report = FitReport::new(StopReason::IterationLimit, state.value, None);
        report.evaluations = 1;
        let mut hessian = DMatrix::zeros(0, 0);
        let (mut idle, mut lowest) = (0, state.value);
        let mut damping = 0.0;
        report.stop = loop {
            if !state.value.is_finite() || !state.optimality.is_finite() {
                break StopReason::Diverged;
            }
            if self.is_optimal(objective, &state) {
                break StopReason::Converged;
            }
            if report.iterations == self.max_iterations {
                break StopReason::IterationLimit;
            }
            if idle == PATIENCE {
                break StopReason::Stalled;
            }
            let set =
                WorkingSet::choose(objective, &state.params, &state.violations, SMALLEST_SET, LARGEST_SET);
            set.hessian(objective, &state.params, &mut hessian);
            let step = self.step(objective, &set, &hessian, &state, damping);
            if !search(objective, &set, &state, &step, &mut trial, &mut report.evaluations) {
                // A model that bends more gives a shorter step.
                damping = (10.0 * damping).max(1e-10);
                idle += 1;
                if damping > 1e3 {
                    break StopReason::Stalled;
                }
                continue;
            }
            damping *= 0.1;
            std::mem::swap(&mut state, &mut trial);
            report.iterations += 1;
            report.objective_curve.push(state.value);
            let improved = state.value < lowest - state.noise() || state.optimality < kept.optimality;
            idle = if improved { 0 } else { idle + 1 };
            if improved {
                kept.clone_from(&state);
            }
            lowest = lowest.min(state.value);
            let progress = Progress {
                iteration: report.iterations,
                limit: self.max_iterations,
                objective: state.value,
                validation: None,
            };
            if observer(&progress).is_break() {
                let optimal = self.is_optimal(objective, &state);
                break if optimal { StopReason::Converged } else { StopReason::Cancelled };
            }
        };
        // Of points that differ by rounding alone, the one closest to an optimum.
        if kept.optimality < state.optimality && report.stop != StopReason::Converged {
            state = kept;
        }
        report.objective = state.value;
        report.gradient_norm = Some(state.optimality);
        report.hessian_condition = (!hessian.is_empty()).then(|| condition(&hessian));
        MinimizeResult { params: state.params, report }
    }

    /// The minimum of the model over the working set, as a step from where it was made.
    fn step<T: Real>(
        &self,
        objective: &LogisticObjective<'_, T>,
        set: &WorkingSet,
        hessian: &DMatrix<T>,
        state: &State<T>,
        damping: f64,
    ) -> Vec<T> {
        let of = |values: &[T]| set.parameters.iter().map(|&at| values[at]).collect::<Vec<T>>();
        let lambda = set.parameters.iter().map(|&at| objective.l1_of(at)).collect();
        let mut model = Quadratic::new(hessian, of(&state.gradient), of(&state.params), lambda, damping);
        // Solved as exactly as is worth while this far from the optimum.
        model.minimize(state.optimality.min(0.1));
        model.step()
    }
}

/// Moves from `state` along `step` on the working set, by halves until the objective decreases enough.
fn search<T: Real>(
    objective: &mut LogisticObjective<'_, T>,
    set: &WorkingSet,
    state: &State<T>,
    step: &[T],
    trial: &mut State<T>,
    evaluations: &mut usize,
) -> bool {
    let mut length = T::one();
    for _ in 0..HALVINGS {
        trial.params.copy_from_slice(&state.params);
        let (mut slope, mut absolute) = (T::zero(), 0.0);
        let mut moved = false;
        for (&at, &d) in set.parameters.iter().zip(step) {
            let (from, to) = (state.params[at], state.params[at] + length * d);
            trial.params[at] = to;
            moved |= to != from;
            slope += state.gradient[at] * (to - from);
            absolute += objective.l1_of(at).as_f64() * (to.abs() - from.abs()).as_f64();
        }
        if !moved {
            return false;
        }
        let promised = slope.as_f64() + absolute;
        trial.evaluate(objective);
        *evaluations += 1;
        let noise = state.noise();
        if promised <= noise && trial.value <= state.value + DECREASE * promised.min(0.0) + noise {
            return true;
        }
        length *= T::of(0.5);
    }
    false
}

impl<T: Real> LogisticObjective<'_, T> {
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
