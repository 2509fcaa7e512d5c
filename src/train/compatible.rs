//! The check of examples against a network and a loss.

use crate::check;
use crate::error::Error;
use crate::examples::CheckedExamples;
use crate::layer::Layer;
use crate::loss::{Loss, checked_targets};
use crate::scalar::Real;

/// Checks that the columns of the rows are the inputs of the network, and that the loss accepts the targets
/// for the outputs of the network.
///
/// # Errors
/// Returns [`Error::ShapeMismatch`] if the number of columns or the shape of the targets is wrong, and the
/// errors of the loss if it rejects a target or a hyper-parameter.
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
