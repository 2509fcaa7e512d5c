//! The check that rows are transformed one by one, whatever company they are in.

use nalgebra::DMatrix;

use crate::error::Error;
use crate::preprocess::Transform;
use crate::scalar::Real;

/// How many rows are looked at: the first ones and the last ones.
const LOOKED_AT: usize = 8;

/// Compares rows of `z`, which `steps` made of all of `x` at once, with what it makes of each row by itself. Products may
/// be summed in another order, so some rounding is allowed for; statistics of the rows at hand are far from that.
///
/// # Errors
/// [`Error::BatchDependent`] where they differ.
pub(super) fn check<T: Real>(steps: &impl Transform<T>, x: &DMatrix<T>, z: &DMatrix<T>) -> Result<(), Error> {
    let rows = x.nrows();
    let tolerance = T::EPSILON.as_f64().sqrt();
    let chosen =
        (0..rows.min(LOOKED_AT / 2)).chain(rows.saturating_sub(LOOKED_AT / 2).max(LOOKED_AT / 2)..rows);
    for row in chosen {
        let single = steps.transform(&x.rows(row, 1).into_owned())?;
        let size = z.row(row).iter().fold(1.0, |most: f64, v| most.max(v.as_f64().abs()));
        for (column, (alone, among)) in single.iter().zip(z.row(row).iter()).enumerate() {
            let (alone, among) = (alone.as_f64(), among.as_f64());
            if (alone - among).abs() > tolerance * size {
                return Err(Error::BatchDependent { row, column, alone, among });
            }
        }
    }
    Ok(())
}
