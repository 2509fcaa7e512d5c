//! The loop over cases, on two watched threads.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::case::Case;

/// The number of cases in CI: about a minute on two threads that are not busy otherwise.
const CASES: u64 = 40_000;

/// The number of threads that cases run on.
const THREADS: usize = 2;

/// A case that computes longer does not end. It bounds work, not speed: cases usually take milliseconds.
const BOUND: Duration = Duration::from_secs(20);

/// A case that takes longer does not end either, even if its thread waits: for a lock, or for a processor that
/// is busy with other programs.
const PATIENCE: Duration = Duration::from_secs(600);

/// The number of cases that may not end before the rest is left out: each keeps a processor busy.
const HANGS: usize = 4;

/// The number of failures of a kind that are printed.
const PRINTED: usize = 5;

/// An area of attack: its name, its share of all cases in per cent, and its cases.
#[derive(Clone, Copy)]
pub(crate) struct Area {
    pub(crate) name: &'static str,
    pub(crate) share: u64,
    pub(crate) attack: fn(&mut Case),
}

/// A case that failed.
struct Failure {
    number: u64,
    kind: String,
    details: String,
    configuration: String,
}

/// What the threads of an area share.
struct Shared {
    area: Area,
    first: u64,
    cases: u64,
    next: AtomicU64,
    checked: AtomicU64,
    failures: Mutex<Vec<Failure>>,
}

/// The case that a thread works on.
#[derive(Clone)]
struct Current {
    number: u64,
    clock: Clock,
    configuration: Arc<Mutex<String>>,
}

/// The time that a thread has taken since a moment.
#[derive(Clone)]
struct Clock {
    since: Instant,
    /// The file with the thread's time on a processor, and what it said at the start; `None` on systems
    /// without it.
    processor: Option<(PathBuf, Duration)>,
}

impl Clock {
    /// Starts the clock of this thread.
    fn start() -> Self {
        let thread = std::fs::read_link("/proc/thread-self").ok();
        let file = thread.map(|thread| PathBuf::from("/proc").join(thread).join("schedstat"));
        let processor = file.and_then(|file| on_processor(&file).map(|time| (file, time)));
        Clock { since: Instant::now(), processor }
    }

    /// Returns whether the thread has computed or waited too long.
    fn is_over(&self) -> bool {
        let passed = self.since.elapsed();
        let worked = self.processor.as_ref().and_then(|(file, before)| {
            // Reading the file is not worth it before.
            if passed > BOUND { on_processor(file).map(|now| now.saturating_sub(*before)) } else { None }
        });
        worked.unwrap_or(passed) > BOUND || passed > PATIENCE
    }
}

