//! A run of a solver until the decrement is small, and what it does if the classes seem separable.

use nalgebra::DMatrix;

use super::metric::Metric;
use super::{Certified, Measured};
use crate::linear::objective::LogisticObjective;
use crate::linear::problem::Problem;
use crate::optim::{Evaluation, HasHessian, HessianProduct, Objective};
use crate::scalar::Real;

/// What a run does where the second derivative is so small along some direction that the classes may be
/// separable: there would be no optimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::linear) enum Doubt {
    /// It stops once the gradient is within the tolerance, so that the question is decided first.
    Stops,
    /// Such a place was reached in a run that stops.
    Grown,
    /// It goes on until the decrement is within the tolerance.
    Ignored,
}

/// The ratio of the decrement to its lower bound beyond which a run is in doubt: curvatures are a thousandth
/// of their bounds, as they are for rows that are classified with near certainty.
const DOUBTFUL: f64 = 30.0;

/// A loss that leaves room for rounding errors.
const HALF_OF_LN_2: f64 = 0.5 * std::f64::consts::LN_2;

impl<T: Real> Objective<T> for Certified<'_, '_, T> {
    fn parameter_count(&self) -> usize {
        self.objective.parameter_count()
    }

    fn evaluate(&mut self, params: &[T], gradient: &mut [T]) -> Evaluation {
        let evaluation = self.objective.evaluate(params, gradient);
        if evaluation.value < self.separated && self.may_move {
            self.doubted = true;
            return evaluation.optimality(0.0);
        }
        let bound = self.lower_bound(gradient);
        let threshold = if self.doubt == Doubt::Grown { 2.0 * self.tolerance } else { self.near };
        let above = self.ratio * bound > threshold;
        // In doubt, the run goes on until the gradient is small, whatever the decrement.
        let least = if self.doubt == Doubt::Grown { 2.0 * self.near } else { 0.0 };
        if bound.is_nan() {
            return evaluation.optimality(bound);
        }
        if self.rough && evaluation.value.is_finite() {
            return evaluation.optimality(self.tight_bound(gradient).max(bound));
        }
        if above || !evaluation.value.is_finite() {
            return evaluation.optimality((self.ratio * bound).max(least));
        }
        let tight = self.tight_bound(gradient).max(bound);
        if tight > threshold {
            self.ratio = self.ratio.max(tight / bound);
            return evaluation.optimality(tight.max(least));
        }
        // Without a measure, report a large finite number: infinity would mean that the objective diverged.
        let measure = self.measure_within(params, gradient, self.near);
        let decrement = measure.as_ref().map_or(f64::MAX, |(decrement, _)| *decrement);
        let (params, gradient) = (params.to_vec(), gradient.to_vec());
        // Above, the decrement may be a lower bound.
        self.last = (decrement <= self.near).then_some(Measured { params, gradient, evaluation, measure });
        if self.doubt != Doubt::Ignored && decrement > (DOUBTFUL * tight).max(self.tolerance) {
            // In standard deviations of the columns, the gradient is half of the bound.
            if bound <= 2.0 * self.tolerance {
                self.doubted = true;
                return evaluation.optimality(bound);
            }
            // Wait until the gradient is within the tolerance.
            self.doubt = Doubt::Grown;
            self.ratio = 1.0;
            return evaluation.optimality(decrement.max(2.0 * self.near));
        }
        if decrement > threshold && bound > 0.0 && decrement < f64::MAX {
            self.ratio = (decrement / bound).max(1.0);
        }
        evaluation.optimality(decrement)
    }
}

impl<T: Real> LogisticObjective<'_, T> {
    /// Returns a mean loss below which the slopes and intercepts separate the classes, or 0 if there are
    /// penalties or offsets: no row whose loss is below ln 2 is misclassified.
    pub(super) fn loss_of_separation(&self) -> f64 {
        let Problem { rows, penalty, .. } = self.problem;
        if rows.has_offset() || !penalty.is_none() {
            return 0.0;
        }
        HALF_OF_LN_2 * rows.lightest / rows.total_weight
    }
}

impl<T: Real> HasHessian<T> for Certified<'_, '_, T> {
    fn hessian(&mut self, params: &[T], hessian: &mut DMatrix<T>) {
        self.objective.hessian(params, hessian);
        let metric = self.metric.get_or_insert_with(|| Metric {
            point: params.to_vec(),
            hessian: DMatrix::zeros(0, 0),
            factor: None,
        });
        metric.point.copy_from_slice(params);
        metric.hessian.clone_from(hessian);
        metric.factor = None;
        self.renewed = false;
    }

