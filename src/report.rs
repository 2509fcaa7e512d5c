//! Reports of fits: why a fit stopped, how close it came to an optimum, and its progress while it runs.

use std::fmt;
use std::ops::ControlFlow;

use crate::code::Code;
use crate::error::counted;

/// The reason why a fit stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// A certified optimum: the measure of the distance from it is within the tolerance, or within what
    /// rounding errors allow.
    ///
    /// The measure of a logistic regression is the [decrement](FitReport::decrement), or the duality gap if
    /// the fit was set to stop at a gap. That of a network is the largest entry of the gradient.
    Converged,
    /// The maximum number of iterations or epochs was reached.
    IterationLimit,
    /// No step improves the objective at the precision of the number type, although the optimum is not within
    /// the tolerance.
    ///
    /// The model is usually as good as the number type allows.
    Stalled,
    /// The validation loss has not improved for the set number of epochs. The model has the best weights.
    EarlyStopped,
    /// The classes are separable, completely or in part, by columns whose coefficients have no penalty, or a
    /// penalty too weak to matter at the tolerance.
    ///
    /// No optimum exists, because these coefficients can grow without bound. Use a penalty, or a stronger
    /// one.
    Separated,
    /// No optimum is certified, because the search for a direction that separates the classes did not end within
    /// its budget, or rounding errors leave it open.
    ///
    /// The search takes at most about as long as the fit. Use a penalty, fewer columns or classes, or more
    /// iterations.
    SeparationUndecided,
    /// The loss became infinite or NaN. The model has the last finite parameters. Use a smaller learning
    /// rate, or scale the columns.
    Diverged,
    /// The observer stopped the fit.
    Cancelled,
    /// The parameters were given, not fitted.
    Given,
}

impl StopReason {
    /// Returns the code of the doctor's page about this reason; `None` if the fit ended as it should.
    ///
    /// ```
    /// use logit::StopReason;
    /// use logit::doctor::Code;
    ///
    /// assert_eq!(StopReason::Separated.code(), Some(Code::Separable));
    /// assert_eq!(StopReason::Converged.code(), None);
    /// ```
    pub fn code(self) -> Option<Code> {
        match self {
            StopReason::Separated | StopReason::SeparationUndecided => Some(Code::Separable),
            StopReason::IterationLimit | StopReason::Stalled => Some(Code::NotConverged),
            StopReason::Diverged => Some(Code::NotFinite),
            StopReason::Converged | StopReason::EarlyStopped | StopReason::Cancelled | StopReason::Given => {
                None
            }
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StopReason::Converged => "converged",
            StopReason::IterationLimit => "iteration limit reached",
            StopReason::Stalled => "stalled: no step improves the objective at this precision",
            StopReason::EarlyStopped => "stopped early: the validation loss no longer improves",
            StopReason::Separated => "the classes are separable: no optimum exists without a penalty",
            StopReason::SeparationUndecided => {
                "undecided: no optimum is certified, because the search for a separating direction did not end \
                 within its budget or rounding leaves it open"
            }
            StopReason::Diverged => "diverged: the loss is no longer finite",
            StopReason::Cancelled => "cancelled by the observer",
            StopReason::Given => "not fitted: the parameters were given",
        })
    }
}

/// The first value of a training run that became infinite or NaN, and its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Divergence {
    /// The optimizer step at which it was detected, from 1. The model has the weights from before the step
    /// that caused it.
    pub step: u64,
    /// The epoch of that step, from 1.
    pub epoch: usize,
    /// The value that was no longer finite.
    pub what: NonFinite,
}

/// A value that can become infinite or NaN in training.
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
    /// The running statistics of a normalisation after the step, for inputs whose squares overflow the number
    /// type.
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

/// The report of a fit: why it stopped, the objective and its gradient, and the curves of training.
///
/// All values are measured. For example, `gradient_norm` is that of the objective at the parameters of the
/// model.
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
    /// The number of iterations of the solver, or of epochs of a network.
    pub iterations: usize,
    /// The number of evaluations of the objective and its gradient, or of mini-batch steps.
    pub evaluations: usize,
    /// The objective at the model's parameters: mean loss plus penalty.
    ///
    /// For mini-batch training, it is the average over the last whole epoch that led to these parameters,
    /// taken while they changed. It is infinite if no epoch ended with a finite objective, and if it is NaN
    /// where a minimiser starts.
    pub objective: f64,
    /// The largest absolute entry of the objective's gradient at the model's parameters.
    ///
    /// For a logistic regression it is in the units of the columns of `x`, at the coefficients and intercepts
    /// as they are rounded. For columns far from the origin, rounding of the intercept alone makes it large;
    /// the [decrement](Self::decrement) does not depend on units or origin.
    ///
    /// With an L1 penalty, it is that of the smallest subgradient (the residual of the Karush-Kuhn-Tucker
    /// conditions). It is infinite if an entry is infinite or NaN. `None` for mini-batch training, which
    /// never computes the whole gradient.
    pub gradient_norm: Option<f64>,
    /// An upper bound of the distance of the objective from its minimum: the difference from a lower bound of
    /// the dual problem.
    ///
    /// `None` for fits without such a bound, which are those without a penalty on every coefficient and
    /// networks.
    pub duality_gap: Option<f64>,
    /// The Newton decrement at the model, √(gᵀH⁻¹g), with g the gradient and H the second derivative of the
    /// objective: the number that `tolerance` bounds.
    ///
    /// Times the root of the number of rows (or of the sum of their weights), it is the distance from the
    /// optimum in standard errors. It does not depend on the units of the columns. With an L1 penalty it is
    /// taken over the coefficients that are not zero or violate their optimality condition. `None` for
    /// networks.
    pub decrement: Option<f64>,
    /// The decrement that rounding errors alone can cause, if the decrement is above the tolerance because of
    /// them: the fit has then converged to the limit of the arithmetic.
    pub rounding_limit: Option<f64>,
    /// The columns of `x` that are constant up to rounding, in ascending order. Beside an intercept their
    /// coefficients are 0.
    pub constant_columns: Vec<usize>,
    /// The unpenalised columns of `x` that are combinations of columns before them up to rounding, in
    /// ascending order.
    pub dependent_columns: Vec<usize>,
    /// The condition number of the objective's second derivative at (or next to) the optimum, for columns of
    /// unit scale.
    ///
    /// Large numbers mean that columns are nearly dependent. It is accurate to a few per cent. `None` for
    /// networks and for fits with too many parameters to form the matrix.
    pub hessian_condition: Option<f64>,
    /// The value that became infinite or NaN, and its step, if mini-batch training stopped with
    /// [`StopReason::Diverged`].
    pub divergence: Option<Divergence>,
    /// The objective after each iteration or epoch.
    pub objective_curve: Vec<f64>,
    /// The mean loss on the validation rows after each epoch, or empty without validation rows.
    pub validation_curve: Vec<f64>,
}

