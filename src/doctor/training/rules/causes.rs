//! Causes that a short fit has shown.

use crate::code::Code;
use crate::doctor::data::Scaling;
use crate::doctor::finding::{Finding, Severity, Trial};
use crate::doctor::training::evidence::Evidence;
use crate::doctor::training::trial::{Change, TrialEvidence};

/// The least skill that a change must add to name a cause.
const GAIN: f64 = 0.1;
/// The least share of the largest gain.
const SHARE: f64 = 0.6;
/// The norm of the weights at the end, relative to the start, below which a penalty has shrunk them.
const SHRUNK: f64 = 0.3;
/// The share of the penalty in the objective from which it is large.
const WEIGHS: f64 = 0.2;
/// The lead in skill of a larger network from which nothing else is tried.
const MUCH: f64 = 0.25;
/// The gradient of the first layer of several, relative to the last, below which it is small.
const FAINT: f64 = 0.1;
/// The gradient of the first layer, relative to the last, below which it has vanished.
const VANISHED: f64 = 1e-3;
/// The limit in place of [`VANISHED`] for networks of several hidden layers that learn nothing.
const FADED: f64 = 1e-2;
/// The number of steps below which a run has hardly begun.
const FEW: u64 = 100;
/// The number of steps below which nothing else can be said of a run.
const HARDLY: u64 = 20;

/// Returns the cause that the short fits have shown.
pub(super) fn cause(evidence: &Evidence) -> Option<Finding> {
    shown(evidence, &TrialEvidence::gain)
        .or_else(|| fading(evidence))
        .or_else(|| lost(evidence))
        .or_else(|| bottleneck(evidence))
}

/// Returns what keeps a run without skill from learning from its start on, where no short fit is better.
fn lost(evidence: &Evidence) -> Option<Finding> {
    let deep = evidence.start.gradients.len() > 3;
    let vanished = if deep { FADED } else { VANISHED };
    // Units are dead for columns of zeros, too.
    let varied = evidence.scaling.is_some();
    // A network that learns a few rows by heart can learn.
    let learns = evidence.controls.is_some_and(|controls| controls.few_rows >= 0.5);
    let helpless = evidence.end.outcome.skill < GAIN && varied && !learns;
    helpless.then(|| structural(evidence, vanished)).flatten()
}

/// Returns what would sharpen the probabilities, without making decisions better.
pub(super) fn remark(evidence: &Evidence) -> Option<Finding> {
    let found = shown(evidence, &TrialEvidence::raw_gain)?;
    let why = format!("decisions are as good, but probabilities would be sharper: {}", found.why);
    Some(Finding { severity: Severity::Info, why, ..found })
}

/// Returns a gradient that vanishes, where a short fit with rectifiers is better.
fn fading(evidence: &Evidence) -> Option<Finding> {
    let layers = &evidence.start.gradients;
    let (first, last) = (layers.first()?, layers.last()?);
    let trial = evidence.trials.iter().find(|trial| trial.change == Change::Activation)?;
    let better = trial.with.skill - trial.before.skill >= GAIN;
    let fades = layers.len() > 3 && first / last < VANISHED && evidence.end.outcome.skill < 0.5;
    (better && fades).then(|| checked(vanishing(first / last), *trial))
}

