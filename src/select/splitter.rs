//! Ways to split rows, as values.

use super::folds::stratified_k_fold;
use super::plain_folds::{check_memory, k_fold, shuffled_k_fold, time_ordered_splits};
use super::split::{Split, train_test_split};
use crate::error::Error;
use crate::label::Label;
use crate::scalar::Real;

/// A way to split rows into training and test sets, for cross-validation and searches.
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
    /// One split with the same fractions of classes on both sides, by [`train_test_split`].
    Holdout {
        /// The fraction of rows in the test set.
        test_fraction: f64,
        /// The seed of the random draw.
        seed: u64,
    },
    /// Folds with the same fractions of classes, by [`stratified_k_fold`].
    Stratified {
        /// The number of folds.
        k: usize,
        /// The seed of the random draw.
        seed: u64,
    },
    /// Folds with the same fractions of classes, drawn several times by [`stratified_k_fold`].
    Repeated {
        /// The number of folds.
        k: usize,
        /// The number of repetitions.
        times: usize,
        /// The seed of the first draw; each repetition adds one.
        seed: u64,
    },
    /// Folds of consecutive rows, by [`k_fold`].
    Consecutive {
        /// The number of folds.
        k: usize,
    },
    /// Folds drawn at random without regard to classes, by [`shuffled_k_fold`].
    Shuffled {
        /// The number of folds.
        k: usize,
        /// The seed of the random draw.
        seed: u64,
    },
    /// Splits that test on later rows than they train on, by [`time_ordered_splits`].
    TimeOrdered {
        /// The number of test sets.
        k: usize,
        /// The number of rows left out before each test set.
        gap: usize,
    },
    /// Given splits, such as those of [`group_k_fold`](crate::select::group_k_fold), of
    /// [`stratified_group_k_fold`](crate::select::stratified_group_k_fold) or [your own](Split::new).
    Given(Vec<Split>),
}

/// Returns five stratified folds, with the seed 0.
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
    /// Returns the splits of rows with these labels.
    ///
    /// # Errors
    /// Returns the errors of the function that the variant names. For [`Splitter::Repeated`] and
    /// [`Splitter::Given`], returns [`Error::Empty`] if there are no splits. For given splits, also returns
    /// the errors of [`Split::new`], and [`Error::ShapeMismatch`] if a split has a row that does not exist.
    pub fn splits<L: Label>(&self, y: &[L]) -> Result<Vec<Split>, Error> {
        match self {
            Splitter::Holdout { test_fraction, seed } => {
                Ok(vec![train_test_split(y, *test_fraction, *seed)?])
            }
            Splitter::Stratified { k, seed } => stratified_k_fold(y, *k, *seed),
            Splitter::Repeated { k, times, seed } => {
                check_memory(y.len(), k.saturating_mul(*times))?;
                let mut all = Vec::new();
                for time in 0..*times as u64 {
                    all.extend(stratified_k_fold(y, *k, seed.wrapping_add(time))?);
                }
                checked(all, y.len())
            }
            Splitter::Consecutive { k } => k_fold(y.len(), *k),
            Splitter::Shuffled { k, seed } => shuffled_k_fold(y.len(), *k, *seed),
            Splitter::TimeOrdered { k, gap } => time_ordered_splits(y.len(), *k, *gap),
            Splitter::Given(splits) => checked(splits.clone(), y.len()),
        }
    }

    /// Returns the splits of the rows with positive weight, as if the other rows did not exist.
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

/// Checks given splits: their fields are public, so they may have changed since [`Split::new`].
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
