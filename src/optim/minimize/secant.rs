//! The part of the second derivative that a Gauss-Newton matrix leaves out, learned from gradients.

use nalgebra::DMatrix;

use crate::scalar::Real;
use crate::scalar::{axpy, dot};

/// An approximation S of the second derivative minus the Gauss-Newton matrix G, and whether it has proved
/// useful.
///
/// After a step p that changed the gradient by y, S p should be y - G p. The update first scales S down if it
/// was too large. It then takes the closest matrix to S with that property, in a norm that suits y.
///
/// # References
/// Dennis, Gay and Welsch (1981), "An adaptive nonlinear least-squares algorithm".
pub(super) struct Secant<T> {
    matrix: DMatrix<T>,
    active: bool,
    product: Vec<T>,
    wanted: Vec<T>,
}

impl<T: Real> Secant<T> {
    pub(super) fn new(size: usize) -> Self {
        let zeros = || vec![T::zero(); size];
        Secant { matrix: DMatrix::zeros(size, size), active: false, product: zeros(), wanted: zeros() }
    }

    /// Adds S to the matrix of a model, if S is in use.
    pub(super) fn add_to(&self, matrix: &mut DMatrix<T>) {
        if self.active {
            *matrix += &self.matrix;
        }
    }

    /// Selects G + S or G alone for the next step, whichever predicted the decrease of the last step better.
    ///
    /// `slope` is g'p and `gauss_newton` is p'Gp, both before the step.
    pub(super) fn judge(&mut self, step: &[T], slope: f64, gauss_newton: f64, decrease: f64) {
        multiply(&self.matrix, step, &mut self.product);
        let secant = dot(step, &self.product).as_f64();
        let plain = -slope - 0.5 * gauss_newton;
        let corrected = plain - 0.5 * secant;
        self.active = (corrected - decrease).abs() < (plain - decrease).abs();
    }

    /// Updates S with a step and the change of the gradient over it; `curvature` is G after the step.
    pub(super) fn learn(&mut self, step: &[T], change: &[T], curvature: &DMatrix<T>) {
        let along = dot(step, change);
        if along <= T::zero() || !along.is_finite() {
            return;
        }
        multiply(curvature, step, &mut self.wanted);
        for (wanted, &y) in self.wanted.iter_mut().zip(change) {
            *wanted = y - *wanted;
        }
        multiply(&self.matrix, step, &mut self.product);
        let (found, wanted) = (dot(step, &self.product).abs(), dot(step, &self.wanted).abs());
        let shrink = if found > wanted { wanted / found } else { T::one() };
        self.matrix *= shrink;
        // The residual of S p = wanted, and the rank-two update that removes it.
        axpy(-shrink, &self.product, &mut self.wanted);
        let bend = dot(step, &self.wanted) / (along * along);
        let size = step.len();
        let entries = self.matrix.as_mut_slice();
        for (j, column) in entries.chunks_exact_mut(size).enumerate() {
            let (r, y) = (self.wanted[j] / along, change[j]);
            for ((entry, &ri), &yi) in column.iter_mut().zip(&self.wanted).zip(change) {
                *entry += ri * y / along + yi * r - bend * yi * y;
            }
        }
        if !self.matrix.iter().all(|entry| entry.is_finite()) {
            self.matrix.fill(T::zero());
        }
    }
}

/// Writes `matrix * vector` to `out`, reading only the lower triangle of a symmetric matrix.
pub(super) fn multiply<T: Real>(matrix: &DMatrix<T>, vector: &[T], out: &mut [T]) {
    out.fill(T::zero());
    for (j, column) in matrix.as_slice().chunks_exact(vector.len().max(1)).enumerate() {
        axpy(vector[j], &column[j..], &mut out[j..]);
        out[j] += dot(&column[j + 1..], &vector[j + 1..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_of_a_quadratic_is_learnt() {
        // H = G + S with a G that leaves the coupling out; steps along both axes teach S.
        let hessian = nalgebra::dmatrix![3.0, 1.0; 1.0, 2.0];
        let gauss_newton = nalgebra::dmatrix![2.0, 0.0; 0.0, 1.0];
        let mut secant = Secant::new(2);
        for step in [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, -0.5]].into_iter().cycle().take(40) {
            let mut change = [0.0; 2];
            multiply(&hessian, &step, &mut change);
            secant.learn(&step, &change, &gauss_newton);
            let mut learnt = [0.0; 2];
            multiply(&secant.matrix, &step, &mut learnt);
            for i in 0..2 {
                let wanted = change[i] - gauss_newton[(i, i)] * step[i];
                approx::assert_abs_diff_eq!(learnt[i], wanted, epsilon = 1e-12);
            }
        }
        approx::assert_relative_eq!(secant.matrix, hessian - gauss_newton, epsilon = 1e-6);
    }

    /// What a step shows to be four times too large is scaled down in all directions.
    #[test]
    fn a_matrix_that_is_too_large_is_scaled_down() {
        let mut secant = Secant::new(2);
        secant.matrix.fill_with_identity();
        secant.matrix *= 4.0;
        secant.learn(&[1.0, 0.0], &[2.0, 0.0], &DMatrix::identity(2, 2));
        assert_eq!(secant.matrix, DMatrix::identity(2, 2));
    }

    #[test]
    fn the_better_prophet_is_believed() {
        let mut secant = Secant::new(1);
        secant.learn(&[1.0], &[3.0], &nalgebra::dmatrix![1.0]);
        // f = 1.5 p² - 3 p: a step of 1 from 0 has the slope -3 and decreases f by 1.5.
        secant.judge(&[1.0], -3.0, 1.0, 1.5);
        let mut matrix = nalgebra::dmatrix![1.0];
        secant.add_to(&mut matrix);
        assert_eq!(matrix[0], 3.0);
        secant.judge(&[1.0], -3.0, 1.0, 2.5);
        secant.add_to(&mut matrix);
        assert_eq!(matrix[0], 3.0);
    }
}
