//! Forward passes of a fitted network, block by block, in memory that the caller keeps.

use std::fmt;
use std::sync::{Arc, Weak};

use nalgebra::{DMatrix, DMatrixViewMut};

use super::architecture::Network;
use super::fitted::FittedNetwork;
use crate::check;
use crate::compiled::compiled;
use crate::error::Error;
use crate::layer::{Layer, Tape};
use crate::parallel::{Entries, for_each, parts, resized, workers_for};
use crate::rows::Rows;
use crate::scalar::{Real, Strided};
use crate::scratch::Scratch;
use crate::train::BLOCK;

/// A forward pass over rows; the matrix has room for a copy of them.
type Forward<T, N> = fn(&N, &[T], Strided<'_, T>, &mut DMatrix<T>, &mut Tape<T>);

/// How a network runs, and its identity for the caller's memory. Ignored when models are compared.
#[derive(Clone)]
pub(super) struct Passes<T: Real, N> {
    forward: Forward<T, N>,
    /// Clones of a model share their memory.
    owner: Arc<()>,
}

impl<T: Real, N: Layer<T>> Passes<T, N> {
    /// Creates passes for any layer. They copy the rows, because [`Layer::forward`] takes a matrix.
    pub(super) fn of_copies() -> Self {
        let forward: Forward<T, N> = |network, params, x, copy, tape| {
            if copy.shape() != (x.height(), x.width()) {
                *copy = DMatrix::zeros(x.height(), x.width());
            }
            x.copy_to(copy);
            network.forward(params, copy, tape);
        };
        Passes { forward, owner: Arc::new(()) }
    }
}

impl<T: Real> Passes<T, Network> {
    /// Creates passes for layers of this crate, which read rows without a copy.
    pub(super) fn in_place() -> Self {
        Passes { forward: forward_rows, owner: Arc::new(()) }
    }
}

/// A forward pass over layers of this crate.
#[inline(never)]
fn forward_rows<T: Real>(
    network: &Network,
    params: &[T],
    x: Strided<'_, T>,
    _: &mut DMatrix<T>,
    tape: &mut Tape<T>,
) {
    network.forward_rows(params, x, tape);
}

compiled!(T: forward_rows::<T> as Forward<T, Network>);

impl<T: Real, N> PartialEq for Passes<T, N> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T: Real, N> fmt::Debug for Passes<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passes")
    }
}

/// The memory of a forward pass, kept between predictions.
struct Pass<T> {
    owner: Weak<()>,
    tape: Tape<T>,
    copy: DMatrix<T>,
    probabilities: DMatrix<T>,
}

/// The memory of a thread beside others, kept between predictions.
struct Helper<T> {
    scratch: Scratch<T>,
    /// What is written for a block of rows.
    out: DMatrix<T>,
    /// The first row whose scores overflow.
    overflow: Option<usize>,
}

impl<T: Real> Helper<T> {
    fn new() -> Self {
        Helper { scratch: Scratch::new(), out: DMatrix::zeros(0, 0), overflow: None }
    }
}

/// The multiplications in matrix products that take as long as one elsewhere.
const PRODUCTS: f64 = 4.0;

impl<T: Real, L, N: Layer<T>, S> FittedNetwork<T, L, N, S> {
    /// Writes the rows of `out` block by block: `write` gets the scores of a block, room for `columns` columns of
    /// probabilities, and the rows to write. Memory beyond that of the caller does not grow with `x`.
    pub(super) fn for_each_block(
        &self,
        x: &Rows<'_, T>,
        columns: usize,
        scratch: &mut Scratch<T>,
        out: DMatrixViewMut<'_, T>,
        write: impl Fn(&DMatrix<T>, &mut DMatrix<T>, DMatrixViewMut<'_, T>) + Sync,
    ) -> Result<(), Error> {
        check::finite("x", *x)?;
        let (rows, operations) = (x.nrows(), self.params.len() as f64 / PRODUCTS);
        let workers = workers_for(rows.div_ceil(BLOCK), rows as f64 * operations);
        let forward = Forwards {
            network: &self.network,
            params: &self.params,
            statistics: &self.statistics,
            passes: &self.passes,
            columns,
            write,
        };
        let overflow = match workers {
            1 => forward.write_rows(Strided::from(x), scratch, out),
            _ => forward.write_shared(Strided::from(x), workers, scratch, out),
        };
        overflow.map_or(Ok(()), |row| Err(Error::Overflow { row }))
    }
}

/// The forward passes of a prediction.
struct Forwards<'a, T: Real, N, W> {
    network: &'a N,
    params: &'a [T],
    statistics: &'a [T],
    passes: &'a Passes<T, N>,
    columns: usize,
    write: W,
}

