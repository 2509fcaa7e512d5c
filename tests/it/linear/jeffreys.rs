//! Jeffreys' prior, compared with numbers of an independent implementation, and data for which only it has
//! estimates.

use logit::prelude::*;
use logit::{LogisticRegression, Penalty, Solver, StopReason};
use nalgebra::{DMatrix, dmatrix};
use serde::Deserialize;

use super::kit::{Data, exact};
use crate::common::normal;

#[derive(Deserialize)]
struct References {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    x: Vec<Vec<f64>>,
    y: Vec<usize>,
    weights: Option<Vec<f64>>,
    intercept: Vec<f64>,
    coefficients: Vec<Vec<f64>>,
    penalized_log_likelihood: f64,
}

fn matrix(rows: &[Vec<f64>]) -> DMatrix<f64> {
    DMatrix::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j])
}

/// Two classes and three, weighted and not, separable and not.
#[test]
fn estimates_are_those_of_an_independent_implementation() {
    compare(|case| case.penalized_log_likelihood.abs() > 1.0, 4);
}

/// Loss and determinant are of size 1 and cancel: the value of the objective is close to 0.
#[test]
fn estimates_where_the_objective_is_close_to_zero() {
    compare(|case| case.penalized_log_likelihood.abs() < 1.0, 2);
    // Nor do separable rows reach the default tolerance.
    let x = dmatrix![1.0, 3.0; 2.0, 2.0; 3.0, -1.0; 3.5, -1.0; 5.0, 2.0; 6.0, 4.0; 10.0, 1.0; 11.0, 0.0];
    let way = LogisticRegression::new(Penalty::None).on_separation(Penalty::Jeffreys);
    let model = way.fit(&x, &[0, 0, 0, 0, 1, 1, 2, 2]).expect("good data");
    assert!(model.report().converged(), "{}", model.report());
}

fn compare(wanted: impl Fn(&Case) -> bool, count: usize) {
    let References { cases } = serde_json::from_str(include_str!("jeffreys.json")).expect("valid");
    let cases: Vec<Case> = cases.into_iter().filter(wanted).collect();
    assert_eq!(cases.len(), count);
    for case in cases {
        let data = Data { x: matrix(&case.x), y: case.y, weights: case.weights, offset: None };
        for solver in [Solver::Auto, Solver::Newton] {
            let model = data.fit(&exact(Penalty::Jeffreys, solver));
            approx::assert_abs_diff_eq!(model.coefficients(), &matrix(&case.coefficients), epsilon = 1e-9);
            let apart = model.intercept().iter().zip(&case.intercept).map(|(b, wanted)| (b - wanted).abs());
            assert!(apart.fold(0.0, f64::max) < 1e-9, "{}: {}", case.name, model.intercept());
            let total = data.weights.as_ref().map_or(data.y.len() as f64, |w| w.iter().sum());
            let found = -total * model.report().objective;
            approx::assert_abs_diff_eq!(found, case.penalized_log_likelihood, epsilon = 1e-10);
            assert!(model.separation().is_none());
        }
        // The default tolerance is enough for eight digits, single precision for three.
        let model = data.fit(&LogisticRegression::new(Penalty::Jeffreys));
        approx::assert_abs_diff_eq!(model.coefficients(), &matrix(&case.coefficients), epsilon = 1e-6);
        let weights: Option<Vec<f32>> = data.weights.as_ref().map(|w| w.iter().map(|&w| w as f32).collect());
        let options = {
            let mut options = logit::FitOptions::new();
            options.weights = weights.as_deref();
            options
        };
        let narrow = LogisticRegression::new(Penalty::Jeffreys);
        let narrow = narrow.fit_with(&data.x.map(|v| v as f32), &data.y, options).expect("good data");
        assert!(narrow.report().converged(), "{}: {}", case.name, narrow.report());
        let wide = narrow.coefficients().map(f64::from);
        approx::assert_abs_diff_eq!(wide, matrix(&case.coefficients), epsilon = 2e-3);
    }
}

/// Every labelling of independent columns has an estimate, though most of few rows are separable.
#[test]
fn estimates_exist_for_every_labelling() {
    let x = normal(7, 2, 191);
    for labels in 1..127u32 {
        let y = (0..7).map(|row| (labels >> row & 1) as usize).collect();
        let data = Data { x: x.clone(), y, weights: None, offset: None };
        let model = data.fit(&LogisticRegression::new(Penalty::Jeffreys));
        assert!(model.coefficients().amax() < 20.0, "{labels:b}: {}", model.coefficients());
    }
}

/// One or two rows fewer than parameters: the information is singular, whatever the coefficients.
#[test]
fn columns_that_depend_on_each_other_are_refused() {
    for rows in [2, 3] {
        let data = Data::plain(rows, 3, 2, 193);
        let data = Data { y: (0..rows).map(|row| row % 2).collect(), ..data };
        let refused = data.try_fit(&LogisticRegression::new(Penalty::Jeffreys));
        assert!(matches!(refused, Err(logit::Error::Singular { .. })), "{rows}: {refused:?}");
    }
}

#[test]
fn running_out_of_iterations_is_reported() {
    let data = Data::full(60, 3, 3, 195);
    for limit in 0..4 {
        let way = exact(Penalty::Jeffreys, Solver::Newton).tolerance(1e-15).max_iterations(limit);
        let report = data.try_fit(&way).expect("good data").report().clone();
        assert_eq!((report.stop, report.iterations), (StopReason::IterationLimit, limit));
    }
    let best = data.fit(&exact(Penalty::Jeffreys, Solver::Newton)).report().objective_curve.clone();
    assert!(best.windows(2).all(|pair| pair[1] <= pair[0] + 1e-13), "{best:?}");
}

/// With tiny weights the penalty per weight is beyond the range of numbers; the report has no NaN.
#[test]
fn reports_of_tiny_weights_have_no_nan() {
    let data = Data::plain(12, 2, 3, 197);
    for unit in [1e-150, 1e-250, 1e-305] {
        let weights = vec![unit; 12];
        let data = Data { weights: Some(weights), x: data.x.clone(), y: data.y.clone(), offset: None };
        let Ok(model) = data.try_fit(&LogisticRegression::new(Penalty::Jeffreys)) else { continue };
        let report = model.report();
        assert_eq!(report, report, "{report}");
        assert!(report.gradient_norm.is_some_and(|norm| norm >= 0.0), "{report}");
        assert!(report.to_string().len() < 300, "{report}");
    }
}
