//! A network and its loss, as a tool for Keras sees them.

use crate::model_schema::{LossKind, Model, Norm, Output};

/// The layers and the loss of a program in the terms of Keras.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    /// First to last: "dense", a normalisation, an activation, and so on. An activation is a layer.
    pub(crate) layers: Vec<String>,
    /// The output activation: that of the probabilities, for a loss on scores that fits.
    pub(crate) output: Output,
    /// The name of the loss; `None` for a loss that is not given by a name.
    pub(crate) loss: Option<&'static str>,
    /// Whether the loss expects scores.
    pub(crate) from_logits: bool,
    /// Whether the loss is a cross-entropy of several units.
    pub(crate) is_categorical: bool,
    pub(crate) units: usize,
    pub(crate) dropout: f64,
}

pub(crate) const CATEGORICAL: &str = "categorical_crossentropy";
pub(crate) const BINARY: &str = "binary_crossentropy";
pub(crate) const SQUARED: &str = "mean_squared_error";

impl Seen {
    pub(crate) fn new(model: &Model) -> Self {
        let (output, loss) = match (model.output, model.loss) {
            (Output::Logits | Output::LogSoftmax, LossKind::CeLogits) => (Output::Softmax, Some(CATEGORICAL)),
            (Output::Logits, LossKind::BceLogits) => (Output::Sigmoid, Some(BINARY)),
            (output, LossKind::CeProbs) => (output, Some(CATEGORICAL)),
            (output, LossKind::BceProbs) => (output, Some(BINARY)),
            (output, LossKind::Mse) => (output, Some(SQUARED)),
            (output, LossKind::CeLogits | LossKind::BceLogits | LossKind::Pm1Logits) => (output, None),
        };
        let mut layers = Vec::new();
        for _ in &model.hidden {
            layers.push("dense".to_owned());
            layers.extend(norm(model.norm).map(str::to_owned));
            layers.push(model.activation.clone());
        }
        layers.push("dense".to_owned());
        layers.extend(name(output).map(str::to_owned));
        Seen {
            layers,
            output,
            loss,
            from_logits: matches!(model.loss, LossKind::CeLogits | LossKind::BceLogits | LossKind::Pm1Logits),
            is_categorical: matches!(model.loss, LossKind::CeLogits | LossKind::CeProbs),
            units: model.units,
            dropout: if model.hidden.is_empty() { 0.0 } else { model.dropout },
        }
    }

    /// Returns whether the network emits scores for a loss on -1 and +1.
    pub(crate) fn emits_scores(&self) -> bool {
        self.output == Output::Logits && self.from_logits
    }

    /// Returns whether this is the last dense layer, or a layer after it, and its mean stays but for
    /// rounding: the gradients of the units of a softmax, and often those of two units, sum to 0.
    pub(crate) fn is_tied(&self, layer: usize) -> bool {
        let is_last = self.dense().next_back().is_some_and(|dense| layer >= dense);
        is_last && (self.output == Output::Softmax || self.units == 2)
    }

    /// Returns whether the output is one that a binary cross-entropy expects.
    pub(crate) fn is_binary(&self) -> bool {
        self.output == Output::Sigmoid && self.loss == Some(BINARY)
    }

    /// Returns the positions of the dense layers.
    pub(crate) fn dense(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        (0..self.layers.len()).filter(|&layer| self.layers[layer] == "dense")
    }
}

/// Returns the name of an output activation; scores have none.
pub(crate) fn name(output: Output) -> Option<&'static str> {
    match output {
        Output::Logits => None,
        Output::Sigmoid => Some("sigmoid"),
        Output::Softmax => Some("softmax"),
        Output::LogSoftmax => Some("log_softmax"),
        Output::Relu => Some("relu"),
        Output::Tanh => Some("tanh"),
    }
}

fn norm(norm: Norm) -> Option<&'static str> {
    match norm {
        Norm::None => None,
        Norm::Batch => Some("batch_normalization"),
        Norm::Layer => Some("layer_normalization"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn seen(output: &str, loss: &str) -> Seen {
        let model = json!({"hidden": [3], "activation": "tanh", "norm": "batch", "dropout": 0.2,
            "output": output, "loss": loss, "units": 3});
        Seen::new(&serde_json::from_value(model).unwrap())
    }

    #[test]
    fn scores_with_their_loss_are_seen_as_probabilities() {
        for (output, loss, layer, name) in [
            ("logits", "ce_logits", "softmax", Some(CATEGORICAL)),
            ("log_softmax", "ce_logits", "softmax", Some(CATEGORICAL)),
            ("softmax", "ce_logits", "softmax", None),
            ("logits", "bce_logits", "sigmoid", Some(BINARY)),
            ("sigmoid", "bce_logits", "sigmoid", None),
            ("relu", "ce_logits", "relu", None),
            ("logits", "ce_probs", "dense", Some(CATEGORICAL)),
            ("tanh", "mse", "tanh", Some(SQUARED)),
            ("logits", "pm1_logits", "dense", None),
        ] {
            let seen = seen(output, loss);
            let last = seen.layers.last().unwrap();
            assert_eq!((last.as_str(), seen.loss), (layer, name), "{output} {loss}");
            assert_eq!(seen.emits_scores(), loss == "pm1_logits");
        }
    }

    #[test]
    fn units_that_sum_to_nothing_are_tied() {
        let tied = |output, loss, units| {
            let seen = Seen { units, ..seen(output, loss) };
            (0..5).filter(|&layer| seen.is_tied(layer)).collect::<Vec<_>>()
        };
        assert_eq!(tied("softmax", "ce_probs", 3), [3, 4]);
        assert_eq!(tied("sigmoid", "bce_probs", 3), [0; 0]);
        assert_eq!(tied("sigmoid", "bce_probs", 2), [3, 4]);
    }

    #[test]
    fn activations_and_normalisations_are_layers() {
        let seen = seen("softmax", "ce_probs");
        assert_eq!(seen.layers, ["dense", "batch_normalization", "tanh", "dense", "softmax"]);
        assert_eq!(seen.dense().collect::<Vec<_>>(), [0, 3]);
    }
}
