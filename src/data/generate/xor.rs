//! The exclusive-or problem.

use nalgebra::DMatrix;

use super::{add_noise, axes, check_sizes, finished, setters};
use crate::check;
use crate::data::Dataset;
use crate::error::Error;
use crate::rng::Rng;

/// A generator of the "exclusive or" problem, which no linear model solves.
///
/// Points are uniform in the square from -1 to 1, and of class `true` if exactly one coordinate is positive.
/// With more features, the class is the parity: `true` if an odd number of coordinates is positive.
///
/// # Examples
/// ```
/// use logit::data::Xor;
///
/// let xor = Xor::new(100).seed(3).generate()?;
/// assert!(
///     (0..100)
///         .all(|row| xor.y[row] == (xor.x[(row, 0)] > 0.0) ^ (xor.x[(row, 1)] > 0.0))
/// );
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
    /// Creates a generator of `rows` rows with two features, without noise.
    pub fn new(rows: usize) -> Self {
        Xor { rows, features: 2, noise: 0.0, seed: 0 }
    }

    /// Sets the number of coordinates whose parity is the class. Defaults to 2.
    pub fn features(mut self, features: usize) -> Self {
        self.features = features;
        self
    }

    setters!(noise: "all coordinates after the classes are assigned", seed: "points and noise");

    /// Generates the data set.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if there are no rows or no features, or if the noise is negative
    /// or not finite.
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
