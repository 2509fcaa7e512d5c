//! The parts that figures of two features share: the data, the bounds and the names.

use nalgebra::DMatrix;

use super::axis::Axis;
use super::chart::{Key, Layer, LineLook};
use super::palette::{colour, marker};
use super::scene::Colour;
use crate::boundary::{Bounds, Polyline};
use crate::check;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::label::{Label, indices, plain};
use crate::rows::Rows;
use crate::scalar::Real;

/// The line of a boundary.
pub(super) const BOUNDARY: LineLook = LineLook { colour: Colour::INK, width: 1.8, dash: None };

/// The settings that all figures of two features share.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plane {
    pub(super) feature_names: Vec<String>,
    pub(super) class_names: Vec<String>,
    pub(super) bounds: Option<Bounds>,
    pub(super) resolution: usize,
}

impl Default for Plane {
    fn default() -> Self {
        Plane { feature_names: Vec::new(), class_names: Vec::new(), bounds: None, resolution: 201 }
    }
}

/// Defines the setters of a figure whose field `plane` is a [`Plane`].
macro_rules! plane_setters {
    () => {
        /// Sets the names of the two features. Defaults to the names that the classifier was fitted with,
        /// then to those of the rows, then to x0 and x1.
        pub fn feature_names(mut self, first: impl Into<String>, second: impl Into<String>) -> Self {
            self.plane.feature_names = vec![first.into(), second.into()];
            self
        }

        /// Sets a name for each class, in the order of the classes. Defaults to the labels.
        pub fn class_names<S: AsRef<str>>(mut self, names: &[S]) -> Self {
            self.plane.class_names = names.iter().map(|name| name.as_ref().to_owned()).collect();
            self
        }

        /// Sets the bounds of the plane. Defaults to all rows with a margin of 8 % on each side.
        pub fn bounds(mut self, bounds: $crate::boundary::Bounds) -> Self {
            self.plane.bounds = Some(bounds);
            self
        }

        /// Sets the number of grid points in each direction, from 2 to 1001. Defaults to 201.
        pub fn resolution(mut self, resolution: usize) -> Self {
            self.plane.resolution = resolution;
            self
        }
    };
}

pub(super) use plane_setters;

/// The checked rows and classes of a figure of two features.
pub(super) struct View {
    pub(super) bounds: Bounds,
    pub(super) axes: [Axis; 2],
    pub(super) classes: Vec<String>,
    /// The points of each class.
    points: Vec<Vec<[f64; 2]>>,
}

impl Plane {
    pub(super) fn view<T: Real, C: Classifier<T> + ?Sized>(
        &self,
        classifier: &C,
        x: Rows<'_, T>,
        y: &[C::Label],
    ) -> Result<View, Error> {
        check::count("classifier", "features", 2, classifier.features())?;
        x.check_columns(2, classifier.feature_names())?;
        check::labels(x, y.len())?;
        check::finite("x", x)?;
        let resolution = self.resolution as f64;
        check::parameter("resolution", resolution, (2.0..=1001.0).contains(&resolution), "from 2 to 1001")?;
        let bounds = self.bounds.map_or_else(|| Bounds::around(x, 0.08), Ok)?;
        let classes = self.named(classifier.classes())?;
        let mut points = vec![Vec::new(); classes.len()];
        for (row, class) in indices(classifier.classes(), y)?.into_iter().enumerate() {
            points[class].push([x[(row, 0)].as_f64(), x[(row, 1)].as_f64()]);
        }
        let [first, second] = match self.feature_names.as_slice() {
            [] => match classifier.feature_names().or(x.names()) {
                Some([first, second]) => [first.clone(), second.clone()],
                _ => ["x0".to_owned(), "x1".to_owned()],
            },
            [first, second] => [first.clone(), second.clone()],
            others => return Err(check::count("feature_names", "entries", 2, others.len()).unwrap_err()),
        };
        let axis = |name: String, (low, high): (f64, f64)| Axis::new(name, low, high);
        let axes = [axis(first, bounds.x()), axis(second, bounds.y())];
        Ok(View { bounds, axes, classes, points })
    }

    fn named<L: Label>(&self, classes: &[L]) -> Result<Vec<String>, Error> {
        if self.class_names.is_empty() {
            return Ok(classes.iter().map(plain).collect());
        }
        check::count("class_names", "entries", classes.len(), self.class_names.len())?;
        Ok(self.class_names.clone())
    }

    /// Returns the points of the grid, from left to right and then upwards.
    pub(super) fn grid<T: Real>(&self, bounds: Bounds) -> DMatrix<T> {
        let count = self.resolution;
        let at = |(low, high): (f64, f64), i: usize| {
            let share = i as f64 / (count - 1) as f64;
            T::of(low * (1.0 - share) + high * share)
        };
        DMatrix::from_fn(count * count, 2, |point, axis| {
            if axis == 0 { at(bounds.x(), point % count) } else { at(bounds.y(), point / count) }
        })
    }
}

impl View {
    /// Converts fractions of the plane to the units of the data.
    pub(super) fn in_units(&self, points: &[[f64; 2]]) -> Vec<[f64; 2]> {
        let along = |(low, high): (f64, f64), share: f64| low + share * (high - low);
        points.iter().map(|[x, y]| [along(self.bounds.x(), *x), along(self.bounds.y(), *y)]).collect()
    }

    /// Returns the data as layers, and its entries in the legend.
    pub(super) fn data(&self, ground: impl Fn(usize) -> Option<Colour>) -> (Vec<Layer>, Vec<Key>) {
        let count: usize = self.points.iter().map(Vec::len).sum();
        let size = if count <= 300 {
            3.8
        } else if count <= 1000 {
            3.0
        } else {
            2.2
        };
        let layer = |(class, points): (usize, &Vec<[f64; 2]>)| Layer::Points {
            points: points.clone(),
            marker: marker(class),
            colour: colour(class),
            size,
        };
        let key = |(class, name): (usize, &String)| Key {
            name: name.clone(),
            ground: ground(class),
            line: None,
            marker: (!self.points[class].is_empty()).then_some((marker(class), colour(class))),
        };
        let layers = self.points.iter().enumerate().filter(|(_, points)| !points.is_empty()).map(layer);
        (layers.collect(), self.classes.iter().enumerate().map(key).collect())
    }
}

/// Returns lines as layers, with all points of each.
pub(super) fn drawn(lines: &[Polyline], look: LineLook) -> impl Iterator<Item = Layer> + '_ {
    lines.iter().map(move |line| {
        let back = line.points.first().filter(|_| line.closed);
        Layer::Line { points: line.points.iter().chain(back).copied().collect(), look }
    })
}
