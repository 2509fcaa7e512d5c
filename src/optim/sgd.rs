//! Stochastic gradient descent.

use super::ranges::{by_ranges, ranged};
use super::{Optimizer, Step, described, pieces};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::vectorize;

/// Stochastic gradient descent with momentum.
///
/// # Formula
/// With gradient g, weight decay d and momentum μ: g' = g + d p (weights only), v = μ v + g', and
/// p = p - rate v, or p = p - rate (g' + μ v) with Nesterov's momentum. With dampening τ,
/// v = μ v + (1 - τ) g' from the second step on.
///
/// # When to use
/// With momentum 0.9 and a tuned, decreasing learning rate, it often reaches the best model. It depends on
/// that tuning.
///
/// # References
/// Sutskever, Martens, Dahl and Hinton (2013), in the form that PyTorch uses, where the rate multiplies v.
///
/// # Examples
/// ```
/// use logit::optim::{Optimizer, Step};
/// use logit::Sgd;
///
/// let (sgd, mut params) = (Sgd::new(0.1).momentum(0.9), [1.0]);
/// let mut state = sgd.state(1);
/// sgd.step(Step::new(1, 0.1), &mut params, &[0.5], &mut state);
/// assert_eq!(params, [0.95]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    learning_rate: f64,
    momentum: f64,
    dampening: f64,
    nesterov: bool,
    weight_decay: f64,
}

impl Sgd {
    /// Creates plain gradient descent with this learning rate, above 0.
    pub fn new(learning_rate: f64) -> Self {
        Sgd { learning_rate, momentum: 0.0, dampening: 0.0, nesterov: false, weight_decay: 0.0 }
    }

    /// Sets the momentum, from 0 to 1 (excluded). Defaults to 0.
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// Sets the fraction of each gradient after the first that is left out of the momentum, from 0 to 1
    /// (excluded).
    ///
    /// It must be 0 with Nesterov's momentum, and has no effect without momentum. Defaults to 0.
    pub fn dampening(mut self, dampening: f64) -> Self {
        self.dampening = dampening;
        self
    }

    /// Sets whether to use Nesterov's momentum, which requires a momentum above 0. Defaults to `false`.
    pub fn nesterov(mut self, nesterov: bool) -> Self {
        self.nesterov = nesterov;
        self
    }

    /// Sets the weight decay, which is added to the gradient; biases do not decay. Defaults to 0.
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }
}

impl<T: Real> Optimizer<T> for Sgd {
    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn describe(&self) -> String {
        described(self)
    }

    fn check(&self) -> Result<(), Error> {
        check::positive("learning_rate", self.learning_rate)?;
        check::fraction("momentum", self.momentum)?;
        check::parameter(
            "momentum",
            self.momentum,
            !self.nesterov || self.momentum > 0.0,
            "above 0 with nesterov",
        )?;
        check::fraction("dampening", self.dampening)?;
        check::parameter(
            "dampening",
            self.dampening,
            !self.nesterov || self.dampening == 0.0,
            "0 with nesterov",
        )?;
        check::not_negative("weight_decay", self.weight_decay)
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        vec![T::zero(); if self.momentum > 0.0 { parameters } else { 0 }]
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let (rate, momentum) = (T::of(step.learning_rate), T::of(self.momentum));
        let gain = T::of(if step.number > 1 { 1.0 - self.dampening } else { 1.0 });
        for (piece, decay) in pieces(0..params.len(), self.weight_decay, step.decayed) {
            let decay = T::of(decay);
            let (params, grad) = (ranged(&mut params[piece.clone()]), &grad[piece.clone()]);
            if self.momentum == 0.0 {
                by_ranges(piece.len(), params, |range, params| {
                    let (params, grad) = (params.into_slice(), &grad[range]);
                    vectorize(
                        #[inline(always)]
                        || {
                            for (p, &g) in params.iter_mut().zip(grad) {
                                *p -= rate * (g + decay * *p);
                            }
                        },
                    );
                });
                continue;
            }
            let velocity = ranged(&mut state[piece.clone()]);
            by_ranges(piece.len(), (params, velocity), |range, (params, velocity)| {
                let (params, grad, velocity) = (params.into_slice(), &grad[range], velocity.into_slice());
                vectorize(
                    #[inline(always)]
                    || {
                        for ((p, &g), v) in params.iter_mut().zip(grad).zip(velocity.iter_mut()) {
                            let g = g + decay * *p;
                            *v = momentum * *v + gain * g;
                            *p -= rate * if self.nesterov { g + momentum * *v } else { *v };
                        }
                    },
                );
            });
        }
    }
}
