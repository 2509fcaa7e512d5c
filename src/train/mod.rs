//! Training of any layer on any loss: mini-batches, validation, history and checkpoints.

mod attended;
mod blocks;
mod checkpoint;
mod compatible;
mod config;
mod consistency;
mod engine;
mod history;
mod identity;
mod objective;
mod options;
mod rate_finder;
mod repeat;
mod run;
mod samples;
mod start;
mod state;
mod stored;
mod stored_checkpoint;
mod stored_history;
#[cfg(test)]
mod tests;
mod trained;
mod validation;

pub(crate) use attended::{Attendance, Attendant, Attending, NetworkFit, Settings, Weights};
pub(crate) use blocks::BLOCK;
pub use checkpoint::Checkpoint;
pub(crate) use compatible::check_compatible;
pub use config::Trainer;
pub use history::{Epoch, History, LayerUpdate};
pub use objective::NetworkObjective;
pub(crate) use options::CheckedOptions;
pub use options::TrainOptions;
pub use rate_finder::{RateCurve, RateRange};
pub(crate) use repeat::{AnyObjective, Minimizing, Remade};
pub use run::{Run, StepOutcome};
pub(crate) use state::RunState;
pub use trained::Trained;
