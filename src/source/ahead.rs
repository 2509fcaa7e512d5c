//! Reading ahead: a thread reads the next pieces while others compute.

use std::ops::{Deref, Range};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SendError, Sender, channel};
use std::thread;

use crate::error::Error;
use crate::parallel::{attempt, with_threads};

/// The number of bytes of `x` that are read at a time, unless a leaf is larger. A call of the system takes some
/// microseconds, and a gigabyte at most a second, so a piece takes some hundred times as long as its call.
pub(super) const PIECE_BYTES: usize = 1 << 21;

/// What a panic in the reader is a panic of.
const READER: &str = "reading ahead";

/// A piece of rows that was read. When it is dropped, its buffer is read to again.
#[derive(Debug)]
pub(crate) struct Loaded<'a, B: Default> {
    rows: Range<usize>,
    buffer: B,
    free: &'a Sender<B>,
}

impl<B: Default> Loaded<'_, B> {
    /// Returns the rows of the piece.
    pub(crate) fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }
}

/// The buffer with the rows.
impl<B: Default> Deref for Loaded<'_, B> {
    type Target = B;

    fn deref(&self) -> &B {
        &self.buffer
    }
}

impl<B: Default> Drop for Loaded<'_, B> {
    fn drop(&mut self) {
        // The receiver ends before only if the reader has panicked.
        let _ = self.free.send(std::mem::take(&mut self.buffer));
    }
}

