//! The doctor: says why training failed, and is silent when it did not.

mod data;
mod diagnosis;
mod estimator;
mod finding;
mod gradient;
#[cfg(feature = "serde")]
mod serialization;
mod serving;
mod settings;
mod trace;
mod training;

pub use crate::code::Code;
pub use data::{examine_data, examine_split};
pub use diagnosis::Diagnosis;
pub use estimator::{DiagnosedOptions, FitDiagnosed};
pub use finding::{Finding, Measurement, Severity, Trial};
pub use serving::{compare_batch, compare_paths, examine_contour};
pub use settings::Doctor;
pub use trace::{Trace, TracePoint, Watched};
pub use training::WatchOptions;
