//! Networks: layers x optimizers x losses x schedules x weights x early stopping x checkpoints.

mod runs;
mod setting;

use logit::nn::{FittedMlp, RateRange};
use logit::prelude::*;
use logit::{Error, FitOptions, LabelSets, Real, StopReason};

use self::runs::{resumed, stalled};
use self::setting::{Setting, setting};
use crate::case::Case;
use crate::contract::{Rule, obey, refuses_nan, returns};
use crate::data::{Sample, sample};
use crate::run::{Area, attack};

#[test]
fn networks() {
    attack(Area { name: "networks", share: 16, attack: any });
}

fn any(case: &mut Case) {
    if case.draw.chance(0.3) { one::<f32>(case) } else { one::<f64>(case) }
}

fn one<T: Real>(case: &mut Case) {
    let sample = sample::<T>(&mut case.draw, 40, 4);
    let setting = setting(&mut case.draw, sample.classes);
    case.say(&sample);
    case.say(format!("{:?}", setting.network));
    match case.draw.below(8) {
        0 if !setting.full_batch => parts(case, &sample, &setting),
        1 => multi_label(case, &sample, &setting),
        _ => whole(case, &sample, &setting),
    }
}

fn options<T: Real>(sample: &Sample<T>) -> FitOptions<'_, T> {
    match &sample.weights {
        Some(weights) => FitOptions::new().weights(weights),
        None => FitOptions::new(),
    }
}

fn whole<T: Real>(case: &mut Case, sample: &Sample<T>, setting: &Setting) {
    let fit = || setting.network.fit_with(&sample.x, &sample.y, options(sample));
    let model = match fit() {
        Ok(model) => model,
        Err(error) => {
            let usual =
                sample.tame && sample.valid() && setting.plain && !setting.full_batch && !setting.held_out;
            let plain =
                usual && sample.occurring() == sample.classes && !matches!(error, Error::Unsupported { .. });
            case.check("usual data are refused", !plain, || &error);
            case.check("an error without words", !error.to_string().is_empty(), || "");
            return;
        }
    };
    case.check("invalid data are accepted", sample.valid(), || model.report());
    if !sample.valid() {
        return;
    }
    case.reached();
    reported(case, &model, setting);
    // Histories are compared without their times.
    let same = fit().is_ok_and(|again| again == model);
    case.check("the same fit gives another model", same, || "");
    if obey(case, &model, &sample.x, &Rule::Probability).is_some() {
        refuses_nan(case, &model, &sample.x);
    }
    returns(case, &model, &sample.x);
    if setting.full_batch {
        stalled(case, &model, sample, setting);
    } else {
        resumed(case, &model, sample, setting);
    }
    if case.draw.chance(0.03) && !setting.full_batch {
        let range = RateRange::default().steps(case.draw.within(1, 20));
        if let Ok(curve) = setting.network.find_learning_rate(&sample.x, &sample.y, range) {
            let within = |rate: Option<f64>| rate.is_none_or(|rate| rate.is_finite() && rate > 0.0);
            case.check(
                "a learning rate is not positive",
                within(curve.steepest()) && within(curve.careful()),
                || format!("{:?} {:?}", curve.steepest(), curve.careful()),
            );
        }
    }
}

fn reported<T: Real>(case: &mut Case, model: &FittedMlp<T, usize>, setting: &Setting) {
    let (report, history) = (model.report(), model.history());
    case.say(report);
    let finite = |values: &[T]| values.iter().all(|v| v.as_f64().is_finite());
    case.check("a parameter is not finite", finite(model.params()), || report);
    case.check("a statistic is not finite", finite(model.statistics()), || report);
    case.check("NaN for an objective", !report.objective.is_nan(), || report);
    let diverged = report.stop == StopReason::Diverged;
    case.check(
        "divergence is not told",
        diverged == report.divergence.is_some() || setting.full_batch,
        || report,
    );
    let wild = diverged || setting.full_batch;
    case.check("an infinite objective", wild || report.objective.is_finite(), || report);
    if setting.full_batch {
        let norm = report.gradient_norm;
        case.check("a minimiser without a gradient", norm.is_some_and(|norm| norm >= 0.0), || {
            format!("{norm:?}")
        });
        let lie = report.converged() && norm.is_none_or(|norm| norm > T::TOLERANCE);
        case.check("converged with a large gradient", !lie, || format!("{norm:?}"));
        return;
    }
    let epochs = &history.epochs;
    case.check("iterations are not epochs", report.iterations == epochs.len(), || report);
    case.check("more epochs than allowed", epochs.len() <= setting.epochs, || epochs.len());
    let limit = report.stop == StopReason::IterationLimit;
    case.check("the limit before its time", !limit || epochs.len() == setting.epochs, || epochs.len());
    case.check(
        "stopped early without validation",
        setting.held_out || report.stop != StopReason::EarlyStopped,
        || "",
    );
    let stops = [StopReason::IterationLimit, StopReason::EarlyStopped, StopReason::Diverged];
    case.check("an impossible reason to stop", stops.contains(&report.stop), || report);
    case.check("curves of other lengths", report.objective_curve.len() == epochs.len(), || report);
    for (index, epoch) in epochs.iter().enumerate() {
        let numbered = epoch.number == index + 1;
        let steps = epoch.steps > index.checked_sub(1).map_or(0, |before| epochs[before].steps);
        case.check("epochs are not numbered", numbered && steps, || format!("{epoch:?}"));
        let rate = epoch.learning_rate;
        case.check("a learning rate is no rate", rate.is_finite() && rate >= 0.0, || rate);
        case.check("layers without updates", epoch.updates.len() == history.layers.len(), || {
            format!("{epoch:?}")
        });
        case.check("a loss is NaN", !epoch.train_loss.is_nan(), || format!("{epoch:?}"));
        let held = epoch.validation_loss.is_some() == setting.held_out;
        case.check("validation losses come and go", held, || format!("{epoch:?}"));
    }
    let losses: Vec<f64> = epochs.iter().filter_map(|epoch| epoch.validation_loss).collect();
    if setting.held_out && losses.iter().all(|loss| loss.is_finite()) && !losses.is_empty() {
        // The kept weights are those of the lowest validation loss, and the objective is that of its epoch.
        let best = losses
            .iter()
            .enumerate()
            .fold(0, |best, (at, loss)| if *loss < losses[best] { at } else { best });
        let kept = epochs[best].train_loss == report.objective;
        case.check("the best epoch is not kept", kept, || format!("epoch {} of {losses:?}", best + 1));
    }
    case.check("a history without words", !history.to_string().is_empty(), || "");
}

