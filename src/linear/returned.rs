//! Measures at the model that is returned, whose coefficients are rounded in the user's units.

use std::ops::Range;

use nalgebra::DMatrix;

use super::objective::LogisticObjective;
use crate::loss::{Gradient, Targets};
use crate::optim::HessianProduct;
use crate::scalar::Real;
use crate::scalar::{Pair, Strided, Workspace, column, product, sum};

/// A model in the user's units: the score of a row is Σ (x - center) w + scores, for each score column.
pub(super) struct Returned<'a, T> {
    /// d slopes for each score column.
    pub(super) slopes: &'a [T],
    /// `None` for the origin.
    pub(super) center: Option<&'a [T]>,
    pub(super) scores: &'a [T],
}

impl<T: Real> LogisticObjective<'_, T> {
    /// Writes the gradient of the smooth objective at `model`, in the solver's coordinates, from scores that
    /// are computed with twice the usual digits.
    pub(super) fn gradient_at(&mut self, model: &Returned<'_, T>, gradient: &mut [T]) {
        let residuals = self.residuals_at(model);
        self.backward(|range, out| out.copy_from(&residuals.rows(range.start, range.len())));
        self.slopes.copy_from_slice(model.slopes);
        self.finish_gradient(gradient);
    }

    /// Makes the gradient at `model` the last one in the user's units.
    pub(super) fn set_user_gradient(&mut self, model: &Returned<'_, T>) {
        let residuals = self.residuals_at(model);
        let x = self.problem.rows.x;
        let (rows, features) = x.shape();
        let (left, right) = (Strided::from(&x).rows(0, rows).transposed(), Strided::from(&residuals));
        let mut slopes = vec![T::zero(); model.slopes.len()];
        product(left, right, (&mut slopes, features), false, &mut Workspace::default());
        self.problem.penalty.add_l2_gradient(model.slopes, &mut slopes);
        let columns = residuals.as_slice().chunks_exact(rows.max(1));
        let intercepts =
            columns.map(|column| if self.coordinates.intercept { sum(column) } else { T::zero() });
        let intercepts = intercepts.collect();
        self.slopes.copy_from_slice(model.slopes);
        self.replace_user_gradient(slopes, intercepts);
    }

    /// Returns the residuals p - y times the share of each row, at `model`.
    fn residuals_at(&mut self, model: &Returned<'_, T>) -> DMatrix<T> {
        let (rows, columns) = (self.problem.rows.x.nrows(), self.coordinates.columns);
        let mut scores = DMatrix::zeros(rows, columns);
        for k in 0..columns {
            self.exact_scores(model, k, 0..rows, scores.column_mut(k).as_mut_slice());
        }
        self.problem.add_offset(0..rows, &mut scores);
        let mut residuals = DMatrix::zeros(rows, columns);
        let out = Gradient { scale: T::of(1.0 / self.problem.rows.total_weight), out: &mut residuals };
        let targets = Targets::Classes(self.problem.rows.targets);
        self.loss.accumulate(&scores, targets, self.problem.rows.weights, Some(out));
        residuals
    }

    /// Writes the scores of some rows for score column `k`, correct to the last digits.
    fn exact_scores(&self, model: &Returned<'_, T>, k: usize, range: Range<usize>, out: &mut [T]) {
        let features = self.coordinates.features();
        let zero = Pair { high: T::zero(), low: T::zero() };
        let mut sums = vec![zero.plus(model.scores[k]); out.len()];
        for j in 0..features {
            let w = model.slopes[k * features + j];
            if w == T::zero() {
                continue;
            }
            let center = model.center.map_or(T::zero(), |center| center[j]);
            for (sum, &x) in sums.iter_mut().zip(&column(&self.problem.rows.x, j)[range.clone()]) {
                let difference = Pair { high: x, low: T::zero() }.plus(-center);
                let term = difference.times(w);
                *sum = sum.plus(term.high);
                sum.low += term.low;
            }
        }
        for ((out, sum), row) in out.iter_mut().zip(&sums).zip(range) {
            let exact = sum.high + sum.low;
            // Numbers near the end of the range cannot be split.
            *out = if exact.is_finite() { exact } else { self.plain_score(model, k, row) };
        }
    }

    fn plain_score(&self, model: &Returned<'_, T>, k: usize, row: usize) -> T {
        let features = self.coordinates.features();
        (0..features).fold(model.scores[k], |z, j| {
            let center = model.center.map_or(T::zero(), |center| center[j]);
            z + (self.problem.rows.x[(row, j)] - center) * model.slopes[k * features + j]
        })
    }

    /// Returns what rounding can do to the gradient at `params`: the decrement that rounding of scores
    /// causes, and for each parameter the rounding error of the sum over rows.
    ///
    /// A score has the error ε Σ |x w|, and the length of Xᵀ W δ in the metric of XᵀWX is at most that of
    /// W^(1/2) δ. A sum over rows has the error ε times the sum of the absolute values of its terms.
    pub(super) fn rounding(&mut self, params: &[T], slopes: &[T], shifts: &[T]) -> (f64, Vec<f64>) {
        let epsilon = T::EPSILON.as_f64();
        let (features, columns) = (self.coordinates.features(), self.coordinates.columns);
        self.linearize(params);
        let probabilities = std::mem::take(&mut self.probabilities);
        let rows = self.problem.rows;
        let far = self.coordinates.far;
        let explicit = self.coordinates.explicit();
        let mut terms = vec![0.0; params.len()];
        let mut of_scores = 0.0;
        let mut block = Vec::new();
        const BLOCK: usize = 256;
        for first in (0..rows.x.nrows()).step_by(BLOCK) {
            let count = BLOCK.min(rows.x.nrows() - first);
            self.coordinates.scale_rows(rows.x, first..first + count, &mut block);
            for i in (0..count).filter(|i| rows.counts(first + i)) {
                let row = first + i;
                let share = rows.weights.map_or(1.0, |w| w[row].as_f64()) / rows.total_weight;
                for k in 0..columns {
                    let p = probabilities[(row, if columns == 1 { 1 } else { k })].as_f64();
                    let own = rows.targets[row] == if columns == 1 { 1 } else { k };
                    let residual = share * if own { 1.0 - p } else { p };
                    let offset = self.problem.offset.map_or(0.0, |offset| offset[(row, k)].as_f64().abs());
                    let mut size = shifts[k].as_f64().abs() + offset;
                    for j in 0..features {
                        let center = if far { self.coordinates.center[j] } else { T::zero() };
                        let w = slopes[k * features + j].as_f64();
                        size += ((rows.x[(row, j)] - center).as_f64() * w).abs();
                        let beside = if explicit || !self.coordinates.takes_part(j) {
                            0.0
                        } else {
                            (self.coordinates.center[j] / self.coordinates.scale[j]).as_f64().abs()
                        };
                        let x = block[j * count + i].as_f64().abs();
                        terms[k * features + j] += epsilon * residual * (x + 2.0 * beside);
                    }
                    if self.coordinates.intercept {
                        terms[features * columns + k] += epsilon * residual;
                    }
                    of_scores += share * p * (1.0 - p) * (epsilon * size).powi(2);
                }
            }
        }
        self.probabilities = probabilities;
        (of_scores.sqrt(), terms)
    }
}
