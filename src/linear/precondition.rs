//! A change of parameters that makes the second derivative of an objective nearly the identity.

use nalgebra::DMatrix;

use super::coordinates::SHARE;
use super::cross_products::weighted_triangle;
use super::objective::LogisticObjective;
use super::triangle::Triangle;
use crate::optim::{Evaluation, HessianProduct, Objective};
use crate::parallel::{Entries, Sum, Tally};
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
        let mut shares = vec![0.0; self.problem.rows.own().len()];
        let (plan, sides) = ((1, self.row_operations()), Entries::new(&mut shares, 1));
        let zero = |_| (0.0, 0.0);
        let (sum, squares) = self.sum_scores(
            params,
            &mut Tally::default(),
            plan,
            sides,
            zero,
            |pass, memory, chunk, sums, shares| {
                let mut p = DMatrix::zeros(chunk.len(), pass.problem.classes);
                pass.loss.probabilities(memory.0, &mut p);
                for (row, share) in shares.into_slice().iter_mut().enumerate() {
                    let bend: f64 = p.row(row).iter().map(|p| p.as_f64() * (1.0 - p.as_f64())).sum();
                    *share = SHARE * chunk.share(row) / pass.problem.classes as f64 * bend;
                    sums.add(&(*share, *share * *share));
                }
            },
        );
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
    use std::cell::Cell;
    use std::ops::ControlFlow;

    use nalgebra::DMatrix;

    use super::super::objective::tests::{Data, draw};
    use super::super::problem::{ColumnPenalty, Problem};
    use super::*;
    use crate::estimator::{Estimator, FitOptions};
    use crate::examples::ClassExamples;
    use crate::gradcheck::GradCheck;
    use crate::linear::{LogisticRegression, Solver};
    use crate::optim::{HasHessian, NewtonCg};
    use crate::penalty::Penalty;
    use crate::report::{Progress, StopReason};
    use crate::rng::Rng;
    use crate::scalar::max_abs;

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
        let weights: Vec<f64> = (0..300).map(|_| rng.uniform(0.5, 2.0)).collect();
        let rows = ClassExamples::new((&x).into(), &classes, Some(&weights)).unwrap();
        let penalty = ColumnPenalty { l1: vec![0.0; 12], l2: vec![1e-3; 12] };
        let problem = Problem { rows: rows.into(), classes: 2, intercept: true, penalty: &penalty };
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

    /// An objective that counts its products. It stops by its own gradient, whatever the preconditioner.
    struct Counted<'a, 'b> {
        inner: &'a mut LogisticObjective<'b, f64>,
        products: usize,
    }

    impl Objective<f64> for Counted<'_, '_> {
        fn parameter_count(&self) -> usize {
            self.inner.parameter_count()
        }
        fn evaluate(&mut self, params: &[f64], gradient: &mut [f64]) -> Evaluation {
            let evaluation = self.inner.evaluate(params, gradient);
            evaluation.optimality(max_abs(gradient))
        }
    }

    impl HessianProduct<f64> for Counted<'_, '_> {
        fn linearize(&mut self, params: &[f64]) {
            self.inner.linearize(params);
        }
        fn hessian_product(&mut self, vector: &[f64], out: &mut [f64]) {
            self.products += 1;
            self.inner.hessian_product(vector, out);
        }
    }

    /// Minimises with the preconditioner at hand. Returns the minimum and the number of products.
    fn minimum(
        objective: &mut LogisticObjective<'_, f64>,
        mut start: Vec<f64>,
        tolerance: f64,
    ) -> (Vec<f64>, usize) {
        let preconditioner = objective.coordinates.preconditioner().unwrap();
        let mut run = Preconditioned::new(Counted { inner: objective, products: 0 }, &preconditioner);
        run.enter(&mut start);
        let mut found = NewtonCg::new().tolerance(tolerance).minimize(&mut run, start).unwrap();
        run.leave(&mut found.params);
        (found.params, run.inner.products)
    }

    /// Without the renewal, it is 108 products instead of 36.
    #[test]
    fn renewed_preconditioners_save_products() {
        let mut rng = Rng::new(32);
        let x = DMatrix::from_fn(600, 60, |_, _| rng.standard_normal());
        let noisy = |row: usize, rng: &mut Rng| x.row(row).sum() + 0.1 * rng.standard_normal() > 0.0;
        let classes: Vec<usize> = (0..600).map(|row| usize::from(noisy(row, &mut rng))).collect();
        let rows = ClassExamples::new((&x).into(), &classes, None).unwrap();
        let penalty = ColumnPenalty { l1: vec![0.0; 60], l2: vec![1e-5; 60] };
        let problem = Problem { rows: rows.into(), classes: 2, intercept: true, penalty: &penalty };
        let mut objective = LogisticObjective::new(problem);
        let (near, _) = minimum(&mut objective, vec![0.0; 61], 1e-3);
        let (old, without) = minimum(&mut objective, near.clone(), 1e-10);
        objective.renew_preconditioner(&near);
        let (new, with) = minimum(&mut objective, near, 1e-10);
        approx::assert_relative_eq!(old.as_slice(), new.as_slice(), max_relative = 1e-5);
        assert!(2 * with <= without, "{with} products instead of {without}");
    }

    /// Without the renewal, it is 38 evaluations in 31 iterations instead of 28 in 23. The iterations before and
    /// after it are one run for the report, the observer and the limit.
    #[test]
    fn fits_renew_their_preconditioner() {
        let mut rng = Rng::new(35);
        let x = DMatrix::from_fn(600, 256, |_, _| rng.standard_normal());
        let noisy = |row: usize, rng: &mut Rng| x.view((row, 0), (1, 20)).sum() > 0.3 * rng.standard_normal();
        let y: Vec<bool> = (0..600).map(|row| noisy(row, &mut rng)).collect();
        let fit = |way: &LogisticRegression| {
            let told = Cell::new(0);
            let mut observer = |progress: &Progress| {
                told.set(progress.iteration);
                ControlFlow::Continue(())
            };
            let model = way.fit_with(&x, &y, FitOptions::new().observer(&mut observer)).unwrap();
            assert_eq!(model.report().iterations, told.get());
            model.report().clone()
        };
        let way = LogisticRegression::new(Penalty::l2(1e-4)).solver(Solver::Lbfgs);
        let report = fit(&way);
        assert_eq!(report.stop, StopReason::Converged);
        assert!(report.evaluations <= 33 && report.iterations <= 27, "{report}");
        let limit = report.iterations - 2;
        let report = fit(&way.max_iterations(limit));
        assert_eq!((report.stop, report.iterations), (StopReason::IterationLimit, limit));
    }
}
