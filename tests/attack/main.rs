//! Random attacks on the public interface.
//!
//! Each test draws many cases of one area: a configuration and data, the nasty ones included. A case fails if
//! it panics, if it does not end, if a documented contract does not hold, or if a report says what is not so.
//! Errors are welcome where the data or the settings deserve them.
//!
//! Case i of seed s is drawn from the number s + i alone, so a failure is repeated by its number:
//!
//! ```sh
//! cargo test --all-features --test attack                             # as in CI
//! LOGIT_ATTACK_CASES=100000 cargo test --release --all-features --test attack linear
//! LOGIT_ATTACK_SEED=4711 LOGIT_ATTACK_CASES=1 cargo test --all-features --test attack linear
//! ```
//!
//! `LOGIT_ATTACK_CASES` is the number of cases of all areas together, and `LOGIT_ATTACK_SEED` the first
//! number. Cases run on two threads.

mod case;
mod contract;
mod data;
mod draw;
mod run;
mod truth;

// The areas.
mod boundary;
mod decide;
mod files;
mod linear;
mod metrics;
mod networks;
mod plot;
mod preprocess;
mod split;
