//! The network of a program, from the layers of the crate.

use std::ops::Range;
use std::sync::Mutex;

use logit::nn::{
    Activate, Activation, AnyLayer, BatchNorm, Dense, Dropout, Layer, LayerNorm, LogSoftmax, Sequential,
    Shape, Softmax, Tape, Tensor,
};
use logit::{Error, Rng};
use nalgebra::DMatrix;

use super::faults::{DenseRanges, PlainSoftmax, Transposed, WrongActivation, is_in_loss, spoil};
use super::model_schema::{GradientFault, LossKind, Model, Norm, Output};
use super::program::Program;

/// The network of a program.
#[derive(Debug)]
pub(crate) struct Network {
    chain: Chain,
    penalises_bias: bool,
    l2: f64,
    fault: Option<GradientFault>,
    dense: DenseRanges,
    /// The sums of all gradients so far, for a program that never resets them.
    sums: Mutex<Vec<f64>>,
}

#[derive(Clone)]
enum Chain {
    /// Layers of the crate.
    Crate(Sequential<AnyLayer>),
    /// Layers with wrong derivatives among them.
    Own(std::sync::Arc<Sequential<Box<dyn Layer<f64>>>>),
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.layer().sublayers().iter().map(|l| l.describe()).collect::<Vec<_>>().join(" - "))
    }
}

impl Chain {
    fn layer(&self) -> &dyn Layer<f64> {
        match self {
            Chain::Crate(chain) => chain,
            Chain::Own(chain) => chain,
        }
    }
}

/// A clone starts with gradients of zero.
impl Clone for Network {
    fn clone(&self) -> Self {
        Network {
            chain: self.chain.clone(),
            penalises_bias: self.penalises_bias,
            l2: self.l2,
            fault: self.fault,
            dense: self.dense.clone(),
            sums: Mutex::default(),
        }
    }
}

/// Returns whether the loss applies the output activation itself, and the network ends with scores: for the
/// right pairs, whose formulas are fused, and for losses with a wrong gradient in the scores.
pub(crate) fn ends_with_scores(program: &Program) -> bool {
    is_fused(&program.model) || program.gradient_fault.is_some_and(is_in_loss)
}

/// Returns whether output and loss are a right pair that computes its loss from the scores.
pub(crate) fn is_fused(model: &Model) -> bool {
    !model.unprotected_log
        && match (model.output, model.loss) {
            (Output::Sigmoid, LossKind::BceProbs) => true,
            (Output::Softmax, LossKind::CeProbs) => model.units > 1,
            _ => false,
        }
}

fn activation(name: &str) -> Result<Activation, String> {
    Ok(match name {
        "relu" => Activation::Relu,
        "leaky_relu" => Activation::LeakyRelu(0.01),
        "elu" => Activation::Elu(1.0),
        "gelu" => Activation::GeluTanh,
        "silu" => Activation::Silu,
        "softplus" => Activation::Softplus,
        "tanh" => Activation::Tanh,
        "sigmoid" => Activation::Sigmoid,
        "linear" => Activation::Identity,
        other => return Err(format!("there is no activation {other}")),
    })
}

/// A layer of the crate, or one with a wrong derivative.
enum Piece {
    Crate(AnyLayer),
    Own(Box<dyn Layer<f64>>),
}

impl<L: Into<AnyLayer>> From<L> for Piece {
    fn from(layer: L) -> Self {
        Piece::Crate(layer.into())
    }
}

impl Network {
    /// Builds the network of a program for rows with this number of columns.
    pub(crate) fn new(program: &Program, inputs: usize) -> Result<Self, String> {
        let pieces = pieces(program, inputs)?;
        let chain = if pieces.iter().all(|piece| matches!(piece, Piece::Crate(_))) {
            let layers = pieces.into_iter().filter_map(|piece| match piece {
                Piece::Crate(layer) => Some(layer),
                Piece::Own(_) => None,
            });
            Chain::Crate(Sequential::new(layers.collect()).map_err(text)?)
        } else {
            let boxed = |piece| match piece {
                Piece::Crate(layer) => Box::new(layer),
                Piece::Own(layer) => layer,
            };
            Chain::Own(Sequential::new(pieces.into_iter().map(boxed).collect()).map_err(text)?.into())
        };
        let mut network = Network {
            chain,
            penalises_bias: program.optimizer.penalise_bias,
            l2: program.optimizer.l2,
            fault: program.gradient_fault,
            dense: DenseRanges::default(),
            sums: Mutex::default(),
        };
        network.dense = network.dense_ranges();
        Ok(network)
    }

    /// Returns the chain of layers, if all of them are of the crate.
    #[allow(dead_code, reason = "for judges that try the network with other layers")]
    pub(crate) fn of_crate(&self) -> Option<&Sequential<AnyLayer>> {
        match &self.chain {
            Chain::Crate(chain) => Some(chain),
            Chain::Own(_) => None,
        }
    }

    /// Returns the ranges of the weights and biases, from the tensors of the layers.
    fn dense_ranges(&self) -> DenseRanges {
        let (mut ranges, mut start) = (DenseRanges::default(), 0);
        for layer in self.sublayers() {
            let mut from = start;
            for tensor in layer.tensors() {
                let range = from..from + tensor.rows * tensor.columns;
                from = range.end;
                match tensor.name.as_str() {
                    "weights" => ranges.weights.push(range),
                    "bias" => ranges.biases.push(range),
                    _ => {}
                }
            }
            start += layer.parameter_count();
        }
        ranges
    }

