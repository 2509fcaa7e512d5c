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
//! - [`scale`] centres and scales the columns.
//! - [`columns`] drops columns that a separating direction does not need.
//! - [`cuts`] finds single columns that separate, in a pass for each column, and leaves fewer rows.
//! - [`estimate`] and [`relaxation`] try the coefficients of the fit as a direction.
//! - [`certificate`] proves from a converged fit that the estimate exists, in one pass and without a search.
//! - [`dependence`] drops columns that depend on others, so that their rounding errors do not separate.
//! - [`budget`] bounds the work of all of these.
//!
//! # References
//! Albert and Anderson (1984); Santner and Duffy (1986); Konis (2007); for the nearest point Wolfe (1976),
//! and Lawson and Hanson (1974).

mod budget;
mod certificate;
mod columns;
mod cuts;
mod dependence;
mod design;
mod direction;
mod estimate;
mod nearest;
mod pass;
mod relaxation;
mod scale;
mod search;
mod span;
#[cfg(test)]
mod tests;
mod working;

pub(in crate::linear) use budget::Budget;
pub use direction::{Separation, SeparationKind};
pub(in crate::linear) use estimate::Estimate;

use self::certificate::estimate_exists;
use self::cuts::{Cuts, cuts};
use self::design::Design;
use self::search::Search;
use crate::error::Error;
use crate::linear::rows::TrainingRows;
use crate::scalar::Real;

/// The share of the budget for moving the direction of the fit, as a divisor.
const RELAXATION: usize = 4;

/// Finds a direction that is strict on as many constraints as any, or `None` if the maximum-likelihood
/// estimate exists.
///
/// Rank deficiency alone is not separation: a direction along which no score changes does not count. Margins
/// below [`MARGIN`](search::MARGIN) of the size of a row and of the direction (columns centred and scaled)
/// count as zero, and so do distances of rows from subspaces below some 1e-10.
///
/// An estimate, if there is one, makes the search shorter.
///
/// # Errors
/// Returns [`Error::FitOverflow`] if the direction is not representable in `T`, and
/// [`Error::SeparationUndecided`] if the budget ends, if the observer ends the search, or if rounding errors
/// leave the question open.
pub(in crate::linear) fn separation<T: Real>(
    rows: TrainingRows<'_, T>,
    classes: usize,
    intercept: bool,
    estimate: Option<&Estimate<'_, T>>,
    budget: &mut Budget<'_>,
) -> Result<Option<Separation<T>>, Error> {
    let design = Design::new(rows, classes, intercept);
    if let Some(found) = cuts(&design, budget)?
        && let Some((search, direction)) = beyond(&design, &found, estimate, budget)?
    {
        return Separation::new(&search, &direction).map(Some);
    }
    let (search, direction) = widest(design, estimate, budget)?;
    let Some(direction) = direction else { return Ok(None) };
    let (search, direction) = columns::drop_needless(search, direction, budget);
    Separation::new(&search, &direction).map(Some)
}

/// Searches all rows, or proves that there is nothing to find.
fn widest<'a, T: Real>(
    mut design: Design<'a, T>,
    estimate: Option<&Estimate<'_, T>>,
    budget: &mut Budget<'_>,
) -> Result<(Search<'a, T>, Option<Vec<f64>>), Error> {
    // The coefficients of the fit are a proof if all rows are on the right side, or if all residuals are
    // large enough. Neither needs a search.
    let mut direction = met_by(&design, estimate, budget)?;
    let mut proved = direction.is_none() && proved_by(&design, estimate, budget)?;
    if !proved {
        design.drop_dependent(budget);
        if design.has_dependent() {
            // What only rounding separated is overlapping now.
            direction = met_by(&design, estimate, budget)?;
            proved = direction.is_none() && proved_by(&design, estimate, budget)?;
        }
    }
    let mut search = Search::new(design, budget)?;
    if proved {
        search.settled.fill(true);
    } else if direction.is_none() {
        let hint = estimate.and_then(|estimate| search.design.hint(estimate));
        if let Some(hint) = &hint {
            let share = budget.remaining() / RELAXATION;
            let relaxed = search.relaxed(&hint.direction, share, budget)?;
            direction = match relaxed.and_then(|relaxed| search.design.normalised(relaxed)) {
                Some(relaxed) if search.confirms(&relaxed, budget)? => Some(relaxed),
                _ => None,
            };
        }
        if direction.is_none() {
            direction = search.widest(hint.as_ref(), budget)?;
        }
    }
    Ok((search, direction))
}

/// Returns the coefficients of the fit as a direction if it meets all constraints.
fn met_by<T: Real>(
    design: &Design<'_, T>,
    estimate: Option<&Estimate<'_, T>>,
    budget: &mut Budget<'_>,
) -> Result<Option<Vec<f64>>, Error> {
    let Some(hint) = estimate.and_then(|estimate| design.hint(estimate)) else { return Ok(None) };
    let met = Search::new(design.clone(), budget)?.confirms(&hint.direction, budget)?;
    Ok(met.then_some(hint.direction))
}

/// Returns whether the fit proves that the estimate exists.
fn proved_by<T: Real>(
    design: &Design<'_, T>,
    estimate: Option<&Estimate<'_, T>>,
    budget: &mut Budget<'_>,
) -> Result<bool, Error> {
    match estimate {
        Some(estimate) => estimate_exists(design, estimate, budget),
        None => Ok(false),
    }
}

/// A search with the direction that it found.
type Found<'a, T> = (Search<'a, T>, Vec<f64>);

/// Searches the rows that no column alone separates, adds what is found to what columns separate, and drops
/// needless columns. Returns `None` if both together are beyond the precision of the arithmetic.
fn beyond<'a, T: Real>(
    design: &Design<'a, T>,
    found: &Cuts,
    estimate: Option<&Estimate<'_, T>>,
    budget: &mut Budget<'_>,
) -> Result<Option<Found<'a, T>>, Error> {
    let mut settled = vec![false; found.strict.len()];
    let mut direction = found.direction.clone();
    if found.open.contains(&true) {
        let (search, more) = widest(design.of_open(&found.open), estimate, budget)?;
        for row in (0..found.open.len()).filter(|&row| found.open[row]) {
            for at in design.rivals(row).map(|rival| search.index(row, rival)) {
                settled[at] = search.settled[at] && !found.strict[at];
            }
        }
        if let Some(more) = more {
            let more = search.design.moved_to(design, &more);
            match design.combined(&direction, &found.strict, &more, budget)? {
                Some(sum) => direction = sum,
                None => return Ok(None),
            }
        }
    }
    let used = design.without(&columns::unused(design, &direction));
    let mut known = Search::new(used, budget)?;
    known.settled.copy_from_slice(&settled);
    if !known.confirms(&direction, budget)? {
        return Ok(None);
    }
    // Without the span, columns cannot be dropped, but the answer is right.
    let known = match Search::settled(known.design.clone(), settled, budget) {
        Ok(search) => search,
        Err(_) => known,
    };
    Ok(Some(columns::drop_needless(known, direction, budget)))
}
