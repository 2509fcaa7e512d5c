//! The L2 penalty in the solvers' coordinates: gradient, second derivative, and where it does not matter.

use super::Coordinates;
use crate::linear::problem::ColumnPenalty;
use crate::scalar::{Real, dot};

/// The gradient of a penalty that does not matter, relative to the tolerance, or to the default one if that is
/// smaller: at a loose tolerance penalties still matter.
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
        let tolerance = tolerance.min(T::TOLERANCE);
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

#[cfg(test)]
mod tests {
    use nalgebra::{DMatrix, DVector};

    use super::super::tests::{coordinates, nearly_dependent};
    use super::*;
    use crate::rng::Rng;

    /// Per standard deviation of the column, a slope of 0 counts like one of 1.
    #[test]
    fn columns_are_free_if_their_penalty_is_far_below_the_tolerance() {
        let mut rng = Rng::new(6);
        let x = DMatrix::from_fn(60, 1, |_, _| 10.0 * rng.standard_normal());
        let none = ColumnPenalty { l1: vec![0.0], l2: vec![0.0] };
        let found = coordinates(&x, None, 2, &none);
        let scale = found.scale[0];
        for (share, slope, free) in [(0.75, 0.0, true), (1.25, 0.0, false), (0.75, 2.0, false)] {
            let l2 = vec![share * NEGLIGIBLE * 1e-8 * scale * scale];
            let penalty = ColumnPenalty { l1: vec![0.0], l2 };
            assert_eq!(found.free(&penalty, &[slope / scale], 1e-8), if free { vec![0] } else { vec![] });
            assert_eq!(found.free(&penalty, &[slope / scale], 1e-2), if free { vec![0] } else { vec![] });
        }
    }

    /// With slopes A u in the user's units and the penalties Λ, the derivatives are AᵀΛw and AᵀΛA.
    #[test]
    fn derivatives_follow_the_change_of_coordinates() {
        let mut rng = Rng::new(5);
        for nearly in [false, true] {
            let mut x = nearly_dependent(&mut rng);
            if !nearly {
                x.column_mut(1).iter_mut().for_each(|x| *x = 3.0 * rng.standard_normal());
            }
            let penalty = ColumnPenalty { l1: vec![0.0; 3], l2: vec![3e-11, 1e-10, 2e-9] };
            let found = coordinates(&x, None, 2, &penalty);
            assert_eq!(found.rotation().is_some(), nearly);
            let mut change = DMatrix::zeros(3, 3);
            for j in 0..3 {
                let mut unit = [0.0; 4];
                unit[j] = 1.0;
                found.to_user(&unit, change.column_mut(j).as_mut_slice(), &mut [0.0]);
            }
            let bends = DMatrix::from_diagonal(&DVector::from_column_slice(&penalty.l2));
            let wanted = change.transpose() * &bends * &change;
            let curvature = match found.l2_curvature(&penalty) {
                Curve::Full(entries) if nearly => DMatrix::from_vec(3, 3, entries),
                Curve::Diagonal(entries) if !nearly => DMatrix::from_diagonal(&DVector::from_vec(entries)),
                other => panic!("{other:?}"),
            };
            approx::assert_relative_eq!(
                curvature,
                wanted,
                max_relative = 1e-9,
                epsilon = 1e-12 * wanted.amax()
            );
            let diagonal = DVector::from_vec(found.l2_diagonal(&penalty));
            approx::assert_relative_eq!(diagonal, wanted.diagonal(), max_relative = 1e-9);
            // Three score columns have the same triangle.
            let found = coordinates(&x, None, 3, &penalty);
            let slopes = DMatrix::from_fn(3, 3, |_, _| rng.standard_normal());
            let mut gradient = DMatrix::from_element(3, 3, 0.5);
            found.add_l2_gradient(&penalty, slopes.as_slice(), gradient.as_mut_slice());
            let wanted = (change.transpose() * &bends * &slopes).add_scalar(0.5);
            approx::assert_relative_eq!(gradient, wanted, max_relative = 1e-9);
        }
    }

    /// A penalty matters by what it does to a standard deviation of its column, at slopes of one such unit at
    /// least.
    #[test]
    fn columns_whose_penalty_is_negligible_are_free() {
        let x =
            DMatrix::from_fn(40, 3, |row, j| [1.0, 1e6, 1.0][j] * f64::from(u8::from((row >> j) % 2 == 0)));
        let penalty = ColumnPenalty { l1: vec![0.0; 3], l2: vec![1e-3, 1e-3, 0.0] };
        let found = coordinates(&x, None, 3, &penalty);
        let mut slopes = [0.0; 9];
        assert_eq!(found.free(&penalty, &slopes, 1e-8), [1, 2]);
        slopes[7] = 1.0;
        assert_eq!(found.free(&penalty, &slopes, 1e-8), [2]);
        let penalty = ColumnPenalty { l1: vec![1e-3, 1e-5, 0.0], l2: vec![0.0; 3] };
        assert_eq!(found.free(&penalty, &slopes, 1e-8), [1, 2]);
    }
}
