//! LAMB (layer-wise adaptive moments).

use std::ops::Range;

use super::moments::{Moments, moment_setters};
use super::{Optimizer, Step, described, pieces, power, quotient, slots};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::{dot, vectorize};

/// The number of parameters whose direction is computed at once: few enough for the stack and the nearest
/// cache.
const BLOCK: usize = 256;

/// LAMB: Adam with the step of each layer proportional to the norm of that layer's parameters.
///
/// # Formula
/// m, v, m̂ and v̂ as in [`Adam`](crate::Adam), and u = m̂ / (√v̂ + ε) + d p with weight decay d. For each
/// group of parameters, p = p - rate (‖p‖ / ‖u‖) u; the ratio is 1 if either norm is 0. The groups are those
/// of [`Step::groups`]; parameters between two groups form a group of their own.
///
/// # When to use
/// Use it for very large batches with large learning rates. With fewer than a few thousand rows per batch,
/// [`AdamW`](crate::optim::AdamW) does as well.
///
/// # References
/// You, Li, Reddi, Hseu, Kumar, Bhojanapalli, Song, Demmel, Keutzer and Hsieh (2020), "Large batch
/// optimization for deep learning: training BERT in 76 minutes"; the corrections as in optax.
///
/// # Examples
/// ```
/// use logit::optim::{Lamb, Optimizer, Step};
///
/// let (rule, mut params) = (Lamb::new(0.1), [3.0f64, 4.0]);
/// let mut state = rule.state(2);
/// rule.step(Step::new(1, 0.1).groups(&[0..2]), &mut params, &[0.5, 0.5], &mut state);
/// // ‖p‖ = 5, u = (1, 1): both move by 0.1 * 5 / √2.
/// assert!((params[0] - (3.0 - 0.5 / 2f64.sqrt())).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lamb {
    moments: Moments,
    weight_decay: f64,
}

impl Lamb {
    /// Creates LAMB with this learning rate, above 0; 0.001 is usual, and more for very large batches.
    pub fn new(learning_rate: f64) -> Self {
        Lamb { moments: Moments::new(learning_rate, 1e-6), weight_decay: 0.0 }
    }

    moment_setters! {
        moments:
        /// Sets the decay rate of the mean of squared gradients, from 0 to 1 (excluded). Defaults to 0.999.
        beta2,
        /// Sets the number added to the denominator (ε), at least 0. Defaults to 1e-6.
        epsilon
    }

    /// Sets the weight decay, which is added to the direction before its norm is taken; biases do not decay.
    /// Defaults to 0.
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }
}

/// The coefficients that turn parameters and moments into the direction u.
#[derive(Clone, Copy)]
struct Direction<T> {
    correction1: T,
    correction2: T,
    epsilon: T,
    decay: T,
}

impl<T: Real> Direction<T> {
    /// Writes `scale` times u for at most one block of parameters, and returns it.
    #[inline(always)]
    fn of<'a>(self, scale: T, p: &[T], (m, v): (&[T], &[T]), out: &'a mut [T; BLOCK]) -> &'a [T] {
        let Direction { correction1, correction2, epsilon, decay } = self;
        let out = &mut out[..p.len()];
        vectorize(
            #[inline(always)]
            || {
                for (((u, &p), &m), &v) in out.iter_mut().zip(p).zip(m).zip(v) {
                    let ratio = quotient(m * correction1, v.sqrt() * correction2 + epsilon);
                    *u = scale * (ratio + decay * p);
                }
            },
        );
        out
    }
}

/// Returns the square root of a sum of squares. `sum_of_squares` computes the sum for numbers scaled by a
/// power of two, which is 1 unless squares overflow or underflow.
fn norm<T: Real>(sum_of_squares: impl Fn(T) -> f64) -> f64 {
    let smaller = T::MIN_POSITIVE / T::EPSILON;
    let sum = sum_of_squares(T::one());
    let scale = if sum == f64::INFINITY {
        smaller
    } else if sum < smaller.as_f64() {
        T::one() / smaller
    } else {
        return sum.sqrt();
    };
    sum_of_squares(scale).sqrt() / scale.as_f64()
}

/// Splits a group into blocks with equal decay.
fn blocks(
    group: Range<usize>,
    decay: f64,
    decayed: &[Range<usize>],
) -> impl Iterator<Item = (Range<usize>, f64)> + '_ {
    pieces(group, decay, decayed).flat_map(|(piece, decay)| {
        let end = piece.end;
        piece.step_by(BLOCK).map(move |start| (start..end.min(start + BLOCK), decay))
    })
}

impl<T: Real> Optimizer<T> for Lamb {
    fn learning_rate(&self) -> f64 {
        self.moments.learning_rate
    }

    fn describe(&self) -> String {
        described(self)
    }

    fn check(&self) -> Result<(), Error> {
        self.moments.check()?;
        check::not_negative("weight_decay", self.weight_decay)
    }

    fn state(&self, parameters: usize) -> Vec<T> {
        vec![T::zero(); 2 * parameters]
    }

    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], state: &mut [T]) {
        let factors = self.moments.factors::<T>();
        let [means, squares] = slots(state, params.len());
        vectorize(
            #[inline(always)]
            || {
                for ((&g, m), v) in grad.iter().zip(means.iter_mut()).zip(squares.iter_mut()) {
                    *m = factors.mean(*m, g);
                    *v = factors.mean_square(*v, g);
                }
            },
        );
        let direction = |decay| Direction {
            correction1: T::of(1.0 / (1.0 - power(self.moments.beta1, step.number))),
            correction2: T::of(self.moments.root_correction(step)),
            epsilon: factors.epsilon,
            decay: T::of(decay),
        };
        // This covers the groups and the parameters between them.
        for (group, _) in pieces(0..params.len(), 1.0, step.groups) {
            let blocks = || blocks(group.clone(), self.weight_decay, step.decayed);
            let ratio = {
                let params = &*params;
                let length = norm(|scale: T| {
                    let mut buffer = [T::zero(); BLOCK];
                    let square = |(block, _): (Range<usize>, f64)| {
                        let scaled = &mut buffer[..block.len()];
                        scaled.copy_from_slice(&params[block]);
                        scaled.iter_mut().for_each(|p| *p *= scale);
                        dot(scaled, scaled).as_f64()
                    };
                    blocks().map(square).sum()
                });
                let size = norm(|scale: T| {
                    let mut buffer = [T::zero(); BLOCK];
                    let square = |(block, decay): (Range<usize>, f64)| {
                        let moments = (&means[block.clone()], &squares[block.clone()]);
                        let u = direction(decay).of(scale, &params[block], moments, &mut buffer);
                        dot(u, u).as_f64()
                    };
                    blocks().map(square).sum()
                });
                if length > 0.0 && size > 0.0 { length / size } else { 1.0 }
            };
            let rate = T::of(step.learning_rate * ratio);
            let mut buffer = [T::zero(); BLOCK];
            for (block, decay) in blocks() {
                let moments = (&means[block.clone()], &squares[block.clone()]);
                let params = &mut params[block];
                let u = direction(decay).of(T::one(), params, moments, &mut buffer);
                for (p, u) in params.iter_mut().zip(u) {
                    *p -= rate * *u;
                }
            }
        }
    }
}
