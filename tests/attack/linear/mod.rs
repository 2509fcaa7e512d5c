//! Logistic regression: solver x penalty x weights x offsets x classes x number types.

mod analyses;
mod setting;

use logit::linear::FittedLogistic;
use logit::prelude::*;
use logit::{Error, Penalty, Real, Solver, StopReason};

use self::analyses::analyses;
use self::setting::{Setting, setting};
use crate::case::Case;
use crate::contract::{Rule, bits, obey, refuses_nan, returns};
use crate::data::{Sample, sample};
use crate::run::{Area, attack};

#[test]
fn linear() {
    attack(Area { name: "linear", share: 24, attack: any });
}

fn any(case: &mut Case) {
    if case.draw.chance(0.3) { one::<f32>(case) } else { one::<f64>(case) }
}

fn one<T: Real>(case: &mut Case) {
    let sample = sample::<T>(&mut case.draw, 40, 5);
    let setting = setting(case, &sample);
    case.say(&sample);
    case.say(format!("{:?}", setting.model()));
    if let Some(offset) = &setting.offset {
        case.say(format!("offset up to {}", offset.amax()));
    }
    let fit = || setting.model().fit_with(&sample.x, &sample.y, setting.options(&sample));
    let model = match fit() {
        Ok(model) => model,
        Err(error) => {
            let fine = !(sample.tame && setting.plain && sample.valid()) || too_few(&sample);
            case.check("usual data are refused", fine, || &error);
            case.check("an error without words", !error.to_string().is_empty(), || "");
            return;
        }
    };
    case.check("invalid data are accepted", sample.valid(), || model.report());
    if !sample.valid() {
        return;
    }
    case.reached();
    reported(case, &model, &sample, &setting);
    let again = fit();
    let same = again.as_ref().is_ok_and(|again| {
        same_bits(again, &model) && format!("{:?}", again.report()) == format!("{:?}", model.report())
    });
    case.check("the same fit gives other bits", same, || "");
    if obey(case, &model, &sample.x, &Rule::Probability).is_some() {
        refuses_nan(case, &model, &sample.x);
        returns(case, &model, &sample.x);
    }
    if sample.tame {
        agreement(case, &model, &sample, &setting);
    }
    analyses(case, &model, &sample, &setting);
}

/// Whether a class that is listed has no row: maps of class weights then name an unknown class.
fn too_few<T: Real>(sample: &Sample<T>) -> bool {
    sample.occurring() < sample.classes || sample.x.nrows() == 0
}

fn same_bits<T: Real>(a: &FittedLogistic<T, usize>, b: &FittedLogistic<T, usize>) -> bool {
    let intercepts = |model: &FittedLogistic<T, usize>| {
        model.intercept().iter().map(|v| v.as_f64().to_bits()).collect::<Vec<u64>>()
    };
    bits(a.coefficients()) == bits(b.coefficients()) && intercepts(a) == intercepts(b)
}

/// Checks what a report says.
fn reported<T: Real>(
    case: &mut Case,
    model: &FittedLogistic<T, usize>,
    sample: &Sample<T>,
    setting: &Setting<T>,
) {
    let report = model.report();
    case.say(format!("{report}"));
    let finite = model.coefficients().iter().chain(model.intercept().iter()).all(|v| v.as_f64().is_finite());
    case.check("a parameter is not finite", finite, || report);
    case.check("the objective is not finite", report.objective.is_finite(), || report);
    let limit = setting.limit.unwrap_or(usize::MAX);
    case.check("more iterations than allowed", report.iterations <= limit, || report);
    case.check("fewer evaluations than iterations", report.evaluations >= report.iterations, || report);
    case.check("the curve has another length", report.objective_curve.len() == report.iterations, || {
        format!("{} of {}", report.objective_curve.len(), report.iterations)
    });
    let at_least_0 = |value: Option<f64>| value.is_none_or(|value| value >= 0.0);
    case.check(
        "a norm is NaN or negative",
        at_least_0(report.gradient_norm) && at_least_0(report.decrement),
        || report,
    );
    case.check("a negative duality gap", report.duality_gap.is_none_or(|gap| gap >= 0.0), || {
        format!("{:?}", report.duality_gap)
    });
    case.check("a condition below 1", report.hessian_condition.is_none_or(|c| c >= 0.999), || {
        format!("{:?}", report.hessian_condition)
    });
    // A direction may be beyond the range of numbers.
    let separated = report.stop == StopReason::Separated && sample.tame;
    case.check("separated without a direction", !separated || model.separation().is_some(), || report);
    if report.converged() {
        let tolerance = report.rounding_limit.unwrap_or(0.0).max(T::TOLERANCE);
        let within = report.decrement.is_none_or(|decrement| decrement <= tolerance);
        case.check("converged above the tolerance", within, || format!("{:?}", report.decrement));
    }
    if !sample.tame || too_few(sample) {
        return;
    }
    let Some(truth) = setting.asked(sample).of(model) else { return };
    let coarse = T::EPSILON.as_f64() > 1e-10;
    let allowed = if coarse { 1e-4 } else { 1e-9 } * truth.objective.abs().max(1e-3) + truth.rounding;
    let near = (report.objective - truth.objective).abs() <= allowed;
    case.check("another objective is reported", near, || {
        format!("{} for {}", report.objective, truth.objective)
    });
    let large = report.converged()
        && report.rounding_limit.is_none()
        && truth.gradient > 20.0 * T::TOLERANCE * truth.per_decrement;
    case.check("converged with a large gradient", !large, || {
        format!("{:e} in unit scale, allowed {:e}", truth.gradient, T::TOLERANCE * truth.per_decrement)
    });
    let free = setting.penalty == Penalty::None && setting.intercept;
    let lie = free && report.converged() && truth.separated;
    case.check("converged although the model separates the rows", !lie, || report);
}

