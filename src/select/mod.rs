//! Model selection: splits of rows into training and test sets, cross-validation, searches and score curves.
//!
//! | Task | Call |
//! |---|---|
//! | Hold out test rows | [`train_test_split`] |
//! | Estimate how well an estimator predicts new rows | [`CrossValidation`], with a [`Splitter`] |
//! | Choose between configurations | [`Search`] |
//! | See whether more rows, or another setting, would help | [`learning_curve`], [`validation_curve`] |

mod cross_validation;
mod fold_stops;
mod folds;
mod group_folds;
mod held_out;
mod learning_curves;
mod part;
mod plain_folds;
mod search;
mod split;
mod splitter;
mod trained_classes;
mod trials;

pub use cross_validation::{CrossValidation, CrossValidationResult};
pub use fold_stops::FoldStops;
pub(crate) use folds::folds;
pub use folds::stratified_k_fold;
pub use group_folds::stratified_group_k_fold;
pub(crate) use held_out::HeldOut;
pub use learning_curves::{ScoreCurve, learning_curve, validation_curve};
pub(crate) use part::Part;
pub use plain_folds::{group_k_fold, k_fold, shuffled_k_fold, time_ordered_splits};
pub use search::{Candidate, FittedSearch, Search, grid2};
pub(crate) use split::stratified;
pub use split::{Split, train_test_split};
pub use splitter::Splitter;
