//! Writes the shapes of a figure as an SVG document. Text stays text.

use super::font::FAMILIES;
use super::scene::{Anchor, Colour, Scene, Shape, Stroke, Text};

/// Returns the document, one element per line. The same scene gives the same text.
pub(super) fn document(scene: &Scene) -> String {
    let Scene { width, height, shapes } = scene;
    let page =
        Shape::Rectangle { from: [0.0; 2], to: [f64::from(*width), f64::from(*height)], fill: Colour::WHITE };
    // Shapes inherit shared attributes: no fill, line joins and the font.
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" fill=\"none\" stroke-linejoin=\"round\" font-family=\"{FAMILIES}\">\n"
    );
    for shape in std::iter::once(&page).chain(shapes) {
        svg.push_str(&element(shape));
        svg.push('\n');
    }
    svg.push_str("</svg>\n");
    svg
}

fn element(shape: &Shape) -> String {
    match shape {
        Shape::Rectangle { from, to, fill } => {
            format!("<rect {} fill=\"{}\"/>", corners(*from, *to), hex(*fill))
        }
        Shape::Frame { from, to, stroke } => {
            format!("<rect {} stroke-linejoin=\"miter\" {}/>", corners(*from, *to), style(stroke))
        }
        Shape::Polygon { points, fill, opacity } => {
            let opacity =
                if *opacity < 1.0 { format!(" fill-opacity=\"{}\"", short(*opacity)) } else { String::new() };
            format!("<polygon points=\"{}\" fill=\"{}\"{opacity}/>", pairs(points), hex(*fill))
        }
        Shape::Line { points, stroke } => {
            format!("<polyline points=\"{}\" {}/>", pairs(points), style(stroke))
        }
        Shape::Circle { centre: [x, y], radius, fill } => {
            let [x, y, radius] = [*x, *y, *radius].map(short);
            format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{}\"/>", hex(*fill))
        }
        Shape::Text(text) => label(text),
    }
}

fn label(text: &Text) -> String {
    let [x, y] = text.at.map(short);
    let anchor = match text.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let turn = if text.upwards { format!(" transform=\"rotate(-90 {x} {y})\"") } else { String::new() };
    let (size, colour, content) = (short(text.size), hex(text.colour), escaped(&text.text));
    format!("<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{colour}\"{anchor}{turn}>{content}</text>")
}

/// Returns position and size of a rectangle. The far corner is rounded like a point, so that neighbours meet.
fn corners(from: [f64; 2], to: [f64; 2]) -> String {
    let ([x, y], [right, bottom]) = (from.map(short), to.map(short));
    let (width, height) = (short(right - x), short(bottom - y));
    format!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"")
}

fn style(stroke: &Stroke) -> String {
    let dash = stroke.dash.map(|[dash, gap]| format!(" stroke-dasharray=\"{} {}\"", short(dash), short(gap)));
    let (colour, width) = (hex(stroke.colour), short(stroke.width));
    format!("stroke=\"{colour}\" stroke-width=\"{width}\"{}", dash.unwrap_or_default())
}

fn pairs(points: &[[f64; 2]]) -> String {
    let pair = |point: &[f64; 2]| {
        let [x, y] = point.map(short);
        format!("{x},{y}")
    };
    points.iter().map(pair).collect::<Vec<_>>().join(" ")
}

fn hex(Colour(red, green, blue): Colour) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// Returns the nearest multiple of 0.01, which is written with at most two decimals; never −0.
fn short(value: f64) -> f64 {
    (value * 100.0).round() / 100.0 + 0.0
}

/// Returns the text as the content of an XML element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const INK: Colour = Colour::INK;

    #[test]
    fn each_shape_is_one_element() {
        let mut scene = Scene::new(200, 100);
        scene.rectangle([1.0, 2.0], [11.005, 22.0], Colour(1, 2, 255));
        scene.frame([0.5, 0.5], [199.5, 99.5], Stroke::new(INK, 1.0));
        scene.polygon(vec![[0.0, 0.0], [10.0, 0.0], [5.0, 1.0 / 3.0]], INK, 0.25);
        scene.polygon(vec![[0.0, 0.0], [10.0, 0.0], [5.0, 7.0]], INK, 1.0);
        scene.line(vec![[1.0, 1.0], [2.0, -0.001]], Stroke::new(INK, 1.5).dashed([7.0, 3.0]));
        scene.circle([3.0, 4.0], 3.8, Colour::WHITE);
        let expected = r##"<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100" viewBox="0 0 200 100" fill="none" stroke-linejoin="round" font-family="Arimo, Arial, Helvetica, 'Liberation Sans', sans-serif">
<rect x="0" y="0" width="200" height="100" fill="#FFFFFF"/>
<rect x="1" y="2" width="10.01" height="20" fill="#0102FF"/>
<rect x="0.5" y="0.5" width="199" height="99" stroke-linejoin="miter" stroke="#262626" stroke-width="1"/>
<polygon points="0,0 10,0 5,0.33" fill="#262626" fill-opacity="0.25"/>
<polygon points="0,0 10,0 5,7" fill="#262626"/>
<polyline points="1,1 2,0" stroke="#262626" stroke-width="1.5" stroke-dasharray="7 3"/>
<circle cx="3" cy="4" r="3.8" fill="#FFFFFF"/>
</svg>
"##;
        assert_eq!(document(&scene), expected);
    }

    #[test]
    fn texts_are_escaped_and_turned() {
        let text = |anchor, upwards| {
            let text = Text {
                at: [1.0, 2.5],
                text: "a<b & \"c\"]]>".to_owned(),
                size: 12.0,
                colour: INK,
                anchor,
                upwards,
            };
            element(&Shape::Text(text))
        };
        let content = "a&lt;b &amp; \"c\"]]&gt;</text>";
        let start = "<text x=\"1\" y=\"2.5\" font-size=\"12\" fill=\"#262626\"";
        assert_eq!(text(Anchor::Start, false), format!("{start}>{content}"));
        assert_eq!(text(Anchor::End, false), format!("{start} text-anchor=\"end\">{content}"));
        let upwards = format!("{start} text-anchor=\"middle\" transform=\"rotate(-90 1 2.5)\">{content}");
        assert_eq!(text(Anchor::Middle, true), upwards);
    }

    #[test]
    fn neighbouring_rectangles_meet() {
        // The width follows from rounded edges: 0.33 and 0.67 are 0.34 apart, although a third is 0.33.
        assert_eq!(corners([1.0 / 3.0, 0.0], [2.0 / 3.0, 1.0]), r#"x="0.33" y="0" width="0.34" height="1""#);
    }
}
