//! Mean log-loss plus penalty as a function of the coefficients, in one pass over the rows.

use nalgebra::DMatrix;

use super::coordinates::Coordinates;
use super::curvature::Curvature;
use crate::kernel::{Strided, Workspace, max_abs, product, sum};
use crate::loss::{Gradient, Loss, Targets, cross_entropy};
use crate::optim::Objective;
use crate::penalty::{add_l2_gradient, l2};
use crate::real::Real;
use crate::rows::Rows;

/// The objective of logistic regression in the solver's [`Coordinates`].
///
/// Rows are taken in blocks that stay in cache, scores, loss, residuals and gradient of a block before the next, so
/// that `x` is read from memory once per evaluation. Contributions are added in the order of the rows.
pub(super) struct LogisticObjective<'a, T: Real> {
    pub(super) rows: Rows<'a, T>,
    pub(super) lambda: f64,
    pub(super) coordinates: Coordinates<T>,
    pub(super) loss: &'static dyn Loss<T>,
    pub(super) classes: usize,
    pub(super) slopes: Vec<T>,
    pub(super) intercepts: Vec<T>,
    slope_gradient: Vec<T>,
    intercept_gradient: Vec<T>,
    block: Block<T>,
    /// For the rows that are left over after the last whole block.
    last: Block<T>,
    pub(super) workspace: Workspace<T>,
    pub(super) curvature: Curvature<T>,
}

/// Scratch of one block of rows.
pub(super) struct Block<T> {
    pub(super) scores: DMatrix<T>,
    pub(super) residuals: DMatrix<T>,
}

impl<T: Real> Block<T> {
    fn new(rows: usize, columns: usize) -> Self {
        Block { scores: DMatrix::zeros(rows, columns), residuals: DMatrix::zeros(rows, columns) }
    }
}

/// Bytes of `x` in a block: half of a second-level cache of 512 KB.
const BLOCK_BYTES: usize = 256 * 1024;

impl<'a, T: Real> LogisticObjective<'a, T> {
    pub(super) fn new(rows: Rows<'a, T>, classes: usize, lambda: f64, intercept: bool) -> Self {
        let loss = cross_entropy(classes);
        let columns = loss.score_columns(classes);
        let coordinates = Coordinates::new(rows, columns, intercept, lambda);
        let features = rows.x.ncols();
        let size = (BLOCK_BYTES / (size_of::<T>() * features)).clamp(64, 4096).min(rows.x.nrows());
        let zeros = |n| vec![T::zero(); n];
        LogisticObjective {
            rows,
            lambda,
            loss,
            classes,
            slopes: zeros(features * columns),
            intercepts: zeros(columns),
            slope_gradient: zeros(features * columns),
            intercept_gradient: zeros(columns),
            block: Block::new(size, columns),
            last: Block::new(rows.x.nrows() % size, columns),
            workspace: Workspace::default(),
            curvature: Curvature::default(),
            coordinates,
        }
    }

    /// Slopes (features x score columns) and intercepts in the user's units.
    pub(super) fn coefficients(mut self, params: &[T]) -> (DMatrix<T>, Vec<T>) {
        self.coordinates.to_user(params, &mut self.slopes, &mut self.intercepts);
        let columns = self.coordinates.columns;
        (DMatrix::from_vec(self.coordinates.features(), columns, self.slopes), self.intercepts)
    }

