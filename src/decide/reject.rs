//! No answer where the classifier is not sure enough.

use nalgebra::DMatrix;

use crate::check;
use crate::classifier::{Classifier, classifies_as};
use crate::error::Error;
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
    /// `classifier`, whose predictions are given where their probability is at min_probability `min_probability`.
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
    pub fn predict_or_reject<T: Real>(&self, x: &DMatrix<T>) -> Result<Vec<Option<C::Label>>, Error>
    where
        C: Classifier<T>,
    {
        let p = self.classifier.predict_proba(x)?;
        let predicted = self.classifier.predict(x)?;
        let classes = self.classifier.classes();
        let sure = |(row, label): (usize, C::Label)| {
            let class = classes.binary_search(&label).unwrap_or(0);
            (p[(row, class)].as_f64() >= self.min_probability).then_some(label)
        };
        Ok(predicted.into_iter().enumerate().map(sure).collect())
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
