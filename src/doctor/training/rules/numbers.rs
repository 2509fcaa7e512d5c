//! Numbers that are not finite, and runs that ended too early.

use crate::code::Code;
use crate::doctor::finding::{Finding, Severity};
use crate::doctor::training::evidence::Evidence;
use crate::report::StopReason;

/// A run that left the finite numbers.
pub(super) fn not_finite(evidence: &Evidence) -> Option<Finding> {
    let divergence = evidence.divergence?;
    let why = format!("training stopped, because a number is no longer finite: {divergence}");
    let change = "lower the learning rate, standardise the columns, or use losses on raw scores";
    let finding = Finding::new(Code::NotFinite, Severity::Error, why, change);
    Some(finding.saw("step", divergence.step as f64).saw("epoch", divergence.epoch as f64))
}

/// A minimiser that reached its limit of iterations.
pub(super) fn not_converged(evidence: &Evidence) -> Option<Finding> {
    let minimizer = evidence.settings.rate.is_none();
    if !minimizer || evidence.stop != StopReason::IterationLimit {
        return None;
    }
    let why = "the minimiser reached its limit of iterations before the gradient was small";
    let change = "raise the limit of iterations, or standardise the columns";
    let finding = Finding::new(Code::NotConverged, Severity::Warning, why, change);
    Some(
        finding
            .saw("largest entry of the gradient", evidence.end.largest_gradient)
            .saw("iterations", evidence.settings.limit as f64),
    )
}
