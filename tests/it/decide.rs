//! Decisions from scores.

mod precision;

use crate::common::overlapping;
use logit::decide::{
    CalibrationMethod, Conformal, FittedCalibration, FittedThreshold, IsotonicRegression, MinimumCost,
    NonconformityScore, PlattScaling, PriorCorrected, RejectOption, TuneThreshold,
};
use logit::metrics::{
    Accuracy, Average, BalancedAccuracy, Bins, CalibrationCurve, FBeta, LogLoss, MeanCost, Metric, Precision,
    ZeroDivision,
};
use logit::nalgebra::{DMatrix, dmatrix, dvector};
use logit::prelude::*;
use logit::select::{Split, Splitter};
use logit::{
    AnyClassifier, Calibrate, ClassWeight, CrossValidation, Error, FittedLogistic, LogisticRegression,
    Penalty, Pipeline, Rng, StandardScaler,
};
use proptest::prelude::*;

const METHODS: [CalibrationMethod; 3] =
    [CalibrationMethod::Platt, CalibrationMethod::Isotonic, CalibrationMethod::Temperature];

fn logistic() -> LogisticRegression {
    LogisticRegression::new(Penalty::c(1.0))
}

/// A model that is far too sure: the right direction, ten times too long.
fn too_sure(classes: usize, columns: usize, seed: u64) -> FittedLogistic<f64, usize> {
    let (x, y) = overlapping(400, columns, classes, seed);
    let model = logistic().fit(&x, &y).expect("a fit");
    let (coefficients, intercept) = (model.coefficients() * 10.0, model.intercept() * 10.0);
    FittedLogistic::from_coefficients(model.classes().to_vec(), coefficients, intercept).expect("a model")
}

/// Scores, probabilities and predictions agree with each other.
fn agrees<C: Classifier<f64>>(model: &C, x: &DMatrix<f64>) {
    let (z, p) =
        (model.decision_function(x).expect("scores"), model.predict_proba(x).expect("probabilities"));
    let log_p = model.predict_log_proba(x).expect("logarithms");
    let predicted = model.predict(x).expect("labels");
    assert!(z.iter().all(|z| z.is_finite()));
    for row in 0..x.nrows() {
        approx::assert_relative_eq!(p.row(row).sum(), 1.0, max_relative = 1e-12);
        let class = model.classes().binary_search(&predicted[row]).expect("a class");
        assert!((0..p.ncols()).all(|k| p[(row, k)] <= p[(row, class)] + 1e-12), "row {row}: {}", p.row(row));
        for k in 0..p.ncols() {
            assert!((0.0..=1.0).contains(&p[(row, k)]));
            approx::assert_relative_eq!(
                log_p[(row, k)].exp(),
                p[(row, k)],
                max_relative = 1e-10,
                epsilon = 1e-300
            );
        }
        if z.ncols() == 1 {
            assert_eq!(z[(row, 0)] > 0.0, class == 1);
        } else {
            assert!((0..z.ncols()).all(|k| z[(row, k)] <= z[(row, class)]));
        }
    }
}

#[test]
fn calibration_makes_probabilities_as_frequent_as_they_say() {
    for classes in [2, 3] {
        let model = too_sure(classes, 3, 1);
        let (x, y) = overlapping(3000, 3, classes, 20);
        let (x_new, y_new) = overlapping(3000, 3, classes, 30);
        let loss = |p: &DMatrix<f64>| {
            LogLoss.evaluate(&y_new, p, &(0..classes).collect::<Vec<_>>(), None).expect("a loss")
        };
        let before = loss(&model.predict_proba(&x_new).expect("probabilities"));
        for method in METHODS {
            let calibrated = FittedCalibration::new(model.clone(), method, &x, &y, None).expect("a model");
            agrees(&calibrated, &x_new);
            let p = calibrated.predict_proba(&x_new).expect("probabilities");
            assert!(loss(&p) < 0.75 * before, "{method:?}: {} after {before}", loss(&p));
            let error = |p: &DMatrix<f64>| {
                let column: Vec<f64> = p.column(1).iter().copied().collect();
                CalibrationCurve::new(&y_new, &column, &1, None, Bins::Quantile(10))
                    .expect("a curve")
                    .expected_error()
            };
            assert!(error(&p) < 0.03, "{method:?}: {}", error(&p));
            assert!(error(&model.predict_proba(&x_new).expect("probabilities")) > 0.08);
            let any = AnyClassifier::<f64, usize>::from_bytes(&calibrated.to_bytes().expect("bytes"))
                .expect("a model");
            assert_eq!(any.predict_proba(&x_new), Ok(p));
            assert_eq!(FittedCalibration::from_bytes(&calibrated.to_bytes().expect("bytes")), Ok(calibrated));
        }
    }
}

