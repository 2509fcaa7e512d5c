//! Adaptive moment estimation.

use super::{Decay, Optimizer, Step, power, quotient, slots};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::vectorize;

/// Adam: momentum with a step size adapted to each parameter.
///
/// # Formula
/// m = β1 m + (1 - β1) g, v = β2 v + (1 - β2) g^2, and p = p - rate m̂ / (√v̂ + ε) with m̂ = m / (1 - β1^t),
/// v̂ = v / (1 - β2^t). ε is added to the root of the corrected v̂, as in PyTorch and in the paper's Algorithm 1.
/// AMSGrad puts the largest v so far in the place of v.
///
/// # When to use
/// The usual first choice for networks: it needs little tuning and bears gradients of very different scales. With
/// weight decay prefer [`AdamW`](crate::optim::AdamW).
///
/// # Overflow
/// A gradient whose square overflows makes v infinite: that parameter then stays where it is. The other
/// parameters are not touched by that. The rules that divide by a mean or sum of squared gradients share this.
///
/// # References
/// Kingma and Ba (2015), "Adam"; Reddi, Kale and Kumar (2018), "On the convergence of Adam and beyond" (AMSGrad).
///
/// # Examples
/// ```
/// use logit::optim::{Optimizer, Step};
/// use logit::Adam;
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
    amsgrad: bool,
    decay: Decay,
}

impl Adam {
    /// Adam with this learning rate, above 0; 0.001 is usual.
    pub fn new(learning_rate: f64) -> Self {
        Adam { learning_rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, amsgrad: false, decay: Decay::None }
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

    /// Whether the denominator never falls: AMSGrad. Defaults to false.
    pub fn amsgrad(mut self, amsgrad: bool) -> Self {
        self.amsgrad = amsgrad;
        self
    }

    /// The weight decay; a number is [`Decay::Coupled`]. Defaults to [`Decay::None`].
    pub fn weight_decay(mut self, decay: impl Into<Decay>) -> Self {
        self.decay = decay.into();
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
        self.decay.check()
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        vec![T::zero(); if self.amsgrad { 3 } else { 2 } * parameters]
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let correction = T::of(1.0 / (1.0 - power(self.beta2, step.number)).sqrt());
        let rate = T::of(step.learning_rate / (1.0 - power(self.beta1, step.number)));
        let (beta1, beta2, epsilon) = (T::of(self.beta1), T::of(self.beta2), T::of(self.epsilon));
        let (gain1, gain2) = (T::of(1.0 - self.beta1), T::of(1.0 - self.beta2));
        let [means, squares, largest] = slots(state, params.len());
        for (piece, added, kept) in self.decay.pieces(params.len(), step) {
            let (params, grad) = (&mut params[piece.clone()], &grad[piece.clone()]);
            let (means, squares) = (&mut means[piece.clone()], &mut squares[piece.clone()]);
            if self.amsgrad {
                let largest = &mut largest[piece];
                vectorize(
                    #[inline(always)]
                    || {
                        let moments = means.iter_mut().zip(squares.iter_mut()).zip(largest.iter_mut());
                        for ((p, &g), ((m, v), u)) in params.iter_mut().zip(grad).zip(moments) {
                            let g = g + added * *p;
                            *m = beta1 * *m + gain1 * g;
                            *v = beta2 * *v + gain2 * g * g;
                            // This way round, v may be NaN.
                            *u = if *v <= *u { *u } else { *v };
                            *p = *p * kept - rate * quotient(*m, u.sqrt() * correction + epsilon);
                        }
                    },
                );
                continue;
            }
            vectorize(
                #[inline(always)]
                || {
                    let moments = means.iter_mut().zip(squares.iter_mut());
                    for ((p, &g), (m, v)) in params.iter_mut().zip(grad).zip(moments) {
                        let g = g + added * *p;
                        *m = beta1 * *m + gain1 * g;
                        *v = beta2 * *v + gain2 * g * g;
                        *p = *p * kept - rate * quotient(*m, v.sqrt() * correction + epsilon);
                    }
                },
            );
        }
    }
}
