//! The columns that a separation needs.

use super::budget::Budget;
use super::design::Design;
use super::search::Search;
use crate::error::Error;
use crate::scalar::Real;

/// The smallest part of a direction, relative to the largest, that does not count as rounding error.
const ROUNDING: f64 = 1e-9;

/// Drops columns as long as another direction without them is strict on the same constraints. Returns that
/// direction and the search that found it.
///
/// Columns with the smallest share in the direction are tried first, many at a time as long as that succeeds.
/// A column that is needed once remains needed, so in the end each remaining column is needed if the others
/// stay.
/// The search stops trying when the budget does not suffice.
pub(super) fn drop_needless<'a, T: Real>(
    search: Search<'a, T>,
    direction: Vec<f64>,
    budget: &mut Budget<'_>,
) -> (Search<'a, T>, Vec<f64>) {
    let mut best = (search, direction);
    // What the search has settled is settled for good.
    best.0.settled_more = false;
    // What was found so far is right if the budget ends.
    let _ = drop_while_affordable(&mut best, budget);
    let (mut search, direction) = best;
    let direction = round(&mut search, direction, budget);
    (search, direction)
}

/// Replaces the search and its direction by those without columns.
fn drop_while_affordable<'a, T: Real>(
    (search, direction): &mut (Search<'a, T>, Vec<f64>),
    budget: &mut Budget<'_>,
) -> Result<(), Error> {
    let unused = unused(&search.design, direction);
    let mut trial = search.without(&unused, budget)?;
    if !unused.is_empty() && trial.confirms(direction, budget)? {
        *search = trial.without(&[], budget)?;
    }
    let mut needed = vec![false; search.design.features()];
    let mut chunk = None;
    loop {
        let shares = shares(&search.design, direction);
        let largest = shares.iter().fold(0.0, |m: f64, &share| m.max(share));
        let open = |&j: &usize| search.design.keeps(j) && !needed[j];
        let mut order: Vec<usize> = (0..shares.len()).filter(open).collect();
        if order.is_empty() {
            break;
        }
        order.sort_by(|&a, &b| shares[a].total_cmp(&shares[b]));
        let rounding = order.iter().filter(|&&j| shares[j] <= ROUNDING * largest).count();
        let size =
            chunk.unwrap_or(if rounding > 0 { rounding } else { order.len() / 2 }).clamp(1, order.len());
        let dropped = &order[..size];
        let mut trial = search.without(dropped, budget)?;
        let without = trial.outside_span(search.design.masked(direction, dropped));
        let found = if trial.confirms(&without, budget)? { Some(without) } else { trial.strict(budget) };
        match found {
            Some(other) => {
                *search = trial.without(&[], budget)?;
                *direction = other;
                chunk = chunk.map(|_| 2 * size);
            }
            None if size > 1 => chunk = Some(size / 2),
            None => needed[order[0]] = true,
        }
    }
    Ok(())
}

/// Returns the columns that the direction does not use at all.
pub(super) fn unused<T: Real>(design: &Design<'_, T>, direction: &[f64]) -> Vec<usize> {
    let shares = shares(design, direction);
    (0..shares.len()).filter(|&j| design.keeps(j) && shares[j] == 0.0).collect()
}

/// Returns the share of each column in the direction.
fn shares<T: Real>(design: &Design<'_, T>, direction: &[f64]) -> Vec<f64> {
    let mut shares = vec![0.0; design.features()];
    for part in direction.chunks_exact(design.width()) {
        shares.iter_mut().zip(part).for_each(|(share, v)| *share += v.abs());
    }
    shares
}

/// Divides by the largest slope and sets entries that are rounding errors to zero, if the direction then
/// separates as before.
fn round<T: Real>(search: &mut Search<'_, T>, direction: Vec<f64>, budget: &mut Budget<'_>) -> Vec<f64> {
    let design = &search.design;
    let direction = in_units(design, direction);
    let clean = in_units(design, cleaned(design, &direction));
    let confirmed = clean != direction && search.confirms_exactly(&clean, budget).unwrap_or(false);
    if confirmed { clean } else { direction }
}

/// Divides a direction by its largest slope, or by its largest entry if all slopes are zero.
fn in_units<T: Real>(design: &Design<'_, T>, mut direction: Vec<f64>) -> Vec<f64> {
    let largest = |entries: &mut dyn Iterator<Item = &f64>| entries.fold(0.0, |m: f64, v| m.max(v.abs()));
    let parts = direction.chunks_exact(design.width());
    let slopes = largest(&mut parts.flat_map(|part| &part[..design.features()]));
    let size = if slopes > 0.0 { slopes } else { largest(&mut direction.iter()) };
    direction.iter_mut().for_each(|v| *v /= size);
    direction
}

/// Sets entries of a direction that are rounding errors to zero. What the parts of several score columns then
/// sum to is taken from the largest of them, because they sum to zero.
fn cleaned<T: Real>(design: &Design<'_, T>, direction: &[f64]) -> Vec<f64> {
    let clean = |v: &f64| if v.abs() <= ROUNDING { 0.0 } else { *v };
    let mut entries: Vec<f64> = direction.iter().map(clean).collect();
    for j in (0..design.width()).filter(|_| design.score_columns > 1) {
        let places = || (j..direction.len()).step_by(design.width());
        let sum: f64 = places().map(|at| entries[at]).sum();
        let largest = places().max_by(|&a, &b| entries[a].abs().total_cmp(&entries[b].abs()));
        if let Some(at) = largest.filter(|_| places().any(|at| entries[at] != direction[at])) {
            entries[at] -= sum;
        }
    }
    entries
}
