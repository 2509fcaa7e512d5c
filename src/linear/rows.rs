//! The rows of a fit, which passes get chunk by chunk.

use std::borrow::Cow;
use std::ops::Range;

use nalgebra::{DMatrix, DMatrixView};

use super::blocks::blocks_per_leaf;
use crate::check;
use crate::class_weight::add_to_classes;
use crate::error::Error;
use crate::examples::ClassExamples;
use crate::parallel::wire::{Wire, wire};
use crate::parallel::{ByRows, Sum, Tally, parts, workers_for, zeros};
use crate::rows::{Rows, block_rows};
use crate::scalar::{Real, Strided, column};
use crate::source::{EncodedBlock, Stream, Width};

/// The rows of a fit, with what all passes need to know about them.
#[derive(Debug, Clone, Copy)]
pub(super) struct TrainingRows<'a, T: Real> {
    place: Place<'a, T>,
    /// The number of rows of a block.
    block: usize,
    /// The sum of the weights, or the number of rows without weights.
    pub(super) total_weight: f64,
    /// The smallest weight of a row that counts.
    pub(super) lightest: f64,
    /// Whether the offset of a row is not zero.
    pub(super) shifted: bool,
    /// The columns that are looked at, if not all.
    some: Option<&'a [usize]>,
}

/// Where the rows are.
#[derive(Debug, Clone, Copy)]
enum Place<'a, T: Real> {
    Memory(Held<'a, T>),
    /// They are read in every pass.
    Stream(&'a Stream<'a, T>),
}

/// Rows in memory, with their classes, weights and offsets.
#[derive(Debug, Clone, Copy)]
struct Held<'a, T: Real> {
    x: Rows<'a, T>,
    targets: &'a [usize],
    weights: Option<&'a [T]>,
    /// Added to the scores; n x score columns.
    offset: Option<DMatrixView<'a, T>>,
}

impl<'a, T: Real> Held<'a, T> {
    fn of_block(block: &'a EncodedBlock<T>) -> Self {
        Held { x: block.x(), targets: block.classes(), weights: block.weights(), offset: block.offset() }
    }
}

/// Consecutive rows in memory, with their classes, weights and offsets.
#[derive(Debug, Clone)]
pub(super) struct Chunk<'a, T: Real> {
    of: Held<'a, T>,
    /// The places of the rows in the matrix that holds them.
    at: Range<usize>,
    /// The place of the first row among the rows of the fit.
    first: usize,
    /// The sum of the weights of all rows of the fit.
    total_weight: f64,
    /// The columns that are looked at, if not all.
    some: Option<&'a [usize]>,
}

impl<'a, T: Real> TrainingRows<'a, T> {
    /// Creates the rows of checked examples with their offsets, n x score columns.
    pub(super) fn new(examples: ClassExamples<'a, T>, offset: Option<DMatrixView<'a, T>>) -> Self {
        let ClassExamples { x, targets, weights, .. } = examples;
        let place = Place::Memory(Held { x, targets, weights, offset });
        TrainingRows::of_place(place, x.ncols(), weights.is_some() || offset.is_some())
    }

    /// Creates the rows of a stream.
    ///
    /// # Errors
    /// Returns [`Error::InvalidWeightSum`], and the failure of the stream.
    pub(super) fn of_stream(stream: &'a Stream<'a, T>) -> Result<Self, Error> {
        let Width { columns, weighted, offsets } = stream.width();
        let rows = TrainingRows::of_place(Place::Stream(stream), columns, weighted || offsets > 0);
        stream.failure().map_or(Ok(()), Err)?;
        check::weight_sum::<T>(rows.total_weight).map(|()| rows)
    }

