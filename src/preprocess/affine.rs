//! Shifting and scaling of columns, each with its own shift and scale.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::constant_columns::{ConstantColumns, difference};
use crate::check;
use crate::compiled::compiled;
use crate::error::Error;
use crate::parallel::{for_each, resized, workers_for};
use crate::scalar::{self, Real, columns_mut, row, row_mut, vectorize};

/// The number of entries per block: a block and the copy of it in [`change`] stay in the first-level cache,
/// and the copy is small enough for the stack.
const BLOCK: usize = 512;

/// The multiplications that take as long as an entry.
const OPERATIONS: f64 = 3.0;

/// A map of the entries of a matrix, column by column.
///
/// Its methods return whether all entries are finite, both before and after. Implementations are
/// `#[inline(always)]`, so that they are compiled for the vector registers of the processor.
pub(super) trait ColumnMap<T: Real>: Sync {
    /// Maps some entries of one column.
    fn column(&self, column: usize, from: &[T], to: &mut [T]) -> bool;

    /// Maps a row. Defaults to a column for each entry.
    #[inline(always)]
    fn row(&self, from: &[T], to: &mut [T]) -> bool {
        let entries = from.chunks(1).zip(to.chunks_mut(1)).enumerate();
        entries.fold(true, |finite, (column, (from, to))| self.column(column, from, to) & finite)
    }
}

/// The number of entries that are mapped together, in arrays: the compiler does not know that the memory that
/// is read and the memory that is written are apart, but it knows it of arrays.
const LANES: usize = 16;

/// Maps entries one by one. Returns whether all entries are finite, before and after.
#[inline(always)]
pub(super) fn each<T: Real>(from: &[T], to: &mut [T], map: impl Fn(T) -> T) -> bool {
    let mut sums = [T::zero(); LANES];
    let ((from_lanes, from_rest), (to_lanes, to_rest)) =
        (from.as_chunks::<LANES>(), to.as_chunks_mut::<LANES>());
    for (from, to) in from_lanes.iter().zip(to_lanes) {
        let mut mapped = *from;
        mapped.iter_mut().for_each(
            #[inline(always)]
            |v| *v = map(*v),
        );
        note(&mut sums, from, &mapped);
        *to = mapped;
    }
    from_rest.iter().zip(&mut *to_rest).for_each(|(&from, to)| *to = map(from));
    note(&mut sums, from_rest, to_rest);
    all_zero(&sums)
}

/// Makes a sum NaN if an entry is not finite: 0 * v is 0 for finite v and NaN otherwise, as in `all_finite`.
#[inline(always)]
fn note<T: Real>(sums: &mut [T; LANES], from: &[T], to: &[T]) {
    for ((sum, &from), &to) in sums.iter_mut().zip(from).zip(to) {
        *sum += from * T::zero() + to * T::zero();
    }
}

#[inline(always)]
fn all_zero<T: Real>(sums: &[T; LANES]) -> bool {
    sums.iter().all(|&sum| sum == T::zero())
}

/// The findings from entries that were mapped block by block.
struct Found {
    /// The first entry that is not finite, in row order.
    bad: Option<(usize, usize, f64)>,
    /// Whether all results are finite.
    fits: bool,
}

impl Found {
    const NOTHING: Found = Found { bad: None, fits: true };

    /// Records why a block, which begins at row `start` of `column`, has entries or results that are not
    /// finite. Returns whether it is the entries.
    fn record<T: Real>(&mut self, entries: &[T], start: usize, column: usize) -> bool {
        let Some(at) = entries.iter().position(|v| !v.is_finite()) else {
            self.fits = false;
            return false;
        };
        if self.bad.is_none_or(|(row, earlier, _)| (start + at, column) < (row, earlier)) {
            self.bad = Some((start + at, column, entries[at].as_f64()));
        }
        true
    }

    /// Returns the findings of both.
    fn with(self, other: Found) -> Found {
        let bad = match (self.bad, other.bad) {
            (Some(one), Some(two)) => Some(if (two.0, two.1) < (one.0, one.1) { two } else { one }),
            (one, two) => one.or(two),
        };
        Found { bad, fits: self.fits && other.fits }
    }

    /// Returns the error for the findings, if there is one; `x` holds the results.
    fn check<'a, T: Real>(self, x: impl Into<DMatrixView<'a, T>>) -> Result<(), Error> {
        match self.bad {
            Some((row, column, value)) => {
                Err(Error::NotFinite { argument: "x", row, column, name: None, value })
            }
            None if self.fits => Ok(()),
            None => check::scores(x),
        }
    }
}

