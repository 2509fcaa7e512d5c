//! Rows in memory as a source.

use std::ops::Range;

use nalgebra::DMatrixView;

use super::block::Shape;
use super::{ReadError, RowBlock, RowSource};
use crate::check;
use crate::error::Error;
use crate::label::Label;
use crate::rows::Rows;
use crate::scalar::{Real, columns, columns_mut};

/// Rows in memory with their labels, and weights and offsets if there are any.
///
/// A fit reads them where they are. As a part of a [`Chain`](super::Chain) they are copied block by block.
///
/// # Examples
/// ```
/// use logit::data;
/// use logit::source::{LabelledRows, RowSource};
///
/// let iris = data::iris();
/// let weights = vec![2.0; 150];
/// let rows = LabelledRows::new(&iris, &iris.y)?.weights(&weights)?;
/// assert_eq!((rows.rows(), rows.columns(), rows.has_weights()), (150, 4, true));
/// assert_eq!(rows.names().map(|names| names[0].as_str()), Some("sepal length (cm)"));
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug)]
pub struct LabelledRows<'a, T: Real, L> {
    x: Rows<'a, T>,
    y: &'a [L],
    weights: Option<&'a [T]>,
    offset: Option<DMatrixView<'a, T>>,
}

impl<T: Real, L> Clone for LabelledRows<'_, T, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Real, L> Copy for LabelledRows<'_, T, L> {}

impl<'a, T: Real, L: Label> LabelledRows<'a, T, L> {
    /// Creates a source of the rows of `x` and their labels. What they contain is checked by a fit.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] or [`Error::Transposed`] if the numbers of rows and labels differ.
    pub fn new(x: impl Into<Rows<'a, T>>, y: &'a [L]) -> Result<Self, Error> {
        let x = x.into();
        check::labels(x.view(), y.len())?;
        Ok(LabelledRows { x, y, weights: None, offset: None })
    }

    /// Sets one weight per row. Defaults to 1 for every row.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the numbers of weights and rows differ.
    pub fn weights(self, weights: &'a [T]) -> Result<Self, Error> {
        check::count("weights", "entries", self.x.nrows(), weights.len())?;
        Ok(LabelledRows { weights: Some(weights), ..self })
    }

    /// Sets offsets added to the scores, n x 1 for two classes and n x K for more. Defaults to none.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if they do not have one row for each row of `x`, and [`Error::Empty`]
    /// if they have no columns.
    pub fn offset(self, offset: impl Into<DMatrixView<'a, T>>) -> Result<Self, Error> {
        let offset = offset.into();
        check::count("offset", "rows", self.x.nrows(), offset.nrows())?;
        if offset.ncols() == 0 {
            return Err(Error::Empty { argument: "offset", axis: "columns" });
        }
        Ok(LabelledRows { offset: Some(offset), ..self })
    }
}

impl<'a, T: Real, L> LabelledRows<'a, T, L> {
    /// Returns the rows.
    pub(crate) fn x(&self) -> Rows<'a, T> {
        self.x
    }

    /// Returns the labels.
    pub(crate) fn y(&self) -> &'a [L] {
        self.y
    }

    /// Returns the weights, if there are any.
    pub(crate) fn row_weights(&self) -> Option<&'a [T]> {
        self.weights
    }

    /// Returns the offsets, if there are any.
    pub(crate) fn row_offsets(&self) -> Option<DMatrixView<'a, T>> {
        self.offset
    }
}

impl<T: Real, L: Label> RowSource<T> for LabelledRows<'_, T, L> {
    type Label = L;

    fn rows(&self) -> usize {
        self.x.nrows()
    }

    fn columns(&self) -> usize {
        self.x.ncols()
    }

    fn names(&self) -> Option<&[String]> {
        self.x.names()
    }

    fn has_weights(&self) -> bool {
        self.weights.is_some()
    }

    fn offset_columns(&self) -> usize {
        self.offset.map_or(0, |offset| offset.ncols())
    }

    fn read(&self, rows: Range<usize>, block: &mut RowBlock<T, L>) -> Result<(), ReadError> {
        let labels = self.y.get(rows.clone()).ok_or_else(|| {
            let (index, count) = (rows.end.max(rows.start).saturating_sub(1), self.y.len());
            Error::NoSuchIndex { argument: "rows", axis: "row", index, count }
        })?;
        block.check(Shape::of(self, rows.len()))?;
        copy(self.x.view(), rows.clone(), block.x_mut());
        block.labels_mut().extend_from_slice(labels);
        if let Some(weights) = self.weights.and_then(|weights| weights.get(rows.clone())) {
            block.weights_mut().copy_from_slice(weights);
        }
        if let Some(offset) = self.offset {
            copy(offset, rows, block.offset_mut());
        }
        Ok(())
    }

    fn in_memory(&self) -> Option<LabelledRows<'_, T, L>> {
        Some(*self)
    }
}

