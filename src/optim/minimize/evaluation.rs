//! What an evaluation of an objective tells besides the gradient.

use crate::scalar::{Real, max_abs};

/// The answer of [`Objective::evaluate`](crate::optim::Objective::evaluate): the value at a point, and how a minimiser
/// is to read it.
///
/// # Examples
/// ```
/// use logit::optim::Evaluation;
///
/// let evaluation = Evaluation::of(-7.0, &[0.5, -2.0]);
/// assert_eq!((evaluation.value, evaluation.optimality, evaluation.magnitude), (-7.0, 2.0, 7.0));
/// // The difference of two sums of size 1e6 is rounded as they are.
/// assert_eq!(evaluation.magnitude(2e6).magnitude, 2e6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Evaluation {
    /// The value of the objective.
    pub value: f64,
    /// How far the point is from an optimum, at least 0: a minimiser has converged when this is within its tolerance.
    pub optimality: f64,
    /// The size of the terms that add up to the value. Line searches take a few units of its last place for rounding.
    pub magnitude: f64,
}

impl Evaluation {
    /// A value, and the gradient at the same point. The optimality is the largest absolute entry of the gradient, and
    /// the magnitude is the absolute value.
    pub fn of<T: Real>(value: f64, gradient: &[T]) -> Self {
        Evaluation { value, optimality: max_abs(gradient), magnitude: value.abs() }
    }

    /// The optimality, where it is not the largest absolute entry of the gradient: in other units of the parameters,
    /// or with constraints.
    pub fn optimality(mut self, optimality: f64) -> Self {
        self.optimality = optimality;
        self
    }

    /// The magnitude, where large terms cancel and leave a small value.
    pub fn magnitude(mut self, magnitude: f64) -> Self {
        self.magnitude = magnitude;
        self
    }
}
