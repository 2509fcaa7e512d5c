//! Products that read a matrix with contiguous columns where it lies: `a b` and `aᵀ b` for few columns of `b`,
//! and `aᵀ b` where it is symmetric.
//!
//! Packing a matrix costs as much as multiplying it by several columns.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::Real;
use super::product::Strided;

/// The numbers of columns of `a` and of `b` whose products the inner kernel holds in registers, for 16 registers:
/// 12 sums, the registers of `b`, and one of `a` at a time. With one more, a sum is kept in memory, and the kernel
/// takes twice as long.
const DOWN: usize = 4;
const ACROSS: usize = 3;
/// The number of columns of `b` for 32 registers: 20 sums.
const ACROSS_OF_32: usize = 5;
/// The number of entries of each column that are multiplied at a time: those of a tile then take at most 18 KB,
/// and the sum over the lanes of a register costs less than a tenth of the products.
const DEPTH: usize = 256;
/// The number of columns of `a` that are multiplied by a few columns of `b` before the next: their entries take 16
/// KB, so the columns of `b` come from the second-level cache and those of `a` from the first.
const GROUP: usize = 2 * DOWN;
/// The number of columns of `b` that are used for all columns of `a` before the next: at most 128 KB.
const STRIP: usize = 63;

/// The number of columns of `b` up to which `a` is read where it lies. Products of 128 x 784 and 200 x 100 with 10
/// columns then take 0.65 and 0.75 of the time with packing; with 16 columns the times are the same.
pub(super) const FEW: usize = 16;

/// The number of columns of `a` that are combined at a time, for two columns of `c` and 16 registers: 8 factors, 4
/// registers of `a` and 2 of `c`.
const TOGETHER: usize = 4;
/// The number for 32 registers: 16 factors, 8 registers of `a` and 2 of `c`. The processor fetches each column of
/// `a` ahead, so the registers serve more columns of `a`, not more of `c`.
const TOGETHER_OF_32: usize = 8;
/// The number of bytes of each column that are combined before the next rows, so that `c` stays in the
/// first-level cache.
const SEGMENT: usize = 4096;

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
        let rows = first..first + count;
        let mut k = 0;
        if S::REGISTER_COUNT >= 32 {
            k = combine_from::<T, S, TOGETHER_OF_32>(simd, a, b, k, (c, stride), &rows);
        }
        k = combine_from::<T, S, TOGETHER>(simd, a, b, k, (c, stride), &rows);
        combine_from::<T, S, 1>(simd, a, b, k, (c, stride), &rows);
    }
}

/// Adds the columns of `a` from `k` on, N at a time, to some rows of `c`. Returns the first column that is left.
#[inline(always)]
fn combine_from<T: Real, S: Simd, const N: usize>(
    simd: S,
    a: Strided<'_, T>,
    b: Strided<'_, T>,
    mut k: usize,
    (c, stride): (&mut [T], usize),
    rows: &Range<usize>,
) -> usize {
    while k + N <= a.columns {
        let columns = segments::<T, N>(a, k, rows);
        combine(simd, columns, b.rows(k, N), (c, stride), rows);
        k += N;
    }
    k
}

/// Returns some rows of N columns from the first on; the last column stands for those beyond it.
///
/// `std::array::from_fn` is inlined only as the compiler likes, and the kernels are then slower.
#[inline(always)]
fn segments<'a, T: Real, const N: usize>(
    x: Strided<'a, T>,
    first: usize,
    rows: &Range<usize>,
) -> [&'a [T]; N] {
    let mut segments: [&[T]; N] = [&[]; N];
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
    rows: &Range<usize>,
) {
    let mut j = 0;
    while j < b.columns {
        let c = &mut c[j * stride..];
        let right = b.columns_from(j, b.columns - j);
        j += if right.columns == 1 {
            add_products::<T, S, N, 1>(simd, columns, right, (c, stride), rows)
        } else {
            add_products::<T, S, N, 2>(simd, columns, right, (c, stride), rows)
        };
    }
}

