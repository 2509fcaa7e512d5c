//! Sets of classes that hold the right one as often as they promise.

use nalgebra::DMatrix;

use crate::check;
use crate::classifier::{Classifier, ClassifierExt, classifies_as};
use crate::error::Error;
use crate::label::indices;
use crate::label_sets::LabelSets;
use crate::rows::Rows;
use crate::scalar::Real;

/// How poorly a class fits a row: the score that conformal sets are built from.
///
/// ```
/// use logit::decide::{Conformal, NonconformityScore};
/// use logit::FittedLogistic;
/// use nalgebra::{DMatrix, dvector};
///
/// let model = FittedLogistic::from_coefficients(vec![0, 1, 2], DMatrix::<f64>::identity(3, 3), dvector![0.0, 0.0, 0.0])?;
/// let (x, y) = (DMatrix::from_fn(60, 3, |row, k| ((row * 5 + k * 7) % 11) as f64 / 2.0), Vec::from_iter((0..60).map(|row| row % 3)));
/// for nonconformity in [NonconformityScore::Lac, NonconformityScore::Aps] {
///     let sets = Conformal::new(model.clone(), nonconformity, 0.8, &x, &y)?.predict_sets(&x)?;
///     assert!((0..60).filter(|&row| sets.has(row, y[row])).count() >= 48);
/// }
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum NonconformityScore {
    /// Least ambiguous set-valued classifier: minus the probability of the class. Gives the smallest sets on average; a set may
    /// be empty.
    #[default]
    Lac,
    /// Adaptive prediction sets: the sum of the probabilities that are at least that of the class (computed as minus the sum of
    /// all others, which keeps its
    /// digits): sets grow where the classifier is unsure.
    ///
    /// Romano, Sesia and Candès (2020), "Classification with valid and adaptive coverage".
    Aps,
}

/// Split-conformal prediction: for each row a set of classes that holds the right one with a probability of at least
/// `coverage`, whatever the classifier is worth, if the rows to come are like those of the calibration.
///
/// # Formula
/// With the n scores of calibration rows and their true classes, sets have all classes whose score is at most the
/// ⌈(n + 1) coverage⌉-th smallest; all classes if that is more than n.
///
/// # References
/// Vovk, Gammerman and Shafer (2005), *Algorithmic Learning in a Random World*; Sadinle, Lei and Wasserman (2019), "Least
/// ambiguous set-valued classifiers with bounded error levels".
///
/// # Examples
/// ```
/// use logit::decide::{Conformal, NonconformityScore};
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, data, train_test_split};
///
/// let iris = data::iris();
/// let split = train_test_split(&iris.y, 0.5, 1)?;
/// let part = |rows: &[usize]| (iris.x.select_rows(rows), rows.iter().map(|&row| iris.y[row]).collect::<Vec<_>>());
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
    /// The largest score in a set; infinite for all classes.
    pub(super) largest: f64,
}

impl<C> Conformal<C> {
    /// `classifier` with sets calibrated on rows that it was not fitted to.
    ///
    /// # Errors
    /// For rows and labels that do not fit, no rows, and [`Error::InvalidParameter`] for a coverage that is not above 0 and
    /// below 1.
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
        check::training_matrix(x)?;
        check::count("y", "labels", x.nrows(), y.len())?;
        let truth = indices(classifier.classes(), y)?;
        let scores = nonconformity.scores(&classifier.predict_proba(x)?.map(|p| p.as_f64()));
        let mut own: Vec<f64> = truth.iter().enumerate().map(|(row, &class)| scores[(row, class)]).collect();
        own.sort_unstable_by(f64::total_cmp);
        // A hair less, because 0.9 times 10 should be 9.
        let rank = ((own.len() + 1) as f64 * coverage * (1.0 - 1e-12)).ceil() as usize;
        let largest = own.get(rank.max(1) - 1).copied().unwrap_or(f64::INFINITY);
        Ok(Conformal { classifier, nonconformity, largest })
    }

    /// The set of each row.
    ///
    /// # Errors
    /// Those of [`Classifier`].
    pub fn predict_sets<'a, T: Real>(&self, x: impl Into<Rows<'a, T>>) -> Result<LabelSets<C::Label>, Error>
    where
        C: Classifier<T>,
    {
        let scores = self.nonconformity.scores(&self.classifier.predict_proba(x)?.map(|p| p.as_f64()));
        LabelSets::from_indicator(scores.map(|score| score <= self.largest), self.classifier.classes())
    }

    /// The largest score that a class of a set has, from -1 to 0; infinite where there were too few rows to leave any class out.
    pub fn largest_score(&self) -> f64 {
        self.largest
    }

    /// The classifier inside.
    pub fn classifier(&self) -> &C {
        &self.classifier
    }
}

impl NonconformityScore {
    /// The score of each row with each class.
    fn scores(self, p: &DMatrix<f64>) -> DMatrix<f64> {
        match self {
            NonconformityScore::Lac => -p,
            NonconformityScore::Aps => DMatrix::from_fn(p.nrows(), p.ncols(), |row, class| {
                let own = p[(row, class)];
                // 0 and not -0 for the least probable.
                0.0 - p.row(row).iter().filter(|&&other| other < own).sum::<f64>()
            }),
        }
    }
}

/// Predictions are those of the classifier inside.
impl<T: Real, C: Classifier<T>> Classifier<T> for Conformal<C> {
    type Label = C::Label;

    classifies_as!(self => self.classifier);
}
