//! Estimates with their intervals.

use super::axis::{Axis, Spacing};
use super::chart::{Chart, Key, Layer, LineLook};
use super::figure::Figure;
use super::palette::{colour, marker};
use super::scene::Colour;
use super::ticks::Tick;
use crate::check;
use crate::error::Error;
use crate::linear::Inference;

/// Returns a figure of the coefficients of a logistic regression with their confidence intervals at `level`.
///
/// Several equations are drawn side by side. The intercept is left out, because it has other units. The
/// dashed line marks no effect.
///
/// # Errors
/// Returns [`Error::InvalidParameter`] if `level` is not between 0 and 1, and [`Error::Empty`] if the model
/// has only an intercept.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, data, plot};
///
/// let iris = data::iris();
/// let y: Vec<bool> = iris.y.iter().map(|&species| species == "virginica").collect();
/// let model = LogisticRegression::new(Penalty::c(1.0)).fit(&iris, &y)?;
/// let inference = model.inference(&iris, &y)?;
/// let figure = plot::coefficients(&inference, 0.95)?;
/// assert!(figure.to_svg()?.contains("petal width"));
/// # Ok::<(), logit::Error>(())
/// ```
pub fn coefficients(inference: &Inference, level: f64) -> Result<Figure, Error> {
    let (lower, upper) = inference.confidence_intervals(level)?;
    let first = usize::from(inference.has_intercept());
    let mut intervals = Intervals::new(&inference.names()[first..]);
    for (equation, name) in inference.equations().iter().enumerate() {
        let part = |of: &nalgebra::DMatrix<f64>| of.column(equation).iter().skip(first).copied().collect();
        let (estimates, lower, upper): (Vec<f64>, Vec<f64>, Vec<f64>) =
            (part(inference.estimates()), part(&lower), part(&upper));
        intervals = intervals.group(name, &estimates, &lower, &upper);
    }
    Ok(intervals.figure()?.x_name(format!("coefficient, {} % interval", 100.0 * level)))
}

/// A figure of your own estimates with intervals: of several models, of odds ratios, of effects.
///
/// # Examples
/// ```
/// use logit::plot::Intervals;
///
/// let figure = Intervals::new(&["age", "income"])
///     .group("plain", &[0.5, -0.2], &[0.1, -0.5], &[0.9, 0.1])
///     .group("robust", &[0.5, -0.2], &[0.0, -0.6], &[1.0, 0.2])
///     .figure()?;
/// assert!(figure.to_svg()?.contains("robust"));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Intervals {
    names: Vec<String>,
    groups: Vec<Group>,
}

#[derive(Debug, Clone, PartialEq)]
struct Group {
    name: String,
    estimates: Vec<f64>,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl Intervals {
    /// Creates a figure for terms of these names, from top to bottom.
    pub fn new<S: AsRef<str>>(names: &[S]) -> Self {
        let names = names.iter().map(|name| name.as_ref().to_owned()).collect();
        Intervals { names, groups: Vec::new() }
    }

    /// Adds a group: an estimate for each term, and the ends of its interval.
    ///
    /// Ends that are not finite are drawn to the frame.
    pub fn group(mut self, name: impl Into<String>, estimates: &[f64], lower: &[f64], upper: &[f64]) -> Self {
        let (estimates, lower, upper) = (estimates.to_vec(), lower.to_vec(), upper.to_vec());
        self.groups.push(Group { name: name.into(), estimates, lower, upper });
        self
    }

    /// Draws the figure.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] if there are no terms or groups, [`Error::ShapeMismatch`] if the number of
    /// estimates or ends differs from the number of terms, and [`Error::Picture`] if no number is finite.
    pub fn figure(&self) -> Result<Figure, Error> {
        for (argument, count) in [("names", self.names.len()), ("groups", self.groups.len())] {
            if count == 0 {
                return Err(Error::Empty { argument, axis: "entries" });
            }
        }
        let count = self.names.len();
        for Group { estimates, lower, upper, .. } in &self.groups {
            check::count("estimates", "entries", count, estimates.len())?;
            check::count("lower", "entries", count, lower.len())?;
            check::count("upper", "entries", count, upper.len())?;
        }
        let numbers = self.groups.iter().flat_map(|g| g.estimates.iter().chain(&g.lower).chain(&g.upper));
        let x = Axis::around("estimate", Spacing::Linear, numbers.copied().chain([0.0]), 0.05)?;
        let marks =
            self.names.iter().enumerate().map(|(at, name)| Tick { at: at as f64, label: name.clone() });
        let mut y = Axis::new("", -0.6, count as f64 - 0.4).reversed();
        y.marks = Some(marks.collect());
        let mut chart = Chart { grid: [true, false], ..Chart::new(x, y) };
        self.add_layers(&mut chart);
        let rows = 26.0f64.max(13.0 * self.groups.len() as f64 + 8.0);
        let height = (rows * count as f64 + 90.0).clamp(200.0, 4000.0);
        let width = if chart.legend.is_empty() { 560 } else { 680 };
        Ok(Figure::of_chart(chart).size(width, height as u32))
    }

    fn add_layers(&self, chart: &mut Chart) {
        let zero = LineLook::new(Colour::GREY, 1.2).dashed(Some([4.0, 3.0]));
        let (count, groups) = (self.names.len() as f64, self.groups.len());
        chart.layers.push(Layer::Line { points: vec![[0.0, -0.6], [0.0, count - 0.4]], look: zero });
        let (low, high) = chart.x.ends();
        let end = |value: f64, open: f64| if value.is_finite() { value } else { open };
        for (number, group) in self.groups.iter().enumerate() {
            let (colour, marker) = (colour(number), marker(number));
            let look = LineLook::new(colour, 2.0);
            let shift = 0.7 * ((number as f64 + 0.5) / groups as f64 - 0.5);
            for (row, &estimate) in group.estimates.iter().enumerate().filter(|(_, e)| e.is_finite()) {
                let y = row as f64 + shift;
                let points = vec![[end(group.lower[row], low), y], [end(group.upper[row], high), y]];
                chart.layers.push(Layer::Line { points, look });
                chart.layers.push(Layer::Points { points: vec![[estimate, y]], marker, colour, size: 4.0 });
            }
            if groups > 1 {
                let name = group.name.clone();
                chart.legend.push(Key {
                    name,
                    line: Some(look),
                    marker: Some((marker, colour)),
                    ground: None,
                });
            }
        }
    }
}
