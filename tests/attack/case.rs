//! One case: its random numbers, a line that describes it, and what it found.

use std::fmt::Display;
use std::sync::{Arc, Mutex};

use crate::draw::Draw;

/// A case while it runs.
pub(crate) struct Case {
    pub(crate) draw: Draw,
    /// The configuration so far, shared with the thread that watches.
    configuration: Arc<Mutex<String>>,
    /// What failed: the kind and the details.
    faults: Vec<(&'static str, String)>,
    checked: bool,
}

impl Case {
    pub(crate) fn new(number: u64, configuration: Arc<Mutex<String>>) -> Self {
        Case { draw: Draw::new(number), configuration, faults: Vec::new(), checked: false }
    }

    /// Adds words to the line that describes the case.
    pub(crate) fn say(&self, words: impl Display) {
        if let Ok(mut line) = self.configuration.lock() {
            line.push_str(&format!("{words}; "));
        }
    }

    /// Records a fault, the first of each kind.
    pub(crate) fn fault(&mut self, kind: &'static str, details: impl Display) {
        if self.faults.iter().all(|(known, _)| *known != kind) {
            self.faults.push((kind, details.to_string()));
        }
    }

    /// Records a fault of this kind unless the condition holds.
    pub(crate) fn check<D: Display>(&mut self, kind: &'static str, holds: bool, details: impl FnOnce() -> D) {
        if !holds {
            self.fault(kind, details());
        }
    }

    /// Counts the case among those whose checks were reached.
    pub(crate) fn reached(&mut self) {
        self.checked = true;
    }

    /// Returns a result that must be there, or records its error.
    pub(crate) fn must<V, E: Display>(&mut self, kind: &'static str, result: Result<V, E>) -> Option<V> {
        result.map_err(|error| self.fault(kind, error)).ok()
    }

    pub(crate) fn finish(self) -> (bool, Vec<(&'static str, String)>) {
        (self.checked, self.faults)
    }
}
