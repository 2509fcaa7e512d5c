//! An estimator that tunes a threshold on cross-validated probabilities.

use super::threshold::{FittedThreshold, best_threshold, check_two};
use crate::classifier::{Classifier, ClassifierExt};
use crate::error::Error;
use crate::estimator::{Estimator, FitOptions, Watch};
use crate::label::Label;
use crate::metrics::Metric;
use crate::parallel::{Threads, attempt};
use crate::rows::Rows;
use crate::scalar::Real;
use crate::select::{HeldOut, Splitter};

/// An estimator of two classes that tunes the decision threshold for a metric on cross-validated
/// probabilities.
///
/// Each row gets its probability from a fit to the other folds. The threshold is the best for all these
/// probabilities. Then the estimator is fitted once more, to all rows. To measure the tuned decisions on rows
/// that the threshold was not tuned on, cross-validate this estimator.
///
/// # Threads
/// The folds are fitted beside one another, on all threads unless [`threads`](Self::threads) sets a limit.
/// With an observer, they are fitted one after another on the thread of the caller. A panic in the estimator
/// is [`Error::Panicked`].
///
/// # Observers
/// An observer sees the fits one after the other. If it stops a fit to folds, tuning is impossible and the
/// result is [`Error::Cancelled`]. If it stops the last fit, to all rows, the model so far is returned, and
/// its report says [`Cancelled`](crate::StopReason::Cancelled).
///
/// # Examples
/// ```
/// use logit::metrics::MeanCost;
/// use logit::decide::TuneThreshold;
/// use logit::select::Splitter;
/// use logit::{CrossValidation, LogisticRegression, Penalty, Rng};
/// use nalgebra::{DMatrix, dmatrix};
///
/// let mut rng = Rng::new(1);
/// let x = DMatrix::from_fn(200, 1, |_, _| rng.standard_normal());
/// let y: Vec<&str> = x
///     .iter()
///     .map(|x| if x + rng.standard_normal() > 1.0 { "ill" } else { "well" })
///     .collect();
///
/// // Predicting "well" for the ill costs nine times as much as the other mistake.
/// let cost = MeanCost::new(dmatrix![0.0, 9.0; 1.0, 0.0]);
/// let plain = LogisticRegression::new(Penalty::c(1.0));
/// let validation = CrossValidation::new(Splitter::default()).metric("cost", &cost);
/// let careless = validation.run(&plain, &x, &y)?.mean("cost");
/// let careful =
///     validation.run(&TuneThreshold::new(plain, &cost), &x, &y)?.mean("cost");
/// assert!(careful < careless);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TuneThreshold<E, M> {
    estimator: E,
    metric: M,
    splitter: Splitter,
    threads: Threads,
}

impl<E, M: Metric> TuneThreshold<E, M> {
    /// Creates an estimator that fits `estimator` with the threshold that is best for `metric`.
    pub fn new(estimator: E, metric: M) -> Self {
        TuneThreshold { estimator, metric, splitter: Splitter::default(), threads: Threads::default() }
    }

    /// Sets the folds. Defaults to five stratified folds.
    pub fn splitter(mut self, splitter: impl Into<Splitter>) -> Self {
        self.splitter = splitter.into();
        self
    }

    /// Sets the largest number of threads. Defaults to all of the machine.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Threads::at_most(threads);
        self
    }
}

impl<T: Real, E: Estimator<T> + Sync, M: Metric> Estimator<T> for TuneThreshold<E, M> {
    type Fitted<L: Label> = FittedThreshold<E::Fitted<L>>;

    /// Fits the estimator to folds, tunes the threshold, and fits the estimator to all rows.
    ///
    /// # Errors
    /// Returns the errors of the splitter, of fits and of [`FittedThreshold::tuned`]. Returns
    /// [`Error::Unsupported`] if there are offsets, [`Error::ClassNotInSplit`] if a class is in no
    /// training row of a split, and [`Error::Cancelled`] if the observer stops a fit to folds. Returns
    /// [`Error::InvalidParameter`] if the number of threads is 0.
    fn fit_rows<L: Label>(
        &self,
        x: Rows<'_, T>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<Self::Fitted<L>, Error> {
        options.without_offset("TuneThreshold")?;
        self.threads.run(|| {
            let weights = options.weights;
            let mut watch = Watch::new(options);
            let of_second = |model: &E::Fitted<L>, x: Rows<'_, T>| {
                check_two(model.classes().len())?;
                Ok(model.predict_proba(x)?.columns(1, 1).into_owned())
            };
            let held = HeldOut::of(&self.estimator, &self.splitter, (x, y, weights), &mut watch, of_second)?;
            let p = held.outputs.as_slice();
            let threshold = attempt("the metric", || {
                best_threshold(&self.metric, p, &held.truth, held.weights.as_deref())
            });
            let threshold = threshold.map_err(|error| held.translate(error))?;
            let classifier =
                attempt("the fit", || watch.fit(weights, |options| self.estimator.fit_rows(x, y, options)))?;
            held.check_classes(classifier.classes())?;
            Ok(FittedThreshold { stops: held.stops, ..FittedThreshold::new(classifier, threshold)? })
        })
    }
}
