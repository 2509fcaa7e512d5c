//! What a fit tells about itself, while it runs and afterwards.

use std::fmt;
use std::ops::ControlFlow;

/// Why a fit stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// The largest entry of the gradient is within the tolerance (or the duality gap, if that was asked for): an
    /// optimum, certified.
    Converged,
    /// All iterations (or epochs) that were allowed have run.
    IterationLimit,
    /// No step improves the objective in this arithmetic, though the gradient is not within the tolerance. The model
    /// is usually as good as the number type allows.
    Stalled,
    /// The validation loss has not improved for the number of epochs that was asked for; the best weights were kept.
    EarlyStopped,
    /// The training rows are separated by class, completely or in part, and nothing penalises the coefficients that
    /// do it (or a penalty too weak to be felt at the tolerance): no optimum exists, they would grow for ever. Use a
    /// penalty, or a stronger one.
    Separated,
    /// The loss became infinite or NaN; the last finite parameters were kept. Use a smaller learning rate or scale
    /// the columns.
    Diverged,
    /// The observer asked to stop.
    Cancelled,
    /// Nothing was fitted: the parameters were given.
    Given,
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StopReason::Converged => "converged",
            StopReason::IterationLimit => "iteration limit reached",
            StopReason::Stalled => "stalled: no step improves the objective in this arithmetic",
            StopReason::EarlyStopped => "stopped early: the validation loss no longer improves",
            StopReason::Separated => "the classes are separable: without a penalty no optimum exists",
            StopReason::Diverged => "diverged: the loss is no longer finite",
            StopReason::Cancelled => "cancelled by the observer",
            StopReason::Given => "not fitted: the parameters were given",
        })
    }
}

/// Where a training run left the finite numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Divergence {
    /// The step of the optimizer at which it was seen, from 1. The model has the weights from before the step that
    /// caused it.
    pub step: u64,
    /// The epoch of that step, from 1.
    pub epoch: usize,
    /// What was no longer finite.
    pub what: NonFinite,
}

/// What became infinite or NaN first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NonFinite {
    /// The loss of the batch.
    Loss,
    /// The gradient in a layer, counted from 0 among those that have parameters.
    Gradient {
        /// The layer.
        layer: usize,
    },
    /// The parameters of a layer after the step, counted from 0 among those that have parameters.
    Parameters {
        /// The layer.
        layer: usize,
    },
    /// The penalty on the weights after the step.
    Penalty,
    /// The running statistics of a normalisation after the step, of inputs whose squares leave the number type.
    Statistics,
    /// The loss on the validation rows after the epoch.
    ValidationLoss,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Divergence { step, epoch, what } = self;
        match what {
            NonFinite::Loss => write!(f, "the loss")?,
            NonFinite::Gradient { layer } => write!(f, "the gradient of layer {layer}")?,
            NonFinite::Parameters { layer } => write!(f, "the parameters of layer {layer}")?,
            NonFinite::Penalty => write!(f, "the penalty")?,
            NonFinite::Statistics => write!(f, "the running statistics")?,
            NonFinite::ValidationLoss => write!(f, "the validation loss")?,
        }
        write!(f, " at step {step} (epoch {epoch})")
    }
}

/// The account of a fit.
///
/// Nothing is assumed: `gradient_norm` is measured at the parameters that the model has.
///
/// ```
/// use nalgebra::dmatrix;
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty};
///
/// let x = dmatrix![0.0; 1.0; 2.0; 3.0];
/// let model = LogisticRegression::new(Penalty::c(1.0)).fit(&x, &[0, 1, 0, 1])?;
/// assert!(model.report().converged(), "{}", model.report());
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FitReport {
    /// Why the fit stopped.
    pub stop: StopReason,
    /// Iterations of the solver, or epochs of a network.
    pub iterations: usize,
    /// How often the objective and its gradient were evaluated, or how many mini-batch steps were taken.
    pub evaluations: usize,
    /// The objective at the model's parameters: mean loss plus penalty. For mini-batch training, of the last whole epoch
    /// that led to them, averaged while they moved; infinite if no epoch ended with a finite one.
    pub objective: f64,
    /// The largest absolute entry of the objective's gradient at the model's parameters; with an L1 penalty, of the
    /// smallest subgradient (the residual of the Karush-Kuhn-Tucker conditions). `None` for mini-batch training, which
    /// never sees the whole gradient.
    pub gradient_norm: Option<f64>,
    /// How far the objective is from its minimum at most: the difference to a lower bound from the dual problem.
    /// `None` where there is no such bound: without a penalty on every coefficient, and for networks.
    pub duality_gap: Option<f64>,
    /// The condition number of the objective's second derivative at (or next to) the optimum, for columns of unit
    /// scale: large numbers mean columns that depend on each other. Accurate to some per cent; `None` for networks and
    /// for fits with too many parameters to form the matrix.
    pub hessian_condition: Option<f64>,
    /// What became infinite or NaN, and at which step, if the stop is [`StopReason::Diverged`] in training by
    /// mini-batches.
    pub divergence: Option<Divergence>,
    /// The objective after each iteration or epoch.
    pub objective_curve: Vec<f64>,
    /// The mean loss on the validation rows after each epoch; empty without validation rows.
    pub validation_curve: Vec<f64>,
}

impl FitReport {
    /// The report of parameters that were given.
    pub(crate) fn given() -> Self {
        FitReport::new(StopReason::Given, f64::INFINITY, None)
    }

    /// A report before the first iteration.
    pub(crate) fn new(stop: StopReason, objective: f64, gradient_norm: Option<f64>) -> Self {
        FitReport {
            stop,
            iterations: 0,
            evaluations: 0,
            objective,
            gradient_norm,
            duality_gap: None,
            hessian_condition: None,
            divergence: None,
            objective_curve: Vec::new(),
            validation_curve: Vec::new(),
        }
    }

    /// Whether the model is at an optimum, by the certificate of [`StopReason::Converged`].
    pub fn converged(&self) -> bool {
        self.stop == StopReason::Converged
    }
}

impl fmt::Display for FitReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.stop == StopReason::Given {
            return write!(f, "{}", self.stop);
        }
        write!(f, "{} after {} iterations: objective {:.6}", self.stop, self.iterations, self.objective)?;
        if let Some(norm) = self.gradient_norm {
            write!(f, ", max|gradient| {norm:.1e}")?;
        }
        self.divergence.map_or(Ok(()), |divergence| write!(f, "; not finite: {divergence}"))
    }
}

/// What an observer sees after each iteration or epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Iterations or epochs done, from 1.
    pub iteration: usize,
    /// The largest number that `iteration` can reach.
    pub limit: usize,
    /// The objective now.
    pub objective: f64,
    /// The mean loss on the validation rows, if there are any.
    pub validation: Option<f64>,
}

/// A function that sees the progress of a fit and may stop it with [`ControlFlow::Break`].
pub type Observer<'a> = dyn FnMut(&Progress) -> ControlFlow<()> + 'a;
