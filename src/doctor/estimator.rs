//! Fits of estimators that the doctor watches.

use std::any::Any;

use super::diagnosis::Diagnosis;
use super::finding::{Finding, Severity};
use super::settings::Doctor;
use super::training::{Decided, Visit, decided, of_stop};
use crate::check;
use crate::classifier::Classifier;
use crate::code::Code;
use crate::error::Error;
use crate::estimator::{Estimator, FitOptions};
use crate::label::Label;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::train::Attendance;

/// Optional inputs to a fit that the doctor watches: those of the fit, and rows to judge by.
#[derive(Debug)]
pub struct DiagnosedOptions<'a, T: Real, L> {
    fit: FitOptions<'a, T>,
    held_out: Option<(Rows<'a, T>, &'a [L])>,
}

impl<'a, T: Real, L> DiagnosedOptions<'a, T, L> {
    /// Creates options from those of the fit.
    pub fn new(fit: FitOptions<'a, T>) -> Self {
        DiagnosedOptions { fit, held_out: None }
    }

    /// Sets rows that take no part in the fit, on which the doctor compares the model with its training.
    /// Defaults to none.
    pub fn held_out(mut self, x: impl Into<Rows<'a, T>>, y: &'a [L]) -> Self {
        self.held_out = Some((x.into(), y));
        self
    }
}

impl<'a, T: Real, L> From<FitOptions<'a, T>> for DiagnosedOptions<'a, T, L> {
    fn from(fit: FitOptions<'a, T>) -> Self {
        DiagnosedOptions::new(fit)
    }
}

/// Fits with a diagnosis, for every [`Estimator`].
///
/// The doctor looks at the classifier's decisions and at its report. Within the estimators of this crate,
/// it also watches every logistic regression and every network that is part of the fit: in a
/// [`Pipeline`](crate::Pipeline), a search or one of several classifiers of two classes. Fits to folds are not
/// watched, only those to all rows.
pub trait FitDiagnosed<T: Real>: Estimator<T> {
    /// Fits like [`Estimator::fit`], and returns the diagnosis beside the classifier. Watching does not change
    /// a bit of the classifier.
    ///
    /// # Errors
    /// Returns the errors of [`Estimator::fit`], which [`Diagnosis::of_error`] explains, and
    /// [`Error::InvalidParameter`] if a setting of the doctor is out of range.
    ///
    /// # Examples
    /// ```
    /// use logit::doctor::{Code, Doctor, FitDiagnosed};
    /// use logit::{LogisticRegression, Penalty, Pipeline, StandardScaler, data};
    ///
    /// let cancer = data::breast_cancer();
    /// let doctor = Doctor::new().probe(2_000_000);
    ///
    /// let penalized = LogisticRegression::new(Penalty::l2(100.0));
    /// let pipeline = Pipeline::new(StandardScaler::new(), penalized);
    /// let (_, diagnosis) = pipeline.fit_diagnosed(&cancer.x, &cancer.y, &doctor)?;
    /// assert_eq!(diagnosis.root().map(|finding| finding.code), Some(Code::TooMuchPenalty));
    ///
    /// let usual = LogisticRegression::new(Penalty::c(1.0));
    /// let pipeline = Pipeline::new(StandardScaler::new(), usual);
    /// let (_, diagnosis) = pipeline.fit_diagnosed(&cancer.x, &cancer.y, &doctor)?;
    /// assert!(diagnosis.is_healthy());
    /// # Ok::<(), logit::Error>(())
    /// ```
    fn fit_diagnosed<'a, L: Label>(
        &self,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
        doctor: &Doctor,
    ) -> Result<(Self::Fitted<L>, Diagnosis), Error> {
        self.fit_diagnosed_with(x, y, doctor, FitOptions::new())
    }

    /// Fits like [`Estimator::fit_with`] with weights, an observer or held-out rows, and returns the diagnosis
    /// beside the classifier. Fits with offsets are judged by their report alone, because predictions leave the
    /// offsets out.
    ///
    /// # Errors
    /// Returns the errors of [`Estimator::fit_with`] and of [`fit_diagnosed`](Self::fit_diagnosed), and those
    /// of predictions for the held-out rows.
    fn fit_diagnosed_with<'a, 'o, L: Label>(
        &self,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
        doctor: &Doctor,
        options: impl Into<DiagnosedOptions<'o, T, L>>,
    ) -> Result<(Self::Fitted<L>, Diagnosis), Error> {
        doctor.check()?;
        let x = x.into();
        let DiagnosedOptions { mut fit, held_out } = options.into();
        if let Some((x, y)) = held_out {
            check::labels(x, y.len())?;
        }
        let (weights, offset) = (fit.weights, fit.offset.is_some());
        let visit = Visit { doctor: doctor.clone(), found: Vec::new() };
        let mut attendance = Attendance::<T>(Box::new(visit));
        let watch: &mut dyn Any = &mut attendance;
        let model = self.fit_with(x, y, FitOptions { attendance: Some(watch), ..fit.reborrow() })?;
        let visit: Box<dyn Any> = attendance.0;
        let parts = visit.downcast::<Visit>().map_or(Vec::new(), |visit| visit.found);
        if offset {
            // Predictions leave the offsets out, so they are not those of the fit.
            let stop = model.report().and_then(of_stop);
            return Ok((model, Diagnosis::new(stop.into_iter().collect())));
        }
        let decisions = decided(&model, x, y, weights, held_out)?;
        let diagnosis = joined(parts, decisions);
        Ok((model, diagnosis))
    }
}

impl<T: Real, E: Estimator<T>> FitDiagnosed<T> for E {}

/// The findings that the decisions of the whole model decide.
const OF_DECISIONS: [Code; 4] =
    [Code::ConstantPredictor, Code::NoSkill, Code::MajorityClass, Code::Threshold];

/// Joins what was found of the parts of a model with what its decisions show.
fn joined(parts: Vec<Diagnosis>, decided: Decided) -> Diagnosis {
    let watched = !parts.is_empty();
    let count = parts.len();
    let mut findings = Vec::new();
    let parts: Vec<_> = parts.into_iter().map(Diagnosis::into_findings).collect();
    for mut finding in parts.iter().flatten().cloned() {
        if OF_DECISIONS.contains(&finding.code) && finding.verified.is_none() {
            continue;
        }
        // One class of several may be hard to tell from the others, although all of them together are not.
        let alike = |finding: &Finding, code: Code| finding.code == code && finding.is_warning();
        let named = parts.iter().filter(|part| part.iter().any(|other| alike(other, finding.code))).count();
        if 2 * named < count || finding.verified.is_some() && decided.is_good {
            finding.severity = Severity::Info;
        }
        finding.caused_by = None;
        findings.push(finding);
    }
    findings.extend(decided.findings);
    if !watched {
        findings.extend(decided.of_stop);
    }
    Diagnosis::new(findings)
}