/// Reads pieces of rows in order, ahead of their use, on a thread of its own. Returns what `run` returns, the
/// buffers, and the first error of a read.
///
/// `run` gets the pieces that were read, and may share them out to several workers. Each worker holds one
/// piece at a time and drops it before it asks for the next. With one buffer more than there are workers,
/// none of them waits for a piece that could have been read before; at least two buffers are needed to read
/// ahead at all. The pieces end before one that cannot be read. If `run` returns early, or panics, at most
/// the read that has begun is completed, and an error of a piece that `run` has not asked for is no error.
///
/// If the system starts no thread, pieces are read when they are asked for. `B: Default` makes what stays in
/// a piece when its buffer is given back.
pub(crate) fn ahead<B: Default + Send, R>(
    read: impl Fn(Range<usize>, &mut B) -> Result<(), Error> + Sync,
    mut pieces: impl Iterator<Item = Range<usize>> + Send,
    buffers: Vec<B>,
    run: impl FnOnce(&mut (dyn Iterator<Item = Loaded<'_, B>> + Send)) -> R,
) -> (R, Vec<B>, Result<(), Error>) {
    if buffers.is_empty() {
        let error = Error::InvalidParameter { name: "buffers", value: 0.0, requires: "at least 1" };
        return (run(&mut std::iter::empty()), buffers, Err(error));
    }
    let (buffers, run) = match beside(&read, &mut pieces, buffers, run) {
        Ok(done) => return done,
        Err(not_started) => not_started,
    };
    inline(read, pieces, buffers, run)
}

/// Reads on a thread of its own. Returns the buffers and `run` if there is none.
#[allow(clippy::type_complexity, reason = "the result of `ahead`, or the arguments that it needs to go on")]
fn beside<B: Default + Send, R, F>(
    read: &(impl Fn(Range<usize>, &mut B) -> Result<(), Error> + Sync),
    pieces: &mut (impl Iterator<Item = Range<usize>> + Send),
    buffers: Vec<B>,
    run: F,
) -> Result<(R, Vec<B>, Result<(), Error>), (Vec<B>, F)>
where
    F: FnOnce(&mut (dyn Iterator<Item = Loaded<'_, B>> + Send)) -> R,
{
    // No more pieces are under way than there are buffers, so both channels are bounded.
    let (free, to_read) = channel();
    let (full, loaded) = channel();
    let stopped = AtomicBool::new(false);
    let reader = Reader { read, full, to_read, stopped: &stopped };
    thread::scope(|scope| {
        // The reader waits for nothing that outlives this closure, also in a panic.
        let (free, mut loaded) = (free, loaded);
        let all = move || apart(|| with_threads(1, || reader.all(pieces)));
        let Ok(reader) = thread::Builder::new().spawn_scoped(scope, all) else { return Err((buffers, run)) };
        buffers.into_iter().for_each(|buffer| drop(free.send(buffer)));
        let mut pieces = Pieces { free: &free, loaded: &mut loaded, ended: false };
        let stop = Stop(&stopped);
        let value = run(&mut pieces);
        drop(stop);
        let ended = pieces.ended;
        drop(free);
        let (mut buffers, result) = match reader.join() {
            Ok((to_read, held, result)) => (to_read.into_iter().chain(held).collect(), result),
            Err(_) => (
                Vec::new(),
                Err(Error::Panicked { what: READER, message: "the pieces cannot be listed".to_owned() }),
            ),
        };
        buffers.extend(loaded.into_iter().map(|(_, buffer)| buffer));
        Ok((value, buffers, if ended { result } else { Ok(()) }))
    })
}

/// Runs the reader in a pool of its own: a source that uses the pool of the workers would wait for them, and they wait
/// for it.
#[cfg(feature = "rayon")]
fn apart<R: Send>(read: impl FnOnce() -> R + Send) -> R {
    match rayon::ThreadPoolBuilder::new().num_threads(1).build() {
        Ok(pool) => pool.install(read),
        Err(_) => read(),
    }
}

#[cfg(not(feature = "rayon"))]
fn apart<R: Send>(read: impl FnOnce() -> R + Send) -> R {
    read()
}

/// The thread that reads.
struct Reader<'a, F, B> {
    read: &'a F,
    full: Sender<(Range<usize>, B)>,
    to_read: Receiver<B>,
    stopped: &'a AtomicBool,
}

impl<F: Fn(Range<usize>, &mut B) -> Result<(), Error>, B> Reader<'_, F, B> {
    /// Reads all pieces. Returns the free buffers, and the one that it holds.
    fn all(self, pieces: impl Iterator<Item = Range<usize>>) -> (Receiver<B>, Option<B>, Result<(), Error>) {
        for rows in pieces {
            let Ok(mut buffer) = self.to_read.recv() else { break };
            if self.stopped.load(Ordering::Relaxed) {
                return (self.to_read, Some(buffer), Ok(()));
            }
            if let Err(error) = attempt(READER, || (self.read)(rows.clone(), &mut buffer)) {
                return (self.to_read, Some(buffer), Err(error));
            }
            if let Err(SendError((_, buffer))) = self.full.send((rows, buffer)) {
                return (self.to_read, Some(buffer), Ok(()));
            }
        }
        (self.to_read, None, Ok(()))
    }
}

/// Tells the reader that no more pieces are needed.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The pieces that another thread reads.
struct Pieces<'a, 'b, B> {
    free: &'a Sender<B>,
    loaded: &'b mut Receiver<(Range<usize>, B)>,
    ended: bool,
}

impl<'a, B: Default> Iterator for Pieces<'a, '_, B> {
    type Item = Loaded<'a, B>;

    fn next(&mut self) -> Option<Loaded<'a, B>> {
        let piece = self.loaded.recv().ok();
        self.ended |= piece.is_none();
        piece.map(|(rows, buffer)| Loaded { rows, buffer, free: self.free })
    }
}

