//! Columns without information of their own: constant, equal to another, or combinations of others.

use super::equal::{bits, mixed};
use super::terms::Terms;
use crate::code::Code;
use crate::doctor::finding::{Finding, Severity};
use crate::error::counted;
use crate::examples::ClassExamples;
use crate::linear::dependent_columns;
use crate::preprocess::Moments;
use crate::rows::Rows;
use crate::scalar::{Real, column};

/// The largest number of columns for which combinations are looked for.
const COLUMNS: usize = 256;

/// The largest number of products of entries that looking for combinations may take.
const WORK: f64 = 4e9;

/// Columns without information of their own, in ascending order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Redundant {
    /// The columns that are constant up to rounding.
    pub(crate) constant: Vec<usize>,
    /// The number of constant columns that are 0, as words that never occur and the border of pixels are.
    pub(crate) zero: usize,
    /// The number of rows.
    pub(crate) rows: usize,
    /// The columns that equal one before them, each with the first such column; no constant ones.
    pub(crate) duplicates: Vec<(usize, usize)>,
    /// The other columns that are combinations of columns before them. Empty if they were not looked for.
    pub(crate) combinations: Vec<usize>,
}

impl Redundant {
    pub(super) fn new<T: Real>(examples: ClassExamples<'_, T>, moments: &Moments) -> Self {
        let x = examples.x;
        let is_constant = moments.constant();
        let constant: Vec<usize> = (0..x.ncols()).filter(|&j| is_constant[j]).collect();
        let mean = moments.mean();
        let zero = constant.iter().filter(|&&j| mean[j] == 0.0).count();
        let duplicates = duplicates(x, &is_constant);
        let work = x.nrows() as f64 * (x.ncols() as f64).powi(2);
        let looked_for = x.ncols() <= COLUMNS && x.nrows() > x.ncols() && work <= WORK;
        let dependent = if looked_for { dependent_columns(examples) } else { None };
        let is_duplicate = |j: usize| duplicates.binary_search_by_key(&j, |&(column, _)| column).is_ok();
        let other = |&j: &usize| !is_duplicate(j) && !is_constant[j];
        let combinations = dependent.unwrap_or_default().into_iter().filter(other).collect();
        Redundant { constant, zero, rows: x.nrows(), duplicates, combinations }
    }

    /// Returns the number of redundant columns.
    fn count(&self) -> usize {
        self.constant.len() + self.duplicates.len() + self.combinations.len()
    }

    pub(super) fn finding(&self, columns: usize, terms: &Terms<'_>) -> Option<Finding> {
        let Redundant { constant, zero, rows, duplicates, combinations } = self;
        if self.count() == 0 {
            return None;
        }
        let severity = match () {
            _ if constant.len() == columns => Severity::Error,
            // Many pixels are empty in every picture, but not nearly all.
            _ if 4 * constant.len() > 3 * columns => Severity::Warning,
            // More columns than rows always depend on each other.
            _ if 2 * (self.count() - zero) > columns && *rows > columns => Severity::Warning,
            _ => Severity::Info,
        };
        let mut parts = Vec::new();
        let are = |columns: &[usize]| if columns.len() == 1 { "is" } else { "are" };
        if severity == Severity::Error {
            parts.push("every column is constant, so the rows cannot be distinguished".to_owned());
        } else if !constant.is_empty() {
            parts.push(format!("{} {} constant", terms.columns(constant), are(constant)));
        }
        if let [(column, first), ..] = duplicates[..] {
            let more = match duplicates.len() - 1 {
                0 => String::new(),
                more => format!(", and {} equal to others", counted(more, "more columns")),
            };
            parts.push(format!("{} equals column {first}{more}", terms.column(column)));
        }
        if let [first, ..] = combinations[..] {
            let kind = if combinations.len() == 1 { "a combination" } else { "combinations" };
            let others = if first == 0 { "others" } else { "columns before" };
            let list = terms.columns(combinations);
            parts.push(format!("{list} {} {kind} of {others}", are(combinations)));
        }
        let why = parts.join("; ");
        let change = match severity {
            Severity::Error => "find out where the values were lost, such as in a division of integers",
            _ => {
                "remove these columns before coefficients are read: they share their effect with others; \
                  predictions do not need it"
            }
        };
        let saw = |finding: Finding, name: &str, count: usize| match count {
            0 => finding,
            _ => finding.saw(name, count as f64),
        };
        let finding = Finding::new(Code::RedundantColumns, severity, why, change);
        let finding = saw(finding, "constant columns", constant.len());
        let finding = saw(finding, "equal columns", duplicates.len());
        Some(saw(finding, "combinations", combinations.len()).saw("columns", columns as f64))
    }
}

