//! The rows of several ranks as one sequence, in which each rank begins with a leaf.

use std::collections::BTreeSet;
use std::ops::Range;

use super::encoded::{EncodedBlock, EncodedRows, Width};
use super::survey::Described;
use crate::check;
use crate::error::Error;
use crate::parallel::wire::{Wire, decoded};
use crate::parallel::{Exchange, gather};
use crate::persist::StoredLabel;
use crate::scalar::Real;

/// What the ranks tell each other before the first pass.
pub(crate) struct Agreement<L> {
    /// The distinct labels of the rows of all ranks that count, in ascending order.
    pub(crate) labels: Vec<L>,
    /// The number of rows of each rank.
    counts: Vec<usize>,
}

/// The rows of a rank, as it describes them to the others.
struct Shape {
    rows: usize,
    columns: usize,
    weighted: bool,
    offsets: usize,
    names: Option<Vec<String>>,
    /// The settings of the fit and the number type.
    settings: String,
    labels: Vec<String>,
}

crate::parallel::wire::wire!(Shape { rows, columns, weighted, offsets, names, settings, labels });

impl<L: StoredLabel> Agreement<L> {
    /// Tells the other ranks about the rows of this one, whose labels were read.
    ///
    /// # Errors
    /// Returns the failure of this rank, and [`Error::RankFailed`] for another one, or if the rows of a rank have other
    /// columns than those of rank 0.
    pub(crate) fn new(
        settings: String,
        described: Result<(Described<'_>, BTreeSet<L>), Error>,
        exchange: &dyn Exchange,
    ) -> Result<Self, Error> {
        let in_range = exchange.rank() < exchange.ranks();
        check::parameter("rank", exchange.rank() as f64, in_range, "below the number of ranks")?;
        let shape = |(described, labels): &(Described<'_>, BTreeSet<L>)| {
            let Width { columns, weighted, offsets } = described.width;
            let (rows, names) = (described.rows, described.names.map(<[String]>::to_vec));
            let labels = labels.iter().map(StoredLabel::to_text).collect();
            Shape { rows, columns, weighted, offsets, names, settings, labels }
        };
        let own = described.as_ref().map(shape);
        let failed = described.as_ref().err();
        let messages = gather(exchange, failed, |message| {
            own.iter().for_each(|shape| shape.write(message));
        })?;
        let mut found = Agreement { labels: Vec::new(), counts: Vec::new() };
        let mut first: Option<Shape> = None;
        for (rank, message) in messages.iter().enumerate() {
            let unread = || Error::RankMessage { rank, reader: exchange.rank() };
            let shape: Shape = decoded(message).ok_or_else(unread)?;
            if let Some(reason) = first.as_ref().and_then(|first| difference(first, &shape)) {
                return Err(Error::RankFailed { rank, reason });
            }
            found.counts.push(shape.rows);
            for text in &shape.labels {
                found.labels.push(L::from_text(text).ok_or_else(unread)?);
            }
            first.get_or_insert(shape);
        }
        found.labels.sort_unstable();
        found.labels.dedup();
        Ok(found)
    }

    /// Returns the number of rows of all ranks.
    pub(crate) fn count(&self) -> usize {
        self.counts.iter().fold(0, |sum, &count| sum.saturating_add(count))
    }
}

/// Says how the rows of a rank differ from those of rank 0.
fn difference(first: &Shape, other: &Shape) -> Option<String> {
    let as_first = "the rows of all ranks must have the same columns";
    if first.columns != other.columns {
        let (columns, wanted) = (other.columns, first.columns);
        return Some(format!(
            "its rows have {columns} columns, and those of rank 0 have {wanted}: {as_first}"
        ));
    }
    if first.weighted != other.weighted {
        let with = |weighted: bool| if weighted { "have weights" } else { "have none" };
        let (own, wanted) = (with(other.weighted), with(first.weighted));
        return Some(format!(
            "its rows {own}, and those of rank 0 {wanted}: give weights to all rows or to none"
        ));
    }
    if first.offsets != other.offsets {
        let (offsets, wanted) = (other.offsets, first.offsets);
        return Some(format!(
            "its rows have {offsets} columns of offsets, and those of rank 0 have {wanted}: give the same offsets to \
             all rows"
        ));
    }
    if first.settings != other.settings {
        return Some(
            "its settings or its number type are not those of rank 0: use the same on all ranks".to_owned(),
        );
    }
    (first.names != other.names)
        .then(|| format!("its columns have other names than those of rank 0: {as_first}"))
}

/// The rows of a rank from the first leaf that begins with one of its rows. The ranks before it have the rows before
/// that leaf, and it has those of the ranks after it that end its last leaf.
pub(crate) struct AlignedRows<'a, T: Real> {
    source: &'a dyn EncodedRows<T>,
    /// The rows of the source, among those of all ranks.
    given: Range<usize>,
    own: Range<usize>,
    /// Rows of the ranks that follow, with the place of the first.
    borrowed: Vec<(usize, EncodedBlock<T>)>,
}

