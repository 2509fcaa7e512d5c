//! One cloud, its shells the classes.

use nalgebra::DMatrix;

use super::{axes, check_classes, check_sizes, finished, setters};
use crate::check;
use crate::data::Dataset;
use crate::error::Error;
use crate::rng::Rng;

/// Points of a round normal distribution around the origin, in classes by their distance from it: class 0 is the nearest,
/// and all classes have the same number of rows, give or take one.
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
    /// So many rows of two features.
    pub fn new(rows: usize, classes: usize) -> Self {
        GaussianQuantiles { rows, classes, features: 2, standard_deviation: 1.0, seed: 0 }
    }

    /// The number of features. Defaults to 2.
    pub fn features(mut self, features: usize) -> Self {
        self.features = features;
        self
    }

    /// The standard deviation of each feature. Defaults to 1.
    pub fn standard_deviation(mut self, standard_deviation: f64) -> Self {
        self.standard_deviation = standard_deviation;
        self
    }

    setters!(seed: "the points");

    /// Draws the rows.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for fewer than two classes or more than rows, no features, and a standard deviation that
    /// is not positive and finite.
    pub fn generate(&self) -> Result<Dataset<usize>, Error> {
        check_sizes(self.rows, self.features)?;
        check_classes(self.classes, self.rows)?;
        check::positive("standard_deviation", self.standard_deviation)?;
        let mut rng = Rng::new(self.seed);
        let numbers = std::iter::repeat_with(|| rng.standard_normal());
        let x = DMatrix::from_row_iterator(self.rows, self.features, numbers.take(self.rows * self.features));
        // By the distances before scaling, which squares cannot lead out of the range of numbers.
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
