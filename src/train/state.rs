//! The state of a training run.

use super::history::{Epoch, History};
use super::identity::RunIdentity;
use super::trained::Trained;
use crate::examples::CheckedExamples;
use crate::optim::PlateauState;
use crate::report::{Divergence, FitReport, StopReason};
use crate::scalar::Real;

/// The state of a training run. The default is only a placeholder.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct RunState<T> {
    pub(super) identity: RunIdentity,
    pub(super) cursor: Cursor<T>,
    /// The sum of the losses in the current epoch.
    pub(super) loss_sum: f64,
    /// The cursor at the start of the current epoch.
    pub(super) snapshot: Cursor<T>,
    /// The parameters before the last step of the last completed epoch.
    pub(super) before_last: Vec<T>,
    /// The epoch with the lowest validation loss, whose weights the model has.
    pub(super) best: Option<Best<T>>,
    /// The epoch from which the patience counts.
    pub(super) improved: Option<Improvement>,
    pub(super) history: History,
    /// What is known of the rows so far, if they arrive in parts.
    pub(super) parts: Option<Parts>,
    pub(crate) stop: Option<StopReason>,
    pub(super) divergence: Option<Divergence>,
}

impl<T: Real> RunState<T> {
    pub(super) fn new(identity: RunIdentity, cursor: Cursor<T>, layers: Vec<String>) -> Self {
        RunState {
            identity,
            snapshot: cursor.clone(),
            before_last: cursor.params.clone(),
            cursor,
            loss_sum: 0.0,
            best: None,
            improved: None,
            history: History { layers, epochs: Vec::new() },
            parts: None,
            stop: None,
            divergence: None,
        }
    }

    /// Returns the record of the last epoch.
    pub(crate) fn last_epoch(&self) -> Option<&Epoch> {
        self.history.epochs.last()
    }

    /// Forgets all epochs but the last few, so that memory does not grow with the number of parts.
    pub(super) fn forget_old_epochs(&mut self) {
        let old = self.history.epochs.len().saturating_sub(KEPT);
        self.history.epochs.drain(..old);
    }

    /// Records the validation loss after an epoch.
    ///
    /// The weights of the lowest loss are kept. The patience starts anew only where the loss is lower by
    /// `min_improvement`.
    pub(super) fn judge(&mut self, loss: f64, epoch: usize, min_improvement: f64) {
        if self.improved.is_none_or(|improved| loss < improved.loss - min_improvement) {
            self.improved = Some(Improvement { loss, epoch });
        }
        let Cursor { params, statistics, .. } = &self.cursor;
        match &mut self.best {
            None => {
                let (params, statistics) = (params.clone(), statistics.clone());
                self.best = Some(Best { loss, epoch, params, statistics });
            }
            Some(best) if loss < best.loss => {
                (best.loss, best.epoch) = (loss, epoch);
                best.params.copy_from_slice(params);
                best.statistics.copy_from_slice(statistics);
            }
            Some(_) => {}
        }
    }

    /// Returns whether the validation loss has not improved for `patience` epochs.
    pub(super) fn is_out_of_patience(&self, patience: usize) -> bool {
        self.improved.is_some_and(|improved| self.cursor.epoch.saturating_sub(improved.epoch) >= patience)
    }

    /// Returns the model at this point; `unfinished` is the stop reason of a run that has none yet.
    pub(crate) fn into_trained(self, unfinished: StopReason) -> Trained<T> {
        let RunState { cursor, best, history, divergence, stop, .. } = self;
        let stop = stop.unwrap_or(unfinished);
        let loss = |epoch: &Epoch| epoch.train_loss;
        let kept = match &best {
            Some(best) => history.epochs.iter().find(|epoch| epoch.number == best.epoch),
            None => history.epochs.last(),
        };
        let objective = kept.map_or(f64::INFINITY, loss);
        let mut report = FitReport::new(stop, objective, None);
        report.iterations = history.epochs.last().map_or(0, |epoch| epoch.number);
        report.evaluations = usize::try_from(cursor.steps).unwrap_or(usize::MAX);
        report.divergence = divergence;
        report.objective_curve = history.epochs.iter().map(loss).collect();
        report.validation_curve = history.epochs.iter().filter_map(|epoch| epoch.validation_loss).collect();
        let (params, statistics) = match best {
            Some(best) => (best.params, best.statistics),
            None => (cursor.params, cursor.statistics),
        };
        Trained { params, statistics, report, history }
    }
}

/// The number of epochs that the history of a run in parts has: as many as its table has lines.
const KEPT: usize = 20;

/// The rows of all parts so far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Parts {
    /// The number of rows that count.
    pub(super) rows: u64,
    /// The mean weight of these rows.
    pub(super) mean_weight: f64,
}

impl Parts {
    /// Returns the parts with one more.
    ///
    /// The mean of equal parts is that of each, to the bit, so parts with the same rows are epochs of a fit.
    pub(super) fn with<T: Real>(self, part: &CheckedExamples<'_, T>) -> Self {
        let count = part.counted().len();
        let rows = self.rows.saturating_add(count as u64);
        let change = part.total_weight / count as f64 - self.mean_weight;
        Parts { rows, mean_weight: self.mean_weight + change * (count as f64 / rows as f64) }
    }
}

/// The part of the state that a step reads and writes.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Cursor<T> {
    pub(super) params: Vec<T>,
    pub(super) statistics: Vec<T>,
    pub(super) optimizer_state: Vec<T>,
    pub(super) plateau: PlateauState,
    /// The number of steps taken.
    pub(super) steps: u64,
    /// The number of completed epochs.
    pub(super) epoch: usize,
    /// The number of rows of the current epoch that have been used.
    pub(super) row: usize,
}

impl<T: Copy> Cursor<T> {
    /// Copies `other`, which has the same sizes.
    pub(super) fn copy_from(&mut self, other: &Self) {
        self.params.copy_from_slice(&other.params);
        self.statistics.copy_from_slice(&other.statistics);
        self.optimizer_state.copy_from_slice(&other.optimizer_state);
        self.plateau = other.plateau.clone();
        (self.steps, self.epoch, self.row) = (other.steps, other.epoch, other.row);
    }
}

/// The weights of the epoch with the lowest validation loss.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Best<T> {
    pub(super) loss: f64,
    pub(super) epoch: usize,
    pub(super) params: Vec<T>,
    pub(super) statistics: Vec<T>,
}

/// An epoch that improved the validation loss by more than the threshold, or the first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Improvement {
    pub(super) loss: f64,
    pub(super) epoch: usize,
}
