//! Adam with the largest gradient in the place of the root mean square.

use super::{Decay, Optimizer, Step, power, quotient, slots};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::vectorize;

/// Adamax: Adam with a decaying maximum of the gradients as the scale.
///
/// # Formula
/// m = β1 m + (1 - β1) g, u = max(β2 u, |g| + ε) and p = p - rate m / ((1 - β1^t) u).
///
/// # When to use
/// Where gradients are rare or have outliers: nothing is squared, so nothing overflows or underflows.
///
/// # References
/// Kingma and Ba (2015), "Adam", section 7.1; ε as in PyTorch.
///
/// # Examples
/// ```
/// use logit::optim::{Adamax, Optimizer, Step};
///
/// let (rule, mut params) = (Adamax::new(0.1), [1.0f64]);
/// let mut state = rule.state(1);
/// rule.step(Step::new(1, 0.1), &mut params, &[0.5], &mut state);
/// assert!((params[0] - 0.900000002).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adamax {
    learning_rate: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    decay: Decay,
}

impl Adamax {
    /// Adamax with this learning rate, above 0; 0.002 is usual.
    pub fn new(learning_rate: f64) -> Self {
        Adamax { learning_rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: Decay::None }
    }

    /// The decay of the mean of gradients, from 0 to 1 (excluded). Defaults to 0.9.
    pub fn beta1(mut self, beta1: f64) -> Self {
        self.beta1 = beta1;
        self
    }

    /// The decay of the largest gradient, from 0 to 1 (excluded). Defaults to 0.999.
    pub fn beta2(mut self, beta2: f64) -> Self {
        self.beta2 = beta2;
        self
    }

    /// What is added to the size of each gradient, at least 0. Defaults to 1e-8.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// The weight decay; a number is [`Decay::Coupled`]. Defaults to [`Decay::None`].
    pub fn weight_decay(mut self, decay: impl Into<Decay>) -> Self {
        self.decay = decay.into();
        self
    }
}

impl<T: Real> Optimizer<T> for Adamax {
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
        let rate = T::of(step.learning_rate / (1.0 - power(self.beta1, step.number)));
        let (beta1, beta2, epsilon) = (T::of(self.beta1), T::of(self.beta2), T::of(self.epsilon));
        let gain1 = T::of(1.0 - self.beta1);
        let [means, largest] = slots(state, params.len());
        for (piece, added, kept) in self.decay.pieces(params.len(), step) {
            let (params, grad) = (&mut params[piece.clone()], &grad[piece.clone()]);
            let means = &mut means[piece.clone()];
            let largest = &mut largest[piece];
            vectorize(
                #[inline(always)]
                || {
                    let moments = means.iter_mut().zip(largest.iter_mut());
                    for ((p, &g), (m, u)) in params.iter_mut().zip(grad).zip(moments) {
                        let g = g + added * *p;
                        *m = beta1 * *m + gain1 * g;
                        let (faded, size) = (beta2 * *u, g.abs() + epsilon);
                        *u = if faded > size { faded } else { size };
                        *p = *p * kept - rate * quotient(*m, *u);
                    }
                },
            );
        }
    }
}
