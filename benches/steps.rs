//! Time of training steps, fits and predictions. `cargo bench -p benches` runs all; results are in
//! `docs/benchmarks.md`.

use std::hint::black_box;
use std::time::Duration;

use benches::normal;
use criterion::{Criterion, Throughput, criterion_group};
use logit::nn::{
    BinaryCrossEntropy, ClassificationLoss, Examples, Layer, Loss, Sequential, Shape, SoftmaxCrossEntropy,
    Targets, TrainOptions, Trainer,
};
use logit::optim::{
    AdaBelief, Adadelta, Adagrad, AdamW, Adamax, Decay, Lamb, Lion, NAdam, Optimizer, RAdam, RmsProp, Rprop,
    Step, UpdateRule, Yogi,
};
use logit::parallel::with_threads;
use logit::prelude::*;
use logit::{Activation, Adam, LogisticRegression, MlpClassifier, Penalty, Real, Rng, Sgd, Solver, data};
use nalgebra::DMatrix;

/// One step on a given batch: forward, loss, backward, update.
fn step<T: Real>(c: &mut Criterion, name: &str, sizes: &[usize], rows: usize, loss: &dyn Loss<T>) {
    let network = Sequential::perceptron(sizes, Activation::Relu).expect("sizes");
    let mut rng = Rng::new(1);
    let mut params = vec![T::zero(); network.parameter_count()];
    network.init(&mut params, &mut rng);
    let adam = Adam::new(1e-3);
    let (mut grad, mut state) = (params.clone(), Optimizer::<T>::state(&adam, params.len()));
    let mut tape = network.tape(rows);
    let x = normal(rows, sizes[0], &mut rng);
    let classes: Vec<usize> = (0..rows).map(|_| rng.below(sizes[sizes.len() - 1].max(2))).collect();
    let mut number = 0;
    c.bench_function(name, |b| {
        b.iter(|| {
            number += 1;
            network.forward(&params, &x, &mut tape);
            let (scores, out) = tape.split();
            let value = loss.mean_and_gradient(scores, Targets::Classes(&classes), None, out);
            network.backward(&params, &x, &mut tape, &mut grad, None);
            adam.step(Step::new(number, 1e-3), &mut params, &grad, &mut state);
            value
        });
    });
}

fn steps(c: &mut Criterion) {
    step::<f64>(c, "step 2-3-1, 15 rows, f64", &[2, 3, 1], 15, &BinaryCrossEntropy);
    step::<f32>(c, "step 784-100-10, 32 rows, f32", &[784, 100, 10], 32, &SoftmaxCrossEntropy::new());
    step::<f32>(c, "step 784-100-10, 200 rows, f32", &[784, 100, 10], 200, &SoftmaxCrossEntropy::new());
    step::<f64>(c, "step 784-100-10, 200 rows, f64", &[784, 100, 10], 200, &SoftmaxCrossEntropy::new());
}

/// The whole loop, with shuffled rows, gathered batches and the history around its steps. Counts steps.
fn training_loop<T: Real>(c: &mut Criterion, name: &str, sizes: &[usize], rows: usize, batch_size: usize) {
    let network = Sequential::perceptron(sizes, Activation::Relu).expect("sizes");
    let mut rng = Rng::new(5);
    let x: DMatrix<T> = normal(rows, sizes[0], &mut rng);
    let classes: Vec<usize> = (0..rows).map(|_| rng.below(sizes[sizes.len() - 1].max(2))).collect();
    let loss: ClassificationLoss = match sizes {
        [.., 1] => BinaryCrossEntropy.into(),
        _ => SoftmaxCrossEntropy::new().into(),
    };
    let examples = Examples::new(&x, Targets::Classes(&classes));
    let trainer = Trainer::new(Adam::new(1e-3)).batch_size(batch_size).epochs(5);
    let mut group = c.benchmark_group("training loop");
    group.sample_size(20).throughput(Throughput::Elements(5 * rows.div_ceil(batch_size) as u64));
    group.bench_function(name, |b| {
        b.iter(|| trainer.fit(&network, &loss, examples, TrainOptions::default()).expect("a fit"));
    });
    group.finish();
}

fn loops(c: &mut Criterion) {
    training_loop::<f64>(c, "2-3-1, batches of 15 rows, f64", &[2, 3, 1], 3200, 15);
    training_loop::<f32>(c, "784-100-10, batches of 32 rows, f32", &[784, 100, 10], 8000, 32);
    training_loop::<f32>(c, "784-100-10, batches of 200 rows, f32", &[784, 100, 10], 8000, 200);
}

