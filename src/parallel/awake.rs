//! Threads that stay awake between short computations.
//!
//! A thread of the pool that has nothing to do goes to sleep, and takes 25 to 50 microseconds to wake up. That is as long
//! as a matrix product in a training step takes. Inside [`awake`] other threads look for work all the time, and a call of
//! [`for_each`](super::for_each) costs about 1 microsecond.
//!
//! This pays only while the processor has time for all of these threads. If other programs take it, each call waits for
//! the thread that is held up: beside a compiler on both cores, steps of training took 5 times as long as on one thread.
//! So a computation that has waited goes on alone for a while. The results are the same.

#[cfg(feature = "rayon")]
pub(crate) use kept::awake;
#[cfg(feature = "rayon")]
pub(super) use kept::waited;

/// The number of multiplications in a matrix product for each thread from which threads that are awake pay: 5 to 10
/// microseconds. Loops over memory count as more than their multiplications.
const OPERATIONS: f64 = 3e5;

/// Returns the number of workers for this number of items, which take this number of operations together: one if no
/// other threads are [awake], or if that is soon done.
pub(crate) fn workers_awake(items: usize, operations: f64) -> usize {
    let useful = items.min((operations / OPERATIONS) as usize);
    let workers = if useful < 2 { 1 } else { useful.min(threads()) };
    #[cfg(test)]
    tests::SHARED.set(tests::SHARED.get() + usize::from(workers > 1));
    workers
}

/// Returns the number of threads that are awake, with this one.
fn threads() -> usize {
    #[cfg(test)]
    if let Some(threads) = tests::FORCED.get() {
        return threads.min(super::available());
    }
    #[cfg(feature = "rayon")]
    return kept::threads();
    #[cfg(not(feature = "rayon"))]
    return 1;
}