/// Returns the time on a processor from such a file: the first number, in nanoseconds.
fn on_processor(file: &Path) -> Option<Duration> {
    let text = std::fs::read_to_string(file).ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// A thread, as the one that watches sees it.
struct Worker {
    current: Arc<Mutex<Option<Current>>>,
    /// Whether the watching thread has given it up.
    abandoned: Arc<AtomicBool>,
    handle: thread::JoinHandle<()>,
}

/// Runs the cases of an area, and panics with all failures.
pub(crate) fn attack(area: Area) {
    // The areas take turns, so that two threads work in all.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    remember_where_threads_panic();
    let (first, all) = (variable("LOGIT_ATTACK_SEED", 2026), variable("LOGIT_ATTACK_CASES", CASES));
    let shared = Arc::new(Shared {
        area,
        first,
        cases: (all * area.share).div_ceil(100).min(all),
        next: AtomicU64::new(0),
        checked: AtomicU64::new(0),
        failures: Mutex::new(Vec::new()),
    });
    watch(&shared);
    let failures = std::mem::take(&mut *lock(&shared.failures));
    let (cases, checked) = (shared.cases, shared.checked.load(Ordering::Relaxed));
    println!("{}: {cases} cases, {checked} of them checked to the end", area.name);
    assert!(failures.is_empty(), "{}", told(area, cases, failures));
    // A generator whose data are all refused would find nothing.
    assert!(cases < 100 || 10 * checked >= cases, "only {checked} of {cases} cases were checked to the end");
}

/// Starts the threads, and replaces those that do not return.
fn watch(shared: &Arc<Shared>) {
    let mut workers: Vec<Worker> = (0..THREADS).map(|place| start(shared, place)).collect();
    let mut hangs = 0;
    while !workers.is_empty() {
        thread::sleep(Duration::from_millis(10));
        for worker in &mut workers {
            let current = lock(&worker.current).clone();
            let Some(current) = current.filter(|current| current.clock.is_over()) else { continue };
            worker.abandoned.store(true, Ordering::Relaxed);
            let configuration = lock(&current.configuration).clone();
            let details = format!("the case has worked for more than {} s", BOUND.as_secs());
            let kind = "no end".to_owned();
            lock(&shared.failures).push(Failure { number: current.number, kind, details, configuration });
            hangs += 1;
            if hangs >= HANGS {
                shared.next.store(u64::MAX / 2, Ordering::Relaxed);
            }
            *worker = start(shared, hangs + THREADS);
        }
        workers.retain(|worker| !worker.handle.is_finished());
    }
}

fn start(shared: &Arc<Shared>, place: usize) -> Worker {
    let (current, abandoned) = (Arc::new(Mutex::new(None)), Arc::new(AtomicBool::new(false)));
    let (mine, gone, shared) = (current.clone(), abandoned.clone(), shared.clone());
    let handle = thread::spawn(move || {
        let note = note_of(shared.area.name, place);
        loop {
            let index = shared.next.fetch_add(1, Ordering::Relaxed);
            if index >= shared.cases || gone.load(Ordering::Relaxed) {
                break;
            }
            let number = shared.first.wrapping_add(index);
            // The process may end here, for want of memory or stack: the note says which case it was.
            let _ = std::fs::write(&note, format!("{number}\n"));
            let configuration = Arc::new(Mutex::new(String::new()));
            let clock = Clock::start();
            *lock(&mine) = Some(Current { number, clock, configuration: configuration.clone() });
            let (checked, faults) = one(shared.area, number, &configuration);
            *lock(&mine) = None;
            if gone.load(Ordering::Relaxed) {
                break;
            }
            shared.checked.fetch_add(u64::from(checked), Ordering::Relaxed);
            let line = lock(&configuration).clone();
            let failures = faults.into_iter().map(|(kind, details)| Failure {
                number,
                kind,
                details,
                configuration: line.clone(),
            });
            lock(&shared.failures).extend(failures);
        }
        let _ = std::fs::remove_file(note);
    });
    Worker { current, abandoned, handle }
}

/// Runs one case. Returns whether its checks were reached, and what failed.
fn one(area: Area, number: u64, configuration: &Arc<Mutex<String>>) -> (bool, Vec<(String, String)>) {
    let mut case = Case::new(number, configuration.clone());
    let result = catch_unwind(AssertUnwindSafe(|| (area.attack)(&mut case)));
    let (checked, faults) = case.finish();
    let mut faults: Vec<_> = faults.into_iter().map(|(kind, details)| (kind.to_owned(), details)).collect();
    if let Err(payload) = result {
        let text = payload.downcast_ref::<String>().cloned();
        let text = text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let place = PLACE.with(|place| lock(place).take()).unwrap_or_default();
        faults.push((format!("panic {place}"), text.unwrap_or_default()));
    }
    (checked, faults)
}

thread_local! {
    /// Where this thread panicked last.
    static PLACE: Mutex<Option<String>> = const { Mutex::new(None) };
}

/// Keeps the place of a panic inside a case for its report, in place of printing it.
fn remember_where_threads_panic() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // Tests have names, the threads of cases and of `rayon` do not.
            match (thread::current().name(), panic.location()) {
                (None, Some(place)) => {
                    let place = format!("at {}:{}", place.file(), place.line());
                    PLACE.with(|kept| *lock(kept) = Some(place));
                }
                _ => usual(panic),
            }
        }));
    });
}

/// Returns all failures by kind, each with the command that repeats it.
fn told(area: Area, cases: u64, failures: Vec<Failure>) -> String {
    let mut kinds: BTreeMap<String, Vec<Failure>> = BTreeMap::new();
    for failure in failures {
        kinds.entry(failure.kind.clone()).or_default().push(failure);
    }
    let mut text = format!("{}: {} kinds of failures in {cases} cases\n", area.name, kinds.len());
    for (kind, failures) in &mut kinds {
        failures.sort_by_key(|failure| (failure.configuration.len(), failure.number));
        let _ = writeln!(text, "\n{} x {kind}", failures.len());
        for Failure { number, details, configuration, .. } in failures.iter().take(PRINTED) {
            let details: String = details.chars().take(400).collect();
            let _ = writeln!(text, "  seed {number}: {details}\n    {configuration}");
            let command = format!("cargo test --all-features --test attack {}", area.name);
            let _ = writeln!(text, "    LOGIT_ATTACK_SEED={number} LOGIT_ATTACK_CASES=1 {command}");
        }
    }
    text
}

/// Returns a number of the environment.
fn variable<V: FromStr>(name: &str, usual: V) -> V {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is {text:?}, but must be a whole number")),
        Err(_) => usual,
    }
}

fn note_of(area: &str, place: usize) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("attack-{area}-{place}"))
}

fn lock<V>(mutex: &Mutex<V>) -> std::sync::MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
