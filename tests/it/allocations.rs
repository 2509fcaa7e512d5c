//! A training step does not touch the heap once its buffers exist.

use allocation_counter::measure;
use logit::data::{Blobs, Classification, GaussianQuantiles, Moons, MultiLabel};
use logit::linear::{LogisticPath, RowOptions};
use logit::metrics::{Bootstrap, ConfusionMatrix};
use logit::nn::{
    BinaryCrossEntropy, Examples, Layer, Loss, MeanSquaredError, Normalization, Sequential, Shape,
    SoftmaxCrossEntropy, Targets, TrainOptions, Trainer,
};
use logit::optim::{
    AdaBelief, Adadelta, Adagrad, AdamW, Adamax, Clip, Decay, Lamb, LevenbergMarquardt, Lion, NAdam,
    Optimizer, RAdam, RmsProp, Rprop, Step, UpdateRule, Yogi,
};
use logit::prelude::*;
use logit::preprocess::{ColumnTransformer, LabelEncoder, Moments, PolynomialFeatures, TargetEncoder};
use logit::select::{
    Split, Splitter, group_k_fold, k_fold, shuffled_k_fold, stratified_k_fold, time_ordered_splits,
};
use logit::{
    Activation, Adam, Error, LabelSets, LogisticRegression, MlpClassifier, OneHotEncoder, Pca, Penalty, Real,
    Rng, Schedule, Sgd, Solver, train_test_split,
};
use nalgebra::DMatrix;

/// Allocations of five steps by hand, after one that fills the buffers.
fn allocations_of_steps<T: Real>(
    sizes: &[usize],
    activation: Activation,
    loss: &dyn Loss<T>,
    optimizer: &dyn Optimizer<T>,
    rows: usize,
) -> u64 {
    let network = Sequential::perceptron(sizes, activation).unwrap();
    let mut rng = Rng::new(1);
    let mut params = vec![T::zero(); network.parameter_count()];
    network.init(&mut params, &mut rng);
    let (mut grad, mut state) = (params.clone(), optimizer.state(params.len()));
    let mut tape = network.tape(rows);
    let decayed = network.penalized();
    let x = DMatrix::from_fn(rows, sizes[0], |_, _| T::of(rng.standard_normal()));
    let mut dx = x.clone();
    let classes: Vec<usize> = (0..rows).map(|row| row % 2).collect();
    let weights = vec![T::of(0.5); rows];
    let mut step = |number| {
        network.forward(&params, &x, &mut tape);
        let (scores, out) = tape.split();
        loss.mean_and_gradient(scores, Targets::Classes(&classes), Some(&weights), out).unwrap();
        network.backward(&params, &x, &mut tape, &mut grad, Some(&mut dx));
        optimizer.step(Step::new(number, 0.01).decayed(&decayed), &mut params, &grad, &mut state);
    };
    step(1);
    measure(|| (2..7).for_each(step)).count_total
}

#[test]
fn training_steps_do_not_allocate() {
    let sgd = Sgd::new(0.01).momentum(0.9).nesterov(true).weight_decay(0.1);
    let adam = Adam::new(0.01).weight_decay(Decay::Decoupled(0.1));
    for rows in [15, 32, 200] {
        let ce = &SoftmaxCrossEntropy::new();
        assert_eq!(allocations_of_steps::<f32>(&[784, 100, 10], Activation::Relu, ce, &adam, rows), 0);
        assert_eq!(allocations_of_steps::<f64>(&[64, 40, 20, 10], Activation::Tanh, ce, &sgd, rows), 0);
        assert_eq!(
            allocations_of_steps::<f64>(&[2, 3, 1], Activation::Sigmoid, &BinaryCrossEntropy, &adam, rows),
            0
        );
        assert_eq!(
            allocations_of_steps::<f64>(&[2, 3, 1], Activation::Relu, &MeanSquaredError, &sgd, rows),
            0
        );
    }
}

/// The counter itself works, or the test above would prove nothing.
#[test]
fn the_counter_sees_allocations() {
    assert!(measure(|| drop(std::hint::black_box(vec![0u8; 100]))).count_total >= 1);
}

