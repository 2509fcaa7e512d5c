//! Standard errors, tests and fit statistics of maximum-likelihood fits: mpmath, checked there with
//! statsmodels.

use logit::linear::Inference;
use logit::prelude::*;
use logit::{LogisticRegression, Penalty, Solver};
use serde::Deserialize;

use super::cases::{self, Fit};
use crate::oracle::compare::Within;
use crate::oracle::json;

/// The inference that the file adds to an unpenalised fit.
#[derive(Deserialize)]
struct Statistics {
    loglik: f64,
    loglik_null_intercept_only: f64,
    deviance: f64,
    aic: f64,
    bic: f64,
    n: f64,
    mcfadden_r2: f64,
    lr_stat: Option<f64>,
    lr_p_value: Option<f64>,
    /// Of two classes, the constant first.
    params: Option<Vec<f64>>,
    std_err: Option<Vec<f64>>,
    z: Option<Vec<f64>>,
    p_value: Option<Vec<f64>>,
    ci95: Option<Vec<[f64; 2]>>,
    cov: Option<Vec<Vec<f64>>>,
    /// Of more: a row for each class against the first.
    params_ref: Option<Vec<Vec<f64>>>,
    std_err_ref: Option<Vec<Vec<f64>>>,
    z_ref: Option<Vec<Vec<f64>>>,
    p_value_ref: Option<Vec<Vec<f64>>>,
}

#[derive(Deserialize)]
struct Unpenalised {
    unpenalised: Vec<Statistics>,
}

/// Relative to the wanted number; covariances entry by entry.
const CLOSE: Within = Within::relative(1e-8);

fn inference(case: &Fit) -> Inference {
    let datasets = cases::read().datasets;
    let data = datasets[&case.dataset].load(&datasets);
    let estimator = case.model(Solver::Newton, 1e-14 * data.x.amax());
    match case.weights(&data) {
        Some(weights) => {
            let model = estimator.fit_weighted(&data.x, &data.y, &weights).expect("a model");
            model.inference_weighted(&data.x, &data.y, &weights).expect("inference")
        }
        None => {
            estimator.fit(&data.x, &data.y).expect("a model").inference(&data.x, &data.y).expect("inference")
        }
    }
}

fn compare_statistics(name: &str, found: &Inference, wanted: &Statistics) {
    let test = found.likelihood_ratio().expect("no penalty");
    // The file counts rows, the crate their weights, because a weight of 2 is the row twice.
    let estimates = found.estimates().len() as f64;
    let bic = wanted.bic + estimates * (found.observations() / wanted.n).ln();
    let pairs = [
        ("log-likelihood", found.log_likelihood(), wanted.loglik),
        ("null log-likelihood", found.null_log_likelihood(), wanted.loglik_null_intercept_only),
        ("deviance", found.deviance(), wanted.deviance),
        ("aic", found.aic(), wanted.aic),
        ("bic", found.bic(), bic),
        ("mcfadden", found.mcfadden_r2(), wanted.mcfadden_r2),
        ("likelihood ratio", test.statistic, wanted.lr_stat.unwrap_or(test.statistic)),
        ("its p-value", test.p_value, wanted.lr_p_value.unwrap_or(test.p_value)),
    ];
    for (what, found, wanted) in pairs {
        CLOSE.one(format_args!("{name}, {what}"), found, wanted);
    }
}

fn compare_two_classes(name: &str, found: &Inference, wanted: &Statistics) {
    let (low, high) = found.confidence_intervals(0.95).expect("a level");
    let lists = [
        ("estimates", found.estimates().clone(), wanted.params.clone()),
        ("standard errors", found.standard_errors(), wanted.std_err.clone()),
        ("z", found.z_values(), wanted.z.clone()),
        ("p", found.p_values(), wanted.p_value.clone()),
        ("lower ends", low, wanted.ci95.as_ref().map(|ci| ci.iter().map(|ends| ends[0]).collect())),
        ("upper ends", high, wanted.ci95.as_ref().map(|ci| ci.iter().map(|ends| ends[1]).collect())),
    ];
    for (what, found, wanted) in lists {
        CLOSE.all(format_args!("{name}, {what}"), found.as_slice(), &wanted.expect("for two classes"));
    }
    let wanted = json::matrix(wanted.cov.as_ref().expect("for two classes"));
    CLOSE.matrix(format_args!("{name}, covariance"), found.covariance(), &wanted);
}

fn compare_more_classes(name: &str, found: &Inference, wanted: &Statistics) {
    let lists = [
        ("estimates", found.estimates().clone(), &wanted.params_ref),
        ("standard errors", found.standard_errors(), &wanted.std_err_ref),
        ("z", found.z_values(), &wanted.z_ref),
        ("p", found.p_values(), &wanted.p_value_ref),
    ];
    for (what, found, wanted) in lists {
        let wanted = json::matrix(wanted.as_ref().expect("for more classes")).transpose();
        CLOSE.matrix(format_args!("{name}, {what}"), &found, &wanted);
    }
}

#[test]
fn inference_agrees_to_eight_digits() {
    let fits = cases::read().unpenalised;
    let statistics: Unpenalised = json::read(include_str!("../data/logistic.json"));
    let (mut two, mut more) = (0, 0);
    for (fit, wanted) in fits.iter().zip(&statistics.unpenalised) {
        let (name, found) = (fit.name(Solver::Newton), inference(fit));
        compare_statistics(&name, &found, wanted);
        if wanted.params.is_some() {
            compare_two_classes(&name, &found, wanted);
            two += 1;
        } else {
            compare_more_classes(&name, &found, wanted);
            more += 1;
        }
    }
    assert_eq!((two, more), (5, 1));
}

/// Maximum likelihood without an intercept has a null model of equal odds.
#[test]
fn without_an_intercept_the_null_model_is_a_fair_coin() {
    let fits = cases::read();
    let data = fits.datasets["iris_bin"].load(&fits.datasets);
    let model =
        LogisticRegression::new(Penalty::c(1.0)).intercept(false).fit(&data.x, &data.y).expect("a model");
    let inference = model.inference(&data.x, &data.y).expect("inference");
    assert!(inference.penalized());
    CLOSE.one("null model", inference.null_log_likelihood(), -100.0 * 2f64.ln());
    assert_eq!(inference.estimates().shape(), (4, 1));
}
