//! A backend of plotters for pixels, on tiny-skia: with smooth edges, positions between pixels and the crate's own font.
//!
//! The one that plotters has rounds positions to whole pixels and sets letters of a font that comes as bytes without the
//! room on their left.

use std::convert::Infallible;

use plotters_backend::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform,
};

use super::font::{self, X_HEIGHT};
use super::render::{LINE_HEIGHT, failed};
use crate::error::Error;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// So many pixels, all transparent.
pub(super) fn pixels(width: u32, height: u32) -> Result<Pixmap, Error> {
    Pixmap::new(width, height).ok_or_else(|| failed(&"there is no room for its pixels"))
}

/// A PNG file.
pub(super) fn encode(pixels: &Pixmap) -> Result<Vec<u8>, Error> {
    pixels.encode_png().map_err(|error| failed(&error))
}

/// Pixels to draw on, and how many of them a unit of plotters is.
pub(super) struct Bitmap<'a> {
    pixels: &'a mut Pixmap,
    scale: f32,
}

impl<'a> Bitmap<'a> {
    pub(super) fn new(pixels: &'a mut Pixmap, scale: f64) -> Self {
        Bitmap { pixels, scale: scale as f32 }
    }

    fn fill(&mut self, path: Option<Path>, colour: BackendColor, transform: Transform) {
        if let Some(path) = path {
            self.pixels.fill_path(&path, &paint(colour), FillRule::Winding, transform, None);
        }
    }

    /// A line as wide as the style says, in units of plotters.
    fn stroke<S: BackendStyle>(&mut self, path: Option<Path>, style: &S) {
        if let Some(path) = path {
            let stroke = Stroke {
                width: style.stroke_width() as f32,
                line_cap: LineCap::Butt,
                line_join: LineJoin::Miter,
                ..Stroke::default()
            };
            self.pixels.stroke_path(&path, &paint(style.color()), &stroke, self.scaled(), None);
        }
    }

    fn scaled(&self) -> Transform {
        Transform::from_scale(self.scale, self.scale)
    }
}

impl DrawingBackend for Bitmap<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        let units = |pixels: u32| (pixels as f32 / self.scale).round() as u32;
        (units(self.pixels.width()), units(self.pixels.height()))
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, colour: BackendColor) -> Drawn {
        let rect = Rect::from_xywh(x as f32, y as f32, 1.0, 1.0);
        self.fill(rect.map(PathBuilder::from_rect), colour, self.scaled());
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.stroke(joined([from, to], false), style);
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let path = joined([from, (to.0, from.1), to, (from.0, to.1)], true);
        if fill {
            self.fill(path, style.color(), self.scaled());
        } else {
            self.stroke(path, style);
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        self.stroke(joined(path, false), style);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        centre: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let path = PathBuilder::from_circle(centre.0 as f32, centre.1 as f32, radius as f32);
        if fill {
            self.fill(path, style.color(), self.scaled());
        } else {
            self.stroke(path, style);
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        self.fill(joined(path, true), style.color(), self.scaled());
        Ok(())
    }

    /// As the SVG backend does: shifted down by half the height of an x.
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn {
        let size = style.size() / LINE_HEIGHT;
        let shift = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => -0.5,
            HPos::Right => -1.0,
        };
        let (along, down) = (shift * font::width(text, size), 0.5 * X_HEIGHT * size);
        let turn = match style.transform() {
            FontTransform::Rotate270 => -90.0,
            _ => 0.0,
        };
        let transform = self
            .scaled()
            .pre_translate(at.0 as f32, at.1 as f32)
            .pre_rotate(turn)
            .pre_translate(along as f32, down as f32);
        self.fill(font::outline(text, size), style.color(), transform);
        Ok(())
    }
}

/// A path through these points.
fn joined(points: impl IntoIterator<Item = BackendCoord>, closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (x, y) in points {
        let (x, y) = (x as f32, y as f32);
        if path.is_empty() { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    if closed {
        path.close();
    }
    path.finish()
}

fn paint(colour: BackendColor) -> Paint<'static> {
    let (red, green, blue) = colour.rgb;
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    let alpha = (255.0 * colour.alpha).round() as u8;
    paint.set_color(Color::from_rgba8(red, green, blue, alpha));
    paint
}