impl FitReport {
    /// The report of parameters that were given.
    pub(crate) fn given() -> Self {
        FitReport::new(StopReason::Given, f64::INFINITY, None)
    }

    /// The report of a fit before its first iteration.
    pub(crate) fn new(stop: StopReason, objective: f64, gradient_norm: Option<f64>) -> Self {
        FitReport {
            stop,
            iterations: 0,
            evaluations: 0,
            objective,
            gradient_norm,
            duality_gap: None,
            decrement: None,
            rounding_limit: None,
            constant_columns: Vec::new(),
            dependent_columns: Vec::new(),
            hessian_condition: None,
            divergence: None,
            objective_curve: Vec::new(),
            validation_curve: Vec::new(),
        }
    }

    /// Adds the iterations of a run before this one, which continued from its end.
    pub(crate) fn precede(&mut self, before: FitReport) {
        self.iterations += before.iterations;
        self.evaluations += before.evaluations;
        self.objective_curve.splice(0..0, before.objective_curve);
    }

    /// Returns the epoch with the lowest validation loss, from 1, the first of several; `None` without
    /// validation rows.
    ///
    /// The model has the weights of this epoch.
    pub fn best_epoch(&self) -> Option<usize> {
        let losses = self.validation_curve.iter().enumerate();
        losses.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(index, _)| index + 1)
    }

    /// Returns whether the model is at a certified optimum, that is, whether [`stop`](FitReport::stop) is
    /// [`StopReason::Converged`].
    pub fn converged(&self) -> bool {
        self.stop == StopReason::Converged
    }
}

impl fmt::Display for FitReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.stop == StopReason::Given {
            return write!(f, "{}", self.stop);
        }
        let limited = self.converged() && self.rounding_limit.is_some();
        let limit = if limited { " to the limit of the arithmetic" } else { "" };
        let iterations = counted(self.iterations, "iterations");
        write!(f, "{}{limit} after {iterations}: objective ", self.stop)?;
        if self.objective.abs() < 1e9 {
            write!(f, "{:.6}", self.objective)?;
        } else {
            write!(f, "{:.6e}", self.objective)?;
        }
        if let Some(norm) = self.gradient_norm {
            write!(f, ", max|gradient| {norm:.1e}")?;
        }
        if let Some(decrement) = self.decrement {
            write!(f, ", decrement {decrement:.1e}")?;
        }
        if let Some(best) = self.best_epoch() {
            write!(f, ", weights of epoch {best}")?;
        }
        if let Some(divergence) = self.divergence {
            write!(f, "; not finite: {divergence}")?;
        }
        // The last epoch is where the training of a network is meant to end.
        let meant = self.stop == StopReason::IterationLimit && self.gradient_norm.is_none();
        if let Some(code) = self.stop.code().filter(|_| !meant) {
            write!(f, " ({})", code.see())?;
        }
        write_columns(f, &self.constant_columns, ["is", "are"], "constant")?;
        write_columns(f, &self.dependent_columns, ["depends", "depend"], "on columns before")
    }
}

/// Writes a line such as "columns 2 and 3 of `x` are constant", if there are any columns.
fn write_columns(f: &mut fmt::Formatter<'_>, columns: &[usize], verb: [&str; 2], what: &str) -> fmt::Result {
    /// The largest number of columns that are listed.
    const LISTED: usize = 10;
    match columns {
        [] => Ok(()),
        [column] => write!(f, "\ncolumn {column} of `x` {} {what}", verb[0]),
        [columns @ .., last] if columns.len() < LISTED => {
            let names: Vec<String> = columns.iter().map(usize::to_string).collect();
            write!(f, "\ncolumns {} and {last} of `x` {} {what}", names.join(", "), verb[1])
        }
        columns => {
            let names: Vec<String> = columns[..LISTED].iter().map(usize::to_string).collect();
            let more = columns.len() - LISTED;
            write!(f, "\ncolumns {} and {more} more of `x` {} {what}", names.join(", "), verb[1])
        }
    }
}

/// The progress of a fit, as an observer receives it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// The number of completed iterations or epochs. Within long iterations the observer is called too, with
    /// the number of those before: 0 in the first one.
    pub iteration: usize,
    /// The largest number that `iteration` can reach.
    pub limit: usize,
    /// The current objective.
    pub objective: f64,
    /// The mean loss on the validation rows, if there are any.
    pub validation: Option<f64>,
}

/// A function that receives the progress of a fit, and can stop the fit with [`ControlFlow::Break`].
pub type Observer<'a> = dyn FnMut(&Progress) -> ControlFlow<()> + 'a;
