//! The duality gap: a bound on the distance of an objective from its minimum.

use nalgebra::{Cholesky, DMatrix, DVector};

use super::blocks::OfRows;
use super::objective::LogisticObjective;
use super::rows::Chunk;
use crate::loss::{Gradient, Targets};
use crate::optim::{Evaluation, HasHessian, HessianProduct, Objective};
use crate::parallel::Tally;
use crate::scalar::Real;
use crate::scalar::{all_finite, column, dot, sum};

/// Computes the duality gap: `value`, the objective at `params`, minus a lower bound on all of its values.
///
/// # Formula
/// With f_i the loss of row i as a function of its scores, Ω the penalty and v_i = s u_i (p_i - y_i) / Σ u,
/// Fenchel's inequality bounds the objective from below by -Σ f_i*(v_i) - Ω*(-Xᵀv), where f* is the negative
/// entropy of y_i + s (p_i - y_i) and Ω* = Σ (|c_j| - l1_j)₊² / (2 l2_j).
///
/// The scale s <= 1 makes |c_j| <= l1_j for columns without an L2 part. For s = 1, the first sum is that of
/// the losses minus scores times residuals. The unpenalised intercept requires Σ v_i = 0, so the
/// probabilities are those of the best intercept for the given slopes, which Newton's method finds from the
/// scores alone.
///
/// Returns `None` if a column is unpenalised: its condition Xᵀv = 0 holds only at the optimum.
///
/// # References
/// Boyd and Vandenberghe (2004), section 5; Koh, Kim and Boyd (2007) for L1-regularised logistic regression.
pub(super) fn duality_gap<T: Real>(
    objective: &mut LogisticObjective<'_, T>,
    params: &[T],
    value: f64,
) -> Option<f64> {
    if !objective.problem.penalty.free().is_empty() || !value.is_finite() {
        return None;
    }
    let mut rows = ScoredRows::new(objective, params);
    if objective.problem.intercept && !rows.center(objective) {
        return None;
    }
    let correlations = objective.loss_gradient(&rows.residuals);
    if !all_finite(&correlations) {
        return None;
    }

    let penalty = objective.problem.penalty;
    let per_column =
        || correlations.iter().enumerate().map(|(at, c)| (at % penalty.l1.len(), c.as_f64().abs()));
    let scale = per_column().fold(1.0, |scale: f64, (j, c)| {
        let exceeds = penalty.l2[j] == 0.0 && c > penalty.l1[j];
        if exceeds { scale.min(penalty.l1[j] / c) } else { scale }
    });
    let of_penalty = |(j, c): (usize, f64)| {
        let excess = (scale * c - penalty.l1[j]).max(0.0);
        if penalty.l2[j] == 0.0 { 0.0 } else { 0.5 * excess * (excess / penalty.l2[j]) }
    };
    let bound = rows.dual_of_loss(objective, scale) - per_column().map(of_penalty).sum::<f64>();
    // NaN must not become 0, which would certify an optimum.
    Some(value - bound).filter(|gap| gap.is_finite()).map(|gap| gap.max(0.0))
}

/// The scores of all rows, and the residuals p - y times the row's share of the total weight.
struct ScoredRows<T> {
    scores: OfRows<T>,
    residuals: OfRows<T>,
    /// The mean loss.
    loss: f64,
    /// The gradient of the mean loss with respect to the intercepts.
    gradient: DVector<f64>,
}

/// The maximum number of iterations for the best intercept; the start is close, so two or three are usual.
const ITERATIONS: usize = 60;
/// The longest step of an intercept; far from the optimum a Newton step may overshoot.
const LONGEST: f64 = 2.0;

/// The number of operations for the second derivative of a row, for each pair of score columns.
const PAIR: usize = 4;

impl<T: Real> ScoredRows<T> {
    fn new(objective: &mut LogisticObjective<'_, T>, params: &[T]) -> Self {
        let scores = objective.all_scores(params);
        let mut residuals = OfRows::default();
        residuals.resize(&objective.problem.rows, objective.coordinates.columns);
        let gradient = DVector::zeros(objective.coordinates.columns);
        let mut rows = ScoredRows { scores, residuals, loss: f64::NAN, gradient };
        rows.shift(&DVector::zeros(objective.coordinates.columns), objective);
        rows
    }

