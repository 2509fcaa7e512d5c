//! Top-k accuracy.

use nalgebra::DMatrixView;

use crate::error::Error;
use crate::metric::{Metric, mean};

/// The fraction of rows whose true class is among the k most probable; of equals, the lower class comes
/// first.
///
/// ```
/// use logit::metrics::{Metric, TopK};
/// use nalgebra::dmatrix;
///
/// let p = dmatrix![0.6, 0.3, 0.1; 0.6, 0.3, 0.1];
/// assert_eq!(TopK::new(2).evaluate(&[1, 2], &p, &[0, 1, 2], None)?, 0.5);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopK {
    k: usize,
}

impl TopK {
    /// Creates the metric that counts a row as correct if its true class is among the `k` most probable.
    pub fn new(k: usize) -> Self {
        TopK { k }
    }
}

impl Metric for TopK {
    fn greater_is_better(&self) -> bool {
        true
    }

    fn evaluate_indices(
        &self,
        truth: &[usize],
        scores: DMatrixView<'_, f64>,
        weights: Option<&[f64]>,
    ) -> Result<f64, Error> {
        crate::check::parameter("k", self.k as f64, self.k > 0, "at least 1")?;
        let among = |row: usize| {
            let own = scores[(row, truth[row])];
            let before = |&class: &usize| {
                let other = scores[(row, class)];
                other > own || other == own && class < truth[row]
            };
            if (0..scores.ncols()).filter(before).count() < self.k { 1.0 } else { 0.0 }
        };
        Ok(mean(truth.len(), weights, among))
    }
}
