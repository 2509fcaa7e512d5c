//! Calibration, thresholds, costs, priors, conformal sets, reject options, and one-vs-rest and one-vs-one.

use logit::decide::*;
use logit::linear::FittedLogistic;
use logit::metrics::{Accuracy, Average, FBeta, MeanCost};
use logit::nalgebra::{DMatrix, DVector};
use logit::prelude::*;
use logit::select::Splitter;
use logit::{
    AnyClassifier, Calibrate, Error, LogisticRegression, MlpClassifier, OneVsOne, OneVsRest, Penalty, Real,
};

use crate::case::Case;
use crate::contract::{Rule, obey, refuses_nan, returns};
use crate::data::{Sample, sample};
use crate::run::{Area, attack};

#[test]
fn decide() {
    attack(Area { name: "decide", share: 12, attack: any });
}

fn any(case: &mut Case) {
    match case.draw.below(10) {
        0 => scalings::<f64>(case),
        1 => scalings::<f32>(case),
        2..=4 => one::<f32>(case),
        _ => one::<f64>(case),
    }
}

/// Every classifier in one type, so that wrappers can be nested without end and compiled once.
type Inner<T> = AnyClassifier<T, usize>;

fn one<T: Real>(case: &mut Case) {
    let sample = sample::<T>(&mut case.draw, 40, 3);
    case.say(&sample);
    match case.draw.below(8) {
        0 => {
            let network = MlpClassifier::new([3]).epochs(3).seed(case.draw.seed());
            if let Ok(model) = network.fit(&sample.x, &sample.y) {
                wrapped(case, AnyClassifier::new(model), Rule::Probability, &sample, 1);
            }
        }
        1 | 2 => several(case, &sample),
        3 => estimators(case, &sample),
        4 => {
            let logistic = LogisticRegression::new(Penalty::l2(0.01)).max_iterations(30);
            if let Ok(model) = logistic.fit(&sample.x, &sample.y) {
                wrapped(case, AnyClassifier::new(model), Rule::Probability, &sample, 2);
            }
        }
        _ => {
            // Any coefficients: all scores, ties and probabilities of 0 and 1 among them.
            let classes = case.draw.pick(&[2, 2, 3, 4]);
            let columns = if classes == 2 { 1 } else { classes };
            let unit = case.draw.pick(&[0.0, 1.0, 1.0, 10.0, 1e3, 1e-18]);
            let draw = &mut case.draw;
            let mut number = || T::of(if unit == 10.0 { draw.below(3) as f64 } else { unit * draw.normal() });
            let coefficients = DMatrix::from_fn(sample.x.ncols(), columns, |_, _| number());
            let intercepts = DVector::from_fn(columns, |_, _| number());
            case.say(format!(
                "coefficients {:?}, intercepts {:?}",
                coefficients.as_slice(),
                intercepts.as_slice()
            ));
            let model = FittedLogistic::from_coefficients((0..classes).collect(), coefficients, intercepts);
            if let Ok(model) = model {
                wrapped(case, AnyClassifier::new(model), Rule::Probability, &sample, 2);
            }
        }
    }
}

fn check<T: Real>(case: &mut Case, model: &Inner<T>, rule: &Rule, sample: &Sample<T>) -> Option<DMatrix<T>> {
    if sample.x.iter().any(|v| !v.as_f64().is_finite()) {
        return None;
    }
    let p = obey(case, model, &sample.x, rule)?;
    case.reached();
    refuses_nan(case, model, &sample.x);
    returns(case, model, &sample.x);
    Some(p)
}

/// Checks a classifier, and wraps it in decisions, up to `depth` times.
fn wrapped<T: Real>(case: &mut Case, inner: Inner<T>, rule: Rule, sample: &Sample<T>, depth: usize) {
    let Some(p) = check(case, &inner, &rule, sample) else { return };
    if depth == 0 {
        return;
    }
    let kind = case.draw.below(6);
    if kind == 5 {
        return sets(case, inner, rule, sample, &p);
    }
    let wrapper = match kind {
        0 | 1 => calibrated(case, inner, sample),
        2 => thresholded(case, inner, sample, &p),
        3 => costly(case, inner),
        _ => corrected(case, inner),
    };
    match wrapper {
        Ok((model, rule)) => wrapped(case, model, rule, sample, depth - 1),
        Err(error) => case.check("an error without words", !error.to_string().is_empty(), || ""),
    }
}

/// A wrapper, and what decides in it.
type Wrapper<T> = Result<(Inner<T>, Rule), Error>;

fn calibrated<T: Real>(case: &mut Case, inner: Inner<T>, sample: &Sample<T>) -> Wrapper<T> {
    let methods = [CalibrationMethod::Platt, CalibrationMethod::Isotonic, CalibrationMethod::Temperature];
    let method = case.draw.pick(&methods);
    case.say(format!("{method:?}"));
    let model = FittedCalibration::new(inner, method, &sample.x, &sample.y, sample.weights.as_deref())?;
    Ok((AnyClassifier::new(model), Rule::Probability))
}

