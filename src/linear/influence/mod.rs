//! Leave-one-out estimates and influential rows of a fitted logistic regression.

mod form;
mod rows;

use std::fmt;

use nalgebra::DMatrix;

use self::rows::RowInfluence;
use crate::check;
use crate::classifier::Classifier;
use crate::error::{Error, unsupported};
use crate::label::Label;
use crate::linear::fitted::FittedLogistic;
use crate::linear::objective::LogisticObjective;
use crate::linear::sample::RowOptions;
use crate::loss::probabilities;
use crate::metrics::{Accuracy, LogLoss, Metric};
use crate::report::StopReason;
use crate::rows::Rows;
use crate::scalar::Real;

/// Influence diagnostics for a fitted logistic regression: leverages, Cook's distances, residuals and
/// leave-one-out predictions.
///
/// They are computed with one Newton step per row from the optimum, without a refit.
///
/// # Formula
/// With H the second derivative of Σ u l + Σ u · penalty at the optimum, x̃ the row with a 1 for the
/// intercept, u its weight, r = p - y, w = p (1 - p) and h = u w x̃ᵀH⁻¹x̃ the leverage, leaving the row out
/// moves the coefficients by H⁻¹x̃ u r / (1 - h). It moves the row's own score by x̃ᵀH⁻¹x̃ u r / (1 - h).
///
/// For K > 2 classes X_i has one row per score column, Q = X_i H⁻¹ X_iᵀ and W = diag(p) - ppᵀ. The step is
/// H⁻¹X_iᵀs with (I - u W Q) s = u r, the scores move by Q s, and h is the trace of u W Q.
///
/// Cook's distance is the squared length of the step in the metric H, divided by the number of free
/// coefficients (Pregibon does not divide).
///
/// # What is left out
/// A row is left out with all of its weight. The weight of the penalty against the *sum* of losses is
/// unchanged, as with a fixed [`Penalty::c`](crate::Penalty::c). With an L1 penalty the coefficients that are
/// zero stay zero. The error of the estimate falls with the square of the number of rows.
///
/// # Memory
/// A few numbers per row and class, and two parameters x parameters matrices. `x` is read twice.
///
/// # References
/// Pregibon (1981); Cawley and Talbot (2008) for leave-one-out by one step; Rad and Maleki (2020) for its
/// error.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, data};
///
/// let iris = data::iris();
/// let mut y = iris.y.clone();
/// y[20] = "virginica"; // A slip of the pen: it is a setosa.
/// let model = LogisticRegression::new(Penalty::l2(0.01)).fit(&iris.x, &y)?;
/// let influence = model.influence(&iris.x, &y)?;
///
/// let worst = &influence.suspicious_labels(0.5)?[0];
/// assert_eq!((worst.row, worst.label, worst.suggested), (20, "virginica", "setosa"));
/// println!("{influence}");
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Influence<L> {
    classes: Vec<L>,
    labels: Vec<usize>,
    weights: Option<Vec<f64>>,
    leverages: Vec<f64>,
    scores: DMatrix<f64>,
    probabilities: DMatrix<f64>,
    cooks_distances: Vec<f64>,
    pearson: Vec<f64>,
    deviance: Vec<f64>,
}

/// A row whose label is improbable under the model fitted to all other rows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SuspiciousLabel<L> {
    /// The index of the row, from 0.
    pub row: usize,
    /// The row's label.
    pub label: L,
    /// The probability of that label under the model without the row.
    pub probability: f64,
    /// The most probable label under the model without the row.
    pub suggested: L,
    /// The probability of the suggested label.
    pub suggested_probability: f64,
}

