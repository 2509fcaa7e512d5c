//! Gradients that are wrong in the way a program says: layers with wrong derivatives, and changes of all
//! gradients of a network.

use std::ops::Range;

use logit::nn::{Activation, Dense, Layer, Shape, Tape, Tensor};
use logit::{Error, Rng};
use nalgebra::{DMatrix, DMatrixView};

use super::model_schema::GradientFault;

/// An activation whose derivative is left out, or replaced by the activation itself.
#[derive(Debug, Clone)]
pub(crate) struct WrongActivation {
    pub(crate) width: usize,
    pub(crate) activation: Activation,
    /// Whether the derivative is the activation itself, and not 1.
    pub(crate) is_function: bool,
}

/// A softmax as it is written by hand, without subtracting the largest score.
#[derive(Debug, Clone)]
pub(crate) struct PlainSoftmax {
    pub(crate) width: usize,
}

/// A dense layer with a product in the wrong order, where its shapes allow that.
#[derive(Debug, Clone)]
pub(crate) struct Transposed {
    pub(crate) dense: Dense,
    /// Whether the gradient of the weights is x dz.
    pub(crate) input: bool,
    /// Whether the gradient of the input is dz W.
    pub(crate) backprop: bool,
}

/// Implements [`Shape`] for a layer without parameters.
macro_rules! keeps_width {
    ($layer:ty) => {
        impl Shape for $layer {
            fn inputs(&self) -> usize {
                self.width
            }
            fn outputs(&self) -> usize {
                self.width
            }
            fn parameter_count(&self) -> usize {
                0
            }
        }
    };
}
keeps_width!(WrongActivation);
keeps_width!(PlainSoftmax);

impl Layer<f64> for WrongActivation {
    fn init(&self, _params: &mut [f64], _rng: &mut Rng) {}

    fn forward(&self, _params: &[f64], x: &DMatrix<f64>, tape: &mut Tape<f64>) {
        tape.output_mut().copy_from(x);
        tape.output_mut().apply(|z| *z = self.activation.evaluate(*z).0);
    }

    fn backward(
        &self,
        _params: &[f64],
        x: &DMatrix<f64>,
        tape: &mut Tape<f64>,
        _grad: &mut [f64],
        dx: Option<&mut DMatrix<f64>>,
    ) {
        let Some(dx) = dx else { return };
        dx.copy_from(tape.output_gradient());
        if self.is_function {
            dx.zip_apply(x, |dx, z| *dx *= self.activation.evaluate(z).0);
        }
    }
}

impl Layer<f64> for PlainSoftmax {
    fn init(&self, _params: &mut [f64], _rng: &mut Rng) {}

    fn forward(&self, _params: &[f64], x: &DMatrix<f64>, tape: &mut Tape<f64>) {
        let out = tape.output_mut();
        out.copy_from(x);
        out.apply(|z| *z = z.exp());
        for mut row in out.row_iter_mut() {
            let sum = row.sum();
            row /= sum;
        }
    }

    fn backward(
        &self,
        _params: &[f64],
        _x: &DMatrix<f64>,
        tape: &mut Tape<f64>,
        _grad: &mut [f64],
        dx: Option<&mut DMatrix<f64>>,
    ) {
        let Some(dx) = dx else { return };
        let (q, gradient) = tape.split();
        for row in 0..q.nrows() {
            let mean = q.row(row).dot(&gradient.row(row));
            for column in 0..q.ncols() {
                dx[(row, column)] = q[(row, column)] * (gradient[(row, column)] - mean);
            }
        }
    }
}

impl Shape for Transposed {
    fn inputs(&self) -> usize {
        self.dense.inputs()
    }
    fn outputs(&self) -> usize {
        self.dense.outputs()
    }
    fn parameter_count(&self) -> usize {
        self.dense.parameter_count()
    }
    fn penalized(&self) -> Vec<Range<usize>> {
        self.dense.penalized()
    }
    fn tensors(&self) -> Vec<Tensor> {
        self.dense.tensors()
    }
    fn check(&self) -> Result<(), Error> {
        self.dense.check()
    }
    fn describe(&self) -> String {
        self.dense.describe()
    }
}

