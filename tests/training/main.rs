//! The training loop: any layer on any loss, validation, divergence, checkpoints, warm starts.

mod accumulation;
mod checkpoints;
mod divergence;
mod gradients;
mod history;
mod kit;
mod range_test;
mod repeatability;
mod warm_starts;
