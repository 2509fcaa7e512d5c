//! The work of a run, and the observer that can end it within an iteration.

use std::ops::ControlFlow;

use crate::report::{Observer, Progress};

/// The number of passes over the data within an iteration after which the observer is asked.
const PASSES: f64 = 32.0;

/// The work of a run so far. The unit is a pass over the data: an evaluation, or a Hessian product.
pub(crate) struct Effort<'o> {
    observer: &'o mut Observer<'o>,
    /// What the observer was told last.
    progress: Progress,
    evaluations: usize,
    /// The passes since the observer was asked.
    passes: f64,
    cancelled: bool,
}

impl<'o> Effort<'o> {
    /// Creates the work of a run of at most `limit` iterations.
    pub(crate) fn new(limit: usize, observer: &'o mut Observer<'o>) -> Self {
        let progress = Progress { iteration: 0, limit, objective: f64::NAN, validation: None };
        Effort { observer, progress, evaluations: 0, passes: 0.0, cancelled: false }
    }

    /// Returns the number of evaluations so far.
    pub(crate) fn evaluations(&self) -> usize {
        self.evaluations
    }

    /// Returns whether the observer has ended the run.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// Sets the objective at the starting point.
    pub(super) fn start(&mut self, objective: f64) {
        self.progress.objective = objective;
    }

    /// Asks the observer after an iteration. Returns whether to go on.
    pub(super) fn complete(&mut self, iteration: usize, objective: f64) -> bool {
        self.progress = Progress { iteration, objective, ..self.progress };
        self.ask()
    }

    /// Adds an evaluation. Returns whether to go on.
    pub(crate) fn evaluate(&mut self) -> bool {
        self.evaluations += 1;
        self.spend(1.0)
    }

    /// Adds passes over the data, and asks the observer if there were many since the last time. Returns
    /// whether to go on.
    pub(crate) fn spend(&mut self, passes: f64) -> bool {
        self.passes += passes;
        if self.passes >= PASSES && !self.cancelled { self.ask() } else { !self.cancelled }
    }

    fn ask(&mut self) -> bool {
        self.passes = 0.0;
        self.cancelled = (self.observer)(&self.progress) == ControlFlow::Break(());
        !self.cancelled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_observer_is_asked_after_iterations_and_within_long_ones() {
        let mut calls = Vec::new();
        let mut observer = |progress: &Progress| {
            calls.push(progress.iteration);
            if calls.len() < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let mut effort = Effort::new(9, &mut observer);
        assert!(effort.spend(PASSES - 1.0) && effort.evaluate(), "the second asks");
        assert!(effort.spend(PASSES - 1.0) && effort.complete(1, 0.5), "every iteration asks");
        assert!(effort.spend(PASSES - 1.0) && !effort.spend(1.0), "counted from the last call");
        assert!(!effort.spend(1e9) && !effort.evaluate() && effort.is_cancelled());
        assert_eq!(effort.evaluations(), 2);
        assert_eq!(calls, [0, 1, 1]);
    }
}
