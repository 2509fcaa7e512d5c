//! The findings about one data set, fit or prediction, in the order of their causes.

use std::fmt;

use super::finding::{Finding, Severity};
use crate::code::Code;
use crate::error::Error;

/// The findings about one data set, fit or prediction.
///
/// The first finding is the root cause, and its consequences follow it. Findings about the data and about
/// prediction are independent of training and come last. No findings means that nothing is wrong as far as
/// was looked.
///
/// `Display` writes a short report. With the feature `serde`, a diagnosis is a table of findings, with codes as
/// their identifiers.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Diagnosis {
    findings: Vec<Finding>,
}

/// The order in which findings explain each other: a finding explains those that come after it.
const PRECEDENCE: &[Code] = &[
    Code::LeakedTarget,
    Code::LabelCoding,
    Code::GradientMismatch,
    Code::SymmetricUnits,
    Code::LossMismatch,
    Code::NotFinite,
    Code::UnscaledColumns,
    Code::LearningRateTooLarge,
    Code::DeadUnits,
    Code::SaturatedUnits,
    Code::VanishingGradient,
    Code::LearningRateTooSmall,
    Code::PoorInitialization,
    Code::TooMuchPenalty,
    Code::FewSteps,
    Code::NotConverged,
    Code::MajorityClass,
    Code::SmallNetwork,
    Code::Threshold,
    Code::Separable,
    Code::ConflictingRows,
    Code::Overfitting,
    Code::NoSkill,
    Code::ConstantPredictor,
];

/// The findings that are independent of training, in the order of a report.
const INDEPENDENT: &[Code] = &[
    Code::ServingSkew,
    Code::RedundantColumns,
    Code::LevelNotReached,
    Code::SharedRows,
    Code::UnevenClasses,
    Code::TooFewRows,
];

impl Diagnosis {
    /// Orders findings by cause. Of several findings of one kind, the most serious stays.
    pub(crate) fn new(mut findings: Vec<Finding>) -> Self {
        let order = |code: Code| PRECEDENCE.iter().chain(INDEPENDENT).position(|&other| other == code);
        findings.sort_by_key(|finding| (order(finding.code), std::cmp::Reverse(finding.severity)));
        findings.dedup_by_key(|finding| finding.code);
        // A remark is not the cause of anything, and comes last.
        let dependent = |finding: &Finding| PRECEDENCE.contains(&finding.code);
        let remark = |finding: &Finding| finding.severity == Severity::Info;
        // With rows of a single class nothing else can be said.
        let nothing =
            |finding: &Finding| finding.code == Code::TooFewRows && finding.severity == Severity::Error;
        // Remarks that a short fit has checked say more than those about the data.
        let last = |finding: &Finding| match remark(finding) {
            true => {
                let said = finding.verified.is_some() || finding.code == Code::NotConverged;
                !said && (dependent(finding) || finding.code == Code::TooFewRows)
            }
            false => !dependent(finding),
        };
        findings.sort_by_key(|finding| (!nothing(finding), remark(finding), last(finding)));
        let root = findings.iter().find(|finding| dependent(finding) && finding.severity > Severity::Info);
        if let Some(root) = root.map(|finding| finding.code) {
            for finding in findings.iter_mut().filter(|finding| dependent(finding) && finding.code != root) {
                finding.caused_by = finding.caused_by.or(Some(root));
            }
        }
        Diagnosis { findings }
    }

