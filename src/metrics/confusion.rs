//! Counts of true against predicted classes.

use std::fmt;

use nalgebra::DMatrix;

use super::accuracy::check_pair;
use super::report::ClassificationReport;
use crate::error::Error;
use crate::label::{Label, distinct, indices, plain};

/// How often each class was predicted as each: row i, column j counts rows of class i that were called j.
///
/// Its [`Display`](fmt::Display) is a table with the labels.
///
/// # Examples
/// ```
/// use logit::metrics::ConfusionMatrix;
///
/// let matrix = ConfusionMatrix::new(&["cat", "dog", "dog"], &["cat", "dog", "cat"])?;
/// assert_eq!(matrix.counts().row(1).iter().copied().collect::<Vec<_>>(), [1, 1]);
/// assert_eq!(matrix.to_string(), "\
/// true \\ predicted  cat  dog
///              cat    1    0
///              dog    1    1
/// ");
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix<L> {
    classes: Vec<L>,
    counts: DMatrix<usize>,
}

impl<L: Label> ConfusionMatrix<L> {
    /// Counts pairs of true and predicted labels; the classes are all labels that occur in either.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] for different lengths, [`Error::Empty`] for none.
    pub fn new(truth: &[L], predicted: &[L]) -> Result<Self, Error> {
        check_pair(truth, predicted)?;
        let classes = distinct(truth.iter().chain(predicted));
        let mut counts = DMatrix::zeros(classes.len(), classes.len());
        for (t, p) in indices(&classes, truth)?.into_iter().zip(indices(&classes, predicted)?) {
            counts[(t, p)] += 1;
        }
        Ok(ConfusionMatrix { classes, counts })
    }

    /// The classes of rows and columns, ascending.
    pub fn classes(&self) -> &[L] {
        &self.classes
    }

    /// The counts: true classes down, predicted classes across.
    pub fn counts(&self) -> &DMatrix<usize> {
        &self.counts
    }

    /// The share of rows that are right.
    pub fn accuracy(&self) -> f64 {
        self.counts.diagonal().sum() as f64 / self.counts.sum() as f64
    }

    /// Precision, recall and F1 of each class and on average.
    pub fn report(&self) -> ClassificationReport<L> {
        ClassificationReport::new(self)
    }
}

impl<L: Label> fmt::Display for ConfusionMatrix<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let corner = "true \\ predicted";
        let labels: Vec<String> = self.classes.iter().map(plain).collect();
        let widest = labels.iter().map(|l| l.chars().count()).max().unwrap_or(0);
        let digits = self.counts.iter().map(|n| n.to_string().len()).max().unwrap_or(1);
        let (first, rest) = (widest.max(corner.len()), widest.max(digits));
        write!(f, "{corner:>first$}")?;
        for label in &labels {
            write!(f, "  {label:>rest$}")?;
        }
        writeln!(f)?;
        for (label, counts) in labels.iter().zip(self.counts.row_iter()) {
            write!(f, "{label:>first$}")?;
            for count in counts.iter() {
                write!(f, "  {count:>rest$}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
