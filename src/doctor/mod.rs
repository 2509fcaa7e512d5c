//! The doctor: says why training failed, and is silent when it did not.

mod data;
mod diagnosis;
mod finding;

pub use crate::code::Code;
pub use data::{examine_data, examine_split};
pub use diagnosis::Diagnosis;
pub use finding::{Finding, Measurement, Severity, Trial};