/// Maps all entries in place, block by block.
///
/// # Errors
/// Returns an error if the number of columns is not `columns`, if an entry is not finite (the error names the
/// first such entry in row order), or if a result is not finite.
#[inline(never)]
pub(super) fn change<T: Real, M: ColumnMap<T>>(
    mut x: DMatrix<T>,
    columns: usize,
    map: &M,
) -> Result<DMatrix<T>, Error> {
    check::count("x", "columns", columns, x.ncols())?;
    let map_one = |found: &mut Found, (index, column): (usize, &mut [T])| {
        let mut copy = [T::zero(); BLOCK];
        for (block, start) in column.chunks_mut(BLOCK).zip((0..).step_by(BLOCK)) {
            let copy = &mut copy[..block.len()];
            copy.copy_from_slice(block);
            if !map_column(map, index, copy, block) && found.record(copy, start, index) {
                break;
            }
        }
    };
    let (rows, workers) = (x.nrows().max(1), workers(x.shape()));
    let columns = x.as_mut_slice().chunks_exact_mut(rows).enumerate();
    let found = if workers == 1 {
        let mut found = Found::NOTHING;
        columns.for_each(|column| map_one(&mut found, column));
        found
    } else {
        beside(workers, columns, map_one)
    };
    found.check(&x).map(|()| x)
}

/// Returns the number of threads that pay for the entries of a matrix, which come from memory.
fn workers((rows, columns): (usize, usize)) -> usize {
    workers_for(columns, OPERATIONS * rows as f64 * columns as f64)
}

/// Calls `map_one` with each column on several threads.
fn beside<C: Send>(
    workers: usize,
    columns: impl Iterator<Item = C> + Send,
    map_one: impl Fn(&mut Found, C) + Sync,
) -> Found {
    let mut found = Vec::new();
    for_each(resized(&mut found, workers, || Found::NOTHING), columns, map_one);
    found.into_iter().fold(Found::NOTHING, Found::with)
}

/// Writes the mapped entries of `x` to `out`; otherwise like [`change`]. `x` is read once, and `out` is not.
#[inline(never)]
pub(super) fn change_into<T: Real, M: ColumnMap<T>>(
    x: DMatrixView<'_, T>,
    mut out: DMatrixViewMut<'_, T>,
    columns: usize,
    map: &M,
) -> Result<(), Error> {
    check::count("x", "columns", columns, x.ncols())?;
    if let (Some(from), Some(to)) = (row(&x), row_mut(&mut out)) {
        let finite = vectorize(
            #[inline(always)]
            || map.row(from, to),
        );
        if finite {
            return Ok(());
        }
    }
    let map_one = |found: &mut Found, (index, (source, to)): (usize, (&[T], &mut [T]))| {
        let blocks = source.chunks(BLOCK).zip(to.chunks_mut(BLOCK));
        for ((from, to), start) in blocks.zip((0..).step_by(BLOCK)) {
            if !map_column(map, index, from, to) && found.record(from, start, index) {
                break;
            }
        }
    };
    let workers = workers(x.shape());
    let columns = scalar::columns(&x).zip(columns_mut(&mut out)).enumerate();
    let found = if workers == 1 {
        let mut found = Found::NOTHING;
        columns.for_each(|column| map_one(&mut found, column));
        found
    } else {
        beside(workers, columns.collect::<Vec<_>>().into_iter(), map_one)
    };
    found.check(&out)
}

/// Returns the mapped entries of `x`; otherwise like [`change`].
#[inline(never)]
pub(super) fn changed<T: Real, M: ColumnMap<T>>(
    x: DMatrixView<'_, T>,
    columns: usize,
    map: &M,
) -> Result<DMatrix<T>, Error> {
    let mut out = check::zeros("the transformed rows", x.nrows(), x.ncols())?;
    change_into(x, out.as_view_mut(), columns, map).map(|()| out)
}

/// Maps entries of one column, compiled for the processor.
fn map_column<T: Real>(map: &impl ColumnMap<T>, column: usize, from: &[T], to: &mut [T]) -> bool {
    vectorize(
        #[inline(always)]
        || map.column(column, from, to),
    )
}

