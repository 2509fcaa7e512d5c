//! Conformal prediction: sets of classes with guaranteed coverage.

use nalgebra::DMatrix;

use crate::check;
use crate::classifier::{Classifier, ClassifierExt, classifies_as};
use crate::error::Error;
use crate::label::indices;
use crate::label_sets::LabelSets;
use crate::rows::Rows;
use crate::scalar::{Real, share};

/// The measure of how poorly a class fits a row, from which conformal sets are built.
///
/// ```
/// use logit::decide::{Conformal, NonconformityScore};
/// use logit::FittedLogistic;
/// use nalgebra::{DMatrix, dvector};
///
/// let model = FittedLogistic::from_coefficients(
///     vec![0, 1, 2],
///     DMatrix::<f64>::identity(3, 3),
///     dvector![0.0, 0.0, 0.0],
/// )?;
/// let (x, y) = (
///     DMatrix::from_fn(60, 3, |row, k| ((row * 5 + k * 7) % 11) as f64 / 2.0),
///     Vec::from_iter((0..60).map(|row| row % 3)),
/// );
/// for nonconformity in [NonconformityScore::Lac, NonconformityScore::Aps] {
///     let sets = Conformal::new(model.clone(), nonconformity, 0.8, &x, &y)?
///         .predict_sets(&x)?;
///     assert!((0..60).filter(|&row| sets.has(row, y[row])).count() >= 48);
/// }
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum NonconformityScore {
    /// Least ambiguous set-valued classifier (LAC): minus the probability of the class.
    ///
    /// Its sets are the smallest on average. A set may be empty.
    #[default]
    Lac,
    /// Adaptive prediction sets (APS): the sum of all probabilities that are at least that of the class.
    ///
    /// It is computed as minus the sum of all other probabilities, which keeps its digits. Sets grow where
    /// the classifier is unsure.
    ///
    /// Romano, Sesia and Candès (2020), "Classification with valid and adaptive coverage".
    Aps,
}

/// Split-conformal prediction: a set of classes per row that holds the true class with probability `coverage`
/// or more.
///
/// The guarantee holds for any classifier, however good, if new rows are like the calibration rows.
///
/// # Formula
/// Let there be n calibration rows, each with the score of its true class. A set has all classes whose score
/// is at most the ⌈(n + 1) coverage⌉-th smallest of these scores. If that number is more than n, a set has
/// all classes.
///
/// # References
/// Vovk, Gammerman and Shafer (2005), *Algorithmic Learning in a Random World*; Sadinle, Lei and Wasserman
/// (2019), "Least ambiguous set-valued classifiers with bounded error levels".
///
/// # Examples
/// ```
/// use logit::decide::{Conformal, NonconformityScore};
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, data, train_test_split};
///
/// let iris = data::iris();
/// let split = train_test_split(&iris.y, 0.5, 1)?;
/// let part = |rows: &[usize]| {
///     (
///         iris.x.select_rows(rows),
///         rows.iter().map(|&row| iris.y[row]).collect::<Vec<_>>(),
///     )
/// };
/// let ((x, y), (x_held, y_held)) = (part(&split.train), part(&split.test));
/// let model = LogisticRegression::new(Penalty::c(1.0)).fit(&x, &y)?;
/// let sets = Conformal::new(model, NonconformityScore::Lac, 0.9, &x_held, &y_held)?;
/// println!("{:?}", sets.predict_sets(&x)?.sets()[0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Conformal<C> {
    pub(super) classifier: C,
    pub(super) nonconformity: NonconformityScore,
    /// The largest score in a set; infinite if sets have all classes.
    pub(super) largest: f64,
}

impl<C> Conformal<C> {
    /// Calibrates sets of `classifier` on rows that it was not fitted to.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if `coverage` is not above 0 and below 1, [`Error::Empty`] if
    /// there are no rows or columns, [`Error::NotFinite`] if `x` is not finite, [`Error::ShapeMismatch`] if
    /// the sizes differ, and [`Error::UnknownLabel`] if a label is not a class of `classifier`. Returns the
    /// errors of `classifier`.
    pub fn new<'a, T: Real>(
        classifier: C,
        nonconformity: NonconformityScore,
        coverage: f64,
        x: impl Into<Rows<'a, T>>,
        y: &[C::Label],
    ) -> Result<Self, Error>
    where
        C: Classifier<T>,
    {
        check::parameter("coverage", coverage, coverage > 0.0 && coverage < 1.0, "above 0 and below 1")?;
        let x = x.into();
        check::training_matrix(x.or_names(classifier.feature_names()))?;
        check::labels(x, y.len())?;
        let truth = indices(classifier.classes(), y)?;
        let scores = nonconformity.scores(&classifier.predict_proba(x)?.map(|p| p.as_f64()));
        let mut own: Vec<f64> = truth.iter().enumerate().map(|(row, &class)| scores[(row, class)]).collect();
        own.sort_unstable_by(f64::total_cmp);
        let rank = share(own.len() + 1, coverage);
        let largest = own.get(rank.max(1) - 1).copied().unwrap_or(f64::INFINITY);
        Ok(Conformal { classifier, nonconformity, largest })
    }

    /// Returns the set of classes of each row.
    ///
    /// # Errors
    /// Returns the errors of the inner classifier.
    pub fn predict_sets<'a, T: Real>(&self, x: impl Into<Rows<'a, T>>) -> Result<LabelSets<C::Label>, Error>
    where
        C: Classifier<T>,
    {
        let scores = self.nonconformity.scores(&self.classifier.predict_proba(x)?.map(|p| p.as_f64()));
        LabelSets::from_indicator(scores.map(|score| score <= self.largest), self.classifier.classes())
    }

    /// Returns the largest score of a class in a set, from -1 to 0.
    ///
    /// The score is infinite if there were too few calibration rows to exclude any class.
    pub fn largest_score(&self) -> f64 {
        self.largest
    }

    /// Returns the inner classifier.
    pub fn classifier(&self) -> &C {
        &self.classifier
    }
}

impl NonconformityScore {
    /// Returns the score of each row with each class, n x K.
    fn scores(self, p: &DMatrix<f64>) -> DMatrix<f64> {
        match self {
            NonconformityScore::Lac => -p,
            NonconformityScore::Aps => DMatrix::from_fn(p.nrows(), p.ncols(), |row, class| {
                let own = p[(row, class)];
                // Subtracting from 0 gives 0, not -0, for the least probable class.
                0.0 - p.row(row).iter().filter(|&&other| other < own).sum::<f64>()
            }),
        }
    }
}

/// Predicts as the inner classifier does.
impl<T: Real, C: Classifier<T>> Classifier<T> for Conformal<C> {
    type Label = C::Label;

    classifies_as!(self => self.classifier);
}