#[test]
fn calibration_in_folds_is_that_by_hand() {
    let (x, y) = overlapping(90, 3, 3, 2);
    let weights: Vec<f64> = (0..90).map(|row| (row % 3) as f64 + 0.5).collect();
    let estimator = Pipeline::new(StandardScaler::new(), logistic());
    let splitter = Splitter::Stratified { k: 3, seed: 5 };
    for method in METHODS {
        let model = Calibrate::new(estimator.clone(), method).splitter(splitter.clone());
        let model = model.fit_weighted(&x, &y, &weights).expect("a fit");
        assert_eq!(model.classifier(), &estimator.fit_weighted(&x, &y, &weights).expect("a fit"));
        // The scores of rows that were left out, one fold after the other.
        let (mut scores, mut truth, mut own) = (vec![], vec![], vec![]);
        for split in splitter.splits(&y).expect("splits") {
            let pick = |rows: &[usize]| -> (Vec<usize>, Vec<f64>) {
                (rows.iter().map(|&row| y[row]).collect(), rows.iter().map(|&row| weights[row]).collect())
            };
            let (labels, w) = pick(&split.train);
            let part = estimator.fit_weighted(&x.select_rows(&split.train), &labels, &w).expect("a fit");
            let z = part.decision_function(&x.select_rows(&split.test)).expect("scores");
            scores.extend(z.row_iter().map(|row| row.iter().copied().collect::<Vec<f64>>()));
            let (labels, w) = pick(&split.test);
            truth.extend(labels);
            own.extend(w);
        }
        if let Some(scalings) = model.platt() {
            for (class, scaling) in scalings.iter().enumerate() {
                let column: Vec<f64> = scores.iter().map(|row| row[class]).collect();
                let has: Vec<bool> = truth.iter().map(|&y| y == class).collect();
                assert_eq!(PlattScaling::fit(&column, &has, Some(&own)), Ok(*scaling));
            }
        }
        if let Some(functions) = model.isotonic() {
            let column: Vec<f64> = scores.iter().map(|row| row[2]).collect();
            let has: Vec<f64> = truth.iter().map(|&y| f64::from(u8::from(y == 2))).collect();
            assert_eq!(IsotonicRegression::fit(&column, &has, Some(&own), true).as_ref(), Ok(&functions[2]));
        }
        agrees(&model, &x);
    }
}

#[test]
fn hostile_scores_leave_probabilities_in_range() {
    let (x, y) = (dmatrix![-1e300; -1.0; 0.0; 1.0; 1e300], [0, 0, 1, 0, 1]);
    let model = FittedLogistic::from_coefficients(vec![0, 1], dmatrix![1.0], dvector![0.0]).expect("a model");
    for method in METHODS {
        if let Ok(calibrated) = FittedCalibration::new(model.clone(), method, &x, &y, None)
            && let Ok(p) = calibrated.predict_proba(&x)
        {
            assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "{method:?}: {p}");
        }
        let missing = FittedCalibration::new(model.clone(), method, &x, &[1; 5], None);
        let wanted =
            "the calibration rows include no row of class 0 with positive weight: at least one is needed";
        assert_eq!(missing.unwrap_err().to_string(), wanted);
        assert!(FittedCalibration::new(model.clone(), method, &x, &y[..4], None).is_err());
        assert!(FittedCalibration::new(model.clone(), method, &x, &[0, 0, 1, 0, 7], None).is_err());
    }
    // Scores that order rows perfectly, and scores that say nothing.
    let certain = FittedCalibration::new(
        model.clone(),
        CalibrationMethod::Temperature,
        &dmatrix![-1.0; 1.0],
        &[0, 1],
        None,
    );
    approx::assert_relative_eq!(
        certain.expect("a model").temperature().expect("one"),
        (-10f64).exp(),
        max_relative = 1e-9
    );
    let wrong =
        FittedCalibration::new(model, CalibrationMethod::Temperature, &dmatrix![-1.0; 1.0], &[1, 0], None);
    approx::assert_relative_eq!(
        wrong.expect("a model").temperature().expect("one"),
        10f64.exp(),
        max_relative = 1e-9
    );
}

