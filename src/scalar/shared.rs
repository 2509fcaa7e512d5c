//! Matrix products on several threads.
//!
//! The threads share out the columns of the result. Each entry is one sum in the order of the inner dimension, whoever
//! computes it, so it has the bits of a single thread.

use std::marker::PhantomData;

use pulp::{Arch, Simd, WithSimd};

use super::Real;
use super::by_rows::ByRows;
use super::packed::{Blocks, DEPTH, PANELS, WIDTH, grow, pack_left, pack_right};
use super::product::{Strided, Workspace};
use crate::parallel::{for_each, resized, workers_awake};

/// The number of columns that a thread takes at a time, for packed operands: few enough that the threads end together,
/// enough that they rarely read the left operand from a cache that they share.
const TOGETHER: usize = 3 * WIDTH;
/// The bytes of two registers of the widest kind. A panel of a product by rows has that many of a row.
const PANEL: usize = 128;
/// The number of panels of the left operand that a thread packs at a time.
const PACKED: usize = 4;

/// Returns the number of threads for a product.
pub(super) fn workers<T: Real>(a: &Strided<'_, T>, b: &Strided<'_, T>) -> usize {
    workers_awake(b.columns.div_ceil(TOGETHER), a.rows as f64 * b.columns as f64 * a.columns as f64)
}

/// Computes the product that reads the rows of `a` in place.
pub(super) fn by_rows<T: Real>(
    a: Strided<'_, T>,
    b: Strided<'_, T>,
    (c, stride): (&mut [T], usize),
    accumulate: bool,
    (workspace, workers): (&mut Workspace<T>, usize),
) {
    let workers = resized(&mut workspace.others, workers, Workspace::default);
    let size = PANEL / size_of::<T>();
    let starts = (0..b.columns).step_by(size);
    for_each(workers, starts.zip(c.chunks_mut(size * stride)), |workspace, (first, c)| {
        let b = b.columns_from(first, size.min(b.columns - first));
        let Workspace { left: panels, edge: tile, .. } = workspace;
        Arch::new().dispatch(ByRows { a, b, c, stride, accumulate, panels, tile });
    });
}

/// Computes the product of packed operands. All threads use the same packed `a`.
pub(super) fn packed<T: Real>(
    a: Strided<'_, T>,
    b: Strided<'_, T>,
    (c, stride): (&mut [T], usize),
    accumulate: bool,
    (workspace, workers): (&mut Workspace<T>, usize),
) {
    let height = Arch::new().dispatch(Height(PhantomData::<T>));
    let Workspace { left, others, .. } = workspace;
    let workers = resized(others, workers, Workspace::default);
    let rows = a.rows.next_multiple_of(height);
    grow(left, rows * DEPTH.min(a.columns));
    for k in (0..a.columns).step_by(DEPTH) {
        let (depth, add) = (DEPTH.min(a.columns - k), accumulate || k > 0);
        let left = &mut left[..rows * depth];
        let starts = (0..a.rows).step_by(PACKED * height);
        for_each(workers, starts.zip(left.chunks_mut(PACKED * height * depth)), |_, (first, panels)| {
            let a = a.rows(first, (PACKED * height).min(a.rows - first));
            Arch::new().dispatch(Pack { a, k, panels });
        });
        let left = &*left;
        let starts = (0..b.columns).step_by(TOGETHER);
        for_each(workers, starts.zip(c.chunks_mut(TOGETHER * stride)), |workspace, (first, c)| {
            let b = b.columns_from(first, TOGETHER.min(b.columns - first));
            let Workspace { right, edge, .. } = workspace;
            Arch::new().dispatch(Times { left, rows: a.rows, depth, b, k, c, stride, add, right, edge });
        });
    }
}

/// Returns the number of rows in a panel of the left operand.
struct Height<T>(PhantomData<T>);

impl<T: Real> WithSimd for Height<T> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        height::<T, S>()
    }
}

