//! Every activation, and the layers made of activations, through the public interface.

use allocation_counter::measure;
use logit::nn::{Activate, Dense, Initializer, Layer, LogSoftmax, PRelu, Sequential, Shape, Softmax};
use logit::{Activation, Error, GradCheck, Real, Rng};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use proptest::prelude::*;

/// Where the derivative jumps.
const CORNERS: [f64; 5] = [-3.0, -1.0, 0.0, 1.0, 3.0];
/// Wider than all differences that the gradient check takes of numbers up to 6.
const MARGIN: f64 = 0.03;

fn normal(rows: usize, columns: usize, scale: f64, rng: &mut Rng) -> DMatrix<f64> {
    DMatrix::from_fn(rows, columns, |_, _| scale * rng.standard_normal())
}

/// Normal numbers that keep away from the corners of every activation.
fn off_corners(rows: usize, columns: usize, rng: &mut Rng) -> DMatrix<f64> {
    DMatrix::from_fn(rows, columns, |_, _| {
        loop {
            let x = 2.0 * rng.standard_normal();
            if x.abs() < 6.0 && CORNERS.iter().all(|corner| (x - corner).abs() > MARGIN) {
                return x;
            }
        }
    })
}

fn tight() -> GradCheck {
    GradCheck::new().relative_tolerance(1e-8).absolute_tolerance(1e-10)
}

/// Every activation, with usual and unusual parameters.
fn activations() -> Vec<Activation> {
    let unusual = [
        Activation::LeakyRelu(-0.4),
        Activation::LeakyRelu(1.7),
        Activation::Elu(0.3),
        Activation::Elu(-1.2),
        Activation::Elu(0.0),
    ];
    Activation::ALL.iter().copied().chain(unusual).collect()
}

/// Every layer of this file, `width` columns wide.
fn layers(width: usize) -> Vec<Box<dyn Layer<f64>>> {
    let mut layers: Vec<Box<dyn Layer<f64>>> = vec![
        Box::new(PRelu::new(width).unwrap()),
        Box::new(PRelu::new(width).unwrap().shared(true)),
        Box::new(Softmax::new(width).unwrap()),
        Box::new(LogSoftmax::new(width).unwrap()),
    ];
    for activation in activations() {
        layers.push(Box::new(Activate::new(width, activation).unwrap()));
    }
    layers
}

