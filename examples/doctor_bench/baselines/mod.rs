//! Published rules for the same training runs, to compare with the doctor.
//!
//! The rules are written from the definitions and thresholds in the repositories of the tools, as their code
//! stood at these commits. No code of theirs is used.
//!
//! | `--rules` | tool | repository | commit |
//! |---|---|---|---|
//! | `autotrainer` | AutoTrainer, ICSE 2021 | `shiningrain/AUTOTRAINER` | `03a463ea` |
//! | `deeplocalize` | DeepLocalize, ICSE 2021 | `Wardat-ISU/DeepLocalize` | `297bc344` |
//! | `deepdiagnosis` | DeepDiagnosis, ICSE 2022 | `DeepDiagnosis/ICSE2022` | `500b0176` |
//! | `umlaut` | UMLAUT, CHI 2021 | `BerkeleyHCI/umlaut` | `68c2a022` |
//!
//! The tools are callbacks of Keras. They see a run as [`Seen`](seen::Seen) and [`Trace`](trace::Trace)
//! describe it. Where a program leaves a choice, the one with more hits or fewer alarms is taken:
//!
//! - Scores with a loss on scores are seen as probabilities with the matching loss.
//! - A finding stands for several codes, and is right if one of them is. The tables are at the top of
//!   `problems.rs`, `symptoms.rs`, `deeplocalize.rs` and `umlaut.rs`.
//! - The means over the units of a softmax, or over two units, differ by rounding alone. Rules that ask
//!   whether such a mean is 0 or stays, do not ask here.
//! - A run of L-BFGS, which Keras does not have, is a run with an epoch for each iteration.
//! - A run that diverges goes on with weights that are not numbers, as it does in Keras.
//!
//! A tool that stops the run reports errors. Test rows are the validation rows, unless the program has
//! others. Programs whose labels the loss refuses do not run, and nothing is said about them.

mod autotrainer;
mod deepdiagnosis;
mod deeplocalize;
mod measure;
mod passes;
mod problems;
mod seen;
mod symptoms;
mod trace;
mod umlaut;
mod watch;

use std::fmt;

use logit::doctor::{Code, Severity};

use super::prepare::Prepared;
use super::program::Program;
use watch::{Every, watch};

/// A tool whose rules are published.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Tool {
    AutoTrainer,
    DeepDiagnosis,
    DeepLocalize,
    Umlaut,
}

/// What a tool says about a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) what: String,
    /// The codes that this stands for.
    pub(crate) codes: Vec<Code>,
    pub(crate) severity: Severity,
}

impl Said {
    /// Creates a finding that stops the run.
    fn stop(what: impl Into<String>, codes: &[Code]) -> Self {
        Said { what: what.into(), codes: codes.to_vec(), severity: Severity::Error }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: Vec<&str> = self.codes.iter().map(|code| code.id()).collect();
        write!(f, "{} ({}): {}", codes.join("/"), self.severity, self.what)
    }
}

impl Tool {
    /// Returns the tool of a name on the command line.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "autotrainer" => Tool::AutoTrainer,
            "deepdiagnosis" => Tool::DeepDiagnosis,
            "deeplocalize" => Tool::DeepLocalize,
            "umlaut" => Tool::Umlaut,
            _ => return None,
        })
    }

    /// Returns what the tool says about the run of a program, in its order.
    pub(crate) fn judge(self, program: &Program, prepared: &Prepared) -> Vec<Said> {
        let every = if self == Tool::DeepLocalize { Every::Step } else { Every::Epoch };
        let trace = watch(program, prepared, every);
        match self {
            Tool::AutoTrainer => autotrainer::rules(&trace).into_iter().collect(),
            Tool::DeepDiagnosis => deepdiagnosis::rules(&trace).into_iter().collect(),
            Tool::DeepLocalize => deeplocalize::rules(&trace).into_iter().collect(),
            Tool::Umlaut => umlaut::rules(&trace),
        }
    }
}
