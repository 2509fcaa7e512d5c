//! Derivatives: compared with published numbers, by their order of convergence, and as sums over rows.

use approx::{assert_abs_diff_eq, assert_relative_eq};
use logit::nn::{
    BinaryCrossEntropy, Dense, Layer, Loss, MeanSquaredError, Sequential, Shape, SoftmaxCrossEntropy, Targets,
};
use logit::optim::{Optimizer, Step};
use logit::{Activation, GradCheck, Real, Rng, Sgd};
use nalgebra::{DMatrix, dmatrix};

/// A network as a function of its parameters: mean loss and gradient.
fn evaluate<T: Real>(
    network: &impl Layer<T>,
    loss: &dyn Loss<T>,
    params: &[T],
    (x, classes): (&DMatrix<T>, &[usize]),
) -> (f64, Vec<T>) {
    let mut tape = network.tape(x.nrows());
    network.forward(params, x, &mut tape);
    let (scores, out) = tape.split();
    let value = loss.mean_and_gradient(scores, Targets::Classes(classes), None, out).expect("valid classes");
    let mut gradient = vec![T::of(f64::NAN); params.len()];
    network.backward(params, x, &mut tape, &mut gradient, None);
    (value, gradient)
}

/// Weights and biases of layers, given row by row as they are printed, as one parameter vector.
fn flat(layers: &[(DMatrix<f64>, &[f64])]) -> Vec<f64> {
    layers.iter().flat_map(|(weights, biases)| weights.iter().chain(*biases)).copied().collect()
}

/// The network 2-3-3 of the reference gradients, with its rows, classes and parameters.
fn small(activation: Activation) -> (Sequential<Dense>, DMatrix<f64>, [usize; 3], Vec<f64>) {
    let network = Sequential::perceptron(&[2, 3, 3], activation).expect("valid sizes");
    let x = dmatrix![1.0, -2.0; 0.5, 1.5; -1.0, 0.25];
    let params = flat(&[
        (dmatrix![0.1, -0.3, 0.5; 0.2, 0.4, -0.6], &[0.0, 0.1, -0.1]),
        (dmatrix![0.3, -0.2, 0.1; -0.4, 0.5, 0.2; 0.6, -0.1, -0.3], &[0.05, -0.05, 0.0]),
    ]);
    (network, x, [2, 0, 1], params)
}

/// PyTorch's autograd in double precision, printed to 15 digits.
#[test]
fn gradients_of_a_small_network_are_those_of_autograd() {
    let tanh = flat(&[
        (
            dmatrix![-0.0890514083626254, 0.103296090014051, -0.0424913021020271;
                     -0.148717012063568, 0.296073515565093, -0.251767846131413],
            &[0.0141934452320199, 0.0255884718115195, -0.0882821450196109],
        ),
        (
            dmatrix![-0.155194232172238, 0.0346479102445698, 0.120546321927668;
                     -0.268377117165249, -0.0746039153904694, 0.342981032555718;
                     0.327980571487176, 0.101708466639843, -0.429689038127019],
            &[0.00897177458376708, -0.0147855628301514, 0.00581378824638434],
        ),
    ]);
    let relu_first = flat(&[(
        dmatrix![-0.0416587772050567, 0.204854768888215, 0.21023373520402;
                 -0.12497633161517, 0.23857907662118, -0.420467470408041],
        &[-0.0833175544101135, 0.0626462485055392, 0.21023373520402],
    )]);
    let relu_last = [0.0716850082117395, -0.0215139798052306, -0.0501710284065089];
    let sigmoid_last = [0.0622606046353337, -0.0236845476364747, -0.0385760569988589];
    for (activation, loss, first, last) in [
        (Activation::Tanh, 1.4123554747780593, &tanh[..], &tanh[18..]),
        (Activation::Relu, 1.371745695263445, &relu_first[..], &relu_last[..]),
        (Activation::Sigmoid, 1.1867777350000244, &[][..], &sigmoid_last[..]),
    ] {
        let (network, x, classes, params) = small(activation);
        let (value, gradient) = evaluate(&network, &SoftmaxCrossEntropy::new(), &params, (&x, &classes));
        assert_relative_eq!(value, loss, max_relative = 1e-13);
        assert_abs_diff_eq!(gradient[..first.len()], *first, epsilon = 1e-13);
        assert_abs_diff_eq!(gradient[18..], *last, epsilon = 1e-13);
    }
}

