//! Schedules whose rate only decreases: in steps, by powers, by roots.

use super::{Curve, Schedule, fractions};
use crate::check;
use crate::error::Error;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Decay {
    Step { every: u64, factor: f64 },
    Milestones { at: Vec<u64>, factor: f64 },
    Exponential { factor: f64 },
    Polynomial { length: u64, power: f64 },
    InverseSqrt { scale: u64 },
    InverseTime { decay: f64 },
}

impl Schedule {
    /// Creates a schedule that multiplies the rate by `factor` after every `every` positions, without end.
    ///
    /// `factor` is above 0 and at most 1.
    ///
    /// A simple choice whose effect is easy to see in a plot of the loss; mostly used per epoch.
    ///
    /// # Formula
    /// `factor`^⌊k/`every`⌋
    ///
    /// # Examples
    /// ```
    /// use logit::optim::PlateauState;
    /// use logit::Schedule;
    ///
    /// let schedule = Schedule::step(10, 0.5);
    /// for (step, wanted) in [(0, 1.0), (9, 1.0), (10, 0.5), (19, 0.5), (20, 0.25)] {
    ///     assert_eq!(schedule.rate(1.0, step, 0, &PlateauState::default()), wanted);
    /// }
    /// ```
    pub fn step(every: u64, factor: f64) -> Self {
        Curve::Decay(Decay::Step { every, factor }).into()
    }

    /// Creates a schedule that multiplies the rate by `factor` at each milestone, and keeps the rate after
    /// the last.
    ///
    /// `factor` is above 0 and at most 1. The milestones are ascending positions; one that is given twice
    /// counts twice.
    ///
    /// Use it for training whose turning points are known from earlier runs.
    ///
    /// # Formula
    /// `factor`^m with the number m of milestones that are at most k.
    ///
    /// # Examples
    /// ```
    /// use logit::optim::PlateauState;
    /// use logit::Schedule;
    ///
    /// let schedule = Schedule::multistep(&[5, 20, 21], 0.5);
    /// for (step, wanted) in
    ///     [(0, 1.0), (4, 1.0), (5, 0.5), (20, 0.25), (21, 0.125), (99, 0.125)]
    /// {
    ///     assert_eq!(schedule.rate(1.0, step, 0, &PlateauState::default()), wanted);
    /// }
    /// ```
    pub fn multistep(milestones: &[u64], factor: f64) -> Self {
        Curve::Decay(Decay::Milestones { at: milestones.to_vec(), factor }).into()
    }

    /// Creates a schedule that multiplies the rate by `factor` after every position, without end.
    ///
    /// `factor` is above 0 and at most 1.
    ///
    /// A smooth form of [`step`](Schedule::step).
    ///
    /// # Formula
    /// `factor`^k
    ///
    /// # Examples
    /// ```
    /// use logit::optim::PlateauState;
    /// use logit::Schedule;
    ///
    /// let schedule = Schedule::exponential(0.5);
    /// for (step, wanted) in [(0, 1.0), (1, 0.5), (2, 0.25), (10, 1.0 / 1024.0)] {
    ///     assert_eq!(schedule.rate(1.0, step, 0, &PlateauState::default()), wanted);
    /// }
    /// ```
    pub fn exponential(factor: f64) -> Self {
        Curve::Decay(Decay::Exponential { factor }).into()
    }

    /// Creates a schedule that goes down to 0 in `length` positions as a power of the remaining fraction,
    /// then stays at 0.
    ///
    /// `power` is above 0; power 1 is a straight line.
    ///
    /// Use it for training of known length, like [`cosine`](Schedule::cosine). [`down_to`](Schedule::down_to)
    /// sets another last rate.
    ///
    /// # Formula
    /// (1 - k/n)^p for k < n, 0 from there on.
    ///
    /// # Examples
    /// ```
    /// use logit::optim::PlateauState;
    /// use logit::Schedule;
    ///
    /// let schedule = Schedule::polynomial(4, 2.0);
    /// for (step, wanted) in
    ///     [(0, 1.0), (1, 0.5625), (2, 0.25), (3, 0.0625), (4, 0.0), (9, 0.0)]
    /// {
    ///     assert_eq!(schedule.rate(1.0, step, 0, &PlateauState::default()), wanted);
    /// }
    /// ```
    pub fn polynomial(length: u64, power: f64) -> Self {
        Curve::Decay(Decay::Polynomial { length, power }).into()
    }

