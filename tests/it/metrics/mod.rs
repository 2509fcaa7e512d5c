//! Properties of every metric.

mod weights;

use std::sync::atomic::{AtomicUsize, Ordering};

use logit::metrics::{
    Accuracy, Average, AveragePrecision, BalancedAccuracy, Bins, Bootstrap, BrierScore, CalibrationCurve,
    CalibrationError, CohenKappa, ConfusionMatrix, Disagreement, FBeta, GeometricMean, Jaccard, LogLoss,
    MatthewsCorrelation, MeanCost, Metric, MulticlassRocAuc, Precision, PrecisionRecallCurve, Recall, RocAuc,
    RocCurve, TopK, ZeroDivision, hamming_loss, hinge_loss, multi_label_jaccard, roc_auc, subset_accuracy,
};
use logit::nalgebra::{DMatrix, dmatrix};
use logit::nn::MlpOptions;
use logit::prelude::*;
use logit::{Error, LabelSets, LogisticRegression, MlpClassifier, Penalty, Rng, data};
use proptest::prelude::*;

fn all() -> Vec<Box<dyn Metric>> {
    vec![
        Box::new(Accuracy),
        Box::new(BalancedAccuracy::new()),
        Box::new(BalancedAccuracy::new().adjusted(true)),
        Box::new(GeometricMean),
        Box::new(TopK::new(2)),
        Box::new(Precision::new(Average::Macro)),
        Box::new(Precision::new(Average::Weighted).zero_division(ZeroDivision::One)),
        Box::new(Recall::new(Average::Class(1))),
        Box::new(FBeta::new(2.0, Average::Macro)),
        Box::new(FBeta::new(1.0, Average::Micro)),
        Box::new(Jaccard::new(Average::Weighted)),
        Box::new(MatthewsCorrelation),
        Box::new(CohenKappa::new(Disagreement::Quadratic)),
        Box::new(RocAuc),
        Box::new(MulticlassRocAuc::one_vs_rest(Average::Weighted)),
        Box::new(MulticlassRocAuc::one_vs_rest(Average::Micro)),
        Box::new(MulticlassRocAuc::one_vs_one(Average::Macro)),
        Box::new(MulticlassRocAuc::one_vs_one(Average::Weighted)),
        Box::new(AveragePrecision),
        Box::new(LogLoss),
        Box::new(BrierScore),
        Box::new(CalibrationError::new(Bins::Uniform(5))),
        Box::new(CalibrationError::new(Bins::Distinct)),
    ]
}

/// Rows of three classes with probabilities of few different values.
fn rows(count: usize, classes: usize, seed: u64) -> (Vec<usize>, DMatrix<f64>) {
    let mut rng = Rng::new(seed);
    let truth: Vec<usize> =
        (0..count).map(|row| if row < classes { row } else { rng.below(classes) }).collect();
    let mut p = DMatrix::from_fn(count, classes, |row, class| {
        (1 + rng.below(5) + if truth[row] == class { 2 } else { 0 }) as f64
    });
    for mut row in p.row_iter_mut() {
        let sum = row.sum();
        row /= sum;
    }
    (truth, p)
}

fn same(a: Result<f64, Error>, b: Result<f64, Error>, tolerance: f64) -> bool {
    match (a, b) {
        (Ok(a), Ok(b)) => a == b || (a - b).abs() <= tolerance,
        (Err(_), Err(_)) => true,
        _ => false,
    }
}

