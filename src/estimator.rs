//! Estimators, which learn from labelled rows, and the options of a fit.

use std::any::Any;
use std::fmt;
use std::ops::ControlFlow;

use nalgebra::DMatrixView;

use crate::classifier::Classifier;
use crate::error::{Error, unsupported};
use crate::label::Label;
use crate::parallel::{available, until_error};
use crate::report::{Observer, Progress};
use crate::rows::Rows;
use crate::scalar::Real;

/// Optional inputs to a fit: sample weights, score offsets and a progress observer.
///
/// ```
/// use logit::prelude::*;
/// use logit::{FitOptions, LogisticRegression, Penalty};
/// use nalgebra::dmatrix;
///
/// let (x, y) = (dmatrix![0.0; 1.0; 2.0; 3.0], ["no", "yes", "no", "yes"]);
/// let options = FitOptions::new().weights(&[1.0, 2.0, 1.0, 1.0]);
/// let model = LogisticRegression::new(Penalty::c(1.0)).fit_with(&x, &y, options)?;
/// assert!(model.report().converged());
/// # Ok::<(), logit::Error>(())
/// ```
#[non_exhaustive]
pub struct FitOptions<'a, T: Real> {
    /// One weight per row, finite and at least 0. A weight of 2 counts a row twice, 0 removes it.
    pub weights: Option<&'a [T]>,
    /// Known offsets of the scores, n x 1 for two classes and n x K for more.
    pub offset: Option<DMatrixView<'a, T>>,
    /// A function that receives the progress after each iteration or epoch, and can stop the fit.
    pub observer: Option<&'a mut Observer<'a>>,
    /// What attends the fits of networks that are part of this fit, of a type that their floor knows.
    pub(crate) attendance: Option<&'a mut dyn Any>,
}

impl<'a, T: Real> FitOptions<'a, T> {
    /// Creates options without weights, offsets or an observer.
    pub fn new() -> Self {
        FitOptions { weights: None, offset: None, observer: None, attendance: None }
    }

    /// Sets one weight per row, finite and at least 0. A weight of 2 counts a row twice, and 0 removes it.
    /// Defaults to 1 for every row.
    pub fn weights(mut self, weights: &'a [T]) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Sets known offsets that the fit adds to the scores, n x 1 for two classes and n x K for more.
    ///
    /// Predictions do not include them. Only [`LogisticRegression`](crate::LogisticRegression) supports
    /// offsets; other estimators return an error. Defaults to none.
    pub fn offset(mut self, offset: impl Into<DMatrixView<'a, T>>) -> Self {
        self.offset = Some(offset.into());
        self
    }

    /// Sets a function that receives the progress after each iteration or epoch, and stops the fit if it
    /// returns [`ControlFlow::Break`].
    ///
    /// See [`Estimator::fit_observed`]. Defaults to none.
    pub fn observer(mut self, observer: &'a mut Observer<'a>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Reborrows the options, so that several fits can use them.
    pub fn reborrow(&mut self) -> FitOptions<'_, T> {
        let observer: Option<&mut Observer<'_>> = match &mut self.observer {
            Some(observer) => Some(&mut **observer),
            None => None,
        };
        FitOptions {
            weights: self.weights,
            offset: self.offset,
            observer,
            attendance: again(&mut self.attendance),
        }
    }

    /// Checks that there are no offsets, for the estimator `by`, which does not support them.
    ///
    /// # Errors
    /// Returns [`Error::Unsupported`] if there are offsets.
    pub fn without_offset(&self, by: &'static str) -> Result<(), Error> {
        self.offset.map_or(Ok(()), |_| {
            Err(unsupported("offsets", by, "fit a LogisticRegression, or leave them out"))
        })
    }

    /// Calls the observer, if there is one, and returns whether the fit continues.
    pub fn observe(&mut self, progress: &Progress) -> ControlFlow<()> {
        self.observer.as_mut().map_or(ControlFlow::Continue(()), |observer| observer(progress))
    }
}

impl<T: Real> Default for FitOptions<'_, T> {
    fn default() -> Self {
        FitOptions::new()
    }
}

impl<T: Real> fmt::Debug for FitOptions<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FitOptions")
            .field("weights", &self.weights)
            .field("offset", &self.offset)
            .field("observer", &self.observer.is_some())
            .finish()
    }
}

