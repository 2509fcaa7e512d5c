//! Threads that stay awake between short computations.
//!
//! A thread of the pool that has nothing to do goes to sleep, and takes 25 to 50 microseconds to wake up. That is as long
//! as a product in a training step takes. Inside [`awake`] other threads look for work all the time, and a call of
//! [`for_each`](super::for_each) costs about 1 microsecond.

/// The number of operations for each thread from which threads that are awake pay: about 10 microseconds in a matrix
/// product, which takes 40 operations a nanosecond, or in a loop over memory.
const OPERATIONS: f64 = 3e5;

#[cfg(feature = "rayon")]
pub(crate) use kept::{awake, is_awake};
#[cfg(feature = "rayon")]
pub(super) use kept::keep_awake;

/// Returns the number of workers for this number of items, which take this number of operations together: one if no
/// other threads are [awake], or if that is soon done.
pub(crate) fn workers_awake(items: usize, operations: f64) -> usize {
    let threads = if is_awake() { super::available().min(items) } else { 1 };
    if threads < 2 { 1 } else { threads.min((operations / OPERATIONS) as usize).max(1) }
}

#[cfg(not(feature = "rayon"))]
pub(crate) fn awake<R>(run: impl FnOnce() -> R) -> R {
    run()
}

#[cfg(not(feature = "rayon"))]
fn is_awake() -> bool {
    false
}

#[cfg(feature = "rayon")]
mod kept {
    use std::cell::RefCell;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use crate::parallel::available;

    /// The time without work after which a thread may sleep.
    const PATIENCE: Duration = Duration::from_millis(1);
    /// The time after which a thread turns to other work that waits for it. The next call wakes one again.
    const SHIFT: Duration = Duration::from_millis(20);

    thread_local! {
        /// The threads that are kept awake for this one.
        static KEPT: RefCell<Option<Arc<Kept>>> = const { RefCell::new(None) };
    }

    /// Some threads that are kept awake.
    #[derive(Debug, Default)]
    struct Kept {
        wanted: usize,
        awake: AtomicUsize,
        ended: AtomicBool,
    }

    /// Runs a computation while as many threads as it may use are kept awake.
    ///
    /// They end soon after the computation, also if it panics, and sleep while it does nothing on several threads for a
    /// while. They take any work of the pool. Inside another call this one does nothing.
    pub(crate) fn awake<R>(run: impl FnOnce() -> R) -> R {
        struct Ended;
        impl Drop for Ended {
            fn drop(&mut self) {
                if let Some(kept) = KEPT.take() {
                    kept.ended.store(true, Ordering::Release);
                }
            }
        }
        if available() < 2 || is_awake() {
            return run();
        }
        KEPT.set(Some(Arc::new(Kept { wanted: available() - 1, ..Kept::default() })));
        let _ended = Ended;
        keep_awake();
        run()
    }

    /// Returns whether this thread is in a computation that keeps others awake.
    pub(crate) fn is_awake() -> bool {
        KEPT.with_borrow(Option::is_some)
    }

    /// Wakes up the threads that should be awake and are not.
    pub(in crate::parallel) fn keep_awake() {
        KEPT.with_borrow(|kept| {
            let Some(kept) = kept else { return };
            while kept.awake.load(Ordering::Relaxed) < kept.wanted {
                kept.awake.fetch_add(1, Ordering::Relaxed);
                let kept = Arc::clone(kept);
                rayon::spawn(move || kept.stay());
            }
        });
    }

    impl Kept {
        /// Takes work until the computation ends or there has been none for a while.
        fn stay(&self) {
            let start = Instant::now();
            let mut worked = start;
            while !self.ended.load(Ordering::Acquire) {
                let executed = rayon::yield_now() == Some(rayon::Yield::Executed);
                let now = Instant::now();
                if executed {
                    worked = now;
                }
                if now - worked > PATIENCE || now - start > SHIFT {
                    break;
                }
                for _ in 0..if executed { 0 } else { 16 } {
                    std::hint::spin_loop();
                }
            }
            self.awake.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
