//! Storage of checkpoints in files.

use super::checkpoint::Checkpoint;
use super::consistency;
use super::identity::{Detail, RunIdentity};
use super::state::{Best, Cursor, Improvement, Parts, RunState};
use crate::error::Error;
use crate::optim::PlateauState;
use crate::persist::file::invalid;
use crate::persist::{Persist, Record};
use crate::report::{Divergence, StopReason};
use crate::scalar::{Real, all_finite};

/// The value of `stop` for a run that has not stopped.
const RUNNING: &str = "running";

impl<T: Real> Persist for Checkpoint<T> {
    type Scalar = T;
    const KIND: &'static str = "checkpoint";

    fn write_record(&self, record: Record) -> Record {
        let Checkpoint(state) = self;
        let lost = state.is_lost();
        let (cursor, loss_sum) = if lost { (&state.snapshot, 0.0) } else { (&state.cursor, state.loss_sum) };
        let record = record
            .with_text("stop", state.stop.map_or(RUNNING, StopReason::key))
            .with_array("loss_sum", &[loss_sum])
            .with_array("before_last_step_parameters", &state.before_last)
            .with("fingerprint", &state.identity)
            .with_part("position", cursor.to_record())
            .with_part("epoch_start", state.snapshot.to_record())
            .with("history", &state.history);
        let record = match &state.best {
            Some(best) => record.with_part("best", best.to_record()),
            None => record,
        };
        let record = match state.parts {
            Some(parts) => record.with_part("parts", parts.to_record()),
            None => record,
        };
        // Usually, the patience counts from the best epoch.
        let record = match state
            .improved
            .filter(|improved| state.best.as_ref().map(Best::as_improvement) != Some(*improved))
        {
            Some(improved) => record.with_part("improvement", improved.to_record()),
            None => record,
        };
        match &state.divergence {
            Some(divergence) => record.with("divergence", divergence),
            None => record,
        }
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        let identity: RunIdentity = record.take("fingerprint")?;
        let stop = record.take_text("stop")?;
        let best = record.take_optional_part("best").map(|part| Best::from_record(part, &identity));
        let best: Option<Best<T>> = best.transpose()?;
        let improved = record.take_optional_part("improvement").map(Improvement::from_record).transpose()?;
        let divergence = record.take_optional_part("divergence").map(Divergence::from_record);
        let state = RunState {
            cursor: Cursor::from_record(record.take_part("position")?, &identity)?,
            loss_sum: single(record, "loss_sum")?,
            snapshot: Cursor::from_record(record.take_part("epoch_start")?, &identity)?,
            before_last: record.take_column("before_last_step_parameters", identity.parameters)?,
            improved: improved.or(best.as_ref().map(Best::as_improvement)),
            best,
            history: record.take("history")?,
            parts: record.take_optional_part("parts").map(Parts::from_record).transpose()?,
            stop: if stop == RUNNING { None } else { Some(StopReason::from_key(&stop)?) },
            divergence: divergence.transpose()?,
            identity,
        };
        consistency::check(&state).map(|()| Checkpoint(state))
    }
}

impl<T: Real> RunState<T> {
    /// Returns whether the run has left the finite numbers without noticing it yet: parameters are checked
    /// when an epoch ends.
    fn is_lost(&self) -> bool {
        self.stop.is_none() && !(all_finite(&self.cursor.params) && self.loss_sum.is_finite())
    }
}

/// The kind of the details of an identity.
const DETAILS: &str = "run details";

impl Persist for RunIdentity {
    type Scalar = f64;
    const KIND: &'static str = "run fingerprint";

    fn write_record(&self, record: Record) -> Record {
        let record = record
            .with_integer("seed", self.seed)
            .with_count("rows", self.rows)
            .with_count("batch_size", self.batch_size)
            .with_count("accumulate", self.accumulate)
            .with_count("parameters", self.parameters)
            .with_count("statistics", self.statistics)
            .with_count("optimizer_state", self.optimizer_state);
        if self.details.is_empty() {
            return record;
        }
        let names: Vec<&str> = self.details.iter().map(|detail| &*detail.name).collect();
        let values: Vec<&str> = self.details.iter().map(|detail| &*detail.value).collect();
        let details = Record::new(DETAILS)
            .with_count("count", self.details.len())
            .with_texts("names", &names)
            .with_texts("values", &values);
        record.with_part("details", details)
    }

