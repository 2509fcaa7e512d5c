//! Columns that give the label away.
//!
//! That a column separates the classes is no evidence: the length of a petal separates iris setosa from the
//! others. A leaked label looks different. It has one value for each class, or one cluster for each class
//! that is tiny beside the distances between them, and no other column is anywhere near as good.

use super::separation::Separation;
use super::terms::Terms;
use crate::code::Code;
use crate::doctor::finding::{Finding, Severity};
use crate::rows::Rows;
use crate::scalar::Real;

/// The smallest number of rows, and of rows of a class, from which a perfect column is no accident.
const ROWS: usize = 20;
const ROWS_OF_CLASS: usize = 5;

/// The largest number of classes for which columns are compared with the label.
const CLASSES: usize = 64;

/// The largest share of the rows of a class in which a copy of the label may have another value.
const ERROR: f64 = 0.03;

/// The smallest distance between the clusters of two classes, in standard deviations within a class.
///
/// Petal length is at 4 for iris setosa and the rest together; generated blobs of unit deviation are below 20.
const DISTANCE: f64 = 40.0;

/// The same for two classes whose clusters are not at neighbouring codes of labels, such as 0 and 1. Any two
/// means are evenly spaced, so only the distance is left as evidence.
const DISTANCE_OF_TWO: f64 = 150.0;

/// The distance of a mean from a code, relative to the distance between the means, that counts as equal.
const AT_A_CODE: f64 = 0.05;

/// The factor within which deviations within classes are alike. Rows that are drawn around points have alike
/// deviations in all columns, and no column is the label.
const ALIKE: f64 = 1.5;

/// The number of times by which the variance within classes, relative to all variance, must be larger in
/// every other column: for a copy of the label with errors, and for clusters.
const WEAKER_COPY: f64 = 4.0;
const WEAKER_CLUSTER: f64 = 25.0;

/// The smallest distance between the clusters of two classes of a column that stands out, in standard
/// deviations within a class. A threshold on a column of one cluster gives at most 3.5.
const DISTANCE_APART: f64 = 5.0;

/// The chance up to which a column stands out. If classes were clusters around points in no special direction,
/// a column would be `t` times as far apart as each of `m` others in one of about `t^m` tables. Columns depend
/// on each other, so only a few count.
const CHANCE: f64 = 1e-3;
const COUNTED: usize = 4;

/// The share of variance within classes that every other column must have beside an exact copy.
const LEAST: f64 = 0.01;

/// The smallest number of rows from which a column that counts the rows is not an axis of a small example.
const NUMBERED: usize = 50;

/// Columns that give the label away.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Leak {
    pub(crate) columns: Vec<usize>,
    pub(crate) kind: LeakKind,
    /// The smallest share of variance within classes of the other columns, of which 0 separates perfectly.
    pub(crate) others: f64,
}

/// How columns give the label away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum LeakKind {
    /// One value for each class, in all but this share of the rows of a class.
    Copy(f64),
    /// One cluster for each class, with the smallest distance in standard deviations.
    Clusters(f64),
    /// One column for each class, or for all but one, that says whether a row is of it.
    Indicators,
    /// The number of the row, and the rows are sorted by label.
    RowNumber,
}

impl Leak {
    /// Returns columns that give the label away, or `None` if there are none, or too few rows to tell.
    ///
    /// `whole` says whether these are all rows of the table.
    pub(super) fn find<T: Real>(
        x: Rows<'_, T>,
        classes: &[usize],
        count: usize,
        constant: &[usize],
        whole: bool,
    ) -> Option<Self> {
        let mut class_rows = vec![0; count];
        classes.iter().for_each(|&class| class_rows[class] += 1);
        let present = class_rows.iter().filter(|&&rows| rows > 0).count();
        let smallest = class_rows.iter().copied().filter(|&rows| rows > 0).min()?;
        let measurable = (2..=CLASSES).contains(&present) && x.nrows() >= ROWS && smallest >= ROWS_OF_CLASS;
        let varying: Vec<usize> = (0..x.ncols()).filter(|j| constant.binary_search(j).is_err()).collect();
        if !measurable || varying.len() < 2 {
            return None;
        }
        let of = |j: usize| Separation::new(x, j, classes, count, present);
        let columns: Vec<(usize, Separation)> = varying.into_iter().map(|j| (j, of(j))).collect();
        let candidates = Candidates { columns, class_rows, present };
        let sorted = classes.windows(2).filter(|pair| pair[0] != pair[1]).count() + 1 == present;
        candidates
            .copies(0.0)
            .or_else(|| candidates.copies(ERROR))
            .or_else(|| candidates.clusters())
            .or_else(|| candidates.outstanding())
            .or_else(|| candidates.indicators())
            .or_else(|| if sorted && whole { candidates.row_number() } else { None })
    }