/// The map (x - shift) / scale of the entries of each column. In the columns that are `constant`, values
/// within the rounding of the shift become 0.
pub(super) struct Forward<'a, T> {
    pub(super) shift: &'a [T],
    pub(super) scale: &'a [T],
    pub(super) constant: &'a ConstantColumns,
}

impl<T: Real> ColumnMap<T> for Forward<'_, T> {
    #[inline(always)]
    fn column(&self, column: usize, from: &[T], to: &mut [T]) -> bool {
        let (shift, scale) = (self.shift[column], self.scale[column]);
        if self.constant.contains(column) {
            return each(from, to, |v| difference(v, shift) / scale);
        }
        each(
            from,
            to,
            #[inline(always)]
            |v| (v - shift) / scale,
        )
    }

    #[inline(always)]
    fn row(&self, from: &[T], to: &mut [T]) -> bool {
        let mut sums = [T::zero(); LANES];
        let ((from_lanes, from_rest), (to_lanes, to_rest)) =
            (from.as_chunks::<LANES>(), to.as_chunks_mut::<LANES>());
        let (shift, shift_rest) = self.shift.as_chunks::<LANES>();
        let (scale, scale_rest) = self.scale.as_chunks::<LANES>();
        for ((from, to), (shift, scale)) in from_lanes.iter().zip(to_lanes).zip(shift.iter().zip(scale)) {
            let mut mapped = *from;
            for ((v, &shift), &scale) in mapped.iter_mut().zip(shift).zip(scale) {
                *v = (*v - shift) / scale;
            }
            note(&mut sums, from, &mapped);
            *to = mapped;
        }
        let rest = from_rest.iter().zip(&mut *to_rest).zip(shift_rest.iter().zip(scale_rest));
        rest.for_each(|((&from, to), (&shift, &scale))| *to = (from - shift) / scale);
        note(&mut sums, from_rest, to_rest);
        for &column in self.constant.indices() {
            to[column] = difference(from[column], self.shift[column]) / self.scale[column];
        }
        all_zero(&sums)
    }
}

/// The inverse map, z scale + shift, of the entries of each column.
pub(super) struct Backward<'a, T> {
    pub(super) shift: &'a [T],
    pub(super) scale: &'a [T],
}

impl<T: Real> ColumnMap<T> for Backward<'_, T> {
    #[inline(always)]
    fn column(&self, column: usize, from: &[T], to: &mut [T]) -> bool {
        let (shift, scale) = (self.shift[column], self.scale[column]);
        each(
            from,
            to,
            #[inline(always)]
            |z| z * scale + shift,
        )
    }
}

compiled!(
    T: change::<T, Forward<'_, T>> as fn(_, _, &_) -> _,
    change_into::<T, Forward<'_, T>> as fn(_, _, _, &_) -> _,
    changed::<T, Backward<'_, T>> as fn(_, _, &_) -> _
);

/// Checks that there are as many scales as shifts, that the shifts are finite, and that the scales are finite
/// and above 0.
pub(super) fn checked_parameters<T: Real>(shift: &[T], scale: &[T]) -> Result<(), Error> {
    check::count("scale", "entries", shift.len(), scale.len())?;
    check::finite("shift", &DMatrix::from_row_slice(1, shift.len(), shift))?;
    scale.iter().try_for_each(|scale| check::positive("scale", scale.as_f64()))
}

/// Implements [`Transform`](super::Transform) for a type with a shift and a scale for each column, and a
/// method `forward` that returns its map.
macro_rules! transform_by_shift_and_scale {
    ($fitted:ident, $shift:ident) => {
        impl<T: Real> Transform<T> for $fitted<T> {
            fn inputs(&self) -> usize {
                self.$shift.len()
            }
            fn outputs(&self) -> usize {
                self.$shift.len()
            }
            fn transform_into(
                &self,
                x: Rows<'_, T>,
                out: DMatrixViewMut<'_, T>,
                _: &mut Scratch<T>,
            ) -> Result<(), Error> {
                affine::change_into(x.view(), out, self.$shift.len(), &self.forward())
            }
            fn transform_owned(&self, x: DMatrix<T>) -> Result<DMatrix<T>, Error> {
                affine::change(x, self.$shift.len(), &self.forward())
            }
            fn inverse_rows(&self, z: DMatrixView<'_, T>) -> Result<DMatrix<T>, Error> {
                let backward = affine::Backward { shift: &self.$shift, scale: &self.scale };
                affine::changed(z, self.$shift.len(), &backward)
            }
            fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
                super::checked_names(names, self.$shift.len()).map(<[String]>::to_vec)
            }
            fn source_column(&self, output: usize) -> Option<usize> {
                Some(output)
            }
        }
    };
}

