//! Losses over all rows, block by block.

use super::samples::Batch;
use crate::examples::CheckedExamples;
use crate::layer::Layer;
use crate::loss::Loss;
use crate::parallel::{Entries, Tally, workers_for};
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
    losses: Tally<f64>,
}

/// The multiplications in matrix products that take as long as one elsewhere.
const PRODUCTS: f64 = 4.0;

/// Returns a worker for each thread that should share passes over the blocks, with this number of multiplications for
/// a row.
pub(super) fn workers<T>(blocks: &[Batch<T>], multiplications: f64) -> Vec<()> {
    vec![(); workers_for(blocks.len(), BLOCK as f64 * blocks.len() as f64 * multiplications / PRODUCTS)]
}

impl<T: Real> Blocks<T> {
    pub(super) fn new<N: Layer<T> + ?Sized>(all: CheckedExamples<'_, T>, network: &N) -> Self {
        let rows = all.rows();
        let block = |first| Batch::of_rows(all, first, BLOCK.min(rows - first), network);
        let blocks: Vec<_> = (0..rows).step_by(BLOCK).map(block).collect();
        let statistics = blocks.first().map_or(0, |block: &Batch<T>| block.tape.statistic_count());
        Blocks { blocks, total_weight: all.total_weight, statistics, losses: Tally::default() }
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
        let Blocks { blocks, total_weight, losses, .. } = self;
        let (mut workers, count) = (workers(blocks, params.len() as f64), blocks.len());
        let sides = Entries::new(blocks, 1);
        let sum = losses.over(
            &mut workers,
            (count, 1),
            sides,
            |_| 0.0,
            |(), _, sum, blocks| {
                for block in blocks.into_slice() {
                    network.forward(params, &block.x, &mut block.tape);
                    let judged = block.loss_inputs();
                    *sum += loss.accumulate(judged.scores, judged.targets, judged.weights, None);
                }
            },
        );
        sum / *total_weight
    }
}
