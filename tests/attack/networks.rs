//! Networks: layers x optimizers x losses x schedules x weights x early stopping x checkpoints.

use std::ops::ControlFlow;

use logit::nn::{
    BinaryCrossEntropy, Checkpoint, Examples, FittedMlp, Focal, Hinge, Initializer, MeanSquaredError,
    MlpOptions, NetworkObjective, Normalization, RateRange, SigmoidSquaredError, SoftmaxCrossEntropy,
    SoftmaxSquaredError, SquaredHinge, Targets,
};
use logit::optim::*;
use logit::prelude::*;
use logit::{
    Activation, ClassWeight, Error, FitOptions, LabelSets, MlpClassifier, Real, Schedule, StopReason,
};

use crate::case::Case;
use crate::contract::{Rule, obey, refuses_nan, returns};
use crate::data::{Sample, sample};
use crate::draw::Draw;
use crate::run::{Area, attack};

#[test]
fn networks() {
    attack(Area { name: "networks", share: 16, attack: any });
}

fn any(case: &mut Case) {
    if case.draw.chance(0.3) { one::<f32>(case) } else { one::<f64>(case) }
}

/// A network and what the checks need to know about it.
struct Setting {
    network: MlpClassifier,
    full_batch: bool,
    epochs: usize,
    l2: f64,
    held_out: bool,
    weighted_classes: bool,
    /// Whether nothing about it may be refused, and no step is wild.
    plain: bool,
}

fn rule(draw: &mut Draw, rate: f64) -> UpdateRule {
    match draw.below(16) {
        0 => Sgd::new(rate).into(),
        1 => Sgd::new(rate).momentum(0.9).nesterov(true).weight_decay(0.1).into(),
        2 => Adam::new(rate).into(),
        3 => Adam::new(rate).amsgrad(true).weight_decay(Decay::Coupled(0.1)).into(),
        4 => AdamW::new(rate).into(),
        5 => NAdam::new(rate).into(),
        6 => RAdam::new(rate).into(),
        7 => RmsProp::new(rate).centered(true).momentum(0.5).into(),
        8 => Adagrad::new(rate).into(),
        9 => Adadelta::new(rate).into(),
        10 => Adamax::new(rate).into(),
        11 => Lion::new(rate).into(),
        12 => Rprop::new(rate).into(),
        13 => Yogi::new(rate).into(),
        14 => AdaBelief::new(rate).into(),
        _ => Lamb::new(rate).into(),
    }
}

fn schedule(draw: &mut Draw) -> Schedule {
    let length = draw.within(1, 12) as u64;
    let schedule = match draw.below(12) {
        0..=3 => Schedule::constant(),
        4 => Schedule::step(length, 0.5),
        5 => Schedule::exponential(0.9),
        6 => Schedule::polynomial(length, 2.0),
        7 => Schedule::cosine_restarts(length, 2),
        8 => Schedule::one_cycle(OneCycle::new(length + 1, 5.0)),
        9 => Schedule::reduce_on_plateau(ReduceOnPlateau::new(0.5, 1)),
        10 => Schedule::linear_warmup(0.1, length).then(length, Schedule::cosine(13)),
        _ => Schedule::inverse_time(0.1).times(Schedule::inverse_sqrt(length)).down_to(0.01),
    };
    if draw.chance(0.3) { schedule.per_epoch() } else { schedule }
}

fn activation(draw: &mut Draw) -> Activation {
    use Activation::*;
    draw.pick(&[
        Identity,
        Relu,
        LeakyRelu(0.1),
        Elu(1.0),
        Selu,
        Gelu,
        GeluTanh,
        Silu,
        Softplus,
        LogSigmoid,
        Softsign,
        Sigmoid,
        Tanh,
        HardTanh,
        HardSigmoid,
        HardSwish,
    ])
}

fn loss(draw: &mut Draw, network: MlpClassifier) -> MlpClassifier {
    match draw.below(14) {
        0 => network.loss(BinaryCrossEntropy),
        1 => network.loss(SoftmaxCrossEntropy::new()),
        2 => network.loss(Focal::new(2.0).alpha(0.3)),
        3 => network.loss(Hinge),
        4 => network.loss(SquaredHinge),
        5 => network.loss(MeanSquaredError),
        6 => network.loss(SigmoidSquaredError),
        7 => network.loss(SoftmaxSquaredError),
        _ => network,
    }
}

