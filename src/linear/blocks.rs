//! Blocks of rows that fit in cache, and the operations of a pass on each block.

use std::ops::Range;

use nalgebra::{DMatrix, DMatrixView};

use super::coordinates::Coordinates;
use super::curvature::Curvature;
use super::problem::Problem;
use super::rows::{Chunk, TrainingRows};
use crate::loss::Loss;
use crate::parallel::wire::wire;
use crate::parallel::{Entries, Sum, zeros};
use crate::scalar::Real;
use crate::scalar::{Strided, Workspace, product, sum};

/// Scratch memory of a thread for passes over blocks of rows.
pub(super) struct Worker<T: Real> {
    pub(super) whole: Block<T>,
    /// The block for the rows left over after the last whole block.
    last: Block<T>,
    pub(super) scratch: Scratch<T>,
}

/// Scratch memory beside the block itself.
pub(super) struct Scratch<T: Real> {
    /// The rows of a block, centred and scaled; used if some column is far from the origin.
    pub(super) rows: Vec<T>,
    pub(super) workspace: Workspace<T>,
    pub(super) curvature: Curvature<T>,
}

/// Scratch memory for one block of rows.
pub(super) struct Block<T> {
    pub(super) scores: DMatrix<T>,
    pub(super) residuals: DMatrix<T>,
}

impl<T: Real> Block<T> {
    fn new(rows: usize, columns: usize) -> Self {
        Block { scores: DMatrix::zeros(rows, columns), residuals: DMatrix::zeros(rows, columns) }
    }
}

impl<T: Real> Worker<T> {
    /// Creates memory for blocks of `size` rows.
    pub(super) fn new(size: usize, columns: usize) -> Self {
        let scratch =
            Scratch { rows: Vec::new(), workspace: Workspace::default(), curvature: Curvature::default() };
        Worker { whole: Block::new(size, columns), last: Block::new(0, columns), scratch }
    }

    /// Returns the block for this number of rows.
    pub(super) fn block(&mut self, count: usize) -> (&mut Block<T>, &mut Scratch<T>) {
        if count == self.whole.scores.nrows() {
            return (&mut self.whole, &mut self.scratch);
        }
        if count != self.last.scores.nrows() {
            self.last = Block::new(count, self.whole.scores.ncols());
        }
        (&mut self.last, &mut self.scratch)
    }
}

/// The smallest number of rows of a leaf, if its sum is as large as a second derivative. A leaf takes as many operations
/// as its sum has entries times its rows; setting the sum to zero and adding it to others takes about as long as thirty
/// rows, so it costs at most 3 %.
const LEAF_ROWS: usize = 1024;

/// Returns the number of blocks of `size` rows in a leaf whose sum is as large as a second derivative.
pub(super) fn blocks_per_leaf(size: usize) -> usize {
    LEAF_ROWS.div_ceil(size.max(1)).next_power_of_two()
}

/// What a pass over the rows shares among its threads.
#[derive(Clone, Copy)]
pub(super) struct Pass<'p, 'a, T: Real> {
    pub(super) problem: &'p Problem<'a, T>,
    pub(super) coordinates: &'p Coordinates<T>,
    pub(super) loss: &'static dyn Loss<T>,
    /// The coefficients in the coordinates of the blocks.
    pub(super) map: &'p [T],
}

impl<T: Real> Pass<'_, '_, T> {
    /// Returns some rows in the coordinates of the blocks.
    pub(super) fn rows<'s>(&self, chunk: &'s Chunk<'_, T>, scaled: &'s mut Vec<T>) -> Strided<'s, T> {
        if !self.coordinates.explicit() {
            return chunk.x();
        }
        self.coordinates.scale_rows(chunk, scaled);
        Strided::columns(scaled, chunk.len(), self.coordinates.features())
    }

    /// Computes the scores of a block.
    pub(super) fn scores(&self, x: Strided<'_, T>, scores: &mut DMatrix<T>, workspace: &mut Workspace<T>) {
        let (count, features, columns) =
            (scores.nrows(), self.coordinates.features(), self.coordinates.columns);
        let (slopes, intercepts) = self.map.split_at(features * columns);
        let slopes = Strided::columns(slopes, features, columns);
        product(x, slopes, (scores.as_mut_slice(), count), false, workspace);
        for (scores, &b) in scores.as_mut_slice().chunks_exact_mut(count).zip(intercepts) {
            scores.iter_mut().for_each(|z| *z += b);
        }
    }

    /// Reads the rows of a block and computes their scores.
    pub(super) fn scores_without_offset(
        &self,
        chunk: &Chunk<'_, T>,
        block: &mut Block<T>,
        scratch: &mut Scratch<T>,
    ) {
        let Scratch { rows, workspace, .. } = scratch;
        self.scores(self.rows(chunk, rows), &mut block.scores, workspace);
    }

    /// Adds a block's contribution to the gradient.
    pub(super) fn collect(
        &self,
        x: Strided<'_, T>,
        residuals: &DMatrix<T>,
        raw: &mut [T],
        workspace: &mut Workspace<T>,
    ) {
        let features = self.coordinates.features();
        let (slopes, intercepts) = raw.split_at_mut(features * self.coordinates.columns);
        product(x.transposed(), Strided::from(residuals), (slopes, features), true, workspace);
        let columns = residuals.as_slice().chunks_exact(residuals.nrows());
        intercepts.iter_mut().zip(columns).for_each(|(g, residuals)| *g += sum(residuals));
    }
}

/// The loss of some rows, and its gradient in the coordinates of the blocks.
#[derive(Default)]
pub(super) struct Gathered<T> {
    pub(super) loss: f64,
    pub(super) raw: Vec<T>,
}

impl<T: Real> Gathered<T> {
    /// Returns sums of nothing, in the memory of old ones.
    pub(super) fn empty(old: Option<Self>, size: usize) -> Self {
        Gathered { loss: 0.0, raw: zeros(old.map(|old| old.raw), size) }
    }
}

wire!(Gathered<T: Real> { loss, raw });

impl<T: Real> Sum for Gathered<T> {
    fn add(&mut self, next: &Self) {
        self.loss += next.loss;
        self.raw.add(&next.raw);
    }
}

/// Numbers of all rows of this rank, block after block, each block column by column.
#[derive(Default)]
pub(super) struct OfRows<T> {
    values: Vec<T>,
    columns: usize,
    /// The place of the first row among those of all ranks.
    first: usize,
}

impl<T: Real> OfRows<T> {
    /// Makes room for `columns` numbers of each row.
    pub(super) fn resize(&mut self, rows: &TrainingRows<'_, T>, columns: usize) {
        self.values.resize(rows.own().len() * columns, T::zero());
        self.columns = columns;
        self.first = rows.own().start;
    }

    /// Returns the numbers, to be written block by block.
    pub(super) fn entries(&mut self) -> Entries<'_, T> {
        Entries::new(&mut self.values, self.columns)
    }

    /// Returns the numbers of a block.
    pub(super) fn block(&self, range: Range<usize>) -> DMatrixView<'_, T> {
        let (start, end) = (range.start - self.first, range.end - self.first);
        let of_block = &self.values[start * self.columns..end * self.columns];
        DMatrixView::from_slice(of_block, range.len(), self.columns)
    }
}
