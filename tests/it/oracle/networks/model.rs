//! The networks of `networks.json` as the crate writes them.

use std::ops::Range;

use logit::Activation;
use logit::nalgebra::DMatrix;
use logit::nn::{
    Activate, AnyLayer, BatchNorm, BinaryCrossEntropy, Dense, Dropout, Gradient, Layer, LayerNorm,
    LogSoftmax, Loss, MeanSquaredError, Mode, Sequential, Shape, Softmax, SoftmaxCrossEntropy, Tape, Targets,
};
use serde::Deserialize;

use crate::oracle::json;

/// A layer of any type, which has some of these.
#[derive(Deserialize)]
pub(super) struct LayerData {
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    #[serde(flatten)]
    params: Params,
    eps: Option<f64>,
    momentum: Option<f64>,
    train: Option<bool>,
    #[serde(flatten)]
    running: Option<Running>,
    p: Option<f64>,
    mask: Option<Vec<Vec<f64>>>,
}

/// The parameters of a layer, or the gradient with respect to them.
#[derive(Deserialize)]
pub(super) struct Params {
    /// A row per output.
    #[serde(rename = "W")]
    w: Option<Vec<Vec<f64>>>,
    b: Option<Vec<f64>>,
    gamma: Option<Vec<f64>>,
    beta: Option<Vec<f64>>,
}

/// One vector in the order of the crate: of each layer the weights into its first output, into its second,
/// ..., and the bias; or the scales and the shifts.
pub(super) fn flatten<'a>(layers: impl IntoIterator<Item = &'a Params>) -> Vec<f64> {
    let numbers = |layer: &'a Params| {
        let dense = layer.w.iter().flatten().flatten().chain(layer.b.iter().flatten());
        dense.chain(layer.gamma.iter().flatten()).chain(layer.beta.iter().flatten())
    };
    layers.into_iter().flat_map(numbers).copied().collect()
}

/// Running statistics of a batch normalisation.
#[derive(Deserialize, Clone)]
pub(super) struct Running {
    running_mean: Vec<f64>,
    running_var: Vec<f64>,
}

impl Running {
    /// In the order of the crate.
    pub(super) fn flat(&self) -> Vec<f64> {
        [self.running_mean.as_slice(), &self.running_var].concat()
    }
}

/// What `running_after` or `running` holds: the index of a layer, as text, and its statistics.
pub(super) type RunningOfLayers = std::collections::BTreeMap<String, Running>;

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

/// A network with its parameters and running statistics.
pub(super) struct Model {
    pub(super) network: Sequential<AnyLayer>,
    pub(super) params: Vec<f64>,
    /// Of all batch normalisations, in order.
    pub(super) statistics: Vec<f64>,
    /// Which layer of the file has the output of each of ours: the activation, where it is part of a dense
    /// layer.
    pub(super) outputs: Vec<usize>,
    /// The mode that the tape of each of our layers is set to.
    modes: Vec<Mode>,
    masks: Vec<Option<DMatrix<f64>>>,
}

impl Model {
    /// Joins each activation with the dense layer before it, if there is one.
    pub(super) fn new(layers: &[LayerData], inputs: usize) -> Model {
        let (mut joined, mut outputs): (Vec<AnyLayer>, Vec<usize>) = (Vec::new(), Vec::new());
        for (index, data) in layers.iter().enumerate() {
            let width = joined.last().map_or(inputs, Shape::outputs);
            if let (Some(activation), Some(AnyLayer::Dense(dense))) = (data.activation(), joined.last_mut()) {
                *dense = dense.clone().activation(activation);
                outputs.pop();
            } else {
                joined.push(data.layer(width));
            }
            outputs.push(index);
        }
        let of_ours = || outputs.iter().map(|&index| &layers[index]);
        let trains = |data: &LayerData| data.train == Some(true) || data.mask.is_some();
        Model {
            params: flatten(layers.iter().map(|layer| &layer.params)),
            statistics: layers.iter().flat_map(|layer| &layer.running).flat_map(Running::flat).collect(),
            modes: of_ours().map(|data| if trains(data) { Mode::Train } else { Mode::Evaluate }).collect(),
            masks: of_ours().map(|data| data.mask.as_deref().map(json::matrix)).collect(),
            network: Sequential::new(joined).expect("fitting sizes"),
            outputs,
        }
    }

    /// The statistics in the file; layers that it does not name keep the initial ones.
    pub(super) fn wanted_statistics(layers: &[LayerData], after: &RunningOfLayers) -> Vec<f64> {
        let of_layer = |(index, layer): (usize, &LayerData)| {
            after.get(&index.to_string()).or(layer.running.as_ref()).map(Running::flat)
        };
        layers.iter().enumerate().filter_map(of_layer).flatten().collect()
    }
}

