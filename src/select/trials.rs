//! Scores of several estimators, each on splits.

use super::cross_validation::{CrossValidation, Outcome};
use super::split::Split;
use crate::error::Error;
use crate::estimator::Estimator;
use crate::label::Label;
use crate::parallel::{available, try_map};
use crate::rows::Rows;
use crate::scalar::Real;

/// An estimator and the splits on which it is evaluated.
pub(super) struct Trial<'a, E> {
    /// The estimator, or the error that comes in its place.
    estimator: Result<&'a E, Error>,
    splits: &'a [Split],
}

impl<'a, E> Trial<'a, E> {
    /// Creates a trial that ends with the error of `estimator`, or else with that of the splits.
    pub(super) fn new(
        estimator: &'a Result<E, Error>,
        splits: &'a [Split],
        checked: &Result<(), Error>,
    ) -> Self {
        let estimator = estimator.as_ref().and_then(|estimator| checked.as_ref().map(|()| estimator));
        Trial { estimator: estimator.map_err(Error::clone), splits }
    }
}

impl<T: Real> CrossValidation<'_, T> {
    /// Returns the outcomes of all trials by split, without models.
    ///
    /// All splits of all trials run beside one another, so that threads have work if there are few trials.
    ///
    /// # Errors
    /// Returns the first error by trial and then by split, with the position of the trial.
    pub(super) fn outcomes_of<E: Estimator<T> + Sync, L: Label>(
        &self,
        trials: &[Trial<'_, E>],
        x: Rows<'_, T>,
        y: &[L],
    ) -> Result<Vec<Vec<Outcome<()>>>, (usize, Error)> {
        let tasks: Vec<(usize, usize)> = trials
            .iter()
            .enumerate()
            .flat_map(|(trial, Trial { splits, .. })| (0..splits.len()).map(move |split| (trial, split)))
            .collect();
        let outcomes = try_map(tasks.len(), available(), |task| {
            let (trial, split) = tasks[task];
            let Trial { estimator, splits } = &trials[trial];
            let outcome = estimator
                .clone()
                .and_then(|estimator| self.evaluate_model(estimator, x, y, (split, &splits[split])));
            outcome.map(Outcome::without_model).map_err(|error| (trial, error))
        })?;
        let mut outcomes = outcomes.into_iter();
        Ok(trials.iter().map(|trial| outcomes.by_ref().take(trial.splits.len()).collect()).collect())
    }
}