    fn read_record(record: &mut Record) -> Result<Self, Error> {
        // Files of version 1.0 have no such part.
        let details = match record.take_optional_part("details") {
            None => Vec::new(),
            Some(part) => part.open(DETAILS)?.read(|part| {
                let count = part.take_count("count")?;
                let names = part.take_texts("names", count)?;
                let values = part.take_texts("values", count)?;
                Ok(names.into_iter().zip(values).map(|(name, value)| Detail { name, value }).collect())
            })?,
        };
        Ok(RunIdentity {
            details,
            seed: record.take_integer("seed")?,
            rows: record.take_count("rows")?,
            batch_size: record.take_count("batch_size")?,
            accumulate: record.take_count("accumulate")?,
            parameters: record.take_count("parameters")?,
            statistics: record.take_count("statistics")?,
            optimizer_state: record.take_count("optimizer_state")?,
        })
    }
}

impl<T: Real> Cursor<T> {
    const KIND: &'static str = "position";

    fn to_record(&self) -> Record {
        Record::new(Self::KIND)
            .with_integer("steps", self.steps)
            .with_count("epoch", self.epoch)
            .with_count("row", self.row)
            .with_array("parameters", &self.params)
            .with_array("statistics", &self.statistics)
            .with_array("optimizer_state", &self.optimizer_state)
            .with_array("plateau", &self.plateau.to_numbers())
    }

    fn from_record(record: Record, sizes: &RunIdentity) -> Result<Self, Error> {
        record.open(Self::KIND)?.read(|record| {
            Ok(Cursor {
                params: record.take_column("parameters", sizes.parameters)?,
                statistics: record.take_column("statistics", sizes.statistics)?,
                optimizer_state: record.take_column("optimizer_state", sizes.optimizer_state)?,
                plateau: plateau(record)?,
                steps: record.take_integer("steps")?,
                epoch: record.take_count("epoch")?,
                row: record.take_count("row")?,
            })
        })
    }
}

impl Parts {
    const KIND: &'static str = "parts";

    fn to_record(self) -> Record {
        Record::new(Self::KIND).with_integer("rows", self.rows).with_array("mean_weight", &[self.mean_weight])
    }

    fn from_record(record: Record) -> Result<Self, Error> {
        record.open(Self::KIND)?.read(|record| {
            Ok(Parts { rows: record.take_integer("rows")?, mean_weight: single(record, "mean_weight")? })
        })
    }
}

impl Improvement {
    const KIND: &'static str = "improvement";

    fn to_record(self) -> Record {
        Record::new(Self::KIND).with_count("epoch", self.epoch).with_array("loss", &[self.loss])
    }

    fn from_record(record: Record) -> Result<Self, Error> {
        record.open(Self::KIND)?.read(|record| {
            Ok(Improvement { loss: single(record, "loss")?, epoch: record.take_count("epoch")? })
        })
    }
}

impl<T: Real> Best<T> {
    const KIND: &'static str = "best epoch";

    fn as_improvement(&self) -> Improvement {
        Improvement { loss: self.loss, epoch: self.epoch }
    }

    fn to_record(&self) -> Record {
        Record::new(Self::KIND)
            .with_count("epoch", self.epoch)
            .with_array("loss", &[self.loss])
            .with_array("parameters", &self.params)
            .with_array("statistics", &self.statistics)
    }

    fn from_record(record: Record, sizes: &RunIdentity) -> Result<Self, Error> {
        record.open(Self::KIND)?.read(|record| {
            Ok(Best {
                loss: single(record, "loss")?,
                epoch: record.take_count("epoch")?,
                params: record.take_column("parameters", sizes.parameters)?,
                statistics: record.take_column("statistics", sizes.statistics)?,
            })
        })
    }
}

/// Reads a single number. It is stored in an array, because a setting has to be finite.
fn single(record: &mut Record, name: &str) -> Result<f64, Error> {
    Ok(record.take_column::<f64>(name, 1)?[0])
}

/// The number of values in the state of a schedule that watches the loss.
const PLATEAU: usize = 5;

fn plateau(record: &mut Record) -> Result<PlateauState, Error> {
    let numbers = record.take_column::<f64>("plateau", PLATEAU)?;
    let state = <[f64; PLATEAU]>::try_from(numbers.as_slice()).ok().and_then(|numbers| {
        let state = PlateauState::from_numbers(numbers);
        (state.to_numbers().map(f64::to_bits) == numbers.map(f64::to_bits)).then_some(state)
    });
    state.ok_or_else(|| invalid(format!("the plateau state is {numbers:?}, which no schedule produces")))
}
