//! Mean log-loss plus the smooth part of the penalty as a function of the coefficients, in one pass over the
//! rows.

use nalgebra::DMatrix;

use super::blocks::{Gathered, OfRows, Worker};
use super::coordinates::Coordinates;
use super::problem::Problem;
use crate::loss::{Gradient, Loss, Targets, cross_entropy};
use crate::optim::{Evaluation, Objective};
use crate::parallel::Tally;
use crate::scalar::Real;
use crate::scalar::max_abs;

/// The smooth objective of logistic regression in the solver's [`Coordinates`]: mean loss and L2 penalty.
///
/// Rows are processed in blocks that fit in cache: scores, loss, residuals and gradient of one block before
/// the next. So `x` is read from memory once per evaluation. The sums of the blocks are added along a fixed
/// [tree](crate::parallel::tree), on any number of threads.
pub(super) struct LogisticObjective<'a, T: Real> {
    pub(super) problem: Problem<'a, T>,
    pub(super) coordinates: Coordinates<T>,
    pub(super) loss: &'static dyn Loss<T>,
    /// The coefficients in the user's units.
    pub(super) slopes: Vec<T>,
    pub(super) intercepts: Vec<T>,
    /// The gradient in the user's units.
    slope_gradient: Vec<T>,
    intercept_gradient: Vec<T>,
    /// The coefficients in the coordinates of the blocks: the user's, or the solver's if blocks are centred.
    pub(super) map: Vec<T>,
    /// The gradient of the loss in the coordinates of the blocks.
    pub(super) raw: Vec<T>,
    /// The point whose gradient in the user's units is known, if any.
    evaluated: Vec<T>,
    /// The number of rows of a block.
    pub(super) size: usize,
    pub(super) workers: Vec<Worker<T>>,
    pub(super) gradients: Tally<Gathered<T>>,
    pub(super) products: Tally<Vec<T>>,
    /// The probabilities of all rows at the last linearisation point.
    pub(super) probabilities: OfRows<T>,
    /// Whether scores are kept: they are small beside `x`.
    keeps: bool,
    /// The scores of all rows at the last evaluated point, with offsets, if they are kept.
    pub(super) kept: Option<Kept<T>>,
}

/// The scores of all rows at a point.
pub(super) struct Kept<T> {
    point: Vec<T>,
    pub(super) scores: OfRows<T>,
}

impl<T: Real> Kept<T> {
    pub(super) fn is_at(&self, params: &[T]) -> bool {
        !params.is_empty() && self.point == params
    }
}

/// The part of the size of `x` that may be used to keep scores: of 16 columns for each score column.
const KEPT: usize = 16;
/// The number of bytes that scores may take however small `x` is: they then stay in the second-level cache.
const KEPT_BYTES: usize = 256 * 1024;

impl<'a, T: Real> LogisticObjective<'a, T> {
    pub(super) fn new(problem: Problem<'a, T>) -> Self {
        let loss = cross_entropy(problem.classes);
        let columns = loss.score_columns(problem.classes);
        let coordinates = Coordinates::new(&problem, columns);
        let (rows, features) = (problem.rows.count(), problem.rows.columns());
        let zeros = |n| vec![T::zero(); n];
        let keeps = columns * KEPT <= features || rows * columns * size_of::<T>() <= KEPT_BYTES;
        LogisticObjective {
            problem,
            loss,
            slopes: zeros(features * columns),
            intercepts: zeros(columns),
            slope_gradient: zeros(features * columns),
            intercept_gradient: zeros(columns),
            map: zeros((features + 1) * columns),
            raw: zeros((features + 1) * columns),
            evaluated: Vec::new(),
            size: problem.rows.block().min(rows),
            workers: Vec::new(),
            gradients: Tally::default(),
            products: Tally::default(),
            probabilities: OfRows::default(),
            keeps,
            kept: None,
            coordinates,
        }
    }

