//! The geometric mean of the recalls.

use nalgebra::DMatrixView;

use super::counts::Counts;
use crate::error::Error;
use crate::metric::{EVALUATED, Metric};

/// The geometric mean of the recalls of all classes (G-mean), from 0 to 1: 0 if a class is never predicted
/// correctly.
///
/// Use it if classes differ in size and no class may be neglected. It is at most the
/// [`BalancedAccuracy`](super::BalancedAccuracy), which is the arithmetic mean. Ties between probabilities go
/// to the lower class.
///
/// # Formula
/// (r_1 ... r_K)^(1/K), where the recall r_k is the fraction of the rows of class k that are predicted as k.
/// Rows count by their weights.
///
/// # Errors
/// [`evaluate`](Metric::evaluate) returns [`Error::MissingClass`] if a class has no row with positive weight,
/// because its recall is not defined.
///
/// # Examples
/// ```
/// use logit::metrics::{GeometricMean, Metric};
/// use nalgebra::dmatrix;
///
/// // Both rows of class 0 are predicted correctly, and one of four rows of class 1.
/// let y = [0, 0, 1, 1, 1, 1];
/// let p = dmatrix![0.9, 0.1; 0.7, 0.3; 0.8, 0.2; 0.6, 0.4; 0.7, 0.3; 0.1, 0.9];
/// let mean = GeometricMean.evaluate(&y, &p, &[0, 1], None)?;
/// assert!((mean - 0.5).abs() < 1e-15);
/// # Ok::<(), logit::Error>(())
/// ```
///
/// # References
/// Kubat and Matwin (1997), "Addressing the curse of imbalanced training sets: one-sided selection", for two
/// classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GeometricMean;

impl Metric for GeometricMean {
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
        let counts = Counts::of_probabilities(truth, probabilities, weights);
        match (0..counts.classes()).find(|&class| counts.support(class) == 0.0) {
            Some(class) => Err(Error::missing_class(class, EVALUATED)),
            None => Ok(counts.geometric_mean()),
        }
    }
}
