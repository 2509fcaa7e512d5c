//! The differences between training and prediction, and the state carried from one to the other.

use logit::nn::{AnyLayer, BatchNorm, Dropout, Layer, LayerNorm, Mode, Residual, Shape, Tape};
use logit::{Activation, Error, Rng};
use nalgebra::{DMatrix, dmatrix};

use super::kit::{chain, dense, normal, parameters};
use super::obligations::statistics;

/// A network with batch normalisation inside and outside of a block.
fn network() -> logit::nn::Sequential<AnyLayer> {
    let block = chain(vec![BatchNorm::new(4).unwrap().into(), dense(4, 4, Activation::Tanh)]);
    chain(vec![
        dense(3, 4, Activation::Relu),
        Residual::new(block).unwrap().into(),
        BatchNorm::new(4).unwrap().into(),
        Dropout::new(4, 0.3).unwrap().into(),
        dense(4, 2, Activation::Identity),
    ])
}

#[test]
fn running_statistics_are_those_of_the_definition() {
    let (layer, momentum) = (BatchNorm::new(2).unwrap().momentum(0.3), 0.3);
    let mut rng = Rng::new(1);
    let mut running = [0.0, 0.0, 1.0, 1.0];
    let mut tapes = [5, 8, 1].map(|rows| layer.tape(rows));
    for (tape, rows) in tapes.iter_mut().zip([5usize, 8, 1]) {
        let x = normal(rows, 2, &mut rng).add_scalar(3.0);
        tape.load_statistics(&running);
        tape.set_mode(Mode::Train);
        layer.forward(&[1.0, 1.0, 0.0, 0.0], &x, tape);
        assert_eq!(statistics(tape), running, "a forward pass leaves them alone");
        layer.update_running_stats(tape);
        let mut wanted = running;
        // A single row has no variance, so nothing of it is absorbed.
        for column in 0..if rows > 1 { 2 } else { 0 } {
            let mean = x.column(column).mean();
            let squares: f64 = x.column(column).iter().map(|x| (x - mean).powi(2)).sum();
            wanted[column] = 0.7 * running[column] + momentum * mean;
            wanted[2 + column] = 0.7 * running[2 + column] + momentum * squares / (rows as f64 - 1.0);
        }
        let found = statistics(tape);
        for (found, wanted) in found.iter().zip(wanted) {
            approx::assert_relative_eq!(*found, wanted, max_relative = 1e-14);
        }
        running.copy_from_slice(&found);
    }
}

#[test]
fn momentum_reaches_from_keeping_to_replacing() {
    let x = dmatrix![1.0; 5.0];
    for (momentum, wanted) in [(0.0, [0.0, 1.0]), (1.0, [3.0, 8.0])] {
        let layer = BatchNorm::new(1).unwrap().momentum(momentum);
        let mut tape = layer.tape(2);
        tape.set_mode(Mode::Train);
        layer.forward(&[1.0, 0.0], &x, &mut tape);
        layer.update_running_stats(&mut tape);
        assert_eq!(statistics(&tape), wanted);
    }
}

