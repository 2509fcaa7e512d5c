//! Columns of views as slices.

use std::sync::atomic::{AtomicBool, Ordering};

use nalgebra::{DMatrixView, DMatrixViewMut, Dyn, MatrixView, MatrixViewMut, U1};

use super::{Real, all_finite};
use crate::parallel::{for_each, parts, workers_for};

/// Returns column `j` of a view, whose entries are contiguous.
#[inline(always)]
pub(crate) fn column<'a, T: Real>(x: &'a DMatrixView<'_, T>, j: usize) -> &'a [T] {
    x.column(j).data.into_slice()
}

/// Returns the columns of a view, from the first to the last.
pub(crate) fn columns<'a, T: Real>(
    x: &'a DMatrixView<'_, T>,
) -> impl ExactSizeIterator<Item = &'a [T]> + Clone {
    (0..x.ncols()).map(move |j| column(x, j))
}

/// Returns column `j` of a mutable view.
pub(crate) fn column_mut<'a, T: Real>(x: &'a mut DMatrixViewMut<'_, T>, j: usize) -> &'a mut [T] {
    x.column_mut(j).data.into_slice_mut()
}

/// Returns the columns of a mutable view, from the first to the last.
pub(crate) fn columns_mut<'a, T: Real>(
    x: &'a mut DMatrixViewMut<'_, T>,
) -> impl Iterator<Item = &'a mut [T]> {
    x.column_iter_mut().map(|column| column.data.into_slice_mut())
}

/// Returns the entries of a view of a single row, if they are contiguous.
#[inline(always)]
pub(crate) fn row<'a, T: Real>(x: &'a DMatrixView<'_, T>) -> Option<&'a [T]> {
    // The conversion checks that the row and the strides are those of its type.
    (x.nrows() == 1 && x.strides().1 == 1)
        .then(|| MatrixView::<T, U1, Dyn, U1, U1>::from(x).data.into_slice())
}

/// Returns the entries of a mutable view of a single row, if they are contiguous.
#[inline(always)]
pub(crate) fn row_mut<'a, T: Real>(x: &'a mut DMatrixViewMut<'_, T>) -> Option<&'a mut [T]> {
    (x.nrows() == 1 && x.strides().1 == 1)
        .then(|| MatrixViewMut::<T, U1, Dyn, U1, U1>::from(x).data.into_slice_mut())
}

/// The number of entries that a thread looks at together.
const TOGETHER: usize = 1 << 16;
/// The smallest number of rows of them: each column is a run of memory.
const ROWS: usize = 1 << 10;

/// Returns whether no entry is NaN or infinite. Parts of many rows are read on several threads.
pub(crate) fn is_finite<T: Real>(x: &DMatrixView<'_, T>) -> bool {
    // A row has a column for each entry, so it is checked as a slice.
    if let Some(row) = row(x) {
        return all_finite(row);
    }
    let size = (TOGETHER / x.ncols().max(1)).max(ROWS);
    // An entry takes as long as two multiplications, because it comes from memory.
    let workers = workers_for(x.nrows().div_ceil(size), 2.0 * x.len() as f64);
    if workers < 2 {
        return columns(x).all(all_finite);
    }
    let finite = AtomicBool::new(true);
    for_each(&mut vec![(); workers], parts(x.nrows(), size, ()), |(), (part, ())| {
        if finite.load(Ordering::Relaxed) && !columns(x).all(|column| all_finite(&column[part.clone()])) {
            finite.store(false, Ordering::Relaxed);
        }
    });
    finite.into_inner()
}
