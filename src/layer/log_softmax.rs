//! The log-softmax layer.

use nalgebra::DMatrix;

use super::width::keeps_width;
use super::{Layer, Shape, Tape};
use crate::check;
use crate::error::Error;
use crate::loss::{Loss, SoftmaxCrossEntropy};
use crate::rng::Rng;
use crate::scalar::Real;
use crate::scalar::vectorize;

/// A layer that computes the logarithm of the softmax of each row.
///
/// # Formula
/// y_k = x_k - m - ln(1 + r), where m is the largest entry of the row and r = Σ exp(x_j - m) over the other
/// entries. The gradient with respect to x is g_k (1 - p_k) - p_k Σ_{j≠k} g_j with p = exp(y). For the
/// largest p, 1 - p_k is computed as the sum of the others.
///
/// # Shapes
/// Input and output are rows x width. There are no parameters.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{Layer, LogSoftmax};
///
/// let y = LogSoftmax::new(2)?.apply(&[], &dmatrix![0.0, -800.0])?;
/// assert_eq!(y, dmatrix![0.0, -800.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSoftmax {
    width: usize,
}

impl LogSoftmax {
    /// Creates a log-softmax over `width` columns.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if `width` is zero or more than memory can address.
    pub fn new(width: usize) -> Result<Self, Error> {
        Ok(LogSoftmax { width: check::width(width)? })
    }
}

impl Shape for LogSoftmax {
    keeps_width!(without parameters);
}

impl<T: Real> Layer<T> for LogSoftmax {
    fn init(&self, _params: &mut [T], _rng: &mut Rng) {}

    /// Allocates room for the probabilities and, for each row, the largest probability, the sum of the
    /// others, the entry of x at the largest, and ln(1 + r) or, in the backward pass, the sum of the
    /// gradient.
    fn tape(&self, rows: usize) -> Tape<T> {
        Tape::new(rows, self.width).with_buffer(rows, self.width).with_buffer(rows, 4)
    }

    fn forward(&self, _params: &[T], x: &DMatrix<T>, tape: &mut Tape<T>) {
        let (parts, rows) = (tape.borrow_parts(), x.nrows().max(1));
        let (probabilities, remembered) = parts.buffers.split_at_mut(1);
        let (probabilities, remembered) = (&mut probabilities[0], remembered[0].as_mut_slice());
        let (largest, remembered) = remembered.split_at_mut(x.nrows());
        let (others, remembered) = remembered.split_at_mut(x.nrows());
        let (maximum, logarithm) = remembered.split_at_mut(x.nrows());
        SoftmaxCrossEntropy::new().probabilities(x, probabilities);
        let columns = || probabilities.as_slice().chunks_exact(rows).zip(x.as_slice().chunks_exact(rows));
        for (p, x) in columns().take(1) {
            largest.copy_from_slice(p);
            maximum.copy_from_slice(x);
            others.fill(T::zero());
        }
        for (p, x) in columns().skip(1) {
            vectorize(
                #[inline(always)]
                || {
                    let row = largest.iter_mut().zip(&mut *others).zip(&mut *maximum);
                    for (((largest, others), maximum), (&p, &x)) in row.zip(p.iter().zip(x)) {
                        let (larger, before, at) = (p > *largest, *largest, *maximum);
                        *others += if larger { before } else { p };
                        *maximum = if larger { x } else { at };
                        *largest = if larger { p } else { before };
                    }
                },
            );
        }
        // Σ exp(x_j - m) over the other entries is their probability divided by that of the largest.
        for ((logarithm, &others), &largest) in logarithm.iter_mut().zip(&*others).zip(&*largest) {
            *logarithm = (others / largest).ln_1p();
        }
        for (y, x) in parts.output.as_mut_slice().chunks_exact_mut(rows).zip(x.as_slice().chunks_exact(rows))
        {
            for ((y, &x), (&maximum, &logarithm)) in y.iter_mut().zip(x).zip(maximum.iter().zip(&*logarithm))
            {
                *y = (x - maximum) - logarithm;
            }
        }
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
        let (probabilities, remembered) = parts.buffers.split_at_mut(1);
        let (largest, remembered) = remembered[0].as_mut_slice().split_at_mut(x.nrows());
        let (others, remembered) = remembered.split_at_mut(x.nrows());
        let (_, sum) = remembered.split_at_mut(x.nrows());
        let (largest, others) = (&*largest, &*others);
        let probabilities = probabilities[0].as_slice().chunks_exact(rows);
        let gradients = parts.output_gradient.as_slice().chunks_exact(rows);
        sum.fill(T::zero());
        vectorize(
            #[inline(always)]
            || {
                for g in gradients.clone() {
                    for (sum, &g) in sum.iter_mut().zip(g) {
                        *sum += g;
                    }
                }
                for ((dx, p), g) in
                    dx.as_mut_slice().chunks_exact_mut(rows).zip(probabilities.clone()).zip(gradients.clone())
                {
                    let row = largest.iter().zip(others).zip(&*sum);
                    for (((dx, &p), &g), ((&largest, &others), &sum)) in dx.iter_mut().zip(p).zip(g).zip(row)
                    {
                        let complement = if p == largest { others } else { T::one() - p };
                        *dx = g * complement - p * (sum - g);
                    }
                }
            },
        );
    }
}
