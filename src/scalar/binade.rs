//! Powers of two, by which numbers are scaled without rounding.

/// The largest power of two.
pub(crate) const LARGEST_POWER: f64 = f64::from_bits(0x7FE << 52);

/// Returns the largest normal power of two that is at most the absolute value; 1 for 0.
pub(crate) fn power_of_two(value: f64) -> f64 {
    let exponent = 0x7FF << 52;
    if value == 0.0 {
        return 1.0;
    }
    f64::from_bits(value.to_bits() & exponent).clamp(f64::MIN_POSITIVE, LARGEST_POWER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_exact_next_to_each_other_too() {
        for exponent in -1022..=1023 {
            let power = 2f64.powi(exponent);
            assert_eq!((power_of_two(power), power_of_two(-power)), (power, power));
            assert_eq!(power_of_two(power.next_up()), power);
            assert_eq!(power_of_two(power.next_down()), (power / 2.0).max(f64::MIN_POSITIVE));
        }
        assert_eq!([0.0, 5e-324, f64::MAX].map(power_of_two), [1.0, f64::MIN_POSITIVE, LARGEST_POWER]);
    }
}
