//! Which columns of a table depend on others, for those who do not fit a model.

use super::coordinates::Coordinates;
use super::problem::{ColumnPenalty, Problem};
use crate::examples::ClassExamples;
use crate::scalar::Real;

/// Returns the columns that are combinations of columns before them and a constant, up to rounding, as a fit
/// without a penalty decides it; `None` if that is not known.
///
/// Constant columns are not among them. It takes the time of an iteration of Newton's method, and is not
/// known for more than 256 columns with fewer rows, or more than 1024.
pub(crate) fn dependent_columns<T: Real>(rows: ClassExamples<'_, T>) -> Option<Vec<usize>> {
    let penalty = ColumnPenalty::none(rows.x.ncols());
    let problem = Problem { rows: rows.into(), classes: 2, intercept: true, penalty: &penalty };
    let coordinates = Coordinates::new(&problem, 1);
    let nothing_varies = coordinates.constant.len() == rows.x.ncols();
    let known = nothing_varies || coordinates.triangle().is_some();
    known.then(|| coordinates.dependent().collect())
}
