//! Layers of every kind, alone and in random chains, with prepared tapes.

use logit::nn::{
    Activate, AnyLayer, BatchNorm, Dense, Dropout, Layer, LayerNorm, LogSoftmax, Mode, PRelu, Residual,
    Sequential, Shape, Softmax, Tape,
};
use logit::{Activation, Real, Rng};
use nalgebra::DMatrix;

pub(crate) const MODES: [Mode; 2] = [Mode::Evaluate, Mode::Train];

pub(crate) fn normal(rows: usize, columns: usize, rng: &mut Rng) -> DMatrix<f64> {
    DMatrix::from_fn(rows, columns, |_, _| rng.standard_normal())
}

pub(crate) fn chain(layers: Vec<AnyLayer>) -> Sequential<AnyLayer> {
    Sequential::new(layers).expect("fitting sizes")
}

pub(crate) fn dense(inputs: usize, outputs: usize, activation: Activation) -> AnyLayer {
    Dense::new(inputs, outputs).expect("valid sizes").activation(activation).into()
}

/// Each kind of layer on `width` columns, with and without scale and shift.
pub(crate) fn every_kind(width: usize, epsilon: f64) -> Vec<AnyLayer> {
    let batch = BatchNorm::new(width).expect("a width").epsilon(epsilon);
    let layer = LayerNorm::new(width).expect("a width").epsilon(epsilon);
    let inside = chain(vec![dense(width, 3, Activation::Tanh), dense(3, width, Activation::Identity)]);
    vec![
        dense(width, width, Activation::Tanh),
        Dropout::new(width, 0.4).expect("valid settings").into(),
        batch.into(),
        batch.affine(false).into(),
        layer.into(),
        layer.affine(false).into(),
        Activate::new(width, Activation::Silu).expect("valid settings").into(),
        PRelu::new(width).expect("valid settings").into(),
        PRelu::new(width).expect("valid settings").shared(true).into(),
        Softmax::new(width).expect("valid settings").into(),
        LogSoftmax::new(width).expect("valid settings").into(),
        inside.clone().into(),
        Residual::new(inside).expect("as many outputs as inputs").into(),
    ]
}

/// Smooth ones, and ones with corners.
const ACTIVATIONS: [Activation; 12] = [
    Activation::Identity,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::Gelu,
    Activation::GeluTanh,
    Activation::Silu,
    Activation::Softplus,
    Activation::LogSigmoid,
    Activation::Relu,
    Activation::LeakyRelu(0.1),
    Activation::HardTanh,
    Activation::HardSwish,
];

/// One to four layers of random kinds on `inputs` columns, with chains inside down to `depth`.
pub(crate) fn random_chain(inputs: usize, depth: usize, rng: &mut Rng) -> Sequential<AnyLayer> {
    let mut layers: Vec<AnyLayer> = Vec::new();
    for _ in 0..1 + rng.below(4) {
        let width = layers.last().map_or(inputs, Shape::outputs);
        let activation = ACTIVATIONS[rng.below(ACTIVATIONS.len())];
        // Small numbers of columns and rows: a larger epsilon keeps the curvature moderate.
        let epsilon = rng.uniform(0.1, 1.0);
        layers.push(match rng.below(if depth == 0 { 8 } else { 10 }) {
            0 => dense(width, 1 + rng.below(5), activation),
            1 => Dropout::new(width, rng.uniform(0.0, 0.7)).expect("valid settings").into(),
            2 => BatchNorm::new(width).expect("a width").epsilon(epsilon).into(),
            3 => LayerNorm::new(width).expect("a width").epsilon(epsilon).into(),
            4 => Activate::new(width, activation).expect("valid settings").into(),
            5 => LogSoftmax::new(width).expect("valid settings").into(),
            6 => Softmax::new(width).expect("valid settings").into(),
            7 => PRelu::new(width).expect("valid settings").into(),
            8 => random_chain(width, depth - 1, rng).into(),
            _ => {
                let mut inside = vec![random_chain(width, depth - 1, rng).into()];
                let outputs = AnyLayer::outputs(&inside[0]);
                inside.push(dense(outputs, width, activation));
                Residual::new(chain(inside)).expect("as many outputs as inputs").into()
            }
        });
    }
    chain(layers)
}

/// Parameters around those that training starts with.
pub(crate) fn parameters(layer: &impl Layer<f64>, rng: &mut Rng) -> Vec<f64> {
    let mut params = vec![f64::NAN; layer.parameter_count()];
    layer.init(&mut params, rng);
    params.iter().map(|p| p + rng.uniform(-0.4, 0.4)).collect()
}

/// A tape with masks drawn and other running statistics than the initial ones.
pub(crate) fn prepared<T: Real>(layer: &impl Layer<T>, rows: usize, mode: Mode, rng: &mut Rng) -> Tape<T> {
    let mut tape = layer.tape(rows);
    tape.set_mode(mode);
    layer.sample_masks(&mut tape, rng);
    let statistics: Vec<T> = (0..tape.statistic_count()).map(|_| T::of(rng.uniform(0.3, 2.0))).collect();
    tape.load_statistics(&statistics);
    tape
}
