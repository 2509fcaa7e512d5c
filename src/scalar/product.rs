//! The matrix product for every size and layout that a model needs.

use nalgebra::{DMatrix, DMatrixView};
use pulp::Arch;

use super::packed::Packed;
use super::view::column;
use super::{Real, by_rows, columns, shared, small};
use crate::compiled::compiled;

/// A borrowed matrix whose rows or columns are contiguous.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strided<'a, T: Real> {
    source: Source<'a, T>,
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// The number of entries from one row to the next; 1 if columns are contiguous.
    pub(super) row_stride: usize,
    /// The number of entries from one column to the next; 1 if rows are contiguous.
    pub(super) column_stride: usize,
}

/// The storage of the entries.
#[derive(Debug, Clone, Copy)]
enum Source<'a, T: Real> {
    /// A slice with entry (i, j) at `i * row_stride + j * column_stride`.
    Slice(&'a [T]),
    /// A view with gaps between its columns, which safe code reads column by column. Lines are its columns
    /// from `line` on, without their first `skip` entries.
    View { view: &'a DMatrixView<'a, T>, line: usize, skip: usize },
}

impl<'a, T: Real> Strided<'a, T> {
    /// Wraps contiguous columns of `rows` entries.
    pub(crate) fn columns(data: &'a [T], rows: usize, columns: usize) -> Self {
        debug_assert_eq!(data.len(), rows * columns);
        Strided { source: Source::Slice(data), rows, columns, row_stride: 1, column_stride: rows }
    }

    /// Returns the `rows` rows from `first` on.
    pub(crate) fn rows(self, first: usize, rows: usize) -> Self {
        let source = match self.source {
            Source::Slice(data) => Source::Slice(&data[(first * self.row_stride).min(data.len())..]),
            Source::View { view, line, skip } if self.row_stride == 1 => {
                Source::View { view, line, skip: skip + first }
            }
            Source::View { view, line, skip } => Source::View { view, line: line + first, skip },
        };
        Strided { source, rows, ..self }
    }

    /// Returns the `columns` columns from `first` on.
    pub(crate) fn columns_from(self, first: usize, columns: usize) -> Self {
        self.transposed().rows(first, columns).transposed()
    }

    /// Returns the entries, if they are in one slice.
    #[inline(always)]
    pub(super) fn slice(&self) -> Option<&'a [T]> {
        match self.source {
            Source::Slice(data) => Some(data),
            Source::View { .. } => None,
        }
    }

    pub(crate) fn transposed(self) -> Self {
        Strided {
            source: self.source,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }

    /// Returns the number of rows.
    pub(crate) fn height(&self) -> usize {
        self.rows
    }

    /// Returns the number of columns.
    pub(crate) fn width(&self) -> usize {
        self.columns
    }

    /// Returns whether this is a single row whose entries are not contiguous.
    pub(crate) fn is_scattered_row(&self) -> bool {
        self.rows == 1 && self.column_stride != 1
    }

    /// Copies the first row to `row`.
    pub(crate) fn copy_row_to(&self, row: &mut [T]) {
        row.iter_mut().enumerate().for_each(|(column, entry)| *entry = self.at(0, column));
    }

    /// Copies all entries to a matrix of the same shape.
    pub(crate) fn copy_to(&self, out: &mut DMatrix<T>) {
        for (column, mut entries) in out.column_iter_mut().enumerate() {
            entries.iter_mut().enumerate().for_each(|(row, entry)| *entry = self.at(row, column));
        }
    }

    /// Returns a copy as a matrix.
    pub(crate) fn to_matrix(self) -> DMatrix<T> {
        DMatrix::from_fn(self.rows, self.columns, |row, column| self.at(row, column))
    }

    #[inline(always)]
    pub(super) fn at(&self, row: usize, column: usize) -> T {
        match self.source {
            Source::Slice(data) => data[row * self.row_stride + column * self.column_stride],
            Source::View { view, line, skip } if self.row_stride == 1 => view[(skip + row, line + column)],
            Source::View { view, line, skip } => view[(skip + column, line + row)],
        }
    }

    /// Returns column `j`; columns must be contiguous.
    #[inline(always)]
    pub(super) fn column(&self, j: usize) -> &'a [T] {
        self.line(j * self.column_stride, j, self.rows)
    }

    /// Returns row `i`; rows must be contiguous.
    #[inline(always)]
    pub(super) fn row(&self, i: usize) -> &'a [T] {
        self.line(i * self.row_stride, i, self.columns)
    }

    /// Returns the first `length` entries of a contiguous line, which begins at `start` in a slice and is
    /// line `index` of a view.
    #[inline(always)]
    fn line(&self, start: usize, index: usize, length: usize) -> &'a [T] {
        match self.source {
            Source::Slice(data) => &data[start..][..length],
            Source::View { view, line, skip } => &column(view, line + index)[skip..][..length],
        }
    }
}

