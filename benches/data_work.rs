//! Times of the work around models: preprocessing, metrics, calibration. `cargo bench -p benches --bench
//! data_work` runs all; results are in `docs/benchmarks.md`.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group};
use logit::decide::{FittedThreshold, IsotonicRegression};
use logit::metrics::{AveragePrecision, Bootstrap, ConfusionMatrix, LogLoss, Metric, RocAuc};
use logit::nalgebra::DMatrix;
use logit::parallel::with_threads;
use logit::prelude::*;
use logit::preprocess::RobustScaler;
use logit::{FittedLogistic, Pca, Rng, StandardScaler};

const MANY: usize = 1_000_000;

fn normal(rows: usize, columns: usize, seed: u64) -> DMatrix<f64> {
    let mut rng = Rng::new(seed);
    DMatrix::from_fn(rows, columns, |_, _| rng.standard_normal())
}

/// A million probabilities and labels that follow them.
fn predictions() -> (Vec<usize>, DMatrix<f64>) {
    let mut rng = Rng::new(1);
    let p: Vec<f64> = (0..MANY).map(|_| rng.uniform(0.0, 1.0)).collect();
    let truth = p.iter().map(|p| usize::from(rng.uniform(0.0, 1.0) < *p)).collect();
    (truth, DMatrix::from_fn(MANY, 2, |row, class| [1.0 - p[row], p[row]][class]))
}

fn metrics(c: &mut Criterion) {
    let (truth, p) = predictions();
    let mut group = c.benchmark_group("metrics of 1,000,000 rows");
    group.sample_size(10).warm_up_time(Duration::from_millis(500));
    group.bench_function("area under the ROC curve", |b| {
        b.iter(|| RocAuc.evaluate_indices(&truth, p.as_view(), None))
    });
    group.bench_function("average precision", |b| {
        b.iter(|| AveragePrecision.evaluate_indices(&truth, p.as_view(), None))
    });
    group.bench_function("log-loss", |b| b.iter(|| LogLoss.evaluate_indices(&truth, p.as_view(), None)));
    let called: Vec<usize> = p.column(1).iter().map(|p| usize::from(*p > 0.5)).collect();
    group.bench_function("confusion matrix", |b| b.iter(|| ConfusionMatrix::new(&truth, black_box(&called))));
    group.finish();
    let (some, q) = (&truth[..10_000], p.rows(0, 10_000).into_owned());
    c.benchmark_group("bootstrap")
        .sample_size(10)
        .bench_function("log-loss of 10,000 rows, 1,000 resamples", |b| {
            b.iter(|| Bootstrap::new().interval(&LogLoss, some, &q, &[0, 1], None))
        });
}

fn decisions(c: &mut Criterion) {
    let (truth, p) = predictions();
    let yes: Vec<f64> = truth.iter().map(|&y| y as f64).collect();
    let scores = p.columns(1, 1).map(|p| (p / (1.0 - p)).ln().clamp(-30.0, 30.0));
    let mut group = c.benchmark_group("decisions from 1,000,000 rows");
    group.sample_size(10).warm_up_time(Duration::from_millis(500));
    group.bench_function("isotonic regression", |b| {
        b.iter(|| IsotonicRegression::fit(scores.as_slice(), &yes, None, true))
    });
    let model = FittedLogistic::from_coefficients(vec![0, 1], DMatrix::identity(1, 1), vec![0.0].into());
    let model = model.expect("a model");
    group.bench_function("the best threshold for average precision", |b| {
        b.iter(|| FittedThreshold::tuned(model.clone(), &AveragePrecision, &scores, &truth, None))
    });
    group.finish();
}

fn preprocessing(c: &mut Criterion) {
    let x = normal(MANY, 50, 2);
    let mut group = c.benchmark_group("preprocessing");
    group.sample_size(10).warm_up_time(Duration::from_millis(500));
    group.bench_function("standard scaler of 1,000,000 x 50, fit", |b| {
        b.iter(|| StandardScaler::new().fit(&x))
    });
    let scaler = StandardScaler::new().fit(&x).expect("a fit");
    group.bench_function("the same, transform", |b| b.iter(|| scaler.transform(&x)));
    let x = normal(200_000, 50, 3);
    group.bench_function("robust scaler of 200,000 x 50, fit", |b| b.iter(|| RobustScaler::new().fit(&x)));
    let x = normal(20_000, 100, 4);
    group.bench_function("20 components of 20,000 x 100, fit", |b| b.iter(|| Pca::new(20).fit(&x)));
    let pca = Pca::new(20).fit(&x).expect("a fit");
    group.bench_function("the same, transform", |b| b.iter(|| pca.transform(&x)));
    group.finish();
}

criterion_group!(benches, metrics, decisions, preprocessing);
fn main() {
    with_threads(1, benches);
    Criterion::default().configure_from_args().final_summary();
}