impl LayerData {
    /// The activation that works number by number, if it is one.
    fn activation(&self) -> Option<Activation> {
        match (self.kind.as_str(), self.name.as_deref()) {
            ("activation", Some("softmax" | "log_softmax")) => None,
            ("activation", Some(name)) => Some(match name {
                "identity" => Activation::Identity,
                "sigmoid" => Activation::Sigmoid,
                "log_sigmoid" => Activation::LogSigmoid,
                "tanh" => Activation::Tanh,
                "relu" => Activation::Relu,
                "leaky_relu" => Activation::LeakyRelu(0.01),
                "elu" => Activation::Elu(1.0),
                "selu" => Activation::Selu,
                "gelu_erf" => Activation::Gelu,
                "gelu_tanh" => Activation::GeluTanh,
                "silu" => Activation::Silu,
                "softplus" => Activation::Softplus,
                "softsign" => Activation::Softsign,
                "hard_tanh" => Activation::HardTanh,
                _ => panic!("{name} is not a known activation"),
            }),
            _ => None,
        }
    }

    /// The layer on `width` columns.
    fn layer(&self, width: usize) -> AnyLayer {
        let eps = || self.eps.expect("an epsilon");
        let layer = match self.kind.as_str() {
            "dense" => {
                let w = self.params.w.as_deref().expect("weights");
                Dense::new(w[0].len(), w.len()).map(|dense| dense.bias(self.params.b.is_some()).into())
            }
            "activation" => match (self.activation(), self.name.as_deref()) {
                (Some(activation), _) => Activate::new(width, activation).map(AnyLayer::from),
                (None, Some("softmax")) => Softmax::new(width).map(AnyLayer::from),
                (None, Some("log_softmax")) => LogSoftmax::new(width).map(AnyLayer::from),
                (None, name) => panic!("{name:?} is not a known activation"),
            },
            "batchnorm" => BatchNorm::new(width).map(|layer| {
                let layer = layer.epsilon(eps()).momentum(self.momentum.expect("a momentum"));
                layer.affine(self.params.gamma.is_some()).into()
            }),
            "layernorm" => LayerNorm::new(width)
                .map(|layer| layer.epsilon(eps()).affine(self.params.gamma.is_some()).into()),
            "dropout" => Dropout::new(width, self.p.expect("a probability")).map(AnyLayer::from),
            kind => panic!("{kind} is not a known layer"),
        };
        layer.expect("valid settings")
    }
}

/// The mean over rows, and for the binary cross-entropy of several labels over columns too.
fn loss(kind: &str, columns: usize) -> (&'static dyn Loss<f64>, f64) {
    match kind {
        "mse" => (&MeanSquaredError, 1.0),
        "softmax_ce" => (const { &SoftmaxCrossEntropy::new() }, 1.0),
        "bce_logits" => (&BinaryCrossEntropy, 1.0 / columns as f64),
        _ => panic!("{kind} is not a known loss"),
    }
}

/// The results of one forward and one backward pass.
pub(super) struct Pass {
    pub(super) tape: Tape<f64>,
    pub(super) loss: f64,
    pub(super) grad: Vec<f64>,
    pub(super) dx: DMatrix<f64>,
}

impl Model {
    /// A tape with modes, masks and running statistics.
    fn tape(&self, rows: usize) -> Tape<f64> {
        let mut tape: Tape<f64> = self.network.tape(rows);
        tape.load_statistics(&self.statistics);
        let settings = self.modes.iter().zip(&self.masks);
        for ((layer, tape), (&mode, mask)) in
            self.network.layers().iter().zip(tape.children_mut()).zip(settings)
        {
            tape.set_mode(mode);
            if let (AnyLayer::Dropout(dropout), Some(mask)) = (layer, mask) {
                dropout.set_mask(tape, |row, column| mask[(row, column)] != 0.0);
            }
        }
        tape
    }

    /// The parameters that nothing but the running statistics depends on: biases whose columns a batch
    /// normalisation centres.
    pub(super) fn centred_away(&self) -> Vec<Range<usize>> {
        let layers = self.network.layers().windows(2).zip(self.network.parameter_ranges());
        let biases = |(pair, range): (&[AnyLayer], Range<usize>)| match pair {
            [AnyLayer::Dense(dense), AnyLayer::BatchNorm(_)] => {
                Some(range.start + dense.inputs() * dense.outputs()..range.end)
            }
            _ => None,
        };
        layers.filter_map(biases).collect()
    }

    /// Whether prediction and training give the same outputs.
    pub(super) fn predicts_like_training(&self) -> bool {
        self.statistics.is_empty() && self.modes.iter().all(|mode| *mode == Mode::Evaluate)
    }

    /// Loss and gradients of a batch, after which running statistics are moved on; memory starts as NaN, all
    /// of which has to be overwritten.
    pub(super) fn pass(&mut self, kind: &str, batch: &Batch) -> Pass {
        let (network, x) = (&self.network, batch.x());
        let mut tape = self.tape(x.nrows());
        network.forward(&self.params, &x, &mut tape);
        network.update_running_stats(&mut tape);
        tape.save_statistics(&mut self.statistics);

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
