//! The door before training, for rows to train on and rows to test on.

use nalgebra::DMatrix;

use super::equal::EqualRows;
use super::finite::NotFinite;
use super::terms::{Terms, label, rows};
use super::{Coded, check_shape, examine_data};
use crate::code::Code;
use crate::doctor::diagnosis::Diagnosis;
use crate::doctor::finding::{Finding, Severity, short};
use crate::error::Error;
use crate::label::{Label, integer, plain};
use crate::rows::Rows;
use crate::scalar::Real;

/// The number of test rows from which a perfect score is worth as much as it looks.
const ENOUGH: usize = 30;

/// The accuracy that a perfect score on the test rows must at least rule out.
const RULED_OUT: f64 = 0.8;

/// The 97.5 % quantile of the standard normal distribution.
const QUANTILE: f64 = 1.959_963_984_540_054;

/// Looks for faults of rows to train on and rows to test on, before anything is trained.
///
/// Looks at everything that [`examine_data`] looks at in the training rows, and at
/// - test rows that are also training rows, beyond what the number of equal training rows explains;
/// - test rows so few that their result says little, with Wilson's interval for a perfect score;
/// - labels of the test rows that training lacks, or that are coded otherwise;
/// - numbers in the test rows that are not finite.
///
/// # Cost
/// That of [`examine_data`], a sort of all rows, and a copy of them.
///
/// # Errors
/// Returns the errors of [`examine_data`] for either pair, [`Error::ShapeMismatch`] if the numbers of columns
/// differ, and [`Error::ColumnNames`] if their names do.
///
/// # Examples
/// ```
/// use logit::data;
/// use logit::doctor::{Code, examine_split};
///
/// let (train, test) = data::iris().train_test_split(0.2, 1)?;
/// assert!(examine_split(&train, &train.y, &test, &test.y)?.is_healthy());
///
/// // Some test rows are training rows.
/// let test = train.rows(&(0..40).collect::<Vec<_>>())?;
/// let diagnosis = examine_split(&train, &train.y, &test, &test.y)?;
/// assert_eq!(diagnosis.root().unwrap().code, Code::SharedRows);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn examine_split<'a, 'b, T, L>(
    x: impl Into<Rows<'a, T>>,
    y: &[L],
    x_test: impl Into<Rows<'b, T>>,
    y_test: &[L],
) -> Result<Diagnosis, Error>
where
    T: Real + 'a + 'b,
    L: Label,
{
    let (x, x_test) = (x.into(), x_test.into());
    check_shape(x_test, y_test.len())?;
    x_test.check_columns(x.ncols(), x.names())?;
    let mut findings = examine_data(x, y)?.into_findings();
    let (coded, coded_test) = (Coded::new(y), Coded::new(y_test));
    let name = |class: usize| coded.name(class);
    let terms = Terms::new(x.names().or(x_test.names()), &name);
    findings.extend(NotFinite::among(x_test, |_| true).map(|found| found.finding("x_test", &terms)));
    findings.extend(few(x_test.nrows()));
    findings.extend(labels(&coded.classes, &coded_test));
    findings.extend(Overlap::new(x, x_test).finding());
    Ok(Diagnosis::of_data(findings))
}

/// Test rows that say little.
fn few(count: usize) -> Option<Finding> {
    if count >= ENOUGH {
        return None;
    }
    // Wilson's interval for `count` of `count` right.
    let lower = count as f64 / (count as f64 + QUANTILE * QUANTILE);
    let severity = if lower < RULED_OUT { Severity::Warning } else { Severity::Info };
    let why = format!(
        "there are only {} to test on: even if all are predicted right, the 95 % interval of the accuracy is \
         from {} to 1",
        rows(count),
        short(lower)
    );
    let change = "use cross-validation, which tests on every row, or keep more rows for the test";
    let finding = Finding::new(Code::TooFewRows, severity, why, change);
    Some(finding.saw("test rows", count as f64).saw("lower end of the interval", lower))
}

