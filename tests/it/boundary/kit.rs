//! Random classifiers of the plane, and the properties that every line must have.

use logit::boundary::{Bounds, Polyline};
use logit::nn::{Sequential, Shape};
use logit::prelude::*;
use logit::{Activation, FittedLogistic, Real, Rng};
use nalgebra::{DMatrix, DVector};

use crate::common::fixed_network::FixedNetwork;

pub(crate) const FRAME: (f64, f64) = (-2.0, 2.5);

pub(crate) fn frame() -> Bounds {
    Bounds::new(FRAME, (-1.5, 3.0)).expect("bounds")
}

/// A network of 2 inputs with weights from a normal distribution of this size.
pub(crate) fn network<T: Real>(
    hidden: usize,
    outputs: usize,
    activation: Activation,
    size: f64,
    seed: u64,
) -> FixedNetwork<T> {
    let network = Sequential::perceptron(&[2, hidden, outputs], activation).expect("sizes");
    let mut rng = Rng::new(seed);
    let params = (0..network.parameter_count()).map(|_| T::of(size * rng.standard_normal())).collect();
    FixedNetwork::new(network, params)
}

/// A linear model with these numbers of features and classes, and normal weights of this size.
pub(crate) fn logistic(features: usize, classes: usize, size: f64, seed: u64) -> FittedLogistic<f64, usize> {
    let mut rng = Rng::new(seed);
    let columns = if classes == 2 { 1 } else { classes };
    let w = DMatrix::from_fn(features, columns, |_, _| size * rng.standard_normal());
    let b = DVector::from_fn(columns, |_, _| size * rng.standard_normal());
    FittedLogistic::from_coefficients((0..classes).collect(), w, b).expect("sizes")
}

pub(crate) fn points_of<T: Real>(points: &[[f64; 2]]) -> DMatrix<T> {
    DMatrix::from_fn(points.len(), 2, |row, axis| T::of(points[row][axis]))
}

pub(crate) fn probabilities<T: Real, C: Classifier<T> + ?Sized>(
    model: &C,
    points: &[[f64; 2]],
) -> DMatrix<f64> {
    model.predict_proba(&points_of(points)).expect("finite points").map(|p| p.as_f64())
}

pub(crate) fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

pub(crate) fn vertices(lines: &[Polyline]) -> Vec<[f64; 2]> {
    lines.iter().flat_map(|line| line.points.iter().copied()).collect()
}

pub(crate) fn is_on_frame([x, y]: [f64; 2], bounds: Bounds) -> bool {
    [bounds.x().0, bounds.x().1].contains(&x) || [bounds.y().0, bounds.y().1].contains(&y)
}

/// Lines have points, all within the bounds and no two in a row the same, and are closed or end on the frame.
#[track_caller]
pub(crate) fn assert_lines(lines: &[Polyline], bounds: Bounds) {
    for line in lines {
        assert!(line.points.len() >= if line.closed { 3 } else { 2 }, "{line:?}");
        assert!(line.points.iter().all(|&point| bounds.contain(point)), "{line:?}");
        assert!(line.segments().all(|[a, b]| a != b), "a point twice in {line:?}");
        let (first, last) = (line.points[0], line.points[line.points.len() - 1]);
        assert!(line.closed || is_on_frame(first, bounds) && is_on_frame(last, bounds), "{line:?}");
    }
}
