//! Fits of estimators that the doctor watches: alone, and as parts of others.

use std::ops::ControlFlow;

use logit::data::{Blobs, Moons};
use logit::decide::{CalibrationMethod, TuneThreshold};
use logit::doctor::{Code, DiagnosedOptions, Diagnosis, Doctor, FitDiagnosed, Severity};
use logit::metrics::BalancedAccuracy;
use logit::nalgebra::{DMatrix, DMatrixViewMut};
use logit::prelude::*;
use logit::{
    Adam, Calibrate, ClassWeight, Error, FitOptions, Label, LogisticRegression, MlpClassifier, OneVsOne,
    OneVsRest, Penalty, Pipeline, Rows, Scratch, Sgd, StandardScaler, StopReason, data,
};

fn doctor() -> Doctor {
    Doctor::new().probe(2_000_000)
}

fn regression() -> LogisticRegression {
    LogisticRegression::new(Penalty::c(1.0))
}

fn diagnose<E: Estimator<f64>>(estimator: &E, x: &DMatrix<f64>, y: &[impl Label]) -> Diagnosis {
    estimator.fit_diagnosed(x, y, &doctor()).expect("a fit").1
}

fn root(diagnosis: &Diagnosis) -> Option<Code> {
    diagnosis.root().filter(|finding| finding.severity > Severity::Info).map(|finding| finding.code)
}

#[test]
fn usual_estimators_have_no_warnings() {
    let (iris, cancer, wine) = (data::iris(), data::breast_cancer(), data::wine());
    let scaled = || Pipeline::new(StandardScaler::new(), regression());
    let network = MlpClassifier::new([8]).epochs(60).seed(3);
    let tuned = TuneThreshold::new(scaled(), BalancedAccuracy::default());
    let found = [
        diagnose(&regression(), &iris.x, &iris.y),
        diagnose(&scaled(), &wine.x, &wine.y),
        diagnose(&scaled(), &cancer.x, &cancer.y),
        diagnose(&OneVsRest::new(scaled()), &iris.x, &iris.y),
        diagnose(&OneVsOne::new(scaled()), &wine.x, &wine.y),
        diagnose(&Calibrate::new(scaled(), CalibrationMethod::Platt), &cancer.x, &cancer.y),
        diagnose(&tuned, &cancer.x, &cancer.y),
        diagnose(&Pipeline::new(StandardScaler::new(), network.clone()), &wine.x, &wine.y),
        diagnose(&OneVsRest::new(Pipeline::new(StandardScaler::new(), network)), &iris.x, &iris.y),
        diagnose(&LogisticRegression::new(Penalty::Jeffreys), &iris.x, &iris.y),
    ];
    for (at, diagnosis) in found.iter().enumerate() {
        assert!(diagnosis.is_healthy(), "{at}: {diagnosis}");
    }
}

#[test]
fn classes_that_are_separable() {
    let iris = data::iris();
    let free = LogisticRegression::new(Penalty::None);
    for found in [
        diagnose(&free, &iris.x, &iris.y),
        diagnose(&Pipeline::new(StandardScaler::new(), free.clone()), &iris.x, &iris.y),
    ] {
        assert_eq!(root(&found), Some(Code::Separable), "{found}");
    }
}

#[test]
fn penalties_that_prevent_learning() {
    let cancer = data::breast_cancer();
    let strong = LogisticRegression::new(Penalty::l2(100.0));
    let alone = Pipeline::new(StandardScaler::new(), strong.clone());
    let parts = Pipeline::new(StandardScaler::new(), OneVsRest::new(strong));
    for found in [diagnose(&alone, &cancer.x, &cancer.y), diagnose(&parts, &cancer.x, &cancer.y)] {
        assert_eq!(root(&found), Some(Code::TooMuchPenalty), "{found}");
        assert!(found.root().is_some_and(|finding| finding.verified.is_some()), "{found}");
    }
}

/// The exclusive or of the signs of two columns.
fn exclusive_or(rows: usize) -> (DMatrix<f64>, Vec<bool>) {
    let square = Blobs::new(rows, 4).seed(4).generate().expect("valid");
    let x = DMatrix::from_fn(rows, 2, |row, column| {
        let corner = if square.y[row] >> column & 1 == 1 { 2.0 } else { -2.0 };
        corner + 0.3 * (square.x[(row, column)] - square.x[(row, column)].round())
    });
    let y = square.y.iter().map(|corner| matches!(corner, 1 | 2)).collect();
    (x, y)
}

#[test]
fn boundaries_that_are_no_planes() {
    let (x, y) = exclusive_or(400);
    let found = diagnose(&regression(), &x, &y);
    assert_eq!(root(&found), Some(Code::SmallNetwork), "{found}");
    let network = MlpClassifier::new([16]).optimizer(Adam::new(0.02)).epochs(60).seed(1);
    assert!(diagnose(&network, &x, &y).is_healthy());
}

#[test]
fn rates_within_a_pipeline() {
    let wine = data::wine();
    let slow = MlpClassifier::new([8]).optimizer(Sgd::new(1e-6)).epochs(40);
    let found = diagnose(&Pipeline::new(StandardScaler::new(), slow), &wine.x, &wine.y);
    assert_eq!(root(&found), Some(Code::LearningRateTooSmall), "{found}");
}

