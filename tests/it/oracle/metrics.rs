//! Metrics of probabilities: scikit-learn, checked there with mpmath.

use logit::Error;
use logit::metrics::{Accuracy, BrierScore, LogLoss, Metric, RocAuc, brier_score, log_loss, roc_auc};
use logit::nalgebra::DMatrix;
use serde::Deserialize;

use crate::oracle::compare::Within;
use crate::oracle::json;

const CLOSE: Within = Within::relative(1e-12);

#[derive(Deserialize)]
struct Cases {
    binary_scores: Vec<Binary>,
    multiclass_scores: Vec<Multiclass>,
}

#[derive(Deserialize)]
struct Binary {
    name: String,
    y_true: Vec<usize>,
    score: Vec<f64>,
    sample_weight: Option<Vec<f64>>,
    roc_auc: Option<f64>,
    brier: Option<f64>,
    log_loss: Option<f64>,
    log_loss_mpmath: Option<f64>,
    #[serde(rename = "accuracy_at_0.5")]
    accuracy: Option<f64>,
}

#[derive(Deserialize)]
struct Multiclass {
    n_classes: usize,
    y_true: Vec<usize>,
    proba: Vec<Vec<f64>>,
    sample_weight: Option<Vec<f64>>,
    log_loss: f64,
    brier_sum_over_classes: f64,
    auc_ovr_macro: f64,
    auc_ovr_per_class: Vec<f64>,
    top_k: std::collections::BTreeMap<String, f64>,
}

fn read() -> Cases {
    json::read(include_str!("data/metrics.json"))
}

#[test]
fn scores_of_two_classes_are_ranked_with_ties_and_weights() {
    let (mut compared, mut refused) = (0, 0);
    for case in &read().binary_scores {
        let scores = DMatrix::from_column_slice(case.score.len(), 1, &case.score);
        let weights = case.sample_weight.as_deref();
        let found = RocAuc.evaluate_indices(&case.y_true, scores.as_view(), weights);
        let Some(wanted) = case.roc_auc else {
            assert!(matches!(found, Err(Error::MissingClass { index: 0, .. })), "{}: {found:?}", case.name);
            refused += 1;
            continue;
        };
        CLOSE.one(&case.name, found.expect("two classes"), wanted);
        if weights.is_none() {
            CLOSE.one(&case.name, roc_auc(&case.y_true, &scores, &[0, 1]).expect("two classes"), wanted);
        }
        compared += 1;
    }
    assert_eq!([compared, refused], [11, 1]);
}

/// How much of the weight becomes right when rows with a probability of 1/2 are called by class 0, less what
/// becomes wrong.
fn gain_from_ties(case: &Binary) -> f64 {
    let weight = |row: usize| case.sample_weight.as_ref().map_or(1.0, |weights| weights[row]);
    let (mut gain, mut total) = (0.0, 0.0);
    for (row, (&y, &p)) in case.y_true.iter().zip(&case.score).enumerate() {
        total += weight(row);
        if p == 0.5 {
            gain += if y == 0 { weight(row) } else { -weight(row) };
        }
    }
    gain / total
}

#[test]
fn probabilities_of_two_classes_are_judged_as_elsewhere() {
    let (mut compared, mut exactly) = (0, 0);
    for case in &read().binary_scores {
        let (Some(brier), Some(loss), Some(accuracy)) = (case.brier, case.log_loss, case.accuracy) else {
            continue;
        };
        let name = &case.name;
        let p = DMatrix::from_fn(case.score.len(), 2, |row, k| [1.0 - case.score[row], case.score[row]][k]);
        let weights = case.sample_weight.as_deref();
        // There a probability of 0 is clipped.
        let loss = if name == "probs_zero_and_one" { f64::INFINITY } else { loss };
        let metrics: [Box<dyn Metric>; 3] = [Box::new(LogLoss), Box::new(BrierScore), Box::new(Accuracy)];
        let found =
            metrics.map(|metric| metric.evaluate(&case.y_true, &p, &[0, 1], weights).expect("defined"));
        // There a probability of 1/2 is called by class 1, here by class 0.
        let accuracy = accuracy + gain_from_ties(case);
        CLOSE.all(name, &found, &[loss, brier, accuracy]);
        if let Some(exact) = case.log_loss_mpmath {
            Within::relative(1e-14).one(name, found[0], exact);
            exactly += 1;
        }
        if weights.is_none() {
            let free = [log_loss(&case.y_true, &p, &[0, 1]), brier_score(&case.y_true, &p, &[0, 1])];
            CLOSE.all(name, &free.map(|value| value.expect("defined")), &[loss, brier]);
        }
        compared += 1;
    }
    assert_eq!([compared, exactly], [10, 9]);
}

#[test]
fn probabilities_of_many_classes_are_judged_as_elsewhere() {
    let cases = read().multiclass_scores;
    for case in &cases {
        let name = format!("{} classes, weighted: {}", case.n_classes, case.sample_weight.is_some());
        let p = json::matrix(&case.proba);
        let classes: Vec<usize> = (0..case.n_classes).collect();
        let weights = case.sample_weight.as_deref();
        let metrics: [Box<dyn Metric>; 4] =
            [Box::new(LogLoss), Box::new(BrierScore), Box::new(RocAuc), Box::new(Accuracy)];
        let found =
            metrics.map(|metric| metric.evaluate(&case.y_true, &p, &classes, weights).expect("defined"));
        let wanted = [case.log_loss, case.brier_sum_over_classes, case.auc_ovr_macro, case.top_k["1"]];
        CLOSE.all(&name, &found, &wanted);
        for (class, &wanted) in case.auc_ovr_per_class.iter().enumerate() {
            let against: Vec<usize> = case.y_true.iter().map(|&y| usize::from(y == class)).collect();
            let column = p.columns(class, 1).into_owned();
            let found = RocAuc.evaluate_indices(&against, column.as_view(), weights).expect("defined");
            CLOSE.one(format_args!("{name}, class {class}"), found, wanted);
        }
    }
    assert_eq!(cases.len(), 4);
}