    /// Adds to the scores the intercepts that minimise the loss. Returns whether the residuals then sum to
    /// zero.
    fn center(&mut self, objective: &mut LogisticObjective<'_, T>) -> bool {
        let rounding = 8.0 * T::EPSILON.as_f64();
        let mut smallest = f64::INFINITY;
        let mut step = DVector::<f64>::zeros(self.gradient.len());
        for _ in 0..ITERATIONS {
            let size = self.gradient.amax();
            if size <= rounding || size.is_nan() {
                return size <= rounding;
            }
            if size < smallest {
                smallest = size;
                let Some(factor) = Cholesky::new(self.hessian(objective)) else { return false };
                step = factor.solve(&-&self.gradient);
                let longest = step.amax();
                if longest > LONGEST {
                    step *= LONGEST / longest;
                }
                self.shift(&step, objective);
            } else {
                // Undo half of the step.
                step *= -0.5;
                self.shift(&step, objective);
                step *= -1.0;
            }
        }
        false
    }

    /// Adds numbers to the score columns, and computes loss, residuals and gradient.
    fn shift(&mut self, by: &DVector<f64>, objective: &mut LogisticObjective<'_, T>) {
        let scale = T::of(1.0 / objective.problem.rows.total_weight);
        let plan = (1, objective.row_operations());
        let zero = |_| (0.0, vec![0.0; by.len()]);
        let sides = (self.scores.entries(), self.residuals.entries());
        let sums = objective.sum(
            &mut Tally::default(),
            plan,
            sides,
            zero,
            |pass, (block, _), chunk, sums, (scores, residuals)| {
                let (scores, (loss, gradient)) = (scores.into_slice(), sums);
                for (column, &b) in
                    scores.chunks_exact_mut(chunk.len()).zip(by.iter()).filter(|(_, b)| **b != 0.0)
                {
                    column.iter_mut().for_each(|z| *z += T::of(b));
                }
                block.scores.as_mut_slice().copy_from_slice(scores);
                let (targets, weights) = (Targets::Classes(chunk.targets()), chunk.weights());
                let out = Gradient { scale, out: &mut block.residuals };
                *loss += pass.loss.accumulate(&block.scores, targets, weights, Some(out));
                residuals.into_slice().copy_from_slice(block.residuals.as_slice());
                let columns = block.residuals.as_slice().chunks_exact(chunk.len());
                gradient.iter_mut().zip(columns).for_each(|(g, column)| *g += sum(column).as_f64());
            },
        );
        self.loss = sums.0 / objective.problem.rows.total_weight;
        self.gradient = DVector::from_vec(sums.1);
    }

    /// Returns the Hessian of the mean loss with respect to the intercepts. For several score columns it
    /// includes curvature along their common shift, which does not affect the result.
    fn hessian(&self, objective: &mut LogisticObjective<'_, T>) -> DMatrix<f64> {
        let columns = self.gradient.len();
        let plan = (1, PAIR * columns * columns);
        let zero = |_| vec![0.0; columns * columns];
        let sum = objective.sum(&mut Tally::default(), plan, (), zero, |_, _, chunk, sum, ()| {
            let residuals = self.residuals.block(chunk.places());
            let mut p = vec![0.0; columns];
            for row in (0..chunk.len()).filter(|&row| chunk.counts(row)) {
                let share = chunk.share(row);
                (0..columns)
                    .for_each(|k| p[k] = probability(chunk, row, (k, columns), residuals[(row, k)], 1.0));
                for (b, column) in sum.chunks_exact_mut(columns).enumerate() {
                    column[b] += share * p[b];
                    column.iter_mut().zip(&p).for_each(|(h, &p_a)| *h -= share * p_a * p[b]);
                }
            }
        });
        let mut hessian = DMatrix::from_vec(columns, columns, sum);
        if columns > 1 {
            hessian.add_scalar_mut(hessian.trace() / (columns * columns) as f64);
        }
        hessian
    }

