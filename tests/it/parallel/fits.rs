//! Cross-validation, searches, curves, calibration and composed classifiers.

use std::ops::ControlFlow;

use logit::decide::{CalibrationMethod, TuneThreshold};
use logit::metrics::{Accuracy, LogLoss, Metric};
use logit::nalgebra::{DMatrix, DMatrixView};
use logit::parallel::with_threads;
use logit::prelude::*;
use logit::select::{Splitter, learning_curve, validation_curve};
use logit::{
    Calibrate, CrossValidation, Error, LogisticRegression, OneVsOne, OneVsRest, Penalty, Pipeline, Real,
    Search, StandardScaler,
};

use super::{Guest, Meeting, on_any_number_of_threads, rows, weights};

fn logistic(c: f64) -> LogisticRegression {
    LogisticRegression::new(Penalty::c(c))
}

fn scaled(c: f64) -> Pipeline<StandardScaler, LogisticRegression> {
    Pipeline::new(StandardScaler::new(), logistic(c))
}

/// Every computation of several fits, as text.
fn everything<T: Real>(seed: u64) -> Vec<String> {
    let ((x, y), w) = (rows::<T>((90, 3), 3, seed), weights::<T>(90));
    let two: Vec<bool> = y.iter().map(|&class| class > 0).collect();
    let validation = CrossValidation::new(Splitter::Stratified { k: 4, seed })
        .metric("log-loss", LogLoss)
        .metric("accuracy", Accuracy)
        .weights(&w)
        .train_scores(true)
        .keep_models(true);
    let search = Search::grid([0.01, 0.1, 1.0], |&c| scaled(c));
    let folds = Splitter::default();
    let calibrate = Calibrate::new(scaled(1.0), CalibrationMethod::Platt);
    vec![
        on_any_number_of_threads(|| validation.run(&scaled(0.1), &x, &y)),
        on_any_number_of_threads(|| search.fit(&x, &y)),
        on_any_number_of_threads(|| search.fit_weighted(&x, &y, &w)),
        on_any_number_of_threads(|| learning_curve(&scaled(1.0), &x, &y, &[20, 60], &folds, &LogLoss)),
        on_any_number_of_threads(|| validation_curve(&[0.1, 1.0], |&c| scaled(c), &x, &y, &folds, &LogLoss)),
        on_any_number_of_threads(|| calibrate.fit_weighted(&x, &y, &w)),
        on_any_number_of_threads(|| TuneThreshold::new(scaled(1.0), Accuracy).fit_weighted(&x, &two, &w)),
        on_any_number_of_threads(|| OneVsRest::new(scaled(1.0)).fit_weighted(&x, &y, &w)),
        on_any_number_of_threads(|| OneVsOne::new(scaled(1.0)).fit_weighted(&x, &y, &w)),
    ]
}

#[test]
fn results_have_the_same_bits() {
    for seed in 0..3 {
        for text in [everything::<f32>(seed), everything::<f64>(seed)].concat() {
            assert!(text.starts_with("Ok("), "{text}");
        }
    }
}

fn guest(meeting: &Meeting) -> Guest<'_, LogisticRegression> {
    Guest { estimator: logistic(1.0), meeting: Some(meeting), dislikes: |_, _| false }
}

/// With two threads, a second fit begins before the first ends.
#[test]
fn fits_run_beside_one_another() {
    let (x, y) = &rows::<f64>((60, 2), 3, 1);
    let two: Vec<bool> = y.iter().map(|&class| class > 0).collect();
    let folds = || Splitter::Stratified { k: 2, seed: 1 };
    let holdout = || Splitter::Holdout { test_fraction: 0.3, seed: 0 };
    let platt = CalibrationMethod::Platt;
    assert!(Meeting::happened(|m| {
        CrossValidation::new(folds()).metric("score", LogLoss).run(&guest(m), x, y).is_ok()
    }));
    // The folds of a single candidate, and candidates with a single fold.
    assert!(Meeting::happened(|m| Search::grid([1], |_| guest(m)).splitter(folds()).fit(x, y).is_ok()));
    assert!(Meeting::happened(|m| Search::grid([1, 2], |_| guest(m)).splitter(holdout()).fit(x, y).is_ok()));
    assert!(Meeting::happened(|m| {
        learning_curve(&guest(m), x, y, &[20, 30], &holdout(), &LogLoss).is_ok()
    }));
    assert!(Meeting::happened(|m| {
        validation_curve(&[1, 2], |_| guest(m), x, y, &holdout(), &LogLoss).is_ok()
    }));
    assert!(Meeting::happened(|m| Calibrate::new(guest(m), platt).splitter(folds()).fit(x, y).is_ok()));
    assert!(Meeting::happened(|m| {
        TuneThreshold::new(guest(m), Accuracy).splitter(folds()).fit(x, &two).is_ok()
    }));
    assert!(Meeting::happened(|m| OneVsRest::new(guest(m)).fit(x, y).is_ok()));
    assert!(Meeting::happened(|m| OneVsOne::new(guest(m)).fit(x, y).is_ok()));
}

