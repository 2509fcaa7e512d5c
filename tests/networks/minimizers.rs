//! Networks on all rows at once.

use logit::{
    Activation, Classifier, Estimator, Lbfgs, LevenbergMarquardt, LogisticRegression, MlpClassifier, Penalty,
    SigmoidSquaredError, SoftmaxCrossEntropy, StopReason, data,
};

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

    for loss in [SigmoidSquaredError.into(), logit::ClassificationLoss::from(SoftmaxCrossEntropy::new())] {
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
