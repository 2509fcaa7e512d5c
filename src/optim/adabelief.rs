//! Adam that trusts gradients near their mean.

use super::{Decay, Optimizer, Step, power, quotient, slots};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::vectorize;

/// AdaBelief: Adam with the variance of the gradient about its mean in the place of its mean square.
///
/// # Formula
/// m = β1 m + (1 - β1) g, v = β2 v + (1 - β2) (g - m)^2 + ε_root and p = p - rate m̂ / (√v̂ + ε) with
/// m̂ = m / (1 - β1^t), v̂ = v / (1 - β2^t).
///
/// # When to use
/// Where Adam is too careful: gradients that agree with their mean give large steps. It is sensitive to both ε.
///
/// # References
/// Zhuang, Tang, Ding, Tatikonda, Dvornek, Papademetris and Duncan (2020), "AdaBelief optimizer: adapting stepsizes by
/// the belief in observed gradients".
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
    learning_rate: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    epsilon_root: f64,
    decay: Decay,
}

impl AdaBelief {
    /// AdaBelief with this learning rate, above 0; 0.001 is usual.
    pub fn new(learning_rate: f64) -> Self {
        AdaBelief {
            learning_rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-16,
            epsilon_root: 1e-16,
            decay: Decay::None,
        }
    }

    /// The decay of the mean of gradients, from 0 to 1 (excluded). Defaults to 0.9.
    pub fn beta1(mut self, beta1: f64) -> Self {
        self.beta1 = beta1;
        self
    }

    /// The decay of the mean of squared deviations, from 0 to 1 (excluded). Defaults to 0.999.
    pub fn beta2(mut self, beta2: f64) -> Self {
        self.beta2 = beta2;
        self
    }

    /// What is added to the denominator, at least 0. Defaults to 1e-16.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// What is added to v in every step, at least 0. Defaults to 1e-16.
    pub fn epsilon_root(mut self, epsilon_root: f64) -> Self {
        self.epsilon_root = epsilon_root;
        self
    }

    /// The weight decay; a number is [`Decay::Coupled`]. Defaults to [`Decay::None`].
    pub fn weight_decay(mut self, decay: impl Into<Decay>) -> Self {
        self.decay = decay.into();
        self
    }
}

impl<T: Real> Optimizer<T> for AdaBelief {
    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn check(&self) -> Result<(), Error> {
        check::positive("learning_rate", self.learning_rate)?;
        check::fraction("beta1", self.beta1)?;
        check::fraction("beta2", self.beta2)?;
        check::not_negative("epsilon", self.epsilon)?;
        check::not_negative("epsilon_root", self.epsilon_root)?;
        self.decay.check()
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        vec![T::zero(); 2 * parameters]
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let correction = T::of(1.0 / (1.0 - power(self.beta2, step.number)).sqrt());
        let rate = T::of(step.learning_rate / (1.0 - power(self.beta1, step.number)));
        let root = T::of(self.epsilon_root);
        let (beta1, beta2, epsilon) = (T::of(self.beta1), T::of(self.beta2), T::of(self.epsilon));
        let (gain1, gain2) = (T::of(1.0 - self.beta1), T::of(1.0 - self.beta2));
        let [means, squares] = slots(state, params.len());
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
                        let deviation = g - *m;
                        *v = beta2 * *v + gain2 * deviation * deviation + root;
                        *p = *p * kept - rate * quotient(*m, v.sqrt() * correction + epsilon);
                    }
                },
            );
        }
    }
}
