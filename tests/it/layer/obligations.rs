//! Requirements of every layer other than right gradients.

use allocation_counter::measure;
use logit::nn::{AnyLayer, Layer, Mode, Shape, Tape};
use logit::{Real, Rng};
use nalgebra::DMatrix;
use proptest::prelude::*;

use super::kit::{MODES, every_kind, normal, parameters, prepared, random_chain};

/// Gradients with respect to parameters and input.
fn backward<T: Real>(
    layer: &impl Layer<T>,
    params: &[T],
    x: &DMatrix<T>,
    tape: &mut Tape<T>,
    cotangent: &DMatrix<T>,
) -> (Vec<T>, DMatrix<T>) {
    tape.output_gradient_mut().copy_from(cotangent);
    let (mut grad, mut dx) = (vec![T::of(f64::NAN); params.len()], x.map(|_| T::of(f64::NAN)));
    layer.backward(params, x, tape, &mut grad, Some(&mut dx));
    (grad, dx)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn twice_the_output_gradient_gives_exactly_twice_the_gradients(rows in 1usize..40, width in 1usize..9, seed: u64) {
        let mut rng = Rng::new(seed);
        let mut layers = every_kind(width, 1e-5);
        layers.push(random_chain(width, 2, &mut rng).into());
        for layer in layers {
            for mode in MODES {
                let (params, x) = (parameters(&layer, &mut rng), normal(rows, width, &mut rng));
                let mut tape = prepared(&layer, rows, mode, &mut rng);
                layer.forward(&params, &x, &mut tape);
                let cotangent = normal(rows, layer.outputs(), &mut rng);
                let (once, dx) = backward(&layer, &params, &x, &mut tape, &cotangent);
                let (twice, dx_twice) = backward(&layer, &params, &x, &mut tape, &(cotangent * 2.0));
                prop_assert!(once.iter().zip(&twice).all(|(a, b)| 2.0 * a == *b), "{}, {mode:?}", layer.describe());
                prop_assert_eq!(dx * 2.0, dx_twice);
            }
        }
    }

    #[test]
    fn single_precision_is_close_to_double(rows in 2usize..40, width in 2usize..9, seed: u64) {
        let mut rng = Rng::new(seed);
        for layer in every_kind(width, 0.1) {
            for mode in MODES {
                let (params, x) = (parameters(&layer, &mut rng), normal(rows, width, &mut rng));
                let cotangent = normal(rows, layer.outputs(), &mut rng);
                let mut tape = prepared(&layer, rows, mode, &mut Rng::new(seed));
                layer.forward(&params, &x, &mut tape);
                let (grad, dx) = backward(&layer, &params, &x, &mut tape, &cotangent);

                let single: Vec<f32> = params.iter().map(|p| *p as f32).collect();
                let [x_single, cotangent] = [&x, &cotangent].map(|m| m.map(|v| v as f32));
                let mut tape_single = prepared::<f32>(&layer, rows, mode, &mut Rng::new(seed));
                layer.forward(&single, &x_single, &mut tape_single);
                let (grad_single, dx_single) = backward(&layer, &single, &x_single, &mut tape_single, &cotangent);

                let found = tape_single.output().iter().chain(&grad_single).chain(&dx_single);
                let wanted = tape.output().iter().chain(&grad).chain(&dx);
                for (found, wanted) in found.zip(wanted) {
                    let difference = (f64::from(*found) - wanted).abs();
                    prop_assert!(difference <= 1e-4 * wanted.abs().max(1.0), "{}: {found}, {wanted}", layer.describe());
                }
            }
        }
    }
}

/// The passes on samples in columns are those on rows, up to the order of sums.
#[test]
fn rows_may_come_as_columns() {
    let mut rng = Rng::new(8);
    for width in [3, 70] {
        let mut layers = every_kind(width, 1e-5);
        layers.push(random_chain(width, 2, &mut rng).into());
        for layer in layers {
            let (params, x) = (parameters(&layer, &mut rng), normal(21, width, &mut rng));
            let cotangent = normal(21, layer.outputs(), &mut rng);
            let mut tape = prepared(&layer, 21, Mode::Evaluate, &mut rng);
            layer.forward(&params, &x, &mut tape);
            let (grad, _) = backward(&layer, &params, &x, &mut tape, &cotangent);
            let output = tape.output().clone();

            let (samples, mut from_samples) = (x.transpose(), vec![f64::NAN; params.len()]);
            tape.output_mut().fill(f64::NAN);
            layer.forward_samples(&params, &samples, &mut tape);
            assert!((tape.output() - &output).amax() <= 1e-12 * output.amax(), "{}", layer.describe());
            tape.output_gradient_mut().copy_from(&cotangent);
            layer.backward_samples(&params, &samples, &mut tape, &mut from_samples);
            for (found, wanted) in from_samples.iter().zip(&grad) {
                assert!((found - wanted).abs() <= 1e-10 * wanted.abs().max(1.0), "{}", layer.describe());
            }
        }
    }
}

