//! Scores of rows, block by block.

use std::ops::Range;

use nalgebra::DMatrixView;

use super::origin::Coefficients;
use crate::check;
use crate::compiled::compiled;
use crate::error::Error;
use crate::parallel::{ByRows, Entries, for_each, parts, resized, workers_for};
use crate::rows::{Rows, rows_together};
use crate::scalar::{Real, Strided, all_finite, dot, product, product_with_column, vectorize};
use crate::scratch::Scratch;

/// The number of scores that are computed together: 64 KiB of `f32`, 128 of `f64`, which stay in the
/// second-level cache until they are used. Columns are then read in pieces long enough for the processor to
/// fetch ahead.
const SCORES: usize = 1 << 14;

/// The number of rows of a block is a multiple of this, so that only the last rows of all do not fill a
/// register.
const ROWS: usize = 64;

/// The largest number of scores of a single row that are held on the stack.
const ON_STACK: usize = 16;

/// What is done with each block of scores, given its first row.
type Each<'a, T> = &'a mut dyn FnMut(usize, DMatrixView<'_, T>);

/// What is done with each block of scores on several threads.
type EachBeside<'a, T, P> = &'a (dyn Fn(DMatrixView<'_, T>, P, &mut Scratch<T>) + Sync);

/// The number of multiplications that take as long as a probability of a score.
const PER_SCORE: f64 = 20.0;

impl<T: Real> Coefficients<'_, T> {
    /// Calls `each` for each block of rows, with the first row of the block and its scores. The number of
    /// columns of `x` must be right.
    ///
    /// # Errors
    /// Returns [`Error::NotFinite`] for an entry that is not finite, and [`Error::Overflow`] for a score that
    /// is not finite otherwise.
    #[inline(never)]
    pub(super) fn score_blocks(
        &self,
        x: Rows<'_, T>,
        scratch: &mut Scratch<T>,
        each: Each<'_, T>,
    ) -> Result<(), Error> {
        let (rows, columns) = (x.nrows(), self.slopes.ncols());
        let mut on_stack = [T::zero(); ON_STACK];
        if let (Some(row), Some(scores), None) = (x.single(), on_stack.get_mut(..columns), self.origin) {
            let finite = self.score_row(row, scores);
            each(0, DMatrixView::from_slice(scores, 1, columns));
            return if finite { Ok(()) } else { check::finite("x", x).and(Err(Error::Overflow { row: 0 })) };
        }
        let most = self.rows_of_block();
        let mut taken = scratch.take(most.min(rows) * columns);
        let mut overflow = None;
        for first in (0..rows).step_by(most) {
            let range = first..rows.min(first + most);
            let scores = &mut taken[..range.len() * columns];
            let overflows = self.write_block(x, range.clone(), scores, scratch);
            overflow = overflow.or(overflows);
            each(first, DMatrixView::from_slice(scores, range.len(), columns));
        }
        scratch.give_back(taken);
        check_overflow(x, overflow)
    }

    /// Returns the number of threads that pay for this number of rows.
    pub(super) fn workers(&self, rows: usize) -> usize {
        let operations =
            rows as f64 * self.slopes.len() as f64 + PER_SCORE * (rows * self.slopes.ncols()) as f64;
        workers_for(rows.div_ceil(self.rows_of_block()), operations)
    }

    /// Calls `each` like [`score_blocks`](Self::score_blocks), on several threads. It gets the scores of a block, what
    /// `sides` has for its rows, and scratch memory of its thread.
    #[inline(never)]
    pub(super) fn score_blocks_beside<P: ByRows>(
        &self,
        x: Rows<'_, T>,
        sides: P,
        each: EachBeside<'_, T, P>,
    ) -> Result<(), Error> {
        let (rows, columns) = (x.nrows(), self.slopes.ncols());
        let mut workers: Vec<(Scratch<T>, Option<usize>)> = Vec::new();
        let workers = resized(&mut workers, self.workers(rows), Default::default);
        for_each(workers, parts(rows, self.rows_of_block(), sides), |(scratch, overflow), (range, sides)| {
            let count = range.len();
            let mut scores = scratch.take(count * columns);
            let overflows = self.write_block(x, range, &mut scores, scratch);
            *overflow = [*overflow, overflows].into_iter().flatten().min();
            each(DMatrixView::from_slice(&scores, count, columns), sides, scratch);
            scratch.give_back(scores);
        });
        check_overflow(x, workers.iter().filter_map(|(_, overflow)| *overflow).min())
    }

    fn rows_of_block(&self) -> usize {
        match self.origin {
            None => (SCORES / self.slopes.ncols().max(1)).max(ROWS) / ROWS * ROWS,
            Some(_) => rows_together(self.slopes.nrows()),
        }
    }

    /// Writes the scores of a block. Returns the first row whose scores are not finite.
    fn write_block(
        &self,
        x: Rows<'_, T>,
        range: Range<usize>,
        scores: &mut [T],
        scratch: &mut Scratch<T>,
    ) -> Option<usize> {
        let (first, rows) = (range.start, range.len());
        if self.write_scores(x, range, scores, scratch) {
            return None;
        }
        (0..rows)
            .find(|row| scores[*row..].iter().step_by(rows).any(|z| !z.is_finite()))
            .map(|row| first + row)
    }

    /// Writes the scores of a row, without a block around it. Returns whether they are finite.
    fn score_row(&self, row: &[T], scores: &mut [T]) -> bool {
        let slopes = self.slopes.as_slice().chunks_exact(row.len().max(1));
        let columns = scores.iter_mut().zip(slopes).zip(self.intercepts);
        columns.fold(true, |finite, ((score, w), &b)| {
            *score = dot(row, w) + b;
            score.is_finite() & finite
        })
    }

    /// Writes the scores of a range of rows, column by column. Returns whether they are finite.
    fn write_scores(
        &self,
        x: Rows<'_, T>,
        range: Range<usize>,
        scores: &mut [T],
        scratch: &mut Scratch<T>,
    ) -> bool {
        let (rows, features) = (range.len(), self.slopes.nrows());
        let constants = match self.origin {
            None => {
                self.write_products(Strided::from(&x).rows(range.start, rows), scores, scratch);
                self.intercepts
            }
            Some(origin) => {
                let mut block = scratch.take(rows * features);
                origin.subtract_from(x, range, &mut block);
                self.write_products(Strided::columns(&block, rows, features), scores, scratch);
                scratch.give_back(block);
                &origin.scores
            }
        };
        let columns = scores.chunks_exact_mut(rows).zip(constants);
        columns.fold(true, |finite, (column, &constant)| add(constant, column) & finite)
    }

    /// Writes the products of rows with the slopes.
    fn write_products(&self, x: Strided<'_, T>, out: &mut [T], scratch: &mut Scratch<T>) {
        let (slopes, rows) = (Strided::from(self.slopes), x.height());
        if rows > 1 && slopes.width() == 1 {
            return product_with_column(x, self.slopes.as_slice(), out);
        }
        scratch.with_row_contiguous(x, |x, workspace| {
            product(x, slopes, (out, rows), false, workspace);
        });
    }
}

compiled!(
    T: Coefficients::<T>::score_blocks as fn(&_, _, &mut _, Each<'_, T>) -> _,
    Coefficients::<T>::score_blocks_beside::<Vec<Entries<'_, T>>> as fn(&_, _, _, EachBeside<'_, T, _>) -> _,
    Coefficients::<T>::score_blocks_beside::<Entries<'_, usize>> as fn(&_, _, _, EachBeside<'_, T, _>) -> _,
);

/// Returns the error of the first row whose scores are not finite.
///
/// A non-finite entry of `x` makes the scores of its row non-finite whatever the coefficients, so `x` is read only
/// once.
fn check_overflow<T: Real>(x: Rows<'_, T>, overflow: Option<usize>) -> Result<(), Error> {
    overflow.map_or(Ok(()), |row| check::finite("x", x).and(Err(Error::Overflow { row })))
}

/// Adds a constant to the entries. Returns whether the results are finite.
fn add<T: Real>(constant: T, entries: &mut [T]) -> bool {
    vectorize(
        #[inline(always)]
        || {
            entries.iter_mut().for_each(|z| *z += constant);
        },
    );
    all_finite(entries)
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::super::origin::Origin;
    use super::*;

    /// Small integers, so that every order of summation gives the same bits.
    #[test]
    fn blocks_of_rows_have_the_scores_of_the_definition() {
        for columns in [1, 2, 5, 20] {
            let (rows, features) = (2 * SCORES / columns + 77, 3);
            // The period of the rows divides no block, so none looks like another.
            let x = DMatrix::from_fn(rows, features, |i, j| ((i * 7 + j * 13) % 19) as f64 - 9.0);
            let slopes = DMatrix::from_fn(features, columns, |j, k| ((j * 5 + k * 3) % 7) as f64 - 3.0);
            let intercepts: Vec<f64> = (0..columns).map(|k| k as f64).collect();
            let origin = Origin { center: vec![1.0; features], scores: vec![4.0; columns] };
            for origin in [None, Some(&origin)] {
                let model = Coefficients { slopes: &slopes, intercepts: &intercepts, origin };
                let mut found = DMatrix::from_element(rows, columns, f64::NAN);
                let write = &mut |first: usize, scores: DMatrixView<'_, f64>| {
                    found.rows_mut(first, scores.nrows()).copy_from(&scores);
                };
                model.score_blocks((&x).into(), &mut Scratch::new(), write).unwrap();
                let score = |i: usize, k: usize| {
                    let at = |j: usize| x[(i, j)] - origin.map_or(0.0, |origin| origin.center[j]);
                    let sum: f64 = (0..features).map(|j| at(j) * slopes[(j, k)]).sum();
                    sum + origin.map_or(intercepts[k], |origin| origin.scores[k])
                };
                assert_eq!(found, DMatrix::from_fn(rows, columns, score), "{columns} columns");
                for row in [0, 5, rows - 1] {
                    let one = x.rows(row, 1).into_owned();
                    let check = &mut |_: usize, scores: DMatrixView<'_, f64>| {
                        assert_eq!(scores, found.row(row), "row {row}");
                    };
                    model.score_blocks((&one).into(), &mut Scratch::new(), check).unwrap();
                }
            }
        }
    }

    #[test]
    fn errors_name_rows_of_every_block() {
        let rows = 3 * SCORES;
        let slopes = DMatrix::from_element(2, 1, 1e200);
        let model = Coefficients { slopes: &slopes, intercepts: &[0.0], origin: None };
        let mut x = DMatrix::from_element(rows, 2, 1.0);
        let error =
            |x: Rows<'_, f64>| model.score_blocks(x, &mut Scratch::new(), &mut |_, _| {}).unwrap_err();
        for row in [rows - 3, SCORES, 4] {
            x[(row, 1)] = 1e200;
            assert_eq!(error((&x).into()), Error::Overflow { row });
        }
        let one = x.rows(4, 1).into_owned();
        assert_eq!(error((&one).into()), Error::Overflow { row: 0 });
        x[(rows - 1, 0)] = f64::NAN;
        assert!(matches!(error((&x).into()), Error::NotFinite { row, column: 0, .. } if row == rows - 1));
    }
}
