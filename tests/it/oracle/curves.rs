//! Curves and ranks of scores, and calibration: scikit-learn.

use logit::metrics::{
    Average, AveragePrecision, Bins, CalibrationCurve, CalibrationError, DetCurve, Metric, MulticlassRocAuc,
    PrecisionRecallCurve, RocCurve, TopK, hinge_loss,
};
use logit::nalgebra::DMatrix;
use serde::Deserialize;

use crate::oracle::compare::Within;
use crate::oracle::json;

const CLOSE: Within = Within::relative(1e-12).plus(1e-15);

#[derive(Deserialize)]
struct Cases {
    binary_scores: Vec<Binary>,
    multiclass_scores: Vec<Multiclass>,
    ece: Ece,
}

#[derive(Deserialize)]
struct Binary {
    name: String,
    y_true: Vec<usize>,
    score: Vec<f64>,
    sample_weight: Option<Vec<f64>>,
    roc_all: Option<Curve>,
    roc_drop_intermediate: Option<Curve>,
    roc_auc: Option<f64>,
    #[serde(rename = "roc_auc_max_fpr_0.3")]
    partial_area: Option<f64>,
    pr_curve: Option<Curve>,
    average_precision: Option<f64>,
    det_curve: Option<Curve>,
    brier: Option<f64>,
    hinge_loss: Option<f64>,
    calibration_uniform_5: Option<Calibration>,
    calibration_quantile_5: Option<Calibration>,
}

#[derive(Deserialize)]
struct Curve {
    #[serde(default)]
    fpr: Vec<f64>,
    #[serde(default)]
    tpr: Vec<f64>,
    #[serde(default)]
    fnr: Vec<f64>,
    #[serde(default)]
    precision: Vec<f64>,
    #[serde(default)]
    recall: Vec<f64>,
    thresholds: Vec<Number>,
    auc_trapezoid: Option<f64>,
}

impl Curve {
    fn thresholds(&self) -> Vec<f64> {
        self.thresholds.iter().map(|t| t.0).collect()
    }
}

