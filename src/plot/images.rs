//! A grid of small images on one colour scale.

use nalgebra::{DMatrix, DMatrixView};

use super::axis::Axis;
use super::chart::Bar;
use super::figure::Figure;
use super::layout::{self, Frame};
use super::palette::Scale;
use super::scene::{Colour, Scene};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;

/// The number of colours; neighbouring pixels of nearly the same colour become one shape.
const STEPS: usize = 41;

/// The room on the right for a colour bar with short numbers.
const BESIDE: f64 = 92.0;
const EDGE: f64 = 14.0;
const BETWEEN: f64 = 6.0;

/// Images, one per column: row after row of pixels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Images {
    pixels: DMatrix<f64>,
    height: usize,
    width: usize,
    /// The largest absolute value of all pixels.
    largest: f64,
}

/// Returns a figure of the weights into each unit of a layer, as one image of `height` x `width` pixels per
/// unit.
///
/// An image shows to which input pixels its unit responds. Negative weights are blue, positive weights
/// orange, and zero is white; all images have the same scale.
///
/// # Shapes
/// `weights` is inputs x units, as [`FittedMlp::weights`](crate::FittedMlp::weights) returns them. There is
/// one input per pixel, row after row from the top.
///
/// # Errors
/// Returns [`Error::Empty`] if there are no units or inputs, [`Error::ShapeMismatch`] if the number of inputs
/// differs from the number of pixels, and [`Error::NotFinite`] if a weight is not finite.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{MlpClassifier, data, plot};
///
/// let digits = data::digits();
/// let model = MlpClassifier::new([12]).epochs(1).fit(&digits.x, &digits.y)?;
/// let figure = plot::weight_images(model.weights(0).unwrap(), 8, 8)?;
/// assert!(figure.to_png()?.len() > 1000);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn weight_images<'a, T: Real>(
    weights: impl Into<DMatrixView<'a, T>>,
    height: usize,
    width: usize,
) -> Result<Figure, Error> {
    let weights = weights.into();
    for (axis, count) in [("units", weights.ncols()), ("inputs", weights.nrows())] {
        if count == 0 {
            return Err(Error::Empty { argument: "weights", axis });
        }
    }
    check::count("weights", "inputs", height.saturating_mul(width), weights.nrows())?;
    let pixels =
        DMatrix::from_fn(weights.nrows(), weights.ncols(), |row, column| weights[(row, column)].as_f64());
    check::finite("weights", &pixels)?;
    let largest = pixels.iter().fold(0.0, |largest: f64, weight| largest.max(weight.abs()));
    let images = Images { pixels, height, width, largest };
    let size = images.natural_size();
    Ok(Figure::of_images(images, size))
}

impl Images {
    fn bar(&self) -> Bar {
        let end = if self.largest > 0.0 { self.largest } else { 1.0 };
        let axis = Axis::new("weight", -end, end);
        Bar { axis, scale: Scale::Diverging, steps: STEPS, lines: vec![] }
    }

    /// Returns the width for the colour bar on the right.
    fn beside(&self) -> f64 {
        BESIDE.max(layout::BESIDE_FRAME + layout::bar_width(&self.bar()))
    }

    fn count(&self) -> usize {
        self.pixels.ncols()
    }

    /// Returns a nearly square size with about 80 units per image, so that pixels are whole.
    fn natural_size(&self) -> (u32, u32) {
        let longest = self.height.max(self.width) as f64;
        let side = if longest <= 80.0 { (80.0 / longest).round() * longest } else { 80.0 };
        let (columns, rows) = self.grid(1.5);
        let [wide, high] = self.proportions();
        let across = columns as f64 * (side * wide + BETWEEN) + self.beside() + EDGE;
        let down = rows as f64 * (side * high + BETWEEN) + 2.0 * EDGE + 20.0;
        (across.ceil().clamp(240.0, 2000.0) as u32, down.ceil().clamp(200.0, 2000.0) as u32)
    }

    /// Returns the side of an image pixel on a page of this size, with this number of columns and rows of
    /// images.
    ///
    /// Where there is room, it is a whole number of page pixels, so that no seams show.
    fn pixel(&self, page: [f64; 2], (columns, rows): (usize, usize)) -> f64 {
        let room = |length: f64, images: usize, pixels: usize| {
            ((length - BETWEEN * (images - 1) as f64) / (images * pixels) as f64).max(0.05)
        };
        let pixel = room(page[0], columns, self.width).min(room(page[1], rows, self.height));
        if pixel >= 1.0 { (pixel + 1e-9).floor() } else { pixel }
    }