/// Returns the columns that are not constant and equal one before them, with the first such column.
fn duplicates<T: Real>(x: Rows<'_, T>, constant: &[bool]) -> Vec<(usize, usize)> {
    let hash = |j: usize| column(&x, j).iter().fold(0, |hash, &v| mixed(hash, bits(v)));
    let mut hashes: Vec<(u64, usize)> =
        (0..x.ncols()).filter(|&j| !constant[j]).map(|j| (hash(j), j)).collect();
    hashes.sort_unstable();
    let mut found = Vec::new();
    for group in hashes.chunk_by(|a, b| a.0 == b.0) {
        // Different columns with one hash are all but impossible; then some duplicates are missed.
        let first = group[0].1;
        let equal = |j: usize| column(&x, j).iter().zip(column(&x, first)).all(|(a, b)| a == b);
        found.extend(group[1..].iter().map(|&(_, j)| (j, first)).filter(|&(j, _)| equal(j)));
    }
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;
    use crate::Rng;

    fn redundant(x: &DMatrix<f64>) -> Redundant {
        let classes: Vec<usize> = (0..x.nrows()).map(|row| row % 2).collect();
        let examples = ClassExamples::new(Rows::from(x), &classes, None).unwrap();
        Redundant::new(examples, &Moments::of(x, None).unwrap())
    }

    #[test]
    fn each_column_is_redundant_for_one_reason() {
        let mut rng = Rng::new(1);
        let mut x = DMatrix::from_fn(40, 7, |_, _| rng.standard_normal());
        x.column_mut(1).fill(1e9);
        x.column_mut(2).fill(1e9);
        x.set_column(4, &x.column(0).clone_owned());
        x.set_column(5, &(x.column(0) * 2.0 - x.column(3) * 1e3));
        let found = redundant(&x);
        assert_eq!(found.constant, [1, 2]);
        assert_eq!(found.duplicates, [(4, 0)]);
        assert_eq!(found.combinations, [5]);
        let finding = found.finding(7, &Terms::new(None, &|class| class.to_string())).unwrap();
        assert_eq!(finding.severity, Severity::Warning);
        assert_eq!(
            finding.why,
            "columns 1, 2 are constant; column 4 equals column 0; column 5 is a combination of columns before"
        );
        assert_eq!(
            found.finding(8, &Terms::new(None, &|class| class.to_string())).unwrap().severity,
            Severity::Info
        );
    }

    /// Most pixels of a small picture on a large canvas are 0, which is no fault.
    #[test]
    fn empty_columns_are_a_remark() {
        let mut rng = Rng::new(3);
        let severity = |value: f64, rng: &mut Rng| {
            let x = DMatrix::from_fn(40, 6, |_, j| if j < 4 { value } else { rng.standard_normal() });
            redundant(&x).finding(6, &Terms::new(None, &|class| class.to_string())).unwrap().severity
        };
        assert_eq!(severity(0.0, &mut rng), Severity::Info);
        assert_eq!(severity(0.3, &mut rng), Severity::Warning);
    }

    /// More columns than rows always depend on each other, which is no fault of theirs.
    #[test]
    fn wide_rows_are_not_redundant() {
        let mut rng = Rng::new(2);
        let x = DMatrix::from_fn(20, 40, |_, _| rng.standard_normal());
        assert_eq!(redundant(&x).count(), 0);
    }
}