    pub(super) fn finding(&self, terms: &Terms<'_>) -> Finding {
        let columns = terms.columns(&self.columns);
        let one = self.columns.len() == 1;
        let why = match self.kind {
            LeakKind::Copy(error) => {
                let exact = if error == 0.0 { "" } else { ", with few exceptions" };
                let verb = if one { "has" } else { "have" };
                format!(
                    "{columns} {verb} one value for each class{exact}, and no other column is nearly as good"
                )
            }
            LeakKind::Clusters(_) => {
                let verb = if one { "has" } else { "have" };
                format!(
                    "{columns} {verb} a narrow range of values for each class, far from those of the others, \
                     and no other column is nearly as good"
                )
            }
            LeakKind::Indicators => format!("{columns} say for each class whether a row is of it"),
            LeakKind::RowNumber => {
                format!(
                    "{columns} numbers the rows, and the rows are sorted by label, so it gives the label away"
                )
            }
        };
        let change = "remove it unless it is known before the label is, for new rows too";
        let finding = Finding::new(Code::LeakedTarget, Severity::Warning, why, change);
        let finding = match self.kind {
            LeakKind::Copy(error) => finding.saw("rows of another value", error),
            LeakKind::Clusters(distance) if distance.is_finite() => {
                finding.saw("distance in standard deviations", distance)
            }
            _ => finding,
        };
        finding.saw("variance within classes in the best other column", self.others)
    }
}

/// The columns that vary, each with what it says about the classes.
struct Candidates {
    columns: Vec<(usize, Separation)>,
    class_rows: Vec<usize>,
    present: usize,
}

impl Candidates {
    /// Returns the leak of these columns, if they are few enough and the others are weak enough.
    fn leak(&self, columns: Vec<usize>, most: usize, weakest: f64, kind: LeakKind) -> Option<Leak> {
        let others = self.columns.iter().filter(|(j, _)| !columns.contains(j));
        let others = others.map(|(_, separation)| separation.within).fold(f64::INFINITY, f64::min);
        let leaked = !columns.is_empty() && columns.len() <= most && others.is_finite() && others >= weakest;
        leaked.then_some(Leak { columns, kind, others })
    }

    /// Copies of the label in which at most this share of the rows of a class have another value.
    fn copies(&self, largest: f64) -> Option<Leak> {
        let errors = self.columns.iter().filter_map(|(j, separation)| {
            let error = separation.error_as_label(&self.class_rows)?;
            (error <= largest).then_some((*j, error, separation.within))
        });
        let found: Vec<(usize, f64, f64)> = errors.collect();
        let error = found.iter().fold(0.0, |worst: f64, &(_, error, _)| worst.max(error));
        let within = found.iter().fold(0.0, |worst: f64, &(.., within)| worst.max(within));
        let columns = found.into_iter().map(|(j, ..)| j).collect();
        let weakest = LEAST.max(WEAKER_COPY * within);
        self.leak(columns, self.columns.len() / 2, weakest, LeakKind::Copy(error))
    }

