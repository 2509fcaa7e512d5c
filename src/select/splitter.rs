//! How rows are split, as a value.

use super::folds::stratified_k_fold;
use super::plain_folds::{k_fold, shuffled_k_fold, time_ordered_splits};
use super::split::{Split, train_test_split};
use crate::error::Error;
use crate::label::Label;
use crate::scalar::Real;

/// How rows are split into those to learn from and those to test on: what cross-validation and searches are told.
///
/// ```
/// use logit::select::{Split, Splitter};
///
/// let y = ["no", "yes", "no", "yes", "no", "yes"];
/// let tested = |splitter: Splitter| -> Result<Vec<Vec<usize>>, logit::Error> {
///     Ok(splitter.splits(&y)?.into_iter().map(|split| split.test).collect())
/// };
/// assert_eq!(tested(Splitter::Consecutive { k: 3 })?, [[0, 1], [2, 3], [4, 5]]);
/// assert_eq!(tested(Splitter::TimeOrdered { k: 2, gap: 0 })?, [[2, 3], [4, 5]]);
/// assert_eq!(tested(Splitter::Repeated { k: 3, times: 2, seed: 0 })?.len(), 6);
/// assert_eq!(tested(vec![Split::new([0, 1], [5])?].into())?, [[5]]);
/// # Ok::<(), logit::Error>(())
/// ```
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
    /// These, such as those of [`group_k_fold`](crate::select::group_k_fold), or [of your own](Split::new).
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
    /// Those of the functions; [`Error::Empty`] for no splits; for given splits as [`Split::new`], and
    /// [`Error::ShapeMismatch`] for rows that there are not.
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

    /// The splits of the rows whose weight is not 0: those that remain are split as if the others were not there.
    pub(crate) fn splits_of_counted<T: Real, L: Label>(
        &self,
        y: &[L],
        weights: Option<&[T]>,
    ) -> Result<Vec<Split>, Error> {
        let counted: Vec<usize> = match weights {
            Some(weights) => (0..y.len()).filter(|&row| weights[row] > T::zero()).collect(),
            None => return self.splits(y),
        };
        if counted.len() == y.len() {
            return self.splits(y);
        }
        if let Splitter::Given(splits) = self {
            let kept = |rows: &[usize]| -> Vec<usize> {
                rows.iter().copied().filter(|row| counted.binary_search(row).is_ok()).collect()
            };
            let splits = checked(splits.clone(), y.len())?;
            return splits.iter().map(|split| Split::new(kept(&split.train), kept(&split.test))).collect();
        }
        let labels: Vec<L> = counted.iter().map(|&row| y[row].clone()).collect();
        let original = |rows: Vec<usize>| rows.into_iter().map(|row| counted[row]).collect();
        let splits = self.splits(&labels)?.into_iter();
        Ok(splits
            .map(|Split { train, test }| Split { train: original(train), test: original(test) })
            .collect())
    }
}

/// Given splits may have been changed: their fields are open.
fn checked(splits: Vec<Split>, rows: usize) -> Result<Vec<Split>, Error> {
    if splits.is_empty() {
        return Err(Error::Empty { argument: "splits", axis: "entries" });
    }
    splits.iter().try_for_each(Split::check)?;
    let last = splits.iter().flat_map(|split| split.train.iter().chain(&split.test)).max();
    match last {
        Some(&row) if row >= rows => {
            Err(Error::ShapeMismatch { argument: "splits", axis: "rows", expected: rows, found: row + 1 })
        }
        _ => Ok(splits),
    }
}