/// Checks fits that must agree: rows in another order, rows twice for weights of 2, another solver.
fn agreement<T: Real>(
    case: &mut Case,
    model: &FittedLogistic<T, usize>,
    sample: &Sample<T>,
    setting: &Setting<T>,
) {
    if setting.limit.is_some() || setting.offset.is_some() {
        return;
    }
    let order = case.draw.order(sample.y.len());
    let permuted = sample.rows(&order);
    compare(case, "rows in another order", model, fit_of(setting, &permuted), setting);
    let whole = sample.weights.iter().flatten().all(|w| w.as_f64().fract() == 0.0);
    if sample.weights.is_some() && whole {
        let times = |row: usize| vec![row; sample.weight(row) as usize];
        let mut repeated = sample.rows(&(0..sample.y.len()).flat_map(times).collect::<Vec<_>>());
        repeated.weights = None;
        compare(case, "rows twice in place of weights", model, fit_of(setting, &repeated), setting);
    }
    let other = Setting { solver: Solver::Auto, ..copy(setting) };
    compare(case, "another solver", model, fit_of(&other, sample), setting);
}

fn copy<T: Real>(setting: &Setting<T>) -> Setting<T> {
    Setting {
        factors: setting.factors.clone(),
        class_weight: setting.class_weight.clone(),
        offset: setting.offset.clone(),
        ..*setting
    }
}

type Fit<T> = Result<FittedLogistic<T, usize>, Error>;

fn fit_of<T: Real>(setting: &Setting<T>, sample: &Sample<T>) -> Fit<T> {
    setting.model().fit_with(&sample.x, &sample.y, setting.options(sample))
}

fn compare<T: Real>(
    case: &mut Case,
    kind: &'static str,
    model: &FittedLogistic<T, usize>,
    other: Fit<T>,
    setting: &Setting<T>,
) {
    let Some(other) = case.must(kind, other) else { return };
    let (a, b) = (model.report(), other.report());
    let both = a.converged() && b.converged();
    // Rounding can move an objective: through the scores, and through the determinant of the information.
    let limit = a.rounding_limit.unwrap_or(0.0).max(b.rounding_limit.unwrap_or(0.0));
    let condition = a.hessian_condition.unwrap_or(1.0).max(b.hessian_condition.unwrap_or(1.0));
    let determinant =
        if setting.penalty == Penalty::Jeffreys { T::EPSILON.as_f64() * condition } else { 0.0 };
    let tolerance = if T::EPSILON.as_f64() > 1e-10 { 1e-5 } else { 1e-10 } + limit + determinant;
    let apart = (a.objective - b.objective).abs() > tolerance * a.objective.abs().max(1.0);
    case.check(kind, !both || !apart, || {
        format!("objective {} and {}, condition {condition:e}", a.objective, b.objective)
    });
    let separated = [a, b].map(|report| report.stop == StopReason::Separated);
    let opposite = separated[0] && b.converged() || separated[1] && a.converged();
    case.check(kind, setting.penalty != Penalty::None || !opposite, || format!("{} and {}", a.stop, b.stop));
}