impl<'a, T: Real> From<&'a DMatrix<T>> for Strided<'a, T> {
    fn from(matrix: &'a DMatrix<T>) -> Self {
        Strided::columns(matrix.as_slice(), matrix.nrows(), matrix.ncols())
    }
}

impl<'a, T: Real> From<&'a DMatrixView<'a, T>> for Strided<'a, T> {
    fn from(view: &'a DMatrixView<'a, T>) -> Self {
        let ((rows, columns), column_stride) = (view.shape(), view.strides().1);
        // A column stride of 1 means contiguous rows, which a view with one entry per column need not have.
        let column_stride = column_stride.max(2);
        let source = Source::View { view, line: 0, skip: 0 };
        Strided { source, rows, columns, row_stride: 1, column_stride }
    }
}

/// Buffers for the packed operands of a product. They grow on first use and are then reused.
#[derive(Debug, Clone, Default)]
pub(crate) struct Workspace<T> {
    pub(super) left: Vec<T>,
    pub(super) right: Vec<T>,
    pub(super) edge: Vec<T>,
    /// The buffers of other threads.
    pub(super) others: Vec<Workspace<T>>,
}

/// Computes `c = a b`, or `c += a b` if `accumulate`; the columns of `c` start `stride` entries apart.
#[inline(never)]
pub(crate) fn product<T: Real>(
    a: Strided<'_, T>,
    b: Strided<'_, T>,
    (c, stride): (&mut [T], usize),
    accumulate: bool,
    workspace: &mut Workspace<T>,
) {
    assert_eq!(a.columns, b.rows, "inner dimensions of a matrix product");
    if a.rows == 0 || b.columns == 0 {
        return;
    }
    if small::is_small(a.rows, b.columns, a.columns) {
        return small::product(a, b, (c, stride), accumulate);
    }
    if b.columns <= columns::FEW && a.row_stride == 1 {
        return columns::combination(a, b, (c, stride), accumulate);
    }
    if b.columns <= columns::FEW && a.column_stride == 1 && b.row_stride == 1 {
        return columns::transposed_product(a.transposed(), b, (c, stride), accumulate);
    }
    let workers = shared::workers(&a, &b);
    if by_rows::pays(&a, &b) {
        if workers > 1 {
            return shared::by_rows(a, b, (c, stride), accumulate, (workspace, workers));
        }
        let Workspace { left: panels, edge: tile, .. } = workspace;
        return Arch::new().dispatch(by_rows::ByRows { a, b, c, stride, accumulate, panels, tile });
    }
    if workers > 1 {
        return shared::packed(a, b, (c, stride), accumulate, (workspace, workers));
    }
    Arch::new().dispatch(Packed { a, b, c, stride, accumulate, workspace });
}

/// Computes the lower triangle of `c = aᵀ b`, or `c += aᵀ b` if `accumulate`, for operands whose product is
/// symmetric. The rest of `c` is partly overwritten.
#[inline(never)]
pub(crate) fn product_lower<T: Real>(
    a: Strided<'_, T>,
    b: Strided<'_, T>,
    c: &mut [T],
    accumulate: bool,
    workspace: &mut Workspace<T>,
) {
    const STRIP: usize = 48;
    let size = a.columns;
    if a.row_stride == 1 && b.row_stride == 1 {
        return columns::product_lower(a, b, c, accumulate);
    }
    for first in (0..size).step_by(STRIP) {
        let left = a.columns_from(first, size - first).transposed();
        let right = b.columns_from(first, STRIP.min(size - first));
        product(left, right, (&mut c[first * size + first..], size), accumulate, workspace);
    }
}

compiled!(
    T: product::<T> as fn(_, _, (&mut _, _), _, &mut _),
    product_lower::<T> as fn(_, _, &mut _, _, &mut _)
);

#[cfg(test)]
mod tests {
    use super::super::tests::{matrix, with_avx2};
    use super::*;
    use crate::rng::Rng;

