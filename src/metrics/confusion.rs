//! Counts of true against predicted classes.

use std::fmt;

use nalgebra::DMatrix;

use super::accuracy::check_pair;
use super::average::{Average, ZeroDivision};
use super::counts::{Counts, Disagreement};
use super::report::ClassificationReport;
use crate::check;
use crate::error::Error;
use crate::label::{Label, distinct, indices, plain};

/// How often each class was predicted as each: row i, column j counts rows of class i that were called j.
///
/// Its [`Display`](fmt::Display) is a table with the labels.
///
/// # Formula
/// With tp, fp, fn the right, the wrongly claimed and the missed rows of a class: precision = tp / (tp + fp),
/// recall = tp / (tp + fn), F_β = (1 + β²) tp / ((1 + β²) tp + β² fn + fp), Jaccard = tp / (tp + fp + fn).
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

/// By what the counts of a confusion matrix are divided.
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
    /// By the rows of each true class: the diagonal is recall.
    Truth,
    /// By the rows of each predicted class: the diagonal is precision.
    Prediction,
    /// By all rows.
    All,
}

impl<L: Label> ConfusionMatrix<L> {
    /// Counts pairs of true and predicted labels; the classes are all labels that occur in either.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] for different lengths, [`Error::Empty`] for none.
    pub fn new(truth: &[L], predicted: &[L]) -> Result<Self, Error> {
        let classes = distinct(truth.iter().chain(predicted));
        Self::of(classes, truth, predicted, None)
    }

    /// As [`new`](Self::new), with rows counting by their weights.
    ///
    /// # Errors
    /// As [`new`](Self::new), and for bad weights.
    pub fn weighted(truth: &[L], predicted: &[L], weights: &[f64]) -> Result<Self, Error> {
        let classes = distinct(truth.iter().chain(predicted));
        Self::of(classes, truth, predicted, Some(weights))
    }

    /// As [`new`](Self::new), with these classes (whether they occur or not), and weights if there are any.
    ///
    /// # Errors
    /// As [`weighted`](Self::weighted), and [`Error::UnknownLabel`] for a label that is none of the classes.
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
        let counts = Counts::new(classes.len(), pairs, weights);
        Ok(ConfusionMatrix { classes, counts })
    }

    /// The classes of rows and columns, ascending.
    pub fn classes(&self) -> &[L] {
        &self.classes
    }

    /// The counts, or sums of weights: true classes down, predicted classes across.
    pub fn counts(&self) -> &DMatrix<f64> {
        &self.counts.0
    }

    pub(super) fn inner(&self) -> &Counts {
        &self.counts
    }

    /// The counts as shares; 0 where there is nothing to divide by.
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

    /// The share of rows that are right.
    pub fn accuracy(&self) -> f64 {
        self.counts.accuracy()
    }

    /// The share of rows that are wrong: the zero-one loss, which for single labels is the Hamming loss.
    pub fn error_rate(&self) -> f64 {
        1.0 - self.accuracy()
    }

    /// The mean recall over the classes that have rows.
    pub fn balanced_accuracy(&self) -> f64 {
        self.counts.balanced_accuracy()
    }

    /// The same, so that guessing is 0 and all right 1; not finite if only one class has rows.
    pub fn adjusted_balanced_accuracy(&self) -> f64 {
        self.counts.adjusted_balanced_accuracy()
    }

    /// Of the rows called by a class, the share that belong to it.
    pub fn precision(&self, average: Average, zero: ZeroDivision) -> f64 {
        self.counts.average(average, zero, |hits| hits.precision(zero))
    }

    /// Of the rows that belong to a class, the share that were called by it.
    pub fn recall(&self, average: Average, zero: ZeroDivision) -> f64 {
        self.counts.average(average, zero, |hits| hits.recall(zero))
    }

    /// The mean of precision and recall, in which recall counts β times as much as precision; harmonic.
    pub fn f_beta(&self, beta: f64, average: Average, zero: ZeroDivision) -> f64 {
        self.counts.average(average, zero, |hits| hits.f_beta(beta, zero))
    }

    /// Of the rows that belong to a class or were called by it, the share for which both hold.
    pub fn jaccard(&self, average: Average, zero: ZeroDivision) -> f64 {
        self.counts.average(average, zero, |hits| hits.jaccard(zero))
    }

    /// The correlation of truth and prediction, from -1 to 1; 0 if either has a single class.
    ///
    /// # References
    /// Gorodkin (2004), "Comparing two K-category assignments by a K-category correlation coefficient".
    pub fn matthews_correlation(&self) -> f64 {
        self.counts.matthews_correlation()
    }

    /// Cohen's kappa: how much better than by chance truth and prediction agree; 1 is always, 0 is chance. NaN if there is
    /// one class only.
    ///
    /// # References
    /// Cohen (1968), "Weighted kappa".
    pub fn cohen_kappa(&self, disagreement: Disagreement) -> f64 {
        self.counts.cohen_kappa(disagreement)
    }

    /// Precision, recall and F1 of each class and on average; 0 where there is nothing to divide by.
    pub fn report(&self) -> ClassificationReport<L> {
        self.report_with(ZeroDivision::Zero)
    }

    /// The same with another value where there is nothing to divide by; averages leave NaN out.
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