#[test]
fn thresholds_are_the_best_of_all() {
    let (x, y) = overlapping(120, 3, 2, 3);
    let y: Vec<usize> =
        y.iter().enumerate().map(|(row, &class)| if row % 4 == 0 { class } else { 0 }).collect();
    let model = logistic().fit(&x, &y).expect("a fit");
    let p: Vec<f64> = model.predict_proba(&x).expect("probabilities").column(1).iter().copied().collect();
    let metrics: [&dyn Metric; 3] =
        [&FBeta::new(1.0, Average::Class(1)), &BalancedAccuracy::new(), &Accuracy];
    for metric in metrics {
        let tuned = FittedThreshold::tuned(model.clone(), &metric, &x, &y, None).expect("a model");
        let value = |threshold: f64| {
            let called =
                DMatrix::from_fn(120, 2, |row, k| f64::from(u8::from(usize::from(p[row] >= threshold) == k)));
            metric.evaluate_indices(&y, called.as_view(), None).expect("a value")
        };
        let best = (0..=1000)
            .map(|t| value(f64::from(t) / 1000.0))
            .chain(p.iter().map(|&p| value(p)))
            .fold(0.0, f64::max);
        assert!(value(tuned.threshold()) >= best, "{} and {best}", value(tuned.threshold()));
        let wanted: Vec<usize> = p.iter().map(|&p| usize::from(p >= tuned.threshold())).collect();
        assert_eq!(tuned.predict(&x), Ok(wanted));
        assert_eq!(tuned.predict_proba(&x), model.predict_proba(&x));
    }
}

/// By hand: the probabilities of rows that were left out, and all thresholds that make a difference.
#[test]
fn a_tuned_estimator_takes_the_best_threshold_of_rows_left_out() {
    let (x, y) = overlapping(90, 3, 2, 12);
    let weights: Vec<f64> = (0..90).map(|row| [1.0, 0.25, 0.0, 3.0][row % 4]).collect();
    let cost = MeanCost::new(dmatrix![0.0, 1.0; 4.0, 0.0]);
    let splitter = Splitter::Stratified { k: 3, seed: 2 };
    let tune = TuneThreshold::new(logistic(), &cost).splitter(splitter.clone());
    let model = tune.fit_weighted(&x, &y, &weights).expect("a fit");
    assert_eq!(model.classifier(), &logistic().fit_weighted(&x, &y, &weights).expect("a fit"));
    let counted: Vec<usize> = (0..90).filter(|row| row % 4 != 2).collect();
    let pick = |rows: &[usize]| -> (DMatrix<f64>, Vec<usize>, Vec<f64>) {
        let rows: Vec<usize> = rows.iter().map(|&row| counted[row]).collect();
        let (labels, w) = rows.iter().map(|&row| (y[row], weights[row])).unzip();
        (x.select_rows(&rows), labels, w)
    };
    let (mut p, mut truth, mut own) = (vec![], vec![], vec![]);
    let labels: Vec<usize> = counted.iter().map(|&row| y[row]).collect();
    for split in splitter.splits(&labels).expect("splits") {
        let ((x, y, w), (x_test, y_test, w_test)) = (pick(&split.train), pick(&split.test));
        let part = logistic().fit_weighted(&x, &y, &w).expect("a fit");
        p.extend(part.predict_proba(&x_test).expect("probabilities").column(1).iter().copied());
        truth.extend(y_test);
        own.extend(w_test);
    }
    let value = |threshold: f64| {
        let mistake = |row: usize| match (truth[row], p[row] >= threshold) {
            (0, true) => own[row],
            (1, false) => 4.0 * own[row],
            _ => 0.0,
        };
        (0..p.len()).map(mistake).sum::<f64>()
    };
    let best = p.iter().copied().chain([0.0, 1.0]).map(value).fold(f64::INFINITY, f64::min);
    approx::assert_relative_eq!(value(model.threshold()), best, max_relative = 1e-12);
    assert!(model.threshold() < 0.4, "misses cost more: {}", model.threshold());
    agrees_with_its_threshold(&model, &x);
    // In cross-validation its decisions count, not the more probable class.
    let found = CrossValidation::new(Splitter::Consecutive { k: 2 }).metric("cost", &cost).keep_models(true);
    let found = found.run(&tune, &x, &y).expect("scores");
    for (index, split) in found.splits().iter().enumerate() {
        let (x, y) = (x.select_rows(&split.test), split.test.iter().map(|&row| y[row]).collect::<Vec<_>>());
        let called = found.models()[index].predict(&x).expect("labels");
        let costs = y.iter().zip(&called).map(|pair| [[0.0, 1.0], [4.0, 0.0]][*pair.0][*pair.1]);
        approx::assert_relative_eq!(
            found.scores("cost").expect("a metric")[index],
            costs.sum::<f64>() / y.len() as f64
        );
        assert_eq!(
            cost.evaluate_model(&found.models()[index], &x, &y, None),
            Ok(found.scores("cost").expect("a metric")[index])
        );
    }
    let (x, y) = overlapping(60, 3, 3, 12);
    let error = tune.fit(&x, &y).map(|_| ()).unwrap_err();
    assert!(matches!(error.cause(), Error::InvalidParameter { name: "classes", .. }), "{error}");
}

