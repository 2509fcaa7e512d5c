//! Preprocessing and an estimator as one estimator.

mod alone;
mod fitted;
mod range;
mod stored;
#[cfg(test)]
mod tests;

pub use fitted::FittedPipeline;
pub use range::{ColumnRange, OutsideRange, RangeReport};

use crate::check;
use crate::error::Error;
use crate::estimator::{Estimator, FitOptions};
use crate::label::{Label, encode, plain};
use crate::preprocess::{Transformer, TransformerOptions, check_not_empty, with_names_after};
use crate::rows::Rows;
use crate::scalar::Real;
use range::Range;

/// Preprocessing, then an estimator: itself an estimator, whose model takes rows in their raw units.
///
/// The model keeps what the preprocessing learned from the training rows and applies it to every row that it predicts, so
/// that training and prediction cannot differ. Cross-validation of a pipeline learns the preprocessing anew in each fold:
/// nothing leaks from test rows.
///
/// # Errors
/// Those of its parts. Besides, a fit checks that the preprocessing makes the same of a row alone as of the same row among
/// others: [`Error::BatchDependent`] where it uses statistics of the rows at hand, so that the model would be told
/// something else in production than in training.
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty, Pipeline, StandardScaler, data};
///
/// let iris = data::iris();
/// let pipeline = Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)));
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
    /// `steps`, a [`Transformer`] or a tuple of several, before `estimator`.
    pub fn new(steps: P, estimator: E) -> Self {
        Pipeline { steps, estimator, outside: OutsideRange::Accept }
    }

    /// What the model does with rows outside of the range that the training rows had. Defaults to
    /// [`OutsideRange::Accept`]; [`FittedPipeline::range_report`] tells of them in any case.
    pub fn outside_range(mut self, outside: OutsideRange) -> Self {
        self.outside = outside;
        self
    }

    /// The preprocessing, not fitted.
    pub fn steps(&self) -> &P {
        &self.steps
    }

    /// The estimator, not fitted.
    pub fn estimator(&self) -> &E {
        &self.estimator
    }
}

/// Weights of rows go to all parts, their classes to the steps, the observer and offsets to the estimator.
impl<T: Real, P: Transformer<T>, E: Estimator<T>> Estimator<T> for Pipeline<P, E> {
    type Fitted<L: Label> = FittedPipeline<P::Fitted, E::Fitted<L>>;

    fn fit_rows<L: Label>(
        &self,
        x: Rows<'_, T>,
        y: &[L],
        options: FitOptions<'_, T>,
    ) -> Result<Self::Fitted<L>, Error> {
        check::count("y", "labels", x.nrows(), y.len())?;
        self.outside.check()?;
        // What `x` holds is for the steps to judge: an imputer takes missing values.
        check_not_empty(x.view())?;
        let weights = options.weights;
        check::weights(weights, x.nrows())?;
        let encoded = encode(y, |row| weights.is_none_or(|weights| weights[row] > T::zero()))?;
        let class_names: Vec<String> = encoded.classes.iter().map(plain).collect();
        let (classes, class_count) = (Some(encoded.indices.as_slice()), class_names.len());
        let learned = TransformerOptions { classes, class_count, class_names: Some(&class_names), weights };
        let (steps, z) = self.steps.fit_transform_rows(x, learned)?;
        alone::check(&steps, x)?;
        let range = Range::of(x.view(), weights, self.outside);
        let classifier = with_names_after(&steps, x, &z, |z| self.estimator.fit_rows(z, y, options))?;
        let names = x.names().map(<[String]>::to_vec);
        Ok(FittedPipeline { steps, classifier, range, names })
    }
}
