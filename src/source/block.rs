//! The memory for a block of rows.

use nalgebra::{DMatrixView, DMatrixViewMut};

use super::encoded::Width;
use super::{ReadError, RowSource};
use crate::check::count;
use crate::rows::Rows;
use crate::scalar::Real;

/// Memory for some rows with their labels, weights and offsets, which is reused from block to block.
///
/// A [`RowSource`] writes rows to it. Entries, weights and offsets that it does not write are NaN, and a fit
/// reports them as such.
///
/// # Examples
/// ```
/// use logit::source::{LabelledRows, RowBlock, RowSource};
/// use nalgebra::dmatrix;
///
/// let x = dmatrix![1.0, 10.0; 2.0, 20.0; 3.0, 30.0];
/// let source = LabelledRows::new(&x, &["no", "yes", "no"])?;
/// let mut block = RowBlock::for_rows(&source, 2);
/// source.read(1..3, &mut block)?;
/// assert_eq!(block.x(), x.rows(1, 2));
/// assert_eq!(block.labels(), ["yes", "no"]);
/// assert_eq!((block.weights(), block.offset()), (None, None));
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RowBlock<T: Real, L> {
    shape: Shape,
    /// Column by column, as the offsets.
    x: Vec<T>,
    labels: Vec<L>,
    weights: Vec<T>,
    offset: Vec<T>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shape {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) has_weights: bool,
    pub(super) offset_columns: usize,
}

impl Shape {
    pub(super) fn new(rows: usize, Width { columns, weighted, offsets }: Width) -> Self {
        Shape { rows, columns, has_weights: weighted, offset_columns: offsets }
    }

    /// Returns the shape of `rows` rows of a source.
    pub(super) fn of<T: Real>(source: &(impl RowSource<T> + ?Sized), rows: usize) -> Self {
        Shape::new(rows, Width::of(source))
    }
}

/// No rows and no columns.
impl<T: Real, L> Default for RowBlock<T, L> {
    fn default() -> Self {
        RowBlock {
            shape: Shape::default(),
            x: Vec::new(),
            labels: Vec::new(),
            weights: Vec::new(),
            offset: Vec::new(),
        }
    }
}

impl<T: Real, L> RowBlock<T, L> {
    /// Creates memory for `count` rows of a source, as a fit does, to test the source.
    pub fn for_rows<S: RowSource<T, Label = L> + ?Sized>(source: &S, count: usize) -> Self {
        let mut block = RowBlock::default();
        block.prepare(Shape::of(source, count));
        block
    }

    /// Makes room for other rows. Memory is not freed.
    pub(super) fn prepare(&mut self, shape: Shape) {
        let room = |memory: &mut Vec<T>, size: usize| {
            memory.clear();
            memory.resize(size, T::of(f64::NAN));
        };
        room(&mut self.x, shape.rows * shape.columns);
        room(&mut self.weights, if shape.has_weights { shape.rows } else { 0 });
        room(&mut self.offset, shape.rows * shape.offset_columns);
        self.labels.clear();
        self.shape = shape;
    }

    /// Checks that the room is for rows of this shape.
    pub(super) fn check(&self, shape: Shape) -> Result<(), ReadError> {
        let weights = |shape: Shape| if shape.has_weights { shape.rows } else { 0 };
        count("block", "rows", shape.rows, self.shape.rows)?;
        count("block", "columns", shape.columns, self.shape.columns)?;
        count("block", "weights", weights(shape), weights(self.shape))?;
        count("block", "columns of offsets", shape.offset_columns, self.shape.offset_columns)?;
        Ok(())
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.shape.rows
    }

    /// Returns the number of columns.
    pub fn columns(&self) -> usize {
        self.shape.columns
    }

