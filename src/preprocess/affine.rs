//! Shifting and scaling of columns, each with its own shift and scale.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::constant_columns::{ConstantColumns, difference};
use crate::check;
use crate::error::Error;
use crate::scalar::{self, Real, all_finite, column_mut, vectorize};

/// The number of entries per block: small enough to stay in the processor's cache while a block is checked,
/// changed and checked again.
const BLOCK: usize = 2048;

/// The findings from entries that were changed block by block.
struct Found {
    /// The first entry that is not finite, in row order.
    bad: Option<(usize, usize, f64)>,
    /// Whether all results are finite.
    fits: bool,
}

impl Found {
    const NOTHING: Found = Found { bad: None, fits: true };

    /// Records the first entry of a block that is not finite. Returns whether the block, which begins at row
    /// `start` of `column`, may be changed.
    fn admits<T: Real>(&mut self, block: &[T], start: usize, column: usize) -> bool {
        let Some(at) = first_not_finite(block) else { return true };
        if self.bad.is_none_or(|(row, ..)| start + at < row) {
            self.bad = Some((start + at, column, block[at].as_f64()));
        }
        false
    }

    /// Changes one column block by block. If there is a `source`, first copies each block from it.
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

/// Changes all entries in place: `of` is called with a column's index and a block of its entries.
///
/// # Errors
/// Returns an error if the number of columns is not `columns`, if an entry is not finite (the error names the
/// first such entry in row order), or if a result is not finite.
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

/// Writes the changed entries of `x` to `out`, block by block; otherwise like [`change`].
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

/// Returns the map (x - shift) / scale of the entries of each column. In the columns that are `constant`,
/// values within the rounding of the shift become 0.
pub(super) fn forward<'a, T: Real>(
    shift: &'a [T],
    scale: &'a [T],
    constant: &'a ConstantColumns,
) -> impl Fn(usize, &mut [T]) + 'a {
    |column, entries| {
        let (shift, scale) = (shift[column], scale[column]);
        if constant.contains(column) {
            entries.iter_mut().for_each(|v| *v = difference(*v, shift) / scale);
            return;
        }
        vectorize(
            #[inline(always)]
            || entries.iter_mut().for_each(|v| *v = (*v - shift) / scale),
        );
    }
}

/// Returns the inverse map, z scale + shift, of the entries of each column.
pub(super) fn backward<'a, T: Real>(shift: &'a [T], scale: &'a [T]) -> impl Fn(usize, &mut [T]) + 'a {
    |column, entries| {
        let (shift, scale) = (shift[column], scale[column]);
        vectorize(
            #[inline(always)]
            || entries.iter_mut().for_each(|v| *v = *v * scale + shift),
        );
    }
}

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
                affine::change_into(x.view(), out, self.$shift.len(), self.forward())
            }
            fn transform_owned(&self, x: DMatrix<T>) -> Result<DMatrix<T>, Error> {
                affine::change(x, self.$shift.len(), self.forward())
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
