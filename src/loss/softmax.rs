//! The softmax of each row, accurate to the last digits, for the losses based on it.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::CHUNK;
use crate::scalar::Real;
use crate::scalar::{Exponential, vectorize};

/// Writes the probabilities: the softmax of each row.
pub(super) fn link<'a, T: Real>(
    scores: impl Into<DMatrixView<'a, T>>,
    out: impl Into<DMatrixViewMut<'a, T>>,
) {
    let (scores, mut out) = (scores.into(), out.into());
    assert_eq!(scores.shape(), out.shape(), "shape of probabilities");
    for block in Block::all(scores) {
        let mut out = out.rows_mut(block.first, block.count);
        let normalizer = block.normalizer_and(|class, e| out.column_mut(class).copy_from_slice(e));
        for mut p in out.column_iter_mut() {
            for (p, &rest) in p.as_mut_slice().iter_mut().zip(&normalizer.rest) {
                *p /= T::one() + rest;
            }
        }
    }
}

/// Writes the softmax of a single row.
pub(super) fn of_row<T: Real>(scores: &DMatrix<T>, row: usize, out: &mut DMatrix<T>) {
    let largest = (0..scores.ncols()).fold(scores[(row, 0)], |max, k| {
        let z = scores[(row, k)];
        if z > max { z } else { max }
    });
    let mut sum = T::zero();
    for column in 0..scores.ncols() {
        let e = Exponential::new(below(scores[(row, column)], largest)).value();
        out[(row, column)] = e;
        sum += e;
    }
    out.row_mut(row).iter_mut().for_each(|p| *p /= sum);
}

/// Writes the log-probabilities (rows x classes) of scores. A single score z counts as the scores (0, z).
pub(super) fn log_probabilities<T: Real>(scores: DMatrixView<'_, T>, mut out: DMatrixViewMut<'_, T>) {
    if scores.ncols() != 1 {
        for block in Block::all(scores) {
            block.log_probabilities(out.rows_mut(block.first, block.count));
        }
        return;
    }
    let mut first = 0;
    for z in scores.column(0).as_slice().chunks(CHUNK) {
        let (mut both, count) = ([[T::zero(); CHUNK]; 2], z.len());
        both[1][..count].copy_from_slice(z);
        let z = DMatrixView::from_slice(both.as_flattened(), CHUNK, 2);
        let block = Block { z, rows: count, columns: 2, first: 0, count };
        block.log_probabilities(out.rows_mut(first, count));
        first += count;
    }
}

/// Returns `z - maximum`, and 0 for the maximum itself even if it is infinite.
#[inline(always)]
pub(super) fn below<T: Real>(z: T, maximum: T) -> T {
    if z == maximum { T::zero() } else { z - maximum }
}

/// A block of rows of scores, processed column by column so that loops run over contiguous memory.
#[derive(Clone, Copy)]
pub(super) struct Block<'a, T: Real> {
    z: DMatrixView<'a, T>,
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) first: usize,
    pub(super) count: usize,
}

/// The largest score of each row, the first column that holds it, and the sum of the other exponentials.
pub(super) struct Normalizer<T> {
    pub(super) maximum: [T; CHUNK],
    pub(super) column: [usize; CHUNK],
    pub(super) rest: [T; CHUNK],
}

impl<'a, T: Real> Block<'a, T> {
    /// Returns all rows, in blocks.
    pub(super) fn all(scores: impl Into<DMatrixView<'a, T>>) -> impl Iterator<Item = Self> {
        let z = scores.into();
        let (rows, columns) = z.shape();
        let rows = if columns == 0 { 0 } else { rows };
        let block = move |first| Block { z, rows, columns, first, count: CHUNK.min(rows - first) };
        (0..rows).step_by(CHUNK).map(block)
    }

    /// Returns the rows of this block in a column of the scores.
    #[inline(always)]
    pub(super) fn of(&self, column: usize) -> &[T] {
        &self.z.column(column).data.into_slice()[self.first..][..self.count]
    }

