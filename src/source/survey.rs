//! The first pass over a source, which finds the labels.

use std::collections::BTreeSet;
use std::ops::Range;

use super::ahead::{PIECE_BYTES, ahead};
use super::checked::read_checked;
use super::encoded::Width;
use super::{RowBlock, RowSource};
use crate::error::Error;
use crate::parallel::{attempt, parts};
use crate::scalar::Real;

/// What a source says about its rows, asked for once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Described<'a> {
    pub(crate) rows: usize,
    pub(crate) width: Width,
    pub(crate) names: Option<&'a [String]>,
}

impl<'a> Described<'a> {
    /// Asks a source.
    ///
    /// # Errors
    /// Returns [`Error::Panicked`] if the source panics.
    pub(crate) fn of<T: Real>(source: &'a (impl RowSource<T> + ?Sized)) -> Result<Self, Error> {
        attempt("the source of the rows", || {
            Ok(Described { rows: source.rows(), width: Width::of(source), names: source.names() })
        })
    }
}

/// Reads the `rows` rows of a source, checks them, and returns the labels of those that count.
///
/// # Errors
/// Returns the errors of [`read_checked`].
pub(crate) fn labels<T: Real, S: RowSource<T> + ?Sized>(
    source: &S,
    Described { rows, width, .. }: Described<'_>,
) -> Result<BTreeSet<S::Label>, Error> {
    let piece = (PIECE_BYTES / size_of::<T>().saturating_mul(width.columns).max(1)).max(1);
    let pieces = parts(rows, piece, ()).map(|(rows, ())| rows);
    let buffers = vec![RowBlock::default(), RowBlock::default(), RowBlock::default()];
    let read =
        |rows: Range<usize>, block: &mut RowBlock<T, S::Label>| read_checked(source, width, rows, block);
    let (labels, _, result) = ahead(read, pieces, buffers, |loaded| {
        let mut labels = BTreeSet::new();
        for block in loaded {
            let counts = |row: usize| block.weights().is_none_or(|weights| weights[row] > T::zero());
            for (_, label) in block.labels().iter().enumerate().filter(|&(row, _)| counts(row)) {
                if !labels.contains(label) {
                    labels.insert(label.clone());
                }
            }
        }
        labels
    });
    result.map(|()| labels)
}
