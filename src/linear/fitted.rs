//! The fitted logistic regression.

use nalgebra::{DMatrix, DVector};

use crate::check;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::kernel::{Strided, Workspace, all_finite, product};
use crate::label::Label;
use crate::loss::{log_probabilities, probabilities};
use crate::real::Real;
use crate::report::FitReport;

/// A fitted [`LogisticRegression`](crate::LogisticRegression).
#[derive(Debug, Clone, PartialEq)]
pub struct FittedLogistic<T: Real, L> {
    classes: Vec<L>,
    coefficients: DMatrix<T>,
    intercept: DVector<T>,
    terms: Terms,
    report: FitReport,
}

/// What the objective of a fit consisted of, besides the data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Terms {
    /// λ beside the mean loss.
    pub(super) lambda: f64,
    pub(super) intercept: bool,
}

impl<T: Real, L: Label> FittedLogistic<T, L> {
    pub(super) fn new(
        classes: Vec<L>,
        coefficients: DMatrix<T>,
        intercept: Vec<T>,
        terms: Terms,
        report: FitReport,
    ) -> Result<Self, Error> {
        if !all_finite(coefficients.as_slice()) || !all_finite(&intercept) || !report.objective.is_finite() {
            return Err(Error::FitOverflow);
        }
        Ok(FittedLogistic { classes, coefficients, intercept: DVector::from_vec(intercept), terms, report })
    }

    /// The coefficients: d x 1 for two classes, for the log-odds of the second; d x K for more, where rows sum to 0.
    pub fn coefficients(&self) -> &DMatrix<T> {
        &self.coefficients
    }

    /// The intercepts: one for two classes, K for more, which sum to 0. Zero if the model was fitted without.
    pub fn intercept(&self) -> &DVector<T> {
        &self.intercept
    }

    pub(super) fn terms(&self) -> Terms {
        self.terms
    }

    /// How the fit went.
    pub fn report(&self) -> &FitReport {
        &self.report
    }
}

impl<T: Real, L: Label> Classifier<T> for FittedLogistic<T, L> {
    type Label = L;

    fn classes(&self) -> &[L] {
        &self.classes
    }

    fn features(&self) -> usize {
        self.coefficients.nrows()
    }

    fn decision_function(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        check::count("x", "columns", self.features(), x.ncols())?;
        let rows = x.nrows();
        let mut scores = DMatrix::zeros(rows, self.coefficients.ncols());
        let out = (scores.as_mut_slice(), rows);
        product(x.into(), Strided::from(&self.coefficients), out, false, &mut Workspace::default());
        for (mut column, &b) in scores.column_iter_mut().zip(self.intercept.iter()) {
            column.add_scalar_mut(b);
        }
        // A number that is not finite reaches the scores of its row whatever the coefficients: x is read only once.
        if let Err(overflow) = check::scores(&scores) {
            check::finite("x", x)?;
            return Err(overflow);
        }
        Ok(scores)
    }

    fn predict_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        Ok(probabilities(&self.decision_function(x)?, self.classes.len()))
    }

    fn predict_log_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        Ok(log_probabilities(&self.decision_function(x)?))
    }
}