const LAYERS: usize = 4 + 16 + 5;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn layers_alone(rows in 1usize..12, width in 1usize..8, which in 0..LAYERS, seed: u64) {
        let layer = layers(width).swap_remove(which);
        let mut rng = Rng::new(seed);
        let params = normal(layer.parameter_count(), 1, 0.5, &mut rng);
        let x = off_corners(rows, width, &mut rng);
        let agreement = tight().seed(seed).layer(&layer, params.as_slice(), &x);
        prop_assert!(agreement.is_ok(), "{which}: {}", agreement.unwrap_err());
        let agreement = agreement.unwrap();
        prop_assert_eq!((agreement.entries, agreement.kinks), (params.len() + x.len(), 0));
    }

    #[test]
    fn layers_between_dense_layers(
        rows in 1usize..10, sizes in prop::collection::vec(1usize..6, 3), which in 0..LAYERS, seed: u64,
    ) {
        let chain: Vec<Box<dyn Layer<f64>>> = vec![
            Box::new(Dense::new(sizes[0], sizes[1]).unwrap()),
            layers(sizes[1]).swap_remove(which),
            Box::new(Dense::new(sizes[1], sizes[2]).unwrap()),
        ];
        let network = Sequential::new(chain).unwrap();
        let mut rng = Rng::new(seed);
        let params = normal(network.parameter_count(), 1, 0.8, &mut rng);
        let x = normal(rows, sizes[0], 1.0, &mut rng);
        let agreement = tight().seed(seed).layer(&network, params.as_slice(), &x);
        prop_assert!(agreement.is_ok(), "{which}: {}", agreement.unwrap_err());
    }

    #[test]
    fn activations_inside_dense_layers(
        rows in 1usize..12, inputs in 1usize..5, outputs in 1usize..5, which in 0usize..16 + 5, seed: u64,
    ) {
        let layer = Dense::new(inputs, outputs).unwrap().activation(activations()[which]);
        let mut rng = Rng::new(seed);
        let params = normal(layer.parameter_count(), 1, 0.8, &mut rng);
        let x = normal(rows, inputs, 1.0, &mut rng);
        let agreement = tight().seed(seed).layer(&layer, params.as_slice(), &x);
        prop_assert!(agreement.is_ok(), "{:?}: {}", activations()[which], agreement.unwrap_err());
    }

    /// A layer of its own computes the very bits that a dense layer with the identity for weights would.
    #[test]
    fn alone_or_inside_is_the_same(rows in 1usize..20, which in 0usize..16 + 5, seed: u64) {
        let activation = activations()[which];
        let mut rng = Rng::new(seed);
        let x = normal(rows, 1, 3.0, &mut rng);
        let inside = Dense::new(1, 1).unwrap().activation(activation).apply(&[1.0, 0.0], &x).unwrap();
        prop_assert_eq!(inside, Activate::new(1, activation).unwrap().apply(&[], &x).unwrap());
    }

    /// Single precision against double precision at the same argument, in units of the largest number
    /// involved.
    #[test]
    fn single_precision_has_its_digits(z in -20.0f32..20.0, which in 0usize..16) {
        let activation = Activation::ALL[which];
        let ((value, slope), (wanted, wanted_slope)) = (activation.evaluate(z), activation.evaluate(f64::from(z)));
        let close = |found: f32, wanted: f64, size: f64| {
            (f64::from(found) - wanted).abs() <= 4.0 * f64::from(f32::EPSILON) * size + 1e-44
        };
        prop_assert!(close(value, wanted, wanted.abs()), "{activation:?}: {value:e}, not {wanted:e}");
        // Some slopes cross zero, the hard swish at -1.5 too, as a sum of terms no larger than this.
        let size = if z > -3.0 && z < 0.0 { wanted_slope.abs() + 0.5 } else { wanted_slope.abs() };
        prop_assert!(close(slope, wanted_slope, size), "{activation:?}: {slope:e}, not {wanted_slope:e}");
    }
}

/// Slopes of single numbers against differences of their own values, close to and far from zero.
#[test]
fn every_derivative_is_that_of_its_value() {
    for activation in activations() {
        for i in 0..800 {
            let z = f64::from(i) * 0.0271 - 10.8;
            if CORNERS.iter().any(|corner| (z - corner).abs() < 5e-3) {
                continue;
            }
            let value = |z: f64| activation.evaluate(z).0;
            let h = 1e-3;
            let numeric = (8.0 * (value(z + h) - value(z - h)) - (value(z + 2.0 * h) - value(z - 2.0 * h)))
                / (12.0 * h);
            let slope = activation.evaluate(z).1;
            assert!(
                (slope - numeric).abs() < 1e-10 * slope.abs() + 4e-12,
                "{activation:?} at {z}: {slope}, not {numeric}"
            );
        }
    }
}

#[test]
fn kinks_follow_the_documented_conventions() {
    let slope = |activation: Activation, z: f64| activation.evaluate(z).1;
    for zero in [0.0, -0.0] {
        assert_eq!(slope(Activation::Relu, zero), 0.0);
        assert_eq!(slope(Activation::LeakyRelu(0.2), zero), 0.2);
        assert_eq!(slope(Activation::Elu(0.7), zero), 0.7);
        assert_eq!(slope(Activation::Selu, zero), 1.7580993408473768);
    }
    assert_eq!([-1.0, 1.0].map(|z| slope(Activation::HardTanh, z)), [0.0; 2]);
    assert_eq!([-3.0, 3.0].map(|z| slope(Activation::HardSigmoid, z)), [0.0; 2]);
    assert_eq!([-3.0, 3.0].map(|z| slope(Activation::HardSwish, z)), [0.0, 1.0]);
    let x = dmatrix![0.0, -0.0];
    let layer = PRelu::new(2).unwrap();
    let mut tape = layer.tape(1);
    layer.forward(&[0.25, 0.5], &x, &mut tape);
    tape.output_gradient_mut().fill(1.0);
    let (mut grad, mut dx) = ([f64::NAN; 2], x.clone());
    layer.backward(&[0.25, 0.5], &x, &mut tape, &mut grad, Some(&mut dx));
    assert_eq!((grad, dx), ([0.0; 2], dmatrix![0.25, 0.5]));
}

