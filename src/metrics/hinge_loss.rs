//! The hinge loss of scores.

use nalgebra::DMatrixView;

use crate::check;
use crate::error::Error;
use crate::label::Label;
use crate::metric::{checked, double, mean};
use crate::scalar::Real;

/// Returns the hinge loss, the mean of max(0, 1 - margin) over rows; lower is better.
///
/// For two classes, the margin of a row is its score (n x 1, as
/// [`decision_function`](crate::ClassifierExt::decision_function) returns it) with the sign of its class. For
/// more classes (n x K), it is the score of its class minus the largest score of the others. Rows count by
/// their weights if there are weights.
///
/// # References
/// Crammer and Singer (2001), "On the algorithmic implementation of multiclass kernel-based vector machines".
///
/// # Errors
/// Returns [`Error::InvalidParameter`] if there are fewer than two classes, [`Error::ShapeMismatch`] if the
/// sizes differ, [`Error::Empty`] if there are no rows, [`Error::NotFinite`] if a score is not finite,
/// [`Error::UnsortedClasses`] if `classes` are not in ascending order, [`Error::UnknownLabel`] if a label is
/// not one of `classes`, and [`Error::InvalidWeight`] or [`Error::InvalidWeightSum`] if the weights are not
/// valid.
///
/// # Examples
/// ```
/// use logit::metrics::hinge_loss;
/// use nalgebra::dmatrix;
///
/// assert_eq!(
///     hinge_loss(
///         &["no", "yes", "yes"],
///         &dmatrix![-2.0; 0.5; -1.0],
///         &["no", "yes"],
///         None
///     )?,
///     2.5 / 3.0
/// );
/// # Ok::<(), logit::Error>(())
/// ```
pub fn hinge_loss<'a, T: Real, L: Label>(
    truth: &[L],
    scores: impl Into<DMatrixView<'a, T>>,
    classes: &[L],
    weights: Option<&[T]>,
) -> Result<f64, Error> {
    let scores = scores.into();
    check::parameter("classes", classes.len() as f64, classes.len() >= 2, "at least 2")?;
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
