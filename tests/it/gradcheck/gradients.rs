//! Analytic gradients against finite differences, over random shapes, parameters, labels and weights.

use logit::nn::{
    BinaryCrossEntropy, Dense, Gradient, Layer, Loss, MeanSquaredError, Sequential, Shape,
    SoftmaxCrossEntropy, Tape, Targets,
};
use logit::optim::{Evaluation, Objective};
use logit::{Activation, GradCheck, Rng};
use nalgebra::DMatrix;
use proptest::prelude::*;

const ACTIVATIONS: [Activation; 5] = [
    Activation::Identity,
    Activation::Relu,
    Activation::LeakyRelu(0.1),
    Activation::Sigmoid,
    Activation::Tanh,
];

fn normal(rows: usize, columns: usize, scale: f64, rng: &mut Rng) -> DMatrix<f64> {
    DMatrix::from_fn(rows, columns, |_, _| scale * rng.standard_normal())
}

fn tight() -> GradCheck {
    GradCheck::new().relative_tolerance(1e-8).absolute_tolerance(1e-10)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn dense_layers_with_every_activation(
        rows in 1usize..20, inputs in 1usize..7, outputs in 1usize..9, kind in 0usize..5, bias: bool, seed: u64,
    ) {
        let layer = Dense::new(inputs, outputs).unwrap().activation(ACTIVATIONS[kind]).bias(bias);
        let mut rng = Rng::new(seed);
        let params = normal(layer.parameter_count(), 1, 0.8, &mut rng);
        let x = normal(rows, inputs, 1.0, &mut rng);
        let agreement = tight().seed(seed).layer(&layer, params.as_slice(), &x);
        prop_assert!(agreement.is_ok(), "{}", agreement.unwrap_err());
        let agreement = agreement.unwrap();
        prop_assert_eq!(agreement.entries, layer.parameter_count() + rows * inputs);
    }

    #[test]
    fn chains_of_one_to_three_layers(
        rows in 1usize..12, sizes in prop::collection::vec(1usize..6, 2..5), kind in 0usize..5, seed: u64,
    ) {
        let network = Sequential::perceptron(&sizes, ACTIVATIONS[kind]).unwrap();
        let mut rng = Rng::new(seed);
        let params = normal(network.parameter_count(), 1, 0.8, &mut rng);
        let x = normal(rows, sizes[0], 1.0, &mut rng);
        let agreement = tight().seed(seed).layer(&network, params.as_slice(), &x);
        prop_assert!(agreement.is_ok(), "{}", agreement.unwrap_err());
    }

    #[test]
    fn losses_of_classes_values_and_weights(
        rows in 1usize..150, classes in 2usize..6, soft: bool, weighted: bool, seed: u64,
    ) {
        let mut rng = Rng::new(seed);
        let indices: Vec<usize> = (0..rows).map(|_| rng.below(classes)).collect();
        let weights: Vec<f64> = (0..rows).map(|i| if i == 0 { 1.0 } else { rng.uniform(0.0, 3.0) }).collect();
        let weights = weighted.then_some(weights.as_slice());
        let losses: [&dyn Loss<f64>; 3] = [&BinaryCrossEntropy, &SoftmaxCrossEntropy::new(), &MeanSquaredError];
        for loss in losses {
            let columns = loss.score_columns(classes);
            let scores = normal(rows, columns, 3.0, &mut rng);
            let mut values = DMatrix::from_fn(rows, columns, |_, _| rng.uniform(0.01, 1.0));
            if columns > 1 {
                values.row_iter_mut().for_each(|mut row| row /= row.sum());
            }
            let targets = if soft { Targets::Values(&values) } else { Targets::Classes(&indices) };
            // A mean over many rows has small entries: the tolerance is for those, not for the mean.
            let check = tight().relative_tolerance(1e-7).absolute_tolerance(1e-11).step(1e-2).max_entries(60).seed(seed);
            let agreement = check.loss(loss, &scores, targets, weights);
            prop_assert!(agreement.is_ok(), "{columns} columns: {}", agreement.unwrap_err());
            prop_assert_eq!(agreement.unwrap().kinks, 0);
        }
    }

    #[test]
    fn whole_networks_with_loss_weights_and_penalty(
        rows in 1usize..12, hidden in prop::collection::vec(1usize..6, 0..4), classes in 2usize..5, kind in 0usize..5,
        penalty in prop_oneof![Just(0.0), 0.01f64..1.0], weighted: bool, seed: u64,
    ) {
        let mut rng = Rng::new(seed);
        let loss: &dyn Loss<f64> = if classes == 2 { &BinaryCrossEntropy } else { &SoftmaxCrossEntropy::new() };
        let mut sizes = vec![3];
        sizes.extend(hidden);
        sizes.push(loss.score_columns(classes));
        let network = Sequential::perceptron(&sizes, ACTIVATIONS[kind]).unwrap();
        let params = normal(network.parameter_count(), 1, 0.8, &mut rng);
        let mut model = Model {
            x: normal(rows, 3, 1.0, &mut rng),
            classes: (0..rows).map(|_| rng.below(classes)).collect(),
            weights: weighted.then(|| (0..rows).map(|_| rng.uniform(0.1, 3.0)).collect()),
            tape: network.tape(rows),
            penalty,
            loss,
            network,
        };
        let agreement = tight().objective(&mut model, params.as_slice());
        prop_assert!(agreement.is_ok(), "{}", agreement.unwrap_err());
    }
}

