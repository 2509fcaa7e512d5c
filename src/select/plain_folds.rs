//! Splits that do not look at labels.

use super::split::Split;
use crate::check;
use crate::error::Error;
use crate::label::{Label, distinct};
use crate::rng::Rng;

/// Splits `rows` rows into `k` folds of consecutive rows, the first of them one larger where sizes differ.
///
/// For classification [`stratified_k_fold`](crate::select::stratified_k_fold) is usually better: a sorted file has folds without
/// some class here.
///
/// # Errors
/// [`Error::InvalidParameter`] unless `k` is from 2 to the number of rows.
///
/// # Examples
/// ```
/// let sizes: Vec<usize> = logit::select::k_fold(10, 3)?.iter().map(|split| split.test.len()).collect();
/// assert_eq!(sizes, [4, 3, 3]);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn k_fold(rows: usize, k: usize) -> Result<Vec<Split>, Error> {
    of_order(&(0..rows).collect::<Vec<_>>(), k)
}

/// Splits `rows` rows into `k` folds at random.
///
/// ```
/// let splits = logit::select::shuffled_k_fold(10, 5, 1)?;
/// assert!(splits.iter().all(|split| (split.train.len(), split.test.len()) == (8, 2)));
/// assert_eq!(splits, logit::select::shuffled_k_fold(10, 5, 1)?);
/// # Ok::<(), logit::Error>(())
/// ```
///
/// # Errors
/// As [`k_fold`].
pub fn shuffled_k_fold(rows: usize, k: usize, seed: u64) -> Result<Vec<Split>, Error> {
    let mut order: Vec<usize> = (0..rows).collect();
    Rng::new(seed).shuffle(&mut order);
    of_order(&order, k)
}

/// Folds of rows that are consecutive in `order`.
fn of_order(order: &[usize], k: usize) -> Result<Vec<Split>, Error> {
    let rows = order.len();
    check::parameter("k", k as f64, (2..=rows).contains(&k), "at least 2 and at most the number of rows")?;
    let mut fold_of = vec![0; rows];
    let mut end = 0;
    for fold in 0..k {
        let start = end;
        end += rows / k + usize::from(fold < rows % k);
        order[start..end].iter().for_each(|&row| fold_of[row] = fold);
    }
    Ok(by_fold(&fold_of, k))
}

/// A split for each fold.
pub(super) fn by_fold(fold_of: &[usize], k: usize) -> Vec<Split> {
    let split = |fold| {
        let (test, train) = (0..fold_of.len()).partition(|&row| fold_of[row] == fold);
        Split { train, test }
    };
    (0..k).map(split).collect()
}

/// Splits rows into `k` folds so that the rows of a group are all in one: rows of one patient, say, of which some to
/// learn from would give away the others.
///
/// The largest groups are dealt first, each to the fold with the fewest rows; groups of the same size in random order.
///
/// # Errors
/// [`Error::InvalidParameter`] unless `k` is from 2 to the number of groups.
///
/// # Examples
/// ```
/// let patient = ["a", "a", "b", "c", "c", "d"];
/// for split in logit::select::group_k_fold(&patient, 2, 1)? {
///     assert!(split.test.iter().all(|&test| split.train.iter().all(|&train| patient[train] != patient[test])));
/// }
/// # Ok::<(), logit::Error>(())
/// ```
pub fn group_k_fold<G: Label>(groups: &[G], k: usize, seed: u64) -> Result<Vec<Split>, Error> {
    let names = distinct(groups.iter());
    let possible = (2..=names.len()).contains(&k);
    check::parameter("k", k as f64, possible, "at least 2 and at most the number of groups")?;
    let mut members = vec![Vec::new(); names.len()];
    for (row, group) in groups.iter().enumerate() {
        members[names.binary_search(group).unwrap_or_default()].push(row);
    }
    Rng::new(seed).shuffle(&mut members);
    members.sort_by_key(|rows| std::cmp::Reverse(rows.len()));
    let (mut fold_of, mut sizes) = (vec![0; groups.len()], vec![0; k]);
    for rows in members {
        let smallest = (0..k).min_by_key(|&fold| sizes[fold]).unwrap_or(0);
        sizes[smallest] += rows.len();
        rows.into_iter().for_each(|row| fold_of[row] = smallest);
    }
    Ok(by_fold(&fold_of, k))
}

/// Splits rows that are in the order of time so that each is tested by a model of rows before it only: `k` test sets of
/// equal size at the end, each with all rows before it to learn from.
///
/// `gap` rows before each test set are left out, where what is to be predicted reaches back so far.
///
/// # Errors
/// [`Error::InvalidParameter`] for no splits, or more than there are rows for.
///
/// # Examples
/// ```
/// let splits = logit::select::time_ordered_splits(10, 3, 0)?;
/// assert_eq!((splits[0].train.len(), splits[0].test.as_slice()), (4, &[4, 5][..]));
/// assert_eq!((splits[2].train.len(), splits[2].test.as_slice()), (8, &[8, 9][..]));
/// # Ok::<(), logit::Error>(())
/// ```
pub fn time_ordered_splits(rows: usize, k: usize, gap: usize) -> Result<Vec<Split>, Error> {
    let size = rows / k.saturating_add(1).max(1);
    check::parameter("k", k as f64, k > 0 && size > 0, "at least 1 and below the number of rows")?;
    let first = rows - k * size;
    check::parameter("gap", gap as f64, gap < first, "below the number of rows before the first test set")?;
    let split = |fold: usize| {
        let start = first + fold * size;
        Split { train: (0..start - gap).collect(), test: (start..start + size).collect() }
    };
    Ok((0..k).map(split).collect())
}
