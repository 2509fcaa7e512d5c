//! Gradient clipping, and the Euclidean norm that it uses.

use crate::check;
use crate::error::Error;
use crate::scalar::Real;
use crate::scalar::{dot, max_abs, vectorize};

/// A limit on the size of gradients, so that one bad batch cannot move the parameters far.
///
/// # Formula
/// By norm: g max/‖g‖ if ‖g‖ > max, else g; the direction does not change. By value: each entry is clamped to
/// \[-max, max\].
///
/// The factor is exactly max/‖g‖. Other libraries add a small number to the norm, and miss `max` by that
/// much. The norm is that of all parameters together. A gradient with NaN or an infinity is left unchanged,
/// so that divergence remains visible.
///
/// # References
/// Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural networks.
///
/// # Examples
/// ```
/// use logit::optim::Clip;
///
/// let mut grad = [3.0, -4.0];
/// assert_eq!(Clip::norm(1.0).apply(&mut grad), 5.0);
/// assert!((grad[0] - 0.6f64).abs() < 1e-15 && (grad[1] + 0.8).abs() < 1e-15);
///
/// let mut grad = [3.0, -4.0];
/// Clip::value(3.5).apply(&mut grad);
/// assert_eq!(grad, [3.0, -3.5]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clip {
    by: By,
    max: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum By {
    Norm,
    Value,
}

impl Clip {
    /// Scales gradients with a Euclidean norm above `max` to the norm `max`.
    ///
    /// It suits most networks; 1 and 5 are usual.
    pub fn norm(max: f64) -> Self {
        Clip { by: By::Norm, max }
    }

    /// Clamps each entry of a gradient to the range from -`max` to `max`.
    ///
    /// It suits single parameters with extreme gradients. The direction of the gradient changes.
    pub fn value(max: f64) -> Self {
        Clip { by: By::Value, max }
    }

    /// Checks that `max` is finite and above 0.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if `max` is not finite or not above 0.
    pub fn check(&self) -> Result<(), Error> {
        let name = match self.by {
            By::Norm => "clip.norm",
            By::Value => "clip.value",
        };
        check::positive(name, self.max)
    }

    /// Clips `grad`, and returns its Euclidean norm before clipping.
    ///
    /// The norm is correct whenever it is in the range of `f64`, even if squares of entries are not. Beyond
    /// that range it is infinite, but the gradient is still clipped correctly.
    pub fn apply<T: Real>(&self, grad: &mut [T]) -> f64 {
        let length = Length::of(grad);
        let (norm, max) = (length.norm(), self.max);
        if !length.scale.is_finite() {
            return norm;
        }
        match self.by {
            By::Norm if norm > max => {
                let (scale, factor) = (length.scale, max / length.root);
                each(grad, move |g| T::of(g.as_f64() / scale * factor));
            }
            By::Norm => {}
            By::Value => {
                let max = T::of(max);
                each(grad, move |g| {
                    if g > max {
                        max
                    } else if g < -max {
                        -max
                    } else {
                        g
                    }
                });
            }
        }
        norm
    }
}

/// Replaces every entry with `new` of it.
#[inline(always)]
fn each<T: Real>(values: &mut [T], new: impl Fn(T) -> T + Copy) {
    vectorize(
        #[inline(always)]
        || {
            let new = new;
            for value in values.iter_mut() {
                *value = new(*value);
            }
        },
    );
}

/// Returns the Euclidean norm. It is finite if it is in the range of `f64`, even if squares of entries are
/// not; it is infinite or NaN if an entry is.
pub(crate) fn norm<T: Real>(values: &[T]) -> f64 {
    Length::of(values).norm()
}

/// A norm as the product of two numbers, because the norm may be out of range when its factors are not.
struct Length {
    /// 1, or the largest absolute value; infinite or NaN if an entry is.
    scale: f64,
    /// The norm of the entries divided by `scale`.
    root: f64,
}

impl Length {
    fn of<T: Real>(values: &[T]) -> Self {
        let square = dot(values, values);
        // Well above the smallest normal number, squares lost to underflow are negligible.
        if square.is_finite() && square >= T::MIN_POSITIVE / (T::EPSILON * T::EPSILON) {
            return Length { scale: 1.0, root: square.as_f64().sqrt() };
        }
        let scale = max_abs(values);
        if scale == 0.0 || !scale.is_finite() {
            return Length { scale, root: 1.0 };
        }
        // The sum is compensated, because many small squares may follow the largest, which is 1.
        let (mut sum, mut lost) = (0.0, 0.0);
        for v in values {
            let v = v.as_f64() / scale;
            let term = v * v - lost;
            let next: f64 = sum + term;
            lost = (next - sum) - term;
            sum = next;
        }
        Length { scale, root: sum.sqrt() }
    }

