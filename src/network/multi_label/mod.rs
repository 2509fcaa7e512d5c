//! Networks that give a row any number of labels.

mod fit;
mod fitted;
mod stored;

pub use fitted::FittedMultiLabel;
