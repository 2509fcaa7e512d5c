//! The 1cycle schedule: up to a high rate and down again.

use super::cosine::half_wave;
use super::{Curve, Schedule};
use crate::check;
use crate::error::Error;

/// The 1cycle policy: the rate rises from the base rate to a peak, and falls far below the base rate.
///
/// The cycle starts at the base rate, and the peak is a factor of it: a highest rate of 0.1 with a peak of 25
/// means a base rate of 0.004.
///
/// # Formula
/// With n positions, of which a fraction f is the way up, the phases end at f n - 1 and at n - 1. With three
/// phases, the second takes as long as the first and returns to the base rate. The phases then end at
/// f n - 1, 2 f n - 2 and n - 1. Within a phase, rates follow half a period of a cosine, or a straight line.
///
/// # References
/// Smith and Topin (2018), Super-convergence.
///
/// # Examples
/// ```
/// use logit::optim::{OneCycle, PlateauState};
/// use logit::Schedule;
///
/// let schedule = Schedule::one_cycle(
///     OneCycle::new(21, 10.0).rise(6.0 / 21.0).linear().last(0.0),
/// );
/// for (step, wanted) in
///     [(0, 1.0), (1, 2.8), (5, 10.0), (11, 6.0), (20, 0.0), (30, 0.0)]
/// {
///     let rate = schedule.rate(1.0, step, 0, &PlateauState::default());
///     assert!((rate - wanted).abs() < 1e-14, "{step} {rate}");
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneCycle {
    length: u64,
    peak: f64,
    rise: f64,
    last: f64,
    linear: bool,
    three_phases: bool,
}

impl OneCycle {
    /// Creates a cycle of `length` positions, at least 2, with the peak as a factor of the base rate, at
    /// least 1; a peak of 25 is usual.
    pub fn new(length: u64, peak: f64) -> Self {
        OneCycle { length, peak, rise: 0.3, last: 1e-4, linear: false, three_phases: false }
    }

    /// Sets the fraction of positions on the way up, from 0 to 1 (excluded), or to 0.5 with three phases.
    /// Defaults to 0.3.
    pub fn rise(mut self, rise: f64) -> Self {
        self.rise = rise;
        self
    }

    /// Sets the last rate as a factor of the base rate, from 0 to 1. Defaults to 1e-4.
    pub fn last(mut self, last: f64) -> Self {
        self.last = last;
        self
    }

    /// Uses straight lines between the rates. Defaults to half periods of a cosine.
    pub fn linear(mut self) -> Self {
        self.linear = true;
        self
    }

    /// Uses three phases: up, down to the base rate in the same time, and down to the last rate. Defaults to
    /// two phases: up, and down to the last rate.
    pub fn three_phases(mut self) -> Self {
        self.three_phases = true;
        self
    }
}

impl Schedule {
    /// Creates a schedule of one cycle: the rate rises to a peak, falls to nearly 0, and stays there.
    ///
    /// Use it for fast training of known length, with a peak as high as the training tolerates. See
    /// [`OneCycle`] for the formula and an example.
    pub fn one_cycle(cycle: OneCycle) -> Self {
        Curve::OneCycle(cycle).into()
    }
}

impl OneCycle {
    pub(super) fn check(&self) -> Result<(), Error> {
        check::parameter("schedule.length", self.length as f64, self.length >= 2, "at least 2")?;
        let valid = self.peak >= 1.0 && self.peak.is_finite();
        check::parameter("schedule.peak", self.peak, valid, "finite and at least 1")?;
        check::parameter("schedule.last", self.last, (0.0..=1.0).contains(&self.last), "from 0 to 1")?;
        if self.three_phases {
            let valid = (0.0..=0.5).contains(&self.rise);
            check::parameter("schedule.rise", self.rise, valid, "from 0 to 0.5 with three phases")
        } else {
            check::fraction("schedule.rise", self.rise)
        }
    }

    pub(super) fn factor(&self, count: u64) -> f64 {
        let end = self.length.saturating_sub(1);
        if count >= end {
            return self.last;
        }
        let (count, end) = (count as f64, end as f64);
        let top = self.rise * self.length as f64 - 1.0;
        if count < top {
            return self.between(count, (0.0, 1.0), (top, self.peak));
        }
        let foot = 2.0 * top;
        if !self.three_phases {
            self.between(count, (top, self.peak), (end, self.last))
        } else if count < foot {
            self.between(count, (top, self.peak), (foot, 1.0))
        } else {
            self.between(count, (foot, 1.0), (end, self.last))
        }
    }

    /// Interpolates at `count` between two positions with their values. It adds products that are not
    /// negative, so small last rates keep their digits.
    fn between(&self, count: f64, (start, from): (f64, f64), (end, to): (f64, f64)) -> f64 {
        let (done, left) = ((count - start) / (end - start), (end - count) / (end - start));
        if self.linear { from * left + to * done } else { from * half_wave(left) + to * half_wave(done) }
    }
}
