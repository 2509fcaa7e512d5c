//! Adam scaled by the variance of the gradient.

use super::decay::weight_decay_setter;
use super::moments::{Moments, moment_setters};
use super::{Optimizer, Step, described, quotient};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;

/// AdaBelief: Adam scaled by the variance of the gradient about its mean instead of its mean square.
///
/// # Formula
/// m = β1 m + (1 - β1) g, v = β2 v + (1 - β2) (g - m)^2 + ε_root and p = p - rate m̂ / (√v̂ + ε) with
/// m̂ = m / (1 - β1^t), v̂ = v / (1 - β2^t).
///
/// # When to use
/// Use it if Adam takes too small steps: gradients that agree with their mean give large steps here. It is
/// sensitive to both ε and ε_root.
///
/// # References
/// Zhuang, Tang, Ding, Tatikonda, Dvornek, Papademetris and Duncan (2020), "AdaBelief optimizer: adapting
/// stepsizes by the belief in observed gradients".
///
/// # Examples
/// ```
/// use logit::optim::{AdaBelief, Optimizer, Step};
///
/// let (rule, mut params) = (AdaBelief::new(0.1), [1.0f64]);
/// let mut state = rule.state(1);
/// rule.step(Step::new(1, 0.1), &mut params, &[0.5], &mut state);
/// assert!((params[0] - 0.8888888888889).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaBelief {
    moments: Moments,
    epsilon_root: f64,
}

impl AdaBelief {
    /// Creates AdaBelief with this learning rate, above 0; 0.001 is usual.
    pub fn new(learning_rate: f64) -> Self {
        AdaBelief { moments: Moments::new(learning_rate, 1e-16), epsilon_root: 1e-16 }
    }

    moment_setters! {
        moments:
        /// Sets the decay rate of the mean of squared deviations, from 0 to 1 (excluded). Defaults to 0.999.
        beta2,
        /// Sets the number added to the denominator (ε), at least 0. Defaults to 1e-16.
        epsilon
    }

    weight_decay_setter! { moments.decay }

    /// Sets the number added to v in every step (ε_root), at least 0. Defaults to 1e-16.
    pub fn epsilon_root(mut self, epsilon_root: f64) -> Self {
        self.epsilon_root = epsilon_root;
        self
    }
}

impl<T: Real> Optimizer<T> for AdaBelief {
    fn learning_rate(&self) -> f64 {
        self.moments.learning_rate
    }

    fn describe(&self) -> String {
        described(self)
    }

    fn check(&self) -> Result<(), Error> {
        self.moments.check()?;
        check::not_negative("epsilon_root", self.epsilon_root)
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        vec![T::zero(); 2 * parameters]
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let factors = self.moments.factors::<T>();
        let rate = T::of(self.moments.corrected_rate(step));
        let correction = T::of(self.moments.root_correction(step));
        let root = T::of(self.epsilon_root);
        self.moments.update(
            step,
            params,
            grad,
            state,
            #[inline(always)]
            move |g, m, v| {
                let m = factors.mean(m, g);
                let v = factors.mean_square(v, g - m) + root;
                (m, v, rate * quotient(m, v.sqrt() * correction + factors.epsilon))
            },
        );
    }
}