fn setting(draw: &mut Draw, classes: usize) -> Setting {
    let hidden: Vec<usize> = (0..draw.below(3)).map(|_| draw.within(1, 6)).collect();
    let (epochs, seed) = (draw.within(1, 7), draw.seed());
    let l2 = draw.pick(&[0.0, 0.0, 1e-3, 1.0]);
    let wild = draw.chance(0.15);
    let mut network = MlpClassifier::new(hidden).activation(activation(draw)).seed(seed).l2(l2);
    network = loss(draw, network);
    if draw.chance(0.15) {
        network = network.normalization(draw.pick(&[Normalization::Batch, Normalization::Layer]));
    }
    if draw.chance(0.15) {
        let size = if wild { draw.magnitude(-30.0, 30.0) } else { 0.5 };
        network = network.initializer(draw.pick(&[
            Initializer::Zeros,
            Initializer::Constant(size),
            Initializer::Orthogonal { gain: size },
            Initializer::TruncatedNormal { mean: 0.0, standard_deviation: size },
        ]));
    }
    let weighted_classes = draw.chance(0.15);
    if weighted_classes {
        let map = ClassWeight::map((0..classes).map(|class| (class, 1.0 + class as f64)));
        network = network.class_weight(draw.pick(&[ClassWeight::Balanced, map]));
    }
    let full_batch = draw.chance(0.2);
    let mut held_out = false;
    if full_batch {
        network = match draw.below(2) {
            0 => network.optimizer(Lbfgs::new().max_iterations(60)),
            _ => network.optimizer(LevenbergMarquardt::new().max_iterations(30)),
        };
    } else {
        let rate = if wild { draw.magnitude(-20.0, 20.0) } else { draw.magnitude(-4.0, -1.0) };
        network = network.optimizer(rule(draw, rate)).epochs(epochs).batch_size(draw.within(1, 40));
        network = network.schedule(schedule(draw)).accumulate(draw.pick(&[1, 1, 1, 2, 3]));
        if draw.chance(0.1) {
            network = network.dropout(0.3);
        }
        if draw.chance(0.2) {
            network = network.clip(draw.pick(&[Clip::norm(1.0), Clip::value(0.1)]));
        }
        held_out = draw.chance(0.3);
        if held_out {
            network = network.validation_fraction(draw.uniform(0.1, 0.6)).patience(draw.within(1, 3));
            network = network.min_improvement(draw.pick(&[0.0, 0.0, 0.1]));
        }
    }
    Setting { network, full_batch, epochs, l2, held_out, weighted_classes, plain: !wild }
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
    let told = !model.report().objective.is_nan() && !model.report().gradient_norm.is_some_and(f64::is_nan);
    let same = fit().is_ok_and(|again| again == model);
    case.check("the same fit gives another model", same || !told, || "");
    if obey(case, &model, &sample.x, &Rule::Probability).is_some() {
        refuses_nan(case, &model, &sample.x);
    }
    if told {
        returns(case, &model, &sample.x);
    }
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

/// A run that is stopped anywhere and resumed gives the same bits; another run's checkpoint is refused.
fn resumed<T: Real>(case: &mut Case, model: &FittedMlp<T, usize>, sample: &Sample<T>, setting: &Setting) {
    let with_weights = || {
        let options = MlpOptions::new();
        match &sample.weights {
            Some(weights) => options.weights(weights),
            None => options,
        }
    };
    let network = &setting.network;
    let Some(mut run) =
        case.must("a fit cannot be driven", network.start(&sample.x, &sample.y, with_weights()))
    else {
        return;
    };
    let steps = case.draw.below(12);
    for _ in 0..steps {
        if let Err(error) = run.step() {
            return case.fault("a step fails", error);
        }
    }
    let checkpoint = run.checkpoint();
    let Some(bytes) = case.must("a checkpoint cannot be written", checkpoint.to_bytes()) else { return };
    let read = Checkpoint::<T>::from_bytes(&bytes);
    let Some(read) = case.must("a checkpoint cannot be read", read) else { return };
    case.check("a checkpoint that was read differs", read == checkpoint, || "");
    let resumed = network.resume(&sample.x, &sample.y, with_weights(), read);
    let Some(mut resumed) = case.must("a checkpoint is refused", resumed) else { return };
    if let Err(error) = resumed.run_to_end(|_| ControlFlow::Continue(())) {
        return case.fault("a resumed run fails", error);
    }
    let resumed = resumed.finish();
    case.check("a resumed run gives another model", resumed == *model, || {
        format!("after {steps} steps: {} and {}", resumed.report(), model.report())
    });
    let activation =
        if format!("{network:?}").contains("Tanh") { Activation::Relu } else { Activation::Tanh };
    let hidden = !format!("{network:?}").contains("hidden: []");
    let other = network.clone().activation(activation);
    let accepted = other.resume(&sample.x, &sample.y, with_weights(), checkpoint.clone()).is_ok();
    case.check("a checkpoint of another activation is resumed", !hidden || !accepted, || "");
    let other = network.clone().optimizer(if format!("{network:?}").contains("Adadelta(") {
        UpdateRule::from(RmsProp::new(0.01))
    } else {
        UpdateRule::from(Adadelta::new(0.01))
    });
    let accepted = other.resume(&sample.x, &sample.y, with_weights(), checkpoint).is_ok();
    case.check("a checkpoint of another rule is resumed", !accepted, || "");
}

/// Where a minimiser says that no step improves, no step along the gradient does.
fn stalled<T: Real>(case: &mut Case, model: &FittedMlp<T, usize>, sample: &Sample<T>, setting: &Setting) {
    let usual = sample.tame && sample.weights.is_none() && !setting.weighted_classes;
    if !usual || model.report().stop != StopReason::Stalled || sample.occurring() != sample.classes {
        return;
    }
    let examples = Examples::new(&sample.x, Targets::Classes(&sample.y));
    let Ok(mut objective) = NetworkObjective::new(model.network(), model.loss(), examples, setting.l2) else {
        return;
    };
    let mut gradient = vec![T::zero(); model.params().len()];
    let here = objective.evaluate(model.params(), &mut gradient).value;
    let mut ignored = gradient.clone();
    let largest = gradient.iter().map(|g| g.as_f64().abs()).fold(0.0, f64::max);
    for exponent in 0..16 {
        // The parameter of the steepest slope moves by at most a tenth.
        let step = T::of(0.1 * 10f64.powi(-exponent) / largest);
        let moved: Vec<T> = model.params().iter().zip(&gradient).map(|(p, g)| *p - step * *g).collect();
        let there = objective.evaluate(&moved, &mut ignored).value;
        let clear = 1e3 * T::EPSILON.as_f64() * here.abs().max(1e-3);
        case.check("stalled where a step along the gradient improves", !(there < here - clear), || {
            format!("step {:e}: {here} to {there}; {}", step.as_f64(), model.report())
        });
    }
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
