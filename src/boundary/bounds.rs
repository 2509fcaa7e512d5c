//! The rectangle in which boundaries are computed.

use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;

/// A rectangle in the units of the data, with finite ends and positive width and height.
///
/// # Examples
/// ```
/// use logit::boundary::Bounds;
/// use nalgebra::dmatrix;
///
/// let bounds = Bounds::new((-1.0, 1.0), (0.0, 50.0))?;
/// assert_eq!((bounds.x(), bounds.y()), ((-1.0, 1.0), (0.0, 50.0)));
///
/// let around = Bounds::around(&dmatrix![0.0, 10.0; 2.0, 30.0], 0.5)?;
/// assert_eq!((around.x(), around.y()), ((-1.0, 3.0), (0.0, 40.0)));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    x: (f64, f64),
    y: (f64, f64),
}

impl Bounds {
    /// Creates bounds from the lowest and highest values of the first and the second feature.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if a value is not finite, if a highest value is not above the
    /// lowest, or if the distance between them is not finite.
    pub fn new(x: (f64, f64), y: (f64, f64)) -> Result<Self, Error> {
        let ends = [("x_low", x.0), ("x_high", x.1), ("y_low", y.0), ("y_high", y.1)];
        for (name, value) in ends {
            check::parameter(name, value, value.is_finite(), "finite")?;
        }
        for (name, (low, high)) in [("x_high", x), ("y_high", y)] {
            check::parameter(name, high, high > low, "above the low end")?;
            check::parameter(name, high, (high - low).is_finite(), "at a finite distance from the low end")?;
        }
        Ok(Bounds { x, y })
    }

    /// Creates bounds around all rows of a two-column matrix, extended on each side by the fraction `margin`
    /// of the range of each column.
    ///
    /// A constant column counts as having a range of 1, or of its absolute value if that is larger.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] if there are no rows, [`Error::NotFinite`] if an entry is not finite, and
    /// [`Error::ShapeMismatch`] if the number of columns is not two. Returns [`Error::InvalidParameter`] if
    /// the margin is negative or not finite (or 0 for a constant column), or if the bounds leave the range of
    /// the number type.
    pub fn around<'a, T: Real>(x: impl Into<Rows<'a, T>>, margin: f64) -> Result<Self, Error> {
        let x = x.into();
        check::training_matrix(x)?;
        check::count("x", "columns", 2, x.ncols())?;
        check::not_negative("margin", margin)?;
        let span = |column: usize| {
            let values = x.column(column);
            let ends = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value.as_f64()), high.max(value.as_f64()))
            });
            let (low, high) = ends;
            let width = if high > low { high - low } else { low.abs().max(1.0) };
            (low - margin * width, high + margin * width)
        };
        Bounds::new(span(0), span(1))
    }

    /// Returns the lowest and highest values of the first feature.
    pub fn x(&self) -> (f64, f64) {
        self.x
    }

    /// Returns the lowest and highest values of the second feature.
    pub fn y(&self) -> (f64, f64) {
        self.y
    }

    /// Returns whether a point lies inside the bounds or on their frame.
    pub fn contain(&self, [x, y]: [f64; 2]) -> bool {
        (self.x.0..=self.x.1).contains(&x) && (self.y.0..=self.y.1).contains(&y)
    }

    /// Returns the point at the end of a step from a point inside, or where the step meets the frame.
    pub(super) fn step(&self, from: [f64; 2], step: [f64; 2]) -> [f64; 2] {
        let ranges = [self.x, self.y];
        let room = |axis: usize| {
            let end = if step[axis] < 0.0 { ranges[axis].0 } else { ranges[axis].1 };
            let share = (end - from[axis]) / step[axis];
            if step[axis] == 0.0 { 1.0 } else { share.max(0.0) }
        };
        let share = room(0).min(room(1)).min(1.0);
        if share == 0.0 {
            return from;
        }
        let at = |axis: usize| (from[axis] + share * step[axis]).clamp(ranges[axis].0, ranges[axis].1);
        [at(0), at(1)]
    }

    /// Returns the ratio of width to height.
    pub(super) fn ratio(&self) -> f64 {
        (self.x.1 - self.x.0) / (self.y.1 - self.y.0)
    }
}

/// Returns `count` evenly spaced numbers, including both ends.
pub(super) fn spaced((low, high): (f64, f64), count: usize) -> Vec<f64> {
    let last = count.saturating_sub(1);
    let step = (high - low) / last as f64;
    // Rounding must not lead beyond the end.
    (0..count).map(|i| if i == last { high } else { (low + i as f64 * step).min(high) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_end_at_the_frame() {
        let bounds = Bounds::new((-1.0, 1.0), (0.0, 50.0)).unwrap();
        assert_eq!(bounds.step([0.0, 10.0], [0.5, 20.0]), [0.5, 30.0]);
        assert_eq!(bounds.step([0.0, 10.0], [2.0, 20.0]), [1.0, 20.0]);
        assert_eq!(bounds.step([0.0, 10.0], [0.5, -40.0]), [0.125, 0.0]);
        assert_eq!(bounds.step([1.0, 10.0], [0.5, 0.0]), [1.0, 10.0]);
        assert_eq!(bounds.step([0.0, 10.0], [f64::INFINITY, 1.0]), [0.0, 10.0]);
    }
}