    /// Slopes (features x score columns) and intercepts in the user's units.
    pub(super) fn coefficients(&self, params: &[T]) -> (DMatrix<T>, Vec<T>) {
        let (features, columns) = (self.coordinates.features(), self.coordinates.columns);
        let (mut slopes, mut intercepts) = (DMatrix::zeros(features, columns), vec![T::zero(); columns]);
        self.coordinates.to_user(params, slopes.as_mut_slice(), &mut intercepts);
        self.coordinates.distribute(slopes.as_mut_slice());
        match self.coordinates.origin(params) {
            Some(origin) => intercepts = origin.intercepts(&slopes),
            None => self.coordinates.intercepts(params, slopes.as_slice(), &mut intercepts),
        }
        (slopes, intercepts)
    }

    /// Returns the number of columns of x̃: the features, plus one for the intercept if there is one.
    pub(super) fn width(&self) -> usize {
        self.coordinates.features() + usize::from(self.coordinates.intercept)
    }

    /// Sets `params` as the coefficients of the next pass.
    pub(super) fn load(&mut self, params: &[T]) {
        self.coordinates.to_user(params, &mut self.slopes, &mut self.intercepts);
        let (slopes, intercepts) = self.map.split_at_mut(self.slopes.len());
        if self.coordinates.explicit() {
            slopes.copy_from_slice(&params[..slopes.len()]);
            // Without an intercept there are neither centres nor parameters for them.
            let given = &params[slopes.len()..];
            intercepts[..given.len()].copy_from_slice(given);
        } else {
            slopes.copy_from_slice(&self.slopes);
            intercepts.copy_from_slice(&self.intercepts);
        }
    }

    /// Turns the collected gradient of the loss into the gradient of the smooth objective, in both coordinate
    /// systems.
    pub(super) fn finish_gradient(&mut self, gradient: &mut [T]) {
        self.evaluated.clear();
        let Self { problem, coordinates, slopes, slope_gradient, intercept_gradient, raw, .. } = self;
        let (raw_slopes, raw_intercepts) = raw.split_at(slopes.len());
        if coordinates.intercept {
            intercept_gradient.copy_from_slice(raw_intercepts);
        }
        if coordinates.explicit() {
            coordinates.gradient_to_user(raw_slopes, raw_intercepts, slope_gradient);
            gradient[..slopes.len()].copy_from_slice(raw_slopes);
            coordinates.add_l2_gradient(problem.penalty, slopes, gradient);
            problem.penalty.add_l2_gradient(slopes, slope_gradient);
        } else {
            slope_gradient.copy_from_slice(raw_slopes);
            problem.penalty.add_l2_gradient(slopes, slope_gradient);
            coordinates.gradient(slope_gradient, intercept_gradient, gradient);
        }
        let shifts = &mut gradient[slopes.len()..];
        shifts.copy_from_slice(&intercept_gradient[..shifts.len()]);
    }

    /// Returns the gradient of the loss from the last pass, in the coordinates of the blocks.
    pub(super) fn raw(&self) -> &[T] {
        &self.raw
    }

    /// Returns the gradient in the user's units at the last evaluated point: slopes, then intercepts.
    pub(super) fn user_gradient(&self) -> (&[T], &[T]) {
        (&self.slope_gradient, &self.intercept_gradient)
    }

    /// Loads `params` and computes the gradient there in the user's units, unless it is the last one.
    pub(super) fn ensure_user_gradient(&mut self, params: &[T]) {
        if self.evaluated == params {
            self.load(params);
        } else {
            self.evaluate(params, &mut vec![T::zero(); params.len()]);
        }
    }

    /// Replaces the gradient in the user's units at the last evaluated point.
    pub(super) fn replace_user_gradient(&mut self, slopes: Vec<T>, intercepts: Vec<T>) {
        self.evaluated.clear();
        (self.slope_gradient, self.intercept_gradient) = (slopes, intercepts);
    }

    /// Returns the largest absolute entry of the last finished gradient, in the user's units.
    pub(super) fn user_optimality(&self) -> f64 {
        let (slopes, intercepts) = (max_abs(&self.slope_gradient), max_abs(&self.intercept_gradient));
        // `f64::max` ignores NaN and would certify a point that is not an optimum.
        if slopes > intercepts || slopes.is_nan() { slopes } else { intercepts }
    }
}

