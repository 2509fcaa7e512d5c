//! Round clusters of points.

use nalgebra::DMatrix;

use super::{apportion, axes, check_classes, check_sizes, finished, labels, setters};
use crate::check;
use crate::data::Dataset;
use crate::error::Error;
use crate::rng::Rng;

/// A generator of round clusters of points, one for each class.
///
/// Each cluster is a normal distribution around a centre, with the same width in all directions. Centres are
/// drawn uniformly from a cube, or given. [`GaussianMixture`](super::GaussianMixture) generates clusters of
/// other shapes, and several per class.
///
/// # Examples
/// ```
/// use logit::data::Blobs;
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty};
/// use nalgebra::dmatrix;
///
/// let blobs =
///     Blobs::new(90, 3).features(5).standard_deviation(0.5).seed(2).generate()?;
/// assert_eq!(
///     (blobs.x.shape(), blobs.class_counts()),
///     ((90, 5), vec![(0, 30), (1, 30), (2, 30)])
/// );
///
/// let around = Blobs::new(100, 2).centers(dmatrix![-5.0; 5.0]).generate()?;
/// let model = around.fit(&LogisticRegression::new(Penalty::c(1.0)))?;
/// assert_eq!(model.score(&around.x, &around.y)?, 1.0);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Blobs {
    rows: usize,
    classes: usize,
    features: usize,
    centers: Option<DMatrix<f64>>,
    cube: (f64, f64),
    standard_deviation: f64,
    shuffle: bool,
    seed: u64,
}

impl Blobs {
    /// Creates a generator of `rows` rows with two features, divided among the classes as evenly as possible.
    pub fn new(rows: usize, classes: usize) -> Self {
        let cube = (-10.0, 10.0);
        Blobs {
            rows,
            classes,
            features: 2,
            centers: None,
            cube,
            standard_deviation: 1.0,
            shuffle: true,
            seed: 0,
        }
    }

    /// Sets the number of features, if centres are not given. Defaults to 2.
    pub fn features(mut self, features: usize) -> Self {
        self.features = features;
        self
    }

    /// Sets the centres, a row for each class, K x d. Defaults to random centres.
    pub fn centers(mut self, centers: DMatrix<f64>) -> Self {
        self.centers = Some(centers);
        self
    }

    /// Sets the ends of the edges of the cube from which centres are drawn. Defaults to -10 and 10.
    pub fn cube(mut self, low: f64, high: f64) -> Self {
        self.cube = (low, high);
        self
    }

    /// Sets the standard deviation of each feature around the centre. Defaults to 1.
    pub fn standard_deviation(mut self, standard_deviation: f64) -> Self {
        self.standard_deviation = standard_deviation;
        self
    }

    setters!(shuffle: "ordered by class", seed: "centres, points and order");

    /// Generates the data set.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if there are fewer than two classes or more classes than rows, if
    /// there are no features, if the ends of the cube are not finite and ascending, or if the standard
    /// deviation is negative or not finite. Returns [`Error::ShapeMismatch`] if the number of centres is not
    /// the number of classes, and [`Error::NotFinite`] if a centre is not finite.
    pub fn generate(&self) -> Result<Dataset<usize>, Error> {
        let features = self.centers.as_ref().map_or(self.features, DMatrix::ncols);
        check_sizes(self.rows, features)?;
        check_classes(self.classes, self.rows)?;
        check::not_negative("standard_deviation", self.standard_deviation)?;
        let mut rng = Rng::new(self.seed);
        let centers = self.checked_centers(&mut rng)?;
        let y = labels(&apportion(self.rows, &vec![1.0; self.classes]));
        let mut x = DMatrix::zeros(self.rows, features);
        for (row, &class) in y.iter().enumerate() {
            for feature in 0..features {
                x[(row, feature)] =
                    centers[(class, feature)] + self.standard_deviation * rng.standard_normal();
            }
        }
        finished(x, y, axes(features), self.shuffle.then_some(self.seed))
    }

    fn checked_centers(&self, rng: &mut Rng) -> Result<DMatrix<f64>, Error> {
        if let Some(centers) = &self.centers {
            check::count("centers", "rows", self.classes, centers.nrows())?;
            check::finite("centers", centers)?;
            return Ok(centers.clone());
        }
        let (low, high) = self.cube;
        let edge = high - low;
        check::parameter(
            "cube",
            edge,
            edge >= 0.0 && edge.is_finite(),
            "a finite, non-negative difference of the ends",
        )?;
        let numbers = std::iter::repeat_with(|| rng.uniform(low, high));
        Ok(DMatrix::from_row_iterator(
            self.classes,
            self.features,
            numbers.take(self.classes * self.features),
        ))
    }
}
