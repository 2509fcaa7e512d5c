//! Confusion matrices.

use std::fmt;

use nalgebra::DMatrix;

use super::accuracy::check_pair;
use super::average::{Average, ZeroDivision};
use super::counts::{Counts, Disagreement};
use super::report::ClassificationReport;
use crate::check;
use crate::error::Error;
use crate::label::{Label, distinct, indices, plain};

/// The number of rows of each true class that were predicted as each class: true classes down, predicted
/// classes across.
///
/// Its [`Display`](fmt::Display) is a table with the labels.
///
/// # Formula
/// Let tp, fp and fn be the true positives, false positives and false negatives of a class.
///
/// - precision = tp / (tp + fp)
/// - recall = tp / (tp + fn)
/// - F_β = (1 + β²) tp / ((1 + β²) tp + β² fn + fp)
/// - Jaccard = tp / (tp + fp + fn)
///
/// # Examples
/// ```
/// use logit::metrics::{Average, ConfusionMatrix, ZeroDivision};
///
/// let matrix = ConfusionMatrix::new(&["cat", "dog", "dog"], &["cat", "dog", "cat"])?;
/// assert_eq!(matrix.counts().row(1).iter().copied().collect::<Vec<_>>(), [1.0, 1.0]);
/// assert_eq!(matrix.recall(Average::Class(1), ZeroDivision::Zero), 0.5);
/// assert_eq!(matrix.to_string(), "\
/// true \\ predicted  cat  dog
///              cat    1    0
///              dog    1    1
/// ");
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ConfusionMatrix<L> {
    classes: Vec<L>,
    counts: Counts,
}

/// The divisor of the counts of a confusion matrix.
///
/// ```
/// use logit::metrics::{ConfusionMatrix, Normalize};
/// use nalgebra::dmatrix;
///
/// let matrix = ConfusionMatrix::new(&["cat", "dog", "dog"], &["cat", "dog", "cat"])?;
/// assert_eq!(matrix.normalized(Normalize::Truth), dmatrix![1.0, 0.0; 0.5, 0.5]);
/// assert_eq!(matrix.normalized(Normalize::Prediction), dmatrix![0.5, 0.0; 0.5, 1.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Normalize {
    /// The rows of each true class: the diagonal is recall.
    Truth,
    /// The rows of each predicted class: the diagonal is precision.
    Prediction,
    /// All rows.
    All,
}

impl<L: Label> ConfusionMatrix<L> {
    /// Counts pairs of true and predicted labels; the classes are all labels that occur in either.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the lengths differ, [`Error::Empty`] if there are no labels, and
    /// [`Error::OutOfMemory`] if there are too many classes for a square matrix.
    pub fn new(truth: &[L], predicted: &[L]) -> Result<Self, Error> {
        let classes = distinct(truth.iter().chain(predicted));
        Self::of(classes, truth, predicted, None)
    }

    /// Counts pairs of true and predicted labels by the weights of their rows.
    ///
    /// The classes are all labels that occur in `truth` or `predicted`.
    ///
    /// # Errors
    /// Returns the errors of [`new`](Self::new). Returns [`Error::ShapeMismatch`], [`Error::InvalidWeight`]
    /// or [`Error::InvalidWeightSum`] if the weights are not valid.
    pub fn weighted(truth: &[L], predicted: &[L], weights: &[f64]) -> Result<Self, Error> {
        let classes = distinct(truth.iter().chain(predicted));
        Self::of(classes, truth, predicted, Some(weights))
    }

    /// Counts pairs of true and predicted labels for the given classes, whether they occur or not.
    ///
    /// Rows count by their weights if there are weights.
    ///
    /// # Errors
    /// Returns the errors of [`weighted`](Self::weighted), and [`Error::UnknownLabel`] if a label is not one
    /// of `classes`.
    pub fn with_classes(
        classes: &[L],
        truth: &[L],
        predicted: &[L],
        weights: Option<&[f64]>,
    ) -> Result<Self, Error> {
        Self::of(distinct(classes.iter()), truth, predicted, weights)
    }

    fn of(classes: Vec<L>, truth: &[L], predicted: &[L], weights: Option<&[f64]>) -> Result<Self, Error> {
        check_pair(truth, predicted)?;
        check::weights(weights, truth.len())?;
        let pairs = indices(&classes, truth)?.into_iter().zip(indices(&classes, predicted)?);
        let counts = Counts::new(classes.len(), pairs, weights)?;
        Ok(ConfusionMatrix { classes, counts })
    }

    /// Returns the classes of the rows and columns, in ascending order.
    pub fn classes(&self) -> &[L] {
        &self.classes
    }

    /// Returns the counts, or sums of weights, K x K: true classes down, predicted classes across.
    pub fn counts(&self) -> &DMatrix<f64> {
        &self.counts.0
    }

    pub(super) fn inner(&self) -> &Counts {
        &self.counts
    }

