//! Computations that may fail, on several threads: the error does not depend on their number.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::tasks::{caught, map};
use crate::error::Error;

/// Returns the values of a function of the indices below `count`, in order, up to the first that fails, and its error.
///
/// Indices behind one that fails may be left out.
pub(crate) fn until_error<R: Send, E: Send>(
    count: usize,
    threads: usize,
    of: impl Fn(usize) -> Result<R, E> + Sync,
) -> (Vec<R>, Option<E>) {
    let first_failed = AtomicUsize::new(usize::MAX);
    let results = map(count, threads, |index| {
        if first_failed.load(Ordering::Relaxed) < index {
            return None;
        }
        let result = of(index);
        if result.is_err() {
            first_failed.fetch_min(index, Ordering::Relaxed);
        }
        Some(result)
    });
    let mut values = Vec::with_capacity(count);
    for result in results.into_iter().flatten() {
        match result {
            Ok(value) => values.push(value),
            Err(error) => return (values, Some(error)),
        }
    }
    (values, None)
}

/// Returns the values of a function of the indices below `count`, in order, or the error of the lowest that fails.
pub(crate) fn try_map<R: Send, E: Send>(
    count: usize,
    threads: usize,
    of: impl Fn(usize) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let (values, error) = until_error(count, threads, of);
    error.map_or(Ok(values), Err)
}

/// Calls code of the user, which `what` names. A panic is an error.
pub(crate) fn attempt<R>(what: &'static str, run: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    caught(run).unwrap_or_else(|message| Err(Error::Panicked { what, message }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_error_in_order_is_returned(fails in prop::collection::vec(prop::bool::weighted(0.1), 0..60)) {
            let first = fails.iter().position(|&fails| fails);
            let of = |index: usize| if fails[index] { Err(index) } else { Ok(index) };
            for threads in [1, 2, 3, 8] {
                let (values, error) = until_error(fails.len(), threads, of);
                prop_assert_eq!(error, first);
                prop_assert_eq!(values, (0..first.unwrap_or(fails.len())).collect::<Vec<_>>());
                prop_assert_eq!(try_map(fails.len(), threads, of).err(), first);
            }
        }
    }

    #[test]
    fn nothing_runs_behind_an_error_on_one_thread() {
        let calls = AtomicUsize::new(0);
        let of = |index: usize| {
            calls.fetch_add(1, Ordering::Relaxed);
            if index == 2 { Err(()) } else { Ok(()) }
        };
        assert!(try_map(10, 1, of).is_err());
        assert_eq!(calls.into_inner(), 3);
    }

    #[test]
    fn panics_are_errors_that_say_where() {
        let error = attempt("the fit", || -> Result<(), Error> { panic!("no {}", "rows") }).unwrap_err();
        assert_eq!(error.to_string(), "the fit panicked: no rows");
        assert_eq!(attempt("the fit", || Ok(1)), Ok(1));
    }
}