impl<'a, T: Real> AlignedRows<'a, T> {
    /// Exchanges the rows that belong to leaves of other ranks. `leaf` is the number of rows of a leaf of the largest
    /// sum, and the number of rows of all ranks is addressable.
    ///
    /// # Errors
    /// Returns the error of a read, and [`Error::RankFailed`] for that of another rank.
    pub(crate) fn new<L: StoredLabel>(
        source: &'a dyn EncodedRows<T>,
        agreement: &Agreement<L>,
        (leaf, width): (usize, Width),
        exchange: &dyn Exchange,
    ) -> Result<Self, Error> {
        let count = agreement.count();
        let first_leaf = |place: usize| place.next_multiple_of(leaf).min(count);
        let given = |rank: usize| {
            let first = agreement.counts[..rank].iter().sum();
            first..first + agreement.counts[rank]
        };
        let rank = exchange.rank();
        let own = first_leaf(given(rank).start)..first_leaf(given(rank).end);
        let mut borrowed = Vec::new();
        for lender in 1..exchange.ranks() {
            let lent = given(lender);
            let head = lent.start..first_leaf(lent.start).min(lent.end);
            let (mut block, mut read) = (EncodedBlock::default(), Ok(()));
            if lender == rank && !head.is_empty() {
                read = source.read(0..head.len(), &mut block);
            }
            let messages = gather(exchange, read.err().as_ref(), |message| {
                if lender == rank && !head.is_empty() {
                    block.write(message);
                }
            })?;
            if own.contains(&head.start) && lender != rank && !head.is_empty() {
                let unread = || Error::RankMessage { rank: lender, reader: rank };
                let block = messages.get(lender).and_then(|message| decoded(message));
                let block = block
                    .filter(|block: &EncodedBlock<T>| block.has(head.len(), width, agreement.labels.len()));
                borrowed.push((head.start, block.ok_or_else(unread)?));
            }
        }
        Ok(AlignedRows { source, given: given(rank), own, borrowed })
    }

    /// Returns the rows of this rank, among those of all ranks.
    pub(crate) fn own(&self) -> Range<usize> {
        self.own.clone()
    }
}

/// Returns what two ranges have in common.
pub(super) fn common(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    let start = a.start.max(b.start);
    start..a.end.min(b.end).max(start)
}

impl<T: Real> EncodedRows<T> for AlignedRows<'_, T> {
    fn read(&self, rows: Range<usize>, block: &mut EncodedBlock<T>) -> Result<(), Error> {
        let of_source = common(&rows, &self.given);
        let read = |block: &mut EncodedBlock<T>| {
            self.source.read(of_source.start - self.given.start..of_source.end - self.given.start, block)
        };
        if of_source == rows {
            return read(block);
        }
        let mut part = EncodedBlock::default();
        if !of_source.is_empty() {
            read(&mut part)?;
        }
        let like = self.borrowed.iter().map(|(_, lent)| lent).find(|lent| lent.rows() > 0);
        block.prepare(rows.len(), like.unwrap_or(&part));
        if !of_source.is_empty() {
            // What this rank has borrowed follows its rows.
            block.copy(0, &part, 0..of_source.len());
        }
        for (first, lent) in &self.borrowed {
            let shared = common(&rows, &(*first..first + lent.rows()));
            if !shared.is_empty() {
                block.copy(shared.start - rows.start, lent, shared.start - first..shared.end - first);
            }
        }
        Ok(())
    }
}
