//! From shapes to files: plotters draws them, on its own backend for SVG and on ours for PNG.

use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontTransform, IntoFont, RGBColor, ShapeStyle, TextStyle};

use super::bitmap::{self, Bitmap};
use super::font::{FAMILIES, X_HEIGHT};
use super::scene::{Anchor, Colour, Scene, Shape, Text as Label};
use crate::error::Error;

/// Parts of a unit: plotters counts in whole numbers.
pub(super) const FINENESS: f64 = 10.0;

/// plotters takes text to be so many times as high as its size.
pub(super) const LINE_HEIGHT: f64 = 1.24;

/// Pixels of a PNG file per unit.
const PIXELS: u32 = 2;

/// The text of an SVG file.
pub(super) fn svg(scene: &Scene) -> Result<String, Error> {
    let mut text = String::new();
    draw(SVGBackend::with_string(&mut text, fine_size(scene)), scene)?;
    // plotters makes the file as large as it counts: the view stays, its size on the screen is a tenth.
    let (width, height) = fine_size(scene);
    let sized = |width, height| format!("<svg width=\"{width}\" height=\"{height}\" viewBox");
    Ok(text.replacen(&sized(width, height), &sized(scene.width, scene.height), 1))
}

/// The bytes of a PNG file.
pub(super) fn png(scene: &Scene) -> Result<Vec<u8>, Error> {
    let mut pixels = bitmap::pixels(scene.width * PIXELS, scene.height * PIXELS)?;
    draw(Bitmap::new(&mut pixels, f64::from(PIXELS) / FINENESS), scene)?;
    bitmap::encode(&pixels)
}

fn fine_size(scene: &Scene) -> (u32, u32) {
    (scene.width * FINENESS as u32, scene.height * FINENESS as u32)
}

fn draw<B: DrawingBackend>(backend: B, scene: &Scene) -> Result<(), Error> {
    let area = backend.into_drawing_area();
    paint(&area, scene).and_then(|()| area.present()).map_err(|error| failed(&error))
}

/// What went wrong, in words.
pub(super) fn failed(reason: &impl ToString) -> Error {
    Error::Picture { reason: reason.to_string() }
}

type Area<B> = DrawingArea<B, plotters::coord::Shift>;
type Drawn<B> = Result<(), plotters::drawing::DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

fn paint<B: DrawingBackend>(area: &Area<B>, scene: &Scene) -> Drawn<B> {
    area.fill(&rgb(Colour::WHITE))?;
    for shape in &scene.shapes {
        match shape {
            Shape::Rectangle { from, to, fill } => {
                area.draw(&Rectangle::new([fine(*from), fine(*to)], rgb(*fill).filled()))?;
            }
            Shape::Polygon { points, fill, opacity } => {
                area.draw(&Polygon::new(all_fine(points), rgb(*fill).mix(*opacity)))?;
            }
            Shape::Line { points, stroke } => {
                let width = (stroke.width * FINENESS).round() as u32;
                let style = ShapeStyle::from(rgb(stroke.colour)).stroke_width(width);
                area.draw(&PathElement::new(all_fine(points), style))?;
            }
            Shape::Circle { centre, radius, fill } => {
                let radius = (radius * FINENESS).round() as u32;
                area.draw(&Circle::new(fine(*centre), radius, rgb(*fill).filled()))?;
            }
            Shape::Text(label) => {
                let (style, at) = (text_style(label), text_position(label));
                area.draw(&Text::new(label.text.as_str(), at, style))?;
            }
        }
    }
    Ok(())
}

/// plotters centres text by shifting it down by half the height of an x, which [`text_position`] takes back: the anchor
/// of a [`Label`] is on the baseline.
fn text_style(label: &Label) -> TextStyle<'static> {
    let h_pos = match label.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let turn = if label.upwards { FontTransform::Rotate270 } else { FontTransform::None };
    let font = (FAMILIES, label.size * FINENESS * LINE_HEIGHT).into_font().transform(turn);
    TextStyle { font, color: rgb(label.colour).to_backend_color(), pos: Pos::new(h_pos, VPos::Center) }
}

fn text_position(label: &Label) -> (i32, i32) {
    let back = 0.5 * X_HEIGHT * label.size;
    let [x, y] = label.at;
    fine(if label.upwards { [x - back, y] } else { [x, y - back] })
}

fn rgb(Colour(red, green, blue): Colour) -> RGBColor {
    RGBColor(red, green, blue)
}

fn fine([x, y]: [f64; 2]) -> (i32, i32) {
    ((x * FINENESS).round() as i32, (y * FINENESS).round() as i32)
}

fn all_fine(points: &[[f64; 2]]) -> Vec<(i32, i32)> {
    points.iter().map(|&point| fine(point)).collect()
}
