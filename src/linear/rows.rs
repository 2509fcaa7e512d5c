//! The rows of a fit, which passes get chunk by chunk.

use std::borrow::Cow;
use std::ops::Range;

use nalgebra::{DMatrix, DMatrixView};

use super::blocks::{block_rows, blocks_per_leaf};
use crate::examples::ClassExamples;
use crate::parallel::{ByRows, Sum, Tally, parts, workers_for};
use crate::scalar::{Real, Strided, column};

/// The rows of a fit, with what all passes need to know about them.
#[derive(Debug, Clone, Copy)]
pub(super) struct TrainingRows<'a, T: Real> {
    examples: ClassExamples<'a, T>,
    /// Added to the scores; n x score columns.
    offset: Option<DMatrixView<'a, T>>,
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

/// Consecutive rows in memory, with their classes, weights and offsets.
#[derive(Debug, Clone)]
pub(super) struct Chunk<'a, T: Real> {
    of: ClassExamples<'a, T>,
    offset: Option<DMatrixView<'a, T>>,
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
        let mut rows = TrainingRows {
            examples,
            offset,
            block: block_rows::<T>(examples.x.ncols()),
            total_weight: examples.rows() as f64,
            lightest: 1.0,
            shifted: offset.is_some_and(|offset| offset.iter().any(|o| !o.is_zero())),
            some: None,
        };
        if examples.weights.is_some() {
            let Weights { total, lightest } = rows.weights();
            (rows.total_weight, rows.lightest) = (total, lightest);
        }
        rows
    }

    /// Returns the sum of the weights, and the smallest of a row that counts.
    fn weights(&self) -> Weights {
        let empty = |_| Weights { total: 0.0, lightest: f64::INFINITY };
        self.sum(
            &mut Tally::default(),
            &mut [()],
            (self.block, self.block),
            (),
            empty,
            |(), chunk, sum, ()| {
                for weight in (0..chunk.len()).filter(|&i| chunk.counts(i)).map(|i| chunk.weight(i)) {
                    sum.add(&Weights { total: weight, lightest: weight });
                }
            },
        )
    }

    /// Returns the rows as checked examples.
    pub(super) fn examples(&self) -> ClassExamples<'a, T> {
        self.examples
    }

    /// Returns the number of rows.
    pub(super) fn count(&self) -> usize {
        self.examples.x.nrows()
    }

    /// Returns these rows with some of their columns.
    pub(super) fn with_columns(self, some: &'a [usize]) -> Self {
        TrainingRows { some: Some(some), ..self }
    }

    /// Returns the number of columns.
    pub(super) fn columns(&self) -> usize {
        self.some.map_or(self.examples.x.ncols(), <[usize]>::len)
    }

    /// Returns the names of the columns, if they are known.
    pub(super) fn names(&self) -> Option<&'a [String]> {
        self.examples.x.names()
    }

    /// Returns the number of rows of a leaf whose sum is as large as a second derivative.
    pub(super) fn wide_leaf(&self) -> usize {
        self.block * blocks_per_leaf(self.block)
    }

    /// Returns the places of the rows that count.
    pub(super) fn counted(&self) -> impl Iterator<Item = usize> + use<'_, T> {
        let chunk = self.chunk(0..self.count());
        (0..self.count()).filter(move |&row| chunk.counts(row))
    }

    /// Returns the class of each row.
    pub(super) fn classes(&self) -> Cow<'a, [usize]> {
        Cow::Borrowed(self.examples.targets)
    }

    /// Returns whether rows have weights.
    pub(super) fn weighted(&self) -> bool {
        self.examples.weights.is_some()
    }

    /// Returns whether scores have offsets.
    pub(super) fn has_offset(&self) -> bool {
        self.offset.is_some()
    }

    /// Returns the number of rows of a block.
    pub(super) fn block(&self) -> usize {
        self.block
    }

    /// Returns whether a row that counts has a share of the weight that is not a normal number: it is lost in
    /// sums over rows.
    pub(super) fn loses_rows(&self) -> bool {
        self.lightest < T::MIN_POSITIVE.as_f64() * self.total_weight
    }

    /// Returns the number of workers for a pass over leaves of `leaf` rows, if a row takes this number of operations.
    pub(super) fn workers(&self, leaf: usize, operations: usize) -> usize {
        workers_for(self.count().div_ceil(leaf.max(1)), self.count() as f64 * operations as f64)
    }

    /// Returns the rows of a range.
    pub(super) fn chunk(&self, range: Range<usize>) -> Chunk<'a, T> {
        Chunk {
            of: self.examples,
            offset: self.offset,
            first: range.start,
            at: range,
            total_weight: self.total_weight,
            some: self.some,
        }
    }

    /// Calls `read` with the rows of a range.
    pub(super) fn with<R>(&self, range: Range<usize>, read: impl FnOnce(&Chunk<'_, T>) -> R) -> R {
        read(&self.chunk(range))
    }

    /// Returns the sum of what `each` adds for every block of rows, along the tree.
    ///
    /// A leaf of the tree has `leaf` rows, and a block `size`; the last block of a leaf may be smaller. `zero` makes an empty sum, of an old one if there is one.
    /// `each` also gets what `sides` has for the rows of the block.
    pub(super) fn sum<W: Send, A: Sum + Send, P: ByRows>(
        &self,
        tally: &mut Tally<A>,
        workers: &mut [W],
        (leaf, size): (usize, usize),
        sides: P,
        zero: impl Fn(Option<A>) -> A + Sync,
        each: impl Fn(&mut W, &Chunk<'_, T>, &mut A, P) + Sync,
    ) -> A {
        let rows = self.count();
        tally.over(workers, (rows, leaf), sides, zero, |worker, range, sum, sides| {
            let chunk = self.chunk(range);
            for (block, sides) in parts(chunk.len(), size, sides) {
                each(worker, &chunk.part(block), sum, sides);
            }
        })
    }
}

impl<'a, T: Real> From<ClassExamples<'a, T>> for TrainingRows<'a, T> {
    fn from(examples: ClassExamples<'a, T>) -> Self {
        TrainingRows::new(examples, None)
    }
}

/// Sums of weights.
struct Weights {
    total: f64,
    lightest: f64,
}

impl Sum for Weights {
    fn add(&mut self, next: &Self) {
        self.total += next.total;
        self.lightest = self.lightest.min(next.lightest);
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
        self.offset.as_ref().map(|offset| offset.rows(self.at.start, self.len()))
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
        TrainingRows::new(examples, None).chunk(0..x.nrows())
    }
}
