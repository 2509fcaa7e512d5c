//! The check that a layer does not hide NaN.

use nalgebra::DMatrix;

use super::Mismatch;
use crate::layer::{Layer, Mode, Tape};

/// The distances by which an input is moved to see which outputs depend on it, in units of its size or 1.
/// Some are large, so that the outputs of units that are inactive at the input itself change too.
const MOVES: [f64; 4] = [-10.0, -1.0, 1.0, 10.0];

/// Checks, in [`Mode::Evaluate`], that every output that depends on an input is not finite if the input is
/// NaN.
///
/// Each of the `columns` is tried in one row: column j in row j modulo the number of rows. An output depends
/// on an input if one of the [`MOVES`] changes it.
pub(super) fn nan_passes<L: Layer<f64> + ?Sized>(
    layer: &L,
    params: &[f64],
    x: &DMatrix<f64>,
    tape: &mut Tape<f64>,
    columns: impl IntoIterator<Item = usize>,
) -> Result<(), Mismatch> {
    if x.nrows() == 0 {
        return Ok(());
    }
    let mode = tape.mode();
    tape.set_mode(Mode::Evaluate);
    let verdict = columns.into_iter().try_for_each(|column| {
        let row = column % x.nrows();
        let mut moved = x.clone();
        let mut outputs = |input: f64| -> Vec<f64> {
            moved[(row, column)] = input;
            layer.forward(params, &moved, tape);
            tape.output().row(row).iter().copied().collect()
        };
        let at = x[(row, column)];
        let clean = outputs(at);
        let near = MOVES.map(|by| outputs(at + by * at.abs().max(1.0)));
        let poisoned = outputs(f64::NAN);
        let depends = |output: usize| near.iter().any(|near| near[output] != clean[output]);
        match (0..clean.len()).find(|&output| poisoned[output].is_finite() && depends(output)) {
            Some(output) => Err(Mismatch::HidesNan { row, column, output, value: poisoned[output] }),
            None => Ok(()),
        }
    });
    tape.set_mode(mode);
    // Removes the NaN from the buffers.
    layer.forward(params, x, tape);
    verdict
}
