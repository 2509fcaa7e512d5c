//! The two traits that everything else is built on: what learns, and what classifies.

use std::fmt;
use std::ops::ControlFlow;

use nalgebra::DMatrix;

use crate::check;
use crate::error::Error;
use crate::label::{Label, indices};
use crate::report::{Observer, Progress};
use crate::scalar::Real;

/// What a fit may be given besides the data.
pub struct FitOptions<'a, T> {
    /// One weight per row, finite and at least 0. A weight of 2 counts a row twice, 0 removes it.
    pub weights: Option<&'a [T]>,
    /// Numbers to add to the scores, n x 1 for two classes and n x K for more: coefficients are fitted beside them, and
    /// predictions are without. [`LogisticRegression`](crate::LogisticRegression) takes them; other estimators refuse.
    pub offset: Option<&'a DMatrix<T>>,
    /// Sees the progress after each iteration or epoch, and may stop the fit.
    pub observer: Option<&'a mut Observer<'a>>,
}

impl<T> FitOptions<'_, T> {
    /// The same options again, for estimators that fit several times.
    pub fn reborrow(&mut self) -> FitOptions<'_, T> {
        let observer: Option<&mut Observer<'_>> = match &mut self.observer {
            Some(observer) => Some(&mut **observer),
            None => None,
        };
        FitOptions { weights: self.weights, offset: self.offset, observer }
    }

    /// Refuses offsets on behalf of an estimator that has no use for them.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if there are any.
    pub fn without_offset(&self, by: &'static str) -> Result<(), Error> {
        let instead = "fit a LogisticRegression, or leave them out";
        self.offset.map_or(Ok(()), |_| Err(Error::Unsupported { what: "offsets", by, instead }))
    }

    /// Calls the observer, if there is one; whether to go on.
    pub fn observe(&mut self, progress: &Progress) -> ControlFlow<()> {
        self.observer.as_mut().map_or(ControlFlow::Continue(()), |observer| observer(progress))
    }
}

impl<T> Default for FitOptions<'_, T> {
    fn default() -> Self {
        FitOptions { weights: None, offset: None, observer: None }
    }
}

impl<T: fmt::Debug> fmt::Debug for FitOptions<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FitOptions")
            .field("weights", &self.weights)
            .field("offset", &self.offset)
            .field("observer", &self.observer.is_some())
            .finish()
    }
}

/// Learns from labelled rows.
///
/// An estimator is a plain value that holds hyper-parameters. It is not a [`Classifier`], so that predicting before
/// fitting does not compile; [`fit`](Estimator::fit) returns the classifier.
///
/// # Shapes
/// `x` is n x d, one sample per row; `y` has n labels of any ordered type.
///
/// # What an implementor owes
/// `fit_with` leaves its arguments untouched, depends on nothing else, and returns a model whose report says
/// truthfully how far the fit got. Bad data is an [`Error`], slow convergence is not.
///
/// # Examples
/// Code that works with any estimator:
/// ```
/// use nalgebra::{DMatrix, dmatrix};
/// use logit::{Classifier, Error, Estimator, Label, LogisticRegression, MlpClassifier, Penalty, Sgd};
///
/// fn training_accuracy<E: Estimator<f64>, L: Label>(e: &E, x: &DMatrix<f64>, y: &[L]) -> Result<f64, Error> {
///     e.fit(x, y)?.score(x, y)
/// }
///
/// let (x, y) = (dmatrix![0.0; 1.0; 4.0; 5.0], ["low", "low", "high", "high"]);
/// assert_eq!(training_accuracy(&LogisticRegression::new(Penalty::c(1.0)), &x, &y)?, 1.0);
/// assert_eq!(training_accuracy(&MlpClassifier::new([16]).optimizer(Sgd::new(0.1)), &x, &y)?, 1.0);
/// # Ok::<(), Error>(())
/// ```
pub trait Estimator<T: Real> {
    /// The classifier that a fit returns.
    type Fitted<L: Label>: Classifier<T, Label = L>;

