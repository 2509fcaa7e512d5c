//! Scalar activations, fused into [`Dense`](crate::nn::Dense) layers or used as separate layers with
//! [`Activate`](crate::nn::Activate).
//!
//! Each function computes its value and its derivative from the same intermediate results.

mod elu;
mod gelu;
mod hard;
mod rectifiers;
mod sigmoid;
mod silu;
mod softplus;
mod softsign;

use elu::{elu, selu};
use gelu::{gelu, gelu_tanh};
use hard::{hard_sigmoid, hard_swish, hard_tanh};
use rectifiers::{leaky_relu, relu};
use sigmoid::{sigmoid, tanh};
use silu::silu;
use softplus::{log_sigmoid, softplus};
use softsign::softsign;

use super::Initializer;
use crate::check;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::vectorize;

/// An activation: the function that a layer applies to each of its outputs.
///
/// # Formula
/// σ is the logistic function; Φ and φ are the distribution function and the density of the standard normal
/// distribution.
///
/// | | a(z) | a'(z) |
/// |---|---|---|
/// | `Identity` | z | 1 |
/// | `Relu` | max(z, 0) | 1 for z > 0, else 0 |
/// | `LeakyRelu(s)` | z for z > 0, else s z | 1 for z > 0, else s |
/// | `Elu(α)` | z for z > 0, else α (exp(z) - 1) | 1 for z > 0, else α exp(z) |
/// | `Selu` | λ z for z > 0, else λ α (exp(z) - 1) | λ for z > 0, else λ α exp(z) |
/// | `Gelu` | z Φ(z) | Φ(z) + z φ(z) |
/// | `GeluTanh` | z σ(u), u = √(8/π) (z + 0.044715 z^3) | σ(u) + z u' σ(u) σ(-u) |
/// | `Silu` | z σ(z) | σ(z) + z σ(z) σ(-z) |
/// | `Softplus` | ln(1 + exp(z)) | σ(z) |
/// | `LogSigmoid` | ln σ(z) | σ(-z) |
/// | `Softsign` | z / (1 + abs z) | 1 / (1 + abs z)^2 |
/// | `Sigmoid` | 1 / (1 + exp(-z)) | σ(z) σ(-z) |
/// | `Tanh` | tanh z | 1 - a^2 |
/// | `HardTanh` | min(max(z, -1), 1) | 1 for -1 < z < 1, else 0 |
/// | `HardSigmoid` | min(max(z/6 + 1/2, 0), 1) | 1/6 for -3 < z < 3, else 0 |
/// | `HardSwish` | z min(max(z/6 + 1/2, 0), 1) | (2 z + 3)/6 for -3 < z < 3, else 0 below and 1 above |
///
/// # Kinks
/// At z = 0 and z = -0 the derivative is the one from the left: 0 for `Relu`, s for `LeakyRelu`, α for `Elu`
/// and λ α for `Selu`. At the corners of the three hard functions it is that of the outer piece.
///
/// # Precision
/// Values and derivatives are accurate to a few units in the last place, far into both tails and close to
/// zero. Where a derivative crosses zero (`Gelu`, `GeluTanh`, `Silu`), it is accurate to a few units in the
/// last place of its larger term. An infinite z does not give NaN where the limit is a number: `Silu` and
/// `Gelu` of -∞ are 0.
///
/// # Examples
/// ```
/// use logit::Activation;
///
/// assert_eq!(Activation::Relu.evaluate(-2.0), (0.0, 0.0));
/// assert_eq!(Activation::LeakyRelu(0.01).evaluate(-2.0), (-0.02, 0.01));
/// assert_eq!(Activation::Sigmoid.evaluate(0.0), (0.5, 0.25));
/// assert_eq!(Activation::Silu.evaluate(f64::NEG_INFINITY), (0.0, 0.0));
/// ```
///
/// # References
/// He, Zhang, Ren and Sun (2015) and Maas, Hannun and Ng (2013) for rectifiers; Clevert, Unterthiner and
/// Hochreiter (2016) for ELU; Klambauer, Unterthiner, Mayr and Hochreiter (2017) for SELU; Hendrycks and
/// Gimpel (2016) for both forms of GELU and SiLU; Howard and others, *Searching for MobileNetV3* (2019), for
/// the hard sigmoid and swish.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Activation {
    /// The identity, for output layers: losses take raw scores.
    #[default]
    Identity,
    /// The rectified linear unit.
    Relu,
    /// The leaky rectified linear unit with this slope below zero; 0.01 is usual.
    LeakyRelu(f64),
    /// The exponential linear unit with this α, which falls to -α; 1 is usual.
    Elu(f64),
    /// The self-normalising exponential linear unit, with λ = 1.0507009873554805 and α = 1.6732632423543772.
    Selu,
    /// The Gaussian error linear unit.
    Gelu,
    /// The tanh approximation of the Gaussian error linear unit.
    GeluTanh,
    /// The sigmoid linear unit, also called swish.
    Silu,
    /// The smooth rectifier, ln(1 + exp(z)).
    Softplus,
    /// The logarithm of the logistic function.
    LogSigmoid,
    /// The quotient z / (1 + |z|), which approaches -1 and 1 more slowly than the hyperbolic tangent.
    Softsign,
    /// The logistic function.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// A piecewise linear tanh: a straight line between (-1, -1) and (1, 1).
    HardTanh,
    /// A piecewise linear sigmoid: a straight line between (-3, 0) and (3, 1).
    HardSigmoid,
    /// z times the hard sigmoid.
    HardSwish,
}

