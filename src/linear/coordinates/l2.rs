//! The L2 penalty in the solvers' coordinates: gradient, second derivative, and where it does not matter.

use super::Coordinates;
use crate::linear::problem::ColumnPenalty;
use crate::scalar::{Real, dot};

/// The gradient of a penalty that does not matter, relative to the tolerance.
const NEGLIGIBLE: f64 = 0.01;

impl<T: Real> Coordinates<T> {
    /// Adds the gradient of the L2 penalty, at slopes in the user's units, to the gradient of the parameters.
    pub(in crate::linear) fn add_l2_gradient(
        &self,
        penalty: &ColumnPenalty,
        slopes: &[T],
        gradient: &mut [T],
    ) {
        let features = self.features();
        let pull = |j: usize, w: T| T::of(penalty.l2[j]) * w / self.scale[j];
        match self.rotation() {
            None => {
                for (out, w) in gradient.chunks_exact_mut(features).zip(slopes.chunks_exact(features)) {
                    out.iter_mut().zip(w).enumerate().for_each(|(j, (out, &w))| *out += pull(j, w));
                }
            }
            Some(triangle) => {
                let mut pulls: Vec<T> =
                    slopes.iter().enumerate().map(|(at, &w)| pull(at % features, w)).collect();
                triangle.solve_transposed(&mut pulls);
                gradient.iter_mut().zip(&pulls).for_each(|(out, &pull)| *out += pull);
            }
        }
    }

    /// Returns the second derivative of the L2 penalty in the slopes' parameters of one score column.
    pub(in crate::linear) fn l2_curvature(&self, penalty: &ColumnPenalty) -> Curve<T> {
        let bend = |j: usize| T::of(penalty.l2[j]) / self.scale[j] / self.scale[j];
        let features = self.features();
        let Some(triangle) = self.rotation() else {
            return Curve::Diagonal((0..features).map(bend).collect());
        };
        // R⁻ᵀ Λ R⁻¹ is the product of the root of Λ, divided by R, with itself.
        let mut root = vec![T::zero(); features * features];
        (0..features).for_each(|j| root[j * features + j] = bend(j).sqrt());
        triangle.divide(&mut root, features);
        let columns = || root.chunks_exact(features);
        Curve::Full(columns().flat_map(|a| columns().map(move |b| dot(a, b))).collect())
    }

    /// Returns the columns without a penalty, or with one whose gradient is far below the tolerance, per
    /// standard deviation of the column. If such a column separates the classes, a point that meets the
    /// tolerance is not the optimum, only a point on the way to infinity.
    ///
    /// `slopes` are in the user's units.
    pub(in crate::linear) fn free(
        &self,
        penalty: &ColumnPenalty,
        slopes: &[T],
        tolerance: f64,
    ) -> Vec<usize> {
        let features = self.features();
        let pull = |j: usize| {
            let scale = self.scale[j].as_f64();
            let largest =
                slopes.iter().skip(j).step_by(features).fold(0.0, |m: f64, w| m.max(w.as_f64().abs()));
            penalty.l1[j] / scale + penalty.l2[j] / scale * largest.max(1.0 / scale)
        };
        (0..features).filter(|&j| pull(j) <= NEGLIGIBLE * tolerance).collect()
    }

    /// Returns the diagonal of [`l2_curvature`](Self::l2_curvature).
    pub(in crate::linear) fn l2_diagonal(&self, penalty: &ColumnPenalty) -> Vec<f64> {
        match self.l2_curvature(penalty) {
            Curve::Diagonal(bends) => bends.iter().map(|bend| bend.as_f64()).collect(),
            Curve::Full(entries) => entries.iter().step_by(self.features() + 1).map(|h| h.as_f64()).collect(),
        }
    }
}

/// A second derivative in the slopes of one score column.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::linear) enum Curve<T> {
    /// The diagonal; all other entries are 0.
    Diagonal(Vec<T>),
    /// All entries, column by column.
    Full(Vec<T>),
}
