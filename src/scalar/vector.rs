//! Sums over contiguous slices, in a fixed order.

use pulp::{Arch, Simd, WithSimd};

use super::lanes::vectorize;
use crate::compiled::compiled;
use crate::scalar::Real;

/// Returns `Σ x_i y_i`.
#[inline(never)]
pub(crate) fn dot<T: Real>(x: &[T], y: &[T]) -> T {
    struct Dot<'a, T>(&'a [T], &'a [T]);
    impl<T: Real> WithSimd for Dot<'_, T> {
        type Output = T;
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> T {
            dot_with(simd, self.0, self.1)
        }
    }
    Arch::new().dispatch(Dot(x, y))
}

/// Returns `Σ x_i y_i` in four interleaved sums, which keep the processor units busy and the rounding small.
#[inline(always)]
pub(super) fn dot_with<T: Real, S: Simd>(simd: S, x: &[T], y: &[T]) -> T {
    let ((x, x_rest), (y, y_rest)) = (T::registers::<S>(x), T::registers::<S>(y));
    let zero = T::broadcast(simd, T::zero());
    let mut sums = [zero; 4];
    let ((x4, x1), (y4, y1)) = (x.as_chunks::<4>(), y.as_chunks::<4>());
    for (x, y) in x4.iter().zip(y4) {
        for lane in 0..4 {
            sums[lane] = T::fused(simd, x[lane], y[lane], sums[lane]);
        }
    }
    for (&x, &y) in x1.iter().zip(y1) {
        sums[0] = T::fused(simd, x, y, sums[0]);
    }
    if !x_rest.is_empty() && x_rest.len() == y_rest.len() {
        let (x, y) = (T::load_part(simd, x_rest), T::load_part(simd, y_rest));
        sums[1] = T::fused(simd, x, y, sums[1]);
    }
    let pairs = T::plus(simd, T::plus(simd, sums[0], sums[1]), T::plus(simd, sums[2], sums[3]));
    T::reduce_sum(simd, pairs)
}

/// Computes `y += a x`.
pub(crate) fn axpy<T: Real>(a: T, x: &[T], y: &mut [T]) {
    vectorize(
        #[inline(always)]
        || {
            for (y, &x) in y.iter_mut().zip(x) {
                *y += a * x;
            }
        },
    );
}

/// Returns `Σ x_i`, in eight interleaved sums. It vectorises inside of [`vectorize`].
#[inline(always)]
pub(crate) fn sum<T: Real>(x: &[T]) -> T {
    let (chunks, rest) = x.as_chunks::<8>();
    let mut sums = [T::zero(); 8];
    for chunk in chunks {
        for (sum, &x) in sums.iter_mut().zip(chunk) {
            *sum += x;
        }
    }
    let head = sums.iter().fold(T::zero(), |a, &b| a + b);
    rest.iter().fold(head, |a, &b| a + b)
}

/// Returns the smallest and the largest entry of a slice without NaN; zeros for an empty slice.
pub(crate) fn range<T: Real>(x: &[T]) -> (T, T) {
    let first = x.first().copied().unwrap_or(T::zero());
    let lower = |a: T, b: T| if b < a { b } else { a };
    let upper = |a: T, b: T| if b > a { b } else { a };
    vectorize(
        #[inline(always)]
        || {
            // With 16 lanes, the compiler mixes them up, and the loop takes ten times as long.
            let (chunks, rest) = x.as_chunks::<32>();
            let (mut least, mut most) = ([first; 32], [first; 32]);
            for chunk in chunks {
                for ((least, most), &x) in least.iter_mut().zip(&mut most).zip(chunk) {
                    (*least, *most) = (lower(*least, x), upper(*most, x));
                }
            }
            let ends =
                (least.iter().fold(first, |a, &b| lower(a, b)), most.iter().fold(first, |a, &b| upper(a, b)));
            rest.iter().fold(ends, |(least, most), &x| (lower(least, x), upper(most, x)))
        },
    )
}

/// Returns the largest range that a column may have and still count as constant, relative to its largest
/// absolute value: 1e-11 for `f64`, and 32 units in the last place, 3.8e-6, for `f32`.
///
/// The rule is the same for scalers, fits, separation and inference. R's `glm` drops columns by the same
/// number.
pub(crate) fn constant_range<T: Real>() -> f64 {
    (32.0 * T::EPSILON.as_f64()).max(1e-11)
}

