//! Equal rows with different labels, and the best result that they allow.

use std::collections::BTreeMap;

use super::equal::EqualRows;
use super::terms::{Terms, rows};
use crate::code::Code;
use crate::doctor::finding::{Finding, Severity, short};
use crate::examples::ClassExamples;
use crate::scalar::Real;

/// The best accuracy below which conflicts are a warning.
const HARMLESS: f64 = 0.99;

/// Equal rows with different labels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Conflicts {
    /// The number of rows that have an equal row with another label.
    pub(crate) rows: usize,
    /// The best accuracy of any function of the columns, on these rows.
    pub(crate) best_accuracy: f64,
    /// The best mean cross-entropy of any function of the columns, on these rows.
    pub(crate) best_loss: f64,
    /// Two equal rows with different classes, and these classes: the first such row, and the first row that
    /// contradicts it.
    pub(crate) example: [(usize, usize); 2],
}

impl Conflicts {
    /// Returns the conflicts among the rows, or `None` if there are none. `original` maps rows to those of
    /// the caller.
    ///
    /// # Formula
    /// With the weight n_gc of the rows of class c in the group g of equal rows, the best accuracy is Σ_g
    /// max_c n_gc / n. The best loss is the mean over the rows of the entropy of their group.
    pub(super) fn find<T: Real>(
        examples: ClassExamples<'_, T>,
        count: usize,
        original: impl Fn(usize) -> usize,
    ) -> Option<Self> {
        let classes = examples.targets;
        if count < 2 {
            return None;
        }
        let share = |row: usize| examples.weights.map_or(1.0, |w| w[row].as_f64()) / examples.total_weight;
        let (mut lost, mut best_loss, mut conflicting) = (0.0, 0.0, 0);
        let mut example: Option<[(usize, usize); 2]> = None;
        let equal = EqualRows::new(examples.x);
        for group in equal.groups() {
            let first = group[0];
            let Some(&other) = group.iter().find(|&&row| classes[row] != classes[first]) else { continue };
            let mut shares: BTreeMap<usize, f64> = BTreeMap::new();
            group.iter().for_each(|&row| *shares.entry(classes[row]).or_default() += share(row));
            let total: f64 = shares.values().sum();
            lost += total - shares.values().copied().fold(0.0, f64::max);
            best_loss -= shares.values().filter(|n| **n > 0.0).map(|n| n * (n / total).ln()).sum::<f64>();
            conflicting += group.len();
            if example.is_none_or(|[(row, _), _]| first < row) {
                example = Some([(first, classes[first]), (other, classes[other])]);
            }
        }
        let example = example?.map(|(row, class)| (original(row), class));
        Some(Conflicts { rows: conflicting, best_accuracy: 1.0 - lost, best_loss, example })
    }

    pub(super) fn finding(&self, terms: &Terms<'_>) -> Finding {
        let [(first, class), (other, other_class)] = self.example;
        let severity = if self.best_accuracy < HARMLESS { Severity::Warning } else { Severity::Info };
        let why = format!(
            "{} have an equal row with another label, such as row {first} ({}) and row {other} ({}): no model \
             of these columns has an accuracy above {} or a cross-entropy below {} on these rows",
            rows(self.rows),
            terms.class(class),
            terms.class(other_class),
            short(self.best_accuracy),
            short(self.best_loss),
        );
        let change = "add columns that tell these rows apart, or correct the labels; a model that reaches \
                      these numbers cannot be improved";
        Finding::new(Code::ConflictingRows, severity, why, change)
            .saw("conflicting rows", self.rows as f64)
            .saw("best accuracy", self.best_accuracy)
            .saw("best loss", self.best_loss)
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;

    use super::*;
    use crate::rows::Rows;

    #[test]
    fn the_best_result_is_that_of_the_frequencies_in_each_group() {
        let x = dmatrix![1.0; 2.0; 1.0; 2.0; 1.0; 3.0];
        let classes = [0, 1, 1, 1, 1, 0];
        let find = |weights: Option<&[f64]>| {
            let examples = ClassExamples::new(Rows::from(&x), &classes, weights).unwrap();
            Conflicts::find(examples, 2, |row| row + 10).unwrap()
        };
        let found = find(None);
        assert_eq!((found.rows, found.example), (3, [(10, 0), (12, 1)]));
        approx::assert_relative_eq!(found.best_accuracy, 5.0 / 6.0, max_relative = 1e-14);
        let entropy = -((1.0 / 3.0) * (1.0f64 / 3.0).ln() + (2.0 / 3.0) * (2.0f64 / 3.0).ln());
        approx::assert_relative_eq!(found.best_loss, 0.5 * entropy, max_relative = 1e-14);
        // A weight of 2 is a row twice: the tie of the first group costs 2 of 7.
        let weighted = find(Some(&[2.0, 1.0, 1.0, 1.0, 1.0, 1.0]));
        approx::assert_relative_eq!(weighted.best_accuracy, 5.0 / 7.0, max_relative = 1e-14);
    }
}
