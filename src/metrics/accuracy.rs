//! The fraction of rows that are classified correctly.

use nalgebra::DMatrixView;

use crate::check;
use crate::error::Error;
use crate::label::Label;
use crate::metric::{Metric, mean};

/// Returns the fraction of predictions that equal the true label (accuracy), from 0 to 1.
///
/// # Errors
/// Returns [`Error::ShapeMismatch`] if the lengths differ, and [`Error::Empty`] if there are no labels.
///
/// ```
/// use logit::metrics::accuracy;
/// assert_eq!(accuracy(&["a", "b", "b", "a"], &["a", "b", "a", "a"])?, 0.75);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn accuracy<L: Label>(truth: &[L], predicted: &[L]) -> Result<f64, Error> {
    check_pair(truth, predicted)?;
    let right = truth.iter().zip(predicted).filter(|(t, p)| t == p).count();
    Ok(right as f64 / truth.len() as f64)
}

pub(super) fn check_pair<L>(truth: &[L], predicted: &[L]) -> Result<(), Error> {
    check::count("predicted", "labels", truth.len(), predicted.len())?;
    if truth.is_empty() { Err(Error::Empty { argument: "truth", axis: "labels" }) } else { Ok(()) }
}

/// The fraction of rows whose most probable class is the true class, as a [`Metric`]; ties go to the lower
/// class.
///
/// ```
/// use logit::metrics::{Accuracy, Metric};
/// use nalgebra::dmatrix;
///
/// let p = dmatrix![0.9, 0.1; 0.6, 0.4; 0.5, 0.5; 0.2, 0.8];
/// assert_eq!(Accuracy.evaluate(&[0, 0, 1, 1], &p, &[0, 1], None)?, 0.75);
/// assert_eq!(
///     Accuracy.evaluate(&[0, 0, 1, 1], &p, &[0, 1], Some(&[1.0, 1.0, 2.0, 0.0]))?,
///     0.5
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accuracy;

impl Metric for Accuracy {
    fn greater_is_better(&self) -> bool {
        true
    }

    fn uses_labels(&self) -> bool {
        true
    }

    fn evaluate_indices(
        &self,
        truth: &[usize],
        probabilities: DMatrixView<'_, f64>,
        weights: Option<&[f64]>,
    ) -> Result<f64, Error> {
        let right = |row: usize| {
            let own = probabilities[(row, truth[row])];
            let beaten = |class: usize| {
                let other = probabilities[(row, class)];
                other > own || (other == own && class < truth[row])
            };
            if (0..probabilities.ncols()).any(beaten) { 0.0 } else { 1.0 }
        };
        Ok(mean(truth.len(), weights, right))
    }
}