#[test]
fn nan_comes_out_where_it_went_in() {
    for width in [1, 3] {
        for (index, layer) in layers(width).iter().enumerate() {
            let params = vec![0.5; layer.parameter_count()];
            for column in 0..width {
                let mut x = DMatrix::from_element(2, width, 0.3);
                x[(1, column)] = f64::NAN;
                let y = layer.apply(&params, &x).unwrap();
                assert!(y[(1, column)].is_nan(), "layer {index}, column {column} of {width}");
                assert!(y.row(0).iter().all(|y| y.is_finite()), "layer {index}: another row");
            }
        }
    }
}

/// The slope of a column with NaN in it is NaN too, not the sum over the other rows.
#[test]
fn nan_reaches_the_gradient_of_a_learned_slope() {
    let x = dmatrix![-1.0; f64::NAN];
    let layer = PRelu::new(1).unwrap();
    let mut tape = layer.tape(2);
    layer.forward(&[0.25], &x, &mut tape);
    tape.output_gradient_mut().fill(1.0);
    let mut grad = [0.0];
    layer.backward(&[0.25], &x, &mut tape, &mut grad, None);
    assert!(grad[0].is_nan());
}

#[test]
fn batches_without_rows_are_no_special_case() {
    for layer in layers(3) {
        let params = vec![0.5; layer.parameter_count()];
        let x = DMatrix::zeros(0, 3);
        let mut tape = layer.tape(0);
        layer.forward(&params, &x, &mut tape);
        let (mut grad, mut dx) = (vec![f64::NAN; params.len()], x.clone());
        layer.backward(&params, &x, &mut tape, &mut grad, Some(&mut dx));
        assert!(grad.iter().all(|&g| g == 0.0));
        assert_eq!(tape.output().shape(), (0, 3));
    }
}

#[test]
fn passes_do_not_allocate() {
    for (index, layer) in layers(5).iter().enumerate() {
        let mut rng = Rng::new(1);
        let (x, mut params) = (normal(37, 5, 2.0, &mut rng), vec![0.0; layer.parameter_count()]);
        layer.init(&mut params, &mut rng);
        let mut tape = layer.tape(37);
        let (mut grad, mut dx) = (params.clone(), x.clone());
        let count = measure(|| {
            layer.forward(&params, &x, &mut tape);
            tape.output_gradient_mut().fill(1.0);
            layer.backward(&params, &x, &mut tape, &mut grad, Some(&mut dx));
        });
        assert_eq!(count.count_total, 0, "layer {index}");
    }
}

#[test]
fn penalties_leave_learned_slopes_out() {
    let shared = PRelu::new(4).unwrap().shared(true);
    assert_eq!((shared.parameter_count(), shared.penalized()), (1, vec![]));
    let chain: Vec<Box<dyn Layer<f64>>> = vec![
        Box::new(Dense::new(2, 4).unwrap()),
        Box::new(PRelu::new(4).unwrap()),
        Box::new(Dense::new(4, 1).unwrap()),
    ];
    let network = Sequential::new(chain).unwrap();
    assert_eq!((network.parameter_count(), network.penalized()), (21, vec![0..8, 16..20]));
}

#[test]
fn learned_slopes_start_where_they_are_told() {
    let start = |layer: PRelu| {
        let mut params = vec![f32::NAN; layer.parameter_count()];
        layer.init(&mut params, &mut Rng::new(1));
        params
    };
    let layer = PRelu::new(2).unwrap();
    assert_eq!(start(layer), [0.25, 0.25]);
    assert_eq!(start(layer.initial_slope(0.1).shared(true)), [0.1]);
}

#[test]
fn softmax_stands_extremes() {
    let x = dmatrix![1e300, -1e300, 1e300; -745.5, 0.0, -1e6];
    let y = Softmax::new(3).unwrap().apply(&[], &x).unwrap();
    assert_eq!(y.row(0), dmatrix![0.5, 0.0, 0.5].row(0));
    assert_eq!((y[(1, 1)], y[(1, 2)]), (1.0, 0.0));
    let logs = LogSoftmax::new(3).unwrap().apply(&[], &x).unwrap();
    assert_eq!(logs.row(1), dmatrix![-745.5, 0.0, -1e6].row(0));
    assert_eq!(logs[(0, 0)], -std::f64::consts::LN_2);
}

