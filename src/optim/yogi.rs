//! Adam with an additive update of the scale.

use super::{Decay, Optimizer, Step, power, quotient, slots};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::vectorize;

/// Yogi: Adam whose mean of squared gradients changes by additive steps, and so forgets slowly.
///
/// # Formula
/// m = β1 m + (1 - β1) g, v = v - (1 - β2) sign(v - g^2) g^2 and p = p - rate m̂ / (√v̂ + ε) with m̂ = m / (1 - β1^t),
/// v̂ = v / (1 - β2^t). m starts at the initial mean, v at the initial accumulator.
///
/// # When to use
/// Where Adam's effective rate rises too fast after a stretch of small gradients. ε is much larger than Adam's.
///
/// # References
/// Zaheer, Reddi, Sachan, Kale and Kumar (2018), "Adaptive methods for nonconvex optimization"; the corrections as in
/// optax, which starts m at 1e-6 too: then a parameter without any gradient moves a little.
///
/// # Examples
/// ```
/// use logit::optim::{Optimizer, Step, Yogi};
///
/// let (rule, mut params) = (Yogi::new(0.1), [1.0f64]);
/// let mut state = rule.state(1);
/// rule.step(Step::new(1, 0.1), &mut params, &[0.5], &mut state);
/// assert!((params[0] - 0.9003982083604).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Yogi {
    learning_rate: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    initial_mean: f64,
    initial_accumulator: f64,
    decay: Decay,
}

impl Yogi {
    /// Yogi with this learning rate, above 0; 0.01 is usual.
    pub fn new(learning_rate: f64) -> Self {
        Yogi {
            learning_rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-3,
            initial_mean: 0.0,
            initial_accumulator: 1e-6,
            decay: Decay::None,
        }
    }

    /// The decay of the mean of gradients, from 0 to 1 (excluded). Defaults to 0.9.
    pub fn beta1(mut self, beta1: f64) -> Self {
        self.beta1 = beta1;
        self
    }

    /// 1 - β2 is the size of the changes of v, from 0 to 1 (excluded). Defaults to 0.999.
    pub fn beta2(mut self, beta2: f64) -> Self {
        self.beta2 = beta2;
        self
    }

    /// What is added to the denominator, at least 0. Defaults to 0.001.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// What m starts at, at least 0. Defaults to 0.
    pub fn initial_mean(mut self, initial_mean: f64) -> Self {
        self.initial_mean = initial_mean;
        self
    }

    /// What v starts at, at least 0. Defaults to 1e-6.
    pub fn initial_accumulator(mut self, initial_accumulator: f64) -> Self {
        self.initial_accumulator = initial_accumulator;
        self
    }

    /// The weight decay; a number is [`Decay::Coupled`]. Defaults to [`Decay::None`].
    pub fn weight_decay(mut self, decay: impl Into<Decay>) -> Self {
        self.decay = decay.into();
        self
    }
}

impl<T: Real> Optimizer<T> for Yogi {
    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn check(&self) -> Result<(), Error> {
        check::positive("learning_rate", self.learning_rate)?;
        check::fraction("beta1", self.beta1)?;
        check::fraction("beta2", self.beta2)?;
        check::not_negative("epsilon", self.epsilon)?;
        check::not_negative("initial_mean", self.initial_mean)?;
        check::not_negative("initial_accumulator", self.initial_accumulator)?;
        self.decay.check()
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        let mut state = vec![T::of(self.initial_mean); 2 * parameters];
        state[parameters..].fill(T::of(self.initial_accumulator));
        state
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let correction = T::of(1.0 / (1.0 - power(self.beta2, step.number)).sqrt());
        let rate = T::of(step.learning_rate / (1.0 - power(self.beta1, step.number)));
        let (beta1, epsilon) = (T::of(self.beta1), T::of(self.epsilon));
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
                        // Compared, not subtracted: both may be infinite.
                        let square = g * g;
                        let change = if *v > square { -gain2 } else { gain2 };
                        *v = if *v == square { *v } else { *v + change * square };
                        *p = *p * kept - rate * quotient(*m, v.sqrt() * correction + epsilon);
                    }
                },
            );
        }
    }
}
