//! The product of packed operands.

use pulp::{Simd, WithSimd};

use super::Real;
use super::product::{Strided, Workspace};
use super::transpose::interleave;

/// The number of entries of the inner dimension packed together. A panel of the left operand (two registers
/// wide) and one of the right then stay within 32 KB.
pub(super) const DEPTH: usize = 256;
/// The number of columns of `c` that the inner kernel holds in registers: with two registers of rows, 12 of
/// 16 registers.
pub(super) const WIDTH: usize = 6;
/// The number of panels of the left operand packed together, so that they stay in the second-level cache.
pub(super) const PANELS: usize = 16;

/// A blocked product after Goto and van de Geijn (2008): packs both operands into panels, then runs a
/// register tile.
///
/// Measured 2026-11-23 on one AVX2 core at 200 x 784 x 100: 79 GFLOP/s f32 and 42 f64, nalgebra 79 and 37,
/// faer 86 and 44; more sizes in `docs/benchmarks.md`.
pub(super) struct Packed<'a, 'w, T: Real> {
    pub(super) a: Strided<'a, T>,
    pub(super) b: Strided<'a, T>,
    pub(super) c: &'w mut [T],
    pub(super) stride: usize,
    pub(super) accumulate: bool,
    pub(super) workspace: &'w mut Workspace<T>,
}

impl<T: Real> WithSimd for Packed<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Packed { a, b, c, stride, accumulate, workspace } = self;
        let height = 2 * size_of::<T::Vector<S>>() / size_of::<T>();
        let depth = DEPTH.min(a.columns);
        let blocks = b.columns.div_ceil(WIDTH);
        grow(&mut workspace.right, blocks * WIDTH * depth);
        grow(&mut workspace.left, PANELS.min(a.rows.div_ceil(height)) * height * depth);
        grow(&mut workspace.edge, height * WIDTH);

        for k in (0..a.columns).step_by(DEPTH) {
            let depth = DEPTH.min(a.columns - k);
            let add = accumulate || k > 0;
            pack_right(b, k, &mut workspace.right[..blocks * WIDTH * depth]);
            let right = Blocks { packed: &workspace.right, depth, columns: b.columns };
            for first in (0..a.rows).step_by(PANELS * height) {
                let rows = a.rows(first, (PANELS * height).min(a.rows - first));
                let left = &mut workspace.left[..rows.rows.div_ceil(height) * height * depth];
                pack_left(rows, k, left, height);
                right.times(simd, (left, rows.rows), (&mut c[first..], stride), add, &mut workspace.edge);
            }
        }
    }
}

/// Packs all columns of the right operand, with the rows from `k` on.
#[inline(always)]
pub(super) fn pack_right<T: Real>(b: Strided<'_, T>, k: usize, blocks: &mut [T]) {
    let depth = blocks.len() / (b.columns.div_ceil(WIDTH) * WIDTH);
    for (block, panel) in blocks.chunks_exact_mut(WIDTH * depth).enumerate() {
        pack(b.transposed(), block * WIDTH, k, panel, WIDTH);
    }
}

/// Packs all rows of the left operand, with the columns from `k` on.
#[inline(always)]
pub(super) fn pack_left<T: Real>(a: Strided<'_, T>, k: usize, panels: &mut [T], height: usize) {
    if a.row_stride == 1 {
        return pack_columns(a, k, panels, height);
    }
    let depth = panels.len() / (a.rows.div_ceil(height) * height);
    for (index, panel) in panels.chunks_exact_mut(height * depth).enumerate() {
        pack(a, index * height, k, panel, height);
    }
}

/// The packed columns of a right operand, [`WIDTH`] in a block.
pub(super) struct Blocks<'a, T> {
    pub(super) packed: &'a [T],
    pub(super) depth: usize,
    pub(super) columns: usize,
}

impl<T: Real> Blocks<'_, T> {
    /// Writes the products of some packed rows with these columns to `c`, or adds them. `edge` has room for a tile.
    #[inline(always)]
    pub(super) fn times<S: Simd>(
        &self,
        simd: S,
        (left, rows): (&[T], usize),
        (c, stride): (&mut [T], usize),
        add: bool,
        edge: &mut [T],
    ) {
        let height = 2 * size_of::<T::Vector<S>>() / size_of::<T>();
        let blocks = self.packed.chunks_exact(WIDTH * self.depth);
        for (j, right) in (0..self.columns).step_by(WIDTH).zip(blocks) {
            for (i, left) in (0..rows).step_by(height).zip(left.chunks_exact(height * self.depth)) {
                let tile = tile(simd, left, right);
                let c = &mut c[j * stride + i..];
                let (rows, columns) = (height.min(rows - i), WIDTH.min(self.columns - j));
                if rows == height {
                    store(simd, &tile, c, stride, columns, add);
                    continue;
                }
                store(simd, &tile, edge, height, columns, false);
                for (edge, c) in edge.chunks(height).zip(c.chunks_mut(stride)).take(columns) {
                    for (c, &edge) in c.iter_mut().zip(&edge[..rows]) {
                        *c = if add { *c + edge } else { edge };
                    }
                }
            }
        }
    }
}