/// Fits that are observed run one after another, on the thread of the observer.
#[test]
fn observed_fits_have_the_same_bits() {
    let (x, y) = rows::<f64>((60, 2), 3, 2);
    let plain = OneVsRest::new(logistic(1.0)).fit(&x, &y).unwrap();
    let mut calls = Vec::new();
    let observed = with_threads(4, || {
        OneVsRest::new(logistic(1.0)).fit_observed(&x, &y, |progress| {
            calls.push(progress.iteration);
            ControlFlow::Continue(())
        })
    });
    assert_eq!(observed.unwrap(), plain);
    assert_eq!(calls.iter().filter(|&&iteration| iteration == 1).count(), 3, "{calls:?}");
    assert!(calls.windows(2).all(|pair| pair[1] == 1 || pair[1] == pair[0] + 1), "{calls:?}");
    let calibrate = Calibrate::new(logistic(1.0), CalibrationMethod::Platt);
    let observed = calibrate.fit_observed(&x, &y, |_| ControlFlow::Continue(()));
    assert_eq!(observed.unwrap(), calibrate.fit(&x, &y).unwrap());
}

/// Several parts fail. The error is that of the first, whichever thread is faster.
#[test]
fn the_first_error_in_order_is_returned() {
    let (mut x, y) = rows::<f64>((60, 2), 3, 3);
    for row in [50, 31, 11] {
        x[(row, 1)] = f64::NAN;
    }
    let folds = Splitter::Consecutive { k: 5 };
    let validation = CrossValidation::new(folds.clone()).metric("score", LogLoss);
    let text = on_any_number_of_threads(|| validation.run(&logistic(1.0), &x, &y));
    assert!(
        text.starts_with("Err(training rows of split 0: column 1 of `x` is not finite at row 31"),
        "{text}"
    );
    let search = Search::grid([1.0, -1.0, -2.0], |&c| logistic(c)).splitter(folds.clone());
    let text = on_any_number_of_threads(|| search.fit(&x, &y));
    assert!(text.starts_with("Err(candidate 0 (1.0), training rows of split 0: column 1"), "{text}");
    let (whole, _) = rows::<f64>((60, 2), 3, 3);
    let text = on_any_number_of_threads(|| search.fit(&whole, &y));
    assert!(text.starts_with("Err(candidate 1 (-1.0), training rows of split 0: `C` is -1"), "{text}");
    let curve = || validation_curve(&[1.0, -1.0, -2.0], |&c| logistic(c), &whole, &y, &folds, &LogLoss);
    let text = on_any_number_of_threads(curve);
    assert!(text.starts_with("Err(candidate 1 (-1.0), training rows of split 0: `C` is -1"), "{text}");
    let calibrate = Calibrate::new(logistic(1.0), CalibrationMethod::Platt).splitter(folds);
    let text = on_any_number_of_threads(|| calibrate.fit(&x, &y));
    assert!(text.starts_with("Err(training rows of split 0: column 1"), "{text}");
    let text = on_any_number_of_threads(|| OneVsRest::new(logistic(-1.0)).fit(&whole, &y));
    assert!(text.starts_with("Err(class 0 against the others: `C` is -1"), "{text}");
    let text = on_any_number_of_threads(|| OneVsOne::new(logistic(-1.0)).fit(&whole, &y));
    assert!(text.starts_with("Err(class 0 against class 1: `C` is -1"), "{text}");
}

/// A metric of the user that panics.
#[derive(Debug)]
pub(super) struct Careless;

impl Metric for Careless {
    fn greater_is_better(&self) -> bool {
        false
    }

    fn evaluate_indices(
        &self,
        _: &[usize],
        _: DMatrixView<'_, f64>,
        _: Option<&[f64]>,
    ) -> Result<f64, Error> {
        panic!("division by zero")
    }
}

