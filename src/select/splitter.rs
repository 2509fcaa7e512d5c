//! How rows are split, as a value.

use super::folds::stratified_k_fold;
use super::plain_folds::{k_fold, shuffled_k_fold, time_ordered_splits};
use super::split::{Split, train_test_split};
use crate::error::Error;
use crate::label::Label;

/// How rows are split into those to learn from and those to test on: what cross-validation and searches are told.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Splitter {
    /// [`train_test_split`]: one split, with the same share of every class on both sides.
    Holdout {
        /// The share of rows to test on.
        test_fraction: f64,
        /// The seed of the draw.
        seed: u64,
    },
    /// [`stratified_k_fold`].
    Stratified {
        /// The number of folds.
        k: usize,
        /// The seed of the draw.
        seed: u64,
    },
    /// [`stratified_k_fold`], several times with other draws.
    Repeated {
        /// The number of folds.
        k: usize,
        /// How many times.
        times: usize,
        /// The seed of the first draw; those after it follow.
        seed: u64,
    },
    /// [`k_fold`]: consecutive rows.
    Consecutive {
        /// The number of folds.
        k: usize,
    },
    /// [`shuffled_k_fold`]: without regard to classes.
    Shuffled {
        /// The number of folds.
        k: usize,
        /// The seed of the draw.
        seed: u64,
    },
    /// [`time_ordered_splits`].
    TimeOrdered {
        /// The number of test sets.
        k: usize,
        /// Rows left out before each.
        gap: usize,
    },
    /// These, such as those of [`group_k_fold`](crate::group_k_fold).
    Given(Vec<Split>),
}

/// Five stratified folds.
impl Default for Splitter {
    fn default() -> Self {
        Splitter::Stratified { k: 5, seed: 0 }
    }
}

impl From<Vec<Split>> for Splitter {
    fn from(splits: Vec<Split>) -> Self {
        Splitter::Given(splits)
    }
}

impl Splitter {
    /// The splits of rows with these labels.
    ///
    /// # Errors
    /// Those of the functions; [`Error::Empty`] for no splits, and [`Error::ShapeMismatch`] for given splits that name
    /// rows that there are not.
    pub fn splits<L: Label>(&self, y: &[L]) -> Result<Vec<Split>, Error> {
        match self {
            Splitter::Holdout { test_fraction, seed } => {
                Ok(vec![train_test_split(y, *test_fraction, *seed)?])
            }
            Splitter::Stratified { k, seed } => stratified_k_fold(y, *k, *seed),
            Splitter::Repeated { k, times, seed } => {
                let repeats =
                    (0..*times as u64).map(|time| stratified_k_fold(y, *k, seed.wrapping_add(time)));
                let all: Vec<Vec<Split>> = repeats.collect::<Result<_, _>>()?;
                checked(all.concat(), y.len())
            }
            Splitter::Consecutive { k } => k_fold(y.len(), *k),
            Splitter::Shuffled { k, seed } => shuffled_k_fold(y.len(), *k, *seed),
            Splitter::TimeOrdered { k, gap } => time_ordered_splits(y.len(), *k, *gap),
            Splitter::Given(splits) => checked(splits.clone(), y.len()),
        }
    }
}

fn checked(splits: Vec<Split>, rows: usize) -> Result<Vec<Split>, Error> {
    if splits.is_empty() {
        return Err(Error::Empty { argument: "splits", axis: "entries" });
    }
    let last = splits.iter().flat_map(|split| split.train.iter().chain(&split.test)).max();
    match last {
        Some(&row) if row >= rows => {
            Err(Error::ShapeMismatch { argument: "splits", axis: "rows", expected: rows, found: row + 1 })
        }
        _ => Ok(splits),
    }
}
