//! The layers of a program: those of the crate, and those with wrong derivatives.

use logit::Error;
use logit::nn::{
    Activate, Activation, AnyLayer, BatchNorm, Dense, Dropout, Layer, LayerNorm, LogSoftmax, Softmax,
};

use super::faults::{PlainSoftmax, Transposed, WrongActivation, is_in_loss};
use super::model_schema::{GradientFault, LossKind, Model, Norm, Output};
use super::program::Program;

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

pub(crate) fn activation(name: &str) -> Result<Activation, String> {
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
pub(crate) enum Piece {
    Crate(AnyLayer),
    Own(Box<dyn Layer<f64>>),
}

impl<L: Into<AnyLayer>> From<L> for Piece {
    fn from(layer: L) -> Self {
        Piece::Crate(layer.into())
    }
}

pub(crate) fn text(error: Error) -> String {
    error.to_string()
}

/// Returns the layers of a program, first to last.
pub(crate) fn pieces(program: &Program, inputs: usize) -> Result<Vec<Piece>, String> {
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
