//! The check that the transformation of a row does not depend on the other rows of the batch.

use crate::error::Error;
use crate::preprocess::{Transform, TransformExt};
use crate::rows::Rows;
use crate::scalar::Real;

/// The number of rows that are checked, half of them the first rows and half the last.
const LOOKED_AT: usize = 8;

/// Compares the transformation of some rows of `x` as a batch with the transformation of each row on its own.
///
/// The transformed rows that a fit returns cannot be used for this check, because they may be cross-fitted.
/// The tolerance allows for rounding, because products can be summed in another order. The effect of batch
/// statistics is much larger.
///
/// # Errors
/// Returns [`Error::BatchDependent`] if the results differ by more than the tolerance.
pub(super) fn check<T: Real>(steps: &impl Transform<T>, x: Rows<'_, T>) -> Result<(), Error> {
    let (rows, half) = (x.nrows(), LOOKED_AT / 2);
    let tolerance = T::EPSILON.as_f64().sqrt();
    let chosen: Vec<usize> = (0..rows.min(half)).chain(rows.saturating_sub(half).max(half)..rows).collect();
    let in_steps = |error: Error| error.in_step(0, steps.step_name()).with_column_name(x.names());
    let together = steps.transform_owned(x.select_rows(&chosen));
    let together = together.map_err(|error| in_steps(error).in_rows(|row| chosen.get(row).copied()))?;
    for (&row, among) in chosen.iter().zip(together.row_iter()) {
        let alone = steps.transform(x.rows(row, 1));
        let alone = alone.map_err(|error| in_steps(error).in_rows(|_| Some(row)))?;
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
