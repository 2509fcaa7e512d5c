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
mod far_columns;
mod golden;
mod hard;
mod hard_data;
mod hostile;
mod inference;
mod influence;
mod jeffreys;
pub(crate) mod kit;
mod labels_and_units;
mod lies;
mod memory;
mod offsets;
mod path;
mod proved_gaps;
mod quasi_separation;
mod reference_fits;
mod repeatability;
mod rows;
mod shapes;
mod truth;
mod undecided_separation;
mod unit_cases;
mod units;
mod warm_starts;
mod wide_lies;
