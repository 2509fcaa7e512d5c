//! Outputs of models for rows that they were not fitted to.

use nalgebra::DMatrix;

use super::fold_stops::FoldStops;
use super::part::Part;
use super::splitter::Splitter;
use super::trained_classes::{self, Needed};
use crate::check;
use crate::classifier::Classifier;
use crate::error::{Error, ErrorContext};
use crate::estimator::{Estimator, Watch};
use crate::label::{Label, indices};
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
    pub(crate) fn of<T: Real, E: Estimator<T>>(
        estimator: &E,
        splitter: &Splitter,
        (x, y, all): (Rows<'_, T>, &[L], Option<&[T]>),
        watch: &mut Watch<'_>,
        of: impl Fn(&E::Fitted<L>, Rows<'_, T>) -> Result<DMatrix<T>, Error>,
    ) -> Result<Self, Error> {
        check::labels(x, y.len())?;
        check::weights(all, x.nrows())?;
        let (mut outputs, mut truth, mut weights) = (Vec::<DMatrix<f64>>::new(), vec![], vec![]);
        let (mut classes, mut stops): (Vec<L>, Vec<_>) = (vec![], vec![]);
        let splits = splitter.splits_of_counted(y, all)?;
        trained_classes::check(&splits, y, Needed::All)?;
        for (fold, split) in splits.iter().enumerate() {
            let [train, test] = [&split.train, &split.test].map(|rows| Part::of(x, y, all, rows));
            let training = |error| train.translate(error).within(ErrorContext::TrainingRows { split: fold });
            let testing = |error| test.translate(error).within(ErrorContext::TestRows { split: fold });
            let fit = watch
                .fit_part(train.weights(), |options| estimator.fit_rows(train.rows(), &train.y, options));
            let model = fit.map_err(training)?;
            if watch.cancelled() {
                return Err(Error::Cancelled { completed: fold, total: splits.len() });
            }
            if outputs.is_empty() {
                classes = model.classes().to_vec();
            }
            same_classes(&classes, model.classes()).map_err(training)?;
            stops.push(model.report().map(|report| report.stop));
            outputs.push(of(&model, test.rows()).map_err(testing)?.map(|v| v.as_f64()));
            truth.extend(indices(model.classes(), &test.y).map_err(testing)?);
            weights.extend(test.weights().into_iter().flatten().map(|w| w.as_f64()));
        }
        let mut joined = DMatrix::zeros(truth.len(), outputs.first().map_or(0, DMatrix::ncols));
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

/// Checks that two models have the same classes; a class of one alone had no training rows for the other.
fn same_classes<L: Label>(first: &[L], second: &[L]) -> Result<(), Error> {
    for (classes, others) in [(first, second), (second, first)] {
        if let Some(index) = classes.iter().position(|class| !others.contains(class)) {
            return Err(Error::missing_class(index, "the training rows of a split").with_labels(classes));
        }
    }
    Ok(())
}
