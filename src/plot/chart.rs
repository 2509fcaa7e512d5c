//! Charts: a frame with two axes, its layers, and a legend or colour bar beside it.

use super::axis::Axis;
use super::palette::{Marker, Scale};
use super::scene::{Colour, Dash};

/// Points, lines, areas or text in the units of the axes; layers are painted in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Layer {
    /// An area without an edge.
    Area { points: Vec<[f64; 2]>, fill: Colour, opacity: f64 },
    /// A line, interrupted at points that are not finite.
    Line { points: Vec<[f64; 2]>, look: LineLook },
    /// Points with the same style.
    Points { points: Vec<[f64; 2]>, marker: Marker, colour: Colour, size: f64 },
    /// A text centred on a point.
    Text { at: [f64; 2], text: String, size: f64, colour: Colour },
}

/// The style of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LineLook {
    pub(super) colour: Colour,
    pub(super) width: f64,
    pub(super) dash: Option<Dash>,
}

impl LineLook {
    pub(super) fn new(colour: Colour, width: f64) -> Self {
        LineLook { colour, width, dash: None }
    }

    pub(super) fn dashed(self, dash: Option<Dash>) -> Self {
        LineLook { dash, ..self }
    }
}

/// An entry of the legend.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) ground: Option<Colour>,
    pub(super) line: Option<LineLook>,
    pub(super) marker: Option<(Marker, Colour)>,
}

/// A colour bar: the colours of the numbers from the low to the high end of `axis`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bar {
    pub(super) axis: Axis,
    pub(super) scale: Scale,
    /// The number of colours.
    pub(super) steps: usize,
    /// The numbers with a line across the bar.
    pub(super) lines: Vec<f64>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chart {
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) layers: Vec<Layer>,
    pub(super) legend: Vec<Key>,
    /// The ends of the lines of the legend on the right, beside which its entries are then drawn.
    pub(super) ends: Option<Vec<f64>>,
    pub(super) bar: Option<Bar>,
    /// Whether the frame is a square.
    pub(super) square: bool,
    /// Whether there are thin lines at the marks of x and y.
    pub(super) grid: [bool; 2],
}

impl Chart {
    pub(super) fn new(x: Axis, y: Axis) -> Self {
        Chart {
            x,
            y,
            layers: Vec::new(),
            legend: Vec::new(),
            ends: None,
            bar: None,
            square: false,
            grid: [true; 2],
        }
    }
}
