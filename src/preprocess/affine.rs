//! Columns moved and scaled, each by numbers of its own.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use crate::check;
use crate::error::Error;
use crate::scalar::{self, Real, all_finite, column_mut, vectorize};

/// The number of entries that stay in the processor's cache while they are checked, changed and checked again.
const BLOCK: usize = 2048;

/// What was found in entries that were changed block by block.
struct Found {
    /// The first entry that was not finite, row by row.
    bad: Option<(usize, usize, f64)>,
    /// Whether all results are finite.
    fits: bool,
}

impl Found {
    const NOTHING: Found = Found { bad: None, fits: true };

    /// Notes what is not finite; whether the block, which begins at `start` of `column`, may be changed.
    fn admits<T: Real>(&mut self, block: &[T], start: usize, column: usize) -> bool {
        let Some(at) = first_not_finite(block) else { return true };
        if self.bad.is_none_or(|(row, ..)| start + at < row) {
            self.bad = Some((start + at, column, block[at].as_f64()));
        }
        false
    }

    /// Changes one column block by block, each after its part of `source` was copied there, if there is one.
    fn change_column<T: Real>(
        &mut self,
        index: usize,
        column: &mut [T],
        source: Option<&[T]>,
        of: &impl Fn(usize, &mut [T]),
    ) {
        for (block, start) in column.chunks_mut(BLOCK).zip((0..).step_by(BLOCK)) {
            if let Some(source) = source {
                block.copy_from_slice(&source[start..][..block.len()]);
            }
            if !self.admits(block, start, index) {
                break;
            }
            of(index, block);
            self.fits &= all_finite(block);
        }
    }

    /// The error of what was found, if `x` holds the results.
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

/// Changes the entries of every column in place, as `of` changes a block of those of the column with this number.
///
/// # Errors
/// For another number of columns, entries that are not finite (the first of them row by row is named), and results that
/// are not.
pub(super) fn change<T: Real>(
    mut x: DMatrix<T>,
    columns: usize,
    of: impl Fn(usize, &mut [T]),
) -> Result<DMatrix<T>, Error> {
    check::count("x", "columns", columns, x.ncols())?;
    let (rows, mut found) = (x.nrows().max(1), Found::NOTHING);
    for (index, column) in x.as_mut_slice().chunks_exact_mut(rows).enumerate() {
        found.change_column(index, column, None, &of);
    }
    found.check(&x).map(|()| x)
}

/// As [`change`], in `out`, where blocks are copied before they are changed.
pub(super) fn change_into<T: Real>(
    x: DMatrixView<'_, T>,
    mut out: DMatrixViewMut<'_, T>,
    columns: usize,
    of: impl Fn(usize, &mut [T]),
) -> Result<(), Error> {
    check::count("x", "columns", columns, x.ncols())?;
    let mut found = Found::NOTHING;
    for (index, source) in scalar::columns(&x).enumerate() {
        found.change_column(index, column_mut(&mut out, index), Some(source), &of);
    }
    found.check(&out)
}

fn first_not_finite<T: Real>(entries: &[T]) -> Option<usize> {
    if all_finite(entries) { None } else { entries.iter().position(|v| !v.is_finite()) }
}

/// (x - shift) / scale of the entries of each column.
pub(super) fn forward<'a, T: Real>(shift: &'a [T], scale: &'a [T]) -> impl Fn(usize, &mut [T]) + 'a {
    |column, entries| {
        let (shift, scale) = (shift[column], scale[column]);
        vectorize(
            #[inline(always)]
            || entries.iter_mut().for_each(|v| *v = (*v - shift) / scale),
        );
    }
}

/// z scale + shift: the way back.
pub(super) fn backward<'a, T: Real>(shift: &'a [T], scale: &'a [T]) -> impl Fn(usize, &mut [T]) + 'a {
    |column, entries| {
        let (shift, scale) = (shift[column], scale[column]);
        vectorize(
            #[inline(always)]
            || entries.iter_mut().for_each(|v| *v = *v * scale + shift),
        );
    }
}

/// Shifts and scales of the same number of columns, finite, the scales above 0.
pub(super) fn checked_parameters<T: Real>(shift: &[T], scale: &[T]) -> Result<(), Error> {
    check::count("scale", "entries", shift.len(), scale.len())?;
    check::finite("shift", &DMatrix::from_row_slice(1, shift.len(), shift))?;
    scale.iter().try_for_each(|scale| check::positive("scale", scale.as_f64()))
}

/// The implementation of [`Transform`](super::Transform) for what has a shift and a scale for each column.
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
                let forward = affine::forward(&self.$shift, &self.scale);
                affine::change_into(x.view(), out, self.$shift.len(), forward)
            }
            fn transform_owned(&self, x: DMatrix<T>) -> Result<DMatrix<T>, Error> {
                affine::change(x, self.$shift.len(), affine::forward(&self.$shift, &self.scale))
            }
            fn inverse_rows(&self, z: DMatrixView<'_, T>) -> Result<DMatrix<T>, Error> {
                let backward = affine::backward(&self.$shift, &self.scale);
                affine::change(z.clone_owned(), self.$shift.len(), backward)
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
