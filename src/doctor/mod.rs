//! The doctor: says why training failed, and is silent when it did not.

mod diagnosis;
mod finding;

pub use crate::code::Code;
pub use diagnosis::Diagnosis;
pub use finding::{Finding, Measurement, Severity, Trial};
