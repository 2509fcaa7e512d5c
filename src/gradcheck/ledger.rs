//! The comparisons of a check, and the verdict that follows from them.

use std::fmt;

use super::difference::Derivative;
use super::layout::Layout;
use super::verdict::{Agreement, Mismatch, TensorCheck};
use super::{Cause, elementwise};

/// The position of a derivative.
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

/// The derivative of a parameter by differences, and whether the gradient disagrees with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparison {
    pub(super) index: usize,
    pub(super) numeric: f64,
    pub(super) wrong: bool,
}

/// The comparisons of a check.
pub(super) struct Ledger {
    relative: f64,
    absolute: f64,
    kinks: usize,
    entries: usize,
    wrong: usize,
    /// The worst entry: its position, its analytic and numeric derivative, and error divided by tolerance.
    worst: Option<(Entry, f64, f64, f64)>,
    /// The smallest and largest ratio of the two derivatives, over entries that are not almost zero.
    ratios: Option<(f64, f64)>,
    /// The compared parameters, without those at kinks.
    pub(super) parameters: Vec<Comparison>,
    /// The number of wrong inputs, and of inputs compared.
    inputs: (usize, usize),
    /// The number of rows, if the value may be a mean over them.
    pub(super) rows: Option<usize>,
}

impl Ledger {
    pub(super) fn new(relative: f64, absolute: f64) -> Self {
        Ledger {
            relative,
            absolute,
            kinks: 0,
            entries: 0,
            wrong: 0,
            worst: None,
            ratios: None,
            parameters: Vec::new(),
            inputs: (0, 0),
            rows: None,
        }
    }

    pub(super) fn record(&mut self, entry: Entry, analytic: f64, numeric: Derivative) {
        self.entries += 1;
        let Derivative::Smooth(numeric) = numeric else {
            self.kinks += 1;
            return;
        };
        let allowed = self.absolute + self.relative * numeric.abs();
        let error = (analytic - numeric).abs() / allowed;
        let wrong = error.is_nan() || error > 1.0;
        self.wrong += usize::from(wrong);
        if self.worst.is_none_or(|(.., worst)| error.is_nan() || error > worst) {
            self.worst = Some((entry, analytic, numeric, error));
        }
        if numeric.abs() > 1e3 * self.absolute || analytic.abs() > 1e3 * self.absolute {
            let ratio = analytic / numeric;
            let (low, high) = self.ratios.unwrap_or((ratio, ratio));
            self.ratios = Some((low.min(ratio), high.max(ratio)));
        }
        match entry {
            Entry::Parameter(index) => {
                self.parameters.push(Comparison { index, numeric, wrong });
            }
            Entry::Input(..) => self.inputs = (self.inputs.0 + usize::from(wrong), self.inputs.1 + 1),
            _ => {}
        }
    }

    /// Returns whether a parameter is wrong, so that a search for causes makes sense.
    pub(super) fn has_wrong_parameters(&self) -> bool {
        self.parameters.iter().any(|entry| entry.wrong)
    }

    /// Returns the verdict of a check without named parameters.
    pub(super) fn verdict(self) -> Result<Agreement, Mismatch> {
        self.verdict_on(&Layout { parts: Vec::new() }, Vec::new())
    }

    /// Returns the verdict, with the causes found so far.
    pub(super) fn verdict_on(self, layout: &Layout, mut causes: Vec<Cause>) -> Result<Agreement, Mismatch> {
        let Ledger { kinks, entries, wrong, .. } = self;
        if let (Some((entry, analytic, numeric, _)), true) = (self.worst, wrong > 0) {
            let place = match entry {
                Entry::Parameter(index) => layout.place(index),
                other => other.to_string(),
            };
            self.name_common_factor(&mut causes);
            let tensors = self.tensors(layout);
            return Err(Mismatch::Gradient {
                place,
                analytic,
                numeric,
                wrong,
                entries: entries - kinks,
                tensors,
                causes,
            });
        }
        if kinks > 2 + entries / 4 || (kinks == entries && entries > 0) {
            return Err(Mismatch::Kinks { kinks, entries });
        }
        Ok(Agreement { entries, kinks, worst: self.worst.map_or(0.0, |(.., worst)| worst) })
    }

    /// Names the factor that all entries have in common, whether they are parameters or not. If there are
    /// parameters, the factor must already be a cause, because causes are verified at other parameters.
    fn name_common_factor(&self, causes: &mut Vec<Cause>) {
        let constant = |&(low, high): &(f64, f64)| {
            self.wrong > 1 && high - low <= elementwise::SAME * high.abs().max(low.abs())
        };
        let Some((ratio, _)) = self.ratios.filter(constant) else { return };
        let proved = self.parameters.is_empty()
            || matches!(causes.as_slice(), [Cause::Factor { factor, .. }] if elementwise::same(*factor, ratio));
        if proved && ratio != 0.0 {
            *causes = vec![Cause::Factor { tensors: Vec::new(), factor: ratio, rows: self.rows }];
        }
    }

    fn tensors(&self, layout: &Layout) -> Vec<TensorCheck> {
        if !layout.has_names() {
            return Vec::new();
        }
        let parameters = layout.parts.iter().map(|part| {
            let inside = self.parameters.iter().filter(|entry| part.range.contains(&entry.index));
            let (wrong, entries) =
                inside.fold((0, 0), |(wrong, all), entry| (wrong + usize::from(entry.wrong), all + 1));
            TensorCheck { tensor: part.label(), wrong, entries }
        });
        let (wrong, entries) = self.inputs;
        let inputs = (entries > 0).then(|| TensorCheck {
            tensor: "the gradient of the input".to_owned(),
            wrong,
            entries,
        });
        parameters.chain(inputs).collect()
    }
}
