//! The mean cost of decisions.

use nalgebra::{DMatrix, DMatrixView};

use super::counts::Counts;
use crate::check;
use crate::error::Error;
use crate::metric::{Metric, weighted_mean};

/// The mean cost of predicted classes; lower is better.
///
/// # Formula
/// Σ u c_ij / Σ u over rows of class i that are predicted as j, with sample weights u. Costs have true
/// classes down and predicted classes across, as in [`MinimumCost`](crate::decide::MinimumCost). Use the
/// metric to [tune](crate::decide::FittedThreshold::tuned) thresholds to the cost of mistakes on real rows,
/// and to compare models by that cost.
///
/// # Examples
/// ```
/// use logit::metrics::{MeanCost, Metric};
/// use nalgebra::dmatrix;
///
/// // Predicting "well" for the ill costs nine times as much as the other mistake.
/// let cost = MeanCost::new(dmatrix![0.0, 9.0; 1.0, 0.0]);
/// let p = dmatrix![0.8, 0.2; 0.4, 0.6; 0.7, 0.3; 0.1, 0.9];
/// assert_eq!(
///     cost.evaluate(&["ill", "ill", "well", "well"], &p, &["ill", "well"], None)?,
///     2.5
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MeanCost {
    costs: DMatrix<f64>,
}

impl MeanCost {
    /// Creates the metric with these costs, K x K, which are checked when the metric is evaluated.
    pub fn new(costs: DMatrix<f64>) -> Self {
        MeanCost { costs }
    }

    /// Returns the costs, K x K.
    pub fn costs(&self) -> &DMatrix<f64> {
        &self.costs
    }
}

impl Metric for MeanCost {
    fn greater_is_better(&self) -> bool {
        false
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
        check::count("costs", "rows", probabilities.ncols(), self.costs.nrows())?;
        check::count("costs", "columns", probabilities.ncols(), self.costs.ncols())?;
        check::finite("costs", &self.costs)?;
        let Counts(counts) = Counts::of_probabilities(truth, probabilities, weights)?;
        Ok(weighted_mean(&counts.iter().copied().zip(self.costs.iter().copied()).collect::<Vec<_>>()))
    }
}
