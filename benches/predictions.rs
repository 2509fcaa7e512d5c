//! Time of transformations and predictions, of many rows and of one. `cargo bench -p benches --bench
//! predictions`; results are in `docs/benchmarks.md`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group};
use logit::parallel::with_threads;
use logit::prelude::*;
use logit::preprocess::FittedStandardScaler;
use logit::{Adam, FittedLogistic, FittedPipeline, MlpClassifier, Pca, Real, Rng, Scratch, StandardScaler};
use nalgebra::{DMatrix, DVector};

fn normal<T: Real>(rows: usize, columns: usize) -> DMatrix<T> {
    let mut rng = Rng::new(3);
    DMatrix::from_fn(rows, columns, |_, _| T::of(rng.standard_normal()))
}

fn logistic<T: Real>(features: usize, classes: usize) -> FittedLogistic<T, usize> {
    let columns = if classes == 2 { 1 } else { classes };
    let coefficients = normal(features, columns);
    FittedLogistic::from_coefficients((0..classes).collect(), coefficients, DVector::zeros(columns))
        .expect("coefficients")
}

fn scaler<T: Real>(features: usize) -> FittedStandardScaler<T> {
    let (mean, scale) = (vec![T::of(0.5); features], vec![T::of(1.5); features]);
    FittedStandardScaler::new(mean, scale).expect("means and scales")
}

/// The standard scaler: new memory for the result, memory of the caller, in place.
fn scaling(c: &mut Criterion) {
    let (rows, columns) = (1_000_000, 50);
    let x: DMatrix<f64> = normal(rows, columns);
    let fitted = scaler(columns);
    let mut group = c.benchmark_group("standard scaler, 1,000,000 x 50, f64");
    group.sample_size(10).throughput(Throughput::Elements((rows * columns) as u64));
    group.bench_function("fit", |b| b.iter(|| StandardScaler::new().fit(&x).expect("finite rows")));
    group.bench_function("transform", |b| b.iter(|| fitted.transform(&x).expect("finite rows")));
    let (mut out, mut scratch) = (DMatrix::zeros(rows, columns), Scratch::new());
    group.bench_function("transform, memory of the caller", |b| {
        b.iter(|| fitted.transform_into((&x).into(), out.as_view_mut(), &mut scratch).expect("finite rows"));
    });
    let mut kept = Some(x.clone());
    group.bench_function("transform, in place", |b| {
        b.iter(|| kept = kept.take().map(|x| fitted.transform_owned(x).expect("finite rows")));
    });
    group.finish();
}

fn components(c: &mut Criterion) {
    let x: DMatrix<f64> = normal::<f64>(20_000, 5) * normal::<f64>(5, 100) + normal::<f64>(20_000, 100);
    let fitted = Pca::new(20).fit(&x).expect("finite rows");
    let mut group = c.benchmark_group("20 principal components of 20,000 x 100, f64");
    group.bench_function("fit", |b| b.iter(|| Pca::new(20).fit(&x).expect("finite rows")));
    group.bench_function("transform", |b| b.iter(|| fitted.transform(&x).expect("finite rows")));
    group.finish();
}

/// Predictions of a classifier: of many rows, of one as a matrix, and of one in memory of the caller.
fn predictions<T: Real, C: Classifier<T>>(c: &mut Criterion, name: &str, model: &C, rows: usize) {
    let x: DMatrix<T> = normal(rows, model.features());
    let one = x.rows(0, 1).into_owned();
    let (row, classes) = (one.as_slice(), model.classes().len());
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements(rows as u64));
    group
        .bench_function(format!("{rows} rows"), |b| b.iter(|| model.predict_proba(&x).expect("finite rows")));
    group.throughput(Throughput::Elements(1));
    group.bench_function("one row as a matrix", |b| {
        b.iter(|| model.predict_proba(black_box(&one)).expect("a finite row"));
    });
    let (mut out, mut scratch) = (vec![T::zero(); classes], Scratch::new());
    group.bench_function("one row, memory of the caller", |b| {
        b.iter(|| model.probabilities_row(black_box(row), &mut out, &mut scratch).expect("a finite row"));
    });
    group.finish();
}

fn models(c: &mut Criterion) {
    predictions(c, "logistic regression, 50 columns, f32", &logistic::<f32>(50, 2), 200_000);
    predictions(c, "logistic regression, 50 columns, f64", &logistic::<f64>(50, 2), 200_000);
    predictions(c, "logistic regression, 50 columns, 5 classes, f64", &logistic::<f64>(50, 5), 200_000);
    let pipeline = FittedPipeline::from_parts(scaler::<f32>(50), logistic(50, 2)).expect("50 columns");
    predictions(c, "scaler and logistic regression, 50 columns, f32", &pipeline, 200_000);
    let x: DMatrix<f32> = normal(400, 784);
    let y: Vec<usize> = (0..400).map(|row| row % 10).collect();
    let network = MlpClassifier::new([100]).optimizer(Adam::new(1e-3)).epochs(1);
    predictions(c, "784-100-10, f32", &network.fit(&x, &y).expect("finite rows"), 10_000);
}

criterion_group!(benches, scaling, components, models);
fn main() {
    with_threads(1, benches);
    Criterion::default().configure_from_args().final_summary();
}
