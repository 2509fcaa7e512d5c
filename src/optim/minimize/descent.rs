//! Line-search minimisers: choose a descent direction and search along it.

use super::Objective;
use super::effort::Effort;
use super::line_search::{scan, search};
use super::run::{Advance, Method, Point};
use crate::scalar::Real;

/// A strategy for choosing descent directions.
pub(super) trait Directions<T: Real, O: Objective<T> + ?Sized> {
    /// Writes a descent direction at `point`, and returns the step length to try first.
    fn direction(
        &mut self,
        objective: &mut O,
        point: &Point<T>,
        direction: &mut [T],
        effort: &mut Effort<'_>,
    ) -> f64;

    /// Updates the strategy with the step between two points. Defaults to nothing.
    fn learn(&mut self, _from: &Point<T>, _to: &Point<T>) {}

    /// Discards what the strategy has learned, and returns whether that changes the next direction. Defaults
    /// to `false`.
    fn forget(&mut self) -> bool {
        false
    }

    /// Returns the condition number of the Hessian where it was last used. Defaults to `None`: not available.
    fn condition(&self) -> Option<f64> {
        None
    }
}

/// The [`Method`] that runs a line search along the directions that `D` chooses.
pub(super) struct Descent<T, D> {
    directions: D,
    direction: Vec<T>,
}

impl<T: Real, D> Descent<T, D> {
    pub(super) fn new(parameters: usize, directions: D) -> Self {
        Descent { directions, direction: vec![T::zero(); parameters] }
    }
}

impl<T: Real, O: Objective<T> + ?Sized, D: Directions<T, O>> Method<T, O> for Descent<T, D> {
    /// Close to an optimum, the largest entry of a gradient fluctuates even while it decreases overall.
    const PATIENCE: Option<usize> = Some(40);

    fn advance(
        &mut self,
        objective: &mut O,
        point: &Point<T>,
        trial: &mut Point<T>,
        effort: &mut Effort<'_>,
    ) -> Advance {
        let Descent { directions, direction } = self;
        loop {
            let first = directions.direction(objective, point, direction, effort);
            if search(objective, point, direction, first, trial, effort) {
                directions.learn(point, trial);
                return Advance::Accepted;
            }
            if effort.is_cancelled() {
                return Advance::Exhausted;
            }
            if !directions.forget() {
                let found = scan(objective, point, trial, effort);
                return if found { Advance::Accepted } else { Advance::Exhausted };
            }
        }
    }

    fn escape(
        &mut self,
        objective: &mut O,
        point: &Point<T>,
        trial: &mut Point<T>,
        effort: &mut Effort<'_>,
    ) -> bool {
        self.directions.forget();
        scan(objective, point, trial, effort)
    }

    fn condition(&self) -> Option<f64> {
        self.directions.condition()
    }
}
