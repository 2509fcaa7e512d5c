//! Gradients checked against finite differences, with the causes of wrong ones.

mod by_rows;
mod cause;
mod classes;
mod difference;
mod elementwise;
mod layer;
mod layout;
mod ledger;
mod loss;
mod nan;
mod objective;
mod scores;
#[cfg(test)]
mod tests;
mod verdict;

pub use cause::Cause;
use difference::{Derivative, derivative};
use ledger::Ledger;
pub use verdict::{Agreement, Mismatch, TensorCheck};

use crate::check;
use crate::error::Error;
use crate::layer::Tensor;
use crate::rng::Rng;

/// A checker of analytic derivatives, which compares them with five-point differences in `f64`, entry by
/// entry.
///
/// Each check also tests the other requirements of layers, losses and objectives, such as repeatable results.
///
/// | method | checks |
/// |---|---|
/// | [`by_rows`](GradCheck::by_rows) | a hand-written gradient of a function of rows, labels and parameters |
/// | [`objective`](GradCheck::objective) | the gradient of an [`Objective`](crate::optim::Objective) |
/// | [`layer`](GradCheck::layer), [`layer_on`](GradCheck::layer_on) | a [`Layer`](crate::nn::Layer) |
/// | [`loss`](GradCheck::loss), [`loss_curvature`](GradCheck::loss_curvature) | a [`Loss`](crate::nn::Loss) |
/// | [`hessian`](GradCheck::hessian), [`hessian_product`](GradCheck::hessian_product) | second derivatives |
///
/// # Method
/// f'(x) is estimated as (f(x-2h) - 8 f(x-h) + 8 f(x+h) - f(x+2h)) / 12h, whose error is of order h^4: about
/// 1e-12 for moderate functions. Each estimate is repeated with half the step. If the two disagree, the
/// function has a kink nearby. The step is then reduced; if that does not help, the entry counts as a kink
/// and is left out. Kinks in more than a quarter of the entries are an error, because the check would prove
/// too little.
///
/// # Causes
/// If the gradient with respect to the parameters is wrong, the check looks for the mistakes listed in
/// [`Cause`]. Every check looks for a factor, a gradient of zero and a transpose, tensor by tensor.
/// [`by_rows`](GradCheck::by_rows) has the data and looks for all mistakes.
///
/// # Errors
/// Every check returns [`Mismatch::Invalid`] if a setting is out of range.
///
/// # Examples
/// A gradient for other labels (0/1 instead of -1/+1) does not pass:
/// ```
/// use logit::optim::{Evaluation, Objective};
/// use logit::GradCheck;
///
/// /// ln(1 + exp(-s w)) for the label s = -1, with the gradient for labels 0 and 1.
/// struct Mistaken;
/// impl Objective<f64> for Mistaken {
///     fn parameter_count(&self) -> usize {
///         1
///     }
///     fn evaluate(&mut self, w: &[f64], gradient: &mut [f64]) -> Evaluation {
///         let s = -1.0;
///         gradient[0] = 1.0 / (1.0 + (-w[0]).exp()) - s; // σ(w) - s is right for labels 0 and 1
///         Evaluation::of((1.0 + (-s * w[0]).exp()).ln(), gradient)
///     }
/// }
/// let mismatch = GradCheck::new().objective(&mut Mistaken, &[0.3]).unwrap_err();
/// assert!(mismatch.to_string().starts_with("parameter 0: the gradient says 1.574442516811659"), "{mismatch}");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GradCheck {
    step: f64,
    relative: f64,
    absolute: f64,
    max_entries: usize,
    seed: u64,
    tensors: Vec<Tensor>,
}

impl Default for GradCheck {
    fn default() -> Self {
        let tensors = Vec::new();
        GradCheck { step: 1e-3, relative: 1e-7, absolute: 1e-9, max_entries: 2000, seed: 0, tensors }
    }
}

impl GradCheck {
    /// Creates a check with default settings.
    pub fn new() -> Self {
        GradCheck::default()
    }

    /// Sets the step h of the differences, above 0, for entries around 1. Larger entries get proportionally
    /// larger steps. Defaults to 1e-3.
    pub fn step(mut self, step: f64) -> Self {
        self.step = step;
        self
    }

