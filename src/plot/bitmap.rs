//! Rasterises the shapes of a figure, with anti-aliased edges and text in the bundled font.

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, StrokeDash, Transform,
};

use super::font;
use super::scene::{Anchor, Colour, Scene, Shape, Stroke, Text};
use crate::error::Error;

/// Pixels per unit, in both directions.
const PIXELS: u32 = 2;

/// Returns the bytes of a PNG file.
pub(super) fn png(scene: &Scene) -> Result<Vec<u8>, Error> {
    pixels(scene)?.encode_png().map_err(|error| Error::Picture { reason: error.to_string() })
}

/// Returns the pixels of the figure, on white.
fn pixels(scene: &Scene) -> Result<Pixmap, Error> {
    let mut pixels = Pixmap::new(scene.width * PIXELS, scene.height * PIXELS)
        .ok_or_else(|| Error::Picture { reason: "not enough memory for its pixels".to_owned() })?;
    pixels.fill(color(Colour::WHITE, 1.0));
    for shape in &scene.shapes {
        draw(&mut pixels, shape);
    }
    Ok(pixels)
}

fn draw(pixels: &mut Pixmap, shape: &Shape) {
    let units = Transform::from_scale(PIXELS as f32, PIXELS as f32);
    match shape {
        Shape::Rectangle { from, to, fill: colour } => {
            fill(pixels, rectangle(*from, *to), *colour, 1.0, units)
        }
        Shape::Frame { from, to, stroke: look } => {
            stroke(pixels, rectangle(*from, *to), look, LineJoin::Miter, units);
        }
        Shape::Polygon { points, fill: colour, opacity } => {
            fill(pixels, joined(points, true), *colour, *opacity, units);
        }
        Shape::Line { points, stroke: look } => {
            stroke(pixels, joined(points, false), look, LineJoin::Round, units);
        }
        Shape::Circle { centre: [x, y], radius, fill: colour } => {
            let circle = PathBuilder::from_circle(*x as f32, *y as f32, *radius as f32);
            fill(pixels, circle, *colour, 1.0, units);
        }
        Shape::Text(text) => {
            fill(pixels, font::outline(&text.text, text.size), text.colour, 1.0, placed(text, units));
        }
    }
}

/// Returns the transform that moves the outline of a text from the origin of its baseline to its position.
fn placed(text: &Text, units: Transform) -> Transform {
    let share = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => 0.5,
        Anchor::End => 1.0,
    };
    let along = -share * font::width(&text.text, text.size);
    let [x, y] = text.at;
    units
        .pre_translate(x as f32, y as f32)
        .pre_rotate(if text.upwards { -90.0 } else { 0.0 })
        .pre_translate(along as f32, 0.0)
}

fn fill(pixels: &mut Pixmap, path: Option<Path>, colour: Colour, opacity: f64, transform: Transform) {
    if let Some(path) = path {
        pixels.fill_path(&path, &paint(colour, opacity), FillRule::Winding, transform, None);
    }
}

fn stroke(pixels: &mut Pixmap, path: Option<Path>, look: &Stroke, line_join: LineJoin, units: Transform) {
    if let Some(path) = path {
        let dash = look.dash.and_then(|dash| StrokeDash::new(dash.map(|length| length as f32).to_vec(), 0.0));
        let stroke = tiny_skia::Stroke {
            width: look.width as f32,
            line_cap: LineCap::Butt,
            line_join,
            dash,
            ..tiny_skia::Stroke::default()
        };
        pixels.stroke_path(&path, &paint(look.colour, 1.0), &stroke, units, None);
    }
}

fn rectangle([left, top]: [f64; 2], [right, bottom]: [f64; 2]) -> Option<Path> {
    let rect = Rect::from_ltrb(left as f32, top as f32, right as f32, bottom as f32);
    rect.map(PathBuilder::from_rect)
}

