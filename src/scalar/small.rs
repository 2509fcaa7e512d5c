//! Matrix products with a dimension too small to be worth packing.

use pulp::{Arch, Simd, WithSimd};

use super::product::Strided;
use super::vector::dot_with;
use super::{columns, streams};
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

/// The number of columns of `a` from which the columns are read a few at a time, instead of all for a few rows.
const MANY: usize = 16;

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
            if a.columns >= MANY && b.columns == 1 && b.row_stride == 1 && !accumulate {
                return streams::product_with(simd, a, b.column(0), &mut c[..a.rows]);
            }
            if a.columns >= MANY {
                return columns::combine_all(simd, a, b, (c, stride), accumulate);
            }
            let mut j = 0;
            while j < b.columns {
                let c = &mut c[j * stride..];
                let right = b.columns_from(j, b.columns - j);
                j += match right.columns {
                    1 => combine::<T, S, 1>(simd, a, right, (c, stride), accumulate),
                    2 => combine::<T, S, 2>(simd, a, right, (c, stride), accumulate),
                    3 => combine::<T, S, 3>(simd, a, right, (c, stride), accumulate),
                    _ => combine::<T, S, 4>(simd, a, right, (c, stride), accumulate),
                };
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

/// Computes N columns of `c = a b` from combinations of the columns of `a`, and returns N.
///
/// The sums of a few rows are held in registers, so `c` is written once.
#[inline(always)]
fn combine<T: Real, S: Simd, const N: usize>(
    simd: S,
    a: Strided<'_, T>,
    b: Strided<'_, T>,
    (c, stride): (&mut [T], usize),
    accumulate: bool,
) -> usize {
    let width = size_of::<T::Vector<S>>() / size_of::<T>();
    let mut row = 0;
    while row + 2 * width <= a.rows {
        let mut sums = [[T::broadcast(simd, T::zero()); 2]; N];
        for k in 0..a.columns {
            let (left, _) = T::registers::<S>(&a.column(k)[row..row + 2 * width]);
            for (j, sums) in sums.iter_mut().enumerate() {
                let factor = T::broadcast(simd, b.at(k, j));
                for (sum, &left) in sums.iter_mut().zip(left) {
                    *sum = T::fused(simd, left, factor, *sum);
                }
            }
        }
        for (j, sums) in sums.iter().enumerate() {
            let (c, _) = T::registers_mut::<S>(&mut c[j * stride + row..][..2 * width]);
            for (c, &sum) in c.iter_mut().zip(sums) {
                *c = if accumulate { T::plus(simd, *c, sum) } else { sum };
            }
        }
        row += 2 * width;
    }
    // Whole registers and the rest of a register take the same path, because they are few.
    while row < a.rows {
        let count = width.min(a.rows - row);
        let mut sums = [T::broadcast(simd, T::zero()); N];
        for k in 0..a.columns {
            let left = load(simd, &a.column(k)[row..row + count]);
            for (j, sum) in sums.iter_mut().enumerate() {
                *sum = T::fused(simd, left, T::broadcast(simd, b.at(k, j)), *sum);
            }
        }
        for (j, &sum) in sums.iter().enumerate() {
            let c = &mut c[j * stride + row..][..count];
            let sum = if accumulate { T::plus(simd, load(simd, c), sum) } else { sum };
            match T::registers_mut::<S>(c) {
                ([whole], _) => *whole = sum,
                (_, part) => T::store_part(simd, part, sum),
            }
        }
        row += count;
    }
    N
}

/// Loads at most one register; numbers beyond the slice are 0.
#[inline(always)]
fn load<T: Real, S: Simd>(simd: S, slice: &[T]) -> T::Vector<S> {
    match T::registers::<S>(slice) {
        ([whole], _) => *whole,
        (_, part) => T::load_part(simd, part),
    }
}
