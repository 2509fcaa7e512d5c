//! Adam with a rectified variance.

use super::decay::weight_decay_setter;
use super::moments::{Moments, moment_setters};
use super::{Optimizer, Step, described, quotient};
use crate::error::Error;
use crate::scalar::Real;

/// RAdam: Adam that adapts its steps only after enough gradients to estimate their scale.
///
/// # Formula
/// m and v as in [`Adam`](crate::Adam), m̂ = m / (1 - β1^t), ρ = 2 / (1 - β2) - 1 and
/// ρ_t = ρ - 2 t β2^t / (1 - β2^t). While ρ_t is at most 5, p = p - rate m̂. After that,
/// p = p - rate r m̂ √(1 - β2^t) / (√v + ε) with r² = (ρ_t - 4) (ρ_t - 2) ρ / ((ρ - 4) (ρ - 2) ρ_t). ε is
/// added to the root of v before its correction.
///
/// # When to use
/// Use it where Adam needs a warm-up of the learning rate, which this rule includes. The first steps (five
/// with the default β2) are proportional to the gradient, so the gradient must have a moderate scale.
///
/// # References
/// Liu, Jiang, He, Chen, Liu, Gao and Han (2020), "On the variance of the adaptive learning rate and beyond",
/// in the form that PyTorch uses.
///
/// # Examples
/// ```
/// use logit::optim::{Optimizer, RAdam, Step};
///
/// let (rule, mut params) = (RAdam::new(0.1), [1.0f64]);
/// let mut state = rule.state(1);
/// rule.step(Step::new(1, 0.1), &mut params, &[0.5], &mut state);
/// assert!((params[0] - 0.95).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RAdam {
    moments: Moments,
}

impl RAdam {
    /// Creates RAdam with this learning rate, above 0; 0.001 is usual.
    pub fn new(learning_rate: f64) -> Self {
        RAdam { moments: Moments::new(learning_rate, 1e-8) }
    }

    moment_setters! {
        moments:
        /// Sets the decay rate of the mean of squared gradients, from 0 to 1 (excluded). Defaults to 0.999.
        beta2,
        /// Sets the number added to the denominator (ε), at least 0. Defaults to 1e-8.
        epsilon
    }

    weight_decay_setter! { moments.decay }

    /// Returns r √(1 - β2^t), or `None` while the variance of the scale is not known to be finite.
    fn rectification(&self, number: u64) -> Option<f64> {
        let t = number.max(1) as f64;
        // `length` is a difference of nearly equal numbers, so the power must be accurate to the last digit.
        let power = self.moments.beta2.powf(t);
        let limit = 2.0 / (1.0 - self.moments.beta2) - 1.0;
        let length = limit - 2.0 * t * power / (1.0 - power);
        let squared = (length - 4.0) * (length - 2.0) * limit / ((limit - 4.0) * (limit - 2.0) * length);
        (length > 5.0).then(|| (squared * (1.0 - power)).sqrt())
    }
}

impl<T: Real> Optimizer<T> for RAdam {
    fn learning_rate(&self) -> f64 {
        self.moments.learning_rate
    }

    fn describe(&self) -> String {
        described(self)
    }

    fn check(&self) -> Result<(), Error> {
        self.moments.check()
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        vec![T::zero(); 2 * parameters]
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let factors = self.moments.factors::<T>();
        let rate = self.moments.corrected_rate(step);
        let Some(rectification) = self.rectification(step.number) else {
            let rate = T::of(rate);
            return self.moments.update(
                step,
                params,
                grad,
                state,
                #[inline(always)]
                move |g, m, v| {
                    let m = factors.mean(m, g);
                    let v = factors.mean_square(v, g);
                    (m, v, rate * m)
                },
            );
        };
        let rate = T::of(rate * rectification);
        self.moments.update(
            step,
            params,
            grad,
            state,
            #[inline(always)]
            move |g, m, v| {
                let m = factors.mean(m, g);
                let v = factors.mean_square(v, g);
                (m, v, rate * quotient(m, v.sqrt() + factors.epsilon))
            },
        );
    }
}
