//! Rows with any number of labels.

mod fitted;
mod label_sets;
mod stored;

pub use fitted::FittedMultiLabel;
pub use label_sets::LabelSets;
