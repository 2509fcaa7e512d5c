//! The fully connected layer.

use std::ops::Range;

use nalgebra::{DMatrix, DVector};

use super::initializer::Start;
use super::{Activation, Initializer, Layer, Shape, Tape, Tensor};
use crate::check;
use crate::error::Error;
use crate::rng::Rng;
use crate::scalar::Real;
use crate::scalar::{Strided, product, sum, vectorize};

/// A fully connected layer with an activation: product, bias and activation in one pass.
///
/// # Formula
/// y = a(x W + b), where W is inputs x outputs and b has one entry per output.
///
/// # Shapes
/// `x` is rows x inputs; the output is rows x outputs. The parameters are W column by column (the weights
/// into the first output, then those into the second, ...), then b; penalties leave b out.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{Dense, Layer};
/// use logit::Activation;
///
/// let layer = Dense::new(2, 1)?.activation(Activation::Relu);
/// let x = dmatrix![1.0, 2.0; -3.0, 0.5];
/// // W = (2, -1), b = 0.5
/// let y = layer.apply(&[2.0, -1.0, 0.5], &x)?;
/// assert_eq!(y, dmatrix![0.5; 0.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) activation: Activation,
    /// `None` stands for the default of the activation.
    pub(super) weight_start: Option<Start>,
    pub(super) bias_start: Start,
    pub(super) bias: bool,
}

impl Dense {
    /// Creates a layer from `inputs` to `outputs` columns.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if a size is zero or there are more weights than memory can
    /// address.
    pub fn new(inputs: usize, outputs: usize) -> Result<Self, Error> {
        let valid = |name, size: usize, requires| match size {
            0 => Err(Error::InvalidParameter { name, value: 0.0, requires }),
            _ => Ok(()),
        };
        valid("inputs", inputs, "at least 1")?;
        valid("outputs", outputs, "at least 1")?;
        let addressable = inputs.checked_add(1).and_then(|rows| rows.checked_mul(outputs));
        if addressable.is_none_or(|count| count > isize::MAX as usize / size_of::<f64>()) {
            let value = inputs as f64 * outputs as f64;
            return Err(Error::InvalidParameter { name: "inputs x outputs", value, requires: "addressable" });
        }
        Ok(Dense {
            inputs,
            outputs,
            activation: Activation::Identity,
            weight_start: None,
            bias_start: Start::Drawn(Initializer::Zeros),
            bias: true,
        })
    }

    /// Creates a layer with the initial parameters `weights` (inputs x outputs) and `bias` (one entry per
    /// output).
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if a size is zero, [`Error::ShapeMismatch`] if `bias` does not
    /// have one entry per output, and [`Error::NotFinite`] if an entry is NaN or infinite.
    ///
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use logit::nn::{Dense, Layer};
    /// use logit::Rng;
    ///
    /// let layer =
    ///     Dense::from_weights(&dmatrix![0.5, -1.0; 2.0, 0.25], &dvector![0.1, 0.2])?;
    /// let mut params = [0.0f32; 6];
    /// layer.init(&mut params, &mut Rng::new(0));
    /// assert_eq!(params, [0.5, 2.0, -1.0, 0.25, 0.1, 0.2]);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn from_weights(weights: &DMatrix<f64>, bias: &DVector<f64>) -> Result<Self, Error> {
        let layer = Dense::new(weights.nrows(), weights.ncols())?;
        check::count("bias", "entries", layer.outputs, bias.len())?;
        check::finite("weights", weights)?;
        check::finite("bias", &DMatrix::from_column_slice(bias.len(), 1, bias.as_slice()))?;
        Ok(Dense {
            weight_start: Some(Start::Given(weights.as_slice().into())),
            bias_start: Start::Given(bias.as_slice().into()),
            ..layer
        })
    }

    /// Sets the activation. Defaults to [`Activation::Identity`].
    pub fn activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// Sets the distribution of the initial weights.
    ///
    /// Defaults to [`Initializer::HeUniform`] for rectifiers, both sharp (ReLU, leaky ReLU, hard swish) and
    /// smooth (ELU, GELU, SiLU, softplus), to [`Initializer::LeCunNormal`] for SELU, and to
    /// [`Initializer::GlorotUniform`] for other activations.
    pub fn initializer(mut self, initializer: Initializer) -> Self {
        self.weight_start = Some(Start::Drawn(initializer));
        self
    }

    /// Sets the distribution of the initial biases.
    ///
    /// Biases are drawn after the weights. Distributions that depend on the number of inputs and outputs use
    /// those of the layer. Defaults to [`Initializer::Zeros`].
    pub fn bias_initializer(mut self, initializer: Initializer) -> Self {
        self.bias_start = Start::Drawn(initializer);
        self
    }

    /// Sets whether the layer has a bias. Defaults to `true`.
    pub fn bias(mut self, bias: bool) -> Self {
        self.bias = bias;
        self
    }

    fn weight_count(&self) -> usize {
        self.inputs * self.outputs
    }

    /// Splits parameters (or their gradients) into weights and bias. Without a bias, the second slice is
    /// empty.
    pub(crate) fn split<'a, T>(&self, params: &'a [T]) -> (&'a [T], &'a [T]) {
        params.split_at(self.weight_count())
    }

    fn weights<'a, T: Real>(&self, params: &'a [T]) -> Strided<'a, T> {
        Strided::columns(self.split(params).0, self.inputs, self.outputs)
    }
}

