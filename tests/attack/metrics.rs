//! Metrics, curves and intervals, with weights over the whole range of numbers.

use logit::metrics::*;
use logit::nalgebra::DMatrix;

use crate::case::Case;
use crate::draw::Draw;
use crate::run::{Area, attack};

#[test]
fn metrics() {
    attack(Area { name: "metrics", share: 14, attack: any });
}

/// A metric, its name, and the range of its values.
type Entry = (&'static str, Box<dyn Metric>, [f64; 2]);

fn all(draw: &mut Draw, classes: usize) -> Vec<Entry> {
    const SHARE: [f64; 2] = [0.0, 1.0];
    let average =
        draw.pick(&[Average::Macro, Average::Micro, Average::Weighted, Average::Class(classes - 1)]);
    let zero = draw.pick(&[ZeroDivision::Zero, ZeroDivision::One]);
    let disagreement = draw.pick(&[Disagreement::Equal, Disagreement::Linear, Disagreement::Quadratic]);
    // Quantiles depend on the unit of weights: a weight of 2 counts a row twice.
    let bins = draw.pick(&[Bins::Uniform(4), Bins::Distinct]);
    let beta = draw.pick(&[0.5, 1.0, 2.0, 1e-200, 1e200]);
    vec![
        ("accuracy", Box::new(Accuracy), SHARE),
        ("balanced accuracy", Box::new(BalancedAccuracy::new()), SHARE),
        ("adjusted accuracy", Box::new(BalancedAccuracy::new().adjusted(true)), [-1.0, 1.0]),
        ("geometric mean", Box::new(GeometricMean), SHARE),
        ("top k", Box::new(TopK::new(draw.within(1, classes))), SHARE),
        ("precision", Box::new(Precision::new(average).zero_division(zero)), SHARE),
        ("recall", Box::new(Recall::new(average).zero_division(zero)), SHARE),
        ("f beta", Box::new(FBeta::new(beta, average).zero_division(zero)), SHARE),
        ("jaccard", Box::new(Jaccard::new(average).zero_division(zero)), SHARE),
        ("correlation", Box::new(MatthewsCorrelation), [-1.0, 1.0]),
        ("kappa", Box::new(CohenKappa::new(disagreement)), [-1.0, 1.0]),
        ("area", Box::new(RocAuc), SHARE),
        ("area one-vs-rest", Box::new(MulticlassRocAuc::one_vs_rest(Average::Weighted)), SHARE),
        ("area one-vs-one", Box::new(MulticlassRocAuc::one_vs_one(Average::Macro)), SHARE),
        ("average precision", Box::new(AveragePrecision), SHARE),
        ("log loss", Box::new(LogLoss), [0.0, f64::INFINITY]),
        ("brier", Box::new(BrierScore), [0.0, 2.0]),
        ("calibration error", Box::new(CalibrationError::new(bins)), SHARE),
    ]
}

/// Rows to judge.
struct Judged {
    truth: Vec<usize>,
    p: DMatrix<f64>,
    weights: Option<Vec<f64>>,
    /// Whether the weights are of usual size.
    usual: bool,
}

fn judged(draw: &mut Draw, classes: usize) -> Judged {
    let rows = if draw.chance(0.1) { draw.within(0, 2) } else { draw.within(2, 40) };
    let certain = draw.chance(0.15);
    let levels = draw.pick(&[2usize, 4, 1 << 20]);
    let truth: Vec<usize> = (0..rows).map(|_| draw.below(classes)).collect();
    let mut p = DMatrix::zeros(rows, classes);
    for mut row in p.row_iter_mut() {
        if certain {
            row[draw.below(classes)] = 1.0;
            continue;
        }
        row.iter_mut().for_each(|p| *p = (1 + draw.below(levels)) as f64);
        let sum = row.sum();
        row /= sum;
    }
    let usual = draw.chance(0.6);
    let weights = match (usual, draw.below(5)) {
        (true, 0 | 1) => None,
        (true, 2) => Some((0..rows).map(|_| draw.below(3) as f64).collect()),
        (true, _) => Some((0..rows).map(|_| draw.uniform(0.1, 3.0)).collect()),
        (false, 0) => Some((0..rows).map(|_| draw.magnitude(-320.0, 308.0)).collect()),
        (false, 1) => Some(vec![draw.pick(&[5e-324, f64::MAX, f64::MIN_POSITIVE]); rows]),
        (false, 2) => Some((0..rows).map(|_| draw.pick(&[1.0, 1e-20, 1e20, 0.0])).collect()),
        (false, 3) => Some((0..rows).map(|_| draw.any_finite::<f64>().abs()).collect()),
        _ => Some((0..rows).map(|_| draw.any_number()).collect()),
    };
    Judged { truth, p, weights, usual }
}

fn any(case: &mut Case) {
    let classes = case.draw.pick(&[2, 2, 2, 3, 5]);
    let rows = judged(&mut case.draw, classes);
    case.say(format!("{classes} classes, truth {:?}", rows.truth));
    case.say(format!("p {:?}", rows.p.transpose().as_slice()));
    case.say(format!("weights {:?}", rows.weights));
    let labels: Vec<usize> = (0..classes).collect();
    let valid = rows.weights.as_ref().is_none_or(|weights| {
        weights.iter().all(|w| *w >= 0.0 && w.is_finite()) && weights.iter().any(|w| *w > 0.0)
    });
    let metrics = all(&mut case.draw, classes);
    for (name, metric, range) in &metrics {
        let of = |truth: &[usize], p: &DMatrix<f64>, weights: Option<&[f64]>| {
            let metric: &dyn Metric = metric.as_ref();
            (&metric).evaluate(truth, p, &labels, weights)
        };
        let value = of(&rows.truth, &rows.p, rows.weights.as_deref());
        let Ok(value) = value else { continue };
        case.check("bad weights are accepted", valid && !rows.truth.is_empty(), || name);
        if !valid {
            continue;
        }
        case.reached();
        let slack = 1e-12;
        let inside = (range[0] - slack..=range[1] + slack).contains(&value);
        case.check("a metric outside its range", inside, || format!("{name} is {value}"));
        let again = of(&rows.truth, &rows.p, rows.weights.as_deref());
        let same = again.is_ok_and(|again| again.to_bits() == value.to_bits());
        case.check("a metric differs the second time", same, || name);
        if !value.is_nan() {
            invariant(case, name, metric.as_ref(), &rows, value, &labels);
        }
    }
    if valid && !rows.truth.is_empty() {
        case.reached();
        curves(case, &rows);
        tables(case, &rows, classes);
        if case.draw.chance(0.1) {
            let at = case.draw.below(metrics.len());
            interval(case, &metrics[at], &rows, &labels);
        }
    }
}

/// Weights times a power of two, rows in another order, and rows of weight 0 change nothing.
fn invariant(
    case: &mut Case,
    name: &'static str,
    metric: &dyn Metric,
    rows: &Judged,
    value: f64,
    labels: &[usize],
) {
    let near = |other: f64| other == value || (other - value).abs() <= 1e-9 * value.abs().max(1.0);
    let order = case.draw.order(rows.truth.len());
    let truth: Vec<usize> = order.iter().map(|&row| rows.truth[row]).collect();
    let weights =
        rows.weights.as_ref().map(|weights| order.iter().map(|&row| weights[row]).collect::<Vec<_>>());
    let other = (&metric).evaluate(&truth, &rows.p.select_rows(&order), labels, weights.as_deref());
    let same = other.as_ref().is_ok_and(|other| near(*other));
    case.check("the order of rows changes a metric", same, || format!("{name}: {value} and {other:?}"));
    let Some(weights) = &rows.weights else { return };
    let factor = case.draw.pick(&[2f64.powi(-900), 0.25, 2f64.powi(900)]);
    if rows.usual {
        let scaled: Vec<f64> = weights.iter().map(|w| w * factor).collect();
        let other = (&metric).evaluate(&rows.truth, &rows.p, labels, Some(&scaled));
        let same = other.as_ref().is_ok_and(|other| near(*other));
        case.check("the unit of weights changes a metric", same, || format!("{name}: {value} and {other:?}"));
    }
    let kept: Vec<usize> = (0..weights.len()).filter(|&row| weights[row] > 0.0).collect();
    let truth: Vec<usize> = kept.iter().map(|&row| rows.truth[row]).collect();
    let of_kept: Vec<f64> = kept.iter().map(|&row| weights[row]).collect();
    let other = (&metric).evaluate(&truth, &rows.p.select_rows(&kept), labels, Some(&of_kept));
    let same = other.as_ref().is_ok_and(|other| near(*other));
    case.check("rows of weight 0 change a metric", same, || format!("{name}: {value} and {other:?}"));
}

fn curves(case: &mut Case, rows: &Judged) {
    let scores: Vec<f64> = rows.p.column(1).iter().copied().collect();
    let weights = rows.weights.as_deref();
    let unit = |values: &[f64]| values.iter().all(|v| (0.0..=1.0 + 1e-12).contains(v));
    if let Ok(curve) = RocCurve::new(&rows.truth, &scores, &1, weights) {
        let (x, y) = (curve.false_positive_rate(), curve.true_positive_rate());
        let rising = x.is_sorted() && y.is_sorted() && unit(x) && unit(y);
        case.check("an ROC curve falls or leaves [0, 1]", rising, || format!("{x:?} {y:?}"));
        let falling = curve.thresholds().windows(2).all(|pair| pair[0] > pair[1]);
        case.check("thresholds do not fall", falling, || format!("{:?}", curve.thresholds()));
        case.check("an area outside [0, 1]", unit(&[curve.area()]), || curve.area());
        let part = case.draw.uniform(0.0, 1.1);
        if let Ok(area) = curve.partial_area(part) {
            case.check("a partial area outside its range", unit(&[area]), || format!("{area} up to {part}"));
        }
        if rows.usual {
            pairs(case, rows, &scores, curve.area());
        }
        let corners = RocCurve::corners(&rows.truth, &scores, &1, weights).map(|curve| curve.area());
        let same = corners.as_ref().is_ok_and(|area| (area - curve.area()).abs() < 1e-9);
        case.check("corners have another area", same, || format!("{corners:?} and {}", curve.area()));
    }
    if let Ok(curve) = PrecisionRecallCurve::new(&rows.truth, &scores, &1, weights) {
        let right = unit(curve.precision())
            && unit(curve.recall())
            && unit(&[curve.average_precision(), curve.area()]);
        case.check("a precision or recall outside [0, 1]", right, || format!("{curve:?}"));
    }
    if let Ok(curve) = DetCurve::new(&rows.truth, &scores, &1, weights) {
        let right = unit(curve.false_positive_rate()) && unit(curve.false_negative_rate());
        case.check("an error rate outside [0, 1]", right, || format!("{curve:?}"));
    }
    let bins = case.draw.pick(&[Bins::Uniform(1), Bins::Uniform(7), Bins::Quantile(4), Bins::Distinct]);
    if let Ok(curve) = CalibrationCurve::new(&rows.truth, &scores, &1, weights, bins) {
        let errors =
            [curve.expected_error(), curve.maximum_error(), curve.reliability(), curve.uncertainty()];
        let right = unit(curve.probability())
            && unit(curve.frequency())
            && unit(&errors)
            && errors[0] <= errors[1] + 1e-12;
        case.check("a calibration curve outside [0, 1]", right, || format!("{curve:?} {errors:?}"));
        case.check("bins are not in order", curve.probability().is_sorted(), || format!("{curve:?}"));
    }
    let z = rows.p.map(|p| 10.0 * p - 3.0);
    let labels: Vec<usize> = (0..rows.p.ncols()).collect();
    let z = if z.ncols() == 2 { z.columns(1, 1).into_owned() } else { z };
    if let Ok(loss) = hinge_loss(&rows.truth, &z, &labels, weights) {
        case.check("a hinge loss below 0 or not finite", loss >= 0.0 && loss.is_finite(), || loss);
    }
}

/// The area from its definition: the share of pairs in the right order, ties as half.
fn pairs(case: &mut Case, rows: &Judged, scores: &[f64], area: f64) {
    let weight = |row: usize| rows.weights.as_ref().map_or(1.0, |weights| weights[row]);
    let (mut right, mut all) = (0.0, 0.0);
    for a in (0..scores.len()).filter(|&a| rows.truth[a] == 1) {
        for b in (0..scores.len()).filter(|&b| rows.truth[b] != 1) {
            let pair = weight(a) * weight(b);
            all += pair;
            right += match scores[a].total_cmp(&scores[b]) {
                std::cmp::Ordering::Greater => pair,
                std::cmp::Ordering::Equal => pair / 2.0,
                std::cmp::Ordering::Less => 0.0,
            };
        }
    }
    case.check("an area is not the share of pairs", (right / all - area).abs() < 1e-12, || {
        format!("{area} for {}", right / all)
    });
}

fn tables(case: &mut Case, rows: &Judged, classes: usize) {
    let predicted: Vec<usize> = rows.truth.iter().map(|_| case.draw.below(classes)).collect();
    let labels: Vec<usize> = (0..classes).collect();
    let weights = rows.weights.as_deref();
    let Ok(matrix) = ConfusionMatrix::with_classes(&labels, &rows.truth, &predicted, weights) else { return };
    let numbers = [
        matrix.accuracy(),
        matrix.error_rate(),
        matrix.precision(Average::Weighted, ZeroDivision::Zero),
        matrix.recall(Average::Macro, ZeroDivision::One),
        matrix.jaccard(Average::Micro, ZeroDivision::Zero),
    ];
    let right = numbers.iter().all(|v| (0.0..=1.0 + 1e-12).contains(v));
    case.check("a number of a confusion matrix outside [0, 1]", right, || format!("{numbers:?}"));
    let one = (numbers[0] + numbers[1] - 1.0).abs() < 1e-12;
    case.check("accuracy and error rate do not sum to 1", one, || format!("{numbers:?}"));
    let shares = matrix.normalized(Normalize::All);
    case.check("shares do not sum to 1", (shares.sum() - 1.0).abs() < 1e-9, || &shares);
    let correlation = matrix.matthews_correlation();
    case.check("a correlation outside [-1, 1]", (-1.0 - 1e-12..=1.0 + 1e-12).contains(&correlation), || {
        correlation
    });
    let words = format!("{matrix}\n{}", matrix.report());
    case.check("a table with NaN", !words.contains("NaN"), || words.clone());
}

fn interval(case: &mut Case, (name, metric, range): &Entry, rows: &Judged, labels: &[usize]) {
    let confidence = case.draw.pick(&[1e-300, 0.5, 0.95, 1.0 - 1e-16]);
    let bootstrap = Bootstrap::new().resamples(30).confidence(confidence).seed(case.draw.seed());
    let bootstrap = bootstrap.corrected(case.draw.chance(0.5));
    let metric: &dyn Metric = metric.as_ref();
    let weights = rows.weights.as_deref();
    let Ok(found) = bootstrap.interval(&metric, &rows.truth, &rows.p, labels, weights) else { return };
    case.check("an interval has its ends in the wrong order", found.lower <= found.upper, || {
        format!("{name}: {found:?}")
    });
    let inside = found.lower >= range[0] - 1e-9 && found.upper <= range[1] + 1e-9;
    case.check("an interval outside the range", inside, || format!("{name}: {found:?}"));
    let infinite = found.estimate.is_infinite();
    case.check("a standard error is no number", infinite || found.standard_error >= 0.0, || {
        format!("{name}: {found:?}")
    });
}
