//! The bundled font, with which text looks the same everywhere and is measured before it is drawn.
//!
//! It is Arimo, reduced to European alphabets and mathematical symbols, without hints. Its letters are as
//! wide as those of Arial, Helvetica and Liberation Sans, which SVG viewers usually have.

use std::sync::OnceLock;

use tiny_skia::{Path, PathBuilder, Transform};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// The font families of an SVG file, in order of preference.
pub(super) const FAMILIES: &str = "Arimo, Arial, Helvetica, 'Liberation Sans', sans-serif";

/// The height of a capital letter, as a fraction of the text size.
pub(super) const CAPITAL_HEIGHT: f64 = 1409.0 / 2048.0;

/// Returns the font. If it cannot be read, widths are estimated and PNG files have no text.
fn face() -> Option<&'static Face<'static>> {
    static FACE: OnceLock<Option<Face<'static>>> = OnceLock::new();
    FACE.get_or_init(|| Face::parse(include_bytes!("font/arimo.ttf"), 0).ok()).as_ref()
}

/// Returns the glyph of a character: a box if the font has none.
fn glyph(face: &Face<'_>, character: char) -> GlyphId {
    face.glyph_index(character).unwrap_or(GlyphId(0))
}

/// Returns the width of a character, as a fraction of the text size.
fn advance(character: char) -> f64 {
    let width = |face: &Face<'_>| {
        let advance = face.glyph_hor_advance(glyph(face, character))?;
        Some(f64::from(advance) / f64::from(face.units_per_em()))
    };
    face().and_then(width).unwrap_or(0.5)
}

/// Returns the width of a text.
pub(super) fn width(text: &str, size: f64) -> f64 {
    size * text.chars().map(advance).sum::<f64>()
}

/// Returns the text, shortened with an ellipsis if it is wider than `room`.
///
/// Control characters, which no figure can show, become spaces.
pub(super) fn fitted(text: &str, size: f64, room: f64) -> String {
    let clean: String = text.chars().map(|c| if shows(c) { c } else { ' ' }).collect();
    if width(&clean, size) <= room {
        return clean;
    }
    let mut left = room / size - advance('…');
    let fits = |c: &char| {
        left -= advance(*c);
        left >= 0.0
    };
    let kept: String = clean.chars().take_while(fits).collect();
    format!("{}…", kept.trim_end())
}

/// Returns whether a character may be text in an XML document.
fn shows(character: char) -> bool {
    !character.is_control() && !matches!(character, '\u{fffe}' | '\u{ffff}')
}

/// Returns the outline of a text that starts at the origin of its baseline; `None` if nothing is visible.
pub(super) fn outline(text: &str, size: f64) -> Option<Path> {
    let face = face()?;
    let scale = size as f32 / f32::from(face.units_per_em());
    let mut pen = Pen { path: PathBuilder::new(), at: 0.0 };
    for character in text.chars() {
        let glyph = glyph(face, character);
        face.outline_glyph(glyph, &mut pen);
        pen.at += f32::from(face.glyph_hor_advance(glyph).unwrap_or(0));
    }
    pen.path.finish()?.transform(Transform::from_scale(scale, -scale))
}

/// Collects the outlines of glyphs one after the other.
struct Pen {
    path: PathBuilder,
    at: f32,
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.at + x, y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.at + x, y);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.path.quad_to(self.at + x1, y1, self.at + x, y);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.path.cubic_to(self.at + x1, y1, self.at + x2, y2, self.at + x, y);
    }
    fn close(&mut self) {
        self.path.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_arial() {
        // Advances of Arial in thousandths: T 611, e 556, s 500, t 278; digits 556.
        assert!((width("Test", 1000.0) - (611.0 + 556.0 + 500.0 + 278.0)).abs() < 1.0);
        assert!((width("0123456789", 1000.0) - 5560.0).abs() < 5.0);
        assert_eq!(width("", 12.0), 0.0);
    }

    #[test]
    fn texts_that_are_too_long_end_in_an_ellipsis() {
        let long = "a very long name of a very long class";
        let short = fitted(long, 12.0, 80.0);
        assert!(short.ends_with('…') && width(&short, 12.0) <= 80.0, "{short}");
        assert!(long.starts_with(short.trim_end_matches('…')));
        assert_eq!(fitted(long, 12.0, 800.0), long);
        assert_eq!(fitted("a\nb\u{0}", 12.0, 800.0), "a b ");
        assert_eq!(fitted(long, 12.0, 0.0), "…");
    }

    #[test]
    fn letters_of_many_languages_have_outlines() {
        for text in ["Æblegrød", "Ελλάδα", "Привет", "≤ ≥ × − ∞ 10⁻³", "漢"] {
            assert!(outline(text, 12.0).is_some(), "{text}");
        }
        assert!(outline("  ", 12.0).is_none());
    }
}
