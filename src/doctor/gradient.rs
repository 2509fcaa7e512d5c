//! The verdict of a gradient check as a finding.

use super::diagnosis::Diagnosis;
use super::finding::{Finding, Severity};
use crate::code::Code;
use crate::gradcheck::{Cause, Mismatch};

impl Diagnosis {
    /// Returns the diagnosis of a gradient that [`GradCheck`](crate::GradCheck) has found to be wrong: one
    /// finding, with the mistake if it is a known one.
    ///
    /// A gradient that is wrong for some classes only, such as a formula for labels -1 and +1 with labels 0 and
    /// 1, is a [`Code::LabelCoding`]. Everything else is a [`Code::GradientMismatch`].
    ///
    /// ```
    /// use logit::GradCheck;
    /// use logit::doctor::{Code, Diagnosis};
    /// use nalgebra::dmatrix;
    ///
    /// // The derivative of (w x - y)² in w is 2 x (w x - y).
    /// let (x, y) = (dmatrix![1.0; -2.0; 0.5], [0.3, 0.1, -0.4]);
    /// let check = GradCheck::new().by_rows(&x, &y, &[0.7], |x, y, w, gradient| {
    ///     let rows = || x.iter().zip(y);
    ///     gradient[0] = rows().map(|(x, y)| x * (w[0] * x - y)).sum();
    ///     rows().map(|(x, y)| (w[0] * x - y).powi(2)).sum()
    /// });
    /// let mismatch = check.unwrap_err();
    /// let diagnosis = Diagnosis::of_gradient(&mismatch);
    /// assert_eq!(diagnosis.root().unwrap().code, Code::GradientMismatch);
    /// println!("{diagnosis}");
    /// ```
    pub fn of_gradient(mismatch: &Mismatch) -> Diagnosis {
        let causes = mismatch.causes();
        let of_classes = |cause: &&Cause| {
            matches!(cause, Cause::ClassWithoutGradient { .. } | Cause::ClassesDiffer { .. })
        };
        let coding = causes.iter().any(|cause| of_classes(&cause));
        let code = match mismatch {
            Mismatch::Invalid(error) => return Diagnosis::of_error(error),
            Mismatch::NotFinite { .. } => Code::NotFinite,
            _ if coding => Code::LabelCoding,
            _ => Code::GradientMismatch,
        };
        let change = match causes {
            [] => other_change(mismatch).to_owned(),
            causes => causes.iter().map(change).collect::<Vec<_>>().join("; "),
        };
        let why = match causes {
            [] => mismatch.to_string(),
            causes => causes.iter().map(Cause::to_string).collect::<Vec<_>>().join("; "),
        };
        let mut finding = Finding::new(code, Severity::Error, why, change);
        if let Mismatch::Gradient { analytic, numeric, wrong, entries, .. } = mismatch {
            finding = finding.saw("wrong entries", *wrong as f64).saw("entries", *entries as f64);
            finding = finding.saw("gradient of the worst", *analytic).saw("by differences", *numeric);
        }
        Diagnosis::new(vec![finding])
    }
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

    #[test]
    fn arguments_are_explained_as_errors() {
        let error = crate::Error::OneClass { label: "0".into() };
        let found = Diagnosis::of_gradient(&Mismatch::Invalid(error.clone()));
        assert_eq!(found, Diagnosis::of_error(&error));
        assert!(found.root().is_some());
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
        let change = |mismatch: Mismatch| {
            Diagnosis::of_gradient(&mismatch).root().map(|finding| finding.change.clone())
        };
        assert_eq!(change(gradient(-1.0)).as_deref(), Some("change the sign of the gradient"));
        assert!(change(gradient(2.0)).is_some_and(|change| change.starts_with("divide the gradient")));
        let unknown = Mismatch::NotRepeatable { what: "gradient", index: 0, before: 0.0, after: 1.0 };
        assert_eq!(change(unknown).as_deref(), Some("let the result depend on the arguments alone"));
    }
}