    /// Orders findings about data alone, none of which explains another: remarks come last. Findings of one
    /// kind become one: the most serious says first what it found.
    pub(crate) fn of_data(mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| (finding.code, std::cmp::Reverse(finding.severity)));
        findings.dedup_by(|later, first| {
            let same = later.code == first.code;
            if same {
                first.saw.append(&mut later.saw);
                first.why = format!("{}; {}", first.why, later.why);
                first.change = format!("{}; {}", first.change, later.change);
            }
            same
        });
        let mut diagnosis = Diagnosis::new(findings);
        diagnosis.findings.iter_mut().for_each(|finding| finding.caused_by = None);
        diagnosis.findings.sort_by_key(|finding| finding.severity == Severity::Info);
        diagnosis
    }

    /// Returns the findings themselves.
    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// Returns the findings, the root cause first.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns the first finding: the root cause, or the first independent finding if there is no cause.
    pub fn root(&self) -> Option<&Finding> {
        self.findings.first()
    }

    /// Returns the finding of this kind, if there is one.
    pub fn get(&self, code: Code) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.code == code)
    }

    /// Returns the findings that are warnings or errors.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity > Severity::Info)
    }

    /// Returns whether there is neither a warning nor an error.
    pub fn is_healthy(&self) -> bool {
        self.warnings().next().is_none()
    }

    /// Joins the findings of two diagnoses.
    pub fn and(self, other: Diagnosis) -> Diagnosis {
        let mut findings = self.findings;
        findings.extend(other.findings);
        findings.iter_mut().for_each(|finding| finding.caused_by = None);
        Diagnosis::new(findings)
    }

    /// Returns the diagnosis of an error of a fit or a prediction: one finding, or none if the error is not
    /// about training.
    ///
    /// ```
    /// use logit::doctor::{Code, Diagnosis};
    /// use logit::prelude::*;
    /// use logit::{LogisticRegression, Penalty};
    /// use nalgebra::dmatrix;
    ///
    /// let x = dmatrix![1.0, f64::NAN; 2.0, 0.0];
    /// let error = LogisticRegression::new(Penalty::None).fit(&x, &[0, 1]).unwrap_err();
    /// let diagnosis = Diagnosis::of_error(&error);
    /// assert_eq!(diagnosis.root().unwrap().code, Code::NotFinite);
    /// ```
    pub fn of_error(error: &Error) -> Diagnosis {
        let Some(code) = error.code() else { return Diagnosis::default() };
        let change = match code {
            Code::NotFinite => "remove the row, or impute the entry (`Imputer`)",
            Code::LabelCoding => {
                "give class indices from 0 to K - 1, or probabilities, as the loss documents; an `Estimator` \
                 encodes labels of any type itself"
            }
            Code::UnscaledColumns => "rescale the columns (`StandardScaler`)",
            Code::RedundantColumns => "remove the columns, or add a penalty",
            Code::Separable => "add a penalty, such as `Penalty::c(1.0)`",
            Code::NotConverged => "raise the limit of iterations, or rescale the columns",
            Code::ServingSkew => "prepare rows for prediction as those of training: fit a `Pipeline`",
            Code::LevelNotReached => "give a level between 0 and 1",
            _ => "give rows of at least two classes",
        };
        let finding = Finding::new(code, Severity::Error, error.to_string(), change);
        Diagnosis::new(vec![finding])
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.findings.is_empty() {
            return f.write_str("nothing was found");
        }
        for (index, finding) in self.findings.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{finding}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(code: Code, severity: Severity) -> Finding {
        Finding::new(code, severity, "why", "change")
    }

    #[test]
    fn every_code_has_a_place_in_the_order() {
        for &code in Code::ALL {
            let places = PRECEDENCE.iter().chain(INDEPENDENT).filter(|&&other| other == code).count();
            assert_eq!(places, 1, "{code}");
        }
    }

    #[test]
    fn the_cause_comes_first_and_explains_the_rest_of_training() {
        let diagnosis = Diagnosis::new(vec![
            finding(Code::ConstantPredictor, Severity::Warning),
            finding(Code::TooFewRows, Severity::Warning),
            finding(Code::DeadUnits, Severity::Info),
            finding(Code::LearningRateTooSmall, Severity::Warning),
            finding(Code::ConstantPredictor, Severity::Error),
        ]);
        let found: Vec<_> =
            diagnosis.findings().iter().map(|f| (f.code.id(), f.caused_by.map(Code::id))).collect();
        let cause = Some("D09");
        assert_eq!(found, [("D09", None), ("D01", cause), ("D22", None), ("D11", cause)]);
        assert_eq!(diagnosis.findings()[1].severity, Severity::Error);
        assert_eq!(diagnosis.warnings().count(), 3);
    }

    #[test]
    fn findings_about_data_are_joined_and_have_no_causes() {
        let mut remark = finding(Code::TooFewRows, Severity::Info).saw("rows", 4.0);
        remark.why = "also".into();
        let diagnosis = Diagnosis::of_data(vec![
            finding(Code::UnscaledColumns, Severity::Info),
            remark,
            finding(Code::TooFewRows, Severity::Warning),
            finding(Code::NotFinite, Severity::Error),
        ]);
        let found: Vec<_> = diagnosis.findings().iter().map(|f| (f.code.id(), f.caused_by)).collect();
        assert_eq!(found, [("D10", None), ("D22", None), ("D07", None)]);
        let joined = &diagnosis.findings()[1];
        assert_eq!((joined.severity, joined.why.as_str()), (Severity::Warning, "why; also"));
        assert_eq!(joined.saw.len(), 1);
    }

    #[test]
    fn remarks_alone_are_healthy() {
        let diagnosis = Diagnosis::new(vec![finding(Code::RedundantColumns, Severity::Info)]);
        assert!(diagnosis.is_healthy() && diagnosis.root().is_some());
        assert_eq!(Diagnosis::default().to_string(), "nothing was found");
    }
}