    /// Returns the scores of rows with these parameters and running statistics.
    pub(crate) fn scores(&self, params: &[f64], statistics: &[f64], x: &DMatrix<f64>) -> DMatrix<f64> {
        let mut tape = self.tape(x.nrows());
        tape.load_statistics(statistics);
        self.forward(params, x, &mut tape);
        tape.output().clone()
    }
}

fn text(error: Error) -> String {
    error.to_string()
}

fn pieces(program: &Program, inputs: usize) -> Result<Vec<Piece>, String> {
    let Program { model, gradient_fault: fault, .. } = program;
    let hidden = activation(&model.activation)?;
    let is = |wanted: GradientFault| *fault == Some(wanted);
    let mut pieces: Vec<Piece> = Vec::new();
    let sums = |index: usize, inputs: usize, outputs: usize| -> Result<Dense, String> {
        Dense::new(inputs, outputs).map_err(|error| format!("layer {index}: {error}"))
    };
    let dense = |index: usize, dense: Dense| -> Piece {
        let input = is(GradientFault::TransposedInput) && index == 0;
        let backprop = is(GradientFault::TransposedBackprop);
        if input || backprop {
            Piece::Own(Box::new(Transposed { dense, input, backprop }))
        } else {
            dense.into()
        }
    };
    let mut width = inputs;
    for (index, &outputs) in model.hidden.iter().enumerate() {
        let layer = sums(index, width, outputs)?;
        let wrong = match *fault {
            Some(GradientFault::NoActivationDerivative { layer }) if layer.is_none_or(|l| l == index) => {
                Some(false)
            }
            Some(GradientFault::DerivativeIsFunction) => Some(true),
            _ => None,
        };
        width = outputs;
        let transposes = is(GradientFault::TransposedInput) || is(GradientFault::TransposedBackprop);
        if wrong.is_none() && !transposes && model.norm == Norm::None {
            pieces.push(layer.activation(hidden).into());
        } else {
            pieces.push(dense(index, layer));
            match model.norm {
                Norm::None => {}
                Norm::Batch => pieces.push(BatchNorm::new(width).map_err(text)?.into()),
                Norm::Layer => pieces.push(LayerNorm::new(width).map_err(text)?.epsilon(1e-5).into()),
            }
            pieces.push(match wrong {
                Some(is_function) => {
                    Piece::Own(Box::new(WrongActivation { width, activation: hidden, is_function }))
                }
                None => Activate::new(width, hidden).map_err(text)?.into(),
            });
        }
        if model.dropout > 0.0 {
            pieces.push(Dropout::new(width, model.dropout).map_err(text)?.into());
        }
    }
    pieces.push(dense(model.hidden.len(), sums(model.hidden.len(), width, model.units)?));
    if !ends_with_scores(program) {
        pieces.extend(output(model)?);
    }
    Ok(pieces)
}

/// Returns the output activation as a layer.
fn output(model: &Model) -> Result<Option<Piece>, String> {
    let width = model.units;
    let activate = |activation| Activate::new(width, activation).map(Piece::from);
    let layer = match model.output {
        Output::Logits => return Ok(None),
        Output::Sigmoid => activate(Activation::Sigmoid),
        Output::Relu => activate(Activation::Relu),
        Output::Tanh => activate(Activation::Tanh),
        Output::Softmax if model.unprotected_log => Ok(Piece::Own(Box::new(PlainSoftmax { width }))),
        Output::Softmax => Softmax::new(width).map(Piece::from),
        Output::LogSoftmax => LogSoftmax::new(width).map(Piece::from),
    };
    layer.map(Some).map_err(text)
}

impl Shape for Network {
    fn inputs(&self) -> usize {
        self.chain.layer().inputs()
    }
    fn outputs(&self) -> usize {
        self.chain.layer().outputs()
    }
    fn parameter_count(&self) -> usize {
        self.chain.layer().parameter_count()
    }
    fn penalized(&self) -> Vec<Range<usize>> {
        if !self.penalises_bias {
            return self.chain.layer().penalized();
        }
        let weights = self.dense.weights.iter().zip(&self.dense.biases);
        weights.map(|(weights, bias)| weights.start..bias.end).collect()
    }
    fn tensors(&self) -> Vec<Tensor> {
        self.chain.layer().tensors()
    }
    fn check(&self) -> Result<(), Error> {
        self.chain.layer().check()
    }
    fn sublayers(&self) -> Vec<&dyn Shape> {
        self.chain.layer().sublayers()
    }
}

impl Layer<f64> for Network {
    fn init(&self, params: &mut [f64], rng: &mut Rng) {
        self.chain.layer().init(params, rng);
    }

    fn tape(&self, rows: usize) -> Tape<f64> {
        self.chain.layer().tape(rows)
    }

    fn forward(&self, params: &[f64], x: &DMatrix<f64>, tape: &mut Tape<f64>) {
        self.chain.layer().forward(params, x, tape);
    }

    fn backward(
        &self,
        params: &[f64],
        x: &DMatrix<f64>,
        tape: &mut Tape<f64>,
        grad: &mut [f64],
        dx: Option<&mut DMatrix<f64>>,
    ) {
        self.chain.layer().backward(params, x, tape, grad, dx);
        if let (Some(fault), Ok(mut sums)) = (self.fault, self.sums.lock()) {
            let penalized = self.penalized();
            spoil(fault, (x.nrows(), self.l2, params), &self.dense, &penalized, &mut sums, grad);
        }
    }

    fn sample_masks(&self, tape: &mut Tape<f64>, rng: &mut Rng) {
        self.chain.layer().sample_masks(tape, rng);
    }

    fn update_running_stats(&self, tape: &mut Tape<f64>) {
        self.chain.layer().update_running_stats(tape);
    }
}
