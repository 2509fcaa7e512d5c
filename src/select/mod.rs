//! Splits of rows into training and test sets.

mod split;

pub(crate) use split::stratified;
pub use split::{Split, train_test_split};
