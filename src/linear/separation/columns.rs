//! The columns that a separation needs.

use super::search::Search;
use crate::scalar::Real;

/// The number of multiplications after which no further columns are tried; at least as many as the search
/// took.
const WORK: usize = 1_000_000_000;

/// The smallest part of a direction, relative to the largest, that does not count as rounding error.
const ROUNDING: f64 = 1e-9;

/// Drops columns as long as another direction without them is strict on the same constraints. Returns that
/// direction and the search that found it.
///
/// Columns with the smallest share in the direction are tried first, many at a time as long as that succeeds.
/// A column that is needed once remains needed, so in the end each remaining column is needed if the others
/// stay.
pub(super) fn drop_needless<'a, T: Real>(
    search: Search<'a, T>,
    direction: Vec<f64>,
) -> (Search<'a, T>, Vec<f64>) {
    let mut remaining = WORK.max(search.work);
    let (mut search, mut direction) = (search.without(&[]), direction);
    let mut needed = vec![false; search.design.features()];
    let mut chunk = None;
    loop {
        let shares = shares(&search, &direction);
        let largest = shares.iter().fold(0.0, |m: f64, &share| m.max(share));
        let open = |&j: &usize| search.design.keeps(j) && !needed[j];
        let mut order: Vec<usize> = (0..shares.len()).filter(open).collect();
        if order.is_empty() || remaining == 0 {
            break;
        }
        order.sort_by(|&a, &b| shares[a].total_cmp(&shares[b]));
        let rounding = order.iter().filter(|&&j| shares[j] <= ROUNDING * largest).count();
        let size =
            chunk.unwrap_or(if rounding > 0 { rounding } else { order.len() / 2 }).clamp(1, order.len());
        let mut trial = search.without(&order[..size]);
        let found = trial.strict();
        remaining = remaining.saturating_sub(trial.work);
        match found {
            Some(other) => {
                (search, direction) = (trial.without(&[]), other);
                chunk = chunk.map(|_| 2 * size);
            }
            None if size > 1 => chunk = Some(size / 2),
            None => needed[order[0]] = true,
        }
    }
    let direction = round(&mut search, direction);
    (search, direction)
}

/// Returns the share of each column in the direction.
fn shares<T: Real>(search: &Search<'_, T>, direction: &[f64]) -> Vec<f64> {
    let mut shares = vec![0.0; search.design.features()];
    for part in direction.chunks_exact(search.design.width()) {
        shares.iter_mut().zip(part).for_each(|(share, v)| *share += v.abs());
    }
    shares
}

/// Divides by the largest slope and sets entries that are rounding errors to zero, if the direction then
/// separates as before.
fn round<T: Real>(search: &mut Search<'_, T>, mut direction: Vec<f64>) -> Vec<f64> {
    let (width, features) = (search.design.width(), search.design.features());
    let largest = |entries: &mut dyn Iterator<Item = &f64>| entries.fold(0.0, |m: f64, v| m.max(v.abs()));
    let slopes = largest(&mut direction.chunks_exact(width).flat_map(|part| &part[..features]));
    let size = if slopes > 0.0 { slopes } else { largest(&mut direction.iter()) };
    direction.iter_mut().for_each(|v| *v /= size);
    let clean: Vec<f64> = direction.iter().map(|&v| if v.abs() <= ROUNDING { 0.0 } else { v }).collect();
    if clean != direction && search.confirms(&clean) { clean } else { direction }
}
