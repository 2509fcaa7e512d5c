//! The layers of a multi-layer perceptron.

use super::config::MlpClassifier;
use crate::error::Error;
use crate::layer::{Activate, Activation, AnyLayer, BatchNorm, Dense, Dropout, LayerNorm, Sequential};

/// The network of a multi-layer perceptron.
pub(super) type Network = Sequential<AnyLayer>;

/// What stands between the sums of a hidden layer and its activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Normalization {
    /// Nothing.
    #[default]
    None,
    /// [`BatchNorm`] of each unit over the rows of a batch.
    Batch,
    /// [`LayerNorm`] of each row over the units.
    Layer,
}

impl MlpClassifier {
    /// The network from so many columns to so many scores. The output layer has no activation: losses take raw scores.
    pub(super) fn network(&self, inputs: usize, outputs: usize) -> Result<Network, Error> {
        let mut layers = Vec::new();
        let mut width = inputs;
        for &hidden in &self.hidden {
            self.push_hidden(&mut layers, width, hidden)?;
            width = hidden;
        }
        layers.push(self.dense(width, outputs)?.into());
        Sequential::new(layers)
    }

    fn dense(&self, inputs: usize, outputs: usize) -> Result<Dense, Error> {
        let mut dense = Dense::new(inputs, outputs)?;
        if let Some(initializer) = self.initializer {
            dense = dense.initializer(initializer);
        }
        if let Some(initializer) = self.bias_initializer {
            dense = dense.bias_initializer(initializer);
        }
        Ok(dense)
    }

    fn push_hidden(&self, layers: &mut Vec<AnyLayer>, inputs: usize, width: usize) -> Result<(), Error> {
        let dense = self.dense(inputs, width)?;
        let (dense, normalization): (Dense, AnyLayer) = match self.normalization {
            Normalization::None => {
                layers.push(dense.activation(self.activation).into());
                return self.push_dropout(layers, width);
            }
            // The mean over rows takes a bias away again.
            Normalization::Batch => (dense.bias(false), BatchNorm::new(width)?.into()),
            // The mean over units does not; without a bias the length of a row would be lost.
            Normalization::Layer => (dense, LayerNorm::new(width)?.into()),
        };
        // Initial weights are those for the activation that follows.
        let dense = match self.initializer {
            None => dense.initializer(self.activation.initializer()),
            Some(_) => dense,
        };
        layers.push(dense.into());
        layers.push(normalization);
        if self.activation != Activation::Identity {
            layers.push(Activate::new(width, self.activation)?.into());
        }
        self.push_dropout(layers, width)
    }

    fn push_dropout(&self, layers: &mut Vec<AnyLayer>, width: usize) -> Result<(), Error> {
        if self.dropout > 0.0 {
            layers.push(Dropout::new(width, self.dropout)?.into());
        }
        Ok(())
    }
}
