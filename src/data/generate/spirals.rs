//! Interleaving spirals.

use std::f64::consts::TAU;

use nalgebra::DMatrix;

use super::{add_noise, apportion, axes, check_classes, check_sizes, finished, labels, setters};
use crate::check;
use crate::data::Dataset;
use crate::error::Error;

/// A generator of interleaving spirals from the origin to radius 1, one for each class.
///
/// The classes are hard to separate for small networks. Point i of m of class k has the radius t = i / m
/// (from i = 1) and the angle 2π (turns t + k / classes).
///
/// # Examples
/// ```
/// use logit::data::Spirals;
///
/// let spirals = Spirals::new(300, 3).turns(1.0).noise(0.02).seed(1).generate()?;
/// assert_eq!(spirals.class_counts(), [(0, 100), (1, 100), (2, 100)]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spirals {
    rows: usize,
    classes: usize,
    turns: f64,
    noise: f64,
    shuffle: bool,
    seed: u64,
}

impl Spirals {
    /// Creates a generator of `rows` rows without noise, divided among the classes as evenly as possible.
    pub fn new(rows: usize, classes: usize) -> Self {
        Spirals { rows, classes, turns: 1.5, noise: 0.0, shuffle: true, seed: 0 }
    }

    /// Sets the number of turns of each spiral; the sign is the direction. Defaults to 1.5.
    pub fn turns(mut self, turns: f64) -> Self {
        self.turns = turns;
        self
    }

    setters!(noise: "both coordinates", shuffle: "ordered by class", seed: "noise and order");

    /// Generates the data set.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if there are fewer than two classes or more classes than rows, if
    /// the number of turns is not finite, or if the noise is negative or not finite.
    pub fn generate(&self) -> Result<Dataset<usize>, Error> {
        check_sizes(self.rows, 2)?;
        check_classes(self.classes, self.rows)?;
        check::parameter("turns", self.turns, self.turns.is_finite(), "finite")?;
        check::not_negative("noise", self.noise)?;
        let counts = apportion(self.rows, &vec![1.0; self.classes]);
        let points = counts.iter().enumerate().flat_map(|(class, &count)| {
            let start = class as f64 / self.classes as f64;
            (1..=count).map(move |index| (start, index as f64 / count as f64))
        });
        let mut x = DMatrix::zeros(self.rows, 2);
        for (row, (start, radius)) in points.enumerate() {
            let (sine, cosine) = (TAU * (self.turns * radius + start)).sin_cos();
            (x[(row, 0)], x[(row, 1)]) = (radius * cosine, radius * sine);
        }
        add_noise(&mut x, self.noise, self.seed);
        finished(x, labels(&counts), axes(2), self.shuffle.then_some(self.seed))
    }
}
