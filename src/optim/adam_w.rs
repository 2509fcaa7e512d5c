//! Adam with decoupled weight decay.

use super::moments::moment_setters;
use super::{Adam, Decay, Optimizer, Step, described};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;

/// AdamW: [`Adam`] with weight decay that is decoupled from the gradient.
///
/// # Formula
/// p = (1 - rate d) p with weight decay d, then the update of [`Adam`]. The result is bit-identical to that
/// of `Adam` with [`Decay::Decoupled`].
///
/// # When to use
/// The usual choice for networks with weight decay: all weights decay at the same rate, whatever the scale of
/// their gradients.
///
/// # References
/// Loshchilov and Hutter (2019), "Decoupled weight decay regularization".
///
/// # Examples
/// ```
/// use logit::optim::{AdamW, Optimizer, Step};
///
/// let (rule, mut params) = (AdamW::new(0.1).weight_decay(0.1), [1.0f64]);
/// let mut state = rule.state(1);
/// // Everything decays here; `Shape::penalized` names the weights of a network.
/// rule.step(Step::new(1, 0.1).decayed(&[0..1]), &mut params, &[0.5], &mut state);
/// assert!((params[0] - 0.890000002).abs() < 1e-15);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    adam: Adam,
    weight_decay: f64,
}

impl AdamW {
    /// Creates AdamW with this learning rate, above 0; 0.001 is usual.
    pub fn new(learning_rate: f64) -> Self {
        AdamW { adam: Adam::new(learning_rate), weight_decay: 0.01 }
    }

    moment_setters! {
        adam.moments:
        /// Sets the decay rate of the mean of squared gradients, from 0 to 1 (excluded). Defaults to 0.999.
        beta2,
        /// Sets the number added to the denominator (ε), at least 0. Defaults to 1e-8.
        epsilon
    }

    /// Sets whether to use AMSGrad, which divides by the root of the largest v so far. Defaults to `false`.
    pub fn amsgrad(mut self, amsgrad: bool) -> Self {
        self.adam = self.adam.amsgrad(amsgrad);
        self
    }

    /// Sets the weight decay; biases do not decay. Defaults to 0.01.
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    fn adam(&self) -> Adam {
        self.adam.weight_decay(Decay::Decoupled(self.weight_decay))
    }
}

impl<T: Real> Optimizer<T> for AdamW {
    fn learning_rate(&self) -> f64 {
        Optimizer::<T>::learning_rate(&self.adam)
    }

    fn describe(&self) -> String {
        described(self)
    }

    fn check(&self) -> Result<(), Error> {
        Optimizer::<T>::check(&self.adam)?;
        check::not_negative("weight_decay", self.weight_decay)
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        self.adam.state(parameters)
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        self.adam().step(step, params, grad, state);
    }
}