impl Activation {
    /// All activations, with their usual parameters, as a list to choose from.
    ///
    /// ```
    /// use logit::Activation;
    ///
    /// assert!(Activation::ALL.contains(&Activation::LeakyRelu(0.01)));
    /// assert!(
    ///     Activation::ALL
    ///         .iter()
    ///         .all(|activation| activation.evaluate(f64::NAN).0.is_nan())
    /// );
    /// ```
    pub const ALL: &'static [Activation] = &[
        Activation::Identity,
        Activation::Relu,
        Activation::LeakyRelu(0.01),
        Activation::Elu(1.0),
        Activation::Selu,
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::Silu,
        Activation::Softplus,
        Activation::LogSigmoid,
        Activation::Softsign,
        Activation::Sigmoid,
        Activation::Tanh,
        Activation::HardTanh,
        Activation::HardSigmoid,
        Activation::HardSwish,
    ];

    /// Returns the leaky rectifier with the usual slope, 0.01.
    pub const fn leaky_relu() -> Self {
        Activation::LeakyRelu(0.01)
    }

    /// Returns the exponential linear unit with the usual α, 1.
    pub const fn elu() -> Self {
        Activation::Elu(1.0)
    }

    /// Checks the parameter of the activation, if it has one.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if `slope` or `alpha` is not finite.
    pub fn check(self) -> Result<(), Error> {
        match self {
            Activation::LeakyRelu(slope) => check::parameter("slope", slope, slope.is_finite(), "finite"),
            Activation::Elu(alpha) => check::parameter("alpha", alpha, alpha.is_finite(), "finite"),
            _ => Ok(()),
        }
    }

    /// Returns the value and the derivative at `z`.
    #[inline]
    pub fn evaluate<T: Real>(self, z: T) -> (T, T) {
        match self {
            Activation::Identity => (z, T::one()),
            Activation::Relu => relu(z),
            Activation::LeakyRelu(slope) => leaky_relu(z, T::of(slope)),
            Activation::Elu(alpha) => elu(z, T::of(alpha)),
            Activation::Selu => selu(z),
            Activation::Gelu => gelu(z),
            Activation::GeluTanh => gelu_tanh(z),
            Activation::Silu => silu(z),
            Activation::Softplus => softplus(z),
            Activation::LogSigmoid => log_sigmoid(z),
            Activation::Softsign => softsign(z),
            Activation::Sigmoid => sigmoid(z),
            Activation::Tanh => tanh(z),
            Activation::HardTanh => hard_tanh(z),
            Activation::HardSigmoid => hard_sigmoid(z),
            Activation::HardSwish => hard_swish(z),
        }
    }

    /// Returns the default initializer of the weights before this activation.
    pub(crate) fn initializer(self) -> Initializer {
        match self {
            Activation::Relu
            | Activation::LeakyRelu(_)
            | Activation::Elu(_)
            | Activation::Gelu
            | Activation::GeluTanh
            | Activation::Silu
            | Activation::Softplus
            | Activation::HardSwish => Initializer::HeUniform,
            Activation::Selu => Initializer::LeCunNormal,
            Activation::Identity
            | Activation::LogSigmoid
            | Activation::Softsign
            | Activation::Sigmoid
            | Activation::Tanh
            | Activation::HardTanh
            | Activation::HardSigmoid => Initializer::GlorotUniform,
        }
    }

    /// Returns whether the forward pass has to store the derivative because the output does not determine it.
    pub(super) fn keeps_derivative(self) -> bool {
        match self {
            Activation::Identity | Activation::Relu => false,
            // A negative slope gives positive outputs on both sides of zero.
            Activation::LeakyRelu(slope) => slope < 0.0,
            // For the others the output may round to its limit, which would cost the derivative its digits.
            _ => true,
        }
    }

    /// Adds the bias (none if empty) to each column of `z`, applies the activation, and fills `derivative` if
    /// it is stored.
    pub(super) fn forward<T: Real>(self, z: &mut [T], bias: &[T], rows: usize, derivative: &mut [T]) {
        let columns = Columns { z, bias, rows: rows.max(1), derivative };
        match self {
            Activation::Identity => columns.values(|z| z),
            Activation::Relu => columns.values(|z| relu(z).0),
            Activation::LeakyRelu(slope) => {
                let slope = T::of(slope);
                if self.keeps_derivative() {
                    columns.values_and_derivatives(move |z| leaky_relu(z, slope));
                } else {
                    columns.values(move |z| leaky_relu(z, slope).0);
                }
            }
            Activation::Elu(alpha) => {
                let alpha = T::of(alpha);
                columns.values_and_derivatives(move |z| elu(z, alpha));
            }
            Activation::Selu => columns.values_and_derivatives(selu),
            // The compiler inlines a function of this length only with a second hint.
            Activation::Gelu => columns.values_and_derivatives(
                #[inline(always)]
                |z| gelu(z),
            ),
            Activation::GeluTanh => columns.values_and_derivatives(
                #[inline(always)]
                |z| gelu_tanh(z),
            ),
            Activation::Silu => columns.values_and_derivatives(silu),
            Activation::Softplus => columns.values_and_derivatives(softplus),
            Activation::LogSigmoid => columns.values_and_derivatives(log_sigmoid),
            Activation::Softsign => columns.values_and_derivatives(softsign),
            Activation::Sigmoid => columns.values_and_derivatives(sigmoid),
            Activation::Tanh => columns.values_and_derivatives(tanh),
            Activation::HardTanh => columns.values_and_derivatives(hard_tanh),
            Activation::HardSigmoid => columns.values_and_derivatives(hard_sigmoid),
            Activation::HardSwish => columns.values_and_derivatives(hard_swish),
        }
    }

    /// Computes `delta = gradient * a'` from the output or from the derivative that the forward pass stored.
    pub(super) fn backward<T: Real>(self, gradient: &[T], output: &[T], derivative: &[T], delta: &mut [T]) {
        if self.keeps_derivative() {
            return vectorize(
                #[inline(always)]
                || {
                    for ((delta, &g), &d) in delta.iter_mut().zip(gradient).zip(derivative) {
                        *delta = g * d;
                    }
                },
            );
        }
        let slope = match self {
            Activation::Identity => T::one(),
            Activation::LeakyRelu(slope) => T::of(slope),
            _ => T::zero(),
        };
        vectorize(
            #[inline(always)]
            || {
                let slope = slope;
                // The output is positive exactly where the input is.
                for ((delta, &g), &y) in delta.iter_mut().zip(gradient).zip(output) {
                    *delta = g * if y > T::zero() { T::one() } else { slope };
                }
            },
        );
    }
}

