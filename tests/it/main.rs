//! Tests of the public interface: one module for each module of `src`, and some for the whole crate.
//!
//! One binary, so that the crate is linked once. `cargo test --all-features --test it linear::` runs a part.

mod common;

// One module of the crate each.
mod boundary;
mod data;
mod decide;
mod doctor;
mod gradcheck;
mod layer;
mod linear;
mod loss;
mod metrics;
mod multiclass;
mod network;
mod optim;
mod parallel;
mod persist;
mod pipeline;
#[cfg(feature = "plot")]
mod plot;
mod preprocess;
mod registry;
mod select;
mod terminal;
mod train;

// The whole crate.
mod agreement;
mod allocations;
mod api;
mod bad_hyperparameters;
mod bad_input;
mod determinism;
mod errors;
mod floors;
#[cfg(all(feature = "csv", feature = "gzip", feature = "serde"))]
mod fuzzed;
mod guide;
mod invariances;
mod names;
mod oracle;
mod predictions;
mod wrappers;
