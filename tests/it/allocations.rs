//! A training step does not touch the heap once its buffers exist.

use allocation_counter::measure;
use logit::nn::{
    BinaryCrossEntropy, Examples, Layer, Loss, MeanSquaredError, Normalization, Sequential, Shape,
    SoftmaxCrossEntropy, Targets, TrainOptions, Trainer,
};
use logit::optim::{
    AdaBelief, Adadelta, Adagrad, AdamW, Adamax, Clip, Decay, Lamb, Lion, NAdam, Optimizer, RAdam, RmsProp,
    Rprop, Step, UpdateRule, Yogi,
};
use logit::prelude::*;
use logit::{Activation, Adam, MlpClassifier, Real, Rng, Schedule, Sgd};
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