/// Pre-activations column by column, each column with its bias; the outputs overwrite them.
struct Columns<'a, T> {
    z: &'a mut [T],
    bias: &'a [T],
    rows: usize,
    derivative: &'a mut [T],
}

impl<T: Real> Columns<'_, T> {
    #[inline(always)]
    fn values(self, activation: impl Fn(T) -> T) {
        let Columns { z, bias, rows, .. } = self;
        vectorize(
            #[inline(always)]
            || {
                for (j, z) in z.chunks_exact_mut(rows).enumerate() {
                    let bias = bias.get(j).copied().unwrap_or(T::zero());
                    for z in z {
                        *z = activation(*z + bias);
                    }
                }
            },
        );
    }

    #[inline(always)]
    fn values_and_derivatives(self, activation: impl Fn(T) -> (T, T)) {
        let Columns { z, bias, rows, derivative } = self;
        vectorize(
            #[inline(always)]
            || {
                for (j, (z, d)) in z.chunks_exact_mut(rows).zip(derivative.chunks_exact_mut(rows)).enumerate()
                {
                    let bias = bias.get(j).copied().unwrap_or(T::zero());
                    in_whole_registers(
                        z,
                        d,
                        #[inline(always)]
                        |z, d| {
                            for (z, d) in z.iter_mut().zip(d) {
                                (*z, *d) = activation(*z + bias);
                            }
                        },
                    );
                }
            },
        );
    }
}

