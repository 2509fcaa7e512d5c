//! Two concentric circles.

use std::f64::consts::TAU;

use nalgebra::DMatrix;

use super::{add_noise, axes, check_classes, check_sizes, finished, labels, setters};
use crate::check;
use crate::data::Dataset;
use crate::error::Error;

/// A generator of two concentric circles around the origin, in which both classes have the same mean.
///
/// Class 0 is the circle of radius 1, and class 1 a circle inside it. Points are evenly spaced. If the number
/// of rows is odd, class 0 has one more.
///
/// # Examples
/// ```
/// use logit::data::Circles;
///
/// let circles = Circles::new(100).inner_radius(0.3).generate()?;
/// let inner = circles.y.iter().position(|&class| class == 1).unwrap();
/// assert!((circles.x.row(inner).norm() - 0.3).abs() < 1e-12);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circles {
    rows: usize,
    inner_radius: f64,
    noise: f64,
    shuffle: bool,
    seed: u64,
}

impl Circles {
    /// Creates a generator of `rows` rows without noise, half of them of each class.
    pub fn new(rows: usize) -> Self {
        Circles { rows, inner_radius: 0.5, noise: 0.0, shuffle: true, seed: 0 }
    }

    /// Sets the radius of the inner circle, at least 0 and below 1. Defaults to 0.5.
    pub fn inner_radius(mut self, radius: f64) -> Self {
        self.inner_radius = radius;
        self
    }

    setters!(noise: "both coordinates", shuffle: "ordered by class", seed: "noise and order");

    /// Generates the data set.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if there are fewer than two rows, if the radius is not in [0, 1),
    /// or if the noise is negative or not finite.
    pub fn generate(&self) -> Result<Dataset<usize>, Error> {
        check_sizes(self.rows, 2)?;
        check_classes(2, self.rows)?;
        check::fraction("inner_radius", self.inner_radius)?;
        check::not_negative("noise", self.noise)?;
        let counts = [self.rows.div_ceil(2), self.rows / 2];
        let mut x = DMatrix::zeros(self.rows, 2);
        for row in 0..self.rows {
            let (class, index) = if row < counts[0] { (0, row) } else { (1, row - counts[0]) };
            let (sine, cosine) = (TAU * index as f64 / counts[class] as f64).sin_cos();
            let radius = [1.0, self.inner_radius][class];
            (x[(row, 0)], x[(row, 1)]) = (radius * cosine, radius * sine);
        }
        add_noise(&mut x, self.noise, self.seed);
        finished(x, labels(&counts), axes(2), self.shuffle.then_some(self.seed))
    }
}
