//! Products of the logistic objective's Hessian with vectors.

use std::ops::Range;

use nalgebra::DMatrix;

use super::objective::LogisticObjective;
use super::problem::Problem;
use crate::optim::HessianProduct;
use crate::scalar::Real;

impl<T: Real> HessianProduct<T> for LogisticObjective<'_, T> {
    /// Stores the probabilities of all rows, n x K, so that a product reads `x` once.
    fn linearize(&mut self, params: &[T]) {
        let shape = (self.problem.rows.x.nrows(), self.problem.classes);
        let mut all = std::mem::take(&mut self.probabilities);
        if all.shape() != shape {
            all = DMatrix::zeros(shape.0, shape.1);
        }
        let loss = self.loss;
        let mut of_block = DMatrix::zeros(0, shape.1);
        self.for_each_scores(params, |_, range, scores| {
            if of_block.nrows() != range.len() {
                of_block = DMatrix::zeros(range.len(), shape.1);
            }
            loss.probabilities(scores, &mut of_block);
            all.rows_mut(range.start, range.len()).copy_from(&of_block);
        });
        self.probabilities = all;
    }

    /// Writes Xᵀ W X v / Σ u plus the penalty's product, where W is the second derivative of each row's loss
    /// in its scores.
    fn hessian_product(&mut self, vector: &[T], out: &mut [T]) {
        self.load(vector);
        let probabilities = std::mem::take(&mut self.probabilities);
        self.pass(true, |problem, range, block| {
            weigh(problem, &probabilities, range, &block.scores, &mut block.residuals);
        });
        self.probabilities = probabilities;
        self.finish_gradient(out);
    }
}

/// Writes p_a (s_a - Σ_b p_b s_b) times the row's share of the total weight, for the scores s of a block.
pub(super) fn weigh<T: Real>(
    problem: &Problem<'_, T>,
    probabilities: &DMatrix<T>,
    range: Range<usize>,
    scores: &DMatrix<T>,
    out: &mut DMatrix<T>,
) {
    let share = T::of(1.0 / problem.rows.total_weight);
    let p = |column: usize| &probabilities.as_slice()[column * probabilities.nrows()..][range.clone()];
    if scores.ncols() == 1 {
        for (((out, &s), &p), &q) in out.iter_mut().zip(scores.iter()).zip(p(0)).zip(p(1)) {
            *out = p * q * s * share;
        }
    } else {
        let count = range.len();
        let mut mean = vec![T::zero(); count];
        for (column, scores) in scores.as_slice().chunks_exact(count).enumerate() {
            for ((mean, &s), &p) in mean.iter_mut().zip(scores).zip(p(column)) {
                *mean += p * s;
            }
        }
        let columns = out.as_mut_slice().chunks_exact_mut(count).zip(scores.as_slice().chunks_exact(count));
        for (column, (out, scores)) in columns.enumerate() {
            for (((out, &s), &p), &mean) in out.iter_mut().zip(scores).zip(p(column)).zip(&mean) {
                *out = p * (s - mean) * share;
            }
        }
    }
    if let Some(weights) = problem.rows.weights {
        let weights = &weights[range.clone()];
        for out in out.as_mut_slice().chunks_exact_mut(range.len()) {
            out.iter_mut().zip(weights).for_each(|(out, &w)| *out *= w);
        }
    }
}
