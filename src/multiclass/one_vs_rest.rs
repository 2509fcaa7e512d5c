//! One classifier per class, against all others.

use nalgebra::DMatrixViewMut;

use super::{first_unconverged, fit_all};
use crate::classifier::{Classifier, largest_scores};
use crate::error::{Error, ErrorContext};
use crate::estimator::{Estimator, FitOptions, Watch};
use crate::examples::Labelled;
use crate::label::Label;
use crate::parallel::{Threads, attempt};
use crate::report::FitReport;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scratch::Scratch;

/// An estimator that fits another estimator once for each class, against all other classes.
///
/// # Formula
/// Let z_k and p_k be the log-odds and the probability of class k in its own fit. The scores are z_k, and the
/// probabilities are p_k / Σ_j p_j (1/K each if all p are 0). Two classes need one fit, whose scores and
/// probabilities are returned unchanged.
///
/// # Threads
/// The fits run beside one another, on all threads unless [`threads`](Self::threads) sets a limit. With an
/// observer, they run one after another on the thread of the caller. A panic in a fit is
/// [`Error::Panicked`].
///
/// # Observers
/// An observer receives the progress of one fit after the other. If it stops one, the remaining fits stop at
/// their first call. The estimator then returns the current model, whose report says
/// [`Cancelled`](crate::StopReason::Cancelled).
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, OneVsRest, Penalty, data};
///
/// let iris = data::iris();
/// let model = OneVsRest::new(LogisticRegression::new(Penalty::c(1.0)))
///     .fit(&iris.x, &iris.y)?;
/// assert_eq!(model.models().len(), 3);
/// assert!(model.score(&iris.x, &iris.y)? > 0.94);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneVsRest<E> {
    estimator: E,
    threads: Threads,
}

impl<E> OneVsRest<E> {
    /// Creates an estimator that fits `estimator` once per class.
    pub fn new(estimator: E) -> Self {
        OneVsRest { estimator, threads: Threads::default() }
    }

    /// Sets the largest number of threads. Defaults to all of the machine.
    ///
    /// The models do not depend on it.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Threads::at_most(threads);
        self
    }
}

/// A fitted [`OneVsRest`].
#[derive(Debug, Clone, PartialEq)]
pub struct FittedOneVsRest<C, L> {
    pub(super) classes: Vec<L>,
    pub(super) models: Vec<C>,
}

impl<C, L> FittedOneVsRest<C, L> {
    /// Returns the fitted classifiers, one per class in ascending order; for two classes a single one, for
    /// the second class.
    pub fn models(&self) -> &[C] {
        &self.models
    }
}

impl<T: Real, E: Estimator<T, Fitted<bool>: Send> + Sync> Estimator<T> for OneVsRest<E> {
    type Fitted<L: Label> = FittedOneVsRest<E::Fitted<bool>, L>;

    fn fit_rows<L: Label>(
        &self,
        x: Rows<'_, T>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<Self::Fitted<L>, Error> {
        options.without_offset("OneVsRest")?;
        let Labelled { examples, classes, .. } = Labelled::new(x, y, options.weights, None)?;
        let weights = options.weights;
        let chosen = if classes.len() == 2 { 1..2 } else { 0..classes.len() };
        let fit = |index: usize, watch: &mut Watch<'_>| {
            let class = chosen.start + index;
            let own: Vec<bool> = examples.classes().iter().map(|&index| index == class).collect();
            let model = attempt("the fit", || {
                watch.fit(weights, |options| self.estimator.fit_rows(x, &own, options))
            });
            let label = format!("{:?}", classes[class]);
            let of_class = |error: Error| {
                error.of_two(&format!("not {label}"), &label).within(ErrorContext::Class { label })
            };
            model.map_err(of_class)
        };
        let models = self.threads.run(|| fit_all(chosen.len(), &mut Watch::new(options), fit))?;
        Ok(FittedOneVsRest { classes, models })
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

    fn feature_names(&self) -> Option<&[String]> {
        self.models.first().and_then(Classifier::feature_names)
    }

    fn report(&self) -> Option<&FitReport> {
        first_unconverged(self.models.iter().map(Classifier::report))
    }

    fn scores_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        let mut models = self.models.iter().enumerate();
        models.try_for_each(|(class, model)| model.scores_into(x, out.columns_mut(class, 1), scratch))
    }

    fn probabilities_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        if let [only] = self.models.as_slice() {
            return only.probabilities_into(x, out, scratch);
        }
        for (model, mut own) in self.models.iter().zip(out.column_iter_mut()) {
            let write =
                |p: DMatrixViewMut<'_, T>, scratch: &mut Scratch<T>| model.probabilities_into(x, p, scratch);
            scratch.with_matrix((x.nrows(), 2), write, |p| own.copy_from(&p.column(1)))?;
        }
        for mut row in out.row_iter_mut() {
            let sum = row.sum();
            if sum > T::zero() {
                row /= sum;
            } else {
                row.fill(T::of(1.0 / self.models.len() as f64));
            }
        }
        order_like_scores(self, x, out, scratch)
    }

    fn log_probabilities_into(
        &self,
        x: Rows<'_, T>,
        mut out: DMatrixViewMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) -> Result<(), Error> {
        if let [only] = self.models.as_slice() {
            return only.log_probabilities_into(x, out, scratch);
        }
        self.probabilities_into(x, out.as_view_mut(), scratch)?;
        out.iter_mut().for_each(|p| *p = p.ln());
        Ok(())
    }
}

/// Gives the class with the largest score the largest probability. Rounding may order probabilities that are
/// nearly equal in another way than their scores.
fn order_like_scores<T: Real, C: Classifier<T> + ?Sized>(
    model: &C,
    x: Rows<'_, T>,
    mut out: DMatrixViewMut<'_, T>,
    scratch: &mut Scratch<T>,
) -> Result<(), Error> {
    for (index, mut row) in out.row_iter_mut().enumerate() {
        let largest = row.iter().fold(T::zero(), |largest, &p| largest.max(p));
        let near = |&&p: &&T| p >= largest * (T::one() - T::of(16.0) * T::EPSILON);
        if row.iter().filter(near).count() > 1 {
            let mut best = [0];
            scratch.with_scores(model, x.rows(index, 1).into(), |scores| {
                largest_scores(scores, &mut best);
            })?;
            row[best[0]] = largest;
        }
    }
    Ok(())
}
