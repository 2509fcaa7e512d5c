//! A change of parameters that makes the second derivative of an objective nearly the identity.

use super::coordinates::SHARE;
use super::cross_products::weighted_triangle;
use super::objective::LogisticObjective;
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

/// The number of rows that count, for each column, below which a triangle is worth renewing. The cross
/// products of that many rows differ from those of all rows by about a quarter in every direction.
const ROWS_PER_COLUMN: f64 = 16.0;

impl<T: Real> LogisticObjective<'_, T> {
    /// Replaces the preconditioner by one for the second derivative at `params`, if that differs much.
    ///
    /// # Method
    /// Rows that are classified with near certainty hardly bend the loss. With the mean of p (1 - p) over the
    /// classes as the share w of a row, (Σ w)^2 / Σ w^2 rows count. If they are many for each column, the cross
    /// products with these shares are nearly proportional to those of all rows. Otherwise their Cholesky
    /// factor replaces the first one: conjugate gradients then take about half of the products.
    pub(super) fn renew_preconditioner(&mut self, params: &[T]) {
        if self.coordinates.preconditioner().is_none() {
            return;
        }
        self.linearize(params);
        let rows = &self.problem.rows;
        let classes = self.probabilities.ncols();
        let mut shares = vec![0.0; rows.x.nrows()];
        for p in self.probabilities.column_iter() {
            shares.iter_mut().zip(p.iter()).for_each(|(share, p)| *share += p.as_f64() * (1.0 - p.as_f64()));
        }
        for (row, share) in shares.iter_mut().enumerate() {
            let weight = rows.weights.map_or(1.0, |w| w[row].as_f64()) / rows.total_weight;
            *share *= SHARE * weight / classes as f64;
        }
        let sum: f64 = shares.iter().sum();
        let squares: f64 = shares.iter().map(|share| share * share).sum();
        let columns = (0..self.coordinates.features()).filter(|&j| self.coordinates.takes_part(j)).count();
        if sum * sum >= ROWS_PER_COLUMN * columns as f64 * squares || squares.is_nan() {
            return;
        }
        if let Some(triangle) = weighted_triangle(&self.problem, &self.coordinates, &shares) {
            self.coordinates.set_preconditioner(triangle, T::of(sum.sqrt()));
        }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::super::objective::tests::{Data, draw};
    use super::super::problem::{ColumnPenalty, Problem};
    use super::*;
    use crate::examples::ClassExamples;
    use crate::gradcheck::GradCheck;
    use crate::optim::HasHessian;
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

    /// Where many rows are certain, the factor is that of the second derivative; where all count alike, the
    /// first one stays.
    #[test]
    fn preconditioners_are_renewed_where_few_rows_count() {
        let mut rng = Rng::new(31);
        let x = DMatrix::from_fn(300, 12, |_, _| rng.standard_normal());
        let classes: Vec<usize> = (0..300).map(|row| usize::from(x[(row, 0)] > 0.3)).collect();
        let rows = ClassExamples::new((&x).into(), &classes, None).unwrap();
        let penalty = ColumnPenalty { l1: vec![0.0; 12], l2: vec![1e-3; 12] };
        let problem = Problem { rows, offset: None, classes: 2, intercept: true, penalty: &penalty };
        let mut objective = LogisticObjective::new(problem);
        let mut params = vec![0.0; 13];
        objective.renew_preconditioner(&params);
        assert!(objective.coordinates.may_renew());
        params[0] = 12.0;
        objective.renew_preconditioner(&params);
        assert!(!objective.coordinates.may_renew());

        let preconditioner = objective.coordinates.preconditioner().unwrap();
        let mut hessian = DMatrix::zeros(13, 13);
        objective.hessian(&params, &mut hessian);
        let direction: Vec<f64> = (0..13).map(|_| rng.standard_normal()).collect();
        let mut divided = direction.clone();
        preconditioner.solve_transposed(&mut divided);
        preconditioner.solve(&mut divided);
        let slopes = nalgebra::DVector::from_column_slice(&divided[..12]);
        let back = hessian.view((0, 0), (12, 12)) * slopes * SHARE;
        approx::assert_relative_eq!(back.as_slice(), &direction[..12], max_relative = 1e-9);
        let back = SHARE * hessian[(12, 12)] * divided[12];
        approx::assert_relative_eq!(back, direction[12], max_relative = 1e-9);
    }
}
