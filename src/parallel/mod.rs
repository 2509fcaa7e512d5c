//! Computations on several threads, with the same bits on any number of them.
//!
//! A computation is cut into parts whose limits do not depend on the number of threads. Each part writes to its own
//! memory, or its sum takes its place in a fixed tree. So it does not matter which thread computes which part.
//!
//! Functions ask for threads where they loop over rows, and need not be told how many there are: a limit holds for
//! everything that runs inside [`with_threads`]. Parts that run side by side share the limit, so a fit inside a search
//! does not start threads of its own while the search uses them all.
//!
//! Several processes can sum over their rows together, too, with the bits of one: see [`Exchange`].

mod awake;
mod exchange;
mod limit;
mod rows;
pub(crate) mod tasks;
pub(crate) mod tree;
mod trials;
pub(crate) mod wire;

#[cfg(test)]
pub(crate) use awake::tests::{SHARED, with_awake};
pub(crate) use awake::{awake, workers_awake};
pub(crate) use exchange::gather;
pub use exchange::{Alone, Exchange, ThreadRank, ranks};
pub use limit::with_threads;
pub(crate) use limit::{Threads, available};
pub(crate) use rows::{ByRows, Entries, for_each_part, parts};
pub(crate) use tasks::{for_each, resized, workers_for};
pub(crate) use tree::{Sum, Tally, zeros};
pub(crate) use trials::{attempt, try_map, until_error};
