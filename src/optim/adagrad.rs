//! Adagrad (adaptive gradients).

use super::decay::weight_decay_setter;
use super::{Decay, Optimizer, Step, described, quotient, slots};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::vectorize;

/// Adagrad: a step size for each parameter that decreases with the sum of its squared gradients.
///
/// # Formula
/// s = s + g^2 and p = p - rate_t g / (√s + ε) with rate_t = rate / (1 + (t - 1) η) for
/// learning-rate decay η.
///
/// # When to use
/// Use it for convex problems and for rare features, whose parameters keep large steps. In long training of
/// networks the steps become too small; use [`RmsProp`](crate::optim::RmsProp) or [`Adam`](crate::Adam)
/// instead.
///
/// # References
/// Duchi, Hazan and Singer (2011), "Adaptive subgradient methods for online learning and stochastic
/// optimization".
///
/// # Examples
/// ```
/// use logit::optim::{Adagrad, Optimizer, Step};
///
/// let (rule, mut params) = (Adagrad::new(0.1), [1.0f64]);
/// let mut state = rule.state(1);
/// rule.step(Step::new(1, 0.1), &mut params, &[0.5], &mut state);
/// assert!((params[0] - 0.9).abs() < 1e-10);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adagrad {
    learning_rate: f64,
    learning_rate_decay: f64,
    initial_accumulator: f64,
    epsilon: f64,
    decay: Decay,
}

impl Adagrad {
    /// Creates Adagrad with this learning rate, above 0; 0.01 is usual for networks, up to 1 for convex
    /// problems.
    pub fn new(learning_rate: f64) -> Self {
        Adagrad {
            learning_rate,
            learning_rate_decay: 0.0,
            initial_accumulator: 0.0,
            epsilon: 1e-10,
            decay: Decay::None,
        }
    }

    /// Sets how fast the learning rate decreases with the number of steps (η), at least 0. Defaults to 0.
    pub fn learning_rate_decay(mut self, learning_rate_decay: f64) -> Self {
        self.learning_rate_decay = learning_rate_decay;
        self
    }

    /// Sets the initial value of the sums of squares, at least 0. Defaults to 0.
    pub fn initial_accumulator(mut self, initial_accumulator: f64) -> Self {
        self.initial_accumulator = initial_accumulator;
        self
    }

    /// Sets the number added to the denominator (ε), at least 0. Defaults to 1e-10.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    weight_decay_setter! { decay }
}

impl<T: Real> Optimizer<T> for Adagrad {
    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn describe(&self) -> String {
        described(self)
    }

    fn check(&self) -> Result<(), Error> {
        check::positive("learning_rate", self.learning_rate)?;
        check::not_negative("learning_rate_decay", self.learning_rate_decay)?;
        check::not_negative("initial_accumulator", self.initial_accumulator)?;
        check::not_negative("epsilon", self.epsilon)?;
        self.decay.check()
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        vec![T::of(self.initial_accumulator); parameters]
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let elapsed = step.number.saturating_sub(1) as f64;
        let rate = T::of(step.learning_rate / (1.0 + elapsed * self.learning_rate_decay));
        let epsilon = T::of(self.epsilon);
        let [sums] = slots(state, params.len());
        for (piece, added, kept) in self.decay.pieces(params.len(), step) {
            let (params, grad) = (&mut params[piece.clone()], &grad[piece.clone()]);
            let sums = &mut sums[piece];
            vectorize(
                #[inline(always)]
                || {
                    for ((p, &g), s) in params.iter_mut().zip(grad).zip(sums.iter_mut()) {
                        let g = g + added * *p;
                        *s += g * g;
                        *p = *p * kept - rate * quotient(g, s.sqrt() + epsilon);
                    }
                },
            );
        }
    }
}