/// The worked example of scikit-learn's tests: one row, sigmoid, a step of gradient descent with an L2
/// penalty. The numbers are exact to 17 digits.
#[test]
fn a_training_step_is_that_of_the_worked_example() {
    let hidden = Dense::new(3, 2).expect("valid sizes").activation(Activation::Sigmoid);
    let network =
        Sequential::new(vec![hidden.clone(), Dense::new(2, 1).expect("valid sizes")]).expect("they fit");
    let x = dmatrix![0.6, 0.8, 0.7];
    let mut params =
        flat(&[(dmatrix![0.1, 0.2; 0.3, 0.1; 0.5, 0.0], &[0.1, 0.1]), (dmatrix![0.1; 0.2], &[1.0])]);
    let h = hidden.apply(&params[..8], &x).expect("sizes fit");
    assert_relative_eq!(h, dmatrix![0.679178699175393, 0.574442516811659], max_relative = 1e-14);
    let probability = |params: &[f64]| {
        let mut p = DMatrix::zeros(1, 2);
        BinaryCrossEntropy.probabilities(&network.apply(params, &x).expect("sizes fit"), &mut p);
        p[1]
    };
    assert_relative_eq!(probability(&params), 0.76545202190952, max_relative = 1e-13);

    let (value, gradient) = evaluate(&network, &BinaryCrossEntropy, &params, (&x, &[0]));
    assert_relative_eq!(value, 1.4500951146222294, max_relative = 1e-14);
    let (sgd, decayed) = (Sgd::new(0.1).weight_decay(0.1), network.penalized());
    let mut state = sgd.state(params.len());
    sgd.step(Step::new(1, 0.1).decayed(&decayed), &mut params, &gradient, &mut state);
    let wanted = flat(&[
        (
            dmatrix![0.09799927101876635, 0.19575454669252476;
                     0.29566569469168846, 0.09600606225669969;
                     0.4938324828552274, -0.002619695525387767],
            &[0.09833211836461057, 0.09625757782087462],
        ),
        (dmatrix![0.04701212914783178; 0.15402918140357222], &[0.923454797809048]),
    ]);
    assert_abs_diff_eq!(params[..], wanted[..], epsilon = 1e-13);
    assert_relative_eq!(probability(&params), 0.7394919180486682, max_relative = 1e-13);
}

/// A right gradient is the limit of central differences, whose error falls with the square of the step.
#[test]
fn the_error_of_central_differences_falls_four_times_when_the_step_halves() {
    for activation in [Activation::Tanh, Activation::Sigmoid, Activation::Identity] {
        let (network, x, classes, params) = small(activation);
        let value = |params: &[f64]| evaluate(&network, &SoftmaxCrossEntropy::new(), params, (&x, &classes));
        let gradient = value(&params).1;
        let errors = [1e-2, 5e-3].map(|h| {
            let error = |index: usize| {
                let at = |shift: f64| {
                    let mut moved = params.clone();
                    moved[index] += shift;
                    value(&moved).0
                };
                ((at(h) - at(-h)) / (2.0 * h) - gradient[index]).abs()
            };
            (0..params.len()).map(error).collect::<Vec<_>>()
        });
        let large: Vec<usize> = (0..params.len()).filter(|&index| errors[0][index] > 1e-8).collect();
        assert!(large.len() >= 15, "{activation:?}: {errors:?}");
        for index in large {
            let ratio = errors[0][index] / errors[1][index];
            assert!((3.5..4.5).contains(&ratio), "{activation:?}, parameter {index}: {ratio}");
        }
    }
}

const ACTIVATIONS: [Activation; 5] = [
    Activation::Identity,
    Activation::Relu,
    Activation::LeakyRelu(0.1),
    Activation::Sigmoid,
    Activation::Tanh,
];

#[test]
fn the_gradient_of_a_batch_is_the_mean_over_its_rows() {
    for (activation, rows) in ACTIVATIONS.into_iter().flat_map(|a| [1, 7, 64, 65, 300].map(|n| (a, n))) {
        let network = Sequential::perceptron(&[4, 6, 3], activation).expect("valid sizes");
        let mut rng = Rng::new(70);
        let mut draw = |rows, columns| DMatrix::from_fn(rows, columns, |_, _| rng.standard_normal());
        let (params, x): (DMatrix<f64>, _) = (draw(network.parameter_count(), 1), draw(rows, 4));
        let classes: Vec<usize> = (0..rows).map(|row| row * 5 % 3).collect();
        let losses: [&dyn Loss<f64>; 3] =
            [&SoftmaxCrossEntropy::new(), &BinaryCrossEntropy, &MeanSquaredError];
        for loss in losses {
            let whole = evaluate(&network, loss, params.as_slice(), (&x, &classes));
            let (mut value, mut gradient) = (0.0, vec![0.0; params.len()]);
            for row in 0..rows {
                let one = (&x.rows(row, 1).into_owned(), &classes[row..=row]);
                let (v, g) = evaluate(&network, loss, params.as_slice(), one);
                value += v / rows as f64;
                gradient.iter_mut().zip(g).for_each(|(sum, g)| *sum += g / rows as f64);
            }
            assert_relative_eq!(whole.0, value, max_relative = 1e-13);
            assert_abs_diff_eq!(whole.1[..], gradient[..], epsilon = 1e-13);
        }
    }
}

