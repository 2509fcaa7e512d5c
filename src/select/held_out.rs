//! What models say of rows that they were not fitted to.

use nalgebra::DMatrix;

use super::fold_stops::FoldStops;
use super::part::Part;
use super::splitter::Splitter;
use crate::check;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::estimator::{Estimator, Watch};
use crate::label::{Label, indices};
use crate::rows::Rows;
use crate::scalar::Real;

/// Test rows of all splits, one split after the other: what the model of the split says, the true class and the weight.
#[derive(Debug)]
pub(crate) struct HeldOut<L> {
    pub(crate) outputs: DMatrix<f64>,
    pub(crate) truth: Vec<usize>,
    pub(crate) weights: Option<Vec<f64>>,
    pub(crate) classes: Vec<L>,
    pub(crate) stops: FoldStops,
}

impl<L: Label> HeldOut<L> {
    /// Fits `estimator` to the training rows of each split and asks `of` its model and the test rows. Rows of weight 0 are
    /// not there.
    ///
    /// # Errors
    /// Those of splitting, of fits and of `of`; for splits whose models do not all know the same classes;
    /// [`Error::Cancelled`] when the observer stops a fit.
    pub(crate) fn of<T: Real, E: Estimator<T>>(
        estimator: &E,
        splitter: &Splitter,
        (x, y, all): (Rows<'_, T>, &[L], Option<&[T]>),
        watch: &mut Watch<'_>,
        of: impl Fn(&E::Fitted<L>, Rows<'_, T>) -> Result<DMatrix<T>, Error>,
    ) -> Result<Self, Error> {
        check::count("y", "labels", x.nrows(), y.len())?;
        check::weights(all, x.nrows())?;
        let (mut outputs, mut truth, mut weights) = (Vec::<DMatrix<f64>>::new(), vec![], vec![]);
        let (mut classes, mut stops): (Vec<L>, Vec<_>) = (vec![], vec![]);
        let splits = splitter.splits_of_counted(y, all)?;
        for (fold, split) in splits.iter().enumerate() {
            let [train, test] = [&split.train, &split.test].map(|rows| Part::of(x, y, all, rows));
            let model =
                watch.fit(train.weights(), |options| estimator.fit_rows(train.rows(), &train.y, options))?;
            if watch.cancelled() {
                return Err(Error::Cancelled { completed: fold, total: splits.len() });
            }
            if outputs.is_empty() {
                classes = model.classes().to_vec();
            }
            same_classes(&classes, model.classes())?;
            stops.push(model.report().map(|report| report.stop));
            outputs.push(of(&model, test.rows())?.map(|v| v.as_f64()));
            truth.extend(indices(model.classes(), &test.y)?);
            weights.extend(test.weights().into_iter().flatten().map(|w| w.as_f64()));
        }
        let mut joined = DMatrix::zeros(truth.len(), outputs.first().map_or(0, DMatrix::ncols));
        let mut first = 0;
        for part in &outputs {
            joined.rows_mut(first, part.nrows()).copy_from(part);
            first += part.nrows();
        }
        let weights = all.is_some().then_some(weights);
        Ok(HeldOut { outputs: joined, truth, weights, classes, stops: stops.into_iter().collect() })
    }

    /// The model that is to be corrected by these rows must know the same classes.
    ///
    /// # Errors
    /// [`Error::MissingClass`] for one that the splits do not have.
    pub(crate) fn check_classes(&self, classes: &[L]) -> Result<(), Error> {
        same_classes(&self.classes, classes)
    }
}

/// Two models must know the same classes: a class of one alone had no training rows for the other.
fn same_classes<L: Label>(first: &[L], second: &[L]) -> Result<(), Error> {
    for (classes, others) in [(first, second), (second, first)] {
        if let Some(index) = classes.iter().position(|class| !others.contains(class)) {
            return Err(Error::missing_class(index, "the training rows of a split").with_labels(classes));
        }
    }
    Ok(())
}
