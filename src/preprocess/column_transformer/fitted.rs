//! The fitted column transformer.

use std::marker::PhantomData;

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};

use super::super::select_columns::copy_columns;
use super::super::{Transform, TransformExt, checked_names, labelled};
use super::FittedBlocks;
use super::blocks::{of_block, pick};
use crate::check;
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;

/// A fitted [`ColumnTransformer`](super::ColumnTransformer).
///
/// Rows can be transformed back if every block has an inverse and no column was dropped. If several blocks
/// have a column, its values come from the first of them.
///
/// ```
/// use logit::prelude::*;
/// use logit::preprocess::{ColumnTransformer, Remainder};
/// use logit::{OneHotEncoder, StandardScaler};
/// use nalgebra::dmatrix;
///
/// let columns = ColumnTransformer::new()
///     .block([2], OneHotEncoder::new())
///     .block([0], StandardScaler::new());
/// let x = dmatrix![1.0, 10.0, 7.0; 3.0, 20.0, 8.0];
/// let fitted = columns.remainder(Remainder::Pass).fit(&x)?;
/// assert_eq!(
///     fitted.transform(&x)?,
///     dmatrix![1.0, 0.0, -1.0, 10.0; 0.0, 1.0, 1.0, 20.0]
/// );
/// assert_eq!(
///     (fitted.columns(), fitted.passed()),
///     (&[vec![2], vec![0]][..], &[1][..])
/// );
/// assert_eq!(
///     fitted.output_names(&["a".into(), "b".into(), "c".into()])?,
///     ["c=7", "c=8", "a", "b"]
/// );
/// assert_eq!(fitted.inverse_transform(&fitted.transform(&x)?)?, x);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FittedColumnTransformer<T, B> {
    blocks: B,
    columns: Vec<Vec<usize>>,
    passed: Vec<usize>,
    dropped: Vec<usize>,
    inputs: usize,
    names: Option<Vec<String>>,
    scalar: PhantomData<T>,
}

/// Checks that a block has columns, and none of them twice.
pub(super) fn check_block(columns: &[usize]) -> Result<(), Error> {
    if columns.is_empty() {
        return Err(Error::Empty { argument: "block", axis: "columns" });
    }
    let mut sorted = columns.to_vec();
    sorted.sort_unstable();
    let twice = sorted.windows(2).find(|pair| pair[0] == pair[1]);
    twice.map_or(Ok(()), |pair| {
        check::parameter(
            "block",
            pair[0] as f64,
            false,
            "a column of the table, listed at most once in a block",
        )
    })
}

/// Returns the columns below `count` that are in no block.
pub(super) fn others(columns: &[Vec<usize>], count: usize) -> Vec<usize> {
    let mut free = vec![true; count];
    columns.iter().flatten().for_each(|&column| free[column] = false);
    (0..count).filter(|&column| free[column]).collect()
}

impl<T: Real, B: FittedBlocks<T>> FittedColumnTransformer<T, B> {
    /// # Errors
    /// Returns an error if a block has another number of inputs than columns or lists a column twice, if a
    /// column is neither in a block nor passed nor dropped or more than one of these, or if there are not as
    /// many names as columns.
    pub(super) fn new(
        blocks: B,
        columns: Vec<Vec<usize>>,
        passed: Vec<usize>,
        dropped: Vec<usize>,
        names: Option<Vec<String>>,
    ) -> Result<Self, Error> {
        check::count("columns", "entries", blocks.count(), columns.len())?;
        for (index, chosen) in columns.iter().enumerate() {
            check_block(chosen)?;
            check::count("block", "columns", blocks.block(index).map_or(0, Transform::inputs), chosen.len())?;
        }
        let mut all: Vec<usize> = columns.iter().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        all.extend_from_slice(&passed);
        all.extend_from_slice(&dropped);
        let inputs = all.len();
        all.sort_unstable();
        let ascending = passed.is_sorted() && dropped.is_sorted();
        let complete = ascending && all.iter().copied().eq(0..inputs);
        check::parameter(
            "columns",
            inputs as f64,
            complete,
            "complete: each column in a block, passed or dropped",
        )?;
        if let Some(names) = &names {
            check::count("names", "entries", inputs, names.len())?;
        }
        Ok(FittedColumnTransformer { blocks, columns, passed, dropped, inputs, names, scalar: PhantomData })
    }

    /// Returns the fitted blocks.
    pub fn blocks(&self) -> &B {
        &self.blocks
    }

    /// Returns the columns of each block, as positions in the input table.
    pub fn columns(&self) -> &[Vec<usize>] {
        &self.columns
    }

    /// Returns the columns that pass through unchanged.
    pub fn passed(&self) -> &[usize] {
        &self.passed
    }

    /// Returns the columns that are left out.
    pub fn dropped(&self) -> &[usize] {
        &self.dropped
    }

    /// Returns the column names of the training rows, if they had any.
    pub fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// Returns the blocks, each with its columns and its first output column.
    fn parts(&self) -> impl Iterator<Item = (&dyn Transform<T>, &[usize], usize)> {
        let mut start = 0;
        self.columns.iter().enumerate().filter_map(move |(index, columns)| {
            let block = self.blocks.block(index)?;
            start += block.outputs();
            Some((block, columns.as_slice(), start - block.outputs()))
        })
    }

