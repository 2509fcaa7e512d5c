//! The kinds of models that files have: the one place that names them all.

mod any_classifier;
mod any_transform;
#[cfg(feature = "serde")]
mod serialization;

pub use any_classifier::AnyClassifier;
pub use any_transform::AnyTransform;
