//! Adadelta: an adaptive rule without a learning rate to tune.

use super::decay::weight_decay_setter;
use super::{Decay, Optimizer, Step, described, slots};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::vectorize;

/// Adadelta: steps in the units of the parameters, from running means of squared gradients and squared steps.
///
/// # Formula
/// v = ρ v + (1 - ρ) g^2, d = g √(u + ε) / √(v + ε), u = ρ u + (1 - ρ) d^2 and p = p - rate d.
///
/// # When to use
/// Use it if no good learning rate is known: a rate of 1 suits most problems. It starts slowly, with steps of
/// about √ε.
///
/// # References
/// Zeiler (2012), "ADADELTA: an adaptive learning rate method".
///
/// # Examples
/// ```
/// use logit::optim::{Adadelta, Optimizer, Step};
///
/// let (rule, mut params) = (Adadelta::new(1.0), [1.0f64]);
/// let mut state = rule.state(1);
/// rule.step(Step::new(1, 1.0), &mut params, &[0.5], &mut state);
/// assert!((params[0] - 0.9968377855835).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adadelta {
    learning_rate: f64,
    rho: f64,
    epsilon: f64,
    decay: Decay,
}

impl Adadelta {
    /// Creates Adadelta with this learning rate, above 0; 1 is usual.
    pub fn new(learning_rate: f64) -> Self {
        Adadelta { learning_rate, rho: 0.9, epsilon: 1e-6, decay: Decay::None }
    }

    /// Sets the decay rate of both means of squares, from 0 to 1 (excluded). Defaults to 0.9.
    pub fn rho(mut self, rho: f64) -> Self {
        self.rho = rho;
        self
    }

    /// Sets the number added to both means (ε), above 0; without it, no parameter would ever move. Defaults
    /// to 1e-6.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    weight_decay_setter! { decay }
}

impl<T: Real> Optimizer<T> for Adadelta {
    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn describe(&self) -> String {
        described(self)
    }

    fn check(&self) -> Result<(), Error> {
        check::positive("learning_rate", self.learning_rate)?;
        check::fraction("rho", self.rho)?;
        check::positive("epsilon", self.epsilon)?;
        self.decay.check()
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        vec![T::zero(); 2 * parameters]
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let rate = T::of(step.learning_rate);
        let (rho, gain, epsilon) = (T::of(self.rho), T::of(1.0 - self.rho), T::of(self.epsilon));
        let [squares, steps] = slots(state, params.len());
        for (piece, added, kept) in self.decay.pieces(params.len(), step) {
            let (params, grad) = (&mut params[piece.clone()], &grad[piece.clone()]);
            let squares = &mut squares[piece.clone()];
            let steps = &mut steps[piece];
            vectorize(
                #[inline(always)]
                || {
                    let moments = squares.iter_mut().zip(steps.iter_mut());
                    for ((p, &g), (v, u)) in params.iter_mut().zip(grad).zip(moments) {
                        let g = g + added * *p;
                        *v = rho * *v + gain * g * g;
                        let d = (*u + epsilon).sqrt() / (*v + epsilon).sqrt() * g;
                        *u = rho * *u + gain * d * d;
                        *p = *p * kept - rate * d;
                    }
                },
            );
        }
    }
}
