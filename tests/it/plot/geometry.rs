//! Boundaries, regions, probabilities and points are drawn at the right place.

use logit::boundary::{Bounds, Slice, class_boundaries, contour};
use logit::nalgebra::{DMatrix, dmatrix, dvector};
use logit::plot::{DecisionRegions, ProbabilitySurface};
use logit::prelude::*;
use logit::{
    Activation, FittedLogistic, Lbfgs, LogisticRegression, MlpClassifier, Penalty, Pipeline, Rng,
    StandardScaler, data,
};

use super::kit::{Picture, Point, drawn};

/// How far rounding to two decimals may move a point: by half of 0.01 in both directions.
const STEP: f64 = 0.0075;

const X: (f64, f64) = (-2.0, 4.0);
const Y: (f64, f64) = (-100.0, 300.0);

fn bounds() -> Bounds {
    Bounds::new(X, Y).unwrap()
}

/// One class is an island in the middle of the other, beside a third one.
fn island() -> (DMatrix<f64>, Vec<&'static str>) {
    let mut rng = Rng::new(7);
    let mut rows = Vec::new();
    let mut y = Vec::new();
    while y.len() < 300 {
        let (u, v) = (rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0));
        let class = if f64::hypot(u + 0.2, v) < 0.4 {
            "island"
        } else if u > 0.6 {
            "coast"
        } else {
            "sea"
        };
        rows.extend([1.0 + 3.0 * u, 100.0 + 200.0 * v]);
        y.push(class);
    }
    (DMatrix::from_row_slice(300, 2, &rows), y)
}