    fn is_exact(&self) -> bool {
        self.objective.is_exact()
    }
}

impl<T: Real> HessianProduct<T> for Certified<'_, '_, T> {
    fn linearize(&mut self, params: &[T]) {
        self.objective.linearize(params);
    }

    fn hessian_product(&mut self, vector: &[T], out: &mut [T]) {
        self.objective.hessian_product(vector, out);
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrixView;

    use super::*;
    use crate::examples::ClassExamples;
    use crate::linear::objective::LogisticObjective;
    use crate::linear::problem::{ColumnPenalty, Problem};
    use crate::linear::rows::TrainingRows;

    /// Evaluates at a slope for rows at -1 and 1, which the classes separate. An offset, here of zeros, takes
    /// the proof from the loss.
    fn separable(slope: f64, tolerance: f64, near: f64, doubt: Doubt) -> (f64, bool, Doubt) {
        let offset = DMatrix::zeros(2, 1);
        evaluated(slope, Some(offset.as_view()), tolerance, near, doubt)
    }

    fn evaluated(
        slope: f64,
        offset: Option<DMatrixView<'_, f64>>,
        tolerance: f64,
        near: f64,
        doubt: Doubt,
    ) -> (f64, bool, Doubt) {
        let x = DMatrix::from_column_slice(2, 1, &[-1.0, 1.0]);
        let rows = ClassExamples::new((&x).into(), &[0, 1], None).unwrap();
        let penalty = ColumnPenalty::none(1);
        let problem =
            Problem { rows: TrainingRows::new(rows, offset), classes: 2, intercept: true, penalty: &penalty };
        let mut objective = LogisticObjective::new(problem);
        let mut certified = Certified::new(&mut objective, tolerance, near, doubt);
        let optimality = certified.evaluate(&[slope, 0.0], &mut [0.0; 2]).optimality;
        (optimality, certified.doubted, certified.doubt)
    }

    /// The gradient is the probability p of the wrong class, and the curvature p (1 - p).
    #[test]
    fn vanishing_curvature_raises_doubt() {
        let (optimality, doubted, _) = separable(30.0, 1e-8, 1e-8, Doubt::Stops);
        assert!(optimality <= 1e-8 && doubted);
        let (optimality, doubted, _) = separable(30.0, 1e-8, 1e-8, Doubt::Ignored);
        approx::assert_relative_eq!(optimality, (-15f64).exp(), max_relative = 1e-6);
        assert!(!doubted);
        // The run waits until the gradient is within the tolerance.
        let (optimality, doubted, doubt) = separable(10.0, 1e-8, 1e-3, Doubt::Stops);
        assert!(optimality >= 2e-3 && !doubted && doubt == Doubt::Grown);
        let (_, doubted, doubt) = separable(0.1, 1e-8, 10.0, Doubt::Stops);
        assert!(!doubted && doubt == Doubt::Stops);
    }

    /// It is half of the bound.
    #[test]
    fn a_run_in_doubt_ends_where_the_gradient_is_within_the_tolerance() {
        let gradient = 1.0 / (1.0 + 10f64.exp());
        for (tolerance, ends) in [(0.99 * gradient, false), (1.01 * gradient, true)] {
            let (_, doubted, doubt) = separable(10.0, tolerance, 1e-3, Doubt::Stops);
            assert_eq!((doubted, doubt == Doubt::Stops), (ends, ends), "{tolerance}");
        }
    }

    /// Each row has half of the weight: a mean loss below a quarter of ln 2 is enough.
    #[test]
    fn a_small_loss_proves_separation() {
        for (slope, proved) in [(1.0, false), (2.0, true)] {
            let (optimality, doubted, _) = evaluated(slope, None, 1e-8, 1e-8, Doubt::Stops);
            assert_eq!((optimality == 0.0, doubted), (proved, proved), "{slope}");
            let (optimality, doubted, _) = evaluated(slope, None, 1e-8, 1e-8, Doubt::Ignored);
            assert!(optimality > 0.0 && !doubted);
        }
    }

    #[test]
    fn no_optimum_is_at_nan() {
        assert!(separable(f64::NAN, 1e-8, 1e-8, Doubt::Stops).0.is_nan());
    }
}
