//! Activations as separate layers.

use nalgebra::DMatrix;

use super::width::keeps_width;
use super::{Activation, Layer, Shape, Tape};
use crate::check;
use crate::error::Error;
use crate::rng::Rng;
use crate::scalar::Real;

/// A layer that applies an [`Activation`] to each entry.
///
/// Use it where no [`Dense`](crate::nn::Dense) layer precedes; a dense layer applies its activation in its
/// own pass.
///
/// # Formula
/// y = a(x)
///
/// # Shapes
/// Input and output are rows x width. There are no parameters.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{Activate, Layer};
/// use logit::Activation;
///
/// let layer = Activate::new(2, Activation::Relu)?;
/// assert_eq!(layer.apply(&[], &dmatrix![1.5, -2.0])?, dmatrix![1.5, 0.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Activate {
    pub(super) width: usize,
    pub(super) activation: Activation,
}

impl Activate {
    /// Creates a layer that applies `activation` to `width` columns.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if `width` is zero or more than memory can address.
    pub fn new(width: usize, activation: Activation) -> Result<Self, Error> {
        Ok(Activate { width: check::width(width)?, activation })
    }
}

impl Shape for Activate {
    keeps_width!(without parameters);
    fn check(&self) -> Result<(), Error> {
        self.activation.check()
    }
    fn describe(&self) -> String {
        format!("{:?}", self.activation)
    }
}

impl<T: Real> Layer<T> for Activate {
    fn init(&self, _params: &mut [T], _rng: &mut Rng) {}

    fn tape(&self, rows: usize) -> Tape<T> {
        let derivative = if self.activation.keeps_derivative() { rows } else { 0 };
        Tape::new(rows, self.width).with_buffer(derivative, self.width)
    }

    fn forward(&self, _params: &[T], x: &DMatrix<T>, tape: &mut Tape<T>) {
        let parts = tape.borrow_parts();
        parts.output.copy_from(x);
        let derivative = parts.buffers[0].as_mut_slice();
        self.activation.forward(parts.output.as_mut_slice(), &[], x.nrows(), derivative);
    }

    fn backward(
        &self,
        _params: &[T],
        _x: &DMatrix<T>,
        tape: &mut Tape<T>,
        _grad: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        let Some(dx) = dx else { return };
        let parts = tape.borrow_parts();
        let (gradient, output) = (parts.output_gradient.as_slice(), parts.output.as_slice());
        self.activation.backward(gradient, output, parts.buffers[0].as_slice(), dx.as_mut_slice());
    }
}
