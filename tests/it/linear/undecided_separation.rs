//! Fits whose search for a separating direction ends without an answer.

use std::ops::ControlFlow;

use logit::linear::RowOptions;
use logit::persist::Persist;
use logit::prelude::*;
use logit::{Error, FittedLogistic, LogisticRegression, Penalty, Rng, StopReason};
use nalgebra::DMatrix;

/// Rows of 40 classes that overlap, too many for a search in a moment.
fn overlapping() -> (DMatrix<f64>, Vec<usize>) {
    let mut rng = Rng::new(9);
    let x = DMatrix::from_fn(400, 20, |_, _| rng.standard_normal());
    (x, (0..400).map(|row| row % 40).collect())
}

#[test]
fn an_undecided_search_is_no_optimum_and_has_no_inference() {
    let (x, y) = overlapping();
    // After one iteration the coefficients prove nothing.
    let model = LogisticRegression::new(Penalty::None).max_iterations(1).fit(&x, &y).expect("good data");
    assert_eq!(model.report().stop, StopReason::SeparationUndecided, "{}", model.report());
    assert!(!model.report().converged() && model.separation().is_none());
    assert!(model.report().to_string().starts_with("undecided: no optimum is certified"));
    let refused = |error: Error| {
        assert!(matches!(error, Error::SeparationUndecided { .. }), "{error}");
        assert!(error.to_string().contains("use a penalty"), "{error}");
    };
    refused(model.inference(&x, &y).unwrap_err());
    refused(model.influence(&x, &y).unwrap_err());
    refused(model.profile_intervals(&x, &y, RowOptions::new(), 0.95).unwrap_err());
    let bytes = model.to_bytes().expect("a file");
    let read = FittedLogistic::<f64, usize>::from_bytes(&bytes).expect("the same model");
    assert_eq!(read.report().stop, StopReason::SeparationUndecided);
}

#[test]
fn an_observer_stops_the_search() {
    let (x, y) = overlapping();
    let mut seen = Vec::new();
    let model = LogisticRegression::new(Penalty::None).max_iterations(1).fit_observed(&x, &y, |progress| {
        seen.push((progress.iteration, progress.objective));
        // The second call is from the search, with the numbers of the last iteration.
        if seen.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let model = model.expect("good data");
    assert_eq!(model.report().stop, StopReason::Cancelled);
    assert_eq!((seen.len(), seen[0]), (2, seen[1]));
}
