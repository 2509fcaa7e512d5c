//! Data on which maximum likelihood has no optimum, one that is not unique, or a good one. That it exists or
//! not was proved in exact rational arithmetic.

use std::collections::BTreeMap;

use logit::linear::SeparationKind;
use logit::prelude::*;
use logit::{Error, FittedLogistic, LogisticRegression, Penalty, Solver, StopReason};
use serde::Deserialize;

use super::datasets::{Dataset, Source};
use crate::oracle::json;

#[derive(Deserialize)]
struct Separation {
    datasets: BTreeMap<String, Source>,
    separation: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    fit_intercept: bool,
    separation: String,
    unique_mle: bool,
    dataset: Option<String>,
    note: Option<String>,
    #[serde(rename = "X")]
    x: Option<Vec<Vec<f64>>>,
    y: Option<Vec<usize>>,
}

impl Case {
    fn data(&self, sources: &BTreeMap<String, Source>) -> Dataset {
        let data = match (&self.dataset, &self.x, &self.y) {
            (Some(name), ..) => sources[name].load(sources),
            (None, Some(x), Some(y)) => Dataset { x: json::matrix(x), y: y.clone() },
            _ => panic!("{}: no data", self.name),
        };
        if self.note.as_deref() == Some("standardised") { data.standardized() } else { data }
    }

    fn fit(&self, solver: Solver, data: &Dataset) -> Result<FittedLogistic<f64, usize>, Error> {
        LogisticRegression::new(Penalty::None)
            .intercept(self.fit_intercept)
            .solver(solver)
            .fit(&data.x, &data.y)
    }
}

/// Fits the cases of this kind with both solvers and hands over the models; returns how many cases there are.
fn each(kind: &str, check: impl Fn(&Case, Solver, Result<FittedLogistic<f64, usize>, Error>)) -> usize {
    let Separation { datasets, separation } = json::read(include_str!("../data/logistic.json"));
    let cases = separation.iter().filter(|case| case.separation == kind);
    let check = |case: &Case| {
        let data = case.data(&datasets);
        for solver in [Solver::Newton, Solver::Lbfgs, Solver::NewtonCg] {
            check(case, solver, case.fit(solver, &data));
        }
    };
    cases.map(check).count()
}

fn assert_finite(case: &Case, solver: Solver, model: &FittedLogistic<f64, usize>) {
    let mut numbers = model.coefficients().iter().chain(model.intercept());
    assert!(numbers.all(|number| number.is_finite()), "{}, {solver:?}", case.name);
}

#[test]
fn complete_separation_is_recognised() {
    let count = each("complete", |case, solver, model| {
        if case.name == "single_class" {
            assert!(matches!(model, Err(Error::OneClass { .. })), "{model:?}");
            return;
        }
        let model = model.expect("a model");
        assert_separated(case, solver, &model, SeparationKind::Complete);
    });
    assert_eq!(count, 7);
}

#[test]
fn overlapping_classes_are_not_taken_for_separated_ones() {
    let count = each("none", |case, solver, model| {
        let model = model.expect("a model");
        assert!(model.report().converged(), "{}, {solver:?}: {}", case.name, model.report());
        assert!(model.separation().is_none(), "{}, {solver:?}", case.name);
        assert_finite(case, solver, &model);
    });
    assert_eq!(count, 5);
}

#[test]
fn quasi_complete_separation_is_recognised() {
    let count = each("quasi", |case, solver, model| {
        let model = model.expect("a model");
        assert!(!case.unique_mle);
        assert_separated(case, solver, &model, SeparationKind::Quasi);
    });
    assert_eq!(count, 4);
}

/// The report names the separation, the coefficients are finite, and the direction separates.
fn assert_separated(case: &Case, solver: Solver, model: &FittedLogistic<f64, usize>, kind: SeparationKind) {
    let name = format!("{}, {solver:?}", case.name);
    assert_eq!(model.report().stop, StopReason::Separated, "{name}");
    assert_finite(case, solver, model);
    let separation = model.separation().expect("a direction");
    assert_eq!(separation.kind(), kind, "{name}");
    assert!(!separation.columns().is_empty(), "{name}");
}
