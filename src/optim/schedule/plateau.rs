//! A schedule that lowers the rate when a metric stops improving.

use super::{Curve, Schedule};
use crate::check;
use crate::error::Error;

/// The settings of a schedule that lowers the rate when a metric has not improved for some epochs.
///
/// In a training run, the metric is the validation loss, or the training loss if there are no validation
/// rows. The rules are those of PyTorch's `ReduceLROnPlateau`, whose `min_lr` and `eps` are
/// [`lowest`](ReduceOnPlateau::lowest) and [`epsilon`](ReduceOnPlateau::epsilon) times the base rate.
///
/// # Formula
/// At the end of an epoch, the metric m is better than the best b if m < b (1 - t) for a relative threshold t
/// (m > b (1 + t) if larger is better), or m < b - t for an absolute one (m > b + t). A better metric becomes
/// the best. Otherwise, or if the metric is NaN, the epoch is bad. More than `patience` bad epochs in a row
/// multiply the rate by `factor`. No epoch counts as bad in the `cooldown` epochs that follow.
///
/// # Examples
/// ```
/// use logit::optim::{PlateauState, ReduceOnPlateau};
/// use logit::Schedule;
///
/// let schedule = Schedule::reduce_on_plateau(ReduceOnPlateau::new(0.5, 1));
/// let mut state = PlateauState::default();
/// for (loss, wanted) in [(1.0, 1.0), (0.8, 1.0), (0.9, 1.0), (0.8, 0.5), (0.7, 0.5)] {
///     schedule.observe(loss, &mut state);
///     assert_eq!(schedule.rate(1.0, 0, 0, &state), wanted);
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReduceOnPlateau {
    factor: f64,
    patience: u64,
    larger_is_better: bool,
    threshold: Threshold,
    cooldown: u64,
    lowest: f64,
    epsilon: f64,
}

/// The smallest change that counts as an improvement.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Threshold {
    Relative(f64),
    Absolute(f64),
}

impl ReduceOnPlateau {
    /// Creates settings that multiply the rate by `factor` after more than `patience` bad epochs.
    ///
    /// `factor` is above 0 and below 1. A factor of 0.1 and a patience of 10 are usual.
    pub fn new(factor: f64, patience: u64) -> Self {
        ReduceOnPlateau {
            factor,
            patience,
            larger_is_better: false,
            threshold: Threshold::Relative(1e-4),
            cooldown: 0,
            lowest: 0.0,
            epsilon: 1e-8,
        }
    }

    /// Treats larger metrics as better. Defaults to smaller is better, as for losses.
    ///
    /// Use it with a metric that you pass to [`Schedule::observe`]. Training runs observe losses, so they
    /// refuse it.
    pub fn larger_is_better(mut self) -> Self {
        self.larger_is_better = true;
        self
    }

    /// Sets the fraction of the best by which a metric must be better, from 0 to 1 (excluded).
    ///
    /// Use it for positive metrics. Defaults to 1e-4.
    pub fn relative_threshold(mut self, threshold: f64) -> Self {
        self.threshold = Threshold::Relative(threshold);
        self
    }

    /// Sets the amount by which a metric must be better than the best, at least 0. Defaults to a relative
    /// threshold.
    pub fn absolute_threshold(mut self, threshold: f64) -> Self {
        self.threshold = Threshold::Absolute(threshold);
        self
    }

    /// Sets the number of epochs after a reduction that do not count as bad. Defaults to 0.
    pub fn cooldown(mut self, epochs: u64) -> Self {
        self.cooldown = epochs;
        self
    }

    /// Sets the lowest rate as a factor of the base rate, from 0 to 1. Defaults to 0.
    pub fn lowest(mut self, lowest: f64) -> Self {
        self.lowest = lowest;
        self
    }

    /// Sets the fraction of the base rate, at least 0, up to which reductions are skipped. Defaults to 1e-8.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }
}

