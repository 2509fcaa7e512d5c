//! Normal distributions, one or several per class.

use nalgebra::DMatrix;

use super::{axes, check_sizes, finished, setters};
use crate::check;
use crate::data::Dataset;
use crate::error::Error;
use crate::label::Label;
use crate::rng::Rng;

/// A component of a [`GaussianMixture`]: rows of one class from a normal distribution with independent
/// features.
///
/// ```
/// use logit::data::Component;
///
/// let tall = Component::new("tall", 100, [1.9, 90.0], [0.05, 10.0]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Component<L> {
    class: L,
    rows: usize,
    means: Vec<f64>,
    standard_deviations: Vec<f64>,
}

impl<L> Component<L> {
    /// Creates a component of `rows` rows of a class, with a mean and a standard deviation for each feature.
    pub fn new(
        class: L,
        rows: usize,
        means: impl Into<Vec<f64>>,
        standard_deviations: impl Into<Vec<f64>>,
    ) -> Self {
        Component { class, rows, means: means.into(), standard_deviations: standard_deviations.into() }
    }
}

/// A generator of rows from normal distributions, one or several per class.
///
/// # Examples
/// ```
/// use logit::data::{Component, GaussianMixture};
///
/// let mixture = GaussianMixture::new([
///     Component::new("one", 1000, [5.0, 5.0], [10.0, 2.0]),
///     Component::new("one", 1000, [40.0, 2.0], [20.0, 1.0]),
///     Component::new("other", 2000, [60.0, 10.0], [5.0, 1.0]),
/// ]);
/// let set = mixture.seed(1).generate()?;
/// assert_eq!(set.class_counts(), [("one", 2000), ("other", 2000)]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianMixture<L> {
    components: Vec<Component<L>>,
    shuffle: bool,
    seed: u64,
}

impl<L: Label> GaussianMixture<L> {
    /// Creates a generator of the given components.
    pub fn new(components: impl Into<Vec<Component<L>>>) -> Self {
        GaussianMixture { components: components.into(), shuffle: true, seed: 0 }
    }

    setters!(shuffle: "ordered by component", seed: "points and order");

    /// Generates the data set.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] if there are no components. Returns [`Error::ShapeMismatch`] if means and
    /// standard deviations differ in the number of features. Returns [`Error::InvalidParameter`] if there are
    /// no rows or no features, if a mean is not finite, or if a standard deviation is negative or not finite.
    pub fn generate(&self) -> Result<Dataset<L>, Error> {
        let first =
            self.components.first().ok_or(Error::Empty { argument: "components", axis: "entries" })?;
        let features = first.means.len();
        let add = |rows: usize, component: &Component<L>| rows.saturating_add(component.rows);
        let rows = self.components.iter().fold(0, add);
        check_sizes(rows, features)?;
        let (mut values, mut y) = (Vec::new(), Vec::new());
        let mut rng = Rng::new(self.seed);
        for component in &self.components {
            component.check(features)?;
            for _ in 0..component.rows {
                let features = component.means.iter().zip(&component.standard_deviations);
                values.extend(features.map(|(mean, deviation)| mean + deviation * rng.standard_normal()));
                y.push(component.class.clone());
            }
        }
        let x = DMatrix::from_row_slice(rows, features, &values);
        finished(x, y, axes(features), self.shuffle.then_some(self.seed))
    }
}

impl<L> Component<L> {
    fn check(&self, features: usize) -> Result<(), Error> {
        check::count("means", "entries", features, self.means.len())?;
        check::count("standard_deviations", "entries", features, self.standard_deviations.len())?;
        for &mean in &self.means {
            check::parameter("means", mean, mean.is_finite(), "finite")?;
        }
        for &deviation in &self.standard_deviations {
            check::not_negative("standard_deviations", deviation)?;
        }
        Ok(())
    }
}
