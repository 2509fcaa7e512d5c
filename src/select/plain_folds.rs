//! Splits that do not depend on labels.

use super::split::Split;
use crate::check;
use crate::error::Error;
use crate::label::{Label, distinct};
use crate::rng::Rng;

/// Splits `rows` rows into `k` folds of consecutive rows.
///
/// If the sizes differ, the first folds have one row more. For classification,
/// [`stratified_k_fold`](crate::select::stratified_k_fold) is usually better: if a file is sorted, some of
/// these folds lack a class.
///
/// The splits take 8 `k` `rows` bytes, as those of the other functions with `k` folds do, so `k` = `rows`
/// (leave one out) is for small data.
///
/// # Errors
/// Returns [`Error::InvalidParameter`] unless `k` is from 2 to the number of rows, and [`Error::OutOfMemory`]
/// if there is no memory for the splits.
///
/// # Examples
/// ```
/// let sizes: Vec<usize> =
///     logit::select::k_fold(10, 3)?.iter().map(|split| split.test.len()).collect();
/// assert_eq!(sizes, [4, 3, 3]);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn k_fold(rows: usize, k: usize) -> Result<Vec<Split>, Error> {
    check_folds(rows, k)?;
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
/// Returns [`Error::InvalidParameter`] unless `k` is from 2 to the number of rows, and [`Error::OutOfMemory`]
/// if there is no memory for the splits, which take 8 `k` `rows` bytes.
pub fn shuffled_k_fold(rows: usize, k: usize, seed: u64) -> Result<Vec<Split>, Error> {
    check_folds(rows, k)?;
    let mut order: Vec<usize> = (0..rows).collect();
    Rng::new(seed).shuffle(&mut order);
    of_order(&order, k)
}

/// Checks the number of folds, and that there is memory for the splits.
fn check_folds(rows: usize, k: usize) -> Result<(), Error> {
    check::parameter("k", k as f64, (2..=rows).contains(&k), "at least 2 and at most the number of rows")?;
    check_memory(rows, k)
}

/// Checks that there is memory for `k` splits of `rows` rows.
pub(super) fn check_memory(rows: usize, k: usize) -> Result<(), Error> {
    check::room::<usize>("the row numbers of the splits", k, rows)
}

/// Returns `k` folds of rows that are consecutive in `order`.
fn of_order(order: &[usize], k: usize) -> Result<Vec<Split>, Error> {
    let rows = order.len();
    let mut fold_of = vec![0; rows];
    let mut end = 0;
    for fold in 0..k {
        let start = end;
        end += rows / k + usize::from(fold < rows % k);
        order[start..end].iter().for_each(|&row| fold_of[row] = fold);
    }
    by_fold(&fold_of, k)
}

/// Returns one split for each of `k` folds, given the fold of each row.
///
/// It takes as long as writing the splits does: rows are distributed once, and a training set is the ranges
/// between the test rows.
///
/// # Errors
/// Returns [`Error::OutOfMemory`] if there is no memory for the splits.
pub(super) fn by_fold(fold_of: &[usize], k: usize) -> Result<Vec<Split>, Error> {
    check_memory(fold_of.len(), k)?;
    let mut tests = vec![Vec::new(); k];
    for (row, &fold) in fold_of.iter().enumerate() {
        tests[fold].push(row);
    }
    let split = |mut test: Vec<usize>| {
        test.shrink_to_fit();
        let mut train = Vec::with_capacity(fold_of.len() - test.len());
        let mut next = 0;
        for &row in &test {
            train.extend(next..row);
            next = row + 1;
        }
        train.extend(next..fold_of.len());
        Split { train, test }
    };
    Ok(tests.into_iter().map(split).collect())
}

/// Splits rows into `k` folds so that all rows of a group are in the same fold.
///
/// Use it if rows of a group give each other away, such as several rows of one patient. The largest groups
/// are assigned first, each to the fold with the fewest rows. Groups of the same size come in random order.
/// Classes are not balanced: [`stratified_group_k_fold`](crate::select::stratified_group_k_fold) does that.
///
/// # Errors
/// Returns [`Error::InvalidParameter`] unless `k` is from 2 to the number of groups, and
/// [`Error::OutOfMemory`] if there is no memory for the splits.
///
/// # Examples
/// ```
/// let patient = ["a", "a", "b", "c", "c", "d"];
/// for split in logit::select::group_k_fold(&patient, 2, 1)? {
///     assert!(split.test.iter().all(|&test| {
///         split.train.iter().all(|&train| patient[train] != patient[test])
///     }));
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
    by_fold(&fold_of, k)
}

/// Splits rows in order of time into `k` splits that test on rows after all training rows.
///
/// The `k` test sets have equal size and lie at the end. Each has all rows before it as its training set,
/// except the `gap` rows directly before it. Use a gap if the target of a row depends on that many earlier
/// rows.
///
/// # Errors
/// Returns [`Error::InvalidParameter`] if `k` is 0 or not below the number of rows, or if `gap` is not below
/// the number of rows before the first test set. Returns [`Error::OutOfMemory`] if there is no memory for the
/// splits.
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
    check_memory(rows, k)?;
    let split = |fold: usize| {
        let start = first + fold * size;
        Split { train: (0..start - gap).collect(), test: (start..start + size).collect() }
    };
    Ok((0..k).map(split).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_beyond_the_memory_are_an_error() {
        let too_large = |splits: Result<Vec<Split>, Error>| {
            let error = splits.unwrap_err();
            assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
            error.to_string()
        };
        for rows in [1 << 45, usize::MAX] {
            for k in [2, 1 << 40] {
                too_large(k_fold(rows, k));
                too_large(shuffled_k_fold(rows, k, 0));
                too_large(time_ordered_splits(rows, k, 0));
            }
        }
        assert_eq!(
            too_large(k_fold(1 << 40, 2)),
            "the row numbers of the splits would take 2 x 1099511627776 entries (16384.0 GiB), which is more \
             memory than there is: make them smaller, or work in parts"
        );
        assert!(matches!(k_fold(usize::MAX, 1), Err(Error::InvalidParameter { name: "k", .. })));
    }

    #[test]
    fn each_row_alone_is_a_fold() {
        let splits = shuffled_k_fold(300, 300, 1).unwrap();
        for Split { train, test } in &splits {
            assert_eq!((train.len(), test.len()), (299, 1));
            assert!(train.iter().copied().eq((0..300).filter(|row| *row != test[0])));
        }
        let mut tested: Vec<usize> = splits.iter().map(|split| split.test[0]).collect();
        tested.sort_unstable();
        assert!(tested.into_iter().eq(0..300));
    }
}