proptest! {
    #[test]
    fn weights_count_rows_and_their_order_does_not_matter(count in 6usize..40, classes in 2usize..4, seed: u64) {
        let (truth, p) = rows(count, classes, seed);
        let mut rng = Rng::new(seed ^ 7);
        let times: Vec<usize> = (0..count).map(|row| if row < classes { 1 } else { rng.below(4) }).collect();
        let weights: Vec<f64> = times.iter().map(|&times| times as f64).collect();
        let repeated: Vec<usize> = (0..count).flat_map(|row| vec![row; times[row]]).collect();
        let truth_of = |rows: &[usize]| rows.iter().map(|&row| truth[row]).collect::<Vec<_>>();
        let mut order: Vec<usize> = (0..count).collect();
        rng.shuffle(&mut order);
        for (index, metric) in all().iter().enumerate() {
            let weighted = metric.evaluate_indices(&truth, p.as_view(), Some(&weights));
            let counted = metric.evaluate_indices(&truth_of(&repeated), p.select_rows(&repeated).as_view(), None);
            prop_assert!(same(weighted.clone(), counted.clone(), 1e-12), "{}: {:?} and {:?}", index, weighted, counted);
            let scaled: Vec<f64> = weights.iter().map(|w| 0.37 * w).collect();
            let again = metric.evaluate_indices(&truth, p.as_view(), Some(&scaled));
            prop_assert!(same(weighted.clone(), again.clone(), 1e-12), "{}: {:?} and {:?}", index, weighted, again);
            let plain = metric.evaluate_indices(&truth, p.as_view(), None);
            let shuffled = metric.evaluate_indices(&truth_of(&order), p.select_rows(&order).as_view(), None);
            prop_assert!(same(plain.clone(), shuffled.clone(), 1e-12), "{}: {:?} and {:?}", index, plain, shuffled);
        }
    }

    #[test]
    fn turning_scores_around_turns_the_area_around(count in 4usize..40, seed: u64) {
        let (truth, p) = rows(count, 2, seed);
        let scores = p.column(1).into_owned();
        let around = scores.map(|s| -s);
        let area = |scores: &[f64], positive| RocCurve::new(&truth, scores, &positive, None).expect("a curve").area();
        let plain = area(scores.as_slice(), 1);
        prop_assert!((plain + area(around.as_slice(), 1) - 1.0).abs() < 1e-12);
        prop_assert!((plain + area(scores.as_slice(), 0) - 1.0).abs() < 1e-12);
        // Any rising function of the scores has the same ranks.
        let bent = scores.map(|s| (3.0 * s).exp());
        prop_assert_eq!(plain, area(bent.as_slice(), 1));
        let precision = |scores: &[f64]| PrecisionRecallCurve::new(&truth, scores, &1, None).expect("a curve").average_precision();
        prop_assert_eq!(precision(scores.as_slice()), precision(bent.as_slice()));
        prop_assert!((RocAuc.evaluate_indices(&truth, p.as_view(), None).expect("an area") - plain).abs() < 1e-12);
    }

    #[test]
    fn the_geometric_mean_is_at_most_the_balanced_accuracy(count in 4usize..60, classes in 2usize..5, seed: u64) {
        let (truth, p) = rows(count, classes, seed);
        let of = |metric: &dyn Metric| metric.evaluate_indices(&truth, p.as_view(), None).expect("all classes");
        let (geometric, balanced) = (of(&GeometricMean), of(&BalancedAccuracy::new()));
        prop_assert!((0.0..=balanced + 1e-15).contains(&geometric), "{} and {}", geometric, balanced);
        // Rows whose recalls are all the same.
        let certain = |right: bool| DMatrix::from_fn(count, classes, |row, class| {
            f64::from(u8::from(class == (truth[row] + usize::from(!right)) % classes))
        });
        for (right, wanted) in [(true, 1.0), (false, 0.0)] {
            prop_assert_eq!(GeometricMean.evaluate_indices(&truth, certain(right).as_view(), None), Ok(wanted));
        }
    }

    #[test]
    fn the_parts_of_the_brier_score_sum_to_it(count in 4usize..60, seed: u64) {
        let (truth, p) = rows(count, 2, seed);
        let score = BrierScore.evaluate_indices(&truth, p.as_view(), None).expect("a score");
        let curve = CalibrationCurve::new(&truth, p.column(1).as_slice(), &1, None, Bins::Distinct).expect("a curve");
        prop_assert!((curve.reliability() - curve.resolution() + curve.uncertainty() - score).abs() < 1e-12);
        prop_assert!(curve.expected_error() <= curve.maximum_error() + 1e-15);
        prop_assert!((curve.weight().iter().sum::<f64>() - count as f64).abs() < 1e-9);
    }
}

