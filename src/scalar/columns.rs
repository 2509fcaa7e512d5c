//! Products that read a matrix with contiguous columns where it lies: `a b` and `aᵀ b` for few columns of `b`,
//! and `aᵀ b` where it is symmetric.
//!
//! Packing a matrix costs as much as multiplying it by several columns.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::Real;
use super::product::Strided;

/// The numbers of columns of `a` and of `b` whose products the inner kernel holds in registers: 12 sums, the
/// registers of `b`, and one of `a` at a time. That is all 16 of AVX2; with one more, a sum is kept in memory, and
/// the kernel takes twice as long.
const DOWN: usize = 4;
const ACROSS: usize = 3;
/// The number of entries of each column that are multiplied at a time: those of a tile then take at most 14 KB,
/// and the sum over the lanes of a register costs less than a tenth of the products.
const DEPTH: usize = 256;
/// The number of columns of `b` that are used for all columns of `a` before the next: at most 128 KB.
const STRIP: usize = 63;

/// The number of columns of `b` up to which `a` is read where it lies. Products of 128 x 784 and 200 x 100 with 10
/// columns then take 0.65 and 0.75 of the time with packing; with 16 columns the times are the same.
pub(super) const FEW: usize = 16;

/// The number of columns of `a` that are combined at a time, for two columns of `c`: 8 factors, 4 registers of
/// `a` and 2 of `c`.
const TOGETHER: usize = 4;
/// The number of bytes of each column that are combined before the next rows, so that `c` stays in the
/// first-level cache.
const SEGMENT: usize = 1024;

/// Computes `c = a b`, or `c += a b` if `accumulate`, for a matrix `a` with contiguous columns. The columns of
/// `c` start `stride` entries apart.
pub(super) fn combination<T: Real>(
    a: Strided<'_, T>,
    b: Strided<'_, T>,
    (c, stride): (&mut [T], usize),
    accumulate: bool,
) {
    Arch::new().dispatch(Combination { a, b, c, stride, accumulate });
}

struct Combination<'a, 'c, T: Real> {
    a: Strided<'a, T>,
    b: Strided<'a, T>,
    c: &'c mut [T],
    stride: usize,
    accumulate: bool,
}

impl<T: Real> WithSimd for Combination<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Combination { a, b, c, stride, accumulate } = self;
        combine_all(simd, a, b, (c, stride), accumulate);
    }
}

/// Computes [`combination`] with the instruction set `S`.
#[inline(always)]
pub(super) fn combine_all<T: Real, S: Simd>(
    simd: S,
    a: Strided<'_, T>,
    b: Strided<'_, T>,
    (c, stride): (&mut [T], usize),
    accumulate: bool,
) {
    let segment = SEGMENT / size_of::<T>();
    for first in (0..a.rows).step_by(segment) {
        let count = segment.min(a.rows - first);
        if !accumulate {
            for c in c.chunks_mut(stride).take(b.columns) {
                c[first..][..count].fill(T::zero());
            }
        }
        let mut k = 0;
        while k + TOGETHER <= a.columns {
            let columns = segments::<T, TOGETHER>(a, k, first..first + count);
            combine(simd, columns, b.rows(k, TOGETHER), (c, stride), first..first + count);
            k += TOGETHER;
        }
        for k in k..a.columns {
            let column = &a.column(k)[first..][..count];
            combine(simd, [column], b.rows(k, 1), (c, stride), first..first + count);
        }
    }
}

/// Returns some rows of N columns from the first on; the last column stands for those beyond it.
///
/// `std::array::from_fn` is inlined only as the compiler likes, and the kernels are then slower.
#[inline(always)]
fn segments<'a, T: Real, const N: usize>(
    x: Strided<'a, T>,
    first: usize,
    rows: Range<usize>,
) -> [&'a [T]; N] {
    let mut segments = [[].as_slice(); N];
    for (n, segment) in segments.iter_mut().enumerate() {
        *segment = &x.column((first + n).min(x.columns - 1))[rows.clone()];
    }
    segments
}

/// Adds N columns times the entries of the columns of `b` to some rows of each column of `c`, two columns of `c`
/// at a time.
#[inline(always)]
fn combine<T: Real, S: Simd, const N: usize>(
    simd: S,
    columns: [&[T]; N],
    b: Strided<'_, T>,
    (c, stride): (&mut [T], usize),
    rows: Range<usize>,
) {
    let mut pairs = c.chunks_mut(2 * stride);
    let mut factors = [[T::zero(); N]; 2];
    for j in (0..b.columns).step_by(2) {
        let Some(pair) = pairs.next() else { return };
        for (m, factors) in factors.iter_mut().enumerate().take(b.columns - j) {
            for (n, factor) in factors.iter_mut().enumerate() {
                *factor = b.at(n, j + m);
            }
        }
        if j + 1 < b.columns {
            let (one, other) = pair.split_at_mut(stride);
            let out = [&mut one[rows.clone()], &mut other[rows.clone()]];
            add_multiples(simd, columns, factors, out);
        } else {
            add_multiples(simd, columns, [factors[0]], [&mut pair[rows.clone()]]);
        }
    }
}