/// In a row that is almost certain the gradient is tiny and still has its digits: p (1 - p) for the largest
/// is the sum of the others.
#[test]
fn gradients_of_almost_certain_rows_keep_their_digits() {
    let (x, small) = (dmatrix![40.0, 0.0], 4.248354255291589e-18);
    let gradient = |layer: &dyn Layer<f64>, v: [f64; 2]| {
        let mut tape = layer.tape(1);
        layer.forward(&[], &x, &mut tape);
        tape.output_gradient_mut().copy_from_slice(&v);
        let mut dx = x.clone();
        layer.backward(&[], &x, &mut tape, &mut [], Some(&mut dx));
        dx
    };
    for v in [[1.0, 0.0], [0.0, -1.0], [3.0, 2.0]] {
        let dx = gradient(&Softmax::new(2).unwrap(), v);
        approx::assert_relative_eq!(dx, dmatrix![small, -small], epsilon = 0.0, max_relative = 1e-15);
    }
    let dx = gradient(&LogSoftmax::new(2).unwrap(), [1.0, 0.0]);
    approx::assert_relative_eq!(dx, dmatrix![small, -small], epsilon = 0.0, max_relative = 1e-15);
}

fn initial<T: Real>(layer: &Dense, seed: u64) -> Vec<T> {
    let mut params = vec![T::of(f64::NAN); layer.parameter_count()];
    layer.init(&mut params, &mut Rng::new(seed));
    params
}

#[test]
fn the_usual_initializer_suits_the_activation() {
    for &activation in Activation::ALL {
        let usual = match activation {
            Activation::Selu => Initializer::LeCunNormal,
            Activation::Relu
            | Activation::LeakyRelu(_)
            | Activation::Elu(_)
            | Activation::Gelu
            | Activation::GeluTanh
            | Activation::Silu
            | Activation::Softplus
            | Activation::HardSwish => Initializer::HeUniform,
            _ => Initializer::GlorotUniform,
        };
        let layer = Dense::new(7, 3).unwrap().activation(activation);
        assert_eq!(
            initial::<f64>(&layer, 5),
            initial::<f64>(&layer.clone().initializer(usual), 5),
            "{activation:?}"
        );
    }
}

#[test]
fn biases_start_at_zero_or_as_told() {
    let layer = Dense::new(40, 30).unwrap();
    let plain = initial::<f64>(&layer, 2);
    assert_eq!(plain[1200..], [0.0; 30]);
    let drawn =
        initial::<f64>(&layer.clone().bias_initializer(Initializer::Uniform { low: 0.5, high: 0.75 }), 2);
    assert_eq!(plain[..1200], drawn[..1200], "weights are drawn first");
    assert!(drawn[1200..].iter().all(|b| (0.5..0.75).contains(b)) && drawn[1200] != drawn[1201]);
    let direction = initial::<f64>(&layer.bias_initializer(Initializer::Orthogonal { gain: 2.0 }), 2);
    approx::assert_relative_eq!(
        direction[1200..].iter().map(|b| b * b).sum::<f64>(),
        4.0,
        epsilon = 0.0,
        max_relative = 1e-14
    );
}

#[test]
fn orthogonal_weights_are_orthonormal_on_their_shorter_side() {
    for (inputs, outputs) in [(9, 4), (4, 9), (6, 6)] {
        let layer = Dense::new(inputs, outputs).unwrap().initializer(Initializer::Orthogonal { gain: 1.0 });
        let params = initial::<f64>(&layer, 3);
        let w = DMatrix::from_column_slice(inputs, outputs, &params[..inputs * outputs]);
        let gram = if inputs >= outputs { w.transpose() * &w } else { &w * w.transpose() };
        approx::assert_abs_diff_eq!(
            gram,
            DMatrix::identity(inputs.min(outputs), inputs.min(outputs)),
            epsilon = 1e-14
        );
        let single: Vec<f32> = params.iter().map(|&w| w as f32).collect();
        assert_eq!(initial::<f32>(&layer, 3), single);
    }
}

