//! The gradient of a whole network's objective, as minimisers and trainers see it.

use logit::nn::{
    BinaryCrossEntropy, ClassificationLoss, Examples, Focal, NetworkObjective, Sequential, Shape,
    SigmoidSquaredError, SoftmaxCrossEntropy, Targets,
};
use logit::optim::Objective;
use logit::{Activation, GradCheck, Rng};
use nalgebra::DMatrix;
use proptest::prelude::*;

fn losses() -> Vec<ClassificationLoss> {
    vec![
        BinaryCrossEntropy.into(),
        SoftmaxCrossEntropy::new().into(),
        SoftmaxCrossEntropy::new().label_smoothing(0.1).into(),
        Focal::new(2.0).into(),
        SigmoidSquaredError.into(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// One to three hidden layers, every activation, weights, penalty and smoothing.
    #[test]
    fn every_activation_depth_and_loss(
        hidden in 1usize..4, rows in 2usize..12, classes in 2usize..5, lambda in 0.0f64..0.5, seed: u64,
    ) {
        let mut rng = Rng::new(seed);
        let x = DMatrix::from_fn(rows, 3, |_, _| rng.standard_normal());
        let y: Vec<usize> = (0..rows).map(|_| rng.below(classes)).collect();
        let weights: Vec<f64> = (0..rows).map(|_| rng.uniform(0.2, 2.0)).collect();
        let examples = Examples::new(&x, Targets::Classes(&y)).weights(&weights);
        for activation in Activation::ALL.iter().copied() {
            for loss in losses() {
                let mut sizes = vec![3];
                sizes.extend(std::iter::repeat_n(4, hidden));
                sizes.push(logit::nn::Loss::<f64>::score_columns(&loss, classes));
                let network = Sequential::perceptron(&sizes, activation).unwrap();
                let mut objective = NetworkObjective::new(&network, &loss, examples, lambda).unwrap();
                let params: Vec<f64> =
                    (0..network.parameter_count()).map(|_| 0.7 * rng.standard_normal()).collect();
                // Second derivatives that jump cost differences digits in proportion to their step.
                let jumps = matches!(activation, Activation::Elu(_));
                let tolerance = if jumps { 1e-5 } else { 1e-7 };
                let check = GradCheck::new().step(1e-4).relative_tolerance(tolerance).absolute_tolerance(1e-9);
                let agreement = check.objective(&mut objective, &params);
                prop_assert!(agreement.is_ok(), "{activation:?}, {loss:?}: {}", agreement.unwrap_err());
            }
        }
    }
}

/// In single precision it is the same gradient to four digits.
#[test]
fn single_precision_agrees_with_double() {
    let mut rng = Rng::new(4);
    let x = DMatrix::from_fn(20, 3, |_, _| rng.standard_normal());
    let y: Vec<usize> = (0..20).map(|row| row % 3).collect();
    for activation in Activation::ALL.iter().copied() {
        let network = Sequential::perceptron(&[3, 6, 3], activation).unwrap();
        let params: Vec<f64> = (0..network.parameter_count()).map(|_| rng.standard_normal()).collect();
        let mut wide = vec![0.0; params.len()];
        let loss = SoftmaxCrossEntropy::new();
        let examples = Examples::new(&x, Targets::Classes(&y));
        NetworkObjective::new(&network, loss, examples, 0.1).unwrap().evaluate(&params, &mut wide);
        let narrow_x: DMatrix<f32> = x.map(|v| v as f32);
        let narrow_params: Vec<f32> = params.iter().map(|p| *p as f32).collect();
        let mut narrow = vec![0.0; params.len()];
        let examples = Examples::new(&narrow_x, Targets::Classes(&y));
        NetworkObjective::new(&network, loss, examples, 0.1).unwrap().evaluate(&narrow_params, &mut narrow);
        let largest = wide.iter().fold(0.0, |max: f64, g| max.max(g.abs()));
        for (narrow, wide) in narrow.iter().zip(&wide) {
            approx::assert_relative_eq!(
                f64::from(*narrow),
                *wide,
                max_relative = 1e-4,
                epsilon = 1e-5 * largest
            );
        }
    }
}
