//! The softmax layer.

use nalgebra::DMatrix;

use super::width::keeps_width;
use super::{Layer, Shape, Tape};
use crate::check;
use crate::error::Error;
use crate::loss::{Loss, SoftmaxCrossEntropy};
use crate::rng::Rng;
use crate::scalar::Real;
use crate::scalar::vectorize;

/// A layer that computes the softmax of each row, for probabilities inside a network.
///
/// Leave it out at the end of a network that is trained with [`SoftmaxCrossEntropy`]: that loss takes raw
/// scores.
///
/// # Formula
/// y_k = exp(x_k - m) / Σ_j exp(x_j - m), where m is the largest entry of the row. The gradient with respect
/// to x is y_k (g_k - Σ_j y_j g_j). Both terms are taken relative to the g of the largest y, so that the
/// gradient of an almost certain row keeps its digits.
///
/// # Shapes
/// Input and output are rows x width. There are no parameters.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{Layer, Softmax};
///
/// let y = Softmax::new(3)?.apply(&[], &dmatrix![1000.0, 1000.0, -1000.0])?;
/// assert_eq!(y, dmatrix![0.5, 0.5, 0.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Softmax {
    width: usize,
}

impl Softmax {
    /// Creates a softmax over `width` columns.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if `width` is zero or more than memory can address.
    pub fn new(width: usize) -> Result<Self, Error> {
        Ok(Softmax { width: check::width(width)? })
    }
}

impl Shape for Softmax {
    keeps_width!(without parameters);
}

impl<T: Real> Layer<T> for Softmax {
    fn init(&self, _params: &mut [T], _rng: &mut Rng) {}

    /// Allocates scratch for each row: the largest output, the gradient there, and the mean gradient relative
    /// to it.
    fn tape(&self, rows: usize) -> Tape<T> {
        Tape::new(rows, self.width).with_buffer(rows, 3)
    }

    fn forward(&self, _params: &[T], x: &DMatrix<T>, tape: &mut Tape<T>) {
        SoftmaxCrossEntropy::new().probabilities(x, tape.output_mut());
    }

    fn backward(
        &self,
        _params: &[T],
        x: &DMatrix<T>,
        tape: &mut Tape<T>,
        _grad: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        let Some(dx) = dx else { return };
        let (parts, rows) = (tape.borrow_parts(), x.nrows().max(1));
        let (largest, remembered) = parts.buffers[0].as_mut_slice().split_at_mut(x.nrows());
        let (reference, mean) = remembered.split_at_mut(x.nrows());
        let outputs = parts.output.as_slice().chunks_exact(rows);
        let gradients = parts.output_gradient.as_slice().chunks_exact(rows);
        let columns = outputs.zip(gradients);
        largest.fill(-T::one());
        mean.fill(T::zero());
        vectorize(
            #[inline(always)]
            || {
                for (y, g) in columns.clone() {
                    for (((largest, reference), &y), &g) in
                        largest.iter_mut().zip(&mut *reference).zip(y).zip(g)
                    {
                        let larger = y > *largest;
                        *largest = if larger { y } else { *largest };
                        *reference = if larger { g } else { *reference };
                    }
                }
                for (y, g) in columns.clone() {
                    for (((mean, &reference), &y), &g) in mean.iter_mut().zip(&*reference).zip(y).zip(g) {
                        *mean += y * (g - reference);
                    }
                }
                for ((y, g), dx) in columns.clone().zip(dx.as_mut_slice().chunks_exact_mut(rows)) {
                    let row = mean.iter().zip(&*reference);
                    for (((dx, (&mean, &reference)), &y), &g) in dx.iter_mut().zip(row).zip(y).zip(g) {
                        *dx = y * ((g - reference) - mean);
                    }
                }
            },
        );
    }
}
