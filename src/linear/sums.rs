//! Sums over the rows, block by block, on any number of threads: the passes of the objective.

use nalgebra::DMatrix;

use super::blocks::{Block, Gathered, OfRows, Pass, Scratch, Worker, blocks_per_leaf};
use super::objective::LogisticObjective;
use super::rows::Chunk;
use crate::parallel::wire::Wire;
use crate::parallel::{ByRows, Sum, Tally, resized, zeros};
use crate::scalar::{Real, Strided};

/// The number of multiplications that take as long as the loss of a row and its derivative, for each score column.
const LOSS: usize = 32;

impl<'a, T: Real> LogisticObjective<'a, T> {
    /// Returns the sum of what `each` adds for every block of rows. A leaf of the tree has `leaf` blocks, and a row
    /// takes this number of operations. `each` also gets what `sides` has for the rows of a block.
    pub(super) fn sum<A: Sum + Wire + Send, P: ByRows>(
        &mut self,
        tally: &mut Tally<A>,
        (leaf, operations): (usize, usize),
        sides: P,
        zero: impl Fn(Option<A>) -> A + Sync,
        each: impl Fn(&Pass<'_, 'a, T>, (&mut Block<T>, &mut Scratch<T>), &Chunk<'_, T>, &mut A, P) + Sync,
    ) -> A {
        let Self { problem, coordinates, loss, map, size, workers, .. } = self;
        let (columns, size, rows) = (coordinates.columns, *size, &problem.rows);
        let workers = resized(workers, rows.workers(leaf * size, operations), || Worker::new(size, columns));
        let pass = Pass { problem, coordinates, loss: *loss, map };
        rows.sum(tally, workers, (leaf * size, size), sides, zero, |worker, chunk, sum, sides| {
            each(&pass, worker.block(chunk.len()), chunk, sum, sides);
        })
    }

    /// Returns the number of operations that a row takes for its scores, loss and gradient.
    pub(super) fn row_operations(&self) -> usize {
        self.coordinates.columns * (2 * self.coordinates.features() + LOSS)
    }

    /// Calls `each` with the scores of every block of rows, without offsets. Collects the gradient for the residuals
    /// that `each` leaves in the block, and returns the sum of the losses that it returns.
    pub(super) fn gather<P: ByRows>(
        &mut self,
        sides: P,
        each: impl Fn(&Pass<'_, 'a, T>, &Chunk<'_, T>, &mut Block<T>, P) -> f64 + Sync,
    ) -> f64 {
        self.gather_residuals(sides, |pass, x, (block, scratch), chunk, sides| {
            pass.scores(x, &mut block.scores, &mut scratch.workspace);
            each(pass, chunk, block, sides)
        })
    }

    /// Collects the gradient for residuals that `each` writes for every block of rows, which it gets in the coordinates
    /// of the blocks. Returns the sum of the losses that it returns.
    pub(super) fn gather_residuals<P: ByRows>(
        &mut self,
        sides: P,
        each: impl Fn(&Pass<'_, 'a, T>, Strided<'_, T>, (&mut Block<T>, &mut Scratch<T>), &Chunk<'_, T>, P) -> f64
        + Sync,
    ) -> f64 {
        let mut tally = std::mem::take(&mut self.gradients);
        let (size, operations) = (self.raw.len(), self.row_operations());
        let zero = |old| Gathered::empty(old, size);
        let sum = self.sum(
            &mut tally,
            (1, operations),
            sides,
            zero,
            |pass, (block, scratch), chunk, sum, sides| {
                let mut scaled = std::mem::take(&mut scratch.rows);
                let x = pass.rows(chunk, &mut scaled);
                sum.loss += each(pass, x, (&mut *block, &mut *scratch), chunk, sides);
                pass.collect(x, &block.residuals, &mut sum.raw, &mut scratch.workspace);
                scratch.rows = scaled;
            },
        );
        let raw = std::mem::replace(&mut self.raw, sum.raw);
        tally.give_back(Gathered { loss: 0.0, raw });
        self.gradients = tally;
        sum.loss
    }

    /// Collects the gradient for known residuals of all rows.
    pub(super) fn backward(&mut self, residuals: &OfRows<T>) {
        self.gather_residuals((), |_, _, (block, _), chunk, ()| {
            block.residuals.copy_from(&residuals.block(chunk.places()));
            0.0
        });
    }

    /// Returns the sum of what `each` adds for the scores of every block of rows at `params`, offsets included. Rows
    /// are not read if this is the last evaluated point and its scores were kept.
    pub(super) fn sum_scores<A: Sum + Wire + Send, P: ByRows>(
        &mut self,
        params: &[T],
        tally: &mut Tally<A>,
        plan: (usize, usize),
        sides: P,
        zero: impl Fn(Option<A>) -> A + Sync,
        each: impl Fn(&Pass<'_, 'a, T>, (&mut DMatrix<T>, &mut Scratch<T>), &Chunk<'_, T>, &mut A, P) + Sync,
    ) -> A {
        self.load(params);
        let kept = self.kept.take();
        let known = kept.as_ref().filter(|kept| kept.is_at(params));
        let sum = self.sum(tally, plan, sides, zero, |pass, (block, scratch), chunk, sum, sides| {
            if let Some(kept) = known {
                block.scores.copy_from(&kept.scores.block(chunk.places()));
            } else {
                pass.scores_without_offset(chunk, block, scratch);
                chunk.add_offset(&mut block.scores);
            }
            each(pass, (&mut block.scores, scratch), chunk, sum, sides);
        });
        self.kept = kept;
        sum
    }

    /// Calls `each` with the scores of every block of rows at `params`, offsets included.
    pub(super) fn for_each_scores<P: ByRows>(
        &mut self,
        params: &[T],
        sides: P,
        each: impl Fn(&Pass<'_, 'a, T>, &Chunk<'_, T>, &mut DMatrix<T>, P) + Sync,
    ) {
        let plan = (1, self.row_operations());
        self.sum_scores(
            params,
            &mut Tally::default(),
            plan,
            sides,
            |_| (),
            |pass, (scores, _), chunk, (), sides| {
                each(pass, chunk, scores, sides);
            },
        );
    }

    /// Returns the sum of what `each` adds to matrices of the size of a second derivative, `size` entries together, for
    /// the scores of every block of rows at `params`, offsets included.
    pub(super) fn sum_products(
        &mut self,
        params: &[T],
        size: usize,
        each: impl Fn(&Pass<'_, 'a, T>, (&mut DMatrix<T>, &mut Scratch<T>), &Chunk<'_, T>, &mut Vec<T>) + Sync,
    ) -> Vec<T> {
        let mut tally = std::mem::take(&mut self.products);
        let plan = (blocks_per_leaf(self.size), self.row_operations() + size / 2);
        let zero = |old| zeros(old, size);
        let sum = self.sum_scores(params, &mut tally, plan, (), zero, |pass, block, chunk, sum, ()| {
            each(pass, block, chunk, sum);
        });
        self.products = tally;
        sum
    }

    /// Returns the sum of what `each` adds for the scores of every block of rows at the loaded parameters, without
    /// offsets. The sum is as large as a second derivative if it is a vector of `size` entries.
    pub(super) fn sum_plain<A: Sum + Wire + Send>(
        &mut self,
        size: usize,
        zero: impl Fn(Option<A>) -> A + Sync,
        each: impl Fn(&Pass<'_, 'a, T>, (&mut Block<T>, &mut Scratch<T>), &Chunk<'_, T>, &mut A) + Sync,
    ) -> A {
        let plan = (if size > 1 { blocks_per_leaf(self.size) } else { 1 }, self.row_operations() + size / 2);
        self.sum(&mut Tally::default(), plan, (), zero, |pass, (block, scratch), chunk, sum, ()| {
            pass.scores_without_offset(chunk, block, scratch);
            each(pass, (block, scratch), chunk, sum);
        })
    }

    /// Keeps the memory of sums of products for the next ones.
    pub(super) fn give_back(&mut self, products: Vec<T>) {
        self.products.give_back(products);
    }

    /// Returns the scores of all rows at `params`, offsets included. One column that was kept is handed over.
    pub(super) fn all_scores(&mut self, params: &[T]) -> OfRows<T> {
        if self.coordinates.columns == 1
            && let Some(kept) = self.kept.take_if(|kept| kept.is_at(params))
        {
            return kept.scores;
        }
        let mut all = OfRows::default();
        all.resize(&self.problem.rows, self.coordinates.columns);
        self.for_each_scores(params, all.entries(), |_, _, block, scores| {
            scores.into_slice().copy_from_slice(block.as_slice());
        });
        all
    }
}
