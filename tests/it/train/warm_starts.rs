//! Starting from a model, and learning in parts.

use logit::nn::{Checkpoint, MlpOptions, PartialMlp};
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

/// However many rows arrive one by one, a model has the size of its parameters.
#[test]
fn the_size_of_a_model_does_not_grow_with_the_number_of_parts() {
    let mut partial = MlpClassifier::new([10]).partial(4, ["a", "b"]).expect("an empty model");
    let x = nalgebra::DMatrix::from_element(1, 4, 0.5);
    let mut sizes = Vec::new();
    for call in 1..=3000 {
        partial.fit(&x, &[if call % 2 == 0 { "a" } else { "b" }]).expect("a row");
        if call == 100 || call == 3000 {
            sizes.push(partial.model().to_bytes().expect("bytes").len());
        }
    }
    assert!(sizes[1] < sizes[0] + 200 && sizes[1] < 20_000, "{sizes:?}");
    let (model, last) = (partial.model(), partial.last_epoch().expect("a call"));
    assert_eq!((last.number, model.report().iterations, model.report().evaluations), (3000, 3000, 3000));
    assert_eq!(model.report().objective, last.train_loss);
    let numbers: Vec<usize> = model.history().epochs.iter().map(|epoch| epoch.number).collect();
    assert_eq!(numbers, (2981..=3000).collect::<Vec<_>>());
}

#[test]
fn parts_go_on_from_a_model() {
    let data = Data::new(60, 4);
    let model = network().epochs(5).fit(&data.x, &data.classes).expect("a model");
    let stored =
        logit::FittedMlp::<f64, usize>::from_bytes(&model.to_bytes().expect("bytes")).expect("a model");
    let mut partial = network().partial_from(&stored).expect("a model to go on from");
    assert_eq!(partial.model().params(), model.params());
    let rows: Vec<usize> = (0..60).filter(|&row| data.classes[row] == 1).collect();
    partial.fit(&data.x.select_rows(&rows), &vec![1; rows.len()]).expect("rows of one class");
    assert_ne!(partial.model().params(), model.params());
    let error = MlpClassifier::new([5]).partial_from(&stored).unwrap_err();
    assert!(matches!(error, Error::WarmStart { .. }), "{error}");
}

/// A stream outlives its process: the same parts give the same bits, wherever it was cut.
#[test]
fn parts_go_on_from_a_checkpoint() {
    let data = Data::new(60, 5);
    let network = || network().class_weight(logit::ClassWeight::map([(1usize, 4.0)]));
    let learn = |partial: &mut PartialMlp<f64, usize>, parts: std::ops::Range<usize>| {
        for part in parts {
            let first = 7 * part % 50;
            let (x, y) = (data.x.rows(first, 1 + part % 9), &data.classes[first..=first + part % 9]);
            partial.fit_weighted(x, y, &data.weights[first..=first + part % 9]).expect("a part");
        }
    };
    let mut whole = network().partial(4, [0, 1, 2]).expect("an empty model");
    learn(&mut whole, 0..40);
    for cut in [0, 1, 5, 25, 39] {
        let mut first = network().partial(4, [0, 1, 2]).expect("an empty model");
        learn(&mut first, 0..cut);
        let stored = first.checkpoint().to_bytes().expect("bytes");
        let checkpoint = Checkpoint::<f64>::from_bytes(&stored).expect("a checkpoint");
        assert_eq!(checkpoint, first.checkpoint());
        let mut again = network().resume_partial(4, [0, 1, 2], checkpoint).expect("the same network");
        learn(&mut again, cut..40);
        assert_eq!(bits(again.model().params()), bits(whole.model().params()), "cut at {cut}");
        assert_eq!(again, whole);
    }
    let checkpoint = || whole.checkpoint();
    for (other, classes) in [
        (network().activation(Activation::Tanh), [0, 1, 2]),
        (network().optimizer(Sgd::new(0.1)), [0, 1, 2]),
        (network().seed(1), [0, 1, 2]),
        (network(), [1, 2, 3]),
    ] {
        let error = other.resume_partial(4, classes, checkpoint()).unwrap_err();
        assert!(matches!(error, Error::Checkpoint { .. }), "{error}");
    }
    // A run over rows that are all at hand is another kind of run.
    let run = network().start(&data.x, &data.classes, MlpOptions::default()).expect("a run");
    let error = network().resume_partial(4, [0, 1, 2], run.checkpoint()).unwrap_err();
    assert!(matches!(&error, Error::Checkpoint { what, .. } if what == "rows"), "{error}");
    let error = network().resume(&data.x, &data.classes, MlpOptions::default(), checkpoint()).unwrap_err();
    assert!(matches!(&error, Error::Checkpoint { what, .. } if what == "rows"), "{error}");
}
