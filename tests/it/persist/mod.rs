//! Models in files: they load to the same bits, and damaged, malicious or unexpected files are rejected.

mod damaged;
mod golden;
mod hostile;
#[cfg(feature = "serde")]
mod json;
mod killed;
pub(crate) mod kit;
mod memory;
mod python;
mod round_trips;
mod structure;
