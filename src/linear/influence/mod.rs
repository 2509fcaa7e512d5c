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

/// What each row does to a fitted logistic regression, and what the model would be without it: by one Newton step
/// from the optimum, with no refit.
///
/// # Formula
/// With H the second derivative of Σ u l + Σ u · penalty at the optimum, x̃ the row with a 1 for the intercept, u
/// its weight, r = p - y, w = p (1 - p) and h = u w x̃ᵀH⁻¹x̃ the leverage, leaving the row out moves the
/// coefficients by H⁻¹x̃ u r / (1 - h), and with them the row's own score by x̃ᵀH⁻¹x̃ u r / (1 - h). For K > 2
/// classes X_i has a row per score column, Q = X_i H⁻¹ X_iᵀ, W = diag(p) - ppᵀ: the step is H⁻¹X_iᵀs with (I - u W
/// Q) s = u r, the scores move by Q s, and h is the trace of u W Q. Cook's distance is the step's length in the
/// metric H, squared, over the number of coefficients that are free (Pregibon leaves out that number).
///
/// # What is left out
/// A row is left out with all of its weight. The weight of the penalty against the *sum* of losses stays as it was,
/// as with a fixed [`Penalty::c`](crate::Penalty::c). With an L1 penalty the coefficients that are zero stay zero.
/// The error of the estimate falls with the square of the number of rows.
///
/// # Memory
/// Some numbers per row and class, and two matrices of parameters x parameters; `x` is read twice.
///
/// # References
/// Pregibon (1981); Cawley and Talbot (2008) for leave-one-out by one step; Rad and Maleki (2020) for its error.
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

/// A row whose label the model of all other rows finds unlikely.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SuspiciousLabel<L> {
    /// The row, from 0.
    pub row: usize,
    /// The label it has.
    pub label: L,
    /// The probability of that label, by the model without the row.
    pub probability: f64,
    /// The label that the model without the row finds most likely.
    pub suggested: L,
    /// The probability of that one.
    pub suggested_probability: f64,
}

impl<T: Real, L: Label> FittedLogistic<T, L> {
    /// The influence of the rows that the model was fitted to.
    ///
    /// # Errors
    /// As [`influence_with`](Self::influence_with).
    pub fn influence<'a>(&self, x: impl Into<Rows<'a, T>>, y: &[L]) -> Result<Influence<L>, Error> {
        let x = x.into();
        self.influence_with(x, y, RowOptions::default())
    }

    /// The influence of the rows that the model was fitted to, with the weights and offsets that it was fitted
    /// with. Class weights are remembered by the model. The fit must have converged: the step is from an optimum.
    ///
    /// # Errors
    /// For bad data as in a fit, columns or classes other than the model's; [`Error::Singular`] when the coefficients
    /// are not determined; [`Error::Unsupported`] for Jeffreys' penalty and for models with given coefficients.
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
            return refuse("a fit with Jeffreys' penalty", "fit with an L2 penalty, or without");
        }
        match self.report().stop {
            StopReason::Given => {
                return refuse("coefficients that were given", "fit a model to the rows");
            }
            StopReason::Separated => {
                let reason = "the classes are separable, so no estimate exists: use a penalty";
                return Err(Error::Singular { reason });
            }
            _ => {}
        }
        let sample = self.sample(x, y, options)?;
        let mut objective = LogisticObjective::new(sample.problem(&terms.penalty, terms.intercept));
        let params =
            objective.coordinates.params(self.coefficients().as_slice(), self.intercept().as_slice());
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
    /// The leverage of each row, from 0 to the number of score columns (K - 1 in effect): how much of its own fit it
    /// decides. They sum to the effective number of parameters.
    pub fn leverages(&self) -> &[f64] {
        &self.leverages
    }

    /// The effective number of parameters: the sum of the leverages. Without a penalty it is the number of
    /// coefficients that the data determines.
    pub fn effective_parameters(&self) -> f64 {
        self.leverages.iter().sum()
    }

    /// The scores of each row by the model without it, in the shape of a
    /// [`decision_function`](crate::ClassifierExt::decision_function); with the row's offset.
    pub fn leave_one_out_scores(&self) -> &DMatrix<f64> {
        &self.scores
    }

    /// The probabilities of each row by the model without it, n x K.
    pub fn leave_one_out_probabilities(&self) -> &DMatrix<f64> {
        &self.probabilities
    }

    /// A metric of the leave-one-out probabilities, with the sample weights.
    ///
    /// # Errors
    /// When the metric is not defined for these rows.
    pub fn leave_one_out<M: Metric>(&self, metric: &M) -> Result<f64, Error> {
        metric
            .evaluate_indices(&self.labels, self.probabilities.as_view(), self.weights.as_deref())
            .map_err(|error| error.with_labels(&self.classes))
    }

    /// The mean log-loss of the leave-one-out probabilities: an estimate of that on new rows.
    pub fn leave_one_out_log_loss(&self) -> f64 {
        // It is defined for any rows.
        self.leave_one_out(&LogLoss).unwrap_or(f64::NAN)
    }

    /// The share of rows that the models without them classify as labelled.
    pub fn leave_one_out_accuracy(&self) -> f64 {
        self.leave_one_out(&Accuracy).unwrap_or(f64::NAN)
    }

    /// Cook's distance of each row: how far all coefficients move without it. Above 1 is worth a look.
    pub fn cooks_distances(&self) -> &[f64] {
        &self.cooks_distances
    }

    /// The standardised Pearson residual of each row: √u (y - p) / √(w (1 - h)) for two classes, with y = 1 for the
    /// second. For more, the root of u rᵀ(W - u W Q W)⁻r, without a sign.
    pub fn pearson_residuals(&self) -> &[f64] {
        &self.pearson
    }

    /// The standardised deviance residual of each row: √(-2 u ln p / (1 - h)) with p the probability of its label,
    /// and the sign of the Pearson residual. For more than two classes it is stretched as the Pearson residual is.
    pub fn deviance_residuals(&self) -> &[f64] {
        &self.deviance
    }

    /// The rows whose label has a leave-one-out probability below `threshold`, the least likely first. Rows without
    /// weight are not among them.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a threshold outside 0 to 1.
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
    /// Leave-one-out estimates, and the rows with the largest of Cook's distances.
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
