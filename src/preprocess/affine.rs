//! Columns moved and scaled, each by numbers of its own.

use nalgebra::DMatrix;

use crate::check;
use crate::error::Error;
use crate::kernel::{all_finite, vectorize};
use crate::real::Real;

/// So many entries stay in the processor's cache while they are checked, changed and checked again.
const BLOCK: usize = 2048;

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
    let rows = x.nrows();
    let (mut bad, mut fits): (Option<(usize, usize, f64)>, bool) = (None, true);
    for (index, column) in x.as_mut_slice().chunks_exact_mut(rows.max(1)).enumerate() {
        for (block, start) in column.chunks_mut(BLOCK).zip((0..).step_by(BLOCK)) {
            if let Some(at) = first_not_finite(block) {
                if bad.is_none_or(|(row, ..)| start + at < row) {
                    bad = Some((start + at, index, block[at].as_f64()));
                }
                break;
            }
            of(index, block);
            fits &= all_finite(block);
        }
    }
    match bad {
        Some((row, column, value)) => Err(Error::NotFinite { argument: "x", row, column, value }),
        None if fits => Ok(x),
        None => check::scores(&x).map(|()| x),
    }
}

fn first_not_finite<T: Real>(entries: &[T]) -> Option<usize> {
    if all_finite(entries) { None } else { entries.iter().position(|v| !v.is_finite()) }
}

/// (x - shift) / scale, column by column, in place.
pub(super) fn forward<T: Real>(x: DMatrix<T>, shift: &[T], scale: &[T]) -> Result<DMatrix<T>, Error> {
    change(x, shift.len(), |column, entries| {
        let (shift, scale) = (shift[column], scale[column]);
        vectorize(
            #[inline(always)]
            || entries.iter_mut().for_each(|v| *v = (*v - shift) / scale),
        );
    })
}

/// z scale + shift: the way back.
pub(super) fn backward<T: Real>(z: &DMatrix<T>, shift: &[T], scale: &[T]) -> Result<DMatrix<T>, Error> {
    change(z.clone(), shift.len(), |column, entries| {
        let (shift, scale) = (shift[column], scale[column]);
        vectorize(
            #[inline(always)]
            || entries.iter_mut().for_each(|v| *v = *v * scale + shift),
        );
    })
}

/// Shifts and scales of the same number of columns, finite, the scales above 0.
pub(super) fn checked_parameters<T: Real>(shift: &[T], scale: &[T]) -> Result<(), Error> {
    check::count("scale", "entries", shift.len(), scale.len())?;
    check::finite("shift", &DMatrix::from_row_slice(1, shift.len(), shift))?;
    scale.iter().try_for_each(|scale| check::positive("scale", scale.as_f64()))
}

/// The implementation of [`Transform`](super::Transform) of what has a shift and a scale for each column.
macro_rules! transform_by_shift_and_scale {
    ($fitted:ident, $shift:ident) => {
        impl<T: Real> Transform<T> for $fitted<T> {
            fn inputs(&self) -> usize {
                self.$shift.len()
            }
            fn outputs(&self) -> usize {
                self.$shift.len()
            }
            fn transform_owned(&self, x: DMatrix<T>) -> Result<DMatrix<T>, Error> {
                affine::forward(x, &self.$shift, &self.scale)
            }
            fn inverse_transform(&self, z: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
                affine::backward(z, &self.$shift, &self.scale)
            }
            fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
                super::checked_names(names, self.$shift.len()).map(<[String]>::to_vec)
            }
        }
    };
}

pub(super) use transform_by_shift_and_scale;