/// Returns the cause that a short fit has shown to matter for decisions.
fn shown(evidence: &Evidence, gain: &dyn Fn(&TrialEvidence) -> f64) -> Option<Finding> {
    let trials = &evidence.trials;
    // Rectifiers and wide layers often learn faster than what was asked for: they are only causes if nothing
    // else is.
    let other = |trial: &&TrialEvidence| trial.change.is_architecture();
    let largest_of = |others: bool| {
        let some = trials.iter().filter(|trial| other(trial) == others);
        some.map(gain).fold(0.0, f64::max)
    };
    let largest = if largest_of(false) >= GAIN { largest_of(false) } else { largest_of(true) };
    if largest < GAIN {
        return None;
    }
    let best = |test: &dyn Fn(Change) -> bool| {
        let some = trials.iter().filter(|trial| test(trial.change));
        let some = some.filter(|trial| gain(trial) >= GAIN.max(SHARE * largest));
        some.max_by(|a, b| a.with.skill.total_cmp(&b.with.skill)).copied()
    };
    let uneven = evidence.scaling.as_ref().is_some_and(Scaling::is_uneven);
    let columns = best(&|change| matches!(change, Change::Columns | Change::ColumnsAndRate(_)));
    let columns = columns.filter(|_| uneven);
    let factor = |change| match change {
        Change::Rate(factor) | Change::PenaltyAndRate(factor) | Change::ColumnsAndRate(factor) => factor,
        _ => 1.0,
    };
    let slower = best(&|change| factor(change) < 1.0);
    let faster = best(&|change| factor(change) > 1.0);
    let start = best(&|change| change == Change::Start);
    let both = best(&|change| matches!(change, Change::StartAndRate(_)));
    let penalty = best(&|change| matches!(change, Change::Penalty | Change::LowPenalty));
    let weights = best(&|change| change == Change::Weights);
    let steps = best(&|change| change == Change::Steps);

    // Units that are dead or saturated from the start are worse than few steps.
    let fresh = trials.iter().find(|trial| trial.change == Change::Start);
    if let Some(trial) = fresh.filter(|trial| gain(trial) >= GAIN.max(SHARE * largest))
        && let Some(finding) = structural(evidence, 0.0)
    {
        return Some(checked(finding, *trial));
    }
    // Every short fit takes so many steps: if more steps alone help as much, they are the cause.
    let more = trials.iter().find(|trial| trial.change == Change::Steps).copied();
    let short = |trial: &TrialEvidence| {
        let few = evidence.course.steps < FEW && trial.decides();
        evidence.course.steps < trial.steps && (gain(trial) >= 0.8 * largest || few)
    };
    if let Some(trial) = more.filter(short) {
        return Some(unfinished(evidence, trial));
    }
    let any = best(&|change| !change.is_architecture());
    if let Some(trial) = any.filter(|_| evidence.course.steps < HARDLY && evidence.settings.rate.is_some()) {
        return Some(unfinished(evidence, trial));
    }
    if let Some(trial) =
        best(&|change| change == Change::Weights).filter(|trial| gain(trial) >= 0.8 * largest)
    {
        return Some(shifted(trial));
    }
    // Shuffling only helps if the order of the rows does harm, whatever else helps.
    let shuffled = trials.iter().find(|trial| trial.change == Change::Shuffle);
    if let Some(&trial) = shuffled.filter(|trial| gain(trial) >= GAIN) {
        let why = "batches take the rows in their order, and rows of one class come together";
        let finding =
            Finding::new(Code::FewSteps, Severity::Warning, why, "shuffle the rows (`Trainer::shuffle`)");
        return Some(checked(finding.saw("rows of a batch", evidence.settings.batch as f64), trial));
    }
    if let Some(trial) = columns {
        let why = "columns of very different size make gradient descent slow along the small ones, or diverge \
                   along the large ones";
        let change = "standardise the columns (`StandardScaler` in a `Pipeline`)";
        let finding = Finding::new(Code::UnscaledColumns, Severity::Warning, why, change);
        let ratio = evidence.scaling.as_ref().map_or(f64::NAN, |scaling| scaling.ratio);
        return Some(checked(finding.saw("curvature beside standardised columns", ratio), trial));
    }
    if let Some(trial) = slower {
        let why = "steps are so large that the loss jumps over its minimum";
        let finding = Finding::new(Code::LearningRateTooLarge, Severity::Warning, why, rate(evidence, trial));
        return Some(checked(with_ratio(finding, evidence), trial));
    }
    let architecture = |trial: &TrialEvidence| trial.change.is_architecture();
    if let Some(trial) = best_of_all(trials, gain).filter(architecture)
        && let Some(finding) = structural(evidence, VANISHED)
    {
        return Some(checked(finding, trial));
    }
    let wide = trials.iter().find(|trial| trial.change == Change::Wide);
    let leads = |trial: &&TrialEvidence| {
        gain(trial) - largest_of(false) >= MUCH
            || gain(trial) >= GAIN && largest_of(false) < SHARE * gain(trial)
    };
    if let Some(trial) = wide.filter(leads) {
        return Some(checked(architecture_of(evidence), *trial));
    }
    if let Some(trial) = start {
        return Some(checked(initial(evidence), trial));
    }
    let shrunk = evidence.end.norm < SHRUNK * evidence.start.norm;
    let released = best(&|change| matches!(change, Change::PenaltyAndRate(_))).filter(|_| shrunk);
    let share = evidence.end.penalty / (evidence.end.penalty + evidence.end.outcome.loss.abs());
    let weighs = |trial: &TrialEvidence| shrunk || share > WEIGHS || evidence.end.norm < SHRUNK * trial.norm;
    if let Some(trial) = penalty.filter(weighs).or(released) {
        // Without a gradient, weights have only the penalty to follow.
        if let Some(finding) = structural(evidence, VANISHED) {
            return Some(checked(finding, trial));
        }
        let why = "the penalty is so large that the weights stay close to 0";
        let change = "lower the penalty";
        let finding = Finding::new(Code::TooMuchPenalty, Severity::Warning, why, change);
        return Some(checked(finding.saw("share of the penalty in the objective", share), trial));
    }
    if let Some(trial) = steps.filter(|trial| faster.is_none_or(|faster| gain(&faster) - gain(trial) < 0.05))
    {
        return Some(unfinished(evidence, trial));
    }
    if let Some(trial) = best(&|change| change == Change::Schedule) {
        let rate = evidence.settings.rate.unwrap_or(f64::NAN);
        let raised = evidence.course.rates.is_some_and(|(_, high)| high > 2.0 * rate);
        let (code, why) = if raised {
            let why = "the schedule raises the learning rate so far that the loss jumps over its minimum";
            (Code::LearningRateTooLarge, why)
        } else {
            let why = "the schedule keeps the learning rate so small that the weights hardly move";
            (Code::LearningRateTooSmall, why)
        };
        let change = "use a constant learning rate, or another schedule";
        let finding = Finding::new(code, Severity::Warning, why, change);
        return Some(checked(with_ratio(finding, evidence), trial));
    }
    if let Some(trial) = faster {
        let why = "steps are so small that the loss falls slowly";
        let finding = Finding::new(Code::LearningRateTooSmall, Severity::Warning, why, rate(evidence, trial));
        return Some(checked(with_ratio(finding, evidence), trial));
    }
    if let Some(trial) = weights {
        return Some(shifted(trial));
    }
    if let Some(trial) = both {
        return Some(checked(initial(evidence), trial));
    }
    let trial = best(&|change| change.is_architecture())?;
    Some(checked(architecture_of(evidence), trial))
}

