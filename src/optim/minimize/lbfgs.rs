//! Limited-memory BFGS.

use std::ops::ControlFlow;

use super::descent::{Descent, Directions};
use super::effort::Effort;
use super::run::{Point, Stop};
use super::{MinimizeResult, Objective};
use crate::check;
use crate::error::Error;
use crate::report::Observer;
use crate::scalar::Real;
use crate::scalar::{axpy, dot};

/// Limited-memory BFGS: a quasi-Newton method that estimates the curvature from the last few steps.
///
/// The minimiser for smooth objectives with many parameters. Each iteration usually costs one evaluation,
/// plus four products of length n per remembered step. Each remembered step takes two vectors of memory.
///
/// # Method
/// Two-loop recursion (Nocedal 1980; Nocedal and Wright 2006, algorithm 7.4) with a strong-Wolfe line search.
/// Steps without positive curvature are not remembered. If a line search fails, the memory is cleared and the
/// run continues along the gradient. If that fails too, the run ends as
/// [`Stalled`](crate::StopReason::Stalled). The result is the best point seen.
///
/// # Examples
/// See [`Objective`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lbfgs {
    memory: usize,
    stop: Stop,
}

impl Default for Lbfgs {
    fn default() -> Self {
        Lbfgs { memory: 10, stop: Stop::after(5000) }
    }
}

impl Lbfgs {
    /// Creates L-BFGS with default settings.
    pub fn new() -> Self {
        Lbfgs::default()
    }

    /// Sets the number of steps to remember, at least 1. Defaults to 10.
    pub fn memory(mut self, memory: usize) -> Self {
        self.memory = memory;
        self
    }

    /// Sets the tolerance on the objective's optimality (by default the largest absolute entry of its
    /// gradient), above 0. Defaults to [`Real::TOLERANCE`]: 1e-8 for `f64`, 1e-5 for `f32`.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.stop.tolerance = Some(tolerance);
        self
    }

    /// Sets the maximum number of iterations; 0 returns the starting point. Defaults to 5000.
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.stop.max_iterations = max_iterations;
        self
    }

    /// Returns the maximum number of iterations.
    pub(crate) fn limit(&self) -> usize {
        self.stop.max_iterations
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        check::parameter("memory", self.memory as f64, self.memory > 0, "at least 1")?;
        self.stop.check()
    }

    /// Minimises `objective` from `start`.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if a setting is out of range, [`Error::ShapeMismatch`] if `start`
    /// has the wrong length, and [`Error::NotFinite`] if `start` is not finite.
    pub fn minimize<T: Real, O: Objective<T> + ?Sized>(
        &self,
        objective: &mut O,
        start: Vec<T>,
    ) -> Result<MinimizeResult<T>, Error> {
        self.minimize_observed(objective, start, &mut |_| ControlFlow::Continue(()))
    }

    /// Minimises `objective` from `start`, and calls `observer`, which can stop the run, after each
    /// iteration.
    ///
    /// # Errors
    /// Returns the errors of [`minimize`](Lbfgs::minimize).
    pub fn minimize_observed<T: Real, O: Objective<T> + ?Sized>(
        &self,
        objective: &mut O,
        start: Vec<T>,
        observer: &mut Observer<'_>,
    ) -> Result<MinimizeResult<T>, Error> {
        self.check()?;
        let method = Descent::new(start.len(), History::new(self.memory));
        self.stop.run(objective, start, observer, method)
    }
}

/// One remembered step: the changes of the parameters and of the gradient, and the reciprocal of their
/// product.
#[derive(Debug, Clone)]
struct Pair<T> {
    step: Vec<T>,
    change: Vec<T>,
    reciprocal: T,
}

/// The remembered steps, in a ring buffer that grows to its full size with the first steps.
#[derive(Debug)]
pub(super) struct History<T> {
    memory: usize,
    pairs: Vec<Pair<T>>,
    newest: usize,
    length: usize,
    weights: Vec<T>,
}

impl<T: Real> History<T> {
    pub(super) fn new(memory: usize) -> Self {
        History { memory, pairs: Vec::new(), newest: 0, length: 0, weights: Vec::new() }
    }

    /// Returns the slot for the next pair: a new one if all are in use and the ring may grow, else the
    /// oldest.
    fn next(&mut self, parameters: usize) -> usize {
        if self.length == self.pairs.len() && self.length < self.memory {
            let zeros = vec![T::zero(); parameters];
            self.pairs.push(Pair { step: zeros.clone(), change: zeros, reciprocal: T::zero() });
            self.weights.push(T::zero());
            return self.length;
        }
        (self.newest + 1) % self.pairs.len()
    }

