//! Losses from outside this crate, for classifiers.

use std::any::{Any, type_name};
use std::fmt;
use std::sync::Arc;

use super::{BinaryCrossEntropy, ClassificationLoss, Loss};
use crate::scalar::Real;

/// A loss from outside this crate, for both number types; created by [`ClassificationLoss::custom`].
#[derive(Clone)]
pub struct CustomLoss {
    /// An `Arc<dyn Loss<f32>>` and an `Arc<dyn Loss<f64>>` to the same loss: the number type is known only in
    /// a fit.
    by_type: [Arc<dyn Any + Send + Sync>; 2],
    name: &'static str,
}

impl ClassificationLoss {
    /// Wraps your own loss, for [`MlpClassifier::loss`](crate::MlpClassifier::loss) and other classifiers of
    /// exclusive classes.
    ///
    /// Two wrapped losses are equal if one is a clone of the other. A model that was trained on one cannot be
    /// saved, because a file cannot hold code. Save its [parameters](crate::nn::FittedNetwork::trained), and
    /// combine them with the loss again after loading.
    ///
    /// # Examples
    /// ```
    /// use logit::nalgebra::DMatrix;
    /// use logit::nn::{ClassificationLoss, Gradient, Loss, SoftmaxCrossEntropy, Targets};
    /// use logit::prelude::*;
    /// use logit::{Adam, MlpClassifier, Real, data};
    ///
    /// /// Cross-entropy that counts ten times.
    /// struct Tenfold;
    ///
    /// impl<T: Real> Loss<T> for Tenfold {
    ///     fn score_columns(&self, classes: usize) -> usize {
    ///         Loss::<T>::score_columns(&SoftmaxCrossEntropy::new(), classes)
    ///     }
    ///     fn accumulate(
    ///         &self,
    ///         scores: &DMatrix<T>,
    ///         targets: Targets<'_, T>,
    ///         weights: Option<&[T]>,
    ///         gradient: Option<Gradient<'_, T>>,
    ///     ) -> f64 {
    ///         let gradient =
    ///             gradient.map(|g| Gradient { scale: g.scale * T::of(10.0), out: g.out });
    ///         10.0 * SoftmaxCrossEntropy::new()
    ///             .accumulate(scores, targets, weights, gradient)
    ///     }
    ///     fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
    ///         SoftmaxCrossEntropy::new().probabilities(scores, out);
    ///     }
    /// }
    ///
    /// let iris = data::iris();
    /// let network = MlpClassifier::new([8])
    ///     .loss(ClassificationLoss::custom(Tenfold))
    ///     .optimizer(Adam::new(0.01))
    ///     .epochs(80);
    /// let model = network.fit(&iris.x, &iris.y)?;
    /// assert!(model.score(&iris.x, &iris.y)? > 0.9);
    /// assert!(
    ///     model
    ///         .to_bytes()
    ///         .unwrap_err()
    ///         .to_string()
    ///         .starts_with("a model file does not support a custom loss")
    /// );
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn custom<S: Loss<f32> + Loss<f64> + 'static>(loss: S) -> Self {
        let loss = Arc::new(loss);
        let (single, double): (Arc<dyn Loss<f32>>, Arc<dyn Loss<f64>>) = (loss.clone(), loss);
        ClassificationLoss::Custom(CustomLoss {
            by_type: [Arc::new(single), Arc::new(double)],
            name: type_name::<S>(),
        })
    }
}

impl CustomLoss {
    /// Returns the loss for this number type.
    pub(super) fn inner<T: Real>(&self) -> &dyn Loss<T> {
        let loss = self.by_type.iter().find_map(|loss| loss.downcast_ref::<Arc<dyn Loss<T>>>());
        // `Real` is sealed, so one of the two has this type.
        loss.map_or(&BinaryCrossEntropy, |loss| &**loss)
    }
}

/// Two losses are equal if they share the same allocation.
impl PartialEq for CustomLoss {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.by_type[0], &other.by_type[0])
    }
}

impl fmt::Debug for CustomLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.rsplit("::").next().unwrap_or(self.name))
    }
}
