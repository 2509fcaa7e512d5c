//! The visible part of the boundary of two classes: lines end where a third class is equally probable.

use std::collections::BTreeSet;

use nalgebra::DMatrix;

use super::beside::beside;
use super::bounds::Bounds;
use super::contour::slack;
use super::polyline::Polyline;
use super::probe::{Difference, Probe};
use super::roots::{Interval, LEAST, between, narrow, tolerance};
use crate::classifier::Classifier;
use crate::error::Error;
use crate::scalar::Real;

/// The excess up to which a more probable third class does not hide a point. It keeps rounding errors from
/// cutting lines that pass through a point where three classes meet.
const HIDDEN: f64 = 1e-12;

/// Returns the amount by which the most probable other class exceeds both classes, in log-probability.
fn excess<T: Real>(log_p: &DMatrix<T>, row: usize, of: Difference) -> f64 {
    let own = log_p[(row, of.plus)].as_f64().max(log_p[(row, of.minus)].as_f64());
    let others = (0..log_p.ncols()).filter(|&class| class != of.plus && class != of.minus);
    let most = others.map(|class| log_p[(row, class)].as_f64()).fold(f64::NEG_INFINITY, f64::max);
    if most == own { 0.0 } else { most - own }
}

/// Returns the most probable other class.
fn third<T: Real>(log_p: &DMatrix<T>, row: usize, of: Difference) -> Option<usize> {
    let others = (0..log_p.ncols()).filter(|&class| class != of.plus && class != of.minus);
    others.reduce(|best, class| if log_p[(row, class)] > log_p[(row, best)] { class } else { best })
}

fn excesses<T: Real, C: Classifier<T> + ?Sized>(
    probe: &Probe<'_, T, C>,
    of: Difference,
    points: &[[f64; 2]],
) -> Result<Vec<f64>, Error> {
    let mut values = Vec::with_capacity(points.len());
    probe.visit(points, |_, log_p| values.extend((0..log_p.nrows()).map(|row| excess(log_p, row, of))))?;
    Ok(values)
}

/// Parts of lines, and the third classes at their ends.
pub(super) type Visible = (Vec<Polyline>, BTreeSet<usize>);

/// Returns the parts of lines where no third class is more probable.
pub(super) fn visible<T: Real, C: Classifier<T> + ?Sized>(
    probe: &Probe<'_, T, C>,
    of: Difference,
    bounds: Bounds,
    lines: Vec<Polyline>,
) -> Result<Visible, Error> {
    let (mut parts, mut thirds) = (Vec::new(), BTreeSet::new());
    for line in lines {
        let values = excesses(probe, of, &line.points)?;
        let hidden: Vec<bool> = values.iter().map(|&value| value > HIDDEN).collect();
        // A closed line is cut open at a hidden point.
        let Some(first) = hidden.iter().position(|&hidden| hidden) else {
            parts.push(line);
            continue;
        };
        let count = line.points.len();
        let order: Vec<usize> = match line.closed {
            true => (first..count).chain(0..=first).collect(),
            false => (0..count).collect(),
        };
        let cuts: Vec<[usize; 2]> = order
            .windows(2)
            .map(|pair| [pair[0], pair[1]])
            .filter(|&[from, to]| hidden[from] != hidden[to])
            .collect();
        let chords: Vec<[[f64; 2]; 2]> = cuts.iter().map(|cut| cut.map(|index| line.points[index])).collect();
        let ends: Vec<[f64; 2]> = cuts.iter().map(|cut| cut.map(|index| values[index])).collect();
        let meetings = meetings(probe, of, bounds, &chords, &ends)?;
        let met: Vec<[f64; 2]> = meetings.iter().copied().flatten().collect();
        probe.visit(&met, |_, log_p| {
            thirds.extend((0..log_p.nrows()).filter_map(|row| third(log_p, row, of)))
        })?;
        let mut meetings = meetings.into_iter();
        let mut part = Vec::new();
        for (at, &index) in order.iter().enumerate() {
            let before = at.checked_sub(1).map(|at| hidden[order[at]]);
            if before.is_some_and(|before| before != hidden[index]) {
                part.extend(meetings.next().flatten());
            }
            if !hidden[index] {
                part.push(line.points[index]);
            }
            if hidden[index] || at + 1 == order.len() {
                let slack = slack(bounds, T::EPSILON.as_f64());
                parts.extend(Polyline::cleaned(std::mem::take(&mut part), false, slack));
            }
        }
    }
    Ok((parts, thirds))
}

/// For each chord of a line that is hidden at one end and visible at the other, finds the point of the curve
/// where all three classes are equally probable.
fn meetings<T: Real, C: Classifier<T> + ?Sized>(
    probe: &Probe<'_, T, C>,
    of: Difference,
    bounds: Bounds,
    chords: &[[[f64; 2]; 2]],
    values: &[[f64; 2]],
) -> Result<Vec<Option<[f64; 2]>>, Error> {
    let interval = |&values: &[f64; 2]| Interval::new(values, LEAST);
    let mut intervals: Vec<Interval> = values.iter().map(interval).collect();
    narrow(&mut intervals, tolerance::<T>(), |open, shares| {
        let chords: Vec<[[f64; 2]; 2]> = open.iter().map(|&index| chords[index]).collect();
        let curve = beside(probe, of, bounds.ratio(), &chords, shares)?;
        let straight = chords.iter().zip(shares).map(|(&chord, &share)| between(chord, share));
        let points: Vec<[f64; 2]> =
            curve.into_iter().zip(straight).map(|(point, straight)| point.unwrap_or(straight)).collect();
        excesses(probe, of, &points)
    })?;
    let shares: Vec<f64> = intervals.iter().map(Interval::best).collect();
    beside(probe, of, bounds.ratio(), chords, &shares)
}
