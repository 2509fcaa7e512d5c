//! Lines of equal probability.

use std::fmt;

use nalgebra::DMatrix;

use super::bounds::{Bounds, spaced};
use super::marching::{Edge, Marcher};
use super::polyline::Polyline;
use super::probe::{Difference, Probe};
use super::roots::roots;
use crate::check;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::scalar::Real;

/// The lines on which a probability equals a level; empty if the level is never reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Contour {
    level: f64,
    bounds: Bounds,
    lines: Vec<Polyline>,
    reached: bool,
    range: (f64, f64),
}

impl Contour {
    /// Returns the level.
    pub fn level(&self) -> f64 {
        self.level
    }

    /// Returns the bounds in which the contour was computed.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Returns the lines: first the open ones, which end on the frame, then the closed ones. Empty if the
    /// level is never reached.
    ///
    /// A line that is a single point is left out, such as that around a grid point at the level whose
    /// neighbours are above it.
    pub fn lines(&self) -> &[Polyline] {
        &self.lines
    }

    /// Returns whether some grid values are above the level and others are not.
    pub fn is_reached(&self) -> bool {
        self.reached
    }

    /// Returns the lowest and highest values on the grid.
    pub fn range(&self) -> (f64, f64) {
        self.range
    }

    /// Returns the total length of all lines.
    pub fn length(&self) -> f64 {
        self.lines.iter().map(Polyline::length).sum()
    }
}

impl fmt::Display for Contour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = self.range;
        match self.lines.len() {
            0 if self.reached => {
                write!(f, "the level {} is reached, but only at single points", self.level)
            }
            0 => write!(
                f,
                "the level {} is never crossed: values range from {low:.6} to {high:.6}",
                self.level
            ),
            1 => write!(f, "1 line of length {:.6} at level {}", self.length(), self.level),
            count => write!(f, "{count} lines of length {:.6} at level {}", self.length(), self.level),
        }
    }
}

/// Computes the lines on which the second of two classes has the probability `level`, within `bounds`, on a
/// grid of `resolution` x `resolution` points.
///
/// The lines separate the points with a probability above the level from all others; the points above are on
/// the left of the lines. Details smaller than a grid cell that lie between grid points are missed.
///
/// # Precision
/// Vertices lie on the edges of the grid and on the level: |p - `level`| ≤ 1e-9 (`f32`: 2e-6 for scores of
/// usual size), however coarse the grid. The exception is a probability that jumps, or changes by more than
/// that between neighbouring floating-point numbers: the vertex is then the better of two such numbers.
/// Coordinates are representable in the classifier's number type. Points closer than four rounding errors of
/// the ends of `bounds` are one.
///
/// # Errors
/// Returns [`Error::InvalidParameter`] if the level is not between 0 and 1, if the resolution is not from 2
/// to 4096, or if the number of classes is not two. Returns [`Error::ShapeMismatch`] if the number of
/// features is not two. Also returns the errors of the classifier.
///
/// # Examples
/// ```
/// use logit::FittedLogistic;
/// use logit::boundary::{Bounds, contour};
/// use nalgebra::{dmatrix, dvector};
///
/// let model = FittedLogistic::from_coefficients(
///     vec!["no", "yes"],
///     dmatrix![1.0; 2.0],
///     dvector![-2.0],
/// )?;
/// let bounds = Bounds::new((0.0, 2.0), (0.0, 2.0))?;
/// let half = contour(&model, 0.5, bounds, 21)?;
/// let line = &half.lines()[0];
/// assert!(line.points.iter().all(|[x, y]| (x + 2.0 * y - 2.0).abs() < 1e-9));
/// assert!((line.length() - 5f64.sqrt()).abs() < 1e-9);
///
/// let high = contour(&model, 0.99, bounds, 21)?;
/// assert!(!high.is_reached() && high.range().1 < 0.99);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn contour<T: Real, C: Classifier<T> + ?Sized>(
    classifier: &C,
    level: f64,
    bounds: Bounds,
    resolution: usize,
) -> Result<Contour, Error> {
    check_level(level)?;
    check_two_classes(classifier.classes().len())?;
    let probe = Probe::new(classifier)?;
    let grid = probe.grid(bounds, resolution)?;
    let of = Difference::of_level(level);
    let mut marcher = Marcher::new(&grid.x);
    let mut range = (f64::INFINITY, f64::NEG_INFINITY);
    probe.rows_of_grid(&grid, |y, log_p, first| {
        let rows = first..first + grid.x.len();
        for p in rows.clone().map(|row| log_p[(row, 1)].as_f64().exp()) {
            range = (range.0.min(p), range.1.max(p));
        }
        marcher.push(y, rows.map(|row| of.value(log_p, row)).collect());
    })?;
    let (lines, reached) = polished(&probe, of, marcher, bounds)?;
    Ok(Contour { level, bounds, lines, reached, range })
}

