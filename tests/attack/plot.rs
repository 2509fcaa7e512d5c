//! Pictures and sketches: any numbers on the axes, with a bound on the size of what is drawn.

use logit::Error;
use logit::linear::FittedLogistic;
use logit::metrics::{Bins, CalibrationCurve, ConfusionMatrix, RocCurve};
use logit::nalgebra::{DMatrix, DVector};
use logit::plot::{self, Curves, DecisionRegions, Figure, Intervals, ProbabilitySurface};
use logit::select::ScoreCurve;
use logit::terminal::Sketch;
use roxmltree::Document;

use crate::case::Case;
use crate::draw::Draw;
use crate::run::{Area, attack};

#[test]
fn plot() {
    attack(Area { name: "plot", share: 8, attack: any });
}

/// Draws a number of an axis: of one scale, of any scale, or no number.
fn coordinate(draw: &mut Draw, kind: usize) -> f64 {
    match kind {
        0 => draw.normal(),
        1 => draw.magnitude(-323.0, 308.0),
        2 => 1e15 + draw.below(4) as f64,
        3 => draw.below(9) as f64 * 5e-324,
        4 => draw.any_finite::<f64>(),
        5 => draw.pick(&[1.0, 1.0 + f64::EPSILON]),
        _ => draw.any_number(),
    }
}

fn points(case: &mut Case) -> Vec<[f64; 2]> {
    let (kinds, count) = ([case.draw.below(7), case.draw.below(7)], case.draw.below(12));
    let points: Vec<[f64; 2]> =
        (0..count).map(|_| kinds.map(|kind| coordinate(&mut case.draw, kind))).collect();
    case.say(format!("{points:?}"));
    points
}

fn any(case: &mut Case) {
    match case.draw.below(10) {
        0..=4 => curves(case),
        5 => intervals(case),
        6 => planes(case),
        7 => images(case),
        _ => scores(case),
    }
}

/// Draws a figure that was accepted, and reads it.
fn drawn(case: &mut Case, figure: Result<Figure, Error>, items: usize) {
    let figure = match figure {
        Ok(figure) => figure,
        Err(error) => return case.check("an error without words", !error.to_string().is_empty(), || ""),
    };
    let names = ["<&\">", "", "a\nb\u{0}", "名前", "plain"];
    let figure = if case.draw.chance(0.3) { figure.title(case.draw.pick(&names)) } else { figure };
    let size = case.draw.pick(&[(640, 480), (640, 480), (1, 1), (200, 3000), (0, 7), (u32::MAX, 5)]);
    case.say(format!("size {size:?}"));
    let figure = if size == (640, 480) { figure } else { figure.size(size.0, size.1) };
    let svg = match figure.to_svg() {
        Ok(svg) => svg,
        Err(error) => {
            case.check("a figure of usual size cannot be drawn", size != (640, 480), || &error);
            return;
        }
    };
    case.reached();
    case.check("a picture without end", svg.len() < (1 << 18) + 2000 * items, || svg.len());
    case.check("the same picture has other bytes", figure.to_svg().is_ok_and(|again| again == svg), || "");
    match Document::parse(&svg) {
        Ok(document) => {
            let bad = |text: &str| text.contains("NaN") || text.contains("inf");
            let numbers = ["x", "y", "points", "cx", "cy", "width", "height", "r", "transform"];
            let wrong = document
                .descendants()
                .flat_map(|node| node.attributes())
                .find(|attribute| numbers.contains(&attribute.name()) && bad(attribute.value()));
            let found = wrong.map(|attribute| attribute.value().to_owned());
            case.check("a coordinate is no number", found.is_none(), || format!("{found:?}"));
        }
        Err(error) => case.fault("a picture is not well-formed", error),
    }
    if case.draw.chance(0.3) && size != (u32::MAX, 5) {
        let png = figure.to_png();
        case.check("a picture has no pixels", png.as_ref().is_ok_and(|png| png.len() > 50), || {
            format!("{:?}", png.err())
        });
    }
}

fn curves(case: &mut Case) {
    let mut curves = Curves::new("x", "y");
    let mut all: Vec<Vec<[f64; 2]>> = Vec::new();
    for index in 0..case.draw.within(0, 3) {
        let points = points(case);
        curves = if case.draw.chance(0.5) {
            curves.curve(format!("c{index}"), points.clone())
        } else {
            curves.points(format!("c{index}"), points.clone())
        };
        all.push(points);
    }
    let logarithmic = [case.draw.chance(0.4), case.draw.chance(0.4)];
    case.say(format!("logarithmic {logarithmic:?}"));
    if logarithmic[0] {
        curves = curves.logarithmic_x();
    }
    if logarithmic[1] {
        curves = curves.logarithmic_y();
    }
    drawn(case, curves.figure(), all.iter().map(Vec::len).sum());
    let sketch = Sketch::new().width(case.draw.within(0, 80)).height(case.draw.within(0, 30));
    let named: Vec<(&str, &[[f64; 2]])> = all.iter().map(|points| ("c", points.as_slice())).collect();
    if let Ok(text) = sketch.curves("x", "y", &named) {
        case.check("a sketch without end", text.len() < 1 << 16, || text.len());
    }
}

