//! The result of evaluating an objective.

use crate::scalar::{Real, max_abs};

/// The result of [`Objective::evaluate`](crate::optim::Objective::evaluate): the value at a point, and how a
/// minimiser interprets it.
///
/// # Examples
/// ```
/// use logit::optim::Evaluation;
///
/// let evaluation = Evaluation::of(-7.0, &[0.5, -2.0]);
/// assert_eq!(
///     (evaluation.value, evaluation.optimality, evaluation.magnitude),
///     (-7.0, 2.0, 7.0)
/// );
/// // The difference of two sums of size 1e6 is rounded as they are.
/// assert_eq!(evaluation.magnitude(2e6).magnitude, 2e6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Evaluation {
    /// The value of the objective.
    pub value: f64,
    /// A measure of the distance from an optimum, at least 0. A minimiser has converged when it is within the
    /// tolerance.
    pub optimality: f64,
    /// The size of the terms that add up to the value. Line searches treat a difference of a few units in its
    /// last place as rounding.
    pub magnitude: f64,
}

impl Evaluation {
    /// Creates an evaluation from a value and the gradient at the same point.
    ///
    /// The optimality is the largest absolute entry of the gradient, and the magnitude is the absolute value.
    pub fn of<T: Real>(value: f64, gradient: &[T]) -> Self {
        Evaluation { value, optimality: max_abs(gradient), magnitude: value.abs() }
    }

    /// Sets the optimality, for other units of the parameters or for constraints. Defaults to the largest
    /// absolute entry of the gradient.
    pub fn optimality(mut self, optimality: f64) -> Self {
        self.optimality = optimality;
        self
    }

    /// Sets the magnitude, for large terms that cancel and leave a small value. Defaults to the absolute
    /// value.
    pub fn magnitude(mut self, magnitude: f64) -> Self {
        self.magnitude = magnitude;
        self
    }
}
