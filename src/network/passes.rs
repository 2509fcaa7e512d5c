//! Forward passes of a fitted network, block by block, in memory that the caller keeps.

use std::fmt;
use std::sync::{Arc, Weak};

use nalgebra::DMatrix;

use super::architecture::Network;
use super::fitted::FittedNetwork;
use crate::check;
use crate::compiled::compiled;
use crate::error::Error;
use crate::layer::{Layer, Tape};
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

impl<T: Real, L, N: Layer<T>, S> FittedNetwork<T, L, N, S> {
    /// Calls `each` for each block of rows, with the first row of the block, its scores, and room for
    /// `columns` columns of probabilities. Memory beyond that of the caller does not grow with `x`.
    pub(super) fn for_each_block(
        &self,
        x: &Rows<'_, T>,
        columns: usize,
        scratch: &mut Scratch<T>,
        mut each: impl FnMut(usize, &DMatrix<T>, &mut DMatrix<T>),
    ) -> Result<(), Error> {
        check::finite("x", *x)?;
        let rows = x.nrows();
        let mut pass = self.pass(BLOCK.min(rows), columns, scratch);
        let mut finite = Ok(());
        for first in (0..rows).step_by(BLOCK) {
            let count = BLOCK.min(rows - first);
            if pass.tape.output().nrows() != count {
                scratch.keep(pass);
                pass = self.pass(count, columns, scratch);
            }
            let Pass { tape, probabilities, copy, .. } = &mut *pass;
            scratch.with_row_contiguous(Strided::from(x).rows(first, count), |x, _| {
                (self.passes.forward)(&self.network, &self.params, x, copy, tape);
            });
            let scores = tape.output();
            if let (Ok(()), Err(Error::Overflow { row })) = (&finite, check::scores(scores)) {
                finite = Err(Error::Overflow { row: first + row });
            }
            each(first, scores, probabilities);
        }
        scratch.keep(pass);
        finite
    }

    /// Returns the memory of a pass over this network, loaded with its running statistics.
    fn pass(&self, rows: usize, columns: usize, scratch: &mut Scratch<T>) -> Box<Pass<T>> {
        let owner = Arc::downgrade(&self.passes.owner);
        let fits = |pass: &Pass<T>| {
            (pass.tape.output().nrows(), pass.probabilities.ncols()) == (rows, columns)
                && pass.owner.ptr_eq(&owner)
        };
        let mut pass = scratch.take_kept(fits).unwrap_or_else(|| {
            // The memory of models that no longer exist is not needed again.
            scratch.forget_kept(|pass: &Pass<T>| pass.owner.strong_count() == 0);
            Box::new(Pass {
                owner: owner.clone(),
                tape: self.network.tape(rows),
                copy: DMatrix::zeros(0, 0),
                probabilities: DMatrix::zeros(rows, columns),
            })
        });
        pass.tape.load_statistics(&self.statistics);
        pass
    }
}
