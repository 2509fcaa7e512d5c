//! The choice of a penalty by cross-validation.

use std::ops::ControlFlow;

use crate::common::{normal, overlapping, pick};
use logit::linear::{LambdaScore, LogisticPath, LogisticRegressionCv, SelectionRule};
use logit::metrics::{Accuracy, LogLoss, Metric, RocAuc};
use logit::prelude::*;
use logit::select::stratified_k_fold;
use logit::{ClassWeight, Error, FitOptions, LogisticRegression, Penalty, data};
use nalgebra::{DMatrix, DMatrixView};

const LAMBDAS: [f64; 4] = [0.3, 0.03, 0.003, 0.0003];

fn path(penalty: Penalty) -> LogisticPath {
    LogisticPath::new(LogisticRegression::new(penalty).tolerance(1e-11)).lambdas(LAMBDAS)
}

/// The score of each fold (rows) and λ (columns), by fits of their own.
fn by_hand<M: Metric>(
    (x, y): (&DMatrix<f64>, &[usize]),
    weights: Option<&[f64]>,
    offset: Option<&DMatrix<f64>>,
    model: &LogisticRegression,
    kind: fn(f64) -> Penalty,
    metric: &M,
    (k, seed): (usize, u64),
) -> Vec<Vec<f64>> {
    let fold = |split: &logit::select::Split| {
        let offsets = [&split.train, &split.test].map(|rows| offset.map(|o| o.select_rows(rows)));
        let parts = [&split.train, &split.test].map(|rows| (x.select_rows(rows), pick(y, rows)));
        let weighted = [&split.train, &split.test].map(|rows| weights.map(|w| pick(w, rows)));
        let score = |&lambda: &f64| {
            let options = {
                let mut options = FitOptions::new();
                options.weights = weighted[0].as_deref();
                options.offset = offsets[0].as_ref().map(|m| m.as_view());
                options
            };
            let fitted =
                model.clone().penalty(kind(lambda)).fit_with(&parts[0].0, &parts[0].1, options).unwrap();
            // The offset of a test row acts as one more column with coefficient 1.
            let scores = fitted.decision_function(&parts[1].0).unwrap();
            let scores = offsets[1].as_ref().map_or(scores.clone(), |o| &scores + o);
            let p = DMatrix::from_fn(scores.nrows(), fitted.classes().len(), |i, c| match scores.ncols() {
                1 => 1.0 / (1.0 + (if c == 1 { -scores[i] } else { scores[i] }).exp()),
                columns => {
                    let sum: f64 = (0..columns).map(|k| scores[(i, k)].exp()).sum();
                    scores[(i, c)].exp() / sum
                }
            });
            metric.evaluate(&parts[1].1, &p, fitted.classes(), weighted[1].as_deref()).unwrap()
        };
        LAMBDAS.iter().map(score).collect::<Vec<f64>>()
    };
    stratified_k_fold(y, k, seed).unwrap().iter().map(fold).collect()
}

fn assert_table(found: &[LambdaScore], folds: &[Vec<f64>]) {
    assert_eq!(found.len(), LAMBDAS.len());
    for (at, score) in found.iter().enumerate() {
        let column: Vec<f64> = folds.iter().map(|fold| fold[at]).collect();
        let k = column.len() as f64;
        let mean = column.iter().sum::<f64>() / k;
        let variance = column.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / (k - 1.0);
        assert_eq!(score.lambda, LAMBDAS[at]);
        assert!(score.converged);
        approx::assert_relative_eq!(score.folds.as_slice(), column.as_slice(), max_relative = 1e-7);
        approx::assert_relative_eq!(score.mean, mean, max_relative = 1e-7);
        approx::assert_relative_eq!(score.standard_error, (variance / k).sqrt(), max_relative = 1e-5);
    }
}

