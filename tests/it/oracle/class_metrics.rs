//! Metrics of predicted labels: scikit-learn, imbalanced-learn.

use std::collections::BTreeMap;

use logit::metrics::{
    Accuracy, Average, BalancedAccuracy, CohenKappa, ConfusionMatrix, Disagreement, FBeta, GeometricMean,
    Jaccard, MatthewsCorrelation, Metric, Normalize, Precision, Recall, ZeroDivision,
};
use logit::nalgebra::DMatrix;
use serde::Deserialize;

use crate::oracle::json;

#[derive(Deserialize)]
struct Cases {
    hard: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    y_true: Vec<usize>,
    y_pred: Vec<usize>,
    sample_weight: Option<Vec<f64>>,
    labels: Vec<usize>,
    accuracy: f64,
    n_correct: f64,
    balanced_accuracy: f64,
    #[serde(deserialize_with = "json::number")]
    balanced_accuracy_adjusted: f64,
    #[serde(deserialize_with = "json::number")]
    geometric_mean: f64,
    confusion_matrix: Vec<Vec<f64>>,
    confusion_matrix_norm_true: Vec<Vec<f64>>,
    mcc: f64,
    #[serde(deserialize_with = "json::number")]
    cohen_kappa: f64,
    #[serde(deserialize_with = "json::number")]
    cohen_kappa_linear: f64,
    #[serde(deserialize_with = "json::number")]
    cohen_kappa_quadratic: f64,
    hamming: f64,
    zero_one: f64,
    zero_division_0: Averages,
    zero_division_1: Averages,
    zero_division_nan: Averages,
    support: Vec<f64>,
}

#[derive(Deserialize)]
struct Averages {
    r#macro: BTreeMap<String, Number>,
    micro: BTreeMap<String, Number>,
    weighted: BTreeMap<String, Number>,
    per_class: BTreeMap<String, Vec<Number>>,
    binary_pos1: Option<BTreeMap<String, Number>>,
}

