//! What the normalising layers share: the learned scale and shift of each column, and numbers out of range.

use crate::scalar::Real;

/// Scale 1 and shift 0 for each column; nothing where `params` is empty.
pub(super) fn init<T: Real>(params: &mut [T]) {
    let (scales, shifts) = params.split_at_mut(params.len() / 2);
    scales.fill(T::one());
    shifts.fill(T::zero());
}

/// Scale and shift of a column; 1 and 0 where `params` is empty.
pub(super) fn of_column<T: Real>(params: &[T], column: usize) -> (T, T) {
    let (scales, shifts) = params.split_at(params.len() / 2);
    (scales.get(column).copied().unwrap_or(T::one()), shifts.get(column).copied().unwrap_or(T::zero()))
}

/// Writes the gradients with respect to scale and shift of a column; nothing where `grad` is empty.
pub(super) fn set_gradient<T: Real>(grad: &mut [T], column: usize, of_scale: T, of_shift: T) {
    let (scales, shifts) = grad.split_at_mut(grad.len() / 2);
    if let (Some(scale), Some(shift)) = (scales.get_mut(column), shifts.get_mut(column)) {
        (*scale, *shift) = (of_scale, of_shift);
    }
}

/// A power of two that, as a factor, brings numbers whose squares overflow into a range where they do not, and keeps
/// those squares from vanishing: 2^-563 for `f64`, 2^-86 for `f32`.
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
