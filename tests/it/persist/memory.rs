//! No memory is kept after a value was loaded, fitted or used and dropped.

use allocation_counter::measure;
use logit::nalgebra::DMatrix;
use logit::nn::{Dense, Examples, Sequential, SoftmaxCrossEntropy, Targets, TrainOptions, Trainer};
use logit::prelude::*;
use logit::{Adam, LogisticRegression, MlpClassifier, Penalty, Pipeline, StandardScaler};

use super::kit::{everything, rows};

/// The memory left after an action, and whether repeating the action takes more.
#[track_caller]
fn leaves_nothing(name: &str, times: usize, what: impl Fn()) {
    what();
    let once = measure(&what);
    let often = measure(|| (0..times).for_each(|_| what()));
    assert_eq!((often.bytes_current, often.count_current), (0, 0), "{name}");
    assert_eq!(often.bytes_max, once.bytes_max, "{name}");
}

#[test]
fn loading_again_and_again_leaves_nothing_behind() {
    for (name, subject) in everything() {
        let bytes = subject.to_bytes().expect(&name);
        leaves_nothing(&name, 20, || drop(subject.read(&bytes)));
        leaves_nothing(&name, 20, || drop(subject.read(&bytes[..bytes.len() - 1])));
        leaves_nothing(&name, 20, || drop(subject.to_bytes()));
        leaves_nothing(&name, 5, || drop(subject.predict(60)));
    }
}

#[test]
fn a_thousand_fits_loads_and_many_predictions_leave_nothing_behind() {
    let (x, y) = rows::<f64>();
    let logistic = Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)));
    leaves_nothing("fits", 1000, || drop(logistic.fit(&x, &y)));
    let network = MlpClassifier::new([3]).epochs(2);
    leaves_nothing("networks", 1000, || drop(network.fit(&x, &y)));
    let model = logistic.fit(&x, &y).expect("a fit");
    let bytes = model.to_bytes().expect("bytes");
    leaves_nothing("loads", 1000, || drop(reload(&model, &bytes)));
    let row = x.rows(0, 1).into_owned();
    leaves_nothing("predictions", 100_000, || drop(model.predict_proba(&row)));
}

fn reload<M: Persist>(_like: &M, bytes: &[u8]) -> M {
    M::from_bytes(bytes).expect("a model")
}

#[test]
fn predicting_takes_memory_for_the_result_and_a_block_of_rows() {
    let (x, y) = rows::<f64>();
    let wide = |rows: usize, columns: usize| {
        DMatrix::from_fn(rows, columns, |row, column| x[(row % 60, column % 4)])
    };
    let (rows, columns) = (20_000, 40);
    let model = LogisticRegression::new(Penalty::c(1.0)).fit(&wide(60, columns), &y).expect("a fit");
    let many = wide(rows, columns);
    let taken = measure(|| drop(model.predict_proba(&many))).bytes_max as usize;
    // Scores and probabilities; `x` itself has 13 times as much.
    let result = 2 * rows * 3 * 8;
    assert!(taken <= result + (1 << 20), "{taken} bytes for results of {result}");
}

#[test]
fn a_run_that_is_dropped_in_an_epoch_leaves_nothing_behind() {
    let (x, y) = rows::<f64>();
    let network = Sequential::new(vec![Dense::new(4, 3).expect("a layer")]).expect("a network");
    let trainer = Trainer::new(Adam::new(0.1)).epochs(3).batch_size(10);
    leaves_nothing("a run", 20, || {
        let (examples, options) = (Examples::new(&x, Targets::Classes(&y)), TrainOptions::default());
        let mut run = trainer.start(&network, SoftmaxCrossEntropy::new(), examples, options).expect("a run");
        for _ in 0..8 {
            run.step().expect("a step");
        }
        drop(run.checkpoint());
    });
}
