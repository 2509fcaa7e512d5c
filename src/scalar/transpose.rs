//! Transposition of gathered samples into a batch.

use super::square::SIDE;
use super::{Lanes, vectorize};

/// The number of samples written together, so that the lines of the matrix are filled while they are in
/// cache.
const TOGETHER: usize = 16;

/// Writes sample `i` (a contiguous slice) to row `i` of the column-major matrix `out` with `rows` rows.
pub(crate) fn transpose_into<'a, T: Lanes + 'a>(
    samples: impl Iterator<Item = &'a [T]>,
    out: &mut [T],
    rows: usize,
) {
    let mut samples = samples.take(rows);
    vectorize(
        #[inline(always)]
        || {
            let mut first = 0;
            let empty: &[T] = &[];
            loop {
                let mut group = [empty; TOGETHER];
                let mut count = 0;
                for (slot, sample) in group.iter_mut().zip(&mut samples) {
                    *slot = sample;
                    count += 1;
                }
                if count == 0 {
                    return;
                }
                if count == TOGETHER {
                    interleave(group, out, rows, first);
                } else {
                    for (column, out) in out.chunks_exact_mut(rows).enumerate() {
                        for (out, sample) in out[first..first + count].iter_mut().zip(&group) {
                            *out = sample[column];
                        }
                    }
                }
                first += count;
            }
        },
    );
}

/// Writes R samples of equal length to rows `first`, `first + 1`, ... of `out`.
///
/// Sizes known at compile time remove the bounds checks from the inner loops.
#[inline(always)]
pub(super) fn interleave<T: Lanes, const R: usize>(
    samples: [&[T]; R],
    out: &mut [T],
    rows: usize,
    first: usize,
) {
    let mut chunks: [&[[T; SIDE]]; R] = [&[]; R];
    for (chunks, sample) in chunks.iter_mut().zip(samples) {
        *chunks = sample.as_chunks::<SIDE>().0;
    }
    let blocks = chunks.first().map_or(0, |chunks| chunks.len());
    for (block, out) in out.chunks_exact_mut(rows * SIDE).take(blocks).enumerate() {
        for top in (0..R).step_by(SIDE) {
            // Rows beyond the last repeat it, and are not written.
            let mut square = [&chunks[top][block]; SIDE];
            for (row, entries) in square.iter_mut().enumerate() {
                *entries = &chunks[(top + row).min(R - 1)][block];
            }
            let count = SIDE.min(R - top);
            for (out, column) in out.chunks_exact_mut(rows).zip(&T::transposed(square)) {
                out[first + top..][..count].copy_from_slice(&column[..count]);
            }
        }
    }
    for (column, out) in out.chunks_exact_mut(rows).enumerate().skip(blocks * SIDE) {
        for (out, sample) in out[first..first + R].iter_mut().zip(samples) {
            *out = sample[column];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_become_rows_for_every_count() {
        for rows in 1..40 {
            let columns = 21;
            let samples: Vec<Vec<f32>> =
                (0..rows).map(|r| (0..columns).map(|c| (100 * r + c) as f32).collect()).collect();
            let mut out = vec![0.0; rows * columns];
            transpose_into(samples.iter().map(Vec::as_slice), &mut out, rows);
            for r in 0..rows {
                for c in 0..columns {
                    assert_eq!(out[c * rows + r], (100 * r + c) as f32, "{rows} rows");
                }
            }
        }
    }
}
