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