/// Adds N columns times their factors to each of M columns.
#[inline(always)]
pub(super) fn add_multiples<T: Real, S: Simd, const N: usize, const M: usize>(
    simd: S,
    columns: [&[T]; N],
    factors: [[T; N]; M],
    out: [&mut [T]; M],
) {
    let mut wide = [[T::broadcast(simd, T::zero()); N]; M];
    for m in 0..M {
        for n in 0..N {
            wide[m][n] = T::broadcast(simd, factors[m][n]);
        }
    }
    let split = columns.map(
        #[inline(always)]
        |column| T::registers::<S>(column),
    );
    let mut out = out.map(
        #[inline(always)]
        |out| T::registers_mut::<S>(out),
    );
    for (m, (_, tail)) in out.iter_mut().enumerate() {
        for (i, c) in tail.iter_mut().enumerate() {
            for n in 0..N {
                *c += split[n].1[i] * factors[m][n];
            }
        }
    }
    // With a common length the compiler leaves out the checks of the indices.
    let count = out[0].0.len();
    let heads = split.map(
        #[inline(always)]
        |(head, _)| &head[..count],
    );
    let out = out.map(
        #[inline(always)]
        |(head, _)| &mut head[..count],
    );
    for i in 0..count {
        let mut sums = [T::broadcast(simd, T::zero()); M];
        for m in 0..M {
            sums[m] = out[m][i];
        }
        for n in 0..N {
            let x = heads[n][i];
            for m in 0..M {
                sums[m] = T::fused(simd, x, wide[m][n], sums[m]);
            }
        }
        for m in 0..M {
            out[m][i] = sums[m];
        }
    }
}

/// Computes `c = aᵀ b`, or `c += aᵀ b` if `accumulate`; the columns of `c` start `stride` entries apart.
///
/// The columns of `a` and of `b` must be contiguous.
pub(super) fn transposed_product<T: Real>(
    a: Strided<'_, T>,
    b: Strided<'_, T>,
    (c, stride): (&mut [T], usize),
    accumulate: bool,
) {
    Arch::new().dispatch(Columns { a, b, c, stride, accumulate, lower: false });
}

/// Computes the lower triangle of `c = aᵀ b`, or `c += aᵀ b` if `accumulate`, for operands with contiguous
/// columns whose product is symmetric. The rest of `c` stays as it is.
pub(super) fn product_lower<T: Real>(a: Strided<'_, T>, b: Strided<'_, T>, c: &mut [T], accumulate: bool) {
    let stride = a.columns;
    Arch::new().dispatch(Columns { a, b, c, stride, accumulate, lower: true });
}

struct Columns<'a, 'c, T: Real> {
    a: Strided<'a, T>,
    b: Strided<'a, T>,
    c: &'c mut [T],
    stride: usize,
    accumulate: bool,
    /// Whether only the entries on and below the diagonal are wanted.
    lower: bool,
}

impl<T: Real> WithSimd for Columns<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Columns { a, b, c, stride, accumulate, lower } = self;
        for strip in (0..b.columns).step_by(STRIP) {
            let end = (strip + STRIP).min(b.columns);
            for row in (0..a.rows.max(1)).step_by(DEPTH) {
                let depth = DEPTH.min(a.rows - row);
                let add = accumulate || row > 0;
                let first = if lower { strip / DOWN * DOWN } else { 0 };
                for i in (first..a.columns).step_by(DOWN) {
                    let left = segments::<T, DOWN>(a, i, row..row + depth);
                    let end = if lower { end.min(i + DOWN) } else { end };
                    for j in (strip..end).step_by(ACROSS) {
                        let right = segments::<T, ACROSS>(b, j, row..row + depth);
                        let sums = tile(simd, left, right);
                        for (n, sums) in sums.iter().enumerate().take(end - j) {
                            let down = DOWN.min(a.columns - i);
                            let above = if lower { (j + n).saturating_sub(i) } else { 0 };
                            let c = &mut c[(j + n) * stride + i..][..down];
                            for (c, &sum) in c.iter_mut().zip(sums).skip(above) {
                                *c = if add { *c + sum } else { sum };
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Returns the products of columns of equal length.
#[inline(always)]
fn tile<T: Real, S: Simd>(simd: S, left: [&[T]; DOWN], right: [&[T]; ACROSS]) -> [[T; DOWN]; ACROSS] {
    let mut sums = [[T::broadcast(simd, T::zero()); DOWN]; ACROSS];
    let split_left = left.map(
        #[inline(always)]
        |column| T::registers::<S>(column),
    );
    let split_right = right.map(
        #[inline(always)]
        |column| T::registers::<S>(column),
    );
    let count = split_left[0].0.len();
    let (lefts, rights) =
        (split_left.map(|(head, _)| &head[..count]), split_right.map(|(head, _)| &head[..count]));
    for k in 0..count {
        let mut right = [T::broadcast(simd, T::zero()); ACROSS];
        for across in 0..ACROSS {
            right[across] = rights[across][k];
        }
        for down in 0..DOWN {
            let left = lefts[down][k];
            for across in 0..ACROSS {
                sums[across][down] = T::fused(simd, left, right[across], sums[across][down]);
            }
        }
    }
    let mut products = [[T::zero(); DOWN]; ACROSS];
    for across in 0..ACROSS {
        for down in 0..DOWN {
            let rest = split_left[down].1.iter().zip(split_right[across].1);
            let rest = rest.fold(T::zero(), |sum, (&x, &y)| sum + x * y);
            products[across][down] = T::reduce_sum(simd, sums[across][down]) + rest;
        }
    }
    products
}

#[cfg(test)]
mod tests {
    use super::super::tests::matrix;
    use super::*;

    #[test]
    fn the_lower_triangle_of_a_symmetric_product_is_complete() {
        for (n, size) in [(30, 5), (64, 31), (200, 130)] {
            let a = matrix::<f64>(n, size, 3);
            let mut c = vec![f64::NAN; size * size];
            product_lower(Strided::from(&a), Strided::from(&a), &mut c, false);
            let wanted = a.transpose() * &a;
            for j in 0..size {
                for i in j..size {
                    assert_eq!(c[j * size + i], wanted[(i, j)]);
                }
            }
        }
    }
}
