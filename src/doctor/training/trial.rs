//! Short fits with one change, which show what a change does.

use std::fmt;

/// A change to a training run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Change {
    /// The learning rate times a factor.
    Rate(f64),
    /// Other initial parameters, drawn by the layers.
    Start,
    /// Other initial parameters and the learning rate times a factor.
    StartAndRate(f64),
    /// Standardised columns.
    Columns,
    /// No penalty.
    Penalty,
    /// The same weight for all rows.
    Weights,
    /// More steps, from where the run ended.
    Steps,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Rate(factor) => write!(f, "the learning rate times {factor}"),
            Change::Start => f.write_str("initial weights drawn by the layers"),
            Change::StartAndRate(factor) => {
                write!(f, "initial weights drawn by the layers and the learning rate times {factor}")
            }
            Change::Columns => f.write_str("standardised columns"),
            Change::Penalty => f.write_str("no penalty"),
            Change::Weights => f.write_str("equal weights of the rows"),
            Change::Steps => f.write_str("more steps"),
        }
    }
}

/// What a short fit with one change did, on rows that it was not trained on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TrialEvidence {
    pub(crate) change: Change,
    /// The steps of the short fit.
    pub(crate) steps: u64,
    /// The loss and the skill with the change.
    pub(crate) loss: f64,
    pub(crate) skill: f64,
    /// The loss and the skill of the run itself, at its end, on the same rows.
    pub(crate) loss_before: f64,
    pub(crate) skill_before: f64,
}

impl TrialEvidence {
    /// Returns the skill that the change adds.
    pub(crate) fn gain(&self) -> f64 {
        if self.skill_before.is_finite() {
            self.skill - self.skill_before.max(-1.0)
        } else {
            self.skill + 1.0
        }
    }
}