/// The number of entries that the end of a column is filled up to, a multiple of the numbers in a register.
const LANES: usize = 16;

/// Runs a loop over two slices of equal length, whose lengths it sees as multiples of [`LANES`].
///
/// A vector loop leaves the last entries of a column to a scalar loop. In a column of 15 entries, that took
/// most of the time.
#[inline(always)]
fn in_whole_registers<T: Real>(z: &mut [T], d: &mut [T], body: impl Fn(&mut [T], &mut [T])) {
    let whole = z.len() - z.len() % LANES;
    let ((z, z_rest), (d, d_rest)) = (z.split_at_mut(whole), d.split_at_mut(whole));
    let (mut filled_z, mut filled_d) = ([T::zero(); LANES], [T::zero(); LANES]);
    let filled = if z_rest.is_empty() { 0 } else { LANES };
    filled_z[..z_rest.len()].copy_from_slice(z_rest);
    for (z, d) in [(z, d), (&mut filled_z[..filled], &mut filled_d[..filled])] {
        body(z, d);
    }
    z_rest.copy_from_slice(&filled_z[..z_rest.len()]);
    d_rest.copy_from_slice(&filled_d[..d_rest.len()]);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// There is no catch-all arm: a new activation does not compile until it is added here.
    fn index(activation: Activation) -> usize {
        match activation {
            Activation::Identity => 0,
            Activation::Relu => 1,
            Activation::LeakyRelu(_) => 2,
            Activation::Elu(_) => 3,
            Activation::Selu => 4,
            Activation::Gelu => 5,
            Activation::GeluTanh => 6,
            Activation::Silu => 7,
            Activation::Softplus => 8,
            Activation::LogSigmoid => 9,
            Activation::Softsign => 10,
            Activation::Sigmoid => 11,
            Activation::Tanh => 12,
            Activation::HardTanh => 13,
            Activation::HardSigmoid => 14,
            Activation::HardSwish => 15,
        }
    }

    #[test]
    fn the_list_is_complete() {
        let listed: Vec<usize> = Activation::ALL.iter().copied().map(index).collect();
        assert_eq!(listed, (0..16).collect::<Vec<usize>>());
        assert_eq!(Activation::ALL[2..4], [Activation::leaky_relu(), Activation::elu()]);
    }

    /// `Dense` applies the same function as `evaluate`, with and without a bias.
    #[test]
    fn columns_agree_with_single_numbers() {
        let negative = [Activation::LeakyRelu(-0.3), Activation::Elu(-2.0)];
        for &activation in Activation::ALL.iter().chain(&negative) {
            let z: Vec<f64> = (0..60).map(|i| 0.37 * f64::from(i) - 11.0).collect();
            for bias in [&[][..], &[0.25, -1.5, 3.0]] {
                let (mut y, mut d, mut delta) = (z.clone(), vec![f64::NAN; 60], vec![f64::NAN; 60]);
                activation.forward(&mut y, bias, 20, &mut d);
                activation.backward(&[2.0; 60], &y, &d, &mut delta);
                for (i, z) in z.iter().enumerate() {
                    let (value, slope) = activation.evaluate(z + bias.get(i / 20).unwrap_or(&0.0));
                    assert_eq!((y[i], delta[i]), (value, 2.0 * slope), "{activation:?} at {z}");
                }
            }
        }
    }

    #[test]
    fn nan_passes_through_every_activation_and_nothing_else_becomes_nan() {
        for &activation in Activation::ALL {
            assert!(activation.evaluate(f64::NAN).0.is_nan(), "{activation:?}");
            assert!(activation.evaluate(f32::NAN).0.is_nan(), "{activation:?}");
            for z in [f64::INFINITY, 1e300, 1e-300, 0.0] {
                for z in [z, -z] {
                    let (value, slope) = activation.evaluate(z);
                    assert!(!value.is_nan() && slope.is_finite(), "{activation:?} at {z}");
                    let (value, slope) = activation.evaluate(z as f32);
                    assert!(!value.is_nan() && slope.is_finite(), "{activation:?} at {z}f32");
                }
            }
        }
    }
}
