//! A schedule given by a function.

use std::fmt;
use std::sync::Arc;

use super::{Curve, Position, Schedule, Unit};

/// A function of the completed steps and epochs.
#[derive(Clone)]
pub(super) struct Custom(Arc<dyn Fn(u64, u64) -> f64 + Send + Sync>);

impl Schedule {
    /// Creates a schedule from your own function of the completed steps and whole epochs, which returns a
    /// factor of the base rate.
    ///
    /// Both counts are 0 at the first step.
    ///
    /// The function must return the same factor for the same position, or training is not reproducible.
    /// Factors must be at least 0; anything else ends a run as [`Diverged`](crate::StopReason::Diverged). In
    /// the second part of a [`then`](Schedule::then), both arguments are the count since that part began, in
    /// the unit of the chain.
    ///
    /// Schedules that share a function, as clones do, are equal; others are not. A checkpoint does not store
    /// the schedule, and resuming a run does not compare it: pass the same function again.
    ///
    /// # Examples
    /// ```
    /// use logit::Schedule;
    /// use logit::optim::PlateauState;
    ///
    /// // A lower rate in every other epoch.
    /// let schedule =
    ///     Schedule::custom(|_, epochs| if epochs % 2 == 0 { 1.0 } else { 0.1 });
    /// let rate = |epoch| schedule.rate(0.5, 10 * epoch, epoch, &PlateauState::default());
    /// assert_eq!([rate(0), rate(1), rate(2)], [0.5, 0.05, 0.5]);
    /// ```
    pub fn custom(factor: impl Fn(u64, u64) -> f64 + Send + Sync + 'static) -> Self {
        Schedule { curve: Curve::Custom(Custom(Arc::new(factor))), unit: Unit::Steps }
    }
}

impl Custom {
    pub(super) fn factor(&self, Position { steps, epochs }: Position) -> f64 {
        let factor = (self.0)(steps, epochs);
        if factor >= 0.0 { factor } else { f64::NAN }
    }
}

/// Compares functions by identity.
impl PartialEq for Custom {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Custom")
    }
}
