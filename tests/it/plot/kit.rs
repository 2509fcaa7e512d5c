//! SVG files as the tests read them.

use logit::plot::Figure;
use roxmltree::Document;

pub(crate) type Point = [f64; 2];

/// A text and where its anchor is.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) at: Point,
}

/// The contents of a picture, in the order of painting.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) texts: Vec<Text>,
    pub(crate) lines: Vec<(Vec<Point>, String)>,
    /// Edges of rectangles: the corners, and the colour.
    pub(crate) frames: Vec<(Vec<Point>, String)>,
    /// Filled polygons and rectangles.
    pub(crate) areas: Vec<(Vec<Point>, String)>,
    pub(crate) circles: Vec<(Point, String)>,
}

/// Draws a figure as SVG and PNG, each twice, and reads the SVG.
pub(crate) fn drawn(figure: &Figure) -> Picture {
    let svg = figure.to_svg().unwrap();
    assert_eq!(svg, figure.clone().to_svg().unwrap(), "the same bytes twice");
    let png = figure.to_png().unwrap();
    assert_eq!(png, figure.to_png().unwrap(), "the same bytes twice");
    let picture = read(&svg);
    let size = |at: usize| f64::from(u32::from_be_bytes(png[at..at + 4].try_into().unwrap()));
    assert_eq!((size(16), size(20)), (2.0 * picture.width, 2.0 * picture.height), "two pixels per unit");
    picture
}

/// An SVG document, which must be well-formed, and all of whose texts must begin or end on the page.
pub(crate) fn read(svg: &str) -> Picture {
    let document = Document::parse(svg).unwrap_or_else(|error| panic!("{error}: {svg}"));
    let root = document.root_element();
    let view: Vec<f64> = root.attribute("viewBox").unwrap().split(' ').map(|n| n.parse().unwrap()).collect();
    let size = ["width", "height"].map(|side| root.attribute(side).unwrap().parse::<f64>().unwrap());
    assert_eq!(view, [0.0, 0.0, size[0], size[1]], "units are pixels of the natural size");
    assert_eq!(root.attribute("fill"), Some("none"), "lines and frames are not filled");
    let mut picture = Picture {
        width: view[2],
        height: view[3],
        texts: vec![],
        lines: vec![],
        frames: vec![],
        areas: vec![],
        circles: vec![],
    };
    for node in root.children().filter(|node| node.is_element()) {
        let number = |name: &str| coordinate(node.attribute(name).unwrap());
        let word = |name: &str| node.attribute(name).unwrap_or_default().to_owned();
        let points = || -> Vec<Point> {
            let pairs = node.attribute("points").unwrap().split(' ');
            let point = |pair: &str| {
                let (x, y) = pair.split_once(',').unwrap();
                [coordinate(x), coordinate(y)]
            };
            pairs.map(point).collect()
        };
        match node.tag_name().name() {
            "text" => {
                let text = node.text().unwrap_or_default().to_owned();
                let at = [number("x"), number("y")];
                let inside = (0.0..=view[2]).contains(&at[0]) && (0.0..=view[3]).contains(&at[1]);
                assert!(inside, "{text:?} is at {at:?}");
                picture.texts.push(Text { text, at });
            }
            "polyline" => picture.lines.push((points(), word("stroke"))),
            "polygon" => picture.areas.push((points(), word("fill"))),
            "rect" => {
                let (x, y, w, h) = (number("x"), number("y"), number("width"), number("height"));
                assert!(w >= 0.0 && h >= 0.0);
                let corners = vec![[x, y], [x + w, y], [x + w, y + h], [x, y + h]];
                match node.attribute("fill") {
                    Some(fill) => picture.areas.push((corners, fill.to_owned())),
                    None => picture.frames.push((corners, word("stroke"))),
                }
            }
            "circle" => picture.circles.push(([number("cx"), number("cy")], word("fill"))),
            other => panic!("{other}"),
        }
    }
    picture
}

/// A number of the document, which is finite and has at most two decimals.
fn coordinate(text: &str) -> f64 {
    let decimals = text.split_once('.').map_or("", |(_, decimals)| decimals);
    assert!(decimals.len() <= 2, "{text} is too long");
    let number: f64 = text.parse().unwrap();
    assert!(number.is_finite());
    number
}

impl Picture {
    pub(crate) fn has(&self, text: &str) -> bool {
        self.texts.iter().any(|found| found.text == text)
    }

    #[track_caller]
    pub(crate) fn must_have(&self, texts: &[&str]) {
        for text in texts {
            let found: Vec<&str> = self.texts.iter().map(|found| found.text.as_str()).collect();
            assert!(self.has(text), "{text:?} is not among {found:?}");
        }
    }

    pub(crate) fn place(&self, text: &str) -> Point {
        self.texts.iter().find(|found| found.text == text).unwrap_or_else(|| panic!("no {text:?}")).at
    }

    /// The frame around the drawing: left, top, right, bottom. That of a bar of colours comes later.
    pub(crate) fn frame(&self) -> [f64; 4] {
        let (corners, stroke) = &self.frames[0];
        assert_eq!(stroke, "#262626");
        [corners[0][0], corners[0][1], corners[2][0], corners[2][1]]
    }

    /// From the units of the data to the page.
    pub(crate) fn place_of(&self, x: (f64, f64), y: (f64, f64), [u, v]: Point) -> Point {
        let [left, top, right, bottom] = self.frame();
        [left + (u - x.0) / (x.1 - x.0) * (right - left), bottom - (v - y.0) / (y.1 - y.0) * (bottom - top)]
    }

    /// The colour that is on top at a point, of all areas.
    pub(crate) fn colour_at(&self, at: Point) -> &str {
        let (_, fill) = self.areas.iter().rev().find(|(points, _)| surrounds(points, at)).unwrap();
        fill
    }
}

fn surrounds(points: &[Point], [x, y]: Point) -> bool {
    let mut inside = false;
    for (i, &[u, v]) in points.iter().enumerate() {
        let [s, t] = points[(i + points.len() - 1) % points.len()];
        if (v > y) != (t > y) && x < (s - u) * (y - v) / (t - v) + u {
            inside = !inside;
        }
    }
    inside
}
