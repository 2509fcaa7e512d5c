//! Label sets: any number of labels per row.

use nalgebra::DMatrix;

use crate::check;
use crate::error::Error;
use crate::label::{Label, distinct};
use crate::scalar::Real;

/// The labels of each row, which can have none, one or several of them.
///
/// Label sets are built from one set per row or from an n x K indicator matrix. The labels are sorted, as
/// classes are.
///
/// ```
/// use logit::LabelSets;
///
/// let tags = LabelSets::new(&[vec!["news", "sport"], vec![], vec!["sport"]])?;
/// assert_eq!(tags.labels(), ["news", "sport"]);
/// assert!(tags.has(0, 0) && !tags.has(2, 0));
/// assert_eq!(tags.sets(), [vec!["news", "sport"], vec![], vec!["sport"]]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LabelSets<L> {
    labels: Vec<L>,
    indicator: DMatrix<bool>,
}

impl<L: Label> LabelSets<L> {
    /// Creates label sets from one set per row, in any order. The labels are all labels that occur.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] if no row has a label, and [`Error::OutOfMemory`] if there is no memory for an
    /// entry per row and label.
    pub fn new<S: AsRef<[L]>>(sets: &[S]) -> Result<Self, Error> {
        let labels = distinct(sets.iter().flat_map(AsRef::as_ref));
        Self::with_labels(sets, labels)
    }

    /// Creates label sets from one set per row, with given labels, such as those that a model was fitted
    /// with.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] if `labels` is empty, [`Error::UnknownLabel`] if a set contains a label that
    /// is not in `labels`, and [`Error::OutOfMemory`] if there is no memory for an entry per row and label.
    pub fn with_labels<S: AsRef<[L]>>(
        sets: &[S],
        labels: impl IntoIterator<Item = L>,
    ) -> Result<Self, Error> {
        let given: Vec<L> = labels.into_iter().collect();
        let labels = distinct(given.iter());
        if labels.is_empty() {
            return Err(Error::Empty { argument: "labels", axis: "entries" });
        }
        check::room::<bool>("the label sets", sets.len(), labels.len())?;
        let mut indicator = DMatrix::repeat(sets.len(), labels.len(), false);
        for (row, set) in sets.iter().enumerate() {
            for label in set.as_ref() {
                let unknown =
                    |_| Error::UnknownLabel { row, label: format!("{label:?}"), classes: labels.len() };
                indicator[(row, labels.binary_search(label).map_err(unknown)?)] = true;
            }
        }
        Ok(LabelSets { labels, indicator })
    }

    /// Creates label sets from an n x K matrix of which row has which label, and the labels of its columns in
    /// ascending order.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] if the matrix has no columns, [`Error::ShapeMismatch`] if the numbers of
    /// labels and columns differ, and [`Error::UnsortedClasses`] if the labels are not strictly ascending.
    pub fn from_indicator(indicator: DMatrix<bool>, labels: impl Into<Vec<L>>) -> Result<Self, Error> {
        let labels = labels.into();
        if indicator.ncols() == 0 {
            return Err(Error::Empty { argument: "indicator", axis: "columns" });
        }
        check::count("labels", "entries", indicator.ncols(), labels.len())?;
        if let Some(pair) = labels.windows(2).find(|pair| pair[0] >= pair[1]) {
            let (first, second) = (format!("{:?}", pair[0]), format!("{:?}", pair[1]));
            return Err(Error::UnsortedClasses { first, second });
        }
        Ok(LabelSets { labels, indicator })
    }

    /// Returns the labels, in ascending order.
    pub fn labels(&self) -> &[L] {
        &self.labels
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.indicator.nrows()
    }

    /// Returns whether a row has a label, given by its index in [`labels`](Self::labels).
    ///
    /// # Panics
    /// Panics if there is no such row or label.
    pub fn has(&self, row: usize, label: usize) -> bool {
        self.indicator[(row, label)]
    }

    /// Returns the indicator matrix, n x K: `true` where a row has a label.
    pub fn indicator(&self) -> &DMatrix<bool> {
        &self.indicator
    }

    /// Returns the labels of each row, in ascending order.
    pub fn sets(&self) -> Vec<Vec<L>> {
        let of_row = |row: usize| {
            let has = |(index, label): (usize, &L)| self.has(row, index).then(|| label.clone());
            self.labels.iter().enumerate().filter_map(has).collect()
        };
        (0..self.rows()).map(of_row).collect()
    }

    /// 1 where a row has a label, 0 where it has not.
    pub(crate) fn targets<T: Real>(&self) -> DMatrix<T> {
        self.indicator.map(|has| if has { T::one() } else { T::zero() })
    }

    /// Checks that there are `rows` rows and that the labels are exactly `labels`, in the same order.
    pub(crate) fn check(&self, labels: &[L], rows: usize) -> Result<(), Error> {
        check::count("y", "rows", rows, self.rows())?;
        check::count("y", "labels", labels.len(), self.labels.len())?;
        match self.labels.iter().zip(labels).position(|(found, wanted)| found != wanted) {
            Some(index) => Err(Error::UnknownLabel {
                row: 0,
                label: format!("{:?}", self.labels[index]),
                classes: labels.len(),
            }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_and_indicators_say_the_same() {
        let sets = [vec![3, 1], vec![], vec![2, 2]];
        let from_sets = LabelSets::new(&sets).unwrap();
        let indicator =
            DMatrix::from_row_slice(3, 3, &[true, false, true, false, false, false, false, true, false]);
        assert_eq!(LabelSets::from_indicator(indicator.clone(), [1, 2, 3]), Ok(from_sets.clone()));
        assert_eq!(from_sets.sets(), [vec![1, 3], vec![], vec![2]]);
        assert_eq!(from_sets.targets::<f64>().sum(), 3.0);
        let unsorted = LabelSets::from_indicator(indicator.clone(), [1, 3, 2]).unwrap_err();
        assert!(matches!(unsorted, Error::UnsortedClasses { .. }), "{unsorted}");
        assert!(matches!(LabelSets::from_indicator(indicator, [1, 2]), Err(Error::ShapeMismatch { .. })));
        let unknown = LabelSets::with_labels(&sets, [1, 2]).unwrap_err();
        assert!(matches!(unknown, Error::UnknownLabel { row: 0, .. }), "{unknown}");
        assert!(matches!(LabelSets::<u8>::new(&[Vec::new()]), Err(Error::Empty { .. })));
    }
}
