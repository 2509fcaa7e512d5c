//! Logistic regression: solver x penalty x weights x offsets x classes x number types.

use logit::linear::{FittedLogistic, LogisticPath, LogisticRegressionCv, RowOptions};
use logit::nalgebra::DMatrix;
use logit::prelude::*;
use logit::{ClassWeight, Error, FitOptions, LogisticRegression, Penalty, Real, Solver, StopReason};

use crate::case::Case;
use crate::contract::{Rule, bits, obey, refuses_nan, returns};
use crate::data::{Sample, sample};
use crate::run::{Area, attack};
use crate::truth::Asked;

#[test]
fn linear() {
    attack(Area { name: "linear", share: 24, attack: any });
}

fn any(case: &mut Case) {
    if case.draw.chance(0.3) { one::<f32>(case) } else { one::<f64>(case) }
}

/// The settings of a fit, beside those of its value.
struct Setting<T> {
    penalty: Penalty,
    factors: Option<Vec<f64>>,
    intercept: bool,
    solver: Solver,
    class_weight: Option<ClassWeight>,
    offset: Option<DMatrix<T>>,
    limit: Option<usize>,
    /// Whether nothing about it may be refused.
    plain: bool,
}

impl<T: Real> Setting<T> {
    fn model(&self) -> LogisticRegression {
        let mut model = LogisticRegression::new(self.penalty).solver(self.solver).intercept(self.intercept);
        if let Some(factors) = &self.factors {
            model = model.penalty_factors(factors.clone());
        }
        if let Some(weights) = &self.class_weight {
            model = model.class_weight(weights.clone());
        }
        match self.limit {
            Some(limit) => model.max_iterations(limit),
            None => model,
        }
    }

    fn options<'a>(&'a self, sample: &'a Sample<T>) -> FitOptions<'a, T> {
        let mut options = FitOptions::new();
        if let Some(weights) = &sample.weights {
            options = options.weights(weights);
        }
        match &self.offset {
            Some(offset) => options.offset(offset),
            None => options,
        }
    }

    fn rows<'a>(&'a self, sample: &'a Sample<T>) -> RowOptions<'a, T> {
        let options = self.options(sample);
        let mut rows = RowOptions::new();
        (rows.weights, rows.offset) = (options.weights, options.offset);
        rows
    }

    fn asked<'a>(&'a self, sample: &'a Sample<T>) -> Asked<'a, T> {
        let mut counts = vec![0.0; sample.classes];
        (0..sample.y.len()).for_each(|row| counts[sample.y[row]] += sample.weight(row));
        let total: f64 = counts.iter().sum();
        let balanced = |class: usize| total / (sample.classes as f64 * counts[class]);
        let class_weights = (0..sample.classes).map(|class| match &self.class_weight {
            None => 1.0,
            Some(ClassWeight::Balanced) => balanced(class),
            // As drawn below.
            Some(_) => 1.0 + class as f64,
        });
        Asked {
            sample,
            penalty: self.penalty,
            factors: self.factors.as_deref(),
            intercept: self.intercept,
            class_weights: class_weights.collect(),
            offset: self.offset.as_ref(),
        }
    }
}

fn penalty(case: &mut Case) -> (Penalty, bool) {
    let draw = &mut case.draw;
    let wild = draw.chance(0.1);
    let strength = if wild { draw.any_number().abs() } else { draw.magnitude(-5.0, 1.0) };
    let ratio = if wild { draw.any_number() } else { draw.uniform(0.0, 1.0) };
    let penalty = match draw.below(8) {
        0 | 1 => return (Penalty::None, true),
        2 => Penalty::l2(strength),
        3 => Penalty::c(strength),
        4 => Penalty::l1(strength),
        5 => Penalty::elastic_net(strength, ratio),
        6 => return (Penalty::Jeffreys, false),
        _ => Penalty::l2(strength),
    };
    (penalty, !wild)
}

