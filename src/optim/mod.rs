//! Optimisation: first-order update rules for mini-batches, and minimisers for deterministic objectives.
//!
//! - Update rules are [`Optimizer`]s: [`Sgd`], [`Adam`] and their relatives, or any of them as an [`UpdateRule`].
//!   A [`Schedule`] changes the learning rate, a [`Clip`] limits the gradient.
//! - Minimisers work on an [`Objective`]: [`Lbfgs`], [`Newton`], [`NewtonCg`] and [`LevenbergMarquardt`].

mod adabelief;
mod adadelta;
mod adagrad;
mod adam;
mod adam_w;
mod adamax;
mod clip;
mod decay;
mod lamb;
mod lion;
mod minimize;
mod moments;
mod nadam;
mod radam;
mod ranges;
mod rms_prop;
mod rprop;
mod schedule;
mod sgd;
mod update_rule;
mod yogi;

use std::fmt;
use std::ops::Range;

pub use adabelief::AdaBelief;
pub use adadelta::Adadelta;
pub use adagrad::Adagrad;
pub use adam::Adam;
pub use adam_w::AdamW;
pub use adamax::Adamax;
pub use clip::Clip;
pub(crate) use clip::norm;
pub use decay::Decay;
pub use lamb::Lamb;
pub use lion::Lion;
pub(crate) use minimize::{Advance, Effort, Method, Point, Stop, condition, or_infinite};
pub use minimize::{
    Evaluation, HasHessian, HessianProduct, Lbfgs, LevenbergMarquardt, MinimizeResult, Newton, NewtonCg,
    Objective,
};
pub use nadam::NAdam;
pub use radam::RAdam;
pub use rms_prop::RmsProp;
pub use rprop::Rprop;
pub use schedule::{OneCycle, PlateauState, ReduceOnPlateau, Schedule};
pub use sgd::Sgd;
pub use update_rule::UpdateRule;
pub use yogi::Yogi;

use crate::error::{Error, type_name};
use crate::scalar::Real;

/// The number, learning rate and parameter ranges of one step: an update rule's input besides the gradient.
///
/// # Examples
/// ```
/// use logit::optim::Step;
///
/// let decayed = [0..6, 8..10];
/// let step = Step::new(1, 0.01).decayed(&decayed);
/// assert_eq!((step.number, step.learning_rate), (1, 0.01));
/// assert!(step.groups.is_empty());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Step<'a> {
    /// The number of the step, counted from 1.
    pub number: u64,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// The ascending ranges of parameters that weight decay applies to. For a network, these are
    /// [`Shape::penalized`](crate::nn::Shape).
    pub decayed: &'a [Range<usize>],
    /// The ascending, disjoint parameter ranges of the layers, for rules with a rate per layer. If empty, all
    /// parameters form one group.
    pub groups: &'a [Range<usize>],
}

impl<'a> Step<'a> {
    /// Creates a step with this number, counted from 1, and this learning rate.
    pub fn new(number: u64, learning_rate: f64) -> Self {
        Step { number, learning_rate, decayed: &[], groups: &[] }
    }

    /// Sets the ascending ranges of parameters that weight decay applies to. Defaults to none.
    pub fn decayed(mut self, ranges: &'a [Range<usize>]) -> Self {
        self.decayed = ranges;
        self
    }

    /// Sets the ascending, disjoint parameter ranges of the layers. Defaults to none: all parameters form one
    /// group.
    pub fn groups(mut self, ranges: &'a [Range<usize>]) -> Self {
        self.groups = ranges;
        self
    }
}

/// A first-order update rule.
///
/// # Implementing this trait
/// An update rule is a pure function of its configuration, the step, the gradient and the state. The state is
/// data that the caller owns, so copying it saves and restores it. `step` must not allocate.
///
/// # Examples
/// ```
/// use logit::optim::{Optimizer, Step};
/// use logit::{Error, Real};
///
/// /// Moves every parameter against the sign of its gradient.
/// struct SignDescent;
/// impl<T: Real> Optimizer<T> for SignDescent {
///     fn learning_rate(&self) -> f64 {
///         0.01
///     }
///     fn state(&self, _parameters: usize) -> Vec<T> {
///         Vec::new()
///     }
///     fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], _state: &mut [T]) {
///         for (p, g) in params.iter_mut().zip(grad) {
///             *p -= T::of(step.learning_rate) * g.signum();
///         }
///     }
/// }
///
/// let mut params = [1.0, -1.0];
/// SignDescent.step(Step::new(1, 0.01), &mut params, &[3.0, -0.2], &mut []);
/// assert_eq!(params, [0.99, -0.99]);
/// ```
pub trait Optimizer<T: Real>: Send + Sync {
    /// Returns the base learning rate, which applies unless a schedule changes it.
    fn learning_rate(&self) -> f64;

    /// Checks that the hyper-parameters are in range. Defaults to accepting all.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if a hyper-parameter is out of range.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Returns a description of the rule, with all settings that decide what its state means.
    ///
    /// A checkpoint stores it, and only a rule with the same description can resume the run. The learning
    /// rate is left out, because it may change in a run. Defaults to the name of the type.
    fn describe(&self) -> String {
        type_name::<Self>().to_owned()
    }

