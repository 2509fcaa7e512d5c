//! Initial weights: distributions, and given matrices.

mod orthogonal;

use std::sync::Arc;

use crate::check;
use crate::error::Error;
use crate::rng::Rng;
use crate::scalar::Real;

/// The distribution of the initial weights or biases of a layer.
///
/// # Formula
/// With i inputs and o outputs, uniform on [-b, b] or normal with standard deviation s:
///
/// | | uniform | normal |
/// |---|---|---|
/// | He | b = √(6/i) | s = √(2/i) |
/// | Glorot | b = √(6/(i + o)) | s = √(2/(i + o)) |
/// | LeCun | b = √(3/i) | s = √(1/i) |
///
/// # Examples
/// ```
/// use logit::nn::{Dense, Initializer, Layer, Shape};
/// use logit::{Activation, Rng};
///
/// let layer = Dense::new(2, 3)?
///     .initializer(Initializer::Uniform { low: -0.3, high: 0.3 })
///     .bias_initializer(Initializer::Constant(0.1));
/// let mut params = vec![0.0; layer.parameter_count()];
/// layer.init(&mut params, &mut Rng::new(1));
/// assert!(params[..6].iter().all(|w: &f64| w.abs() <= 0.3));
/// assert_eq!(params[6..], [0.1; 3]);
/// # Ok::<(), logit::Error>(())
/// ```
///
/// # References
/// LeCun, Bottou, Orr and Müller, *Efficient BackProp* (1998), and Klambauer and others (2017), for SELU;
/// Glorot and Bengio (2010), for sigmoid, tanh and linear units; He, Zhang, Ren and Sun (2015), for
/// rectifiers; Saxe, McClelland and Ganguli (2014), for orthogonal weights.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Initializer {
    /// The uniform distribution of He and others, for rectifiers.
    HeUniform,
    /// The normal distribution of He and others, for rectifiers.
    HeNormal,
    /// The uniform distribution of Glorot and Bengio, for sigmoid, tanh and linear units.
    GlorotUniform,
    /// The normal distribution of Glorot and Bengio, for sigmoid, tanh and linear units.
    GlorotNormal,
    /// The uniform distribution of LeCun and others, with variance 1/i.
    LeCunUniform,
    /// The normal distribution of LeCun and others, with variance 1/i, for SELU.
    LeCunNormal,
    /// A random matrix with orthonormal columns, or rows if there are more outputs than inputs, times `gain`.
    ///
    /// It is drawn uniformly (by Haar measure). For biases, it is a random direction of length `gain`.
    Orthogonal {
        /// The singular value of all directions; 1 is usual.
        gain: f64,
    },
    /// The uniform distribution on [`low`, `high`).
    Uniform {
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
    },
    /// The normal distribution with this mean and standard deviation.
    Normal {
        /// The mean.
        mean: f64,
        /// The standard deviation.
        standard_deviation: f64,
    },
    /// The normal distribution with this mean and standard deviation, truncated at two standard deviations
    /// from the mean, as in TensorFlow and Keras.
    ///
    /// Numbers outside are drawn again, so those that remain have 0.8796 times this standard deviation.
    TruncatedNormal {
        /// The mean.
        mean: f64,
        /// The standard deviation of the normal distribution before it is truncated.
        standard_deviation: f64,
    },
    /// A constant, meant for biases: hidden units whose weights are all equal stay equal.
    Constant(f64),
    /// Zero for all parameters.
    Zeros,
}

impl Initializer {
    /// Checks the parameters of the distribution, if it has any.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if a number is not finite, `low` is not below `high`, or `gain` or
    /// `standard_deviation` is not above zero.
    pub fn check(self) -> Result<(), Error> {
        match self {
            Initializer::Orthogonal { gain } => check::positive("gain", gain),
            Initializer::Uniform { low, high } => {
                check::parameter("low", low, low.is_finite(), "finite")?;
                let valid = low < high && (high - low).is_finite();
                check::parameter("high", high, valid, "finite and above `low`")
            }
            Initializer::Normal { mean, standard_deviation }
            | Initializer::TruncatedNormal { mean, standard_deviation } => {
                check::parameter("mean", mean, mean.is_finite(), "finite")?;
                check::positive("standard_deviation", standard_deviation)
            }
            Initializer::Constant(value) => check::parameter("constant", value, value.is_finite(), "finite"),
            _ => Ok(()),
        }
    }

    /// Checks the parameters of the distribution, and that `T` can represent a constant.
    pub(crate) fn check_in<T: Real>(self) -> Result<(), Error> {
        self.check()?;
        match self {
            Initializer::Constant(value) => {
                check::parameter("constant", value, T::of(value).is_finite(), "finite in the number type")
            }
            _ => Ok(()),
        }
    }

