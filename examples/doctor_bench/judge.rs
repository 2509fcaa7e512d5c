//! The judge: from a run that is ready to start to the findings about it.

use logit::doctor::{Code, Diagnosis, Severity};

use super::prepare::Prepared;

/// Returns what is found about a run, the first finding first.
pub(crate) fn diagnose(prepared: &Prepared) -> Vec<(Code, Severity)> {
    let diagnosis = match prepared.fit() {
        Ok(_) => Diagnosis::default(),
        Err(error) => Diagnosis::of_error(&error),
    };
    diagnosis.findings().iter().map(|finding| (finding.code, finding.severity)).collect()
}
