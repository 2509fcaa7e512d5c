//! A change of parameters that makes the second derivative of an objective nearly the identity.

use super::triangle::Triangle;
use crate::optim::{Evaluation, HessianProduct, Objective};
use crate::scalar::Real;

/// A triangle R and a shift s with RᵀR near a multiple of the second derivative in the slopes of each score
/// column, and s² near the same multiple of that in its intercept.
#[derive(Debug, Clone)]
pub(super) struct Preconditioner<T> {
    triangle: Triangle<T>,
    shift: T,
    /// The number of slopes, in all score columns.
    slopes: usize,
}

impl<T: Real> Preconditioner<T> {
    pub(super) fn new(triangle: Triangle<T>, shift: T, slopes: usize) -> Self {
        Preconditioner { triangle, shift, slopes }
    }

    /// Splits parameters into the slopes and the intercepts, which follow them.
    fn split<'v>(&self, vector: &'v mut [T]) -> (&'v mut [T], &'v mut [T]) {
        vector.split_at_mut(self.slopes)
    }

    /// Replaces v by R v, for each score column.
    pub(super) fn multiply(&self, vector: &mut [T]) {
        let (slopes, shifts) = self.split(vector);
        self.triangle.multiply(slopes);
        shifts.iter_mut().for_each(|c| *c *= self.shift);
    }

    /// Replaces v by R⁻¹ v, for each score column.
    pub(super) fn solve(&self, vector: &mut [T]) {
        let (slopes, shifts) = self.split(vector);
        self.triangle.solve(slopes);
        shifts.iter_mut().for_each(|c| *c /= self.shift);
    }

    /// Replaces v by R⁻ᵀ v, for each score column.
    pub(super) fn solve_transposed(&self, vector: &mut [T]) {
        let (slopes, shifts) = self.split(vector);
        self.triangle.solve_transposed(slopes);
        shifts.iter_mut().for_each(|c| *c /= self.shift);
    }
}

/// An objective as a function of R v for each score column, where v are its slopes, and of s c for its
/// intercept c.
///
/// Methods that do not form second derivatives need fewer iterations: with the [`Preconditioner`] near a root
/// of the second derivative, all directions have the same curvature.
pub(super) struct Preconditioned<'a, T, O> {
    inner: O,
    preconditioner: &'a Preconditioner<T>,
    params: Vec<T>,
}

impl<'a, T: Real, O: Objective<T>> Preconditioned<'a, T, O> {
    pub(super) fn new(inner: O, preconditioner: &'a Preconditioner<T>) -> Self {
        let params = vec![T::zero(); inner.parameter_count()];
        Preconditioned { inner, preconditioner, params }
    }

    /// Converts the parameters of the inner objective.
    pub(super) fn enter(&self, params: &mut [T]) {
        self.preconditioner.multiply(params);
    }

    /// Converts to the parameters of the inner objective.
    pub(super) fn leave(&self, params: &mut [T]) {
        self.preconditioner.solve(params);
    }

    fn load(&mut self, params: &[T]) {
        let mut own = std::mem::take(&mut self.params);
        own.copy_from_slice(params);
        self.leave(&mut own);
        self.params = own;
    }
}

impl<T: Real, O: Objective<T>> Objective<T> for Preconditioned<'_, T, O> {
    fn parameter_count(&self) -> usize {
        self.inner.parameter_count()
    }

    fn evaluate(&mut self, params: &[T], gradient: &mut [T]) -> Evaluation {
        self.load(params);
        let evaluation = self.inner.evaluate(&self.params, gradient);
        self.preconditioner.solve_transposed(gradient);
        evaluation
    }
}

impl<T: Real, O: HessianProduct<T>> HessianProduct<T> for Preconditioned<'_, T, O> {
    fn linearize(&mut self, params: &[T]) {
        self.load(params);
        self.inner.linearize(&self.params);
    }

    fn hessian_product(&mut self, vector: &[T], out: &mut [T]) {
        self.load(vector);
        self.inner.hessian_product(&self.params, out);
        self.preconditioner.solve_transposed(out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::objective::tests::{Data, draw};
    use super::*;
    use crate::gradcheck::GradCheck;
    use crate::rng::Rng;

    #[test]
    fn derivatives_follow_the_change_of_parameters() {
        let mut rng = Rng::new(6);
        for count in [2, 3] {
            let data = Data::new(40, 3, count, true, &mut rng);
            let mut triangle = Triangle::identity(3);
            for j in 0..3 {
                (0..=j).for_each(|i| triangle.set(i, j, 1.0 + (i + 2 * j) as f64));
            }
            let inner = data.objective(0.1, true);
            let slopes = 3 * inner.coordinates.columns;
            let preconditioner = Preconditioner::new(triangle, 3.0, slopes);
            let mut objective = Preconditioned::new(inner, &preconditioner);
            let params = draw(objective.parameter_count(), &mut rng);
            GradCheck::new().objective(&mut objective, &params).unwrap();
            GradCheck::new().hessian_product(&mut objective, &params).unwrap();
            let mut there = params.clone();
            objective.leave(&mut there);
            objective.enter(&mut there);
            approx::assert_relative_eq!(there.as_slice(), params.as_slice(), max_relative = 1e-12);
        }
    }
}
