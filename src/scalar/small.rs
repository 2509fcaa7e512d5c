//! Matrix products with a dimension too small to be worth packing.

use pulp::{Arch, Simd, WithSimd};

use super::product::Strided;
use super::vector::dot_with;
use crate::scalar::Real;

/// Returns whether packing would cost more than it saves.
pub(super) fn is_small(m: usize, n: usize, k: usize) -> bool {
    m < 4 || n < 4 || k < 4 || m * n * k < 4096
}

/// Computes `c = a b`, or `c += a b` if `accumulate`, column by column or entry by entry.
pub(super) fn product<T: Real>(
    a: Strided<'_, T>,
    b: Strided<'_, T>,
    (c, stride): (&mut [T], usize),
    accumulate: bool,
) {
    Arch::new().dispatch(Small { a, b, c, stride, accumulate });
}

struct Small<'a, 'c, T: Real> {
    a: Strided<'a, T>,
    b: Strided<'a, T>,
    c: &'c mut [T],
    stride: usize,
    accumulate: bool,
}

impl<T: Real> WithSimd for Small<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Small { a, b, c, stride, accumulate } = self;
        let by_rows = a.column_stride == 1 && b.row_stride == 1;
        if by_rows && (a.row_stride != 1 || a.rows == 1) {
            for j in 0..b.columns {
                let right = b.column(j);
                for (i, c) in c[j * stride..][..a.rows].iter_mut().enumerate() {
                    let sum = dot_with(simd, a.row(i), right);
                    *c = if accumulate { *c + sum } else { sum };
                }
            }
        } else if a.row_stride == 1 {
            for j in 0..b.columns {
                let c = &mut c[j * stride..][..a.rows];
                if !accumulate {
                    c.fill(T::zero());
                }
                combine(simd, a, b, j, c);
            }
        } else {
            for j in 0..b.columns {
                for i in 0..a.rows {
                    let sum = (0..a.columns).fold(T::zero(), |sum, k| sum + a.at(i, k) * b.at(k, j));
                    let c = &mut c[j * stride + i];
                    *c = if accumulate { *c + sum } else { sum };
                }
            }
        }
    }
}

/// Computes `c += Σ_k a_k b_kj`, four columns at a time, so that `c` is read and written a quarter as often.
#[inline(always)]
fn combine<T: Real, S: Simd>(simd: S, a: Strided<'_, T>, b: Strided<'_, T>, j: usize, c: &mut [T]) {
    let mut k = 0;
    while k + 4 <= a.columns {
        let columns: [&[T]; 4] = std::array::from_fn(|i| a.column(k + i));
        let factors: [T; 4] = std::array::from_fn(|i| b.at(k + i, j));
        add_columns(simd, columns, factors, c);
        k += 4;
    }
    for k in k..a.columns {
        add_columns(simd, [a.column(k)], [b.at(k, j)], c);
    }
}

#[inline(always)]
fn add_columns<T: Real, S: Simd, const N: usize>(simd: S, columns: [&[T]; N], factors: [T; N], c: &mut [T]) {
    let wide = factors.map(
        #[inline(always)]
        |factor| T::broadcast(simd, factor),
    );
    let split = columns.map(
        #[inline(always)]
        |column| T::registers::<S>(column),
    );
    let (head, tail) = T::registers_mut::<S>(c);
    for (i, c) in head.iter_mut().enumerate() {
        for n in 0..N {
            *c = T::fused(simd, split[n].0[i], wide[n], *c);
        }
    }
    for (i, c) in tail.iter_mut().enumerate() {
        for n in 0..N {
            *c += split[n].1[i] * factors[n];
        }
    }
}
