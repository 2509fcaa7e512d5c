//! Pipelines, which combine preprocessing and an estimator into one estimator.
//!
//! A [`Pipeline`] learns its preprocessing from the training rows alone, in every split of a
//! cross-validation. The fitted pipeline reports rows outside the range of the training rows
//! ([`RangeReport`]).

mod alone;
mod fitted;
mod range;
mod stored;
#[cfg(test)]
mod tests;

pub use fitted::FittedPipeline;
pub use range::{ColumnRange, OutsideRange, RangeReport};

use crate::check;
use crate::error::{Error, type_name};
use crate::estimator::{Estimator, FitOptions};
use crate::label::{Label, encode, plain};
use crate::preprocess::{Transformer, TransformerOptions, check_not_empty, with_names_after};
use crate::rows::Rows;
use crate::scalar::Real;
use range::Range;

/// An estimator that consists of preprocessing and another estimator. Its model takes rows in raw units.
///
/// The model contains the fitted preprocessing and applies it to all rows that it predicts, so training and
/// prediction cannot differ. Cross-validation of a pipeline fits the preprocessing anew in each fold, so no
/// information leaks from test rows.
///
/// # Errors
/// A fit returns the errors of the parts. It also returns [`Error::BatchDependent`] if the transformation of
/// a row depends on the other rows of the batch, because then the classifier would get different inputs in
/// production than in training.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, Pipeline, StandardScaler, data};
///
/// let iris = data::iris();
/// let pipeline =
///     Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)));
/// let model = pipeline.fit(&iris.x, &iris.y)?;
/// assert!(model.score(&iris.x, &iris.y)? > 0.97);
/// assert_eq!(model.steps().mean().len(), 4);
/// assert!(model.classifier().report().converged());
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pipeline<P, E> {
    steps: P,
    estimator: E,
    outside: OutsideRange,
}

impl<P, E> Pipeline<P, E> {
    /// Creates a pipeline of `steps`, a [`Transformer`] or a tuple of several, and `estimator`.
    pub fn new(steps: P, estimator: E) -> Self {
        Pipeline { steps, estimator, outside: OutsideRange::Accept }
    }

    /// Sets the model's rule for rows outside the range of the training rows.
    ///
    /// [`FittedPipeline::range_report`] reports such rows under any rule. Defaults to
    /// [`OutsideRange::Accept`].
    pub fn outside_range(mut self, outside: OutsideRange) -> Self {
        self.outside = outside;
        self
    }

    /// Returns the preprocessing before the fit.
    pub fn steps(&self) -> &P {
        &self.steps
    }

    /// Returns the estimator before the fit.
    pub fn estimator(&self) -> &E {
        &self.estimator
    }
}

/// Fits the steps and the estimator. All parts get the weights of the rows, the steps get the classes, and
/// the estimator gets the observer and the offsets.
impl<T: Real, P: Transformer<T>, E: Estimator<T>> Estimator<T> for Pipeline<P, E> {
    type Fitted<L: Label> = FittedPipeline<P::Fitted, E::Fitted<L>>;

    fn fit_rows<L: Label>(
        &self,
        x: Rows<'_, T>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<Self::Fitted<L>, Error> {
        check::labels(x, y.len())?;
        self.outside.check()?;
        // The steps check the entries of `x`, because some of them accept missing values.
        check_not_empty(x.view())?;
        let weights = options.weights;
        check::weights(weights, x.nrows())?;
        let encoded = encode(y, |row| weights.is_none_or(|weights| weights[row] > T::zero()))?;
        let class_names: Vec<String> = encoded.classes.iter().map(plain).collect();
        let (classes, class_count) = (Some(encoded.indices.as_slice()), class_names.len());
        let learned = TransformerOptions { classes, class_count, class_names: Some(&class_names), weights };
        let in_steps = |error: Error| error.in_step(0, type_name::<P>()).with_column_name(x.names());
        let (steps, z) = self.steps.fit_transform_rows(x, learned).map_err(in_steps)?;
        alone::check(&steps, x)?;
        let range = Range::of(x.view(), weights, self.outside);
        let classifier = with_names_after(&steps, x, &z, |z| self.estimator.fit_rows(z, y, options))?;
        let names = x.names().map(<[String]>::to_vec);
        Ok(FittedPipeline { steps, classifier, range, names })
    }
}
