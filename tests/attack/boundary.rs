//! Boundaries as lines: level sets, classes that meet, hyperplanes, grids, and sketches of them.

use logit::boundary::*;
use logit::decide::{CalibrationMethod, FittedCalibration};
use logit::linear::FittedLogistic;
use logit::nalgebra::{DMatrix, DVector};
use logit::prelude::*;
use logit::terminal::Sketch;
use logit::{LogisticRegression, MlpClassifier, Penalty, Pipeline, Real, StandardScaler};

use crate::case::Case;
use crate::data::{Sample, sample};
use crate::run::{Area, attack};

#[test]
fn boundary() {
    attack(Area { name: "boundary", share: 6, attack: any });
}

fn any(case: &mut Case) {
    match case.draw.below(5) {
        0 => grid(case),
        1 => one::<f32>(case),
        _ => one::<f64>(case),
    }
}

/// Draws bounds: usual ones, narrow ones far away, and any.
fn bounds(case: &mut Case) -> Option<Bounds> {
    let mut side = || match case.draw.below(6) {
        0 => (case.draw.any_number(), case.draw.any_number()),
        1 => {
            let far = case.draw.sign() * case.draw.magnitude(-3.0, 12.0);
            (far, far + far.abs() * case.draw.magnitude(-15.0, 0.0))
        }
        2 => {
            let size = case.draw.magnitude(-300.0, 300.0);
            (-size, size)
        }
        _ => (-case.draw.uniform(0.1, 5.0), case.draw.uniform(0.1, 5.0)),
    };
    let (x, y) = (side(), side());
    case.say(format!("bounds {x:?} {y:?}"));
    Bounds::new(x, y).ok()
}

/// Checks that lines are within bounds, up to a rounding of the number type, also of its smallest numbers.
fn inside(case: &mut Case, bounds: Bounds, lines: &[Polyline], epsilon: f64) {
    let within = |v: f64, (low, high): (f64, f64)| {
        let smallest = if epsilon > 1e-10 { f64::from(f32::MIN_POSITIVE) } else { f64::MIN_POSITIVE };
        let slack = epsilon * (low.abs().max(high.abs()) + smallest);
        low - slack <= v && v <= high + slack
    };
    for line in lines {
        let right = line.points.iter().all(|[x, y]| within(*x, bounds.x()) && within(*y, bounds.y()));
        case.check("a vertex outside the bounds", right, || format!("{line:?}"));
        case.check("a line without length", line.points.len() > 1, || format!("{line:?}"));
        case.check("a length is no number", line.length() >= 0.0, || line.length());
    }
}

/// A grid of values of any size, with plateaus at the level.
fn grid(case: &mut Case) {
    let (rows, columns) = (case.draw.within(1, 8), case.draw.within(1, 8));
    let few = case.draw.chance(0.5);
    let values = DMatrix::from_fn(rows, columns, |_, _| {
        if few { case.draw.below(3) as f64 - 1.0 } else { case.draw.any_number() }
    });
    let level = if few { 0.0 } else { case.draw.any_number() };
    case.say(format!("grid {rows} x {columns} {:?} at {level}", values.as_slice()));
    let Some(bounds) = bounds(case) else { return };
    let Ok(contour) = contour_of_grid(&values, level, bounds) else { return };
    case.reached();
    inside(case, bounds, contour.lines(), 0.0);
    let above = values.iter().filter(|value| **value > level).count();
    let reached = above > 0 && above < values.len();
    case.check("a level is reached or not", contour.is_reached() == reached, || format!("{contour:?}"));
    case.check("a contour without words", !contour.to_string().is_empty(), || "");
}

fn one<T: Real>(case: &mut Case) {
    let mut sample = sample::<T>(&mut case.draw, 30, 2);
    sample.x = sample.x.resize_horizontally(2, T::one());
    let resolution = case.draw.pick(&[0, 2, 3, 5, 9, 17]);
    case.say(&sample);
    case.say(format!("resolution {resolution}"));
    match case.draw.below(5) {
        0 => {
            let network = MlpClassifier::new([4]).epochs(5).seed(case.draw.seed());
            if let Ok(model) = network.fit(&sample.x, &sample.y) {
                case.say("network");
                lines(case, &model, &sample, resolution);
            }
        }
        1 => {
            let pipeline = Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::l2(0.01)));
            if let Ok(model) = pipeline.fit(&sample.x, &sample.y) {
                case.say("pipeline");
                let calibrated = FittedCalibration::new(
                    model.clone(),
                    CalibrationMethod::Isotonic,
                    &sample.x,
                    &sample.y,
                    None,
                );
                match calibrated {
                    Ok(calibrated) if case.draw.chance(0.5) => {
                        case.say("isotonic");
                        lines(case, &calibrated, &sample, resolution);
                    }
                    _ => lines(case, &model, &sample, resolution),
                }
            }
        }
        _ => {
            let classes = case.draw.pick(&[2, 2, 3, 4]);
            let columns = if classes == 2 { 1 } else { classes };
            let unit = case.draw.pick(&[0.0, 1.0, 1.0, 1e3, 1e-9, 1e150]);
            let w = DMatrix::from_fn(2, columns, |_, _| T::of(unit * case.draw.normal()));
            let b = DVector::from_fn(columns, |_, _| T::of(unit * case.draw.normal()));
            case.say(format!("coefficients {:?}, intercepts {:?}", w.as_slice(), b.as_slice()));
            if let Ok(model) = FittedLogistic::from_coefficients((0..classes).collect(), w, b) {
                hyperplanes(case, &model, &sample);
                lines(case, &model, &sample, resolution);
            }
        }
    }
}

