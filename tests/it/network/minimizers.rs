//! Networks on all rows at once.

use logit::nn::{SigmoidSquaredError, SoftmaxCrossEntropy};
use logit::optim::LevenbergMarquardt;
use logit::prelude::*;
use logit::{Activation, Lbfgs, LogisticRegression, MlpClassifier, Penalty, Rng, StopReason, data};
use nalgebra::DMatrix;

/// Without hidden layers the network is multinomial logistic regression.
#[test]
fn both_minimisers_find_the_optimum_of_logistic_regression() {
    let iris = data::iris();
    let logistic = LogisticRegression::new(Penalty::l2(0.05)).tolerance(1e-11).fit(&iris.x, &iris.y).unwrap();
    let network = MlpClassifier::new([]).l2(0.05);
    let lbfgs = network.clone().optimizer(Lbfgs::new().tolerance(1e-9).max_iterations(5000));
    let marquardt = network.optimizer(LevenbergMarquardt::new().tolerance(1e-10));
    for fit in [lbfgs, marquardt] {
        let model = fit.fit(&iris.x, &iris.y).unwrap();
        assert!(model.report().converged(), "{}", model.report());
        for (found, wanted) in model.weights(0).unwrap().iter().zip(logistic.coefficients()) {
            approx::assert_abs_diff_eq!(*found, *wanted, epsilon = 1e-6);
        }
    }
}

/// Two linear layers are one, written otherwise: without a penalty, the best of both predict the same.
#[test]
fn a_hidden_layer_without_activation_predicts_as_logistic_regression_does() {
    let mut rng = Rng::new(3);
    let x = DMatrix::from_fn(120, 3, |_, _| rng.standard_normal());
    let noisy = |row: usize, class: usize, rng: &mut Rng| x[(row, class)] + 1.5 * rng.standard_normal();
    let y: Vec<usize> = (0..120)
        .map(|row| {
            let scores = [0, 1, 2].map(|class| noisy(row, class, &mut rng));
            (0..3).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).expect("three classes")
        })
        .collect();
    let logistic = LogisticRegression::new(Penalty::None).fit(&x, &y).unwrap();
    assert!(logistic.report().converged(), "{}", logistic.report());
    let network = MlpClassifier::new([4]).activation(Activation::Identity).seed(1);
    let model = network.optimizer(Lbfgs::new().max_iterations(5000).tolerance(1e-7)).fit(&x, &y).unwrap();
    assert!(model.report().converged(), "{}", model.report());
    let (found, wanted) = (model.predict_proba(&x).unwrap(), logistic.predict_proba(&x).unwrap());
    approx::assert_abs_diff_eq!(found, wanted, epsilon = 1e-4);
    assert_eq!(model.predict(&x), logistic.predict(&x));
}

#[test]
fn levenberg_marquardt_needs_few_iterations_where_l_bfgs_needs_many() {
    let iris = data::iris();
    let network = MlpClassifier::new([4]).activation(Activation::Tanh).l2(1e-3).seed(2);
    let lbfgs = network.clone().optimizer(Lbfgs::new().max_iterations(20_000).tolerance(1e-8));
    let marquardt = network.clone().optimizer(LevenbergMarquardt::new().tolerance(1e-8));
    let (first, second) = (lbfgs.fit(&iris.x, &iris.y).unwrap(), marquardt.fit(&iris.x, &iris.y).unwrap());
    for model in [&first, &second] {
        assert!(model.report().converged(), "{}", model.report());
        assert!(model.score(&iris.x, &iris.y).unwrap() > 0.97);
    }
    assert!(second.report().iterations * 3 < first.report().iterations);

    for loss in [SigmoidSquaredError.into(), logit::nn::ClassificationLoss::from(SoftmaxCrossEntropy::new())]
    {
        let model =
            network.clone().loss(loss).optimizer(LevenbergMarquardt::new()).fit(&iris.x, &iris.y).unwrap();
        assert!(
            model.report().converged() || model.report().stop == StopReason::Stalled,
            "{}",
            model.report()
        );
        assert!(model.score(&iris.x, &iris.y).unwrap() > 0.95);
    }
}