#[derive(Deserialize, Clone, Copy)]
struct Number(#[serde(deserialize_with = "json::number")] f64);

fn close(what: &str, found: f64, wanted: f64) {
    let same = found == wanted || found.is_nan() && wanted.is_nan();
    assert!(same || (found - wanted).abs() <= 1e-14 * wanted.abs().max(1e-2), "{what}: {found} and {wanted}");
}

fn assert_counts(what: &str, found: &DMatrix<f64>, wanted: &[Vec<f64>]) {
    assert_eq!(found.shape(), (wanted.len(), wanted[0].len()), "{what}");
    for (row, wanted) in wanted.iter().enumerate() {
        for (column, &wanted) in wanted.iter().enumerate() {
            close(what, found[(row, column)], wanted);
        }
    }
}

/// The value that the reference calls by this name.
fn value(matrix: &ConfusionMatrix<usize>, name: &str, average: Average, zero: ZeroDivision) -> f64 {
    match name {
        "precision" => matrix.precision(average, zero),
        "recall" => matrix.recall(average, zero),
        "f1" => matrix.f_beta(1.0, average, zero),
        "f0_5" => matrix.f_beta(0.5, average, zero),
        "f2" => matrix.f_beta(2.0, average, zero),
        "jaccard" => matrix.jaccard(average, zero),
        other => panic!("{other}"),
    }
}

#[test]
fn labels_are_judged_as_elsewhere() {
    let cases: Cases = json::read(include_str!("data/metrics.json"));
    let mut compared = 0;
    for case in &cases.hard {
        let name = &case.name;
        let weights = case.sample_weight.as_deref();
        let matrix =
            ConfusionMatrix::with_classes(&case.labels, &case.y_true, &case.y_pred, weights).expect(name);
        assert_counts(name, matrix.counts(), &case.confusion_matrix);
        assert_counts(name, &matrix.normalized(Normalize::Truth), &case.confusion_matrix_norm_true);
        close(name, matrix.accuracy(), case.accuracy);
        close(name, matrix.counts().trace(), case.n_correct);
        close(name, matrix.balanced_accuracy(), case.balanced_accuracy);
        close(name, matrix.adjusted_balanced_accuracy(), case.balanced_accuracy_adjusted);
        close(name, matrix.geometric_mean(), case.geometric_mean);
        close(name, matrix.matthews_correlation(), case.mcc);
        close(name, matrix.cohen_kappa(Disagreement::Equal), case.cohen_kappa);
        close(name, matrix.cohen_kappa(Disagreement::Linear), case.cohen_kappa_linear);
        close(name, matrix.cohen_kappa(Disagreement::Quadratic), case.cohen_kappa_quadratic);
        close(name, matrix.error_rate(), case.hamming);
        close(name, matrix.error_rate(), case.zero_one);
        let report = matrix.report();
        let support: Vec<f64> = report.classes().map(|(_, scores)| scores.support).collect();
        assert_eq!(support.len(), case.support.len(), "{name}");
        support.iter().zip(&case.support).for_each(|(&found, &wanted)| close(name, found, wanted));
        for (zero, wanted) in [
            (ZeroDivision::Zero, &case.zero_division_0),
            (ZeroDivision::One, &case.zero_division_1),
            (ZeroDivision::NaN, &case.zero_division_nan),
        ] {
            let averages = [
                (Average::Macro, &wanted.r#macro),
                (Average::Micro, &wanted.micro),
                (Average::Weighted, &wanted.weighted),
            ];
            let of_one = case.labels.iter().position(|&label| label == 1).map(Average::Class);
            let averages = averages.into_iter().chain(of_one.zip(wanted.binary_pos1.as_ref()));
            for (average, wanted) in averages {
                for (kind, wanted) in wanted {
                    let what = format!("{name}, {kind}, {average:?}, {zero:?}");
                    close(&what, value(&matrix, kind, average, zero), wanted.0);
                    compared += 1;
                }
            }
            for (kind, wanted) in &wanted.per_class {
                for (class, wanted) in wanted.iter().enumerate() {
                    let what = format!("{name}, {kind}, class {class}, {zero:?}");
                    close(&what, value(&matrix, kind, Average::Class(class), zero), wanted.0);
                    compared += 1;
                }
            }
        }
        for (class, (_, scores)) in report.classes().enumerate() {
            close(name, scores.precision, case.zero_division_0.per_class["precision"][class].0);
            close(name, scores.recall, case.zero_division_0.per_class["recall"][class].0);
            close(name, scores.f1, case.zero_division_0.per_class["f1"][class].0);
        }
    }
    assert!(cases.hard.len() >= 12 && compared > 900, "{compared}");
}

/// The same numbers as metrics of probabilities that are certain.
#[test]
fn metrics_are_the_numbers_of_the_table() {
    let cases: Cases = json::read(include_str!("data/metrics.json"));
    for case in cases.hard.iter().filter(|case| case.labels.len() > 1) {
        let name = &case.name;
        let certain = DMatrix::from_fn(case.y_true.len(), case.labels.len(), |row, class| {
            if case.y_pred[row] == case.labels[class] { 1.0 } else { 0.0 }
        });
        let weights = case.sample_weight.as_deref();
        let of = |metric: &dyn Metric| {
            metric.evaluate_indices(&case.y_true, certain.as_view(), weights).unwrap_or(f64::NAN)
        };
        let wanted = &case.zero_division_0.r#macro;
        close(name, of(&Accuracy), case.accuracy);
        close(name, of(&BalancedAccuracy::new()), case.balanced_accuracy);
        close(name, of(&GeometricMean), case.geometric_mean);
        close(name, of(&MatthewsCorrelation), case.mcc);
        close(name, of(&CohenKappa::new(Disagreement::Linear)), case.cohen_kappa_linear);
        close(name, of(&Precision::new(Average::Macro)), wanted["precision"].0);
        close(name, of(&Recall::new(Average::Macro)), wanted["recall"].0);
        close(name, of(&FBeta::new(2.0, Average::Macro)), wanted["f2"].0);
        close(name, of(&Jaccard::new(Average::Macro)), wanted["jaccard"].0);
    }
}
