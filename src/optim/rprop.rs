//! Rprop (resilient backpropagation).

use super::{Optimizer, Step, described, sign, slots};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::vectorize;

/// Rprop: a step size for each parameter that grows while the sign of its gradient stays the same, and
/// shrinks when it changes.
///
/// # Formula
/// s = min(s grow, largest) if g has the sign of the previous g, max(s shrink, smallest) if it has the
/// opposite sign, else unchanged; p = p - sign(g) s. When the sign changes, p does not move in this step, and
/// g counts as 0 in the next. This is the variant "iRprop-", without weight backtracking, as in PyTorch. It
/// is simpler than the original, and better in the authors' comparison. The rule compares signs instead of
/// multiplying gradients, so tiny gradients count as well.
///
/// The learning rate is the initial step size; a learning-rate schedule has no effect.
///
/// # When to use
/// Use it with full batches only, because it takes every change of sign for a minimum that was passed. With
/// full batches it is fast and needs no tuning. Trainers and networks take all rows in a batch with it,
/// unless a batch size is set. It has no weight decay; use a penalty instead.
///
/// # References
/// Riedmiller and Braun (1993), "A direct adaptive method for faster backpropagation learning"; Igel and
/// Hüsken (2000), "Improving the Rprop learning algorithm".
///
/// # Examples
/// ```
/// use logit::optim::{Optimizer, Rprop, Step};
///
/// let (rule, mut params) = (Rprop::new(0.1), [1.0f64]);
/// let mut state = rule.state(1);
/// rule.step(Step::new(1, 0.1), &mut params, &[0.5], &mut state);
/// assert!((params[0] - 0.9).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rprop {
    learning_rate: f64,
    shrink: f64,
    grow: f64,
    smallest: f64,
    largest: f64,
}

impl Rprop {
    /// Creates Rprop with this initial step size, above 0; 0.01 is usual.
    pub fn new(learning_rate: f64) -> Self {
        Rprop { learning_rate, shrink: 0.5, grow: 1.2, smallest: 1e-6, largest: 50.0 }
    }

    /// Sets the factor of the step size when the sign changes, above 0 and below 1. Defaults to 0.5.
    pub fn shrink(mut self, shrink: f64) -> Self {
        self.shrink = shrink;
        self
    }

    /// Sets the factor of the step size when the sign stays the same, above 1. Defaults to 1.2.
    pub fn grow(mut self, grow: f64) -> Self {
        self.grow = grow;
        self
    }

    /// Sets the smallest step size, at least 0. Defaults to 1e-6.
    pub fn smallest(mut self, smallest: f64) -> Self {
        self.smallest = smallest;
        self
    }

    /// Sets the largest step size, at least the smallest and above 0. Defaults to 50.
    pub fn largest(mut self, largest: f64) -> Self {
        self.largest = largest;
        self
    }
}

impl<T: Real> Optimizer<T> for Rprop {
    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn describe(&self) -> String {
        described(self)
    }

    fn check(&self) -> Result<(), Error> {
        check::positive("learning_rate", self.learning_rate)?;
        let (shrink, grow) = (self.shrink, self.grow);
        check::parameter("shrink", shrink, shrink > 0.0 && shrink < 1.0, "above 0 and below 1")?;
        check::parameter("grow", grow, grow > 1.0 && grow.is_finite(), "finite and above 1")?;
        check::not_negative("smallest", self.smallest)?;
        check::positive("largest", self.largest)?;
        check::parameter("largest", self.largest, self.largest >= self.smallest, "at least `smallest`")
    }

    fn needs_full_batches(&self) -> bool {
        true
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        let mut state = vec![T::zero(); 2 * parameters];
        state[parameters..].fill(T::of(self.learning_rate));
        state
    }

    fn step(&self, _step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let (shrink, grow) = (T::of(self.shrink), T::of(self.grow));
        let (smallest, largest) = (T::of(self.smallest), T::of(self.largest));
        let [previous, sizes] = slots(state, params.len());
        vectorize(
            #[inline(always)]
            || {
                let (shrink, grow, smallest, largest) = (shrink, grow, smallest, largest);
                let states = previous.iter_mut().zip(sizes.iter_mut());
                for ((p, &g), (before, size)) in params.iter_mut().zip(grad).zip(states) {
                    let direction = sign(g);
                    let agreement = direction * *before;
                    let turned = agreement < T::zero();
                    let factor = if agreement > T::zero() { grow } else { T::one() };
                    let changed = *size * if turned { shrink } else { factor };
                    let bounded = if changed < smallest { smallest } else { changed };
                    *size = if bounded > largest { largest } else { bounded };
                    *before = if turned { T::zero() } else { direction };
                    *p -= *before * *size;
                }
            },
        );
    }
}
