//! Rows that are read again in every pass of a fit, on one rank or several.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::ahead::{PIECE_BYTES, ahead};
use super::encoded::{EncodedBlock, EncodedRows, Width};
use super::ranks::common;
use crate::error::Error;
use crate::parallel::wire::{Wire, decoded};
use crate::parallel::{ByRows, Exchange, Sum, Tally, gather, parts};
use crate::scalar::Real;

/// Rows that are read in every pass.
///
/// After a failure, passes end at once and their results are worthless: a fit ends, because every iteration asks
/// whether it may go on, and returns the failure.
pub(crate) struct Stream<'a, T: Real> {
    rows: &'a dyn EncodedRows<T>,
    /// The rows of this rank, among those of all ranks.
    own: Range<usize>,
    /// The number of rows of all ranks.
    count: usize,
    width: Width,
    classes: usize,
    names: Option<&'a [String]>,
    class_weights: Option<Vec<f64>>,
    exchange: Option<&'a dyn Exchange>,
    buffers: Mutex<Vec<EncodedBlock<T>>>,
    failed: Mutex<Option<Error>>,
}

impl<'a, T: Real> Stream<'a, T> {
    /// Creates the stream of all rows of a single rank.
    pub(crate) fn new(
        rows: &'a dyn EncodedRows<T>,
        count: usize,
        (width, classes): (Width, usize),
        names: Option<&'a [String]>,
    ) -> Self {
        Stream {
            rows,
            own: 0..count,
            count,
            width,
            classes,
            names,
            class_weights: None,
            exchange: None,
            buffers: Mutex::default(),
            failed: Mutex::default(),
        }
    }

    /// Sets the rows of this rank among those of all ranks.
    pub(crate) fn among(self, own: Range<usize>, exchange: &'a dyn Exchange) -> Self {
        Stream { own, exchange: (exchange.ranks() > 1).then_some(exchange), ..self }
    }

    /// Sets a factor for the weights of each class.
    pub(crate) fn weigh(&mut self, class_weights: Vec<f64>) {
        self.class_weights = Some(class_weights);
        self.width.weighted = true;
    }

    /// Returns the number of rows of all ranks.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Returns the rows of this rank, among those of all ranks.
    pub(crate) fn own(&self) -> Range<usize> {
        self.own.clone()
    }

    /// Returns the numbers of columns.
    pub(crate) fn width(&self) -> Width {
        self.width
    }