    fn norm(&self) -> f64 {
        self.scale * self.root
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_entries_keep_their_direction() {
        let mut grad = [100.0f64, 100.0];
        assert_relative_eq!(
            Clip::norm(1.0).apply(&mut grad),
            2f64.sqrt() * 100.0,
            epsilon = 0.0,
            max_relative = 1e-15
        );
        assert_relative_eq!(grad[0], 0.5f64.sqrt(), epsilon = 0.0, max_relative = 3e-16);
        assert_eq!(grad[0], grad[1]);
    }

    #[test]
    fn a_gradient_that_is_short_enough_keeps_its_bits() {
        for grad in [[0.3, -0.4], [0.0, 0.0], [5e-324, 0.0]] {
            let mut clipped = grad;
            Clip::norm(0.5).apply(&mut clipped);
            Clip::value(0.4).apply(&mut clipped);
            assert_eq!(clipped, grad);
        }
    }

    #[test]
    fn norms_are_right_where_squares_leave_the_range() {
        for scale in [1e200, 1e-200, 1e-160, 1e-310, 5e-324, 4e307] {
            let rounding = if scale < 1e-300 { 1e-9 } else { 1e-15 };
            assert_relative_eq!(
                norm(&[3.0 * scale, 4.0 * scale]),
                5.0 * scale,
                epsilon = 0.0,
                max_relative = rounding
            );
        }
        for scale in [1e30f32, 1e-30, 1e-40] {
            let wanted = f64::from(3.0 * scale).hypot(f64::from(4.0 * scale));
            assert_relative_eq!(
                norm(&[3.0 * scale, 4.0 * scale]),
                wanted,
                epsilon = 0.0,
                max_relative = 1e-15
            );
        }
        assert_eq!([norm::<f64>(&[]), norm(&[0.0, -0.0])], [0.0, 0.0]);
    }

    #[test]
    fn many_tiny_entries_count_beside_one_whose_square_is_just_normal() {
        let mut values = vec![1.5e-162; 1_000_001];
        values[0] = 1.6e-154;
        let ratio: f64 = 1.5e-162 / 1.6e-154;
        assert_relative_eq!(
            norm(&values),
            1.6e-154 * (1.0 + 1e6 * ratio * ratio).sqrt(),
            epsilon = 0.0,
            max_relative = 1e-15
        );
    }

    #[test]
    fn clipping_is_right_where_the_norm_or_the_factor_leaves_the_range() {
        let mut grad = [f64::MAX, -f64::MAX];
        assert_eq!(Clip::norm(1.0).apply(&mut grad), f64::INFINITY);
        assert_relative_eq!(grad[0], 0.5f64.sqrt(), epsilon = 0.0, max_relative = 1e-15);
        assert_relative_eq!(grad[1], -0.5f64.sqrt(), epsilon = 0.0, max_relative = 1e-15);
        let mut grad = [3e300, 4e300];
        Clip::norm(1e-15).apply(&mut grad);
        assert_relative_eq!(grad[0], 6e-16, epsilon = 0.0, max_relative = 1e-15);
        let mut grad = [3e18f32, 4e18];
        Clip::norm(1e-30).apply(&mut grad);
        assert_relative_eq!(grad[1], 8e-31, epsilon = 0.0, max_relative = 2e-7);
    }

    #[test]
    fn gradients_that_are_not_finite_pass_unchanged() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for clip in [Clip::norm(1.0), Clip::value(1.0)] {
                let mut grad = [100.0, bad, -7.0];
                let norm = clip.apply(&mut grad);
                assert!(norm.is_nan() == bad.is_nan() && !norm.is_finite());
                assert_eq!(grad.map(f64::to_bits), [100.0, bad, -7.0].map(f64::to_bits));
            }
        }
        assert!(norm(&[f64::INFINITY, f64::NAN]).is_nan() && norm(&[f64::NAN, f64::INFINITY]).is_nan());
    }

    #[test]
    fn limits_must_be_positive_and_finite() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            for clip in [Clip::norm(bad), Clip::value(bad)] {
                assert!(matches!(clip.check(), Err(Error::InvalidParameter { .. })), "{clip:?}");
            }
        }
        assert_eq!((Clip::norm(1e-300).check(), Clip::value(5.0).check()), (Ok(()), Ok(())));
    }

    proptest! {
        #[test]
        fn clipped_gradients_are_within_the_limit_and_parallel(
            mut grad in prop::collection::vec(prop::num::f64::NORMAL, 1..40),
            max in 1e-3..1e3,
        ) {
            let before = grad.clone();
            let length = Clip::norm(max).apply(&mut grad);
            prop_assert_eq!(length, norm(&before));
            prop_assert!(norm(&grad) <= max * (1.0 + 1e-14));
            if length > max {
                prop_assert!(norm(&grad) >= max * (1.0 - 1e-14));
            } else {
                prop_assert_eq!(&grad, &before);
            }
            for (a, b) in grad.iter().zip(&before) {
                prop_assert!(*a == 0.0 || a.signum() == b.signum());
            }
        }
    }
}