/// Returns a path through these points.
fn joined(points: &[[f64; 2]], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for &[x, y] in points {
        let (x, y) = (x as f32, y as f32);
        if path.is_empty() { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    if closed {
        path.close();
    }
    path.finish()
}

fn paint(colour: Colour, opacity: f64) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color(color(colour, opacity));
    paint
}

fn color(Colour(red, green, blue): Colour, opacity: f64) -> Color {
    Color::from_rgba8(red, green, blue, (255.0 * opacity).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: Colour = Colour(200, 0, 0);

    /// Returns the colour of the pixel at a position in units.
    fn at(pixels: &Pixmap, x: f64, y: f64) -> [u8; 3] {
        let pixel = |value: f64| (value * f64::from(PIXELS)) as u32;
        let found = pixels.pixel(pixel(x), pixel(y)).unwrap();
        [found.red(), found.green(), found.blue()]
    }

    const WHITE: [u8; 3] = [255; 3];
    const PURE: [u8; 3] = [200, 0, 0];

    #[test]
    fn shapes_cover_their_own_pixels_only() {
        let mut scene = Scene::new(40, 40);
        scene.rectangle([2.0, 2.0], [6.0, 6.0], RED);
        scene.frame([20.5, 2.5], [30.5, 12.5], Stroke::new(RED, 1.0));
        scene.polygon(vec![[2.0, 20.0], [12.0, 20.0], [2.0, 30.0]], RED, 0.5);
        scene.circle([30.0, 30.0], 5.0, RED);
        let pixels = pixels(&scene).unwrap();
        for (x, y) in [(2.0, 2.0), (5.5, 5.5), (20.0, 2.0), (30.5, 12.5), (30.0, 26.0), (30.0, 33.5)] {
            assert_eq!(at(&pixels, x, y), PURE, "{x}, {y}");
        }
        for (x, y) in
            [(1.5, 2.0), (6.0, 5.5), (19.5, 2.0), (25.0, 7.0), (31.0, 13.0), (25.5, 25.5), (30.0, 35.5)]
        {
            assert_eq!(at(&pixels, x, y), WHITE, "{x}, {y}");
        }
        let [red, green, blue] = at(&pixels, 4.0, 22.0);
        assert!(
            red.abs_diff(228) <= 1 && green.abs_diff(127) <= 1 && green == blue,
            "half of red, half of white"
        );
        assert_eq!(at(&pixels, 11.0, 29.0), WHITE);
    }

    #[test]
    fn dashes_run_around_corners() {
        let mut scene = Scene::new(40, 40);
        let stroke = Stroke::new(RED, 2.0).dashed([6.0, 4.0]);
        scene.line(vec![[2.0, 10.0], [10.0, 10.0], [10.0, 20.0]], stroke);
        let pixels = pixels(&scene).unwrap();
        // Ink covers lengths 0 to 6 and 10 to 16; the corner is at 8.
        for ([x, y], expected) in [
            ([2.0, 10.0], PURE),
            ([7.5, 10.0], PURE),
            ([8.0, 10.0], WHITE),
            ([10.0, 11.5], WHITE),
            ([10.0, 12.0], PURE),
            ([10.0, 17.5], PURE),
            ([10.0, 18.5], WHITE),
        ] {
            assert_eq!(at(&pixels, x, y), expected, "{x}, {y}");
        }
    }

    /// Returns the left, top, right and bottom end of everything that is not white, in units.
    fn extent(pixels: &Pixmap) -> [f64; 4] {
        let mut ends = [f64::INFINITY, f64::INFINITY, 0.0, 0.0];
        for (number, pixel) in pixels.pixels().iter().enumerate() {
            let [x, y] = [number as u32 % pixels.width(), number as u32 / pixels.width()].map(f64::from);
            if pixel.green() < 128 {
                ends = [ends[0].min(x), ends[1].min(y), ends[2].max(x + 1.0), ends[3].max(y + 1.0)];
            }
        }
        ends.map(|end| end / f64::from(PIXELS))
    }

    #[test]
    fn texts_stand_on_their_baseline_at_their_anchor() {
        let [size, width] = [40.0, font::width("H", 40.0)];
        let of = |anchor, upwards| {
            let mut scene = Scene::new(160, 160);
            scene.text(Text { at: [80.0, 80.0], text: "H".to_owned(), size, colour: RED, anchor, upwards });
            extent(&pixels(&scene).unwrap())
        };
        // An H fills its height exactly, and its width except for equal margins on both sides.
        let height = font::CAPITAL_HEIGHT * size;
        for (anchor, share) in [(Anchor::Start, 0.0), (Anchor::Middle, 0.5), (Anchor::End, 1.0)] {
            let [left, top, right, bottom] = of(anchor, false);
            assert!((bottom - 80.0).abs() <= 0.5 && (bottom - top - height).abs() <= 1.0);
            assert!((0.5 * (left + right) - (80.0 + (0.5 - share) * width)).abs() <= 1.0, "{anchor:?}");
            let [left, top, right, bottom] = of(anchor, true);
            assert!((right - 80.0).abs() <= 0.5 && (right - left - height).abs() <= 1.0);
            assert!((0.5 * (top + bottom) - (80.0 - (0.5 - share) * width)).abs() <= 1.0, "{anchor:?}");
        }
    }
}