#[test]
fn no_rows_have_no_loss_and_no_gradient() {
    let (network, _, _, params) = small(Activation::Tanh);
    let losses: [&dyn Loss<f64>; 3] = [&SoftmaxCrossEntropy::new(), &BinaryCrossEntropy, &MeanSquaredError];
    for loss in losses {
        let (value, gradient) = evaluate(&network, loss, &params, (&DMatrix::zeros(0, 2), &[]));
        assert_eq!(value, 0.0);
        assert!(gradient.iter().all(|&g| g == 0.0), "{gradient:?}");
        assert_eq!(loss.mean(&DMatrix::zeros(0, 3), Targets::Classes(&[]), None), Ok(0.0));
    }
}

/// The slope that a layer of one weight, 1, gives its input.
fn slope_through_dense(activation: Activation, z: f64) -> f64 {
    let layer = Dense::new(1, 1).expect("valid sizes").activation(activation).bias(false);
    let x = dmatrix![z];
    let mut tape = Layer::<f64>::tape(&layer, 1);
    layer.forward(&[1.0], &x, &mut tape);
    tape.output_gradient_mut().fill(1.0);
    let mut dx = dmatrix![f64::NAN];
    layer.backward(&[1.0], &x, &mut tape, &mut [f64::NAN], Some(&mut dx));
    dx[0]
}

#[test]
fn at_a_kink_the_slope_is_the_one_from_the_left() {
    for zero in [0.0, -0.0] {
        for (activation, slope) in [(Activation::Relu, 0.0), (Activation::LeakyRelu(0.01), 0.01)] {
            assert_eq!(activation.evaluate(zero), (0.0, slope));
            assert_eq!(slope_through_dense(activation, zero), slope);
        }
    }
    for z in [-2.0, -5e-324, 5e-324, 3.0] {
        for activation in [Activation::Relu, Activation::LeakyRelu(0.3), Activation::LeakyRelu(1.5)] {
            assert_eq!(slope_through_dense(activation, z), activation.evaluate(z).1, "{activation:?} at {z}");
        }
    }
}

/// A negative slope makes the output positive on both sides: its sign does not tell them apart.
#[test]
fn a_leaky_rectifier_may_have_any_finite_slope() {
    let layer = Dense::new(2, 3).expect("valid sizes").activation(Activation::LeakyRelu(-0.5));
    let x = dmatrix![1.0, -2.0; 0.5, 1.5; -1.0, 0.25];
    let params = [0.1, 0.2, -0.3, 0.4, 0.5, -0.6, 0.05, 0.1, -0.1];
    let agreement = GradCheck::new().layer(&layer, &params, &x);
    assert!(agreement.is_ok(), "{}", agreement.unwrap_err());
    assert_eq!(slope_through_dense(Activation::LeakyRelu(-0.5), -2.0), -0.5);
}

#[test]
fn gradients_in_single_precision_are_those_in_double() {
    for (activation, hidden) in
        ACTIVATIONS.into_iter().flat_map(|a| [vec![], vec![8], vec![8, 5]].map(|h| (a, h)))
    {
        let sizes = [vec![5], hidden, vec![4]].concat();
        let network = Sequential::perceptron(&sizes, activation).expect("valid sizes");
        let mut rng = Rng::new(71);
        let mut draw = |count| (0..count).map(|_| rng.standard_normal() as f32).collect::<Vec<_>>();
        let (params, x) = (draw(network.parameter_count()), DMatrix::from_vec(40, 5, draw(200)));
        let classes: Vec<usize> = (0..40).map(|row| row * 7 % 4).collect();
        let single = evaluate(&network, &SoftmaxCrossEntropy::new(), &params, (&x, &classes));
        let wide: Vec<f64> = params.iter().map(|&p| f64::from(p)).collect();
        let double = evaluate(&network, &SoftmaxCrossEntropy::new(), &wide, (&x.map(f64::from), &classes));
        assert_relative_eq!(single.0, double.0, max_relative = 1e-5);
        let largest = double.1.iter().fold(0.0, |max: f64, g| max.max(g.abs()));
        for (single, double) in single.1.iter().zip(double.1) {
            // Entries that cancel are as exact as the largest terms.
            assert_relative_eq!(f64::from(*single), double, max_relative = 1e-4, epsilon = 1e-6 * largest);
        }
    }
}
