//! The fitted multi-layer perceptron: a network of the crate's own layers.

use nalgebra::{DMatrixView, DVectorView};

use super::architecture::Network;
use super::fitted::FittedNetwork;
use super::passes::Passes;
use crate::error::Error;
use crate::label::Label;
use crate::layer::{AnyLayer, Dense, Sequential, Shape};
use crate::loss::ClassificationLoss;
use crate::scalar::Real;
use crate::train::Trained;

/// A fitted [`MlpClassifier`](crate::MlpClassifier).
pub type FittedMlp<T, L> = FittedNetwork<T, L, Sequential<AnyLayer>, ClassificationLoss>;

impl<T: Real, L: Label> FittedMlp<T, L> {
    /// Creates a model from known parameters.
    ///
    /// Classes are in ascending order, and parameters are in the order of the network. `statistics` are the
    /// running statistics of batch normalisation (empty without any). The stop reason of the report is
    /// [`Given`](crate::StopReason::Given).
    ///
    /// # Errors
    /// Returns [`Error::Empty`] or [`Error::OneClass`] if there are fewer than two classes, and
    /// [`Error::UnsortedClasses`] if they are not strictly ascending. Returns [`Error::ShapeMismatch`] if
    /// sizes disagree, [`Error::NotFinite`] if a parameter or a statistic is not finite, and
    /// [`Error::InvalidParameter`] if a setting of the network or the loss is out of range. Returns
    /// [`Error::Unsupported`] if the probabilities of the loss do not sum to 1.
    ///
    /// # Examples
    /// ```
    /// use logit::nn::{BinaryCrossEntropy, Sequential};
    /// use logit::prelude::*;
    /// use logit::{Activation, FittedMlp};
    /// use nalgebra::dmatrix;
    ///
    /// // Exclusive or: z = relu(a - b) + relu(b - a) - 1/2, weights input by input.
    /// let network = Sequential::perceptron(&[2, 2, 1], Activation::Relu)?;
    /// let params = [1.0, -1.0, -1.0, 1.0, 0.0, 0.0, 1.0, 1.0, -0.5];
    /// let model = FittedMlp::from_parameters(
    ///     network,
    ///     BinaryCrossEntropy,
    ///     [false, true],
    ///     params,
    ///     [],
    /// )?;
    /// let x = dmatrix![0.0, 0.0; 0.0, 1.0; 1.0, 0.0; 1.0, 1.0];
    /// assert_eq!(model.predict(&x)?, [false, true, true, false]);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn from_parameters(
        network: impl Into<Sequential<AnyLayer>>,
        loss: impl Into<ClassificationLoss>,
        classes: impl Into<Vec<L>>,
        params: impl Into<Vec<T>>,
        statistics: impl Into<Vec<T>>,
    ) -> Result<Self, Error> {
        let trained = Trained { statistics: statistics.into(), ..Trained::from_parameters(params) };
        Self::checked(classes.into(), (network.into().trained(), loss.into()), trained, Passes::in_place())
    }

    pub(super) fn new(
        classes: Vec<L>,
        names: Option<Vec<String>>,
        network: Network,
        loss: ClassificationLoss,
        trained: Trained<T>,
    ) -> Self {
        Self::assemble(classes, names, (network.trained(), loss), trained, Passes::in_place())
    }

    /// Checks that a fit with these classes and this network may start from this model.
    pub(super) fn check_start(&self, classes: &[L], network: &Network) -> Result<(), Error> {
        if self.classes != classes {
            let named = |classes: &[L]| format!("the classes {classes:?}");
            return Err(Error::WarmStart { expected: named(classes), found: named(&self.classes) });
        }
        let network = &network.clone().trained();
        if self.network != *network {
            let named = |network: &Network| {
                let layers: Vec<String> = network
                    .layers()
                    .iter()
                    .map(|layer| format!("{} {} x {}", layer.describe(), layer.inputs(), layer.outputs()))
                    .collect();
                format!("the layers {layers:?}")
            };
            return Err(Error::WarmStart { expected: named(network), found: named(&self.network) });
        }
        Ok(())
    }

    /// Returns the weights into dense layer `layer`, inputs x outputs; `None` beyond the last. Only dense
    /// layers count.
    pub fn weights(&self, layer: usize) -> Option<DMatrixView<'_, T>> {
        let (dense, params) = self.layer(layer)?;
        Some(DMatrixView::from_slice(dense.split(params).0, dense.inputs(), dense.outputs()))
    }

    /// Returns the biases of dense layer `layer`, which are empty if it has none; `None` beyond the last.
    /// Only dense layers count.
    pub fn biases(&self, layer: usize) -> Option<DVectorView<'_, T>> {
        let (dense, params) = self.layer(layer)?;
        let biases = dense.split(params).1;
        Some(DVectorView::from_slice(biases, biases.len()))
    }

    fn layer(&self, layer: usize) -> Option<(&Dense, &[T])> {
        let layers = self.network.layers().iter().zip(self.network.parameter_ranges());
        let dense = layers.filter_map(|(layer, range)| match layer {
            AnyLayer::Dense(dense) => Some((dense, &self.params[range])),
            _ => None,
        });
        dense.into_iter().nth(layer)
    }
}