fn agrees_with_its_threshold<C: Classifier<f64, Label = usize>>(
    model: &FittedThreshold<C>,
    x: &DMatrix<f64>,
) {
    let p = model.predict_proba(x).expect("probabilities");
    let wanted: Vec<usize> = p.column(1).iter().map(|&p| usize::from(p >= model.threshold())).collect();
    assert_eq!(model.predict(x), Ok(wanted));
}

/// A class that only some models of the splits know, or only the model of all rows, is named.
#[test]
fn splits_without_rows_of_a_class_are_refused() {
    let (x, y) = overlapping(12, 2, 3, 5);
    let rows = |class: usize| (0..12).filter(|&row| y[row] == class).collect::<Vec<usize>>();
    let labels: Vec<&str> = y.iter().map(|&class| ["ant", "bee", "cat"][class]).collect();
    let split = |train: [&[usize]; 3], test: &[usize]| Split::new(train.concat(), test).expect("a split");
    let (ants, bees, cats) = (rows(0), rows(1), rows(2));
    let full = split([&ants, &bees, &cats[1..]], &cats[..1]);
    let poor = split([&ants[1..], &bees[1..], &[]], &[ants[0], bees[0]]);
    // If no split has the class, the model of all rows has a class more than those of the splits.
    let nowhere = "the training rows of a split include no row of class \"cat\" with positive weight: at least one \
                   is needed";
    let wanted = |split| {
        format!(
            "class \"cat\" is in no training row of split {split}: use fewer splits or \
                                  stratified ones, or leave the rows of the class out"
        )
    };
    for (splits, wanted) in [
        (vec![full.clone(), poor.clone()], wanted(1)),
        (vec![poor.clone(), full], wanted(0)),
        (vec![poor.clone(), poor], nowhere.to_owned()),
    ] {
        for method in METHODS {
            let refused = Calibrate::new(logistic(), method).splitter(splits.clone()).fit(&x, &labels);
            let message = refused.unwrap_err().to_string();
            assert_eq!(message, wanted, "{method:?}");
        }
    }
}

/// Where a metric is not defined, other thresholds are taken; a threshold beside a probability is on its
/// right side, in either precision.
#[test]
fn thresholds_lie_between_probabilities() {
    let model =
        FittedLogistic::from_coefficients(vec![0, 1], dmatrix![1.0f32], dvector![0.0]).expect("a model");
    let next = f32::from_bits(1.0f32.to_bits() + 4);
    let (x, y) = (dmatrix![-1.0f32; 1.0; next; 2.0], [0, 0, 1, 1]);
    let precision = Precision::new(Average::Class(1)).zero_division(ZeroDivision::NaN);
    let tuned = FittedThreshold::tuned(model.clone(), &precision, &x, &y, None).expect("a model");
    assert_eq!(tuned.predict(&x), Ok(vec![0, 0, 1, 1]), "{}", tuned.threshold());
    let undefined = FittedThreshold::tuned(model, &BalancedAccuracy::new().adjusted(true), &x, &[1; 4], None);
    let wanted = "the evaluated rows include no row of class 0 with positive weight: at least one is needed";
    assert_eq!(undefined.unwrap_err().to_string(), wanted);
}

