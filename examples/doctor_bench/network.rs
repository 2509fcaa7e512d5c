//! The network of a program, from the layers of the crate.

use std::ops::Range;
use std::sync::Mutex;

use logit::nn::{AnyLayer, Layer, Sequential, Shape, Tape, Tensor};
use logit::{Error, Rng};
use nalgebra::DMatrix;

use super::faults::{DenseRanges, spoil};
use super::layers::{Piece, pieces, text};
use super::model_schema::GradientFault;
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

    /// Returns the ranges of the weights and biases.
    pub(crate) fn dense(&self) -> &DenseRanges {
        &self.dense
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
