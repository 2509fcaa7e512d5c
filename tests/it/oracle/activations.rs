//! Activations and softplus: mpmath with 60 digits, rounded to `f64`, and checked there with PyTorch.

use logit::nalgebra::DMatrix;
use logit::nn::{
    Activate, BinaryCrossEntropy, Dense, Gradient, Layer, LogSoftmax, Loss, Softmax, SoftmaxCrossEntropy,
    Targets,
};
use logit::{Activation, Real};
use serde::Deserialize;

use crate::oracle::compare::Within;
use crate::oracle::json;

/// A few units in the last place, also of tiny values and derivatives.
const CLOSE: Within = Within::relative(1e-15);
/// Softmax starts with differences of scores, which are rounded already: exp(-11.3) is off by up to 8e-16.
const SOFTMAX: Within = Within::relative(1.5e-15);

#[derive(Deserialize)]
struct Activations {
    identity: Vec<Scalar>,
    sigmoid: Vec<Scalar>,
    tanh: Vec<Scalar>,
    relu: Vec<Scalar>,
    leaky_relu: Vec<Scalar>,
    elu: Vec<Scalar>,
    selu: Vec<Scalar>,
    gelu_erf: Vec<Scalar>,
    gelu_tanh: Vec<Scalar>,
    silu: Vec<Scalar>,
    softplus: Vec<Scalar>,
    log_sigmoid: Vec<Scalar>,
    softsign: Vec<Scalar>,
    hard_tanh: Vec<Scalar>,
    softmax: Vec<SoftmaxCase>,
    log_softmax: Vec<SoftmaxCase>,
    logsumexp: Vec<LogSum>,
}

#[derive(Deserialize)]
struct Scalar {
    x: f64,
    value: f64,
    deriv: f64,
}

#[derive(Deserialize)]
struct SoftmaxCase {
    x: Vec<f64>,
    value: Vec<f64>,
    v: Vec<f64>,
    /// The transposed Jacobian times `v`.
    vjp: Vec<f64>,
}

#[derive(Deserialize)]
struct LogSum {
    x: Vec<f64>,
    value: f64,
    grad: Vec<f64>,
}

fn read() -> Activations {
    json::read(include_str!("data/activations.json"))
}

/// The activations of the crate with their cases.
fn scalar(cases: &Activations) -> [(Activation, &[Scalar]); 14] {
    [
        (Activation::Identity, &cases.identity),
        (Activation::Sigmoid, &cases.sigmoid),
        (Activation::Tanh, &cases.tanh),
        (Activation::Relu, &cases.relu),
        (Activation::LeakyRelu(0.01), &cases.leaky_relu),
        (Activation::Elu(1.0), &cases.elu),
        (Activation::Selu, &cases.selu),
        (Activation::Gelu, &cases.gelu_erf),
        (Activation::GeluTanh, &cases.gelu_tanh),
        (Activation::Silu, &cases.silu),
        (Activation::Softplus, &cases.softplus),
        (Activation::LogSigmoid, &cases.log_sigmoid),
        (Activation::Softsign, &cases.softsign),
        (Activation::HardTanh, &cases.hard_tanh),
    ]
}

