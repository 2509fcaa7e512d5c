//! Cosine schedules: half a period once, or repeated with restarts.

use std::f64::consts::FRAC_PI_2;

use super::{Curve, Schedule, fractions};
use crate::check;
use crate::error::Error;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cosine {
    Once { length: u64 },
    Restarts { first: u64, growth: u64 },
}

impl Schedule {
    /// Creates a schedule that goes down to 0 along half a period of a cosine in `length` positions, then
    /// stays at 0.
    ///
    /// [`down_to`](Schedule::down_to) sets another last rate.
    ///
    /// The usual choice if the length of the training is known.
    ///
    /// # Formula
    /// (1 + cos(π k/n)) / 2 for k < n, 0 from there on.
    ///
    /// # References
    /// Loshchilov and Hutter (2017), SGDR.
    ///
    /// # Examples
    /// ```
    /// use logit::optim::PlateauState;
    /// use logit::Schedule;
    ///
    /// let schedule = Schedule::cosine(60);
    /// for (step, wanted) in
    ///     [(0, 1.0), (20, 0.75), (30, 0.5), (40, 0.25), (60, 0.0), (90, 0.0)]
    /// {
    ///     let rate = schedule.rate(1.0, step, 0, &PlateauState::default());
    ///     assert!((rate - wanted).abs() < 1e-15);
    /// }
    /// ```
    pub fn cosine(length: u64) -> Self {
        Curve::Cosine(Cosine::Once { length }).into()
    }

    /// Creates a schedule that repeats [`cosine`](Schedule::cosine), from the base rate each time, without
    /// end.
    ///
    /// The first cycle has `first` positions. Each later cycle has `growth` times as many as the one before.
    ///
    /// Use it for training that may stop at the end of any cycle, and for ensembles of the models found
    /// there.
    ///
    /// # Formula
    /// (1 + cos(π j/n)) / 2 at position j of a cycle of n positions.
    ///
    /// # References
    /// Loshchilov and Hutter (2017), SGDR.
    ///
    /// # Examples
    /// ```
    /// use logit::optim::PlateauState;
    /// use logit::Schedule;
    ///
    /// let schedule = Schedule::cosine_restarts(10, 2);
    /// for (step, wanted) in
    ///     [(0, 1.0), (5, 0.5), (10, 1.0), (20, 0.5), (30, 1.0), (50, 0.5)]
    /// {
    ///     let rate = schedule.rate(1.0, step, 0, &PlateauState::default());
    ///     assert!((rate - wanted).abs() < 1e-15);
    /// }
    /// ```
    pub fn cosine_restarts(first: u64, growth: u64) -> Self {
        Curve::Cosine(Cosine::Restarts { first, growth }).into()
    }
}

impl Cosine {
    pub(super) fn check(&self) -> Result<(), Error> {
        let positive = |name, value: u64| check::parameter(name, value as f64, value > 0, "at least 1");
        match *self {
            Cosine::Once { length } => positive("schedule.length", length),
            Cosine::Restarts { first, growth } => {
                positive("schedule.first", first)?;
                positive("schedule.growth", growth)
            }
        }
    }

    pub(super) fn factor(&self, count: u64) -> f64 {
        let (done, length) = match *self {
            Cosine::Once { length } => (count, length),
            Cosine::Restarts { first, growth } => cycle(count, first, growth),
        };
        half_wave(fractions(done, length).1)
    }
}

/// Returns (1 - cos(π x)) / 2, without the cancellation near x = 0.
pub(super) fn half_wave(x: f64) -> f64 {
    let root = (FRAC_PI_2 * x).sin();
    root * root
}

/// Returns the position within the cycle that contains `count`, and the length of that cycle.
fn cycle(count: u64, first: u64, growth: u64) -> (u64, u64) {
    // `check` rejects zeros. If it was not called, zeros must not cause an endless loop.
    let (mut done, mut length) = (count, first.max(1));
    if growth <= 1 {
        return (done % length, length);
    }
    while done >= length {
        done -= length;
        length = length.saturating_mul(growth);
    }
    (done, length)
}