    /// Returns the counts as fractions, K x K; 0 if the divisor is zero.
    pub fn normalized(&self, by: Normalize) -> DMatrix<f64> {
        let counts = self.counts();
        let whole = |row: usize, column: usize| match by {
            Normalize::Truth => counts.row(row).sum(),
            Normalize::Prediction => counts.column(column).sum(),
            Normalize::All => counts.sum(),
        };
        let share = |row, column| ZeroDivision::Zero.ratio(counts[(row, column)], whole(row, column));
        DMatrix::from_fn(counts.nrows(), counts.ncols(), share)
    }

    /// Returns the fraction of rows classified correctly.
    pub fn accuracy(&self) -> f64 {
        self.counts.accuracy()
    }

    /// Returns the fraction of rows classified incorrectly: the zero-one loss, which for single labels is the
    /// Hamming loss.
    pub fn error_rate(&self) -> f64 {
        1.0 - self.accuracy()
    }

    /// Returns the mean recall over the classes that have rows.
    pub fn balanced_accuracy(&self) -> f64 {
        self.counts.balanced_accuracy()
    }

    /// Returns the balanced accuracy, rescaled to 0 for guessing and 1 for perfect predictions.
    ///
    /// The result is not finite if only one class has rows.
    pub fn adjusted_balanced_accuracy(&self) -> f64 {
        self.counts.adjusted_balanced_accuracy()
    }

    /// Returns the geometric mean of the recalls of all classes, from 0 to 1.
    ///
    /// The result is NaN if a class has no rows.
    ///
    /// # References
    /// Kubat and Matwin (1997), "Addressing the curse of imbalanced training sets: one-sided selection".
    pub fn geometric_mean(&self) -> f64 {
        self.counts.geometric_mean()
    }

    /// Returns the precision: the fraction of the rows predicted as a class that belong to it.
    pub fn precision(&self, average: Average, zero: ZeroDivision) -> f64 {
        self.counts.average(average, zero, |hits| hits.precision(zero))
    }

    /// Returns the recall: the fraction of the rows of a class that are predicted as it.
    pub fn recall(&self, average: Average, zero: ZeroDivision) -> f64 {
        self.counts.average(average, zero, |hits| hits.recall(zero))
    }

    /// Returns the weighted harmonic mean of precision and recall, in which recall counts β times as much as
    /// precision.
    pub fn f_beta(&self, beta: f64, average: Average, zero: ZeroDivision) -> f64 {
        self.counts.average(average, zero, |hits| hits.f_beta(beta, zero))
    }

    /// Returns the fraction of the rows that belong to a class or are predicted as it for which both hold
    /// (Jaccard).
    pub fn jaccard(&self, average: Average, zero: ZeroDivision) -> f64 {
        self.counts.average(average, zero, |hits| hits.jaccard(zero))
    }

    /// Returns the Matthews correlation of true and predicted classes, from -1 to 1; 0 if either has a single
    /// class.
    ///
    /// # References
    /// Gorodkin (2004), "Comparing two K-category assignments by a K-category correlation coefficient".
    pub fn matthews_correlation(&self) -> f64 {
        self.counts.matthews_correlation()
    }

    /// Returns Cohen's kappa: the agreement of true and predicted classes beyond chance.
    ///
    /// Perfect agreement is 1, chance is 0. The result is NaN if there is only one class.
    ///
    /// # References
    /// Cohen (1968), "Weighted kappa".
    pub fn cohen_kappa(&self, disagreement: Disagreement) -> f64 {
        self.counts.cohen_kappa(disagreement)
    }

    /// Returns precision, recall and F1 of each class and their averages; a ratio whose denominator is zero
    /// is 0.
    pub fn report(&self) -> ClassificationReport<L> {
        self.report_with(ZeroDivision::Zero)
    }

    /// Returns precision, recall and F1 of each class and their averages, with `zero` for ratios whose
    /// denominator is zero.
    ///
    /// Averages skip NaN.
    pub fn report_with(&self, zero: ZeroDivision) -> ClassificationReport<L> {
        ClassificationReport::new(self, zero)
    }
}

impl<L: Label> fmt::Display for ConfusionMatrix<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let corner = "true \\ predicted";
        let labels: Vec<String> = self.classes.iter().map(plain).collect();
        let widest = labels.iter().map(|l| l.chars().count()).max().unwrap_or(0);
        let counts = self.counts();
        let whole = counts.iter().all(|n| n.fract() == 0.0);
        let text = |n: f64| if whole { format!("{n}") } else { format!("{n:.4}") };
        let digits = counts.iter().map(|n| text(*n).len()).max().unwrap_or(1);
        let (first, rest) = (widest.max(corner.len()), widest.max(digits));
        write!(f, "{corner:>first$}")?;
        for label in &labels {
            write!(f, "  {label:>rest$}")?;
        }
        writeln!(f)?;
        for (label, counts) in labels.iter().zip(counts.row_iter()) {
            write!(f, "{label:>first$}")?;
            for count in counts.iter() {
                write!(f, "  {:>rest$}", text(*count))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
