//! Matrix products whose left operand is read in place, row by row.

use pulp::{Simd, WithSimd};

use super::Real;
use super::packed::{WIDTH, grow, pack};
use super::product::Strided;

/// The number of panels of the right operand that are packed together, so that they stay in the second-level
/// cache.
const PANELS: usize = 8;
/// The bytes of the part of a row that is multiplied at once. Parts of [`WIDTH`] rows then stay within 24 KB,
/// so that they are in the first-level cache for every panel.
const PART: usize = 4096;

/// Returns whether reading the rows of `a` in place beats packing them: both operands are contiguous along
/// the inner dimension, and fewer entries are scattered to `c` than would be packed.
pub(super) fn pays<T: Real>(a: &Strided<'_, T>, b: &Strided<'_, T>) -> bool {
    let parts = a.columns.div_ceil(PART / size_of::<T>());
    a.column_stride == 1 && b.row_stride == 1 && b.columns * parts <= a.columns
}

/// A blocked product of rows and columns that are both contiguous.
///
/// The register tile holds the transposed product: registers run along the columns of `b`, which are packed,
/// and the numbers of a few rows of `a` are broadcast from where they are. Only the smaller of the operands
/// of a dense layer, its weights, is therefore packed. The sums are those of the packed product.
pub(super) struct ByRows<'a, 'w, T: Real> {
    pub(super) a: Strided<'a, T>,
    pub(super) b: Strided<'a, T>,
    pub(super) c: &'w mut [T],
    pub(super) stride: usize,
    pub(super) accumulate: bool,
    /// Memory for packed panels, and for a tile.
    pub(super) panels: &'w mut Vec<T>,
    pub(super) tile: &'w mut Vec<T>,
}

impl<T: Real> WithSimd for ByRows<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let ByRows { a, b, c, stride, accumulate, panels, tile } = self;
        let width = size_of::<T::Vector<S>>() / size_of::<T>();
        let (height, depth) = (2 * width, (PART / size_of::<T>()).min(a.columns));
        grow(panels, PANELS.min(b.columns.div_ceil(height)) * height * depth);
        grow(tile, height * WIDTH);
        for k in (0..a.columns).step_by(depth) {
            let depth = depth.min(a.columns - k);
            let add = accumulate || k > 0;
            for first in (0..b.columns).step_by(PANELS * height) {
                let starts = (first..b.columns).step_by(height).take(PANELS);
                for (start, panel) in starts.clone().zip(panels.chunks_exact_mut(height * depth)) {
                    pack(b.transposed(), start, k, panel, height);
                }
                for row in (0..a.rows).step_by(WIDTH) {
                    let count = WIDTH.min(a.rows - row);
                    // Rows beyond the last repeat it.
                    let mut rows: [&[T]; WIDTH] = [&[]; WIDTH];
                    for (i, entries) in rows.iter_mut().enumerate() {
                        *entries = &a.row(row + i.min(count - 1))[k..][..depth];
                    }
                    for (start, panel) in starts.clone().zip(panels.chunks_exact(height * depth)) {
                        let columns = height.min(b.columns - start);
                        if columns <= width {
                            multiply::<T, S, 1>(simd, rows, panel, height, tile);
                        } else {
                            multiply::<T, S, 2>(simd, rows, panel, height, tile);
                        }
                        for (j, c) in c[start * stride + row..].chunks_mut(stride).enumerate().take(columns) {
                            for (i, c) in c[..count].iter_mut().enumerate() {
                                let sum = tile[i * height + j];
                                *c = if add { *c + sum } else { sum };
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Writes the products of a few rows with the first R registers of a panel to `tile`, `height` entries a row.
#[inline(always)]
fn multiply<T: Real, S: Simd, const R: usize>(
    simd: S,
    rows: [&[T]; WIDTH],
    panel: &[T],
    height: usize,
    tile: &mut [T],
) {
    let mut sums = [[T::broadcast(simd, T::zero()); R]; WIDTH];
    let (panel, _) = T::registers::<S>(panel);
    let panel = panel.as_chunks::<2>().0;
    let mut parts: [&[T]; WIDTH] = [&[]; WIDTH];
    for (part, row) in parts.iter_mut().zip(rows) {
        *part = &row[..panel.len()];
    }
    for (k, panel) in panel.iter().enumerate() {
        for (sums, row) in sums.iter_mut().zip(parts) {
            let factor = T::broadcast(simd, row[k]);
            for (sum, &panel) in sums.iter_mut().zip(panel) {
                *sum = T::fused(simd, panel, factor, *sum);
            }
        }
    }
    for (tile, sums) in tile.chunks_exact_mut(height).zip(&sums) {
        for (tile, &sum) in T::registers_mut::<S>(tile).0.iter_mut().zip(sums) {
            *tile = sum;
        }
    }
}
