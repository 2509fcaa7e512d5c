//! From evidence to findings.

mod causes;
mod labels;
mod numbers;
mod result;
mod starts;

use super::evidence::Evidence;
use crate::code::Code;
use crate::doctor::diagnosis::Diagnosis;
use crate::doctor::finding::Finding;
pub(super) use result::{Achieved, by_heart, no_skill, separation, threshold};

/// Returns the findings about a training run.
pub(crate) fn diagnose(evidence: &Evidence) -> Diagnosis {
    if evidence.classes.as_ref().is_some_and(|classes| classes.occurring < 2) {
        return Diagnosis::new(vec![labels::one_class()]);
    }
    let mut findings = Vec::new();
    // What a loss expects is read from its gradient.
    let readable = evidence.losses.as_ref().is_none_or(|losses| losses.consistent);
    if readable {
        findings.extend(labels::coding(evidence));
        findings.extend(labels::mismatch(evidence));
    }
    // A loss outside of its range has no derivative.
    if findings.iter().all(|finding| finding.code != Code::LossMismatch) {
        findings.extend(labels::gradient(evidence));
    }
    findings.extend(starts::symmetric(evidence));
    findings.extend(numbers::not_finite(evidence));
    let achieved = Achieved::of(evidence);
    let threshold = result::threshold(achieved);
    // A wrong loss, gradient or start explains whatever a short fit would show, and so do weights that shift
    // the threshold.
    let useful = evidence.end.outcome.likelihood_skill >= 0.25;
    let shifted = threshold.is_some() && (evidence.settings.weighted || useful);
    if findings.is_empty() {
        let cause = causes::cause(evidence);
        findings.extend(cause.filter(|cause| !shifted || cause.code == Code::TooMuchPenalty));
    }
    if findings.is_empty() {
        findings.extend(numbers::diverged(evidence));
    }
    let explained = !findings.is_empty();
    let overfitting = result::overfitting(achieved);
    let fitted_noise = overfitting.is_some();
    // What was learnt once and is lost says more than that nothing is left.
    if overfitting.is_none() {
        findings.extend(result::no_skill(achieved));
    }
    findings.extend(threshold);
    findings.extend(result::separable(evidence));
    findings.extend(overfitting);
    if !explained {
        let poor = findings.iter().any(Finding::is_warning);
        let unfinished = numbers::not_converged(evidence, poor);
        if unfinished.is_none() && !fitted_noise {
            findings.extend(causes::remark(evidence));
        }
        findings.extend(unfinished);
    }
    findings.extend(numbers::few_steps(evidence));
    findings.extend(starts::far_off(evidence));
    Diagnosis::new(findings)
}
