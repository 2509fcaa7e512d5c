//! The networks of `networks.json` as the crate writes them.

use std::ops::Range;

use logit::nalgebra::DMatrix;
use logit::{
    Activation, BinaryCrossEntropy, Dense, Gradient, Layer, Loss, MeanSquaredError, Sequential, Shape,
    SoftmaxCrossEntropy, Tape, Targets,
};
use serde::Deserialize;

use crate::json;

/// A layer of any type; those without parameters have neither `w` nor `b`.
#[derive(Deserialize)]
pub(super) struct LayerData {
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    #[serde(flatten)]
    params: Params,
}

/// The parameters of a layer, or the gradient with respect to them.
#[derive(Deserialize)]
pub(super) struct Params {
    /// A row per output.
    #[serde(rename = "W")]
    w: Option<Vec<Vec<f64>>>,
    b: Option<Vec<f64>>,
}

/// One vector in the order of the crate: of each layer the weights into its first output, into its second, ..., and
/// the bias.
pub(super) fn flatten<'a>(layers: impl IntoIterator<Item = &'a Params>) -> Vec<f64> {
    let weights = |layer: &'a Params| layer.w.iter().flatten().flatten().chain(layer.b.iter().flatten());
    layers.into_iter().flat_map(weights).copied().collect()
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Target {
    Classes(Vec<usize>),
    Values(Vec<Vec<f64>>),
}

/// Inputs and targets of a batch.
#[derive(Deserialize)]
pub(super) struct Batch {
    #[serde(rename = "X")]
    x: Vec<Vec<f64>>,
    target: Target,
}

impl Batch {
    pub(super) fn x(&self) -> DMatrix<f64> {
        json::matrix(&self.x)
    }
}

/// A network with its parameters.
pub(super) struct Model {
    pub(super) network: Sequential<Dense>,
    pub(super) params: Vec<f64>,
    /// Which layer of the file has the output of each of ours: the activation, where there is one.
    pub(super) outputs: Vec<usize>,
}

impl Model {
    /// Joins each activation with the dense layer before it; `None` if the crate lacks a layer or an activation.
    pub(super) fn new(layers: &[LayerData]) -> Option<Model> {
        let (mut fused, mut outputs): (Vec<Dense>, Vec<usize>) = (Vec::new(), Vec::new());
        for (index, layer) in layers.iter().enumerate() {
            match (layer.kind.as_str(), &layer.params.w) {
                ("dense", Some(w)) => {
                    let dense = Dense::new(w[0].len(), w.len()).expect("valid sizes");
                    fused.push(dense.bias(layer.params.b.is_some()));
                    outputs.push(index);
                }
                ("activation", _) => {
                    let activation = activation(layer.name.as_deref()?)?;
                    // Another layer is in between where an activation does not follow a dense layer.
                    assert_eq!(outputs.last().map(|before| before + 1), Some(index));
                    let dense = fused.pop()?;
                    fused.push(dense.activation(activation));
                    *outputs.last_mut()? = index;
                }
                _ => return None,
            }
        }
        let params = flatten(layers.iter().map(|layer| &layer.params));
        Some(Model { network: Sequential::new(fused).expect("fitting sizes"), params, outputs })
    }
}

fn activation(name: &str) -> Option<Activation> {
    match name {
        "identity" => Some(Activation::Identity),
        "sigmoid" => Some(Activation::Sigmoid),
        "tanh" => Some(Activation::Tanh),
        "relu" => Some(Activation::Relu),
        "leaky_relu" => Some(Activation::LeakyRelu(0.01)),
        "elu" => Some(Activation::Elu(1.0)),
        "selu" => Some(Activation::Selu),
        "gelu_erf" => Some(Activation::Gelu),
        "gelu_tanh" => Some(Activation::GeluTanh),
        "silu" => Some(Activation::Silu),
        "softplus" => Some(Activation::Softplus),
        "log_sigmoid" => Some(Activation::LogSigmoid),
        "softsign" => Some(Activation::Softsign),
        "hard_tanh" => Some(Activation::HardTanh),
        _ => None,
    }
}

/// The mean over rows, and for the binary cross-entropy of several labels over columns too.
fn loss(kind: &str, columns: usize) -> (&'static dyn Loss<f64>, f64) {
    match kind {
        "mse" => (&MeanSquaredError, 1.0),
        "softmax_ce" => (&SoftmaxCrossEntropy, 1.0),
        "bce_logits" => (&BinaryCrossEntropy, 1.0 / columns as f64),
        _ => panic!("{kind} is not a known loss"),
    }
}

/// What one forward and one backward pass compute.
pub(super) struct Pass {
    pub(super) tape: Tape<f64>,
    pub(super) loss: f64,
    pub(super) grad: Vec<f64>,
    pub(super) dx: DMatrix<f64>,
}

impl Model {
    /// Loss and gradients of a batch; memory starts as NaN, all of which has to be overwritten.
    pub(super) fn pass(&self, kind: &str, batch: &Batch) -> Pass {
        let (network, x) = (&self.network, batch.x());
        let mut tape = network.tape(x.nrows());
        network.forward(&self.params, &x, &mut tape);

        let (loss, share) = loss(kind, network.outputs());
        let (output, gradient) = tape.split();
        gradient.fill(f64::NAN);
        let scale = share / x.nrows() as f64;
        let values;
        let targets = match &batch.target {
            Target::Classes(classes) => Targets::Classes(classes),
            Target::Values(rows) => {
                values = json::matrix(rows);
                Targets::Values(&values)
            }
        };
        let sum = loss.accumulate(output, targets, None, Some(Gradient { scale, out: gradient }));

        let mut grad = vec![f64::NAN; network.parameter_count()];
        let mut dx = DMatrix::from_element(x.nrows(), x.ncols(), f64::NAN);
        network.backward(&self.params, &x, &mut tape, &mut grad, Some(&mut dx));
        Pass { tape, loss: scale * sum, grad, dx }
    }

    /// l2/2 times the sum of squared weights, biases left out.
    pub(super) fn penalty(&self, l2: f64) -> f64 {
        let squares = |range: Range<usize>| self.params[range].iter().map(|w: &f64| w * w).sum::<f64>();
        self.network.penalized().into_iter().map(|range| 0.5 * l2 * squares(range)).sum()
    }

    /// Adds the gradient of the penalty.
    pub(super) fn add_penalty_gradient(&self, l2: f64, grad: &mut [f64]) {
        for range in self.network.penalized() {
            for index in range {
                grad[index] += l2 * self.params[index];
            }
        }
    }
}
