//! The contract of every classifier: the class with the largest score is predicted, and it is the most
//! probable one unless a threshold or costs decide.

use crate::common::{largest, overlapping};
use logit::decide::{
    CalibrationMethod, Conformal, FittedCalibration, FittedThreshold, MinimumCost, NonconformityScore,
    PriorCorrected, RejectOption, TuneThreshold,
};
use logit::metrics::{Average, FBeta};
use logit::nalgebra::{DMatrix, dmatrix, dvector};
use logit::prelude::*;
use logit::{
    Calibrate, FittedLogistic, Lbfgs, LogisticRegression, MlpClassifier, OneVsOne, OneVsRest, Penalty,
    Pipeline, Search, StandardScaler,
};

const METHODS: [CalibrationMethod; 3] =
    [CalibrationMethod::Platt, CalibrationMethod::Isotonic, CalibrationMethod::Temperature];

type Boxed = Box<dyn Classifier<f64, Label = usize>>;

fn logistic() -> LogisticRegression {
    LogisticRegression::new(Penalty::c(1.0))
}

/// All kinds of classifiers that predict the most probable class.
fn probable(x: &DMatrix<f64>, y: &[usize]) -> Vec<(String, Boxed)> {
    let model = logistic().fit(x, y).expect("a fit");
    let classes = model.classes().len();
    let used: Vec<f64> = (1..=classes).map(|class| class as f64).collect();
    let rest = OneVsRest::new(logistic()).fit(x, y).expect("a fit");
    let one = OneVsOne::new(logistic()).fit(x, y).expect("a fit");
    let network = MlpClassifier::new([3]).optimizer(Lbfgs::new().max_iterations(20));
    let mut all: Vec<(String, Boxed)> = vec![
        ("network".into(), Box::new(network.fit(x, y).expect("a fit"))),
        (
            "pipeline".into(),
            Box::new(Pipeline::new(StandardScaler::new(), logistic()).fit(x, y).expect("a fit")),
        ),
        ("reject".into(), Box::new(RejectOption::new(one.clone(), 0.8).expect("a model"))),
        (
            "conformal".into(),
            Box::new(Conformal::new(one.clone(), NonconformityScore::Lac, 0.9, x, y).expect("a model")),
        ),
        (
            "priors".into(),
            Box::new(PriorCorrected::new(one.clone(), &vec![1.0; classes], &used).expect("a model")),
        ),
        (
            "priors of rest".into(),
            Box::new(PriorCorrected::new(rest.clone(), &used, &used).expect("a model")),
        ),
        (
            "search".into(),
            Box::new(Search::grid([1.0], |_| OneVsOne::new(logistic())).fit(x, y).expect("a fit")),
        ),
    ];
    for method in METHODS {
        let calibrated = FittedCalibration::new(one.clone(), method, x, y, None).expect("a model");
        all.push((format!("one, {method:?}"), Box::new(calibrated)));
        let calibrated = FittedCalibration::new(rest.clone(), method, x, y, None).expect("a model");
        all.push((format!("rest, {method:?}"), Box::new(calibrated)));
        let inner = Calibrate::new(logistic(), method);
        let of_pairs = OneVsOne::new(inner.clone()).fit(x, y).expect("a fit");
        all.push((format!("one over {method:?}"), Box::new(of_pairs)));
        all.push((format!("{method:?}"), Box::new(inner.fit(x, y).expect("a fit"))));
    }
    all.push(("rest".into(), Box::new(rest)));
    all.push(("one".into(), Box::new(one)));
    all.push(("logistic".into(), Box::new(model)));
    all
}

/// Rows near the data, on it, and far away.
fn queries(x: &DMatrix<f64>) -> DMatrix<f64> {
    let rows = x.nrows();
    DMatrix::from_fn(4 * rows, x.ncols(), |row, column| {
        x[(row % rows, column)] * [1.0, 0.0, 3.0, 1000.0][row / rows] + [0.0, 1e-3, 0.0, 0.0][row / rows]
    })
}

/// The class with the largest score is predicted, and `decides` says which classes may be.
fn check(
    which: &str,
    model: &dyn Classifier<f64, Label = usize>,
    x: &DMatrix<f64>,
    decides: impl Fn(usize, usize) -> bool,
) {
    let (scores, found) = (model.decision_function(x).expect("scores"), model.predict(x).expect("labels"));
    for (row, &class) in found.iter().enumerate() {
        let z = scores.row(row);
        let by_score = if z.len() == 1 { usize::from(z[0] > 0.0) } else { largest(z.iter().copied()) };
        assert_eq!(by_score, class, "{which}: scores {z}");
        assert!(decides(row, class), "{which}: row {row} is {class}, scores {z}");
    }
}

