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