impl<T: Real, L: Label> FittedLogistic<T, L> {
    /// Computes the influence of the rows that the model was fitted to.
    ///
    /// # Errors
    /// Returns the same errors as [`influence_with`](Self::influence_with).
    pub fn influence<'a>(&self, x: impl Into<Rows<'a, T>>, y: &[L]) -> Result<Influence<L>, Error> {
        let x = x.into();
        self.influence_with(x, y, RowOptions::default())
    }

    /// Computes the influence of the rows that the model was fitted to.
    ///
    /// Pass the weights and offsets of the fit; the model remembers class weights. The fit must have
    /// converged, because the Newton step starts from an optimum.
    ///
    /// # Errors
    /// Returns an error if the rows, labels, weights or offsets are invalid (as in a fit), or if the columns
    /// or classes are not the model's. Returns [`Error::Singular`] if the coefficients are not determined,
    /// [`Error::SeparationUndecided`] if the fit could not decide whether they are, and
    /// [`Error::Unsupported`] for Jeffreys' penalty and for models with given coefficients.
    pub fn influence_with<'a>(
        &self,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
        options: RowOptions<'_, T>,
    ) -> Result<Influence<L>, Error> {
        let x = x.into();
        let refuse = |what, instead| Err(unsupported(what, "influence", instead));
        let terms = self.terms();
        if terms.jeffreys {
            return refuse("a fit with Jeffreys' penalty", "fit with an L2 penalty, or without a penalty");
        }
        if self.report().stop == StopReason::Given {
            return refuse("a model with given coefficients", "fit a model to the rows");
        }
        self.check_estimate_exists()?;
        let sample = self.sample(x, y, options)?;
        let mut objective = LogisticObjective::new(sample.problem(&terms.penalty, terms.intercept));
        objective.check_information()?;
        let params = self.params_in(&objective.coordinates);
        let rows = RowInfluence::new(&mut objective, &params)?;
        let RowInfluence { leverages, scores, cooks_distances, pearson, deviance } = rows;
        check::scores(&scores)?;
        Ok(Influence {
            classes: self.classes().to_vec(),
            probabilities: probabilities(&scores, self.classes().len()),
            labels: sample.examples.into_classes(),
            weights: options.weights.map(|weights| weights.iter().map(|w| w.as_f64()).collect()),
            leverages,
            scores,
            cooks_distances,
            pearson,
            deviance,
        })
    }
}

impl<L: Label> Influence<L> {
    /// Returns the leverage of each row: the influence of the row on its own fitted value, from 0 to the
    /// number of score columns (in effect K - 1).
    ///
    /// The leverages sum to the effective number of parameters.
    pub fn leverages(&self) -> &[f64] {
        &self.leverages
    }

    /// Returns the effective number of parameters: the sum of the leverages. Without a penalty it is the
    /// number of coefficients that the data determines.
    pub fn effective_parameters(&self) -> f64 {
        self.leverages.iter().sum()
    }

    /// Returns the scores of each row under the model without it, in the shape of a
    /// [`decision_function`](crate::ClassifierExt::decision_function).
    ///
    /// The row's offset is included.
    pub fn leave_one_out_scores(&self) -> &DMatrix<f64> {
        &self.scores
    }

    /// Returns the class probabilities of each row under the model without it, n x K.
    pub fn leave_one_out_probabilities(&self) -> &DMatrix<f64> {
        &self.probabilities
    }

    /// Evaluates a metric on the leave-one-out probabilities, with the sample weights.
    ///
    /// # Errors
    /// Returns an error if the metric is not defined for these rows.
    pub fn leave_one_out<M: Metric>(&self, metric: &M) -> Result<f64, Error> {
        metric
            .evaluate_indices(&self.labels, self.probabilities.as_view(), self.weights.as_deref())
            .map_err(|error| error.with_labels(&self.classes))
    }

    /// Returns the mean log-loss of the leave-one-out probabilities: an estimate of the log-loss on new rows.
    pub fn leave_one_out_log_loss(&self) -> f64 {
        // The log-loss is defined for any rows.
        self.leave_one_out(&LogLoss).unwrap_or(f64::NAN)
    }

    /// Returns the leave-one-out accuracy: the fraction of rows that the model without the row classifies
    /// correctly.
    pub fn leave_one_out_accuracy(&self) -> f64 {
        self.leave_one_out(&Accuracy).unwrap_or(f64::NAN)
    }

    /// Returns Cook's distance of each row: the movement of all coefficients when the row is left out. Values
    /// above 1 deserve inspection.
    pub fn cooks_distances(&self) -> &[f64] {
        &self.cooks_distances
    }