/// Copies some rows of a matrix.
fn copy<T: Real>(from: DMatrixView<'_, T>, rows: Range<usize>, mut to: nalgebra::DMatrixViewMut<'_, T>) {
    for (to, from) in columns_mut(&mut to).zip(columns(&from)) {
        to.copy_from_slice(&from[rows.clone()]);
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn blocks_are_the_rows(
            (rows, columns, offsets) in (0usize..20, 0usize..4, 1usize..3), cut: (u8, u8), weighted: bool,
        ) {
            let x = DMatrix::from_fn(rows + 3, columns, |i, j| (10 * i + j) as f32);
            let x = x.rows(2, rows);
            let y: Vec<String> = (0..rows).map(|row| row.to_string()).collect();
            let weights: Vec<f32> = (0..rows).map(|row| row as f32).collect();
            let offset = DMatrix::from_fn(rows, offsets, |i, j| (7 * i + j) as f32);
            let plain = LabelledRows::new(x, &y).unwrap();
            let full = plain.weights(&weights).unwrap().offset(&offset).unwrap();
            let source = if weighted { full } else { plain };
            let (first, last) = (usize::from(cut.0) % (rows + 1), usize::from(cut.1) % (rows + 1));
            let range = first.min(last)..first.max(last);
            let mut block = RowBlock::for_rows(&source, range.len());
            source.read(range.clone(), &mut block).unwrap();
            prop_assert_eq!(block.x(), x.rows(range.start, range.len()));
            prop_assert_eq!(block.labels(), &y[range.clone()]);
            prop_assert_eq!(block.weights(), weighted.then_some(&weights[range.clone()]));
            prop_assert_eq!(block.offset(), weighted.then(|| offset.rows(range.start, range.len())));
        }
    }

    #[test]
    fn lengths_are_checked() {
        let x = DMatrix::from_element(3, 2, f64::NAN);
        let text =
            |result: Result<_, Error>| result.map(|_: LabelledRows<'_, _, _>| ()).unwrap_err().to_string();
        let source = LabelledRows::new(&x, &[1, 2, 3]).unwrap();
        assert_eq!(text(LabelledRows::new(&x, &[1; 4])), "`y` has 4 labels, expected 3");
        assert!(matches!(LabelledRows::new(x.rows(0, 1), &[1; 2]), Err(Error::Transposed { .. })));
        assert_eq!(text(source.weights(&[1.0])), "`weights` has 1 entry, expected 3");
        assert_eq!(text(source.offset(x.rows(0, 2))), "`offset` has 2 rows, expected 3");
        assert_eq!(text(source.offset(x.columns(0, 0))), "`offset` has no columns: at least one is needed");
    }

    #[test]
    fn a_read_beyond_the_rows_or_the_room_is_an_error() {
        let x = DMatrix::from_element(3, 2, 0.0);
        let source = LabelledRows::new(&x, &[1, 2, 3]).unwrap();
        let mut block = RowBlock::for_rows(&source, 2);
        let mut text = |rows| source.read(rows, &mut block).unwrap_err().to_string();
        assert_eq!(text(2..4), "`rows` refers to row 3, but there are only 3 rows (0 to 2)");
        assert_eq!(text(0..3), "`block` has 2 rows, expected 3");
        let mut weighted = RowBlock::for_rows(&source.weights(&[1.0; 3]).unwrap(), 2);
        assert_eq!(
            source.read(0..2, &mut weighted).unwrap_err().to_string(),
            "`block` has 2 weights, expected 0"
        );
    }
}
