//! Ranks: processes, or threads in their place, that fit one model together.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::limit::{available, within};
use super::tasks::caught;
use super::trials::attempt;
use super::wire::{Wire, decoded};
use crate::error::{Error, count, unsupported};

/// Connects the processes (ranks) that fit one model together.
///
/// Each rank has rows of its own, runs the same program, and returns the same model. What they need from each
/// other goes through [`gather`](Exchange::gather): a few messages for each pass over the rows, which do not
/// become longer with the number of rows.
///
/// Implement it on what connects your processes: MPI, sockets, pipes. [`Alone`] is a single rank, and
/// [`ranks`] runs several as threads of one process, for tests. If a connection breaks, return an error from
/// `gather` on all ranks that can still be reached: [`Error::RankLeft`] if a process has ended, or
/// [`Error::Read`].
///
/// # Examples
/// Each rank sends a number, and all of them compute the same sum:
///
/// ```
/// use logit::parallel::{Exchange, ranks};
///
/// let sums = ranks(3, |own| {
///     let messages = own.gather(&[10 * own.rank() as u8])?;
///     Ok::<_, logit::Error>(messages.iter().map(|message| message[0]).sum::<u8>())
/// })?;
/// assert_eq!(sums, [Ok(30), Ok(30), Ok(30)]);
/// # Ok::<(), logit::Error>(())
/// ```
pub trait Exchange: Sync {
    /// Returns the number of this rank, from 0.
    fn rank(&self) -> usize;

    /// Returns the number of ranks, the same on each of them.
    fn ranks(&self) -> usize;

    /// Sends `own` to all ranks and returns what each of them sent, in order of rank, with `own` at the place
    /// of this rank.
    ///
    /// All ranks call it equally often, in the same order, each on the thread of its fit. Messages may differ in
    /// length and be empty. A rank whose call failed, or whose fit ended, calls it no more. An implementation must
    /// not let the others wait for it.
    ///
    /// # Errors
    /// Returns an error if a message cannot be sent or received.
    fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>, Error>;
}

/// Gathers messages of all ranks. A rank that has failed sends its error instead.
///
/// # Errors
/// Returns the own failure, that of the first other rank, and the error of the exchange.
pub(crate) fn gather(
    exchange: &dyn Exchange,
    failed: Option<&Error>,
    write: impl FnOnce(&mut Vec<u8>),
) -> Result<Vec<Vec<u8>>, Error> {
    let mut own = Vec::new();
    match failed {
        Some(error) => error.to_string().write(&mut own),
        None => write(&mut own),
    }
    failed.is_some().write(&mut own);
    let messages = attempt("the exchange of the ranks", || exchange.gather(&own));
    if let Some(error) = failed {
        return Err(error.clone());
    }
    let mut messages = messages?;
    count("gather", "messages", exchange.ranks(), messages.len())?;
    for (rank, message) in messages.iter_mut().enumerate() {
        let unread = || Error::RankMessage { rank, reader: exchange.rank() };
        match message.pop() {
            Some(0) => {}
            Some(1) => {
                return Err(Error::RankFailed { rank, reason: decoded(message).ok_or_else(unread)? });
            }
            _ => return Err(unread()),
        }
    }
    Ok(messages)
}

/// A single rank, which has all rows.
///
/// ```
/// use logit::parallel::{Alone, Exchange};
///
/// assert_eq!((Alone.rank(), Alone.ranks()), (0, 1));
/// assert_eq!(Alone.gather(b"own")?, [b"own"]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Alone;

impl Exchange for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn ranks(&self) -> usize {
        1
    }

    fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        Ok(vec![own.to_vec()])
    }
}

/// One of several ranks that are threads of one process; see [`ranks`].
#[derive(Debug)]
pub struct ThreadRank {
    rank: usize,
    ranks: usize,
    meeting: Arc<Meeting>,
}

/// Where the ranks meet.
#[derive(Debug)]
struct Meeting {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// The number of rounds of messages that are complete.
    round: usize,
    /// The messages of this round that were sent, by rank.
    sent: Vec<Option<Vec<u8>>>,
    /// The messages of the round before. They stay until all ranks have sent their next one, so nobody misses
    /// them.
    complete: Arc<Vec<Vec<u8>>>,
    /// The first rank that ended.
    left: Option<usize>,
}

impl Meeting {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange for ThreadRank {
    fn rank(&self) -> usize {
        self.rank
    }

