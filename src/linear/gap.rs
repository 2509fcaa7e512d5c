//! The duality gap: a bound on the distance of an objective from its minimum.

use nalgebra::{Cholesky, DMatrix, DVector};

use super::objective::LogisticObjective;
use super::problem::Problem;
use crate::loss::{Gradient, Loss, Targets};
use crate::optim::{Evaluation, HasHessian, HessianProduct, Objective};
use crate::scalar::Real;
use crate::scalar::{all_finite, dot, sum};

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
    let (problem, columns, loss) = (objective.problem, objective.coordinates.columns, objective.loss);
    let scores = objective.all_scores(params);
    let residuals = DMatrix::zeros(problem.rows.x.nrows(), columns);
    let mut rows = ScoredRows { problem, scores, residuals, loss: f64::NAN };
    rows.evaluate(loss);
    if problem.intercept && !rows.center(loss) {
        return None;
    }
    let correlations = objective.loss_gradient(&rows.residuals);
    if !all_finite(&correlations) {
        return None;
    }

    let penalty = problem.penalty;
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
    let bound = rows.dual_of_loss(scale) - per_column().map(of_penalty).sum::<f64>();
    // NaN must not become 0, which would certify an optimum.
    Some(value - bound).filter(|gap| gap.is_finite()).map(|gap| gap.max(0.0))
}

/// The scores of all rows, and the residuals p - y times the row's share of the total weight.
struct ScoredRows<'a, T: Real> {
    problem: Problem<'a, T>,
    scores: DMatrix<T>,
    residuals: DMatrix<T>,
    /// The mean loss.
    loss: f64,
}

/// The maximum number of iterations for the best intercept; the start is close, so two or three are usual.
const ITERATIONS: usize = 60;
/// The longest step of an intercept; far from the optimum a Newton step may overshoot.
const LONGEST: f64 = 2.0;

impl<T: Real> ScoredRows<'_, T> {
    /// Computes loss and residuals from the scores.
    fn evaluate(&mut self, loss: &dyn Loss<T>) {
        let Problem { rows, .. } = self.problem;
        let out = Gradient { scale: T::of(1.0 / rows.total_weight), out: &mut self.residuals };
        let targets = Targets::Classes(rows.targets);
        self.loss = loss.accumulate(&self.scores, targets, rows.weights, Some(out)) / rows.total_weight;
    }

    /// Adds to the scores the intercepts that minimise the loss. Returns whether the residuals then sum to
    /// zero.
    fn center(&mut self, loss: &dyn Loss<T>) -> bool {
        let rounding = 8.0 * T::EPSILON.as_f64();
        let mut smallest = f64::INFINITY;
        let mut step = DVector::<f64>::zeros(self.scores.ncols());
        for _ in 0..ITERATIONS {
            let gradient = self.gradient();
            let size = gradient.amax();
            if size <= rounding || size.is_nan() {
                return size <= rounding;
            }
            if size < smallest {
                smallest = size;
                let Some(factor) = Cholesky::new(self.hessian()) else { return false };
                step = factor.solve(&-gradient);
                let longest = step.amax();
                if longest > LONGEST {
                    step *= LONGEST / longest;
                }
                self.shift(&step, loss);
            } else {
                // Undo half of the step.
                step *= -0.5;
                self.shift(&step, loss);
                step *= -1.0;
            }
        }
        false
    }

    fn shift(&mut self, by: &DVector<f64>, loss: &dyn Loss<T>) {
        for (mut column, &b) in self.scores.column_iter_mut().zip(by.iter()) {
            column.add_scalar_mut(T::of(b));
        }
        self.evaluate(loss);
    }

    /// Returns the gradient of the mean loss with respect to the intercepts.
    fn gradient(&self) -> DVector<f64> {
        let rows = self.residuals.nrows().max(1);
        let sums = self.residuals.as_slice().chunks_exact(rows).map(|column| sum(column).as_f64());
        DVector::from_iterator(self.residuals.ncols(), sums)
    }

    /// Returns the Hessian of the mean loss with respect to the intercepts. For several score columns it
    /// includes curvature along their common shift, which does not affect the result.
    fn hessian(&self) -> DMatrix<f64> {
        let columns = self.scores.ncols();
        let mut hessian = DMatrix::zeros(columns, columns);
        let mut p = vec![0.0; columns];
        for row in (0..self.scores.nrows()).filter(|&row| self.problem.rows.counts(row)) {
            let share = self.share(row);
            (0..columns).for_each(|k| p[k] = self.probability(row, k, 1.0));
            for a in 0..columns {
                hessian[(a, a)] += share * p[a];
                for b in 0..columns {
                    hessian[(a, b)] -= share * p[a] * p[b];
                }
            }
        }
        if columns > 1 {
            hessian.add_scalar_mut(hessian.trace() / (columns * columns) as f64);
        }
        hessian
    }

    /// Returns the weight of a row divided by the total weight.
    fn share(&self, row: usize) -> f64 {
        let Problem { rows, .. } = self.problem;
        rows.weights.map_or(1.0, |w| w[row].as_f64()) / rows.total_weight
    }

    /// Returns the value y + s (p - y) in a score column.
    fn probability(&self, row: usize, column: usize, scale: f64) -> f64 {
        let target = if self.scores.ncols() == 1 { 1 } else { column };
        let indicator = f64::from(u8::from(self.problem.rows.targets[row] == target));
        indicator + scale * self.residuals[(row, column)].as_f64() / self.share(row)
    }

    /// Returns the loss part of the bound: minus the conjugates, for residuals times `scale`.
    fn dual_of_loss(&self, scale: f64) -> f64 {
        let Problem { rows, offset, .. } = self.problem;
        // The offset is part of the loss, not of the scores in the conjugate.
        let products =
            |matrix: &DMatrix<T>| scale * dot(self.residuals.as_slice(), matrix.as_slice()).as_f64();
        let of_offset = offset.map_or(0.0, |offset| products(&offset.into_owned()));
        if scale == 1.0 {
            // Fenchel's inequality holds with equality here.
            return self.loss - products(&self.scores) + of_offset;
        }
        let columns = self.scores.ncols();
        let entropy = |row: usize| {
            if columns == 1 {
                let p = self.probability(row, 0, scale);
                return negative_entropy(p) + negative_entropy(1.0 - p);
            }
            (0..columns).map(|k| negative_entropy(self.probability(row, k, scale))).sum::<f64>()
        };
        let counted = (0..rows.x.nrows()).filter(|&row| rows.counts(row));
        of_offset - counted.map(|row| self.share(row) * entropy(row)).sum::<f64>()
    }
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
    fn loss_gradient(&mut self, residuals: &DMatrix<T>) -> Vec<T> {
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
