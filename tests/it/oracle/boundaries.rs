//! Decision boundaries: contourpy for marching squares, roots of mpmath for exact points.

use logit::boundary::{Bounds, Contour, Hyperplane, Polyline, contour, contour_of_grid};
use logit::nalgebra::{DMatrix, DVector};
use logit::nn::Sequential;
use logit::prelude::*;
use logit::{Activation, FittedLogistic};
use serde::Deserialize;

use crate::common::fixed_network::FixedNetwork;
use crate::oracle::compare::Within;
use crate::oracle::json;

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    #[serde(flatten)]
    model: Model,
    #[serde(rename = "box")]
    frame: [f64; 4],
    n_grid: usize,
    level: f64,
    contour_probability: Vec<Line>,
    contour_logit: Vec<Line>,
    exact_points_on_rows: Vec<[f64; 2]>,
    exact_points_on_columns: Vec<[f64; 2]>,
    n_grid_edge_crossings: usize,
    max_vertex_error_probability: Option<f64>,
    max_vertex_error_logit: Option<f64>,
    query: Vec<Vec<f64>>,
    query_prob: Vec<f64>,
    query_logit: Vec<f64>,
    grid_prob: Option<Vec<Vec<f64>>>,
    segment: Option<Vec<[f64; 2]>>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Model {
    Mlp {
        #[serde(rename = "W1")]
        w1: Vec<Vec<f64>>,
        b1: Vec<f64>,
        #[serde(rename = "W2")]
        w2: Vec<f64>,
        b2: f64,
    },
    Linear {
        #[serde(rename = "W1")]
        w: Vec<f64>,
        b2: f64,
    },
}

/// Closed lines repeat their first vertex there.
#[derive(Deserialize)]
struct Line {
    closed: bool,
    vertices: Vec<[f64; 2]>,
    length: f64,
}

impl Case {
    fn classifier(&self) -> Box<dyn Classifier<f64, Label = usize>> {
        match &self.model {
            Model::Mlp { w1, b1, w2, b2 } => {
                let network = Sequential::perceptron(&[2, b1.len(), 1], Activation::Sigmoid).expect("sizes");
                let params = [w1.concat(), b1.clone(), w2.clone(), vec![*b2]].concat();
                Box::new(FixedNetwork::new(network, params))
            }
            Model::Linear { .. } => Box::new(self.linear().expect("a linear model")),
        }
    }

    fn linear(&self) -> Option<FittedLogistic<f64, usize>> {
        let Model::Linear { w, b2 } = &self.model else { return None };
        let w = DMatrix::from_column_slice(2, 1, w);
        Some(FittedLogistic::from_coefficients(vec![0, 1], w, DVector::from_element(1, *b2)).expect("sizes"))
    }

    fn bounds(&self) -> Bounds {
        let [x_low, x_high, y_low, y_high] = self.frame;
        Bounds::new((x_low, x_high), (y_low, y_high)).expect("bounds")
    }

    /// The values of a function of rows on the grid, in rows of equal y.
    fn on_grid(&self, values: impl Fn(&DMatrix<f64>) -> DVector<f64>) -> DMatrix<f64> {
        let [x_low, x_high, y_low, y_high] = self.frame;
        let n = self.n_grid;
        let at = |low: f64, high: f64, i: usize| low + i as f64 * ((high - low) / (n - 1) as f64);
        let points = DMatrix::from_fn(n * n, 2, |index, axis| match axis {
            0 => at(x_low, x_high, index % n),
            _ => at(y_low, y_high, index / n),
        });
        DMatrix::from_row_slice(n, n, values(&points).as_slice())
    }

    fn exact(&self) -> Vec<[f64; 2]> {
        [self.exact_points_on_rows.as_slice(), &self.exact_points_on_columns].concat()
    }
}

