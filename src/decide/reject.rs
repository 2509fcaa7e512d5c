//! Classification with a reject option.

use crate::check;
use crate::classifier::{Classifier, ClassifierExt, classifies_as, predictions};
use crate::error::Error;
use crate::rows::Rows;
use crate::scalar::Real;

/// A classifier that makes no prediction if the probability of the predicted class is below a limit.
///
/// Somebody else can then decide. As a [`Classifier`] it always predicts, like the inner classifier.
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
/// let model = FittedLogistic::from_coefficients(
///     vec!["no", "yes"],
///     dmatrix![1.0],
///     dvector![0.0],
/// )?;
/// let careful = RejectOption::new(model, 0.8)?;
/// assert_eq!(
///     careful.predict_or_reject(&dmatrix![-3.0; 0.5; 3.0])?,
///     [Some("no"), None, Some("yes")]
/// );
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RejectOption<C> {
    pub(super) classifier: C,
    pub(super) min_probability: f64,
}

impl<C> RejectOption<C> {
    /// Wraps `classifier`, whose predictions are kept if their probability is at least `min_probability`.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if `min_probability` is not from 0 to 1.
    pub fn new(classifier: C, min_probability: f64) -> Result<Self, Error> {
        check::parameter(
            "min_probability",
            min_probability,
            (0.0..=1.0).contains(&min_probability),
            "from 0 to 1",
        )?;
        Ok(RejectOption { classifier, min_probability })
    }

    /// Returns the predicted class of each row, or `None` if its probability is below the limit.
    ///
    /// # Errors
    /// Returns the errors of the inner classifier.
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

    /// Returns the smallest probability at which a prediction is made.
    pub fn min_probability(&self) -> f64 {
        self.min_probability
    }

    /// Returns the inner classifier.
    pub fn classifier(&self) -> &C {
        &self.classifier
    }
}

impl<T: Real, C: Classifier<T>> Classifier<T> for RejectOption<C> {
    type Label = C::Label;

    classifies_as!(self => self.classifier);
}
