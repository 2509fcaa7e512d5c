//! Stratified splits into k folds.

use super::plain_folds::by_fold;
use super::split::{Split, shuffled_members};
use crate::check;
use crate::error::Error;
use crate::label::{Label, encode};
use crate::rng::Rng;

/// Splits rows at random into `k` folds with the same fractions of classes, for cross-validation.
///
/// Each fold is the test set of one split, whose training set is all other rows. Every row is in exactly one
/// test set. Of a class with m rows, each fold has m / k, rounded down or up, so every training set has rows
/// of every class. The sizes of folds differ by at most one.
///
/// # Errors
/// Returns [`Error::InvalidParameter`] unless `k` is from 2 to the number of rows. Returns [`Error::Empty`]
/// if there are no labels, [`Error::OneClass`] if all labels are the same, [`Error::SplitTooSmall`] if a
/// class has a single row, and [`Error::OutOfMemory`] if there is no memory for the splits.
///
/// # Examples
/// ```
/// use logit::select::stratified_k_fold;
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, data};
///
/// let iris = data::iris();
/// let mut right = 0.0;
/// for split in stratified_k_fold(&iris.y, 5, 42)? {
///     let [train, test] = [&split.train, &split.test].map(|rows| {
///         (
///             iris.x.select_rows(rows),
///             rows.iter().map(|&row| iris.y[row]).collect::<Vec<_>>(),
///         )
///     });
///     let model = LogisticRegression::new(Penalty::c(1.0)).fit(&train.0, &train.1)?;
///     right += model.score(&test.0, &test.1)? / 5.0;
/// }
/// assert!(right > 0.95);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn stratified_k_fold<L: Label>(y: &[L], k: usize, seed: u64) -> Result<Vec<Split>, Error> {
    let encoded = encode(y, |_| true)?;
    let possible = (2..=y.len()).contains(&k);
    check::parameter("k", k as f64, possible, "at least 2 and at most the number of rows")?;
    folds(&encoded.indices, &encoded.classes, k, &mut Rng::new(seed))
}

/// Splits rows by class index into `k` stratified folds; `k` must be from 2 to the number of rows.
pub(crate) fn folds<L: Label>(
    indices: &[usize],
    classes: &[L],
    k: usize,
    rng: &mut Rng,
) -> Result<Vec<Split>, Error> {
    let available = indices.len();
    let members = shuffled_members(indices, classes, available.div_ceil(k), rng)?;
    // Rows are dealt to folds in turn, class after class; a class starts at the fold after the last one
    // dealt.
    let mut fold_of = vec![0; available];
    for (dealt, row) in members.into_iter().flatten().enumerate() {
        fold_of[row] = dealt % k;
    }
    by_fold(&fold_of, k)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rng::Rng;

    fn count(rows: &[usize], y: &[u8], class: u8) -> usize {
        rows.iter().filter(|&&row| y[row] == class).count()
    }

    proptest! {
        #[test]
        fn every_row_is_tested_on_once_and_every_fold_has_its_share(
            sizes in prop::collection::vec(2usize..20, 2..5), k in 2usize..12, seed: u64,
        ) {
            let mut y: Vec<u8> = (0u8..).zip(&sizes).flat_map(|(c, &size)| vec![c; size]).collect();
            Rng::new(seed ^ 1).shuffle(&mut y);
            prop_assume!(k <= y.len());
            let splits = stratified_k_fold(&y, k, seed).unwrap();
            prop_assert_eq!(splits.len(), k);
            let mut tested: Vec<usize> = splits.iter().flat_map(|split| split.test.clone()).collect();
            tested.sort_unstable();
            prop_assert_eq!(tested, (0..y.len()).collect::<Vec<_>>());
            for Split { train, test } in &splits {
                prop_assert!(train.is_sorted() && test.is_sorted());
                let mut all = [train.as_slice(), test].concat();
                all.sort_unstable();
                prop_assert_eq!(all, (0..y.len()).collect::<Vec<_>>());
                prop_assert!((y.len() / k..=y.len().div_ceil(k)).contains(&test.len()));
                for (class, &size) in (0u8..).zip(&sizes) {
                    prop_assert!((size / k..=size.div_ceil(k)).contains(&count(test, &y, class)));
                    prop_assert!(count(train, &y, class) > 0);
                }
            }
        }
    }

    #[test]
    fn the_seed_decides() {
        let y: Vec<u8> = (0..60).map(|i| i % 3).collect();
        let splits = |seed| stratified_k_fold(&y, 4, seed).unwrap();
        assert_eq!(splits(1), splits(1));
        assert_ne!(splits(1), splits(2));
        // Shuffled: not simply the rows in their order.
        assert_ne!(splits(1)[0].test, (0..15).collect::<Vec<_>>());
        let evenly: Vec<usize> = (0..60).filter(|row| row / 3 % 4 == 0).collect();
        assert_ne!(splits(1)[0].test, evenly);
    }

    #[test]
    fn what_cannot_be_split_is_an_error() {
        let y = ["a", "a", "b", "a", "b"];
        for k in [0, 1, 6, usize::MAX] {
            let error = stratified_k_fold(&y, k, 0).unwrap_err();
            assert!(matches!(error, Error::InvalidParameter { name: "k", .. }), "{k}: {error}");
        }
        assert_eq!(stratified_k_fold(&y, 5, 0).unwrap().len(), 5);
        let error = stratified_k_fold(&["a", "a", "a", "b"], 2, 0).unwrap_err();
        let label = "\"b\"".to_owned();
        assert_eq!(error, Error::SplitTooSmall { requested: 2, available: 4, label, members: 1 });
        assert!(matches!(stratified_k_fold(&[1, 1, 1], 2, 0), Err(Error::OneClass { .. })));
        assert!(matches!(stratified_k_fold::<u8>(&[], 2, 0), Err(Error::Empty { argument: "y", .. })));
    }
}
