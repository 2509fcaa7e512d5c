//! Named curves over numbers.

use super::axis::{Axis, Spacing};
use super::chart::{Chart, Key, Layer, LineLook};
use super::figure::Figure;
use super::palette::{colour, dash, marker};
use crate::error::Error;

/// The largest number of points at which each point of a curve is marked.
const FEW: usize = 15;

/// A figure of your own curves and points, in the style of the other figures.
///
/// A point that is not finite interrupts its curve; on a logarithmic axis, so does a point that is not
/// positive.
///
/// # Examples
/// ```
/// use logit::plot::Curves;
///
/// let curve =
///     |rate: f64| (0..50).map(move |step| [step as f64, (-rate * step as f64).exp()]);
/// let figure = Curves::new("step", "cost")
///     .curve("slow", curve(0.05))
///     .curve("fast", curve(0.5))
///     .logarithmic_y()
///     .figure()?;
/// assert!(figure.to_svg()?.contains("fast"));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    names: [String; 2],
    spacing: [Spacing; 2],
    curves: Vec<Curve>,
}

#[derive(Debug, Clone, PartialEq)]
struct Curve {
    name: String,
    points: Vec<[f64; 2]>,
    joined: bool,
}

impl Curves {
    /// Creates a figure without curves, with axes of these names.
    pub fn new(x_name: impl Into<String>, y_name: impl Into<String>) -> Self {
        let names = [x_name.into(), y_name.into()];
        Curves { names, spacing: [Spacing::Linear; 2], curves: Vec::new() }
    }

    /// Adds a curve through these points, in this order.
    pub fn curve(mut self, name: impl Into<String>, points: impl IntoIterator<Item = [f64; 2]>) -> Self {
        let points = points.into_iter().collect();
        self.curves.push(Curve { name: name.into(), points, joined: true });
        self
    }

    /// Adds points that are not joined.
    pub fn points(mut self, name: impl Into<String>, points: impl IntoIterator<Item = [f64; 2]>) -> Self {
        let points = points.into_iter().collect();
        self.curves.push(Curve { name: name.into(), points, joined: false });
        self
    }

    /// Makes the horizontal axis logarithmic. Defaults to a linear axis.
    pub fn logarithmic_x(mut self) -> Self {
        self.spacing[0] = Spacing::Logarithmic;
        self
    }

    /// Makes the vertical axis logarithmic. Defaults to a linear axis.
    pub fn logarithmic_y(mut self) -> Self {
        self.spacing[1] = Spacing::Logarithmic;
        self
    }

    /// Draws the figure.
    ///
    /// # Errors
    /// Returns [`Error::Empty`] if there are no curves, and [`Error::Picture`] if no point can be shown.
    pub fn figure(&self) -> Result<Figure, Error> {
        self.chart().map(Figure::of_chart)
    }

    pub(super) fn chart(&self) -> Result<Chart, Error> {
        if self.curves.is_empty() {
            return Err(Error::Empty { argument: "curves", axis: "entries" });
        }
        let axis = |at: usize, margin: f64| {
            let values = self.curves.iter().flat_map(|curve| curve.points.iter().map(|point| point[at]));
            Axis::around(self.names[at].clone(), self.spacing[at], values, margin)
        };
        let mut chart = Chart::new(axis(0, 0.03)?, axis(1, 0.05)?);
        for (number, curve) in self.curves.iter().enumerate() {
            let colour = colour(number);
            let look = LineLook::new(colour, 1.8).dashed(dash(number));
            let marker = (!curve.joined || curve.points.len() <= FEW).then_some((marker(number), colour));
            if curve.joined {
                chart.layers.push(Layer::Line { points: curve.points.clone(), look });
            }
            if let Some((marker, colour)) = marker {
                let points = curve.points.clone();
                chart.layers.push(Layer::Points { points, marker, colour, size: 3.5 });
            }
            let (name, line) = (curve.name.clone(), curve.joined.then_some(look));
            chart.legend.push(Key { name, line, marker, ground: None });
        }
        Ok(chart)
    }
}
