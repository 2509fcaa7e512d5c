//! The training loop: any layer on any loss, validation, divergence, checkpoints, warm starts.

mod accumulation;
mod checkpoint_files;
mod checkpoint_kit;
mod checkpoints;
mod damaged_checkpoints;
mod divergence;
mod early_stopping;
mod gradients;
mod history;
mod kit;
mod range_test;
mod repeatability;
mod warm_starts;
mod weights;