/// Counts the allocations of the whole loop, for every rule, with validation rows, several batches per step
/// and soft targets.
#[test]
fn no_rule_allocates_in_more_steps() {
    let mut rng = Rng::new(4);
    let x = DMatrix::from_fn(90, 5, |_, _| rng.standard_normal());
    let values = DMatrix::from_element(90, 3, 1.0 / 3.0);
    let weights: Vec<f64> = (0..90).map(|row| f64::from(row % 3)).collect();
    let rows = Examples::new(&x, Targets::Values(&values)).weights(&weights);
    let network = Sequential::perceptron(&[5, 6, 3], Activation::Gelu).unwrap();
    let rules: [UpdateRule; 15] = [
        Sgd::new(0.01).momentum(0.9).into(),
        Adam::new(0.01).amsgrad(true).into(),
        AdamW::new(0.01).into(),
        NAdam::new(0.01).into(),
        RAdam::new(0.01).into(),
        RmsProp::new(0.01).centered(true).momentum(0.5).into(),
        Adagrad::new(0.01).into(),
        Adadelta::new(0.01).into(),
        Adamax::new(0.01).into(),
        Lion::new(0.01).into(),
        Rprop::new(0.01).into(),
        Yogi::new(0.01).into(),
        AdaBelief::new(0.01).into(),
        Lamb::new(0.01).into(),
        Sgd::new(0.01).into(),
    ];
    for rule in rules {
        let count = |batch_size| {
            let schedule = Schedule::linear_warmup(0.1, 5).times(Schedule::exponential(0.9).per_epoch());
            let trainer =
                Trainer::new(rule).epochs(3).batch_size(batch_size).accumulate(2).schedule(schedule);
            let trainer = trainer.clip(Clip::value(0.1)).l2(0.1);
            let options = TrainOptions::default().validation(rows);
            let fit = || trainer.fit(&network, SoftmaxCrossEntropy::new(), rows, options).unwrap();
            measure(|| drop(fit())).count_total
        };
        assert_eq!(count(30), count(10), "{rule:?}");
    }
}

/// An epoch allocates its line of the history; steps allocate nothing.
#[test]
fn more_steps_do_not_allocate_more() {
    let mut rng = Rng::new(2);
    let x = DMatrix::from_fn(70, 5, |_, _| rng.standard_normal());
    let y: Vec<usize> = (0..70).map(|row| row % 3).collect();
    let count = |epochs, batch_size| {
        let model = MlpClassifier::new([8]).epochs(epochs).batch_size(batch_size);
        let model = model.dropout(0.1).normalization(Normalization::Batch).clip(Clip::norm(1.0));
        measure(|| drop(model.fit(&x, &y).unwrap())).count_total
    };
    assert_eq!(count(3, 35), count(3, 7));
    let grown = count(64, 7) - count(2, 7);
    assert!((62..=62 + 12).contains(&grown), "{grown} for 62 epochs");
}

/// The same for steps that several threads share. Each call on several threads allocates its tasks, so this counts on
/// one thread.
#[test]
fn more_large_steps_do_not_allocate_more() {
    let mut rng = Rng::new(5);
    let x = DMatrix::from_fn(512, 100, |_, _| rng.standard_normal() as f32);
    let y: Vec<usize> = (0..512).map(|row| row % 3).collect();
    let count = |epochs| {
        let model = MlpClassifier::new([90]).epochs(epochs).batch_size(128).threads(1);
        measure(|| drop(model.fit(&x, &y).unwrap())).count_total
    };
    // The first fit in a process may start the threads of the pool.
    count(1);
    let grown = count(14) - count(2);
    assert!((12..=12 + 8).contains(&grown), "{grown} for 12 epochs of four steps");
}

#[test]
fn prediction_allocates_its_result_and_a_block_of_rows() {
    let mut rng = Rng::new(3);
    let x = DMatrix::from_fn(4000, 20, |_, _| rng.standard_normal());
    let y: Vec<bool> = x.column(0).iter().map(|v| *v > 0.0).collect();
    let model = MlpClassifier::new([50]).epochs(1).fit(&x, &y).unwrap();
    let bytes = measure(|| drop(model.predict_proba(&x).unwrap())).bytes_max;
    let result = (4000 * (2 + 1) * 8) as u64;
    assert!(bytes < result + 1_000_000, "{bytes} bytes for a result of {result}");
}

/// The memory that a call may take at once, as a multiple of its arguments and its result.
const MULTIPLE: u64 = 4;

