//! The rectifier with learned slopes.

use std::ops::Range;

use nalgebra::DMatrix;

use super::width::keeps_width;
use super::{Layer, Shape, Tape, Tensor};
use crate::check;
use crate::error::Error;
use crate::rng::Rng;
use crate::scalar::Real;
use crate::scalar::{dot, vectorize};

/// The parametric rectified linear unit: a leaky rectifier whose slope below zero is learned.
///
/// # Formula
/// y = x for x > 0, else s x, with one slope s for each column or one for all columns. dy/dx is s at x = 0,
/// and dy/ds is min(x, 0).
///
/// # Shapes
/// Input and output are rows x width. The parameters are the slopes, in the order of the columns. Penalties
/// leave them out, because a slope drawn towards zero gives another activation, not a simpler function.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{Layer, PRelu};
///
/// let layer = PRelu::new(2)?;
/// assert_eq!(
///     layer.apply(&[0.25, 0.5], &dmatrix![-1.0, -1.0; 3.0, 4.0])?,
///     dmatrix![-0.25, -0.5; 3.0, 4.0]
/// );
/// # Ok::<(), logit::Error>(())
/// ```
///
/// # References
/// He, Zhang, Ren and Sun, *Delving deep into rectifiers* (2015).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PRelu {
    pub(super) width: usize,
    pub(super) shared: bool,
    pub(super) initial_slope: f64,
}

impl PRelu {
    /// The default initial slope.
    pub(super) const USUAL_SLOPE: f64 = 0.25;

    /// Creates a rectifier of `width` columns.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if `width` is zero or more than memory can address.
    pub fn new(width: usize) -> Result<Self, Error> {
        Ok(PRelu { width: check::width(width)?, shared: false, initial_slope: PRelu::USUAL_SLOPE })
    }

    /// Sets whether all columns share one slope. Defaults to `false`.
    pub fn shared(mut self, shared: bool) -> Self {
        self.shared = shared;
        self
    }

    /// Sets the initial slope, a finite number. Defaults to 0.25.
    pub fn initial_slope(mut self, slope: f64) -> Self {
        self.initial_slope = slope;
        self
    }

    /// Returns the index of the slope of a column.
    fn slope_of(&self, column: usize) -> usize {
        if self.shared { 0 } else { column }
    }
}

impl Shape for PRelu {
    keeps_width!();
    fn parameter_count(&self) -> usize {
        if self.shared { 1 } else { self.width }
    }
    fn penalized(&self) -> Vec<Range<usize>> {
        Vec::new()
    }
    fn tensors(&self) -> Vec<Tensor> {
        vec![Tensor::new("slopes", 1, self.parameter_count())]
    }
    fn check(&self) -> Result<(), Error> {
        let slope = self.initial_slope;
        check::parameter("initial_slope", slope, slope.is_finite(), "finite")
    }
}

impl<T: Real> Layer<T> for PRelu {
    fn init(&self, params: &mut [T], _rng: &mut Rng) {
        params.fill(T::of(self.initial_slope));
    }

    fn tape(&self, rows: usize) -> Tape<T> {
        Tape::new(rows, self.width).with_buffer(rows, 1)
    }

    fn forward(&self, params: &[T], x: &DMatrix<T>, tape: &mut Tape<T>) {
        assert_eq!(params.len(), self.parameter_count(), "parameters of a parametric rectifier");
        let rows = x.nrows().max(1);
        let columns =
            x.as_slice().chunks_exact(rows).zip(tape.output_mut().as_mut_slice().chunks_exact_mut(rows));
        for (column, (x, y)) in columns.enumerate() {
            let slope = params[self.slope_of(column)];
            vectorize(
                #[inline(always)]
                || {
                    let slope = slope;
                    for (y, &x) in y.iter_mut().zip(x) {
                        *y = if x <= T::zero() { x * slope } else { x };
                    }
                },
            );
        }
    }

    fn backward(
        &self,
        params: &[T],
        x: &DMatrix<T>,
        tape: &mut Tape<T>,
        grad: &mut [T],
        mut dx: Option<&mut DMatrix<T>>,
    ) {
        grad.fill(T::zero());
        let rows = x.nrows().max(1);
        let parts = tape.borrow_parts();
        let below = parts.buffers[0].as_mut_slice();
        let columns =
            x.as_slice().chunks_exact(rows).zip(parts.output_gradient.as_slice().chunks_exact(rows));
        for (column, (x, gradient)) in columns.enumerate() {
            let slope = params[self.slope_of(column)];
            vectorize(
                #[inline(always)]
                || {
                    for (below, &x) in below.iter_mut().zip(x) {
                        *below = if x > T::zero() { T::zero() } else { x };
                    }
                },
            );
            grad[self.slope_of(column)] += dot(gradient, below);
            let Some(dx) = &mut dx else { continue };
            let dx = &mut dx.as_mut_slice()[column * rows..][..rows];
            vectorize(
                #[inline(always)]
                || {
                    let slope = slope;
                    for ((dx, &g), &x) in dx.iter_mut().zip(gradient).zip(x) {
                        *dx = if x <= T::zero() { g * slope } else { g };
                    }
                },
            );
        }
    }
}