/// The dense layer inside has no activation, so the gradient of its output is that of its sums.
impl Layer<f64> for Transposed {
    fn init(&self, params: &mut [f64], rng: &mut Rng) {
        self.dense.init(params, rng);
    }

    fn tape(&self, rows: usize) -> Tape<f64> {
        self.dense.tape(rows)
    }

    fn forward(&self, params: &[f64], x: &DMatrix<f64>, tape: &mut Tape<f64>) {
        self.dense.forward(params, x, tape);
    }

    fn backward(
        &self,
        params: &[f64],
        x: &DMatrix<f64>,
        tape: &mut Tape<f64>,
        grad: &mut [f64],
        mut dx: Option<&mut DMatrix<f64>>,
    ) {
        self.dense.backward(params, x, tape, grad, dx.as_deref_mut());
        let (inputs, outputs) = (self.inputs(), self.outputs());
        if self.input && x.is_square() {
            grad[..inputs * outputs].copy_from_slice((x * tape.output_gradient()).as_slice());
        }
        if let Some(dx) = dx.filter(|_| self.backprop && inputs == outputs) {
            let weights = DMatrixView::from_slice(&params[..inputs * outputs], inputs, outputs);
            dx.copy_from(&(tape.output_gradient() * weights));
        }
    }
}

/// The ranges of the weights and of the bias of each dense layer.
#[derive(Debug, Clone, Default)]
pub(crate) struct DenseRanges {
    pub(crate) weights: Vec<Range<usize>>,
    pub(crate) biases: Vec<Range<usize>>,
}

/// Changes the gradient of all parameters of a batch of `rows` rows. `sums` holds the gradients of all
/// batches so far, for a program that never resets them.
pub(crate) fn spoil(
    fault: GradientFault,
    (rows, l2, params): (usize, f64, &[f64]),
    ranges: &DenseRanges,
    penalized: &[Range<usize>],
    sums: &mut Vec<f64>,
    grad: &mut [f64],
) {
    let rows = rows as f64;
    let all = |grad: &mut [f64], factor: f64| grad.iter_mut().for_each(|g| *g *= factor);
    let of = |ranges: &[Range<usize>], layer: usize| ranges.get(layer).cloned().unwrap_or(0..0);
    match fault {
        GradientFault::OverMTwice => all(grad, 1.0 / rows),
        GradientFault::SumNotMean => all(grad, rows),
        GradientFault::Sign => all(grad, -1.0),
        GradientFault::Factor { value } => all(grad, value),
        GradientFault::SignOfLayer { layer } => all(&mut grad[of(&ranges.weights, layer)], -1.0),
        GradientFault::ZeroBias => ranges.biases.iter().for_each(|range| all(&mut grad[range.clone()], 0.0)),
        GradientFault::ZeroLayer { layer } => {
            all(&mut grad[of(&ranges.weights, layer)], 0.0);
            all(&mut grad[of(&ranges.biases, layer)], 0.0);
        }
        GradientFault::Accumulate => {
            sums.resize(grad.len(), 0.0);
            for (sum, g) in sums.iter_mut().zip(grad) {
                *sum += *g;
                *g = *sum;
            }
        }
        // The trainer adds the gradient of the penalty afterwards.
        GradientFault::PenaltySign => {
            for range in penalized {
                let each = grad[range.clone()].iter_mut().zip(&params[range.clone()]);
                each.for_each(|(g, p)| *g -= 2.0 * l2 * p);
            }
        }
        // The layers and the loss are wrong themselves.
        GradientFault::NoActivationDerivative { .. }
        | GradientFault::DerivativeIsFunction
        | GradientFault::NoOutputDerivative
        | GradientFault::KeepPOneMinusP
        | GradientFault::TransposedInput
        | GradientFault::TransposedBackprop
        | GradientFault::Pm1FormulaOn01
        | GradientFault::AbsoluteError
        | GradientFault::LastRowOnly => {}
    }
}

/// Returns whether a fault is in the gradient of the loss in the scores.
pub(crate) fn is_in_loss(fault: GradientFault) -> bool {
    matches!(
        fault,
        GradientFault::NoOutputDerivative
            | GradientFault::KeepPOneMinusP
            | GradientFault::Pm1FormulaOn01
            | GradientFault::AbsoluteError
            | GradientFault::LastRowOnly
    )
}
