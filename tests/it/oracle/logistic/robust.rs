//! Sandwich covariances, marginal effects, probability intervals and profiles: mpmath and statsmodels.

use std::collections::BTreeMap;

use logit::linear::{Covariance, Inference, RowOptions};
use logit::nalgebra::DMatrix;
use logit::prelude::*;
use logit::{FitOptions, FittedLogistic, LogisticRegression, Penalty};
use serde::Deserialize;

use super::datasets::{Dataset, Source};
use crate::oracle::compare::Within;
use crate::oracle::json;

type Rows = Vec<Vec<f64>>;

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
    jeffreys: Vec<Firth>,
}

/// A fit with Jeffreys' prior, the constant first.
#[derive(Deserialize)]
struct Firth {
    name: String,
    #[serde(rename = "X")]
    x: Rows,
    y: Vec<usize>,
    estimates: Vec<f64>,
    se: Vec<f64>,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

#[derive(Deserialize)]
struct Datasets {
    datasets: BTreeMap<String, Source>,
}

/// One maximum-likelihood fit.
#[derive(Deserialize)]
struct Case {
    name: String,
    dataset: String,
    columns: Vec<usize>,
    weights: Option<Vec<f64>>,
    offset: Option<Rows>,
    clusters: Vec<usize>,
    intercept: bool,
    loglik: f64,
    llnull: Option<f64>,
    estimates: Rows,
    cov: Covariances,
    margins: Margins,
    /// Of the second of two classes.
    prediction: Option<Prediction<f64>>,
    /// Of each class of more.
    prediction_k: Option<Prediction<Vec<f64>>>,
    profile: Ends,
}

#[derive(Deserialize)]
struct Covariances {
    observed: Rows,
    hc0: Rows,
    hc1: Rows,
    clustered: Rows,
}

#[derive(Deserialize)]
struct Margins {
    observed: Effects,
    hc0: Effects,
}

#[derive(Deserialize)]
struct Effects {
    estimates: Rows,
    se: Rows,
}

#[derive(Deserialize)]
struct Prediction<V> {
    rows: Vec<usize>,
    p: Vec<V>,
    se: Vec<V>,
    lower: Vec<V>,
    upper: Vec<V>,
}

#[derive(Deserialize)]
struct Ends {
    lower: Rows,
    upper: Rows,
}

/// Relative; covariances, whose entries may cancel, also to the size of the standard errors.
const CLOSE: Within = Within::relative(1e-8);

struct Fitted<'a> {
    case: &'a Case,
    data: Dataset,
    offset: Option<DMatrix<f64>>,
    model: FittedLogistic<f64, usize>,
}

impl<'a> Fitted<'a> {
    fn new(case: &'a Case, sources: &BTreeMap<String, Source>) -> Self {
        let Dataset { x, y } = sources[&case.dataset].load(sources);
        let data = Dataset { x: x.select_columns(&case.columns), y };
        let offset = case.offset.as_deref().map(json::matrix);
        let options = {
            let mut options = FitOptions::new();
            options.weights = case.weights.as_deref();
            options.offset = offset.as_ref().map(|m| m.as_view());
            options
        };
        let estimator =
            LogisticRegression::new(Penalty::None).intercept(case.intercept).tolerance(1e-14 * data.x.amax());
        let model = estimator.fit_with(&data.x, &data.y, options).expect("a model");
        Fitted { case, data, offset, model }
    }

    fn rows(&self) -> RowOptions<'_, f64> {
        {
            let mut options = RowOptions::new();
            options.weights = self.case.weights.as_deref();
            options.offset = self.offset.as_ref().map(|m| m.as_view());
            options
        }
    }

    fn inference(&self, kind: Covariance) -> Inference {
        self.model.inference_with(&self.data.x, &self.data.y, self.rows(), kind).expect("inference")
    }
}

