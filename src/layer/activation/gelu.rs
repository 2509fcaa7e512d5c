//! Gaussian error linear units: z Φ(z), and its approximation by tanh.

use super::silu::gated;
use crate::scalar::Real;
use crate::scalar::{Exponential, NormalTail, Pair};

/// Returns the value and the derivative, with Φ and φ at -|z| from one exponential.
///
/// For z >= 0 these are z (1 - Φ) and 1 - Φ + |z| φ; for z < 0 they are -|z| Φ and Φ - |z| φ. The conditions
/// select operands, not operations, so that loops vectorise.
#[inline(always)]
pub(super) fn gelu<T: Real>(z: T) -> (T, T) {
    let tail = NormalTail::new(z.abs());
    let (probability, moment, negative) = (tail.probability(), tail.moment(), z < T::zero());
    let first = tail.times(if negative { -tail.weighted() } else { probability });
    let second = tail.times(if negative { probability - moment } else { moment });
    let upper = T::one() - first;
    let (value, derivative) = (z * upper, upper + second);
    (if negative { first } else { value }, if negative { second } else { derivative })
}

/// Returns the value and the derivative of 0.5 z (1 + tanh(√(2/π) (z + 0.044715 z^3))) = z σ(u).
///
/// Here u = √(8/π) (z + 0.044715 z^3).
///
/// u is computed in twice the working precision: a rounded u costs σ(u) about u units in the last place, 600
/// at z = -20.
#[inline(always)]
pub(super) fn gelu_tanh<T: Real>(z: T) -> (T, T) {
    let factor = Pair::constant(1.595_769_121_605_730_8, -9.969_308_809_110_92e-17);
    let cubic = Pair::constant(0.044_715, 2.196_021_142_708_559_5e-18);
    // exp(-u) underflows to zero long before |z| = 40.
    let magnitude = if z.abs() > T::of(40.0) { T::of(40.0) } else { z.abs() };
    let term = Pair::product(magnitude, magnitude).times_pair(cubic);
    let u = term.plus(T::one()).times_pair(factor).times(magnitude);
    let slope = factor.high * (T::one() + T::of(3.0) * term.high);
    gated(z, Exponential::of_pair(Pair { high: -u.high, low: -u.low }), slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_finite_where_they_should_be() {
        for function in [gelu, gelu_tanh] {
            assert_eq!(function(f64::NEG_INFINITY), (0.0, 0.0));
            assert_eq!(function(-1e300), (0.0, 0.0));
            assert_eq!(function(1e300), (1e300, 1.0));
            assert_eq!(function(f64::INFINITY), (f64::INFINITY, 1.0));
            assert_eq!(function(0.0), (0.0, 0.5));
            assert_eq!(function(1e-300), (5e-301, 0.5));
        }
        for function in [gelu, gelu_tanh] {
            assert_eq!(function(f32::NEG_INFINITY), (0.0, 0.0));
            assert_eq!(function(f32::INFINITY), (f32::INFINITY, 1.0));
        }
    }

    /// Reference values from mpmath with 60 digits.
    #[test]
    fn the_tails_keep_their_digits() {
        let check = |function: fn(f64) -> (f64, f64), z: f64, wanted: (f64, f64)| {
            let found = function(z);
            approx::assert_relative_eq!(found.0, wanted.0, epsilon = 0.0, max_relative = 1e-15);
            approx::assert_relative_eq!(found.1, wanted.1, epsilon = 0.0, max_relative = 1.5e-15);
        };
        check(gelu, -0.3, (-0.1146265733433142, 0.26767223317289013));
        check(gelu, -2.3, (-0.02466545304985436, -0.05442807678400691));
        check(gelu, -9.7, (-1.4622683737458985e-21, -1.4180956962350368e-20));
        check(gelu, -25.1, (-6.24151707251339e-138, -1.56661295309197e-136));
        check(gelu, -37.4, (-7.306769040567231e-305, -2.732728837657262e-303));
        check(gelu_tanh, -0.3, (-0.11462907645724076, 0.26770454836119817));
        check(gelu_tanh, -2.3, (-0.024327029795919046, -0.055089329549744374));
        check(gelu_tanh, -9.7, (-9.583371189369027e-35, -2.073266554480933e-33));
        check(gelu_tanh, -15.2, (-6.611537448132109e-119, -3.3710530218628185e-117));
        check(gelu_tanh, -20.9, (-8.451582056968937e-297, -8.033517292281771e-295));
    }
}
