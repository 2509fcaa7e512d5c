//! The classes that the targets of a loss stand for.

use nalgebra::DMatrix;

use crate::examples::{OwnedTargets, Targets};
use crate::scalar::Real;

/// The largest number of different targets that count as classes.
const MOST: usize = 256;

/// The classes of targets: which rows have the same target.
#[derive(Debug, Clone)]
pub(crate) struct Classes<T> {
    /// The class of each row.
    pub(crate) of_row: Vec<usize>,
    /// The share of the weight of each class; 0 for an output that no row has as its class.
    pub(crate) shares: Vec<f64>,
    /// The target of a single row of each class; `None` for a class without rows.
    pub(crate) targets: Vec<Option<OwnedTargets<T>>>,
}

impl<T: Real> Classes<T> {
    /// Returns the classes of targets with the given weights, for a network with `outputs` scores.
    ///
    /// Class indices are classes. Rows of values are classes if few different ones occur: a single column in
    /// the order of its values, several columns by the largest entry if that tells them apart, else in the
    /// order in which they occur. `None` for targets that are not classes.
    pub(crate) fn new(targets: Targets<'_, T>, weights: Option<&[T]>, outputs: usize) -> Option<Self> {
        let (of_row, targets) = match targets {
            Targets::Classes(classes) => {
                let count = outputs.max(2).max(classes.iter().max().map_or(0, |class| class + 1));
                let occurs = |class: usize| classes.contains(&class);
                let target = |class| occurs(class).then(|| OwnedTargets::Classes(vec![class]));
                (classes.to_vec(), (0..count).map(target).collect())
            }
            Targets::Values(values) => of_values(values)?,
        };
        let mut shares = vec![0.0; targets.len()];
        for (row, &class) in of_row.iter().enumerate() {
            shares[class] += weights.map_or(1.0, |weights| weights[row].as_f64());
        }
        let total: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|share| *share /= total);
        Some(Classes { of_row, shares, targets })
    }

    /// Returns the entropy of the shares: the cross-entropy of the best constant predictor.
    pub(crate) fn entropy(&self) -> f64 {
        entropy(&self.shares)
    }

    /// Returns the largest share.
    pub(crate) fn majority(&self) -> f64 {
        self.shares.iter().copied().fold(0.0, f64::max)
    }

    /// Returns the number of classes that occur.
    pub(crate) fn occurring(&self) -> usize {
        self.shares.iter().filter(|&&share| share > 0.0).count()
    }
}

/// Returns the entropy of shares.
pub(crate) fn entropy(shares: &[f64]) -> f64 {
    -shares.iter().filter(|&&share| share > 0.0).map(|share| share * share.ln()).sum::<f64>()
}

type Grouped<T> = (Vec<usize>, Vec<Option<OwnedTargets<T>>>);

fn of_values<T: Real>(values: &DMatrix<T>) -> Option<Grouped<T>> {
    let row_of = |row: usize| values.row(row).iter().map(|v| v.as_f64()).collect::<Vec<f64>>();
    let mut distinct: Vec<Vec<f64>> = Vec::new();
    for row in 0..values.nrows() {
        let found = row_of(row);
        let place = distinct.binary_search_by(|other| compare(other, &found));
        if let Err(place) = place {
            distinct.insert(place, found);
        }
        if distinct.len() > MOST.min(values.nrows() / 2 + 2) {
            return None;
        }
    }
    let columns = values.ncols();
    let largest = |row: &Vec<f64>| (1..columns).fold(0, |best, k| if row[k] > row[best] { k } else { best });
    let mut classes: Vec<usize> = distinct.iter().map(largest).collect();
    let unique = |classes: &[usize]| {
        let mut sorted = classes.to_vec();
        sorted.sort_unstable();
        sorted.windows(2).all(|pair| pair[0] != pair[1])
    };
    let count = if columns > 1 && unique(&classes) {
        columns
    } else {
        classes = (0..distinct.len()).collect();
        distinct.len().max(2)
    };
    let mut targets: Vec<Option<OwnedTargets<T>>> = vec![None; count];
    for (row, &class) in distinct.iter().zip(&classes) {
        let entries: Vec<T> = row.iter().map(|&v| T::of(v)).collect();
        targets[class] = Some(OwnedTargets::Values(DMatrix::from_row_slice(1, columns, &entries)));
    }
    let class_of = |row: usize| {
        let place = distinct.binary_search_by(|other| compare(other, &row_of(row)));
        place.map_or(0, |place| classes[place])
    };
    Some(((0..values.nrows()).map(class_of).collect(), targets))
}

fn compare(a: &[f64], b: &[f64]) -> std::cmp::Ordering {
    let pairs = a.iter().zip(b).map(|(a, b)| a.total_cmp(b));
    pairs.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
}

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;

    use super::*;

    #[test]
    fn values_of_one_column_are_classes_in_their_order() {
        let values = dmatrix![1.0; -1.0; 1.0; -1.0];
        let classes = Classes::new(Targets::Values(&values), None, 1).unwrap();
        assert_eq!(classes.of_row, [1, 0, 1, 0]);
        assert_eq!(classes.shares, [0.5, 0.5]);
        assert!((classes.entropy() - 2f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn rows_of_indicators_are_the_classes_of_their_columns() {
        let values = dmatrix![0.9, 0.05, 0.05; 0.05, 0.05, 0.9; 0.9, 0.05, 0.05];
        let classes = Classes::new(Targets::Values(&values), Some(&[1.0, 2.0, 1.0]), 3).unwrap();
        assert_eq!(classes.of_row, [0, 2, 0]);
        assert_eq!((classes.shares.as_slice(), classes.occurring()), (&[0.5, 0.0, 0.5][..], 2));
    }

    #[test]
    fn targets_that_hardly_repeat_are_no_classes() {
        let values = DMatrix::from_fn(100, 1, |row, _| row as f64);
        assert!(Classes::<f64>::new(Targets::Values(&values), None, 1).is_none());
    }
}
