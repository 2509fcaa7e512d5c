//! The mean cross-entropy of predicted probabilities.

use nalgebra::DMatrix;

use crate::check;
use crate::error::Error;
use crate::label::{Label, indices};
use crate::real::Real;

/// The mean of -ln p over rows, with p the probability that was given to the true class; lower is better.
///
/// `classes` are those of the columns of `probabilities` (n x K), as [`Classifier::classes`](crate::Classifier)
/// returns them. A true class that was given probability 0 makes the result infinite: nothing is clipped.
///
/// # Errors
/// For different sizes, no rows, a label that is none of the classes, and entries outside [0, 1].
///
/// # Examples
/// ```
/// use logit::metrics::log_loss;
/// use nalgebra::dmatrix;
///
/// let p = dmatrix![0.9, 0.1; 0.6, 0.4; 0.65, 0.35; 0.2, 0.8];
/// let loss = log_loss(&[0, 0, 1, 1], &p, &[0, 1])?;
/// assert!((loss - 0.47228795380917615).abs() < 1e-15);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn log_loss<T: Real, L: Label>(
    truth: &[L],
    probabilities: &DMatrix<T>,
    classes: &[L],
) -> Result<f64, Error> {
    check::count("probabilities", "rows", truth.len(), probabilities.nrows())?;
    check::count("probabilities", "columns", classes.len(), probabilities.ncols())?;
    if truth.is_empty() {
        return Err(Error::Empty { argument: "truth", axis: "labels" });
    }
    check::finite("probabilities", probabilities)?;
    let mut sum = 0.0;
    for (row, class) in indices(classes, truth)?.into_iter().enumerate() {
        let p = probabilities[(row, class)].as_f64();
        if !(0.0..=1.0).contains(&p) {
            return Err(Error::InvalidTarget {
                row,
                value: p,
                requires: "a probability must be from 0 to 1",
            });
        }
        sum -= p.ln();
    }
    Ok(sum / truth.len() as f64)
}