fn height<T: Real, S: Simd>() -> usize {
    2 * size_of::<T::Vector<S>>() / size_of::<T>()
}

/// Packs rows of the left operand.
struct Pack<'a, 'w, T: Real> {
    a: Strided<'a, T>,
    k: usize,
    panels: &'w mut [T],
}

impl<T: Real> WithSimd for Pack<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        pack_left(self.a, self.k, self.panels, height::<T, S>());
    }
}

/// Multiplies the packed rows of the left operand by some columns of the right one.
struct Times<'a, 'w, T: Real> {
    left: &'a [T],
    rows: usize,
    depth: usize,
    b: Strided<'a, T>,
    k: usize,
    c: &'w mut [T],
    stride: usize,
    add: bool,
    /// Memory for the packed columns, and for a tile.
    right: &'w mut Vec<T>,
    edge: &'w mut Vec<T>,
}

impl<T: Real> WithSimd for Times<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Times { left, rows, depth, b, k, c, stride, add, right, edge } = self;
        let (height, size) = (height::<T, S>(), b.columns.next_multiple_of(WIDTH) * depth);
        grow(right, size);
        grow(edge, height * WIDTH);
        pack_right(b, k, &mut right[..size]);
        let right = Blocks { packed: &right[..size], depth, columns: b.columns };
        let together = PANELS * height;
        for (first, left) in (0..rows).step_by(together).zip(left.chunks(together * depth)) {
            let rows = together.min(rows - first);
            right.times(simd, (left, rows), (&mut c[first..], stride), add, edge);
        }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;
    use proptest::prelude::*;

    use super::super::product::product;
    use super::*;
    use crate::parallel::with_awake;
    use crate::rng::Rng;

    fn check<T: Real>((m, n, k): (usize, usize, usize), accumulate: bool, gap: usize, seed: u64) {
        let mut rng = Rng::new(seed);
        let mut draw =
            |rows, columns| DMatrix::<T>::from_fn(rows, columns, |_, _| T::of(rng.standard_normal()));
        let (a, b, c) = (draw(m, k), draw(k, n), draw(m + gap, n));
        let (at, bt) = (a.transpose(), b.transpose());
        let wide = a.clone().insert_rows(m, 2, T::one());
        let view = wide.rows(0, m);
        let lefts = [Strided::from(&a), Strided::from(&at).transposed(), Strided::from(&view)];
        let rights = [Strided::from(&b), Strided::from(&bt).transposed()];
        let mut workspace = Workspace::default();
        for left in lefts {
            for right in rights {
                let mut found = |threads| {
                    with_awake(threads, || {
                        let mut c = c.clone();
                        // The last column may end with its last row.
                        let end = c.len() - gap;
                        let out = (&mut c.as_mut_slice()[..end], m + gap);
                        product(left, right, out, accumulate, &mut workspace);
                        c
                    })
                };
                let alone = found(1);
                for threads in [2, 3, 4, 8] {
                    assert!(found(threads) == alone, "{m} x {k} x {n} on {threads} threads");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn products_on_several_threads_have_the_bits_of_one(
            m in 1usize..300, n in 1usize..150, k in 1usize..700, accumulate: bool, gap in 0usize..3, seed: u64,
        ) {
            check::<f32>((m, n, k), accumulate, gap, seed);
            check::<f64>((m, n, k), accumulate, gap, seed);
        }
    }

    /// The products of a training step of 784-100-10 with 200 rows, and of one with a deeper inner dimension.
    #[test]
    fn products_of_training_have_the_bits_of_one_thread() {
        for shape in [(200, 100, 784), (784, 100, 200), (40, 70, 1100)] {
            check::<f32>(shape, false, 0, 1);
            check::<f64>(shape, true, 0, 2);
        }
        let large = DMatrix::<f64>::zeros(200, 200);
        let large = Strided::from(&large);
        assert_eq!(with_awake(4, || workers(&large, &large)), 4);
    }
}