/// Labels of the test rows that training lacks.
fn labels<L: Label>(classes: &[L], test: &Coded<L>) -> Option<Finding> {
    let is_known = |class: &L| classes.binary_search(class).is_ok();
    let unknown: Vec<&L> = test.classes.iter().filter(|class| !is_known(class)).collect();
    let [first, ..] = unknown[..] else { return None };
    let count = test.indices.iter().filter(|&&class| !is_known(&test.classes[class])).count();
    let other = Otherwise::of(classes, &test.classes);
    let (severity, why) = match &other {
        Some(Otherwise::Shifted(by)) => {
            (Severity::Error, format!("the labels of the test rows are those of training, shifted by {by}"))
        }
        Some(Otherwise::Spelt(of_test, of_training)) => (
            Severity::Error,
            format!("the label `{of_test}` of test rows is spelt `{of_training}` in the training rows"),
        ),
        Some(Otherwise::Disjoint) => (
            Severity::Error,
            format!(
                "no label of the test rows occurs in training: they are {} there and {} here",
                examples(classes),
                examples(&test.classes)
            ),
        ),
        Some(Otherwise::Recoded) => (
            Severity::Error,
            format!(
                "the labels are {} in training and {} in the test rows",
                examples(classes),
                examples(&test.classes)
            ),
        ),
        None => (
            Severity::Warning,
            format!("{} have a label that training lacks, such as {}", rows_of_test(count), label(first)),
        ),
    };
    let change = match other {
        Some(_) => "code both in the same way, before the rows are split",
        None => "split with the same share of every class on both sides (`train_test_split`)",
    };
    let finding = Finding::new(Code::LabelCoding, severity, why, change);
    Some(finding.saw("test rows with unknown labels", count as f64))
}

fn rows_of_test(count: usize) -> String {
    crate::error::counted(count, "test rows")
}

/// Returns the first of some labels.
fn examples<L: Label>(labels: &[L]) -> String {
    let listed: Vec<String> = labels.iter().take(3).map(label).collect();
    let more = if labels.len() > 3 { " and more" } else { "" };
    listed.join(", ") + more
}

/// How the labels of the test rows are coded, if not as those of training.
enum Otherwise {
    /// Integers that are all larger, or smaller, by this number.
    Shifted(i128),
    /// Texts that differ in case or spaces, such as this one of the test rows and this one of training.
    Spelt(String, String),
    /// Two other integers, such as -1 and 1 in place of 0 and 1.
    Recoded,
    /// No label is common.
    Disjoint,
}

impl Otherwise {
    fn of<L: Label>(training: &[L], test: &[L]) -> Option<Self> {
        let integers = |classes: &[L]| classes.iter().map(integer).collect::<Option<Vec<i128>>>();
        if let (Some(a), Some(b)) = (integers(training), integers(test)) {
            let shift = b.first()?.checked_sub(*a.first()?)?;
            let same = a.len() == b.len() && a.len() > 1;
            let shifted = a.iter().zip(&b).all(|(a, b)| b.checked_sub(*a) == Some(shift));
            if same && shifted {
                return Some(Otherwise::Shifted(shift));
            }
            if same && a.len() == 2 {
                return Some(Otherwise::Recoded);
            }
        }
        let folded = |class: &L| plain(class).trim().to_lowercase();
        let spelt = test.iter().filter(|class| training.binary_search(class).is_err()).find_map(|class| {
            let other = training.iter().find(|other| folded(other) == folded(class))?;
            Some(Otherwise::Spelt(plain(class), plain(other)))
        });
        let disjoint = test.iter().all(|class| training.binary_search(class).is_err());
        spelt.or(if disjoint { Some(Otherwise::Disjoint) } else { None })
    }
}

/// Test rows that equal training rows.
#[derive(Debug, Clone, PartialEq)]
struct Overlap {
    test_rows: usize,
    /// The number of test rows that equal a training row.
    shared: usize,
    /// The share of the training rows that equal another training row.
    twins: f64,
    /// The first shared test row, and the first training row that it equals.
    example: Option<(usize, usize)>,
}

