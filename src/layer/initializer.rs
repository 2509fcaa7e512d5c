//! Distributions of initial weights.

use crate::real::Real;
use crate::rng::Rng;

/// How the initial weights of a layer are drawn; biases start at zero.
///
/// # Formula
/// With i inputs and o outputs, uniform on [-b, b] or normal with standard deviation s:
/// `HeUniform` b = √(6/i), `HeNormal` s = √(2/i), `GlorotUniform` b = √(6/(i+o)), `GlorotNormal` s = √(2/(i+o)).
///
/// # References
/// Glorot and Bengio (2010), for sigmoid, tanh and linear units; He, Zhang, Ren and Sun (2015), for rectifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Initializer {
    /// Uniform, for rectifiers.
    HeUniform,
    /// Normal, for rectifiers.
    HeNormal,
    /// Uniform, for sigmoid, tanh and linear units.
    GlorotUniform,
    /// Normal, for sigmoid, tanh and linear units.
    GlorotNormal,
}

impl Initializer {
    pub(super) fn fill<T: Real>(self, weights: &mut [T], inputs: usize, outputs: usize, rng: &mut Rng) {
        let fan = match self {
            Initializer::HeUniform | Initializer::HeNormal => inputs as f64,
            Initializer::GlorotUniform | Initializer::GlorotNormal => (inputs + outputs) as f64,
        };
        let deviation = (2.0 / fan).sqrt();
        for weight in weights {
            *weight = T::of(match self {
                Initializer::HeNormal | Initializer::GlorotNormal => deviation * rng.standard_normal(),
                // A uniform distribution on [-b, b] has the standard deviation b/√3.
                Initializer::HeUniform | Initializer::GlorotUniform => {
                    let bound = deviation * 3f64.sqrt();
                    rng.uniform(-bound, bound)
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_are_those_of_the_papers() {
        let (inputs, outputs) = (300, 100);
        for (initializer, deviation) in [
            (Initializer::HeUniform, (2.0f64 / 300.0).sqrt()),
            (Initializer::HeNormal, (2.0f64 / 300.0).sqrt()),
            (Initializer::GlorotUniform, (2.0f64 / 400.0).sqrt()),
            (Initializer::GlorotNormal, (2.0f64 / 400.0).sqrt()),
        ] {
            let mut weights = vec![0.0f64; inputs * outputs];
            initializer.fill(&mut weights, inputs, outputs, &mut Rng::new(1));
            let n = weights.len() as f64;
            let mean = weights.iter().sum::<f64>() / n;
            let found = (weights.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / n).sqrt();
            assert!((found / deviation - 1.0).abs() < 0.02, "{initializer:?}: {found} for {deviation}");
            assert!(mean.abs() < 0.02 * deviation.max(0.05), "{initializer:?}: mean {mean}");
        }
    }
}