    /// Returns the width and height of an image, with the longer one as 1.
    fn proportions(&self) -> [f64; 2] {
        let longest = self.height.max(self.width) as f64;
        [self.width as f64 / longest, self.height as f64 / longest]
    }

    /// Returns columns and rows of images with a total width of about `ratio` times the height.
    ///
    /// A grid of another ratio is used if it leaves fewer cells empty.
    fn grid(&self, ratio: f64) -> (usize, usize) {
        let [wide, high] = self.proportions();
        let ideal = (self.count() as f64 * ratio * high / wide).sqrt();
        let range = (0.75 * ideal).ceil().max(1.0) as usize..=(1.35 * ideal).ceil().max(1.0) as usize;
        let empty = |columns: usize| columns * self.count().div_ceil(columns) - self.count();
        let cost = |columns: usize| empty(columns) as f64 + (columns as f64 - ideal).abs();
        let columns = range.min_by(|&a, &b| cost(a).total_cmp(&cost(b))).unwrap_or(1).min(self.count());
        (columns, self.count().div_ceil(columns))
    }

    /// Returns the step of the colour scale for a value.
    fn step(&self, value: f64) -> usize {
        let share = if self.largest > 0.0 { 0.5 + 0.5 * (value / self.largest) } else { 0.5 };
        ((share * STEPS as f64).floor() as usize).min(STEPS - 1)
    }
}

fn colour(step: usize) -> Colour {
    Scale::Diverging.at((step as f64 + 0.5) / STEPS as f64)
}

pub(super) fn draw(scene: &mut Scene, heading: &str, images: &Images) {
    let top = layout::title(scene, heading);
    let page = [f64::from(scene.width) - images.beside() - EDGE, f64::from(scene.height) - top - EDGE];
    let (columns, rows) = images.grid(page[0] / page[1]);
    let pixel = images.pixel(page, (columns, rows));
    let (wide, high) = (pixel * images.width as f64, pixel * images.height as f64);
    for number in 0..images.count() {
        let left = EDGE + (number % columns) as f64 * (wide + BETWEEN);
        let top = top + (number / columns) as f64 * (high + BETWEEN);
        draw_image(scene, images, number, [left, top], pixel);
    }
    let bottom = top + rows as f64 * (high + BETWEEN) - BETWEEN;
    let right = EDGE + columns as f64 * (wide + BETWEEN) - BETWEEN;
    let frame = Frame { left: EDGE, top, right, bottom: bottom.max(top + 80.0).min(top + 400.0) };
    layout::colour_bar(scene, &images.bar(), frame, right + layout::BESIDE_FRAME);
}

/// Draws one image: the background in the most frequent colour, and runs of equal pixels along each row.
fn draw_image(scene: &mut Scene, images: &Images, number: usize, [left, top]: [f64; 2], pixel: f64) {
    let steps: Vec<usize> = images.pixels.column(number).iter().map(|&value| images.step(value)).collect();
    let frequency = |step: usize| steps.iter().filter(|&&other| other == step).count();
    let ground = (0..STEPS).max_by_key(|&step| frequency(step)).unwrap_or(STEPS / 2);
    let corner = |row: usize, column: usize| [left + pixel * column as f64, top + pixel * row as f64];
    scene.rectangle(
        [left - 0.5, top - 0.5],
        corner(images.height, images.width).map(|v| v + 0.5),
        Colour::GREY,
    );
    scene.rectangle(corner(0, 0), corner(images.height, images.width), colour(ground));
    for (row, steps) in steps.chunks(images.width).enumerate() {
        let mut first = 0;
        for run in steps.chunk_by(|a, b| a == b) {
            let next = first + run.len();
            if run[0] != ground {
                scene.rectangle(corner(row, first), corner(row + 1, next), colour(run[0]));
            }
            first = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The natural size must leave room for pixels of these sizes below a title.
    #[test]
    fn images_fill_their_natural_page() {
        for (height, width, count, wanted) in
            [(8, 8, 24, 10.0), (28, 28, 24, 3.0), (28, 28, 7, 3.0), (1, 40, 5, 2.0)]
        {
            let pixels = DMatrix::zeros(height * width, count);
            let images = Images { pixels, height, width, largest: 1.0 };
            let (across, down) = images.natural_size();
            let mut scene = Scene::new(across, down);
            let top = layout::title(&mut scene, "a title");
            let page = [f64::from(across) - images.beside() - EDGE, f64::from(down) - top - EDGE];
            let pixel = images.pixel(page, images.grid(page[0] / page[1]));
            assert!(pixel >= wanted, "{count} of {height} x {width}: {pixel}");
        }
    }
}