#[test]
fn the_table_is_that_of_separate_fits() {
    for (classes, seed) in [(2, 1), (3, 2)] {
        let (x, y) = overlapping(60, 4, classes, seed);
        let weights: Vec<f64> = (0..60).map(|i| 0.5 + f64::from(i % 3)).collect();
        let offset = normal(60, if classes == 2 { 1 } else { classes }, 9);
        let model =
            LogisticRegression::new(Penalty::None).tolerance(1e-11).class_weight(ClassWeight::Balanced);
        for (weights, offset) in [(None, None), (Some(weights.as_slice()), None), (None, Some(&offset))] {
            let wanted = by_hand((&x, &y), weights, offset, &model, Penalty::l1, &LogLoss, (4, seed));
            let path = LogisticPath::new(model.clone().penalty(Penalty::l1(1.0))).lambdas(LAMBDAS);
            let search = LogisticRegressionCv::new(path).folds(4).seed(seed);
            let found = search
                .fit_with(&x, &y, {
                    let mut options = FitOptions::new();
                    options.weights = weights;
                    options.offset = offset.map(|m| m.as_view());
                    options
                })
                .unwrap();
            assert_table(found.scores(), &wanted);
            assert!(found.is_complete());
        }
        let wanted = by_hand((&x, &y), None, None, &model, Penalty::l2, &RocAuc, (5, 3));
        let path = LogisticPath::new(model.clone().penalty(Penalty::l2(1.0))).lambdas(LAMBDAS);
        let found = LogisticRegressionCv::new(path).seed(3).metric(RocAuc).fit(&x, &y).unwrap();
        assert_table(found.scores(), &wanted);
    }
}

/// Both rules, by the definition; for a loss and for a gain.
#[test]
fn the_rules_choose_as_they_say() {
    let mut differ = 0;
    for seed in 0..12 {
        let (x, y) = overlapping(80, 8, 2, seed);
        let path = || LogisticPath::l1().count(25).smallest_fraction(1e-3);
        let best = LogisticRegressionCv::new(path()).seed(seed).fit(&x, &y).unwrap();
        let scores = best.scores();
        let lowest = scores.iter().map(|s| s.mean).fold(f64::INFINITY, f64::min);
        let first = scores.iter().position(|s| s.mean == lowest).unwrap();
        assert_eq!((best.chosen(), best.best()), (first, first));
        let limit = lowest + scores[first].standard_error;
        let simplest = (0..25).find(|&at| scores[at].mean <= limit).unwrap();
        let simple = LogisticRegressionCv::new(path()).seed(seed).rule(SelectionRule::OneStandardError);
        let simple = simple.fit(&x, &y).unwrap();
        assert_eq!((simple.chosen(), simple.one_standard_error()), (simplest, simplest));
        assert_eq!(simple.lambda(), scores[simplest].lambda);
        assert_eq!(simple.best(), first);
        differ += usize::from(simplest < first);

        let gain = LogisticRegressionCv::new(path()).seed(seed).metric(Accuracy).fit(&x, &y).unwrap();
        let highest = gain.scores().iter().map(|s| s.mean).fold(0.0, f64::max);
        let first = gain.scores().iter().position(|s| s.mean == highest).unwrap();
        assert_eq!(gain.chosen(), first);
        let limit = highest - gain.scores()[first].standard_error;
        assert_eq!(gain.one_standard_error(), (0..25).find(|&at| gain.scores()[at].mean >= limit).unwrap());
    }
    assert!(differ > 6, "{differ}");
}

