//! The average precision.

use nalgebra::DMatrixView;

use super::multiclass_auc::average;
use super::ranking::Ranking;
use crate::error::Error;
use crate::metric::{EVALUATED, Metric};

/// The average precision, Σ (recall_i - recall_{i-1}) precision_i.
///
/// For two classes it is that of the second class; for more, the mean over classes of each class against all
/// others. For rare classes it is more informative than the area under the ROC curve.
///
/// ```
/// use logit::metrics::{AveragePrecision, Metric};
/// use nalgebra::dmatrix;
///
/// let p = dmatrix![0.9, 0.1; 0.6, 0.4; 0.65, 0.35; 0.2, 0.8];
/// let precision = AveragePrecision.evaluate(&[0, 0, 1, 1], &p, &[0, 1], None)?;
/// assert!((precision - 0.8333333333333333).abs() < 1e-15);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AveragePrecision;

impl Metric for AveragePrecision {
    fn greater_is_better(&self) -> bool {
        true
    }

    fn evaluate_indices(
        &self,
        truth: &[usize],
        scores: DMatrixView<'_, f64>,
        weights: Option<&[f64]>,
    ) -> Result<f64, Error> {
        let precision = |class: usize, column: usize| {
            let yes: Vec<bool> = truth.iter().map(|&found| found == class).collect();
            let ranking = Ranking::new(&yes, scores.column(column).as_slice(), weights);
            if ranking.positives() > 0.0 {
                Ok(ranking.average_precision())
            } else {
                Err(Error::missing_class(class, EVALUATED))
            }
        };
        match scores.ncols() {
            columns @ (1 | 2) => precision(1, columns - 1),
            classes => average((0..classes).map(|class| Ok((1.0, precision(class, class)?)))),
        }
    }
}