fn thresholded<T: Real>(case: &mut Case, inner: Inner<T>, sample: &Sample<T>, p: &DMatrix<T>) -> Wrapper<T> {
    let (x, y, weights) = (&sample.x, &sample.y, sample.weights.as_deref());
    let own = if p.nrows() > 0 && p.ncols() == 2 { p[(case.draw.below(p.nrows()), 1)].as_f64() } else { 0.5 };
    let threshold = case.draw.pick(&[own, 0.0, 1.0, 0.5, 0.3, 1e-300, 1.0 - 1e-16, f64::NAN]);
    let model = match case.draw.below(10) {
        0 => FittedThreshold::tuned(inner, &Accuracy, x, y, weights),
        1 => FittedThreshold::tuned(inner, &FBeta::new(1.0, Average::Class(1)), x, y, weights),
        2 => {
            let costs = DMatrix::from_row_slice(2, 2, &[0.0, 1.0, 20.0, 0.0]);
            FittedThreshold::tuned(inner, &MeanCost::new(costs), x, y, weights)
        }
        _ => FittedThreshold::new(inner, threshold),
    }?;
    case.say(format!("threshold {:?}", model.threshold()));
    let rule = Rule::Threshold(model.threshold());
    Ok((AnyClassifier::new(model), rule))
}

fn costly<T: Real>(case: &mut Case, inner: Inner<T>) -> Wrapper<T> {
    let (unit, classes) = (case.draw.pick(&[1.0, 1.0, 1e300, 1e-300]), inner.classes().len());
    let costs = DMatrix::from_fn(classes, classes, |i, j| {
        if i == j { 0.0 } else { unit * case.draw.pick(&[0.0, 1.0, 1.0, 9.0, -1.0, 1.0 / 3.0]) }
    });
    case.say(format!("costs {:?}", costs.as_slice()));
    let model = MinimumCost::new(inner, costs.clone())?;
    Ok((AnyClassifier::new(model), Rule::Costs(costs)))
}

fn corrected<T: Real>(case: &mut Case, inner: Inner<T>) -> Wrapper<T> {
    let (unit, classes) = (case.draw.pick(&[1.0, 1.0, 1e-308, 1e200]), inner.classes().len());
    let mut priors = || (0..classes).map(|_| unit * case.draw.pick(&[1.0, 3.0, 1e-9])).collect::<Vec<f64>>();
    let (trained, used) = (priors(), priors());
    case.say(format!("priors {trained:?} and {used:?}"));
    Ok((AnyClassifier::new(PriorCorrected::new(inner, &trained, &used)?), Rule::Probability))
}

/// Conformal sets and the reject option.
fn sets<T: Real>(case: &mut Case, inner: Inner<T>, rule: Rule, sample: &Sample<T>, p: &DMatrix<T>) {
    let least = case.draw.pick(&[0.0, 0.5, 0.9, 1.0]);
    if let Ok(model) = RejectOption::new(inner.clone(), least) {
        check(case, &AnyClassifier::new(model.clone()), &rule, sample);
        let (all, some) = (model.predict(&sample.x), model.predict_or_reject(&sample.x));
        let (Ok(all), Ok(some)) = (all, some) else { return case.fault("a reject option fails", "") };
        for (row, (class, kept)) in all.iter().zip(&some).enumerate() {
            let at = inner.classes().iter().position(|c| c == class).unwrap_or(0);
            let sure = p[(row, at)].as_f64() >= least;
            let right = kept.as_ref() == sure.then_some(class);
            case.check("another row is rejected", right, || {
                format!("row {row}: {kept:?} at {}", p[(row, at)])
            });
        }
    }
    let coverage = case.draw.pick(&[1e-9, 0.5, 0.8, 0.9, 0.99, 1.0 - 1e-16]);
    let score = case.draw.pick(&[NonconformityScore::Lac, NonconformityScore::Aps]);
    case.say(format!("{score:?} at {coverage}"));
    let Ok(model) = Conformal::new(inner, score, coverage, &sample.x, &sample.y) else { return };
    check(case, &AnyClassifier::new(model.clone()), &rule, sample);
    let Some(sets) = case.must("no sets", model.predict_sets(&sample.x)) else { return };
    let classes = model.classifier().classes();
    let held = |row: usize| {
        classes.iter().position(|c| *c == sample.y[row]).is_some_and(|class| sets.has(row, class))
    };
    let count = (0..sample.y.len()).filter(|&row| held(row)).count();
    // At least the ceil of (n + 1) coverage calibration rows are within the largest score.
    let needed = ((sample.y.len() + 1) as f64 * coverage * (1.0 - 1e-12)).ceil() as usize;
    let right = count >= needed.min(sample.y.len());
    case.check("sets hold fewer calibration rows than they must", right, || format!("{count} of {needed}"));
}