#[test]
fn a_batch_of_one_row_is_normalised_as_in_prediction() {
    let layer = BatchNorm::new(3).unwrap();
    let params = [1.5, 0.5, -1.0, 0.1, 0.2, 0.3];
    let x = dmatrix![4.0, -2.0, 7.0];
    let run = |mode| {
        let mut tape: Tape<f64> = layer.tape(1);
        tape.load_statistics(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        tape.set_mode(mode);
        layer.forward(&params, &x, &mut tape);
        layer.update_running_stats(&mut tape);
        tape.output_gradient_mut().fill(1.0);
        let (mut grad, mut dx) = ([0.0; 6], x.clone());
        layer.backward(&params, &x, &mut tape, &mut grad, Some(&mut dx));
        (tape.output().clone(), grad, dx, statistics(&tape))
    };
    let trained = run(Mode::Train);
    assert_eq!(trained, run(Mode::Evaluate));
    approx::assert_relative_eq!(trained.0[0], 1.5 * 3.0 / (4.0f64 + 1e-5).sqrt() + 0.1, max_relative = 1e-15);
    assert_eq!(trained.3, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
}

#[test]
fn prediction_absorbs_nothing() {
    let (network, mut rng) = (network(), Rng::new(2));
    let mut tape = network.tape(6);
    network.forward(&parameters(&network, &mut rng), &normal(6, 3, &mut rng), &mut tape);
    network.update_running_stats(&mut tape);
    assert_eq!(statistics(&tape), [[0.0; 4], [1.0; 4], [0.0; 4], [1.0; 4]].concat());
}

#[test]
fn statistics_move_from_the_tape_of_training_to_that_of_prediction() {
    let (network, mut rng) = (network(), Rng::new(3));
    let params = parameters(&network, &mut rng);
    let mut training = network.tape(16);
    training.set_mode(Mode::Train);
    for _ in 0..5 {
        network.sample_masks(&mut training, &mut rng);
        network.forward(&params, &normal(16, 3, &mut rng), &mut training);
        network.update_running_stats(&mut training);
    }
    let learned = statistics(&training);
    assert!(learned.chunks(4).step_by(2).flatten().all(|mean| *mean != 0.0), "{learned:?}");
    assert!(learned.chunks(4).skip(1).step_by(2).flatten().all(|variance| *variance != 1.0), "{learned:?}");

    let x = normal(16, 3, &mut rng);
    training.set_mode(Mode::Evaluate);
    network.forward(&params, &x, &mut training);
    let mut predicting: Tape<f64> = network.tape(5);
    predicting.load_statistics(&learned);
    network.forward(&params, &x.rows(2, 5).into_owned(), &mut predicting);
    assert_eq!(statistics(&predicting), learned);
    let wanted = training.output().rows(2, 5).into_owned();
    approx::assert_relative_eq!(predicting.output(), &wanted, max_relative = 1e-13);
}

#[test]
fn masks_are_drawn_and_not_made_by_passes() {
    let (network, mut rng) = (network(), Rng::new(4));
    let (params, x) = (parameters(&network, &mut rng), normal(20, 3, &mut rng));
    let mut tape = network.tape(20);
    tape.set_mode(Mode::Train);
    let mut run = |draw: Option<u64>| {
        if let Some(seed) = draw {
            network.sample_masks(&mut tape, &mut Rng::new(seed));
        }
        network.forward(&params, &x, &mut tape);
        tape.output().clone()
    };
    let whole = run(None);
    let first = run(Some(1));
    assert_eq!(first, run(None), "the same mask, the same bits");
    assert_eq!(first, run(Some(1)), "the same seed, the same bits");
    assert_ne!(first, run(Some(2)));
    assert_ne!(first, whole);
}

#[test]
fn dropout_without_a_mask_and_dropout_inside_of_a_block() {
    let dropout = || AnyLayer::from(Dropout::new(3, 0.5).unwrap());
    let x = normal(50, 3, &mut Rng::new(9));
    let block = Residual::new(chain(vec![dropout()])).unwrap();
    let mut tape = block.tape(50);
    tape.set_mode(Mode::Train);
    block.forward(&[], &x, &mut tape);
    assert_eq!(tape.output(), &(&x * 2.0), "a mask that was never drawn keeps everything");
    block.sample_masks(&mut tape, &mut Rng::new(10));
    block.forward(&[], &x, &mut tape);
    let ratios: Vec<f64> = tape.output().iter().zip(&x).map(|(y, x)| y / x).collect();
    assert!(ratios.contains(&1.0) && ratios.contains(&3.0), "{ratios:?}");
}

#[test]
fn normalisation_starts_with_scale_one_and_shift_zero() {
    for layer in [AnyLayer::from(BatchNorm::new(2).unwrap()), LayerNorm::new(2).unwrap().into()] {
        let mut params = [f64::NAN; 4];
        layer.init(&mut params, &mut Rng::new(0));
        assert_eq!(params, [1.0, 1.0, 0.0, 0.0]);
    }
}

#[test]
fn dropout_keeps_the_mean_and_passes_gradients_where_it_passed_values() {
    let layer = Dropout::new(1, 0.8).unwrap();
    let x = DMatrix::from_element(50_000, 1, 2.0f64);
    let mut tape = layer.tape(x.nrows());
    tape.set_mode(Mode::Train);
    layer.sample_masks(&mut tape, &mut Rng::new(5));
    layer.forward(&[], &x, &mut tape);
    // Four standard deviations: 2 sqrt(p / (1 - p) / n).
    assert!((tape.output().mean() - 2.0f64).abs() < 4.0 * 2.0 * (4.0f64 / 50_000.0).sqrt());
    tape.output_gradient_mut().fill(3.0);
    let mut dx = x.clone();
    layer.backward(&[], &x, &mut tape, &mut [], Some(&mut dx));
    assert!(dx.iter().zip(tape.output()).all(|(dx, y)| dx / 3.0 == y / 2.0));
}

#[test]
fn a_given_mask_leaves_out_what_it_says() {
    let layer = Dropout::new(2, 0.75).unwrap();
    let mut tape = layer.tape(3);
    tape.set_mode(Mode::Train);
    layer.set_mask(&mut tape, |row, column| row == 2 * column);
    layer.forward(&[], &dmatrix![1.0, 2.0; 3.0, 4.0; 5.0, 6.0], &mut tape);
    assert_eq!(tape.output(), &dmatrix![4.0, 0.0; 0.0, 0.0; 0.0, 24.0]);
}

#[test]
fn a_block_that_computes_zero_is_the_identity_with_its_gradient() {
    let layer = Residual::new(dense(4, 4, Activation::Tanh)).unwrap();
    let mut rng = Rng::new(6);
    let (x, cotangent) = (normal(5, 4, &mut rng), normal(5, 4, &mut rng));
    let mut tape = layer.tape(5);
    layer.forward(&[0.0; 20], &x, &mut tape);
    assert_eq!(tape.output(), &x);
    tape.output_gradient_mut().copy_from(&cotangent);
    let (mut grad, mut dx) = ([f64::NAN; 20], x.clone());
    layer.backward(&[0.0; 20], &x, &mut tape, &mut grad, Some(&mut dx));
    assert_eq!(dx, cotangent);
}

#[test]
fn a_shortcut_needs_as_many_outputs_as_inputs() {
    let error = Residual::new(dense(4, 3, Activation::Relu)).unwrap_err();
    assert!(matches!(error, Error::ShapeMismatch { expected: 4, found: 3, .. }));
    assert_eq!(error.to_string(), "`layer` has 3 outputs, expected 4");
}

#[test]
fn networks_of_mixed_layers_can_be_compared_and_looked_into() {
    let network = network();
    assert_eq!(network, network.clone());
    let parts: Vec<String> = network.sublayers().iter().map(|part| part.describe()).collect();
    assert_eq!(parts, ["Dense, Relu", "Residual", "BatchNorm", "Dropout 0.3", "Dense"]);
    let inside: Vec<String> = network.sublayers()[1].sublayers().iter().map(|part| part.describe()).collect();
    assert_eq!(inside, ["BatchNorm", "Dense, Tanh"]);
    let mut other = network.layers().to_vec();
    other[3] = Dropout::new(4, 0.4).unwrap().into();
    assert_ne!(network, chain(other));
}