fn each(check: impl Fn(&Fitted<'_>)) {
    let Datasets { datasets } = json::read(include_str!("../data/logistic.json"));
    let Cases { cases, .. } = json::read(include_str!("../data/inference.json"));
    assert_eq!(cases.len(), 9);
    cases.iter().for_each(|case| check(&Fitted::new(case, &datasets)));
}

#[test]
fn covariances_agree_to_eight_digits() {
    each(|fitted| {
        let Case { name, cov, clusters, estimates, .. } = fitted.case;
        let kinds = [
            (Covariance::Observed, &cov.observed),
            (Covariance::Hc0, &cov.hc0),
            (Covariance::Hc1, &cov.hc1),
            (Covariance::clustered(clusters), &cov.clustered),
        ];
        for (kind, wanted) in kinds {
            let found = fitted.inference(kind);
            let title = format!("{name}, {}", found.covariance_name());
            let wanted = json::matrix(wanted);
            CLOSE.matrix(format_args!("{title}, estimates"), found.estimates(), &json::matrix(estimates));
            let errors = wanted.diagonal().map(f64::sqrt);
            CLOSE.all(
                format_args!("{title}, standard errors"),
                found.standard_errors().as_slice(),
                errors.as_slice(),
            );
            for (at, (found, wanted)) in found.covariance().iter().zip(&wanted).enumerate() {
                let size = errors[at % errors.len()] * errors[at / errors.len()];
                CLOSE.plus(1e-9 * size).one(format_args!("{title}, entry {at}"), *found, *wanted);
            }
        }
    });
}

#[test]
fn log_likelihoods_agree_beside_offsets_too() {
    each(|fitted| {
        let Case { name, loglik, llnull, .. } = fitted.case;
        let found = fitted.inference(Covariance::Observed);
        CLOSE.one(format_args!("{name}, log-likelihood"), found.log_likelihood(), *loglik);
        // Without an intercept the file's null model has one all the same.
        if let (Some(null), true) = (llnull, fitted.case.intercept) {
            CLOSE.one(format_args!("{name}, null model"), found.null_log_likelihood(), *null);
        }
    });
}

#[test]
fn marginal_effects_agree_to_eight_digits() {
    each(|fitted| {
        let Case { name, margins, .. } = fitted.case;
        for (kind, wanted) in [(Covariance::Observed, &margins.observed), (Covariance::Hc0, &margins.hc0)] {
            let found = fitted.inference(kind).marginal_effects(&fitted.data.x, fitted.rows());
            let found = found.expect("effects");
            CLOSE.matrix(
                format_args!("{name}, effects"),
                found.estimates(),
                &json::matrix(&wanted.estimates),
            );
            CLOSE.matrix(format_args!("{name}, errors"), found.standard_errors(), &json::matrix(&wanted.se));
        }
    });
}

#[test]
fn probability_intervals_agree_to_eight_digits() {
    let compare = |fitted: &Fitted<'_>, rows: &[usize], first: usize, wanted: [DMatrix<f64>; 4]| {
        let found = fitted.inference(Covariance::Observed);
        let found = found.probability_intervals(&fitted.data.x.select_rows(rows), 0.95).expect("intervals");
        let parts = [&found.estimates, &found.standard_errors, &found.lower, &found.upper];
        for ((part, wanted), what) in parts.iter().zip(&wanted).zip(["p", "errors", "lower", "upper"]) {
            let part = part.columns(first, wanted.ncols()).into_owned();
            CLOSE.matrix(format_args!("{}, {what}", fitted.case.name), &part, wanted);
        }
    };
    each(|fitted| match (&fitted.case.prediction, &fitted.case.prediction_k) {
        (Some(of), None) => {
            let column = |values: &[f64]| DMatrix::from_column_slice(values.len(), 1, values);
            let wanted = [&of.p, &of.se, &of.lower, &of.upper].map(|values| column(values));
            compare(fitted, &of.rows, 1, wanted);
        }
        (None, Some(of)) => {
            let wanted = [&of.p, &of.se, &of.lower, &of.upper].map(|rows| json::matrix(rows));
            compare(fitted, &of.rows, 0, wanted);
        }
        _ => panic!("{}: predictions of one kind", fitted.case.name),
    });
}

#[test]
fn profile_intervals_agree_to_eight_digits() {
    each(|fitted| {
        let Case { name, profile, estimates, .. } = fitted.case;
        let Fitted { model, data, .. } = fitted;
        let found = model.profile_intervals(&data.x, &data.y, fitted.rows(), 0.95).expect("intervals");
        CLOSE.matrix(format_args!("{name}, estimates"), &found.estimates, &json::matrix(estimates));
        CLOSE.matrix(format_args!("{name}, lower ends"), &found.lower, &json::matrix(&profile.lower));
        CLOSE.matrix(format_args!("{name}, upper ends"), &found.upper, &json::matrix(&profile.upper));
    });
}

#[test]
fn profiles_of_the_penalised_likelihood_agree_to_seven_digits() {
    let Cases { jeffreys, .. } = json::read(include_str!("../data/inference.json"));
    assert_eq!(jeffreys.len(), 3);
    for case in jeffreys {
        let x = json::matrix(&case.x);
        let model = LogisticRegression::new(Penalty::Jeffreys).tolerance(1e-12).fit(&x, &case.y);
        let model = model.expect("a model");
        let inference = model.inference(&x, &case.y).expect("inference");
        let found = model.profile_intervals(&x, &case.y, RowOptions::default(), 0.95).expect("intervals");
        let close = Within::relative(1e-7);
        let parts = [
            ("estimates", inference.estimates(), &case.estimates),
            ("errors", &inference.standard_errors(), &case.se),
            ("lower ends", &found.lower, &case.lower),
            ("upper ends", &found.upper, &case.upper),
        ];
        for (what, found, wanted) in parts {
            close.all(format_args!("{}, {what}", case.name), found.as_slice(), wanted);
        }
    }
}
