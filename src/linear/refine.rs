//! The last Newton steps of a fit, and the verdict.

use super::decrement::{Certified, MATRIX_LIMIT, Measured, rounding_limit};
use super::objective::LogisticObjective;
use super::returned::Returned;
use super::subgradient::Subgradient;
use crate::report::{FitReport, StopReason};
use crate::scalar::Real;
use crate::scalar::{all_finite, max_abs};

/// A point after its last Newton steps, with the report of the run that led to it.
pub(super) struct Refined<T> {
    pub(super) params: Vec<T>,
    pub(super) report: FitReport,
    /// Whether the run stopped because the classes may be separable.
    pub(super) doubted: bool,
}

impl<T> Refined<T> {
    /// Returns whether the last steps did not lead to an optimum, although the run ended `early` for them.
    pub(super) fn unfinished(&self, early: bool) -> bool {
        early && self.report.stop == StopReason::Stalled && !self.doubted
    }

    /// Adds the iterations of the run before.
    pub(super) fn preceded_by(mut self, before: FitReport) -> Self {
        self.report.precede(before);
        self
    }
}

/// Returns whether a step changes parameters by rounding errors only.
fn is_negligible<T: Real>(params: &[T], step: &[T]) -> bool {
    max_abs(step) <= EXACT * T::EPSILON.as_f64() * max_abs(params)
}

/// The step, in units in the last place of the largest parameter, that gains nothing. The parameters then have
/// 14 digits, and a further step changes them by rounding.
const EXACT: f64 = 64.0;

/// The largest number of last Newton steps.
const LAST_STEPS: usize = 6;

/// Returns the number of last steps of a fit; none if its limit is no iteration.
fn last_steps(may_move: bool) -> usize {
    if may_move { LAST_STEPS } else { 0 }
}

/// The ratio of decrements from which a step needs a new second derivative.
const SLOW: f64 = 0.01;

impl<T: Real> Certified<'_, '_, T> {
    /// Takes Newton steps from the end of a run as long as they halve the decrement, and completes the report
    /// with the decrement. A step costs one evaluation, because the second derivative is known already.
    ///
    /// A run that stalled has converged if its decrement is within the tolerance or within what rounding can
    /// cause. If `certify` is not set, the stop reason stays. A run that may not move, because its limit is no
    /// iteration, does not.
    pub(super) fn refine(&mut self, params: Vec<T>, mut report: FitReport, certify: bool) -> Refined<T> {
        let doubted = self.doubted && report.stop == StopReason::Converged;
        if doubted {
            report.stop = StopReason::Stalled;
        }
        let certify = certify && !doubted;
        let ended = matches!(report.stop, StopReason::Converged | StopReason::Stalled);
        if matches!(report.stop, StopReason::Diverged) || (!ended && params.len() > MATRIX_LIMIT) {
            return Refined { params, report, doubted };
        }
        let mut best = self.measured(&params);
        let mut fast = false;
        for _ in 0..last_steps(self.may_move) {
            let Some((decrement, step)) = best.measure.as_ref().filter(|_| ended && certify) else { break };
            if is_negligible(&best.params, step) {
                break;
            }
            let trial: Vec<T> = best.params.iter().zip(step).map(|(&p, &d)| p - d).collect();
            let mut there = self.measured(&trial);
            report.evaluations += 1;
            let noise = 8.0 * T::EPSILON.as_f64() * best.evaluation.magnitude;
            let no_worse = there.evaluation.value <= best.evaluation.value + noise;
            let ratio = |there: &Measured<T>| there.measure.as_ref().map_or(f64::NAN, |(d, _)| d / decrement);
            // The second derivative may be from too far away. Then it slows all steps alike; a slow step after a
            // fast one has only rounding errors left to remove.
            let slow = ratio(&there).is_nan() || ratio(&there) > SLOW;
            if no_worse && slow && !fast && trial.len() <= MATRIX_LIMIT && self.is_stale(&trial) {
                there.measure = self.renew(&trial, &there.gradient);
            }
            let last = slow && fast;
            fast = !slow;
            let better = no_worse && ratio(&there) <= 0.5;
            if !better {
                break;
            }
            best = there;
            if last {
                break;
            }
        }
        let Measured { params, evaluation, measure, .. } = best;
        report.objective = evaluation.value;
        if let (true, Some(last)) = (ended, report.objective_curve.last_mut()) {
            *last = evaluation.value;
        }
        report.decrement = measure.map(|(decrement, _)| decrement);
        report.hessian_condition = self.condition(report.hessian_condition);
        if ended {
            self.judge(&params, &mut report, certify);
        }
        Refined { params, report, doubted }
    }