#[test]
fn the_numbers_of_the_textbook() {
    let (y, s) = ([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
    assert_eq!(RocCurve::new(&y, &s, &1, None).expect("a curve").area(), 0.75);
    let precision = PrecisionRecallCurve::new(&y, &s, &1, None).expect("a curve").average_precision();
    approx::assert_relative_eq!(precision, 0.8333333333333333, max_relative = 1e-15);
    assert_eq!(RocCurve::new(&y, &[0.5; 4], &1, None).expect("a curve").area(), 0.5);
    let matrix = ConfusionMatrix::new(&[2, 0, 2, 2, 0, 1], &[0, 0, 2, 2, 0, 2]).expect("counts");
    approx::assert_relative_eq!(matrix.matthews_correlation(), 0.45226701686664544, max_relative = 1e-15);
    let f1 = |average| matrix.f_beta(1.0, average, ZeroDivision::Zero);
    approx::assert_relative_eq!(f1(Average::Macro), 0.4888888888888889, max_relative = 1e-15);
    approx::assert_relative_eq!(f1(Average::Weighted), 0.6, max_relative = 1e-15);
    assert!(f1(Average::Class(3)).is_nan());
}

#[test]
fn what_is_not_defined_is_an_error() {
    let one = [1, 1, 1];
    let curve = |positive| RocCurve::new(&one, &[0.1, 0.2, 0.3], &positive, None).unwrap_err().to_string();
    assert_eq!(curve(1), missing("other than 1"));
    assert_eq!(curve(0), missing("0"));
    let positive = PrecisionRecallCurve::new(&["a", "b"], &[0.1, 0.2], &"c", None).unwrap_err();
    assert_eq!(positive.to_string(), missing("\"c\""));
    let none: [u8; 0] = [];
    assert!(matches!(RocCurve::new(&none, &[0.0; 0], &1, None), Err(Error::Empty { .. })));
    for value in [f64::NAN, f64::INFINITY] {
        let error = PrecisionRecallCurve::new(&[0, 1], &[0.5, value], &1, None);
        assert!(matches!(error, Err(Error::NotFinite { row: 1, .. })), "{error:?}");
    }
    assert!(RocCurve::new(&[0, 1], &[0.5], &1, None).is_err());
    assert!(RocCurve::new(&[0, 1], &[0.5, 0.6], &1, Some(&[1.0, -1.0])).is_err());
    assert!(RocCurve::new(&[0, 1], &[0.5, 0.6], &1, None).expect("a curve").partial_area(0.0).is_err());
    assert!(CalibrationCurve::new(&[0, 1], &[0.5, 1.1], &1, None, Bins::Uniform(2)).is_err());
    assert!(CalibrationCurve::new(&[0, 1], &[0.5, 1.0], &1, None, Bins::Quantile(0)).is_err());
    assert!(hinge_loss(&[0, 1], &dmatrix![f64::NAN; 0.0], &[0, 1], None).is_err());
    let p = dmatrix![0.5, 0.5; 0.5, 0.5];
    let of = |metric: &dyn Metric| metric.evaluate_indices(&[0, 0], p.as_view(), None);
    let message = |metric: &dyn Metric| of(metric).unwrap_err().to_string();
    assert_eq!(message(&BalancedAccuracy::new().adjusted(true)), missing("1"));
    assert_eq!(message(&GeometricMean), missing("1"));
    assert_eq!(message(&CohenKappa::default()), missing("1"));
    assert_eq!(message(&AveragePrecision), missing("1"));
    let nan = |average| Recall::new(average).zero_division(ZeroDivision::NaN);
    assert_eq!(message(&nan(Average::Class(1))), missing("1"));
    // No class is missing: no row is predicted as 1 in the first case, and class 7 does not exist in the
    // second.
    let calls = dmatrix![1.0, 0.0; 1.0, 0.0];
    let never = Precision::new(Average::Class(1)).zero_division(ZeroDivision::NaN);
    let never = never.evaluate_indices(&[0, 1], calls.as_view(), None).unwrap_err();
    assert_eq!(never.to_string(), "the metric is not defined for these rows: a denominator is zero");
    let no_such = |index| Error::NoSuchIndex { argument: "average", axis: "class", index, count: 2 };
    assert_eq!(of(&nan(Average::Class(7))), Err(no_such(7)));
    let p = dmatrix![0.2, 0.3, 0.5; 0.5, 0.2, 0.3; 0.2, 0.5, 0.3];
    let area = MulticlassRocAuc::one_vs_rest(Average::Class(3)).evaluate(&[2, 0, 1], &p, &[0, 1, 2], None);
    assert!(matches!(area, Err(Error::NoSuchIndex { index: 3, count: 3, .. })), "{area:?}");
    assert!(matches!(hinge_loss(&[0], &dmatrix![1.0], &[0], None), Err(Error::InvalidParameter { .. })));
    assert_eq!(of(&Recall::new(Average::Class(1))), Ok(0.0));
    assert!(of(&TopK::new(0)).is_err() && of(&FBeta::new(0.0, Average::Macro)).is_err());
}

fn missing(class: &str) -> String {
    format!("the evaluated rows include no row of class {class} with positive weight: at least one is needed")
}

/// Metrics use class indices; callers that know the labels put them into the message.
#[test]
fn missing_classes_are_named() {
    let p = dmatrix![0.2, 0.3, 0.5; 0.5, 0.2, 0.3; 0.2, 0.5, 0.3];
    let (classes, y) = (["cat", "dog", "owl"], ["owl", "cat", "dog"]);
    let weights = Some(&[1.0, 1.0, 0.0][..]);
    let message = |result: Result<f64, Error>| result.unwrap_err().to_string();
    let dog = missing("\"dog\"");
    assert_eq!(message(RocAuc.evaluate(&y, &p, &classes, weights)), dog);
    assert_eq!(message(AveragePrecision.evaluate(&y, &p, &classes, weights)), dog);
    assert_eq!(message(GeometricMean.evaluate(&y, &p, &classes, weights)), dog);
    let pairs = MulticlassRocAuc::one_vs_one(Average::Macro);
    assert_eq!(message(pairs.evaluate(&y, &p, &classes, weights)), dog);
    assert_eq!(message(roc_auc(&["owl", "cat", "owl"], &p, &classes)), dog);
    let balanced = BalancedAccuracy::new().adjusted(true);
    let balanced = balanced.evaluate(&["no"; 3], p.columns(0, 2), &["no", "yes"], None);
    assert_eq!(message(balanced), missing("\"yes\""));
    let interval = Bootstrap::new().interval(&RocAuc, &y, &p, &classes, weights).unwrap_err();
    assert_eq!(interval.to_string(), dog);

    let iris = data::iris();
    let model = LogisticRegression::new(Penalty::c(1.0)).fit(&iris.x, &iris.y).expect("a fit");
    let of_model = RocAuc.evaluate_model(&model, iris.x.rows(0, 100), &iris.y[..100], None);
    assert_eq!(message(of_model), missing("\"virginica\""));
    let options = MlpOptions::default().validation(iris.x.rows(0, 100), &iris.y[..100]).metric(RocAuc);
    let refused = MlpClassifier::new([2]).epochs(1).start(&iris.x, &iris.y, options).map(|_| ()).unwrap_err();
    let wanted = missing("\"virginica\"").replace("evaluated", "validation");
    assert_eq!(refused.to_string(), wanted);
}

/// Of hostile rows every metric is a number or an error, never NaN; and no bad argument comes through.
#[test]
fn no_metric_is_nan() {
    let uniform = |rows, classes| DMatrix::from_element(rows, classes, 1.0 / classes as f64);
    let certain = dmatrix![1.0, 0.0; 0.0, 1.0; 1.0, 0.0];
    for (index, metric) in all().iter().enumerate() {
        for (truth, p) in [
            (vec![0], uniform(1, 2)),
            (vec![1, 1, 1], uniform(3, 2)),
            (vec![2, 2], uniform(2, 3)),
            (vec![0, 1, 2], uniform(3, 3)),
            (vec![1, 0, 1], certain.clone()),
        ] {
            for weights in [None, Some([1e-300, 1e300, 0.0])] {
                let weights = weights.map(|weights| weights[..truth.len()].to_vec());
                let value = metric.evaluate_indices(&truth, p.as_view(), weights.as_deref());
                assert!(
                    value.as_ref().is_ok_and(|v| !v.is_nan()) || value.is_err(),
                    "{index}: {value:?} of {truth:?}"
                );
            }
        }
        let of = |truth: &[usize], p: &DMatrix<f64>, weights: Option<&[f64]>| {
            metric.evaluate(truth, p, &[0, 1], weights)
        };
        let nan = dmatrix![0.5, 0.5; f64::NAN, 0.5];
        assert!(
            matches!(of(&[0, 1], &nan, None), Err(Error::NotFinite { row: 1, column: 0, .. })),
            "{index}"
        );
        assert!(matches!(of(&[], &DMatrix::zeros(0, 2), None), Err(Error::Empty { .. })), "{index}");
        assert!(
            matches!(of(&[0, 7], &uniform(2, 2), None), Err(Error::UnknownLabel { row: 1, .. })),
            "{index}"
        );
        for weights in [&[1.0][..], &[1.0, -1.0], &[0.0, 0.0], &[1.0, f64::NAN]] {
            assert!(of(&[0, 1], &uniform(2, 2), Some(weights)).is_err(), "{index}: {weights:?}");
        }
    }
}

/// One positive row of 10^8, predicted correctly: the squares of its fractions differ from 1 by less than
/// rounding.
#[test]
fn correlations_of_rare_classes_keep_their_digits() {
    let of = |counts: [f64; 4]| {
        let matrix = ConfusionMatrix::weighted(&[0, 0, 1, 1], &[0, 1, 0, 1], &counts).expect("counts");
        matrix.matthews_correlation()
    };
    assert_eq!(of([1e8, 0.0, 0.0, 1.0]), 1.0);
    assert_eq!(of([0.0, 1e8, 1.0, 0.0]), -1.0);
    // tp tn - fp fn over the root of (tp + fp) (tp + fn) (tn + fp) (tn + fn).
    let wanted = (1e9 - 2.0) / (3.0 * 2.0 * (1e9 + 2.0) * (1e9 + 1.0f64)).sqrt();
    approx::assert_relative_eq!(of([1e9, 2.0, 1.0, 1.0]), wanted, max_relative = 1e-15);
    // Weights that no sum hits exactly leave a single class a single class.
    let weights: Vec<f64> = (1..50).map(|row| 0.1 * f64::from(row)).collect();
    let truth: Vec<usize> = (1..50).map(|row| row % 2).collect();
    let matrix = ConfusionMatrix::with_classes(&[0, 1], &truth, &[1; 49], Some(&weights)).expect("counts");
    assert_eq!(matrix.matthews_correlation(), 0.0);
}

/// One row of ten is found in each of 1000 classes: the product of the recalls is 1e-1000.
#[test]
fn geometric_means_of_many_classes_do_not_underflow() {
    let truth: Vec<usize> = (0..2000).map(|row| row % 1000).collect();
    let predicted: Vec<usize> = (0..2000).map(|row| (row + row / 1000) % 1000).collect();
    let weights: Vec<f64> = (0..2000).map(|row| [1.0, 9.0][row / 1000]).collect();
    let matrix = ConfusionMatrix::weighted(&truth, &predicted, &weights).expect("counts");
    approx::assert_relative_eq!(matrix.geometric_mean(), 0.1, max_relative = 1e-13);
}

#[test]
fn quantile_bins_count_rows_by_their_weights() {
    let p: Vec<f64> = (0..30).map(|row| f64::from(row * row % 31) / 31.0).collect();
    let truth: Vec<usize> = (0..30).map(|row| row % 2).collect();
    let times: Vec<usize> = (0..30).map(|row| row % 4).collect();
    let weights: Vec<f64> = times.iter().map(|&times| times as f64).collect();
    let repeat = |row: usize| vec![row; times[row]];
    let rows: Vec<usize> = (0..30).flat_map(repeat).collect();
    let (q, t): (Vec<f64>, Vec<usize>) = rows.iter().map(|&row| (p[row], truth[row])).unzip();
    for bins in [Bins::Quantile(4), Bins::Uniform(5), Bins::Distinct] {
        let weighted = CalibrationCurve::new(&truth, &p, &1, Some(&weights), bins).expect("a curve");
        let counted = CalibrationCurve::new(&t, &q, &1, None, bins).expect("a curve");
        assert_eq!(weighted.weight(), counted.weight(), "{bins:?}");
        for (a, b) in weighted.probability().iter().zip(counted.probability()) {
            approx::assert_relative_eq!(a, b, max_relative = 1e-14);
        }
    }
}

#[test]
fn costs_are_those_of_the_table() {
    let (truth, p) = rows(40, 3, 5);
    let costs = dmatrix![0.0, 1.0, 5.0; 2.0, 0.0, 1.0; 10.0, 4.0, -1.0];
    let weights: Vec<f64> = (0..40).map(|row| 0.5 + (row % 3) as f64).collect();
    let called: Vec<usize> = (0..40).map(|row| p.row(row).transpose().argmax().0).collect();
    let matrix = ConfusionMatrix::with_classes(&[0, 1, 2], &truth, &called, Some(&weights)).expect("counts");
    let wanted = matrix.counts().component_mul(&costs).sum() / matrix.counts().sum();
    let found =
        MeanCost::new(costs.clone()).evaluate_indices(&truth, p.as_view(), Some(&weights)).expect("a cost");
    approx::assert_relative_eq!(found, wanted, max_relative = 1e-14);
    for bad in [DMatrix::zeros(2, 2), DMatrix::zeros(3, 2), costs.map(|_| f64::NAN)] {
        assert!(MeanCost::new(bad).evaluate_indices(&truth, p.as_view(), None).is_err());
    }
    // 1 for every mistake is the share of mistakes.
    let mistakes = MeanCost::new(DMatrix::from_fn(3, 3, |i, j| if i == j { 0.0 } else { 1.0 }));
    let found = mistakes.evaluate_indices(&truth, p.as_view(), None).expect("a cost");
    approx::assert_relative_eq!(
        found,
        1.0 - Accuracy.evaluate_indices(&truth, p.as_view(), None).expect("a share"),
        max_relative = 1e-14
    );
}

#[test]
fn single_precision_takes_weights_of_its_own() {
    let (truth, p, w) = ([0, 1, 0, 1], [0.1f32, 0.4, 0.35, 0.8], [1.0f32, 2.0, 1.0, 0.5]);
    let wide = |values: [f32; 4]| values.map(f64::from);
    assert_eq!(
        RocCurve::new(&truth, &p, &1, Some(&w)).expect("a curve"),
        RocCurve::new(&truth, &wide(p), &1, Some(&wide(w))).expect("a curve")
    );
    assert_eq!(
        CalibrationCurve::new(&truth, &p, &1, Some(&w), Bins::Quantile(2)).expect("a curve"),
        CalibrationCurve::new(&truth, &wide(p), &1, Some(&wide(w)), Bins::Quantile(2)).expect("a curve")
    );
}

/// Any number can have an interval, and one of many rows does not take an evaluation for each of them.
#[test]
fn intervals_of_any_number() {
    let truth: Vec<usize> = (0..3000).map(|row| row % 3 / 2).collect();
    let p = DMatrix::from_fn(3000, 2, |row, k| [0.3, 0.7][usize::from((row % 7 < 5) == (k == truth[row]))]);
    let count = AtomicUsize::new(0);
    let accuracy = |weights: &[f64]| {
        count.fetch_add(1, Ordering::Relaxed);
        Accuracy.evaluate_indices(&truth, p.as_view(), Some(weights))
    };
    let bootstrap = Bootstrap::new().resamples(300).seed(4);
    let found = bootstrap.interval_of(3000, None, accuracy).expect("an interval");
    assert_eq!(count.load(Ordering::Relaxed), 1 + 300 + 1000);
    assert_eq!(found, bootstrap.interval(&Accuracy, &truth, &p, &[0, 1], None).expect("an interval"));
    let error = (found.estimate * (1.0 - found.estimate) / 3000.0).sqrt();
    for (end, sign) in [(found.lower, -1.0), (found.upper, 1.0)] {
        assert!((end - found.estimate - sign * 1.96 * error).abs() < 0.35 * error, "{found:?}");
    }
    // Rows of weight 0 are not there.
    let weights: Vec<f64> = (0..60).map(|row| [1.0, 0.0, 2.0][row % 3]).collect();
    let kept: Vec<usize> = (0..60).filter(|row| row % 3 != 1).collect();
    let mean = |of: &dyn Fn(usize) -> f64, weights: &[f64]| {
        Ok((0..weights.len()).map(|row| weights[row] * of(row)).sum::<f64>() / weights.iter().sum::<f64>())
    };
    let value = |row: usize| ((row * row) % 17) as f64;
    let all = bootstrap.interval_of(60, Some(&weights), |w| mean(&value, w)).expect("an interval");
    let own: Vec<f64> = kept.iter().map(|&row| weights[row]).collect();
    let some =
        bootstrap.interval_of(40, Some(&own), |w| mean(&|row| value(kept[row]), w)).expect("an interval");
    approx::assert_relative_eq!(all.lower, some.lower, max_relative = 1e-12);
    approx::assert_relative_eq!(all.upper, some.upper, max_relative = 1e-12);
    assert!(bootstrap.interval_of(0, None, |_| Ok(1.0)).is_err());
    assert!(bootstrap.interval_of(2, Some(&[1.0]), |_| Ok(1.0)).is_err());
}

/// Quantiles far out, where the correction for skewness leaves its range.
#[test]
fn intervals_of_great_confidence_have_their_ends_in_order() {
    let values: Vec<f64> = (0..40).map(|row| f64::exp((row * 7 % 40) as f64 / 8.0)).collect();
    let mean = |weights: &[f64]| {
        Ok(weights.iter().zip(&values).map(|(w, v)| w * v).sum::<f64>() / weights.iter().sum::<f64>())
    };
    for sign in [1.0, -1.0] {
        for confidence in [1e-300, 0.5, 0.999, 1.0 - 1e-12, 1.0 - 1e-16] {
            let bootstrap = Bootstrap::new().resamples(200).confidence(confidence);
            let found = bootstrap.interval_of(40, None, |w| mean(w).map(|v: f64| sign * v));
            let found = found.expect("an interval");
            assert!(found.lower <= found.upper, "{confidence}: {found:?}");
        }
    }
}

/// Weights whose sums, or products with values, are beyond the range: the same values to the last digit.
#[test]
fn huge_and_tiny_weights_change_no_metric() {
    let (truth, p) = rows(24, 3, 5);
    let plain: Vec<f64> = (0..24).map(|row| [1.0, 0.25, 0.0, 3.0][row % 4]).collect();
    let cost = MeanCost::new(dmatrix![0.0, 1e3, 1e5; 1e308, 0.0, 1e300; 1.0, -4.0, 0.0]);
    let unit = |exponent: i32| plain.iter().map(|w| w * 2f64.powi(exponent)).collect::<Vec<f64>>();
    let mut metrics = all();
    metrics.push(Box::new(cost));
    for exponent in [-1000, 1000, 1019] {
        let weights = unit(exponent);
        for (index, metric) in metrics.iter().enumerate() {
            let of = |weights: &[f64]| metric.evaluate_indices(&truth, p.as_view(), Some(weights));
            let wanted = of(&plain).expect("a value");
            assert!(wanted.is_finite(), "{index}");
            assert_eq!(of(&weights), Ok(wanted), "metric {index}, 2^{exponent}");
        }
        let z = p.map(|p| 10.0 * p);
        let hinge = |weights: &[f64]| hinge_loss(&truth, &z, &[0, 1, 2], Some(weights)).expect("a loss");
        assert_eq!(hinge(&weights), hinge(&plain));
        let predicted: Vec<usize> = truth.iter().map(|class| (class * 2) % 3).collect();
        let report = |weights: &[f64]| {
            let matrix = ConfusionMatrix::weighted(&truth, &predicted, weights).expect("a matrix");
            let average = matrix.report().weighted_average();
            (average.precision, average.f1, matrix.cohen_kappa(Disagreement::Quadratic))
        };
        assert_eq!(report(&weights), report(&plain));
        let first: Vec<f64> = p.column(0).iter().copied().collect();
        let curve = |weights: &[f64]| {
            let curve = CalibrationCurve::new(&truth, &first, &0, Some(weights), Bins::Uniform(4));
            let curve = curve.expect("a curve");
            (curve.expected_error(), curve.reliability(), curve.resolution())
        };
        assert_eq!(curve(&weights), curve(&plain));
    }
    // A row that overflows if it is drawn twice.
    let heavy = |unit: f64| -> Vec<f64> {
        (0..24).map(|row| unit * if row == 0 { 64.0 } else { plain[row] }).collect()
    };
    let interval = |weights: &[f64]| {
        let bootstrap = Bootstrap::new().resamples(50);
        bootstrap.interval(&BrierScore, &truth, &p, &[0, 1, 2], Some(weights)).expect("an interval")
    };
    let (found, wanted) = (interval(&heavy(2f64.powi(1017))), interval(&heavy(1.0)));
    assert_eq!((found.lower, found.upper), (wanted.lower, wanted.upper));
    assert_eq!((found.estimate, found.undefined), (wanted.estimate, 0));
}

#[test]
fn label_sets_are_compared() {
    let sets = |sets: &[Vec<char>]| LabelSets::with_labels(sets, ['a', 'b', 'c']).expect("sets");
    let truth = sets(&[vec!['a', 'b'], vec!['c'], vec![]]);
    let predicted = sets(&[vec!['a'], vec!['a', 'c'], vec![]]);
    approx::assert_relative_eq!(hamming_loss(&truth, &predicted, None).expect("a loss"), 2.0 / 9.0);
    approx::assert_relative_eq!(multi_label_jaccard(&truth, &predicted, None).expect("a share"), 2.0 / 3.0);
    approx::assert_relative_eq!(
        subset_accuracy(&truth, &predicted, Some(&[1.0, 1.0, 2.0])).expect("a share"),
        0.5
    );
    let others = LabelSets::with_labels(&[vec!['a'], vec![], vec![]], ['a', 'b']).expect("sets");
    assert!(hamming_loss(&truth, &others, None).is_err());
    assert!(hamming_loss(&truth, &sets(&[vec![]]), None).is_err());
}

/// For means the interval is the known one, and it holds the truth about as often as it says.
#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let (mut held, mut corrected_held) = (0, 0);
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let truth: Vec<usize> = (0..80).map(|_| rng.below(2)).collect();
        let p = DMatrix::from_fn(80, 2, |row, class| {
            let right = rng.uniform(0.0, 1.0) < 0.8;
            if (truth[row] == class) == right { 0.9 } else { 0.1 }
        });
        // Rows of a class are drawn right with 0.8 per column; the first column decides.
        let expected = 0.8 * 0.8 + 0.5 * 2.0 * 0.8 * 0.2;
        let interval = |corrected| {
            let bootstrap = Bootstrap::new().resamples(200).seed(seed).confidence(0.9).corrected(corrected);
            bootstrap.interval(&Accuracy, &truth, &p, &[0, 1], None).expect("an interval")
        };
        let (plain, corrected) = (interval(false), interval(true));
        held += usize::from(plain.lower <= expected && expected <= plain.upper);
        corrected_held += usize::from(corrected.lower <= expected && expected <= corrected.upper);
        assert_eq!(plain, interval(false), "the seed decides");
        let known = (plain.estimate * (1.0 - plain.estimate) / 80.0).sqrt();
        assert!((plain.standard_error / known - 1.0).abs() < 0.25, "{plain:?}");
    }
    // 90 % of 200, and three standard deviations.
    assert!((167..=193).contains(&held), "{held}");
    assert!((167..=193).contains(&corrected_held), "{corrected_held}");
}

