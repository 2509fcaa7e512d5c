//! Initial weights that leave a network no way to learn.

use crate::code::Code;
use crate::doctor::finding::{Finding, Severity};
use crate::doctor::training::evidence::Evidence;

/// Hidden layers whose units are identical at the start.
pub(super) fn symmetric(evidence: &Evidence) -> Option<Finding> {
    let spreads = &evidence.start.spreads;
    let layer = spreads.iter().position(|&spread| spread < 1e-6)?;
    let why = format!(
        "all units of hidden layer {layer} start with the same weights, so they receive the same gradient and stay \
         one unit"
    );
    let change = "draw the initial weights at random (`Initializer::HeNormal`, `GlorotUniform`)";
    let finding = Finding::new(Code::SymmetricUnits, Severity::Error, why, change);
    Some(finding.saw("relative spread of the weights", spreads[layer]))
}

/// A loss at the start that is far above that of a constant: a remark, because the run may have recovered.
pub(super) fn far_off(evidence: &Evidence) -> Option<Finding> {
    const FAR: f64 = -2.0;
    let start = &evidence.start.outcome;
    if start.skill >= FAR || start.skill.is_nan() {
        return None;
    }
    let why = "the loss at the start is several times that of a constant, so the first steps only undo the initial \
               weights";
    let change = "draw smaller initial weights (the default of `Dense`)";
    let finding = Finding::new(Code::PoorInitialization, Severity::Info, why, change);
    let constant = evidence.losses.as_ref().map_or(f64::NAN, |losses| losses.constant);
    Some(finding.saw("loss at the start", start.loss).saw("best constant", constant))
}
