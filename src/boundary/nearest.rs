//! The point of a boundary nearest to a given point.

use super::beside::beside;
use super::bounds::Bounds;
use super::classes::{ClassBoundary, difference, pair};
use super::contour::{Contour, check_level, check_two_classes};
use super::polyline::Polyline;
use super::probe::{Difference, Probe};
use super::roots::between;
use super::triple::{HIDDEN, excesses};
use crate::check;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::label::Label;
use crate::scalar::Real;

/// A point of a boundary, with its distance from the query point.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Nearest {
    /// The point on the boundary.
    pub point: [f64; 2],
    /// The distance, in the units of the data.
    pub distance: f64,
}

/// The number of golden-section steps, each of which reduces an interval to 0.618 of its width.
const STEPS: usize = 40;

/// The largest number of steps along the curve, those that do not lead nearer included.
const MOST_STEPS: usize = 60;

impl Contour {
    /// Returns the point of the level set nearest to `to`, within the bounds; `None` if the level is never
    /// reached.
    ///
    /// The lines determine where to search; the search itself follows the curve. Like the vertices, the
    /// returned point is on the level.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if `to` is not finite, and the errors of the classifier.
    /// `classifier` must be the one that the contour was computed from.
    ///
    /// # Examples
    /// ```
    /// use logit::FittedLogistic;
    /// use logit::boundary::{Bounds, contour};
    /// use nalgebra::{dmatrix, dvector};
    ///
    /// let model = FittedLogistic::from_coefficients(
    ///     vec![0, 1],
    ///     dmatrix![3.0; 4.0],
    ///     dvector![0.0],
    /// )?;
    /// let contour = contour(&model, 0.5, Bounds::new((-2.0, 2.0), (-2.0, 2.0))?, 30)?;
    /// let nearest = contour.nearest(&model, [0.6, 0.8])?.unwrap();
    /// assert!((nearest.distance - 1.0).abs() < 1e-9);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn nearest<T: Real, C: Classifier<T> + ?Sized>(
        &self,
        classifier: &C,
        to: [f64; 2],
    ) -> Result<Option<Nearest>, Error> {
        check_level(self.level())?;
        check_two_classes(classifier.classes().len())?;
        let of = Difference::of_level(self.level());
        nearest(&Probe::new(classifier)?, of, self.bounds(), self.lines(), to)
    }
}

impl<L> ClassBoundary<L> {
    /// Returns the point of the boundary nearest to `to`, within the bounds; `None` if the classes do not
    /// meet.
    ///
    /// # Errors
    /// Returns the same errors as [`Contour::nearest`], and [`Error::NoSuchClass`] if the classifier does not
    /// have one of the classes.
    pub fn nearest<T: Real, C: Classifier<T, Label = L> + ?Sized>(
        &self,
        classifier: &C,
        to: [f64; 2],
    ) -> Result<Option<Nearest>, Error>
    where
        L: Label,
    {
        let of = difference(pair(classifier.classes(), &self.classes.0, &self.classes.1)?);
        nearest(&Probe::new(classifier)?, of, self.bounds, &self.lines, to)
    }
}

fn nearest<T: Real, C: Classifier<T> + ?Sized>(
    probe: &Probe<'_, T, C>,
    of: Difference,
    bounds: Bounds,
    lines: &[Polyline],
    to: [f64; 2],
) -> Result<Option<Nearest>, Error> {
    for (name, value) in [("x", to[0]), ("y", to[1])] {
        check::parameter(name, value, value.is_finite(), "finite")?;
    }
    let at = |point: [f64; 2]| Nearest { point, distance: distance(point, to) };
    let nearer = |a: Nearest, b: Nearest| if b.distance < a.distance { b } else { a };
    let Some(vertex) = lines.iter().flat_map(|line| &line.points).map(|&point| at(point)).reduce(nearer)
    else {
        return Ok(None);
    };
    // The curve deviates from a segment by less than half of the segment's length, or the grid has missed it.
    let chords: Vec<[[f64; 2]; 2]> = lines
        .iter()
        .flat_map(Polyline::segments)
        .filter(|&chord| {
            let length = distance(chord[0], chord[1]);
            distance(nearest_of_piece(chord, to), to) - length / 2.0 <= vertex.distance
        })
        .collect();
    let along = |shares: &[f64]| beside(probe, of, bounds, &chords, shares);
    let distances = |shares: &[f64]| -> Result<Vec<f64>, Error> {
        let far = |point: Option<[f64; 2]>| point.map_or(f64::INFINITY, |point| distance(point, to));
        Ok(along(shares)?.into_iter().map(far).collect())
    };
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let mut ends = vec![[0.0, 1.0]; chords.len()];
    let inner = |[low, high]: [f64; 2]| [high - golden * (high - low), low + golden * (high - low)];
    let mut inside: Vec<[f64; 2]> = ends.iter().map(|&ends| inner(ends)).collect();
    let mut values: [Vec<f64>; 2] = [distances(&side(&inside, 0))?, distances(&side(&inside, 1))?];
    for _ in 0..STEPS {
        let lower: Vec<bool> = values[0].iter().zip(&values[1]).map(|(low, high)| low <= high).collect();
        for (index, &lower) in lower.iter().enumerate() {
            let (end, kept) = if lower { (1, 0) } else { (0, 1) };
            ends[index][end] = inside[index][end];
            let value = values[kept][index];
            let fresh = inner(ends[index]);
            inside[index] = if lower { [fresh[0], inside[index][0]] } else { [inside[index][1], fresh[1]] };
            values[end][index] = value;
        }
        let asked: Vec<f64> =
            inside.iter().zip(&lower).map(|(inside, &lower)| inside[usize::from(!lower)]).collect();
        for ((index, &lower), value) in lower.iter().enumerate().zip(distances(&asked)?) {
            values[usize::from(!lower)][index] = value;
        }
    }
    let found = along(&side(&inside, 0))?.into_iter().flatten().map(at).fold(vertex, nearer);
    let longest = chords.iter().map(|&[a, b]| distance(a, b)).fold(0.0, f64::max);
    walked(probe, of, bounds, longest, found, to).map(Some)
}

