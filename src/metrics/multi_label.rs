//! Metrics of predicted label sets.

use crate::check;
use crate::error::Error;
use crate::label::Label;
use crate::label_sets::LabelSets;
use crate::metric::mean;

/// Returns the Hamming loss: the fraction of wrong yes/no answers, one per row and label; lower is better.
///
/// # Errors
/// Returns [`Error::ShapeMismatch`] if the numbers of rows or labels differ, [`Error::UnknownLabel`] if the
/// labels differ, [`Error::Empty`] if there are no rows, and [`Error::ShapeMismatch`],
/// [`Error::InvalidWeight`] or [`Error::InvalidWeightSum`] if the weights are not valid.
///
/// # Examples
/// ```
/// use logit::metrics::{hamming_loss, multi_label_jaccard, subset_accuracy};
/// use logit::LabelSets;
///
/// let truth = LabelSets::with_labels(&[vec!["a", "b"], vec![]], ["a", "b"])?;
/// let predicted = LabelSets::with_labels(&[vec!["a"], vec![]], ["a", "b"])?;
/// assert_eq!(hamming_loss(&truth, &predicted, None)?, 0.25);
/// assert_eq!(multi_label_jaccard(&truth, &predicted, None)?, 0.75);
/// assert_eq!(subset_accuracy(&truth, &predicted, None)?, 0.5);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn hamming_loss<L: Label>(
    truth: &LabelSets<L>,
    predicted: &LabelSets<L>,
    weights: Option<&[f64]>,
) -> Result<f64, Error> {
    let labels = truth.labels().len() as f64;
    rows(truth, predicted, weights, |both, either| (either - both) / labels)
}

/// Returns the mean over rows of the fraction of labels in either set that are in both; greater is better.
///
/// The fraction is 1 for two empty sets.
///
/// ```
/// use logit::metrics::multi_label_jaccard;
/// use logit::LabelSets;
///
/// let truth = LabelSets::with_labels(&[vec!["a", "b"], vec![]], ["a", "b"])?;
/// let predicted = LabelSets::with_labels(&[vec!["a"], vec![]], ["a", "b"])?;
/// assert_eq!(multi_label_jaccard(&truth, &predicted, Some(&[3.0, 1.0]))?, 0.625);
/// # Ok::<(), logit::Error>(())
/// ```
///
/// # Errors
/// Returns the errors of [`hamming_loss`].
pub fn multi_label_jaccard<L: Label>(
    truth: &LabelSets<L>,
    predicted: &LabelSets<L>,
    weights: Option<&[f64]>,
) -> Result<f64, Error> {
    rows(truth, predicted, weights, |both, either| if either > 0.0 { both / either } else { 1.0 })
}

/// Returns the fraction of rows whose sets are exactly right.
///
/// ```
/// use logit::metrics::subset_accuracy;
/// use logit::LabelSets;
///
/// let truth = LabelSets::with_labels(&[vec!["a", "b"], vec![]], ["a", "b"])?;
/// let predicted = LabelSets::with_labels(&[vec!["a"], vec![]], ["a", "b"])?;
/// assert_eq!(subset_accuracy(&truth, &predicted, None)?, 0.5);
/// # Ok::<(), logit::Error>(())
/// ```
///
/// # Errors
/// Returns the errors of [`hamming_loss`].
pub fn subset_accuracy<L: Label>(
    truth: &LabelSets<L>,
    predicted: &LabelSets<L>,
    weights: Option<&[f64]>,
) -> Result<f64, Error> {
    rows(truth, predicted, weights, |both, either| if both == either { 1.0 } else { 0.0 })
}

/// Returns the mean over rows of `of(both, either)`, the numbers of labels in both sets and in either.
fn rows<L: Label>(
    truth: &LabelSets<L>,
    predicted: &LabelSets<L>,
    weights: Option<&[f64]>,
    of: impl Fn(f64, f64) -> f64,
) -> Result<f64, Error> {
    predicted.check(truth.labels(), truth.rows())?;
    if truth.rows() == 0 {
        return Err(Error::Empty { argument: "truth", axis: "rows" });
    }
    check::weights(weights, truth.rows())?;
    let value = |row: usize| {
        let (mut both, mut either) = (0.0, 0.0);
        for label in 0..truth.labels().len() {
            let (a, b) = (truth.has(row, label), predicted.has(row, label));
            both += if a && b { 1.0 } else { 0.0 };
            either += if a || b { 1.0 } else { 0.0 };
        }
        of(both, either)
    };
    Ok(mean(truth.rows(), weights, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of one label in either set, none is in both.
    #[test]
    fn a_missed_label_counts_nothing() {
        let sets =
            |rows: &[Vec<&'static str>]| LabelSets::with_labels(rows, ["a", "b"]).expect("known labels");
        let (truth, predicted) = (sets(&[vec!["a"], vec!["b"]]), sets(&[vec![], vec!["b"]]));
        assert_eq!(multi_label_jaccard(&truth, &predicted, None), Ok(0.5));
    }
}
