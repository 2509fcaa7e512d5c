//! Losses over all rows, block by block and in order.

use super::samples::Batch;
use crate::examples::CheckedExamples;
use crate::layer::Layer;
use crate::loss::Loss;
use crate::scalar::Real;

/// The number of rows that pass through a network together: enough to fill the kernels, few enough that the
/// activations stay in cache.
pub(crate) const BLOCK: usize = 256;

/// A copy of some rows in blocks, with the memory of a pass over them.
#[derive(Debug)]
pub(super) struct Blocks<T> {
    pub(super) blocks: Vec<Batch<T>>,
    pub(super) total_weight: f64,
    statistics: usize,
}

impl<T: Real> Blocks<T> {
    pub(super) fn new<N: Layer<T> + ?Sized>(all: CheckedExamples<'_, T>, network: &N) -> Self {
        let rows = all.rows();
        let block = |first| Batch::of_rows(all, first, BLOCK.min(rows - first), network);
        let blocks: Vec<_> = (0..rows).step_by(BLOCK).map(block).collect();
        let statistics = blocks.first().map_or(0, |block: &Batch<T>| block.tape.statistic_count());
        Blocks { blocks, total_weight: all.total_weight, statistics }
    }

    /// Loads running statistics for the following passes.
    pub(super) fn load_statistics(&mut self, statistics: &[T]) {
        if self.statistics > 0 {
            self.blocks.iter_mut().for_each(|block| block.tape.load_statistics(statistics));
        }
    }

    /// Returns the mean loss, and leaves the scores of each block in its tape.
    pub(super) fn mean_loss<N, S>(&mut self, network: &N, loss: &S, params: &[T]) -> f64
    where
        N: Layer<T> + ?Sized,
        S: Loss<T> + ?Sized,
    {
        let mut sum = 0.0;
        for block in &mut self.blocks {
            network.forward(params, &block.x, &mut block.tape);
            let judged = block.loss_inputs();
            sum += loss.accumulate(judged.scores, judged.targets, judged.weights, None);
        }
        sum / self.total_weight
    }
}
