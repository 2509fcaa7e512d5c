//! Outputs of models for rows that they were not fitted to.

use nalgebra::DMatrix;

use super::fold_stops::FoldStops;
use super::part::Part;
use super::split::Split;
use super::splitter::Splitter;
use super::trained_classes::{self, Needed};
use crate::check;
use crate::classifier::Classifier;
use crate::error::{Error, ErrorContext};
use crate::estimator::{Estimator, Watch};
use crate::label::{Label, indices};
use crate::parallel::attempt;
use crate::report::StopReason;
use crate::rows::Rows;
use crate::scalar::Real;

/// The test rows of all splits in order: the outputs of the model of their split, the true classes and the
/// weights.
#[derive(Debug)]
pub(crate) struct HeldOut<L> {
    pub(crate) outputs: DMatrix<f64>,
    pub(crate) truth: Vec<usize>,
    pub(crate) weights: Option<Vec<f64>>,
    pub(crate) classes: Vec<L>,
    pub(crate) stops: FoldStops,
    /// The number of each row in the whole.
    numbers: Vec<usize>,
}

impl<L: Label> HeldOut<L> {
    /// Fits `estimator` to the training rows of each split and calls `of` with the model and the test rows.
    ///
    /// Rows of weight 0 are left out.
    ///
    /// # Errors
    /// Returns the errors of the splitter, and [`Error::ClassNotInSplit`] if a class is in no training row of
    /// a split. Returns [`Error::Within`] if a fit or `of` fails, and [`Error::Cancelled`] if the observer
    /// stops a fit.
    pub(crate) fn of<T: Real, E: Estimator<T> + Sync>(
        estimator: &E,
        splitter: &Splitter,
        (x, y, all): Weighted<'_, T, L>,
        watch: &mut Watch<'_>,
        of: impl Fn(&E::Fitted<L>, Rows<'_, T>) -> Result<DMatrix<T>, Error> + Sync,
    ) -> Result<Self, Error> {
        check::labels(x, y.len())?;
        check::weights(all, x.nrows())?;
        let splits = splitter.splits_of_counted(y, all)?;
        trained_classes::check(&splits, y, Needed::All)?;
        let data = (x, y, all);
        let (folds, failed) =
            watch.each(splits.len(), |fold, watch| Tested::of(estimator, data, (fold, &splits), watch, &of));
        let classes = match (folds.first(), &failed) {
            (Some(Tested { classes, .. }), _) | (None, Some(Failed { classes: Some(classes), .. })) => {
                classes.clone()
            }
            _ => vec![],
        };
        let found = folds.iter().map(|tested| Some(&tested.classes));
        for (fold, found) in found.chain(failed.iter().map(|failed| failed.classes.as_ref())).enumerate() {
            let checked = found.map_or(Ok(()), |found| same_classes(&classes, found));
            checked.map_err(|error| error.within(ErrorContext::TrainingRows { split: fold }))?;
        }
        if let Some(Failed { error, .. }) = failed {
            return Err(error);
        }
        let (mut outputs, mut truth, mut weights, mut stops) = (vec![], vec![], vec![], vec![]);
        for tested in folds {
            outputs.push(tested.outputs);
            truth.extend(tested.truth);
            weights.extend(tested.weights);
            stops.push(tested.stop);
        }
        let mut joined = DMatrix::zeros(truth.len(), outputs.first().map_or(0, DMatrix::<f64>::ncols));
        let mut first = 0;
        for part in &outputs {
            joined.rows_mut(first, part.nrows()).copy_from(part);
            first += part.nrows();
        }
        let weights = all.is_some().then_some(weights);
        let stops = stops.into_iter().collect();
        let numbers = splits.into_iter().flat_map(|split| split.test).collect();
        Ok(HeldOut { outputs: joined, truth, weights, classes, stops, numbers })
    }

    /// Translates an error about these rows and class indices into one about the whole.
    pub(crate) fn translate(&self, error: Error) -> Error {
        error.in_rows(|row| self.numbers.get(row).copied()).with_labels(&self.classes)
    }

    /// Checks that the model to be corrected by these rows has the same classes.
    ///
    /// # Errors
    /// Returns [`Error::MissingClass`] if a class is in the model alone or in the splits alone.
    pub(crate) fn check_classes(&self, classes: &[L]) -> Result<(), Error> {
        same_classes(&self.classes, classes)
    }
}

/// Rows with their labels and weights.
type Weighted<'a, T, L> = (Rows<'a, T>, &'a [L], Option<&'a [T]>);

/// What is known of the test rows of one split.
struct Tested<L> {
    outputs: DMatrix<f64>,
    truth: Vec<usize>,
    weights: Vec<f64>,
    classes: Vec<L>,
    stop: Option<StopReason>,
}

/// The error of a split, and the classes of its model if it was fitted.
struct Failed<L> {
    classes: Option<Vec<L>>,
    error: Error,
}

impl<L: Label> Tested<L> {
    /// Fits `estimator` to the training rows of a split and calls `of` with the model and the test rows.
    fn of<T: Real, E: Estimator<T>>(
        estimator: &E,
        (x, y, all): Weighted<'_, T, L>,
        (fold, splits): (usize, &[Split]),
        watch: &mut Watch<'_>,
        of: impl Fn(&E::Fitted<L>, Rows<'_, T>) -> Result<DMatrix<T>, Error>,
    ) -> Result<Self, Failed<L>> {
        let [train, test] = [&splits[fold].train, &splits[fold].test].map(|rows| Part::of(x, y, all, rows));
        let fit = attempt("the fit", || {
            watch.fit_part(train.weights(), |options| estimator.fit_rows(train.rows(), &train.y, options))
        });
        let model = fit.map_err(|error| {
            let error = train.translate(error).within(ErrorContext::TrainingRows { split: fold });
            Failed { classes: None, error }
        })?;
        if watch.cancelled() {
            let error = Error::Cancelled { completed: fold, total: splits.len() };
            return Err(Failed { classes: None, error });
        }
        let classes = model.classes().to_vec();
        let predicted = attempt("the prediction", || {
            Ok((of(&model, test.rows())?.map(|v| v.as_f64()), indices(&classes, &test.y)?))
        });
        let weights = test.weights().into_iter().flatten().map(|w| w.as_f64()).collect();
        let stop = model.report().map(|report| report.stop);
        match predicted {
            Ok((outputs, truth)) => Ok(Tested { outputs, truth, weights, classes, stop }),
            Err(error) => {
                let error = test.translate(error).within(ErrorContext::TestRows { split: fold });
                Err(Failed { classes: Some(classes), error })
            }
        }
    }
}

/// Checks that two models have the same classes; a class of one alone had no training rows for the other.
fn same_classes<L: Label>(first: &[L], second: &[L]) -> Result<(), Error> {
    for (classes, others) in [(first, second), (second, first)] {
        if let Some(index) = classes.iter().position(|class| !others.contains(class)) {
            return Err(Error::missing_class(index, "the training rows of a split").with_labels(classes));
        }
    }
    Ok(())
}
