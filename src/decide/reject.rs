//! No answer where the classifier is not sure enough.

use crate::check;
use crate::classifier::{Classifier, ClassifierExt, classifies_as, predictions};
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;

/// A classifier that gives no answer where the probability of its prediction is below a limit, so that somebody else
/// decides.
///
/// As a [`Classifier`] it answers always, as the one inside.
///
/// # References
/// Chow (1970), "On optimum recognition error and reject tradeoff".
///
/// # Examples
/// ```
/// use logit::decide::RejectOption;
/// use logit::FittedLogistic;
/// use nalgebra::{dmatrix, dvector};
///
/// let model = FittedLogistic::from_coefficients(vec!["no", "yes"], dmatrix![1.0], dvector![0.0])?;
/// let careful = RejectOption::new(model, 0.8)?;
/// assert_eq!(careful.predict_or_reject(&dmatrix![-3.0; 0.5; 3.0])?, [Some("no"), None, Some("yes")]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RejectOption<C> {
    pub(super) classifier: C,
    pub(super) min_probability: f64,
}

impl<C> RejectOption<C> {
    /// `classifier`, whose predictions are given where their probability is at least `min_probability`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a limit that is not from 0 to 1.
    pub fn new(classifier: C, min_probability: f64) -> Result<Self, Error> {
        check::parameter(
            "min_probability",
            min_probability,
            (0.0..=1.0).contains(&min_probability),
            "from 0 to 1",
        )?;
        Ok(RejectOption { classifier, min_probability })
    }

    /// The class of each row, or none.
    ///
    /// # Errors
    /// Those of [`Classifier`].
    pub fn predict_or_reject<'a, T: Real>(
        &self,
        x: impl Into<Rows<'a, T>>,
    ) -> Result<Vec<Option<C::Label>>, Error>
    where
        C: Classifier<T>,
    {
        let x = x.into();
        let p = self.classifier.predict_proba(x)?;
        let classes = self.classifier.classes();
        let sure = |(row, class): (usize, usize)| {
            (p[(row, class)].as_f64() >= self.min_probability).then(|| classes[class].clone())
        };
        Ok(predictions(&self.classifier, x)?.into_iter().enumerate().map(sure).collect())
    }

    /// The limit.
    pub fn min_probability(&self) -> f64 {
        self.min_probability
    }

    /// The classifier inside.
    pub fn classifier(&self) -> &C {
        &self.classifier
    }
}

impl<T: Real, C: Classifier<T>> Classifier<T> for RejectOption<C> {
    type Label = C::Label;

    classifies_as!(self => self.classifier);
}