#[test]
fn weights_that_a_threshold_can_replace() {
    let rows = Blobs::new(400, 2).standard_deviation(3.0).seed(8).generate().expect("valid");
    let lopsided = ClassWeight::map([(0, 1.0), (1, 300.0)]);
    let shifted = regression().class_weight(lopsided);
    let found = diagnose(&shifted, &rows.x, &rows.y);
    assert_eq!(root(&found), Some(Code::Threshold), "{found}");
    let tuned = TuneThreshold::new(shifted, BalancedAccuracy::default());
    let found = diagnose(&tuned, &rows.x, &rows.y);
    assert_ne!(root(&found), Some(Code::Threshold), "{found}");
}

#[test]
fn labels_that_say_nothing() {
    let rows = Moons::new(600).seed(5).generate().expect("valid");
    let mut rng = logit::Rng::new(9);
    let y: Vec<bool> = (0..600).map(|_| rng.uniform(0.0, 1.0) < 0.5).collect();
    let found = diagnose(&regression(), &rows.x, &y);
    assert_eq!(root(&found), Some(Code::ConstantPredictor), "{found}");
}

#[test]
fn rows_that_are_learnt_by_heart() {
    let mut rng = logit::Rng::new(2);
    let mut rows = |count: usize| {
        let x = DMatrix::from_fn(count, 20, |_, _| rng.standard_normal());
        let y: Vec<bool> = (0..count).map(|_| rng.uniform(0.0, 1.0) < 0.5).collect();
        (x, y)
    };
    let ((x, y), (x_held, y_held)) = (rows(80), rows(80));
    let network = MlpClassifier::new([100]).optimizer(Adam::new(0.02)).epochs(100);
    let options = DiagnosedOptions::new(FitOptions::new()).held_out(&x_held, &y_held);
    let (_, found) = network.fit_diagnosed_with(&x, &y, &doctor(), options).expect("a fit");
    assert_eq!(root(&found), Some(Code::Overfitting), "{found}");
}

/// Scores of one column, whatever the labels.
#[derive(Debug)]
struct Column<L>(Vec<L>);

impl<L: Label> Classifier<f64> for Column<L> {
    type Label = L;

    fn classes(&self) -> &[L] {
        &self.0
    }
    fn features(&self) -> usize {
        2
    }
    fn scores_into(
        &self,
        x: Rows<'_, f64>,
        mut out: DMatrixViewMut<'_, f64>,
        _: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        out.column_mut(0).copy_from(&(x.view().column(0) * 0.0));
        Ok(())
    }
    fn probabilities_into(
        &self,
        _: Rows<'_, f64>,
        mut out: DMatrixViewMut<'_, f64>,
        _: &mut Scratch<f64>,
    ) -> Result<(), Error> {
        out.fill(0.5);
        Ok(())
    }
}

/// An estimator of a caller, of which nothing is known but its traits.
struct Lazy;

impl Estimator<f64> for Lazy {
    type Fitted<L: Label> = Column<L>;

    fn fit_rows<L: Label>(
        &self,
        _: Rows<'_, f64>,
        y: &[L],
        _: FitOptions<'_, f64>,
    ) -> Result<Column<L>, Error> {
        let mut classes = y.to_vec();
        classes.sort();
        classes.dedup();
        Ok(Column(classes))
    }
}

#[test]
fn estimators_of_callers_are_judged_by_their_decisions() {
    let rows = Moons::new(200).seed(5).generate().expect("valid");
    let found = diagnose(&Lazy, &rows.x, &rows.y);
    assert_eq!(root(&found), Some(Code::ConstantPredictor), "{found}");
}

/// Predictions leave offsets out, so they say nothing about the fit.
#[test]
fn fits_with_offsets_are_judged_by_their_report() {
    let (x, y) =
        (DMatrix::from_fn(40, 1, |row, _| row as f64), (0..40).map(|row| row >= 20).collect::<Vec<_>>());
    let offset = DMatrix::from_element(40, 1, -3.0);
    let free = LogisticRegression::new(Penalty::None);
    let options = FitOptions::new().offset(&offset);
    let (_, found) = free.fit_diagnosed_with(&x, &y, &doctor(), options).expect("a fit");
    assert_eq!(root(&found), Some(Code::Separable), "{found}");
}

#[test]
fn watching_changes_nothing_of_a_fit() {
    let wine = data::wine();
    let networks = OneVsRest::new(Pipeline::new(
        StandardScaler::new(),
        MlpClassifier::new([5]).dropout(0.2).validation_fraction(0.2).epochs(20),
    ));
    let (watched, _) = networks.fit_diagnosed(&wine.x, &wine.y, &doctor()).expect("a fit");
    assert_eq!(watched, networks.fit(&wine.x, &wine.y).expect("a fit"));
    let regression = Pipeline::new(StandardScaler::new(), regression());
    let (watched, _) = regression.fit_diagnosed(&wine.x, &wine.y, &doctor()).expect("a fit");
    assert_eq!(watched, regression.fit(&wine.x, &wine.y).expect("a fit"));
}

#[test]
fn observers_still_stop_a_watched_fit() {
    let wine = data::wine();
    let network = Pipeline::new(StandardScaler::new(), MlpClassifier::new([5]).epochs(50));
    let mut calls = 0;
    let mut observer = |_: &_| {
        calls += 1;
        if calls == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = FitOptions::new().observer(&mut observer);
    let fit = network.fit_diagnosed_with(&wine.x, &wine.y, &Doctor::new(), options);
    let report = fit.expect("a fit").0.report().cloned();
    assert_eq!((calls, report.map(|report| report.stop)), (3, Some(StopReason::Cancelled)));
}
