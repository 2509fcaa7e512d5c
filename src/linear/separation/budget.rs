//! The work that a search may do, and the observer that can end it.

use std::ops::ControlFlow;

use crate::error::Error;

/// The number of multiplications between two calls of the observer: some hundredths of a second.
const STRETCH: usize = 30_000_000;

/// A number of multiplications that is used up by a search, and an observer that is asked meanwhile.
pub(in crate::linear) struct Budget<'o> {
    remaining: usize,
    unreported: usize,
    observer: &'o mut dyn FnMut() -> ControlFlow<()>,
    cancelled: bool,
}

impl<'o> Budget<'o> {
    pub(in crate::linear) fn new(
        multiplications: usize,
        observer: &'o mut dyn FnMut() -> ControlFlow<()>,
    ) -> Self {
        Budget { remaining: multiplications, unreported: 0, observer, cancelled: false }
    }

    /// Returns whether the observer ended the search.
    pub(in crate::linear) fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// Returns the number of multiplications left.
    pub(super) fn remaining(&self) -> usize {
        self.remaining
    }

    /// Returns whether that many multiplications are left.
    pub(super) fn affords(&self, multiplications: usize) -> bool {
        !self.cancelled && multiplications <= self.remaining
    }

    /// Uses up that many multiplications. Call it before the work, and in pieces that take no longer than
    /// some hundredths of a second.
    ///
    /// # Errors
    /// Returns [`Error::SeparationUndecided`] if nothing is left, or if the observer ends the search.
    pub(super) fn spend(&mut self, multiplications: usize) -> Result<(), Error> {
        if !self.affords(multiplications) {
            self.remaining = 0;
            return Err(undecided("the search did not end within its budget"));
        }
        self.remaining -= multiplications;
        self.unreported += multiplications;
        if self.unreported >= STRETCH {
            self.unreported = 0;
            if (self.observer)().is_break() {
                self.cancelled = true;
                return Err(undecided("the observer ended the search"));
            }
        }
        Ok(())
    }
}

pub(super) fn undecided(reason: &'static str) -> Error {
    Error::SeparationUndecided { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_ends() {
        let mut calls = 0;
        let mut observer = || {
            calls += 1;
            ControlFlow::Continue(())
        };
        let mut budget = Budget::new(2 * STRETCH + 5, &mut observer);
        assert!(budget.spend(STRETCH - 1).is_ok() && budget.spend(STRETCH + 1).is_ok());
        assert!(budget.affords(5) && !budget.affords(6));
        assert!(budget.spend(1).is_ok() && budget.affords(4) && !budget.affords(5));
        assert!(budget.spend(6).is_err() && budget.spend(1).is_err() && !budget.is_cancelled());
        assert_eq!(calls, 1);
    }

    #[test]
    fn an_observer_ends_a_search_for_good() {
        let mut observer = || ControlFlow::Break(());
        let mut budget = Budget::new(usize::MAX, &mut observer);
        assert!(budget.spend(STRETCH - 1).is_ok() && !budget.is_cancelled());
        assert!(budget.spend(1).is_err() && budget.is_cancelled());
        assert!(budget.spend(0).is_err() && !budget.affords(0));
    }
}
