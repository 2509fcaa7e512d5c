//! The check that rows are transformed one by one, whatever company they are in.

use crate::error::Error;
use crate::preprocess::{Transform, TransformExt};
use crate::rows::Rows;
use crate::scalar::Real;

/// How many rows are looked at: the first ones and the last ones.
const LOOKED_AT: usize = 8;

/// Compares what `steps` makes of some rows of `x` together with what it makes of each by itself. The rows that a fit hands
/// on are no measure: they may be cross-fitted. Products may be summed in another order, so some rounding is allowed for;
/// statistics of the rows at hand are far from that.
///
/// # Errors
/// [`Error::BatchDependent`] where they differ.
pub(super) fn check<T: Real>(steps: &impl Transform<T>, x: Rows<'_, T>) -> Result<(), Error> {
    let (rows, half) = (x.nrows(), LOOKED_AT / 2);
    let tolerance = T::EPSILON.as_f64().sqrt();
    let chosen: Vec<usize> = (0..rows.min(half)).chain(rows.saturating_sub(half).max(half)..rows).collect();
    let together = steps.transform_owned(x.select_rows(&chosen))?;
    for (&row, among) in chosen.iter().zip(together.row_iter()) {
        let alone = steps.transform(x.rows(row, 1))?;
        let size = among.iter().fold(1.0, |most: f64, v| most.max(v.as_f64().abs()));
        for (column, (alone, among)) in alone.iter().zip(among.iter()).enumerate() {
            let (alone, among) = (alone.as_f64(), among.as_f64());
            if (alone - among).abs() > tolerance * size {
                return Err(Error::BatchDependent { row, column, alone, among });
            }
        }
    }
    Ok(())
}
