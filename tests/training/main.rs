//! The training loop: any layer on any loss, validation, divergence, checkpoints, warm starts.

mod accumulation;
mod checkpoints;
mod divergence;
mod history;
mod kit;
mod warm_starts;