#[test]
fn resamples_without_a_class_are_counted() {
    let truth: Vec<usize> = (0..20).map(|row| usize::from(row == 0)).collect();
    let p = DMatrix::from_fn(20, 2, |row, k| [0.3, 0.7][usize::from((row < 3) == (k == 1))]);
    let interval = Bootstrap::new().interval(&RocAuc, &truth, &p, &[0, 1], None).expect("an interval");
    // Without the only row of class 1: (19/20)^20 of the draws.
    assert!((300..420).contains(&interval.undefined), "{interval:?}");
    let rare: Vec<usize> = (0..20).map(|row| if row < 2 { row + 1 } else { 0 }).collect();
    let p = DMatrix::from_element(20, 3, 1.0 / 3.0);
    let refused = Bootstrap::new().interval(&RocAuc, &rare, &p, &[0, 1, 2], None);
    assert!(matches!(refused, Err(Error::InvalidParameter { name: "undefined", .. })), "{refused:?}");
    for bootstrap in [
        Bootstrap::new().resamples(1),
        Bootstrap::new().confidence(1.0),
        Bootstrap::new().confidence(f64::NAN),
    ] {
        assert!(
            bootstrap.interval(&Accuracy, &truth, &DMatrix::from_element(20, 2, 0.5), &[0, 1], None).is_err()
        );
    }
}
