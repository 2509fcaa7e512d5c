//! Whether examples suit a network and a loss.

use crate::check;
use crate::error::Error;
use crate::examples::CheckedExamples;
use crate::layer::Layer;
use crate::loss::{Loss, checked_targets};
use crate::scalar::Real;

/// The columns of the rows must be the inputs of the network, and the targets what the loss takes for its outputs.
///
/// # Errors
/// For another number of columns, targets of another shape, and values and hyper-parameters that the loss refuses.
pub(crate) fn check_compatible<T, N, S>(
    examples: &CheckedExamples<'_, T>,
    network: &N,
    loss: &S,
) -> Result<(), Error>
where
    T: Real,
    N: Layer<T> + ?Sized,
    S: Loss<T> + ?Sized,
{
    check::count("x", "columns", network.inputs(), examples.x.ncols())?;
    checked_targets(loss, (examples.rows(), network.outputs()), examples.targets)
}
