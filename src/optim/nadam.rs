//! Adam with Nesterov's momentum.

use super::{Decay, Optimizer, Step, power, quotient, slots};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::vectorize;

/// NAdam: Adam that looks ahead along its momentum, as Nesterov's does.
///
/// # Formula
/// m and v as in [`Adam`](crate::Adam), μ_t = β1 (1 - 0.96^(t ψ) / 2) with momentum decay ψ, M_t = μ_1 ... μ_t, and
/// p = p - rate ((1 - μ_t) g / (1 - M_t) + μ_{t+1} m / (1 - M_{t+1})) / (√v̂ + ε) with v̂ = v / (1 - β2^t). The last
/// entry of the state is M_t.
///
/// # When to use
/// Where Adam works; it often needs somewhat fewer steps.
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
    learning_rate: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    momentum_decay: f64,
    decay: Decay,
}

impl NAdam {
    /// NAdam with this learning rate, above 0; 0.002 is usual.
    pub fn new(learning_rate: f64) -> Self {
        NAdam {
            learning_rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            momentum_decay: 0.004,
            decay: Decay::None,
        }
    }

    /// The decay of the mean of gradients, from 0 to 1 (excluded). Defaults to 0.9.
    pub fn beta1(mut self, beta1: f64) -> Self {
        self.beta1 = beta1;
        self
    }

    /// The decay of the mean of squared gradients, from 0 to 1 (excluded). Defaults to 0.999.
    pub fn beta2(mut self, beta2: f64) -> Self {
        self.beta2 = beta2;
        self
    }

    /// What is added to the denominator, at least 0. Defaults to 1e-8.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// How fast the momentum rises from half of β1 to β1, at least 0. Defaults to 0.004.
    pub fn momentum_decay(mut self, momentum_decay: f64) -> Self {
        self.momentum_decay = momentum_decay;
        self
    }

    /// The weight decay; a number is [`Decay::Coupled`]. Defaults to [`Decay::None`].
    pub fn weight_decay(mut self, decay: impl Into<Decay>) -> Self {
        self.decay = decay.into();
        self
    }
}

impl<T: Real> Optimizer<T> for NAdam {
    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn check(&self) -> Result<(), Error> {
        check::positive("learning_rate", self.learning_rate)?;
        check::fraction("beta1", self.beta1)?;
        check::fraction("beta2", self.beta2)?;
        check::not_negative("epsilon", self.epsilon)?;
        check::not_negative("momentum_decay", self.momentum_decay)?;
        self.decay.check()
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        let mut state = vec![T::zero(); 2 * parameters + 1];
        state[2 * parameters] = T::one();
        state
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let momentum = |t: f64| self.beta1 * (1.0 - 0.5 * 0.96f64.powf(t * self.momentum_decay));
        let (now, next) = (momentum(step.number as f64), momentum(step.number as f64 + 1.0));
        let correction = T::of(1.0 / (1.0 - power(self.beta2, step.number)).sqrt());
        let (beta1, beta2, epsilon) = (T::of(self.beta1), T::of(self.beta2), T::of(self.epsilon));
        let (gain1, gain2) = (T::of(1.0 - self.beta1), T::of(1.0 - self.beta2));
        let (moments, product) = state.split_at_mut(2 * params.len());
        let [means, squares] = slots(moments, params.len());
        let so_far = product[0].as_f64() * now;
        product[0] = T::of(so_far);
        let rate_now = T::of(step.learning_rate * (1.0 - now) / (1.0 - so_far));
        let rate_next = T::of(step.learning_rate * next / (1.0 - so_far * next));
        for (piece, added, kept) in self.decay.pieces(params.len(), step) {
            let (params, grad) = (&mut params[piece.clone()], &grad[piece.clone()]);
            let means = &mut means[piece.clone()];
            let squares = &mut squares[piece];
            vectorize(
                #[inline(always)]
                || {
                    let moments = means.iter_mut().zip(squares.iter_mut());
                    for ((p, &g), (m, v)) in params.iter_mut().zip(grad).zip(moments) {
                        let g = g + added * *p;
                        *m = beta1 * *m + gain1 * g;
                        *v = beta2 * *v + gain2 * g * g;
                        let ahead = rate_now * g + rate_next * *m;
                        *p = *p * kept - quotient(ahead, v.sqrt() * correction + epsilon);
                    }
                },
            );
        }
    }
}
