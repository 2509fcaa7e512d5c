//! From evidence to findings.

mod causes;
mod labels;
mod numbers;
mod result;
mod starts;

use super::evidence::Evidence;
use crate::doctor::diagnosis::Diagnosis;

/// Returns the findings about a training run.
pub(crate) fn diagnose(evidence: &Evidence) -> Diagnosis {
    let mut findings = Vec::new();
    findings.extend(labels::coding(evidence));
    findings.extend(labels::mismatch(evidence));
    findings.extend(labels::gradient(evidence));
    findings.extend(starts::symmetric(evidence));
    findings.extend(numbers::not_finite(evidence));
    let threshold = result::threshold(evidence);
    // A wrong loss, gradient or start explains whatever a short fit would show, and so do weights that shift
    // the threshold.
    let shifted = evidence.settings.weighted && threshold.is_some();
    if findings.is_empty() && !shifted {
        findings.extend(causes::cause(evidence));
    }
    let explained = !findings.is_empty();
    findings.extend(result::no_skill(evidence));
    findings.extend(threshold);
    findings.extend(result::separable(evidence));
    findings.extend(result::overfitting(evidence));
    if !explained {
        findings.extend(numbers::not_converged(evidence));
    }
    Diagnosis::new(findings)
}