/// Adds N columns times the entries of the first M columns of `b` to some rows of M columns of `c`. Returns M.
#[inline(always)]
fn add_products<T: Real, S: Simd, const N: usize, const M: usize>(
    simd: S,
    columns: [&[T]; N],
    b: Strided<'_, T>,
    (c, stride): (&mut [T], usize),
    rows: &Range<usize>,
) -> usize {
    let mut factors = [[T::zero(); N]; M];
    for (m, factors) in factors.iter_mut().enumerate() {
        if b.row_stride == 1 {
            factors.copy_from_slice(&b.column(m)[..N]);
        } else {
            factors.iter_mut().enumerate().for_each(|(n, factor)| *factor = b.at(n, m));
        }
    }
    let mut out: [&mut [T]; M] = std::array::from_fn(|_| Default::default());
    for (out, c) in out.iter_mut().zip(c.chunks_mut(stride)) {
        *out = &mut c[rows.clone()];
    }
    add_multiples(simd, columns, factors, out);
    M
}

/// Adds N columns times their factors to each of M columns.
#[inline(always)]
pub(super) fn add_multiples<T: Real, S: Simd, const N: usize, const M: usize>(
    simd: S,
    columns: [&[T]; N],
    factors: [[T; N]; M],
    out: [&mut [T]; M],
) {
    let count = T::registers::<S>(columns[0]).0.len();
    let mut wide = [[T::broadcast(simd, T::zero()); N]; M];
    for m in 0..M {
        for n in 0..N {
            wide[m][n] = T::broadcast(simd, factors[m][n]);
        }
    }
    // Loops, not maps: with these the compiler sees that the lengths agree, and leaves out the checks of indices.
    let mut heads: [&[T::Vector<S>]; N] = [&[]; N];
    for n in 0..N {
        heads[n] = &T::registers::<S>(columns[n]).0[..count];
    }
    let mut sums_of: [&mut [T::Vector<S>]; M] = std::array::from_fn(|_| Default::default());
    for (m, out) in out.into_iter().enumerate() {
        let (head, tail) = T::registers_mut::<S>(out);
        sums_of[m] = &mut head[..count];
        if !tail.is_empty() {
            let mut sum = T::load_part(simd, tail);
            for n in 0..N {
                sum = T::fused(simd, T::load_part(simd, T::registers::<S>(columns[n]).1), wide[m][n], sum);
            }
            T::store_part(simd, tail, sum);
        }
    }
    for i in 0..count {
        let mut sums = [T::broadcast(simd, T::zero()); M];
        for m in 0..M {
            sums[m] = sums_of[m][i];
        }
        for n in 0..N {
            let x = heads[n][i];
            for m in 0..M {
                sums[m] = T::fused(simd, x, wide[m][n], sums[m]);
            }
        }
        for m in 0..M {
            sums_of[m][i] = sums[m];
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
    fn with_simd<S: Simd>(mut self, simd: S) {
        for strip in (0..self.b.columns).step_by(STRIP) {
            let end = (strip + STRIP).min(self.b.columns);
            for row in (0..self.a.rows.max(1)).step_by(DEPTH) {
                let rows = row..(row + DEPTH).min(self.a.rows);
                let first = if self.lower { strip / DOWN * DOWN } else { 0 };
                for group in (first..self.a.columns).step_by(GROUP) {
                    let group = group..(group + GROUP).min(self.a.columns);
                    let end = if self.lower { end.min(group.end) } else { end };
                    let mut j = strip;
                    while j < end {
                        j += if S::REGISTER_COUNT >= 32 && j + ACROSS < end {
                            self.multiply::<S, ACROSS_OF_32>(simd, group.clone(), j..end, rows.clone())
                        } else {
                            self.multiply::<S, ACROSS>(simd, group.clone(), j..end, rows.clone())
                        };
                    }
                }
            }
        }
    }
}

impl<T: Real> Columns<'_, '_, T> {
    /// Multiplies some rows of the columns `down` of `a` by those of the first N columns `across` of `b`. Returns N.
    #[inline(always)]
    fn multiply<S: Simd, const N: usize>(
        &mut self,
        simd: S,
        down: Range<usize>,
        across: Range<usize>,
        rows: Range<usize>,
    ) -> usize {
        let (a, b, j) = (self.a, self.b, across.start);
        let add = self.accumulate || rows.start > 0;
        let right = segments::<T, N>(b, j, &rows);
        for i in down.clone().step_by(DOWN) {
            if self.lower && i + DOWN <= j {
                continue;
            }
            let sums = tile(simd, segments::<T, DOWN>(a, i, &rows), right);
            for (n, sums) in sums.iter().enumerate().take(across.len()) {
                let above = if self.lower { (j + n).saturating_sub(i) } else { 0 };
                let c = &mut self.c[(j + n) * self.stride + i..][..DOWN.min(down.end - i)];
                for (c, &sum) in c.iter_mut().zip(sums).skip(above) {
                    *c = if add { *c + sum } else { sum };
                }
            }
        }
        N
    }
}

/// Returns the products of columns of equal length.
#[inline(always)]
fn tile<T: Real, S: Simd, const N: usize>(simd: S, left: [&[T]; DOWN], right: [&[T]; N]) -> [[T; DOWN]; N] {
    let zero = T::broadcast(simd, T::zero());
    let mut sums = [[zero; DOWN]; N];
    let count = T::registers::<S>(left[0]).0.len();
    let mut lefts: [&[T::Vector<S>]; DOWN] = [&[]; DOWN];
    for down in 0..DOWN {
        lefts[down] = &T::registers::<S>(left[down]).0[..count];
    }
    let mut rights: [&[T::Vector<S>]; N] = [&[]; N];
    for across in 0..N {
        rights[across] = &T::registers::<S>(right[across]).0[..count];
    }
    for k in 0..count {
        let mut own = [zero; N];
        for across in 0..N {
            own[across] = rights[across][k];
        }
        for down in 0..DOWN {
            let left = lefts[down][k];
            for across in 0..N {
                sums[across][down] = T::fused(simd, left, own[across], sums[across][down]);
            }
        }
    }
    let mut products = [[T::zero(); DOWN]; N];
    for across in 0..N {
        for down in 0..DOWN {
            let (left, right) = (T::registers::<S>(left[down]).1, T::registers::<S>(right[across]).1);
            let rest = left.iter().zip(right);
            let rest = rest.fold(T::zero(), |sum, (&x, &y)| sum + x * y);
            products[across][down] = T::reduce_sum(simd, sums[across][down]) + rest;
        }
    }
    products
}

#[cfg(test)]
mod tests {
    use super::super::tests::{matrix, with_avx2};
    use super::*;

    /// Tiles differ between instruction sets; integers have the same sums in all of them.
    #[test]
    fn every_instruction_set_gives_the_same_sums_of_integers() {
        for (rows, size, across) in [(7, 3, 1), (70, 9, 2), (300, 30, 5), (600, 13, 16)] {
            let (a, b) = (matrix::<f64>(rows, size, 3), matrix::<f64>(rows, across, 4));
            let (left, right) = (Strided::from(&a), Strided::from(&b));
            let mut found = [vec![f64::NAN; size * across], vec![f64::NAN; size * across]];
            let [some, widest] = &mut found;
            let (stride, accumulate) = (size, false);
            let product = |c| Columns { a: left, b: right, c, stride, accumulate, lower: false };
            with_avx2(product(some));
            Arch::new().dispatch(product(widest));
            assert_eq!(found[0], (a.transpose() * &b).as_slice());
            assert_eq!(found[1], found[0], "{rows} x {size} x {across}");

            let c = matrix::<f64>(size, across, 5);
            let mut found = [vec![f64::NAN; rows * across], vec![f64::NAN; rows * across]];
            let [some, widest] = &mut found;
            let product =
                |out| Combination { a: left, b: Strided::from(&c), c: out, stride: rows, accumulate };
            with_avx2(product(some));
            Arch::new().dispatch(product(widest));
            assert_eq!(found[0], (&a * &c).as_slice());
            assert_eq!(found[1], found[0], "{rows} x {size} x {across}");
        }
    }

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
