//! RMSprop (root-mean-square propagation).

use super::decay::weight_decay_setter;
use super::{Decay, Optimizer, Step, described, quotient, slots};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::vectorize_once;

/// RMSprop: gradients divided by the root of their running mean square.
///
/// # Formula
/// v = α v + (1 - α) g^2 and p = p - rate g / (√v + ε). The centred form replaces √v by √(v - a^2), with the
/// mean a = α a + (1 - α) g. With momentum μ: b = μ b + g / (√v + ε) and p = p - rate b.
///
/// # Precision
/// The centred form stores the variance v - a^2 itself. It updates the variance to α (v - a^2) + α (1 - α)
/// (g - a)^2, with the a before the step. The result is the same without a difference of squares, which
/// rounding can make negative and its root NaN.
///
/// # When to use
/// Use it where the scale of the gradients drifts, as in recurrent networks and reinforcement learning.
/// Otherwise use [`Adam`](crate::Adam), which adds momentum and a correction of the first steps.
///
/// # References
/// Tieleman and Hinton (2012), "Lecture 6.5: rmsprop"; centred: Graves (2013), "Generating sequences with
/// recurrent neural networks"; ε and momentum as in PyTorch.
///
/// # Examples
/// ```
/// use logit::optim::{Optimizer, RmsProp, Step};
///
/// let (rule, mut params) = (RmsProp::new(0.01), [1.0f64]);
/// let mut state = rule.state(1);
/// rule.step(Step::new(1, 0.01), &mut params, &[0.5], &mut state);
/// assert!((params[0] - 0.900000019999996).abs() < 1e-15);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RmsProp {
    learning_rate: f64,
    alpha: f64,
    epsilon: f64,
    centered: bool,
    momentum: f64,
    decay: Decay,
}

impl RmsProp {
    /// Creates RMSprop with this learning rate, above 0; 0.01 is usual, 0.001 for networks.
    pub fn new(learning_rate: f64) -> Self {
        RmsProp {
            learning_rate,
            alpha: 0.99,
            epsilon: 1e-8,
            centered: false,
            momentum: 0.0,
            decay: Decay::None,
        }
    }

    /// Sets the decay rate of the means, from 0 to 1 (excluded). Defaults to 0.99.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// Sets the number added to the denominator (ε), at least 0. Defaults to 1e-8.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Sets whether to divide the gradient by its standard deviation instead of its root mean square.
    /// Defaults to `false`.
    pub fn centered(mut self, centered: bool) -> Self {
        self.centered = centered;
        self
    }

    /// Sets the momentum of the scaled gradient, from 0 to 1 (excluded). Defaults to 0.
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    weight_decay_setter! { decay }
}

/// The coefficients of the denominator of a gradient.
#[derive(Clone, Copy)]
struct Scale<T> {
    alpha: T,
    gain: T,
    gain_about_mean: T,
    epsilon: T,
}

impl<T: Real> Scale<T> {
    #[inline(always)]
    fn divide(self, g: T, square: &mut T) -> T {
        *square = self.alpha * *square + self.gain * g * g;
        quotient(g, square.sqrt() + self.epsilon)
    }

    #[inline(always)]
    fn divide_centered(self, g: T, variance: &mut T, mean: &mut T) -> T {
        let deviation = g - *mean;
        *variance = self.alpha * *variance + self.gain_about_mean * deviation * deviation;
        *mean = self.alpha * *mean + self.gain * g;
        quotient(g, variance.sqrt() + self.epsilon)
    }
}

impl<T: Real> Optimizer<T> for RmsProp {
    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn describe(&self) -> String {
        described(self)
    }

    fn check(&self) -> Result<(), Error> {
        check::positive("learning_rate", self.learning_rate)?;
        check::fraction("alpha", self.alpha)?;
        check::not_negative("epsilon", self.epsilon)?;
        check::fraction("momentum", self.momentum)?;
        self.decay.check()
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        let slots = 1 + usize::from(self.centered) + usize::from(self.momentum > 0.0);
        vec![T::zero(); slots * parameters]
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let rate = T::of(step.learning_rate);
        let (alpha, epsilon, momentum) = (T::of(self.alpha), T::of(self.epsilon), T::of(self.momentum));
        let scale = Scale {
            alpha,
            gain: T::of(1.0 - self.alpha),
            gain_about_mean: T::of(self.alpha * (1.0 - self.alpha)),
            epsilon,
        };
        let [squares, second, third] = slots(state, params.len());
        let (means, velocities) = if self.centered { (second, third) } else { (third, second) };
        for (piece, added, kept) in self.decay.pieces(params.len(), step) {
            let each = params[piece.clone()].iter_mut().zip(&grad[piece.clone()]);
            let each = each.zip(&mut squares[piece.clone()]);
            match (self.centered, self.momentum > 0.0) {
                (false, false) => vectorize_once(
                    #[inline(always)]
                    || {
                        for ((p, &g), v) in each {
                            *p = *p * kept - rate * scale.divide(g + added * *p, v);
                        }
                    },
                ),
                (false, true) => vectorize_once(
                    #[inline(always)]
                    || {
                        for (((p, &g), v), b) in each.zip(&mut velocities[piece]) {
                            *b = momentum * *b + scale.divide(g + added * *p, v);
                            *p = *p * kept - rate * *b;
                        }
                    },
                ),
                (true, false) => vectorize_once(
                    #[inline(always)]
                    || {
                        for (((p, &g), v), a) in each.zip(&mut means[piece]) {
                            *p = *p * kept - rate * scale.divide_centered(g + added * *p, v, a);
                        }
                    },
                ),
                (true, true) => vectorize_once(
                    #[inline(always)]
                    || {
                        let each = each.zip(means[piece.clone()].iter_mut().zip(&mut velocities[piece]));
                        for (((p, &g), v), (a, b)) in each {
                            *b = momentum * *b + scale.divide_centered(g + added * *p, v, a);
                            *p = *p * kept - rate * *b;
                        }
                    },
                ),
            }
        }
    }
}