/// Returns a hidden layer that is too narrow for the classes, where a wide network decides better.
fn bottleneck(evidence: &Evidence) -> Option<Finding> {
    let narrowest = evidence.end.layers.iter().map(|layer| layer.units).min()?;
    let classes = evidence.classes.as_ref().map_or(2, |classes| classes.occurring);
    let trial = evidence.trials.iter().find(|trial| trial.change == Change::Wide)?;
    let better = trial.raw_gain() >= 2.0 * GAIN && trial.decides();
    let narrow = narrowest <= 2 || narrowest < classes - 1;
    let why = format!("a hidden layer of {narrowest} units lets too little through for the boundary");
    let finding = Finding::new(Code::SmallNetwork, Severity::Warning, why, "use more hidden units");
    (narrow && better).then(|| checked(finding, *trial))
}

/// Returns what is wrong with an architecture that another one betters.
fn architecture_of(evidence: &Evidence) -> Finding {
    let deep = evidence.start.gradients.len() > 3;
    let gain_of = |change: Change| {
        let trial = evidence.trials.iter().find(|trial| trial.change == change);
        trial.map_or(0.0, TrialEvidence::gain)
    };
    // Layers of the same sizes are large enough if rectifiers learn in them.
    let sized = gain_of(Change::Activation) >= 0.8 * gain_of(Change::Wide);
    let faint = if deep { structural(evidence, if sized { 0.5 } else { FAINT }) } else { None };
    faint.or_else(|| structural(evidence, VANISHED)).unwrap_or_else(|| too_small(evidence))
}

fn too_small(evidence: &Evidence) -> Finding {
    let hidden = evidence.end.layers.iter().map(|layer| layer.units).max();
    let why = match hidden {
        None => {
            "the model has no hidden layer, and the boundary between the classes is not a plane".to_owned()
        }
        Some(units) => format!("hidden layers of at most {units} units are too small for the boundary"),
    };
    Finding::new(Code::SmallNetwork, Severity::Warning, why, "use more hidden units")
}

/// Returns the trial with the largest gain.
fn best_of_all(trials: &[TrialEvidence], gain: &dyn Fn(&TrialEvidence) -> f64) -> Option<TrialEvidence> {
    trials.iter().filter(|trial| gain(trial) >= GAIN).max_by(|a, b| gain(a).total_cmp(&gain(b))).copied()
}