    /// Returns the names of the columns, if they are known.
    pub(crate) fn names(&self) -> Option<&'a [String]> {
        self.names
    }

    /// Returns the first failure, if there was one.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failed().clone()
    }

    fn failed(&self) -> MutexGuard<'_, Option<Error>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, error: Error) {
        self.failed().get_or_insert(error);
    }

    fn read(&self, rows: Range<usize>, block: &mut EncodedBlock<T>) -> Result<(), Error> {
        self.rows.read(rows, block)?;
        if let Some(of_class) = &self.class_weights {
            block.weigh(of_class);
        }
        Ok(())
    }

    /// Returns the sum of what `each` adds for every leaf of `leaf` rows of all ranks, or of nothing after a failure.
    ///
    /// `each` gets a block and the places of the leaf among the rows of the block, and the place of its first row among
    /// those of all ranks. `sides` has memory for the rows of this rank.
    pub(crate) fn sum<W: Send, A: Sum + Wire + Send, P: ByRows>(
        &self,
        tally: &mut Tally<A>,
        workers: &mut [W],
        leaf: usize,
        sides: P,
        zero: impl Fn(Option<A>) -> A + Sync,
        each: impl Fn(&mut W, &EncodedBlock<T>, Range<usize>, usize, &mut A, P) + Sync,
    ) -> A {
        if self.failed().is_some() {
            return zero(None);
        }
        let (own, most) = (&self.own, workers.len() + 2);
        let leaves =
            PIECE_BYTES / size_of::<T>().saturating_mul(self.width.columns).saturating_mul(leaf).max(1);
        let piece = leaf << leaves.max(1).ilog2();
        let pieces =
            || parts(own.len(), piece, ()).map(|(rows, ())| own.start + rows.start..own.start + rows.end);
        let mut buffers = std::mem::take(&mut *self.buffers.lock().unwrap_or_else(PoisonError::into_inner));
        buffers.resize_with(most, EncodedBlock::default);
        let read = |rows, block: &mut EncodedBlock<T>| self.read(rows, block);
        let ((), buffers, result) = ahead(read, pieces(), buffers, |loaded| {
            let of_pieces = parts(own.len(), piece, sides);
            let loaded = of_pieces.zip(loaded).map(|((_, sides), loaded)| (loaded.rows(), loaded, sides));
            tally.over_pieces(workers, leaf, loaded, &zero, |worker, rows, loaded, sum, sides| {
                let first = loaded.rows().start;
                each(worker, loaded, rows.start - first..rows.end - first, rows.start, sum, sides);
            });
        });
        *self.buffers.lock().unwrap_or_else(PoisonError::into_inner) = buffers;
        let result = match self.exchange {
            Some(exchange) => tally.exchange(exchange, self.count.div_ceil(leaf), result.err().as_ref()),
            None => result,
        };
        let total = tally.total(&zero);
        let Err(error) = result else { return total };
        self.fail(error);
        zero(None)
    }

    /// Calls `use_rows` with some rows of any ranks, or with zeros after a failure. All ranks call it with the same rows.
    pub(crate) fn with<R>(&self, rows: Range<usize>, use_rows: impl FnOnce(&EncodedBlock<T>) -> R) -> R {
        if self.failed().is_some() {
            return use_rows(&EncodedBlock::zeros(rows.len(), self.width));
        }
        let spare = self.buffers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut block = spare.unwrap_or_default();
        let part = common(&rows, &self.own);
        let read = if part.is_empty() { Ok(()) } else { self.read(part.clone(), &mut block) };
        let result = match self.exchange {
            Some(exchange) => self.assemble(exchange, &rows, read, (part, &block)),
            None => read.map(|()| None),
        };
        match result {
            Ok(received) => {
                let value = use_rows(received.as_ref().unwrap_or(&block));
                self.buffers.lock().unwrap_or_else(PoisonError::into_inner).push(block);
                value
            }
            Err(error) => {
                self.fail(error);
                use_rows(&EncodedBlock::zeros(rows.len(), self.width))
            }
        }
    }

    /// Sends the part of a block that this rank has to the others, and gets theirs. Returns the block, unless all of it
    /// is here.
    fn assemble(
        &self,
        exchange: &dyn Exchange,
        rows: &Range<usize>,
        read: Result<(), Error>,
        (part, own): (Range<usize>, &EncodedBlock<T>),
    ) -> Result<Option<EncodedBlock<T>>, Error> {
        let messages = gather(exchange, read.err().as_ref(), |message| {
            if !part.is_empty() {
                part.start.write(message);
                own.write(message);
            }
        })?;
        if part == *rows {
            return Ok(None);
        }
        let mut whole = EncodedBlock::zeros(rows.len(), self.width);
        let mut next = rows.start;
        for (rank, message) in messages.iter().enumerate().filter(|(_, message)| !message.is_empty()) {
            let unread = Error::RankMessage { rank, reader: exchange.rank() };
            let (first, lent): (usize, EncodedBlock<T>) = decoded(message).ok_or(unread.clone())?;
            let count = lent.rows();
            if first != next || count > rows.end - next || !lent.has(count, self.width, self.classes) {
                return Err(unread);
            }
            whole.copy(first - rows.start, &lent, 0..count);
            next += count;
        }
        let missing =
            Error::RankMessage { rank: exchange.ranks().saturating_sub(1), reader: exchange.rank() };
        if next == rows.end { Ok(Some(whole)) } else { Err(missing) }
    }

    /// Returns whether any rank wants to stop. All ranks call it equally often.
    pub(crate) fn agree(&self, stop: bool) -> bool {
        let Some(exchange) = self.exchange.filter(|_| self.failed().is_none()) else {
            return stop || self.failed().is_some();
        };
        match gather(exchange, None, |message| stop.write(message)) {
            Ok(messages) => messages.iter().any(|message| decoded(message) != Some(false)),
            Err(error) => {
                self.fail(error);
                true
            }
        }
    }
}

impl<T: Real> std::fmt::Debug for Stream<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("own", &self.own).field("count", &self.count).finish_non_exhaustive()
    }
}
