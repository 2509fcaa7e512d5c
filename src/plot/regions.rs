//! Decision regions, with the data and the boundary.

use nalgebra::DMatrix;

use super::chart::{Chart, Key, Layer};
use super::figure::Figure;
use super::palette::tint;
use super::partition::winners;
use super::plane::{BOUNDARY, Plane, View, drawn, plane_setters};
use crate::boundary::class_boundaries;
use crate::classifier::{Classifier, ClassifierExt};
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;

/// Returns a figure of the decision regions of a classifier of two features, with the rows of `x` and the
/// boundary.
///
/// Rows have the colours of their true classes. This is [`DecisionRegions`] with its defaults.
///
/// # Errors
/// Returns the errors of [`DecisionRegions::draw`].
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, Pipeline, StandardScaler, data, plot};
///
/// let iris = data::iris();
/// let petals = iris.x.select_columns(&[2, 3]);
/// let pipeline =
///     Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)));
/// let model = pipeline.fit(&petals, &iris.y)?;
///
/// // The axes are in centimetres, like the data: the pipeline scales the grid too.
/// let figure = plot::decision_regions(&model, &petals, &iris.y)?;
/// let figure = figure.title("Irises").x_name("petal length").y_name("petal width");
/// assert!(figure.to_svg()?.contains("versicolor"));
/// # Ok::<(), logit::Error>(())
/// ```
pub fn decision_regions<'a, T: Real, C: Classifier<T> + ?Sized>(
    classifier: &C,
    x: impl Into<Rows<'a, T>>,
    y: &[C::Label],
) -> Result<Figure, Error> {
    let x = x.into();
    DecisionRegions::new().draw(classifier, x, y)
}

/// Returns a figure of the decision boundary of a classifier of two features, over the rows of `x`.
///
/// This is [`DecisionRegions`] without [`ground`](DecisionRegions::ground).
///
/// # Errors
/// Returns the errors of [`DecisionRegions::draw`].
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, data, plot};
///
/// let iris = data::iris();
/// let petals = iris.x.select_columns(&[2, 3]);
/// let model = LogisticRegression::new(Penalty::c(1.0)).fit(&petals, &iris.y)?;
/// assert!(
///     plot::decision_boundary(&model, &petals, &iris.y)?
///         .to_svg()?
///         .contains("boundary")
/// );
/// # Ok::<(), logit::Error>(())
/// ```
pub fn decision_boundary<'a, T: Real, C: Classifier<T> + ?Sized>(
    classifier: &C,
    x: impl Into<Rows<'a, T>>,
    y: &[C::Label],
) -> Result<Figure, Error> {
    let x = x.into();
    DecisionRegions::new().ground(false).draw(classifier, x, y)
}

/// A figure of the predictions of a classifier of two features.
///
/// For classifiers with more features, draw a [`Slice`](crate::boundary::Slice), which holds all but two
/// features at the values of a row:
/// ```
/// use logit::boundary::Slice;
/// use logit::plot::DecisionRegions;
/// use logit::prelude::*;
/// use logit::{MlpClassifier, data};
///
/// let iris = data::iris();
/// let model = MlpClassifier::new([8]).epochs(50).fit(&iris.x, &iris.y)?;
/// let typical = [5.8, 3.1, 3.8, 1.2];
/// let slice = Slice::new(&model, [2, 3], &typical)?;
/// let figure = DecisionRegions::new()
///     .feature_names("petal length", "petal width")
///     .draw(&slice, &iris.x.select_columns(&[2, 3]), &iris.y)?;
/// # assert!(figure.to_svg()?.contains("petal width"));
/// # Ok::<(), logit::Error>(())
/// ```
///
/// # Precision
/// The line is that of [`class_boundaries`], with all its vertices. The regions are found on the same grid;
/// between its points, scores are interpolated linearly.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionRegions {
    plane: Plane,
    ground: bool,
}

impl Default for DecisionRegions {
    fn default() -> Self {
        DecisionRegions { plane: Plane::default(), ground: true }
    }
}

impl DecisionRegions {
    /// Creates a figure with default settings.
    pub fn new() -> Self {
        DecisionRegions::default()
    }

    plane_setters!();

    /// Sets whether regions have the colours of their classes. Defaults to `true`.
    pub fn ground(mut self, ground: bool) -> Self {
        self.ground = ground;
        self
    }

    /// Draws the figure for a classifier of two features, with the rows `x` and their labels `y`.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] unless `classifier` and `x` have two columns, `x` and `y` have the
    /// same length, and there is a name for each feature and class. Returns [`Error::UnknownLabel`] if a
    /// label is not a class of `classifier`, [`Error::InvalidParameter`] if the resolution is out of range,
    /// [`Error::Empty`] if there are no rows and no bounds are given, and [`Error::NotFinite`] if an entry of
    /// `x` is not finite. Returns the errors of `classifier`.
    pub fn draw<'a, T: Real, C: Classifier<T> + ?Sized>(
        &self,
        classifier: &C,
        x: impl Into<Rows<'a, T>>,
        y: &[C::Label],
    ) -> Result<Figure, Error> {
        let x = x.into();
        let view = self.plane.view(classifier, x, y)?;
        let [x_axis, y_axis] = view.axes.clone();
        let mut chart = Chart { grid: [!self.ground; 2], ..Chart::new(x_axis, y_axis) };
        if self.ground {
            chart.layers.extend(self.regions(classifier, &view)?);
        }
        for boundary in class_boundaries(classifier, view.bounds, self.plane.resolution)? {
            chart.layers.extend(drawn(boundary.lines(), BOUNDARY));
        }
        let (layers, keys) = view.data(|class| self.ground.then(|| tint(class)));
        let crossed = chart.layers.iter().any(|layer| matches!(layer, Layer::Line { .. }));
        chart.layers.extend(layers);
        chart.legend = keys;
        if crossed {
            let name = "boundary".to_owned();
            chart.legend.push(Key { name, line: Some(BOUNDARY), ..Key::default() });
        }
        Ok(Figure::of_chart(chart))
    }

    fn regions<T: Real, C: Classifier<T> + ?Sized>(
        &self,
        classifier: &C,
        view: &View,
    ) -> Result<Vec<Layer>, Error> {
        let scores = classifier.decision_function(&self.plane.grid(view.bounds))?;
        let two = scores.ncols() == 1;
        let scores =
            DMatrix::from_fn(scores.nrows(), scores.ncols().max(2), |point, class| match (two, class) {
                (true, 0) => 0.0,
                (true, _) => scores[(point, 0)].as_f64(),
                (false, _) => scores[(point, class)].as_f64(),
            });
        let area = |ring: super::partition::Ring| {
            let points = view.in_units(&ring.points);
            Layer::Area { points, fill: tint(ring.inside), opacity: 1.0 }
        };
        Ok(winners(&scores, self.plane.resolution).into_iter().map(area).collect())
    }
}