#[test]
fn a_threshold_is_kept_at_its_ends() {
    let model =
        FittedLogistic::from_coefficients(vec!["no", "yes"], dmatrix![1.0], dvector![0.0]).expect("a model");
    let x = dmatrix![-800.0; -1.0; 0.0; 1.0; 800.0];
    let at = |threshold| FittedThreshold::new(model.clone(), threshold).expect("a model");
    assert_eq!(at(0.0).predict(&x).expect("labels"), ["yes"; 5]);
    assert_eq!(at(1.0).predict(&x).expect("labels"), ["no", "no", "no", "no", "yes"]);
    assert_eq!(at(0.5).predict(&x).expect("labels"), ["no", "no", "yes", "yes", "yes"]);
    for threshold in [-0.1, 1.1, f64::NAN] {
        assert!(matches!(
            FittedThreshold::new(model.clone(), threshold),
            Err(Error::InvalidParameter { name: "threshold", .. })
        ));
    }
    let three = too_sure(3, 3, 1);
    assert!(matches!(FittedThreshold::new(three, 0.5), Err(Error::InvalidParameter { name: "classes", .. })));
    let loaded =
        AnyClassifier::<f64, String>::from_bytes(&at(0.3).to_bytes().expect("bytes")).expect("a model");
    assert_eq!(loaded.kind(), "thresholded");
    assert_eq!(loaded.decision_function(&x), at(0.3).decision_function(&x));
}

#[test]
fn the_least_expected_cost_decides() {
    let model = too_sure(3, 3, 4);
    let (x, _) = overlapping(200, 3, 3, 5);
    let costs = dmatrix![0.0, 1.0, 5.0; 2.0, 0.0, 1.0; 10.0, 4.0, -1.0];
    let decided = MinimumCost::new(model.clone(), costs.clone()).expect("a model");
    let p = model.predict_proba(&x).expect("probabilities");
    for (row, &label) in decided.predict(&x).expect("labels").iter().enumerate() {
        let cost = |j: usize| (0..3).map(|i| p[(row, i)] * costs[(i, j)]).sum::<f64>();
        assert!((0..3).all(|j| cost(label) <= cost(j) + 1e-12), "row {row}");
    }
    // Equal costs are the most probable class.
    let plain = MinimumCost::new(model.clone(), DMatrix::from_fn(3, 3, |i, j| f64::from(u8::from(i != j))))
        .expect("a model");
    assert_eq!(plain.predict(&x), model.predict(&x));
    // Two classes: the threshold of the formula.
    let binary = too_sure(2, 3, 4);
    let costs = dmatrix![0.0, 9.0; 1.0, 0.0];
    let decided = MinimumCost::new(binary.clone(), costs).expect("a model");
    assert_eq!(decided.predict(&x), FittedThreshold::new(binary.clone(), 0.9).expect("a model").predict(&x));
    assert!(MinimumCost::new(binary.clone(), DMatrix::zeros(3, 3)).is_err());
    assert!(MinimumCost::new(binary, dmatrix![0.0, f64::NAN; 1.0, 0.0]).is_err());
    assert_eq!(MinimumCost::from_bytes(&decided.to_bytes().expect("bytes")), Ok(decided));
}