fn intervals(case: &mut Case) {
    let (count, kind) = (case.draw.below(6), case.draw.below(7));
    let names: Vec<String> = (0..count).map(|index| format!("name {index}")).collect();
    let mut numbers = || (0..count).map(|_| coordinate(&mut case.draw, kind)).collect::<Vec<f64>>();
    let (estimates, lower, upper) = (numbers(), numbers(), numbers());
    case.say(format!("intervals {estimates:?} {lower:?} {upper:?}"));
    drawn(case, Intervals::new(&names).group("", &estimates, &lower, &upper).figure(), count);
}

fn planes(case: &mut Case) {
    let classes = case.draw.within(2, 4);
    let columns = if classes == 2 { 1 } else { classes };
    let unit = case.draw.pick(&[0.0, 1.0, 1e10, 1e-10]);
    let w = DMatrix::from_fn(2, columns, |_, _| unit * case.draw.normal());
    let b = DVector::from_fn(columns, |_, _| unit * case.draw.normal());
    let Ok(model) = FittedLogistic::from_coefficients((0..classes).collect(), w, b) else { return };
    let points = points(case);
    let y: Vec<usize> = points.iter().map(|_| case.draw.below(classes)).collect();
    let x = DMatrix::from_fn(points.len(), 2, |row, axis| points[row][axis]);
    case.say(format!("{classes} classes, unit {unit}"));
    let resolution = case.draw.pick(&[0, 2, 7, 30]);
    let figure = if case.draw.chance(0.5) {
        DecisionRegions::new().resolution(resolution).draw(&model, &x, &y)
    } else {
        ProbabilitySurface::new()
            .class(case.draw.below(classes + 1))
            .resolution(resolution)
            .draw(&model, &x, &y)
    };
    drawn(case, figure, 2000);
}

fn images(case: &mut Case) {
    let (height, width, count) = (case.draw.below(5), case.draw.below(5), case.draw.below(4));
    let rows = if case.draw.chance(0.9) { height * width } else { 7 };
    let kind = case.draw.below(7);
    let weights = DMatrix::from_fn(rows, count, |_, _| coordinate(&mut case.draw, kind));
    case.say(format!("{count} images of {height} x {width} {:?}", weights.as_slice()));
    drawn(case, plot::weight_images(&weights, height, width), 200);
}

fn scores(case: &mut Case) {
    let (count, kind) = (case.draw.within(1, 30), case.draw.below(7));
    let truth: Vec<usize> = (0..count).map(|_| case.draw.below(3)).collect();
    let other: Vec<usize> = (0..count).map(|_| case.draw.below(3)).collect();
    let numbers: Vec<f64> = (0..count).map(|_| coordinate(&mut case.draw, kind)).collect();
    case.say(format!("{truth:?} {other:?} {numbers:?}"));
    match case.draw.below(4) {
        0 => {
            let weights: Vec<f64> = numbers.iter().map(|v| v.abs()).collect();
            if let Ok(matrix) = ConfusionMatrix::weighted(&truth, &other, &weights) {
                drawn(case, plot::confusion_matrix(&matrix), 9);
            }
        }
        1 => {
            if let Ok(curve) = RocCurve::new(&truth, &numbers, &1, None) {
                drawn(case, plot::roc_curves(&[("a", &curve)]), count);
                let sketch = Sketch::new().roc(&curve);
                case.check("no sketch of a curve", sketch.is_ok(), || format!("{sketch:?}"));
            }
        }
        2 => {
            let p: Vec<f64> = numbers.iter().map(|v| v.abs().min(1.0)).collect();
            if let Ok(curve) = CalibrationCurve::new(&truth, &p, &1, None, Bins::Quantile(4)) {
                drawn(case, plot::calibration_curves(&[("a", &curve)]), count);
            }
        }
        _ => {
            let rows: Vec<Vec<f64>> = numbers.iter().map(|v| vec![*v, v / 2.0]).collect();
            if let Ok(curve) = ScoreCurve::new(numbers.clone(), rows.clone(), rows) {
                drawn(case, plot::validation_curves(&curve, "λ", "score"), count);
            }
        }
    }
}
