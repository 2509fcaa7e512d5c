//! A batch of rows beside the training rows.

use crate::check;
use crate::code::Code;
use crate::doctor::data::Terms;
use crate::doctor::diagnosis::Diagnosis;
use crate::doctor::finding::{Finding, Severity, short};
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;

/// The least number of rows of a batch.
const ROWS: usize = 20;
/// The share of rows beyond the training range from which a column is reported.
const BEYOND: f64 = 0.05;
/// The share that the ranges have in common below which a column is reported.
const COMMON: f64 = 0.5;

/// Compares a batch of rows for prediction with the training rows, column by column.
///
/// A column is reported if the ranges of both have less than half of their union in common, or if more than 5 %
/// of its entries are farther from the training range than half of that range, and than 4 standard deviations
/// from the mean. Batches of fewer than 20 rows are not judged. Rows that are wrong in a way that keeps their
/// ranges are only found by [`compare_paths`](crate::doctor::compare_paths).
///
/// # Errors
/// Returns [`Error::ShapeMismatch`] if the numbers of columns differ, and [`Error::Empty`] or
/// [`Error::NotFinite`] if the training rows are empty or not finite.
///
/// # Examples
/// ```
/// use logit::data;
/// use logit::doctor::{Code, compare_batch};
///
/// let iris = data::iris();
/// assert!(compare_batch(&iris, &iris.x.rows(20, 100))?.is_healthy());
///
/// let millimetres = 10.0 * &iris.x;
/// let diagnosis = compare_batch(&iris, &millimetres)?;
/// assert_eq!(diagnosis.root().map(|finding| finding.code), Some(Code::ServingSkew));
/// # Ok::<(), logit::Error>(())
/// ```
pub fn compare_batch<'a, 'b, T: Real>(
    training: impl Into<Rows<'a, T>>,
    batch: impl Into<Rows<'b, T>>,
) -> Result<Diagnosis, Error> {
    let (training, batch) = (training.into(), batch.into());
    check::training_matrix(training)?;
    check::count("batch", "columns", training.ncols(), batch.ncols())?;
    if batch.nrows() < ROWS {
        return Ok(Diagnosis::default());
    }
    let found: Vec<(usize, Column)> = (0..training.ncols())
        .filter_map(|at| {
            let values =
                |rows: &Rows<'_, T>| rows.column(at).iter().map(|v| v.as_f64()).collect::<Vec<f64>>();
            let column = Column::new(&values(&training), &values(&batch));
            column.differs().then_some((at, column))
        })
        .collect();
    let Some((first, column)) = found.first() else { return Ok(Diagnosis::default()) };
    let class = |class: usize| class.to_string();
    let terms = Terms::new(training.names(), &class);
    let columns: Vec<usize> = found.iter().map(|(at, _)| *at).collect();
    let why = format!(
        "{} of the batch lie elsewhere than in training: {} spans {} to {} here, and {} to {} in training",
        terms.columns(&columns),
        terms.column(*first),
        short(column.batch.0),
        short(column.batch.1),
        short(column.training.0),
        short(column.training.1),
    );
    let change =
        "prepare rows for prediction as those of training: fit a `Pipeline`, and send raw rows to it";
    let finding = Finding::new(Code::ServingSkew, Severity::Warning, why, change)
        .saw("columns that differ", columns.len() as f64)
        .saw("common share of the ranges", column.common())
        .saw("share of rows far outside", column.beyond);
    Ok(Diagnosis::new(vec![finding]))
}

/// The ranges of a column in training and in the batch.
struct Column {
    training: (f64, f64),
    batch: (f64, f64),
    /// The share of the batch that is far outside of the training range.
    beyond: f64,
}

impl Column {
    fn new(training: &[f64], batch: &[f64]) -> Self {
        let range = |values: &[f64]| {
            let finite = values.iter().copied().filter(|v| v.is_finite());
            finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
        };
        let (low, high) = range(training);
        let rows = training.len() as f64;
        let mean = training.iter().map(|v| v / rows).sum::<f64>();
        let deviation = training.iter().map(|v| (v - mean).powi(2) / rows).sum::<f64>().sqrt();
        let reach = (high - low) / 2.0;
        let far = |v: &&f64| {
            let outside = **v < low - reach || **v > high + reach || v.is_nan();
            outside && (v.is_nan() || (**v - mean).abs() > 4.0 * deviation)
        };
        let beyond = batch.iter().filter(far).count() as f64 / batch.len() as f64;
        Column { training: (low, high), batch: range(batch), beyond }
    }

    /// Returns the common part of the ranges as a share of their union; 1 for the same single value.
    fn common(&self) -> f64 {
        let (a, b) = (self.training, self.batch);
        let union = a.1.max(b.1) - a.0.min(b.0);
        if union == 0.0 { 1.0 } else { (a.1.min(b.1) - a.0.max(b.0)).max(0.0) / union }
    }

    fn differs(&self) -> bool {
        self.beyond > BEYOND || self.common() < COMMON
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_compared() {
        let training: Vec<f64> = (0..100).map(f64::from).collect();
        let shifted = |by: f64| training.iter().map(|v| v + by).collect::<Vec<f64>>();
        assert!(!Column::new(&training, &shifted(30.0)).differs());
        let moved = Column::new(&training, &shifted(60.0));
        assert!(moved.differs() && moved.common() < 0.3 && moved.beyond == 0.0 || moved.beyond > 0.0);
        assert!(Column::new(&training, &[f64::NAN; 30]).differs());
        assert!(!Column::new(&[2.0; 9], &[2.0; 30]).differs());
    }
}