/// Returns lines through exact zeros on the edges of the grid, and whether there are any zeros.
pub(super) fn polished<T: Real, C: Classifier<T> + ?Sized>(
    probe: &Probe<'_, T, C>,
    of: Difference,
    marcher: Marcher<'_>,
    bounds: Bounds,
) -> Result<(Vec<Polyline>, bool), Error> {
    let centres: Vec<[f64; 2]> = marcher.saddles().iter().map(|saddle| saddle.centre).collect();
    let values = probe.differences(of, &centres)?;
    let web = marcher.finish(values.into_iter().map(|value| value > 0.0));
    let points = roots(probe, of, &web.edges)?;
    Ok((web.lines(&points, slack(bounds, T::EPSILON.as_f64())), web.is_crossed()))
}

/// Computes the lines on which values on a grid equal a level, by marching squares with linear interpolation.
///
/// # Shapes
/// `values` has one row for each y, from the lowest, and one column for each x. Both are evenly spaced and
/// include the ends of `bounds`.
///
/// If all four edges of a cell are crossed, the mean of its corners decides which corners are connected.
/// Unlike those of [`contour`], vertices are only as exact as the grid is fine.
///
/// # Errors
/// Returns [`Error::ShapeMismatch`] if there are fewer than two rows or columns, [`Error::NotFinite`] if a
/// value is not finite, and [`Error::InvalidParameter`] if the level is not finite.
///
/// # Examples
/// ```
/// use logit::boundary::{Bounds, contour_of_grid};
/// use nalgebra::dmatrix;
///
/// let values = dmatrix![0.0, 1.0; 0.0, 3.0];
/// let contour = contour_of_grid(&values, 0.5, Bounds::new((0.0, 6.0), (0.0, 1.0))?)?;
/// assert_eq!(contour.lines()[0].points, [[1.0, 1.0], [3.0, 0.0]]);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn contour_of_grid(values: &DMatrix<f64>, level: f64, bounds: Bounds) -> Result<Contour, Error> {
    check::parameter("level", level, level.is_finite(), "finite")?;
    for (axis, found) in [("rows", values.nrows()), ("columns", values.ncols())] {
        if found < 2 {
            return Err(Error::ShapeMismatch { argument: "values", axis, expected: 2, found });
        }
    }
    check::finite("values", values)?;
    let x = spaced(bounds.x(), values.ncols());
    let mut marcher = Marcher::new(&x);
    for (row, y) in values.row_iter().zip(spaced(bounds.y(), values.nrows())) {
        marcher.push(y, row.iter().map(|value| value - level).collect());
    }
    let above: Vec<bool> = marcher.saddles().iter().map(|saddle| saddle.mean > 0.0).collect();
    let web = marcher.finish(above);
    let points: Vec<[f64; 2]> = web.edges.iter().map(Edge::interpolated).collect();
    let range = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)));
    let lines = web.lines(&points, slack(bounds, f64::EPSILON));
    Ok(Contour { level, bounds, lines, reached: web.is_crossed(), range })
}

/// Checks that a level is between 0 and 1.
pub(super) fn check_level(level: f64) -> Result<(), Error> {
    check::parameter("level", level, level > 0.0 && level < 1.0, "above 0 and below 1")
}

pub(super) fn check_two_classes(classes: usize) -> Result<(), Error> {
    let requires = "2: for more classes, use `boundary::between`";
    check::parameter("classes", classes as f64, classes == 2, requires)
}

/// Returns the difference in each coordinate below which points are the same.
pub(super) fn slack(bounds: Bounds, epsilon: f64) -> [f64; 2] {
    [bounds.x(), bounds.y()].map(|(low, high)| 4.0 * epsilon * low.abs().max(high.abs()))
}

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;

    use super::*;

    /// The line around a corner that is `depth` below the level, where each neighbour is 1 above it.
    fn around_corner(depth: f64, size: f64) -> Contour {
        let values = dmatrix![-depth, 1.0; 1.0, 1.0];
        contour_of_grid(&values, 0.0, Bounds::new((0.0, size), (0.0, size)).unwrap()).unwrap()
    }

    #[test]
    fn points_closer_than_four_roundings_are_one() {
        for size in [1.0, 1024.0, 1e-3] {
            let shortest = |epsilons: f64| around_corner(epsilons * f64::EPSILON, size);
            assert!(shortest(3.9).lines().is_empty(), "{size}");
            assert_eq!(shortest(4.1).lines().len(), 1, "{size}");
        }
        // The bounds of the axis count, and the end that is farther from 0.
        let bounds = Bounds::new((-3.0, 1.0), (-1.0, 5.0)).unwrap();
        assert_eq!(slack(bounds, 0.25), [3.0, 5.0]);
    }

    #[test]
    fn a_corner_at_the_level_is_reached() {
        let contour = around_corner(0.0, 1.0);
        assert!(contour.is_reached() && contour.lines().is_empty());
        assert_eq!(contour.to_string(), "the level 0 is reached, but only at single points");
        let values = dmatrix![-2.0, 0.5; 3.0, 1.0; 1.0, 7.0];
        let bounds = Bounds::new((0.0, 1.0), (0.0, 2.0)).unwrap();
        let reached = |level| contour_of_grid(&values, level, bounds).unwrap().is_reached();
        assert_eq!([-2.1, -2.0, 6.9, 7.0].map(reached), [false, true, true, false]);
    }
}
