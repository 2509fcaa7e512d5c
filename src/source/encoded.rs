//! Rows of a source with class indices in place of labels.

use std::mem::swap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use nalgebra::DMatrixView;

use super::checked::read_checked;
use super::{RowBlock, RowSource};
use crate::error::Error;
use crate::parallel::wire::Wire;
use crate::rows::Rows;
use crate::scalar::Real;

/// Rows with class indices, whatever the labels of their source are.
pub(crate) trait EncodedRows<T: Real>: Sync {
    /// Reads checked rows.
    ///
    /// # Errors
    /// Returns an error if they cannot be read, or if they are not what they were.
    fn read(&self, rows: Range<usize>, block: &mut EncodedBlock<T>) -> Result<(), Error>;
}

/// How many numbers there are for each row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Width {
    pub(crate) columns: usize,
    /// Whether rows have weights.
    pub(crate) weighted: bool,
    /// The number of columns of offsets.
    pub(crate) offsets: usize,
}

impl Width {
    /// Returns that of a source.
    pub(crate) fn of<T: Real>(source: &(impl RowSource<T> + ?Sized)) -> Self {
        Width { columns: source.columns(), weighted: source.has_weights(), offsets: source.offset_columns() }
    }
}

/// The memory for a block of rows with class indices.
#[derive(Debug, Default)]
pub(crate) struct EncodedBlock<T> {
    rows: usize,
    /// Column by column, as the offsets.
    x: Vec<T>,
    classes: Vec<usize>,
    /// One weight for each row, or none.
    weights: Vec<T>,
    offset: Vec<T>,
}

impl<T: Real> EncodedBlock<T> {
    /// Returns the entries.
    pub(crate) fn x(&self) -> Rows<'_, T> {
        Rows::of_slice(&self.x, self.rows, self.x.len() / self.rows.max(1))
    }

    /// Returns the class of each row. It is 0 for rows of weight zero whose label is not a class.
    pub(crate) fn classes(&self) -> &[usize] {
        &self.classes
    }

    /// Returns the weights, if there are any.
    pub(crate) fn weights(&self) -> Option<&[T]> {
        (!self.weights.is_empty()).then_some(&self.weights)
    }

    /// Returns the offsets, if there are any.
    pub(crate) fn offset(&self) -> Option<DMatrixView<'_, T>> {
        let columns = self.offset.len() / self.rows.max(1);
        (columns > 0).then(|| DMatrixView::from_slice(&self.offset, self.rows, columns))
    }

    /// Creates rows of zeros, of class 0.
    pub(super) fn zeros(rows: usize, Width { columns, weighted, offsets }: Width) -> Self {
        let zeros = |width: usize| vec![T::zero(); rows * width];
        let (x, weights, offset) = (zeros(columns), zeros(usize::from(weighted)), zeros(offsets));
        EncodedBlock { rows, x, classes: vec![0; rows], weights, offset }
    }

    /// Makes room for rows with the numbers that those of another block have.
    pub(super) fn prepare(&mut self, rows: usize, like: &Self) {
        let room = |memory: &mut Vec<T>, of: &[T]| {
            memory.clear();
            memory.resize(rows * (of.len() / like.rows.max(1)), T::zero());
        };
        room(&mut self.x, &like.x);
        room(&mut self.weights, &like.weights);
        room(&mut self.offset, &like.offset);
        self.classes.clear();
        self.classes.resize(rows, 0);
        self.rows = rows;
    }

    /// Multiplies the weight of each row by that of its class.
    pub(super) fn weigh(&mut self, of_class: &[f64]) {
        if self.weights.is_empty() {
            self.weights.resize(self.rows, T::one());
        }
        let rows = self.weights.iter_mut().zip(&self.classes);
        rows.for_each(|(weight, &class)| *weight *= T::of(of_class[class]));
    }

    /// Copies some rows of another block to the rows from `first` on.
    pub(super) fn copy(&mut self, first: usize, of: &Self, rows: Range<usize>) {
        let count = rows.len();
        let copy = |into: &mut [T], from: &[T], height: usize| {
            let pairs = into.chunks_exact_mut(height).zip(from.chunks_exact(of.rows.max(1)));
            pairs.for_each(|(into, from)| into[first..][..count].copy_from_slice(&from[rows.clone()]));
        };
        let height = self.rows.max(1);
        copy(&mut self.x, &of.x, height);
        copy(&mut self.weights, &of.weights, height);
        copy(&mut self.offset, &of.offset, height);
        self.classes[first..][..count].copy_from_slice(&of.classes[rows]);
    }

    /// Returns whether the block has this number of rows, these widths, and only classes below `classes`.
    pub(super) fn has(
        &self,
        rows: usize,
        Width { columns, weighted, offsets }: Width,
        classes: usize,
    ) -> bool {
        let widths = [(&self.x, columns), (&self.weights, usize::from(weighted)), (&self.offset, offsets)];
        self.rows == rows
            && self.classes.len() == rows
            && self.classes.iter().all(|&class| class < classes)
            && widths.iter().all(|(memory, width)| Some(memory.len()) == rows.checked_mul(*width))
    }

    /// Returns the number of rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }
}

