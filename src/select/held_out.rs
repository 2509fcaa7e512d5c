//! What models say of rows that they were not fitted to.

use nalgebra::DMatrix;

use super::splitter::Splitter;
use crate::check;
use crate::classifier::{Classifier, Estimator, FitOptions};
use crate::error::Error;
use crate::label::{Label, indices};
use crate::scalar::Real;

/// Test rows of all splits, one split after the other: what the model of the split says, the true class and the weight.
#[derive(Debug)]
pub(crate) struct HeldOut<L> {
    pub(crate) outputs: DMatrix<f64>,
    pub(crate) truth: Vec<usize>,
    pub(crate) weights: Option<Vec<f64>>,
    pub(crate) classes: Vec<L>,
}

impl<L: Label> HeldOut<L> {
    /// Fits `estimator` to the training rows of each split and asks `of` its model and the test rows. Rows of weight 0 are
    /// not there.
    ///
    /// # Errors
    /// Those of splitting, of fits and of `of`; for splits whose models do not all know the same classes.
    pub(crate) fn of<T: Real, E: Estimator<T>>(
        estimator: &E,
        splitter: &Splitter,
        (x, y): (&DMatrix<T>, &[L]),
        options: &mut FitOptions<'_, T>,
        of: impl Fn(&E::Fitted<L>, &DMatrix<T>) -> Result<DMatrix<T>, Error>,
    ) -> Result<Self, Error> {
        check::count("y", "labels", x.nrows(), y.len())?;
        check::weights(options.weights, x.nrows())?;
        let all = options.weights;
        let (mut outputs, mut truth, mut weights) = (Vec::<DMatrix<f64>>::new(), vec![], vec![]);
        let mut classes: Vec<L> = vec![];
        for split in splitter.splits_of_counted(y, all)? {
            let labels = |rows: &[usize]| rows.iter().map(|&row| y[row].clone()).collect::<Vec<L>>();
            let weights_of =
                |rows: &[usize]| all.map(|all| rows.iter().map(|&row| all[row]).collect::<Vec<T>>());
            let own = weights_of(&split.train);
            let part = FitOptions { weights: own.as_deref(), ..options.reborrow() };
            let model = estimator.fit_with(&x.select_rows(&split.train), &labels(&split.train), part)?;
            if outputs.is_empty() {
                classes = model.classes().to_vec();
            } else if let Some(class) =
                (0..classes.len()).find(|&at| model.classes().get(at) != classes.get(at))
            {
                return Err(Error::MissingClass { class });
            }
            outputs.push(of(&model, &x.select_rows(&split.test))?.map(|v| v.as_f64()));
            truth.extend(indices(model.classes(), &labels(&split.test))?);
            weights.extend(weights_of(&split.test).into_iter().flatten().map(|w| w.as_f64()));
        }
        let mut joined = DMatrix::zeros(truth.len(), outputs.first().map_or(0, DMatrix::ncols));
        let mut first = 0;
        for part in &outputs {
            joined.rows_mut(first, part.nrows()).copy_from(part);
            first += part.nrows();
        }
        Ok(HeldOut { outputs: joined, truth, weights: all.is_some().then_some(weights), classes })
    }

    /// The model that is to be corrected by these rows must know the same classes.
    ///
    /// # Errors
    /// [`Error::MissingClass`] for one that the splits do not have.
    pub(crate) fn check_classes(&self, classes: &[L]) -> Result<(), Error> {
        match (0..classes.len()).find(|&at| self.classes.get(at) != classes.get(at)) {
            Some(class) => Err(Error::MissingClass { class }),
            None => Ok(()),
        }
    }
}
