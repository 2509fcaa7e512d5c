//! Optimality conditions with absolute values: the smallest subgradient, and the decrement that it leaves.

use nalgebra::{DMatrix, DVector};

use super::definite;
use super::objective::LogisticObjective;
use super::returned::Returned;
use super::working_set::WorkingSet;
use crate::optim::{Effort, Evaluation, Objective, Point};
use crate::scalar::Real;
use crate::scalar::all_finite;

/// The smallest subgradient at a point, measured by the second derivative.
pub(super) struct Subgradient<T> {
    /// The decrement √(vᵀH⁻¹v), with the smallest subgradient v and the second derivative H.
    pub(super) decrement: f64,
    /// The parameters over which it is taken.
    pub(super) parameters: Vec<usize>,
    /// H⁻¹v, or empty if v is zero.
    pub(super) step: Vec<T>,
    /// The objective.
    pub(super) value: f64,
}

/// Returns the largest entry, or NaN if any entry is NaN.
pub(super) fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |max, v| if v > max || v.is_nan() { v } else { max })
}

/// Returns the subgradient with the smallest absolute value, for a smooth part with derivative `slope` plus
/// `lambda` times the absolute value of a parameter that is `at`.
pub(super) fn smallest<T: Real>(slope: T, lambda: T, at: T) -> f64 {
    let (slope, lambda) = (slope.as_f64(), lambda.as_f64());
    if lambda == 0.0 {
        return slope;
    }
    if at == T::zero() {
        // NaN must not become 0.
        return if slope.abs() <= lambda { 0.0 } else { slope - lambda.copysign(slope) };
    }
    slope + lambda.copysign(at.as_f64())
}

