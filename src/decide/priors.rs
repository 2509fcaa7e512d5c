//! Correction of probabilities for class frequencies that differ from training.

use nalgebra::DMatrixViewMut;

use crate::check;
use crate::class_weight::{ClassWeight, add_to_classes};
use crate::classifier::Classifier;
use crate::error::Error;
use crate::label::indices;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;

/// A classifier whose probabilities are corrected for other class frequencies than those of its training.
///
/// Use it after class weights or resampling, which make a classifier assume balanced classes, or if classes
/// have become more or less frequent.
///
/// # Formula
/// p'_k ∝ p_k π'_k / π_k, with the class frequencies π in training and π' in use.
///
/// # References
/// Saerens, Latinne and Decaestecker (2002), "Adjusting the outputs of a classifier to new a priori
/// probabilities".
///
/// # Examples
/// ```
/// use logit::decide::PriorCorrected;
/// use logit::prelude::*;
/// use logit::FittedLogistic;
/// use nalgebra::{dmatrix, dvector};
///
/// let balanced = FittedLogistic::from_coefficients(
///     vec!["rare", "usual"],
///     dmatrix![1.0f64],
///     dvector![0.0],
/// )?;
/// let model = PriorCorrected::new(balanced, &[0.5, 0.5], &[0.1, 0.9])?;
/// assert!((model.predict_proba(&dmatrix![0.0])?[(0, 0)] - 0.1).abs() < 1e-12);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PriorCorrected<C> {
    pub(super) classifier: C,
    /// The logarithm ln(π' / π) of each class.
    pub(super) shifts: Vec<f64>,
}

impl<C> PriorCorrected<C> {
    /// Corrects `classifier`, trained with the class frequencies `trained`, for the frequencies `used`.
    ///
    /// `trained` includes the effect of weights. The frequencies need not sum to 1.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the number of frequencies is not the number of classes, and
    /// [`Error::InvalidParameter`] if a frequency is not finite and above 0.
    pub fn new<T: Real>(classifier: C, trained: &[f64], used: &[f64]) -> Result<Self, Error>
    where
        C: Classifier<T>,
    {
        let classes = classifier.classes().len();
        let logarithms = |argument: &'static str, shares: &[f64]| -> Result<Vec<f64>, Error> {
            check::count(argument, "entries", classes, shares.len())?;
            shares.iter().map(|&share| check::positive(argument, share).map(|()| share.ln())).collect()
        };
        let (trained, used) = (logarithms("trained", trained)?, logarithms("used", used)?);
        let shifts: Vec<f64> = used.iter().zip(&trained).map(|(used, trained)| used - trained).collect();
        // A constant added to all shifts changes nothing; this one makes the largest shift 0.
        let largest = shifts.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Ok(PriorCorrected { classifier, shifts: shifts.iter().map(|shift| shift - largest).collect() })
    }

    /// Undoes the effect of class weights: corrects `classifier`, trained with them, for the class
    /// frequencies of `y`.
    ///
    /// `weights` are the sample weights of the rows, if there were any.
    ///
    /// ```
    /// use logit::decide::PriorCorrected;
    /// use logit::prelude::*;
    /// use logit::{ClassWeight, LogisticRegression, Penalty};
    /// use nalgebra::DMatrix;
    ///
    /// // A class with one row in ten, at every x.
    /// let (x, y) = (
    ///     DMatrix::from_fn(40, 1, |row, _| (row % 2) as f64),
    ///     Vec::from_iter((0..40).map(|row| row / 2 % 10 == 0)),
    /// );
    /// let weighting = ClassWeight::Balanced;
    /// let balanced = LogisticRegression::new(Penalty::c(1.0))
    ///     .class_weight(weighting.clone())
    ///     .fit(&x, &y)?;
    /// assert!((balanced.predict_proba(&x)?[(0, 1)] - 0.5).abs() < 1e-6);
    /// let model = PriorCorrected::undoing(balanced, &weighting, &y, None::<&[f64]>)?;
    /// assert!((model.predict_proba(&x)?[(0, 1)] - 0.1).abs() < 1e-6);
    /// # Ok::<(), logit::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error::UnknownLabel`] if a label is not a class of `classifier`, [`Error::ShapeMismatch`],
    /// [`Error::InvalidWeight`] or [`Error::InvalidWeightSum`] if the weights are not valid, and
    /// [`Error::MissingClass`] if a class has no rows. Returns the errors of `class_weight` for these
    /// classes.
    pub fn undoing<T: Real>(
        classifier: C,
        class_weight: &ClassWeight,
        y: &[C::Label],
        weights: Option<&[T]>,
    ) -> Result<Self, Error>
    where
        C: Classifier<T>,
    {
        check::weights(weights, y.len())?;
        let classes = classifier.classes();
        let truth = indices(classes, y)?;
        let mut used = vec![0.0; classes.len()];
        add_to_classes(&truth, weights, &mut used);
        if let Some(class) = used.iter().position(|share| *share <= 0.0) {
            return Err(Error::missing_class(class, "the rows of `y`").with_labels(classes));
        }
        let factors = class_weight.of_classes(classes, || Ok(used.clone()))?;
        let trained: Vec<f64> = used.iter().zip(&factors).map(|(share, factor)| share * factor).collect();
        PriorCorrected::new(classifier, &trained, &used)
    }

    /// Returns the inner classifier.
    pub fn classifier(&self) -> &C {
        &self.classifier
    }
}

impl<T: Real, C: Classifier<T>> Classifier<T> for PriorCorrected<C> {
    type Label = C::Label;

    classifies_by_scores!(self => self.classifier);

    fn scores_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        // A log-probability of minus infinity is raised to -1e30, so that scores stay finite.
        let least = T::of(-1e30);
        let shifted = |log_p: T, class: usize| log_p.max(least) + T::of(self.shifts[class]);
        if self.shifts.len() == 2 {
            let write = |log_p: DMatrixViewMut<'_, T>, scratch: &mut Scratch<T>| {
                self.classifier.log_probabilities_into(x, log_p, scratch)
            };
            scratch.with_matrix((x.nrows(), 2), write, |log_p| {
                for (row, z) in out.iter_mut().enumerate() {
                    *z = shifted(log_p[(row, 1)], 1) - shifted(log_p[(row, 0)], 0);
                }
            })?;
        } else {
            self.classifier.log_probabilities_into(x, out.as_view_mut(), scratch)?;
            for (class, mut column) in out.column_iter_mut().enumerate() {
                column.iter_mut().for_each(|log_p| *log_p = shifted(*log_p, class));
            }
        }
        check::scores(out.as_view())
    }
}
