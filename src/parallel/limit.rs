//! The number of threads that a computation may use.

use std::cell::Cell;

use crate::error::Error;

thread_local! {
    /// The limit on this thread; all threads of the machine if there is none.
    static LIMIT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Runs a computation on at most `threads` threads.
///
/// The limit holds for every fit, prediction and search inside. Results do not depend on it, to the bit. Inside another
/// limit the smaller one holds. Zero counts as one. Threads that the computation starts itself have no limit. Without the feature `rayon` everything runs on one thread.
///
/// Estimators, searches and the bootstrap have a `threads` setting of their own. This function is for the rest:
/// predictions, transformations and metrics, or everything that a program does.
///
/// # Examples
/// ```
/// use logit::parallel::with_threads;
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, data};
///
/// let iris = data::iris();
/// let model = LogisticRegression::new(Penalty::c(1.0)).fit(&iris.x, &iris.y)?;
/// let one = with_threads(1, || model.predict_proba(&iris.x))?;
/// assert_eq!(one, model.predict_proba(&iris.x)?);
/// # Ok::<(), logit::Error>(())
/// ```
pub fn with_threads<R>(threads: usize, run: impl FnOnce() -> R) -> R {
    within(LIMIT.get().map_or(threads, |limit| limit.min(threads)), run)
}

/// Runs a computation with this limit, whatever the limit was, and restores it, also after a panic.
pub(super) fn within<R>(threads: usize, run: impl FnOnce() -> R) -> R {
    struct Restored(Option<usize>);
    impl Drop for Restored {
        fn drop(&mut self) {
            LIMIT.set(self.0);
        }
    }
    let _restored = Restored(LIMIT.replace(Some(threads.max(1))));
    run()
}

/// Returns the number of threads that may be used here.
pub(crate) fn available() -> usize {
    LIMIT.get().unwrap_or_else(of_the_machine)
}

#[cfg(feature = "rayon")]
fn of_the_machine() -> usize {
    rayon::current_num_threads()
}

#[cfg(not(feature = "rayon"))]
fn of_the_machine() -> usize {
    1
}

/// The setting `threads` of an estimator or a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Threads(Option<usize>);

impl Threads {
    /// Limits the number of threads.
    pub(crate) fn at_most(threads: usize) -> Self {
        Threads(Some(threads))
    }

    /// Checks that the setting is not 0.
    ///
    /// # Errors
    /// Returns an error if the setting is 0.
    pub(crate) fn check(self) -> Result<(), Error> {
        match self.0 {
            Some(0) => Err(Error::InvalidParameter { name: "threads", value: 0.0, requires: "at least 1" }),
            _ => Ok(()),
        }
    }

    /// Runs a computation within the limit.
    ///
    /// # Errors
    /// Returns an error if the setting is 0, and the error of the computation.
    pub(crate) fn run<R>(self, run: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
        self.check()?;
        match self.0 {
            None => run(),
            Some(threads) => with_threads(threads, run),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_limit_holds_and_the_old_one_returns() {
        let outside = available();
        with_threads(3, || {
            assert_eq!(available(), 3);
            assert_eq!(with_threads(7, available), 3);
            assert_eq!(with_threads(0, available), 1);
            let panicked = std::panic::catch_unwind(|| with_threads(2, || -> () { panic!("planted") }));
            assert!(panicked.is_err());
            assert_eq!(available(), 3);
        });
        assert_eq!(available(), outside);
    }

    #[test]
    fn no_thread_is_not_a_setting() {
        assert!(matches!(
            Threads::at_most(0).run(|| Ok(())),
            Err(Error::InvalidParameter { name: "threads", .. })
        ));
        assert_eq!(with_threads(5, || Threads::at_most(2).run(|| Ok(available()))), Ok(2));
        assert_eq!(with_threads(5, || Threads::default().run(|| Ok(available()))), Ok(5));
    }
}
