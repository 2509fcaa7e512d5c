//! Models in files: what is saved comes back to the bit, and what is damaged, hostile or of another kind is refused.

mod damaged;
mod golden;
mod hostile;
#[cfg(feature = "serde")]
mod json;
pub(crate) mod kit;
mod memory;
mod python;
mod round_trips;
mod structure;