impl<T, N, W> Forwards<'_, T, N, W>
where
    T: Real,
    N: Layer<T>,
    W: Fn(&DMatrix<T>, &mut DMatrix<T>, DMatrixViewMut<'_, T>) + Sync,
{
    /// Writes the rows of `out`. Returns the first row whose scores overflow.
    fn write_rows(
        &self,
        x: Strided<'_, T>,
        scratch: &mut Scratch<T>,
        mut out: DMatrixViewMut<'_, T>,
    ) -> Option<usize> {
        let rows = x.height();
        let mut pass = self.pass(BLOCK.min(rows), scratch);
        let mut overflow = None;
        for first in (0..rows).step_by(BLOCK) {
            let count = BLOCK.min(rows - first);
            if pass.tape.output().nrows() != count {
                scratch.keep(pass);
                pass = self.pass(count, scratch);
            }
            let Pass { tape, probabilities, copy, .. } = &mut *pass;
            scratch.with_row_contiguous(x.rows(first, count), |x, _| {
                (self.passes.forward)(self.network, self.params, x, copy, tape);
            });
            let scores = tape.output();
            if let (None, Err(Error::Overflow { row })) = (overflow, check::scores(scores)) {
                overflow = Some(first + row);
            }
            (self.write)(scores, probabilities, out.rows_mut(first, count));
        }
        scratch.keep(pass);
        overflow
    }

    /// Writes the rows of `out` on several threads, a block at a time. Returns the first row whose scores overflow.
    fn write_shared(
        &self,
        x: Strided<'_, T>,
        workers: usize,
        scratch: &mut Scratch<T>,
        mut out: DMatrixViewMut<'_, T>,
    ) -> Option<usize> {
        let mut helpers: Box<Vec<Helper<T>>> = scratch.take_kept(|_| true).unwrap_or_default();
        let helpers_here = resized(&mut helpers, workers, Helper::new);
        helpers_here.iter_mut().for_each(|helper| helper.overflow = None);
        let columns: Vec<_> =
            out.column_iter_mut().map(|column| Entries::new(column.data.into_slice_mut(), 1)).collect();
        for_each(helpers_here, parts(x.height(), BLOCK, columns), |helper, (rows, columns)| {
            let Helper { scratch, out, overflow } = helper;
            if out.shape() != (rows.len(), columns.len()) {
                *out = DMatrix::zeros(rows.len(), columns.len());
            }
            let found = self.write_rows(x.rows(rows.start, rows.len()), scratch, out.as_view_mut());
            *overflow = overflow.or(found.map(|row| rows.start + row));
            for (column, out) in columns.into_iter().zip(out.as_slice().chunks_exact(rows.len())) {
                column.into_slice().copy_from_slice(out);
            }
        });
        let overflow = helpers_here.iter().filter_map(|helper| helper.overflow).min();
        scratch.keep(helpers);
        overflow
    }

    /// Returns the memory of a pass over this network, loaded with its running statistics.
    fn pass(&self, rows: usize, scratch: &mut Scratch<T>) -> Box<Pass<T>> {
        let owner = Arc::downgrade(&self.passes.owner);
        let fits = |pass: &Pass<T>| {
            (pass.tape.output().nrows(), pass.probabilities.ncols()) == (rows, self.columns)
                && pass.owner.ptr_eq(&owner)
        };
        let mut pass = scratch.take_kept(fits).unwrap_or_else(|| {
            // The memory of models that no longer exist is not needed again.
            scratch.forget_kept(|pass: &Pass<T>| pass.owner.strong_count() == 0);
            Box::new(Pass {
                owner: owner.clone(),
                tape: self.network.tape(rows),
                copy: DMatrix::zeros(0, 0),
                probabilities: DMatrix::zeros(rows, self.columns),
            })
        });
        pass.tape.load_statistics(self.statistics);
        pass
    }
}
