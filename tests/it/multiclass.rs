//! One-vs-rest and one-vs-one, compared with the binary classifiers that they consist of.

use std::ops::ControlFlow;

use logit::prelude::*;
use logit::{Error, FitOptions, LogisticRegression, MlpClassifier, OneVsOne, OneVsRest, Penalty, data};
use nalgebra::DMatrix;

fn logistic() -> LogisticRegression {
    LogisticRegression::new(Penalty::c(1.0)).tolerance(1e-10)
}

/// Probabilities sum to 1, and the predicted class has the largest score.
fn assert_consistent(model: &impl Classifier<f64, Label = &'static str>, x: &DMatrix<f64>) {
    let (scores, p) = (model.decision_function(x).unwrap(), model.predict_proba(x).unwrap());
    assert_eq!((scores.shape(), p.shape()), ((x.nrows(), 3), (x.nrows(), 3)));
    for (row, label) in model.predict(x).unwrap().into_iter().enumerate() {
        assert!((p.row(row).sum() - 1.0).abs() < 1e-12);
        assert_eq!(model.classes()[scores.row(row).transpose().imax()], label);
    }
}

#[test]
fn one_vs_rest_is_a_binary_fit_for_each_class() {
    let iris = data::iris();
    let model = OneVsRest::new(logistic()).fit(&iris.x, &iris.y).unwrap();
    assert_consistent(&model, &iris.x);
    let p = model.predict_proba(&iris.x).unwrap();
    let mut sums = DMatrix::zeros(150, 1);
    for (k, class) in ["setosa", "versicolor", "virginica"].iter().enumerate() {
        let own: Vec<bool> = iris.y.iter().map(|label| label == class).collect();
        let alone = logistic().fit(&iris.x, &own).unwrap();
        assert_eq!(model.models()[k], alone);
        sums += alone.predict_proba(&iris.x).unwrap().columns(1, 1);
    }
    let first = model.models()[0].predict_proba(&iris.x).unwrap();
    for row in 0..150 {
        approx::assert_relative_eq!(p[(row, 0)], first[(row, 1)] / sums[row], max_relative = 1e-12);
    }
}

#[test]
fn one_vs_one_is_a_binary_fit_for_each_pair() {
    let iris = data::iris();
    let model = OneVsOne::new(logistic()).fit(&iris.x, &iris.y).unwrap();
    assert_consistent(&model, &iris.x);
    assert_eq!(model.models().len(), 3);
    // Versicolor against virginica, rows 50 to 150, is the last pair.
    let own: Vec<bool> = iris.y[50..].iter().map(|label| *label == "virginica").collect();
    let alone = logistic().fit(&iris.x.rows(50, 100).into_owned(), &own).unwrap();
    assert_eq!(model.models()[2], alone);
    assert!(model.score(&iris.x, &iris.y).unwrap() >= 0.96);
}

#[test]
fn two_classes_are_one_fit_and_give_its_probabilities() {
    let iris = data::iris();
    let y: Vec<bool> = iris.y.iter().map(|label| *label == "virginica").collect();
    let alone = logistic().fit(&iris.x, &y).unwrap().predict_proba(&iris.x).unwrap();
    let rest = OneVsRest::new(logistic()).fit(&iris.x, &y).unwrap();
    let one = OneVsOne::new(logistic()).fit(&iris.x, &y).unwrap();
    assert_eq!((rest.models().len(), one.models().len()), (1, 1));
    assert_eq!(rest.predict_proba(&iris.x).unwrap(), alone);
    assert_eq!(one.predict_proba(&iris.x).unwrap(), alone);
    assert_eq!(one.decision_function(&iris.x).unwrap().ncols(), 1);
}

#[test]
fn weights_reach_every_fit() {
    let iris = data::iris();
    let weights: Vec<f64> = (0..150).map(|row| f64::from(row % 3)).collect();
    let repeated: Vec<usize> = (0..150).flat_map(|row| vec![row; row % 3]).collect();
    let x = iris.x.select_rows(&repeated);
    let y: Vec<&str> = repeated.iter().map(|&row| iris.y[row]).collect();
    let by_weight = OneVsRest::new(logistic()).fit_weighted(&iris.x, &iris.y, &weights).unwrap();
    let by_repetition = OneVsRest::new(logistic()).fit(&x, &y).unwrap();
    let (a, b) = (by_weight.predict_proba(&iris.x).unwrap(), by_repetition.predict_proba(&iris.x).unwrap());
    approx::assert_relative_eq!(a, b, max_relative = 1e-6, epsilon = 1e-9);
    let by_weight = OneVsOne::new(logistic()).fit_weighted(&iris.x, &iris.y, &weights).unwrap();
    let by_repetition = OneVsOne::new(logistic()).fit(&x, &y).unwrap();
    let (a, b) = (by_weight.predict_proba(&iris.x).unwrap(), by_repetition.predict_proba(&iris.x).unwrap());
    approx::assert_relative_eq!(a, b, max_relative = 1e-6, epsilon = 1e-9);
}

#[test]
fn they_nest_in_each_other_and_take_networks() {
    let iris = data::iris();
    let network = MlpClassifier::new([4]).epochs(2);
    let nested = OneVsRest::new(OneVsOne::new(network)).fit(&iris.x, &iris.y).unwrap();
    assert_consistent(&nested, &iris.x);
}

#[test]
fn an_observer_sees_every_fit() {
    let iris = data::iris();
    let mut firsts = 0;
    let mut observer = |progress: &logit::Progress| {
        firsts += usize::from(progress.iteration == 1);
        ControlFlow::Continue(())
    };
    let options = FitOptions::new().observer(&mut observer);
    OneVsRest::new(logistic()).fit_with(&iris.x, &iris.y, options).unwrap();
    assert_eq!(firsts, 3);
}

#[test]
fn bad_input_is_refused_as_everywhere() {
    let iris = data::iris();
    assert!(matches!(OneVsRest::new(logistic()).fit(&iris.x, &[1; 150]), Err(Error::OneClass { .. })));
    assert!(matches!(OneVsOne::new(logistic()).fit(&iris.x, &[1, 2]), Err(Error::ShapeMismatch { .. })));
    let rest = OneVsRest::new(logistic()).fit(&iris.x, &iris.y).unwrap();
    let one = OneVsOne::new(logistic()).fit(&iris.x, &iris.y).unwrap();
    let narrow = iris.x.columns(0, 3).into_owned();
    assert!(matches!(rest.predict(&narrow), Err(Error::ShapeMismatch { expected: 4, found: 3, .. })));
    assert!(matches!(one.predict_proba(&narrow), Err(Error::ShapeMismatch { expected: 4, found: 3, .. })));
    assert_eq!(one.predict_proba(&DMatrix::zeros(0, 4)).unwrap().shape(), (0, 3));
    assert_eq!(rest.predict_proba(&DMatrix::zeros(0, 4)).unwrap().shape(), (0, 3));
}
