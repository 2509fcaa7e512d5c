//! A schedule that is a function of yours.

use std::fmt;
use std::sync::Arc;

use super::{Curve, Position, Schedule, Unit};

/// A function of the steps and the epochs that are done.
#[derive(Clone)]
pub(super) struct Custom(Arc<dyn Fn(u64, u64) -> f64 + Send + Sync>);

impl Schedule {
    /// A function of yours: the factor of the base rate after so many steps and so many whole epochs, both 0 at the first
    /// step.
    ///
    /// It has to give the same factor for the same position, or training does not repeat. Factors are at least 0; anything
    /// else ends a run as [`Diverged`](crate::StopReason::Diverged). Inside of [`then`](Schedule::then) the count of the
    /// unit of the chain starts again.
    ///
    /// Schedules with the same function (a clone of one) are equal, others are not. A checkpoint holds no schedule, and
    /// nothing compares the one that a run is resumed with: give the same function again.
    ///
    /// # Examples
    /// ```
    /// use logit::Schedule;
    /// use logit::optim::PlateauState;
    ///
    /// // A lower rate in every other epoch.
    /// let schedule = Schedule::custom(|_, epochs| if epochs % 2 == 0 { 1.0 } else { 0.1 });
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

/// Functions are the same if they are one.
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