    /// Returns the index of the pair that is `age` steps old.
    fn index(&self, age: usize) -> usize {
        (self.newest + self.pairs.len() - age) % self.pairs.len()
    }
}

impl<T: Real> History<T> {
    /// Writes the direction -B⁻¹ g by the two-loop recursion of Nocedal (1980). `initial` multiplies by B⁻¹
    /// as it was before the remembered steps.
    pub(super) fn correct(
        &mut self,
        gradient: &[T],
        direction: &mut [T],
        initial: impl FnOnce(&Self, &mut [T]),
    ) {
        for (d, &g) in direction.iter_mut().zip(gradient) {
            *d = -g;
        }
        for age in 0..self.length {
            let index = self.index(age);
            let pair = &self.pairs[index];
            let weight = pair.reciprocal * dot(&pair.step, direction);
            axpy(-weight, &pair.change, direction);
            self.weights[index] = weight;
        }
        initial(self, direction);
        for age in (0..self.length).rev() {
            let index = self.index(age);
            let pair = &self.pairs[index];
            let weight = self.weights[index] - pair.reciprocal * dot(&pair.change, direction);
            axpy(weight, &pair.step, direction);
        }
    }

    /// Remembers the step between two points, if the objective has positive curvature along it.
    pub(super) fn remember(&mut self, from: &Point<T>, to: &Point<T>) {
        let next = self.next(to.params.len());
        let pair = &mut self.pairs[next];
        for ((step, &to), &from) in pair.step.iter_mut().zip(&to.params).zip(&from.params) {
            *step = to - from;
        }
        for ((change, &to), &from) in pair.change.iter_mut().zip(&to.gradient).zip(&from.gradient) {
            *change = to - from;
        }
        let curvature = dot(&pair.step, &pair.change);
        let smallest = T::EPSILON * dot(&pair.change, &pair.change);
        if curvature > smallest && curvature.is_finite() {
            pair.reciprocal = T::one() / curvature;
            self.newest = next;
            self.length = (self.length + 1).min(self.pairs.len());
        } else {
            // The slot of the oldest pair was overwritten.
            self.length = self.length.min(self.pairs.len() - 1);
        }
    }

    /// Forgets all steps, and returns whether there were any.
    pub(super) fn clear(&mut self) -> bool {
        // The next pair goes to the first slot, so that the ring is in order when it is full again.
        self.newest = self.pairs.len().saturating_sub(1);
        std::mem::take(&mut self.length) > 0
    }
}

impl<T: Real, O: Objective<T> + ?Sized> Directions<T, O> for History<T> {
    fn direction(
        &mut self,
        _objective: &mut O,
        point: &Point<T>,
        direction: &mut [T],
        _effort: &mut Effort<'_>,
    ) -> f64 {
        self.correct(&point.gradient, direction, |history, direction| {
            if history.length > 0 {
                let newest = &history.pairs[history.newest];
                let scale = T::one() / (newest.reciprocal * dot(&newest.change, &newest.change));
                direction.iter_mut().for_each(|d| *d *= scale);
            }
        });
        if self.length > 0 {
            return 1.0;
        }
        let norm = dot(&point.gradient, &point.gradient).as_f64().sqrt();
        if norm > 1.0 { 1.0 / norm } else { 1.0 }
    }

    fn learn(&mut self, from: &Point<T>, to: &Point<T>) {
        self.remember(from, to);
    }

    fn forget(&mut self) -> bool {
        self.clear()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::Evaluation;

    /// Half the square of a number.
    struct Bowl;
    impl Objective<f64> for Bowl {
        fn parameter_count(&self) -> usize {
            1
        }
        fn evaluate(&mut self, params: &[f64], gradient: &mut [f64]) -> Evaluation {
            gradient.copy_from_slice(params);
            Evaluation::of(0.5 * params[0] * params[0], gradient)
        }
    }

    /// One step teaches the curvature, so that the next one needs no search and ends at the minimum.
    #[test]
    fn the_second_step_is_a_whole_step() {
        let found = Lbfgs::new().minimize(&mut Bowl, vec![30.0]).expect("a start");
        assert!(found.report.converged() && found.params[0].abs() < 1e-12, "{found:?}");
        assert!(found.report.iterations <= 2 && found.report.evaluations <= 4, "{:?}", found.report);
        assert_eq!(found.report.hessian_condition, None);
    }
}
