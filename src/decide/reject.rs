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
/// use logit::decide::Rejecting;
/// use logit::FittedLogistic;
/// use nalgebra::{dmatrix, dvector};
///
/// let model = FittedLogistic::from_coefficients(vec!["no", "yes"], dmatrix![1.0], dvector![0.0])?;
/// let careful = Rejecting::new(model, 0.8)?;
/// assert_eq!(careful.predict_or_reject(&dmatrix![-3.0; 0.5; 3.0])?, [Some("no"), None, Some("yes")]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Rejecting<C> {
    pub(super) classifier: C,
    pub(super) least: f64,
}

impl<C> Rejecting<C> {
    /// `classifier`, whose predictions are given where their probability is at least `least`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a limit that is not from 0 to 1.
    pub fn new(classifier: C, least: f64) -> Result<Self, Error> {
        check::parameter("least", least, (0.0..=1.0).contains(&least), "from 0 to 1")?;
        Ok(Rejecting { classifier, least })
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
            (p[(row, class)].as_f64() >= self.least).then_some(label)
        };
        Ok(predicted.into_iter().enumerate().map(sure).collect())
    }

    /// The limit.
    pub fn least(&self) -> f64 {
        self.least
    }

    /// The classifier inside.
    pub fn classifier(&self) -> &C {
        &self.classifier
    }
}

impl<T: Real, C: Classifier<T>> Classifier<T> for Rejecting<C> {
    type Label = C::Label;

    classifies_as!(self => self.classifier);
}