    /// Returns the standardised Pearson residual of each row.
    ///
    /// For two classes it is √u (y - p) / √(w (1 - h)), with y = 1 for the second class. For more classes it
    /// is the square root of u rᵀ(W - u W Q W)⁻r, without a sign.
    pub fn pearson_residuals(&self) -> &[f64] {
        &self.pearson
    }

    /// Returns the standardised deviance residual of each row.
    ///
    /// For two classes it is √(-2 u ln p / (1 - h)), with p the probability of the row's label and the sign
    /// of the Pearson residual. For more than two classes it is scaled by the same factor as the standardised
    /// Pearson residual.
    pub fn deviance_residuals(&self) -> &[f64] {
        &self.deviance
    }

    /// Returns the rows whose label has a leave-one-out probability below `threshold`, the least probable
    /// first. Rows without weight are excluded.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if `threshold` is not from 0 to 1.
    pub fn suspicious_labels(&self, threshold: f64) -> Result<Vec<SuspiciousLabel<L>>, Error> {
        check::parameter("threshold", threshold, (0.0..=1.0).contains(&threshold), "from 0 to 1")?;
        let p = &self.probabilities;
        let counts = |row: &usize| self.weights.as_ref().is_none_or(|w| w[*row] > 0.0);
        let suspicious = |row: usize| {
            let own = self.labels[row];
            let best = (0..p.ncols()).fold(0, |best, k| if p[(row, k)] > p[(row, best)] { k } else { best });
            (p[(row, own)] < threshold).then(|| SuspiciousLabel {
                row,
                label: self.classes[own].clone(),
                probability: p[(row, own)],
                suggested: self.classes[best].clone(),
                suggested_probability: p[(row, best)],
            })
        };
        let mut found: Vec<_> = (0..p.nrows()).filter(counts).filter_map(suspicious).collect();
        found.sort_by(|a, b| a.probability.total_cmp(&b.probability));
        Ok(found)
    }
}

impl<L: Label> fmt::Display for Influence<L> {
    /// Formats the leave-one-out estimates and the rows with the largest Cook's distances.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ROWS: usize = 5;
        writeln!(f, "{:<26}{:>12}", "rows", self.leverages.len())?;
        writeln!(f, "{:<26}{:>12.3}", "effective parameters", self.effective_parameters())?;
        writeln!(f, "{:<26}{:>12.6}", "leave-one-out log-loss", self.leave_one_out_log_loss())?;
        writeln!(f, "{:<26}{:>12.4}", "leave-one-out accuracy", self.leave_one_out_accuracy())?;
        let mut order: Vec<usize> = (0..self.leverages.len()).collect();
        order.sort_by(|&a, &b| self.cooks_distances[b].total_cmp(&self.cooks_distances[a]));
        writeln!(
            f,
            "\n{:>8}{:>12}{:>12}{:>12}{:>18}",
            "row", "Cook", "leverage", "residual", "p without it"
        )?;
        for &row in order.iter().take(ROWS) {
            let (cook, leverage) = (self.cooks_distances[row], self.leverages[row]);
            let p = self.probabilities[(row, self.labels[row])];
            writeln!(f, "{row:>8}{cook:>12.4}{leverage:>12.4}{:>12.3}{p:>18.4}", self.deviance[row])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::estimator::Estimator;
    use crate::linear::config::LogisticRegression;
    use crate::penalty::Penalty;

    #[test]
    fn a_label_at_the_threshold_is_not_suspicious() {
        let x = nalgebra::dmatrix![-2.0; -1.0; 0.5; 1.0; 3.0];
        let y = [0, 1, 0, 1, 1];
        let model = LogisticRegression::new(Penalty::l2(0.1)).fit(&x, &y).unwrap();
        let influence = model.influence(&x, &y).unwrap();
        let found = influence.suspicious_labels(1.0).unwrap();
        for (below, at) in found.iter().enumerate() {
            assert_eq!(influence.suspicious_labels(at.probability).unwrap(), &found[..below]);
        }
    }
}