impl<T: Real> LogisticObjective<'_, T> {
    /// Evaluates the objective with its absolute values at `point`. The gradient stored in `point` is that of
    /// the smooth part.
    pub(super) fn evaluate_with_l1(&mut self, point: &mut Point<T>, effort: &mut Effort<'_>) {
        point.evaluate(self, effort);
        let value = point.value() + self.problem.penalty.l1_value(&self.slopes);
        let bound = self.lower_bound_with_l1(&point.params, &point.gradient);
        point.amend(Evaluation::of(value, &point.gradient).optimality(bound));
    }

    /// Returns the violation of each parameter's optimality condition at an evaluated point, in the solver's
    /// coordinates: whatever the units of the columns, the numbers compare.
    pub(super) fn violations(&self, point: &Point<T>) -> Vec<f64> {
        let parameters = point.gradient.iter().zip(&point.params).enumerate();
        parameters.map(|(at, (&g, &w))| self.subgradient(at, w, g).abs()).collect()
    }

    /// Returns the smallest subgradient in a parameter, in the solver's coordinates.
    fn subgradient(&self, at: usize, value: T, gradient: T) -> f64 {
        smallest(gradient, self.l1_of(at), value)
    }

    /// Returns a lower bound of the decrement: the largest violation, each divided by the root of a bound on
    /// its curvature.
    fn lower_bound_with_l1(&self, params: &[T], gradient: &[T]) -> f64 {
        let roots = self.curvature_roots();
        let bounds = params.iter().zip(gradient).zip(&roots).enumerate().map(|(at, ((&p, &g), root))| {
            let violation = self.subgradient(at, p, g).abs();
            if violation == 0.0 { 0.0 } else { violation / root }
        });
        bounds.fold(0.0, |largest, bound| if bound > largest || bound.is_nan() { bound } else { largest })
    }

    /// Measures the subgradient at `params` over the parameters that have no absolute value, are not zero, or
    /// violate their optimality condition.
    ///
    /// Returns `None` if the second derivative is not safely definite.
    pub(super) fn decrement_with_l1(&mut self, params: &[T]) -> Option<Subgradient<T>> {
        let mut gradient = vec![T::zero(); params.len()];
        let value = self.evaluate(params, &mut gradient).value + self.problem.penalty.l1_value(&self.slopes);
        let violation = |at: usize| self.subgradient(at, params[at], gradient[at]);
        let moves = |&at: &usize| {
            self.takes_part(at)
                && (self.l1_of(at) == T::zero() || params[at] != T::zero() || violation(at) != 0.0)
        };
        let parameters: Vec<usize> = (0..params.len()).filter(moves).collect();
        let violations: Vec<f64> = parameters.iter().map(|&at| violation(at)).collect();
        if violations.iter().all(|&v| v == 0.0) {
            return Some(Subgradient { decrement: 0.0, parameters, step: Vec::new(), value });
        }
        let violations = DVector::from_vec(violations);
        let mut hessian = DMatrix::zeros(0, 0);
        let set = WorkingSet { parameters };
        set.hessian(self, params, &mut hessian);
        let mut hessian: DMatrix<f64> = hessian.map(Real::as_f64);
        set.bend_shifts(self, &mut hessian);
        let epsilon = T::EPSILON.as_f64();
        let (factor, bend) = match definite::factor(hessian.clone(), epsilon) {
            Some(factor) => (factor, 0.0),
            None => {
                // Columns that are used together depend on each other. If the subgradient has no component
                // along what they leave undetermined, a little curvature there changes nothing.
                let bend = epsilon.sqrt();
                (0..hessian.nrows()).for_each(|i| hessian[(i, i)] *= 1.0 + bend);
                (definite::factor(hessian.clone(), epsilon)?, bend)
            }
        };
        let half = factor.l_dirty().solve_lower_triangular(&violations)?;
        let step: Vec<T> =
            factor.l_dirty().tr_solve_lower_triangular(&half)?.iter().map(|&d| T::of(d)).collect();
        // What the bend takes from H d = v: its length with the smallest curvature that is not rounding.
        let diagonal = hessian.diagonal();
        let taken = step.iter().zip(diagonal.iter()).map(|(d, h)| bend * h * d.as_f64());
        let taken = DVector::from_vec(taken.collect());
        let flattest = (definite::smallest(step.len(), epsilon) / bend).min(1.0);
        let hidden = factor.l_dirty().solve_lower_triangular(&taken)?.norm() / flattest.sqrt();
        let (decrement, parameters) = (half.norm().hypot(hidden), set.parameters);
        let finite = decrement.is_finite() && all_finite(&step);
        finite.then_some(Subgradient { decrement, parameters, step, value })
    }

    /// Returns whether the column of a parameter takes part; intercepts do.
    fn takes_part(&self, at: usize) -> bool {
        at >= self.slopes.len() || self.coordinates.takes_part(at % self.coordinates.features())
    }

    /// Returns the largest violation of an optimality condition at `model`, in the user's units. The solver's
    /// parameters of the model are `params`.
    pub(super) fn violation_at(&mut self, model: &Returned<'_, T>, params: &[T]) -> f64 {
        self.ensure_user_gradient(params);
        if self.coordinates.explicit() || self.slopes != model.slopes {
            self.set_user_gradient(model);
        }
        let (slopes, intercepts) = self.user_gradient();
        let l1 = &self.problem.penalty.l1;
        let of_slope = |(at, (&g, &w)): (usize, (&T, &T))| smallest(g, T::of(l1[at % l1.len()]), w).abs();
        let of_slopes = slopes.iter().zip(&self.slopes).enumerate().map(of_slope);
        largest(of_slopes.chain(intercepts.iter().map(|g| g.as_f64().abs())))
    }

    /// Returns the coefficient λ of a parameter's absolute value, in the solver's coordinates; 0 for
    /// intercepts.
    pub(super) fn l1_of(&self, parameter: usize) -> T {
        if parameter >= self.slopes.len() {
            return T::zero();
        }
        let feature = parameter % self.coordinates.features();
        T::of(self.problem.penalty.l1[feature]) / self.coordinates.scale[feature]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::ClassExamples;
    use crate::linear::problem::{ColumnPenalty, Problem};
    use crate::optim::HasHessian;
    use crate::rng::Rng;

    #[test]
    fn the_smallest_subgradient_is_that_of_the_definition() {
        for (slope, lambda, at, wanted) in [
            (0.5, 0.0, 0.0, 0.5),
            (0.5, 1.0, 0.0, 0.0),
            (-1.0, 1.0, 0.0, 0.0),
            (1.5, 1.0, 0.0, 0.5),
            (-1.5, 1.0, 0.0, -0.5),
            (0.5, 1.0, 2.0, 1.5),
            (0.5, 1.0, -2.0, -0.5),
        ] {
            assert_eq!(smallest(slope, lambda, at), wanted, "{slope}, {lambda}, {at}");
        }
        assert!(smallest(f64::NAN, 1.0, 0.0).is_nan() && smallest(f64::NAN, 0.0, 0.0).is_nan());
        assert_eq!(largest([1.0, 3.0, 2.0].into_iter()), 3.0);
        assert!(largest([1.0, f64::NAN, 2.0].into_iter()).is_nan());
    }

    /// √(vᵀH⁻¹v) over what has no absolute value, is not zero, or violates its condition.
    #[test]
    fn the_decrement_is_that_of_the_parameters_that_move() {
        let mut rng = Rng::new(31);
        let x = DMatrix::from_fn(50, 4, |_, j| 3f64.powi(j as i32) * rng.standard_normal());
        let classes: Vec<usize> = (0..50).map(|_| rng.below(2)).collect();
        let rows = ClassExamples::new((&x).into(), &classes, None).unwrap();
        let penalty = ColumnPenalty { l1: vec![1e-4, 10.0, 0.02, 0.0], l2: vec![0.0, 0.0, 0.3, 0.1] };
        let problem = Problem { rows: rows.into(), classes: 2, intercept: true, penalty: &penalty };
        let mut objective = LogisticObjective::new(problem);
        let params = [0.0, 0.0, -0.4, 0.2, 0.7];
        let (mut gradient, mut hessian) = (vec![0.0; 5], DMatrix::zeros(5, 5));
        objective.evaluate(&params, &mut gradient);
        objective.hessian(&params, &mut hessian);
        hessian.fill_upper_triangle_with_lower_triangle();
        let own = [0, 2, 3, 4];
        let l1 = |at: usize| penalty.l1[at] / objective.coordinates.scale[at];
        let violations = DVector::from_column_slice(&[
            gradient[0] - l1(0).copysign(gradient[0]),
            gradient[2] - l1(2),
            gradient[3],
            gradient[4],
        ]);
        let hessian = hessian.select_rows(&own).select_columns(&own);
        let wanted = violations.dot(&hessian.cholesky().unwrap().solve(&violations)).sqrt();
        let found = objective.decrement_with_l1(&params).unwrap();
        assert_eq!(found.parameters, own);
        approx::assert_relative_eq!(found.decrement, wanted, max_relative = 1e-10);
    }

    /// Two columns that are the same leave a singular second derivative, and a decrement all the same.
    #[test]
    fn dependent_columns_have_a_decrement() {
        let mut rng = Rng::new(32);
        let mut x = DMatrix::from_fn(50, 2, |_, _| rng.standard_normal());
        for row in 0..50 {
            x[(row, 1)] = x[(row, 0)];
        }
        for count in [2, 3] {
            let classes: Vec<usize> = (0..50).map(|_| rng.below(count)).collect();
            let rows = ClassExamples::new((&x).into(), &classes, None).unwrap();
            let penalty = ColumnPenalty { l1: vec![1e-3; 2], l2: vec![0.0; 2] };
            let problem = Problem { rows: rows.into(), classes: count, intercept: true, penalty: &penalty };
            let mut objective = LogisticObjective::new(problem);
            let params = vec![0.1; objective.parameter_count()];
            let found = objective.decrement_with_l1(&params).unwrap();
            assert!(found.decrement > 0.0 && found.decrement < 10.0, "{}", found.decrement);
        }
    }

    /// Two columns far from the origin, without an intercept, differ by what rounding leaves of the second
    /// derivative. A gradient along the difference is not shortened by the curvature that makes it definite.
    #[test]
    fn nearly_dependent_columns_do_not_hide_a_gradient() {
        let mut rng = Rng::new(31);
        let x = DMatrix::from_fn(80, 2, |_, _| 2e7 + rng.standard_normal());
        let y: Vec<usize> = (0..80).map(|_| rng.below(2)).collect();
        let penalty = ColumnPenalty { l1: vec![1e-30; 2], l2: vec![0.0; 2] };
        let rows = ClassExamples::new((&x).into(), &y, None).unwrap();
        let mut objective = LogisticObjective::new(Problem {
            rows: rows.into(),
            classes: 2,
            intercept: false,
            penalty: &penalty,
        });
        let params: Vec<f64> =
            [0.5, -0.5].iter().zip(&objective.coordinates.scale).map(|(w, s)| w * s).collect();
        let found = objective.decrement_with_l1(&params).unwrap().decrement;
        // In units of the sum and the difference, nothing is lost.
        let (mut gradient, mut hessian) = (DVector::zeros(2), DMatrix::zeros(2, 2));
        for (row, &class) in x.row_iter().zip(&y) {
            let apart = row[0] - row[1];
            let z = DVector::from_vec(vec![(row[0] + row[1]) / 4e7, apart]);
            let p = 1.0 / (1.0 + (-0.5 * apart).exp());
            gradient += &z * ((p - class as f64) / 80.0);
            hessian += &z * z.transpose() * (p * (1.0 - p) / 80.0);
        }
        let wanted = gradient.dot(&hessian.cholesky().unwrap().solve(&gradient)).sqrt();
        assert!(wanted > 0.1 && found > wanted / 3.0, "{found:e}, wanted {wanted:e}");
    }
}