/// Reads pieces when they are asked for.
fn inline<B: Default + Send, R>(
    read: impl Fn(Range<usize>, &mut B) -> Result<(), Error> + Sync,
    pieces: impl Iterator<Item = Range<usize>> + Send,
    buffers: Vec<B>,
    run: impl FnOnce(&mut (dyn Iterator<Item = Loaded<'_, B>> + Send)) -> R,
) -> (R, Vec<B>, Result<(), Error>) {
    let (free, mut to_read) = channel();
    buffers.into_iter().for_each(|buffer| drop(free.send(buffer)));
    let mut inline = Inline { read: &read, pieces, free: &free, to_read: &mut to_read, result: Ok(()) };
    let value = run(&mut inline);
    let result = inline.result;
    (value, to_read.try_iter().collect(), result)
}

/// The pieces that the thread reads that asks for them.
struct Inline<'a, 'b, F, I, B> {
    read: &'b F,
    pieces: I,
    free: &'a Sender<B>,
    to_read: &'b mut Receiver<B>,
    result: Result<(), Error>,
}

impl<'a, F, I, B: Default> Iterator for Inline<'a, '_, F, I, B>
where
    F: Fn(Range<usize>, &mut B) -> Result<(), Error>,
    I: Iterator<Item = Range<usize>>,
{
    type Item = Loaded<'a, B>;

    fn next(&mut self) -> Option<Loaded<'a, B>> {
        if self.result.is_err() {
            return None;
        }
        let rows = self.pieces.next()?;
        // Another worker may hold the last buffer.
        let buffer = self.to_read.recv().ok()?;
        let mut piece = Loaded { rows: rows.clone(), buffer, free: self.free };
        self.result = attempt(READER, || (self.read)(rows, &mut piece.buffer));
        self.result.is_ok().then_some(piece)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::{Mutex, PoisonError};
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::parallel::for_each;

    type Buffer = Vec<usize>;
    type Run<'a, R> = &'a dyn Fn(&mut (dyn Iterator<Item = Loaded<'_, Buffer>> + Send)) -> R;

    /// Pieces of three rows.
    fn pieces(count: usize) -> impl Iterator<Item = Range<usize>> + Send {
        (0..count).map(|piece| 3 * piece..3 * piece + 3)
    }

    fn buffers(count: usize) -> Vec<Buffer> {
        (0..count).map(|_| Vec::with_capacity(100)).collect()
    }

    /// Reads with and without a thread, and checks that all buffers come back with their memory.
    fn both<R>(
        count: usize,
        memory: usize,
        read: impl Fn(Range<usize>) -> Result<(), Error> + Sync,
        run: Run<'_, R>,
    ) -> [(R, Result<(), Error>); 2] {
        let read = |rows: Range<usize>, buffer: &mut Buffer| {
            assert!(buffer.capacity() >= 100);
            buffer.clear();
            buffer.extend(rows.clone());
            read(rows)
        };
        let ahead = ahead(read, pieces(count), buffers(memory), run);
        let inline = inline(read, pieces(count), buffers(memory), run);
        [ahead, inline].map(|(value, buffers, result)| {
            assert_eq!(buffers.len(), memory);
            assert!(buffers.iter().all(|buffer| buffer.capacity() >= 100));
            (value, result)
        })
    }

    fn failed(rows: Range<usize>) -> Error {
        Error::Source { rows, reason: "planted".to_owned() }
    }

    proptest! {
        #[test]
        fn pieces_come_in_order_up_to_an_error(
            count in 0usize..20, memory in 1usize..5, taken in 0usize..25,
            bad in prop::option::of(0usize..25),
        ) {
            let read = |rows: Range<usize>| match bad {
                Some(bad) if rows.start == 3 * bad => Err(failed(rows)),
                _ => Ok(()),
            };
            let run = |pieces: &mut (dyn Iterator<Item = Loaded<'_, Buffer>> + Send)| {
                let check = |piece: Loaded<'_, Buffer>| {
                    assert!(piece.rows().eq(piece.iter().copied()));
                    piece.rows().start / 3
                };
                pieces.take(taken).map(check).collect::<Vec<_>>()
            };
            let good = bad.unwrap_or(count).min(count);
            for (found, result) in both(count, memory, read, &run) {
                prop_assert_eq!(found, (0..good.min(taken)).collect::<Vec<_>>());
                let fails = taken > good && good < count;
                prop_assert_eq!(result.err(), fails.then(|| failed(3 * good..3 * good + 3)));
            }
        }

        /// Also with fewer buffers than workers.
        #[test]
        fn workers_share_the_pieces(
            count in 0usize..40, memory in 1usize..6, workers in 1usize..5, slow: bool, bad in 0usize..60,
        ) {
            let read = |rows: Range<usize>| {
                if slow && rows.start.is_multiple_of(5) {
                    std::thread::sleep(Duration::from_micros(200));
                }
                if rows.start == 3 * bad { Err(failed(rows)) } else { Ok(()) }
            };
            let run = |pieces: &mut (dyn Iterator<Item = Loaded<'_, Buffer>> + Send)| {
                let found = Mutex::new(Vec::new());
                let queue = Mutex::new(pieces);
                let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                thread::scope(|scope| {
                    for _ in 0..workers {
                        scope.spawn(|| {
                            while let Some(piece) = next() {
                                assert!(piece.rows().eq(piece.iter().copied()));
                                found.lock().unwrap().push(piece.rows().start / 3);
                            }
                        });
                    }
                });
                let mut found = found.into_inner().unwrap();
                found.sort_unstable();
                found
            };
            for (found, result) in both(count, memory, read, &run) {
                prop_assert_eq!(found, (0..count.min(bad)).collect::<Vec<_>>());
                prop_assert_eq!(result.is_err(), bad < count);
            }
        }
    }

    #[test]
    fn tasks_take_pieces() {
        let sum = AtomicUsize::new(0);
        let run = |pieces: &mut (dyn Iterator<Item = Loaded<'_, Buffer>> + Send)| {
            with_threads(3, || {
                for_each(&mut [(); 3], pieces, |(), piece| {
                    sum.fetch_add(piece.iter().sum(), Ordering::Relaxed);
                });
            });
        };
        let results = both(100, 4, |_| Ok(()), &run);
        assert!(results.iter().all(|(_, result)| result.is_ok()));
        assert_eq!(sum.into_inner(), 2 * (0..300).sum::<usize>());
    }

    #[test]
    fn the_next_piece_is_read_while_one_is_used() {
        let (tell, told) = channel();
        let read = |rows: Range<usize>, _: &mut ()| tell.clone().send(rows.start).map_err(|_| failed(rows));
        let run = |pieces: &mut (dyn Iterator<Item = Loaded<'_, ()>> + Send)| {
            let first = pieces.next().map(|piece| piece.rows());
            (first, told.iter().take(2).collect::<Vec<_>>())
        };
        let (value, buffers, result) = ahead(read, pieces(5), vec![(); 2], run);
        assert_eq!((value, buffers.len(), result), ((Some(0..3), vec![0, 3]), 2, Ok(())));
    }

    #[test]
    fn reading_stops_with_the_run() {
        let reads = AtomicUsize::new(0);
        let read = |_: Range<usize>, _: &mut ()| {
            reads.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        let endless = || (0..).map(|row| row..row + 1);
        let (row, ..) =
            ahead(read, endless(), vec![(); 3], |pieces| pieces.nth(9).map(|piece| piece.rows().start));
        assert_eq!(row, Some(9));
        assert!(reads.load(Ordering::Relaxed) <= 14);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            ahead(read, endless(), vec![(); 3], |pieces| {
                let _held = pieces.next();
                panic!("planted");
            })
        }));
        assert_eq!(panicked.err().and_then(|panic| panic.downcast_ref::<&str>().copied()), Some("planted"));
    }

    #[test]
    fn panics_of_the_reader_are_errors() {
        let read = |rows: Range<usize>| if rows.start == 6 { panic!("planted") } else { Ok(()) };
        for (count, result) in both(5, 2, read, &|pieces| pieces.count()) {
            assert_eq!(count, 2);
            assert_eq!(result.unwrap_err().to_string(), "reading ahead panicked: planted");
        }
        let pieces = pieces(5).inspect(|rows| assert!(rows.start < 6));
        let (count, _, result) = ahead(|_, _| Ok(()), pieces, vec![(); 2], |pieces| pieces.count());
        assert_eq!(count, 2);
        assert_eq!(result.unwrap_err().to_string(), "reading ahead panicked: the pieces cannot be listed");
    }

    #[test]
    fn nothing_can_be_read_without_a_buffer() {
        let (count, _, result) = ahead(|_, _: &mut ()| Ok(()), pieces(5), vec![], |pieces| pieces.count());
        assert_eq!((count, result.is_err()), (0, true));
    }

    /// Checks of what is read run beside the fit, which has the other threads.
    #[test]
    fn the_reader_takes_one_thread() {
        let threads = AtomicUsize::new(0);
        let read = |_: Range<usize>, _: &mut ()| {
            threads.store(crate::parallel::available(), Ordering::Relaxed);
            Ok(())
        };
        let (count, ..) = ahead(read, pieces(1), vec![()], |pieces| pieces.count());
        assert_eq!((count, threads.into_inner()), (1, 1));
    }
}
