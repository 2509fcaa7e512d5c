//! The problem that a single unit cannot solve.

use nalgebra::DMatrix;

use super::{add_noise, axes, check_sizes, finished, setters};
use crate::check;
use crate::data::Dataset;
use crate::error::Error;
use crate::rng::Rng;

/// Uniform points in the square from -1 to 1, of class 1 where exactly one coordinate is positive ("exclusive or"): the
/// oldest problem that no linear model solves.
///
/// With more features it is the parity: class 1 where an odd number of coordinates is positive.
///
/// # Examples
/// ```
/// use logit::data::Xor;
///
/// let xor = Xor::new(100).seed(3).generate()?;
/// assert!((0..100).all(|row| xor.y[row] == (xor.x[(row, 0)] > 0.0) ^ (xor.x[(row, 1)] > 0.0)));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Xor {
    rows: usize,
    features: usize,
    noise: f64,
    seed: u64,
}

impl Xor {
    /// So many rows of two features, without noise.
    pub fn new(rows: usize) -> Self {
        Xor { rows, features: 2, noise: 0.0, seed: 0 }
    }

    /// The number of coordinates whose parity is the class. Defaults to 2.
    pub fn features(mut self, features: usize) -> Self {
        self.features = features;
        self
    }

    setters!(noise: "all coordinates once the classes are known", seed: "points and noise");

    /// Draws the rows.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for no rows or features, and noise that is negative or not finite.
    pub fn generate(&self) -> Result<Dataset<bool>, Error> {
        check_sizes(self.rows, self.features)?;
        check::not_negative("noise", self.noise)?;
        let mut rng = Rng::new(self.seed);
        let points = std::iter::repeat_with(|| rng.uniform(-1.0, 1.0));
        let mut x =
            DMatrix::from_row_iterator(self.rows, self.features, points.take(self.rows * self.features));
        let odd = |row: usize| x.row(row).iter().filter(|&&coordinate| coordinate > 0.0).count() % 2 == 1;
        let y = (0..self.rows).map(odd).collect();
        add_noise(&mut x, self.noise, self.seed);
        finished(x, y, axes(self.features), None)
    }
}
