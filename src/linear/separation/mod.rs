//! Complete and quasi-complete separation: when logistic regression without a penalty has no optimum.
//!
//! Row i of class y asks of a direction v = (w, b) that z_y - z_k >= 0 for every other class k, where z = x w + b. Each
//! such constraint is an inner product a·v >= 0. A direction that meets all constraints and some of them strictly
//! separates: along it the likelihood only grows (Albert and Anderson, 1984).
//!
//! # Method
//! Two theorems of the alternative make the answer a proof in either case. Gordan: either some v has a·v > 0 for all
//! constraints, or some c >= 0, c != 0 has Σ c a = 0. In the second case no separating direction is strict where
//! c > 0, so every such direction is orthogonal to the span of those a, and the question is asked again in the
//! orthogonal complement, where constraints that vanish are out of the game. Every round takes at least one
//! dimension away. It ends with no constraint left (by Stiemke's theorem the estimate exists), or with a direction
//! that is strict on all that are left: no other direction is strict on more.
//!
//! - [`nearest`] answers Gordan's question on a few rows, by the point of their convex hull nearest to the origin.
//! - [`search`] does so for all rows: it starts from a few and adds rows that the answer violates.
//! - [`working`] are the few rows, [`pass`] goes over all.
//! - [`columns`] drops columns that a separating direction does not need.
//! - [`certificate`] proves from a converged fit that the estimate exists, in one pass and without any search.
//!
//! # References
//! Albert and Anderson (1984); Santner and Duffy (1986); Konis (2007); for the nearest point Wolfe (1976), and
//! Lawson and Hanson (1974).

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

/// A direction that separates the rows as far as any does, or `None` if the maximum-likelihood estimate exists.
///
/// Rank deficiency alone is no separation: a direction along which no score moves does not count. Margins, and
/// distances of rows from subspaces, below some 1e-10 of the size of a row (columns centred and scaled) count as zero.
///
/// # Errors
/// [`Error::FitOverflow`] if the direction has no representation in `T`, [`Error::SeparationUndecided`] if rounding
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