impl Overlap {
    fn new<T: Real>(x: Rows<'_, T>, x_test: Rows<'_, T>) -> Self {
        let count = x.nrows();
        let all =
            DMatrix::from_fn(count + x_test.nrows(), x.ncols(), |row, j| match row.checked_sub(count) {
                Some(row) => x_test[(row, j)],
                None => x[(row, j)],
            });
        let (mut shared, mut twins) = (0, 0);
        let mut example: Option<(usize, usize)> = None;
        let equal = EqualRows::new(Rows::from(&all));
        for group in equal.groups() {
            let trained = group.partition_point(|&row| row < count);
            twins += if trained > 1 { trained } else { 0 };
            let (Some(&first), Some(&test)) = (group[..trained].first(), group.get(trained)) else {
                continue;
            };
            shared += group.len() - trained;
            if example.is_none_or(|(row, _)| test - count < row) {
                example = Some((test - count, first));
            }
        }
        Overlap { test_rows: x_test.nrows(), shared, twins: twins as f64 / count as f64, example }
    }

    /// Whether more rows are shared than a random split of rows with as many twins explains: by four standard
    /// deviations, two rows, and one row in fifty.
    fn is_a_fault(&self) -> bool {
        let (count, shared) = (self.test_rows as f64, self.shared as f64);
        let expected = self.twins * count;
        let deviation = (expected * (1.0 - self.twins)).sqrt();
        shared - expected > (4.0 * deviation).max(2.0) && shared >= 0.02 * count
    }

    fn finding(&self) -> Option<Finding> {
        let (row, first) = self.example?;
        let severity = match () {
            _ if !self.is_a_fault() => Severity::Info,
            _ if self.shared == self.test_rows => Severity::Error,
            _ => Severity::Warning,
        };
        let share = self.shared as f64 / self.test_rows as f64;
        let why = format!(
            "{} of {} equal a training row, such as test row {row} and training row {first}: a model may \
             know their labels by heart",
            self.shared,
            rows_of_test(self.test_rows),
        );
        let change = match severity {
            Severity::Info => {
                "nothing if equal rows are frequent in such data; otherwise remove the duplicates"
            }
            _ => "split before rows are copied or resampled, and test on rows that training does not have",
        };
        let finding = Finding::new(Code::SharedRows, severity, why, change);
        Some(
            finding
                .saw("share of test rows that equal a training row", share)
                .saw("share of training rows that equal another", self.twins),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_have_wilsons_interval() {
        let finding = few(4).unwrap();
        assert_eq!(finding.severity, Severity::Warning);
        // The interval of 4 of 4 is from 0.510 to 1.
        approx::assert_abs_diff_eq!(finding.saw[1].value, 0.510_1, epsilon = 1e-4);
        assert_eq!(few(20).unwrap().severity, Severity::Info);
        assert_eq!(few(30), None);
    }

    #[test]
    fn labels_that_are_coded_otherwise_are_told_from_rare_ones() {
        let found = |training: &[i32], test: &[i32]| labels(training, &Coded::new(test));
        assert_eq!(found(&[0, 1, 2], &[2, 0]), None);
        let shifted = found(&[0, 1, 2], &[3, 1, 2]).unwrap();
        assert_eq!(shifted.severity, Severity::Error);
        assert!(shifted.why.contains("shifted by 1"), "{}", shifted.why);
        assert_eq!(found(&[0, 1, 2], &[0, 3]).unwrap().severity, Severity::Warning);
        let recoded = found(&[0, 1], &[-1, 1]).unwrap();
        assert_eq!(recoded.why, "the labels are `0`, `1` in training and `-1`, `1` in the test rows");
        assert!(found(&[0, 1, 2], &[5, 9]).unwrap().why.contains("no label of the test rows"));
        let spelt = labels(&["no", "yes"], &Coded::new(&["No ", "yes"])).unwrap();
        assert_eq!(spelt.why, "the label `No ` of test rows is spelt `no` in the training rows");
    }

    #[test]
    fn rows_with_twins_are_shared_by_chance() {
        let fault = |shared, twins| Overlap { test_rows: 100, shared, twins, example: None }.is_a_fault();
        assert!(!fault(1, 0.0) && !fault(2, 0.0) && fault(3, 0.0));
        assert!(!fault(45, 0.4) && fault(80, 0.4));
        assert!(!fault(100, 1.0));
    }
}