    /// Returns the entries to write, rows x columns. The columns are contiguous, one after another.
    pub fn x_mut(&mut self) -> DMatrixViewMut<'_, T> {
        DMatrixViewMut::from_slice(&mut self.x, self.shape.rows, self.shape.columns)
    }

    /// Returns the entries of column `j` to write, one for each row.
    ///
    /// # Panics
    /// Panics if there is no such column. In a fit, the panic becomes an error.
    pub fn column_mut(&mut self, j: usize) -> &mut [T] {
        let Shape { rows, columns, .. } = self.shape;
        assert!(j < columns, "there is no column {j} among {columns}");
        &mut self.x[j * rows..(j + 1) * rows]
    }

    /// Returns the labels to write: an empty list, to which a source pushes one label for each row.
    pub fn labels_mut(&mut self) -> &mut Vec<L> {
        &mut self.labels
    }

    /// Returns the weights to write: one for each row if `has_weights` of the source returns true, else none.
    pub fn weights_mut(&mut self) -> &mut [T] {
        &mut self.weights
    }

    /// Returns the offsets to write, rows x columns of offsets.
    pub fn offset_mut(&mut self) -> DMatrixViewMut<'_, T> {
        DMatrixViewMut::from_slice(&mut self.offset, self.shape.rows, self.shape.offset_columns)
    }

    /// Returns the entries, rows x columns.
    pub fn x(&self) -> DMatrixView<'_, T> {
        DMatrixView::from_slice(&self.x, self.shape.rows, self.shape.columns)
    }

    /// Returns the labels.
    pub fn labels(&self) -> &[L] {
        &self.labels
    }

    /// Returns the weights, if the source has any.
    pub fn weights(&self) -> Option<&[T]> {
        self.shape.has_weights.then_some(&self.weights)
    }

    /// Returns the offsets, if the source has any.
    pub fn offset(&self) -> Option<DMatrixView<'_, T>> {
        let Shape { rows, offset_columns, .. } = self.shape;
        (offset_columns > 0).then(|| DMatrixView::from_slice(&self.offset, rows, offset_columns))
    }

    /// Returns the memory of the entries and of the offsets.
    pub(super) fn memory_mut(&mut self) -> (&mut Vec<T>, &mut Vec<T>) {
        (&mut self.x, &mut self.offset)
    }

    /// Returns the entries as rows whose columns follow one another in memory.
    pub(crate) fn contiguous(&self) -> Rows<'_, T> {
        Rows::of_slice(&self.x, self.shape.rows, self.shape.columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(rows: usize, columns: usize, has_weights: bool, offset_columns: usize) -> Shape {
        Shape { rows, columns, has_weights, offset_columns }
    }

    #[test]
    fn memory_is_reused_and_forgotten() {
        let mut block = RowBlock::<f32, u8>::default();
        block.prepare(shape(5, 3, true, 2));
        block.x_mut().fill(1.0);
        block.weights_mut().fill(2.0);
        block.offset_mut().fill(3.0);
        block.labels_mut().extend([1, 2, 3, 4, 5]);
        let memory = block.x.as_ptr();
        block.prepare(shape(4, 2, true, 1));
        assert!(block.x().iter().chain(block.weights().unwrap()).all(|entry| entry.is_nan()));
        assert!(block.offset().unwrap().iter().all(|entry| entry.is_nan()));
        assert!(block.labels().is_empty());
        block.column_mut(1).fill(4.0);
        assert_eq!(block.x().column(1).sum(), 16.0);
        assert_eq!(block.contiguous().contiguous().map(|entries| entries.as_ptr()), Some(memory));
    }

    #[test]
    fn nothing_is_a_block_too() {
        for (rows, columns) in [(0, 0), (0, 3), (4, 0)] {
            let mut block = RowBlock::<f64, u8>::default();
            block.prepare(shape(rows, columns, false, 0));
            assert_eq!(block.x().shape(), (rows, columns));
            assert_eq!(block.x_mut().shape(), (rows, columns));
            assert_eq!(block.offset_mut().shape(), (rows, 0));
            assert_eq!(block.contiguous().shape(), (rows, columns));
            assert_eq!((block.weights(), block.offset()), (None, None));
            assert!(block.weights_mut().is_empty());
        }
    }

    #[test]
    #[should_panic(expected = "there is no column 2 among 2")]
    fn a_column_that_is_not_there_is_not_written() {
        let mut block = RowBlock::<f64, u8>::default();
        block.prepare(shape(0, 2, false, 0));
        block.column_mut(2);
    }
}