    /// Creates rows. Their weights and offsets are looked at only if there are any.
    fn of_place(place: Place<'a, T>, columns: usize, look: bool) -> Self {
        let (block, lightest, shifted) = (block_rows::<T>(columns), 1.0, false);
        let mut rows = TrainingRows { place, block, total_weight: 1.0, lightest, shifted, some: None };
        rows.total_weight = rows.count() as f64;
        if look {
            let Looked { total_weight, lightest, shifted } = rows.look();
            rows = TrainingRows { total_weight, lightest, shifted, ..rows };
        }
        rows
    }

    /// Looks at weights and offsets.
    fn look(&self) -> Looked {
        let empty = |_| Looked { total_weight: 0.0, lightest: f64::INFINITY, shifted: false };
        self.sum(
            &mut Tally::default(),
            &mut [()],
            (self.block, self.block),
            (),
            empty,
            |(), chunk, sum, ()| {
                for weight in (0..chunk.len()).filter(|&i| chunk.counts(i)).map(|i| chunk.weight(i)) {
                    sum.total_weight += weight;
                    sum.lightest = sum.lightest.min(weight);
                }
                sum.shifted |= chunk.offset().is_some_and(|offset| offset.iter().any(|o| !o.is_zero()));
            },
        )
    }

    /// Returns the number of rows, of all ranks.
    pub(super) fn count(&self) -> usize {
        match self.place {
            Place::Memory(held) => held.targets.len(),
            Place::Stream(stream) => stream.count(),
        }
    }

    /// Returns the rows of this rank, among those of all ranks.
    pub(super) fn own(&self) -> Range<usize> {
        match self.place {
            Place::Memory(held) => 0..held.targets.len(),
            Place::Stream(stream) => stream.own(),
        }
    }

    /// Returns the number of columns.
    pub(super) fn columns(&self) -> usize {
        let all = || match self.place {
            Place::Memory(held) => held.x.ncols(),
            Place::Stream(stream) => stream.width().columns,
        };
        self.some.map_or_else(all, <[usize]>::len)
    }

    /// Returns these rows with some of their columns.
    pub(super) fn with_columns(self, some: &'a [usize]) -> Self {
        TrainingRows { some: Some(some), ..self }
    }

