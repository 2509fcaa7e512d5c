//! Points of a curve across from points on the chords of its polyline.

use super::bounds::Bounds;
use super::marching::Edge;
use super::probe::{Difference, Probe};
use super::roots::{between, roots, tolerance};
use crate::classifier::Classifier;
use crate::error::Error;
use crate::scalar::Real;

/// The distances from a chord at which the curve is searched for, in lengths of the chord.
const REACHES: [f64; 4] = [1.0 / 64.0, 1.0 / 16.0, 0.25, 1.0];

/// Finds the points where the difference is 0, perpendicular to chords at the given points. Directions are
/// perpendicular after the bounds are scaled to a square. `None` if there is no such point within reach and
/// within the bounds.
pub(super) fn beside<T: Real, C: Classifier<T> + ?Sized>(
    probe: &Probe<'_, T, C>,
    of: Difference,
    bounds: Bounds,
    chords: &[[[f64; 2]; 2]],
    shares: &[f64],
) -> Result<Vec<Option<[f64; 2]>>, Error> {
    let bases: Vec<[f64; 2]> =
        chords.iter().zip(shares).map(|(&chord, &share)| probe.snap(between(chord, share))).collect();
    let values = probe.differences(of, &bases)?;
    let mut found: Vec<Option<[f64; 2]>> = bases
        .iter()
        .zip(&values)
        .map(|(&base, value)| (value.abs() <= tolerance::<T>()).then_some(base))
        .collect();
    let mut open: Vec<usize> = (0..bases.len()).filter(|&index| found[index].is_none()).collect();
    let (mut edges, mut owners) = (Vec::new(), Vec::new());
    for reach in REACHES.iter().flat_map(|&reach| [reach, -reach]) {
        if open.is_empty() {
            break;
        }
        let away = |&index: &usize| {
            let ([a, b], base) = (chords[index], bases[index]);
            let step = [-reach * bounds.ratio() * (b[1] - a[1]), reach * (b[0] - a[0]) / bounds.ratio()];
            probe.snap(bounds.step(base, step))
        };
        let points: Vec<[f64; 2]> = open.iter().map(away).collect();
        let there = probe.differences(of, &points)?;
        let mut still = Vec::new();
        for ((&index, &point), &value) in open.iter().zip(&points).zip(&there) {
            if (value > 0.0) == (values[index] > 0.0) {
                still.push(index);
            } else {
                edges.push(Edge { ends: [bases[index], point], values: [values[index], value] });
                owners.push(index);
            }
        }
        open = still;
    }
    for (owner, point) in owners.into_iter().zip(roots(probe, of, &edges)?) {
        found[owner] = Some(point);
    }
    Ok(found)
}

/// Returns points of the curve across from points on chords, or the points on the chords where the curve is out
/// of reach.
pub(super) fn beside_or_on<T: Real, C: Classifier<T> + ?Sized>(
    probe: &Probe<'_, T, C>,
    of: Difference,
    bounds: Bounds,
    chords: &[[[f64; 2]; 2]],
    shares: &[f64],
) -> Result<Vec<[f64; 2]>, Error> {
    let curve = beside(probe, of, bounds, chords, shares)?;
    let straight = chords.iter().zip(shares).map(|(&chord, &share)| between(chord, share));
    Ok(curve.into_iter().zip(straight).map(|(point, straight)| point.unwrap_or(straight)).collect())
}
