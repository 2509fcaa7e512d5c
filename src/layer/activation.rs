//! Scalar activations, fused into [`Dense`](crate::Dense) layers.

use crate::kernel::{Exponential, vectorize};
use crate::real::Real;

/// The function that a layer applies to each of its outputs.
///
/// # Formula
/// | | a(z) | a'(z) |
/// |---|---|---|
/// | `Identity` | z | 1 |
/// | `Relu` | max(z, 0) | 1 for z > 0, else 0 |
/// | `LeakyRelu(s)` | z for z > 0, else s z | 1 for z > 0, else s |
/// | `Sigmoid` | 1 / (1 + exp(-z)) | a (1 - a) |
/// | `Tanh` | tanh z | 1 - a^2 |
///
/// At the kink of the two rectifiers, z = 0 and z = -0, the derivative is the one from the left. The derivatives of
/// sigmoid and tanh are computed from the exponential of the forward pass, not from a, so they keep their digits
/// where a rounds to 0 or 1.
///
/// ```
/// use logit::Activation;
///
/// assert_eq!(Activation::Relu.evaluate(-2.0), (0.0, 0.0));
/// assert_eq!(Activation::LeakyRelu(0.01).evaluate(-2.0), (-0.02, 0.01));
/// assert_eq!(Activation::Sigmoid.evaluate(0.0), (0.5, 0.25));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Activation {
    /// z itself: for output layers, whose losses take raw scores.
    #[default]
    Identity,
    /// The rectified linear unit.
    Relu,
    /// The rectified linear unit with this slope below zero; 0.01 is usual.
    LeakyRelu(f64),
    /// The logistic function.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
}

impl Activation {
    /// The value and the derivative at `z`.
    #[inline(always)]
    pub fn evaluate<T: Real>(self, z: T) -> (T, T) {
        match self {
            Activation::Identity => (z, T::one()),
            Activation::Relu => relu(z),
            Activation::LeakyRelu(slope) => leaky_relu(z, T::of(slope)),
            Activation::Sigmoid => sigmoid(z),
            Activation::Tanh => tanh(z),
        }
    }

    /// Whether the derivative cannot be read off the output, so that the forward pass has to keep it.
    pub(super) fn keeps_derivative(self) -> bool {
        match self {
            Activation::Identity | Activation::Relu => false,
            // A negative slope gives positive outputs on both sides.
            Activation::LeakyRelu(slope) => slope < 0.0,
            Activation::Sigmoid | Activation::Tanh => true,
        }
    }

    /// Adds the bias (none if empty) to each column of `z` and applies the activation; fills `derivative` where it is
    /// kept.
    pub(super) fn forward<T: Real>(self, z: &mut [T], bias: &[T], rows: usize, derivative: &mut [T]) {
        match self {
            Activation::Identity => columns(z, bias, rows, |z| z),
            Activation::Relu => columns(z, bias, rows, |z| relu(z).0),
            Activation::LeakyRelu(slope) => {
                let slope = T::of(slope);
                if self.keeps_derivative() {
                    columns_with_derivative(z, bias, rows, derivative, move |z| leaky_relu(z, slope));
                } else {
                    columns(z, bias, rows, move |z| leaky_relu(z, slope).0);
                }
            }
            Activation::Sigmoid => columns_with_derivative(z, bias, rows, derivative, sigmoid),
            Activation::Tanh => columns_with_derivative(z, bias, rows, derivative, tanh),
        }
    }

    /// `delta = gradient * a'`, from the output or the derivative that the forward pass kept.
    pub(super) fn backward<T: Real>(self, gradient: &[T], output: &[T], derivative: &[T], delta: &mut [T]) {
        let slope = match self {
            Activation::Identity => T::one(),
            Activation::LeakyRelu(slope) => T::of(slope),
            _ => T::zero(),
        };
        vectorize(
            #[inline(always)]
            || {
                if self.keeps_derivative() {
                    for ((delta, &g), &d) in delta.iter_mut().zip(gradient).zip(derivative) {
                        *delta = g * d;
                    }
                } else {
                    // The output is positive where the input is.
                    for ((delta, &g), &y) in delta.iter_mut().zip(gradient).zip(output) {
                        *delta = if y > T::zero() { g } else { g * slope };
                    }
                }
            },
        );
    }
}

