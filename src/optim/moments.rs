//! The settings and the update loop that Adam and its variants share.

use super::ranges::{by_ranges, ranged};
use super::{Decay, Step, power, slots};
use crate::check;
use crate::error::Error;
use crate::scalar::{Real, vectorize};

/// The settings of a rule whose state is a mean m of the gradients and a second number v for each parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moments {
    pub(super) learning_rate: f64,
    pub(super) beta1: f64,
    pub(super) beta2: f64,
    pub(super) epsilon: f64,
    pub(super) decay: Decay,
}

impl Moments {
    /// Creates settings with β1 = 0.9, β2 = 0.999 and no weight decay.
    pub(super) fn new(learning_rate: f64, epsilon: f64) -> Self {
        Moments { learning_rate, beta1: 0.9, beta2: 0.999, epsilon, decay: Decay::None }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        check::positive("learning_rate", self.learning_rate)?;
        check::fraction("beta1", self.beta1)?;
        check::fraction("beta2", self.beta2)?;
        check::not_negative("epsilon", self.epsilon)?;
        self.decay.check()
    }

    /// Returns the bias-corrected learning rate: the learning rate divided by 1 - β1^t.
    pub(super) fn corrected_rate(&self, step: Step<'_>) -> f64 {
        step.learning_rate / (1.0 - power(self.beta1, step.number))
    }

    /// Returns the factor that turns √v into √v̂: 1 / √(1 - β2^t).
    pub(super) fn root_correction(&self, step: Step<'_>) -> f64 {
        1.0 / (1.0 - power(self.beta2, step.number)).sqrt()
    }

    pub(super) fn factors<T: Real>(&self) -> Factors<T> {
        Factors {
            beta1: T::of(self.beta1),
            gain1: T::of(1.0 - self.beta1),
            beta2: T::of(self.beta2),
            gain2: T::of(1.0 - self.beta2),
            epsilon: T::of(self.epsilon),
        }
    }

    /// Takes one step, including the weight decay. `each` maps the gradient, m and v of a parameter to the
    /// new m, the new v and the number to subtract from the parameter.
    ///
    /// `each` must be `#[inline(always)]`, move its captures, and take and return numbers: with references
    /// instead, the loop used no vector registers and took four to eight times as long. The loop itself
    /// captures by reference, because a `move` there costs 8 per cent in `f32`.
    #[inline(always)]
    pub(super) fn update<T: Real>(
        &self,
        step: Step<'_>,
        params: &mut [T],
        grad: &[T],
        state: &mut [T],
        each: impl Fn(T, T, T) -> (T, T, T) + Copy + Sync,
    ) {
        let [means, seconds] = slots(state, params.len());
        for (piece, added, kept) in self.decay.pieces(params.len(), step) {
            let (params, grad) = (ranged(&mut params[piece.clone()]), &grad[piece.clone()]);
            let moments = (ranged(&mut means[piece.clone()]), ranged(&mut seconds[piece.clone()]));
            by_ranges(piece.len(), (params, moments), |range, (params, (means, seconds))| {
                let (params, grad) = (params.into_slice(), &grad[range]);
                let (means, seconds) = (means.into_slice(), seconds.into_slice());
                vectorize(
                    #[inline(always)]
                    || {
                        let moments = means.iter_mut().zip(seconds.iter_mut());
                        for ((p, &g), (m, v)) in params.iter_mut().zip(grad).zip(moments) {
                            let (mean, second, change) = each(g + added * *p, *m, *v);
                            *m = mean;
                            *v = second;
                            *p = *p * kept - change;
                        }
                    },
                );
            });
        }
    }
}

/// The [`Moments`] settings, converted to the type of the parameters.
#[derive(Clone, Copy)]
pub(super) struct Factors<T> {
    pub(super) beta1: T,
    pub(super) gain1: T,
    pub(super) beta2: T,
    pub(super) gain2: T,
    pub(super) epsilon: T,
}

impl<T: Real> Factors<T> {
    /// Returns β1 m + (1 - β1) g.
    #[inline(always)]
    pub(super) fn mean(self, m: T, g: T) -> T {
        self.beta1 * m + self.gain1 * g
    }

    /// Returns β2 v + (1 - β2) g^2.
    #[inline(always)]
    pub(super) fn mean_square(self, v: T, g: T) -> T {
        self.beta2 * v + self.gain2 * g * g
    }
}

/// Generates the setters of [`Moments`] in the `impl` of a rule. The rule names the field that holds the
/// settings, and documents the meaning and the default of β2 and ε.
macro_rules! moment_setters {
    (
        $($field:ident).+:
        $(#[$beta2:meta])* beta2,
        $(#[$epsilon:meta])* epsilon
    ) => {
        /// Sets the decay rate of the mean of the gradients, from 0 to 1 (excluded). Defaults to 0.9.
        pub fn beta1(mut self, beta1: f64) -> Self {
            self.$($field).+.beta1 = beta1;
            self
        }

        $(#[$beta2])*
        pub fn beta2(mut self, beta2: f64) -> Self {
            self.$($field).+.beta2 = beta2;
            self
        }

        $(#[$epsilon])*
        pub fn epsilon(mut self, epsilon: f64) -> Self {
            self.$($field).+.epsilon = epsilon;
            self
        }
    };
}
pub(super) use moment_setters;
