//! What a checkpoint says about itself in JSON: whole numbers. All others are in arrays, and so are texts.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::super::state::{Checkpoint, Cursor, RunFingerprint};
use crate::error::Error;
use crate::persist::file::invalid;
use crate::report::{Divergence, NonFinite, StopReason};

/// The description; no part may be missing, and nothing may be added.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Description {
    pub(super) identity: Sizes,
    pub(super) position: Place,
    pub(super) epoch_start: Place,
    #[serde(deserialize_with = "present")]
    pub(super) best_epoch: Option<usize>,
    #[serde(deserialize_with = "present")]
    pub(super) stop: Option<Stop>,
    #[serde(deserialize_with = "present")]
    pub(super) divergence: Option<Diverged>,
    /// How many layers with parameters the history names.
    pub(super) layers: usize,
    /// How many epochs the history has.
    pub(super) epochs: usize,
}

/// [`RunFingerprint`], before its sizes are known to fit in memory.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sizes {
    seed: u64,
    rows: u64,
    batch_size: u64,
    accumulate: u64,
    parameters: u64,
    statistics: u64,
    optimizer_state: u64,
}

/// Where a [`Cursor`] stands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    pub(super) steps: u64,
    pub(super) epoch: usize,
    pub(super) row: usize,
}

/// [`Divergence`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Diverged {
    step: u64,
    epoch: usize,
    what: What,
}

/// [`NonFinite`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Loss,
    Gradient(usize),
    Parameters(usize),
    Penalty,
    Statistics,
    ValidationLoss,
}

/// [`StopReason`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop(StopReason);

impl<'de> Deserialize<'de> for Stop {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = String::deserialize(deserializer)?;
        let unknown = || D::Error::custom(format!("`{key}` is no reason to stop"));
        StopReason::from_key(&key).map(Stop).ok_or_else(unknown)
    }
}

impl From<Stop> for StopReason {
    fn from(Stop(reason): Stop) -> Self {
        reason
    }
}

/// A field that may be `null`, and must be there.
fn present<'de, D: Deserializer<'de>, V: Deserialize<'de>>(deserializer: D) -> Result<Option<V>, D::Error> {
    Option::deserialize(deserializer)
}

impl Description {
    /// The description in JSON of a checkpoint that stands at `cursor`.
    pub(super) fn of<T>(checkpoint: &Checkpoint<T>, cursor: &Cursor<T>) -> Value {
        let Checkpoint { identity, snapshot, best, history, stop, divergence, .. } = checkpoint;
        let RunFingerprint { seed, rows, batch_size, accumulate, parameters, statistics, optimizer_state } =
            identity;
        json!({
            "identity": {
                "seed": seed,
                "rows": rows,
                "batch_size": batch_size,
                "accumulate": accumulate,
                "parameters": parameters,
                "statistics": statistics,
                "optimizer_state": optimizer_state,
            },
            "position": place(cursor),
            "epoch_start": place(snapshot),
            "best_epoch": best.as_ref().map(|best| best.epoch),
            "stop": stop.map(StopReason::key),
            "divergence": divergence.map(diverged),
            "layers": history.layers.len(),
            "epochs": history.epochs.len(),
        })
    }

    /// # Errors
    /// For anything but what [`of`](Self::of) makes.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| invalid(format!("in its description: {error}")))
    }
}

impl Sizes {
    /// # Errors
    /// For sizes beyond the memory of this machine.
    pub(super) fn to_identity(&self) -> Result<RunFingerprint, Error> {
        let size = |name: &str, value: u64| {
            usize::try_from(value)
                .map_err(|_| invalid(format!("`{name}` is {value}, too large for this machine")))
        };
        Ok(RunFingerprint {
            seed: self.seed,
            rows: size("rows", self.rows)?,
            batch_size: size("batch_size", self.batch_size)?,
            accumulate: size("accumulate", self.accumulate)?,
            parameters: size("parameters", self.parameters)?,
            statistics: size("statistics", self.statistics)?,
            optimizer_state: size("optimizer_state", self.optimizer_state)?,
        })
    }
}

impl From<Diverged> for Divergence {
    fn from(Diverged { step, epoch, what }: Diverged) -> Self {
        let what = match what {
            What::Loss => NonFinite::Loss,
            What::Gradient(layer) => NonFinite::Gradient { layer },
            What::Parameters(layer) => NonFinite::Parameters { layer },
            What::Penalty => NonFinite::Penalty,
            What::Statistics => NonFinite::Statistics,
            What::ValidationLoss => NonFinite::ValidationLoss,
        };
        Divergence { step, epoch, what }
    }
}

fn diverged(Divergence { step, epoch, what }: Divergence) -> Value {
    let what = match what {
        NonFinite::Loss => json!("loss"),
        NonFinite::Gradient { layer } => json!({ "gradient": layer }),
        NonFinite::Parameters { layer } => json!({ "parameters": layer }),
        NonFinite::Penalty => json!("penalty"),
        NonFinite::Statistics => json!("statistics"),
        NonFinite::ValidationLoss => json!("validation_loss"),
    };
    json!({ "step": step, "epoch": epoch, "what": what })
}

fn place<T>(Cursor { steps, epoch, row, .. }: &Cursor<T>) -> Value {
    json!({ "steps": steps, "epoch": epoch, "row": row })
}
