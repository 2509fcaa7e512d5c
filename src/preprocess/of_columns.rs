//! What is learned from each column alone, on several threads.

use nalgebra::DMatrixView;

use crate::parallel::{try_map, workers_for};
use crate::scalar::{Real, column};

/// The least number of entries that a thread takes at once.
const TOGETHER: usize = 1 << 12;

/// The multiplications that take as long as an entry of a column that is sorted.
pub(super) const OF_SORTING: f64 = 200.0;

/// Returns what `of` makes of each column, or the error of the first column that has one. Columns are read beside one
/// another if `operations` for each entry are enough together.
pub(super) fn of_columns<T: Real, R: Send, E: Send>(
    x: DMatrixView<'_, T>,
    operations: f64,
    of: impl Fn(usize, &[T]) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let (rows, columns) = x.shape();
    let together = (TOGETHER / rows.max(1)).max(1);
    let parts = columns.div_ceil(together);
    let found = try_map(parts, workers_for(parts, operations * x.len() as f64), |part| {
        let first = part * together;
        let part = first..columns.min(first + together);
        part.map(|index| of(index, column(&x, index))).collect::<Result<Vec<R>, E>>()
    })?;
    Ok(found.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;
    use crate::parallel::tasks::shared;
    use crate::parallel::with_threads;

    #[test]
    fn columns_keep_their_order() {
        for (rows, columns) in [(0, 3), (3, 0), (7, 2000), (5000, 9)] {
            let x = DMatrix::from_fn(rows, columns, |_, column| column as f64);
            let of = |index: usize, column: &[f64]| {
                assert!(column.iter().all(|&v| v == index as f64));
                if index == 5 || index > 1990 { Err(index) } else { Ok(index) }
            };
            for (threads, operations) in [(1, 1e9), (3, 0.0), (3, 1e9)] {
                let found = with_threads(threads, || of_columns(x.as_view(), operations, of));
                assert_eq!(found, if columns > 5 { Err(5) } else { Ok((0..columns).collect()) });
            }
        }
    }

    #[test]
    fn long_computations_are_shared() {
        let x = DMatrix::<f64>::zeros(5000, 9);
        let shares = |operations| {
            let of = |index: usize, _: &[f64]| Ok::<_, ()>(index);
            with_threads(3, || shared::during(|| drop(of_columns(x.as_view(), operations, of))))
        };
        assert_eq!((shares(1.0), shares(100.0)), (0, 1));
    }
}