/// Fitted to all rows, and nothing but the model: as if λ had been known.
#[test]
fn the_model_is_the_fit_at_the_chosen_lambda() {
    let iris = data::iris();
    let found = LogisticRegressionCv::new(path(Penalty::l2(1.0))).fit(&iris.x, &iris.y).unwrap();
    let alone = LogisticRegression::new(Penalty::l2(found.lambda())).tolerance(1e-11);
    let alone = alone.fit(&iris.x, &iris.y).unwrap();
    approx::assert_relative_eq!(found.model().coefficients(), alone.coefficients(), epsilon = 1e-7);
    assert_eq!(found.model(), &found.path().models()[found.chosen()]);
    assert_eq!(found.classes(), alone.classes());
    assert_eq!(found.features(), 4);
    assert_eq!(found.predict(&iris.x).unwrap(), found.model().predict(&iris.x).unwrap());
    assert_eq!(found.predict_proba(&iris.x).unwrap(), found.model().predict_proba(&iris.x).unwrap());
    assert_eq!(found.predict_log_proba(&iris.x).unwrap(), found.model().predict_log_proba(&iris.x).unwrap());
    assert_eq!(found.decision_function(&iris.x).unwrap(), found.model().decision_function(&iris.x).unwrap());
    for (score, nonzero) in found.scores().iter().zip(found.path().nonzero()) {
        assert_eq!(score.nonzero, nonzero);
    }
    let table = found.to_string();
    assert!(table.contains("5 folds") && table.contains("best") && table.contains("chosen"), "{table}");
    assert!(table.contains("one standard error"), "{table}");
    assert_eq!(found.clone().into_model(), *found.model());
}

/// A test row affects only its own score: the other folds train on it, its own fold does not.
#[test]
fn a_test_row_never_reaches_its_own_models() {
    struct Probabilities(std::sync::Mutex<Vec<DMatrix<f64>>>);
    impl Metric for Probabilities {
        fn greater_is_better(&self) -> bool {
            true
        }
        fn evaluate_indices(
            &self,
            _: &[usize],
            p: DMatrixView<'_, f64>,
            _: Option<&[f64]>,
        ) -> Result<f64, Error> {
            self.0.lock().unwrap().push(p.clone_owned());
            Ok(0.0)
        }
    }
    let (x, y) = overlapping(40, 3, 2, 6);
    let splits = stratified_k_fold(&y, 4, 11).unwrap();
    let run = |x: &DMatrix<f64>| {
        let metric = Probabilities(std::sync::Mutex::new(Vec::new()));
        let search = LogisticRegressionCv::new(path(Penalty::l1(1.0))).folds(4).seed(11);
        search.metric(&metric).fit(x, &y).unwrap();
        metric.0.into_inner().unwrap()
    };
    let before = run(&x);
    assert_eq!(before.len(), 16);
    for fold in 0..4 {
        let mut changed = x.clone();
        let row = splits[fold].test[2];
        changed.row_mut(row).fill(1e3);
        let after = run(&changed);
        for lambda in 0..4 {
            let (a, b) = (&before[fold * 4 + lambda], &after[fold * 4 + lambda]);
            for other in (0..a.nrows()).filter(|&other| other != 2) {
                assert_eq!(a.row(other), b.row(other), "fold {fold}");
            }
        }
        // The other folds were trained with it.
        assert_ne!(before[(fold + 1) % 4 * 4 + 3], after[(fold + 1) % 4 * 4 + 3]);
    }
}

#[test]
fn rows_without_weight_are_in_no_fold() {
    let (x, y) = overlapping(50, 3, 2, 12);
    let weights: Vec<f64> = (0..50).map(|i| f64::from(u8::from(i % 5 != 0))).collect();
    let kept: Vec<usize> = (0..50).filter(|i| i % 5 != 0).collect();
    let search = LogisticRegressionCv::new(path(Penalty::l2(1.0))).seed(2);
    let mut wild = x.clone();
    (0..50).filter(|i| i % 5 == 0).for_each(|i| wild.row_mut(i).fill(1e6));
    let weighted = search.fit_weighted(&wild, &y, &weights).unwrap();
    let removed = search.fit(&x.select_rows(&kept), &pick(&y, &kept)).unwrap();
    for (a, b) in weighted.scores().iter().zip(removed.scores()) {
        approx::assert_relative_eq!(a.folds.as_slice(), b.folds.as_slice(), max_relative = 1e-8);
    }
    approx::assert_relative_eq!(
        weighted.model().coefficients(),
        removed.model().coefficients(),
        max_relative = 1e-7
    );
}