/// After balanced class weights, corrected probabilities are as good as those of a fit without weights.
#[test]
fn priors_undo_class_weights() {
    let (x, y) = overlapping(4000, 3, 2, 6);
    let keep: Vec<usize> = (0..4000).filter(|&row| y[row] == 0 || row % 8 == 0).collect();
    let (x, y) = (x.select_rows(&keep), keep.iter().map(|&row| y[row]).collect::<Vec<_>>());
    let share = y.iter().sum::<usize>() as f64 / y.len() as f64;
    let plain = logistic().fit(&x, &y).expect("a fit");
    let balanced = logistic().class_weight(ClassWeight::Balanced).fit(&x, &y).expect("a fit");
    let corrected =
        PriorCorrected::new(balanced.clone(), &[1.0, 1.0], &[1.0 - share, share]).expect("a model");
    agrees(&corrected, &x);
    let loss = |model: &dyn Classifier<f64, Label = usize>| {
        LogLoss.evaluate(&y, &model.predict_proba(&x).expect("probabilities"), &[0, 1], None).expect("a loss")
    };
    assert!(
        (loss(&corrected) - loss(&plain)).abs() < 0.01 * loss(&plain),
        "{} and {}",
        loss(&corrected),
        loss(&plain)
    );
    assert!(loss(&balanced) > 1.2 * loss(&plain));
    let same = PriorCorrected::new(plain.clone(), &[3.0, 3.0], &[7.0, 7.0]).expect("a model");
    let (a, b) =
        (same.predict_proba(&x).expect("probabilities"), plain.predict_proba(&x).expect("probabilities"));
    assert!((a - b).amax() < 1e-14);
    for shares in [&[1.0][..], &[0.0, 1.0], &[1.0, f64::NAN]] {
        assert!(PriorCorrected::new(plain.clone(), shares, &[1.0, 1.0]).is_err());
        assert!(PriorCorrected::new(plain.clone(), &[1.0, 1.0], shares).is_err());
    }
    assert_eq!(PriorCorrected::from_bytes(&corrected.to_bytes().expect("bytes")), Ok(corrected));
    let three = too_sure(3, 3, 1);
    let moved = PriorCorrected::new(three, &[1.0, 1.0, 1.0], &[1.0, 1.0, 1e6]).expect("a model");
    agrees(&moved, &overlapping(50, 3, 3, 9).0);
}

#[test]
fn class_weights_are_undone_by_name() {
    let (x, y) = overlapping(90, 3, 3, 13);
    let weights: Vec<f64> = (0..90).map(|row| 0.5 + (row % 3) as f64).collect();
    let weighting = ClassWeight::map([(2, 5.0), (0, 0.5)]);
    let model = logistic().class_weight(weighting.clone()).fit_weighted(&x, &y, &weights).expect("a fit");
    let mut used = [0.0; 3];
    y.iter().zip(&weights).for_each(|(&y, w)| used[y] += w);
    let trained = [0.5 * used[0], used[1], 5.0 * used[2]];
    let by_hand = PriorCorrected::new(model.clone(), &trained, &used).expect("a model");
    assert_eq!(PriorCorrected::undoing(model.clone(), &weighting, &y, Some(&weights)), Ok(by_hand));
    let missing = PriorCorrected::undoing(model.clone(), &ClassWeight::Balanced, &[0, 1], None::<&[f64]>);
    let wanted = "the rows of `y` include no row of class 2 with positive weight: at least one is needed";
    assert_eq!(missing.unwrap_err().to_string(), wanted);
    assert!(PriorCorrected::undoing(model, &ClassWeight::map([(7, 1.0)]), &y, Some(&weights)).is_err());
}

/// The guarantee: over many draws of calibration rows, sets have the stated coverage.
#[test]
fn conformal_sets_cover_as_often_as_they_promise() {
    let model = too_sure(3, 3, 7);
    for conformity in [NonconformityScore::Lac, NonconformityScore::Aps] {
        for coverage in [0.8, 0.95] {
            let (mut held, mut all, mut sizes) = (0, 0, 0);
            for draw in 0..40 {
                let (x, y) = overlapping(150, 3, 3, 100 + draw);
                let sets = Conformal::new(model.clone(), conformity, coverage, &x, &y).expect("sets");
                let (x, y) = overlapping(200, 3, 3, 1000 + draw);
                let found = sets.predict_sets(&x).expect("sets");
                for (row, &class) in y.iter().enumerate() {
                    held += usize::from(found.has(row, class));
                    sizes += (0..3).filter(|&class| found.has(row, class)).count();
                    all += 1;
                }
                assert_eq!(sets.predict(&x), model.predict(&x));
            }
            let share = f64::from(held as u32) / f64::from(all as u32);
            // At least the promise, and three standard deviations of 40 draws. At most one rank more, where
            // no two rows have the same score: with sums of probabilities all rows of the least probable
            // class have.
            assert!(share > coverage - 0.02, "{conformity:?} {coverage}: {share}");
            if conformity == NonconformityScore::Lac {
                assert!(share < coverage + 1.0 / 151.0 + 0.03, "{coverage}: {share}");
                assert!(sizes < 5 * all / 2, "{coverage}: {sizes}");
            }
        }
    }
}

