//! Numbers that are not finite, and runs that ended too early.

use crate::code::Code;
use crate::doctor::finding::{Finding, Severity};
use crate::doctor::training::evidence::Evidence;
use crate::report::StopReason;

/// The share of the fall of the loss that the last tenth of a run must add for its end to be too early.
const FALLS: f64 = 0.01;

/// A run that left the finite numbers.
pub(super) fn not_finite(evidence: &Evidence) -> Option<Finding> {
    let divergence = evidence.divergence?;
    let why = format!("training stopped, because a number is no longer finite: {divergence}");
    let change = "lower the learning rate, standardise the columns, or use losses on raw scores";
    let finding = Finding::new(Code::NotFinite, Severity::Error, why, change);
    Some(finding.saw("step", divergence.step as f64).saw("epoch", divergence.epoch as f64))
}

/// A loss that is far above that of the start and of a constant at the end.
pub(super) fn diverged(evidence: &Evidence) -> Option<Finding> {
    const FAR: f64 = 10.0;
    let (start, end) = (evidence.start.outcome.loss, evidence.end.outcome.loss);
    let constant = evidence.losses.as_ref()?.constant;
    let usual = start.max(constant);
    if end <= FAR * usual || usual.is_nan() || usual <= 0.0 {
        return None;
    }
    let why = "the loss has grown far beyond that of the start and of a constant";
    let change = "lower the learning rate, or standardise the columns";
    let finding = Finding::new(Code::NotFinite, Severity::Error, why, change);
    Some(finding.saw("loss", end).saw("at the start", start).saw("best constant", constant))
}

/// A minimiser that reached its limit of iterations. `poor` says that the result has other faults, too.
pub(super) fn not_converged(evidence: &Evidence, poor: bool) -> Option<Finding> {
    let minimizer = evidence.settings.rate.is_none();
    if !minimizer || evidence.stop != StopReason::IterationLimit {
        return None;
    }
    // At the end of a long run the loss hardly falls any more.
    let curve = &evidence.course.objective;
    let late = (curve.len() * 9 / 10).min(curve.len().saturating_sub(2));
    let late = curve.get(late).copied().unwrap_or(f64::INFINITY);
    let (first, last) = (evidence.start.outcome.loss, curve.last().copied().unwrap_or(f64::NEG_INFINITY));
    let falls = late - last > FALLS * (first - last).abs();
    let severity = if falls || poor { Severity::Warning } else { Severity::Info };
    let why = "the minimiser reached its limit of iterations before the gradient was small";
    let change = "raise the limit of iterations, or standardise the columns";
    let finding = Finding::new(Code::NotConverged, severity, why, change);
    Some(
        finding
            .saw("largest entry of the gradient", evidence.end.largest_gradient)
            .saw("iterations", evidence.settings.limit as f64),
    )
}

/// A run of few steps.
pub(super) fn few_steps(evidence: &Evidence) -> Option<Finding> {
    const FEW: u64 = 100;
    let steps = evidence.course.steps;
    if evidence.settings.rate.is_none() || steps >= FEW || evidence.stop != StopReason::IterationLimit {
        return None;
    }
    let why = format!("the run took only {steps} steps: batches of {} rows", evidence.settings.batch);
    let change = "train for more epochs, or with smaller batches";
    Some(Finding::new(Code::FewSteps, Severity::Info, why, change).saw("steps", steps as f64))
}
