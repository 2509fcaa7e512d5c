//! Networks for multi-label data, where a row has any number of labels.

mod fit;
mod fitted;
mod stored;

pub use fitted::FittedMultiLabel;
