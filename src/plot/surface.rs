//! The probability of a class over two features.

use nalgebra::DMatrix;

use super::axis::Axis;
use super::chart::{Bar, Chart, Layer, LineLook};
use super::figure::Figure;
use super::palette::Scale;
use super::partition;
use super::plane::{Plane, View, drawn, plane_setters};
use super::scene::Colour;
use crate::boundary::{Contour, contour, contour_of_grid};
use crate::check;
use crate::classifier::{Classifier, ClassifierExt};
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;

/// The number of colours from probability 0 to 1.
const STEPS: usize = 20;

/// A figure of the probability of a class over two features: a colour map with contour lines and a colour
/// bar.
///
/// For classifiers with more features, draw a [`Slice`](crate::boundary::Slice).
///
/// # Examples
/// ```
/// use logit::plot::ProbabilitySurface;
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, data};
///
/// let iris = data::iris();
/// let petals = iris.x.select_columns(&[2, 3]);
/// let y: Vec<&str> =
///     iris.y.iter().map(|&s| if s == "virginica" { s } else { "other" }).collect();
/// let model = LogisticRegression::new(Penalty::c(1.0)).fit(&petals, &y)?;
/// let figure = ProbabilitySurface::new()
///     .feature_names("petal length", "petal width")
///     .levels(&[0.1, 0.5, 0.9])
///     .draw(&model, &petals, &y)?;
/// assert!(figure.to_svg()?.contains("probability of virginica"));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ProbabilitySurface {
    plane: Plane,
    class: Option<usize>,
    levels: Vec<f64>,
    points: bool,
}

impl Default for ProbabilitySurface {
    fn default() -> Self {
        let levels = vec![0.1, 0.25, 0.5, 0.75, 0.9];
        ProbabilitySurface { plane: Plane::default(), class: None, levels, points: true }
    }
}

impl ProbabilitySurface {
    /// Creates a figure with default settings.
    pub fn new() -> Self {
        ProbabilitySurface::default()
    }

    plane_setters!();

    /// Sets the class whose probability is shown, by its index from 0. Defaults to the last class.
    pub fn class(mut self, class: usize) -> Self {
        self.class = Some(class);
        self
    }

    /// Sets the probabilities with a contour line. Defaults to 0.1, 0.25, 0.5, 0.75 and 0.9; the line of 0.5
    /// is the heaviest.
    pub fn levels(mut self, levels: &[f64]) -> Self {
        self.levels = levels.to_vec();
        self
    }

    /// Sets whether the rows are drawn too, each in the colour of its class. Defaults to `true`.
    pub fn points(mut self, points: bool) -> Self {
        self.points = points;
        self
    }

    /// Draws the figure for a classifier of two features, with the rows `x` and their labels `y`.
    ///
    /// # Errors
    /// Returns the errors of [`DecisionRegions::draw`](super::DecisionRegions::draw), and
    /// [`Error::InvalidParameter`] if the class does not exist or a level is not between 0 and 1.
    pub fn draw<'a, T: Real, C: Classifier<T> + ?Sized>(
        &self,
        classifier: &C,
        x: impl Into<Rows<'a, T>>,
        y: &[C::Label],
    ) -> Result<Figure, Error> {
        let x = x.into();
        let view = self.plane.view(classifier, x, y)?;
        let classes = view.classes.len();
        let class = self.class.unwrap_or(classes.saturating_sub(1));
        check::parameter("class", class as f64, class < classes, "the number of a class, counted from 0")?;
        let probabilities: Vec<f64> = {
            let all = classifier.predict_proba(&self.plane.grid(view.bounds))?;
            all.column(class).iter().map(|p| p.as_f64()).collect()
        };
        // With two classes, the ends of the scale are the colours of both classes.
        let scale = if classes == 2 && class == 1 { Scale::Diverging } else { Scale::Sequential };
        let [x_axis, y_axis] = view.axes.clone();
        let mut chart = Chart { grid: [false; 2], ..Chart::new(x_axis, y_axis) };
        let edges: Vec<f64> = (1..STEPS).map(|step| step as f64 / STEPS as f64).collect();
        for ring in partition::levels(&probabilities, self.plane.resolution, &edges) {
            let fill = scale.at((ring.inside as f64 + 0.5) / STEPS as f64);
            chart.layers.push(Layer::Area { points: view.in_units(&ring.points), fill, opacity: 1.0 });
        }
        for &level in &self.levels {
            let lines = self.lines(classifier, &view, class, level, &probabilities)?;
            let colour = if scale.at(level).is_light() { Colour::INK } else { Colour::WHITE };
            let look = LineLook::new(colour, if level == 0.5 { 2.0 } else { 1.0 });
            chart.layers.extend(drawn(lines.lines(), look));
        }
        if self.points {
            let (layers, keys) = view.data(|_| None);
            chart.layers.extend(layers);
            chart.legend = keys;
        }
        let name = format!("probability of {}", view.classes[class]);
        let axis = Axis::new(name, 0.0, 1.0);
        chart.bar = Some(Bar { axis, scale, steps: STEPS, lines: self.levels.clone() });
        Ok(Figure::of_chart(chart))
    }

    /// Returns the lines where the probability has a level: exact for two classes, interpolated for more.
    fn lines<T: Real, C: Classifier<T> + ?Sized>(
        &self,
        classifier: &C,
        view: &View,
        class: usize,
        level: f64,
        probabilities: &[f64],
    ) -> Result<Contour, Error> {
        check::parameter("levels", level, level > 0.0 && level < 1.0, "above 0 and below 1")?;
        let count = self.plane.resolution;
        if view.classes.len() == 2 {
            let of_second = if class == 1 { level } else { 1.0 - level };
            return contour(classifier, of_second, view.bounds, count);
        }
        contour_of_grid(&DMatrix::from_row_slice(count, count, probabilities), level, view.bounds)
    }
}
