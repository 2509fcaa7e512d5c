//! Time of decision boundaries with polished vertices. `cargo bench -p benches --bench boundaries` runs all.

use std::hint::black_box;

use criterion::{Criterion, criterion_group};
use logit::boundary::{Bounds, class_boundaries, contour};
use logit::parallel::with_threads;
use logit::prelude::*;
use logit::{Activation, FittedMlp, Lbfgs, MlpClassifier, Rng};
use nalgebra::DMatrix;

const RESOLUTION: usize = 200;

/// A network with three hidden units for points on and around a circle, or in this number of sectors.
fn network(classes: usize) -> (FittedMlp<f64, usize>, Bounds) {
    let mut rng = Rng::new(1);
    let x = DMatrix::from_fn(300, 2, |_, _| rng.uniform(-2.0, 2.0));
    let class = |row: usize| match classes {
        2 => usize::from(x[(row, 0)].hypot(x[(row, 1)]) < 1.2),
        _ => usize::from(x[(row, 0)] > 0.0) + usize::from(x[(row, 1)] > 0.3 * x[(row, 0)]),
    };
    let y: Vec<usize> = (0..300).map(class).collect();
    let minimizer = Lbfgs::new().max_iterations(200);
    let estimator =
        MlpClassifier::new([3]).activation(Activation::Tanh).optimizer(minimizer).l2(1e-3).seed(1);
    (estimator.fit(&x, &y).expect("rows"), Bounds::around(&x, 0.1).expect("rows"))
}

fn boundaries(c: &mut Criterion) {
    let (model, bounds) = network(2);
    let found = contour(&model, 0.5, bounds, RESOLUTION).expect("a contour");
    let vertices: usize = found.lines().iter().map(|line| line.points.len()).sum();
    println!("{} lines, {vertices} vertices, length {:.6}", found.lines().len(), found.length());

    // The grid alone, for comparison: it is most of the necessary work.
    let n = RESOLUTION * RESOLUTION;
    let ((x_low, x_high), (y_low, y_high)) = (bounds.x(), bounds.y());
    let step = |low: f64, high: f64| (high - low) / (RESOLUTION - 1) as f64;
    let grid = DMatrix::from_fn(n, 2, |index, axis| match axis {
        0 => x_low + (index % RESOLUTION) as f64 * step(x_low, x_high),
        _ => y_low + (index / RESOLUTION) as f64 * step(y_low, y_high),
    });
    c.bench_function("predict_log_proba on 200 x 200 points, 2-3-1", |b| {
        b.iter(|| black_box(model.predict_log_proba(&grid)));
    });
    c.bench_function("contour on 200 x 200 points, 2-3-1", |b| {
        b.iter(|| black_box(contour(&model, 0.5, bounds, RESOLUTION)));
    });
    c.bench_function("nearest point of that contour", |b| {
        b.iter(|| black_box(found.nearest(&model, [0.3, 0.2])));
    });
    let (model, bounds) = network(3);
    c.bench_function("class_boundaries on 200 x 200 points, 2-3-3", |b| {
        b.iter(|| black_box(class_boundaries(&model, bounds, RESOLUTION)));
    });
}

criterion_group!(benches, boundaries);
fn main() {
    with_threads(1, benches);
    Criterion::default().configure_from_args().final_summary();
}