#[test]
fn panics_are_errors_with_their_place() {
    // The number of the row is its first column.
    let (x, y) = rows::<f64>((60, 2), 3, 4);
    let x = DMatrix::from_fn(60, 2, |row, column| if column == 0 { row as f64 } else { x[(row, 1)] });
    let two: Vec<bool> = y.iter().map(|&class| class > 0).collect();
    let folds = Splitter::Consecutive { k: 5 };
    // The first fold trains on the rows from 12 on, and the last on those below 48.
    let guest =
        |estimator| Guest { estimator, meeting: None, dislikes: |first, last| first == 12.0 || last == 47.0 };
    let validation = CrossValidation::new(folds.clone()).metric("score", LogLoss);
    let text = on_any_number_of_threads(|| validation.run(&guest(logistic(1.0)), &x, &y));
    let wanted = "training rows of split 0: the fit panicked: row 12 is not to my taste";
    assert_eq!(text, format!("Err({wanted})"));
    let search = Search::grid([1.0, 2.0], |&c| guest(logistic(c))).splitter(folds.clone());
    assert_eq!(on_any_number_of_threads(|| search.fit(&x, &y)), format!("Err(candidate 0 (1.0), {wanted})"));
    let calibrate = Calibrate::new(guest(logistic(1.0)), CalibrationMethod::Platt).splitter(folds.clone());
    assert_eq!(on_any_number_of_threads(|| calibrate.fit(&x, &y)), format!("Err({wanted})"));
    let tune = TuneThreshold::new(guest(logistic(1.0)), Accuracy).splitter(folds.clone());
    assert_eq!(on_any_number_of_threads(|| tune.fit(&x, &two)), format!("Err({wanted})"));
    let tune = TuneThreshold::new(logistic(1.0), Careless).splitter(folds.clone());
    assert_eq!(on_any_number_of_threads(|| tune.fit(&x, &two)), "Err(the metric panicked: division by zero)");
    let never = Guest { estimator: logistic(1.0), meeting: None, dislikes: |_, _| true };
    let text = on_any_number_of_threads(|| OneVsRest::new(never.clone()).fit(&x, &y));
    assert_eq!(text, "Err(class 0 against the others: the fit panicked: row 0 is not to my taste)");
    let text = on_any_number_of_threads(|| OneVsOne::new(never.clone()).fit(&x, &y));
    assert_eq!(text, "Err(class 0 against class 1: the fit panicked: row 0 is not to my taste)");
    let validation = CrossValidation::new(folds.clone()).metric("mine", Careless);
    assert_eq!(
        on_any_number_of_threads(|| validation.run(&logistic(1.0), &x, &y)),
        "Err(test rows of split 0, metric `mine`: the metric panicked: division by zero)"
    );
    let search = Search::grid([1.0, 2.0], |&c: &f64| if c > 1.0 { panic!("two") } else { logistic(c) });
    let text = on_any_number_of_threads(|| search.fit(&x, &y));
    assert_eq!(text, "Err(candidate 1 (2.0): the function that builds estimators panicked: two)");
    let build = |&c: &f64| if c > 1.0 { panic!("two") } else { logistic(c) };
    let text = on_any_number_of_threads(|| validation_curve(&[1.0, 2.0], build, &x, &y, &folds, &LogLoss));
    assert_eq!(text, "Err(candidate 1 (2.0): the function that builds estimators panicked: two)");
}

#[test]
fn no_thread_is_not_a_setting() {
    let (x, y) = rows::<f64>((60, 2), 2, 5);
    let refused = |error: Option<Error>| {
        assert_eq!(error.map(|e| e.to_string()).as_deref(), Some("`threads` is 0, but must be at least 1"));
    };
    let validation = CrossValidation::new(Splitter::default()).metric("score", LogLoss).threads(0);
    refused(validation.run(&logistic(1.0), &x, &y).err());
    refused(Search::grid([1.0], |&c| logistic(c)).threads(0).fit(&x, &y).err());
    refused(Calibrate::new(logistic(1.0), CalibrationMethod::Platt).threads(0).fit(&x, &y).err());
    refused(TuneThreshold::new(logistic(1.0), Accuracy).threads(0).fit(&x, &y).err());
    refused(OneVsRest::new(logistic(1.0)).threads(0).fit(&x, &y).err());
    refused(OneVsOne::new(logistic(1.0)).threads(0).fit(&x, &y).err());
    let few = validation.threads(2).run(&logistic(1.0), &x, &y).unwrap();
    assert_eq!(few.scores("score").unwrap().len(), 5);
}