    /// Returns the rows of this block in a column of a matrix of the same shape, to write to.
    #[inline(always)]
    pub(super) fn of_mut<'b>(&self, matrix: &'b mut [T], column: usize) -> &'b mut [T] {
        &mut matrix[column * self.rows + self.first..][..self.count]
    }

    /// Returns the rows of this block in a column of a matrix of the same shape, to read from.
    #[inline(always)]
    pub(super) fn of_kept<'b>(&self, matrix: &'b [T], column: usize) -> &'b [T] {
        &matrix[column * self.rows + self.first..][..self.count]
    }

    /// Returns the maximum and the sum of each row; stores the exponentials exp(z - maximum) in `keep` if it
    /// is given.
    pub(super) fn normalizer(&self, mut keep: Option<&mut [T]>) -> Normalizer<T> {
        self.normalizer_and(|column, exponentials| {
            if let Some(keep) = &mut keep {
                self.of_mut(keep, column).copy_from_slice(exponentials);
            }
        })
    }

    /// Returns the maximum and the sum of each row; calls `keep` with the exponentials exp(z - maximum) of
    /// each column.
    fn normalizer_and(&self, mut keep: impl FnMut(usize, &[T])) -> Normalizer<T> {
        let mut maximum = [T::zero(); CHUNK];
        let mut largest = [0; CHUNK];
        maximum[..self.count].copy_from_slice(self.of(0));
        for column in 1..self.columns {
            for (row, &z) in self.of(column).iter().enumerate() {
                if z > maximum[row] {
                    (maximum[row], largest[row]) = (z, column);
                }
            }
        }
        let mut rest = [T::zero(); CHUNK];
        let mut exponentials = [T::zero(); CHUNK];
        for column in 0..self.columns {
            self.exponentials(&maximum, column, &mut exponentials);
            for ((rest, &e), &largest) in rest.iter_mut().zip(&exponentials).zip(&largest) {
                *rest += if largest == column { T::zero() } else { e };
            }
            keep(column, &exponentials[..self.count]);
        }
        Normalizer { maximum, column: largest, rest }
    }

    /// Writes the logarithms of the softmax of these rows to the rows of `out`.
    fn log_probabilities(&self, mut out: DMatrixViewMut<'_, T>) {
        let normalizer = self.normalizer(None);
        let logs = normalizer.rest.map(|rest| rest.ln_1p());
        for (class, mut out) in out.column_iter_mut().enumerate() {
            for (row, (log, &z)) in out.iter_mut().zip(self.of(class)).enumerate() {
                *log = below(z, normalizer.maximum[row]) - logs[row];
            }
        }
    }

    /// Computes exp(z - maximum) of one column.
    #[inline(always)]
    pub(super) fn exponentials(&self, maximum: &[T; CHUNK], column: usize, out: &mut [T; CHUNK]) {
        let z = self.of(column);
        vectorize(
            #[inline(always)]
            || {
                for ((e, &z), &maximum) in out.iter_mut().zip(z).zip(maximum) {
                    *e = Exponential::new(below(z, maximum)).value();
                }
            },
        );
    }

    /// Sets the gradient of rows with a weight of zero to zero, whatever their scores are.
    pub(super) fn remove_weightless(&self, weight: &[T; CHUNK], gradient: &mut [T]) {
        for (row, _) in weight[..self.count].iter().enumerate().filter(|(_, w)| **w == T::zero()) {
            for column in 0..self.columns {
                self.of_mut(gradient, column)[row] = T::zero();
            }
        }
    }
}

impl<T: Real> Normalizer<T> {
    /// Returns the sum of the exponentials of all columns but one, whose own is `e`, without cancellation for
    /// the largest.
    #[inline(always)]
    pub(super) fn others(&self, row: usize, column: usize, e: T) -> T {
        if self.column[row] == column { self.rest[row] } else { T::one() + (self.rest[row] - e) }
    }
}

/// The softmax of one row, for second derivatives.
#[derive(Clone, Copy)]
pub(super) struct RowSoftmax<T> {
    /// The column of the largest probability.
    largest: usize,
    /// The sum of the other probabilities.
    others: T,
}

impl<T: Real> RowSoftmax<T> {
    /// Writes the softmax of a row of scores to `p`.
    pub(super) fn new(scores: &DMatrix<T>, row: usize, p: &mut [T]) -> Self {
        let (mut largest, mut rest) = (0, T::zero());
        for column in 1..p.len() {
            if scores[(row, column)] > scores[(row, largest)] {
                largest = column;
            }
        }
        for (column, p) in p.iter_mut().enumerate() {
            *p = Exponential::new(below(scores[(row, column)], scores[(row, largest)])).value();
            rest += if column == largest { T::zero() } else { *p };
        }
        let sum = T::one() + rest;
        p.iter_mut().for_each(|p| *p /= sum);
        RowSoftmax { largest, others: rest / sum }
    }

    /// Returns whether `column` holds the largest probability.
    pub(super) fn is_largest(self, column: usize) -> bool {
        column == self.largest
    }

    /// Returns 1 - p, where `p` is the probability of `column`.
    pub(super) fn complement(self, column: usize, p: T) -> T {
        if column == self.largest { self.others } else { T::one() - p }
    }
}

/// Fills a symmetric matrix with `entry(i, j, p_i, p_j)` for i >= j, where its first column holds the
/// probabilities. The first column is overwritten last, so no other memory is needed.
pub(super) fn fill_symmetric<T: Real>(out: &mut DMatrix<T>, entry: impl Fn(usize, usize, T, T) -> T) {
    let size = out.ncols();
    for column in (0..size).rev() {
        for row in (column..size).rev() {
            out[(row, column)] = entry(row, column, out[(row, 0)], out[(column, 0)]);
        }
    }
    out.fill_upper_triangle_with_lower_triangle();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_probabilities_survive_where_probabilities_underflow() {
        let scores = DMatrix::from_row_slice(2, 2, &[0.0, -800.0, 3.0, 3.0]);
        let mut logs = DMatrix::zeros(2, 2);
        log_probabilities(scores.as_view(), logs.as_view_mut());
        assert_eq!(logs[(0, 1)], -800.0);
        assert_eq!(logs[(1, 0)], -std::f64::consts::LN_2);
    }

    #[test]
    fn a_symmetric_matrix_is_filled_from_its_own_first_column() {
        let mut out = DMatrix::from_row_slice(3, 3, &[2.0, 9.0, 9.0, 3.0, 9.0, 9.0, 5.0, 9.0, 9.0]);
        fill_symmetric(&mut out, |i, j, p, q| p * q + if i == j { 0.5 } else { 0.0 });
        let wanted = [4.5, 6.0, 10.0, 6.0, 9.5, 15.0, 10.0, 15.0, 25.5];
        assert_eq!(out, DMatrix::from_row_slice(3, 3, &wanted));
    }
}
