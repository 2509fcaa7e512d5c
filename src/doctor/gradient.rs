//! The verdict of a gradient check as a finding.

use super::diagnosis::Diagnosis;
use super::finding::{Finding, Severity};
use crate::code::Code;
use crate::gradcheck::{Agreement, Cause, Mismatch};

/// Returns the diagnosis of a [`GradCheck`](crate::GradCheck): a wrong gradient, or nothing if the derivatives
/// agree.
///
/// The finding names the wrong tensors, the mistakes that explain them, and what to change.
///
/// # Examples
/// A gradient that is divided by the number of rows twice:
/// ```
/// use logit::GradCheck;
/// use logit::doctor::{Code, examine_gradient};
/// use logit::optim::{Evaluation, Objective};
///
/// /// The mean of the squares of four entries.
/// struct Mean;
/// impl Objective<f64> for Mean {
///     fn parameter_count(&self) -> usize {
///         4
///     }
///     fn evaluate(&mut self, x: &[f64], gradient: &mut [f64]) -> Evaluation {
///         gradient.iter_mut().zip(x).for_each(|(g, x)| *g = 2.0 * x / 16.0);
///         Evaluation::of(x.iter().map(|x| x * x).sum::<f64>() / 4.0, gradient)
///     }
/// }
/// let check = GradCheck::new().objective(&mut Mean, &[0.3, -1.0, 2.0, 0.7]);
/// let diagnosis = examine_gradient(&check);
/// assert_eq!(diagnosis.root().map(|finding| finding.code), Some(Code::GradientMismatch));
/// println!("{diagnosis}");
/// ```
pub fn examine_gradient(check: &Result<Agreement, Mismatch>) -> Diagnosis {
    let Err(mismatch) = check else { return Diagnosis::default() };
    if let Mismatch::Invalid(error) = mismatch {
        return Diagnosis::of_error(error);
    }
    let code = match mismatch {
        Mismatch::NotFinite { .. } => Code::NotFinite,
        _ => Code::GradientMismatch,
    };
    let changes: Vec<&str> = mismatch.causes().iter().map(change).collect();
    let change = match changes.as_slice() {
        [] => other_change(mismatch).to_owned(),
        changes => changes.join("; "),
    };
    let finding = Finding::new(code, Severity::Error, mismatch.to_string(), change);
    let finding = match *mismatch {
        Mismatch::Gradient { analytic, numeric, wrong, entries, .. } => finding
            .saw("gradient", analytic)
            .saw("difference quotient", numeric)
            .saw("wrong entries", wrong as f64)
            .saw("entries", entries as f64),
        _ => finding,
    };
    Diagnosis::new(vec![finding])
}

/// Returns what to change for a known mistake.
fn change(cause: &Cause) -> &'static str {
    match cause {
        Cause::Factor { factor, .. } if *factor < 0.0 => "change the sign of the gradient",
        Cause::Factor { .. } => {
            "divide the gradient by this factor: average over rows once, and keep constants"
        }
        Cause::Zero { .. } => "write the gradient of this tensor: for a bias, the sum of dz over rows",
        Cause::Transposed { .. } => "transpose the gradient, and store it column by column",
        Cause::TransposedProduct { .. } => "multiply by the transpose: xᵀ · dz",
        Cause::ActivationDerivative { missing: true, .. } => {
            "multiply dz by the derivative of the activation"
        }
        Cause::ActivationDerivative { .. } => "leave the derivative of the activation out",
        Cause::ClassWithoutGradient { .. } => {
            "use a formula for the labels that you have: p - y for 0 and 1, or code labels as -1 and +1"
        }
        Cause::ClassesDiffer { .. } => "compare the formula with the labels of these rows",
        Cause::Complement { .. } => "correct the sign in the exponent of the sigmoid",
    }
}

/// Returns what to change if no known mistake explains a mismatch.
fn other_change(mismatch: &Mismatch) -> &'static str {
    match mismatch {
        Mismatch::NotOverwritten { .. } => "write every entry of the gradient in each call",
        Mismatch::NotRepeatable { .. } => "let the result depend on the arguments alone",
        Mismatch::HidesNan { .. } => "let NaN pass through",
        Mismatch::Kinks { .. } => "check at parameters away from kinks, or use a smooth function",
        Mismatch::NotFinite { .. } => "check at parameters where the value is finite",
        _ => "correct the derivative of this tensor",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn agreement_is_healthy_and_arguments_are_explained_as_errors() {
        assert_eq!(
            examine_gradient(&Ok(Agreement { entries: 1, kinks: 0, worst: 0.1 })),
            Diagnosis::default()
        );
        let invalid = Mismatch::Invalid(Error::Empty { argument: "x", axis: "rows" });
        assert_eq!(
            examine_gradient(&Err(invalid)),
            Diagnosis::of_error(&Error::Empty { argument: "x", axis: "rows" })
        );
    }

    #[test]
    fn a_known_mistake_says_what_to_change() {
        let gradient = |factor: f64| Mismatch::Gradient {
            place: "`weights`[0, 0]".into(),
            analytic: factor,
            numeric: 1.0,
            wrong: 3,
            entries: 3,
            tensors: Vec::new(),
            causes: vec![Cause::Factor { tensors: Vec::new(), factor, rows: None }],
        };
        let found = |factor| examine_gradient(&Err(gradient(factor))).root().cloned().unwrap();
        let sign = found(-1.0);
        assert_eq!((sign.code, sign.severity), (Code::GradientMismatch, Severity::Error));
        assert_eq!(sign.change, "change the sign of the gradient");
        assert!(found(2.0).change.starts_with("divide the gradient"));
        assert_eq!(found(2.0).saw[2].to_string(), "wrong entries 3");
        let unknown = Mismatch::NotRepeatable { what: "gradient", index: 0, before: 0.0, after: 1.0 };
        let found = examine_gradient(&Err(unknown)).root().cloned().unwrap();
        assert_eq!(found.change, "let the result depend on the arguments alone");
    }
}