/// Training in parts: finite weights or divergence, and as many calls as epochs give the fit.
fn parts<T: Real>(case: &mut Case, sample: &Sample<T>, setting: &Setting) {
    let classes: Vec<usize> = (0..sample.classes).collect();
    let Ok(mut partial) = setting.network.partial::<T, usize>(sample.x.ncols(), classes) else { return };
    for _ in 0..case.draw.within(1, 6) {
        let part = match sample.y.len() {
            0 => sample.clone(),
            rows => {
                let count = case.draw.within(1, rows);
                sample.rows(&case.draw.order(rows)[..count])
            }
        };
        let result = match &part.weights {
            Some(weights) => partial.fit_weighted(&part.x, &part.y, weights),
            None => partial.fit(&part.x, &part.y),
        };
        if result.is_ok() {
            case.reached();
        }
    }
    let model = partial.model();
    let finite = model.params().iter().all(|v| v.as_f64().is_finite());
    case.check("a parameter is not finite", finite, || partial.has_diverged());
    if sample.x.iter().all(|v| v.as_f64().is_finite()) {
        obey(case, &model, &sample.x, &Rule::Probability);
        returns(case, &model, &sample.x);
    }
}

/// Several labels per row: probabilities within their range, and rows of weight 0 that are not there.
fn multi_label<T: Real>(case: &mut Case, sample: &Sample<T>, setting: &Setting) {
    let sets: Vec<Vec<usize>> = sample.y.iter().map(|&class| (0..class).collect()).collect();
    let Ok(labels) = LabelSets::new(&sets) else { return };
    let Ok(model) = setting.network.fit_multi_label_with(&sample.x, &labels, options(sample)) else { return };
    case.reached();
    let finite = model.network().params().iter().all(|v| v.as_f64().is_finite());
    case.check("a parameter is not finite", finite, || model.report());
    if let Ok(p) = model.predict_proba(&sample.x) {
        let inside = p.iter().all(|p| (0.0..=1.0).contains(&p.as_f64()));
        case.check("a probability outside [0, 1]", inside, || &p);
        let predicted = model.predict(&sample.x);
        let same = predicted.is_ok_and(|sets| {
            (0..p.nrows())
                .all(|row| (0..p.ncols()).all(|k| sets.has(row, k) == (p[(row, k)].as_f64() >= 0.5)))
        });
        case.check("a label is not predicted at 1/2", same, || &p);
    }
    if let Some(bytes) = case.must("a model cannot be written", model.to_bytes()) {
        let read = logit::nn::FittedMultiLabel::<T, usize>::from_bytes(&bytes);
        case.check("a written model cannot be read", read.is_ok_and(|read| read == model), || "");
    }
    let Some(weights) = sample.weights.as_ref().filter(|w| w.iter().any(|w| w.as_f64() == 0.0)) else {
        return;
    };
    if setting.full_batch {
        // Sums over other blocks of rows are rounded otherwise.
        return;
    }
    let kept: Vec<usize> = (0..weights.len()).filter(|&row| weights[row].as_f64() > 0.0).collect();
    let without = sample.rows(&kept);
    let of: Vec<Vec<usize>> = kept.iter().map(|&row| sets[row].clone()).collect();
    let Ok(labels) = LabelSets::with_labels(&of, labels.labels().to_vec()) else { return };
    let other = setting.network.fit_multi_label_with(&without.x, &labels, options(&without));
    let same = other.is_ok_and(|other| other.network().params() == model.network().params());
    case.check("rows of weight 0 change a multi-label fit", same, || "");
}
