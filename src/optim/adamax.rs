//! Adam scaled by a decaying maximum of the gradients instead of their root mean square.

use super::decay::weight_decay_setter;
use super::moments::{Moments, moment_setters};
use super::{Optimizer, Step, described, quotient};
use crate::error::Error;
use crate::scalar::Real;

/// Adamax: Adam scaled by a decaying maximum of the absolute gradients.
///
/// # Formula
/// m = β1 m + (1 - β1) g, u = max(β2 u, |g| + ε) and p = p - rate m / ((1 - β1^t) u).
///
/// # When to use
/// Use it if gradients are sparse or have outliers. It squares nothing, so no square overflows or underflows.
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
    moments: Moments,
}

impl Adamax {
    /// Creates Adamax with this learning rate, above 0; 0.002 is usual.
    pub fn new(learning_rate: f64) -> Self {
        Adamax { moments: Moments::new(learning_rate, 1e-8) }
    }

    moment_setters! {
        moments:
        /// Sets the decay rate of the largest absolute gradient, from 0 to 1 (excluded). Defaults to 0.999.
        beta2,
        /// Sets the number added to each absolute gradient (ε), at least 0. Defaults to 1e-8.
        epsilon
    }

    weight_decay_setter! { moments.decay }
}

impl<T: Real> Optimizer<T> for Adamax {
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
        vec![T::zero(); 2 * parameters]
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let factors = self.moments.factors::<T>();
        let rate = T::of(self.moments.corrected_rate(step));
        self.moments.update(
            step,
            params,
            grad,
            state,
            #[inline(always)]
            move |g, m, u| {
                let m = factors.mean(m, g);
                let (faded, size) = (factors.beta2 * u, g.abs() + factors.epsilon);
                let u = if faded > size { faded } else { size };
                (m, u, rate * quotient(m, u))
            },
        );
    }
}
