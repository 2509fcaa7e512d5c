//! Checkpoints as bytes and as files.

mod consistency;
mod description;
mod names;

use std::path::Path;

use self::description::{Description, Place};
use self::names::Names;
use super::epochs::{self, Columns};
use super::history::History;
use super::state::{Best, Checkpoint, Cursor, RunFingerprint};
use crate::error::Error;
use crate::optim::PlateauState;
use crate::persist::file::{self, Format, Reader, Writer, invalid};
use crate::scalar::Real;
use crate::scalar::all_finite;

const FORMAT: Format = Format { name: "logit checkpoint", major: 1, minor: 0, longest_header: 1 << 16 };

impl<T: Real> Checkpoint<T> {
    /// The checkpoint as the bytes of a file: in the [safetensors](https://github.com/huggingface/safetensors) format,
    /// which Python and other languages read too. The same checkpoint gives the same bytes.
    ///
    /// A run with parameters that are no longer finite, which will stop as diverged before its epoch ends, is stored as
    /// it was at the start of that epoch. It gets to the same end from there.
    pub fn to_bytes(&self) -> Vec<u8> {
        let cursor = if self.is_lost() { &self.snapshot } else { &self.cursor };
        let loss_sum = if self.is_lost() { 0.0 } else { self.loss_sum };
        let (names, columns) = (Names::new(&self.history.layers), Columns::new(&self.history.epochs));
        let plateau = [cursor, &self.snapshot].map(|cursor| PlateauState::to_numbers(&cursor.plateau));
        let writer = Writer::new(FORMAT, Description::of(self, cursor).to_string())
            .number("loss_sum", &loss_sum)
            .array("parameters", &cursor.params)
            .array("statistics", &cursor.statistics)
            .array("optimizer_state", &cursor.optimizer_state)
            .array("plateau", &plateau[0])
            .array("epoch_start.parameters", &self.snapshot.params)
            .array("epoch_start.statistics", &self.snapshot.statistics)
            .array("epoch_start.optimizer_state", &self.snapshot.optimizer_state)
            .array("epoch_start.plateau", &plateau[1])
            .array("before_last_step.parameters", &self.before_last);
        let writer = columns.write(names.write(writer));
        match &self.best {
            None => writer.into_bytes(),
            Some(best) => writer
                .number("best.loss", &best.loss)
                .array("best.parameters", &best.params)
                .array("best.statistics", &best.statistics)
                .into_bytes(),
        }
    }

    /// The checkpoint that [`to_bytes`](Self::to_bytes) made these bytes of.
    ///
    /// The bytes may come from anywhere: whatever they hold, this neither panics nor takes more than about twice their
    /// size of memory.
    ///
    /// # Errors
    /// [`Error::InvalidFile`] for bytes that are cut short, damaged (by a checksum), of a newer version or of numbers
    /// of another type, and when anything is missing, unknown or contradicts the rest.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes, FORMAT)?;
        let description = Description::parse(reader.description())?;
        let identity = description.identity.to_identity()?;
        let cursor = read_cursor(&mut reader, &identity, &description.position, &AT_HAND)?;
        let snapshot = read_cursor(&mut reader, &identity, &description.epoch_start, &EPOCH_START)?;
        let best = match description.best_epoch {
            None => None,
            Some(epoch) => Some(Best {
                loss: reader.number("best.loss")?,
                epoch,
                params: reader.array("best.parameters", &[identity.parameters])?,
                statistics: reader.array("best.statistics", &[identity.statistics])?,
            }),
        };
        let (loss_sum, before_last) = (
            reader.number("loss_sum")?,
            reader.array("before_last_step.parameters", &[identity.parameters])?,
        );
        let history = History {
            layers: Names::read(&mut reader, description.layers, identity.parameters)?,
            epochs: epochs::read(&mut reader, description.epochs)?,
        };
        reader.finish()?;
        let stop = description.stop.map(Into::into);
        let divergence = description.divergence.map(Into::into);
        let read =
            Checkpoint { identity, cursor, loss_sum, snapshot, before_last, best, history, stop, divergence };
        consistency::check(&read).map(|()| read)
    }

    /// Writes the checkpoint to a file, in the format of [`to_bytes`](Self::to_bytes).
    ///
    /// A crash at any time leaves the file that was there before or the new one, both whole: the bytes go to a
    /// temporary file in the same directory, which takes the other's place once it is on the disk. A symbolic link is
    /// replaced, not followed.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        file::save(path.as_ref(), &self.to_bytes())
    }

    /// Reads a checkpoint from a file.
    ///
    /// # Errors
    /// [`Error::File`] when the file cannot be read, and as [`from_bytes`](Self::from_bytes).
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::from_bytes(&file::load(path.as_ref(), FORMAT)?)
    }

    /// Whether the run has left the finite numbers but not noticed yet: parameters are looked at when an epoch ends.
    fn is_lost(&self) -> bool {
        self.stop.is_none() && !(all_finite(&self.cursor.params) && self.loss_sum.is_finite())
    }
}

/// The names of the arrays of a [`Cursor`]: parameters, running statistics, state of the optimizer and of the plateau.
type Arrays = [&'static str; 4];

const AT_HAND: Arrays = ["parameters", "statistics", "optimizer_state", "plateau"];
const EPOCH_START: Arrays = [
    "epoch_start.parameters",
    "epoch_start.statistics",
    "epoch_start.optimizer_state",
    "epoch_start.plateau",
];

fn read_cursor<T: Real>(
    reader: &mut Reader<'_>,
    sizes: &RunFingerprint,
    place: &Place,
    [params, statistics, state, plateau]: &Arrays,
) -> Result<Cursor<T>, Error> {
    let Place { steps, epoch, row } = *place;
    Ok(Cursor {
        params: reader.array(params, &[sizes.parameters])?,
        statistics: reader.array(statistics, &[sizes.statistics])?,
        optimizer_state: reader.array(state, &[sizes.optimizer_state])?,
        plateau: plateau_from(&reader.array(plateau, &[PLATEAU])?)?,
        steps,
        epoch,
        row,
    })
}

/// How many numbers the state of a schedule that watches the loss is.
const PLATEAU: usize = 5;

/// # Errors
/// For numbers that no state has.
fn plateau_from(numbers: &[f64]) -> Result<PlateauState, Error> {
    let state = <[f64; PLATEAU]>::try_from(numbers).ok().and_then(|numbers| {
        let state = PlateauState::from_numbers(numbers);
        (state.to_numbers().map(f64::to_bits) == numbers.map(f64::to_bits)).then_some(state)
    });
    state.ok_or_else(|| invalid(format!("the plateau has the numbers {numbers:?}, which no schedule leaves")))
}
