//! The result of a check: agreement, or a mismatch with a verdict on each tensor.

use std::fmt;

use thiserror::Error as ThisError;

use super::Cause;
use crate::error::Error;

/// The result of a check in which all derivatives agree.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Agreement {
    /// The number of entries checked.
    pub entries: usize,
    /// The number of entries that were left out because the function has a kink there.
    pub kinks: usize,
    /// The largest error, as a fraction of the allowed error: from 0 to 1.
    pub worst: f64,
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Agreement { entries, kinks, worst } = self;
        let left_out = if *kinks > 0 { format!(", {kinks} at kinks were left out") } else { String::new() };
        let compared = entries - kinks;
        let agree = if compared == 1 { "entry agrees" } else { "entries agree" };
        write!(f, "{compared} {agree}{left_out}; the largest error is {worst:.1e} of the tolerance")
    }
}

/// The verdict on one tensor, as part of a wrong gradient.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TensorCheck {
    /// The name of the tensor in messages, such as "`weights`" or "`weights` of layer 1 (Dense)".
    pub tensor: String,
    /// The number of wrong entries.
    pub wrong: usize,
    /// The number of entries compared.
    pub entries: usize,
}

impl fmt::Display for TensorCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TensorCheck { tensor, wrong, entries } = self;
        match (wrong, entries) {
            (_, 0) => write!(f, "{tensor} was not compared"),
            (0, _) => write!(f, "{tensor} is right"),
            _ => write!(f, "{tensor} is wrong in {wrong} of {entries} entries"),
        }
    }
}

/// A mistake in a layer, a loss or an objective.
#[derive(Clone, PartialEq, ThisError)]
#[non_exhaustive]
pub enum Mismatch {
    /// A gradient that is not the derivative of the value.
    #[error(
        "{place}: the gradient says {analytic}, differences say {numeric} (relative error {:.1e}); {wrong} of {entries} \
         entries are wrong{}{}", relative(*.analytic, *.numeric), after(": ", ", ", .tensors), after("; ", "; ", .causes)
    )]
    Gradient {
        /// The entry with the largest error, such as "`weights`[2, 0]", "parameter 7" or "input (3, 0)".
        place: String,
        /// The analytic gradient there.
        analytic: f64,
        /// The derivative by finite differences there.
        numeric: f64,
        /// The number of wrong entries.
        wrong: usize,
        /// The number of entries compared.
        entries: usize,
        /// The verdict on each tensor; empty if the parameters have no names.
        tensors: Vec<TensorCheck>,
        /// The mistakes that explain the wrong entries; empty if no known mistake does.
        causes: Vec<Cause>,
    },

    /// An entry that was not written, or is NaN. Gradients must be overwritten, not added to.
    #[error("{what} is NaN at entry {index}: it must be overwritten, not added to or left as it was")]
    NotOverwritten {
        /// The slice or matrix that should be overwritten.
        what: &'static str,
        /// The index of its first NaN.
        index: usize,
    },

    /// A repeated call with another result, or a call that changed a value that it must not change.
    #[error("{what} differs at entry {index}: {before} became {after}")]
    NotRepeatable {
        /// The result that differs.
        what: &'static str,
        /// The index of the first entry that differs.
        index: usize,
        /// The expected value.
        before: f64,
        /// The value that was found.
        after: f64,
    },

    /// A backward pass that does not return zero for an output gradient of zero.
    #[error("a backward pass from an output gradient of zero must give zero")]
    NotLinear,

    /// An output that depends on an input, but is finite although that input is NaN.
    #[error(
        "output {output} of row {row} is {value} although input {column} of that row is NaN and the output depends on it: \
         NaN in must give NaN out"
    )]
    HidesNan {
        /// The row of the NaN.
        row: usize,
        /// The column of the NaN in the input.
        column: usize,
        /// The column of the output.
        output: usize,
        /// The finite value found there.
        value: f64,
    },

    /// Too many entries at kinks, so that the check would prove too little.
    #[error(
        "{kinks} of {entries} entries lie at kinks or jumps: move the point, or the function is not smooth"
    )]
    Kinks {
        /// The number of entries at kinks.
        kinks: usize,
        /// The number of all entries.
        entries: usize,
    },

    /// A function that is NaN or infinite at the parameters of the check.
    #[error("the value is {value} at these parameters: check the gradient where the value is finite")]
    NotFinite {
        /// The value.
        value: f64,
    },

    /// Arguments that do not match, or a setting out of range.
    #[error(transparent)]
    Invalid(Error),
}

impl Mismatch {
    /// Returns the mistakes that explain a wrong gradient; empty if no known mistake does, and for all other
    /// mismatches.
    ///
    /// # Examples
    /// ```
    /// use logit::GradCheck;
    /// use logit::gradcheck::Cause;
    /// use logit::optim::{Evaluation, Objective};
    ///
    /// /// The sum of squares, with a gradient that lacks a factor.
    /// struct Squares;
    /// impl Objective<f64> for Squares {
    ///     fn parameter_count(&self) -> usize {
    ///         3
    ///     }
    ///     fn evaluate(&mut self, x: &[f64], gradient: &mut [f64]) -> Evaluation {
    ///         gradient.copy_from_slice(x);
    ///         Evaluation::of(x.iter().map(|x| x * x).sum(), gradient)
    ///     }
    /// }
    /// let error = GradCheck::new().objective(&mut Squares, &[0.3, -1.0, 2.0]).unwrap_err();
    /// let [Cause::Factor { factor, .. }] = error.causes() else { panic!("{error}") };
    /// assert!((factor - 0.5).abs() < 1e-9);
    /// ```
    pub fn causes(&self) -> &[Cause] {
        match self {
            Mismatch::Gradient { causes, .. } => causes,
            _ => &[],
        }
    }
}

/// The message, because Rust shows `Debug` if `main` returns an error.
impl fmt::Debug for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Error> for Mismatch {
    fn from(error: Error) -> Self {
        Mismatch::Invalid(error)
    }
}

fn relative(analytic: f64, numeric: f64) -> f64 {
    (analytic - numeric).abs() / numeric.abs().max(analytic.abs())
}

/// Joins the items after `start`; empty if there are none.
fn after<A: fmt::Display>(start: &str, between: &str, items: &[A]) -> String {
    let texts: Vec<String> = items.iter().map(A::to_string).collect();
    if texts.is_empty() { String::new() } else { format!("{start}{}", texts.join(between)) }
}
