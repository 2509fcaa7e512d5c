//! Logistic regression with every solver, penalty, weight and offset: properties that hold for all
//! combinations.
//!
//! `kit` has the combinations, and computes objective and optimality conditions on its own, from their
//! definitions.

mod agreement;
mod cancellation;
mod certificates;
mod class_weights;
mod conditioning;
mod cross_validation;
mod golden;
mod hard_data;
mod hostile;
mod inference;
mod influence;
mod jeffreys;
mod kit;
mod labels_and_units;
mod memory;
mod offsets;
mod path;
mod proved_gaps;
mod quasi_separation;
mod reference_fits;
mod repeatability;
mod rows;
mod undecided_separation;
mod warm_starts;
