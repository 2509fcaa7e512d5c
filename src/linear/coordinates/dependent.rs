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

#[cfg(test)]
mod tests {
    use nalgebra::{DMatrix, DVector};

    use super::super::tests::coordinates;
    use crate::linear::problem::ColumnPenalty;
    use crate::rng::Rng;

    /// The last column is a combination of the others: slopes keep their scores when they are gathered and
    /// distributed, and end orthogonal to what changes no score.
    #[test]
    fn scores_stay_and_the_sum_of_squares_is_smallest() {
        let mut rng = Rng::new(6);
        let mut x = DMatrix::from_fn(50, 3, |_, j| 10f64.powi(2 * j as i32) * rng.standard_normal());
        for row in 0..50 {
            x[(row, 2)] = x[(row, 0)] - 0.5 * x[(row, 1)];
        }
        for classes in [2, 3] {
            let found = coordinates(&x, None, classes, &ColumnPenalty::none(3));
            assert_eq!(found.dependent().collect::<Vec<usize>>(), [2]);
            let columns = found.columns;
            let mut given = DMatrix::from_fn(3, columns, |_, _| rng.standard_normal());
            if columns > 1 {
                given.row_iter_mut().for_each(|mut row| row.add_scalar_mut(-row.mean()));
            }
            let params = found.params(given.as_slice(), &vec![0.0; columns]);
            let (mut slopes, mut intercepts) = (DMatrix::zeros(3, columns), vec![0.0; columns]);
            found.to_user(&params, slopes.as_mut_slice(), &mut intercepts);
            assert!(slopes.row(2).iter().all(|&w| w == 0.0) && intercepts.iter().all(|b| b.abs() < 1e-12));
            approx::assert_relative_eq!(&x * &slopes, &x * &given, epsilon = 1e-10);
            found.distribute(slopes.as_mut_slice());
            approx::assert_relative_eq!(&x * &slopes, &x * &given, epsilon = 1e-10);
            let scales = DVector::from_column_slice(&found.scale);
            let null = DVector::from_column_slice(&[1.0, -0.5, -1.0]).component_mul(&scales);
            for w in slopes.column_iter() {
                let u = w.component_mul(&scales);
                assert!(u.dot(&null).abs() < 1e-12 * u.norm() * null.norm());
            }
        }
    }
}
