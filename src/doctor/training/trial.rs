//! Short fits with one change, which show what a change does.

use std::fmt;

/// A change to a training run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Change {
    /// The learning rate times a factor.
    Rate(f64),
    /// Other initial parameters; see [`super::starts::fair`].
    Start,
    /// Other initial parameters and the learning rate times a factor.
    StartAndRate(f64),
    /// The base learning rate in every step.
    Schedule,
    /// Standardised columns.
    Columns,
    /// No penalty.
    Penalty,
    /// A thousandth of the penalty.
    LowPenalty,
    /// The same weight for all rows.
    Weights,
    /// Rows in a new order in each epoch.
    Shuffle,
    /// More steps, from where the run ended.
    Steps,
    /// Fully connected layers of the same sizes, with rectifiers.
    Activation,
    /// Rectifiers, and the learning rate times a factor.
    ActivationAndRate(f64),
    /// Two hidden layers of 32 rectifiers.
    Wide,
    /// No penalty and the learning rate times a factor.
    PenaltyAndRate(f64),
    /// Standardised columns and the learning rate times a factor.
    ColumnsAndRate(f64),
}

impl Change {
    /// Returns whether the network is another one.
    pub(crate) fn is_architecture(self) -> bool {
        matches!(self, Change::Activation | Change::ActivationAndRate(_) | Change::Wide)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Rate(factor) => write!(f, "the learning rate times {factor}"),
            Change::Start => f.write_str("fresh initial weights"),
            Change::StartAndRate(factor) => {
                write!(f, "fresh initial weights and the learning rate times {factor}")
            }
            Change::PenaltyAndRate(factor) => write!(f, "no penalty and the learning rate times {factor}"),
            Change::ColumnsAndRate(factor) => {
                write!(f, "standardised columns and the learning rate times {factor}")
            }
            Change::Columns => f.write_str("standardised columns"),
            Change::Schedule => f.write_str("a constant learning rate"),
            Change::Penalty => f.write_str("no penalty"),
            Change::LowPenalty => f.write_str("a thousandth of the penalty"),
            Change::Weights => f.write_str("equal weights of the rows"),
            Change::Shuffle => f.write_str("shuffled rows"),
            Change::Steps => f.write_str("more steps"),
            Change::Activation => f.write_str("rectifiers in layers of the same sizes"),
            Change::ActivationAndRate(factor) => {
                write!(f, "rectifiers in layers of the same sizes and the learning rate times {factor}")
            }
            Change::Wide => f.write_str("two hidden layers of 32 rectifiers"),
        }
    }
}

/// What a short fit with one change did, on rows that it was not trained on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TrialEvidence {
    pub(crate) change: Change,
    /// The steps of the short fit.
    pub(crate) steps: u64,
    /// The number of rows to judge by.
    pub(crate) rows: usize,
    pub(crate) with: Judged,
    /// The norm of the penalised parameters with the change.
    pub(crate) norm: f64,
    /// The same before the first step of the short fit.
    pub(crate) untrained: Judged,
    /// The same of the run itself, at its end.
    pub(crate) before: Judged,
}

/// How good predictions are on the rows to judge by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Judged {
    pub(crate) loss: f64,
    pub(crate) skill: f64,
    /// The mean recall over the classes.
    pub(crate) balanced: f64,
}

/// The skill below which a model is of no use, however it decides.
const USELESS: f64 = 0.25;
/// The least skill that a short fit must add to its own start.
const LEARNT: f64 = 0.1;
/// The mean recall that a change must add to a model that is of use, beside what chance can add.
const DECISIONS: f64 = 0.02;

/// The skill below which a model of use leaves much to be learnt, and the gain from which a change to it matters.
const WEAK: f64 = 0.5;
const MUCH: f64 = 0.25;

impl TrialEvidence {
    /// Returns the skill that the change adds, where predictions worse than a constant count as one; 0 if the
    /// short fit starts as well as it ends.
    pub(crate) fn raw_gain(&self) -> f64 {
        let worth = |judged: Judged| if judged.skill.is_finite() { judged.skill.max(0.0) } else { 0.0 };
        let learns = self.with.skill - worth(self.untrained) >= LEARNT || self.change == Change::Steps;
        if learns { worth(self.with) - worth(self.before) } else { 0.0 }
    }

    /// Returns [`raw_gain`](Self::raw_gain) if the change matters: if the model is of no use without it, or if it
    /// changes decisions by more than chance. Otherwise it only sharpens probabilities, and the gain is 0.
    pub(crate) fn gain(&self) -> f64 {
        let useless = !self.before.skill.is_finite() || self.before.skill < USELESS;
        let gain = self.raw_gain();
        // Weights are there to change decisions, for the better.
        if self.change == Change::Weights {
            return if self.decides() { gain } else { 0.0 };
        }
        let weak = self.before.skill < WEAK && gain >= MUCH && self.decides();
        if useless || weak { gain } else { 0.0 }
    }

    /// Returns whether decisions are better with the change by more than chance.
    pub(crate) fn decides(&self) -> bool {
        let chance = 0.5 / (self.rows as f64).sqrt();
        self.with.balanced - self.before.balanced >= DECISIONS + chance
    }
}