pub(super) use transform_by_shift_and_scale;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::tasks::shared;
    use crate::parallel::with_threads;

    /// Columns of many rows are mapped on several threads.
    #[test]
    fn many_entries_are_shared_and_few_are_not() {
        let (shift, scale) = (vec![1.0; 6], vec![2.0; 6]);
        let map = Forward { shift: &shift, scale: &scale, constant: ConstantColumns::NONE };
        let shares = |rows: usize| {
            let x = DMatrix::<f64>::zeros(rows, 6);
            with_threads(3, || {
                let into = shared::during(|| drop(changed(x.as_view(), 6, &map).unwrap()));
                (into, shared::during(|| drop(change(x, 6, &map).unwrap())))
            })
        };
        assert_eq!((shares(100), shares(100_000)), ((0, 0), (1, 1)));
    }

    /// The first entry in row order, whichever thread found it.
    #[test]
    fn findings_of_several_threads_are_one() {
        let found = |(row, column)| Found { bad: Some((row, column, 0.5)), fits: true };
        for (first, second) in [((3, 1), (3, 2)), ((2, 9), (3, 0))] {
            for both in [found(first).with(found(second)), found(second).with(found(first))] {
                assert_eq!(both.bad, Some((first.0, first.1, 0.5)));
            }
            assert_eq!(Found::NOTHING.with(found(second)).bad, found(second).with(Found::NOTHING).bad);
        }
        let too_large = || Found { bad: None, fits: false };
        assert!(!too_large().with(Found::NOTHING).fits && !Found::NOTHING.with(too_large()).fits);
    }

    /// The definition, entry by entry, in rows and columns of every length.
    #[test]
    fn rows_and_columns_have_the_bits_of_the_definition() {
        for n in 1..70 {
            let numbers = |salt: usize| (0..n).map(move |i| 0.1 + ((i * 7 + salt) % 23) as f64);
            let (mut from, shift, scale): (Vec<f64>, Vec<f64>, Vec<f64>) =
                (numbers(1).collect(), numbers(5).collect(), numbers(11).collect());
            // Differences within rounding, which are zero in constant columns only.
            for column in (0..n).filter(|column| column % 5 >= 2) {
                from[column] = shift[column] * (1.0 + 2.0 * f64::EPSILON);
            }
            let constant = ConstantColumns::new((0..n).map(|column| column % 5 == 2));
            let map = Forward { shift: &shift, scale: &scale, constant: &constant };
            let (mut row, mut wanted) = (vec![f64::NAN; n], Vec::new());
            for column in 0..n {
                let known = if constant.contains(column) { difference } else { |v, center| v - center };
                wanted.push(known(from[column], shift[column]) / scale[column]);
                let (mut to, all) = (vec![f64::NAN; n], from[..column + 1].to_vec());
                assert!(map.column(column, &all, &mut to[..column + 1]));
                let definition = all.iter().map(|&v| known(v, shift[column]) / scale[column]);
                assert!(to.iter().zip(definition).all(|(to, wanted)| *to == wanted), "{n}");
            }
            assert_eq!(wanted.contains(&0.0), n > 2);
            assert!(map.row(&from, &mut row));
            assert_eq!(row, wanted, "{n}");
        }
    }

    #[test]
    fn entries_and_results_that_are_not_finite_are_seen_at_every_place() {
        for n in [1, 15, 16, 17, 50] {
            let (shift, scale) = (vec![0.0; n], vec![0.5; n]);
            for at in 0..n {
                // The last number is finite and its quotient is not.
                for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX] {
                    for constant in [ConstantColumns::default(), ConstantColumns::new(vec![true; n])] {
                        let map = Forward { shift: &shift, scale: &scale, constant: &constant };
                        let (mut from, mut to) = (vec![1.0; n], vec![0.0; n]);
                        assert!(map.column(0, &from, &mut to) && map.row(&from, &mut to));
                        from[at] = bad;
                        assert!(!map.column(0, &from, &mut to), "{bad} at {at} of {n}");
                        assert!(!map.row(&from, &mut to), "{bad} at {at} of {n}");
                    }
                }
            }
        }
    }
}