/// Follows the curve from a point while that leads nearer, in steps that begin with `step` and halve. Where a
/// curve turns back within a cell, its nearest point is across from no chord.
fn walked<T: Real, C: Classifier<T> + ?Sized>(
    probe: &Probe<'_, T, C>,
    of: Difference,
    bounds: Bounds,
    step: f64,
    mut found: Nearest,
    to: [f64; 2],
) -> Result<Nearest, Error> {
    let mut step = step;
    for _ in 0..MOST_STEPS {
        // The curve is at right angles to the shortest way.
        let away = [0, 1].map(|axis| (to[axis] - found.point[axis]) / found.distance);
        let aside = |step: f64| [found.point[0] - step * away[1], found.point[1] + step * away[0]];
        let chord = [aside(-step), aside(step)];
        if found.distance == 0.0 || chord[0] == chord[1] {
            break;
        }
        let shares: Vec<f64> = [0.0, 1.0]
            .into_iter()
            .zip(chord)
            .filter_map(|(share, end)| bounds.contain(end).then_some(share))
            .collect();
        let points = beside(probe, of, bounds, &vec![chord; shares.len()], &shares)?;
        let points: Vec<[f64; 2]> =
            points.into_iter().flatten().filter(|&point| bounds.contain(point)).collect();
        let visible = excesses(probe, of, &points)?.into_iter().map(|excess| excess <= HIDDEN);
        let nearest = points
            .into_iter()
            .zip(visible)
            .filter(|&(_, visible)| visible)
            .map(|(point, _)| Nearest { point, distance: distance(point, to) })
            .fold(found, |a, b| if b.distance < a.distance { b } else { a });
        if nearest.distance < found.distance {
            found = nearest;
        } else {
            step /= 2.0;
        }
    }
    Ok(found)
}

fn side(pairs: &[[f64; 2]], which: usize) -> Vec<f64> {
    pairs.iter().map(|pair| pair[which]).collect()
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Returns the point of a segment nearest to `to`.
fn nearest_of_piece(piece: [[f64; 2]; 2], to: [f64; 2]) -> [f64; 2] {
    let [a, b] = piece;
    let length = distance(a, b);
    let unit = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
    let along = (unit[0] * (to[0] - a[0]) + unit[1] * (to[1] - a[1])) / length;
    if along.is_finite() { between(piece, along.clamp(0.0, 1.0)) } else { a }
}

#[cfg(test)]
mod tests {
    use nalgebra::{dmatrix, dvector};

    use super::*;
    use crate::FittedLogistic;
    use crate::boundary::{between, contour};

    /// The line leaves the frame at (0.5, 1). It comes nearer to the point beyond.
    #[test]
    fn a_curve_is_not_followed_beyond_the_frame() {
        let model =
            FittedLogistic::from_coefficients(vec![0, 1], dmatrix![1.0; 5.0], dvector![-5.5]).unwrap();
        let found = contour(&model, 0.5, Bounds::new((0.0, 1.0), (0.0, 1.0)).unwrap(), 20).unwrap();
        let nearest = found.nearest(&model, [-0.5, 2.0]).unwrap().unwrap();
        assert!((nearest.distance - 2f64.sqrt()).abs() < 1e-9, "{nearest:?}");
    }

    /// The classes meet where x is 0, and the third class is more probable where y is negative.
    #[test]
    fn a_curve_is_not_followed_where_a_third_class_hides_it() {
        let w = dmatrix![-1.0, 1.0, 0.0; 0.0, 0.0, -2.0];
        let model = FittedLogistic::from_coefficients(vec![0, 1, 2], w, dvector![0.0, 0.0, 0.0]).unwrap();
        let found = between(&model, &0, &1, Bounds::new((-2.0, 2.0), (-2.0, 2.0)).unwrap(), 20).unwrap();
        let nearest = found.nearest(&model, [1.0, -0.5]).unwrap().unwrap();
        assert!((nearest.distance - 1.25f64.sqrt()).abs() < 1e-9, "{nearest:?}");
    }
}
