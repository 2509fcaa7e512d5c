//! Stratified splits into two parts.

use crate::check;
use crate::error::Error;
use crate::label::{Label, encode};
use crate::rng::Rng;
use crate::scalar::share;

/// The row numbers of a training set and a test set, disjoint and each in ascending order.
///
/// ```
/// use logit::select::{Split, Splitter};
///
/// let by_year = [2021, 2021, 2022, 2022, 2023];
/// let rows = |of: &dyn Fn(i32) -> bool| {
///     (0..5).filter(|&row| of(by_year[row])).collect::<Vec<usize>>()
/// };
/// let split = Split::new(rows(&|year| year < 2023), rows(&|year| year == 2023))?;
/// assert_eq!(
///     (split.train.as_slice(), split.test.as_slice()),
///     (&[0, 1, 2, 3][..], &[4][..])
/// );
/// let splitter = Splitter::from(vec![split]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Split {
    /// The rows of the training set.
    pub train: Vec<usize>,
    /// The rows of the test set.
    pub test: Vec<usize>,
}

impl Split {
    /// Creates a split from your own choice of rows, in any order.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] if a side has no rows. Returns [`Error::InvalidParameter`] if a row appears
    /// twice, on one side or on both: a training row cannot be a test row.
    pub fn new(train: impl Into<Vec<usize>>, test: impl Into<Vec<usize>>) -> Result<Self, Error> {
        let mut split = Split { train: train.into(), test: test.into() };
        split.train.sort_unstable();
        split.test.sort_unstable();
        split.check().map(|()| split)
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        for (argument, rows) in [("train", &self.train), ("test", &self.test)] {
            if rows.is_empty() {
                return Err(Error::Empty { argument, axis: "rows" });
            }
        }
        let mut all = [self.train.as_slice(), &self.test].concat();
        all.sort_unstable();
        match all.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => {
                let requires = "a row that appears once, in `train` or in `test`";
                Err(Error::InvalidParameter { name: "split", value: pair[0] as f64, requires })
            }
            None => Ok(()),
        }
    }
}

/// Splits rows at random into a training and a test set with the same fractions of classes.
///
/// The test set has `test_fraction` of the rows, rounded up: 0.07 of 100 rows are 7, however the product is
/// rounded. Each class contributes its share, rounded down or up so that the counts add up (largest
/// remainders first), and at least one row to each side.
///
/// # Errors
/// Returns [`Error::InvalidParameter`] if `test_fraction` is not between 0 and 1, both excluded. Returns
/// [`Error::Empty`] if there are no labels, [`Error::OneClass`] if all labels are the same, and
/// [`Error::SplitTooSmall`] if a class has a single row.
///
/// # Examples
/// ```
/// use logit::{data, train_test_split};
///
/// let iris = data::iris();
/// let split = train_test_split(&iris.y, 0.2, 42)?;
/// assert_eq!((split.train.len(), split.test.len()), (120, 30));
/// let (x_train, x_test) =
///     (iris.x.select_rows(&split.train), iris.x.select_rows(&split.test));
/// assert_eq!((x_train.nrows(), x_test.nrows()), (120, 30));
/// # Ok::<(), logit::Error>(())
/// ```
pub fn train_test_split<L: Label>(y: &[L], test_fraction: f64, seed: u64) -> Result<Split, Error> {
    check::part("test_fraction", test_fraction)?;
    let encoded = encode(y, |_| true)?;
    stratified(&encoded.indices, &encoded.classes, test_fraction, &mut Rng::new(seed))
}

/// Splits rows by class index into two stratified parts.
pub(crate) fn stratified<L: Label>(
    indices: &[usize],
    classes: &[L],
    fraction: f64,
    rng: &mut Rng,
) -> Result<Split, Error> {
    let available = indices.len();
    let requested = share(available, fraction);
    let members = shuffled_members(indices, classes, requested, rng)?;
    let counts = shares(&members.iter().map(Vec::len).collect::<Vec<_>>(), requested);
    let mut split = Split { train: Vec::with_capacity(available), test: Vec::with_capacity(requested) };
    for (rows, count) in members.into_iter().zip(counts) {
        split.test.extend(&rows[..count]);
        split.train.extend(&rows[count..]);
    }
    split.train.sort_unstable();
    split.test.sort_unstable();
    Ok(split)
}

