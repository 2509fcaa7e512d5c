//! Combined schedules: sequences, products, and schedules with another lowest rate.

use super::{Curve, PlateauState, Position, Schedule, Unit};
use crate::check;
use crate::error::{Error, unsupported};

/// A combination of schedules.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Chain {
    Then { at: u64, first: Schedule, second: Schedule },
    Times(Schedule, Schedule),
    DownTo { lowest: f64, of: Schedule },
}

impl Schedule {
    /// Follows this schedule for the first `at` positions, and then `next` from its own position 0.
    ///
    /// `at` is in the unit of the two schedules, which must be the same. A plateau observes the metric
    /// throughout, even while the other part sets the rate.
    ///
    /// # Formula
    /// a(k) for k < `at`, b(k - `at`) from there on.
    ///
    /// # Examples
    /// ```
    /// use logit::optim::PlateauState;
    /// use logit::Schedule;
    ///
    /// let schedule = Schedule::constant().then(100, Schedule::exponential(0.5));
    /// for (step, wanted) in [(0, 1.0), (99, 1.0), (100, 1.0), (101, 0.5), (103, 0.125)] {
    ///     assert_eq!(schedule.rate(1.0, step, 0, &PlateauState::default()), wanted);
    /// }
    /// ```
    pub fn then(self, at: u64, next: Schedule) -> Self {
        let epochs = self.counts(Unit::Epochs) || !self.counts(Unit::Steps) && next.counts(Unit::Epochs);
        let unit = if epochs { Unit::Epochs } else { Unit::Steps };
        Schedule { curve: Curve::Chain(Box::new(Chain::Then { at, first: self, second: next })), unit }
    }

    /// Multiplies the factors of two schedules, each of which keeps its own unit.
    ///
    /// Use it to combine a warm-up in steps with a decay in epochs or with a plateau.
    ///
    /// # Formula
    /// a(k) b(k)
    ///
    /// # Examples
    /// ```
    /// use logit::optim::PlateauState;
    /// use logit::Schedule;
    ///
    /// let schedule =
    ///     Schedule::linear_warmup(0.0, 4).times(Schedule::step(1, 0.1).per_epoch());
    /// for (step, epoch, wanted) in [(0, 0, 0.0), (1, 0, 0.25), (4, 0, 1.0), (100, 1, 0.1)]
    /// {
    ///     assert_eq!(schedule.rate(1.0, step, epoch, &PlateauState::default()), wanted);
    /// }
    /// ```
    pub fn times(self, other: Schedule) -> Self {
        Curve::Chain(Box::new(Chain::Times(self, other))).into()
    }

    /// Rescales this schedule to go down to `lowest` times the base rate instead of 0.
    ///
    /// `lowest` is from 0 to 1. Use it if the last rate should not be 0.
    ///
    /// # Formula
    /// `lowest` + (1 - `lowest`) a(k). The `eta_min` or `end_value` of other libraries is `lowest` times the
    /// base rate.
    ///
    /// # Examples
    /// ```
    /// use logit::optim::PlateauState;
    /// use logit::Schedule;
    ///
    /// let schedule = Schedule::cosine(100).down_to(0.5);
    /// for (step, wanted) in [(0, 1.0), (50, 0.75), (100, 0.5), (101, 0.5)] {
    ///     let rate = schedule.rate(1.0, step, 0, &PlateauState::default());
    ///     assert!((rate - wanted).abs() < 1e-15);
    /// }
    /// ```
    pub fn down_to(self, lowest: f64) -> Self {
        let unit = self.unit;
        Schedule { curve: Curve::Chain(Box::new(Chain::DownTo { lowest, of: self })), unit }
    }
}

impl Chain {
    pub(super) fn per_epoch(self) -> Self {
        match self {
            Chain::Then { at, first, second } => {
                Chain::Then { at, first: first.per_epoch(), second: second.per_epoch() }
            }
            Chain::Times(a, b) => Chain::Times(a.per_epoch(), b.per_epoch()),
            Chain::DownTo { lowest, of } => Chain::DownTo { lowest, of: of.per_epoch() },
        }
    }

    pub(super) fn schedules(&self) -> impl Iterator<Item = &Schedule> {
        let (first, second) = match self {
            Chain::Then { first, second, .. } | Chain::Times(first, second) => (first, Some(second)),
            Chain::DownTo { of, .. } => (of, None),
        };
        std::iter::once(first).chain(second)
    }

    /// Returns whether this combination switches schedules at a position.
    pub(super) fn has_position(&self) -> bool {
        matches!(self, Chain::Then { .. })
    }

    pub(super) fn check(&self, unit: Unit) -> Result<(), Error> {
        self.schedules().try_for_each(Schedule::check_curves)?;
        match self {
            Chain::Then { at, .. } => {
                check::parameter("schedule.then.at", *at as f64, *at > 0, "at least 1")?;
                let other = match unit {
                    Unit::Steps => Unit::Epochs,
                    Unit::Epochs => Unit::Steps,
                };
                if self.schedules().any(|part| part.counts(other)) {
                    return Err(unsupported(
                        "a mix of steps and epochs",
                        "then",
                        "call per_epoch on both parts or on neither, or combine them with times",
                    ));
                }
                Ok(())
            }
            Chain::Times(..) => Ok(()),
            Chain::DownTo { lowest, .. } => {
                let valid = (0.0..=1.0).contains(lowest);
                check::parameter("schedule.lowest", *lowest, valid, "from 0 to 1")
            }
        }
    }

    pub(super) fn factor(&self, position: Position, unit: Unit, plateau: &PlateauState) -> f64 {
        match self {
            Chain::Then { at, first, second } => match position.count(unit).checked_sub(*at) {
                None => first.factor(position, plateau),
                // Both parts use the same unit, so the other count does not matter.
                Some(count) => second.factor(Position { steps: count, epochs: count }, plateau),
            },
            Chain::Times(a, b) => a.factor(position, plateau) * b.factor(position, plateau),
            Chain::DownTo { lowest, of } => lowest + (1.0 - lowest) * of.factor(position, plateau),
        }
    }
}