#[test]
fn given_weights_are_the_start() {
    let (w, b) = (dmatrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0], dvector![0.1, 0.2, 0.3]);
    let layer = Dense::from_weights(&w, &b).unwrap().activation(Activation::Tanh);
    assert_eq!((layer.inputs(), layer.outputs()), (2, 3));
    assert_eq!(initial::<f64>(&layer, 1), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0, 0.1, 0.2, 0.3]);
    assert_eq!(initial::<f32>(&layer, 9), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0, 0.1, 0.2, 0.3]);
    assert_eq!(initial::<f64>(&layer.clone().bias(false), 1), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    let half = initial::<f64>(&layer.initializer(Initializer::Zeros), 1);
    assert_eq!(half, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.2, 0.3]);
}

#[test]
fn what_cannot_be_used_is_refused() {
    let message = |result: Result<(), Error>| result.expect_err("out of range").to_string();
    let nan = f64::NAN;
    for (initializer, wanted) in [
        (Initializer::Uniform { low: nan, high: 1.0 }, "`low` is NaN, but must be finite"),
        (Initializer::Uniform { low: 1.0, high: 1.0 }, "`high` is 1, but must be finite and above `low`"),
        (Initializer::Uniform { low: 1.0, high: 0.5 }, "`high` is 0.5, but must be finite and above `low`"),
        (Initializer::Uniform { low: 1.0, high: nan }, "`high` is NaN, but must be finite and above `low`"),
        (Initializer::Normal { mean: nan, standard_deviation: 1.0 }, "`mean` is NaN, but must be finite"),
        (
            Initializer::Normal { mean: 0.0, standard_deviation: 0.0 },
            "`standard_deviation` is 0, but must be finite and above 0",
        ),
        (
            Initializer::TruncatedNormal { mean: 0.0, standard_deviation: -0.1 },
            "`standard_deviation` is -0.1, but must be finite and above 0",
        ),
        (Initializer::Orthogonal { gain: -1.0 }, "`gain` is -1, but must be finite and above 0"),
        (Initializer::Constant(f64::INFINITY), "`constant` is inf, but must be finite"),
    ] {
        let layer = Dense::new(2, 2).unwrap();
        assert_eq!(message(initializer.check()), wanted);
        assert_eq!(message(layer.clone().initializer(initializer).check()), wanted);
        assert_eq!(message(layer.bias_initializer(initializer).check()), wanted);
    }
    assert!(Initializer::Uniform { low: -1e308, high: 1e308 }.check().is_err(), "the width overflows");
    assert!(Initializer::HeNormal.check().is_ok());
    for (activation, wanted) in [
        (Activation::LeakyRelu(nan), "`slope` is NaN, but must be finite"),
        (Activation::Elu(f64::INFINITY), "`alpha` is inf, but must be finite"),
    ] {
        assert_eq!(message(activation.check()), wanted);
        assert_eq!(message(Dense::new(1, 1).unwrap().activation(activation).check()), wanted);
        assert_eq!(message(Activate::new(1, activation).unwrap().check()), wanted);
    }
    assert!(Activation::ALL.iter().all(|activation| activation.check().is_ok()));
    let width = "`width` is 0, but must be at least 1";
    assert_eq!(message(Activate::new(0, Activation::Relu).map(drop)), width);
    assert_eq!(message(PRelu::new(0).map(drop)), width);
    assert_eq!(message(Softmax::new(0).map(drop)), width);
    assert_eq!(message(LogSoftmax::new(0).map(drop)), width);
    assert_eq!(
        message(PRelu::new(1).unwrap().initial_slope(nan).check()),
        "`initial_slope` is NaN, but must be finite"
    );
    let given = |w: DMatrix<f64>, b: DVector<f64>| message(Dense::from_weights(&w, &b).map(drop));
    assert_eq!(given(dmatrix![1.0, 2.0], dvector![0.0]), "`bias` has 1 entry, expected 2");
    assert!(
        given(dmatrix![1.0, nan], dvector![0.0, 0.0])
            .starts_with("column 1 of `weights` is not finite at row 0")
    );
    assert!(given(dmatrix![1.0], dvector![nan]).contains("`bias` is not finite at row 0"));
    assert_eq!(given(DMatrix::zeros(0, 2), dvector![0.0, 0.0]), "`inputs` is 0, but must be at least 1");
}
