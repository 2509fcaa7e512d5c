//! Every loss as the loss of a classifier.

use logit::nn::{
    BinaryCrossEntropy, ClassificationLoss, Focal, Hinge, MeanSquaredError, SigmoidSquaredError,
    SoftmaxCrossEntropy, SoftmaxSquaredError, SquaredHinge,
};
use logit::prelude::*;
use logit::{Activation, Adam, MlpClassifier, Rng};
use nalgebra::DMatrix;

fn losses() -> Vec<ClassificationLoss> {
    vec![
        BinaryCrossEntropy.into(),
        SoftmaxCrossEntropy::new().into(),
        SoftmaxCrossEntropy::new().label_smoothing(0.1).into(),
        Focal::new(2.0).into(),
        Hinge.into(),
        SquaredHinge.into(),
        MeanSquaredError.into(),
        SigmoidSquaredError.into(),
        SoftmaxSquaredError.into(),
    ]
}

fn clouds(classes: usize) -> (DMatrix<f64>, Vec<usize>) {
    let mut rng = Rng::new(11);
    let y: Vec<usize> = (0..150).map(|row| row % classes).collect();
    let x = DMatrix::from_fn(150, 2, |row, column| {
        let angle = std::f64::consts::TAU * y[row] as f64 / classes as f64;
        2.0 * if column == 0 { angle.cos() } else { angle.sin() } + 0.5 * rng.standard_normal()
    });
    (x, y)
}

#[test]
fn every_loss_learns_and_all_methods_agree() {
    for classes in [2, 3, 4] {
        let (x, y) = clouds(classes);
        for loss in losses() {
            let network = MlpClassifier::new([8]).activation(Activation::Tanh).loss(loss.clone());
            let model = network.optimizer(Adam::new(0.02)).epochs(40).seed(5).fit(&x, &y).unwrap();
            let name = format!("{loss:?}, {classes} classes");
            assert!(model.score(&x, &y).unwrap() > 0.95, "{name}: {}", model.report());
            assert_eq!(model.loss(), &loss);

            let scores = model.decision_function(&x).unwrap();
            assert_eq!(scores.shape(), (150, if classes == 2 { 1 } else { classes }), "{name}");
            let (p, predicted) = (model.predict_proba(&x).unwrap(), model.predict(&x).unwrap());
            let logs = model.predict_log_proba(&x).unwrap();
            for row in 0..150 {
                approx::assert_relative_eq!(p.row(row).sum(), 1.0, max_relative = 1e-14);
                let own = p[(row, predicted[row])];
                assert!(p.row(row).iter().all(|p| (0.0..=own).contains(p)), "{name}, row {row}: {p}");
                for (log, p) in logs.row(row).iter().zip(p.row(row).iter()) {
                    assert!((log.exp() - p).abs() < 1e-14, "{name}, row {row}");
                }
            }
        }
    }
}

/// A softmax of two scores and the logistic function of one are the same model.
#[test]
fn two_scores_of_softmax_have_their_difference_as_log_odds() {
    let (x, y) = clouds(2);
    let network = MlpClassifier::new([5]).loss(SoftmaxCrossEntropy::new()).epochs(5).seed(2);
    let model = network.fit(&x, &y).unwrap();
    assert_eq!(model.network().layers().last().map(logit::nn::Shape::outputs), Some(2));
    let (scores, p) = (model.decision_function(&x).unwrap(), model.predict_proba(&x).unwrap());
    for row in 0..150 {
        approx::assert_relative_eq!(scores[row], (p[(row, 1)] / p[(row, 0)]).ln(), max_relative = 1e-9);
    }
}

/// A loss of the crate, wrapped as a loss of another crate.
#[test]
fn a_loss_of_another_crate_trains_to_the_same_bits_and_is_not_saved() {
    for classes in [2, 3] {
        let (x, y) = clouds(classes);
        let single = x.map(|v| v as f32);
        let network = MlpClassifier::new([6]).optimizer(Adam::new(0.02)).epochs(20).batch_size(25);
        let own = network.clone().loss(ClassificationLoss::custom(SoftmaxCrossEntropy::new()));
        let built_in = network.loss(SoftmaxCrossEntropy::new());
        let (a, b) = (own.fit(&x, &y).unwrap(), built_in.fit(&x, &y).unwrap());
        assert_eq!(a.params(), b.params());
        assert_eq!(a.predict_proba(&x).unwrap(), b.predict_proba(&x).unwrap());
        assert_eq!(own.fit(&single, &y).unwrap().params(), built_in.fit(&single, &y).unwrap().params());
        let error = a.to_bytes().unwrap_err().to_string();
        assert!(
            error.starts_with("a model file does not support a custom loss: save `trained()`"),
            "{error}"
        );
        assert!(b.to_bytes().is_ok());
    }
    let own = ClassificationLoss::custom(SoftmaxCrossEntropy::new());
    assert_eq!(own, own.clone());
    assert_ne!(own, ClassificationLoss::custom(SoftmaxCrossEntropy::new()));
}
