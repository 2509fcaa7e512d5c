//! Analytic gradients against finite differences, in training and in prediction.

use logit::nn::{
    AnyLayer, BatchNorm, BinaryCrossEntropy, ClassificationLoss, Focal, Layer, Loss, MeanSquaredError, Mode,
    Sequential, Shape, SigmoidSquaredError, SoftmaxCrossEntropy, SoftmaxSquaredError, Tape, Targets,
};
use logit::optim::{Evaluation, Objective};
use logit::{Activation, GradCheck, Rng};
use nalgebra::DMatrix;
use proptest::prelude::*;

use super::kit::{MODES, chain, dense, every_kind, normal, parameters, prepared, random_chain};

fn tight() -> GradCheck {
    GradCheck::new().relative_tolerance(1e-8).absolute_tolerance(1e-9)
}

/// How many entries were left out because of a corner nearby.
fn check(layer: &impl Layer<f64>, rows: usize, mode: Mode, seed: u64) -> Result<usize, TestCaseError> {
    let mut rng = Rng::new(seed);
    let params = parameters(layer, &mut rng);
    let x = normal(rows, layer.inputs(), &mut rng);
    let mut tape = prepared(layer, rows, mode, &mut rng);
    let agreement = tight().seed(seed).layer_on(layer, &params, &x, &mut tape);
    prop_assert!(agreement.is_ok(), "{}, {mode:?}: {}", layer.describe(), agreement.unwrap_err());
    let agreement = agreement.unwrap();
    prop_assert_eq!(agreement.entries, params.len() + x.len());
    Ok(agreement.kinks)
}

/// A network and a loss, as training sees them: the mode, the masks and the running statistics are those of
/// the tape.
struct Learning {
    network: Sequential<AnyLayer>,
    loss: ClassificationLoss,
    tape: Tape<f64>,
    x: DMatrix<f64>,
    targets: DMatrix<f64>,
    weights: Vec<f64>,
}

impl Objective<f64> for Learning {
    fn parameter_count(&self) -> usize {
        self.network.parameter_count()
    }

    fn evaluate(&mut self, params: &[f64], gradient: &mut [f64]) -> Evaluation {
        self.network.forward(params, &self.x, &mut self.tape);
        let (scores, out) = self.tape.split();
        let targets = Targets::Values(&self.targets);
        let value =
            self.loss.mean_and_gradient(scores, targets, Some(&self.weights), out).expect("valid rows");
        self.network.backward(params, &self.x, &mut self.tape, gradient, None);
        Evaluation::of(value, gradient)
    }
}

fn losses() -> [ClassificationLoss; 6] {
    [
        BinaryCrossEntropy.into(),
        SoftmaxCrossEntropy::new().label_smoothing(0.1).into(),
        Focal::new(1.5).alpha(0.3).into(),
        MeanSquaredError.into(),
        SigmoidSquaredError.into(),
        SoftmaxSquaredError.into(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn of_every_kind_of_layer(rows in 1usize..20, width in 1usize..8, epsilon in 0.1f64..1.0, seed: u64) {
        for layer in every_kind(width, epsilon) {
            for mode in MODES {
                let kinks = check(&layer, rows, mode, seed)?;
                prop_assert!(kinks == 0 || matches!(layer, AnyLayer::PRelu(_)), "{}", layer.describe());
            }
        }
    }

    #[test]
    fn of_random_chains_with_chains_and_residual_blocks_inside(
        rows in 1usize..10, inputs in 1usize..6, seed: u64,
    ) {
        let network = random_chain(inputs, 2, &mut Rng::new(seed));
        for mode in MODES {
            check(&network, rows, mode, seed)?;
        }
    }

    /// From the loss of soft targets with weights, some of them zero, down to every parameter.
    #[test]
    fn of_losses_of_random_chains(rows in 2usize..9, inputs in 1usize..6, which in 0usize..6, seed: u64) {
        let mut rng = Rng::new(seed);
        let mut layers: Vec<AnyLayer> = vec![random_chain(inputs, 2, &mut rng).into()];
        layers.push(dense(layers[0].outputs(), 3, Activation::Identity));
        let network = chain(layers);
        for mode in MODES {
            let mut targets = DMatrix::from_fn(rows, 3, |_, _| rng.uniform(0.1, 1.0));
            targets.row_iter_mut().for_each(|mut row| row /= row.sum());
            let params = parameters(&network, &mut rng);
            let mut learning = Learning {
                tape: prepared(&network, rows, mode, &mut rng),
                x: normal(rows, inputs, &mut rng),
                targets,
                weights: (0..rows).map(|row| if row == 1 { 0.0 } else { rng.uniform(0.5, 3.0) }).collect(),
                loss: losses()[which].clone(),
                network: network.clone(),
            };
            let agreement = tight().seed(seed).objective(&mut learning, &params);
            prop_assert!(agreement.is_ok(), "{:?}, {mode:?}: {}", learning.loss, agreement.unwrap_err());
        }
    }

    /// Many rows and columns, so that all lanes, blocks and remainders occur; the usual epsilon.
    #[test]
    fn of_normalisation_of_many_rows_and_columns(rows in 60usize..140, width in 12usize..20, seed: u64) {
        for layer in every_kind(width, 1e-5) {
            let mut rng = Rng::new(seed);
            let params = parameters(&layer, &mut rng);
            let x = normal(rows, width, &mut rng);
            let mut tape = prepared(&layer, rows, Mode::Train, &mut rng);
            let agreement = tight().max_entries(40).seed(seed).layer_on(&layer, &params, &x, &mut tape);
            prop_assert!(agreement.is_ok(), "{}: {}", layer.describe(), agreement.unwrap_err());
        }
    }
}

/// Without the mode, the same layer is another function: the check would not notice a mode that is ignored.
#[test]
fn training_and_prediction_differ_where_they_should() {
    let mut rng = Rng::new(1);
    for layer in every_kind(4, 1e-5) {
        let params = parameters(&layer, &mut rng);
        let x = normal(6, 4, &mut rng);
        let [evaluated, trained] = MODES.map(|mode| {
            let mut tape = prepared(&layer, 6, mode, &mut Rng::new(2));
            layer.forward(&params, &x, &mut tape);
            tape.output().clone()
        });
        let differ = matches!(layer, AnyLayer::Dropout(_) | AnyLayer::BatchNorm(_));
        assert_eq!(evaluated != trained, differ, "{}", layer.describe());
    }
}

/// A layer with a learned scale and shift has as many parameters as it says, none of them penalised.
#[test]
fn scales_and_shifts_are_spared_by_penalties() {
    for layer in every_kind(5, 1e-5) {
        let penalized: usize = layer.penalized().iter().map(ExactSizeIterator::len).sum();
        let (count, wanted) = match &layer {
            AnyLayer::Dense(_) => (30, 25),
            AnyLayer::Sequential(_) | AnyLayer::Residual(_) => (38, 30),
            AnyLayer::Dropout(_) => (0, 0),
            _ => (layer.parameter_count(), 0),
        };
        assert_eq!((layer.parameter_count(), penalized), (count, wanted), "{}", layer.describe());
    }
    let layer = BatchNorm::new(5).unwrap();
    assert_eq!([layer.parameter_count(), layer.affine(false).parameter_count()], [10, 0]);
}