#[derive(Deserialize)]
struct Number(#[serde(deserialize_with = "json::number")] f64);

#[derive(Deserialize)]
struct Calibration {
    prob_true: Vec<f64>,
    prob_pred: Vec<f64>,
}

#[derive(Deserialize)]
struct Multiclass {
    n_classes: usize,
    y_true: Vec<usize>,
    proba: Vec<Vec<f64>>,
    decision: Vec<Vec<f64>>,
    sample_weight: Option<Vec<f64>>,
    auc_ovr_macro: f64,
    auc_ovr_weighted: f64,
    auc_ovr_micro: f64,
    auc_ovr_per_class: Vec<f64>,
    auc_ovo_macro: Option<f64>,
    auc_ovo_weighted: Option<f64>,
    average_precision_macro: f64,
    hinge_crammer_singer: f64,
    top_k: std::collections::BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Ece {
    y_true: Vec<usize>,
    prob: Vec<f64>,
    bins: usize,
    ece: f64,
    mce: f64,
}

fn read() -> Cases {
    json::read(include_str!("data/metrics.json"))
}

#[test]
fn curves_of_two_classes() {
    let mut compared = 0;
    for case in &read().binary_scores {
        let (name, weights) = (&case.name, case.sample_weight.as_deref());
        let (truth, scores) = (case.y_true.as_slice(), case.score.as_slice());
        let Some(wanted) = &case.roc_all else {
            assert!(RocCurve::new(truth, scores, &1, weights).is_err(), "{name}");
            assert!(DetCurve::new(truth, scores, &1, weights).is_err(), "{name}");
            continue;
        };
        let roc = RocCurve::new(truth, scores, &1, weights).expect(name);
        CLOSE.all(name, roc.false_positive_rate(), &wanted.fpr);
        CLOSE.all(name, roc.true_positive_rate(), &wanted.tpr);
        CLOSE.all(name, roc.thresholds(), &wanted.thresholds());
        CLOSE.one(name, roc.area(), case.roc_auc.expect("an area"));
        CLOSE.one(name, roc.partial_area(0.3).expect("a rate"), case.partial_area.expect("an area"));
        CLOSE.one(name, roc.partial_area(1.0).expect("a rate"), case.roc_auc.expect("an area"));
        let corners = RocCurve::corners(truth, scores, &1, weights).expect(name);
        CLOSE.one(name, corners.area(), roc.area());
        let wanted = case.roc_drop_intermediate.as_ref().expect("a curve");
        if weights.is_none() {
            CLOSE.all(name, corners.false_positive_rate(), &wanted.fpr);
            CLOSE.all(name, corners.true_positive_rate(), &wanted.tpr);
            CLOSE.all(name, corners.thresholds(), &wanted.thresholds());
        } else {
            // With weights, which points lie on a straight line is a matter of rounding there: ours are among
            // theirs, and theirs are on our lines.
            let (fpr, tpr) = (corners.false_positive_rate(), corners.true_positive_rate());
            for (at, threshold) in corners.thresholds().iter().enumerate() {
                let index = wanted.thresholds().iter().position(|t| t == threshold).expect("one of theirs");
                CLOSE.all(name, &[fpr[at], tpr[at]], &[wanted.fpr[index], wanted.tpr[index]]);
            }
            for (&x, &y) in wanted.fpr.iter().zip(&wanted.tpr) {
                let on_a_line = (1..fpr.len()).any(|at| {
                    let (width, height) = (fpr[at] - fpr[at - 1], tpr[at] - tpr[at - 1]);
                    let inside = |v: f64, low: f64, high: f64| low - 1e-12 <= v && v <= high + 1e-12;
                    inside(x, fpr[at - 1], fpr[at])
                        && inside(y, tpr[at - 1], tpr[at])
                        && ((x - fpr[at - 1]) * height - (y - tpr[at - 1]) * width).abs() < 1e-12
                });
                assert!(on_a_line, "{name}: ({x}, {y})");
            }
        }
        let wanted = case.pr_curve.as_ref().expect("a curve");
        let pr = PrecisionRecallCurve::new(truth, scores, &1, weights).expect(name);
        CLOSE.all(name, pr.precision(), &wanted.precision);
        CLOSE.all(name, pr.recall(), &wanted.recall);
        CLOSE.all(name, pr.thresholds(), &wanted.thresholds());
        CLOSE.one(name, pr.area(), wanted.auc_trapezoid.expect("an area"));
        CLOSE.one(name, pr.average_precision(), case.average_precision.expect("a number"));
        let column = DMatrix::from_column_slice(scores.len(), 1, scores);
        let found = AveragePrecision.evaluate_indices(truth, column.as_view(), weights).expect(name);
        CLOSE.one(name, found, case.average_precision.expect("a number"));
        let wanted = case.det_curve.as_ref().expect("a curve");
        let det = DetCurve::new(truth, scores, &1, weights).expect(name);
        CLOSE.all(name, det.false_positive_rate(), &wanted.fpr);
        CLOSE.all(name, det.false_negative_rate(), &wanted.fnr);
        CLOSE.all(name, det.thresholds(), &wanted.thresholds());
        if let Some(wanted) = case.hinge_loss {
            CLOSE.one(name, hinge_loss(truth, &column, &[0, 1], weights).expect(name), wanted);
        }
        compared += 1;
    }
    assert!(compared >= 11, "{compared}");
}

#[test]
fn calibration_curves() {
    let mut compared = 0;
    for case in &read().binary_scores {
        let pairs = [
            (&case.calibration_uniform_5, Bins::Uniform(5)),
            (&case.calibration_quantile_5, Bins::Quantile(5)),
        ];
        for (wanted, bins) in pairs {
            let Some(wanted) = wanted else { continue };
            let curve = CalibrationCurve::new(&case.y_true, &case.score, &1, None, bins).expect(&case.name);
            CLOSE.all(&case.name, curve.frequency(), &wanted.prob_true);
            CLOSE.all(&case.name, curve.probability(), &wanted.prob_pred);
            compared += 1;
        }
        if let Some(brier) = case.brier {
            let weights = case.sample_weight.as_deref();
            let curve = CalibrationCurve::new(&case.y_true, &case.score, &1, weights, Bins::Distinct)
                .expect(&case.name);
            let parts = curve.reliability() - curve.resolution() + curve.uncertainty();
            Within::relative(1e-12).plus(1e-14).one(&case.name, parts, brier);
            compared += 1;
        }
    }
    assert!(compared >= 20, "{compared}");
    let Ece { y_true, prob, bins, ece, mce } = read().ece;
    let curve = CalibrationCurve::new(&y_true, &prob, &1, None, Bins::Uniform(bins)).expect("a curve");
    CLOSE.one("expected error", curve.expected_error(), ece);
    CLOSE.one("maximum error", curve.maximum_error(), mce);
    let p = DMatrix::from_fn(prob.len(), 2, |row, k| [1.0 - prob[row], prob[row]][k]);
    let metric = CalibrationError::new(Bins::Uniform(bins));
    CLOSE.one("as a metric", metric.evaluate_indices(&y_true, p.as_view(), None).expect("a number"), ece);
}

#[test]
fn areas_and_ranks_of_many_classes() {
    let cases = read().multiclass_scores;
    for case in &cases {
        let weights = case.sample_weight.as_deref();
        let name = format!("{} classes, weighted: {}", case.n_classes, weights.is_some());
        let (p, z) = (json::matrix(&case.proba), json::matrix(&case.decision));
        let of =
            |metric: &dyn Metric| metric.evaluate_indices(&case.y_true, p.as_view(), weights).expect(&name);
        CLOSE.one(&name, of(&MulticlassRocAuc::one_vs_rest(Average::Macro)), case.auc_ovr_macro);
        CLOSE.one(&name, of(&MulticlassRocAuc::one_vs_rest(Average::Weighted)), case.auc_ovr_weighted);
        CLOSE.one(&name, of(&MulticlassRocAuc::one_vs_rest(Average::Micro)), case.auc_ovr_micro);
        for (class, &wanted) in case.auc_ovr_per_class.iter().enumerate() {
            CLOSE.one(&name, of(&MulticlassRocAuc::one_vs_rest(Average::Class(class))), wanted);
        }
        if let (Some(wanted), Some(weighted)) = (case.auc_ovo_macro, case.auc_ovo_weighted) {
            CLOSE.one(&name, of(&MulticlassRocAuc::one_vs_one(Average::Macro)), wanted);
            CLOSE.one(&name, of(&MulticlassRocAuc::one_vs_one(Average::Weighted)), weighted);
        }
        CLOSE.one(&name, of(&AveragePrecision), case.average_precision_macro);
        for (k, &wanted) in &case.top_k {
            // Ranked by the decision values there.
            let found =
                TopK::new(k.parse().expect("a number")).evaluate_indices(&case.y_true, z.as_view(), weights);
            CLOSE.one(&name, found.expect("defined"), wanted);
        }
        let classes: Vec<usize> = (0..case.n_classes).collect();
        let hinge = hinge_loss(&case.y_true, &z, &classes, weights).expect(&name);
        CLOSE.one(&name, hinge, case.hinge_crammer_singer);
    }
    assert!(cases.len() >= 4);
}