    /// Fills the weights (column by column) or the biases of a layer.
    pub(super) fn fill<T: Real>(self, values: &mut [T], inputs: usize, outputs: usize, rng: &mut Rng) {
        let (scale, fan) = match self {
            Initializer::GlorotUniform | Initializer::GlorotNormal => (2.0, (inputs + outputs) as f64),
            Initializer::LeCunUniform | Initializer::LeCunNormal => (1.0, inputs as f64),
            _ => (2.0, inputs as f64),
        };
        let deviation = (scale / fan).sqrt();
        if let Initializer::Orthogonal { gain } = self {
            return orthogonal::fill(gain, values, outputs, rng);
        }
        for value in values {
            *value = T::of(match self {
                Initializer::HeNormal | Initializer::GlorotNormal | Initializer::LeCunNormal => {
                    deviation * rng.standard_normal()
                }
                // A uniform distribution on [-b, b] has the standard deviation b/√3.
                Initializer::HeUniform | Initializer::GlorotUniform | Initializer::LeCunUniform => {
                    let bound = deviation * 3f64.sqrt();
                    rng.uniform(-bound, bound)
                }
                Initializer::Uniform { low, high } => rng.uniform(low, high),
                Initializer::Normal { mean, standard_deviation } => {
                    mean + standard_deviation * rng.standard_normal()
                }
                Initializer::TruncatedNormal { mean, standard_deviation } => {
                    mean + standard_deviation * truncated_normal(rng)
                }
                Initializer::Constant(constant) => constant,
                Initializer::Zeros | Initializer::Orthogonal { .. } => 0.0,
            });
        }
    }
}

/// Draws from the standard normal distribution between -2 and 2.
fn truncated_normal(rng: &mut Rng) -> f64 {
    loop {
        let z = rng.standard_normal();
        if z.abs() <= 2.0 {
            return z;
        }
    }
}

/// The source of initial values: a distribution, or given numbers (shared, so that copies of a layer are
/// cheap).
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Start {
    Drawn(Initializer),
    Given(Arc<[f64]>),
}

impl Start {
    pub(super) fn fill<T: Real>(&self, values: &mut [T], inputs: usize, outputs: usize, rng: &mut Rng) {
        match self {
            Start::Drawn(initializer) => initializer.fill(values, inputs, outputs, rng),
            Start::Given(given) => {
                for (value, &given) in values.iter_mut().zip(given.iter()) {
                    *value = T::of(given);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_are_those_of_the_papers() {
        let (inputs, outputs) = (300, 100);
        for (initializer, mean, deviation) in [
            (Initializer::HeUniform, 0.0, (2.0f64 / 300.0).sqrt()),
            (Initializer::HeNormal, 0.0, (2.0f64 / 300.0).sqrt()),
            (Initializer::GlorotUniform, 0.0, (2.0f64 / 400.0).sqrt()),
            (Initializer::GlorotNormal, 0.0, (2.0f64 / 400.0).sqrt()),
            (Initializer::LeCunUniform, 0.0, (1.0f64 / 300.0).sqrt()),
            (Initializer::LeCunNormal, 0.0, (1.0f64 / 300.0).sqrt()),
            (Initializer::Uniform { low: 1.0, high: 3.0 }, 2.0, 1.0 / 3f64.sqrt()),
            (Initializer::Normal { mean: -2.0, standard_deviation: 0.5 }, -2.0, 0.5),
            (Initializer::TruncatedNormal { mean: 1.0, standard_deviation: 0.5 }, 1.0, 0.5 * 0.879_626),
        ] {
            let mut weights = vec![0.0f64; inputs * outputs];
            initializer.fill(&mut weights, inputs, outputs, &mut Rng::new(1));
            let n = weights.len() as f64;
            let found_mean = weights.iter().sum::<f64>() / n;
            let found = (weights.iter().map(|w| (w - found_mean).powi(2)).sum::<f64>() / n).sqrt();
            assert!((found / deviation - 1.0).abs() < 0.02, "{initializer:?}: {found} for {deviation}");
            let off = (found_mean - mean).abs();
            assert!(off < 0.02 * deviation.max(0.05), "{initializer:?}: mean {found_mean}");
        }
    }

    #[test]
    fn truncated_normals_end_at_two_standard_deviations() {
        let initializer = Initializer::TruncatedNormal { mean: 1.0, standard_deviation: 0.5 };
        let mut weights = vec![f64::NAN; 30_000];
        initializer.fill(&mut weights, 300, 100, &mut Rng::new(1));
        let (low, high) = weights.iter().fold((2.0f64, 0.0f64), |(low, high), &w| (low.min(w), high.max(w)));
        assert!((0.0..0.01).contains(&low) && (1.99..=2.0).contains(&high), "{low} to {high}");
    }

    #[test]
    fn constants_need_no_random_numbers() {
        let (mut rng, mut values) = (Rng::new(1), [f32::NAN; 6]);
        Initializer::Constant(0.1).fill(&mut values, 2, 3, &mut rng);
        assert_eq!(values, [0.1; 6]);
        Initializer::Zeros.fill(&mut values, 2, 3, &mut rng);
        assert_eq!((values, rng), ([0.0; 6], Rng::new(1)));
    }
}
