//! One classifier per class, against all others.

use nalgebra::DMatrix;

use crate::check;
use crate::classifier::{Classifier, Estimator, FitOptions};
use crate::error::Error;
use crate::label::Label;
use crate::rows::checked;
use crate::scalar::Real;

/// Fits any estimator once for each class, against all other classes.
///
/// # Formula
/// With z_k and p_k the log-odds and the probability of class k in its own fit: scores are z_k, probabilities
/// p_k / Σ_j p_j (equal shares if all p are 0). Two classes need one fit only, which is used as it is.
///
/// # Observers
/// An observer sees the fits one after the other; if it stops one, the next begins.
///
/// # Examples
/// ```
/// use logit::{Classifier, Estimator, LogisticRegression, OneVsRest, Penalty, data};
///
/// let iris = data::iris();
/// let model = OneVsRest::new(LogisticRegression::new(Penalty::c(1.0))).fit(&iris.x, &iris.y)?;
/// assert_eq!(model.models().len(), 3);
/// assert!(model.score(&iris.x, &iris.y)? > 0.94);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneVsRest<E> {
    estimator: E,
}

impl<E> OneVsRest<E> {
    /// One fit of `estimator` per class.
    pub fn new(estimator: E) -> Self {
        OneVsRest { estimator }
    }
}

/// A fitted [`OneVsRest`].
#[derive(Debug, Clone, PartialEq)]
pub struct FittedOneVsRest<C, L> {
    pub(super) classes: Vec<L>,
    pub(super) models: Vec<C>,
}

impl<C, L> FittedOneVsRest<C, L> {
    /// The fitted classifiers, one per class in their order; a single one, for the second class, of two.
    pub fn models(&self) -> &[C] {
        &self.models
    }
}

impl<T: Real, E: Estimator<T>> Estimator<T> for OneVsRest<E> {
    type Fitted<L: Label> = FittedOneVsRest<E::Fitted<bool>, L>;

    fn fit_with<L: Label>(
        &self,
        x: &DMatrix<T>,
        y: &[L],
        mut options: FitOptions<'_, T>,
    ) -> Result<Self::Fitted<L>, Error> {
        options.without_offset("OneVsRest")?;
        let (encoded, _) = checked(x, y, options.weights)?;
        let chosen = if encoded.classes.len() == 2 { 1..2 } else { 0..encoded.classes.len() };
        let mut models = Vec::with_capacity(chosen.len());
        for class in chosen {
            let own: Vec<bool> = encoded.indices.iter().map(|&index| index == class).collect();
            models.push(self.estimator.fit_with(x, &own, options.reborrow())?);
        }
        Ok(FittedOneVsRest { classes: encoded.classes, models })
    }
}

impl<T: Real, C: Classifier<T, Label = bool>, L: Label> Classifier<T> for FittedOneVsRest<C, L> {
    type Label = L;

    fn classes(&self) -> &[L] {
        &self.classes
    }

    fn features(&self) -> usize {
        self.models.first().map_or(0, Classifier::features)
    }

    fn decision_function(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        check::count("x", "columns", self.features(), x.ncols())?;
        let mut scores = DMatrix::zeros(x.nrows(), self.models.len());
        for (mut column, model) in scores.column_iter_mut().zip(&self.models) {
            column.copy_from(&model.decision_function(x)?.column(0));
        }
        Ok(scores)
    }

    fn predict_proba(&self, x: &DMatrix<T>) -> Result<DMatrix<T>, Error> {
        check::count("x", "columns", self.features(), x.ncols())?;
        if let [only] = self.models.as_slice() {
            return only.predict_proba(x);
        }
        let mut probabilities = DMatrix::zeros(x.nrows(), self.models.len());
        for (mut column, model) in probabilities.column_iter_mut().zip(&self.models) {
            column.copy_from(&model.predict_proba(x)?.column(1));
        }
        for mut row in probabilities.row_iter_mut() {
            let sum = row.sum();
            if sum > T::zero() {
                row /= sum;
            } else {
                row.fill(T::of(1.0 / self.models.len() as f64));
            }
        }
        Ok(probabilities)
    }
}