pub(super) fn grow<T: Real>(buffer: &mut Vec<T>, length: usize) {
    if buffer.len() < length {
        buffer.resize(length, T::zero());
    }
}

/// Copies `height` rows of `a` from row `first`, and columns from `k`, so that the entries of a column are
/// adjacent. Rows beyond the last are zero.
#[inline(always)]
pub(super) fn pack<T: Real>(a: Strided<'_, T>, first: usize, k: usize, panel: &mut [T], height: usize) {
    match height {
        WIDTH => pack_rows::<T, WIDTH>(a, first, k, panel),
        8 => pack_rows::<T, 8>(a, first, k, panel),
        16 => pack_rows::<T, 16>(a, first, k, panel),
        32 => pack_rows::<T, 32>(a, first, k, panel),
        _ => pack_entries(a, first, k, panel, height),
    }
}

/// Packs several panels, one after the other, of a matrix whose columns are contiguous.
///
/// Each column is read in one run: a run for each panel would touch as many pages of memory again.
#[inline(always)]
fn pack_columns<T: Real>(a: Strided<'_, T>, k: usize, panels: &mut [T], height: usize) {
    let rows = a.rows;
    let depth = panels.len() / (rows.div_ceil(height) * height);
    for column in 0..depth {
        let source = &a.column(k + column)[..rows];
        let (whole, rest) = source.split_at(rows - rows % height);
        let mut at = column * height;
        for source in whole.chunks_exact(height) {
            panels[at..][..height].copy_from_slice(source);
            at += depth * height;
        }
        if !rest.is_empty() {
            let (inside, outside) = panels[at..][..height].split_at_mut(rest.len());
            inside.copy_from_slice(rest);
            outside.fill(T::zero());
        }
    }
}

/// Packs like [`pack`], with the heights of common registers as constants.
#[inline(always)]
fn pack_rows<T: Real, const H: usize>(a: Strided<'_, T>, first: usize, k: usize, panel: &mut [T]) {
    if first + H > a.rows {
        pack_entries(a, first, k, panel, H);
    } else if let (1, Some(data)) = (a.row_stride, a.slice()) {
        let source = &data[first + k * a.column_stride..];
        for (panel, column) in panel.as_chunks_mut::<H>().0.iter_mut().zip(source.chunks(a.column_stride)) {
            panel.copy_from_slice(&column[..H]);
        }
    } else if a.row_stride == 1 {
        for (j, panel) in panel.as_chunks_mut::<H>().0.iter_mut().enumerate() {
            panel.copy_from_slice(&a.column(k + j)[first..][..H]);
        }
    } else if a.column_stride == 1 {
        let depth = panel.len() / H;
        let mut rows: [&[T]; H] = [&[]; H];
        for (row, entries) in rows.iter_mut().enumerate() {
            *entries = &a.row(first + row)[k..][..depth];
        }
        interleave::<T, H>(rows, panel, H, 0);
    } else {
        pack_entries(a, first, k, panel, H);
    }
}

#[inline(always)]
fn pack_entries<T: Real>(a: Strided<'_, T>, first: usize, k: usize, panel: &mut [T], height: usize) {
    let rows = height.min(a.rows - first);
    for (column, panel) in panel.chunks_exact_mut(height).enumerate() {
        let (inside, outside) = panel.split_at_mut(rows);
        for (row, entry) in inside.iter_mut().enumerate() {
            *entry = a.at(first + row, k + column);
        }
        outside.fill(T::zero());
    }
}

type Tile<V> = [[V; 2]; WIDTH];

/// Returns the product of two panels, held in registers.
#[inline(always)]
fn tile<T: Real, S: Simd>(simd: S, left: &[T], right: &[T]) -> Tile<T::Vector<S>> {
    let mut tile = [[T::broadcast(simd, T::zero()); 2]; WIDTH];
    let (left, _) = T::registers::<S>(left);
    for (left, right) in left.as_chunks::<2>().0.iter().zip(right.as_chunks::<WIDTH>().0) {
        for (tile, &right) in tile.iter_mut().zip(right) {
            let right = T::broadcast(simd, right);
            tile[0] = T::fused(simd, left[0], right, tile[0]);
            tile[1] = T::fused(simd, left[1], right, tile[1]);
        }
    }
    tile
}

#[inline(always)]
fn store<T: Real, S: Simd>(
    simd: S,
    tile: &Tile<T::Vector<S>>,
    c: &mut [T],
    stride: usize,
    columns: usize,
    add: bool,
) {
    let height = 2 * size_of::<T::Vector<S>>() / size_of::<T>();
    for (j, tile) in tile.iter().enumerate().take(columns) {
        let (c, _) = T::registers_mut::<S>(&mut c[j * stride..][..height]);
        for (c, &tile) in c.iter_mut().zip(tile) {
            *c = if add { T::plus(simd, *c, tile) } else { tile };
        }
    }
}