    /// Returns the loss part of the bound: minus the conjugates, for residuals times `scale`.
    fn dual_of_loss(&self, objective: &mut LogisticObjective<'_, T>, scale: f64) -> f64 {
        let columns = self.gradient.len();
        let plan = (1, objective.row_operations());
        let dual = objective.sum(
            &mut Tally::default(),
            plan,
            (),
            |_| 0.0,
            |_, _, chunk, dual, ()| {
                let (scores, residuals) =
                    (self.scores.block(chunk.places()), self.residuals.block(chunk.places()));
                let product = |k: usize, other: &[T]| scale * dot(column(&residuals, k), other).as_f64();
                // The offset is part of the loss, not of the scores in the conjugate.
                let of_offset = chunk
                    .offset()
                    .map_or(0.0, |offset| (0..columns).map(|k| product(k, column(&offset, k))).sum());
                if scale == 1.0 {
                    // Fenchel's inequality holds with equality here.
                    let of_scores: f64 = (0..columns).map(|k| product(k, column(&scores, k))).sum();
                    *dual += of_offset - of_scores;
                    return;
                }
                let entropy = |row: usize| {
                    let p = |k: usize| probability(chunk, row, (k, columns), residuals[(row, k)], scale);
                    if columns == 1 {
                        return negative_entropy(p(0)) + negative_entropy(1.0 - p(0));
                    }
                    (0..columns).map(|k| negative_entropy(p(k))).sum::<f64>()
                };
                let counted = (0..chunk.len()).filter(|&row| chunk.counts(row));
                let entropies = counted.map(|row| chunk.share(row) * entropy(row));
                *dual += of_offset - entropies.sum::<f64>();
            },
        );
        if scale == 1.0 { self.loss + dual } else { dual }
    }
}

/// Returns the value y + s (p - y) in one of the score columns, from the residual of the row.
fn probability<T: Real>(
    chunk: &Chunk<'_, T>,
    row: usize,
    (column, columns): (usize, usize),
    residual: T,
    scale: f64,
) -> f64 {
    let target = if columns == 1 { 1 } else { column };
    let indicator = f64::from(u8::from(chunk.targets()[row] == target));
    indicator + scale * residual.as_f64() / chunk.share(row)
}

/// Computes p ln p.
fn negative_entropy(p: f64) -> f64 {
    if p <= 0.0 { 0.0 } else { p * p.ln() }
}

/// An objective whose optimality measure is its duality gap.
pub(super) struct GapStopped<'a, 'b, T: Real> {
    objective: &'a mut LogisticObjective<'b, T>,
}

impl<'a, 'b, T: Real> GapStopped<'a, 'b, T> {
    pub(super) fn new(objective: &'a mut LogisticObjective<'b, T>) -> Self {
        GapStopped { objective }
    }
}

impl<T: Real> Objective<T> for GapStopped<'_, '_, T> {
    fn parameter_count(&self) -> usize {
        self.objective.parameter_count()
    }

    fn evaluate(&mut self, params: &[T], gradient: &mut [T]) -> Evaluation {
        let evaluation = self.objective.evaluate(params, gradient);
        // Without a bound, report a large finite number: infinity would mean that the objective diverged.
        evaluation.optimality(duality_gap(self.objective, params, evaluation.value).unwrap_or(f64::MAX))
    }
}

impl<T: Real> HasHessian<T> for GapStopped<'_, '_, T> {
    fn hessian(&mut self, params: &[T], hessian: &mut DMatrix<T>) {
        self.objective.hessian(params, hessian);
    }
    fn is_exact(&self) -> bool {
        self.objective.is_exact()
    }
}

impl<T: Real> HessianProduct<T> for GapStopped<'_, '_, T> {
    fn linearize(&mut self, params: &[T]) {
        self.objective.linearize(params);
    }
    fn hessian_product(&mut self, vector: &[T], out: &mut [T]) {
        self.objective.hessian_product(vector, out);
    }
}

impl<T: Real> LogisticObjective<'_, T> {
    /// Returns the gradient for the residuals of all rows, with respect to slopes in the user's units. With an
    /// intercept the residuals must sum to zero: columns then count from their centres, which keeps the
    /// digits of columns far from the origin.
    fn loss_gradient(&mut self, residuals: &OfRows<T>) -> Vec<T> {
        self.backward(residuals);
        let (slopes, intercepts) = self.raw().split_at(self.slopes.len());
        if self.coordinates.explicit() {
            let mut gradient = vec![T::zero(); slopes.len()];
            let balanced = vec![T::zero(); intercepts.len()];
            self.coordinates.gradient_to_user(slopes, &balanced, &mut gradient);
            return gradient;
        }
        let columns = slopes.chunks_exact(self.coordinates.features()).zip(intercepts);
        let centred = columns.flat_map(|(g, &shift)| {
            g.iter().zip(&self.coordinates.center).map(move |(&g, &m)| g - m * shift)
        });
        centred.collect()
    }
}
