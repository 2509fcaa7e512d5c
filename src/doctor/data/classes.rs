//! The number of rows of each class, and their order.

use super::terms::{Terms, rows};
use crate::code::Code;
use crate::doctor::finding::{Finding, Severity, short};
use crate::scalar::Real;

/// The number of rows of a class below which nothing can be learnt about it.
const FEW: usize = 5;

/// The number of rows of the smallest class for each coefficient, below which estimates vary much (Peduzzi et
/// al., 1996).
const PER_COEFFICIENT: usize = 10;

/// The number of classes from which many classes with few rows each are a quantity, read as classes.
const MANY: usize = 20;

/// The share of one class from which accuracy alone says little.
const MOST: f64 = 0.75;

/// The number of times by which changes of class must be rarer than in a random order.
const SORTED: f64 = 10.0;

/// The rows of each class that count.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClassCounts {
    /// The number of rows of each class, which is 0 for a class that does not occur.
    pub(crate) rows: Vec<usize>,
    /// The share of each class in the weights.
    pub(crate) shares: Vec<f64>,
    /// The number of runs of rows of one class, in the order of the rows.
    pub(crate) runs: usize,
}

impl ClassCounts {
    pub(super) fn new<T: Real>(classes: &[usize], count: usize, weights: Option<&[T]>) -> Self {
        let mut counts = ClassCounts { rows: vec![0; count], shares: vec![0.0; count], runs: 0 };
        let mut last = None;
        for (row, &class) in classes.iter().enumerate() {
            let weight = weights.map_or(1.0, |w| w[row].as_f64());
            if weight <= 0.0 || class >= count {
                continue;
            }
            counts.rows[class] += 1;
            counts.shares[class] += weight;
            counts.runs += usize::from(last != Some(class));
            last = Some(class);
        }
        let total: f64 = counts.shares.iter().sum();
        counts.shares.iter_mut().for_each(|share| *share /= if total > 0.0 { total } else { 1.0 });
        counts
    }

    /// Returns the number of classes that occur.
    pub(crate) fn present(&self) -> usize {
        self.rows.iter().filter(|&&rows| rows > 0).count()
    }

    fn total(&self) -> usize {
        self.rows.iter().sum()
    }

    /// Returns the smallest class that occurs.
    fn smallest(&self) -> Option<usize> {
        (0..self.rows.len()).filter(|&class| self.rows[class] > 0).min_by_key(|&class| self.rows[class])
    }

    /// Returns whether there are so many classes with so few rows that they look like a quantity.
    pub(super) fn looks_like_a_quantity(&self) -> bool {
        self.present() >= MANY && self.total() < FEW * self.present()
    }

    /// Returns the number of runs that a random order has on average.
    fn expected_runs(&self) -> f64 {
        let total = self.total() as f64;
        1.0 + total - self.rows.iter().map(|&rows| (rows as f64).powi(2)).sum::<f64>() / total.max(1.0)
    }

    pub(super) fn findings(&self, columns: usize, terms: &Terms<'_>) -> Vec<Finding> {
        let Some(smallest) = self.smallest() else { return Vec::new() };
        if self.present() == 1 {
            return vec![self.only(smallest, terms)];
        }
        if self.looks_like_a_quantity() {
            return vec![self.quantity()];
        }
        let mut findings = Vec::new();
        findings.extend(self.small(smallest, columns, terms));
        findings.extend(self.uneven(terms));
        findings.extend(self.sorted());
        findings
    }

    fn only(&self, class: usize, terms: &Terms<'_>) -> Finding {
        let why = format!("all rows are of {}, so there is nothing to distinguish", terms.class(class));
        let change = "add rows of another class; a filter or a split may have removed them";
        Finding::new(Code::TooFewRows, Severity::Error, why, change)
            .saw("classes", 1.0)
            .saw("rows", self.total() as f64)
    }

