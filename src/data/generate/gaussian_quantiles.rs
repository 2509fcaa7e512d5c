//! One cluster, divided into classes by distance from the origin.

use nalgebra::DMatrix;

use super::{axes, check_classes, check_sizes, finished, setters};
use crate::check;
use crate::data::Dataset;
use crate::error::Error;
use crate::rng::Rng;

/// A generator of points from a round normal distribution around the origin, divided into classes by
/// distance.
///
/// Class 0 is the nearest. The classes differ by at most one in their number of rows.
///
/// # Examples
/// ```
/// use logit::data::GaussianQuantiles;
///
/// let shells = GaussianQuantiles::new(100, 2).seed(5).generate()?;
/// let farthest = |class| {
///     let rows = (0..100).filter(|&row| shells.y[row] == class);
///     rows.map(|row| shells.x.row(row).norm()).fold(0.0, f64::max)
/// };
/// assert!(farthest(0) < farthest(1));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GaussianQuantiles {
    rows: usize,
    classes: usize,
    features: usize,
    standard_deviation: f64,
    seed: u64,
}

impl GaussianQuantiles {
    /// Creates a generator of `rows` rows with two features, in `classes` classes.
    pub fn new(rows: usize, classes: usize) -> Self {
        GaussianQuantiles { rows, classes, features: 2, standard_deviation: 1.0, seed: 0 }
    }

    /// Sets the number of features. Defaults to 2.
    pub fn features(mut self, features: usize) -> Self {
        self.features = features;
        self
    }

    /// Sets the standard deviation of each feature. Defaults to 1.
    pub fn standard_deviation(mut self, standard_deviation: f64) -> Self {
        self.standard_deviation = standard_deviation;
        self
    }

    setters!(seed: "the points");

    /// Generates the data set.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if there are fewer than two classes or more classes than rows, if
    /// there are no features, or if the standard deviation is not positive and finite.
    pub fn generate(&self) -> Result<Dataset<usize>, Error> {
        check_sizes(self.rows, self.features)?;
        check_classes(self.classes, self.rows)?;
        check::positive("standard_deviation", self.standard_deviation)?;
        let mut rng = Rng::new(self.seed);
        let numbers = std::iter::repeat_with(|| rng.standard_normal());
        let x = DMatrix::from_row_iterator(self.rows, self.features, numbers.take(self.rows * self.features));
        // Classes are assigned by the distances before scaling, whose squares do not overflow.
        let distances: Vec<f64> = x.row_iter().map(|row| row.norm_squared()).collect();
        let mut order: Vec<usize> = (0..self.rows).collect();
        order.sort_by(|&a, &b| distances[a].total_cmp(&distances[b]));
        let mut y = vec![0; self.rows];
        for (rank, &row) in order.iter().enumerate() {
            y[row] = (rank as u128 * self.classes as u128 / self.rows as u128) as usize;
        }
        finished(x * self.standard_deviation, y, axes(self.features), None)
    }
}