    /// Returns the number of output columns of all blocks.
    fn made(&self) -> usize {
        self.parts().map(|(block, ..)| block.outputs()).sum()
    }

    /// Joins the outputs `made` of the blocks and the columns of `x` that pass through.
    pub(super) fn side_by_side(&self, x: Rows<'_, T>, made: &[DMatrix<T>]) -> Result<DMatrix<T>, Error> {
        check::room::<T>("the transformed rows", x.nrows(), self.outputs())?;
        let mut z = DMatrix::zeros(x.nrows(), self.outputs());
        for ((block, _, start), made) in self.parts().zip(made) {
            check::count("rows that were handed on", "rows", x.nrows(), made.nrows())?;
            check::count("rows that were handed on", "columns", block.outputs(), made.ncols())?;
            z.columns_mut(start, made.ncols()).copy_from(made);
        }
        copy_columns(x.view(), &self.passed, z.columns_mut(self.made(), self.passed.len()));
        Ok(z)
    }
}

impl<T: Real, B: FittedBlocks<T>> Transform<T> for FittedColumnTransformer<T, B> {
    fn inputs(&self) -> usize {
        self.inputs
    }
    fn outputs(&self) -> usize {
        self.made() + self.passed.len()
    }
    fn transform_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        x.check_columns(self.inputs, self.names.as_deref())?;
        let rows = x.nrows();
        for (index, (block, columns, start)) in self.parts().enumerate() {
            let mut copy = scratch.take(rows * columns.len());
            copy_columns(x.view(), columns, DMatrixViewMut::from_slice(&mut copy, rows, columns.len()));
            let chosen = DMatrixView::from_slice(&copy, rows, columns.len());
            let done = block.transform_into(chosen.into(), out.columns_mut(start, block.outputs()), scratch);
            scratch.give_back(copy);
            done.map_err(|error| {
                let names = x.or_names(self.names.as_deref()).names();
                // A second attempt gives the error with the names of computed columns.
                let of_names = |names: &[String]| {
                    let (chosen, names) = (x.select_columns(columns), pick(names, columns));
                    block.transform(labelled(&chosen, Some(&names), None).ok()?).err()
                };
                let error = names.and_then(of_names).unwrap_or(error);
                of_block(error, (index, block.step_name()), columns, names)
            })?;
        }
        copy_columns(x.view(), &self.passed, out.columns_mut(self.made(), self.passed.len()));
        Ok(())
    }
    fn inverse_rows(&self, z: DMatrixView<'_, T>) -> Result<DMatrix<T>, Error> {
        check::count("x", "columns", self.outputs(), z.ncols())?;
        if !self.dropped.is_empty() {
            let (by, instead) = ("a column transformer that drops columns", "use `Remainder::Pass`");
            return Err(Error::Unsupported { what: "inverse_transform", by, instead });
        }
        let mut x = DMatrix::zeros(z.nrows(), self.inputs);
        let parts: Vec<_> = self.parts().collect();
        // Blocks are written in reverse order, so that the first one determines a shared column.
        for (block, columns, start) in parts.into_iter().rev() {
            let back = block.inverse_rows(z.columns(start, block.outputs()))?;
            for (index, &column) in columns.iter().enumerate() {
                x.column_mut(column).copy_from(&back.column(index));
            }
        }
        for (index, &column) in self.passed.iter().enumerate() {
            x.column_mut(column).copy_from(&z.column(self.made() + index));
        }
        Ok(x)
    }
    fn output_names(&self, names: &[String]) -> Result<Vec<String>, Error> {
        let names = checked_names(names, self.inputs)?;
        let mut made = Vec::new();
        for (block, columns, _) in self.parts() {
            made.extend(block.output_names(&pick(names, columns))?);
        }
        made.extend(pick(names, &self.passed));
        Ok(distinct(made))
    }
    fn source_column(&self, output: usize) -> Option<usize> {
        let made = self.made();
        if output >= made {
            return self.passed.get(output - made).copied();
        }
        let of = |(block, _, start): &(&dyn Transform<T>, &[usize], usize)| {
            (*start..start + block.outputs()).contains(&output)
        };
        let (block, columns, start) = self.parts().find(of)?;
        block.source_column(output - start).and_then(|column| columns.get(column).copied())
    }
}

/// Makes the names distinct: a repeated name gets a number in brackets.
fn distinct(names: Vec<String>) -> Vec<String> {
    let mut taken: std::collections::BTreeSet<String> = names.iter().cloned().collect();
    let mut seen = std::collections::BTreeSet::new();
    let mut rename = |name: String| {
        if seen.insert(name.clone()) {
            return name;
        }
        let free = (2..).map(|number| format!("{name} ({number})")).find(|other| !taken.contains(other));
        let renamed = free.unwrap_or(name);
        taken.insert(renamed.clone());
        renamed
    };
    names.into_iter().map(&mut rename).collect()
}