#[cfg(not(feature = "rayon"))]
pub(crate) fn awake<R>(run: impl FnOnce() -> R) -> R {
    run()
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
    /// The wait in excess of the work after which a computation goes on alone: more than a call ever takes to start.
    const HELD_UP: Duration = Duration::from_micros(100);
    /// The shortest and the longest time that a computation goes on alone. A thread is usually held up for 3 to 4
    /// milliseconds, so the waits take at most a tenth of the time in the long run.
    const ALONE: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(160)];

    thread_local! {
        /// The computation of this thread that keeps others awake.
        static CURRENT: RefCell<Option<Computation>> = const { RefCell::new(None) };
    }

    struct Computation {
        kept: Arc<Kept>,
        /// The time until which the computation goes on alone.
        resumes: Instant,
        /// For how long it last went on alone.
        alone: Duration,
    }

    /// The threads that are kept awake for a computation.
    #[derive(Debug)]
    struct Kept {
        wanted: usize,
        /// The number of threads that were called.
        called: AtomicUsize,
        /// The number of those that have come.
        awake: AtomicUsize,
        ended: AtomicBool,
    }

    /// Runs a computation while other threads, as many as it may use, are kept awake.
    ///
    /// They end soon after the computation, also if it panics, and sleep while it has nothing for them. They take any
    /// work of the pool. Inside another call this one does nothing more.
    pub(crate) fn awake<R>(run: impl FnOnce() -> R) -> R {
        struct Ended;
        impl Drop for Ended {
            fn drop(&mut self) {
                if let Some(computation) = CURRENT.take() {
                    computation.kept.ended.store(true, Ordering::Release);
                }
            }
        }
        let threads = available().min(rayon::current_num_threads());
        if threads < 2 || CURRENT.with_borrow(Option::is_some) {
            return run();
        }
        let kept = Arc::new(Kept {
            wanted: threads - 1,
            called: AtomicUsize::new(0),
            awake: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
        });
        kept.call();
        CURRENT.set(Some(Computation { kept, resumes: Instant::now(), alone: Duration::ZERO }));
        let _ended = Ended;
        run()
    }

    /// Returns the number of threads that are awake for the computation of this thread, with this one.
    pub(super) fn threads() -> usize {
        CURRENT.with_borrow(|current| {
            let Some(Computation { kept, resumes, alone }) = current else { return 1 };
            if !alone.is_zero() && Instant::now() < *resumes {
                return 1;
            }
            kept.call();
            available().min(kept.awake.load(Ordering::Relaxed) + 1)
        })
    }

    /// Notes that this thread waited for others after it had worked.
    pub(in crate::parallel) fn waited(worked: Duration, waited: Duration) {
        if waited < worked + HELD_UP {
            return;
        }
        CURRENT.with_borrow_mut(|current| {
            let Some(Computation { resumes, alone, .. }) = current else { return };
            let now = Instant::now();
            let again = now.saturating_duration_since(*resumes) < ALONE[1];
            *alone = if again { (2 * *alone).clamp(ALONE[0], ALONE[1]) } else { ALONE[0] };
            *resumes = now + *alone;
        });
    }

    impl Kept {
        /// Calls the threads that are missing.
        fn call(self: &Arc<Self>) {
            while self.called.load(Ordering::Relaxed) < self.wanted {
                self.called.fetch_add(1, Ordering::Relaxed);
                let kept = Arc::clone(self);
                rayon::spawn(move || kept.stay());
            }
        }

        /// Stays awake until the computation ends or there has been no work for a while.
        fn stay(&self) {
            // A thread that waits in a computation of its own would hold it up.
            if CURRENT.with_borrow(Option::is_none) {
                self.awake.fetch_add(1, Ordering::Relaxed);
                self.take_work();
                self.awake.fetch_sub(1, Ordering::Relaxed);
            }
            self.called.fetch_sub(1, Ordering::Relaxed);
        }

        fn take_work(&self) {
            let start = Instant::now();
            let mut worked = start;
            while !self.ended.load(Ordering::Acquire) {
                let executed = rayon::yield_now() == Some(rayon::Yield::Executed);
                let now = Instant::now();
                if executed {
                    worked = now;
                } else if now - worked > PATIENCE || now - start > SHIFT {
                    break;
                } else {
                    (0..16).for_each(|_| std::hint::spin_loop());
                }
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::parallel::with_threads;

    thread_local! {
        pub(super) static FORCED: Cell<Option<usize>> = const { Cell::new(None) };
        /// The number of computations of this thread that several threads were to share.
        pub(crate) static SHARED: Cell<usize> = const { Cell::new(0) };
    }

    /// Runs a computation with this number of threads, as if they were awake all the time.
    pub(crate) fn with_awake<R>(threads: usize, run: impl FnOnce() -> R) -> R {
        let before = FORCED.replace(Some(threads));
        let result = with_threads(threads, run);
        FORCED.set(before);
        result
    }

    #[test]
    fn short_computations_take_one_thread() {
        assert_eq!(workers_awake(100, 1e12), 1);
        with_awake(4, || {
            assert_eq!(workers_awake(100, OPERATIONS), 1);
            assert_eq!(workers_awake(100, 3.0 * OPERATIONS), 3);
            assert_eq!(workers_awake(100, 1e12), 4);
            assert_eq!(workers_awake(2, 1e12), 2);
            assert_eq!(with_threads(1, || workers_awake(100, 1e12)), 1);
        });
    }

    /// Threads come, sleep without work, come again, and leave when the computation ends or panics.
    #[cfg(feature = "rayon")]
    #[test]
    fn threads_come_and_go() {
        use std::time::{Duration, Instant};
        let until = |wanted: usize| {
            let start = Instant::now();
            while kept::threads() != wanted && start.elapsed() < Duration::from_secs(20) {
                std::thread::yield_now();
            }
            assert_eq!(kept::threads(), wanted);
        };
        let most = rayon::current_num_threads().min(3);
        with_threads(3, || {
            awake(|| {
                until(most);
                assert_eq!(awake(kept::threads), most, "inside another call");
                // Looking for them calls them again.
                std::thread::sleep(Duration::from_millis(30));
                until(most);
                waited(Duration::ZERO, Duration::from_millis(1));
                assert_eq!(
                    kept::threads(),
                    if most > 1 { 1 } else { most },
                    "a computation that waited is alone"
                );
                until(most);
            });
            assert_eq!(kept::threads(), 1);
            assert!(std::panic::catch_unwind(|| awake(|| panic!("planted"))).is_err());
            assert_eq!(kept::threads(), 1);
        });
        assert_eq!(with_threads(1, || awake(kept::threads)), 1);
    }
}