#[test]
fn nan_comes_out_where_it_went_in() {
    let mut rng = Rng::new(4);
    for layer in every_kind(5, 1e-5) {
        for mode in MODES {
            for place in [(0, 0), (3, 2), (6, 4)] {
                let (params, mut x) = (parameters(&layer, &mut rng), normal(7, 5, &mut rng));
                let mut tape = prepared(&layer, 7, mode, &mut rng);
                x[place] = f64::NAN;
                layer.forward(&params, &x, &mut tape);
                let name = layer.describe();
                assert!(tape.output()[place].is_nan(), "{name}, {mode:?}, {place:?}");
                x[place] = 0.0;
                layer.forward(&params, &x, &mut tape);
                let mut cotangent = normal(7, 5, &mut rng);
                cotangent[place] = f64::NAN;
                let dx = backward(&layer, &params, &x, &mut tape, &cotangent).1;
                assert!(dx[place].is_nan(), "{name}, {mode:?}, {place:?}, backward");
                let all_nan = vec![f64::NAN; params.len()];
                layer.forward(&all_nan, &x, &mut tape);
                assert!(params.is_empty() || tape.output()[place].is_nan(), "{name}, {mode:?}, parameters");
            }
        }
    }
}

#[test]
fn no_rows_give_no_output_and_gradients_of_zero() {
    let mut rng = Rng::new(5);
    for layer in every_kind(3, 1e-5) {
        for mode in MODES {
            let (params, x) = (parameters(&layer, &mut rng), DMatrix::zeros(0, 3));
            let mut tape = prepared(&layer, 0, mode, &mut rng);
            let before = statistics(&tape);
            layer.forward(&params, &x, &mut tape);
            layer.update_running_stats(&mut tape);
            let (grad, _) = backward(&layer, &params, &x, &mut tape, &DMatrix::zeros(0, 3));
            assert!(grad.iter().all(|g| *g == 0.0), "{}", layer.describe());
            assert_eq!((tape.output().shape(), statistics(&tape)), ((0, 3), before));
        }
    }
}

pub(crate) fn statistics(tape: &Tape<f64>) -> Vec<f64> {
    let mut statistics = vec![f64::NAN; tape.statistic_count()];
    tape.save_statistics(&mut statistics);
    statistics
}

fn allocations<T: Real>(layer: &AnyLayer, rows: usize, mode: Mode) -> u64 {
    let mut rng = Rng::new(6);
    let params: Vec<T> = parameters(layer, &mut rng).into_iter().map(T::of).collect();
    let x = DMatrix::from_fn(rows, layer.inputs(), |_, _| T::of(rng.standard_normal()));
    let (mut grad, mut dx) = (params.clone(), x.clone());
    let mut tape = prepared::<T>(layer, rows, mode, &mut rng);
    tape.output_gradient_mut().fill(T::one());
    let mut step = || {
        layer.sample_masks(&mut tape, &mut rng);
        layer.forward(&params, &x, &mut tape);
        layer.update_running_stats(&mut tape);
        layer.backward(&params, &x, &mut tape, &mut grad, Some(&mut dx));
    };
    // The workspaces of products grow on first use.
    step();
    measure(|| (0..3).for_each(|_| step())).count_total
}

#[test]
fn steps_do_not_allocate() {
    let mut layers = every_kind(17, 1e-5);
    layers.extend((0..10).map(|seed| random_chain(17, 2, &mut Rng::new(seed)).into()));
    for layer in layers {
        for rows in [1, 33, 200] {
            for mode in MODES {
                let count = allocations::<f32>(&layer, rows, mode) + allocations::<f64>(&layer, rows, mode);
                assert_eq!(count, 0, "{layer:?}, {rows} rows");
            }
        }
    }
}

/// An enum, a box and the layer itself are the same layer.
#[test]
fn wrapping_a_layer_changes_nothing() {
    let mut rng = Rng::new(7);
    let network = random_chain(4, 2, &mut rng);
    let layers = network.layers().iter().cloned();
    let boxed = layers.map(|layer| Box::new(layer) as Box<dyn Layer<f64>>).collect();
    let boxed = logit::nn::Sequential::new(boxed).unwrap();
    let wrapped = AnyLayer::from(network.clone());
    let (params, x) = (parameters(&network, &mut rng), normal(9, 4, &mut rng));
    let cotangent = normal(9, network.outputs(), &mut rng);
    let run = |layer: &dyn Layer<f64>| {
        let mut tape = layer.tape(9);
        tape.set_mode(Mode::Train);
        layer.sample_masks(&mut tape, &mut Rng::new(8));
        layer.forward(&params, &x, &mut tape);
        layer.update_running_stats(&mut tape);
        tape.output_gradient_mut().copy_from(&cotangent);
        let (mut grad, mut dx) = (params.clone(), x.clone());
        layer.backward(&params, &x, &mut tape, &mut grad, Some(&mut dx));
        (tape.output().clone(), statistics(&tape), grad, dx, layer.penalized(), layer.sublayers().len())
    };
    assert_eq!(run(&network), run(&wrapped));
    assert_eq!(run(&network), run(&boxed));
}
