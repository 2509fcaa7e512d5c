//! Transposition of gathered samples into a batch.

/// Writes sample `i` (a contiguous slice) to row `i` of the column-major matrix `out` with `rows` rows.
///
/// Sixteen rows are written together, so that the lines of `out` are filled while they are in cache.
pub(crate) fn transpose_into<'a, T: Copy + 'a>(
    samples: impl Iterator<Item = &'a [T]>,
    out: &mut [T],
    rows: usize,
) {
    const TOGETHER: usize = 16;
    let mut samples = samples.take(rows);
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
        for (column, out) in out.chunks_exact_mut(rows).enumerate() {
            if count == TOGETHER {
                // A fixed count unrolls; the general one below does not.
                for (row, out) in out[first..first + TOGETHER].iter_mut().enumerate() {
                    *out = group[row][column];
                }
            } else {
                for (out, sample) in out[first..first + count].iter_mut().zip(&group) {
                    *out = sample[column];
                }
            }
        }
        first += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_become_rows_for_every_count() {
        for rows in 1..40 {
            let columns = 5;
            let samples: Vec<Vec<usize>> =
                (0..rows).map(|r| (0..columns).map(|c| 100 * r + c).collect()).collect();
            let mut out = vec![0; rows * columns];
            transpose_into(samples.iter().map(Vec::as_slice), &mut out, rows);
            for r in 0..rows {
                for c in 0..columns {
                    assert_eq!(out[c * rows + r], 100 * r + c, "{rows} rows");
                }
            }
        }
    }
}