impl Schedule {
    /// Creates a schedule that lowers the rate when the loss stops improving.
    ///
    /// Patience and cooldown are always in epochs. Use it for training of unknown length. See
    /// [`ReduceOnPlateau`] for the formula and an example.
    pub fn reduce_on_plateau(rule: ReduceOnPlateau) -> Self {
        Curve::Plateau(rule).into()
    }
}

/// The complete state of [`Schedule::reduce_on_plateau`], so that training resumes as if it had not stopped.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlateauState {
    /// The best metric; `None` if none was better than infinitely bad.
    best: Option<f64>,
    /// The number of bad epochs in a row.
    bad: u64,
    /// The number of cooldown epochs left.
    cooling: u64,
    /// The number of reductions so far, including those too small to be applied.
    reductions: u64,
}

impl PlateauState {
    /// Returns the state as numbers, none of which is NaN; exact for up to 2^53 epochs.
    pub(crate) fn to_numbers(&self) -> [f64; 5] {
        let (seen, best) = self.best.map_or((0.0, 0.0), |best| (1.0, best));
        [seen, best, self.bad as f64, self.cooling as f64, self.reductions as f64]
    }

    /// Creates the state from its numbers.
    pub(crate) fn from_numbers([seen, best, bad, cooling, reductions]: [f64; 5]) -> Self {
        PlateauState {
            best: (seen != 0.0).then_some(best),
            bad: bad as u64,
            cooling: cooling as u64,
            reductions: reductions as u64,
        }
    }
}

impl ReduceOnPlateau {
    pub(super) fn check(&self) -> Result<(), Error> {
        let valid = self.factor > 0.0 && self.factor < 1.0;
        check::parameter("schedule.factor", self.factor, valid, "above 0 and below 1")?;
        match self.threshold {
            Threshold::Relative(threshold) => check::fraction("schedule.threshold", threshold)?,
            Threshold::Absolute(threshold) => check::not_negative("schedule.threshold", threshold)?,
        }
        check::parameter("schedule.lowest", self.lowest, (0.0..=1.0).contains(&self.lowest), "from 0 to 1")?;
        check::not_negative("schedule.epsilon", self.epsilon)
    }

    pub(super) fn waits_for_larger(&self) -> bool {
        self.larger_is_better
    }

    pub(super) fn observe(&self, metric: f64, state: &mut PlateauState) {
        if self.improves(metric, state.best) {
            state.best = Some(metric);
            state.bad = 0;
        } else {
            state.bad = state.bad.saturating_add(1);
        }
        if state.cooling > 0 {
            state.cooling -= 1;
            state.bad = 0;
        }
        if state.bad > self.patience {
            state.reductions = state.reductions.saturating_add(1);
            state.cooling = self.cooldown;
            state.bad = 0;
        }
    }

    fn improves(&self, metric: f64, best: Option<f64>) -> bool {
        match (self.larger_is_better, self.threshold) {
            (false, Threshold::Relative(t)) => metric < best.unwrap_or(f64::INFINITY) * (1.0 - t),
            (false, Threshold::Absolute(t)) => metric < best.unwrap_or(f64::INFINITY) - t,
            (true, Threshold::Relative(t)) => metric > best.unwrap_or(f64::NEG_INFINITY) * (1.0 + t),
            (true, Threshold::Absolute(t)) => metric > best.unwrap_or(f64::NEG_INFINITY) + t,
        }
    }

    /// Returns the factor after the reductions so far.
    pub(super) fn factor_after(&self, state: &PlateauState) -> f64 {
        let after = |reductions: u64| self.factor.powf(reductions as f64).max(self.lowest);
        // Reductions become smaller and smaller, so none is applied after one that is too small.
        let takes_place = |number: u64| {
            let before = after(number);
            (before * (1.0 - self.factor)).min(before - self.lowest) > self.epsilon
        };
        let (mut done, mut all) = (0, state.reductions);
        if all > 0 && takes_place(all - 1) {
            return after(all);
        }
        while done < all {
            let middle = done + (all - done) / 2;
            if takes_place(middle) {
                done = middle + 1;
            } else {
                all = middle;
            }
        }
        after(done)
    }
}
