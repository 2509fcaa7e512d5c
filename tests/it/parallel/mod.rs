//! Results, errors and panics do not depend on the number of threads.

mod bootstrap;
mod fits;
mod logistic;
mod networks;
mod predictions;
mod sources;

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use logit::nalgebra::DMatrix;
use logit::parallel::with_threads;
use logit::prelude::*;
use logit::{Error, FitOptions, Label, Real, Rng, Rows};

/// Beside one: as many as a small machine has, and more.
const THREADS: [usize; 4] = [2, 3, 4, 8];

/// Checks that a computation gives the same on any number of threads as on one, and returns that.
#[track_caller]
fn same_on_any_number_of_threads<R: PartialEq + Debug>(run: impl Fn() -> R) -> R {
    let alone = with_threads(1, &run);
    for threads in THREADS {
        let beside = with_threads(threads, &run);
        assert!(beside == alone, "{threads} threads: {beside:?}\none thread: {alone:?}");
    }
    alone
}

/// The text of a result, which has all bits of its numbers.
#[track_caller]
fn on_any_number_of_threads<R: Debug>(run: impl Fn() -> R) -> String {
    same_on_any_number_of_threads(|| format!("{:?}", run()))
}

/// Overlapping classes.
fn rows<T: Real>((rows, columns): (usize, usize), classes: usize, seed: u64) -> (DMatrix<T>, Vec<usize>) {
    let mut rng = Rng::new(seed);
    let y: Vec<usize> = (0..rows).map(|row| row % classes).collect();
    let x = DMatrix::from_fn(rows, columns, |row, column| {
        T::of(rng.standard_normal() + if column == 0 { y[row] as f64 } else { 0.0 })
    });
    (x, y)
}

fn weights<T: Real>(rows: usize) -> Vec<T> {
    (0..rows).map(|row| T::of([1.0, 0.5, 2.0, 0.0, 1.5][row % 5])).collect()
}

/// A place where two threads meet.
#[derive(Default)]
struct Meeting {
    waiting: Mutex<usize>,
    met: AtomicBool,
    arrived: Condvar,
}

impl Meeting {
    /// Waits for another thread, unless two have met already.
    fn wait(&self) {
        if cfg!(not(feature = "rayon")) {
            return;
        }
        let mut waiting = self.waiting.lock().unwrap();
        *waiting += 1;
        if *waiting == 2 {
            self.met.store(true, Ordering::Relaxed);
            self.arrived.notify_all();
        }
        let alone = |_: &mut usize| !self.met.load(Ordering::Relaxed);
        let (mut waiting, _) =
            self.arrived.wait_timeout_while(waiting, Duration::from_secs(20), alone).unwrap();
        *waiting -= 1;
    }

    /// Returns whether a computation succeeds, and lets two threads meet if there can be two.
    fn happened(run: impl FnOnce(&Meeting) -> bool) -> bool {
        let meeting = Meeting::default();
        with_threads(2, || run(&meeting)) && (meeting.met.into_inner() || cfg!(not(feature = "rayon")))
    }
}

/// An estimator that meets others of its kind before a fit, and panics for rows that it does not like.
#[derive(Clone)]
struct Guest<'a, E> {
    estimator: E,
    meeting: Option<&'a Meeting>,
    /// Judges the first column of the first and the last row.
    dislikes: fn(f64, f64) -> bool,
}

impl<T: Real, E: Estimator<T>> Estimator<T> for Guest<'_, E> {
    type Fitted<L: Label> = E::Fitted<L>;

    fn fit_rows<L: Label>(
        &self,
        x: Rows<'_, T>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<E::Fitted<L>, Error> {
        if let Some(meeting) = self.meeting {
            meeting.wait();
        }
        let [first, last] = [0, x.nrows() - 1].map(|row| x[(row, 0)].as_f64());
        assert!(!(self.dislikes)(first, last), "row {first} is not to my taste");
        self.estimator.fit_rows(x, y, options)
    }
}
