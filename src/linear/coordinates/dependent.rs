//! Columns that are combinations of others: how their slopes are gathered and distributed.

use super::Coordinates;
use crate::scalar::{Real, axpy};

impl<T: Real> Coordinates<T> {
    /// Returns the columns that are combinations of columns before them, in ascending order.
    pub(in crate::linear) fn dependent(&self) -> impl Iterator<Item = usize> + '_ {
        let combinations = self.rank.iter().flat_map(|rank| &rank.combinations);
        combinations.map(|combination| combination.column)
    }

    /// Converts scaled slopes to the solver's: columns that take no part pass their share to those that they
    /// are combinations of.
    pub(super) fn gather(&self, slopes: &mut [T]) {
        for u in slopes.chunks_exact_mut(self.features()) {
            for combination in self.rank.iter().flat_map(|rank| &rank.combinations) {
                let share = u[combination.column];
                axpy(share, &combination.of, u);
            }
            u.iter_mut().zip(&self.part).filter(|(_, part)| !**part).for_each(|(u, _)| *u = T::zero());
        }
        if let Some(triangle) = self.rotation() {
            triangle.multiply(slopes);
        }
    }

    /// Distributes the slopes of columns that others depend on over all of them: of all slopes with the same
    /// scores, those with the smallest sum of squares, for columns of unit scale. `slopes` are in the user's
    /// units.
    ///
    /// With the combinations N of columns that vanish, the smallest of u + N t is u - N (NᵀN)⁻¹Nᵀu.
    pub(in crate::linear) fn distribute(&self, slopes: &mut [T]) {
        let Some(rank) = self.rank.as_ref().filter(|rank| !rank.combinations.is_empty()) else { return };
        let null = |k: usize, j: usize| {
            let combination = &rank.combinations[k];
            if j == combination.column { -1.0 } else { combination.of[j].as_f64() }
        };
        let (features, count) = (self.features(), rank.combinations.len());
        let basis = nalgebra::DMatrix::from_fn(features, count, |j, k| null(k, j));
        let Some(factor) = nalgebra::Cholesky::new(basis.transpose() * &basis) else { return };
        for w in slopes.chunks_exact_mut(features) {
            let scaled = w.iter().zip(&self.scale).map(|(&w, &scale)| (w * scale).as_f64());
            let scaled = nalgebra::DVector::from_iterator(features, scaled);
            let moved = &basis * factor.solve(&(basis.transpose() * scaled));
            for ((w, &scale), &moved) in w.iter_mut().zip(&self.scale).zip(moved.iter()) {
                *w -= T::of(moved) / scale;
            }
        }
    }
}