    fn quantity(&self) -> Finding {
        let (classes, total) = (self.present(), self.total());
        let why = format!(
            "there are {classes} classes in {total} rows, {} rows for each: the labels look like a quantity \
             or an identifier, not like classes",
            short(total as f64 / classes as f64)
        );
        let change = "give the class of each row; divide a quantity into a few ranges, or use a method for \
                      regression";
        Finding::new(Code::LabelCoding, Severity::Warning, why, change)
            .saw("classes", classes as f64)
            .saw("rows", total as f64)
    }

    fn small(&self, smallest: usize, columns: usize, terms: &Terms<'_>) -> Option<Finding> {
        let few = self.rows[smallest];
        let wanted = PER_COEFFICIENT.saturating_mul(columns.saturating_add(1));
        let class = terms.class(smallest);
        let finding = if few < FEW {
            let others = self.rows.iter().filter(|&&rows| rows > 0 && rows < FEW).count() - 1;
            let more = match others {
                0 => String::new(),
                1 => " (and another class as few)".to_owned(),
                _ => format!(" (and {others} other classes as few)"),
            };
            let why = format!("{class} has {}{more}: too few to learn from, or to judge by", rows(few));
            let change = "add rows of the class, or join it with another";
            Finding::new(Code::TooFewRows, Severity::Warning, why, change)
        } else if few < wanted {
            let why = format!(
                "the smallest class, {class}, has {}, and a rule of thumb is 10 for each coefficient of a \
                 linear model: {wanted}",
                rows(few)
            );
            let change = "use a penalty, and choose its strength by cross-validation";
            Finding::new(Code::TooFewRows, Severity::Info, why, change)
        } else {
            return None;
        };
        let total = self.total() as f64;
        Some(finding.saw("rows of the smallest class", few as f64).saw("rows", total))
    }

    fn uneven(&self, terms: &Terms<'_>) -> Option<Finding> {
        let largest = (0..self.rows.len()).max_by(|&a, &b| self.shares[a].total_cmp(&self.shares[b]))?;
        let share = self.shares[largest];
        if share < MOST {
            return None;
        }
        let class = terms.class(largest);
        let why = format!(
            "{} % of the rows are of {class}, so a model that always predicts it has an accuracy of {}: a \
             useful model must have more",
            short(100.0 * share),
            short(share)
        );
        let change = "compare accuracy with this number, and look at the recall of each class; class weights \
                      and the threshold move errors between classes";
        let finding = Finding::new(Code::UnevenClasses, Severity::Info, why, change);
        Some(finding.saw("share of the largest class", share))
    }

    fn sorted(&self) -> Option<Finding> {
        let expected = self.expected_runs();
        if self.runs as f64 * SORTED > expected {
            return None;
        }
        let why = format!(
            "the rows are sorted by label: the label changes {} times from row to row, where a random order \
             has about {} changes",
            self.runs - 1,
            short((expected - 1.0).round())
        );
        let change = "shuffle the rows wherever batches, folds or the test rows are taken in order; the \
                      crate's own training and splits shuffle by default";
        let finding = Finding::new(Code::FewSteps, Severity::Info, why, change);
        Some(finding.saw("changes of label", (self.runs - 1) as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_weight_do_not_count() {
        let counts = ClassCounts::new(&[0, 1, 1, 0, 2], 4, Some(&[1.0, 0.0, 3.0, 1.0, 0.0]));
        assert_eq!(counts.rows, [2, 1, 0, 0]);
        assert_eq!(counts.shares, [0.4, 0.6, 0.0, 0.0]);
        assert_eq!((counts.runs, counts.present()), (3, 2));
    }

    #[test]
    fn the_expected_runs_are_those_of_a_shuffle() {
        let classes: Vec<usize> = (0..60).map(|row| usize::from(row >= 15)).collect();
        let expected = ClassCounts::new::<f64>(&classes, 2, None).expected_runs();
        let mut rng = crate::Rng::new(3);
        let mut mean = 0.0;
        for _ in 0..2000 {
            let mut order = classes.clone();
            rng.shuffle(&mut order);
            mean += ClassCounts::new::<f64>(&order, 2, None).runs as f64 / 2000.0;
        }
        approx::assert_relative_eq!(mean, expected, max_relative = 0.01);
    }
}
