//! Newton's method for penalties with absolute values.

use nalgebra::DMatrix;

use super::gap::duality_gap;
use super::objective::LogisticObjective;
use super::quadratic::Quadratic;
use super::subgradient::largest;
use super::working_set::WorkingSet;
use crate::optim::{Advance, Effort, Method, Point, condition};
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
///
/// # Work
/// An iteration forms one Hessian, and for each damping one model. Whatever the numbers, a model has a bounded
/// number of multiplications ([`Quadratic`]) and at most [`HALVINGS`] evaluations. The observer is asked within
/// long iterations.
#[derive(Debug)]
pub(super) struct ProximalNewton<T: Real> {
    /// Whether the tolerance applies to the duality gap.
    by_gap: bool,
    /// The parameters of the current point's model; `None` if the model is not formed yet.
    set: Option<WorkingSet>,
    /// The largest violation of an optimality condition at the current point, in the solver's coordinates.
    violation: f64,
    hessian: DMatrix<T>,
    /// The damping of the model: more damping gives a shorter step.
    damping: f64,
    /// The number of multiplications in models so far.
    work: u64,
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
    pub(super) fn new(by_gap: bool) -> Self {
        ProximalNewton {
            by_gap,
            set: None,
            violation: f64::NAN,
            hessian: DMatrix::zeros(0, 0),
            damping: 0.0,
            work: 0,
        }
    }

    /// Chooses the parameters that take part at `point`, and forms their second derivatives.
    fn form(&mut self, objective: &mut LogisticObjective<'_, T>, point: &Point<T>) -> WorkingSet {
        let violations = objective.violations(point);
        self.violation = largest(violations.iter().copied());
        let set = WorkingSet::choose(objective, &point.params, &violations, SMALLEST_SET, LARGEST_SET);
        set.hessian(objective, &point.params, &mut self.hessian);
        set
    }

    /// Returns the step from the current point to the minimum of the model over the working set; shorter if
    /// the observer ends the run.
    fn step(
        &mut self,
        objective: &LogisticObjective<'_, T>,
        set: &WorkingSet,
        point: &Point<T>,
        effort: &mut Effort<'_>,
    ) -> Vec<T> {
        let of = |values: &[T]| set.parameters.iter().map(|&at| values[at]).collect::<Vec<T>>();
        let lambda = set.parameters.iter().map(|&at| objective.l1_of(at)).collect();
        let mut model =
            Quadratic::new(&self.hessian, of(&point.gradient), of(&point.params), lambda, self.damping);
        // Far from the optimum a more exact solution is not worth its cost.
        let pass = (objective.problem.rows.count() * point.params.len()) as f64;
        model.minimize(0.1 * self.violation.min(1.0), &mut |work| effort.spend(work as f64 / pass));
        self.work += model.work();
        model.step()
    }
}

impl<'a, T: Real> Method<T, LogisticObjective<'a, T>> for ProximalNewton<T> {
    const PATIENCE: Option<usize> = Some(15);

    fn begin(
        &mut self,
        objective: &mut LogisticObjective<'a, T>,
        start: &mut Point<T>,
        effort: &mut Effort<'_>,
    ) {
        objective.evaluate_with_l1(start, effort);
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
        effort: &mut Effort<'_>,
    ) -> Advance {
        // After a rejection the point is the same, and so is its model, up to the damping.
        let set = match self.set.take() {
            Some(set) => set,
            None => self.form(objective, point),
        };
        let step = self.step(objective, &set, point, effort);
        if effort.is_cancelled() {
            return Advance::Exhausted;
        }
        if let Some(length) = search(objective, &set, point, &step, trial, effort) {
            // A step that had to be shortened came from too flat a model: the next one is that much steeper.
            let shortened = length < 1.0;
            self.damping =
                if shortened { self.damping.max(T::EPSILON.as_f64()) / length } else { 0.1 * self.damping };
            return Advance::Accepted;
        }
        self.set = Some(set);
        self.damping = (10.0 * self.damping).max(1e-10);
        if self.damping > MOST_DAMPED { Advance::Exhausted } else { Advance::Rejected }
    }

    fn condition(&self) -> Option<f64> {
        (!self.hessian.is_empty()).then(|| condition(&self.hessian))
    }
}

