//! Regions, boundaries and points of two features as text.

use nalgebra::DMatrix;

use super::canvas::Canvas;
use super::{Sketch, clean, letter, short, wrapped};
use crate::boundary::{Bounds, class_boundaries};
use crate::check;
use crate::classifier::{Classifier, ClassifierExt};
use crate::error::Error;
use crate::label::{indices, plain};
use crate::rows::Rows;
use crate::scalar::Real;

/// The shades of the first classes; other classes are blank.
const SHADES: [char; 4] = ['·', '░', '▒', '▓'];

impl Sketch {
    /// Draws the predictions of a classifier of two features as shades, and the rows of `x` as letters.
    ///
    /// The letter of a row stands for its true class; an asterisk stands for rows of more than one class. For
    /// more features, draw a [`Slice`](crate::boundary::Slice).
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] unless `classifier` and `x` have two columns and `x` and `y` have the
    /// same length, [`Error::UnknownLabel`] if a label is not a class of `classifier`, [`Error::Empty`] if
    /// there are no rows, [`Error::NotFinite`] if an entry of `x` is not finite, and
    /// [`Error::InvalidParameter`] if the width or height is out of range. Returns the errors of
    /// `classifier`.
    ///
    /// # Examples
    /// ```
    /// use logit::FittedLogistic;
    /// use logit::nalgebra::{dmatrix, dvector};
    /// use logit::terminal::Sketch;
    ///
    /// let model = FittedLogistic::from_coefficients(
    ///     vec!["no", "yes"],
    ///     dmatrix![1.0; 1.0],
    ///     dvector![-1.0],
    /// )?;
    /// let (x, y) = (dmatrix![0.0, 0.0; 1.0, 1.0], ["no", "yes"]);
    /// let text = Sketch::new().width(24).height(4).regions(&model, &x, &y)?;
    /// assert!(text.contains("a · no   b ░ yes"), "{text}");
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn regions<'a, T: Real, C: Classifier<T> + ?Sized>(
        &self,
        classifier: &C,
        x: impl Into<Rows<'a, T>>,
        y: &[C::Label],
    ) -> Result<String, Error> {
        let x = x.into();
        let map = Map::new(self, classifier, x, y)?;
        let mut canvas = Canvas::new(map.width, self.height);
        let (width, height) = (map.width, self.height);
        let centre = |cell: usize, axis: usize| {
            let (low, high) = map.span(axis);
            let share = match axis {
                0 => ((cell % width) as f64 + 0.5) / width as f64,
                _ => 1.0 - ((cell / width) as f64 + 0.5) / height as f64,
            };
            T::of(low + share * (high - low))
        };
        let predicted = classifier.predict(&DMatrix::from_fn(width * height, 2, centre))?;
        for (cell, class) in indices(classifier.classes(), &predicted)?.into_iter().enumerate() {
            canvas.put((cell % width, cell / width), SHADES.get(class).copied().unwrap_or(' '));
        }
        map.finish(canvas, |class| SHADES.get(class).copied())
    }

    /// Draws the decision boundary of a classifier of two features as a line, and the rows of `x` as letters.
    ///
    /// # Errors
    /// Returns the errors of [`regions`](Sketch::regions).
    ///
    /// # Examples
    /// ```
    /// use logit::terminal::Sketch;
    /// use logit::prelude::*;
    /// use logit::{LogisticRegression, Penalty, data};
    ///
    /// let iris = data::iris();
    /// let petals = iris.x.select_columns(&[2, 3]);
    /// let model = LogisticRegression::new(Penalty::c(1.0)).fit(&petals, &iris.y)?;
    /// println!("{}", Sketch::new().boundary(&model, &petals, &iris.y)?);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn boundary<'a, T: Real, C: Classifier<T> + ?Sized>(
        &self,
        classifier: &C,
        x: impl Into<Rows<'a, T>>,
        y: &[C::Label],
    ) -> Result<String, Error> {
        let x = x.into();
        let map = Map::new(self, classifier, x, y)?;
        let mut canvas = Canvas::new(map.width, self.height);
        let resolution = (2 * map.width).max(4 * self.height);
        for boundary in class_boundaries(classifier, map.bounds, resolution)? {
            for [from, to] in boundary.lines().iter().flat_map(|line| line.segments()) {
                canvas.line(map.place(from), map.place(to));
            }
        }
        map.finish(canvas, |_| None)
    }
}

