//! Training steps of networks, with the shuffling and gathering of rows around them, and their predictions.

use std::hint::black_box;

use benches::normal;
use logit::nn::{
    BinaryCrossEntropy, ClassificationLoss, Examples, Sequential, SoftmaxCrossEntropy, Targets, TrainOptions,
    Trainer,
};
use logit::prelude::*;
use logit::{Activation, Adam, MlpClassifier, Real, Rng, Scratch};
use nalgebra::DMatrix;

use crate::{Work, work};

pub const WORK: [Work; 5] = [
    work("train 2-3-1, f32, batches of 15", [5, 25], "step", 20, tiny),
    work("train 784-100-10, f32, batches of 200", [1, 2], "step", 1, |n| digits(n, 200, 200)),
    work("train 784-100-10, f32, batches of 32", [1, 3], "step", 2, |n| digits(n, 64, 32)),
    work("predict 784-100-10, f32, 500 rows", [1, 2], "row", 500, many_rows),
    work("predict 784-100-10, f32, one row", [10, 60], "row", 1, one_row),
];

/// An amount is an epoch of as many steps as the unit says.
fn train<T: Real>(
    sizes: &[usize],
    rows: usize,
    batch: usize,
    epochs: usize,
    loss: impl Into<ClassificationLoss>,
) {
    let mut rng = Rng::new(1);
    let x = normal::<T>(rows, sizes[0], &mut rng);
    let classes: Vec<usize> = (0..rows).map(|_| rng.below(sizes[sizes.len() - 1].max(2))).collect();
    let network = Sequential::perceptron(sizes, Activation::Relu).expect("sizes");
    let trainer = Trainer::new(Adam::new(1e-3)).batch_size(batch).epochs(epochs);
    let examples = Examples::new(&x, Targets::Classes(&classes));
    black_box(trainer.fit(&network, loss.into(), examples, TrainOptions::default()).expect("a fit"));
}

fn tiny(epochs: usize) {
    train::<f32>(&[2, 3, 1], 300, 15, epochs, BinaryCrossEntropy);
}

fn digits(epochs: usize, rows: usize, batch: usize) {
    train::<f32>(&[784, 100, 10], rows, batch, epochs, SoftmaxCrossEntropy::new());
}

fn predict(rows: usize, mut call: impl FnMut(&logit::FittedMlp<f32, usize>, &DMatrix<f32>)) {
    let mut rng = Rng::new(2);
    let x = normal(rows.max(10), 784, &mut rng);
    let y: Vec<usize> = (0..10).collect();
    let few = x.rows(0, 10).into_owned();
    let network = MlpClassifier::new([100]).epochs(1).fit(&few, &y).expect("a fit");
    call(&network, &x);
}

fn many_rows(times: usize) {
    predict(500, |network, x| {
        for _ in 0..times {
            black_box(network.predict_proba(black_box(x)).expect("probabilities"));
        }
    });
}

fn one_row(times: usize) {
    predict(1, |network, x| {
        let row: Vec<f32> = x.row(0).iter().copied().collect();
        let (mut out, mut scratch) = ([0.0; 10], Scratch::new());
        for _ in 0..times {
            network.probabilities_row(black_box(&row), &mut out, &mut scratch).expect("probabilities");
            black_box(&out);
        }
    });
}
