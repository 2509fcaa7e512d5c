//! What every classifier promises, and every stored value.

use std::fmt::Debug;

use logit::nalgebra::DMatrix;
use logit::prelude::*;
use logit::{Error, Real, Scratch};

use crate::case::Case;

/// What decides about predictions.
#[derive(Clone)]
pub(crate) enum Rule {
    /// The largest probability.
    Probability,
    /// The probability of the second of two classes against a threshold.
    Threshold(f64),
    /// The smallest expected cost: true classes down, predicted classes across.
    Costs(DMatrix<f64>),
}

/// Checks a classifier on rows that it can predict, and on rows that it must refuse.
///
/// Returns the predictions and probabilities, if there are any.
pub(crate) fn obey<T: Real>(
    case: &mut Case,
    model: &dyn Classifier<T, Label = usize>,
    x: &DMatrix<T>,
    rule: &Rule,
) -> Option<DMatrix<T>> {
    refuses(case, model, x);
    let results = (model.predict_proba(x), model.decision_function(x), model.predict(x));
    let (p, scores, predicted) = match results {
        (Ok(p), Ok(scores), Ok(predicted)) => (p, scores, predicted),
        (p, scores, predicted) => {
            let errors = [p.err(), scores.err(), predicted.err()];
            // Scores may be beyond the range where probabilities are not; otherwise all are refused, or none.
            let some = errors.iter().flatten().next().map(Error::to_string);
            let overflow = errors.iter().flatten().all(|error| matches!(error, Error::Overflow { .. }));
            case.check(
                "predictions disagree about errors",
                overflow || errors.iter().all(Option::is_some),
                || format!("{errors:?}"),
            );
            case.say(format!("predictions refused: {}", some.unwrap_or_default()));
            return None;
        }
    };
    let (rows, classes) = (x.nrows(), model.classes().len());
    case.check("shape of probabilities", p.shape() == (rows, classes), || format!("{:?}", p.shape()));
    case.check("shape of scores", scores.shape() == (rows, model.score_columns()), || {
        format!("{:?}", scores.shape())
    });
    case.check("number of predictions", predicted.len() == rows, || predicted.len());
    let again = model.predict_proba(x);
    case.check(
        "probabilities are not the same twice",
        again.as_ref().ok().map(bits) == Some(bits(&p)),
        || "",
    );
    for (row, predicted) in predicted.iter().enumerate() {
        let of = |matrix: &DMatrix<T>| matrix.row(row).iter().map(|v| v.as_f64()).collect::<Vec<f64>>();
        let (p, z) = (of(&p), of(&scores));
        let Some(class) = model.classes().iter().position(|class| class == predicted) else {
            return case.must("a prediction is no class", Err(format!("{:?}", predicted)));
        };
        one_row::<T>(case, row, (&p, &z), class, rule);
    }
    logarithms(case, model, x, &p);
    single(case, model, x, &p);
    Some(p)
}

/// Checks the probabilities, scores and prediction of one row.
fn one_row<T: Real>(case: &mut Case, row: usize, (p, z): (&[f64], &[f64]), class: usize, rule: &Rule) {
    let epsilon = T::EPSILON.as_f64();
    let about = || format!("row {row}: class {class} for p {p:?}, scores {z:?}");
    let sum: f64 = p.iter().sum();
    case.check("a probability outside [0, 1]", p.iter().all(|p| (0.0..=1.0).contains(p)), about);
    case.check("probabilities do not sum to 1", (sum - 1.0).abs() <= 8.0 * epsilon * p.len() as f64, || {
        format!("{} (sum {sum})", about())
    });
    case.check("a score is not finite", z.iter().all(|z| z.is_finite()), about);
    // The largest score; ties go to the lower class.
    let by_score = match z {
        [z] => usize::from(*z > 0.0),
        _ => first_largest(z),
    };
    case.check("the prediction is not the largest score", class == by_score, about);
    let largest = p.iter().copied().fold(0.0, f64::max);
    match rule {
        Rule::Probability => {
            case.check("the prediction is not the largest probability", p[class] >= largest, about);
        }
        Rule::Threshold(t) => {
            // Rounding of the log-odds may decide next to the threshold.
            let near = (p[1] - t).abs() <= 16.0 * epsilon * t.max(epsilon);
            case.check("the threshold does not decide", near || (p[1] >= *t) == (class == 1), || {
                format!("{} with threshold {t}", about())
            });
        }
        Rule::Costs(costs) => {
            let cost = |j: usize| (0..p.len()).map(|i| p[i] * costs[(i, j)]).sum::<f64>();
            let size = costs.amax() * 16.0 * epsilon * p.len() as f64;
            let best = (0..p.len()).map(cost).fold(f64::INFINITY, f64::min);
            case.check("the smallest cost does not decide", cost(class) <= best + size, || {
                format!("{}: cost {:e} against {best:e}", about(), cost(class))
            });
        }
    }
}

pub(crate) fn first_largest(values: &[f64]) -> usize {
    (0..values.len()).rev().fold(values.len() - 1, |best, k| if values[k] >= values[best] { k } else { best })
}

/// Checks that logarithms of probabilities are those of the probabilities.
fn logarithms<T: Real>(
    case: &mut Case,
    model: &dyn Classifier<T, Label = usize>,
    x: &DMatrix<T>,
    p: &DMatrix<T>,
) {
    let Some(log_p) = case.must("no logarithms of probabilities", model.predict_log_proba(x)) else { return };
    for (log_p, p) in log_p.iter().zip(p.iter()).map(|(l, p)| (l.as_f64(), p.as_f64())) {
        // Below the normal numbers a probability has fewer digits than its logarithm.
        let slack = 32.0 * T::EPSILON.as_f64() * (1.0 + log_p.abs()) * p + T::MIN_POSITIVE.as_f64();
        let right = log_p <= 8.0 * T::EPSILON.as_f64() && (log_p.exp() - p).abs() <= slack;
        case.check(
            "a logarithm is not that of its probability",
            right || log_p < -700.0 && p < 1e-30,
            || format!("ln {p} = {log_p}"),
        );
    }
}