    /// Sets the allowed relative error, at least 0. Defaults to 1e-7.
    pub fn relative_tolerance(mut self, relative: f64) -> Self {
        self.relative = relative;
        self
    }

    /// Sets the allowed absolute error, at least 0, which matters for derivatives close to zero. Defaults to
    /// 1e-9.
    pub fn absolute_tolerance(mut self, absolute: f64) -> Self {
        self.absolute = absolute;
        self
    }

    /// Sets the maximum number of parameters and of inputs that are checked, at least 1. If there are more,
    /// this number is chosen at random. Defaults to 2000.
    pub fn max_entries(mut self, max_entries: usize) -> Self {
        self.max_entries = max_entries;
        self
    }

    /// Names the next `rows` x `columns` parameters, which are stored column by column.
    ///
    /// Call it once for each tensor, in the order of the parameter vector. Together the tensors must cover
    /// all parameters. Defaults to the names that layers give
    /// ([`Shape::tensors`](crate::nn::Shape::tensors)), and to none for other functions.
    ///
    /// # Examples
    /// ```
    /// use logit::GradCheck;
    /// use logit::optim::{Evaluation, Objective};
    ///
    /// /// w0² + 3 w1 + b, with a wrong derivative in w1.
    /// struct Mistaken;
    /// impl Objective<f64> for Mistaken {
    ///     fn parameter_count(&self) -> usize {
    ///         3
    ///     }
    ///     fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
    ///         gradient.copy_from_slice(&[2.0 * p[0], p[1], 1.0]);
    ///         Evaluation::of(p[0] * p[0] + 3.0 * p[1] + p[2], gradient)
    ///     }
    /// }
    /// let check = GradCheck::new().tensor("weights", 2, 1).tensor("bias", 1, 1);
    /// let text = check.objective(&mut Mistaken, &[0.5, 1.0, 0.0]).unwrap_err().to_string();
    /// assert!(text.starts_with("`weights`[1, 0]: the gradient says 1, differences say 3"));
    /// assert!(text.ends_with("`weights` is wrong in 1 of 2 entries, `bias` is right"));
    /// ```
    pub fn tensor(mut self, name: impl Into<String>, rows: usize, columns: usize) -> Self {
        self.tensors.push(Tensor::new(name, rows, columns));
        self
    }

    /// Sets the seed of the random output gradient of layers and of the choice of entries. Defaults to 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Returns an empty ledger, or an error if a setting is out of range.
    fn ledger(&self) -> Result<Ledger, Error> {
        check::positive("step", self.step)?;
        check::not_negative("relative_tolerance", self.relative)?;
        check::not_negative("absolute_tolerance", self.absolute)?;
        check::parameter("max_entries", self.max_entries as f64, self.max_entries > 0, "at least 1")?;
        Ok(Ledger::new(self.relative, self.absolute))
    }

    fn numeric(&self, at: f64, f: impl FnMut(f64) -> f64) -> Derivative {
        derivative(at, self.step * at.abs().max(1.0), self.relative, self.absolute, f)
    }

    /// Returns all indices below `count` or, if there are too many, a random choice of them in ascending
    /// order.
    fn chosen(&self, count: usize, rng: &mut Rng) -> Vec<usize> {
        let mut entries: Vec<usize> = (0..count).collect();
        if count > self.max_entries {
            rng.shuffle(&mut entries);
            entries.truncate(self.max_entries);
            entries.sort_unstable();
        }
        entries
    }
}

fn overwritten(what: &'static str, values: &[f64]) -> Result<(), Mismatch> {
    match values.iter().position(|v| v.is_nan()) {
        Some(index) => Err(Mismatch::NotOverwritten { what, index }),
        None => Ok(()),
    }
}

fn unchanged(what: &'static str, before: &[f64], after: &[f64]) -> Result<(), Mismatch> {
    match before.iter().zip(after).position(|(a, b)| a.to_bits() != b.to_bits()) {
        Some(index) => {
            Err(Mismatch::NotRepeatable { what, index, before: before[index], after: after[index] })
        }
        None => Ok(()),
    }
}
