//! The visible part of the boundary of two classes: lines end where a third class is equally probable.

use std::collections::BTreeSet;

use nalgebra::DMatrix;

use super::beside::{beside, beside_or_on};
use super::bounds::Bounds;
use super::contour::slack;
use super::polyline::Polyline;
use super::probe::{Difference, Probe};
use super::roots::{Interval, LEAST, narrow, tolerance};
use crate::classifier::Classifier;
use crate::error::Error;
use crate::scalar::Real;

/// The excess up to which a more probable third class does not hide a point. It keeps rounding errors from
/// cutting lines that pass through a point where three classes meet.
pub(super) const HIDDEN: f64 = 1e-12;

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

/// Returns the amounts by which the most probable other class exceeds both classes at points.
pub(super) fn excesses<T: Real, C: Classifier<T> + ?Sized>(
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
        let (line, values) = with_short_parts(probe, of, bounds, line)?;
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

/// Adds a vertex to each piece whose ends are hidden by different classes: where these two are equally probable.
/// A visible part may be shorter than a piece. Returns the line and the excess at each vertex.
fn with_short_parts<T: Real, C: Classifier<T> + ?Sized>(
    probe: &Probe<'_, T, C>,
    of: Difference,
    bounds: Bounds,
    mut line: Polyline,
) -> Result<(Polyline, Vec<f64>), Error> {
    let (mut values, mut rival) = (Vec::new(), Vec::new());
    probe.visit(&line.points, |_, log_p| {
        values.extend((0..log_p.nrows()).map(|row| excess(log_p, row, of)));
        rival.extend((0..log_p.nrows()).map(|row| third(log_p, row, of)));
    })?;
    let hidden_by = |at: usize| rival[at].filter(|_| values[at] > HIDDEN);
    let next = |at: usize| (at + 1) % line.points.len();
    let pieces = (0..line.segments().count()).filter_map(|at| match (hidden_by(at), hidden_by(next(at))) {
        (Some(first), Some(second)) if first != second => Some((at, [first, second])),
        _ => None,
    });
    let (pieces, rivals): (Vec<usize>, Vec<[usize; 2]>) = pieces.unzip();
    if pieces.is_empty() {
        return Ok((line, values));
    }
    let chords: Vec<[[f64; 2]; 2]> =
        pieces.iter().map(|&at| [at, next(at)].map(|end| line.points[end])).collect();
    let lead = |points: &[[f64; 2]], rivals: &[[usize; 2]]| {
        let mut values = Vec::with_capacity(points.len());
        probe.visit(points, |first, log_p| {
            let value = |row: usize| {
                let [plus, minus] = rivals[first + row];
                Difference { plus, minus, offset: 0.0 }.value(log_p, row)
            };
            values.extend((0..log_p.nrows()).map(value));
        })?;
        Ok::<_, Error>(values)
    };
    let ends = [0, 1].map(|end| chords.iter().map(|chord| chord[end]).collect::<Vec<_>>());
    let (from, to) = (lead(&ends[0], &rivals)?, lead(&ends[1], &rivals)?);
    let mut intervals: Vec<Interval> =
        from.into_iter().zip(to).map(|(from, to)| Interval::new([from, to], LEAST)).collect();
    narrow(&mut intervals, tolerance::<T>(), |open, shares| {
        let chords: Vec<[[f64; 2]; 2]> = open.iter().map(|&index| chords[index]).collect();
        let rivals: Vec<[usize; 2]> = open.iter().map(|&index| rivals[index]).collect();
        lead(&beside_or_on(probe, of, bounds, &chords, shares)?, &rivals)
    })?;
    let shares: Vec<f64> = intervals.iter().map(Interval::best).collect();
    let found = beside(probe, of, bounds, &chords, &shares)?;
    for (at, point) in pieces.into_iter().zip(found).rev() {
        line.points.splice(at + 1..at + 1, point);
        values.splice(at + 1..at + 1, excesses(probe, of, point.as_slice())?);
    }
    Ok((line, values))
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
        excesses(probe, of, &beside_or_on(probe, of, bounds, &chords, shares)?)
    })?;
    // Where the curve leaves the reach of the chord, the excess jumps, and the part ends on the visible side.
    let share = |interval: &Interval| {
        let (shares, values) = interval.ends();
        let visible = shares.into_iter().zip(values).find(|&(_, value)| value <= 0.0);
        let jumps = values.iter().all(|value| value.abs() > HIDDEN);
        visible.filter(|_| jumps).map_or(interval.best(), |(share, _)| share)
    };
    let shares: Vec<f64> = intervals.iter().map(share).collect();
    beside(probe, of, bounds, chords, &shares)
}

#[cfg(test)]
mod tests {
    use nalgebra::{dmatrix, dvector};

    use crate::FittedLogistic;
    use crate::boundary::{Bounds, between};

    /// Class 2 hides the line up to -1, class 3 up to 0.503 and class 4 from 0.517 on. Vertices are 0.14
    /// apart.
    #[test]
    fn a_short_part_stays_in_its_place_beside_other_pieces() {
        let w = dmatrix![0.0, 0.0, -3.0, -1.0, 1.0; 1.0, -1.0, 0.0, 0.0, 0.0];
        let b = dvector![0.0, 0.0, -1.497, 0.503, -0.517];
        let model = FittedLogistic::from_coefficients(vec![0, 1, 2, 3, 4], w, b).unwrap();
        let bounds = Bounds::new((-2.0, 2.0), (-2.0, 2.0)).unwrap();
        let boundary = between(&model, &0, &1, bounds, 30).unwrap();
        let [line] = boundary.lines() else { panic!("{boundary:?}") };
        let mut ends = [line.points[0][0], line.points[line.points.len() - 1][0]];
        ends.sort_by(f64::total_cmp);
        assert!((ends[0] - 0.503).abs() < 1e-9 && (ends[1] - 0.517).abs() < 1e-9, "{line:?}");
    }
}
