//! Blocks of columns as types: each block follows those before it.

use std::iter::Enumerate;

use nalgebra::DMatrix;

use super::super::{Transform, Transformer, TransformerOptions, labelled};
use crate::error::{Error, ErrorContext, type_name};
use crate::rows::Rows;
use crate::scalar::Real;

/// A list of blocks: the last block, and the `rest` before it.
///
/// The rest of the first block is `()`. [`ColumnTransformer::block`](super::ColumnTransformer::block) builds
/// a list of transformers; a fit turns it into a list of [`Transform`]s.
///
/// ```
/// use logit::StandardScaler;
/// use logit::prelude::*;
/// use logit::preprocess::{ColumnTransformer, MaxAbsScaler};
/// use nalgebra::dmatrix;
///
/// let columns = ColumnTransformer::new()
///     .block([1], StandardScaler::new())
///     .block([0], MaxAbsScaler::new());
/// let fitted = columns.fit(&dmatrix![4.0, 1.0; 2.0, 3.0])?;
/// assert_eq!(fitted.blocks().last().scale(), [4.0]);
/// assert_eq!(fitted.blocks().rest().last().mean(), [2.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beside<A, P> {
    rest: A,
    last: P,
}

impl<A, P> Beside<A, P> {
    pub(super) fn new(rest: A, last: P) -> Self {
        Beside { rest, last }
    }

    /// Returns the blocks before the last one.
    pub fn rest(&self) -> &A {
        &self.rest
    }

    /// Returns the last block.
    pub fn last(&self) -> &P {
        &self.last
    }
}

/// The transformers of the blocks, which are fitted one after the other.
///
/// `()` and [`Beside`] implement the trait; no other implementation is needed.
pub trait FitBlocks<T: Real> {
    /// The fitted blocks.
    type Fitted: FittedBlocks<T>;

    /// Fits each block to its columns.
    ///
    /// # Errors
    /// Returns the errors of the transformers.
    fn fit_blocks(&self, fit: &mut BlockFit<'_, T>) -> Result<Self::Fitted, Error>;
}

/// The fitted transformations of the blocks, accessed by index.
///
/// `()`, [`Beside`], and a vector of transformations of one type, such as
/// [`AnyTransform`](crate::registry::AnyTransform), implement the trait; no other implementation is needed.
pub trait FittedBlocks<T: Real> {
    /// Returns the number of blocks.
    fn count(&self) -> usize;

    /// Returns the transformation of the block at `index`, counted from 0, or `None` if there are fewer
    /// blocks.
    fn block(&self, index: usize) -> Option<&dyn Transform<T>>;
}

/// A fit of blocks to the columns of a table, one block after the other.
#[derive(Debug)]
pub struct BlockFit<'a, T: Real> {
    x: Rows<'a, T>,
    options: TransformerOptions<'a, T>,
    /// The columns of the blocks that are not fitted yet, with the positions of the blocks.
    columns: Enumerate<std::slice::Iter<'a, Vec<usize>>>,
    /// The training rows that the blocks pass on to later steps, if these are requested.
    handed_on: Option<Vec<DMatrix<T>>>,
}

impl<'a, T: Real> BlockFit<'a, T> {
    pub(super) fn new(
        x: Rows<'a, T>,
        options: TransformerOptions<'a, T>,
        columns: &'a [Vec<usize>],
        hand_on: bool,
    ) -> Self {
        BlockFit { x, options, columns: columns.iter().enumerate(), handed_on: hand_on.then(Vec::new) }
    }

    pub(super) fn into_handed_on(self) -> Vec<DMatrix<T>> {
        self.handed_on.unwrap_or_default()
    }

    /// Fits the next block.
    fn next<P: Transformer<T>>(&mut self, transformer: &P) -> Result<P::Fitted, Error> {
        let (index, columns) = self.columns.next().map_or((0, &[][..]), |(index, columns)| (index, columns));
        let names = self.x.names().map(|names| pick(names, columns));
        let categories = self.x.categories().map(|categories| pick(categories, columns));
        let chosen = self.x.select_columns(columns);
        let rows = labelled(&chosen, names.as_deref(), categories.as_deref())?;
        let fitted = match &mut self.handed_on {
            None => transformer.fit_rows(rows, self.options),
            Some(handed_on) => transformer.fit_transform_rows(rows, self.options).map(|(fitted, z)| {
                handed_on.push(z);
                fitted
            }),
        };
        fitted.map_err(|error| of_block(error, (index, type_name::<P>()), columns, self.x.names()))
    }
}

/// Translates an error of a block, given its position and type, into one about the table with these names.
pub(super) fn of_block(
    error: Error,
    (index, name): (usize, &'static str),
    columns: &[usize],
    names: Option<&[String]>,
) -> Error {
    let error = error.in_columns(|column| columns.get(column).copied()).with_column_name(names);
    error.within(ErrorContext::Block { index, name })
}

/// Returns the entries of the given columns.
pub(super) fn pick<V: Clone>(all: &[V], columns: &[usize]) -> Vec<V> {
    columns.iter().map(|&column| all[column].clone()).collect()
}

impl<T: Real> FitBlocks<T> for () {
    type Fitted = ();

    fn fit_blocks(&self, _: &mut BlockFit<'_, T>) -> Result<(), Error> {
        Ok(())
    }
}

impl<T: Real, A: FitBlocks<T>, P: Transformer<T>> FitBlocks<T> for Beside<A, P> {
    type Fitted = Beside<A::Fitted, P::Fitted>;

    fn fit_blocks(&self, fit: &mut BlockFit<'_, T>) -> Result<Self::Fitted, Error> {
        let rest = self.rest.fit_blocks(fit)?;
        Ok(Beside { rest, last: fit.next(&self.last)? })
    }
}

impl<T: Real> FittedBlocks<T> for () {
    fn count(&self) -> usize {
        0
    }
    fn block(&self, _: usize) -> Option<&dyn Transform<T>> {
        None
    }
}

impl<T: Real, A: FittedBlocks<T>, P: Transform<T>> FittedBlocks<T> for Beside<A, P> {
    fn count(&self) -> usize {
        self.rest.count() + 1
    }
    fn block(&self, index: usize) -> Option<&dyn Transform<T>> {
        if index == self.rest.count() { Some(&self.last) } else { self.rest.block(index) }
    }
}

impl<T: Real, P: Transform<T>> FittedBlocks<T> for Vec<P> {
    fn count(&self) -> usize {
        self.len()
    }
    fn block(&self, index: usize) -> Option<&dyn Transform<T>> {
        self.get(index).map(|block| block as &dyn Transform<T>)
    }
}
