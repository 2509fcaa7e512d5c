//! The scalar types: `f32` and `f64`.

use nalgebra::RealField;
use num_traits::{FromPrimitive, ToPrimitive};

use super::Lanes;
use super::element::Element;
use crate::parallel::wire::Wire;

/// A real number that models compute with: [`f32`] or [`f64`].
///
/// The trait extends nalgebra's [`RealField`] with the needs of generic numerical code: copies, conversions
/// from and to `f64`, the machine constants, and (privately) the vector instructions of the products and
/// losses. It is sealed, so that kernels can be added without a breaking change.
///
/// # Examples
///
/// ```
/// use logit::Real;
///
/// fn mean<T: Real>(values: &[T]) -> f64 {
///     values.iter().map(|v| v.as_f64()).sum::<f64>() / values.len() as f64
/// }
/// assert_eq!(mean(&[1.0f32, 2.0]), 1.5);
/// assert_eq!(f32::of(0.5), 0.5f32);
/// ```
pub trait Real: RealField + Copy + Default + FromPrimitive + ToPrimitive + Lanes + Element + Wire {
    /// The distance from 1 to the next larger number.
    const EPSILON: Self;
    /// The default tolerance of fits: 1e-8 for `f64`, 1e-5 for `f32`. It applies to the Newton decrement of a
    /// logistic regression, and to the largest entry of the gradient in other minimisations.
    const TOLERANCE: f64;
    /// The smallest positive normal number.
    const MIN_POSITIVE: Self;

    /// Returns the number nearest to `value`.
    fn of(value: f64) -> Self;

    /// Returns the number as `f64`; exact for both types.
    fn as_f64(self) -> f64;
}

macro_rules! real {
    ($type:ty, $tolerance:expr) => {
        impl Real for $type {
            const EPSILON: Self = <$type>::EPSILON;
            const TOLERANCE: f64 = $tolerance;
            const MIN_POSITIVE: Self = <$type>::MIN_POSITIVE;

            #[inline(always)]
            fn of(value: f64) -> Self {
                value as $type
            }

            #[inline(always)]
            fn as_f64(self) -> f64 {
                f64::from(self)
            }
        }
    };
}

real!(f32, 1e-5);
real!(f64, 1e-8);
