//! Code that the normalisation layers share: the learned scale and shift of each column, and rescaling
//! against overflow.

use crate::scalar::Real;

/// Sets scale 1 and shift 0 for each column; does nothing if `params` is empty.
pub(super) fn init<T: Real>(params: &mut [T]) {
    let (scales, shifts) = params.split_at_mut(params.len() / 2);
    scales.fill(T::one());
    shifts.fill(T::zero());
}

/// Returns the scale and the shift of a column; 1 and 0 if `params` is empty.
pub(super) fn of_column<T: Real>(params: &[T], column: usize) -> (T, T) {
    let (scales, shifts) = params.split_at(params.len() / 2);
    (scales.get(column).copied().unwrap_or(T::one()), shifts.get(column).copied().unwrap_or(T::zero()))
}

/// Writes the gradients with respect to the scale and the shift of a column; does nothing if `grad` is empty.
pub(super) fn set_gradient<T: Real>(grad: &mut [T], column: usize, of_scale: T, of_shift: T) {
    let (scales, shifts) = grad.split_at_mut(grad.len() / 2);
    if let (Some(scale), Some(shift)) = (scales.get_mut(column), shifts.get_mut(column)) {
        (*scale, *shift) = (of_scale, of_shift);
    }
}

/// Returns a power of two to multiply numbers with whose squares overflow, so that the squares neither
/// overflow nor underflow: 2^-563 for `f64`, 2^-86 for `f32`.
pub(super) fn downscale<T: Real>() -> T {
    T::MIN_POSITIVE.sqrt() * T::EPSILON
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_is_a_power_of_two_with_room_on_both_sides() {
        assert_eq!((downscale::<f64>(), downscale::<f32>()), (2f64.powi(-563), 2f32.powi(-86)));
        assert!((f64::MAX * downscale::<f64>()).powi(2) * 1e12 < f64::MAX);
        assert!((f64::MAX.sqrt() * downscale::<f64>()).powi(2) * 1e-12 > f64::MIN_POSITIVE);
    }
}
