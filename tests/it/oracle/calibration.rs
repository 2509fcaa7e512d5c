//! Calibration: optima from mpmath, checked with scikit-learn.

use logit::decide::{CalibrationMethod, FittedCalibration, IsotonicRegression, PlattScaling};
use logit::nalgebra::{DMatrix, DVector};
use logit::prelude::*;
use logit::{Activation, FittedLogistic};
use serde::Deserialize;

use crate::oracle::compare::Within;
use crate::oracle::json;

#[derive(Deserialize)]
struct Cases {
    platt: Vec<Platt>,
    isotonic: Vec<Isotonic>,
    temperature: Vec<Temperature>,
}

#[derive(Deserialize)]
struct Platt {
    name: String,
    decision: Vec<f64>,
    y: Vec<u8>,
    sample_weight: Option<Vec<f64>>,
    a: f64,
    b: f64,
    objective: f64,
    target_pos: f64,
    target_neg: f64,
    x: Vec<f64>,
    prob: Vec<f64>,
}

#[derive(Deserialize)]
struct Isotonic {
    name: String,
    x: Vec<f64>,
    y: Vec<f64>,
    sample_weight: Option<Vec<f64>>,
    increasing: bool,
    unique_x: Vec<f64>,
    unique_fit: Vec<f64>,
    thresholds_x: Vec<f64>,
    thresholds_y: Vec<f64>,
    fitted: Vec<f64>,
    query: Vec<f64>,
    predict_clip_linear: Vec<f64>,
}

#[derive(Deserialize)]
struct Temperature {
    n_classes: usize,
    logits: Vec<Vec<f64>>,
    y: Vec<usize>,
    sample_weight: Option<Vec<f64>>,
    inverse_temperature: f64,
    temperature: f64,
    mean_nll_at_optimum: f64,
    #[serde(rename = "mean_nll_at_T1")]
    mean_nll_before: f64,
    proba_first5: Vec<Vec<f64>>,
}

fn read() -> Cases {
    json::read(include_str!("data/calibration.json"))
}

#[test]
fn platt() {
    let cases = read().platt;
    assert!(cases.len() >= 7);
    for case in &cases {
        let truth: Vec<bool> = case.y.iter().map(|&y| y == 1).collect();
        let scaling =
            PlattScaling::fit(&case.decision, &truth, case.sample_weight.as_deref()).expect(&case.name);
        let close = Within::relative(1e-12).plus(1e-12);
        // P = 1 / (1 + exp(a f + b)) there.
        close.all(&case.name, &[-scaling.slope(), -scaling.offset()], &[case.a, case.b]);
        // The cross-entropy with smoothed targets, as a sum.
        let loss = |(row, &z): (usize, &f64)| {
            let weight = case.sample_weight.as_ref().map_or(1.0, |weights| weights[row]);
            let target = if truth[row] { case.target_pos } else { case.target_neg };
            let softplus = |z: f64| Activation::Softplus.evaluate(z).0;
            let z: f64 = scaling.log_odds(z);
            weight * (target * softplus(-z) + (1.0 - target) * softplus(z))
        };
        let objective: f64 = case.decision.iter().enumerate().map(loss).sum();
        Within::relative(1e-12).one(&case.name, objective, case.objective);
        let found: Vec<f64> = case.x.iter().map(|&x| scaling.probability(x)).collect();
        close.all(&case.name, &found, &case.prob);
    }
}

#[test]
fn isotonic() {
    let cases = read().isotonic;
    assert!(cases.len() >= 7);
    for case in &cases {
        let fitted =
            IsotonicRegression::fit(&case.x, &case.y, case.sample_weight.as_deref(), case.increasing);
        let fitted = fitted.expect(&case.name);
        let close = Within::relative(1e-13).plus(1e-14);
        close.all(&case.name, fitted.x(), &case.unique_x);
        close.all(&case.name, fitted.y(), &case.unique_fit);
        let at = |places: &[f64]| places.iter().map(|&x| fitted.value(x)).collect::<Vec<f64>>();
        close.all(&case.name, &at(&case.x), &case.fitted);
        close.all(&case.name, &at(&case.query), &case.predict_clip_linear);
        close.all(&case.name, &at(&case.thresholds_x), &case.thresholds_y);
    }
}

/// A model whose scores are its columns.
fn scores_of(classes: usize) -> FittedLogistic<f64, usize> {
    let coefficients = match classes {
        2 => DMatrix::identity(1, 1),
        classes => DMatrix::identity(classes, classes),
    };
    let columns = coefficients.ncols();
    FittedLogistic::from_coefficients((0..classes).collect(), coefficients, DVector::zeros(columns))
        .expect("a model")
}

#[test]
fn temperature() {
    let cases = read().temperature;
    assert!(cases.len() >= 6);
    for case in &cases {
        let logits = json::matrix(&case.logits);
        // Two scores are their difference here.
        let x = match case.n_classes {
            2 => DMatrix::from_fn(logits.nrows(), 1, |row, _| logits[(row, 1)] - logits[(row, 0)]),
            _ => logits,
        };
        let weights = case.sample_weight.as_deref();
        let model = FittedCalibration::new(
            scores_of(case.n_classes),
            CalibrationMethod::Temperature,
            &x,
            &case.y,
            weights,
        );
        let model = model.expect("a model");
        let name = format!("{} classes", case.n_classes);
        let close = Within::relative(1e-12);
        let temperature = model.temperature().expect("a temperature");
        close.all(&name, &[temperature, 1.0 / temperature], &[case.temperature, case.inverse_temperature]);
        let p = model.predict_proba(&x).expect("probabilities");
        close.matrix(&name, &p.rows(0, 5).into_owned(), &json::matrix(&case.proba_first5));
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        let total: f64 = (0..case.y.len()).map(weight).sum();
        let loss = |p: &DMatrix<f64>| -> f64 {
            case.y.iter().enumerate().map(|(row, &y)| -weight(row) / total * p[(row, y)].ln()).sum()
        };
        close.one(&name, loss(&p), case.mean_nll_at_optimum);
        close.one(
            &name,
            loss(&model.classifier().predict_proba(&x).expect("probabilities")),
            case.mean_nll_before,
        );
    }
}