impl<T: Real> Wire for EncodedBlock<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.rows.write(out);
        self.x.write(out);
        self.classes.write(out);
        self.weights.write(out);
        self.offset.write(out);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some(EncodedBlock {
            rows: Wire::read(bytes)?,
            x: Wire::read(bytes)?,
            classes: Wire::read(bytes)?,
            weights: Wire::read(bytes)?,
            offset: Wire::read(bytes)?,
        })
    }
}

/// The rows of a source, for known classes.
#[derive(Debug)]
pub(crate) struct EncodedSource<'a, T: Real, S: RowSource<T> + ?Sized> {
    source: &'a S,
    classes: &'a [S::Label],
    width: Width,
    /// Memory for blocks that are read.
    blocks: Mutex<Vec<RowBlock<T, S::Label>>>,
}

impl<'a, T: Real, S: RowSource<T> + ?Sized> EncodedSource<'a, T, S> {
    pub(crate) fn new(source: &'a S, classes: &'a [S::Label], width: Width) -> Self {
        EncodedSource { source, classes, width, blocks: Mutex::new(Vec::new()) }
    }

    fn blocks(&self) -> std::sync::MutexGuard<'_, Vec<RowBlock<T, S::Label>>> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the class and the weight of each row.
    fn encode(
        &self,
        first: usize,
        from: &RowBlock<T, S::Label>,
        block: &mut EncodedBlock<T>,
    ) -> Result<(), Error> {
        let weights = from.weights();
        block.classes.clear();
        for (at, label) in from.labels().iter().enumerate() {
            let class = match self.classes.binary_search(label) {
                Ok(class) => class,
                Err(_) if weights.is_some_and(|weights| weights[at].is_zero()) => 0,
                Err(_) => {
                    return Err(Error::Source {
                        rows: first..first + from.rows(),
                        reason: format!(
                            "row {} has the label {label:?}, which the rows did not have in the first pass: the same \
                             rows must be read in every pass",
                            first + at
                        ),
                    });
                }
            };
            block.classes.push(class);
        }
        block.weights.clear();
        block.weights.extend_from_slice(weights.unwrap_or_default());
        Ok(())
    }
}

impl<T: Real, S: RowSource<T> + ?Sized> EncodedRows<T> for EncodedSource<'_, T, S> {
    fn read(&self, rows: Range<usize>, block: &mut EncodedBlock<T>) -> Result<(), Error> {
        let mut read = self.blocks().pop().unwrap_or_default();
        read_checked(self.source, self.width, rows.clone(), &mut read)?;
        self.encode(rows.start, &read, block)?;
        block.rows = rows.len();
        read.swap_entries(&mut block.x, &mut block.offset);
        self.blocks().push(read);
        Ok(())
    }
}

impl<T: Real, L> RowBlock<T, L> {
    /// Exchanges the memory of the entries and of the offsets.
    fn swap_entries(&mut self, x: &mut Vec<T>, offset: &mut Vec<T>) {
        let (own, own_offset) = self.memory_mut();
        swap(own, x);
        swap(own_offset, offset);
    }
}