/// Reborrows what attends a fit.
fn again<'b>(attendance: &'b mut Option<&mut dyn Any>) -> Option<&'b mut dyn Any> {
    match attendance {
        Some(attendance) => Some(&mut **attendance),
        None => None,
    }
}

/// The observer of an estimator that performs several fits.
///
/// It receives the progress of one fit after the other. Once it has returned [`ControlFlow::Break`], it is
/// not called any more, and the remaining fits stop at their first call.
#[derive(Default)]
pub(crate) struct Watch<'a> {
    observer: Option<&'a mut Observer<'a>>,
    attendance: Option<&'a mut dyn Any>,
    cancelled: bool,
}

impl<'a> Watch<'a> {
    /// Takes the observer of a fit, and what attends it.
    pub(crate) fn new<T: Real>(options: FitOptions<'a, T>) -> Self {
        Watch { observer: options.observer, attendance: options.attendance, cancelled: false }
    }

    /// Runs `count` fits, on all threads if nobody watches them, and in order on this thread otherwise. Returns
    /// the results up to the first that fails, and its error.
    pub(crate) fn each<R: Send, F: Send>(
        &mut self,
        count: usize,
        fit: impl Fn(usize, &mut Watch<'_>) -> Result<R, F> + Sync,
    ) -> (Vec<R>, Option<F>) {
        if self.observer.is_none() && self.attendance.is_none() {
            return until_error(count, available(), |index| fit(index, &mut Watch::default()));
        }
        let mut results = Vec::with_capacity(count);
        for index in 0..count {
            match fit(index, self) {
                Ok(result) => results.push(result),
                Err(error) => return (results, Some(error)),
            }
        }
        (results, None)
    }

    /// Runs one of the fits, with its weights, if any.
    pub(crate) fn fit<T: Real, A>(
        &mut self,
        weights: Option<&[T]>,
        fit: impl FnOnce(FitOptions<'_, T>) -> A,
    ) -> A {
        let attendance = again(&mut self.attendance);
        let Some(observer) = &mut self.observer else {
            return fit(FitOptions { weights, attendance, ..FitOptions::new() });
        };
        let cancelled = &mut self.cancelled;
        let mut watched = |progress: &Progress| {
            *cancelled = *cancelled || observer(progress).is_break();
            if *cancelled { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        fit(FitOptions { weights, offset: None, observer: Some(&mut watched), attendance })
    }

    /// Runs one of the fits to a part of the rows, which nothing attends.
    pub(crate) fn fit_part<T: Real, A>(
        &mut self,
        weights: Option<&[T]>,
        fit: impl FnOnce(FitOptions<'_, T>) -> A,
    ) -> A {
        self.fit(weights, |options| fit(FitOptions { attendance: None, ..options }))
    }

    /// Returns whether the observer has cancelled the fits.
    pub(crate) fn cancelled(&self) -> bool {
        self.cancelled
    }
}

/// An algorithm that learns a classifier from labelled rows.
///
/// An estimator is a plain value of hyper-parameters. It is not a [`Classifier`], so predicting before
/// fitting does not compile. [`fit`](Estimator::fit) returns the classifier. References, boxes and `Arc`s of
/// estimators are estimators.
///
/// # Shapes
/// `x` is n x d with one sample per row. It can be a matrix, a view of a matrix, or any other type that
/// converts to [`Rows`]. `y` has n labels of any ordered type.
///
/// # Implementing this trait
/// Only [`fit_rows`](Estimator::fit_rows) is required. Its result must depend only on its arguments. The
/// [report](Classifier::report) of the model must state correctly how far the fit got. Invalid data is an
/// [`Error`], slow convergence is not. A model that keeps [`Rows::names`] can check the names of later rows.
///
/// # Examples
/// Code that works with any estimator:
/// ```
/// use logit::nalgebra::{DMatrix, dmatrix};
/// use logit::prelude::*;
/// use logit::{Error, Label, LogisticRegression, MlpClassifier, Penalty, Sgd};
///
/// fn training_accuracy<E: Estimator<f64>, L: Label>(
///     e: &E,
///     x: &DMatrix<f64>,
///     y: &[L],
/// ) -> Result<f64, Error> {
///     e.fit(x, y)?.score(x, y)
/// }
///
/// let (x, y) = (dmatrix![0.0; 1.0; 4.0; 5.0], ["low", "low", "high", "high"]);
/// assert_eq!(
///     training_accuracy(&LogisticRegression::new(Penalty::c(1.0)), &x, &y)?,
///     1.0
/// );
/// assert_eq!(
///     training_accuracy(&MlpClassifier::new([16]).optimizer(Sgd::new(0.1)), &x, &y)?,
///     1.0
/// );
/// # Ok::<(), Error>(())
/// ```
pub trait Estimator<T: Real> {
    /// The classifier that a fit returns.
    type Fitted<L: Label>: Classifier<T, Label = L>;

    /// Fits a classifier to borrowed rows. All other methods call this one.
    ///
    /// # Errors
    /// Returns an [`Error`] for empty or non-finite data, inconsistent sizes, a single class, invalid
    /// weights, and hyper-parameters out of range.
    fn fit_rows<L: Label>(
        &self,
        x: Rows<'_, T>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<Self::Fitted<L>, Error>;

    /// Fits a classifier to the rows of `x` and their labels.
    ///
    /// # Errors
    /// Returns the errors of [`fit_rows`](Estimator::fit_rows).
    fn fit<'a, L: Label>(&self, x: impl Into<Rows<'a, T>>, y: &[L]) -> Result<Self::Fitted<L>, Error> {
        self.fit_with(x, y, FitOptions::new())
    }

    /// Fits a classifier with weights, offsets or an observer.
    ///
    /// # Errors
    /// Returns the errors of [`fit_rows`](Estimator::fit_rows).
    fn fit_with<'a, L: Label>(
        &self,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<Self::Fitted<L>, Error> {
        let x = x.into();
        self.fit_rows(x, y, options).map_err(|error| error.with_column_name(x.names()))
    }

    /// Fits a classifier with one weight per row.
    ///
    /// # Errors
    /// Returns the errors of [`fit_rows`](Estimator::fit_rows).
    fn fit_weighted<'a, L: Label>(
        &self,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
        weights: &[T],
    ) -> Result<Self::Fitted<L>, Error> {
        self.fit_with(x, y, FitOptions::new().weights(weights))
    }

    /// Fits a classifier and calls `observer` after each iteration or epoch.
    ///
    /// If the observer returns [`ControlFlow::Break`], the fit stops and returns the current model, whose
    /// report says [`Cancelled`](crate::StopReason::Cancelled).
    ///
    /// # Errors
    /// Returns the errors of [`fit_rows`](Estimator::fit_rows).
    fn fit_observed<'a, L: Label>(
        &self,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
        mut observer: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Self::Fitted<L>, Error> {
        self.fit_with(x, y, FitOptions::new().observer(&mut observer))
    }
}

macro_rules! through_pointer {
    ($($pointer:ty),*) => {
        $(
            impl<T: Real, E: Estimator<T>> Estimator<T> for $pointer {
                type Fitted<L: Label> = E::Fitted<L>;

                fn fit_rows<L: Label>(
                    &self,
                    x: Rows<'_, T>,
                    y: &[L],
                    options: FitOptions<'_, T>,
                ) -> Result<E::Fitted<L>, Error> {
                    (**self).fit_rows(x, y, options)
                }
            }
        )*
    };
}

through_pointer!(&E, Box<E>, std::sync::Arc<E>);

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls the observer of a fit until it breaks, at most three times; returns how often.
    fn calls(watch: &mut Watch<'_>) -> usize {
        let progress = Progress { iteration: 1, limit: 3, objective: 0.0, validation: None };
        watch.fit(None::<&[f64]>, |mut options| {
            (1..=3).find(|_| options.observe(&progress).is_break()).unwrap_or(3)
        })
    }

    #[test]
    fn the_fits_after_a_break_stop_at_their_first_call() {
        let mut asked = 0;
        let mut observer = |_: &Progress| {
            asked += 1;
            if asked == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let mut watch = Watch::new(FitOptions::<f64>::new().observer(&mut observer));
        assert_eq!((calls(&mut watch), watch.cancelled()), (3, false));
        assert_eq!((calls(&mut watch), watch.cancelled()), (2, true));
        assert_eq!((calls(&mut watch), watch.cancelled()), (1, true));
        assert_eq!(asked, 5, "the observer is not asked again");
    }

    #[test]
    fn fits_without_an_observer_have_none() {
        let mut watch = Watch::new(FitOptions::<f64>::new());
        assert!(watch.fit(Some(&[1.0]), |options| options.observer.is_none() && options.weights.is_some()));
        assert!(!watch.cancelled());
    }
}
