//! Models whose type is known only when they are loaded, and the registry of the types that files can
//! contain.

mod any_classifier;
mod any_transform;
mod models;

pub use crate::persist::Registry;
pub use any_classifier::AnyClassifier;
pub use any_transform::AnyTransform;