/// The plane of two features, with the rows, on a page.
struct Map {
    bounds: Bounds,
    width: usize,
    page: usize,
    names: Vec<String>,
    points: Vec<([f64; 2], usize)>,
}

impl Map {
    fn new<T: Real, C: Classifier<T> + ?Sized>(
        sketch: &Sketch,
        classifier: &C,
        x: Rows<'_, T>,
        y: &[C::Label],
    ) -> Result<Self, Error> {
        sketch.check()?;
        check::count("classifier", "features", 2, classifier.features())?;
        x.check_columns(2, classifier.feature_names())?;
        check::labels(x, y.len())?;
        let bounds = Bounds::around(x, 0.05)?;
        let classes = indices(classifier.classes(), y)?.into_iter().enumerate();
        let points =
            classes.map(|(row, class)| ([0, 1].map(|axis| x[(row, axis)].as_f64()), class)).collect();
        let names = classifier.classes().iter().map(|class| clean(&plain(class))).collect();
        let mut map = Map { bounds, width: 0, page: sketch.width, names, points };
        map.width = sketch.width - map.margin() - 2;
        Ok(map)
    }

    fn span(&self, axis: usize) -> (f64, f64) {
        if axis == 0 { self.bounds.x() } else { self.bounds.y() }
    }

    fn place(&self, point: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|axis| {
            let (low, high) = self.span(axis);
            (point[axis] - low) / (high - low)
        })
    }

    /// Returns the width of the numbers on the left.
    fn margin(&self) -> usize {
        let (low, high) = self.bounds.y();
        short(low).len().max(short(high).len()).min(self.page / 3)
    }

    /// Adds points, frame and legend, and returns the text.
    fn finish(&self, mut canvas: Canvas, shade: impl Fn(usize) -> Option<char>) -> Result<String, Error> {
        let is_ground =
            |there: Option<char>| there.is_none_or(|there| there == ' ' || SHADES.contains(&there));
        let mut shared = false;
        for &(point, class) in &self.points {
            let Some(cell) = canvas.cell(self.place(point)) else { continue };
            let there = canvas.letter(cell);
            let own = letter(class);
            let free = is_ground(there) || there == Some(own);
            shared |= !free;
            canvas.put(cell, if free { own } else { '*' });
        }
        let (margin, (low, high)) = (self.margin(), self.bounds.y());
        let lines = canvas.lines();
        let last = lines.len() - 1;
        let row = |(line, row): (usize, &String)| {
            let number = if line == 0 {
                short(high)
            } else if line == last {
                short(low)
            } else {
                String::new()
            };
            format!("{number:>margin$} │{row}").trim_end().to_owned()
        };
        let rows: Vec<String> = lines.iter().enumerate().map(row).collect();
        let ends = [short(self.bounds.x().0), short(self.bounds.x().1)];
        let gap = self.width.saturating_sub(ends[0].len() + ends[1].len());
        let axis = format!("{:>margin$} └{}", "", "─".repeat(self.width));
        let numbers = format!("{:>margin$}  {}{}{}", "", ends[0], " ".repeat(gap), ends[1]);
        let key = |(class, name): (usize, &String)| match shade(class) {
            Some(shade) => format!("{} {shade} {name}", letter(class)),
            None => format!("{} {name}", letter(class)),
        };
        let mut legend: Vec<String> = self.names.iter().enumerate().map(key).collect();
        if shared {
            legend.push("* several".to_owned());
        }
        let legend = wrapped(&legend, self.page);
        Ok(format!("{}\n{axis}\n{numbers}\n{legend}\n", rows.join("\n")))
    }
}
