//! Consistency checks of a loaded checkpoint: whether a training run can have produced it.

use super::identity::RunIdentity;
use super::state::{Cursor, Parts, RunState};
use crate::error::Error;
use crate::persist::file::invalid;
use crate::report::StopReason;
use crate::scalar::{Real, all_finite};

/// More steps than any run takes, so that further counting cannot overflow.
const MOST_STEPS: u64 = 1 << 62;

/// Checks that a training run can have produced `state`.
///
/// # Errors
/// Returns [`Error::InvalidFile`] if no run reaches the state.
pub(super) fn check<T: Real>(state: &RunState<T>) -> Result<(), Error> {
    let RunState { identity, cursor, snapshot, history, best, improved, parts, stop, divergence, .. } = state;
    match parts {
        Some(parts) => check_parts(parts, state)?,
        None => {
            let grid = StepGrid::new(identity)?;
            grid.check("position", cursor)?;
            grid.check("epoch_start", snapshot)?;
        }
    }
    let (epoch, row, start) = (cursor.epoch, cursor.row, snapshot.epoch);
    let begun = start == epoch || (row == 0 && start.checked_add(1) == Some(epoch));
    if snapshot.row != 0 || !begun {
        return Err(invalid(format!(
            "its current epoch starts at row {} of epoch {start}, expected row 0 of an epoch that leads to \
             row {row} of epoch {epoch}",
            snapshot.row
        )));
    }
    check_finite(state)?;
    if (*stop == Some(StopReason::Diverged)) != divergence.is_some() {
        return Err(invalid(
            "it has a divergence without the stop reason `diverged`, or the stop reason without a divergence",
        ));
    }
    let (layers, parameters) = (history.layers.len(), identity.parameters);
    if layers > parameters {
        return Err(invalid(format!(
            "it has {layers} layers with parameters, expected at most {parameters}"
        )));
    }
    let mut last = 0;
    for number in history.epochs.iter().map(|epoch| epoch.number) {
        if number <= last || number > epoch {
            return Err(invalid(format!(
                "its history has epoch {number} after epoch {last}, expected ascending numbers from 1 to \
                 at most {epoch}"
            )));
        }
        last = number;
    }
    for (name, epoch) in [
        ("best epoch", best.as_ref().map(|best| best.epoch)),
        ("last improvement", improved.map(|improved| improved.epoch)),
    ] {
        let Some(epoch) = epoch else { continue };
        if history.epochs.binary_search_by_key(&epoch, |epoch| epoch.number).is_err() {
            return Err(invalid(format!("its {name} is {epoch}, which is not in its history")));
        }
    }
    if best.is_none() && improved.is_some() {
        return Err(invalid("it has an improvement without a best epoch"));
    }
    Ok(())
}

/// Checks the position of a run whose rows arrive in parts. The rows of a part are not known, so only the
/// ends of parts are, unless the run diverged within one.
fn check_parts<T: Real>(parts: &Parts, state: &RunState<T>) -> Result<(), Error> {
    let RunState { identity, cursor, snapshot, stop, .. } = state;
    let Parts { rows, mean_weight } = *parts;
    if !mean_weight.is_finite() || mean_weight < 0.0 || (rows > 0) != (mean_weight > 0.0) {
        return Err(invalid(format!(
            "its {rows} rows in parts have the mean weight {mean_weight}, expected a positive number, or 0 \
             for no rows"
        )));
    }
    let inside = cursor.row > 0 && *stop != Some(StopReason::Diverged);
    let Cursor { steps, epoch, row, .. } = *cursor;
    let least = (epoch as u64).max(snapshot.steps);
    if inside || steps < least || steps > MOST_STEPS || snapshot.steps < snapshot.epoch as u64 {
        return Err(invalid(format!(
            "its position is row {row} of part {epoch} after {steps} steps, which is impossible"
        )));
    }
    if identity.rows > 0 {
        let rows = identity.rows;
        return Err(invalid(format!("it has {rows} rows for each epoch, and rows in parts")));
    }
    Ok(())
}

/// Checks that the parameters, and all numbers that decide about them, are finite. The state of the
/// optimizer, the running statistics and numbers that are only reported need not be.
fn check_finite<T: Real>(state: &RunState<T>) -> Result<(), Error> {
    let RunState { cursor, snapshot, before_last, best, improved, loss_sum, stop, .. } = state;
    finite("position.parameters", &cursor.params)?;
    finite("epoch_start.parameters", &snapshot.params)?;
    if let Some(best) = best {
        finite("best.loss", &[best.loss])?;
        finite("best.parameters", &best.params)?;
    }
    if let Some(improved) = improved {
        finite("improvement.loss", &[improved.loss])?;
    }
    if *stop == Some(StopReason::Diverged) {
        // The last step may have started from numbers that are not finite, and no step follows it.
        return Ok(());
    }
    finite("before_last_step_parameters", before_last)?;
    finite("loss_sum", &[*loss_sum])
}

fn finite<T: Real>(name: &str, values: &[T]) -> Result<(), Error> {
    if all_finite(values) {
        return Ok(());
    }
    let bad = values.iter().enumerate().find(|(_, value)| !value.is_finite());
    let (at, value) = bad.map_or((0, f64::NAN), |(at, value)| (at, value.as_f64()));
    Err(invalid(format!("`{name}` contains {value} at index {at}, expected finite numbers")))
}

/// The grid of positions at which the steps of a run end.
struct StepGrid {
    rows: usize,
    /// The number of rows per step.
    stride: usize,
    /// The number of steps per epoch.
    steps: u64,
}

impl StepGrid {
    /// Creates the grid of a run.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] if a batch has no rows.
    fn new(identity: &RunIdentity) -> Result<Self, Error> {
        let RunIdentity { rows, batch_size, accumulate, .. } = *identity;
        let stride = batch_size.min(rows).saturating_mul(accumulate);
        if rows > 0 && stride == 0 {
            return Err(invalid(format!(
                "its batch_size is {batch_size} and its accumulate is {accumulate}, expected at least 1"
            )));
        }
        // Without rows, the only position is the start.
        let stride = stride.max(1);
        Ok(StepGrid { rows, stride, steps: rows.div_ceil(stride) as u64 })
    }

    /// Checks that a position is on the grid.
    ///
    /// # Errors
    /// Returns [`Error::InvalidFile`] if no number of steps leads to the position.
    fn check<T>(&self, name: &str, cursor: &Cursor<T>) -> Result<(), Error> {
        let Cursor { steps, epoch, row, .. } = *cursor;
        if row > 0 && (row >= self.rows || !row.is_multiple_of(self.stride)) {
            return Err(invalid(format!(
                "its {name} is row {row}, expected a multiple of {} below {}",
                self.stride, self.rows
            )));
        }
        let inside = (row / self.stride) as u64;
        let wanted = (epoch as u64).checked_mul(self.steps).and_then(|whole| whole.checked_add(inside));
        let reachable = self.rows > 0 || epoch == 0;
        if wanted == Some(steps) && steps <= MOST_STEPS && reachable {
            return Ok(());
        }
        Err(invalid(format!(
            "its {name} is row {row} of epoch {epoch} after {steps} steps, which is impossible with {} steps \
             per epoch",
            self.steps
        )))
    }
}
