//! Precision, recall and F1, per class and averaged.

use std::fmt;

use super::average::ZeroDivision;
use super::confusion::ConfusionMatrix;
use crate::label::{Label, plain};

/// The precision, recall and F1 of one class, or an average of them.
///
/// # Formula
/// Let tp, fp and fn be the true positives, false positives and false negatives of a class.
///
/// - precision = tp / (tp + fp)
/// - recall = tp / (tp + fn)
/// - F1 = 2 tp / (2 tp + fp + fn)
///
/// A ratio whose denominator is zero is 0, unless [`report_with`](ConfusionMatrix::report_with) sets another
/// value.
///
/// ```
/// use logit::metrics::ConfusionMatrix;
///
/// let report =
///     ConfusionMatrix::new(&["no", "yes", "yes"], &["no", "yes", "no"])?.report();
/// let (_, yes) = report.classes().last().expect("two classes");
/// assert_eq!((yes.precision, yes.recall, yes.support), (1.0, 0.5, 2.0));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ClassScores {
    /// The fraction of the rows predicted as this class that belong to it.
    pub precision: f64,
    /// The fraction of the rows of this class that are predicted as it.
    pub recall: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
    /// The number of rows of this class, or the sum of their weights.
    pub support: f64,
}

/// The precision, recall and F1 of every class, their averages, and the accuracy; its
/// [`Display`](fmt::Display) is a table.
///
/// # Examples
/// ```
/// use logit::metrics::ConfusionMatrix;
///
/// let truth = [2, 0, 2, 2, 0, 1];
/// let report = ConfusionMatrix::new(&truth, &[0, 0, 2, 2, 0, 2])?.report();
/// assert!((report.macro_average().f1 - 0.4888888888888889).abs() < 1e-15);
/// println!("{report}");
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ClassificationReport<L> {
    classes: Vec<L>,
    scores: Vec<ClassScores>,
    accuracy: f64,
    zero: ZeroDivision,
}

impl<L: Label> ClassificationReport<L> {
    pub(super) fn new(matrix: &ConfusionMatrix<L>, zero: ZeroDivision) -> Self {
        let counts = matrix.inner();
        let scores = (0..counts.classes()).map(|class| {
            let hits = counts.hits(class);
            ClassScores {
                precision: hits.precision(zero),
                recall: hits.recall(zero),
                f1: hits.f_beta(1.0, zero),
                support: counts.support(class),
            }
        });
        ClassificationReport {
            classes: matrix.classes().to_vec(),
            scores: scores.collect(),
            accuracy: matrix.accuracy(),
            zero,
        }
    }

    /// Returns the classes in ascending order, with their scores.
    pub fn classes(&self) -> impl Iterator<Item = (&L, &ClassScores)> {
        self.classes.iter().zip(&self.scores)
    }

    /// Returns the fraction of rows classified correctly.
    pub fn accuracy(&self) -> f64 {
        self.accuracy
    }

    /// Returns the mean over classes with equal weight.
    pub fn macro_average(&self) -> ClassScores {
        self.average(|_| 1.0)
    }

    /// Returns the mean over classes, each weighted by its number of rows.
    pub fn weighted_average(&self) -> ClassScores {
        self.average(|scores| scores.support)
    }

    fn average(&self, weight: impl Fn(&ClassScores) -> f64) -> ClassScores {
        let mean = |of: fn(&ClassScores) -> f64| {
            let defined = self.scores.iter().filter(|scores| !of(scores).is_nan());
            self.zero.mean(&defined.map(|scores| (weight(scores), of(scores))).collect::<Vec<_>>())
        };
        ClassScores {
            precision: mean(|s| s.precision),
            recall: mean(|s| s.recall),
            f1: mean(|s| s.f1),
            support: self.scores.iter().map(|s| s.support).sum(),
        }
    }
}

impl<L: Label> fmt::Display for ClassificationReport<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let averages =
            [("macro average", self.macro_average()), ("weighted average", self.weighted_average())];
        let labels: Vec<String> = self.classes.iter().map(plain).collect();
        let widest = |width: usize, label: &str| width.max(label.chars().count());
        let width = labels.iter().map(String::as_str).chain(averages.map(|(name, _)| name)).fold(0, widest);
        let line = |f: &mut fmt::Formatter<'_>, name: &str, s: &ClassScores| {
            let ClassScores { precision, recall, f1, support } = s;
            writeln!(f, "{name:>width$}  {precision:>9.4}  {recall:>6.4}  {f1:>6.4}  {support:>7}")
        };
        writeln!(f, "{:>width$}  precision  recall      f1  support", "")?;
        for (label, scores) in labels.iter().zip(&self.scores) {
            line(f, label, scores)?;
        }
        writeln!(f)?;
        let rows = self.scores.iter().map(|s| s.support).sum::<f64>();
        writeln!(f, "{:>width$}  {:>9}  {:>6}  {:>6.4}  {rows:>7}", "accuracy", "", "", self.accuracy)?;
        averages.iter().try_for_each(|(name, scores)| line(f, name, scores))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_never_predicted_scores_zero_without_nan() {
        let report = ConfusionMatrix::new(&[0, 0, 1], &[0, 0, 0]).unwrap().report();
        let scores: Vec<ClassScores> = report.classes().map(|(_, s)| *s).collect();
        assert_eq!((scores[1].precision, scores[1].recall, scores[1].f1), (0.0, 0.0, 0.0));
        assert_eq!(report.weighted_average().support, 3.0);
    }

    #[test]
    fn what_is_not_defined_is_as_one_says() {
        let matrix = ConfusionMatrix::new(&[0, 0, 1], &[0, 0, 0]).unwrap();
        let precision = |zero| {
            let report = matrix.report_with(zero);
            let of_one = report.classes().last().unwrap().1.precision;
            [of_one, report.macro_average().precision, report.weighted_average().precision]
        };
        let right = 2.0 / 3.0;
        assert_eq!(precision(ZeroDivision::Zero), [0.0, right / 2.0, right * 2.0 / 3.0]);
        assert_eq!(precision(ZeroDivision::One), [1.0, (right + 1.0) / 2.0, (right * 2.0 + 1.0) / 3.0]);
        let [of_one, macro_average, weighted_average] = precision(ZeroDivision::NaN);
        assert!(of_one.is_nan());
        assert_eq!([macro_average, weighted_average], [right; 2]);
    }

    #[test]
    fn the_table_reads_well() {
        let report =
            ConfusionMatrix::new(&["spam", "ham", "ham"], &["spam", "ham", "spam"]).unwrap().report();
        let wanted = "                  precision  recall      f1  support
             ham     1.0000  0.5000  0.6667        2
            spam     0.5000  1.0000  0.6667        1

        accuracy                     0.6667        3
   macro average     0.7500  0.7500  0.6667        3
weighted average     0.8333  0.6667  0.6667        3
";
        assert_eq!(report.to_string(), wanted);
    }
}
