//! Adam (adaptive moment estimation).

use super::decay::weight_decay_setter;
use super::moments::{Moments, moment_setters};
use super::{Optimizer, Step, described, quotient, slots};
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::vectorize;

/// Adam: momentum with a step size adapted to each parameter.
///
/// # Formula
/// m = β1 m + (1 - β1) g, v = β2 v + (1 - β2) g^2, and p = p - rate m̂ / (√v̂ + ε) with m̂ = m / (1 - β1^t),
/// v̂ = v / (1 - β2^t). ε is added to the root of the corrected v̂, as in PyTorch and in the paper's
/// Algorithm 1. AMSGrad replaces v by the largest v so far.
///
/// # When to use
/// The usual first choice for networks: it needs little tuning and copes with gradients of very different
/// scales. With weight decay, prefer [`AdamW`](crate::optim::AdamW).
///
/// # Overflow
/// If the square of a gradient overflows, v becomes infinite and that parameter no longer moves. The other
/// parameters are not affected. The same holds for all rules that divide by a mean or sum of squared
/// gradients.
///
/// # References
/// Kingma and Ba (2015), "Adam"; Reddi, Kale and Kumar (2018), "On the convergence of Adam and beyond"
/// (AMSGrad).
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
    pub(super) moments: Moments,
    amsgrad: bool,
}

impl Adam {
    /// Creates Adam with this learning rate, above 0; 0.001 is usual.
    pub fn new(learning_rate: f64) -> Self {
        Adam { moments: Moments::new(learning_rate, 1e-8), amsgrad: false }
    }

    moment_setters! {
        moments:
        /// Sets the decay rate of the mean of squared gradients, from 0 to 1 (excluded). Defaults to 0.999.
        beta2,
        /// Sets the number added to the denominator (ε), at least 0. Defaults to 1e-8.
        epsilon
    }

    weight_decay_setter! { moments.decay }

    /// Sets whether to use AMSGrad, which divides by the root of the largest v so far. Defaults to `false`.
    pub fn amsgrad(mut self, amsgrad: bool) -> Self {
        self.amsgrad = amsgrad;
        self
    }
}

impl<T: Real> Optimizer<T> for Adam {
    fn learning_rate(&self) -> f64 {
        self.moments.learning_rate
    }

    fn describe(&self) -> String {
        described(self)
    }

    fn check(&self) -> Result<(), Error> {
        self.moments.check()
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        vec![T::zero(); if self.amsgrad { 3 } else { 2 } * parameters]
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let factors = self.moments.factors::<T>();
        let rate = T::of(self.moments.corrected_rate(step));
        let correction = T::of(self.moments.root_correction(step));
        if !self.amsgrad {
            return self.moments.update(
                step,
                params,
                grad,
                state,
                #[inline(always)]
                move |g, m, v| {
                    let m = factors.mean(m, g);
                    let v = factors.mean_square(v, g);
                    (m, v, rate * quotient(m, v.sqrt() * correction + factors.epsilon))
                },
            );
        }
        let [means, squares, largest] = slots(state, params.len());
        for (piece, added, kept) in self.moments.decay.pieces(params.len(), step) {
            let (params, grad) = (&mut params[piece.clone()], &grad[piece.clone()]);
            let (means, squares) = (&mut means[piece.clone()], &mut squares[piece.clone()]);
            let largest = &mut largest[piece];
            vectorize(
                #[inline(always)]
                || {
                    let moments = means.iter_mut().zip(squares.iter_mut()).zip(largest.iter_mut());
                    for ((p, &g), ((m, v), u)) in params.iter_mut().zip(grad).zip(moments) {
                        let g = g + added * *p;
                        *m = factors.mean(*m, g);
                        *v = factors.mean_square(*v, g);
                        // This order of comparison keeps a NaN in v.
                        *u = if *v <= *u { *u } else { *v };
                        *p = *p * kept - rate * quotient(*m, u.sqrt() * correction + factors.epsilon);
                    }
                },
            );
        }
    }
}