fn lines<T: Real, C: Classifier<T, Label = usize>>(
    case: &mut Case,
    model: &C,
    sample: &Sample<T>,
    resolution: usize,
) {
    let around = Bounds::around(&sample.x, 0.1).ok().filter(|_| case.draw.chance(0.6));
    let Some(bounds) = around.or_else(|| bounds(case)) else { return };
    let classes = model.classes().to_vec();
    let level = case.draw.pick(&[0.5, 0.5, 0.1, 1e-9, 1.0 - 1e-12, 0.0]);
    if let Ok(contour) = contour(model, level, bounds, resolution) {
        case.reached();
        inside(case, bounds, contour.lines(), T::EPSILON.as_f64());
        let (low, high) = contour.range();
        case.check("a range outside [0, 1]", 0.0 <= low && low <= high && high <= 1.0, || {
            format!("{low} {high}")
        });
        on_level(case, model, &contour, level);
        let to = [case.draw.any_finite(), case.draw.normal()];
        if let Ok(Some(nearest)) = contour.nearest(model, to) {
            inside(case, bounds, &[Polyline::open([nearest.point; 2])], T::EPSILON.as_f64());
            let right = nearest.distance >= 0.0;
            case.check("a distance is no number", right, || format!("{nearest:?} of {to:?}"));
        }
        case.check("a contour without words", !contour.to_string().is_empty(), || "");
    }
    if let Ok(boundaries) = class_boundaries(model, bounds, resolution) {
        case.reached();
        for boundary in &boundaries {
            let (a, b) = boundary.classes();
            case.check("classes in the wrong order", a < b && classes.contains(b), || format!("{a} {b}"));
            inside(case, bounds, boundary.lines(), T::EPSILON.as_f64());
        }
    }
    let sketch = Sketch::new().width(case.draw.within(0, 60)).height(case.draw.within(0, 30));
    let sketches =
        [sketch.regions(model, &sample.x, &sample.y), sketch.boundary(model, &sample.x, &sample.y)];
    for text in sketches.into_iter().flatten() {
        case.check("a sketch without end", text.len() < 1 << 16, || text.len());
    }
}

/// The signs of the level on both sides of a vertex differ, or the vertex is on the level.
fn on_level<T: Real, C: Classifier<T>>(case: &mut Case, model: &C, contour: &Contour, level: f64) {
    let tolerance = if T::EPSILON.as_f64() > 1e-10 { 1e-4 } else { 1e-8 };
    for &[x, y] in contour.lines().iter().flat_map(|line| &line.points) {
        let of = |x: T, y: T| {
            Some(model.predict_proba(&DMatrix::from_row_slice(1, 2, &[x, y])).ok()?[(0, 1)].as_f64())
        };
        let (x, y) = (T::of(x), T::of(y));
        let Some(p) = of(x, y) else { continue };
        // A jump between neighbouring numbers: a point a few rounding errors away is on the other side.
        // Points within four rounding errors of the ends of the bounds are one.
        let step = |v: T, (low, high): (f64, f64), sign: f64| {
            T::of(v.as_f64() + sign * 8.0 * T::EPSILON.as_f64() * low.abs().max(high.abs()))
        };
        let bounds = contour.bounds();
        let around = [-1.0, 1.0]
            .iter()
            .flat_map(|&sign| [(step(x, bounds.x(), sign), y), (x, step(y, bounds.y(), sign))]);
        let sides: Vec<f64> = around.filter_map(|(x, y)| of(x, y)).chain([p]).collect();
        let jumps = sides.iter().any(|p| *p > level) && sides.iter().any(|p| *p <= level);
        case.check("a vertex is not on the level", (p - level).abs() <= tolerance || jumps, || {
            format!("p {p} at {x}, {y}; level {level}; beside {sides:?}")
        });
    }
}

fn hyperplanes<T: Real>(case: &mut Case, model: &FittedLogistic<T, usize>, sample: &Sample<T>) {
    let plane = match model.classes().len() {
        2 => Hyperplane::of(model, case.draw.pick(&[0.5, 1e-12, 0.9])),
        _ => Hyperplane::between(model, &0, &1),
    };
    let Ok(plane) = plane else { return };
    case.reached();
    if let Some(bounds) = bounds(case)
        && let Ok(Some(segment)) = plane.segment(bounds)
    {
        inside(case, bounds, &[segment], T::EPSILON.as_f64());
    }
    if let Ok(distances) = plane.distances(&sample.x) {
        case.check("a distance is no number", distances.iter().all(|d| !d.is_nan()), || &distances);
    }
    if let Ok(nearest) = plane.nearest(&sample.x) {
        case.check("a nearest point is no number", nearest.iter().all(|v| !v.is_nan()), || &nearest);
    }
}
