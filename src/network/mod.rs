//! The multi-layer perceptron as a classifier.

mod architecture;
mod config;
mod fit;
mod fitted;
mod multi_label;
mod partial;
mod prepare;
mod run;
mod stored;

pub use architecture::Normalization;
pub use config::{Minimizer, MlpClassifier, MlpOptimizer};
pub use fitted::FittedMlp;
pub use multi_label::FittedMultiLabel;
pub use partial::PartialMlp;
pub use run::{MlpOptions, MlpRun};