/// Checks that `call` takes at most [`MULTIPLE`] times `bytes` at once, the size of its arguments and its
/// result, and 64 KiB for what does not depend on them.
fn frugal<A>(what: &str, bytes: usize, call: impl FnOnce() -> A) {
    let most = MULTIPLE * bytes as u64 + (1 << 16);
    let found = measure(|| drop(std::hint::black_box(call()))).bytes_max;
    assert!(found <= most, "{what}: {found} bytes, at most {most}");
}

#[test]
fn transformations_take_a_multiple_of_their_rows() {
    let mut rng = Rng::new(3);
    let codes = DMatrix::from_fn(2000, 3, |_, column| rng.below(20 + 100 * column) as f64);
    let numbers = DMatrix::from_fn(2000, 12, |_, _| rng.standard_normal());
    let y: Vec<usize> = (0..2000).map(|row| row % 50).collect();
    let size = |rows: usize, columns: usize| 8 * rows * columns;
    let one_hot = OneHotEncoder::new().fit(&codes).expect("a fit");
    let outputs = one_hot.outputs();
    frugal("one-hot fit", size(2000, 3), || OneHotEncoder::new().fit(&codes));
    frugal("one-hot", size(2000, 3 + outputs), || one_hot.transform(&codes));
    frugal("one-hot back", size(2000, 3 + outputs), || {
        one_hot.inverse_transform(&one_hot.transform(&codes).expect("rows"))
    });
    let polynomial = PolynomialFeatures::new(3).fit(&numbers).expect("a fit");
    let outputs = polynomial.outputs();
    frugal("polynomial fit", size(2000, 12), || PolynomialFeatures::new(3).fit(&numbers));
    frugal("polynomial", size(2000, 12 + outputs), || polynomial.transform(&numbers));
    frugal("powers", size(outputs, 12), || polynomial.powers());
    let labels = LabelEncoder::new(&y).expect("labels");
    frugal("one-hot labels", size(2000, 51), || labels.one_hot::<f64>(&y));
    let targets = TargetEncoder::new().fit_supervised(&codes, &y).expect("a fit");
    frugal("target fit", size(2000, 4) + size(targets.outputs(), 240), || {
        TargetEncoder::new().fit_supervised(&codes, &y)
    });
    frugal("target", size(2000, 3 + targets.outputs()), || targets.transform(&codes));
    let blocks = ColumnTransformer::new().block([0, 1, 2], OneHotEncoder::new());
    let blocks = blocks.fit(&codes).expect("a fit");
    frugal("blocks", size(2000, 3 + blocks.outputs()), || blocks.transform(&codes));
    let pca = Pca::new(4).fit(&numbers).expect("a fit");
    frugal("pca fit", size(2000, 12), || Pca::new(4).fit(&numbers));
    frugal("pca", size(2000, 16), || pca.transform(&numbers));
    let wide = numbers.transpose();
    frugal("wide pca fit", size(2000, 12), || Pca::new(4).fit(&wide));
}

#[test]
fn splits_and_counts_take_a_multiple_of_their_result() {
    let y: Vec<usize> = (0..600).map(|row| row % 3).collect();
    let size = |splits: &[Split]| {
        let rows = splits.iter().map(|split| 8 * (split.train.len() + split.test.len()) + 48);
        rows.sum::<usize>() + 8 * y.len()
    };
    for k in [2, 10, 200, 600] {
        let of = |what: &str, splits: &dyn Fn() -> Result<Vec<Split>, Error>| {
            frugal(&format!("{k} {what}"), size(&splits().expect("splits")), splits);
        };
        of("plain", &|| k_fold(600, k));
        of("shuffled", &|| shuffled_k_fold(600, k, 1));
        of("stratified", &|| stratified_k_fold(&y, k, 1));
        of("groups", &|| group_k_fold(&(0..600).collect::<Vec<_>>(), k, 1));
        of("in time", &|| time_ordered_splits(600, k.min(599), 0));
        of("repeated", &|| Splitter::Repeated { k, times: 3, seed: 1 }.splits(&y));
        of("given", &|| Splitter::Given(k_fold(600, k)?).splits(&y));
    }
    frugal("two parts", 16 * 600, || train_test_split(&y, 0.3, 1));
    let many: Vec<usize> = (0..600).collect();
    frugal("counts", 8 * 600 * 602, || ConfusionMatrix::new(&many, &many));
}

