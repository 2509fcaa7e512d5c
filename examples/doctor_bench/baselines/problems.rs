//! What AutoTrainer says: a problem, and the codes that it stands for.
//!
//! | problem | codes | repairs that it tries |
//! |---|---|---|
//! | abnormal data | D07 | preprocess the data |
//! | loss function | D04, D14 | another loss |
//! | output activation | D14 | another output activation |
//! | dying ReLU | D11, D06 | other units, start or normalisation |
//! | exploding gradient | D08, D10, D06, D07 | other units, clipping, normalisation |
//! | vanishing gradient | D13, D12, D06 | other units, normalisation |
//! | oscillating loss | D08, D23, D06 | Adam, rate, batch, momentum, start |
//! | slow convergence | D09, D17, D08, D06, D01, D02 | optimizer, rate, start |

use logit::doctor::Code;

use super::Said;

/// A problem that stops a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Problem {
    Data,
    Loss,
    Activation,
    DyingRelu,
    Explosion,
    Vanishing,
    Oscillation,
    SlowConvergence,
}

impl Problem {
    /// Returns how important a problem is beside others.
    pub(crate) fn priority(self) -> usize {
        match self {
            Problem::Data => 4,
            Problem::Loss | Problem::Activation => 3,
            Problem::DyingRelu | Problem::Explosion | Problem::Vanishing => 2,
            Problem::Oscillation | Problem::SlowConvergence => 1,
        }
    }

    /// Returns the finding.
    pub(crate) fn said(self) -> Said {
        use Code::*;
        match self {
            Problem::Data => Said::stop("abnormal data", &[UnscaledColumns]),
            Problem::Loss => Said::stop("improper loss", &[LabelCoding, LossMismatch]),
            Problem::Activation => Said::stop("improper activation", &[LossMismatch]),
            Problem::DyingRelu => Said::stop("dying ReLU", &[DeadUnits, PoorInitialization]),
            Problem::Explosion => Said::stop(
                "exploding gradient",
                &[LearningRateTooLarge, NotFinite, PoorInitialization, UnscaledColumns],
            ),
            Problem::Vanishing => {
                Said::stop("vanishing gradient", &[VanishingGradient, SaturatedUnits, PoorInitialization])
            }
            Problem::Oscillation => {
                Said::stop("oscillating loss", &[LearningRateTooLarge, FewSteps, PoorInitialization])
            }
            Problem::SlowConvergence => Said::stop(
                "slow convergence",
                &[
                    LearningRateTooSmall,
                    NotConverged,
                    LearningRateTooLarge,
                    PoorInitialization,
                    ConstantPredictor,
                    NoSkill,
                ],
            ),
        }
    }
}
