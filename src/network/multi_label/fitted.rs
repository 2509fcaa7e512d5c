//! A fitted multi-label network.

use nalgebra::DMatrix;

use crate::check;
use crate::decide::PlattScaling;
use crate::error::Error;
use crate::label::{Label, indices};
use crate::label_sets::LabelSets;
use crate::loss::{BinaryCrossEntropy, Loss};
use crate::network::FittedMlp;
use crate::report::FitReport;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::train::History;

/// A fitted multi-label network: one score and one probability for each label, independent of the other
/// labels.
///
/// [`MlpClassifier::fit_multi_label`](crate::MlpClassifier::fit_multi_label) creates it.
///
/// # Shapes
/// Scores and probabilities are n x K, with one column per label in the order of [`labels`](Self::labels).
/// Rows need not sum to 1: a row may have no label, or all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedMultiLabel<T: Real, L> {
    /// The network, with the labels in place of classes.
    pub(super) model: FittedMlp<T, L>,
    pub(super) calibration: Vec<PlattScaling>,
    pub(super) thresholds: Vec<f64>,
}

impl<T: Real, L: Label> FittedMultiLabel<T, L> {
    pub(crate) fn new(model: FittedMlp<T, L>) -> Self {
        let count = model.label_count();
        FittedMultiLabel { model, calibration: vec![PlattScaling::NONE; count], thresholds: vec![0.5; count] }
    }

    /// Returns the labels, in ascending order.
    pub fn labels(&self) -> &[L] {
        self.model.labels()
    }

    /// Returns the number of columns that the network was fitted on.
    pub fn features(&self) -> usize {
        self.model.inputs()
    }

    /// Returns the names of the columns that the network was fitted on, if they are known.
    pub fn feature_names(&self) -> Option<&[String]> {
        self.model.names.as_deref()
    }

    /// Returns the report of the fit.
    pub fn report(&self) -> &FitReport {
        self.model.report()
    }

    /// Returns the history of the fit, epoch by epoch; empty for fits to all rows at once.
    pub fn history(&self) -> &History {
        self.model.history()
    }

    /// Returns the network with its parameters; its classes are the labels.
    pub fn network(&self) -> &FittedMlp<T, L> {
        &self.model
    }

    /// Returns the score of each label, n x K: the log-odds of having it.
    ///
    /// The scores are calibrated if [`calibrate`](Self::calibrate) was called.
    ///
    /// # Errors
    /// Returns the errors of [`Classifier`](crate::Classifier): [`Error::ShapeMismatch`] or
    /// [`Error::ColumnNames`] if the columns do not match, [`Error::NotFinite`] if `x` is not finite, and
    /// [`Error::Overflow`] if a score is out of range.
    pub fn decision_function<'a>(&self, x: impl Into<Rows<'a, T>>) -> Result<DMatrix<T>, Error> {
        let x = x.into();
        let mut scores = self.model.scores(x)?;
        for (mut column, platt) in scores.column_iter_mut().zip(&self.calibration) {
            if *platt != PlattScaling::NONE {
                column.iter_mut().for_each(|z| *z = platt.log_odds(*z));
            }
        }
        check::scores(&scores)?;
        Ok(scores)
    }

    /// Returns the probability of each label, n x K.
    ///
    /// # Errors
    /// Returns the errors of [`decision_function`](Self::decision_function).
    pub fn predict_proba<'a>(&self, x: impl Into<Rows<'a, T>>) -> Result<DMatrix<T>, Error> {
        let x = x.into();
        let scores = self.decision_function(x)?;
        let mut probabilities = DMatrix::zeros(scores.nrows(), scores.ncols());
        BinaryCrossEntropy.probabilities(&scores, &mut probabilities);
        Ok(probabilities)
    }

    /// Returns the labels of each row: those whose probability is at least their threshold.
    ///
    /// # Errors
    /// Returns the errors of [`decision_function`](Self::decision_function).
    pub fn predict<'a>(&self, x: impl Into<Rows<'a, T>>) -> Result<LabelSets<L>, Error> {
        let x = x.into();
        let probabilities = self.predict_proba(x)?;
        let has = |row: usize, label: usize| probabilities[(row, label)].as_f64() >= self.thresholds[label];
        LabelSets::from_indicator(DMatrix::from_fn(x.nrows(), self.thresholds.len(), has), self.labels())
    }

    /// Sets a threshold for each label, from 0 to 1. Defaults to 0.5 for all.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if there is not one threshold per label, and
    /// [`Error::InvalidParameter`] if a threshold is not from 0 to 1.
    pub fn with_thresholds(mut self, thresholds: impl Into<Vec<f64>>) -> Result<Self, Error> {
        let thresholds = thresholds.into();
        check::count("thresholds", "entries", self.thresholds.len(), thresholds.len())?;
        for &threshold in &thresholds {
            check::parameter("threshold", threshold, (0.0..=1.0).contains(&threshold), "from 0 to 1")?;
        }
        self.thresholds = thresholds;
        Ok(self)
    }

    /// Calibrates the probabilities of each label on rows that the model was not fitted to.
    ///
    /// The calibration is a logistic regression of the truth on the score (Platt, 1999). The rows must
    /// include some with each label and some without it. If a rare label is missing,
    /// [`calibrate_labels`](Self::calibrate_labels) calibrates the others.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`], [`Error::ColumnNames`] or [`Error::UnknownLabel`] if the rows or
    /// labels do not fit the model, [`Error::Empty`] if there are no rows, [`Error::NotFinite`] if `x` is not
    /// finite, [`Error::MissingClass`] if no row has a label or all have it, and
    /// [`Error::CalibrationFailed`] if the scores of a label cannot be calibrated.
    pub fn calibrate<'a>(self, x: impl Into<Rows<'a, T>>, y: &LabelSets<L>) -> Result<Self, Error> {
        let (x, labels) = (x.into(), self.labels().to_vec());
        self.calibrate_labels(x, y, &labels)
    }

    /// Calibrates the probabilities of some labels, and leaves those of the others as they are.
    ///
    /// # Errors
    /// Returns the errors of [`calibrate`](Self::calibrate), and [`Error::UnknownLabel`] if one of `labels`
    /// is none of the model.
    pub fn calibrate_labels<'a>(
        mut self,
        x: impl Into<Rows<'a, T>>,
        y: &LabelSets<L>,
        labels: &[L],
    ) -> Result<Self, Error> {
        let x = x.into();
        check::training_matrix(x)?;
        let wanted = indices(self.labels(), labels)?;
        y.check(self.labels(), x.nrows())?;
        let scores = self.model.scores(x)?;
        for index in wanted {
            let truth: Vec<bool> = y.indicator().column(index).iter().copied().collect();
            let label = &self.model.labels()[index];
            for (has, class) in [(true, format!("{label:?}")), (false, format!("other than {label:?}"))] {
                if !truth.contains(&has) {
                    return Err(Error::MissingClass { class, index, among: "the calibration rows" });
                }
            }
            self.calibration[index] = PlattScaling::fit(scores.column(index).as_slice(), &truth, None)?;
        }
        Ok(self)
    }
}
