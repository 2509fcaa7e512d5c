//! Lion (sign momentum).

use super::{Decay, Optimizer, Step, described, sign, slots};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::vectorize;

/// Lion: every parameter moves by the learning rate, along the sign of a momentum.
///
/// # Formula
/// p = (1 - rate d) p - rate sign(β1 m + (1 - β1) g) with weight decay d, then m = β2 m + (1 - β2) g. The
/// sign of 0 is 0.
///
/// # When to use
/// Use it for large batches and large networks, with a learning rate 3 to 10 times smaller than for
/// [`AdamW`](crate::optim::AdamW) and a weight decay larger by the same factor. The state is half the size of
/// Adam's. It squares nothing, so no square overflows.
///
/// # References
/// Chen, Liang, Huang, Real, Wang, Liu, Pham, Dong, Luong, Hsieh, Lu and Le (2023), "Symbolic discovery of
/// optimization algorithms".
///
/// # Examples
/// ```
/// use logit::optim::{Lion, Optimizer, Step};
///
/// let (rule, mut params) = (Lion::new(0.1), [1.0f64]);
/// let mut state = rule.state(1);
/// rule.step(Step::new(1, 0.1), &mut params, &[0.5], &mut state);
/// assert!((params[0] - 0.9).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lion {
    learning_rate: f64,
    beta1: f64,
    beta2: f64,
    weight_decay: f64,
}

impl Lion {
    /// Creates Lion with this learning rate, above 0; 0.0001 is usual.
    pub fn new(learning_rate: f64) -> Self {
        Lion { learning_rate, beta1: 0.9, beta2: 0.99, weight_decay: 0.0 }
    }

    /// Sets the weight of the momentum in the direction, from 0 to 1 (excluded). Defaults to 0.9.
    pub fn beta1(mut self, beta1: f64) -> Self {
        self.beta1 = beta1;
        self
    }

    /// Sets the decay rate of the momentum, from 0 to 1 (excluded). Defaults to 0.99.
    pub fn beta2(mut self, beta2: f64) -> Self {
        self.beta2 = beta2;
        self
    }

    /// Sets the weight decay, decoupled from the gradient; biases do not decay. Defaults to 0.
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }
}

impl<T: Real> Optimizer<T> for Lion {
    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn describe(&self) -> String {
        described(self)
    }

    fn check(&self) -> Result<(), Error> {
        check::positive("learning_rate", self.learning_rate)?;
        check::fraction("beta1", self.beta1)?;
        check::fraction("beta2", self.beta2)?;
        check::not_negative("weight_decay", self.weight_decay)
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        vec![T::zero(); parameters]
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let rate = T::of(step.learning_rate);
        let (beta1, beta2) = (T::of(self.beta1), T::of(self.beta2));
        let (gain1, gain2) = (T::of(1.0 - self.beta1), T::of(1.0 - self.beta2));
        let [means] = slots(state, params.len());
        for (piece, _, kept) in Decay::Decoupled(self.weight_decay).pieces(params.len(), step) {
            let (params, grad) = (&mut params[piece.clone()], &grad[piece.clone()]);
            let means = &mut means[piece];
            vectorize(
                #[inline(always)]
                || {
                    for ((p, &g), m) in params.iter_mut().zip(grad).zip(means.iter_mut()) {
                        let direction = sign(beta1 * *m + gain1 * g);
                        *m = beta2 * *m + gain2 * g;
                        *p = *p * kept - rate * direction;
                    }
                },
            );
        }
    }
}
