//! Splits of rows into training and test sets.

mod folds;
mod split;

pub(crate) use folds::folds;
pub use folds::stratified_k_fold;
pub(crate) use split::stratified;
pub use split::{Split, train_test_split};
