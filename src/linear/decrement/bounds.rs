//! Lower bounds of the decrement, from curvatures that are known in advance.

use super::Certified;
use crate::linear::objective::LogisticObjective;
use crate::scalar::{Real, dot};

impl<T: Real> Certified<'_, '_, T> {
    /// Returns a lower bound of the decrement.
    pub(super) fn lower_bound(&self, gradient: &[T]) -> f64 {
        self.roots.iter().zip(gradient).fold(0.0, |largest: f64, (&root, g)| {
            let g = g.as_f64().abs();
            let bound = if g == 0.0 { 0.0 } else { g / root };
            if bound > largest || bound.is_nan() { bound } else { largest }
        })
    }

    /// Returns a lower bound of the decrement that the cross products of the columns give, if they are known:
    /// the second derivative of the loss is at most a quarter of them (half for several classes).
    pub(super) fn tight_bound(&self, gradient: &[T]) -> f64 {
        let coordinates = &self.objective.coordinates;
        let Some(triangle) = coordinates.triangle() else { return 0.0 };
        let mut whitened = gradient.to_vec();
        if coordinates.rotation().is_none() {
            triangle.solve_transposed(&mut whitened[..self.objective.slopes.len()]);
        }
        let largest = if coordinates.columns == 1 { 0.25f64 } else { 0.5 };
        (dot(&whitened, &whitened).as_f64() / largest).sqrt()
    }
}

impl<T: Real> LogisticObjective<'_, T> {
    /// Returns the root of an upper bound of the second derivative in each parameter: a quarter of the mean
    /// square of its column, plus the penalty.
    pub(in crate::linear) fn curvature_roots(&self) -> Vec<f64> {
        let coordinates = &self.coordinates;
        let penalty = coordinates.l2_diagonal(self.problem.penalty);
        let bound = |j: usize| (0.25 * coordinates.mean_square(j) + penalty[j]).sqrt();
        let slopes = (0..coordinates.columns).flat_map(|_| (0..coordinates.features()).map(bound));
        let shifts = if coordinates.intercept { coordinates.columns } else { 0 };
        slopes.chain(std::iter::repeat_n(0.5, shifts)).collect()
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::super::Doubt;
    use super::*;
    use crate::linear::objective::tests::{Data, draw};
    use crate::optim::{HasHessian, Objective};
    use crate::rng::Rng;

    /// Where all probabilities are the same, second derivatives are the largest that they can be.
    #[test]
    fn bounds_are_reached_at_zero() {
        let mut rng = Rng::new(21);
        for (count, lambda) in [(2, 0.0), (2, 0.3), (3, 0.0)] {
            let data = Data::new(80, 3, count, true, &mut rng);
            let mut objective = data.objective(lambda, true);
            let size = objective.parameter_count();
            let zero = vec![0.0; size];
            let mut gradient = vec![0.0; size];
            objective.evaluate(&zero, &mut gradient);
            let mut hessian = DMatrix::zeros(size, size);
            objective.hessian(&zero, &mut hessian);
            if count == 2 {
                for (at, root) in objective.curvature_roots().iter().enumerate() {
                    approx::assert_relative_eq!(root * root, hessian[(at, at)], max_relative = 1e-12);
                }
            }
            let roots = objective.curvature_roots();
            let mut certified = Certified::new(&mut objective, 1e-8, 1e-8, Doubt::Ignored);
            let ratios = gradient.iter().zip(&roots).map(|(g, root)| g.abs() / root);
            let lower = certified.lower_bound(&gradient);
            assert_eq!(lower, ratios.fold(0.0, f64::max));
            let tight = certified.tight_bound(&gradient);
            let (exact, _) = certified.renew(&zero, &gradient).unwrap();
            assert!(lower <= exact * (1.0 + 1e-12) && tight <= exact * (1.0 + 1e-12));
            if lambda == 0.0 {
                // (I - 11ᵀ/K)/K for K classes, bounded by 1/2.
                let share = if count == 2 { 1.0 } else { count as f64 / 2.0 };
                approx::assert_relative_eq!(tight * share.sqrt(), exact, max_relative = 1e-10);
            }
            gradient[1] = f64::NAN;
            assert!(certified.lower_bound(&gradient).is_nan());
            gradient[1] = draw(1, &mut rng)[0];
            assert!(certified.lower_bound(&gradient) > 0.0);
        }
    }
}