    /// Small integers, so that every order of summation gives the same bits.
    fn check<T: Real>(m: usize, n: usize, k: usize) {
        let mut workspace = Workspace::default();
        let (a, b) = (matrix::<T>(m, k, 1), matrix::<T>(k, n, 2));
        let (at, bt) = (a.transpose(), b.transpose());
        let wanted = DMatrix::from_fn(m, n, |i, j| (0..k).fold(T::zero(), |s, p| s + a[(i, p)] * b[(p, j)]));
        // Views with gaps between their columns.
        let (wide_a, wide_bt) =
            (a.clone().insert_rows(m, 3, T::one()), bt.clone().insert_rows(0, 2, T::one()));
        let (view_a, view_bt) = (wide_a.rows(0, m), wide_bt.rows(2, n));
        let lefts = [Strided::from(&a), Strided::from(&at).transposed(), Strided::from(&view_a)];
        let rights =
            [Strided::from(&b), Strided::from(&bt).transposed(), Strided::from(&view_bt).transposed()];
        for left in lefts {
            for right in rights {
                let mut c = DMatrix::from_element(m, n, T::of(f64::NAN));
                product(left, right, (c.as_mut_slice(), m), false, &mut workspace);
                assert_eq!(c, wanted, "{m}x{k}x{n}");
                product(left, right, (c.as_mut_slice(), m), true, &mut workspace);
                assert_eq!(c, &wanted * T::of(2.0), "{m}x{k}x{n}, accumulated");
            }
        }
    }

    #[test]
    fn products_of_every_shape_and_layout_are_exact() {
        for m in [1, 2, 7, 8, 15, 16, 17, 33] {
            for n in [1, 2, 5, 6, 7, 13] {
                for k in [1, 2, 3, 9, 64] {
                    check::<f64>(m, n, k);
                    check::<f32>(m, n, k);
                }
            }
        }
        // More rows, or more to sum, than the kernels take at a time.
        check::<f64>(300, 10, 70);
        check::<f32>(700, 7, 40);
        check::<f64>(20, 7, 600);
        check::<f64>(300, 20, 600);
        check::<f32>(300, 20, 600);
        check::<f64>(5, 100, 784);
        // More panels and a deeper inner dimension than one round of the product by rows.
        check::<f64>(13, 150, 1100);
        check::<f32>(13, 300, 1100);
        check::<f64>(0, 3, 2);
    }

    /// Each entry is one sum in the order of the inner dimension, so wider registers change no bit.
    #[test]
    fn packed_products_have_the_same_bits_with_every_instruction_set() {
        let mut rng = Rng::new(41);
        for (m, n, k) in [(1, 1, 1), (33, 20, 700), (100, 37, 50), (40, 200, 1100)] {
            let mut draw =
                |rows, columns| DMatrix::<f32>::from_fn(rows, columns, |_, _| rng.standard_normal() as f32);
            let (a, b) = (draw(k, m), draw(k, n));
            let (a, b) = (Strided::from(&a).transposed(), Strided::from(&b));
            let (mut workspace, stride, accumulate) = (Workspace::default(), m, false);
            let mut found = vec![vec![f32::NAN; m * n]; 4];
            with_avx2(Packed { a, b, c: &mut found[0], stride, accumulate, workspace: &mut workspace });
            Arch::new().dispatch(Packed {
                a,
                b,
                c: &mut found[1],
                stride,
                accumulate,
                workspace: &mut workspace,
            });
            let Workspace { left: panels, edge: tile, .. } = &mut workspace;
            with_avx2(by_rows::ByRows { a, b, c: &mut found[2], stride, accumulate, panels, tile });
            let Workspace { left: panels, edge: tile, .. } = &mut workspace;
            Arch::new().dispatch(by_rows::ByRows {
                a,
                b,
                c: &mut found[3],
                stride,
                accumulate,
                panels,
                tile,
            });
            assert_eq!(found[0], found[1], "{m} x {n} x {k}, packed");
            assert_eq!(found[2], found[3], "{m} x {n} x {k}, by rows");
        }
    }

    #[test]
    fn rows_of_a_matrix_multiply_as_a_view() {
        let (x, w) = (matrix::<f64>(50, 12, 1), matrix::<f64>(12, 9, 2));
        let whole = &x * &w;
        let mut part = vec![0.0; 20 * 9];
        product(
            Strided::from(&x).rows(17, 20),
            Strided::from(&w),
            (&mut part, 20),
            false,
            &mut Workspace::default(),
        );
        assert_eq!(DMatrix::from_vec(20, 9, part), whole.rows(17, 20).into_owned());
    }
}
