//! The layers of a multi-layer perceptron.

use super::config::MlpClassifier;
use crate::error::Error;
use crate::layer::{Activate, Activation, AnyLayer, BatchNorm, Dense, Dropout, LayerNorm, Sequential};

/// The network of a multi-layer perceptron.
pub(super) type Network = Sequential<AnyLayer>;

/// The normalisation between the weighted sums of a hidden layer and its activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Normalization {
    /// No normalisation.
    #[default]
    None,
    /// [`BatchNorm`]: each unit is normalised over the rows of a batch.
    Batch,
    /// [`LayerNorm`]: each row is normalised over the units.
    Layer,
}

impl MlpClassifier {
    /// Builds the network from `inputs` columns to `outputs` scores. The output layer has no activation,
    /// because losses take raw scores.
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
            // Subtracting the mean over rows cancels a bias.
            Normalization::Batch => (dense.bias(false), BatchNorm::new(width)?.into()),
            // Subtracting the mean over units does not cancel a bias. Without a bias, the length of a row
            // would be lost.
            Normalization::Layer => (dense, LayerNorm::new(width)?.into()),
        };
        // The initial weights suit the activation that follows the normalisation.
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