/// Moves from `point` along `step` on the working set, halving the step until the objective decreases
/// sufficiently. Returns the fraction of the step, or `None` if there is no decrease.
fn search<T: Real>(
    objective: &mut LogisticObjective<'_, T>,
    set: &WorkingSet,
    point: &Point<T>,
    step: &[T],
    trial: &mut Point<T>,
    effort: &mut Effort<'_>,
) -> Option<f64> {
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
            return None;
        }
        let promised = slope.as_f64() + absolute;
        objective.evaluate_with_l1(trial, effort);
        if effort.is_cancelled() {
            return None;
        }
        let noise = point.noise();
        if promised <= noise && trial.value() <= point.value() + DECREASE * promised.min(0.0) + noise {
            return Some(length.as_f64());
        }
        length *= T::of(0.5);
    }
    None
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use proptest::prelude::*;

    use super::super::config::LogisticRegression;
    use super::super::decrement::Doubt;
    use super::super::problem::{ColumnPenalty, Problem};
    use super::super::solve::solve;
    use super::*;
    use crate::examples::ClassExamples;
    use crate::optim::{Objective, Stop};
    use crate::penalty::Penalty;
    use crate::report::{Progress, StopReason};
    use crate::rng::Rng;

    fn problem<'a>(x: &'a DMatrix<f64>, y: &'a [usize], penalty: &'a ColumnPenalty) -> Problem<'a, f64> {
        let rows = ClassExamples::new(x.into(), y, None).unwrap();
        let classes = y.iter().max().map_or(0, |last| last + 1);
        Problem { rows: rows.into(), classes, intercept: true, penalty }
    }

    /// Checks the work of each call of [`Method::advance`].
    struct Spy(ProximalNewton<f64>);

    impl<'a> Method<f64, LogisticObjective<'a, f64>> for Spy {
        const PATIENCE: Option<usize> =
            <ProximalNewton<f64> as Method<f64, LogisticObjective<f64>>>::PATIENCE;

        fn begin(
            &mut self,
            objective: &mut LogisticObjective<'a, f64>,
            start: &mut Point<f64>,
            effort: &mut Effort<'_>,
        ) {
            self.0.begin(objective, start, effort);
        }

        fn advance(
            &mut self,
            objective: &mut LogisticObjective<'a, f64>,
            point: &Point<f64>,
            trial: &mut Point<f64>,
            effort: &mut Effort<'_>,
        ) -> Advance {
            let (work, before) = (self.0.work, effort.evaluations());
            let outcome = self.0.advance(objective, point, trial, effort);
            let (work, size) = (self.0.work - work, self.0.hessian.nrows() as u64);
            // Nine factorisations at most, with their sweeps, or four million multiplications.
            assert!(work <= (1 << 22) + 3 * size * size * (size + 20), "{size} parameters: {work}");
            let tried = effort.evaluations() - before;
            assert!(tried <= HALVINGS);
            if outcome == Advance::Accepted && tried > 1 {
                // The next step does not have to be halved as often again.
                assert!(self.0.damping >= f64::EPSILON * 2f64.powi(tried as i32 - 1));
            }
            outcome
        }

        fn condition(&self) -> Option<f64> {
            None
        }
    }

    /// Entries have all sizes up to 10^`decades`, and every row has a class of its own. The work is counted,
    /// not timed: no step has more than a bounded number of evaluations and multiplications, and an observer
    /// that stops the run is asked after one.
    #[test]
    fn an_iteration_is_bounded_whatever_the_numbers() {
        let mut rng = Rng::new(10);
        for (rows, features) in [(64, 4), (10, 12)] {
            for decades in [0.0, 38.0, 100.0, 150.0, 300.0, 308.0] {
                for l2 in [0.0, 1.25e-4] {
                    let mut entry = || 10f64.powf(rng.uniform(-decades, decades)) * rng.uniform(-1.7, 1.7);
                    let x = DMatrix::from_fn(rows, features, |_, _| entry());
                    let y: Vec<usize> = (0..rows).collect();
                    let penalty = ColumnPenalty { l1: vec![1.25e-4; features], l2: vec![l2; features] };
                    let mut objective = LogisticObjective::new(problem(&x, &y, &penalty));
                    let mut run = |asked: ControlFlow<()>| {
                        let start = vec![0.0; objective.parameter_count()];
                        let stop = Stop { tolerance: Some(1e-300), max_iterations: 25 };
                        let method = Spy(ProximalNewton::new(false));
                        stop.run(&mut objective, start, &mut |_| asked, method).unwrap().report
                    };
                    run(ControlFlow::Continue(()));
                    let report = run(ControlFlow::Break(()));
                    let honest = [StopReason::Cancelled, StopReason::Stalled].contains(&report.stop);
                    assert!(honest && report.iterations <= 1, "{decades}: {report}");
                    assert!(report.evaluations <= 1 + 15 * HALVINGS, "{decades}: {report}");
                }
            }
        }
    }

    /// One model of 300 parameters for ten rows takes as long as thousands of passes over the rows.
    #[test]
    fn an_observer_ends_an_iteration() {
        let mut rng = Rng::new(14);
        let x = DMatrix::from_fn(10, 300, |_, _| rng.standard_normal());
        let y: Vec<usize> = (0..10).map(|row| row % 2).collect();
        let penalty = ColumnPenalty { l1: vec![1e-6; 300], l2: vec![0.0; 300] };
        let mut objective = LogisticObjective::new(problem(&x, &y, &penalty));
        let start = vec![0.0; objective.parameter_count()];
        let stop = Stop { tolerance: None, max_iterations: 25 };
        let mut calls = 0;
        let end = &mut |progress: &Progress| {
            calls += 1;
            assert_eq!(progress.iteration, 0);
            ControlFlow::Break(())
        };
        let report = stop.run(&mut objective, start, end, ProximalNewton::new(false)).unwrap().report;
        assert_eq!((report.stop, report.iterations, calls), (StopReason::Cancelled, 0, 1));
    }

    /// Where every row has a class of its own, all rows become certain; the second derivatives then consist
    /// of digits that 1 - p does not have.
    #[test]
    fn certain_rows_do_not_stop_the_progress() {
        let mut rng = Rng::new(4);
        let x = DMatrix::from_fn(64, 4, |_, _| 1e38 * rng.standard_normal());
        let y: Vec<usize> = (0..64).collect();
        let penalty = ColumnPenalty { l1: vec![1.25e-4; 4], l2: vec![1.25e-4; 4] };
        let mut objective = LogisticObjective::new(problem(&x, &y, &penalty));
        let start = vec![0.0; objective.parameter_count()];
        let stop = Stop { tolerance: Some(1e-300), max_iterations: 80 };
        let go_on = &mut |_: &_| ControlFlow::Continue(());
        let report = stop.run(&mut objective, start, go_on, ProximalNewton::new(false)).unwrap().report;
        assert!(report.objective < 1e-20 && report.evaluations < 250, "{report}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        /// Columns times powers of two, with penalties to match, have the same fit: the same parameters take
        /// part in each iteration, and coefficients divide by the powers to the last digit. There are more
        /// parameters than the first working set holds.
        #[test]
        fn units_do_not_choose_the_working_set(count in prop_oneof![Just(2usize), Just(5)], seed: u64) {
            let mut rng = Rng::new(seed);
            let features = 600 / (if count == 2 { 1 } else { count });
            // Columns of similar size would share a scale, and here none are similar to all others.
            let size = |j: usize| if j.is_multiple_of(2) { 1.0 } else { 64.0 };
            let x = DMatrix::from_fn(24, features, |_, j| size(j) * rng.standard_normal());
            let y: Vec<usize> = (0..24).map(|i| i % count).collect();
            let powers: Vec<i32> = (0..features).map(|_| rng.below(601) as i32 - 300).collect();
            let scaled = DMatrix::from_fn(24, features, |i, j| x[(i, j)] * 2f64.powi(powers[j]));
            let fit = |x: &DMatrix<f64>, l1: Vec<f64>| {
                let penalty = ColumnPenalty { l2: vec![0.0; l1.len()], l1 };
                let config = LogisticRegression::new(Penalty::l1(1.0)).gap_tolerance(1e-9);
                let go_on = &mut |_: &_| ControlFlow::Continue(());
                solve(&config, &problem(x, &y, &penalty), None, go_on, Doubt::Ignored).unwrap()
            };
            let strength = |j: usize| 0.01 * size(j);
            let plain = fit(&x, (0..features).map(strength).collect());
            let other = fit(&scaled, (0..features).map(|j| strength(j) * 2f64.powi(powers[j])).collect());
            prop_assert!(plain.report.converged(), "{}", plain.report);
            prop_assert_eq!(plain.report.stop, other.report.stop);
            prop_assert_eq!(plain.report.iterations, other.report.iterations);
            prop_assert_eq!(plain.report.objective, other.report.objective);
            for k in 0..plain.coefficients.ncols() {
                for (j, power) in powers.iter().enumerate() {
                    let wanted = plain.coefficients[(j, k)] * 2f64.powi(-power);
                    prop_assert_eq!(other.coefficients[(j, k)], wanted, "{}, {}", j, k);
                }
            }
        }
    }
}
