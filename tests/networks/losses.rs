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