fn read() -> Vec<Case> {
    let cases: Cases = json::read(include_str!("data/curves.json"));
    cases.cases
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Whether each point of either set has one of the other within the tolerance, and there are as many of both.
#[track_caller]
fn assert_same_points(name: &str, found: &[[f64; 2]], wanted: &[[f64; 2]], tolerance: f64) {
    assert_eq!(found.len(), wanted.len(), "{name}: how many points");
    for (points, others) in [(found, wanted), (wanted, found)] {
        for &point in points {
            let nearest = others.iter().map(|&other| distance(point, other)).fold(f64::INFINITY, f64::min);
            assert!(
                nearest <= tolerance,
                "{name}: {point:?} has no partner, the nearest is {nearest:e} away"
            );
        }
    }
}

fn vertices(lines: &[Polyline]) -> Vec<[f64; 2]> {
    lines.iter().flat_map(|line| line.points.iter().copied()).collect()
}

/// The same lines in any order, each with the same vertices from any start in either direction.
#[track_caller]
fn assert_same_lines(name: &str, found: &Contour, wanted: &[Line], crossings: usize) {
    assert_eq!(found.lines().len(), wanted.len(), "{name}: how many lines");
    assert_eq!(vertices(found.lines()).len(), crossings, "{name}: how many vertices");
    let mut left: Vec<&Polyline> = found.lines().iter().collect();
    for line in wanted {
        let distinct = if line.closed { &line.vertices[1..] } else { &line.vertices[..] };
        let is_near = |found: &&Polyline| {
            distance(found.points[0], distinct[0]) < 1e-12
                || found.points.iter().any(|&point| distance(point, distinct[0]) < 1e-12)
        };
        let index = left.iter().position(is_near).unwrap_or_else(|| panic!("{name}: a line is missing"));
        let partner = left.swap_remove(index);
        assert_eq!(partner.closed, line.closed, "{name}");
        assert_same_points(name, &partner.points, distinct, 1e-12);
        // The length depends on the order of the vertices.
        Within::relative(1e-13).one(name, partner.length(), line.length);
    }
}

#[test]
fn marching_squares_has_the_vertices_of_contourpy() {
    let cases = read();
    for case in &cases {
        let (name, classifier) = (&case.name, case.classifier());
        let p = case.on_grid(|x| classifier.predict_proba(x).expect("points").column(1).into_owned());
        if let Some(wanted) = &case.grid_prob {
            Within::relative(1e-14).matrix(name, &p, &json::matrix(wanted));
        }
        let of_p = contour_of_grid(&p, case.level, case.bounds()).expect(name);
        assert_same_lines(name, &of_p, &case.contour_probability, case.n_grid_edge_crossings);
        let z = case.on_grid(|x| classifier.decision_function(x).expect("points").column(0).into_owned());
        let of_z = contour_of_grid(&z, 0.0, case.bounds()).expect(name);
        assert_same_lines(name, &of_z, &case.contour_logit, case.n_grid_edge_crossings);
    }
    assert_eq!(cases.len(), 14);
}

#[test]
fn polished_vertices_are_the_exact_points() {
    let (mut points, mut empty) = (0, 0);
    for case in &read() {
        let (name, classifier) = (&case.name, case.classifier());
        let found = contour(&*classifier, case.level, case.bounds(), case.n_grid).expect(name);
        let exact = case.exact();
        assert_eq!(exact.len(), case.n_grid_edge_crossings, "{name}");
        assert_same_points(name, &vertices(found.lines()), &exact, 1e-9);
        assert_eq!(found.lines().len(), case.contour_probability.len(), "{name}");
        assert_eq!(found.is_reached(), !exact.is_empty(), "{name}");
        let p = case.on_grid(|x| classifier.predict_proba(x).expect("points").column(1).into_owned());
        Within::relative(1e-14).all(name, &[found.range().0, found.range().1], &[p.min(), p.max()]);
        // The error of interpolation, which polishing removes.
        let z = case.on_grid(|x| classifier.decision_function(x).expect("points").column(0).into_owned());
        for (values, level, wanted) in
            [(p, case.level, case.max_vertex_error_probability), (z, 0.0, case.max_vertex_error_logit)]
        {
            let rough = contour_of_grid(&values, level, case.bounds()).expect(name);
            let pairs = vertices(rough.lines()).into_iter().zip(vertices(found.lines()));
            let error = pairs.map(|(rough, exact)| distance(rough, exact)).fold(0.0, f64::max);
            Within::relative(1e-6).plus(1e-9).one(name, error, wanted.unwrap_or(0.0));
        }
        points += exact.len();
        empty += usize::from(exact.is_empty());
    }
    assert_eq!((points, empty), (372, 2));
}

#[test]
fn probabilities_of_the_networks() {
    for case in &read() {
        let (classifier, x) = (case.classifier(), json::matrix(&case.query));
        let p = classifier.predict_proba(&x).expect("points");
        Within::relative(1e-13).all(&case.name, p.column(1).as_slice(), &case.query_prob);
        let z = classifier.decision_function(&x).expect("points");
        Within::relative(1e-13).plus(1e-13).all(&case.name, z.as_slice(), &case.query_logit);
    }
}

#[test]
fn segments_of_linear_models() {
    let mut compared = 0;
    for case in &read() {
        let Some(model) = case.linear() else { continue };
        let (name, wanted) = (&case.name, case.segment.as_ref().expect("a segment"));
        let line = Hyperplane::of(&model, case.level).expect(name);
        let found = line.segment(case.bounds()).expect("two features").map_or(Vec::new(), |line| line.points);
        assert_same_points(name, &found, wanted, 1e-14);
        compared += 1;
    }
    assert_eq!(compared, 5);
}