#[test]
fn the_seed_decides_and_nothing_else() {
    let (x, y) = overlapping(60, 4, 3, 7);
    let fit = |seed| LogisticRegressionCv::new(path(Penalty::l1(1.0))).seed(seed).fit(&x, &y).unwrap();
    assert_eq!(fit(1), fit(1));
    assert_ne!(fit(1).scores(), fit(2).scores());
}

#[test]
fn a_search_that_is_stopped_says_so() {
    let (x, y) = overlapping(60, 4, 2, 7);
    // Fits: 4 over all rows, then 4 for each of 5 folds. After 13, two folds are done.
    for (stop, folds) in [(2, 0), (4, 0), (6, 0), (13, 2), (23, 4)] {
        let mut last = (0, 0);
        let mut observer = |progress: &logit::Progress| {
            last = (progress.iteration, progress.limit);
            if progress.iteration == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let options = FitOptions::new().observer(&mut observer);
        let search = LogisticRegressionCv::new(path(Penalty::l2(1.0)));
        let found = search.fit_with(&x, &y, options).unwrap();
        assert_eq!(last, (stop, 24));
        assert!(!found.is_complete());
        assert!(found.scores().iter().all(|score| score.folds.len() == folds), "{stop}");
        assert_eq!(found.scores().len(), stop.min(4));
        assert!(found.to_string().contains("stopped"));
        if folds == 0 {
            assert_eq!(found.chosen(), stop.min(4) - 1);
        }
    }
}

#[test]
fn bad_searches_are_refused() {
    let (x, y) = overlapping(30, 2, 2, 4);
    let search = || LogisticRegressionCv::new(path(Penalty::l2(1.0)));
    for k in [0, 1, 31] {
        let error = search().folds(k).fit(&x, &y).unwrap_err();
        assert!(matches!(error, Error::InvalidParameter { name: "folds", .. }), "{k}: {error}");
    }
    assert!(search().folds(30).fit(&x, &y).is_ok());
    let mut lonely = vec![0; 30];
    lonely[3] = 1;
    assert!(matches!(search().fit(&x, &lonely), Err(Error::SplitTooSmall { .. })));
    assert!(matches!(search().fit(&x, &[1; 30]), Err(Error::OneClass { .. })));
    let empty = LogisticRegressionCv::new(LogisticPath::l1().lambdas([])).fit(&x, &y);
    assert!(matches!(empty, Err(Error::Empty { argument: "lambdas", .. })));
    // Two rows of a class in five folds: three folds have none, and no area under the curve.
    let mut rare = vec![0; 30];
    (rare[3], rare[9]) = (1, 1);
    let error = search().metric(RocAuc).fit(&x, &rare).unwrap_err();
    let wanted = "test rows of split 0: the evaluated rows include no row of class 1 with positive weight: \
                  at least one is needed";
    assert_eq!(error.to_string(), wanted);
    assert!(search().fit(&x, &rare).is_ok());
    let mut spoiled = x.clone();
    spoiled[(4, 1)] = f64::NAN;
    assert!(matches!(search().fit(&spoiled, &y), Err(Error::NotFinite { row: 4, column: 1, .. })));
}

#[test]
fn single_precision_agrees() {
    let (x, y) = overlapping(90, 4, 2, 5);
    let search = LogisticRegressionCv::new(LogisticPath::l1().lambdas(LAMBDAS));
    let (double, single) = (search.fit(&x, &y).unwrap(), search.fit(&x.map(|v| v as f32), &y).unwrap());
    for (a, b) in double.scores().iter().zip(single.scores()) {
        approx::assert_relative_eq!(a.mean, b.mean, max_relative = 1e-4);
        assert!(b.converged);
    }
}