    /// Columns with a narrow cluster for each class.
    fn clusters(&self) -> Option<Leak> {
        let narrow = |(j, separation): &&(usize, Separation)| {
            let two = self.present == 2 && !at_codes(&separation.means);
            let least = if two { DISTANCE_OF_TWO } else { DISTANCE };
            separation.distance >= least && !self.is_alike(*j, separation.spread)
        };
        let found = self.columns.iter().filter(narrow);
        let found: Vec<&(usize, Separation)> = found.collect();
        let within = found.iter().fold(0.0, |worst: f64, (_, separation)| worst.max(separation.within));
        let distance =
            found.iter().fold(f64::INFINITY, |least, (_, separation)| least.min(separation.distance));
        let columns = found.into_iter().map(|(j, _)| *j).collect();
        let most = (self.columns.len() / 4).max(1);
        self.leak(columns, most, LEAST.max(WEAKER_CLUSTER * within), LeakKind::Clusters(distance))
    }

    /// A column with a cluster for each class that stands out from all others.
    fn outstanding(&self) -> Option<Leak> {
        let signal = |separation: &Separation| (1.0 / separation.within - 1.0).max(0.0).sqrt();
        let (best, found) = self.columns.iter().min_by(|a, b| a.1.within.total_cmp(&b.1.within))?;
        let others = self.columns.iter().filter(|(j, _)| j != best);
        let next = others.map(|(_, separation)| signal(separation)).fold(0.0, f64::max);
        let counted = (self.columns.len() - 1).min(COUNTED) as i32;
        let chance = (next / signal(found)).powi(counted);
        let stands_out = found.apart >= DISTANCE_APART && chance <= CHANCE;
        if !stands_out || self.is_alike(*best, found.spread) {
            return None;
        }
        self.leak(vec![*best], 1, LEAST, LeakKind::Clusters(found.apart))
    }

    /// Returns whether half of the other columns have a deviation within classes like that of a column.
    fn is_alike(&self, column: usize, spread: f64) -> bool {
        let near = |other: f64| other <= ALIKE * spread && spread <= ALIKE * other;
        let others = self.columns.iter().filter(|(j, _)| *j != column);
        let alike = others.filter(|(_, other)| near(other.spread)).count();
        2 * alike >= self.columns.len() - 1
    }

    /// One column for each class, which a table gets if the label is encoded with the other columns.
    fn indicators(&self) -> Option<Leak> {
        if self.present < 3 {
            return None;
        }
        let indicated = self
            .columns
            .iter()
            .filter_map(|(j, separation)| separation.indicates(&self.class_rows).map(|class| (*j, class)));
        let found: Vec<(usize, usize)> = indicated.collect();
        let classes: std::collections::BTreeSet<usize> = found.iter().map(|&(_, class)| class).collect();
        let columns: Vec<usize> = found.into_iter().map(|(j, _)| j).collect();
        let most = columns.len();
        if classes.len() + 1 < self.present {
            None
        } else {
            self.leak(columns, most, 0.0, LeakKind::Indicators)
        }
    }

    /// A column that counts the rows, of rows that are sorted by label.
    fn row_number(&self) -> Option<Leak> {
        let numbered = self.columns.iter().filter(|(_, separation)| separation.counts_rows);
        let columns: Vec<usize> = numbered.map(|(j, _)| *j).collect();
        let enough = self.class_rows.iter().sum::<usize>() >= NUMBERED;
        if enough { self.leak(columns, 1, 0.0, LeakKind::RowNumber) } else { None }
    }
}

