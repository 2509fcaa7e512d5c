//! Linear warm-up from a small rate to the base rate.

use super::{Curve, Schedule, fractions};
use crate::check;
use crate::error::Error;

/// A factor that rises from `start` to 1 over `length` positions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct WarmUp {
    start: f64,
    length: u64,
}

impl Schedule {
    /// Creates a schedule that rises to the base rate in a straight line over `length` positions, then stays
    /// there.
    ///
    /// It begins at `start` times the base rate; `start` is from 0 to 1.
    ///
    /// Use it for adaptive optimizers, large batches and deep networks, whose first gradients mislead.
    /// Another schedule usually follows through [`then`](Schedule::then).
    ///
    /// # Formula
    /// s + (1 - s) k/n for k < n, 1 from there on.
    ///
    /// # Examples
    /// ```
    /// use logit::optim::PlateauState;
    /// use logit::Schedule;
    ///
    /// let schedule = Schedule::linear_warmup(0.5, 4);
    /// for (step, wanted) in
    ///     [(0, 0.5), (1, 0.625), (2, 0.75), (3, 0.875), (4, 1.0), (100, 1.0)]
    /// {
    ///     assert_eq!(schedule.rate(1.0, step, 0, &PlateauState::default()), wanted);
    /// }
    /// ```
    pub fn linear_warmup(start: f64, length: u64) -> Self {
        Curve::WarmUp(WarmUp { start, length }).into()
    }
}

impl WarmUp {
    pub(super) fn check(&self) -> Result<(), Error> {
        let valid = (0.0..=1.0).contains(&self.start);
        check::parameter("schedule.start", self.start, valid, "from 0 to 1")?;
        check::parameter("schedule.length", self.length as f64, self.length > 0, "at least 1")
    }

    pub(super) fn factor(&self, count: u64) -> f64 {
        let (done, left) = fractions(count, self.length);
        self.start * left + done
    }
}
