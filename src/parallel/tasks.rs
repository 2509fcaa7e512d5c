//! Items that several workers take from one queue.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::limit::{available, within};

/// The smallest number of operations for each thread: about 50 microseconds, twice the time in which a thread wakes up.
const OPERATIONS: f64 = 3e5;

/// Returns the number of workers for this number of items, which take this number of multiplications (or equally long
/// operations) together: one if that is soon done.
pub(crate) fn workers_for(items: usize, operations: f64) -> usize {
    let useful = items.min((operations / OPERATIONS) as usize);
    // The first look at the machine starts the threads of the pool.
    if useful < 2 { 1 } else { useful.min(available()) }
}

/// Returns `count` workers: those that are there already, and new ones.
pub(crate) fn resized<W>(workers: &mut Vec<W>, count: usize, new: impl FnMut() -> W) -> &mut [W] {
    if workers.len() < count {
        workers.resize_with(count, new);
    }
    &mut workers[..count]
}

/// Calls `each` with every item, on as many threads as there are workers. Each worker takes the next item when it is
/// done with one, so a thread that is held up takes fewer.
///
/// A panic in `each` ends the call with the same panic, once all threads have stopped.
pub(crate) fn for_each<W: Send, I: Send>(
    workers: &mut [W],
    items: impl Iterator<Item = I> + Send,
    each: impl Fn(&mut W, I) + Sync,
) {
    match workers {
        [] => debug_assert!(false, "a computation has at least one worker"),
        [worker] => items.for_each(|item| each(worker, item)),
        [first, rest @ ..] => {
            #[cfg(test)]
            shared::count();
            let share = (available() / (rest.len() + 1)).max(1);
            share_out(first, rest, items, |worker, item| within(share, || each(worker, item)));
        }
    }
}

#[cfg(feature = "rayon")]
fn share_out<W: Send, I: Send>(
    first: &mut W,
    rest: &mut [W],
    items: impl Iterator<Item = I> + Send,
    each: impl Fn(&mut W, I) + Sync,
) {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Mutex, PoisonError};
    use std::time::{Duration, Instant};

    /// The number of times that a thread looks whether the others are done before it goes to sleep: about 50
    /// microseconds. Waking it up takes half as long.
    const LOOKS: usize = 2000;

    /// Counts a thread as done, also if it panics.
    struct Done<'a>(&'a AtomicUsize);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Release);
        }
    }

    let busy = AtomicUsize::new(rest.len());
    let queue = Mutex::new(items);
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let (busy, next, each) = (&busy, &next, &each);
    let work = move |worker: &mut W| {
        while let Some(item) = next() {
            each(worker, item);
        }
    };
    let (mut worked, mut done) = (Duration::ZERO, Instant::now());
    rayon::in_place_scope(|scope| {
        for worker in rest {
            scope.spawn(move |_| {
                let _done = Done(busy);
                work(worker);
            });
        }
        let start = Instant::now();
        work(first);
        done = Instant::now();
        worked = done - start;
        for _ in 0..LOOKS {
            if busy.load(Ordering::Acquire) == 0 {
                break;
            }
            std::hint::spin_loop();
        }
    });
    super::awake::waited(worked, done.elapsed());
}

#[cfg(not(feature = "rayon"))]
fn share_out<W: Send, I: Send>(
    first: &mut W,
    _rest: &mut [W],
    items: impl Iterator<Item = I> + Send,
    each: impl Fn(&mut W, I) + Sync,
) {
    items.for_each(|item| each(first, item));
}

/// Returns the values of a function of the indices below `count`, in order, on at most `threads` threads.
pub(crate) fn map<R: Send>(count: usize, threads: usize, of: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let mut values: Vec<Option<R>> = Vec::with_capacity(count);
    values.resize_with(count, || None);
    let mut workers = vec![(); threads.clamp(1, count.max(1))];
    for_each(&mut workers, values.iter_mut().enumerate(), |(), (index, value)| *value = Some(of(index)));
    values.into_iter().flatten().collect()
}

/// Calls code of the user. Returns the message of a panic as an error.
pub(crate) fn caught<R>(run: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| message(&*panic))
}

/// A counter of the computations that several workers shared, so that tests can show that threads are used.
#[cfg(test)]
pub(crate) mod shared {
    use std::cell::Cell;

    thread_local! {
        static SHARED: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count() {
        SHARED.set(SHARED.get() + 1);
    }

    /// Returns the number of computations within `work` that this thread shared with others.
    pub(crate) fn during(work: impl FnOnce()) -> usize {
        let before = SHARED.get();
        work();
        SHARED.get() - before
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::parallel::with_threads;

    proptest! {
        #[test]
        fn every_item_is_taken_once(count in 0usize..200, threads in 1usize..9) {
            let squares = map(count, threads, |index| index * index);
            prop_assert_eq!(squares, (0..count).map(|index| index * index).collect::<Vec<_>>());
        }
    }

    #[test]
    fn short_computations_take_one_thread() {
        with_threads(8, || {
            assert_eq!(workers_for(100, 1e4), 1);
            assert_eq!(workers_for(100, 3.0 * OPERATIONS), 3);
            assert_eq!(workers_for(100, 1e12), 8);
            assert_eq!(workers_for(2, 1e12), 2);
            assert_eq!(workers_for(0, 1e12), 1);
        });
    }

    /// A part that is computed beside others has its share of the limit, not the whole.
    #[test]
    fn parts_share_the_limit() {
        let inside = |threads| with_threads(threads, || map(4, 4, |_| available()));
        assert_eq!(inside(4), [1; 4]);
        let wanted = if cfg!(feature = "rayon") { 2 } else { 8 };
        assert_eq!(inside(8), [wanted; 4]);
        assert_eq!(with_threads(4, || map(3, 1, |_| available())), [4; 3]);
    }

    #[test]
    fn a_panic_is_passed_on_and_nothing_hangs() {
        for threads in [1, 2, 5] {
            let panicked =
                caught(|| map(40, threads, |index| if index == 17 { panic!("item {index}") } else { index }));
            assert_eq!(panicked, Err("item 17".to_owned()));
        }
        assert_eq!(map(3, 3, |index| index), [0, 1, 2]);
        assert_eq!(caught(|| std::panic::panic_any(5)), Err::<(), _>("no message".to_owned()));
        assert_eq!(caught(|| panic!("text")), Err::<(), _>("text".to_owned()));
    }
}