impl Shape for Dense {
    fn inputs(&self) -> usize {
        self.inputs
    }
    fn outputs(&self) -> usize {
        self.outputs
    }
    fn parameter_count(&self) -> usize {
        self.weight_count() + if self.bias { self.outputs } else { 0 }
    }
    fn penalized(&self) -> Vec<Range<usize>> {
        std::iter::once(0..self.weight_count()).collect()
    }
    fn tensors(&self) -> Vec<Tensor> {
        let bias = self.bias.then(|| Tensor::new("bias", 1, self.outputs));
        std::iter::once(Tensor::new("weights", self.inputs, self.outputs)).chain(bias).collect()
    }
    /// Checks the parameters of the activation and of the initializers: see [`Activation::check`] and
    /// [`Initializer::check`].
    fn check(&self) -> Result<(), Error> {
        self.activation.check()?;
        let starts = self.weight_start.iter().chain(std::iter::once(&self.bias_start));
        starts.into_iter().try_for_each(|start| match start {
            Start::Drawn(initializer) => initializer.check(),
            Start::Given(_) => Ok(()),
        })
    }
    fn describe(&self) -> String {
        let bias = if self.bias { "" } else { ", no bias" };
        match self.activation {
            Activation::Identity => format!("Dense{bias}"),
            activation => format!("Dense, {activation:?}{bias}"),
        }
    }
}

/// The index of the buffer that holds the derivative of the activation. The buffer before it holds the
/// gradient with respect to the pre-activations.
const DERIVATIVE: usize = 1;

/// The number of inputs from which rows are read in one piece: a few cache lines. Columns of shorter rows are
/// longer, which suits the loops of small products.
const IN_ONE_PIECE: usize = 64;

impl<T: Real> Layer<T> for Dense {
    fn init(&self, params: &mut [T], rng: &mut Rng) {
        let (weights, bias) = params.split_at_mut(self.weight_count());
        let usual = Start::Drawn(self.activation.initializer());
        self.weight_start.as_ref().unwrap_or(&usual).fill(weights, self.inputs, self.outputs, rng);
        self.bias_start.fill(bias, self.inputs, self.outputs, rng);
    }

    fn tape(&self, rows: usize) -> Tape<T> {
        let delta = if self.activation == Activation::Identity { 0 } else { rows };
        let derivative = if self.activation.keeps_derivative() { rows } else { 0 };
        Tape::new(rows, self.outputs).with_buffer(delta, self.outputs).with_buffer(derivative, self.outputs)
    }

    fn forward(&self, params: &[T], x: &DMatrix<T>, tape: &mut Tape<T>) {
        self.forward_rows(params, x.into(), tape);
    }

    fn backward(
        &self,
        params: &[T],
        x: &DMatrix<T>,
        tape: &mut Tape<T>,
        grad: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        self.backward_rows(params, x.into(), tape, grad, dx);
    }

    fn reads_samples(&self) -> bool {
        self.inputs >= IN_ONE_PIECE
    }

    fn forward_samples(&self, params: &[T], samples: &DMatrix<T>, tape: &mut Tape<T>) {
        self.forward_rows(params, Strided::from(samples).transposed(), tape);
    }

    fn backward_samples(&self, params: &[T], samples: &DMatrix<T>, tape: &mut Tape<T>, grad: &mut [T]) {
        self.backward_rows(params, Strided::from(samples).transposed(), tape, grad, None);
    }
}

/// The passes on rows of a larger matrix, which are read in place, so that a block of rows need not be copied.
impl Dense {
    pub(crate) fn forward_rows<T: Real>(&self, params: &[T], x: Strided<'_, T>, tape: &mut Tape<T>) {
        assert_eq!(params.len(), self.parameter_count(), "parameters of a dense layer");
        let parts = tape.borrow_parts();
        let (rows, y) = (x.height(), parts.output.as_mut_slice());
        assert_eq!(y.len(), rows * self.outputs, "entries of a dense layer's output");
        product(x, self.weights(params), (y, rows), false, parts.workspace);
        let derivative = parts.buffers[DERIVATIVE].as_mut_slice();
        self.activation.forward(y, self.split(params).1, rows, derivative);
    }

    fn backward_rows<T: Real>(
        &self,
        params: &[T],
        x: Strided<'_, T>,
        tape: &mut Tape<T>,
        grad: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        assert_eq!(grad.len(), self.parameter_count(), "gradient of a dense layer");
        let parts = tape.borrow_parts();
        let (rows, gradient) = (x.height(), parts.output_gradient.as_slice());
        if rows == 0 {
            return grad.fill(T::zero());
        }
        let (delta, derivative) = parts.buffers.split_at_mut(DERIVATIVE);
        let delta = if self.activation == Activation::Identity {
            gradient
        } else {
            let (delta, derivative) = (delta[0].as_mut_slice(), derivative[0].as_slice());
            self.activation.backward(gradient, parts.output.as_slice(), derivative, delta);
            delta
        };
        let (weight_gradient, bias_gradient) = grad.split_at_mut(self.weight_count());
        vectorize(
            #[inline(always)]
            || {
                for (bias, delta) in bias_gradient.iter_mut().zip(delta.chunks_exact(rows)) {
                    *bias = sum(delta);
                }
            },
        );
        let delta = Strided::columns(delta, rows, self.outputs);
        product(x.transposed(), delta, (weight_gradient, self.inputs), false, parts.workspace);
        if let Some(dx) = dx {
            let weights = self.weights(params).transposed();
            product(delta, weights, (dx.as_mut_slice(), rows), false, parts.workspace);
        }
    }
}
