//! The shapes of a figure in units of 1/96 inch from the upper left corner, in the order of painting.

/// An RGB colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(pub(super) u8, pub(super) u8, pub(super) u8);

impl Colour {
    pub(super) const WHITE: Colour = Colour(255, 255, 255);
    pub(super) const INK: Colour = Colour(38, 38, 38);
    pub(super) const GREY: Colour = Colour(120, 120, 120);
    pub(super) const GRID: Colour = Colour(228, 228, 228);

    /// Mixes the fraction `share` of `other` with this colour.
    pub(super) fn mixed(self, other: Colour, share: f64) -> Colour {
        let mix = |a: u8, b: u8| (f64::from(a) + share * (f64::from(b) - f64::from(a))).round() as u8;
        Colour(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    /// Returns whether black text is easier to read on this colour than white text.
    ///
    /// The relative luminance, as defined by the WCAG, is compared with that of equal contrast to both.
    pub(super) fn is_light(self) -> bool {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2) > 0.179
    }
}

/// The style of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stroke {
    pub(super) colour: Colour,
    pub(super) width: f64,
    pub(super) dash: Option<Dash>,
}

/// The lengths of dashes and of the gaps between them.
pub(super) type Dash = [f64; 2];

impl Stroke {
    pub(super) fn new(colour: Colour, width: f64) -> Self {
        Stroke { colour, width, dash: None }
    }

    pub(super) fn dashed(self, dash: Dash) -> Self {
        Stroke { dash: Some(dash), ..self }
    }
}

/// The point of a text that is placed: start, middle or end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A text on one line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    /// The position of the anchor, on the baseline.
    pub(super) at: [f64; 2],
    pub(super) text: String,
    pub(super) size: f64,
    pub(super) colour: Colour,
    pub(super) anchor: Anchor,
    /// Whether the text runs upwards.
    pub(super) upwards: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    Rectangle {
        from: [f64; 2],
        to: [f64; 2],
        fill: Colour,
    },
    /// The outline of a rectangle, with sharp corners.
    Frame {
        from: [f64; 2],
        to: [f64; 2],
        stroke: Stroke,
    },
    Polygon {
        points: Vec<[f64; 2]>,
        fill: Colour,
        opacity: f64,
    },
    Line {
        points: Vec<[f64; 2]>,
        stroke: Stroke,
    },
    Circle {
        centre: [f64; 2],
        radius: f64,
        fill: Colour,
    },
    Text(Text),
}

/// A figure that is ready to be painted, on white.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scene {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) shapes: Vec<Shape>,
}

impl Scene {
    pub(super) fn new(width: u32, height: u32) -> Self {
        Scene { width, height, shapes: Vec::new() }
    }

    pub(super) fn rectangle(&mut self, from: [f64; 2], to: [f64; 2], fill: Colour) {
        self.shapes.push(Shape::Rectangle { from, to, fill });
    }

    pub(super) fn polygon(&mut self, points: Vec<[f64; 2]>, fill: Colour, opacity: f64) {
        self.shapes.push(Shape::Polygon { points, fill, opacity });
    }

    pub(super) fn frame(&mut self, from: [f64; 2], to: [f64; 2], stroke: Stroke) {
        self.shapes.push(Shape::Frame { from, to, stroke });
    }

    pub(super) fn line(&mut self, points: Vec<[f64; 2]>, stroke: Stroke) {
        self.shapes.push(Shape::Line { points, stroke });
    }

    pub(super) fn circle(&mut self, centre: [f64; 2], radius: f64, fill: Colour) {
        self.shapes.push(Shape::Circle { centre, radius, fill });
    }

    pub(super) fn text(&mut self, text: Text) {
        self.shapes.push(Shape::Text(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_black_on_light_colours_only() {
        assert!(Colour::WHITE.is_light() && Colour(240, 228, 66).is_light());
        assert!(!Colour::INK.is_light() && !Colour(0, 32, 76).is_light());
    }
}
