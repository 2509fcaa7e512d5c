//! What a gradient check found.

use std::fmt;

use thiserror::Error as ThisError;

use super::difference::Derivative;
use crate::error::Error;

/// The derivatives agree.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Agreement {
    /// Entries looked at.
    pub entries: usize,
    /// Those of them left out because the function has a kink there.
    pub kinks: usize,
    /// The largest error found, as a fraction of what is allowed: from 0 to 1.
    pub worst: f64,
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Agreement { entries, kinks, worst } = self;
        let left_out = if *kinks > 0 { format!(", {kinks} at kinks were left out") } else { String::new() };
        let compared = entries - kinks;
        write!(f, "{compared} entries agree{left_out}; the largest error is {worst:.1e} of what is allowed")
    }
}

/// What is wrong with a layer, a loss or an objective.
#[derive(Debug, Clone, PartialEq, ThisError)]
#[non_exhaustive]
pub enum Mismatch {
    /// The gradient is not the derivative of the value.
    #[error(
        "{place}: the gradient says {analytic}, differences say {numeric} (relative error {:.1e}); {wrong} of {entries} \
         entries are wrong{}", relative(*.analytic, *.numeric), hint(*.ratio)
    )]
    Gradient {
        /// The entry with the largest error, such as "parameter 7" or "input (3, 0)".
        place: String,
        /// What the analytic gradient holds there.
        analytic: f64,
        /// What finite differences give there.
        numeric: f64,
        /// How many entries are wrong.
        wrong: usize,
        /// How many were compared.
        entries: usize,
        /// The analytic gradient over the numeric one, when that is the same number for all entries.
        ratio: Option<f64>,
    },

    /// An entry was not written, or is NaN. Gradients are overwritten, not added to.
    #[error("{what} is NaN at entry {index}: it must be overwritten, not added to or left as it was")]
    NotOverwritten {
        /// What was to be written.
        what: &'static str,
        /// Its first entry that is NaN.
        index: usize,
    },

    /// The same call gave something else, or changed what it must leave alone.
    #[error("{what} differs at entry {index}: {before} became {after}")]
    NotRepeatable {
        /// What differs.
        what: &'static str,
        /// The first entry that differs.
        index: usize,
        /// The value expected.
        before: f64,
        /// The value found.
        after: f64,
    },

    /// A backward pass from a gradient of zero gave something other than zero.
    #[error("a backward pass from an output gradient of zero must give zero")]
    NotLinear,

    /// An output that depends on an input is finite although that input is NaN.
    #[error(
        "output {output} of row {row} is {value} although input {column} of that row is NaN and the output depends on it: \
         NaN in must give NaN out"
    )]
    HidesNan {
        /// The row that the NaN was put into.
        row: usize,
        /// The column of the input that the NaN was put into.
        column: usize,
        /// The column of the output.
        output: usize,
        /// The finite value found there.
        value: f64,
    },

    /// Too many entries lie at kinks: the check would prove too little.
    #[error(
        "{kinks} of {entries} entries lie at kinks or jumps: move the point, or the function is not smooth"
    )]
    Kinks {
        /// Entries at kinks.
        kinks: usize,
        /// All entries.
        entries: usize,
    },

    /// The check was called with arguments that do not fit, or with settings out of range.
    #[error(transparent)]
    Invalid(Error),
}

fn relative(analytic: f64, numeric: f64) -> f64 {
    (analytic - numeric).abs() / numeric.abs().max(analytic.abs())
}

/// What a constant ratio usually means.
fn hint(ratio: Option<f64>) -> String {
    match ratio {
        Some(ratio) if (ratio + 1.0).abs() < 1e-6 => ": all have the wrong sign".into(),
        Some(ratio) if ratio > 1.0 => {
            format!(": all are {ratio:.6} times too large, perhaps a missing division")
        }
        Some(ratio) => format!(": all are {ratio:.6} times what they should be"),
        None => String::new(),
    }
}

/// Where a derivative belongs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Entry {
    Parameter(usize),
    Input(usize, usize),
    Score(usize, usize),
    Second(usize, usize),
    Curvature(usize, usize, usize),
    Product(usize),
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Parameter(index) => write!(f, "parameter {index}"),
            Entry::Input(row, column) => write!(f, "input ({row}, {column})"),
            Entry::Score(row, column) => write!(f, "score ({row}, {column})"),
            Entry::Second(row, column) => write!(f, "second derivative ({row}, {column})"),
            Entry::Curvature(row, i, j) => write!(f, "curvature ({i}, {j}) of row {row}"),
            Entry::Product(row) => write!(f, "entry {row} of a Hessian product"),
        }
    }
}

/// The comparisons of a check.
pub(super) struct Ledger {
    relative: f64,
    absolute: f64,
    kinks: usize,
    entries: usize,
    wrong: usize,
    /// The worst entry: where, analytic, numeric, error over allowance.
    worst: Option<(Entry, f64, f64, f64)>,
    /// Smallest and largest ratio of the two derivatives, over entries that are not almost zero.
    ratios: Option<(f64, f64)>,
}

impl Ledger {
    pub(super) fn new(relative: f64, absolute: f64) -> Self {
        Ledger { relative, absolute, kinks: 0, entries: 0, wrong: 0, worst: None, ratios: None }
    }

    pub(super) fn record(&mut self, entry: Entry, analytic: f64, numeric: Derivative) {
        self.entries += 1;
        let Derivative::Smooth(numeric) = numeric else {
            self.kinks += 1;
            return;
        };
        let allowed = self.absolute + self.relative * numeric.abs();
        let error = (analytic - numeric).abs() / allowed;
        if error.is_nan() || error > 1.0 {
            self.wrong += 1;
        }
        if self.worst.is_none_or(|(.., worst)| error.is_nan() || error > worst) {
            self.worst = Some((entry, analytic, numeric, error));
        }
        if numeric.abs() > 1e3 * self.absolute || analytic.abs() > 1e3 * self.absolute {
            let ratio = analytic / numeric;
            let (low, high) = self.ratios.unwrap_or((ratio, ratio));
            self.ratios = Some((low.min(ratio), high.max(ratio)));
        }
    }

    pub(super) fn verdict(self) -> Result<Agreement, Mismatch> {
        let Ledger { kinks, entries, wrong, .. } = self;
        if let (Some((entry, analytic, numeric, _)), true) = (self.worst, wrong > 0) {
            let constant =
                |&(low, high): &(f64, f64)| wrong > 1 && high - low <= 1e-5 * high.abs().max(low.abs());
            let ratio = self.ratios.filter(constant).map(|(low, _)| low);
            return Err(Mismatch::Gradient {
                place: entry.to_string(),
                analytic,
                numeric,
                wrong,
                entries,
                ratio,
            });
        }
        if kinks > 2 + entries / 4 || (kinks == entries && entries > 0) {
            return Err(Mismatch::Kinks { kinks, entries });
        }
        Ok(Agreement { entries, kinks, worst: self.worst.map_or(0.0, |(.., worst)| worst) })
    }
}
