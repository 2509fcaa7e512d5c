//! The smallest curvature that conjugate gradients have met.

/// The steps of conjugate gradients, as the factor L D Lᵀ of the tridiagonal matrix of Lanczos' method: D has
/// the reciprocals of the lengths, and L has -√turn below its diagonal of ones.
///
/// The smallest eigenvalue of the matrix falls towards the smallest curvature along the directions that the
/// residual has. The curvature along any single step stays above it, by far if curvatures differ much.
#[derive(Debug, Clone, Default)]
pub(super) struct Lanczos {
    lengths: Vec<f64>,
    /// The root of each turn.
    turns: Vec<f64>,
}

/// The maximum number of iterations for an eigenvalue.
const ITERATIONS: usize = 40;

/// The relative change of an eigenvalue at which the iteration ends.
const SETTLED: f64 = 1e-3;

impl Lanczos {
    /// Adds a step: its length, and the ratio of the squared residuals after and before it.
    pub(super) fn push(&mut self, length: f64, turn: f64) {
        self.lengths.push(length);
        self.turns.push(turn.sqrt());
    }

    /// Returns the reciprocal of the smallest eigenvalue, a little less at most; 0 without steps.
    ///
    /// Inverse iteration: with the factor, all digits of a small eigenvalue count. All entries of the inverse
    /// are positive, and so are those of its first eigenvector.
    pub(super) fn longest(&self) -> f64 {
        let count = self.lengths.len();
        let mut vector = vec![1.0; count];
        let mut value = 0.0;
        for _ in 0..ITERATIONS {
            let norm = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
            if !(norm > 0.0 && norm.is_finite()) {
                break;
            }
            vector.iter_mut().for_each(|v| *v /= norm);
            let before = vector.clone();
            for i in 1..count {
                vector[i] += self.turns[i - 1] * vector[i - 1];
            }
            vector.iter_mut().zip(&self.lengths).for_each(|(v, length)| *v *= length);
            for i in (1..count).rev() {
                vector[i - 1] += self.turns[i - 1] * vector[i];
            }
            let quotient: f64 = vector.iter().zip(&before).map(|(v, b)| v * b).sum();
            let settled = (quotient - value).abs() <= SETTLED * quotient;
            value = quotient;
            if settled {
                break;
            }
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{DMatrix, DVector};

    use super::*;
    use crate::rng::Rng;

    /// Conjugate gradients on a diagonal matrix with one curvature far below the others: no step is as flat,
    /// but the eigenvalue is.
    #[test]
    fn the_smallest_eigenvalue_is_found_before_any_step_is_as_flat() {
        let mut rng = Rng::new(21);
        let size = 40;
        let curvatures = DVector::from_fn(size, |i, _| if i == 0 { 1e-4 } else { rng.uniform(0.5, 1.0) });
        let matrix = DMatrix::from_diagonal(&curvatures);
        let mut residual = DVector::from_fn(size, |i, _| if i == 0 { 0.01 } else { rng.standard_normal() });
        let mut conjugate = residual.clone();
        let (mut lanczos, mut flattest) = (Lanczos::default(), 0.0f64);
        for _ in 0..14 {
            let product = &matrix * &conjugate;
            let squared = residual.norm_squared();
            let length = squared / conjugate.dot(&product);
            residual -= length * product;
            let turn = residual.norm_squared() / squared;
            conjugate = &residual + turn * conjugate;
            lanczos.push(length, turn);
            flattest = flattest.max(length);
        }
        let found = lanczos.longest();
        assert!((0.98e4..=1.001e4).contains(&found), "{found:e}");
        assert!(flattest < 0.5e4, "{flattest:e}");
        assert_eq!(Lanczos::default().longest(), 0.0);
    }
}