/// The size of the terms of a derivative that is a sum of two, g(x) and x g'(x) with the gate g, of which the
/// second is negative and the larger below some point between -2 and 0: rounding of either is all that limits
/// the sum there. Zero elsewhere.
fn cancelling(activation: Activation, x: f64) -> f64 {
    let gate = match activation {
        Activation::Silu => 1.0 / (1.0 + (-x).exp()),
        Activation::GeluTanh => {
            let u = (8.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
            1.0 / (1.0 + (-u).exp())
        }
        // The tanh form is within 1e-3 of the exact one, where anything cancels.
        Activation::Gelu => return cancelling(Activation::GeluTanh, x),
        _ => return 0.0,
    };
    if x > -2.0 && x < 0.0 { gate } else { 0.0 }
}

/// Values and derivatives at `x` by way of a layer, in a single batch; the layer multiplies by its one
/// weight, 1, or has no parameters.
fn through<T: Real>(layer: &impl Layer<T>, x: &[T]) -> Vec<(T, T)> {
    let params = &[T::one(), T::zero()][..layer.parameter_count()];
    let x = DMatrix::from_column_slice(x.len(), 1, x);
    let mut tape = layer.tape(x.nrows());
    layer.forward(params, &x, &mut tape);
    tape.output_gradient_mut().fill(T::one());
    let mut dx = x.clone();
    layer.backward(params, &x, &mut tape, &mut vec![T::zero(); params.len()], Some(&mut dx));
    tape.output().iter().copied().zip(dx.iter().copied()).collect()
}

fn dense(activation: Activation) -> Dense {
    Dense::new(1, 1).expect("valid sizes").activation(activation)
}

fn alone(activation: Activation) -> Activate {
    Activate::new(1, activation).expect("a width")
}

#[test]
fn values_and_derivatives_agree_to_the_last_digits() {
    let cases = read();
    let mut compared = 0;
    for (activation, cases) in scalar(&cases) {
        let x: Vec<f64> = cases.iter().map(|case| case.x).collect();
        let (in_batch, on_its_own) = (through(&dense(activation), &x), through(&alone(activation), &x));
        for (index, case) in cases.iter().enumerate() {
            let ways = [
                ("evaluate", activation.evaluate(case.x)),
                ("dense", through(&dense(activation), &[case.x])[0]),
                ("a batch of dense", in_batch[index]),
                ("a layer of its own", on_its_own[index]),
            ];
            for (way, (value, derivative)) in ways {
                CLOSE.one(format_args!("{activation:?} at {}, {way}, value", case.x), value, case.value);
                let room = 1e-15 * cancelling(activation, case.x);
                let name = format_args!("{activation:?} at {}, {way}, slope", case.x);
                CLOSE.plus(room.max(1e-322)).one(name, derivative, case.deriv);
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 14 * 49);
}

/// Single precision against double precision at the same argument, which the test above compares with the
/// file.
#[test]
fn single_precision_is_off_by_a_few_units_in_its_last_place() {
    let cases = read();
    let mut compared = 0;
    for (activation, cases) in scalar(&cases) {
        let x: Vec<f32> = cases.iter().map(|case| case.x as f32).filter(|x| x.is_finite()).collect();
        let (in_batch, on_its_own) = (through(&dense(activation), &x), through(&alone(activation), &x));
        for (index, &x) in x.iter().enumerate() {
            let (wanted, wanted_slope) = activation.evaluate(f64::from(x));
            for (value, slope) in [activation.evaluate(x), in_batch[index], on_its_own[index]] {
                let name = format!("{activation:?} at {x:?}");
                let within = Within::single(3.0, 0.0);
                within.one(&name, value.into(), wanted);
                let room = 3.0 * f64::from(f32::EPSILON) * cancelling(activation, x.into());
                Within::single(3.0, room).one(&name, slope.into(), wanted_slope);
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 14 * 47, "all but 1e300 and -1e300");
}

/// Loss and slope of one row with one score.
fn binary(z: f64, class: usize) -> (f64, f64) {
    let mut gradient = DMatrix::zeros(1, 1);
    let scores = DMatrix::from_element(1, 1, z);
    let targets = Targets::Classes(std::slice::from_ref(&class));
    let loss =
        BinaryCrossEntropy.mean_and_gradient(&scores, targets, None, &mut gradient).expect("valid class");
    (loss, gradient[0])
}

#[test]
fn binary_cross_entropy_is_softplus_and_minus_log_sigmoid() {
    let cases = read();
    for case in &cases.softplus {
        let (value, slope) = binary(case.x, 0);
        CLOSE.all(format_args!("softplus at {}", case.x), &[value, slope], &[case.value, case.deriv]);
    }
    for case in &cases.log_sigmoid {
        let (value, slope) = binary(case.x, 1);
        CLOSE.all(format_args!("log-sigmoid at {}", case.x), &[-value, -slope], &[case.value, case.deriv]);
    }
    assert_eq!([cases.softplus.len(), cases.log_sigmoid.len()], [49, 49]);
}

/// The cross-entropy of each class at `x`, and the gradients, a row per class.
fn surprises(x: &[f64]) -> (Vec<f64>, DMatrix<f64>) {
    let scores = DMatrix::from_fn(x.len(), x.len(), |_, column| x[column]);
    let classes: Vec<usize> = (0..x.len()).collect();
    let mut gradient = scores.clone();
    let loss = |class: usize| {
        let row = scores.rows(class, 1).into_owned();
        SoftmaxCrossEntropy::new().mean(&row, Targets::Classes(&[class]), None).expect("valid class")
    };
    let losses = classes.iter().map(|&class| loss(class)).collect();
    let out = Gradient { scale: 1.0, out: &mut gradient };
    SoftmaxCrossEntropy::new().accumulate(&scores, Targets::Classes(&classes), None, Some(out));
    (losses, gradient)
}

fn softmax(x: &[f64]) -> DMatrix<f64> {
    let scores = DMatrix::from_row_slice(1, x.len(), x);
    let mut probabilities = scores.clone();
    SoftmaxCrossEntropy::new().probabilities(&scores, &mut probabilities);
    probabilities
}

#[test]
fn softmax_cross_entropy_is_minus_log_softmax() {
    let cases = read();
    for case in &cases.log_softmax {
        let (losses, gradient) = surprises(&case.x);
        let values: Vec<f64> = losses.iter().map(|loss| -loss).collect();
        CLOSE.all(format_args!("log-softmax of {:?}", case.x), &values, &case.value);
        for (column, &wanted) in case.vjp.iter().enumerate() {
            let terms: Vec<f64> = case.v.iter().zip(&gradient.column(column)).map(|(v, g)| -v * g).collect();
            let size: f64 = terms.iter().map(|term| term.abs()).sum();
            let name = format_args!("log-softmax of {:?}, derivative {column}", case.x);
            SOFTMAX.plus(1e-15 * size).one(name, terms.iter().sum(), wanted);
        }
    }
    assert_eq!(cases.log_softmax.len(), 31);
}

#[test]
fn softmax_is_the_gradient_of_log_sum_exp() {
    let cases = read();
    for case in &cases.softmax {
        SOFTMAX.all(format_args!("softmax of {:?}", case.x), softmax(&case.x).as_slice(), &case.value);
    }
    for case in &cases.logsumexp {
        let name = format_args!("log-sum-exp of {:?}", case.x);
        SOFTMAX.all(name, softmax(&case.x).as_slice(), &case.grad);
        let largest = (0..case.x.len()).max_by(|&a, &b| case.x[a].total_cmp(&case.x[b])).expect("not empty");
        CLOSE.one(name, case.x[largest] + surprises(&case.x).0[largest], case.value);
    }
    assert_eq!([cases.softmax.len(), cases.logsumexp.len()], [31, 31]);
}

/// Output and gradient of one row, for the output's gradient `v`.
fn row(layer: &impl Layer<f64>, x: &[f64], v: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let x = DMatrix::from_row_slice(1, x.len(), x);
    let mut tape = layer.tape(1);
    layer.forward(&[], &x, &mut tape);
    tape.output_gradient_mut().copy_from_slice(v);
    let mut dx = x.clone();
    layer.backward(&[], &x, &mut tape, &mut [], Some(&mut dx));
    (tape.output().as_slice().to_vec(), dx.as_slice().to_vec())
}

#[test]
fn softmax_layers_agree_with_values_and_vector_jacobian_products() {
    let cases = read();
    for case in &cases.softmax {
        let (y, dx) = row(&Softmax::new(case.x.len()).expect("a width"), &case.x, &case.v);
        let name = format_args!("softmax layer at {:?}", case.x);
        SOFTMAX.all(name, &y, &case.value);
        for (k, &found) in dx.iter().enumerate() {
            // p_k Σ_j p_j (v_k - v_j), whose terms may cancel.
            let terms = case.value.iter().zip(&case.v).map(|(p, v)| p * (case.v[k] - v).abs());
            let size = case.value[k] * terms.sum::<f64>();
            SOFTMAX.plus((1.5e-15 * size).max(1e-322)).one(name, found, case.vjp[k]);
        }
    }
    for case in &cases.log_softmax {
        let (y, dx) = row(&LogSoftmax::new(case.x.len()).expect("a width"), &case.x, &case.v);
        let name = format_args!("log-softmax layer at {:?}", case.x);
        CLOSE.all(name, &y, &case.value);
        for (k, &found) in dx.iter().enumerate() {
            // v_k Σ_j≠k p_j - p_k Σ_j≠k v_j, whose two terms may cancel.
            let others =
                |numbers: &dyn Fn(usize) -> f64| (0..dx.len()).filter(|&j| j != k).map(numbers).sum::<f64>();
            let p = |j: usize| case.value[j].exp();
            let size = case.v[k].abs() * others(&p) + p(k) * others(&|j| case.v[j].abs());
            SOFTMAX.plus((1.5e-15 * size).max(1e-322)).one(name, found, case.vjp[k]);
        }
    }
    assert_eq!([cases.softmax.len(), cases.log_softmax.len()], [31, 31]);
}