/// One update of 80,000 parameters, half of which decay where the rule has it.
fn updates<T: Real>(c: &mut Criterion, kind: &str) {
    let decay = Decay::Decoupled(0.01);
    let rules: [(&str, UpdateRule); 20] = [
        ("sgd", Sgd::new(1e-3).into()),
        ("sgd, momentum", Sgd::new(1e-3).momentum(0.9).into()),
        ("sgd, nesterov", Sgd::new(1e-3).momentum(0.9).nesterov(true).into()),
        ("adam", Adam::new(1e-3).into()),
        ("adam, amsgrad", Adam::new(1e-3).amsgrad(true).into()),
        ("adam_w", AdamW::new(1e-3).into()),
        ("nadam", NAdam::new(1e-3).weight_decay(decay).into()),
        ("radam", RAdam::new(1e-3).weight_decay(decay).into()),
        ("adamax", Adamax::new(1e-3).weight_decay(decay).into()),
        ("adabelief", AdaBelief::new(1e-3).weight_decay(decay).into()),
        ("yogi", Yogi::new(1e-3).weight_decay(decay).into()),
        ("lamb", Lamb::new(1e-3).weight_decay(0.01).into()),
        ("rms_prop", RmsProp::new(1e-3).weight_decay(decay).into()),
        ("rms_prop, momentum", RmsProp::new(1e-3).momentum(0.9).into()),
        ("rms_prop, centred", RmsProp::new(1e-3).centered(true).into()),
        ("rms_prop, centred, momentum", RmsProp::new(1e-3).centered(true).momentum(0.9).into()),
        ("adagrad", Adagrad::new(1e-3).weight_decay(decay).into()),
        ("adadelta", Adadelta::new(1.0).weight_decay(decay).into()),
        ("lion", Lion::new(1e-3).weight_decay(0.01).into()),
        ("rprop", Rprop::new(1e-3).into()),
    ];
    let mut group = c.benchmark_group(format!("update of 80,000 parameters, {kind}"));
    group.throughput(Throughput::Elements(80_000)).sample_size(20);
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(500));
    let mut rng = Rng::new(4);
    let mut draw = || (0..80_000).map(|_| T::of(rng.standard_normal())).collect::<Vec<T>>();
    let (mut params, grad) = (draw(), draw());
    for (name, rule) in rules {
        let (mut state, mut number) = (rule.state(params.len()), 0);
        group.bench_function(name, |b| {
            b.iter(|| {
                number += 1;
                let step = Step::new(number, 1e-3).decayed(&[0..40_000]);
                rule.step(step, &mut params, black_box(&grad), &mut state);
            });
        });
    }
    group.finish();
}

fn all_updates(c: &mut Criterion) {
    updates::<f64>(c, "f64");
    updates::<f32>(c, "f32");
}

fn fits(c: &mut Criterion) {
    let mut rng = Rng::new(2);
    let x = normal::<f64>(20_000, 50, &mut rng);
    let w = normal::<f64>(50, 1, &mut rng) * 0.3;
    let y: Vec<bool> = (&x * w).iter().map(|z| rng.uniform(0.0, 1.0) < 1.0 / (1.0 + (-z).exp())).collect();
    let mut group = c.benchmark_group("logistic fit 20,000 x 50, f64");
    group.sample_size(10);
    for (name, solver) in [("newton", Solver::Newton), ("lbfgs", Solver::Lbfgs)] {
        let model = LogisticRegression::new(Penalty::c(1.0)).solver(solver);
        group.bench_function(name, |b| b.iter(|| model.fit(&x, &y).expect("fit")));
    }
    group.finish();
    let iris = data::iris();
    let model = LogisticRegression::new(Penalty::c(1.0));
    c.bench_function("logistic fit of iris", |b| b.iter(|| model.fit(&iris.x, &iris.y).expect("fit")));
}

fn predictions(c: &mut Criterion) {
    let mut rng = Rng::new(3);
    let x = normal::<f32>(10_000, 784, &mut rng);
    let y: Vec<usize> = (0..10_000).map(|row| row % 10).collect();
    let network = MlpClassifier::new([100]).epochs(1).batch_size(200).fit(&x, &y).expect("fit");
    let one = x.rows(0, 1).into_owned();
    c.bench_function("network 784-100-10, 1 row", |b| b.iter(|| network.predict_proba(black_box(&one))));
    c.bench_function("network 784-100-10, 10,000 rows", |b| b.iter(|| network.predict_proba(black_box(&x))));

    let x = normal::<f32>(10_000, 50, &mut rng);
    let y: Vec<bool> = x.column(0).iter().map(|v| *v > 0.0).collect();
    let logistic = LogisticRegression::new(Penalty::c(1.0)).fit(&x, &y).expect("fit");
    let one = x.rows(0, 1).into_owned();
    c.bench_function("logistic 50, 1 row", |b| b.iter(|| logistic.predict_proba(black_box(&one))));
    c.bench_function("logistic 50, 10,000 rows", |b| b.iter(|| logistic.predict_proba(black_box(&x))));
}

criterion_group!(benches, steps, loops, all_updates, fits, predictions);
fn main() {
    with_threads(1, benches);
    Criterion::default().configure_from_args().final_summary();
}
