//! Rows, and memory that has entries for each of them, in parts.

use std::ops::Range;

use super::tasks::{for_each, resized, workers_for};

/// Something that can be cut between two rows.
pub(crate) trait ByRows: Sized + Send {
    /// Splits off what belongs to the rows from number `rows` on.
    fn split(self, rows: usize) -> (Self, Self);
}

impl ByRows for () {
    fn split(self, _: usize) -> (Self, Self) {
        ((), ())
    }
}

impl<A: ByRows, B: ByRows> ByRows for (A, B) {
    fn split(self, rows: usize) -> (Self, Self) {
        let ((a, c), (b, d)) = (self.0.split(rows), self.1.split(rows));
        ((a, b), (c, d))
    }
}

impl<A: ByRows> ByRows for Option<A> {
    fn split(self, rows: usize) -> (Self, Self) {
        self.map(|side| side.split(rows)).unzip()
    }
}

/// Parts of several columns, one after another.
impl<A: ByRows> ByRows for Vec<A> {
    fn split(self, rows: usize) -> (Self, Self) {
        self.into_iter().map(|side| side.split(rows)).unzip()
    }
}

/// Memory with the same number of entries for each row, row after row or part after part.
#[derive(Debug)]
pub(crate) struct Entries<'a, T> {
    slice: &'a mut [T],
    width: usize,
}

impl<'a, T> Entries<'a, T> {
    /// Creates memory with `width` entries a row.
    pub(crate) fn new(slice: &'a mut [T], width: usize) -> Self {
        Entries { slice, width }
    }

    /// Returns the columns of a matrix of `rows` rows, which is stored column by column.
    pub(crate) fn columns(matrix: &'a mut [T], rows: usize) -> Vec<Self> {
        matrix.chunks_exact_mut(rows.max(1)).map(|column| Entries::new(column, 1)).collect()
    }

    /// Returns the entries of these rows.
    pub(crate) fn into_slice(self) -> &'a mut [T] {
        self.slice
    }
}

impl<T: Send> ByRows for Entries<'_, T> {
    fn split(self, rows: usize) -> (Self, Self) {
        let (before, after) = self.slice.split_at_mut(rows * self.width);
        (Entries::new(before, self.width), Entries::new(after, self.width))
    }
}

/// Cuts `rows` rows into parts of `size`, each with what `sides` has for its rows. The last may be smaller.
pub(crate) fn parts<P: ByRows>(
    rows: usize,
    size: usize,
    sides: P,
) -> impl Iterator<Item = (Range<usize>, P)> + Send {
    let mut rest = Some(sides);
    (0..rows).step_by(size.max(1)).map_while(move |first| {
        let part = first..first.saturating_add(size.max(1)).min(rows);
        let (own, others) = rest.take()?.split(part.len());
        rest = Some(others);
        Some((part, own))
    })
}

/// Calls `each` with parts of `size` rows on several threads, if they take enough operations together. `new` makes the
/// scratch memory of a thread. Returns that of all threads.
pub(crate) fn for_each_part<W: Send, P: ByRows>(
    (rows, size): (usize, usize),
    operations: f64,
    sides: P,
    new: impl FnMut() -> W,
    each: impl Fn(&mut W, Range<usize>, P) + Sync,
) -> Vec<W> {
    let mut workers = Vec::new();
    let count = workers_for(rows.div_ceil(size.max(1)), operations);
    let items = parts(rows, size, sides);
    for_each(resized(&mut workers, count, new), items, |worker, (range, sides)| each(worker, range, sides));
    workers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_their_own_entries() {
        let mut matrix: Vec<usize> = (0..14).collect();
        let mut pairs: Vec<usize> = (0..14).collect();
        let sides = (Entries::columns(&mut matrix, 7), Some(Entries::new(&mut pairs, 2)));
        let found: Vec<_> = parts(7, 3, sides)
            .map(|(range, (columns, pairs))| {
                let columns: Vec<Vec<usize>> = columns.into_iter().map(|c| c.into_slice().to_vec()).collect();
                (range, columns, pairs.map(|pairs| pairs.into_slice().to_vec()))
            })
            .collect();
        assert_eq!(
            found,
            [
                (0..3, vec![vec![0, 1, 2], vec![7, 8, 9]], Some(vec![0, 1, 2, 3, 4, 5])),
                (3..6, vec![vec![3, 4, 5], vec![10, 11, 12]], Some(vec![6, 7, 8, 9, 10, 11])),
                (6..7, vec![vec![6], vec![13]], Some(vec![12, 13])),
            ]
        );
        assert_eq!(parts(0, 3, ()).count(), 0);
        assert_eq!(parts(5, usize::MAX, ()).count(), 1);
    }
}