    /// Measures the decrement at the model in the user's units, whose coefficients are rounded, and decides
    /// about a run that ended by itself.
    fn judge(&mut self, params: &[T], report: &mut FitReport, certify: bool) {
        let (slopes, intercepts) = self.objective.coefficients(params);
        let coordinates = &self.objective.coordinates;
        let shifts = coordinates.origin(params).map_or(intercepts, |origin| origin.scores);
        if !(all_finite(slopes.as_slice()) && all_finite(&shifts)) {
            return;
        }
        if coordinates.explicit() || coordinates.dependent().next().is_some() {
            let center = coordinates.far.then(|| coordinates.center.clone());
            let model = Returned { slopes: slopes.as_slice(), center: center.as_deref(), scores: &shifts };
            let mut gradient = vec![T::zero(); params.len()];
            self.objective.gradient_at(&model, &mut gradient);
            let measured = self.measure(params, &gradient).map(|(decrement, _)| decrement);
            report.decrement = report.decrement.and_then(|solved| Some(solved.max(measured?)));
        }
        let Some(decrement) = report.decrement else {
            // Without a measure there is no certificate.
            if certify {
                report.stop = StopReason::Stalled;
            }
            return;
        };
        if certify && self.unpenalized && self.objective.problem.rows.loses_rows() {
            // A row that does not count in this arithmetic may decide whether there is an optimum, and how far it is.
            report.stop = StopReason::Stalled;
            report.decrement = None;
            return;
        }
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

impl<T: Real> LogisticObjective<'_, T> {
    /// Takes Newton steps on the parameters that are not zero from the end of a run, as long as they halve
    /// the decrement and change no sign, and completes the report like [`Certified::refine`].
    pub(super) fn refine_with_l1(
        &mut self,
        mut params: Vec<T>,
        mut report: FitReport,
        tolerance: f64,
        by_gap: bool,
        may_move: bool,
    ) -> Refined<T> {
        let ended = !by_gap && matches!(report.stop, StopReason::Converged | StopReason::Stalled);
        let mut measured = self.decrement_with_l1(&params);
        for _ in 0..last_steps(may_move) {
            let Some(Subgradient { decrement, parameters, step, value, .. }) =
                measured.as_ref().filter(|_| ended)
            else {
                break;
            };
            let own: Vec<T> = parameters.iter().map(|&at| params[at]).collect();
            if is_negligible(&own, step) {
                break;
            }
            let mut trial = params.clone();
            parameters.iter().zip(step).for_each(|(&at, &d)| trial[at] -= d);
            let flips = |&at: &usize| self.l1_of(at) > T::zero() && trial[at] * params[at] <= T::zero();
            if parameters.iter().any(flips) {
                break;
            }
            report.evaluations += 1;
            let noise = 8.0 * T::EPSILON.as_f64() * value.abs();
            let there = self.decrement_with_l1(&trial);
            let better =
                |there: &Subgradient<T>| there.decrement <= 0.5 * decrement && there.value <= value + noise;
            if !there.as_ref().is_some_and(better) {
                break;
            }
            (params, measured) = (trial, there);
        }
        if measured.is_none() && ended {
            // Without a measure there is no certificate.
            report.stop = StopReason::Stalled;
        }
        if let Some(Subgradient { decrement, value, .. }) = measured.filter(|_| !by_gap) {
            report.decrement = Some(decrement);
            report.objective = value;
            if let (true, Some(last)) = (ended, report.objective_curve.last_mut()) {
                *last = value;
            }
            if ended {
                self.judge_with_l1(&params, &mut report, tolerance);
                if may_move && report.stop == StopReason::Converged {
                    self.coordinates.settle(self.problem.penalty, &mut params);
                }
            }
        }
        Refined { params, report, doubted: false }
    }

    /// Decides about a run that ended by itself.
    fn judge_with_l1(&mut self, params: &[T], report: &mut FitReport, tolerance: f64) {
        let Some(decrement) = report.decrement else { return };
        report.stop = StopReason::Converged;
        if decrement <= tolerance {
            return;
        }
        let (slopes, intercepts) = self.coefficients(params);
        let coordinates = &self.coordinates;
        let shifts = coordinates.origin(params).map_or(intercepts, |origin| origin.scores);
        let (of_scores, terms) = self.rounding(params, slopes.as_slice(), &shifts);
        let limit = rounding_limit(of_scores, &terms, &self.curvature_roots());
        if decrement <= limit {
            report.rounding_limit = Some(limit);
        } else {
            report.stop = StopReason::Stalled;
        }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;
    use crate::examples::ClassExamples;
    use crate::linear::problem::{ColumnPenalty, Problem};
    use crate::rng::Rng;

    /// So there are at most as many evaluations as steps.
    #[test]
    fn a_last_step_costs_one_evaluation() {
        let mut rng = Rng::new(61);
        let x = DMatrix::from_fn(80, 1, |_, _| rng.standard_normal());
        let classes: Vec<usize> = x.iter().map(|x| usize::from(x + rng.standard_normal() > 0.0)).collect();
        let rows = ClassExamples::new((&x).into(), &classes, None).unwrap();
        let penalty = ColumnPenalty { l1: vec![1e-3], l2: vec![0.0] };
        let problem = Problem { rows: rows.into(), classes: 2, intercept: true, penalty: &penalty };
        let mut objective = LogisticObjective::new(problem);
        let report = FitReport::new(StopReason::Converged, 0.0, None);
        let refined = objective.refine_with_l1(vec![0.2, 0.0], report, 1e-8, false, true);
        assert!(refined.report.converged() && refined.report.decrement.unwrap() < 1e-12);
        let evaluations = refined.report.evaluations;
        assert!((4..=LAST_STEPS).contains(&evaluations), "{evaluations}");
    }
}