    /// Calls `each` with the scores of every block of rows, in order.
    pub(super) fn for_each_block(
        &mut self,
        mut each: impl FnMut(&mut Self, std::ops::Range<usize>, &mut Block<T>),
    ) {
        let (rows, size) = (self.rows.x.nrows(), self.block.scores.nrows());
        for first in (0..rows).step_by(size.max(1)) {
            let count = size.min(rows - first);
            let whole = count == size;
            let mut block =
                std::mem::replace(if whole { &mut self.block } else { &mut self.last }, Block::new(0, 0));
            let x = Strided::from(self.rows.x).rows(first, count);
            let slopes = Strided::columns(&self.slopes, x.width(), self.coordinates.columns);
            product(x, slopes, (block.scores.as_mut_slice(), count), false, &mut self.workspace);
            for (scores, &b) in block.scores.as_mut_slice().chunks_exact_mut(count).zip(&self.intercepts) {
                scores.iter_mut().for_each(|z| *z += b);
            }
            each(self, first..first + count, &mut block);
            *(if whole { &mut self.block } else { &mut self.last }) = block;
        }
    }

    /// Whether the coefficients separate the classes completely: the largest score of every row that has weight is
    /// that of its class, by more than rounding.
    pub(super) fn separates(&mut self, params: &[T]) -> bool {
        self.coordinates.to_user(params, &mut self.slopes, &mut self.intercepts);
        let mut smallest = T::max_value().unwrap_or(T::one());
        let mut largest = T::zero();
        self.for_each_block(|this, range, block| {
            for (row, index) in range.enumerate() {
                if !this.rows.counts(index) {
                    continue;
                }
                let class = this.rows.classes[index];
                let scores = block.scores.row(row);
                let margin = if scores.len() == 1 {
                    if class == 1 { scores[0] } else { -scores[0] }
                } else {
                    let others = scores.iter().enumerate().filter(|(k, _)| *k != class).map(|(_, &z)| z);
                    others.fold(T::max_value().unwrap_or(T::one()), |m, z| m.min(scores[class] - z))
                };
                smallest = smallest.min(margin);
                largest = scores.iter().fold(largest, |m, z| m.max(z.abs()));
            }
        });
        smallest > T::of(1e3) * T::EPSILON * largest
    }
}

