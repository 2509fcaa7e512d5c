//! Classifiers that contain classifiers forward stopped observers, reports, names, views and single rows.

use std::ops::ControlFlow;

use crate::common::overlapping;
use allocation_counter::measure;
use logit::decide::{
    CalibrationMethod, Conformal, FittedCalibration, FittedThreshold, MinimumCost, NonconformityScore,
    PriorCorrected, RejectOption, TuneThreshold,
};
use logit::metrics::{Accuracy, LogLoss};
use logit::nalgebra::{DMatrix, DMatrixView, DMatrixViewMut, dmatrix};
use logit::prelude::*;
use logit::select::Splitter;
use logit::{
    Calibrate, CrossValidation, Error, FitReport, LogisticRegression, OneVsOne, OneVsRest, Penalty, Progress,
    Rows, Scratch, Search, StopReason,
};

fn logistic() -> LogisticRegression {
    LogisticRegression::new(Penalty::c(1.0))
}

fn hurried() -> LogisticRegression {
    logistic().max_iterations(1)
}

/// Counts fits by their first iterations, and breaks at the first call of fit number `last`; returns what
/// came of the fit, and how often the observer was called after that.
fn stopped_in_fit<A>(
    last: usize,
    fit: impl FnOnce(&mut dyn FnMut(&Progress) -> ControlFlow<()>) -> A,
) -> (A, usize) {
    let (mut fits, mut later) = (0, 0);
    let mut observer = |progress: &Progress| {
        later += usize::from(fits == last);
        fits += usize::from(progress.iteration == 1 && fits < last);
        if fits == last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let result = fit(&mut observer);
    assert_eq!(fits, last, "so many fits were seen");
    (result, later)
}

fn stop_of<C: Classifier<f64>>(model: &C) -> Option<StopReason> {
    model.report().map(|report| report.stop)
}

#[test]
fn a_break_ends_all_fits_of_one_against_others() {
    let (x, y) = overlapping(90, 3, 4, 1);
    let (rest, later) =
        stopped_in_fit(2, |observer| OneVsRest::new(logistic()).fit_observed(&x, &y, observer));
    let rest = rest.expect("the model so far");
    assert_eq!((later, rest.models().len()), (0, 4), "the observer is not asked again");
    let stops: Vec<bool> = rest.models().iter().map(|model| model.report().converged()).collect();
    assert_eq!((stops, stop_of(&rest)), (vec![true, false, false, false], Some(StopReason::Cancelled)));
    assert_eq!(rest.predict(&x).expect("labels").len(), 90);

    let (one, later) = stopped_in_fit(4, |observer| OneVsOne::new(logistic()).fit_observed(&x, &y, observer));
    let one = one.expect("the model so far");
    assert_eq!((later, one.models().len()), (0, 6), "the observer is not asked again");
    let stops: Vec<bool> = one.models().iter().map(|model| model.report().converged()).collect();
    assert_eq!(stops, [true, true, true, false, false, false]);
    assert_eq!(stop_of(&one), Some(StopReason::Cancelled));
    assert_eq!(one.predict(&x).expect("labels").len(), 90);
}

#[test]
fn a_break_in_a_fold_is_an_error() {
    let (x, y) = overlapping(90, 3, 2, 2);
    let wanted = Error::Cancelled { completed: 2, total: 5 };
    assert_eq!(wanted.to_string(), "cancelled by the observer after 2 of 5 fits");
    let calibrate = Calibrate::new(logistic(), CalibrationMethod::Platt);
    let (calibrated, later) = stopped_in_fit(3, |observer| calibrate.fit_observed(&x, &y, observer));
    assert_eq!((calibrated.expect_err("cancelled"), later), (wanted.clone(), 0));
    let tune = TuneThreshold::new(logistic(), Accuracy);
    let (tuned, later) = stopped_in_fit(3, |observer| tune.fit_observed(&x, &y, observer));
    assert_eq!((tuned.expect_err("cancelled"), later), (wanted, 0));
}

#[test]
fn a_break_in_the_last_fit_returns_the_model() {
    let (x, y) = overlapping(90, 3, 2, 3);
    let calibrate = Calibrate::new(logistic(), CalibrationMethod::Platt);
    let (calibrated, _) = stopped_in_fit(6, |observer| calibrate.fit_observed(&x, &y, observer));
    let tune = TuneThreshold::new(logistic(), Accuracy);
    let (tuned, _) = stopped_in_fit(6, |observer| tune.fit_observed(&x, &y, observer));
    let search = Search::grid([0.1, 1.0], |&c| LogisticRegression::new(Penalty::c(c)));
    let (found, _) = stopped_in_fit(1, |observer| search.fit_observed(&x, &y, observer));
    let (calibrated, tuned, found) =
        (calibrated.expect("a model"), tuned.expect("a model"), found.expect("a model"));
    assert_eq!([stop_of(&calibrated), stop_of(&tuned), stop_of(&found)], [Some(StopReason::Cancelled); 3]);
    let stops = [calibrated.fold_stops(), tuned.fold_stops(), &found.best().stops];
    assert!(stops.iter().all(|stops| stops.reasons() == [Some(StopReason::Converged); 5]));
}

#[test]
fn fits_to_folds_say_whether_they_converged() {
    let (x, y) = overlapping(90, 3, 2, 4);
    let splitter = Splitter::Consecutive { k: 3 };
    let validation = CrossValidation::new(splitter.clone()).metric("log-loss", LogLoss);
    let line = "3 of 3 fits did not converge: folds 0, 1, 2 (iteration limit reached)";
    let good = validation.run(&logistic(), &x, &y).expect("scores");
    let bad = validation.run(&hurried(), &x, &y).expect("scores");
    assert_eq!((good.stops().unconverged(), bad.stops().unconverged()), (vec![], vec![0, 1, 2]));
    assert_eq!((good.to_string().lines().count(), bad.to_string().lines().last()), (2, Some(line)));

    let search = Search::grid([1, 100], |&limit| logistic().max_iterations(limit)).splitter(splitter.clone());
    let found = search.fit(&x, &y).expect("a model");
    let stops: Vec<Vec<usize>> = found.table().iter().map(|found| found.stops.unconverged()).collect();
    assert_eq!(stops, [vec![0, 1, 2], vec![]]);
    let table = found.to_string();
    let converged: Vec<_> =
        table.lines().map(|line| line.split_whitespace().nth(2).expect("a column")).collect();
    assert_eq!(converged, ["std", "0/3", "3/3"], "{table}");

    let calibrate = Calibrate::new(hurried(), CalibrationMethod::Temperature).splitter(splitter.clone());
    let calibrated = calibrate.fit(&x, &y).expect("a model");
    let tuned = TuneThreshold::new(hurried(), Accuracy).splitter(splitter).fit(&x, &y).expect("a model");
    assert_eq!(
        (calibrated.fold_stops().to_string(), tuned.fold_stops().to_string()),
        (line.into(), line.into())
    );
    assert_eq!([stop_of(&calibrated), stop_of(&tuned)], [Some(StopReason::IterationLimit); 2]);
    let by_hand = FittedThreshold::new(tuned.classifier().clone(), 0.5).expect("a model");
    assert!(by_hand.fold_stops().reasons().is_empty());

    let again = FittedCalibration::from_bytes(&calibrated.to_bytes().expect("bytes")).expect("a model");
    assert_eq!(calibrated, again, "stops are in the file");
    let again = FittedThreshold::from_bytes(&tuned.to_bytes().expect("bytes")).expect("a model");
    assert_eq!(tuned, again, "stops are in the file");
}

#[test]
fn of_several_fits_the_first_that_did_not_converge_reports() {
    let (x, y) = overlapping(90, 3, 3, 5);
    let rest = OneVsRest::new(hurried()).fit(&x, &y).expect("a model");
    let one = OneVsOne::new(hurried()).fit(&x, &y).expect("a model");
    assert_eq!([stop_of(&rest), stop_of(&one)], [Some(StopReason::IterationLimit); 2]);
    assert_eq!(Classifier::report(&rest), Some(rest.models()[0].report()));
    let rest = OneVsRest::new(logistic()).fit(&x, &y).expect("a model");
    assert_eq!(Classifier::report(&rest), Some(rest.models()[0].report()), "all converged");
}

type Boxed = Box<dyn Classifier<f64, Label = usize>>;

/// All wrappers around models of the same rows.
fn wrappers(x: Rows<'_, f64>, y: &[usize]) -> Vec<(&'static str, Boxed)> {
    let model = logistic().fit(x, y).expect("a fit");
    let classes = model.classes().len();
    let shares = vec![1.0; classes];
    let used: Vec<f64> = (1..=classes).map(|class| class as f64).collect();
    let costs = DMatrix::from_fn(classes, classes, |i, j| if i == j { 0.0 } else { (1 + i + 2 * j) as f64 });
    let mut all: Vec<(&'static str, Boxed)> = vec![
        ("reject", Box::new(RejectOption::new(model.clone(), 0.8).expect("a model"))),
        (
            "conformal",
            Box::new(Conformal::new(model.clone(), NonconformityScore::Lac, 0.9, x, y).expect("a model")),
        ),
        ("cost", Box::new(MinimumCost::new(model.clone(), costs).expect("a model"))),
        ("priors", Box::new(PriorCorrected::new(model.clone(), &shares, &used).expect("a model"))),
        ("rest", Box::new(OneVsRest::new(logistic()).fit(x, y).expect("a model"))),
        ("one", Box::new(OneVsOne::new(logistic()).fit(x, y).expect("a model"))),
        (
            "search",
            Box::new(
                Search::grid([1.0], |&c| LogisticRegression::new(Penalty::c(c))).fit(x, y).expect("a model"),
            ),
        ),
    ];
    for method in [CalibrationMethod::Platt, CalibrationMethod::Isotonic, CalibrationMethod::Temperature] {
        let calibrated = Calibrate::new(logistic(), method).fit(x, y).expect("a model");
        all.push(("calibrated", Box::new(calibrated)));
    }
    if classes == 2 {
        all.push((
            "threshold",
            Box::new(TuneThreshold::new(logistic(), Accuracy).fit(x, y).expect("a model")),
        ));
    }
    all
}

#[test]
fn names_reach_the_models_inside_and_come_back() {
    for classes in [2, 3] {
        let (x, y) = overlapping(90, 3, classes, 6);
        let names = ["height", "weight", "age"].map(str::to_owned);
        let swapped = ["weight", "height", "age"].map(str::to_owned);
        let named = Rows::from(&x).with_names(&names).expect("three names");
        for (which, model) in wrappers(named, &y) {
            assert_eq!(model.feature_names(), Some(&names[..]), "{which}");
            let other = Rows::from(&x).with_names(&swapped).expect("three names");
            assert!(matches!(model.predict(other), Err(Error::ColumnNames { .. })), "{which}");
            assert!(matches!(model.predict_proba(other), Err(Error::ColumnNames { .. })), "{which}");
            assert_eq!(model.predict(named).expect("labels"), model.predict(&x).expect("labels"), "{which}");
        }
        for (which, model) in wrappers(Rows::from(&x), &y) {
            assert!(model.feature_names().is_none() && model.predict(named).is_ok(), "{which}");
        }
    }
}

#[test]
fn views_and_single_rows_are_predicted_as_copies_of_them() {
    for classes in [2, 3, 7] {
        let (x, y) = overlapping(150, 4, classes, 7);
        let mut scratch = Scratch::new();
        for (which, model) in wrappers(Rows::from(&x), &y) {
            for (first, count) in [(0, 150), (17, 70), (149, 1), (3, 0)] {
                let (view, copy) = (x.rows(first, count), x.rows(first, count).into_owned());
                assert_eq!(model.decision_function(view), model.decision_function(&copy), "{which}");
                assert_eq!(model.predict_proba(view), model.predict_proba(&copy), "{which}");
                assert_eq!(model.predict_log_proba(view), model.predict_log_proba(&copy), "{which}");
                assert_eq!(model.predict(view), model.predict(&copy), "{which}");
            }
            let (mut z, mut p) = (vec![f64::NAN; model.score_columns()], vec![f64::NAN; classes]);
            for row in [0, 71, 149] {
                let entries: Vec<f64> = x.row(row).iter().copied().collect();
                model.scores_row(&entries, &mut z, &mut scratch).expect("scores");
                model.probabilities_row(&entries, &mut p, &mut scratch).expect("probabilities");
                let alone = x.rows(row, 1);
                assert_eq!(z, model.decision_function(alone).expect("scores").as_slice(), "{which}");
                assert_eq!(p, model.predict_proba(alone).expect("probabilities").as_slice(), "{which}");
                let label = model.predict_row(&entries, &mut scratch).expect("a label");
                assert_eq!(*label, model.predict(alone).expect("labels")[0], "{which}");
            }
        }
    }
}

#[test]
fn single_rows_do_not_allocate() {
    for classes in [2, 3, 7] {
        let (x, y) = overlapping(150, 4, classes, 8);
        for (which, model) in wrappers(Rows::from(&x), &y) {
            let mut scratch = Scratch::new();
            let (mut z, mut p) = (vec![0.0; model.score_columns()], vec![0.0; classes]);
            let mut predict = |row: &[f64]| {
                model.scores_row(row, &mut z, &mut scratch).expect("scores");
                model.probabilities_row(row, &mut p, &mut scratch).expect("probabilities");
                let log_p = DMatrixViewMut::from_slice(&mut p, 1, classes);
                let row = DMatrixView::from_slice(row, 1, 4);
                model.log_probabilities_into(row.into(), log_p, &mut scratch).expect("logarithms");
                let mut class = [0];
                model.predictions_into(row.into(), &mut class, &mut scratch).expect("a class");
            };
            predict(&[0.1, -0.4, 0.3, 1.0]);
            let row = [0.3, 0.2, -1.0, 0.5];
            assert_eq!(measure(|| predict(&row)).count_total, 0, "{which}, {classes} classes");
        }
    }
}

/// A classifier of two classes whose answers are all different, so that one sees which was asked.
struct Spy {
    names: Vec<String>,
    report: FitReport,
}

impl Spy {
    fn new() -> Self {
        let model = hurried().fit(&dmatrix![0.0; 1.0; 2.0; 3.0], &[0, 1, 0, 1]).expect("a fit");
        Spy { names: vec!["code".to_owned()], report: model.report().clone() }
    }
}

impl Classifier<f64> for Spy {
    type Label = usize;

    fn classes(&self) -> &[usize] {
        &[3, 5]
    }
    fn features(&self) -> usize {
        1
    }
    fn feature_names(&self) -> Option<&[String]> {
        Some(&self.names)
    }
    fn report(&self) -> Option<&FitReport> {
        Some(&self.report)
    }
    fn score_columns(&self) -> usize {
        2
    }
    fn scores_into(
        &self,
        _: Rows<'_, f64>,
        mut out: DMatrixViewMut<'_, f64>,
        _: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        out.fill(2.0);
        Ok(())
    }
    fn probabilities_into(
        &self,
        _: Rows<'_, f64>,
        mut out: DMatrixViewMut<'_, f64>,
        _: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        out.fill(0.25);
        Ok(())
    }
    fn log_probabilities_into(
        &self,
        _: Rows<'_, f64>,
        mut out: DMatrixViewMut<'_, f64>,
        _: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        out.fill(-7.0);
        Ok(())
    }
    fn predictions_into(
        &self,
        _: Rows<'_, f64>,
        out: &mut [usize],
        _: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        out.fill(1);
        Ok(())
    }
}

/// Checks that a wrapper forwards calls to the spy: all methods if it only adds to it, otherwise those that
/// it does not replace.
fn forwards<C: Classifier<f64, Label = usize>>(wrapper: C, probabilities: bool, decisions: bool) {
    let (x, spy) = (dmatrix![0.5; 1.5], Spy::new());
    assert_eq!((wrapper.classes(), wrapper.features()), (&[3, 5][..], 1));
    assert_eq!(wrapper.feature_names(), Some(&spy.names[..]));
    assert_eq!(Classifier::<f64>::report(&wrapper), Some(&spy.report));
    if probabilities {
        assert_eq!(wrapper.predict_proba(&x), Ok(DMatrix::from_element(2, 2, 0.25)));
        assert_eq!(wrapper.predict_log_proba(&x), Ok(DMatrix::from_element(2, 2, -7.0)));
    }
    if decisions {
        assert_eq!(wrapper.score_columns(), 2);
        assert_eq!(wrapper.decision_function(&x), Ok(DMatrix::from_element(2, 2, 2.0)));
        assert_eq!(wrapper.predict(&x), Ok(vec![5, 5]));
    }
}

#[test]
fn wrappers_forward_every_method_that_is_not_theirs() {
    let spy = Spy::new();
    forwards(&spy, true, true);
    forwards(Box::new(Spy::new()), true, true);
    forwards(std::sync::Arc::new(Spy::new()), true, true);
    forwards(RejectOption::new(Spy::new(), 0.5).expect("a model"), true, true);
    let conformal = Conformal::new(Spy::new(), NonconformityScore::Lac, 0.9, &dmatrix![0.0; 1.0], &[3, 5]);
    forwards(conformal.expect("a model"), true, true);
    forwards(FittedThreshold::new(Spy::new(), 0.5).expect("a model"), true, false);
    forwards(MinimumCost::new(Spy::new(), dmatrix![0.0, 1.0; 1.0, 0.0]).expect("a model"), true, false);
    forwards(PriorCorrected::new(Spy::new(), &[1.0, 1.0], &[1.0, 2.0]).expect("a model"), false, false);
}
