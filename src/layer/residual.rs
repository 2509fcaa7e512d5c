//! The residual connection: a shortcut around a layer.

use std::ops::Range;

use nalgebra::DMatrix;

use super::{Layer, Shape, Tape};
use crate::check;
use crate::error::Error;
use crate::rng::Rng;
use crate::scalar::Real;
use crate::scalar::axpy;

/// A layer that adds its input to the output of an inner layer, which learns only the difference.
///
/// # Formula
/// y = x + f(x), where f is the inner layer, which may be a [`Sequential`](crate::nn::Sequential).
///
/// # Shapes
/// f has as many outputs as inputs. The parameters are those of f.
///
/// # References
/// He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{Dense, Layer, Residual};
///
/// let layer = Residual::new(Dense::new(2, 2)?.bias(false))?;
/// let y = layer.apply(&[0.0, 1.0, 0.0, 0.0], &dmatrix![3.0, 5.0])?;
/// assert_eq!(y, dmatrix![3.0 + 5.0, 5.0]);
/// assert!(Residual::new(Dense::new(2, 3)?).is_err());
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Residual<L> {
    pub(super) layer: L,
}

impl<L: Shape> Residual<L> {
    /// Creates a shortcut around `layer`.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if `layer` does not have as many outputs as inputs.
    pub fn new(layer: L) -> Result<Self, Error> {
        check::count("layer", "outputs", layer.inputs(), layer.outputs())?;
        Ok(Residual { layer })
    }

    /// Returns the inner layer.
    pub fn layer(&self) -> &L {
        &self.layer
    }
}

impl<L: Shape> Shape for Residual<L> {
    fn inputs(&self) -> usize {
        self.layer.inputs()
    }
    fn outputs(&self) -> usize {
        self.layer.outputs()
    }
    fn parameter_count(&self) -> usize {
        self.layer.parameter_count()
    }
    fn penalized(&self) -> Vec<Range<usize>> {
        self.layer.penalized()
    }
    /// Returns the sublayers of the inner layer or, if it has none, the inner layer itself.
    fn sublayers(&self) -> Vec<&dyn Shape> {
        let inside = self.layer.sublayers();
        if inside.is_empty() { vec![&self.layer] } else { inside }
    }
}

impl<T: Real, L: Layer<T>> Layer<T> for Residual<L> {
    fn init(&self, params: &mut [T], rng: &mut Rng) {
        self.layer.init(params, rng);
    }

    fn tape(&self, rows: usize) -> Tape<T> {
        Tape::new(rows, self.outputs()).with_inside(self.layer.tape(rows))
    }

    fn forward(&self, params: &[T], x: &DMatrix<T>, tape: &mut Tape<T>) {
        let parts = tape.borrow_parts();
        self.layer.forward(params, x, &mut parts.inside[0]);
        parts.output.copy_from(x);
        axpy(T::one(), parts.inside[0].output().as_slice(), parts.output.as_mut_slice());
    }

    fn backward(
        &self,
        params: &[T],
        x: &DMatrix<T>,
        tape: &mut Tape<T>,
        grad: &mut [T],
        mut dx: Option<&mut DMatrix<T>>,
    ) {
        let parts = tape.borrow_parts();
        parts.inside[0].output_gradient_mut().copy_from(parts.output_gradient);
        self.layer.backward(params, x, &mut parts.inside[0], grad, dx.as_deref_mut());
        if let Some(dx) = dx {
            axpy(T::one(), parts.output_gradient.as_slice(), dx.as_mut_slice());
        }
    }

    fn sample_masks(&self, tape: &mut Tape<T>, rng: &mut Rng) {
        self.layer.sample_masks(&mut tape.borrow_parts().inside[0], rng);
    }

    fn update_running_stats(&self, tape: &mut Tape<T>) {
        self.layer.update_running_stats(&mut tape.borrow_parts().inside[0]);
    }
}