/// One-vs-rest and one-vs-one.
fn several<T: Real>(case: &mut Case, sample: &Sample<T>) {
    let penalty = case.draw.pick(&[Penalty::l2(1e-6), Penalty::l2(0.1), Penalty::l2(100.0), Penalty::None]);
    let logistic = LogisticRegression::new(penalty).max_iterations(20);
    let rows = (&sample.x, &sample.y, sample.weights.as_deref());
    case.say(format!("{penalty:?}"));
    if case.draw.chance(0.5) {
        case.say("one-vs-rest");
        let estimator = OneVsRest::new(logistic);
        let model = match rows.2 {
            Some(weights) => estimator.fit_weighted(rows.0, rows.1, weights),
            None => estimator.fit(rows.0, rows.1),
        };
        if let Ok(model) = model {
            wrapped(case, AnyClassifier::new(model), Rule::Probability, sample, 1);
        }
    } else {
        case.say("one-vs-one");
        let estimator = OneVsOne::new(logistic);
        let model = match rows.2 {
            Some(weights) => estimator.fit_weighted(rows.0, rows.1, weights),
            None => estimator.fit(rows.0, rows.1),
        };
        if let Ok(model) = model {
            wrapped(case, AnyClassifier::new(model), Rule::Probability, sample, 1);
        }
    }
}

/// Estimators that calibrate or tune on folds.
fn estimators<T: Real>(case: &mut Case, sample: &Sample<T>) {
    let logistic = LogisticRegression::new(Penalty::l2(0.1)).max_iterations(20);
    let splitter = Splitter::Stratified { k: case.draw.within(2, 4), seed: case.draw.seed() };
    if case.draw.chance(0.5) {
        case.say("calibrated on folds");
        let method = case.draw.pick(&[CalibrationMethod::Platt, CalibrationMethod::Isotonic]);
        if let Ok(model) = Calibrate::new(logistic, method).splitter(splitter).fit(&sample.x, &sample.y) {
            wrapped(case, AnyClassifier::new(model), Rule::Probability, sample, 1);
        }
    } else {
        case.say("tuned on folds");
        let estimator = TuneThreshold::new(logistic, Accuracy).splitter(splitter);
        if let Ok(model) = estimator.fit(&sample.x, &sample.y) {
            let rule = Rule::Threshold(model.threshold());
            check(case, &AnyClassifier::new(model), &rule, sample);
        }
    }
}

/// Platt scaling and isotonic regression by themselves.
fn scalings<T: Real>(case: &mut Case) {
    let rows = case.draw.within(0, 30);
    let wild = case.draw.chance(0.4);
    let scores: Vec<T> = (0..rows)
        .map(|_| if wild { case.draw.any_finite() } else { T::of(case.draw.normal().round() * 0.5) })
        .collect();
    let truth: Vec<bool> = (0..rows).map(|_| case.draw.chance(0.5)).collect();
    let weights: Option<Vec<T>> = case.draw.chance(0.4).then(|| {
        let mut weight =
            || if wild { case.draw.any_finite::<T>().abs() } else { T::of(case.draw.below(3) as f64) };
        (0..rows).map(|_| weight()).collect()
    });
    case.say(format!("scores {scores:?}, truth {truth:?}, weights {weights:?}"));
    if let Ok(platt) = PlattScaling::fit(&scores, &truth, weights.as_deref()) {
        case.reached();
        case.check(
            "a scaling is not finite",
            platt.slope().is_finite() && platt.offset().is_finite(),
            || format!("{} and {}", platt.slope(), platt.offset()),
        );
        for &score in &scores {
            let p = platt.probability(score).as_f64();
            case.check("a probability outside [0, 1]", (0.0..=1.0).contains(&p), || {
                format!("{p} at {score}")
            });
        }
        let read = platt.to_bytes().and_then(|bytes| PlattScaling::from_bytes(&bytes));
        case.check("a scaling cannot be read again", read.as_ref() == Ok(&platt), || format!("{read:?}"));
    }
    let y: Vec<T> = truth.iter().map(|&yes| T::of(f64::from(u8::from(yes)))).collect();
    let increasing = case.draw.chance(0.5);
    if let Ok(isotonic) = IsotonicRegression::fit(&scores, &y, weights.as_deref(), increasing) {
        case.reached();
        let values = isotonic.y();
        let monotone = values.windows(2).all(|pair| (pair[0] <= pair[1]) == increasing || pair[0] == pair[1]);
        case.check("an isotonic function is not monotone", monotone, || format!("{values:?}"));
        case.check(
            "an isotonic function leaves [0, 1]",
            values.iter().all(|v| (0.0..=1.0).contains(v)),
            || format!("{values:?}"),
        );
        case.check(
            "the x of a function are not ascending",
            isotonic.x().windows(2).all(|p| p[0] < p[1]),
            || format!("{:?}", isotonic.x()),
        );
        for probe in [-f64::MAX, -0.3, 0.0, 0.1, f64::MAX] {
            let value = isotonic.value(probe);
            case.check("a value between leaves [0, 1]", (0.0..=1.0).contains(&value), || {
                format!("{value} at {probe}")
            });
        }
        let read = isotonic.to_bytes().and_then(|bytes| IsotonicRegression::from_bytes(&bytes));
        case.check("a function cannot be read again", read.as_ref() == Ok(&isotonic), || format!("{read:?}"));
    }
}