/// Mean loss plus penalty of a network, from public parts only.
struct Model<'a> {
    network: Sequential<Dense>,
    loss: &'a dyn Loss<f64>,
    x: DMatrix<f64>,
    classes: Vec<usize>,
    weights: Option<Vec<f64>>,
    tape: Tape<f64>,
    penalty: f64,
}

impl Objective<f64> for Model<'_> {
    fn parameter_count(&self) -> usize {
        self.network.parameter_count()
    }

    fn evaluate(&mut self, params: &[f64], gradient: &mut [f64]) -> Evaluation {
        self.network.forward(params, &self.x, &mut self.tape);
        let (scores, out) = self.tape.split();
        let targets = Targets::Classes(&self.classes);
        let mut value = self.loss.mean_and_gradient(scores, targets, self.weights.as_deref(), out).unwrap();
        self.network.backward(params, &self.x, &mut self.tape, gradient, None);
        for index in self.network.penalized().into_iter().flatten() {
            value += 0.5 * self.penalty * params[index] * params[index];
            gradient[index] += self.penalty * params[index];
        }
        Evaluation::of(value, gradient)
    }
}

#[test]
fn an_accumulated_gradient_has_the_scale_it_was_given() {
    let mut rng = Rng::new(5);
    let scores = normal(7, 3, 1.0, &mut rng);
    let (mut mean, mut scaled) = (scores.clone(), scores.clone());
    let targets = Targets::Classes(&[0, 1, 2, 2, 1, 0, 1]);
    let value = SoftmaxCrossEntropy::new().mean_and_gradient(&scores, targets, None, &mut mean).unwrap();
    let gradient = Gradient { scale: 0.5, out: &mut scaled };
    let sum = SoftmaxCrossEntropy::new().accumulate(&scores, targets, None, Some(gradient));
    approx::assert_relative_eq!(sum, 7.0 * value, max_relative = 1e-15);
    approx::assert_relative_eq!(scaled, mean * 3.5, max_relative = 1e-14);
}

/// Kinks are avoided or counted, never mistaken for errors: a rectifier exactly at zero is left out.
#[test]
fn kinks_are_counted() {
    let layer = Dense::new(2, 3).unwrap().activation(Activation::Relu);
    // The first unit sits at zero for the first row; parameters and inputs that move it are kinks.
    let params = [1.0, -1.0, 0.5, 0.7, 0.3, -0.4, 0.0, 0.2, 0.15];
    let x = DMatrix::from_row_slice(4, 2, &[1.0, 1.0, 0.3, -0.8, 2.0, 0.5, -0.7, 0.9]);
    let agreement = GradCheck::new().layer(&layer, &params, &x).unwrap();
    assert_eq!((agreement.entries, agreement.kinks), (9 + 8, 5));
}

/// A backward pass is linear in the gradient that it starts from: twice that is exactly twice the result.
#[test]
fn twice_the_output_gradient_gives_exactly_twice_the_gradients() {
    for activation in ACTIVATIONS {
        let network = Sequential::perceptron(&[4, 9, 7, 3], activation).unwrap();
        let mut rng = Rng::new(6);
        let mut params = vec![0.0; network.parameter_count()];
        network.init(&mut params, &mut rng);
        let x = normal(33, 4, 1.0, &mut rng);
        let cotangent = normal(33, 3, 1.0, &mut rng);
        let mut tape = network.tape(33);
        network.forward(&params, &x, &mut tape);
        let mut backward = |factor: f64| {
            tape.output_gradient_mut().copy_from(&(&cotangent * factor));
            let (mut grad, mut dx) = (vec![f64::NAN; params.len()], x.clone());
            network.backward(&params, &x, &mut tape, &mut grad, Some(&mut dx));
            (grad, dx)
        };
        let ((once, dx), (twice, dx_twice)) = (backward(1.0), backward(2.0));
        assert!(once.iter().zip(&twice).all(|(a, b)| 2.0 * a == *b), "{activation:?}");
        assert_eq!(dx * 2.0, dx_twice);
    }
}
