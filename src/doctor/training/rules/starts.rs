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
