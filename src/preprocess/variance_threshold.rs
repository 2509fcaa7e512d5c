//! Selection of the columns that vary.

use super::{FittedSelectColumns, Moments, Transformer, TransformerOptions};
use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;

/// Drops columns whose variance is at most a threshold; by default, those that are constant.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::VarianceThreshold;
/// use nalgebra::dmatrix;
///
/// let x = dmatrix![1.0, 0.1, 5.0; 1.0, 0.1, 6.0; 1.0, 0.1, 7.0];
/// let kept = VarianceThreshold::new().fit(&x)?;
/// assert_eq!(kept.columns(), [2]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct VarianceThreshold {
    threshold: f64,
}

impl VarianceThreshold {
    /// Creates a transformer that drops constant columns.
    pub fn new() -> Self {
        VarianceThreshold::default()
    }

    /// Sets the largest variance that is dropped. Defaults to 0; columns that are constant up to rounding are
    /// always dropped.
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }
}

impl<T: Real> Transformer<T> for VarianceThreshold {
    type Fitted = FittedSelectColumns<T>;

    /// Learns which columns have a variance above the threshold.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] if no column has a variance above the threshold.
    fn fit_rows(
        &self,
        x: Rows<'_, T>,
        options: TransformerOptions<'_, T>,
    ) -> Result<FittedSelectColumns<T>, Error> {
        check::not_negative("threshold", self.threshold)?;
        let moments = Moments::of(x, options.weights)?;
        let (deviation, constant) = (moments.deviation(), moments.constant_columns::<T>());
        // Roots, because the variance itself may be beyond the range.
        let varies =
            |&column: &usize| !constant.contains(column) && deviation[column] > self.threshold.sqrt();
        let kept: Vec<usize> = (0..x.ncols()).filter(varies).collect();
        if kept.is_empty() {
            return Err(Error::Empty { argument: "x", axis: "columns that vary more than the threshold" });
        }
        FittedSelectColumns::new(kept, x.ncols())
    }
}
