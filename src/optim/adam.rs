//! Adaptive moment estimation.

use super::{Optimizer, Step, pieces};
use crate::check;
use crate::error::Error;
use crate::kernel::vectorize;
use crate::real::Real;

/// How weight decay enters an adaptive update; biases are spared in both.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Decay {
    /// No weight decay.
    #[default]
    None,
    /// Added to the gradient, like an L2 penalty, and so divided by the adaptive denominator too.
    Coupled(f64),
    /// p is multiplied by 1 - rate * decay before the update: "AdamW", Loshchilov and Hutter (2019).
    Decoupled(f64),
}

/// Adam: momentum with a step size adapted to each parameter.
///
/// # Formula
/// m = β1 m + (1 - β1) g, v = β2 v + (1 - β2) g^2, and p = p - rate m̂ / (√v̂ + ε) with m̂ = m / (1 - β1^t),
/// v̂ = v / (1 - β2^t). ε is added to the root of the corrected v̂, as in PyTorch and in the paper's Algorithm 1.
///
/// # References
/// Kingma and Ba (2015).
///
/// # Examples
/// ```
/// use logit::{Adam, Optimizer, Step};
///
/// let (adam, mut params) = (Adam::new(0.1), [1.0f64]);
/// let mut state = adam.state(1);
/// adam.step(Step::new(1, 0.1), &mut params, &[0.5], &mut state);
/// assert!((params[0] - 0.900000002).abs() < 1e-15);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    learning_rate: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    decay: Decay,
}

impl Adam {
    /// Adam with this learning rate, above 0; 0.001 is usual.
    pub fn new(learning_rate: f64) -> Self {
        Adam { learning_rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: Decay::None }
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

    /// The weight decay. Defaults to [`Decay::None`].
    pub fn decay(mut self, decay: Decay) -> Self {
        self.decay = decay;
        self
    }
}

impl<T: Real> Optimizer<T> for Adam {
    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn check(&self) -> Result<(), Error> {
        check::positive("learning_rate", self.learning_rate)?;
        check::fraction("beta1", self.beta1)?;
        check::fraction("beta2", self.beta2)?;
        check::not_negative("epsilon", self.epsilon)?;
        match self.decay {
            Decay::None => Ok(()),
            Decay::Coupled(decay) | Decay::Decoupled(decay) => check::not_negative("decay", decay),
        }
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        vec![T::zero(); 2 * parameters]
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let (coupled, decoupled) = match self.decay {
            Decay::None => (0.0, 0.0),
            Decay::Coupled(decay) => (decay, 0.0),
            Decay::Decoupled(decay) => (0.0, decay),
        };
        let exponent = i32::try_from(step.number).unwrap_or(i32::MAX);
        let correction = (1.0 - self.beta2.powi(exponent)).sqrt();
        let rate = T::of(step.learning_rate / (1.0 - self.beta1.powi(exponent)));
        let correction = T::of(1.0 / correction);
        let (beta1, beta2, epsilon) = (T::of(self.beta1), T::of(self.beta2), T::of(self.epsilon));
        let (gain1, gain2) = (T::of(1.0 - self.beta1), T::of(1.0 - self.beta2));
        let (means, squares) = state.split_at_mut(params.len());
        for (piece, decay) in pieces(params.len(), coupled + decoupled, step.decayed) {
            let added = T::of(if coupled > 0.0 { decay } else { 0.0 });
            let shrink = T::of(if decoupled > 0.0 { 1.0 - step.learning_rate * decay } else { 1.0 });
            let (params, grad) = (&mut params[piece.clone()], &grad[piece.clone()]);
            let (means, squares) = (&mut means[piece.clone()], &mut squares[piece]);
            vectorize(
                #[inline(always)]
                || {
                    for (((p, &g), m), v) in params.iter_mut().zip(grad).zip(means).zip(squares) {
                        let g = g + added * *p;
                        *m = beta1 * *m + gain1 * g;
                        *v = beta2 * *v + gain2 * g * g;
                        let denominator = v.sqrt() * correction + epsilon;
                        // With epsilon 0, a gradient whose square underflows moves nothing.
                        let ratio = if denominator > T::zero() { *m / denominator } else { T::zero() };
                        *p = *p * shrink - rate * ratio;
                    }
                },
            );
        }
    }
}