/// Returns whether two means are at 0 and 1, 1 and 2, or -1 and 1.
fn at_codes(means: &[f64]) -> bool {
    let [low, high] = *means else { return false };
    let near = |codes: &[f64; 2]| {
        let slack = AT_A_CODE * (codes[1] - codes[0]);
        (low - codes[0]).abs() <= slack && (high - codes[1]).abs() <= slack
    };
    [[0.0, 1.0], [1.0, 2.0], [-1.0, 1.0]].iter().any(near)
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;
    use crate::data;

    fn find<L: crate::Label>(set: &data::Dataset<L>) -> Option<Leak> {
        let coded = super::super::Coded::new(&set.y);
        Leak::find(Rows::from(&set.x), &coded.indices, coded.classes.len(), &[], true)
    }

    fn with(
        set: data::Dataset<usize>,
        column: usize,
        entry: impl Fn(usize, usize) -> f64,
    ) -> data::Dataset<usize> {
        let mut set = set;
        (0..set.y.len()).for_each(|row| set.x[(row, column)] = entry(row, set.y[row]));
        set
    }

    fn iris() -> data::Dataset<usize> {
        data::iris()
            .map_labels(|species| ["setosa", "versicolor", "virginica"].binary_search(&species).unwrap())
    }

    #[test]
    fn genuine_columns_are_no_leak() {
        assert_eq!(find(&iris()), None);
        assert_eq!(find(&data::iris().map_labels(|species| species == "setosa")), None);
        let separate =
            data::Blobs::new(300, 2).standard_deviation(0.2).centers(nalgebra::dmatrix![0.0, 0.0; 9.0, 9.0]);
        assert_eq!(find(&separate.generate().unwrap()), None);
    }

    /// However far apart, and whether a column happens to separate them or not.
    #[test]
    fn narrow_blobs_are_no_leak() {
        let mut leaks = 0;
        for seed in 0..100 {
            for (classes, features, deviation) in [(2, 2, 0.2), (2, 2, 0.02), (3, 4, 0.2), (2, 10, 0.5)] {
                let blobs = data::Blobs::new(100, classes).features(features).standard_deviation(deviation);
                let set = blobs.seed(seed).generate().unwrap();
                leaks += usize::from(find(&set).is_some());
            }
        }
        assert_eq!(leaks, 0);
    }

    #[test]
    fn each_kind_of_leak_is_found() {
        let kind = |set: &data::Dataset<usize>| find(set).map(|leak| (leak.columns, leak.kind));
        let copy = with(iris(), 1, |_, class| 7.0 - 3.0 * class as f64);
        assert_eq!(kind(&copy), Some((vec![1], LeakKind::Copy(0.0))));
        let wine = data::wine().map_labels(usize::from);
        let flipped = with(wine, 1, |row, class| if row == 60 { 9.0 } else { [3.0, 4.0, 9.0][class] });
        assert_eq!(kind(&flipped), Some((vec![1], LeakKind::Copy(1.0 - 70.0 / 71.0))));
        let clusters = with(iris(), 1, |row, class| class as f64 + 0.01 * (row as f64).sin());
        assert!(matches!(kind(&clusters), Some((columns, LeakKind::Clusters(_))) if columns == [1]));
        let numbered = with(iris(), 1, |row, _| row as f64 + 1.0);
        assert_eq!(kind(&numbered), Some((vec![1], LeakKind::RowNumber)));
        let mut indicators = iris();
        let y = indicators.y.clone();
        let of = |row: usize, class: usize| f64::from(u8::from(y[row] == class));
        let classes = DMatrix::from_fn(150, 2, of);
        indicators.x.columns_mut(0, 2).copy_from(&classes);
        assert_eq!(kind(&indicators), Some((vec![0, 1], LeakKind::Indicators)));
    }

    /// A label with noise, beside columns that say little.
    #[test]
    fn a_noisy_copy_stands_out() {
        let mut rng = crate::Rng::new(4);
        let mut set = iris().map_labels(|class| usize::from(class == 0));
        let y = set.y.clone();
        set.x = DMatrix::from_fn(150, 5, |row, _| rng.standard_normal() + 0.5 * y[row] as f64);
        let copy = with(set.clone(), 3, |row, class| 40.0 + 90.0 * (class as f64 + 0.2 * (row as f64).sin()));
        assert!(
            matches!(find(&copy), Some(Leak { columns, kind: LeakKind::Clusters(_), .. }) if columns == [3])
        );
        // A threshold on a column of one cluster is a law, not a leak.
        set.y = (0..150).map(|row| usize::from(set.x[(row, 2)] > 0.3)).collect();
        assert_eq!(find(&set), None);
    }

    /// A rare value that happens to mark one row of a rare class is no copy of the label.
    #[test]
    fn a_rare_word_is_no_copy() {
        let mut rng = crate::Rng::new(1);
        let mut set = iris().map_labels(|_| 0);
        set.y[..6].fill(1);
        let x = DMatrix::from_fn(150, 4, |_, _| rng.standard_normal());
        set.x = x;
        assert_eq!(find(&with(set, 2, |row, _| f64::from(u8::from(row == 3)))), None);
    }
}