#[test]
fn few_calibration_rows_leave_no_class_out() {
    let model = too_sure(3, 3, 7);
    let (x, y) = overlapping(8, 3, 3, 8);
    let sets = Conformal::new(model.clone(), NonconformityScore::Lac, 0.9, &x, &y).expect("sets");
    assert_eq!(sets.largest_score(), f64::INFINITY);
    assert!(sets.predict_sets(&x).expect("sets").indicator().iter().all(|has| *has));
    assert_eq!(Conformal::from_bytes(&sets.to_bytes().expect("bytes")), Ok(sets));
    for coverage in [0.0, 1.0, f64::NAN] {
        assert!(Conformal::new(model.clone(), NonconformityScore::Aps, coverage, &x, &y).is_err());
    }
}

#[test]
fn the_unsure_are_rejected() {
    let (x, y) = overlapping(300, 3, 3, 9);
    let model = logistic().fit(&x, &y).expect("a fit");
    let p = model.predict_proba(&x).expect("probabilities");
    let labels = model.predict(&x).expect("labels");
    let careful = RejectOption::new(model.clone(), 0.7).expect("a model");
    let answers = careful.predict_or_reject(&x).expect("answers");
    for (row, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_some(), p.row(row).max() >= 0.7);
        assert!(answer.is_none_or(|label| label == labels[row]));
    }
    let right = |rows: Vec<usize>| {
        rows.iter().filter(|&&row| labels[row] == y[row]).count() as f64 / rows.len() as f64
    };
    let sure = right((0..300).filter(|&row| answers[row].is_some()).collect());
    assert!(sure > right((0..300).collect()) + 0.05, "{sure}");
    assert_eq!(careful.predict(&x), Ok(labels));
    assert!(RejectOption::new(model, 1.5).is_err());
    assert_eq!(RejectOption::from_bytes(&careful.to_bytes().expect("bytes")), Ok(careful));
}

#[test]
fn decisions_nest() {
    let (x, y) = overlapping(100, 3, 2, 10);
    let estimator =
        Calibrate::new(Pipeline::new(StandardScaler::new(), logistic()), CalibrationMethod::Platt);
    let calibrated = estimator.fit(&x, &y).expect("a fit");
    let model =
        RejectOption::new(FittedThreshold::new(calibrated, 0.4).expect("a model"), 0.3).expect("a model");
    let any = AnyClassifier::<f64, usize>::from_bytes(&model.to_bytes().expect("bytes")).expect("a model");
    assert_eq!((any.predict(&x), any.kind()), (model.predict(&x), "reject option"));
    assert_eq!(any.to_bytes(), model.to_bytes());
}