/// Returns whether a column with entries from `low` to `high` is constant up to rounding.
pub(crate) fn is_constant<T: Real>(low: f64, high: f64) -> bool {
    // Halves, because the difference may overflow.
    0.5 * high - 0.5 * low <= 0.5 * constant_range::<T>() * low.abs().max(high.abs())
}

/// Returns the largest absolute value; 0 for an empty slice, NaN if any entry is NaN.
pub(crate) fn max_abs<T: Real>(x: &[T]) -> f64 {
    x.iter().fold(0.0, |max: f64, &x| {
        let x = x.as_f64().abs();
        if x > max || x.is_nan() { x } else { max }
    })
}

/// Returns whether no entry is NaN or infinite.
#[inline(never)]
pub(crate) fn all_finite<T: Real>(x: &[T]) -> bool {
    // 0 * v is 0 for finite v and NaN otherwise. A sum of such products vectorises, but a search does not.
    let chunk = |chunk: &[T]| {
        vectorize(
            #[inline(always)]
            || {
                let (lanes, rest) = chunk.as_chunks::<32>();
                let mut sums = [T::zero(); 32];
                for lane in lanes {
                    for (sum, &x) in sums.iter_mut().zip(lane) {
                        *sum += x * T::zero();
                    }
                }
                for (sum, &x) in sums.iter_mut().zip(rest) {
                    *sum += x * T::zero();
                }
                sums.iter().all(|&s| s == T::zero())
            },
        )
    };
    if x.len() < 32 {
        return x.iter().all(|x| x.is_finite());
    }
    x.chunks(4096).all(chunk)
}

compiled!(T: dot::<T> as fn(&_, &_) -> _, all_finite::<T> as fn(&_) -> _);

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, salt: usize) -> Vec<f64> {
        (0..n).map(|i| ((i * 7 + salt * 3) % 23) as f64 - 11.0).collect()
    }

    #[test]
    fn sums_are_exact_on_integers_of_every_length() {
        for n in 0..70 {
            let (x, y) = (numbers(n, 1), numbers(n, 2));
            assert_eq!(dot(&x, &y), x.iter().zip(&y).map(|(x, y)| x * y).sum::<f64>(), "{n}");
            assert_eq!(sum(&x), x.iter().sum::<f64>(), "{n}");
            let mut z = y.clone();
            axpy(2.0, &x, &mut z);
            assert!(z.iter().zip(&x).zip(&y).all(|((z, x), y)| *z == 2.0 * x + y));
        }
    }

    #[test]
    fn one_bad_entry_anywhere_is_seen() {
        for n in [1, 15, 16, 17, 5000] {
            for at in [0, n / 2, n - 1] {
                for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                    let mut x = vec![f64::MAX; n];
                    assert!(all_finite(&x));
                    x[at] = bad;
                    assert!(!all_finite(&x), "{bad} at {at} of {n}");
                }
            }
        }
        assert!(all_finite::<f32>(&[]));
    }

    #[test]
    fn a_range_reaches_from_the_smallest_entry_to_the_largest() {
        assert_eq!(range::<f64>(&[]), (0.0, 0.0));
        for n in 2..70 {
            for low in 0..n {
                let mut x = vec![5.0; n];
                (x[low], x[(low + n / 2) % n]) = (4.0, 6.0);
                assert_eq!(range(&x), (4.0, 6.0), "{n}, {low}");
            }
        }
        assert_eq!(range(&[-2.0]), (-2.0, -2.0));
    }

    #[test]
    fn constant_columns_differ_by_rounding_only() {
        assert!(is_constant::<f64>(0.3, 0.1 + 0.2) && is_constant::<f64>(0.0, 0.0));
        assert!(is_constant::<f64>(1e300, 1e300 * (1.0 + 5e-12)) && !is_constant::<f64>(-f64::MAX, f64::MAX));
        assert!(!is_constant::<f64>(1e9, 1e9 + 1.0) && !is_constant::<f64>(0.0, 1e-300));
        assert!(is_constant::<f32>(1.0, 1.000_002) && !is_constant::<f32>(1.0, 1.000_01));
    }

    #[test]
    fn max_abs_of_nothing_is_zero_and_nan_is_kept() {
        assert_eq!(max_abs::<f64>(&[]), 0.0);
        assert_eq!(max_abs(&[1.0, -3.0, 2.0]), 3.0);
        assert!(max_abs(&[1.0, f64::NAN, 2.0]).is_nan());
        assert!(max_abs(&[f64::NAN, 1.0]).is_nan());
    }
}
