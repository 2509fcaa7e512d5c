//! The part of the plane that is looked at.

use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;

/// A rectangle, in the units of the data: finite, and wider and higher than 0.
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
    /// From the lowest to the highest value of the first feature and of the second.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for numbers that are not finite, for a highest value that is not above the lowest, and
    /// for a distance between them that is not finite.
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

    /// Around all rows of a matrix of two columns, and wider on each side by the share `margin` of what they span. A
    /// column whose values are all the same is taken to span 1, or its value if that is larger.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::ShapeMismatch`] for other than two columns, and
    /// [`Error::InvalidParameter`] for a margin that is negative or not finite (or of 0, where a column is constant) and
    /// where the bounds leave the range of numbers.
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

    /// The lowest and the highest value of the first feature.
    pub fn x(&self) -> (f64, f64) {
        self.x
    }

    /// The lowest and the highest value of the second feature.
    pub fn y(&self) -> (f64, f64) {
        self.y
    }

    /// Whether a point lies within or on the frame.
    pub fn contain(&self, [x, y]: [f64; 2]) -> bool {
        (self.x.0..=self.x.1).contains(&x) && (self.y.0..=self.y.1).contains(&y)
    }

    /// How much wider than high a picture without distortion would be.
    pub(super) fn ratio(&self) -> f64 {
        (self.x.1 - self.x.0) / (self.y.1 - self.y.0)
    }
}

/// `count` evenly spaced numbers, the ends included.
pub(super) fn spaced((low, high): (f64, f64), count: usize) -> Vec<f64> {
    let last = count.saturating_sub(1);
    let step = (high - low) / last as f64;
    (0..count).map(|i| if i == last { high } else { low + i as f64 * step }).collect()
}