    fn ranks(&self) -> usize {
        self.ranks
    }

    fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let own = own.to_vec();
        let mut state = self.meeting.state();
        if let Some(rank) = state.left {
            return Err(Error::RankLeft { rank });
        }
        let round = state.round;
        if let Some(place) = state.sent.get_mut(self.rank) {
            *place = Some(own);
        }
        if state.sent.iter().all(Option::is_some) {
            state.complete = Arc::new(state.sent.iter_mut().filter_map(Option::take).collect());
            state.round += 1;
            self.meeting.changed.notify_all();
        }
        // A round that is complete is read, even if a rank has ended since.
        while state.round == round {
            if let Some(rank) = state.left {
                return Err(Error::RankLeft { rank });
            }
            state = self.meeting.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let complete = Arc::clone(&state.complete);
        drop(state);
        Ok(complete.to_vec())
    }
}

/// Tells the others that nothing more will come.
impl Drop for ThreadRank {
    fn drop(&mut self) {
        self.meeting.state().left.get_or_insert(self.rank);
        self.meeting.changed.notify_all();
    }
}

/// The largest number of ranks that are threads.
const MOST: usize = 1024;

/// Runs `run` on `count` ranks, each on a thread of its own, and returns their results in order of rank.
///
/// It shows that a program for several processes is right, in a test, on one machine. It is not a way to make
/// a fit faster: a fit on one rank uses all threads already. Each rank has its share of the threads that may
/// be used here, and at least one.
///
/// A rank that has ended makes [`gather`](Exchange::gather) return [`Error::RankLeft`] on the others, those
/// that wait for it included. So if the results are errors, the cause is the one that is not
/// [`Error::RankLeft`].
///
/// # Examples
/// ```
/// use logit::Error;
/// use logit::parallel::{Exchange, ranks};
///
/// let results = ranks(2, |own| match own.rank() {
///     0 => own.gather(b"hello").map(|messages| messages.len()),
///     _ => Ok(0),
/// })?;
/// assert_eq!(results, [Err(Error::RankLeft { rank: 1 }), Ok(0)]);
/// # Ok::<(), logit::Error>(())
/// ```
///
/// # Errors
/// Returns [`Error::InvalidParameter`] if `count` is 0 or above 1024, and [`Error::Unsupported`] if the
/// system starts no thread for each of them. If a rank panics, [`Error::Panicked`] is returned, once all
/// others have ended.
pub fn ranks<R: Send>(count: usize, run: impl Fn(&ThreadRank) -> R + Sync) -> Result<Vec<R>, Error> {
    if count == 0 || count > MOST {
        let (name, requires) = ("ranks", "between 1 and 1024");
        return Err(Error::InvalidParameter { name, value: count as f64, requires });
    }
    let state = State { round: 0, sent: vec![None; count], complete: Arc::new(Vec::new()), left: None };
    let meeting = Arc::new(Meeting { state: Mutex::new(state), changed: Condvar::new() });
    let share = share_of(count);
    let run = &run;
    // A rank has left when it is dropped: after its run, after a panic, or because its thread was not
    // started.
    let on = |rank: ThreadRank| move || within(share, || caught(|| run(&rank)));
    let members = (0..count).map(|rank| ThreadRank { rank, ranks: count, meeting: Arc::clone(&meeting) });
    let results: Option<Vec<_>> = thread::scope(|scope| {
        let mut members = members;
        let first = members.next()?;
        // All are tried, so that those that run do not wait for one that nobody has tried to start.
        let started: Vec<_> =
            members.map(|rank| thread::Builder::new().spawn_scoped(scope, on(rank)).ok()).collect();
        let first = on(first)();
        let others = started.into_iter().map(|thread| thread?.join().ok());
        std::iter::once(Some(first)).chain(others).collect()
    });
    let Some(results) = results else {
        return Err(unsupported("a thread for each rank", "this system", "use fewer ranks"));
    };
    // The first rank to end is the cause of what happened to the others.
    let cause = meeting.state().left.filter(|&rank| results.get(rank).is_some_and(Result::is_err));
    let cause = cause.or_else(|| results.iter().position(Result::is_err));
    let mut values = Vec::with_capacity(count);
    for (rank, result) in results.into_iter().enumerate() {
        match result {
            Ok(value) => values.push(value),
            Err(message) if cause == Some(rank) => {
                let message = format!("{message} (rank {rank})");
                return Err(Error::Panicked { what: "the function of a rank", message });
            }
            Err(_) => {}
        }
    }
    Ok(values)
}

/// Returns the number of threads for each of `count` ranks.
fn share_of(count: usize) -> usize {
    // Ranks wait for each other. A thread of the pool that waits with them cannot do what they ask the pool
    // for.
    #[cfg(feature = "rayon")]
    if rayon::current_thread_index().is_some() {
        return 1;
    }
    (available() / count).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::parallel::with_threads;

    proptest! {
        /// Each rank gets the messages of all, round by round, until one has had enough.
        #[test]
        fn ranks_that_end_early_hold_up_nobody(rounds in prop::collection::vec(0usize..30, 1..6)) {
            let run = |own: &ThreadRank| {
                for round in 0..rounds[own.rank()] {
                    let message = |rank: usize| vec![rank as u8; (rank + round) % 3];
                    match own.gather(&message(own.rank())) {
                        Ok(all) => assert!(all.into_iter().eq((0..rounds.len()).map(message))),
                        Err(error) => return (round, Some(error)),
                    }
                }
                (rounds[own.rank()], None)
            };
            let all = *rounds.iter().min().unwrap();
            for (rank, (done, error)) in ranks(rounds.len(), run).unwrap().into_iter().enumerate() {
                prop_assert_eq!(done, all);
                prop_assert_eq!(error.is_some(), rounds[rank] > all);
                if let Some(Error::RankLeft { rank }) = error {
                    prop_assert_eq!(rounds[rank], all);
                } else {
                    prop_assert!(error.is_none());
                }
            }
        }
    }

    #[test]
    fn the_panic_that_came_first_is_returned_after_all_have_ended() {
        let ended = Mutex::new(0);
        for panics in 0..4 {
            let error = ranks(4, |own| {
                struct Ended<'a>(&'a Mutex<usize>);
                impl Drop for Ended<'_> {
                    fn drop(&mut self) {
                        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                    }
                }
                let _ended = Ended(&ended);
                own.gather(&[]).unwrap();
                assert!(own.rank() != panics, "planted");
                // This panics on the others.
                own.gather(&[]).unwrap();
            });
            let message = format!("planted (rank {panics})");
            assert_eq!(error, Err(Error::Panicked { what: "the function of a rank", message }));
        }
        assert_eq!(*ended.lock().unwrap(), 16);
    }

    #[test]
    fn an_error_says_who_ended() {
        let results = ranks(3, |own| if own.rank() == 2 { Ok(vec![]) } else { own.gather(&[1]) }).unwrap();
        let error = results[0].as_ref().unwrap_err();
        assert_eq!(results, [Err(error.clone()), Err(error.clone()), Ok(vec![])]);
        assert_eq!(
            error.to_string(),
            "rank 2 ended while the others waited for it: look at its result, all ranks must do the same \
             steps"
        );
    }

    #[test]
    fn ranks_share_the_threads() {
        let inside = |threads, count| with_threads(threads, || ranks(count, |_| available())).unwrap();
        assert_eq!((inside(8, 2), inside(8, 3), inside(2, 5)), (vec![4; 2], vec![2; 3], vec![1; 5]));
        assert_eq!(
            with_threads(3, || ranks(1, |own| (own.rank(), own.ranks(), available()))),
            Ok(vec![(0, 1, 3)])
        );
    }

    #[test]
    fn there_is_at_least_one_rank() {
        for count in [0, MOST + 1, usize::MAX] {
            let error = ranks(count, |_| ()).unwrap_err();
            assert!(matches!(error, Error::InvalidParameter { name: "ranks", .. }), "{error}");
        }
        assert_eq!(ranks(100, |own| own.gather(&[]).map(|all| all.len())), Ok(vec![Ok(100); 100]));
    }

    /// Inside a task, which holds a thread of the pool, and with more threads than there are.
    #[test]
    fn ranks_inside_tasks_end() {
        let sums = with_threads(16, || {
            crate::parallel::tasks::map(4, 4, |_| {
                ranks(2, |own| {
                    let own_sum: usize =
                        crate::parallel::tasks::map(4, available(), |index| index).into_iter().sum();
                    own.gather(&[own_sum as u8]).map(|all| all.concat())
                })
            })
        });
        assert_eq!(sums, vec![Ok(vec![Ok(vec![6, 6]); 2]); 4]);
    }
}