    /// Returns the names of the columns, if they are known.
    pub(super) fn names(&self) -> Option<&'a [String]> {
        match self.place {
            Place::Memory(held) => held.x.names(),
            Place::Stream(stream) => stream.names(),
        }
    }

    /// Returns whether rows have weights.
    pub(super) fn weighted(&self) -> bool {
        match self.place {
            Place::Memory(held) => held.weights.is_some(),
            Place::Stream(stream) => stream.width().weighted,
        }
    }

    /// Returns whether scores have offsets.
    pub(super) fn has_offset(&self) -> bool {
        match self.place {
            Place::Memory(held) => held.offset.is_some(),
            Place::Stream(stream) => stream.width().offsets > 0,
        }
    }

    /// Returns the number of rows of a block.
    pub(super) fn block(&self) -> usize {
        self.block
    }

    /// Returns the number of rows of a leaf whose sum is as large as a second derivative.
    pub(super) fn wide_leaf(&self) -> usize {
        leaf_of_blocks(self.block)
    }

    /// Returns whether a row that counts has a share of the weight that is not a normal number: it is lost in
    /// sums over rows.
    pub(super) fn loses_rows(&self) -> bool {
        self.lightest < T::MIN_POSITIVE.as_f64() * self.total_weight
    }

    /// Returns the number of workers for a pass over leaves of `leaf` rows, if a row takes this number of operations.
    pub(super) fn workers(&self, leaf: usize, operations: usize) -> usize {
        let rows = self.own().len();
        workers_for(rows.div_ceil(leaf.max(1)), rows as f64 * operations as f64)
    }

    /// Returns the number of blocks to ask for at once, if that many are useful. Rows that are read come one block at a
    /// time, so that the ranks ask for the same blocks, whatever threads they have.
    pub(super) fn at_once(&self, useful: usize) -> usize {
        match self.place {
            Place::Memory(_) => useful,
            Place::Stream(_) => 1,
        }
    }

    fn chunk_of<'c>(&self, of: Held<'c, T>, at: Range<usize>, first: usize) -> Chunk<'c, T>
    where
        'a: 'c,
    {
        Chunk { of, at, first, total_weight: self.total_weight, some: self.some }
    }

    /// Calls `each` with all rows, `size` at a time, in order. Ranks get the rows of all ranks.
    pub(super) fn in_order(&self, size: usize, mut each: impl FnMut(&Chunk<'_, T>)) {
        parts(self.count(), size, ()).for_each(|(range, ())| self.with(range, &mut each));
    }

    /// Calls `read` with the rows of a range, of any rank. All ranks ask for the same range.
    pub(super) fn with<R>(&self, range: Range<usize>, read: impl FnOnce(&Chunk<'_, T>) -> R) -> R {
        match self.place {
            Place::Memory(held) => read(&self.chunk_of(held, range.clone(), range.start)),
            Place::Stream(stream) => stream.with(range.clone(), |block| {
                read(&self.chunk_of(Held::of_block(block), 0..range.len(), range.start))
            }),
        }
    }

    /// Returns the class of each row.
    pub(super) fn classes(&self) -> Cow<'a, [usize]> {
        if let Place::Memory(held) = self.place {
            return Cow::Borrowed(held.targets);
        }
        let mut classes = Vec::with_capacity(self.count());
        self.in_order(self.block, |chunk| classes.extend_from_slice(chunk.targets()));
        Cow::Owned(classes)
    }

    /// Returns the sum of the weights of the rows of each class.
    pub(super) fn class_sums(&self, classes: usize) -> Vec<f64> {
        let (leaf, tally, zero) =
            ((self.block, self.block), &mut Tally::default(), |old| zeros(old, classes));
        self.sum(tally, &mut [()], leaf, (), zero, |(), chunk, sums, ()| {
            add_to_classes(chunk.targets(), chunk.weights(), sums);
        })
    }

    /// Returns whether each row counts.
    pub(super) fn counted(&self) -> Vec<bool> {
        let mut counted = Vec::with_capacity(self.count());
        self.in_order(self.block, |chunk| counted.extend((0..chunk.len()).map(|row| chunk.counts(row))));
        counted
    }

    /// Returns the sum of what `each` adds for every block of rows, along the tree.
    ///
    /// A leaf of the tree has `leaf` rows, and a block `size`; the last block of a leaf may be smaller. `zero` makes an
    /// empty sum, of an old one if there is one. `each` also gets what `sides` has for the rows of the block.
    pub(super) fn sum<W: Send, A: Sum + Wire + Send, P: ByRows>(
        &self,
        tally: &mut Tally<A>,
        workers: &mut [W],
        (leaf, size): (usize, usize),
        sides: P,
        zero: impl Fn(Option<A>) -> A + Sync,
        each: impl Fn(&mut W, &Chunk<'_, T>, &mut A, P) + Sync,
    ) -> A {
        let blocks = |worker: &mut W, chunk: Chunk<'_, T>, sum: &mut A, sides| {
            for (block, sides) in parts(chunk.len(), size, sides) {
                each(worker, &chunk.part(block), sum, sides);
            }
        };
        match self.place {
            Place::Memory(held) => {
                tally.over(workers, (self.count(), leaf), sides, zero, |worker, range, sum, sides| {
                    blocks(worker, self.chunk_of(held, range.clone(), range.start), sum, sides);
                })
            }
            Place::Stream(stream) => {
                stream.sum(tally, workers, leaf, sides, zero, |worker, block, at, first, sum, sides| {
                    blocks(worker, self.chunk_of(Held::of_block(block), at, first), sum, sides);
                })
            }
        }
    }
}

/// Returns the number of rows of a leaf whose sum is as large as a second derivative.
pub(super) fn wide_leaf<T: Real>(columns: usize) -> usize {
    leaf_of_blocks(block_rows::<T>(columns))
}

