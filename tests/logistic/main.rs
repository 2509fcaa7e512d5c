//! Logistic regression with every solver, penalty, weight and offset: what must hold whatever the combination.
//!
//! `kit` has the combinations, and computes objective and optimality conditions on its own, from their definitions.

mod agreement;
mod cancellation;
mod certificates;
mod class_weights;
#[path = "../common/mod.rs"]
mod common;
mod conditioning;
mod hard_data;
mod hostile;
mod jeffreys;
mod kit;
mod labels_and_units;
mod memory;
mod offsets;
mod proved_gaps;
mod quasi_separation;
mod repeatability;
mod rows;
mod warm_starts;
