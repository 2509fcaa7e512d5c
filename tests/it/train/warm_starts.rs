//! Starting from a model, and learning in parts.

use logit::nn::PartialMlp;
use logit::prelude::*;
use logit::{Activation, Adam, Error, FitOptions, Lbfgs, MlpClassifier, Sgd};

use super::kit::{Data, bits};

fn network() -> MlpClassifier {
    MlpClassifier::new([6]).optimizer(Adam::new(0.01)).batch_size(7).seed(9)
}

#[test]
fn parts_over_the_same_rows_are_epochs() {
    let data = Data::new(50, 1);
    let whole = network().epochs(4).fit_weighted(&data.x, &data.classes, &data.weights).expect("a model");
    let mut partial: PartialMlp<f64, usize> = network().partial(4, [2, 0, 1]).expect("an empty model");
    for _ in 0..4 {
        partial.fit_weighted(&data.x, &data.classes, &data.weights).expect("an epoch");
    }
    let model = partial.model();
    assert_eq!(bits(model.params()), bits(whole.params()));
    assert_eq!(model.history(), whole.history());
    assert_eq!(model.predict_proba(&data.x), whole.predict_proba(&data.x));
}

#[test]
fn parts_need_not_hold_every_class() {
    let data = Data::new(60, 2);
    let mut partial: PartialMlp<f64, usize> = network().partial(4, [0, 1, 2]).expect("an empty model");
    for class in [0, 1, 2, 1] {
        let rows: Vec<usize> = (0..60).filter(|&row| data.classes[row] == class).collect();
        partial.fit(&data.x.select_rows(&rows), &vec![class; rows.len()]).expect("an epoch");
    }
    assert_eq!(partial.model().classes(), [0, 1, 2]);
    let error = partial.fit(&data.x.rows(0, 1).into_owned(), &[7]).unwrap_err();
    assert!(matches!(error, Error::UnknownLabel { row: 0, .. }), "{error}");
    let error = network().partial::<f64, _>(4, [1, 1]).unwrap_err();
    assert!(matches!(error, Error::OneClass { .. }), "{error}");
    let error = partial.fit(&data.x.columns(0, 2).into_owned(), &data.classes).unwrap_err();
    assert!(matches!(error, Error::ShapeMismatch { .. }), "{error}");
}

#[test]
fn a_warm_start_begins_with_the_weights_of_the_model() {
    let data = Data::new(50, 3);
    let first = network().epochs(20).fit(&data.x, &data.classes).expect("a model");
    let again = network().epochs(1).optimizer(Sgd::new(1e-12)).fit_from(&first, &data.x, &data.classes);
    let again = again.expect("a model");
    for (a, b) in first.params().iter().zip(again.params()) {
        approx::assert_abs_diff_eq!(a, b, epsilon = 1e-9);
    }
    let lbfgs = MlpClassifier::new([6]).activation(Activation::Tanh).l2(0.01).seed(9);
    let lbfgs = lbfgs.optimizer(Lbfgs::new().max_iterations(5000));
    let best = lbfgs.fit(&data.x, &data.classes).expect("a model");
    assert!(best.report().converged(), "{}", best.report());
    let polished = lbfgs.fit_from(&best, &data.x, &data.classes).expect("a model");
    assert_eq!((polished.report().iterations, polished.params()), (0, best.params()));

    let other = MlpClassifier::new([5]).fit_from(&first, &data.x, &data.classes).unwrap_err();
    assert!(matches!(other, Error::WarmStart { .. }), "{other}");
    let two: Vec<usize> = data.classes.iter().map(|class| class / 2).collect();
    let other = network().fit_from_with(&first, &data.x, &two, FitOptions::default()).unwrap_err();
    assert!(matches!(other, Error::WarmStart { .. }), "{other}");
}
