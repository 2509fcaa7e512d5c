//! Adam with Nesterov's momentum.

use super::decay::weight_decay_setter;
use super::moments::{Moments, moment_setters};
use super::{Optimizer, Step, described, quotient};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;

/// NAdam: Adam with Nesterov's momentum, which looks one step ahead.
///
/// # Formula
/// m and v as in [`Adam`](crate::Adam), μ_t = β1 (1 - 0.96^(t ψ) / 2) with momentum decay ψ, M_t = μ_1 ...
/// μ_t, and p = p - rate ((1 - μ_t) g / (1 - M_t) + μ_{t+1} m / (1 - M_{t+1})) / (√v̂ + ε) with
/// v̂ = v / (1 - β2^t). The last entry of the state is M_t.
///
/// # When to use
/// Use it where Adam works; it often needs somewhat fewer steps.
///
/// # References
/// Dozat (2016), "Incorporating Nesterov momentum into Adam", in the form that PyTorch uses.
///
/// # Examples
/// ```
/// use logit::optim::{NAdam, Optimizer, Step};
///
/// let (rule, mut params) = (NAdam::new(0.1), [1.0f64]);
/// let mut state = rule.state(1);
/// rule.step(Step::new(1, 0.1), &mut params, &[0.5], &mut state);
/// assert!((params[0] - 0.8943548242774).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NAdam {
    moments: Moments,
    momentum_decay: f64,
}

impl NAdam {
    /// Creates NAdam with this learning rate, above 0; 0.002 is usual.
    pub fn new(learning_rate: f64) -> Self {
        NAdam { moments: Moments::new(learning_rate, 1e-8), momentum_decay: 0.004 }
    }

    moment_setters! {
        moments:
        /// Sets the decay rate of the mean of squared gradients, from 0 to 1 (excluded). Defaults to 0.999.
        beta2,
        /// Sets the number added to the denominator (ε), at least 0. Defaults to 1e-8.
        epsilon
    }

    weight_decay_setter! { moments.decay }

    /// Sets how fast the momentum rises from half of β1 to β1 (ψ), at least 0. Defaults to 0.004.
    pub fn momentum_decay(mut self, momentum_decay: f64) -> Self {
        self.momentum_decay = momentum_decay;
        self
    }
}

impl<T: Real> Optimizer<T> for NAdam {
    fn learning_rate(&self) -> f64 {
        self.moments.learning_rate
    }

    fn describe(&self) -> String {
        described(self)
    }

    fn check(&self) -> Result<(), Error> {
        self.moments.check()?;
        check::not_negative("momentum_decay", self.momentum_decay)
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        let mut state = vec![T::zero(); 2 * parameters + 1];
        state[2 * parameters] = T::one();
        state
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let momentum = |t: f64| self.moments.beta1 * (1.0 - 0.5 * 0.96f64.powf(t * self.momentum_decay));
        let (now, next) = (momentum(step.number as f64), momentum(step.number as f64 + 1.0));
        let factors = self.moments.factors::<T>();
        let correction = T::of(self.moments.root_correction(step));
        let (moments, product) = state.split_at_mut(2 * params.len());
        let so_far = product[0].as_f64() * now;
        product[0] = T::of(so_far);
        let rate_now = T::of(step.learning_rate * (1.0 - now) / (1.0 - so_far));
        let rate_next = T::of(step.learning_rate * next / (1.0 - so_far * next));
        self.moments.update(
            step,
            params,
            grad,
            moments,
            #[inline(always)]
            move |g, m, v| {
                let m = factors.mean(m, g);
                let v = factors.mean_square(v, g);
                let ahead = rate_now * g + rate_next * m;
                (m, v, quotient(ahead, v.sqrt() * correction + factors.epsilon))
            },
        );
    }
}