#[test]
fn the_most_probable_class_is_predicted() {
    for (classes, seed) in [(2, 1), (3, 2), (3, 3), (4, 4), (5, 5)] {
        let (x, y) = overlapping(60, 3, classes, seed);
        let queries = queries(&x);
        for (which, model) in probable(&x, &y) {
            let p = model.predict_proba(&queries).expect("probabilities");
            let most = |row: usize| p.row(row).max();
            check(&which, &*model, &queries, |row, class| p[(row, class)] >= most(row) * (1.0 - 4e-15));
        }
        // Dividing scores by a temperature keeps their order.
        let one = OneVsOne::new(logistic()).fit(&x, &y).expect("a fit");
        let wanted = one.predict(&queries).expect("labels");
        let scaled =
            FittedCalibration::new(one, CalibrationMethod::Temperature, &x, &y, None).expect("a model");
        assert_eq!(scaled.predict(&queries).expect("labels"), wanted);
    }
}

#[test]
fn single_precision_agrees_too() {
    let (x, y) = overlapping(90, 3, 4, 11);
    let x = x.map(|v| v as f32);
    let one = OneVsOne::new(logistic()).fit(&x, &y).expect("a fit");
    for model in
        [&one as &dyn Classifier<f32, Label = usize>, &OneVsRest::new(logistic()).fit(&x, &y).expect("a fit")]
    {
        let (p, z) = (model.predict_proba(&x).expect("p"), model.decision_function(&x).expect("scores"));
        for (row, class) in model.predict(&x).expect("labels").into_iter().enumerate() {
            assert_eq!(largest(p.row(row).iter().map(|&p| f64::from(p))), class);
            assert_eq!(largest(z.row(row).iter().map(|&z| f64::from(z))), class);
        }
    }
}

#[test]
fn thresholds_and_costs_decide() {
    for seed in 0..4 {
        let (x, y) = overlapping(60, 3, 2, 20 + seed);
        let queries = queries(&x);
        let metric = FBeta::new(2.0, Average::Class(1));
        let tuned = TuneThreshold::new(logistic(), metric).fit(&x, &y).expect("a fit");
        let p = tuned.predict_proba(&queries).expect("probabilities").column(1).into_owned();
        // A threshold that is the probability of a row: the row is of the second class.
        let at_a_row = FittedThreshold::new(tuned.classifier().clone(), p[7]).expect("a model");
        let certain =
            [0.0, 1.0].map(|at| FittedThreshold::new(tuned.classifier().clone(), at).expect("a model"));
        for model in [&tuned, &at_a_row, &certain[0], &certain[1]] {
            let at = model.threshold();
            check("threshold", model, &queries, |row, class| class == usize::from(p[row] >= at));
        }
        assert_eq!(at_a_row.predict(&queries).expect("labels")[7], 1);
        let (x, y) = overlapping(60, 3, 3, 30 + seed);
        let costs = dmatrix![0.0, 1.0, 5.0; 2.0, 0.0, 1.0; 9.0, 4.0, 0.0];
        for unit in [1e-300, 1.0, 1e300] {
            let model =
                MinimumCost::new(logistic().fit(&x, &y).expect("a fit"), &costs * unit).expect("a model");
            let expected = model.expected_costs(&queries).expect("costs");
            let least = |row: usize| expected.row(row).min();
            check("cost", &model, &queries, |row, class| {
                expected[(row, class)] <= least(row) * (1.0 + 1e-14)
            });
        }
    }
}

/// Classes that are equally probable: the lower one is predicted.
#[test]
fn ties_go_to_the_lower_class() {
    let (none, x) = (DMatrix::<f64>::zeros(2, 3), dmatrix![1.0, 2.0; 0.0, 0.0; -50.0, 3.0]);
    let model =
        FittedLogistic::from_coefficients(vec![0, 1, 2], none, dvector![0.0, 0.0, 0.0]).expect("a model");
    let y = [0, 1, 2];
    let mut all: Vec<Boxed> = vec![
        Box::new(RejectOption::new(model.clone(), 0.1).expect("a model")),
        Box::new(MinimumCost::new(model.clone(), DMatrix::from_element(3, 3, 7.0)).expect("a model")),
        Box::new(PriorCorrected::new(model.clone(), &[0.2, 0.2, 0.6], &[0.2, 0.2, 0.6]).expect("a model")),
    ];
    for method in METHODS {
        all.push(Box::new(FittedCalibration::new(model.clone(), method, &x, &y, None).expect("a model")));
    }
    // No column tells the classes apart, and they have as many rows: every pair is a draw.
    let (flat, labels) = (DMatrix::<f64>::zeros(6, 1), [0, 1, 2, 0, 1, 2]);
    all.push(Box::new(model));
    for model in &all {
        assert_eq!(model.predict(&x).expect("labels"), [0, 0, 0]);
    }
    let one = OneVsOne::new(logistic()).fit(&flat, &labels).expect("a fit");
    assert_eq!(one.predict(&flat).expect("labels"), [0; 6]);
}
