//! Two interleaving half circles.

use std::f64::consts::PI;

use nalgebra::DMatrix;

use super::{add_noise, axes, check_classes, check_sizes, finished, labels, setters};
use crate::check;
use crate::data::Dataset;
use crate::error::Error;

/// A generator of two interleaving half circles of radius 1, which no straight line separates.
///
/// Class 0 is (cos t, sin t), and class 1 is (1 - cos t, 1/2 - sin t), with t evenly spaced from 0 to π. If
/// the number of rows is odd, class 0 has one more.
///
/// # Examples
/// ```
/// use logit::data::Moons;
///
/// let moons = Moons::new(200).noise(0.1).seed(7).generate()?;
/// assert_eq!(moons.x.shape(), (200, 2));
/// assert_eq!(moons.class_counts(), [(0, 100), (1, 100)]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moons {
    rows: usize,
    noise: f64,
    shuffle: bool,
    seed: u64,
}

impl Moons {
    /// Creates a generator of `rows` rows without noise, half of them of each class.
    pub fn new(rows: usize) -> Self {
        Moons { rows, noise: 0.0, shuffle: true, seed: 0 }
    }

    setters!(noise: "both coordinates", shuffle: "ordered by class", seed: "noise and order");

    /// Generates the data set.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if there are fewer than two rows, or if the noise is negative or
    /// not finite.
    pub fn generate(&self) -> Result<Dataset<usize>, Error> {
        check_sizes(self.rows, 2)?;
        check_classes(2, self.rows)?;
        check::not_negative("noise", self.noise)?;
        let counts = [self.rows.div_ceil(2), self.rows / 2];
        let mut x = DMatrix::zeros(self.rows, 2);
        for row in 0..self.rows {
            let (class, index) = if row < counts[0] { (0, row) } else { (1, row - counts[0]) };
            // A single point lies in the middle of the half circle.
            let share = if counts[class] == 1 { 0.5 } else { index as f64 / (counts[class] - 1) as f64 };
            let (sine, cosine) = (share * PI).sin_cos();
            let point = if class == 0 { [cosine, sine] } else { [1.0 - cosine, 0.5 - sine] };
            (x[(row, 0)], x[(row, 1)]) = (point[0], point[1]);
        }
        add_noise(&mut x, self.noise, self.seed);
        finished(x, labels(&counts), axes(2), self.shuffle.then_some(self.seed))
    }
}
