//! Everything that was measured of a training run.

use super::classes::Classes;
use super::controls::Controls;
use super::gradient::GradientEvidence;
use super::losses::LossEvidence;
use super::outcome::Outcome;
use super::outputs::OutputEvidence;
use super::trial::TrialEvidence;
use super::units::LayerEvidence;
use crate::doctor::data::Scaling;
use crate::doctor::trace::Trace;
use crate::report::{Divergence, StopReason};
use crate::train::Settings;

/// Everything that was measured of a training run, as plain numbers: what the rules read.
#[derive(Debug, Clone)]
pub(crate) struct Evidence {
    /// The shares of the classes; `None` for targets that are not classes.
    pub(crate) classes: Option<ClassEvidence>,
    pub(crate) losses: Option<LossEvidence>,
    pub(crate) outputs: OutputEvidence,
    pub(crate) gradient: Option<GradientEvidence>,
    pub(crate) settings: Settings,
    pub(crate) start: Moment,
    pub(crate) course: Course,
    pub(crate) end: Moment,
    pub(crate) held: Option<Held>,
    /// Whether a model without hidden layers and penalty, which predicts nearly every row right, was shown to
    /// have classes that are separable.
    pub(crate) separable: bool,
    pub(crate) stop: StopReason,
    pub(crate) divergence: Option<Divergence>,
    /// The scales of the columns; `None` if all columns are constant.
    pub(crate) scaling: Option<Scaling>,
    /// The short fits of the probe; empty without one.
    pub(crate) trials: Vec<TrialEvidence>,
    /// The control fits of the probe, if the run has no skill and no change gives it one.
    pub(crate) controls: Option<Controls>,
    /// The course of the run, for the user.
    pub(crate) trace: Trace,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClassEvidence {
    pub(crate) shares: Vec<f64>,
    pub(crate) entropy: f64,
    pub(crate) majority: f64,
    pub(crate) occurring: usize,
}

impl ClassEvidence {
    pub(crate) fn of<T: crate::scalar::Real>(classes: &Classes<T>) -> Self {
        ClassEvidence {
            shares: classes.shares.clone(),
            entropy: classes.entropy(),
            majority: classes.majority(),
            occurring: classes.occurring(),
        }
    }
}

/// The network at the start or at the end of the run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moment {
    pub(crate) outcome: Outcome,
    pub(crate) layers: Vec<LayerEvidence>,
    /// How far the units of each hidden layer are apart; see [`super::units::spreads`].
    pub(crate) spreads: Vec<f64>,
    /// The root mean square of the gradient of each layer with parameters.
    pub(crate) gradients: Vec<f64>,
    /// The largest entry of the gradient of loss and penalty.
    pub(crate) largest_gradient: f64,
    /// The penalty.
    pub(crate) penalty: f64,
    /// The norm of the penalised parameters.
    pub(crate) norm: f64,
}

/// The course of the run.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Course {
    /// The steps taken.
    pub(crate) steps: u64,
    /// The largest update ratio of a layer in the first step.
    pub(crate) first_ratio: Option<f64>,
    /// The smallest and the largest learning rate at the end of an epoch.
    pub(crate) rates: Option<(f64, f64)>,
    /// The largest update ratio of a layer in the last step of each epoch.
    pub(crate) ratios: Vec<f64>,
    /// The objective after each iteration or epoch.
    pub(crate) objective: Vec<f64>,
    /// The epochs at which the loss was measured, with the loss and the norm of the penalised parameters.
    pub(crate) points: Vec<CoursePoint>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CoursePoint {
    pub(crate) epoch: usize,
    pub(crate) loss: f64,
    pub(crate) norm: f64,
    pub(crate) held_loss: Option<f64>,
}

/// The rows that the network was not trained on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Held {
    pub(crate) rows: usize,
    pub(crate) outcome: Outcome,
    /// The smallest loss at a point of the course, and its epoch.
    pub(crate) best: Option<(f64, usize)>,
}
