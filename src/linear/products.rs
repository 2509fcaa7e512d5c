//! Products of the logistic objective's Hessian with vectors.

use nalgebra::{DMatrix, DMatrixView};

use super::objective::LogisticObjective;
use super::rows::Chunk;
use crate::optim::HessianProduct;
use crate::scalar::{self, Real};

impl<T: Real> HessianProduct<T> for LogisticObjective<'_, T> {
    /// Stores the probabilities of all rows, so that a product reads `x` once.
    fn linearize(&mut self, params: &[T]) {
        let mut all = std::mem::take(&mut self.probabilities);
        all.resize(&self.problem.rows, self.problem.classes);
        let classes = self.problem.classes;
        self.for_each_scores(params, all.entries(), |pass, chunk, scores, out| {
            let mut of_block = DMatrix::zeros(chunk.len(), classes);
            pass.loss.probabilities(scores, &mut of_block);
            out.into_slice().copy_from_slice(of_block.as_slice());
        });
        self.probabilities = all;
    }

    /// Writes Xᵀ W X v / Σ u plus the penalty's product, where W is the second derivative of each row's loss
    /// in its scores.
    fn hessian_product(&mut self, vector: &[T], out: &mut [T]) {
        self.load(vector);
        let probabilities = std::mem::take(&mut self.probabilities);
        self.gather((), |pass, chunk, block, ()| {
            let share = T::of(1.0 / pass.problem.rows.total_weight);
            let p = probabilities.block(chunk.places());
            weigh(chunk, share, p, &block.scores, &mut block.residuals);
            0.0
        });
        self.probabilities = probabilities;
        self.finish_gradient(out);
    }
}

/// Writes p_a (s_a - Σ_b p_b s_b) times `share` and the row's weight, for the scores s and the probabilities p of a block.
pub(super) fn weigh<T: Real>(
    chunk: &Chunk<'_, T>,
    share: T,
    probabilities: DMatrixView<'_, T>,
    scores: &DMatrix<T>,
    out: &mut DMatrix<T>,
) {
    let p = |column: usize| scalar::column(&probabilities, column);
    if scores.ncols() == 1 {
        for (((out, &s), &p), &q) in out.iter_mut().zip(scores.iter()).zip(p(0)).zip(p(1)) {
            *out = p * q * s * share;
        }
    } else {
        let count = chunk.len();
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
    if let Some(weights) = chunk.weights() {
        for out in out.as_mut_slice().chunks_exact_mut(chunk.len()) {
            out.iter_mut().zip(weights).for_each(|(out, &w)| *out *= w);
        }
    }
}