fn network(x: &DMatrix<f64>, y: &[&'static str]) -> impl Classifier<f64, Label = &'static str> {
    let network =
        MlpClassifier::new([10]).activation(Activation::Tanh).optimizer(Lbfgs::new()).l2(1e-4).seed(3);
    Pipeline::new(StandardScaler::new(), network).fit(x, y).unwrap()
}

/// How far a point is from the nearest of all corners of lines.
fn nearest(picture: &Picture, [x, y]: Point) -> f64 {
    let corners = picture.lines.iter().flat_map(|(points, _)| points);
    corners.map(|[u, v]| (u - x).hypot(v - y)).fold(f64::INFINITY, f64::min)
}

#[test]
fn every_vertex_of_the_boundary_is_in_the_drawing() {
    let (x, y) = island();
    let model = network(&x, &y);
    for ground in [false, true] {
        let regions = DecisionRegions::new().bounds(bounds()).resolution(61).ground(ground);
        let picture = drawn(&regions.draw(&model, &x, &y).unwrap());
        let boundaries = class_boundaries(&model, bounds(), 61).unwrap();
        let vertices: Vec<Point> =
            boundaries.iter().flat_map(|b| b.lines()).flat_map(|line| line.points.clone()).collect();
        assert!(vertices.len() > 100);
        for vertex in vertices {
            let distance = nearest(&picture, picture.place_of(X, Y, vertex));
            assert!(distance < STEP, "{vertex:?} is {distance} from the nearest corner");
        }
    }
}

#[test]
fn the_ground_has_the_colour_of_the_predicted_class() {
    let (x, y) = island();
    let model = network(&x, &y);
    let regions = DecisionRegions::new().bounds(bounds());
    let picture = drawn(&regions.draw(&model, &dmatrix![1e9, 1e9], &["sea"]).unwrap());
    let [_, _, right, _] = picture.frame();
    let colour_of = |class: &str| {
        let [_, middle] = picture.place(class);
        // The ground of an entry is painted before its marker.
        let key = picture
            .areas
            .iter()
            .find(|(points, _)| points[0][0] > right && points[0][1] < middle && middle < points[2][1]);
        key.unwrap().1.clone()
    };
    let colours: Vec<String> = ["coast", "island", "sea"].iter().map(|class| colour_of(class)).collect();
    let mut rng = Rng::new(1);
    let mut seen = [0; 3];
    for _ in 0..2000 {
        let at = [rng.uniform(X.0, X.1), rng.uniform(Y.0, Y.1)];
        let scores = model.predict_log_proba(&dmatrix![at[0], at[1]]).unwrap();
        let class = scores.row(0).transpose().argmax().0;
        let mut sorted: Vec<f64> = scores.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        // Points next to the boundary may be on the other side of a line that is interpolated.
        if sorted[2] - sorted[1] > 0.05 {
            assert_eq!(picture.colour_at(picture.place_of(X, Y, at)), colours[class], "{at:?}");
            seen[class] += 1;
        }
    }
    assert!(seen.iter().all(|&count| count > 50), "{seen:?}");
}

#[test]
fn colours_of_a_surface_say_the_probability() {
    let (x, y) = island();
    let two: Vec<&str> = y.iter().map(|&class| if class == "island" { class } else { "water" }).collect();
    let model = network(&x, &two);
    for class in [0, 1] {
        let surface = ProbabilitySurface::new().class(class).bounds(bounds()).points(false);
        let picture = drawn(&surface.draw(&model, &x, &two).unwrap());
        picture.must_have(&[["probability of island", "probability of water"][class]]);
        let right = picture.frame()[2];
        let bar: Vec<&str> =
            picture.areas.iter().filter(|(p, _)| p[0][0] > right).map(|(_, fill)| fill.as_str()).collect();
        assert_eq!(bar.len(), 20);
        let mut rng = Rng::new(2);
        for _ in 0..1000 {
            let at = [rng.uniform(X.0, X.1), rng.uniform(Y.0, Y.1)];
            let p = model.predict_proba(&dmatrix![at[0], at[1]]).unwrap()[class];
            let fill = picture.colour_at(picture.place_of(X, Y, at));
            let step = bar.iter().position(|colour| *colour == fill).unwrap();
            let (low, high) = (step as f64 / 20.0 - 0.01, (step + 1) as f64 / 20.0 + 0.01);
            assert!((low..=high).contains(&p), "{at:?}: {p} has the colour of {low} to {high}");
        }
    }
}

#[test]
fn lines_of_a_surface_have_their_levels() {
    let model = FittedLogistic::from_coefficients(vec![0, 1], dmatrix![1.0; 0.02], dvector![-3.0]).unwrap();
    let rows = dmatrix![0.0, 0.0; 1.0, 50.0];
    for class in [0, 1] {
        let surface = ProbabilitySurface::new().class(class).bounds(bounds()).levels(&[0.3]).resolution(50);
        let picture = drawn(&surface.draw(&model, &rows, &[0, 1]).unwrap());
        let level = if class == 1 { 0.3 } else { 0.7 };
        for vertex in &contour(&model, level, bounds(), 50).unwrap().lines()[0].points {
            assert!(nearest(&picture, picture.place_of(X, Y, *vertex)) < STEP, "{vertex:?}");
        }
    }
}

#[test]
fn points_and_numbers_are_in_raw_units() {
    let iris = data::iris();
    let petals = iris.x.select_columns(&[2, 3]);
    let pipeline = Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)));
    let model = pipeline.fit(&petals, &iris.y).unwrap();
    let figure =
        DecisionRegions::new().feature_names("length (cm)", "width (cm)").draw(&model, &petals, &iris.y);
    let picture = drawn(&figure.unwrap());
    picture.must_have(&["length (cm)", "width (cm)", "setosa", "versicolor", "virginica", "boundary"]);
    let seen = Bounds::around(&petals, 0.08).unwrap();
    // The first class has circles.
    for row in 0..50 {
        let [x, y] = picture.place_of(seen.x(), seen.y(), [petals[(row, 0)], petals[(row, 1)]]);
        assert!(picture.circles.iter().any(|([u, v], _)| (u - x).hypot(v - y) < STEP), "row {row}");
    }
    // A number below the frame stands at its value.
    let [x, _] = picture.place_of(seen.x(), seen.y(), [4.0, 0.0]);
    assert!((picture.place("4")[0] - x).abs() < STEP);
    let [_, y] = picture.place_of(seen.x(), seen.y(), [0.0, 1.5]);
    assert!((picture.place("1.5")[1] - y).abs() < 5.0);
}

#[test]
fn slices_and_boxes_are_drawn_too() {
    let iris = data::iris();
    let model = LogisticRegression::new(Penalty::c(1.0)).fit(&iris.x, &iris.y).unwrap();
    let slice = Slice::new(&model, [2, 3], &[5.8, 3.0, 0.0, 0.0]).unwrap();
    let petals = iris.x.select_columns(&[2, 3]);
    let plain = DecisionRegions::new().draw(&slice, &petals, &iris.y).unwrap();
    let boxed: Box<dyn Classifier<f64, Label = &'static str> + '_> = Box::new(slice);
    assert_eq!(DecisionRegions::new().draw(&*boxed, &petals, &iris.y).unwrap(), plain);
}
