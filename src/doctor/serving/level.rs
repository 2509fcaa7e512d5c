//! Levels that are never reached.

use crate::boundary::Contour;
use crate::code::Code;
use crate::doctor::diagnosis::Diagnosis;
use crate::doctor::finding::{Finding, Severity};

/// Says why a contour has no lines: the probability never reaches its level.
///
/// # Examples
/// ```
/// use logit::FittedLogistic;
/// use logit::boundary::{Bounds, contour};
/// use logit::doctor::{Code, examine_contour};
/// use nalgebra::{dmatrix, dvector};
///
/// let rare = FittedLogistic::from_coefficients(
///     vec!["no", "yes"],
///     dmatrix![0.1; 0.1],
///     dvector![-3.0],
/// )?;
/// let bounds = Bounds::new((-1.0, 1.0), (-1.0, 1.0))?;
/// let diagnosis = examine_contour(&contour(&rare, 0.5, bounds, 20)?);
/// assert_eq!(diagnosis.root().map(|finding| finding.code), Some(Code::LevelNotReached));
/// # Ok::<(), logit::Error>(())
/// ```
pub fn examine_contour(contour: &Contour) -> Diagnosis {
    if contour.is_reached() {
        return Diagnosis::default();
    }
    let (low, high) = contour.range();
    let why = format!(
        "within the bounds the probability is between {low:.3} and {high:.3}, so there is no line at {}",
        contour.level()
    );
    let change = "draw a level in that range. If no level of interest is in it, the model may be constant, or the \
                  bounds may be in other units than the training rows";
    // No probability is ever 0 or 1, or outside of them.
    let possible = contour.level() > 0.0 && contour.level() < 1.0;
    let severity = if possible { Severity::Info } else { Severity::Warning };
    let finding = Finding::new(Code::LevelNotReached, severity, why, change)
        .saw("level", contour.level())
        .saw("smallest probability", low)
        .saw("largest probability", high);
    Diagnosis::new(vec![finding])
}