proptest! {
    /// No rising function is nearer.
    #[test]
    fn isotonic_values_rise_and_are_the_nearest(
        rows in prop::collection::vec((0u8..12, -5.0f64..5.0, 0.1f64..3.0), 1..30), seed: u64,
    ) {
        let x: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
        let y: Vec<f64> = rows.iter().map(|row| row.1).collect();
        let w: Vec<f64> = rows.iter().map(|row| row.2).collect();
        let fitted = IsotonicRegression::fit(&x, &y, Some(&w), true).expect("a fit");
        prop_assert!(fitted.y().is_sorted());
        let loss = |of: &dyn Fn(f64) -> f64| x.iter().zip(&y).zip(&w).map(|((&x, &y), w)| w * (of(x) - y).powi(2)).sum::<f64>();
        let best = loss(&|x| fitted.value(x));
        let mut rng = Rng::new(seed);
        for _ in 0..20 {
            // Some other rising function: the same with a bend.
            let (at, by, scale) = (rng.uniform(-1.0, 13.0), rng.uniform(-0.3, 0.3), rng.uniform(0.8, 1.2));
            let other = |x: f64| scale * fitted.value(x) + if by > 0.0 { if x > at { by } else { 0.0 } } else if x < at { by } else { 0.0 };
            prop_assert!(loss(&other) >= best - 1e-9);
        }
        let mean = w.iter().zip(&y).map(|(w, y)| w * y).sum::<f64>();
        let fitted_mean = w.iter().zip(&x).map(|(w, &x)| w * fitted.value(x)).sum::<f64>();
        prop_assert!((mean - fitted_mean).abs() < 1e-9);
    }

    #[test]
    fn platt_weights_count_rows(seed: u64) {
        let mut rng = Rng::new(seed);
        let scores: Vec<f64> = (0..12).map(|_| rng.standard_normal()).collect();
        let truth: Vec<bool> = scores.iter().map(|z| z + rng.standard_normal() > 0.0).collect();
        let times: Vec<usize> = (0..12).map(|_| rng.below(3)).collect();
        prop_assume!(times.iter().sum::<usize>() > 0);
        let weights: Vec<f64> = times.iter().map(|&times| times as f64).collect();
        let repeat = |row: usize| vec![row; times[row]];
        let rows: Vec<usize> = (0..12).flat_map(repeat).collect();
        let (z, has): (Vec<f64>, Vec<bool>) = rows.iter().map(|&row| (scores[row], truth[row])).unzip();
        let weighted = PlattScaling::fit(&scores, &truth, Some(&weights)).expect("a fit");
        let counted = PlattScaling::fit(&z, &has, None).expect("a fit");
        prop_assert!((weighted.slope() - counted.slope()).abs() < 1e-6 * (1.0 + counted.slope().abs()));
        prop_assert!((weighted.offset() - counted.offset()).abs() < 1e-6 * (1.0 + counted.offset().abs()));
    }
}

/// Scores far from 0 are scaled as the same scores near it, also after a file.
#[test]
fn platt_keeps_the_digits_of_far_scores() {
    let truth: Vec<bool> = (0..100).map(|row| (row * 37 + row / 3) % 100 > 40 + row % 31).collect();
    let scores: Vec<f64> = (0..100).map(|row| f64::from(row * 37 % 100) - 50.0).collect();
    let near = PlattScaling::fit(&scores, &truth, None).expect("a fit");
    assert!(near.slope().abs() > 1e-3);
    for by in [1e4, 1e6, 1e7, 1e9] {
        let far: Vec<f64> = scores.iter().map(|z| z + by).collect();
        let moved = PlattScaling::fit(&far, &truth, None).expect("a fit");
        for (z, far) in scores.iter().zip(&far) {
            let (wanted, found) = (near.log_odds(*z), moved.log_odds(*far));
            assert!((wanted - found).abs() < 1e-8 * by.log10(), "{by:e}: {found} for {wanted}");
            // What the sum of slope times score and offset does not keep.
            let (step, slope) = (found - moved.log_odds(by), moved.slope());
            assert!((step - slope * z).abs() < 1e-13, "{by:e}: {step} for {}", slope * z);
        }
        let sum = moved.slope() * by + moved.offset();
        approx::assert_abs_diff_eq!(sum, near.offset(), epsilon = 1e-7);
        let loaded = PlattScaling::from_bytes(&moved.to_bytes().expect("bytes")).expect("a scaling");
        assert_eq!(loaded, moved);
        assert_eq!(loaded.log_odds(far[3]), moved.log_odds(far[3]));
    }
}

#[test]
fn rows_of_one_kind_say_nothing_about_scores() {
    let scores = [-2.0, -1.0, 0.5, 3.0];
    for (truth, weights) in
        [([true; 4], [1.0; 4]), ([false; 4], [1.0; 4]), ([true, true, true, false], [1.0, 2.0, 1.0, 0.0])]
    {
        let scaling = PlattScaling::fit(&scores, &truth, Some(&weights)).expect("a fit");
        assert_eq!(scaling.slope(), 0.0);
        assert_eq!(scaling.probability(-2.0) > 0.5, truth[0]);
    }
}
