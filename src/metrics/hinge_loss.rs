//! The mean margin that scores lack.

use nalgebra::DMatrixView;

use crate::check;
use crate::error::Error;
use crate::label::Label;
use crate::metric::{checked, double, mean};
use crate::scalar::Real;

/// The mean of max(0, 1 - margin) over rows, weighted if there are weights; lower is better. The margin of a row is, of two
/// classes, its score (n x 1, as [`decision_function`](crate::ClassifierExt::decision_function) returns it) with the sign of
/// its class; of more (n x K) the score of its class minus the largest of the others.
///
/// # References
/// Crammer and Singer (2001), "On the algorithmic implementation of multiclass kernel-based vector machines".
///
/// # Errors
/// For different sizes, no rows, fewer than two classes, a label that is none of them, scores that are not finite and bad
/// weights.
///
/// # Examples
/// ```
/// use logit::metrics::hinge_loss;
/// use nalgebra::dmatrix;
///
/// assert_eq!(hinge_loss(&["no", "yes", "yes"], &dmatrix![-2.0; 0.5; -1.0], &["no", "yes"], None)?, 2.5 / 3.0);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn hinge_loss<'a, T: Real, L: Label>(
    truth: &[L],
    scores: impl Into<DMatrixView<'a, T>>,
    classes: &[L],
    weights: Option<&[T]>,
) -> Result<f64, Error> {
    let scores = scores.into();
    check::parameter("classes", classes.len() as f64, classes.len() >= 2, "at least 2 of them")?;
    let columns = if classes.len() == 2 { 1 } else { classes.len() };
    let truth = checked("scores", truth, (scores, columns), classes)?;
    check::weights(weights, truth.len())?;
    let score = |row: usize, column: usize| scores[(row, column)].as_f64();
    let margin = |row: usize| match (columns, truth[row]) {
        (1, 1) => score(row, 0),
        (1, _) => -score(row, 0),
        (_, own) => {
            let others = (0..columns).filter(|&class| class != own).map(|class| score(row, class));
            score(row, own) - others.fold(f64::NEG_INFINITY, f64::max)
        }
    };
    Ok(mean(truth.len(), double(weights).as_deref(), |row| (1.0 - margin(row)).max(0.0)))
}
