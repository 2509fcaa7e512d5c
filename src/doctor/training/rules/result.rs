//! What the predictions at the end are worth.

use crate::code::Code;
use crate::doctor::finding::{Finding, Severity};
use crate::doctor::training::controls::Controls;
use crate::doctor::training::evidence::{Evidence, Held};
use crate::doctor::training::outcome::Outcome;
use crate::report::StopReason;

/// The skill up to which predictions are no better than a constant.
const NO_SKILL: f64 = 0.02;

/// The growth of the weights over the second half of a run from which they grow without end.
const GROWTH: f64 = 1.05;

/// What was achieved in the end, and beside what.
#[derive(Clone, Copy)]
pub(crate) struct Achieved<'a> {
    pub(crate) outcome: &'a Outcome,
    /// The loss of the best constant, and the smallest loss; NaN if they are not known.
    pub(crate) constant: f64,
    pub(crate) floor: f64,
    pub(crate) held: Option<&'a Held>,
    /// Whether the rows have weights that differ.
    pub(crate) weighted: bool,
    pub(crate) controls: Option<Controls>,
}

impl<'a> Achieved<'a> {
    pub(super) fn of(evidence: &'a Evidence) -> Self {
        let losses = evidence.losses.as_ref();
        Achieved {
            outcome: &evidence.end.outcome,
            constant: losses.map_or(f64::NAN, |losses| losses.constant),
            floor: losses.map_or(f64::NAN, |losses| losses.floor),
            held: evidence.held.as_ref(),
            weighted: evidence.settings.weighted,
            controls: evidence.controls,
        }
    }
}

/// Predictions that are no better than the class frequencies.
pub(crate) fn no_skill(achieved: Achieved<'_>) -> Option<Finding> {
    let end = achieved.outcome;
    if achieved.constant.is_nan() {
        return None;
    }
    // Small data can be learnt by heart; rows that were held out show whether there was anything to learn.
    let held = achieved.held.filter(|held| held.rows >= 30);
    // Rows that never were predicted better than by a constant are other rows.
    let never = |held: &Held| {
        let best = held.best.map_or(f64::NAN, |(best, _)| best);
        (achieved.constant - best) / (achieved.constant - achieved.floor).abs().max(1e-12) < 0.05
    };
    let unlearnt = held
        .is_some_and(|held| held.outcome.likelihood_skill <= NO_SKILL && (end.skill < 0.25 || never(held)));
    // Decisions can be good although probabilities are so sure of themselves that the loss is large.
    let decides = |outcome: &Outcome| outcome.accuracy - outcome.majority > 0.1;
    let unlearnt = unlearnt && held.is_none_or(|held| !decides(&held.outcome));
    if !unlearnt && (end.skill > NO_SKILL || decides(end)) {
        return None;
    }
    let constant = end.dependence < 0.1;
    let code = if constant { Code::ConstantPredictor } else { Code::NoSkill };
    let (why, change) = if constant {
        (
            "the loss is no better than that of predicting the class frequencies for every row, and predictions \
             hardly depend on the row: the network has learnt nothing about the columns",
            "look for another finding, or let the doctor try changes (`Doctor::probe`); the columns may say \
             nothing about the classes",
        )
    } else {
        (
            "predictions depend on the row, but are worse than the class frequencies",
            "check that labels and columns have the same order and coding everywhere",
        )
    };
    let finding = Finding::new(code, Severity::Warning, why, change)
        .saw("loss", end.loss)
        .saw("best constant", achieved.constant)
        .saw("variation of the predictions", end.dependence);
    Some(controlled(finding, achieved.controls))
}

/// Adds what the control fits say of a run without skill.
fn controlled(finding: Finding, controls: Option<Controls>) -> Finding {
    const LEARNT: f64 = 0.5;
    let Some(controls) = controls else { return finding };
    let learns = controls.few_rows >= LEARNT;
    let tells = controls.plain - controls.shuffled >= 0.1;
    let (why, change) = match (learns, tells) {
        (false, _) => (
            "short fits do not even learn 16 rows by heart, so the training itself is at fault",
            "look at the loss, the gradient, the rate and the initial weights, on a few rows first",
        ),
        (true, false) => (
            "short fits learn 16 rows by heart, but learn these labels no better than shuffled ones, so the columns say \
             little about the classes",
            "check that rows and labels belong together, and look for other columns",
        ),
        (true, true) => (
            "short fits learn these labels better than shuffled ones, so the columns say something about the classes",
            "train for longer, or with other settings",
        ),
    };
    let why = format!("{}; {why}", finding.why);
    Finding { why, change: change.to_owned(), ..finding }
        .saw("skill on 16 rows", controls.few_rows)
        .saw("with shuffled labels", controls.shuffled)
        .saw("with columns of zeros", controls.zeroed)
}