/// Checks a row by itself: the same scores but for rounding.
fn single<T: Real>(
    case: &mut Case,
    model: &dyn Classifier<T, Label = usize>,
    x: &DMatrix<T>,
    p: &DMatrix<T>,
) {
    if x.nrows() == 0 {
        return;
    }
    let row: Vec<T> = x.row(0).iter().copied().collect();
    let (mut alone, mut scratch) = (vec![T::zero(); p.ncols()], Scratch::new());
    let found = model.probabilities_row(&row, &mut alone, &mut scratch);
    // The order of a sum decides whether terms near the end of the range overflow.
    let far = if T::EPSILON.as_f64() > 1e-10 { 1e18 } else { 1e150 };
    let huge = row.iter().any(|v| v.as_f64().abs() > far);
    if huge && matches!(&found, Err(error) if matches!(error.cause(), Error::Overflow { .. })) {
        return;
    }
    if case.must("a row by itself is refused", found).is_none() {
        return;
    }
    let class = model.predict_row(&row, &mut scratch).ok();
    case.check("a row by itself has no prediction", class.is_some(), || "");
    let moderate = row.iter().all(|v| v.as_f64().abs() < 1e3) && p.iter().all(|p| p.as_f64() > 1e-3);
    let near = |other: &[T]| other.iter().zip(p.row(0).iter()).all(|(a, b)| (*a - *b).as_f64().abs() < 1e-3);
    case.check(
        "a row by itself has other probabilities",
        near(&alone) || !moderate || !stable(model, &row, near),
        || format!("{alone:?}"),
    );
}

/// Whether the probabilities of a row survive the rounding of its scores, ε Σ |x_j w_j|. They do not where a
/// scaling of scores has learned from differences that are nothing but rounding.
fn stable<T: Real>(model: &dyn Classifier<T, Label = usize>, row: &[T], near: impl Fn(&[T]) -> bool) -> bool {
    let scratch = &mut Scratch::new();
    (0..1 << row.len().min(5)).all(|signs: usize| {
        let unit = |column: usize| 8.0 * if signs >> column & 1 == 0 { -1.0 } else { 1.0 };
        let moved = row.iter().enumerate().map(|(j, &v)| v * (T::one() + T::of(unit(j)) * T::EPSILON));
        let mut p = vec![T::zero(); model.classes().len()];
        let moved: Vec<T> = moved.collect();
        model.probabilities_row(&moved, &mut p, scratch).is_ok() && near(&p)
    })
}

/// Checks that rows of other sizes are refused, and that no rows are not.
fn refuses<T: Real>(case: &mut Case, model: &dyn Classifier<T, Label = usize>, x: &DMatrix<T>) {
    let none = model.predict_proba(&DMatrix::zeros(0, x.ncols()));
    let right = none.as_ref().is_ok_and(|p| p.shape() == (0, model.classes().len()));
    case.check("no rows are not predicted", right, || format!("{none:?}"));
    let wide = model.predict(&DMatrix::zeros(1, x.ncols() + 1));
    case.check("another number of columns is accepted", wide.is_err(), || format!("{wide:?}"));
    case.check("the number of features is wrong", model.features() == x.ncols(), || model.features());
    case.check("classes are not ascending", model.classes().is_sorted(), || format!("{:?}", model.classes()));
    if let Some(report) = model.report() {
        case.check("a report has no words", !report.to_string().is_empty(), || "");
    }
}

/// Checks that rows with a number that is not finite are refused.
pub(crate) fn refuses_nan<T: Real>(
    case: &mut Case,
    model: &dyn Classifier<T, Label = usize>,
    x: &DMatrix<T>,
) {
    if x.is_empty() {
        return;
    }
    let mut bad = x.clone();
    let at = (case.draw.below(x.nrows()), case.draw.below(x.ncols()));
    bad[at] = T::of(f64::NAN);
    let named = model.predict_proba(&bad);
    let right = matches!(named, Err(Error::NotFinite { row, column, .. }) if (row, column) == at);
    case.check("NaN in a row to predict is not named", right, || format!("{at:?}: {named:?}"));
}

/// Checks that a model that is written and read is the same, and predicts the same bits.
pub(crate) fn returns<T: Real, C: Classifier<T> + Persist<Scalar = T> + PartialEq + Debug>(
    case: &mut Case,
    model: &C,
    x: &DMatrix<T>,
) {
    let Some(bytes) = case.must("a model cannot be written", model.to_bytes()) else { return };
    let Some(read) = case.must("a written model cannot be read", C::from_bytes(&bytes)) else { return };
    case.check("a model that was read differs", read == *model, || "");
    let [a, b] =
        [model, &read].map(|model| model.predict_proba(x).map(|p| bits(&p)).map_err(|e| e.to_string()));
    case.check("a model that was read predicts other bits", a == b, || "");
    let again = read.to_bytes();
    case.check("a model that was read has other bytes", again.is_ok_and(|again| again == bytes), || "");
}

pub(crate) fn bits<T: Real>(matrix: &DMatrix<T>) -> Vec<u64> {
    matrix.iter().map(|v| v.as_f64().to_bits()).collect()
}