impl<T: Real> Objective<T> for LogisticObjective<'_, T> {
    fn parameter_count(&self) -> usize {
        self.problem.parameter_count()
    }

    /// The reported optimality is the largest absolute entry of the gradient in the user's units.
    fn evaluate(&mut self, params: &[T], gradient: &mut [T]) -> Evaluation {
        self.load(params);
        let total_weight = self.problem.rows.total_weight;
        let scale = T::of(1.0 / total_weight);
        let (rows, columns) = (&self.problem.rows, self.coordinates.columns);
        let empty = || Kept { point: Vec::new(), scores: OfRows::default() };
        let mut kept = self.keeps.then(|| self.kept.take().unwrap_or_else(empty));
        let sides = kept.as_mut().map(|kept| {
            kept.scores.resize(rows, columns);
            kept.scores.entries()
        });
        let total = self.gather(sides, |pass, chunk, block, kept| {
            chunk.add_offset(&mut block.scores);
            if let Some(kept) = kept {
                kept.into_slice().copy_from_slice(block.scores.as_slice());
            }
            let out = Gradient { scale, out: &mut block.residuals };
            pass.loss.accumulate(&block.scores, Targets::Classes(chunk.targets()), chunk.weights(), Some(out))
        });
        if let Some(kept) = &mut kept {
            kept.point.clear();
            kept.point.extend_from_slice(params);
        }
        self.kept = kept;
        self.finish_gradient(gradient);
        self.evaluated.extend_from_slice(params);
        let value = total / total_weight + self.problem.penalty.l2_value(&self.slopes);
        Evaluation::of(value, gradient).optimality(self.user_optimality())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use nalgebra::DMatrixView;
    use proptest::prelude::*;

    use super::super::problem::ColumnPenalty;
    use super::super::rows::TrainingRows;
    use super::*;
    use crate::examples::ClassExamples;
    use crate::gradcheck::GradCheck;
    use crate::optim::HasHessian;
    use crate::rng::Rng;

    /// Rows with random labels and weights, one column far from the origin and one badly scaled.
    pub(in crate::linear) struct Data {
        x: DMatrix<f64>,
        classes: Vec<usize>,
        weights: Option<Vec<f64>>,
        count: usize,
    }

    impl Data {
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
            Data { x, classes, weights, count }
        }

        pub(in crate::linear) fn objective(
            &self,
            lambda: f64,
            intercept: bool,
        ) -> LogisticObjective<'_, f64> {
            self.objective_with(lambda, intercept, None)
        }

        pub(in crate::linear) fn objective_with<'d>(
            &'d self,
            lambda: f64,
            intercept: bool,
            offset: Option<DMatrixView<'d, f64>>,
        ) -> LogisticObjective<'d, f64> {
            let classes = self.classes.as_slice();
            let rows = ClassExamples::new((&self.x).into(), classes, self.weights.as_deref()).unwrap();
            let features = self.x.ncols();
            // Alive for as long as the test runs.
            let penalty: &'static ColumnPenalty =
                Box::leak(Box::new(ColumnPenalty { l1: vec![0.0; features], l2: vec![lambda; features] }));
            let rows = TrainingRows::new(rows, offset);
            LogisticObjective::new(Problem { rows, classes: self.count, intercept, penalty })
        }
    }

    pub(in crate::linear) fn draw(count: usize, rng: &mut Rng) -> Vec<f64> {
        (0..count).map(|_| rng.standard_normal()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn gradient_and_hessian_are_derivatives(
            rows in 8usize..40, features in 1usize..6, count in 2usize..5, lambda in prop_oneof![Just(0.0), 0.01f64..10.0],
            intercept: bool, weighted: bool, seed: u64,
        ) {
            let mut rng = Rng::new(seed);
            let data = Data::new(rows, features, count, weighted, &mut rng);
            let mut objective = data.objective(lambda, intercept);
            let params = draw(objective.parameter_count(), &mut rng);
            let check = GradCheck::new().relative_tolerance(1e-8).absolute_tolerance(1e-9);
            let agreement = check.objective(&mut objective, &params);
            prop_assert!(agreement.is_ok(), "{}", agreement.unwrap_err());
            let agreement = check.hessian_product(&mut objective, &params);
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
            let data = Data::new(300, 3, count, true, &mut rng);
            let mut whole = data.objective(0.1, true);
            let mut blocked = data.objective(0.1, true);
            blocked.size = 64;
            let size = whole.parameter_count();
            let params = draw(size, &mut rng);
            let (mut a, mut b) = (vec![0.0; size], vec![0.0; size]);
            let (value, sum) = (whole.evaluate(&params, &mut a), blocked.evaluate(&params, &mut b));
            approx::assert_relative_eq!(value.value, sum.value, max_relative = 1e-14);
            let (mut h, mut k) = (DMatrix::zeros(size, size), DMatrix::zeros(size, size));
            whole.hessian(&params, &mut h);
            blocked.hessian(&params, &mut k);
            approx::assert_relative_eq!(h, k, max_relative = 1e-12, epsilon = 1e-13);
            approx::assert_relative_eq!(a.as_slice(), b.as_slice(), max_relative = 1e-11, epsilon = 1e-14);
        }
    }

    /// With zero coefficients: loss ln 2 (ln K), gradient Σ(1/2 - y)x, Hessian XᵀX/4; and (I - 11ᵀ/K)/K ⊗
    /// XᵀX.
    #[test]
    fn at_zero_the_derivatives_are_known() {
        let mut rng = Rng::new(2);
        for count in [2, 4] {
            let mut data = Data::new(25, 3, count, false, &mut rng);
            data.x = DMatrix::from_fn(25, 3, |_, _| rng.standard_normal());
            let mut objective = data.objective(0.0, false);
            objective.coordinates.forget_scale();
            let size = objective.parameter_count();
            let mut gradient = vec![0.0; size];
            let value = objective.evaluate(&vec![0.0; size], &mut gradient).value;
            approx::assert_relative_eq!(value, (count as f64).ln(), max_relative = 1e-15);
            let mut hessian = DMatrix::zeros(size, size);
            objective.hessian(&vec![0.0; size], &mut hessian);
            let moments = data.x.transpose() * &data.x / 25.0;
            let share = 1.0 / count as f64;
            for k in 0..objective.coordinates.columns {
                for j in 0..3 {
                    let class = if count == 2 { 1 } else { k };
                    let residual = |i: usize| share - f64::from(u8::from(data.classes[i] == class));
                    let wanted = (0..25).map(|i| residual(i) * data.x[(i, j)]).sum::<f64>() / 25.0;
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

    /// An explicit column of ones, penalised, differs from an intercept by exactly λb²/2 in value and λb in
    /// slope.
    #[test]
    fn the_intercept_is_not_penalised() {
        let mut rng = Rng::new(3);
        let (lambda, b) = (0.7, 1.3);
        let mut data = Data::new(20, 2, 2, true, &mut rng);
        data.x = DMatrix::from_fn(20, 2, |_, _| rng.standard_normal());
        let w = [0.4, -0.9];
        let mut with = data.objective(lambda, true);
        let c = b + with.coordinates.center.iter().zip(&w).map(|(m, w)| m * w).sum::<f64>();
        let u: Vec<f64> = w.iter().zip(&with.coordinates.scale).map(|(w, s)| w * s).collect();
        let value = with.evaluate(&[u[0], u[1], c], &mut [0.0; 3]).value;
        let slope = with.intercept_gradient[0];

        let ones = Data { x: data.x.clone().insert_column(2, 1.0), ..data };
        let mut without = ones.objective(lambda, false);
        let u: Vec<f64> =
            [w[0], w[1], b].iter().zip(&without.coordinates.scale).map(|(w, s)| w * s).collect();
        let penalised = without.evaluate(&u, &mut [0.0; 3]).value;
        approx::assert_abs_diff_eq!(penalised - value, 0.5 * lambda * b * b, epsilon = 1e-14);
        approx::assert_abs_diff_eq!(without.slope_gradient[2] - slope, lambda * b, epsilon = 1e-14);
    }
}