/// Decisions that are worse than the ranking allows.
pub(crate) fn threshold(achieved: Achieved<'_>) -> Option<Finding> {
    let end = achieved.outcome;
    let shifted = || {
        let (balanced, threshold) = end.best_threshold?;
        let better = end.area? >= 0.75 && balanced - end.balanced() >= 0.15 && end.dependence >= 0.1;
        better.then_some((balanced, threshold))
    };
    // Two standard errors of the accuracy of the majority.
    let chance = 2.0 * (end.majority * (1.0 - end.majority) / end.rows.max(1) as f64).sqrt();
    let plain = end.accuracy <= end.majority + chance.max(0.01);
    let rare = end.majority >= 0.8 && plain && end.least_recall() < 0.1;
    // Weights that make the classes even more uneven are a cause of their own.
    if rare && !(achieved.weighted && shifted().is_some()) {
        let why = format!(
            "{:.1} % of the rows are predicted right, but saying the most frequent class for every row gives {:.1} %",
            100.0 * end.accuracy,
            100.0 * end.majority
        );
        let change = "judge by balanced accuracy or the area under the ROC curve, use class weights, or lower the \
                      threshold (`decide`)";
        let finding = Finding::new(Code::MajorityClass, Severity::Warning, why, change);
        return Some(
            finding.saw("smallest recall", end.least_recall()).saw("balanced accuracy", end.balanced()),
        );
    }
    if let Some((balanced, threshold)) = shifted() {
        let why = "the order of the rows by probability is good, only the threshold of the decision is not";
        let change = format!("predict the second class above a probability of {threshold:.3}");
        let finding = Finding::new(Code::Threshold, Severity::Warning, why, change);
        return Some(
            finding
                .saw("area under the ROC curve", end.area?)
                .saw("balanced accuracy", end.balanced())
                .saw("with the best threshold", balanced),
        );
    }
    None
}

/// Classes that a model without hidden layers separates, without a penalty.
pub(super) fn separable(evidence: &Evidence) -> Option<Finding> {
    let end = &evidence.end;
    // A fit that searches for a direction that separates the classes knows more.
    if let Some(known) = separation(evidence.stop) {
        return Some(known.saw("norm of the weights", end.norm));
    }
    if !end.layers.is_empty()
        || evidence.settings.l2 > 0.0
        || evidence.settings.decays
        || end.outcome.margin.is_nan()
    {
        return None;
    }
    let reached = end.outcome.margin > 0.0;
    if !reached && !evidence.separable {
        return None;
    }
    // While the norm stays, the weights do no harm yet.
    let (last, before) = evidence.course.points.split_last()?;
    let middle = before.iter().rev().find(|point| 2 * point.epoch <= last.epoch);
    let grows = middle.filter(|point| point.epoch > 0).is_none_or(|middle| end.norm > GROWTH * middle.norm);
    let severity = if grows { Severity::Warning } else { Severity::Info };
    if !reached {
        let found = separation(StopReason::Separated)?;
        return Some(Finding { severity, ..found }.saw("norm of the weights", end.norm));
    }
    let why = "the weights put every training row on its side. They are the proof that no finite weights are \
               optimal: they grow without end, and probabilities of 0 and 1 are an artefact";
    let change = "add a penalty, such as `l2(1e-3)`";
    let finding = Finding::new(Code::Separable, severity, why, change);
    Some(finding.saw("smallest margin", end.outcome.margin).saw("norm of the weights", end.norm))
}

/// What a fit that searches for separable classes says of them.
pub(crate) fn separation(stop: StopReason) -> Option<Finding> {
    let (severity, why) = match stop {
        StopReason::Separated => (
            Severity::Warning,
            "columns without a penalty separate the classes, so no finite coefficients are optimal: they grow without \
             end, and probabilities of 0 and 1 are an artefact",
        ),
        StopReason::SeparationUndecided => (
            Severity::Info,
            "columns without a penalty may separate the classes, so an optimum may not exist",
        ),
        _ => return None,
    };
    let change = "add a penalty, such as `Penalty::c(1.0)`, or Jeffreys' prior";
    Some(Finding::new(Code::Separable, severity, why, change))
}

/// A loss on held-out rows that has risen while the training loss fell.
pub(crate) fn overfitting(achieved: Achieved<'_>) -> Option<Finding> {
    let held = achieved.held?;
    let (end, rows) = (achieved.outcome, &held.outcome);
    let (best, epoch) = held.best.unwrap_or((rows.loss, 0));
    let span = (achieved.constant - achieved.floor).abs().max(1e-12);
    let gap = rows.loss - end.loss;
    let skill = |loss: f64| (achieved.constant - loss) / span;
    // What could be learnt of other rows is lost.
    let lost = skill(best) >= 0.05 && skill(rows.loss) <= NO_SKILL && gap > 0.1 * span;
    let apart = end.accuracy - rows.accuracy;
    if !lost && (rows.loss <= 1.2 * best || gap <= 0.1 * span || apart <= 0.05) {
        return None;
    }
    let severity = if apart >= 0.15 { Severity::Warning } else { Severity::Info };
    let why = format!(
        "the held-out loss was smallest at epoch {epoch} and has risen since, while the training loss fell"
    );
    let change = "stop early (validation rows), add a penalty, or use a smaller network";
    let finding = Finding::new(Code::Overfitting, severity, why, change);
    Some(
        finding
            .saw("training loss", end.loss)
            .saw("held-out loss", rows.loss)
            .saw("smallest held-out loss", best)
            .saw("training accuracy", end.accuracy)
            .saw("held-out accuracy", rows.accuracy),
    )
}

/// Rows that were learnt by heart: far better predictions for the training rows than for others.
pub(crate) fn by_heart(achieved: Achieved<'_>) -> Option<Finding> {
    let held = achieved.held?;
    let (end, rows) = (achieved.outcome, &held.outcome);
    let chance = 1.0 / (held.rows as f64).sqrt();
    let apart = end.accuracy - rows.accuracy >= 0.15 + chance;
    if !apart || end.likelihood_skill - rows.likelihood_skill < 0.5 {
        return None;
    }
    let why = "training rows are predicted far better than rows that were held out: the model has learnt them by heart";
    let change = "add a penalty, stop early, or use a smaller model";
    let finding = Finding::new(Code::Overfitting, Severity::Warning, why, change);
    Some(
        finding
            .saw("training loss", end.loss)
            .saw("held-out loss", rows.loss)
            .saw("training accuracy", end.accuracy)
            .saw("held-out accuracy", rows.accuracy),
    )
}
