//! Columns moved and scaled, each by numbers of its own.

use nalgebra::DMatrix;

use super::checked;
use crate::check;
use crate::error::Error;
use crate::real::Real;

/// (x - shift) / scale, column by column, in place.
pub(super) fn forward<T: Real>(mut x: DMatrix<T>, shift: &[T], scale: &[T]) -> Result<DMatrix<T>, Error> {
    checked(&x, shift.len())?;
    for ((mut column, &shift), &scale) in x.column_iter_mut().zip(shift).zip(scale) {
        column.iter_mut().for_each(|v| *v = (*v - shift) / scale);
    }
    check::scores(&x).map(|()| x)
}

/// z scale + shift: the way back.
pub(super) fn backward<T: Real>(z: &DMatrix<T>, shift: &[T], scale: &[T]) -> Result<DMatrix<T>, Error> {
    checked(z, shift.len())?;
    let mut x = z.clone();
    for ((mut column, &shift), &scale) in x.column_iter_mut().zip(shift).zip(scale) {
        column.iter_mut().for_each(|v| *v = *v * scale + shift);
    }
    check::scores(&x).map(|()| x)
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
