//! Shares of counts.

/// Returns `fraction` of `count`, rounded up.
///
/// A product within rounding of an integer is that integer: 0.07 of 100 is 7, although the product is
/// 7.000000000000001. The fraction and the product have a relative error of half a unit each.
pub(crate) fn share(count: usize, fraction: f64) -> usize {
    let product = count as f64 * fraction;
    let nearest = product.round();
    let exact = (product - nearest).abs() <= 2.0 * f64::EPSILON * product;
    (if exact { nearest } else { product.ceil() }) as usize
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn percents_and_per_mille_are_rounded_up_exactly() {
        for whole in [100_usize, 1000] {
            for part in 1..whole {
                let written: f64 = format!("{}e-{}", part, whole.ilog10()).parse().unwrap();
                for fraction in [written, part as f64 / whole as f64] {
                    for count in 0..=1000 {
                        let wanted = (count * part).div_ceil(whole);
                        assert_eq!(share(count, fraction), wanted, "{fraction} of {count}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_beyond_rounding_counts() {
        assert_eq!([share(100, 0.07), share(100, 0.14), share(100, 0.55)], [7, 14, 55]);
        assert_eq!([share(100, 0.07 * (1.0 + 1e-14)), share(100, 0.07 * (1.0 - 1e-14))], [8, 7]);
        assert_eq!([share(100, 1e-300), share(100, 1.0 - f64::EPSILON / 2.0), share(0, 0.5)], [1, 100, 0]);
    }
}
