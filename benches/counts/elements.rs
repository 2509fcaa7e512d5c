//! Loops over entries that are meant to be vectorised: losses, activations, updates. The count for an entry
//! rises several times over if a loop becomes scalar.

use std::hint::black_box;

use benches::normal;
use logit::nn::{Activate, BinaryCrossEntropy, Layer, Loss, MeanSquaredError, SoftmaxCrossEntropy, Targets};
use logit::optim::{Optimizer, Step};
use logit::{Activation, Adam, Real, Rng, Sgd};
use nalgebra::DMatrix;

use crate::{Work, work};

/// The entries of a vector that stays in the cache.
const LENGTH: usize = 8_192;

const CLASSES: usize = 8;

pub const WORK: [Work; 12] = [
    work("binary cross-entropy, f32", [2, 12], "entry", LENGTH, |n| loss::<f32>(n, &BinaryCrossEntropy, 1)),
    work("binary cross-entropy, f64", [2, 12], "entry", LENGTH, |n| loss::<f64>(n, &BinaryCrossEntropy, 1)),
    work("softmax cross-entropy, 8 classes, f32", [2, 12], "entry", LENGTH, |n| {
        loss::<f32>(n, &SoftmaxCrossEntropy::new(), CLASSES);
    }),
    work("softmax cross-entropy, 8 classes, f64", [2, 12], "entry", LENGTH, |n| {
        loss::<f64>(n, &SoftmaxCrossEntropy::new(), CLASSES);
    }),
    work("mean squared error, f32", [2, 12], "entry", LENGTH, squares),
    work("ReLU, forward and back, f32", [2, 12], "entry", LENGTH, |n| activation::<f32>(n, Activation::Relu)),
    work("sigmoid, forward and back, f32", [2, 12], "entry", LENGTH, |n| {
        activation::<f32>(n, Activation::Sigmoid);
    }),
    work("tanh, forward and back, f32", [2, 12], "entry", LENGTH, |n| {
        activation::<f32>(n, Activation::Tanh);
    }),
    work("GELU, forward and back, f32", [2, 12], "entry", LENGTH, |n| {
        activation::<f32>(n, Activation::Gelu);
    }),
    work("Adam, f32", [2, 12], "entry", LENGTH, |n| update::<f32>(n, &Adam::new(1e-3))),
    work("Adam, f64", [2, 12], "entry", LENGTH, |n| update::<f64>(n, &Adam::new(1e-3))),
    work("momentum, f32", [2, 12], "entry", LENGTH, |n| update::<f32>(n, &Sgd::new(1e-3).momentum(0.9))),
];

fn loss<T: Real>(times: usize, loss: &dyn Loss<T>, columns: usize) {
    let mut rng = Rng::new(1);
    let scores = normal::<T>(LENGTH / columns, columns, &mut rng);
    let classes: Vec<usize> = (0..scores.nrows()).map(|_| rng.below(columns.max(2))).collect();
    let mut gradient = scores.clone();
    for _ in 0..times {
        let targets = Targets::Classes(&classes);
        black_box(loss.mean_and_gradient(black_box(&scores), targets, None, &mut gradient).expect("a loss"));
    }
}

fn squares(times: usize) {
    let mut rng = Rng::new(1);
    let (scores, values) = (normal::<f32>(LENGTH, 1, &mut rng), normal::<f32>(LENGTH, 1, &mut rng));
    let mut gradient = scores.clone();
    for _ in 0..times {
        let targets = Targets::Values(&values);
        let value = MeanSquaredError.mean_and_gradient(black_box(&scores), targets, None, &mut gradient);
        black_box(value.expect("a loss"));
    }
}

fn activation<T: Real>(times: usize, activation: Activation) {
    let layer = Activate::new(32, activation).expect("a layer");
    let x: DMatrix<T> = normal(LENGTH / 32, 32, &mut Rng::new(1));
    let (mut dx, mut tape) = (x.clone(), layer.tape(x.nrows()));
    for _ in 0..times {
        layer.forward(&[], black_box(&x), &mut tape);
        let (_, gradient) = tape.split();
        gradient.fill(T::one());
        layer.backward(&[], &x, &mut tape, &mut [], Some(&mut dx));
        black_box(&dx);
    }
}

fn update<T: Real>(times: usize, rule: &dyn Optimizer<T>) {
    let mut rng = Rng::new(1);
    let (mut params, grad) = (normal::<T>(LENGTH, 1, &mut rng), normal::<T>(LENGTH, 1, &mut rng));
    let mut state = rule.state(LENGTH);
    for number in 1..=times {
        rule.step(
            Step::new(number as u64, 1e-3),
            params.as_mut_slice(),
            black_box(grad.as_slice()),
            &mut state,
        );
    }
    black_box(params);
}