#[test]
fn generators_take_a_multiple_of_their_rows() {
    let size = |columns: usize| 8 * 3000 * columns;
    frugal("blobs", size(9), || Blobs::new(3000, 3).features(8).generate());
    frugal("moons", size(3), || Moons::new(3000).generate());
    frugal("quantiles", size(9), || GaussianQuantiles::new(3000, 3).features(8).generate());
    frugal("classification", size(21), || Classification::new(3000, 3).features(20).generate());
    frugal("multi-label", size(25), || MultiLabel::new(3000, 5).features(20).generate());
}

/// Sizes beyond the memory of any machine are errors that say how much was asked for.
#[test]
fn what_no_machine_holds_is_an_error() {
    let asked = |what: &str, result: Result<(), Error>| {
        let Err(error) = result else { panic!("{what}: no error") };
        let Error::OutOfMemory { bytes, .. } = error else { panic!("{what}: {error}") };
        assert!(bytes > 1 << 40, "{what}: {bytes}");
    };
    let huge = 1 << 42;
    asked("plain folds", k_fold(usize::MAX, 2).map(drop));
    asked("shuffled folds", shuffled_k_fold(huge, 2, 0).map(drop));
    asked("folds in time", time_ordered_splits(huge, 3, 1).map(drop));
    let y: Vec<usize> = (0..100).map(|row| row % 2).collect();
    asked("repeated folds", Splitter::Repeated { k: 2, times: usize::MAX, seed: 0 }.splits(&y).map(drop));
    asked("blobs", Blobs::new(huge, 2).generate().map(drop));
    asked("quantiles", GaussianQuantiles::new(1 << 24, 2).features(1 << 24).generate().map(drop));
    let x = DMatrix::<f64>::zeros(1 << 16, 24);
    let polynomial = PolynomialFeatures::new(8).fit(x.rows(0, 1)).expect("ten million columns");
    assert!(polynomial.outputs() > 10_000_000);
    asked("products", polynomial.transform(&x).map(drop));
    let labels: Vec<u32> = (0..1 << 22).collect();
    asked("one-hot labels", LabelEncoder::new(&labels).expect("labels").one_hot::<f64>(&labels).map(drop));
    asked("counts", ConfusionMatrix::new(&labels, &labels).map(drop));
    let sets: Vec<[u32; 1]> = labels.iter().map(|&label| [label]).collect();
    asked("label sets", LabelSets::new(&sets).map(drop));
    asked("moments", Moments::new(huge).map(drop));
    asked("resamples", Bootstrap::new().resamples(usize::MAX).interval_of(3, None, |_| Ok(0.0)).map(drop));
    let narrow = DMatrix::from_fn(100, 1, |row, _| (row * 7 % 10) as f64);
    asked("penalties", LogisticPath::l1().count(usize::MAX).fit(&narrow, &y).map(drop));
}

/// As many parameters as a network or many columns have are too many for their second derivative.
#[test]
fn second_derivatives_beyond_the_memory_are_an_error() {
    let (x, y) = (DMatrix::from_fn(2, 400_000, |row, column| ((row + 2) * column % 7) as f64), [false, true]);
    let refused = |what: &str, result: Result<(), Error>| {
        let Err(Error::OutOfMemory { rows, .. }) = result else { panic!("{what}: {result:?}") };
        assert!(rows >= 400_000, "{what}: {rows}");
    };
    let ridge = LogisticRegression::new(Penalty::l2(1.0)).solver(Solver::Lbfgs).max_iterations(2);
    let newton = ridge.clone().solver(Solver::Newton);
    refused("Newton's method", newton.fit(&x, &y).map(drop));
    let model = ridge.fit(&x, &y).expect("a fit without a matrix");
    refused("inference", model.inference(&x, &y).map(drop));
    refused("influence", model.influence(&x, &y).map(drop));
    refused("profiles", model.profile_intervals(&x, &y, RowOptions::new(), 0.9).map(drop));
    let network = MlpClassifier::new([1]).optimizer(LevenbergMarquardt::new());
    refused("Levenberg-Marquardt", network.fit(&x, &y).map(drop));
}