/// Returns the rows of each class in random order.
///
/// # Errors
/// Returns [`Error::SplitTooSmall`] if a class has fewer than two rows; `requested`, the number of rows to
/// split off, is for that error.
pub(super) fn shuffled_members<L: Label>(
    indices: &[usize],
    classes: &[L],
    requested: usize,
    rng: &mut Rng,
) -> Result<Vec<Vec<usize>>, Error> {
    let mut members = vec![Vec::new(); classes.len()];
    for (row, &class) in indices.iter().enumerate() {
        members[class].push(row);
    }
    if let Some((class, rows)) = members.iter().enumerate().find(|(_, rows)| rows.len() < 2) {
        let (available, label) = (indices.len(), format!("{:?}", classes[class]));
        return Err(Error::SplitTooSmall { requested, available, label, members: rows.len() });
    }
    members.iter_mut().for_each(|rows| rng.shuffle(rows));
    Ok(members)
}

/// Returns the number of rows that each class contributes, `requested` in total.
///
/// Each count is the exact share rounded down, plus one for the largest remainders. It is then clamped: at
/// least one row, and at least one row left.
fn shares(sizes: &[usize], requested: usize) -> Vec<usize> {
    let total: usize = sizes.iter().sum();
    let exact = |size: usize| size as f64 * requested as f64 / total as f64;
    let mut counts: Vec<usize> = sizes.iter().map(|&size| exact(size) as usize).collect();
    let mut by_remainder: Vec<usize> = (0..sizes.len()).collect();
    let remainder = |class: usize| exact(sizes[class]).fract();
    by_remainder.sort_by(|&a, &b| remainder(b).total_cmp(&remainder(a)));
    let missing = requested.saturating_sub(counts.iter().sum());
    for &class in by_remainder.iter().take(missing) {
        counts[class] += 1;
    }
    counts.iter().zip(sizes).map(|(&count, &size)| count.clamp(1, size - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_on_one_side_and_shares_are_kept() {
        let y: Vec<u8> = (0..103).map(|i| if i % 5 == 0 { 1 } else { 0 }).collect();
        let split = train_test_split(&y, 0.25, 3).unwrap();
        let mut all = [split.train.clone(), split.test.clone()].concat();
        all.sort_unstable();
        assert_eq!(all, (0..103).collect::<Vec<_>>());
        assert_eq!(split.test.len(), 26);
        let ones = split.test.iter().filter(|&&row| y[row] == 1).count();
        assert!((5..=6).contains(&ones), "{ones} of 21");
    }

    #[test]
    fn no_row_is_on_both_sides() {
        let split = Split::new([3, 0], [2, 1]).unwrap();
        assert_eq!((split.train, split.test), (vec![0, 3], vec![1, 2]));
        for (train, test) in [(vec![0, 1], vec![1]), (vec![0, 0], vec![1]), (vec![0], vec![2, 2])] {
            assert!(matches!(Split::new(train, test), Err(Error::InvalidParameter { name: "split", .. })));
        }
        assert!(matches!(Split::new([], [1]), Err(Error::Empty { argument: "train", .. })));
        assert!(matches!(Split::new([1], []), Err(Error::Empty { argument: "test", .. })));
    }

    #[test]
    fn the_seed_decides() {
        let y: Vec<u8> = (0..60).map(|i| i % 3).collect();
        let split = |seed| train_test_split(&y, 0.3, seed).unwrap();
        assert_eq!(split(1), split(1));
        assert_ne!(split(1), split(2));
    }

    #[test]
    fn the_test_set_has_the_exact_share() {
        let y: Vec<usize> = (0..100).map(|i| i % 2).collect();
        for percent in 2..98 {
            let split = train_test_split(&y, percent as f64 / 100.0, 0).unwrap();
            assert_eq!(split.test.len(), percent);
        }
    }

    #[test]
    fn a_class_of_one_row_cannot_be_split() {
        let error = train_test_split(&["a", "a", "a", "b"], 0.5, 0).unwrap_err();
        assert!(matches!(&error, Error::SplitTooSmall { members: 1, .. }), "{error}");
        assert!(error.to_string().contains("\"b\""), "{error}");
        for fraction in [0.0, 1.0, -0.5, f64::NAN] {
            assert!(train_test_split(&[0, 0, 1, 1], fraction, 0).is_err(), "{fraction}");
        }
        let tiny = train_test_split(&[0, 0, 1, 1], 1e-9, 0).unwrap();
        assert_eq!((tiny.train.len(), tiny.test.len()), (2, 2));
    }
}
