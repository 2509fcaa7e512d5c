//! Activations and softplus: mpmath with 60 digits, rounded to `f64`, and checked there with PyTorch.

use logit::nalgebra::DMatrix;
use logit::{
    Activation, BinaryCrossEntropy, Dense, Gradient, Layer, Loss, Real, SoftmaxCrossEntropy, Targets,
};
use serde::Deserialize;

use crate::compare::Within;
use crate::json;

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
    log_sigmoid: Vec<Scalar>,
    softplus: Vec<Scalar>,
    softmax: Vec<Softmax>,
    log_softmax: Vec<Softmax>,
    logsumexp: Vec<LogSum>,
}

#[derive(Deserialize)]
struct Scalar {
    x: f64,
    value: f64,
    deriv: f64,
}

#[derive(Deserialize)]
struct Softmax {
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

/// The activations of the crate with their cases, and with the largest ratio of |a''| to |a'|.
fn scalar(cases: &Activations) -> [(Activation, &[Scalar], f64); 5] {
    [
        (Activation::Identity, &cases.identity, 0.0),
        (Activation::Sigmoid, &cases.sigmoid, 1.0),
        (Activation::Tanh, &cases.tanh, 2.0),
        (Activation::Relu, &cases.relu, 0.0),
        (Activation::LeakyRelu(0.01), &cases.leaky_relu, 0.0),
    ]
}

/// Values and derivatives at `x` by way of a layer of one weight, 1, in a single batch.
fn through_dense<T: Real>(activation: Activation, x: &[T]) -> Vec<(T, T)> {
    let layer = Dense::new(1, 1).expect("valid sizes").activation(activation);
    let (params, x) = ([T::one(), T::zero()], DMatrix::from_column_slice(x.len(), 1, x));
    let mut tape = layer.tape(x.nrows());
    layer.forward(&params, &x, &mut tape);
    tape.output_gradient_mut().fill(T::one());
    let mut dx = x.clone();
    layer.backward(&params, &x, &mut tape, &mut [T::zero(); 2], Some(&mut dx));
    tape.output().iter().copied().zip(dx.iter().copied()).collect()
}

#[test]
fn values_and_derivatives_agree_to_the_last_digits() {
    let cases = read();
    let mut compared = 0;
    for (activation, cases, _) in scalar(&cases) {
        let x: Vec<f64> = cases.iter().map(|case| case.x).collect();
        let batch = through_dense(activation, &x);
        for (case, in_batch) in cases.iter().zip(batch) {
            let ways = [activation.evaluate(case.x), in_batch, through_dense(activation, &[case.x])[0]];
            for (way, (value, derivative)) in ["evaluate", "batch", "layer"].iter().zip(ways) {
                CLOSE.one(format_args!("{activation:?} at {}, {way}, value", case.x), value, case.value);
                CLOSE.one(format_args!("{activation:?} at {}, {way}, slope", case.x), derivative, case.deriv);
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 5 * 49);
}

#[test]
fn single_precision_is_off_by_a_few_units_in_its_last_place() {
    let cases = read();
    let mut compared = 0;
    for (activation, cases, bend) in scalar(&cases) {
        let inside: Vec<&Scalar> = cases.iter().filter(|case| (case.x as f32).is_finite()).collect();
        let x: Vec<f32> = inside.iter().map(|case| case.x as f32).collect();
        for ((case, &x), in_batch) in inside.iter().zip(&x).zip(through_dense(activation, &x)) {
            let moved = 1.001 * (f64::from(x) - case.x).abs();
            for (value, derivative) in [activation.evaluate(x), in_batch] {
                let name = format!("{activation:?} at {x:?}");
                Within::single(2.0, moved * case.deriv).one(&name, value.into(), case.value);
                Within::single(2.0, moved * bend * case.deriv).one(&name, derivative.into(), case.deriv);
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 5 * 47, "all but 1e300 and -1e300");
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