fn leaf_of_blocks(rows: usize) -> usize {
    rows * blocks_per_leaf(rows)
}

/// What weights and offsets are like.
struct Looked {
    total_weight: f64,
    lightest: f64,
    shifted: bool,
}

impl Sum for Looked {
    fn add(&mut self, next: &Self) {
        self.total_weight += next.total_weight;
        self.lightest = self.lightest.min(next.lightest);
        self.shifted |= next.shifted;
    }
}

wire!(Looked { total_weight, lightest, shifted });

impl<'a, T: Real> From<ClassExamples<'a, T>> for TrainingRows<'a, T> {
    fn from(examples: ClassExamples<'a, T>) -> Self {
        TrainingRows::new(examples, None)
    }
}

impl<T: Real> Chunk<'_, T> {
    /// Returns the number of rows.
    pub(super) fn len(&self) -> usize {
        self.at.len()
    }

    /// Returns the number of columns.
    pub(super) fn columns(&self) -> usize {
        self.some.map_or(self.of.x.ncols(), <[usize]>::len)
    }

    /// Returns these rows with all of their columns.
    pub(super) fn with_all_columns(&self) -> Self {
        Chunk { some: None, ..self.clone() }
    }

    /// Returns the places of the rows among those of the fit.
    pub(super) fn places(&self) -> Range<usize> {
        self.first..self.first + self.len()
    }

    /// Returns some of these rows.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        let at = self.at.start + range.start..self.at.start + range.end;
        Chunk { at, first: self.first + range.start, ..self.clone() }
    }

    /// Returns the entries as an operand of a matrix product.
    pub(super) fn x(&self) -> Strided<'_, T> {
        debug_assert!(self.some.is_none(), "some columns have no common stride");
        Strided::from(&self.of.x).rows(self.at.start, self.len())
    }

    /// Returns the entries of column `j`.
    pub(super) fn column(&self, j: usize) -> &[T] {
        let j = self.some.map_or(j, |some| some[j]);
        &column(&self.of.x, j)[self.at.clone()]
    }

    /// Returns the class of each row.
    pub(super) fn targets(&self) -> &[usize] {
        &self.of.targets[self.at.clone()]
    }

    /// Returns the weights, if there are any.
    pub(super) fn weights(&self) -> Option<&[T]> {
        self.of.weights.map(|weights| &weights[self.at.clone()])
    }

    /// Returns the weight of a row.
    pub(super) fn weight(&self, row: usize) -> f64 {
        self.of.weights.map_or(1.0, |weights| weights[self.at.start + row].as_f64())
    }

    /// Returns the weight of a row divided by the total weight.
    pub(super) fn share(&self, row: usize) -> f64 {
        self.weight(row) / self.total_weight
    }

    /// Returns whether a row has positive weight.
    pub(super) fn counts(&self, row: usize) -> bool {
        self.of.weights.is_none_or(|weights| weights[self.at.start + row] > T::zero())
    }

    /// Returns the offsets, if there are any.
    pub(super) fn offset(&self) -> Option<DMatrixView<'_, T>> {
        self.of.offset.as_ref().map(|offset| offset.rows(self.at.start, self.len()))
    }

    /// Adds the offsets to the scores of these rows.
    pub(super) fn add_offset(&self, scores: &mut DMatrix<T>) {
        if let Some(offset) = self.offset() {
            scores.zip_apply(&offset, |z, o| *z += o);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns the rows of a matrix, all of class 0.
    pub(in crate::linear) fn chunk(x: &DMatrix<f64>) -> Chunk<'_, f64> {
        // Alive for as long as the test runs.
        let targets: &'static [usize] = vec![0; x.nrows()].leak();
        let examples = ClassExamples::new(x.into(), targets, None).unwrap();
        let rows = TrainingRows::new(examples, None);
        let Place::Memory(held) = rows.place else { unreachable!("the rows are in memory") };
        rows.chunk_of(held, 0..x.nrows(), 0)
    }
}
