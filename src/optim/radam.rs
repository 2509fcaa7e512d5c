//! Adam with its variance rectified.

use super::{Decay, Optimizer, Step, power, quotient, slots};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::vectorize_once;

/// RAdam: Adam that does not adapt before it has seen enough gradients to know their scale.
///
/// # Formula
/// m and v as in [`Adam`](crate::Adam), m̂ = m / (1 - β1^t), ρ = 2 / (1 - β2) - 1 and ρ_t = ρ - 2 t β2^t / (1 - β2^t).
/// While ρ_t is at most 5: p = p - rate m̂. Then p = p - rate r m̂ √(1 - β2^t) / (√v + ε) with
/// r² = (ρ_t - 4) (ρ_t - 2) ρ / ((ρ - 4) (ρ - 2) ρ_t). ε is added to the root of v before its correction.
///
/// # When to use
/// Where Adam needs a warm-up of the learning rate: the rule brings one of its own. The first steps (five with the
/// default β2) are proportional to the gradient, which must have a moderate scale.
///
/// # References
/// Liu, Jiang, He, Chen, Liu, Gao and Han (2020), "On the variance of the adaptive learning rate and beyond", in the
/// form that PyTorch uses.
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
    learning_rate: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    decay: Decay,
}

impl RAdam {
    /// RAdam with this learning rate, above 0; 0.001 is usual.
    pub fn new(learning_rate: f64) -> Self {
        RAdam { learning_rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: Decay::None }
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

    /// The weight decay; a number is [`Decay::Coupled`]. Defaults to [`Decay::None`].
    pub fn weight_decay(mut self, decay: impl Into<Decay>) -> Self {
        self.decay = decay.into();
        self
    }

    /// r √(1 - β2^t), once the variance of the scale is known to be finite.
    fn rectification(&self, number: u64) -> Option<f64> {
        let t = number.max(1) as f64;
        // `length` is a difference of near numbers: it needs the last digit of the power.
        let power = self.beta2.powf(t);
        let limit = 2.0 / (1.0 - self.beta2) - 1.0;
        let length = limit - 2.0 * t * power / (1.0 - power);
        let squared = (length - 4.0) * (length - 2.0) * limit / ((limit - 4.0) * (limit - 2.0) * length);
        (length > 5.0).then(|| (squared * (1.0 - power)).sqrt())
    }
}

impl<T: Real> Optimizer<T> for RAdam {
    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn check(&self) -> Result<(), Error> {
        check::positive("learning_rate", self.learning_rate)?;
        check::fraction("beta1", self.beta1)?;
        check::fraction("beta2", self.beta2)?;
        check::not_negative("epsilon", self.epsilon)?;
        self.decay.check()
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        vec![T::zero(); 2 * parameters]
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let rate = step.learning_rate / (1.0 - power(self.beta1, step.number));
        let rectification = self.rectification(step.number);
        let rate = T::of(rate * rectification.unwrap_or(1.0));
        let epsilon = T::of(self.epsilon);
        let adaptive = rectification.is_some();
        let (beta1, beta2) = (T::of(self.beta1), T::of(self.beta2));
        let (gain1, gain2) = (T::of(1.0 - self.beta1), T::of(1.0 - self.beta2));
        let [means, squares] = slots(state, params.len());
        for (piece, added, kept) in self.decay.pieces(params.len(), step) {
            let (params, grad) = (&mut params[piece.clone()], &grad[piece.clone()]);
            let means = &mut means[piece.clone()];
            let squares = &mut squares[piece];
            let moments = means.iter_mut().zip(squares);
            let each = params.iter_mut().zip(grad).zip(moments);
            if adaptive {
                vectorize_once(
                    #[inline(always)]
                    || {
                        for ((p, &g), (m, v)) in each {
                            let g = g + added * *p;
                            *m = beta1 * *m + gain1 * g;
                            *v = beta2 * *v + gain2 * g * g;
                            *p = *p * kept - rate * quotient(*m, v.sqrt() + epsilon);
                        }
                    },
                );
                continue;
            }
            vectorize_once(
                #[inline(always)]
                || {
                    for ((p, &g), (m, v)) in each {
                        let g = g + added * *p;
                        *m = beta1 * *m + gain1 * g;
                        *v = beta2 * *v + gain2 * g * g;
                        *p = *p * kept - rate * *m;
                    }
                },
            );
        }
    }
}