fn setting<T: Real>(case: &mut Case, sample: &Sample<T>) -> Setting<T> {
    let (penalty, mut plain) = penalty(case);
    let draw = &mut case.draw;
    let solvers = [Solver::Auto, Solver::Lbfgs, Solver::Newton, Solver::NewtonCg, Solver::ProximalNewton];
    let solver = draw.pick(&solvers);
    let absolute = matches!(penalty, Penalty::L1(_) | Penalty::ElasticNet { .. });
    plain &= solver == Solver::Auto || !absolute;
    let factors = draw
        .chance(0.1)
        .then(|| (0..sample.x.ncols()).map(|_| draw.pick(&[0.0, 1.0, 1.0, 2.5])).collect::<Vec<f64>>());
    let class_weight = match draw.below(6) {
        0 => Some(ClassWeight::Balanced),
        1 => Some(ClassWeight::map((0..sample.classes).map(|class| (class, 1.0 + class as f64)))),
        _ => None,
    };
    plain &= class_weight.is_none() || sample.occurring() == sample.classes;
    let columns = if sample.occurring() == 2 { 1 } else { sample.occurring() };
    let offset = draw.chance(0.12).then(|| {
        let unit = draw.pick(&[1.0, 1.0, 30.0, 1e10]);
        DMatrix::from_fn(sample.x.nrows(), columns, |_, _| T::of(unit * draw.normal()))
    });
    let limit = draw.chance(0.1).then(|| draw.below(4));
    let intercept = draw.chance(0.85);
    Setting { penalty, factors, intercept, solver, class_weight, offset, limit, plain }
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
        if !model.report().decrement.is_some_and(f64::is_nan) {
            returns(case, &model, &sample.x);
        }
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
    let near = |a: f64, b: f64| (a - b).abs() <= if coarse { 1e-4 } else { 1e-9 } * b.abs().max(1e-3);
    case.check("another objective is reported", near(report.objective, truth.objective), || {
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
    let tolerance = if T::EPSILON.as_f64() > 1e-10 { 1e-5 } else { 1e-10 };
    let apart = (a.objective - b.objective).abs() > tolerance * a.objective.abs().max(1.0);
    case.check(kind, !both || !apart, || format!("objective {} and {}", a.objective, b.objective));
    let separated = [a, b].map(|report| report.stop == StopReason::Separated);
    let opposite = separated[0] && b.converged() || separated[1] && a.converged();
    case.check(kind, setting.penalty != Penalty::None || !opposite, || format!("{} and {}", a.stop, b.stop));
}

/// Inference, influence, paths and cross-validation: no panic, and numbers within their ranges.
fn analyses<T: Real>(
    case: &mut Case,
    model: &FittedLogistic<T, usize>,
    sample: &Sample<T>,
    setting: &Setting<T>,
) {
    let (x, y) = (&sample.x, &sample.y);
    if case.draw.chance(0.3)
        && let Ok(inference) = model.inference_with(x, y, setting.rows(sample), Default::default())
    {
        let (errors, p) = (inference.standard_errors(), inference.p_values());
        case.check(
            "a standard error is not finite and at least 0",
            errors.iter().all(|e| *e >= 0.0 && e.is_finite()),
            || &errors,
        );
        case.check("a p-value outside [0, 1]", p.iter().all(|p| (0.0..=1.0).contains(p)), || {
            format!("{p} {errors}")
        });
        let level = case.draw.pick(&[1e-10, 0.5, 0.95, 1.0 - 1e-15]);
        if let Some((low, high)) = case.must("no intervals", inference.confidence_intervals(level)) {
            let ordered = low.iter().zip(high.iter()).all(|(low, high)| low <= high);
            case.check("an interval has its ends in the wrong order", ordered, || format!("{low} {high}"));
        }
        let (words, condition) = (inference.summary(), inference.condition());
        case.check("a summary without words", !words.is_empty() && condition >= 0.999, || condition);
        if let Ok(effects) = inference.marginal_effects(x, setting.rows(sample)) {
            let finite = effects.estimates().iter().all(|e| e.is_finite());
            case.check("a marginal effect is not finite", finite, || effects.estimates());
        }
        if let Ok(intervals) = inference.probability_intervals(x, 0.9) {
            case.check("intervals without words", !format!("{intervals:?}").is_empty(), || "");
        }
    }
    if case.draw.chance(0.02) {
        let _ = model.profile_intervals(x, y, setting.rows(sample), 0.9);
    }
    if case.draw.chance(0.2)
        && let Ok(influence) = model.influence_with(x, y, setting.rows(sample))
    {
        let leverages = influence.leverages();
        let inside = leverages.iter().all(|h| (-1e-9..=sample.classes as f64 + 1e-9).contains(h));
        case.check("a leverage outside its range", inside, || format!("{leverages:?}"));
        let p = influence.leave_one_out_probabilities();
        let sums = p.row_iter().all(|row| (row.sum() - 1.0).abs() < 1e-12 && row.iter().all(|p| *p >= 0.0));
        case.check("left-out probabilities do not sum to 1", sums, || p);
        case.check("influence without words", !influence.to_string().is_empty(), || "");
    }
    if case.draw.chance(0.05) {
        path(case, sample);
    }
}

fn path<T: Real>(case: &mut Case, sample: &Sample<T>) {
    let path = match case.draw.below(3) {
        0 => LogisticPath::l1(),
        1 => LogisticPath::l2(),
        _ => LogisticPath::elastic_net(0.5),
    };
    let path = path.count(6);
    if let Ok(fitted) = path.fit(&sample.x, &sample.y) {
        let falling = fitted.lambdas().windows(2).all(|pair| pair[0] > pair[1]);
        case.check("penalties of a path do not fall", falling, || format!("{:?}", fitted.lambdas()));
        let ratios = fitted.deviance_ratios();
        case.check("a deviance ratio above 1", ratios.iter().all(|r| *r <= 1.0 + 1e-9), || {
            format!("{ratios:?}")
        });
        case.check("a path of another length", fitted.models().len() == fitted.lambdas().len(), || {
            fitted.len()
        });
    }
    if case.draw.chance(0.3)
        && let Ok(chosen) = LogisticRegressionCv::new(path).folds(3).fit(&sample.x, &sample.y)
    {
        case.check("cross-validation without scores", !chosen.scores().is_empty(), || "");
        obey(case, &chosen, &sample.x, &Rule::Probability);
    }
}