#[inline(always)]
fn columns<T: Real>(z: &mut [T], bias: &[T], rows: usize, activation: impl Fn(T) -> T) {
    vectorize(
        #[inline(always)]
        || {
            for (j, z) in z.chunks_exact_mut(rows.max(1)).enumerate() {
                let bias = bias.get(j).copied().unwrap_or(T::zero());
                for z in z {
                    *z = activation(*z + bias);
                }
            }
        },
    );
}

#[inline(always)]
fn columns_with_derivative<T: Real>(
    z: &mut [T],
    bias: &[T],
    rows: usize,
    derivative: &mut [T],
    activation: impl Fn(T) -> (T, T),
) {
    vectorize(
        #[inline(always)]
        || {
            let rows = rows.max(1);
            for (j, (z, d)) in z.chunks_exact_mut(rows).zip(derivative.chunks_exact_mut(rows)).enumerate() {
                let bias = bias.get(j).copied().unwrap_or(T::zero());
                for (z, d) in z.iter_mut().zip(d) {
                    (*z, *d) = activation(*z + bias);
                }
            }
        },
    );
}

/// Written with `<=`, so that NaN passes through.
#[inline(always)]
fn relu<T: Real>(z: T) -> (T, T) {
    if z <= T::zero() { (T::zero(), T::zero()) } else { (z, T::one()) }
}

#[inline(always)]
fn leaky_relu<T: Real>(z: T, slope: T) -> (T, T) {
    if z <= T::zero() { (z * slope, slope) } else { (z, T::one()) }
}

/// With e = exp(-|z|): 1/(1+e) or e/(1+e), and e/(1+e)^2.
#[inline(always)]
fn sigmoid<T: Real>(z: T) -> (T, T) {
    let e = Exponential::new(-z.abs()).value();
    let larger = T::one() / (T::one() + e);
    let smaller = e * larger;
    (if z < T::zero() { smaller } else { larger }, smaller * larger)
}

/// With m = exp(-2|z|) - 1: tanh |z| = -m / (2 + m), and the derivative 4 (1 + m) / (2 + m)^2.
#[inline(always)]
fn tanh<T: Real>(z: T) -> (T, T) {
    let two = T::of(2.0);
    let magnitude = z.abs();
    let exponential = Exponential::new(-(magnitude + magnitude));
    let m = exponential.minus_one();
    let half = T::one() / (two + m);
    let value = -m * half;
    let derivative = T::of(4.0) * exponential.value() * half * half;
    (if z < T::zero() { -value } else { value }, derivative)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinks_take_the_derivative_from_the_left() {
        for zero in [0.0, -0.0] {
            assert_eq!(Activation::Relu.evaluate(zero).1, 0.0);
            assert_eq!(Activation::LeakyRelu(0.01).evaluate(zero).1, 0.01);
        }
    }

    #[test]
    fn nan_passes_through_every_activation() {
        for activation in [
            Activation::Identity,
            Activation::Relu,
            Activation::LeakyRelu(0.1),
            Activation::Sigmoid,
            Activation::Tanh,
        ] {
            assert!(activation.evaluate(f64::NAN).0.is_nan(), "{activation:?}");
            assert!(!activation.evaluate(f64::NEG_INFINITY).0.is_nan(), "{activation:?}");
        }
    }

    #[test]
    fn saturated_derivatives_keep_their_digits() {
        let (value, derivative) = Activation::Sigmoid.evaluate(40.0);
        assert_eq!(value, 1.0);
        approx::assert_relative_eq!(derivative, 4.248_354_255_291_589e-18, max_relative = 1e-14);
        let (value, derivative) = Activation::Tanh.evaluate(20.0);
        assert_eq!(value, 1.0);
        approx::assert_relative_eq!(derivative, 1.699_341_702_116_635_6e-17, max_relative = 1e-14);
    }
}
