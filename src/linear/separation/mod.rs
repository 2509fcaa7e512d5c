//! Complete and quasi-complete separation: data for which unpenalised logistic regression has no optimum.
//!
//! Let v = (w, b) be a direction, with scores z = x w + b. Row i of class y imposes the constraints
//! z_y - z_k >= 0 for every other class k. Each constraint is an inner product a·v >= 0. A direction separates
//! if it meets all constraints, and some of them strictly: along it the likelihood only grows (Albert and
//! Anderson, 1984).
//!
//! # Method
//! Two theorems of the alternative prove the answer in either case. By Gordan's theorem, either some v has
//! a·v > 0 for all constraints, or some c >= 0, c != 0 has Σ c a = 0. In the second case no separating
//! direction is strict on constraints with c > 0, so every separating direction is orthogonal to the span of
//! their a. The question is then asked again in the orthogonal complement, without the constraints that
//! vanish there. Every round removes at least one dimension. The search ends with no constraint left (by
//! Stiemke's theorem the estimate exists), or with a direction that is strict on all remaining constraints:
//! no other direction is strict on more.
//!
//! - [`nearest`] decides Gordan's alternative on a few rows, by the point of their convex hull nearest to the
//!   origin.
//! - [`search`] decides it for all rows: it starts from a few and adds rows that violate the current answer.
//! - [`working`] holds the few rows, and [`pass`] goes over all rows.
//! - [`columns`] drops columns that a separating direction does not need.
//! - [`certificate`] proves from a converged fit that the estimate exists, in one pass and without a search.
//!
//! # References
//! Albert and Anderson (1984); Santner and Duffy (1986); Konis (2007); for the nearest point Wolfe (1976),
//! and Lawson and Hanson (1974).

mod certificate;
mod columns;
mod design;
mod direction;
mod nearest;
mod pass;
mod search;
mod span;
#[cfg(test)]
mod tests;
mod working;

pub(in crate::linear) use certificate::estimate_exists;
pub use direction::{Separation, SeparationKind};

use self::design::Design;
use self::search::Search;
use crate::error::Error;
use crate::examples::ClassExamples;
use crate::scalar::Real;

/// Finds a direction that is strict on as many constraints as any, or `None` if the maximum-likelihood
/// estimate exists.
///
/// Rank deficiency alone is not separation: a direction along which no score changes does not count. Margins,
/// and distances of rows from subspaces, below some 1e-10 of the size of a row (columns centred and scaled)
/// count as zero.
///
/// # Errors
/// Returns [`Error::FitOverflow`] if the direction is not representable in `T`, and
/// [`Error::SeparationUndecided`] if rounding errors leave the question undecided.
/// errors leave the question open.
pub(in crate::linear) fn separation<T: Real>(
    rows: ClassExamples<'_, T>,
    classes: usize,
    intercept: bool,
) -> Result<Option<Separation<T>>, Error> {
    let mut search = Search::new(Design::new(rows, classes, intercept));
    let Some(direction) = search.widest()? else {
        return Ok(None);
    };
    let (search, direction) = columns::drop_needless(search, direction);
    Separation::new(&search, &direction).map(Some)
}
