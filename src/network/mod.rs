//! Neural networks as classifiers: the multi-layer perceptron, and networks of any layers.

mod architecture;
mod classifier;
mod config;
mod fit;
mod fitted;
mod mlp;
mod multi_label;
mod partial;
mod passes;
mod prepare;
mod run;
mod stored;

pub use architecture::Normalization;
pub use classifier::NetworkClassifier;
pub use config::{Minimizer, MlpClassifier, MlpOptimizer};
pub use fitted::FittedNetwork;
pub use mlp::FittedMlp;
pub use multi_label::FittedMultiLabel;
pub use partial::PartialMlp;
pub use run::{MlpOptions, MlpRun};