    /// Fits with everything that can be given.
    ///
    /// # Errors
    /// A typed [`Error`] for empty or non-finite data, disagreeing sizes, a single class, bad weights and
    /// hyper-parameters out of range.
    fn fit_with<L: Label>(
        &self,
        x: &DMatrix<T>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<Self::Fitted<L>, Error>;

    /// Fits to the rows of `x` and their labels.
    ///
    /// # Errors
    /// As [`fit_with`](Estimator::fit_with).
    fn fit<L: Label>(&self, x: &DMatrix<T>, y: &[L]) -> Result<Self::Fitted<L>, Error> {
        self.fit_with(x, y, FitOptions::default())
    }

    /// Fits with one weight per row.
    ///
    /// # Errors
    /// As [`fit_with`](Estimator::fit_with).
    fn fit_weighted<L: Label>(
        &self,
        x: &DMatrix<T>,
        y: &[L],
        weights: &[T],
    ) -> Result<Self::Fitted<L>, Error> {
        self.fit_with(x, y, FitOptions { weights: Some(weights), ..FitOptions::default() })
    }

    /// Fits while `observer` watches: it is called after each iteration or epoch, and stops the fit by returning
    /// [`ControlFlow::Break`]. The model so far is returned.
    ///
    /// # Errors
    /// As [`fit_with`](Estimator::fit_with).
    fn fit_observed<L: Label>(
        &self,
        x: &DMatrix<T>,
        y: &[L],
        mut observer: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Self::Fitted<L>, Error> {
        self.fit_with(x, y, FitOptions { observer: Some(&mut observer), ..FitOptions::default() })
    }
}

/// Classifies rows.
///
/// # Shapes
/// `x` is n x [`features`](Classifier::features). Probabilities are n x K, a column per class in the order of
/// [`classes`](Classifier::classes). Scores are n x K for K > 2 classes and n x 1, the log-odds of the second class,
/// for two.
///
/// # Errors
/// Every method that takes `x` returns [`Error::ShapeMismatch`] for the wrong number of columns,
/// [`Error::NotFinite`] for NaN and infinities, and [`Error::Overflow`] when finite input leads out of the range of
/// the number type. No rows are no error: the result is empty and has the right number of columns.
///
/// # What an implementor owes
/// All methods agree with each other: the largest score is the largest probability is the predicted class, ties go
/// to the lower class, and probabilities are from 0 to 1 and sum to 1 in every row.
///
/// The trait is object-safe for a given label type: `Box<dyn Classifier<f64, Label = String>>` works.
pub trait Classifier<T: Real> {
    /// The type of the labels.
    type Label: Label;

    /// The classes, in ascending order.
    fn classes(&self) -> &[Self::Label];

    /// The number of columns that the classifier was fitted on.
    fn features(&self) -> usize;

    /// The raw scores.
    ///
    /// # Errors
    /// See the trait.
    fn decision_function(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error>;

    /// The probability of each class, n x K.
    ///
    /// # Errors
    /// See the trait.
    fn predict_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error>;

    /// The logarithm of the probability of each class, n x K; finite also where the probability underflows, if the
    /// implementor computes it from scores as those of this crate do.
    ///
    /// # Errors
    /// See the trait.
    fn predict_log_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        Ok(self.predict_proba(x)?.map(|p| p.ln()))
    }

    /// The class of each row.
    ///
    /// # Errors
    /// See the trait.
    fn predict(&self, x: &DMatrix<T>) -> Result<Vec<Self::Label>, Error> {
        let classes = self.classes();
        let best = largest_scores(&self.decision_function(x)?);
        Ok(best.into_iter().map(|class| classes[class].clone()).collect())
    }

    /// The share of rows that are classified as `y` says, from 0 to 1.
    ///
    /// # Errors
    /// See the trait; also for no rows, and for labels that are none of the classes.
    fn score(&self, x: &DMatrix<T>, y: &[Self::Label]) -> Result<f64, Error> {
        check::count("y", "labels", x.nrows(), y.len())?;
        if y.is_empty() {
            return Err(Error::Empty { argument: "y", axis: "labels" });
        }
        let truth = indices(self.classes(), y)?;
        let found = largest_scores(&self.decision_function(x)?);
        let right = truth.iter().zip(&found).filter(|(t, f)| t == f).count();
        Ok(right as f64 / y.len() as f64)
    }
}

/// The methods of a [`Classifier`] that is another one, `$inner` of `$this`.
macro_rules! classifies_as {
    ($this:ident => $inner:expr) => {
        fn classes(&$this) -> &[Self::Label] {
            $inner.classes()
        }
        fn features(&$this) -> usize {
            $inner.features()
        }
        fn decision_function(&$this, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
            $inner.decision_function(x)
        }
        fn predict_proba(&$this, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
            $inner.predict_proba(x)
        }
        fn predict_log_proba(&$this, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
            $inner.predict_log_proba(x)
        }
        fn predict(&$this, x: &DMatrix<T>) -> Result<Vec<Self::Label>, Error> {
            $inner.predict(x)
        }
        fn score(&$this, x: &DMatrix<T>, y: &[Self::Label]) -> Result<f64, Error> {
            $inner.score(x, y)
        }
    };
}

pub(crate) use classifies_as;

impl<T: Real, C: Classifier<T> + ?Sized> Classifier<T> for Box<C> {
    type Label = C::Label;

    classifies_as!(self => (**self));
}

/// The class index with the largest score in each row, the lowest of equals; of one column, class 1 above 0.
fn largest_scores<T: Real>(scores: &DMatrix<T>) -> Vec<usize> {
    if scores.ncols() == 1 {
        return scores.iter().map(|&z| usize::from(z > T::zero())).collect();
    }
    let mut best = vec![0; scores.nrows()];
    for class in 1..scores.ncols() {
        for (row, best) in best.iter_mut().enumerate() {
            if scores[(row, class)] > scores[(row, *best)] {
                *best = class;
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_lower_class() {
        assert_eq!(largest_scores(&DMatrix::from_row_slice(3, 1, &[0.0, -0.0, 1e-300])), [0, 0, 1]);
        assert_eq!(largest_scores(&DMatrix::from_row_slice(2, 3, &[1.0, 1.0, 0.0, 0.0, 2.0, 2.0])), [0, 1]);
    }
}