    /// Creates a schedule that decreases with the inverse square root of the position, without end.
    ///
    /// The rate is half the base rate after 3 `scale` positions.
    ///
    /// Use it for stochastic gradient descent of unknown length on convex problems, and for transformers.
    ///
    /// # Formula
    /// 1 / √(1 + k/`scale`)
    ///
    /// # Examples
    /// ```
    /// use logit::optim::PlateauState;
    /// use logit::Schedule;
    ///
    /// let schedule = Schedule::inverse_sqrt(1);
    /// for (step, wanted) in [(0, 1.0), (3, 0.5), (15, 0.25), (99, 0.1)] {
    ///     assert_eq!(schedule.rate(1.0, step, 0, &PlateauState::default()), wanted);
    /// }
    /// ```
    pub fn inverse_sqrt(scale: u64) -> Self {
        Curve::Decay(Decay::InverseSqrt { scale }).into()
    }

    /// Creates a schedule that decreases with the inverse of the position, without end.
    ///
    /// `decay` is at least 0. The rate is half the base rate after 1/`decay` positions.
    ///
    /// The classical choice of stochastic approximation for strongly convex problems.
    ///
    /// # Formula
    /// 1 / (1 + `decay` k)
    ///
    /// # References
    /// Robbins and Monro (1951).
    ///
    /// # Examples
    /// ```
    /// use logit::optim::PlateauState;
    /// use logit::Schedule;
    ///
    /// let schedule = Schedule::inverse_time(0.25);
    /// for (step, wanted) in [(0, 1.0), (1, 0.8), (4, 0.5), (12, 0.25)] {
    ///     assert_eq!(schedule.rate(1.0, step, 0, &PlateauState::default()), wanted);
    /// }
    /// ```
    pub fn inverse_time(decay: f64) -> Self {
        Curve::Decay(Decay::InverseTime { decay }).into()
    }
}

impl Decay {
    pub(super) fn check(&self) -> Result<(), Error> {
        let length = |name, value: u64| check::parameter(name, value as f64, value > 0, "at least 1");
        let shrinks = |factor: f64| {
            let valid = factor > 0.0 && factor <= 1.0;
            check::parameter("schedule.factor", factor, valid, "above 0 and at most 1")
        };
        match self {
            Decay::Step { every, factor } => {
                length("schedule.every", *every)?;
                shrinks(*factor)
            }
            Decay::Milestones { at, factor } => {
                let descent = at.windows(2).find(|pair| pair[0] > pair[1]).map(|pair| pair[1]);
                let found = descent.map_or(0.0, |at| at as f64);
                check::parameter("schedule.milestones", found, descent.is_none(), "in ascending order")?;
                shrinks(*factor)
            }
            Decay::Exponential { factor } => shrinks(*factor),
            Decay::Polynomial { length: positions, power } => {
                length("schedule.length", *positions)?;
                check::positive("schedule.power", *power)
            }
            Decay::InverseSqrt { scale } => length("schedule.scale", *scale),
            Decay::InverseTime { decay } => check::not_negative("schedule.decay", *decay),
        }
    }

    pub(super) fn factor(&self, count: u64) -> f64 {
        match self {
            Decay::Step { every, factor } => factor.powf((count / every.max(&1)) as f64),
            Decay::Milestones { at, factor } => factor.powf(at.partition_point(|&at| at <= count) as f64),
            Decay::Exponential { factor } => factor.powf(count as f64),
            Decay::Polynomial { length, power } => fractions(count, *length).1.powf(*power),
            Decay::InverseSqrt { scale } => 1.0 / (1.0 + count as f64 / *scale as f64).sqrt(),
            Decay::InverseTime { decay } => 1.0 / (1.0 + decay * count as f64),
        }
    }
}