/// Weights of rows that shift the decision.
fn shifted(trial: TrialEvidence) -> Finding {
    let why = "the weights of the rows shift the probabilities away from the class frequencies";
    let change = "leave the class weights out, and choose a threshold";
    checked(Finding::new(Code::Threshold, Severity::Warning, why, change), trial)
}

/// A run that ended before it had learnt what it could.
fn unfinished(evidence: &Evidence, trial: TrialEvidence) -> Finding {
    let minimizer = evidence.settings.rate.is_none();
    let few = !minimizer && evidence.course.steps < FEW;
    let code = if few { Code::FewSteps } else { Code::NotConverged };
    let why = format!("the loss was still falling when training ended after {} steps", evidence.course.steps);
    let change = if minimizer {
        "raise the limit of iterations"
    } else {
        "train for more epochs, or with smaller batches"
    };
    checked(Finding::new(code, Severity::Warning, why, change), trial)
}

/// Returns what is wrong with the initial weights.
fn initial(evidence: &Evidence) -> Finding {
    structural(evidence, VANISHED).unwrap_or_else(|| {
        let why =
            "the initial weights are too large, too small or too much alike for the network to learn from";
        let change = "draw the initial weights with the scale of the layers (the default of `Dense`)";
        let finding = Finding::new(Code::PoorInitialization, Severity::Warning, why, change);
        finding.saw("loss at the start", evidence.start.outcome.loss)
    })
}

/// Returns what the units and gradients at the start show: dead or saturated units, or a gradient of the first
/// layer below the share `vanished` of that of the last.
fn structural(evidence: &Evidence, vanished: f64) -> Option<Finding> {
    let start = &evidence.start;
    let most = |of: &dyn Fn(usize) -> f64| {
        let layers = (0..start.layers.len()).map(|layer| (of(layer), layer));
        layers.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 0))
    };
    let (dead, layer) = most(&|layer| start.layers[layer].dead);
    if dead >= 0.5 {
        let why = format!(
            "most units of hidden layer {layer} are 0 for every row from the start, so they have no gradient"
        );
        let change = "start biases at 0 and weights with the scale of the layer (`Initializer::HeNormal`)";
        let finding = Finding::new(Code::DeadUnits, Severity::Error, why, change);
        return Some(finding.saw("share of dead units", dead));
    }
    let (saturated, layer) = most(&|layer| start.layers[layer].saturated);
    if saturated > 0.5 {
        let why = format!(
            "most outputs of hidden layer {layer} are at the ends of their range from the start, where the \
             gradient is close to 0"
        );
        let change =
            "draw smaller initial weights (`Initializer::GlorotUniform`), and standardise the columns";
        let finding = Finding::new(Code::SaturatedUnits, Severity::Warning, why, change);
        return Some(finding.saw("share of saturated outputs", saturated));
    }
    let (first, last) = (start.gradients.first()?, start.gradients.last()?);
    let ratio = first / last;
    (start.gradients.len() > 2 && ratio < vanished).then(|| vanishing(ratio))
}

fn vanishing(ratio: f64) -> Finding {
    let why = "the gradient becomes smaller from layer to layer, so the first layers hardly learn";
    let change = "use rectifiers or tanh in place of sigmoid, fewer layers, or normalisation";
    Finding::new(Code::VanishingGradient, Severity::Warning, why, change)
        .saw("gradient of the first layer relative to the last", ratio)
}

fn rate(evidence: &Evidence, trial: TrialEvidence) -> String {
    let factor = match trial.change {
        Change::Rate(factor) | Change::PenaltyAndRate(factor) | Change::ColumnsAndRate(factor) => factor,
        _ => 1.0,
    };
    let rate = evidence.settings.rate.unwrap_or(f64::NAN);
    format!("use a learning rate of about {:.1e} in place of {rate:.1e}", rate * factor)
}

fn with_ratio(finding: Finding, evidence: &Evidence) -> Finding {
    let mut ratios = evidence.course.ratios.clone();
    ratios.sort_by(f64::total_cmp);
    match ratios.get(ratios.len() / 2) {
        Some(&median) => {
            finding.saw("median change of the weights in a step, relative to their size", median)
        }
        None => finding,
    }
}

fn checked(finding: Finding, trial: TrialEvidence) -> Finding {
    let change = format!("{} for {} steps", trial.change, trial.steps);
    finding.verified(Trial { change, before: trial.before.loss, after: trial.with.loss })
}