    /// Returns whether the rule needs the gradient over all rows. A trainer then takes all rows in a batch,
    /// unless a batch size is set. Defaults to `false`.
    fn needs_full_batches(&self) -> bool {
        false
    }

    /// Returns the state before the first step, for this number of parameters.
    fn state(&self, parameters: usize) -> Vec<T>;

    /// Moves `params` by one step against `grad`, and updates `state`.
    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]);
}

/// Returns the name and the settings of a rule, without its learning rate.
fn described(rule: &impl fmt::Debug) -> String {
    let all = format!("{rule:?}");
    let Some((before, after)) = all.split_once("learning_rate: ") else { return all };
    let rest = after.split_once(", ").map_or("}", |(_, rest)| rest);
    format!("{before}{rest}")
}

/// Returns `base`, from 0 to 1, raised to a step number; step number 0 counts as 1. A power below 1e-18 may be
/// returned as 0, because 1 minus the power is 1 in either case.
///
/// It depends on the number alone, so a run resumes at any step. Rules need it in every step; repeated
/// squaring that ends early takes a fifth of the time of `f64::powi`.
#[inline]
fn power(base: f64, number: u64) -> f64 {
    let (mut power, mut square, mut left) = (1.0, base, number.max(1));
    loop {
        power *= if left % 2 == 1 { square } else { 1.0 };
        left /= 2;
        if left == 0 {
            return power;
        }
        square *= square;
        // The highest bit of the number is still to come, so the power is at most this square.
        if square < 1e-18 {
            return 0.0;
        }
    }
}

/// Returns the quotient, or 0 if the denominator is 0: without ε, a gradient whose square underflows causes
/// no step.
#[inline(always)]
fn quotient<T: Real>(numerator: T, denominator: T) -> T {
    if denominator == T::zero() { T::zero() } else { numerator / denominator }
}

/// Returns the sign of `x`: -1, 0, 1 or NaN.
#[inline(always)]
fn sign<T: Real>(x: T) -> T {
    // A difference of two selections instead of branches lets loops use vector registers.
    let above = if x > T::zero() { T::one() } else { T::zero() };
    let below = if x < T::zero() { T::one() } else { T::zero() };
    if x.partial_cmp(&x).is_some() { above - below } else { x }
}

/// Splits the state into vectors of one number per parameter.
fn slots<T, const N: usize>(mut state: &mut [T], parameters: usize) -> [&mut [T]; N] {
    std::array::from_fn(|_| state.split_off_mut(..parameters).unwrap_or_default())
}

/// Splits a range into maximal pieces that either decay or do not; a single piece if `decay` is zero.
fn pieces(
    whole: Range<usize>,
    decay: f64,
    decayed: &[Range<usize>],
) -> impl Iterator<Item = (Range<usize>, f64)> + '_ {
    let decayed = if decay == 0.0 { &[] } else { decayed };
    let (mut start, length) = (whole.start, whole.end);
    let mut ranges = decayed.iter();
    let mut pending: Option<Range<usize>> = None;
    std::iter::from_fn(move || {
        if let Some(range) = pending.take() {
            start = range.end;
            return Some((range, decay));
        }
        if start >= length {
            return None;
        }
        let range = ranges
            .next()
            .map_or(length..length, |r| r.start.clamp(start, length)..r.end.clamp(start, length));
        if range.start > start {
            let before = start..range.start;
            start = range.start;
            pending = (!range.is_empty()).then_some(range);
            return Some((before, 0.0));
        }
        start = range.end;
        Some((range, decay))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_that_change_one_are_exact_to_rounding() {
        for base in [0.0, 0.5, 0.9, 0.999, 0.999_999] {
            for number in [1, 2, 3, 7, 100, 355, 1023, 40_000, 214_000, u64::from(u32::MAX) + 5] {
                let wanted = f64::powf(base, number as f64);
                let found = power(base, number);
                let rounding = number as f64 * f64::EPSILON * wanted;
                assert!((found - wanted).abs() <= rounding + 1e-18, "{base}^{number}: {found}, {wanted}");
            }
        }
        assert_eq!(power(0.9, 0), 0.9);
    }

    #[test]
    fn pieces_cover_everything_once_and_in_order() {
        let all = |decay, ranges: &[Range<usize>]| pieces(0..10, decay, ranges).collect::<Vec<_>>();
        assert_eq!(all(0.0, &[0..4]), [(0..10, 0.0)]);
        assert_eq!(all(0.5, &[]), [(0..10, 0.0)]);
        assert_eq!(all(0.5, &[0..10]), [(0..10, 0.5)]);
        assert_eq!(all(0.5, &[0..4, 6..8]), [(0..4, 0.5), (4..6, 0.0), (6..8, 0.5), (8..10, 0.0)]);
        assert_eq!(all(0.5, &[2..4, 4..5]), [(0..2, 0.0), (2..4, 0.5), (4..5, 0.5), (5..10, 0.0)]);
    }
}
