//! What DeepDiagnosis says: a symptom and a fix, and the codes that they stand for.
//!
//! | symptom | codes | | fix | codes |
//! |---|---|---|---|---|
//! | out of range | D04, D14 | | change the activation of the last layer | D14 |
//! | numerical problem | D10, D11 | | change a hidden activation | D11, D12, D13 |
//! | dead node | D11 | | normalise the data | D07 |
//! | saturated activation | D12 | | learning rate | D08, D09 |
//! | unchanged tensor | D09, D13, D03 | | change the optimizer | D08, D09 |
//! | invalid loss or accuracy | D10, D04 | | change the loss | D14 |
//! | loss not decreasing | D01, D02, D09, D17 | | dropout or missing activation | D14, D18 |
//! | accuracy not increasing | D01, D02, D15, D24 | | another layer, or no sigmoid | D12, D13, D28 |
//! | vanishing gradient | D13 | | | |

use logit::doctor::Code;

use super::Said;

/// What the user should change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fix {
    LastActivation,
    Activation,
    Normalise,
    Rate,
    Optimizer,
    Loss,
    Missing,
    Layers,
}

impl Fix {
    fn name(self) -> &'static str {
        match self {
            Fix::LastActivation => "change the activation of the last layer",
            Fix::Activation => "change the activation",
            Fix::Normalise => "normalise the data",
            Fix::Rate => "learning rate",
            Fix::Optimizer => "change the optimizer",
            Fix::Loss => "change the loss function",
            Fix::Missing => "add a dropout layer, or an activation is missing",
            Fix::Layers => "add or delete a layer, or change the sigmoid activation",
        }
    }

    fn codes(self) -> &'static [Code] {
        use Code::*;
        match self {
            Fix::LastActivation | Fix::Loss => &[LossMismatch],
            Fix::Activation => &[DeadUnits, SaturatedUnits, VanishingGradient],
            Fix::Normalise => &[UnscaledColumns],
            Fix::Rate | Fix::Optimizer => &[LearningRateTooLarge, LearningRateTooSmall],
            Fix::Missing => &[LossMismatch, Overfitting],
            Fix::Layers => &[SaturatedUnits, VanishingGradient, SmallNetwork],
        }
    }
}

/// What the tool sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Symptom {
    OutOfRange,
    Numerical,
    DeadNode,
    Saturated,
    Unchanged,
    Invalid,
    LossStays,
    AccuracyStays,
    Vanishing,
}

impl Symptom {
    fn name(self) -> &'static str {
        match self {
            Symptom::OutOfRange => "out of range",
            Symptom::Numerical => "numerical problem",
            Symptom::DeadNode => "dead node",
            Symptom::Saturated => "saturated activation",
            Symptom::Unchanged => "unchanged tensor",
            Symptom::Invalid => "invalid loss or accuracy",
            Symptom::LossStays => "loss not decreasing",
            Symptom::AccuracyStays => "accuracy not increasing",
            Symptom::Vanishing => "vanishing gradient",
        }
    }

    fn codes(self) -> &'static [Code] {
        use Code::*;
        match self {
            Symptom::OutOfRange => &[LabelCoding, LossMismatch],
            Symptom::Numerical => &[NotFinite, DeadUnits],
            Symptom::DeadNode => &[DeadUnits],
            Symptom::Saturated => &[SaturatedUnits],
            Symptom::Unchanged => &[LearningRateTooSmall, VanishingGradient, GradientMismatch],
            Symptom::Invalid => &[NotFinite, LabelCoding],
            Symptom::LossStays => &[ConstantPredictor, NoSkill, LearningRateTooSmall, NotConverged],
            Symptom::AccuracyStays => &[ConstantPredictor, NoSkill, MajorityClass, Threshold],
            Symptom::Vanishing => &[VanishingGradient],
        }
    }

    /// Returns the finding of a symptom with its fix.
    pub(crate) fn with(self, fix: Fix) -> Option<Said> {
        let mut codes = self.codes().to_vec();
        codes.extend(fix.codes().iter().filter(|code| !self.codes().contains(code)));
        Some(Said::stop(format!("{}: {}", self.name(), fix.name()), &codes))
    }
}
