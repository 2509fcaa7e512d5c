//! Optimisation: first-order update rules for mini-batches, and minimisers for objectives seen whole.

mod adam;
mod clip;
mod minimize;
mod schedule;
mod sgd;

use std::ops::Range;

pub use adam::{Adam, Decay};
pub use clip::Clip;
#[allow(unused_imports)]
pub(crate) use clip::norm;
pub(crate) use minimize::condition;
pub use minimize::{Curved, HessianProduct, Lbfgs, LevenbergMarquardt, Minimum, Newton, NewtonCg, Objective};
pub use schedule::{OneCycle, PlateauState, ReduceOnPlateau, Schedule};
pub use sgd::Sgd;

use crate::error::Error;
use crate::real::Real;

/// When and where a step is taken: what an update rule needs besides the gradient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step<'a> {
    /// The number of the step, from 1.
    pub number: u64,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// The ascending ranges of parameters that weight decay applies to: [`Shape::penalized`](crate::Shape).
    pub decayed: &'a [Range<usize>],
}

/// A first-order update rule.
///
/// # What an implementor owes
/// A pure function of the configuration, the step, the gradient and the state: the state is data that the caller
/// owns, so it is saved and restored by copying it. `step` does not allocate.
///
/// # Examples
/// ```
/// use logit::{Error, Optimizer, Real, Step};
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
/// let step = Step { number: 1, learning_rate: 0.01, decayed: &[] };
/// SignDescent.step(step, &mut params, &[3.0, -0.2], &mut []);
/// assert_eq!(params, [0.99, -0.99]);
/// ```
pub trait Optimizer<T: Real>: Send + Sync {
    /// The learning rate to use when no schedule says otherwise.
    fn learning_rate(&self) -> f64;

    /// Whether the hyper-parameters are in range. Defaults to yes.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`].
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The state before the first step, for so many parameters.
    fn state(&self, parameters: usize) -> Vec<T>;

    /// Moves `params` by one step against `grad`, and updates `state`.
    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]);
}

/// Cuts `0..length` into maximal pieces that are decayed or not; a single piece when `decay` is zero.
fn pieces(
    length: usize,
    decay: f64,
    decayed: &[Range<usize>],
) -> impl Iterator<Item = (Range<usize>, f64)> + '_ {
    let decayed = if decay == 0.0 { &[] } else { decayed };
    let mut start = 0;
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
    fn pieces_cover_everything_once_and_in_order() {
        let all = |decay, ranges: &[Range<usize>]| pieces(10, decay, ranges).collect::<Vec<_>>();
        assert_eq!(all(0.0, &[0..4]), [(0..10, 0.0)]);
        assert_eq!(all(0.5, &[]), [(0..10, 0.0)]);
        assert_eq!(all(0.5, &[0..10]), [(0..10, 0.5)]);
        assert_eq!(all(0.5, &[0..4, 6..8]), [(0..4, 0.5), (4..6, 0.0), (6..8, 0.5), (8..10, 0.0)]);
        assert_eq!(all(0.5, &[2..4, 4..5]), [(0..2, 0.0), (2..4, 0.5), (4..5, 0.5), (5..10, 0.0)]);
    }
}