impl<T: Real> Objective<T> for LogisticObjective<'_, T> {
    fn parameter_count(&self) -> usize {
        self.coordinates.parameter_count()
    }

    fn evaluate(&mut self, params: &[T], gradient: &mut [T]) -> f64 {
        self.coordinates.to_user(params, &mut self.slopes, &mut self.intercepts);
        self.slope_gradient.fill(T::zero());
        self.intercept_gradient.fill(T::zero());
        let scale = T::of(1.0 / self.rows.total_weight);
        let mut total = 0.0;
        self.for_each_block(|this, range, block| {
            let targets = Targets::Classes(&this.rows.classes[range.clone()]);
            let weights = this.rows.weights.map(|w| &w[range.clone()]);
            let out = Gradient { scale, out: &mut block.residuals };
            total += this.loss.accumulate(&block.scores, targets, weights, Some(out));
            let x = Strided::from(this.rows.x).rows(range.start, range.len()).transposed();
            let residuals = Strided::from(&block.residuals);
            let features = this.coordinates.features();
            product(x, residuals, (&mut this.slope_gradient, features), true, &mut this.workspace);
            for (g, residuals) in
                this.intercept_gradient.iter_mut().zip(block.residuals.as_slice().chunks_exact(range.len()))
            {
                *g += sum(residuals);
            }
        });
        if !self.coordinates.intercept {
            self.intercept_gradient.fill(T::zero());
        }
        add_l2_gradient(self.lambda, &self.slopes, &mut self.slope_gradient);
        self.coordinates.gradient(&self.slope_gradient, &self.intercept_gradient, gradient);
        total / self.rows.total_weight + l2(self.lambda, &self.slopes)
    }

    /// The largest entry of the gradient in the user's units, at the point evaluated last.
    fn optimality(&self, _gradient: &[T]) -> f64 {
        let (slopes, intercepts) = (max_abs(&self.slope_gradient), max_abs(&self.intercept_gradient));
        // Not `f64::max`, which prefers a number to NaN: that would certify an optimum that is none.
        if slopes > intercepts || slopes.is_nan() { slopes } else { intercepts }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::gradcheck::GradCheck;
    use crate::optim::Curved;
    use crate::rng::Rng;

    /// Rows with random labels and weights, one column far from the origin and one badly scaled.
    pub(in crate::linear) struct Problem {
        x: DMatrix<f64>,
        classes: Vec<usize>,
        weights: Option<Vec<f64>>,
        count: usize,
    }

    impl Problem {
        pub(in crate::linear) fn new(
            rows: usize,
            features: usize,
            count: usize,
            weighted: bool,
            rng: &mut Rng,
        ) -> Self {
            let scale = |j: usize| if j == 1 { 1e3 } else { 1.0 };
            let x = DMatrix::from_fn(rows, features, |_, j| {
                scale(j) * rng.standard_normal() + if j == 0 { 50.0 } else { 0.0 }
            });
            let classes = (0..rows).map(|_| rng.below(count)).collect();
            let weights = weighted.then(|| (0..rows).map(|_| rng.uniform(0.1, 3.0)).collect());
            Problem { x, classes, weights, count }
        }

        pub(in crate::linear) fn objective(
            &self,
            lambda: f64,
            intercept: bool,
        ) -> LogisticObjective<'_, f64> {
            let weights = self.weights.as_deref();
            let total_weight = weights.map_or(self.x.nrows() as f64, |w| w.iter().sum());
            let rows = Rows { x: &self.x, classes: &self.classes, weights, total_weight };
            LogisticObjective::new(rows, self.count, lambda, intercept)
        }
    }

    pub(in crate::linear) fn draw(count: usize, rng: &mut Rng) -> Vec<f64> {
        (0..count).map(|_| rng.standard_normal()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn gradient_and_hessian_are_derivatives(
            rows in 1usize..40, features in 1usize..6, count in 2usize..5, lambda in prop_oneof![Just(0.0), 0.01f64..10.0],
            intercept: bool, weighted: bool, seed: u64,
        ) {
            let mut rng = Rng::new(seed);
            let problem = Problem::new(rows, features, count, weighted, &mut rng);
            let mut objective = problem.objective(lambda, intercept);
            let params = draw(objective.parameter_count(), &mut rng);
            let check = GradCheck::new().relative_tolerance(1e-8).absolute_tolerance(1e-9);
            let agreement = check.objective(&mut objective, &params);
            prop_assert!(agreement.is_ok(), "{}", agreement.unwrap_err());
            if count == 2 {
                let agreement = check.hessian(&mut objective, &params);
                prop_assert!(agreement.is_ok(), "{}", agreement.unwrap_err());
            }
        }
    }

    /// Blocks of rows add up to the whole, also when the last is smaller.
    #[test]
    fn many_blocks_give_what_one_gives() {
        let mut rng = Rng::new(9);
        for count in [2, 3] {
            let problem = Problem::new(300, 3, count, true, &mut rng);
            let mut whole = problem.objective(0.1, true);
            let mut blocked = problem.objective(0.1, true);
            blocked.block = Block::new(64, blocked.coordinates.columns);
            blocked.last = Block::new(300 % 64, blocked.coordinates.columns);
            let size = whole.parameter_count();
            let params = draw(size, &mut rng);
            let (mut a, mut b) = (vec![0.0; size], vec![0.0; size]);
            let (value, sum) = (whole.evaluate(&params, &mut a), blocked.evaluate(&params, &mut b));
            approx::assert_relative_eq!(value, sum, max_relative = 1e-14);
            let (mut h, mut k) = (DMatrix::zeros(size, size), DMatrix::zeros(size, size));
            whole.hessian(&params, &mut h);
            blocked.hessian(&params, &mut k);
            approx::assert_relative_eq!(h, k, max_relative = 1e-12, epsilon = 1e-13);
            approx::assert_relative_eq!(a.as_slice(), b.as_slice(), max_relative = 1e-11, epsilon = 1e-14);
        }
    }

    /// With zero coefficients: loss ln 2 (ln K), gradient Σ(1/2 - y)x, Hessian XᵀX/4; and (I - 11ᵀ/K)/K ⊗ XᵀX.
    #[test]
    fn at_zero_the_derivatives_are_known() {
        let mut rng = Rng::new(2);
        for count in [2, 4] {
            let mut problem = Problem::new(25, 3, count, false, &mut rng);
            problem.x = DMatrix::from_fn(25, 3, |_, _| rng.standard_normal());
            let mut objective = problem.objective(0.0, false);
            objective.coordinates.scale.fill(1.0);
            let size = objective.parameter_count();
            let mut gradient = vec![0.0; size];
            let value = objective.evaluate(&vec![0.0; size], &mut gradient);
            approx::assert_relative_eq!(value, (count as f64).ln(), max_relative = 1e-15);
            let mut hessian = DMatrix::zeros(size, size);
            objective.hessian(&vec![0.0; size], &mut hessian);
            let moments = problem.x.transpose() * &problem.x / 25.0;
            let share = 1.0 / count as f64;
            for k in 0..objective.coordinates.columns {
                for j in 0..3 {
                    let class = if count == 2 { 1 } else { k };
                    let residual = |i: usize| share - f64::from(u8::from(problem.classes[i] == class));
                    let wanted = (0..25).map(|i| residual(i) * problem.x[(i, j)]).sum::<f64>() / 25.0;
                    approx::assert_relative_eq!(
                        gradient[k * 3 + j],
                        wanted,
                        max_relative = 1e-12,
                        epsilon = 1e-15
                    );
                    for i in 0..3 {
                        if count == 2 {
                            approx::assert_relative_eq!(
                                hessian[(i, j)],
                                0.25 * moments[(i, j)],
                                max_relative = 1e-13,
                                epsilon = 1e-16
                            );
                        } else if k > 0 {
                            // Off-diagonal blocks; the shift along all classes is the trace over K^2.
                            let shift =
                                if i == j { share * (1.0 - share) * moments[(j, j)] * share } else { 0.0 };
                            let wanted = -share * share * moments[(i, j)] + shift;
                            approx::assert_relative_eq!(
                                hessian[(k * 3 + i, j)],
                                wanted,
                                max_relative = 1e-12,
                                epsilon = 1e-15
                            );
                        }
                    }
                }
            }
        }
    }

    /// An explicit column of ones, penalised, differs from an intercept by exactly λb²/2 in value and λb in slope.
    #[test]
    fn the_intercept_is_not_penalised() {
        let mut rng = Rng::new(3);
        let (lambda, b) = (0.7, 1.3);
        let mut problem = Problem::new(20, 2, 2, true, &mut rng);
        problem.x = DMatrix::from_fn(20, 2, |_, _| rng.standard_normal());
        let w = [0.4, -0.9];
        let mut with = problem.objective(lambda, true);
        let c = b + with.coordinates.center.iter().zip(&w).map(|(m, w)| m * w).sum::<f64>();
        let u: Vec<f64> = w.iter().zip(&with.coordinates.scale).map(|(w, s)| w * s).collect();
        let value = with.evaluate(&[u[0], u[1], c], &mut [0.0; 3]);
        let slope = with.intercept_gradient[0];

        let ones = Problem { x: problem.x.clone().insert_column(2, 1.0), ..problem };
        let mut without = ones.objective(lambda, false);
        let u: Vec<f64> =
            [w[0], w[1], b].iter().zip(&without.coordinates.scale).map(|(w, s)| w * s).collect();
        let penalised = without.evaluate(&u, &mut [0.0; 3]);
        approx::assert_abs_diff_eq!(penalised - value, 0.5 * lambda * b * b, epsilon = 1e-14);
        approx::assert_abs_diff_eq!(without.slope_gradient[2] - slope, lambda * b, epsilon = 1e-14);
    }
}
