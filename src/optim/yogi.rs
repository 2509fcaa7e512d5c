//! Adam with an additive update of the scale.

use super::decay::weight_decay_setter;
use super::moments::{Moments, moment_setters};
use super::{Optimizer, Step, described, quotient};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;

/// Yogi: Adam with additive changes to the mean of squared gradients, which therefore forgets slowly.
///
/// # Formula
/// m = β1 m + (1 - β1) g, v = v - (1 - β2) sign(v - g^2) g^2 and p = p - rate m̂ / (√v̂ + ε) with
/// m̂ = m / (1 - β1^t), v̂ = v / (1 - β2^t). m starts at the initial mean, v at the initial accumulator.
///
/// # When to use
/// Use it where Adam's effective learning rate rises too fast after a period of small gradients. Its ε is
/// much larger than Adam's.
///
/// # References
/// Zaheer, Reddi, Sachan, Kale and Kumar (2018), "Adaptive methods for nonconvex optimization"; the
/// corrections as in optax. Optax also starts m at 1e-6, so that even a parameter without any gradient moves
/// a little.
///
/// # Examples
/// ```
/// use logit::optim::{Optimizer, Step, Yogi};
///
/// let (rule, mut params) = (Yogi::new(0.1), [1.0f64]);
/// let mut state = rule.state(1);
/// rule.step(Step::new(1, 0.1), &mut params, &[0.5], &mut state);
/// assert!((params[0] - 0.9003982083604).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Yogi {
    moments: Moments,
    initial_mean: f64,
    initial_accumulator: f64,
}

impl Yogi {
    /// Creates Yogi with this learning rate, above 0; 0.01 is usual.
    pub fn new(learning_rate: f64) -> Self {
        Yogi { moments: Moments::new(learning_rate, 1e-3), initial_mean: 0.0, initial_accumulator: 1e-6 }
    }

    moment_setters! {
        moments:
        /// Sets β2, from 0 to 1 (excluded); v changes in steps of 1 - β2 times the squared gradient. Defaults
        /// to 0.999.
        beta2,
        /// Sets the number added to the denominator (ε), at least 0. Defaults to 0.001.
        epsilon
    }

    weight_decay_setter! { moments.decay }

    /// Sets the initial value of m, at least 0. Defaults to 0.
    pub fn initial_mean(mut self, initial_mean: f64) -> Self {
        self.initial_mean = initial_mean;
        self
    }

    /// Sets the initial value of v, at least 0. Defaults to 1e-6.
    pub fn initial_accumulator(mut self, initial_accumulator: f64) -> Self {
        self.initial_accumulator = initial_accumulator;
        self
    }
}

impl<T: Real> Optimizer<T> for Yogi {
    fn learning_rate(&self) -> f64 {
        self.moments.learning_rate
    }

    fn describe(&self) -> String {
        described(self)
    }

    fn check(&self) -> Result<(), Error> {
        self.moments.check()?;
        check::not_negative("initial_mean", self.initial_mean)?;
        check::not_negative("initial_accumulator", self.initial_accumulator)
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        let mut state = vec![T::of(self.initial_mean); 2 * parameters];
        state[parameters..].fill(T::of(self.initial_accumulator));
        state
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let factors = self.moments.factors::<T>();
        let rate = T::of(self.moments.corrected_rate(step));
        let correction = T::of(self.moments.root_correction(step));
        self.moments.update(
            step,
            params,
            grad,
            state,
            #[inline(always)]
            move |g, m, v| {
                let m = factors.mean(m, g);
                // The numbers are compared, not subtracted, because both may be infinite.
                let square = g * g;
                let change = if v > square { -factors.gain2 } else { factors.gain2 };
                let v = if v == square { v } else { v + change * square };
                (m, v, rate * quotient(m, v.sqrt() * correction + factors.epsilon))
            },
        );
    }
}
