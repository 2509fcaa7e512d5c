//! Layer normalisation: rows with mean 0 and variance 1.

use std::ops::Range;

use nalgebra::DMatrix;

use super::width::keeps_width;
use super::{Layer, Shape, Tape, Tensor, affine};
use crate::check;
use crate::error::Error;
use crate::rng::Rng;
use crate::scalar::Real;
use crate::scalar::{dot, sum, vectorize};

/// A layer that normalises each row to mean 0 and variance 1, then applies a learned scale and shift to each
/// column.
///
/// # Formula
/// y = γ (x - μ) / √(v + ε) + β, with the mean μ and the (biased) variance v of the row, and γ and β of the
/// column. Rows are independent of each other, so training and prediction are the same.
///
/// # Shapes
/// Input and output are rows x width. The parameters are γ, then β, one entry per column each; penalties
/// leave both out.
///
/// # Precision
/// Deviations are taken from the first entry of a row before they are averaged. A large common offset
/// therefore costs no digits, and a constant row becomes exactly β. Rows whose variance overflows the number
/// type are rescaled.
///
/// # References
/// Ba, Kiros and Hinton, "Layer normalization", arXiv:1607.06450, 2016.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{Layer, LayerNorm};
///
/// let layer = LayerNorm::new(3)?.affine(false);
/// let y = layer.apply(&[], &dmatrix![1.0, 2.0, 3.0; 7.0, 7.0, 7.0])?;
/// assert!((y[(0, 2)] - 1.5f64.sqrt()).abs() < 1e-4);
/// assert_eq!(y.row(1), dmatrix![0.0, 0.0, 0.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerNorm {
    pub(super) width: usize,
    pub(super) epsilon: f64,
    pub(super) affine: bool,
}

impl LayerNorm {
    /// Creates a layer of `width` columns.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if `width` is zero or more than memory can address.
    pub fn new(width: usize) -> Result<Self, Error> {
        Ok(LayerNorm { width: check::width(width)?, epsilon: 1e-5, affine: true })
    }

    /// Sets ε, which is added to the variance so that constant rows can be divided by its square root;
    /// above 0. Defaults to 1e-5.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Sets whether a scale and a shift are learned. Defaults to `true`.
    pub fn affine(mut self, affine: bool) -> Self {
        self.affine = affine;
        self
    }
}

impl Shape for LayerNorm {
    keeps_width!();
    fn parameter_count(&self) -> usize {
        if self.affine { 2 * self.width } else { 0 }
    }
    fn penalized(&self) -> Vec<Range<usize>> {
        Vec::new()
    }
    fn tensors(&self) -> Vec<Tensor> {
        let names: &[&str] = if self.affine { &["scale", "shift"] } else { &[] };
        names.iter().map(|&name| Tensor::new(name, 1, self.width)).collect()
    }
    fn check(&self) -> Result<(), Error> {
        check::positive("epsilon", self.epsilon)
    }
    fn describe(&self) -> String {
        format!("LayerNorm{}", if self.affine { "" } else { ", not affine" })
    }

    fn settings(&self) -> String {
        format!("{}, epsilon {}", self.describe(), self.epsilon)
    }
}

/// The index of the buffer that holds (x - μ) / √(v + ε).
const NORMALIZED: usize = 0;
/// The index of the buffer with one entry per row and column: two columns of scratch, and 1 / √(v + ε) of
/// each row.
const OF_ROWS: usize = 1;

/// The number of rows per block. A block stays in the cache from one pass over the columns to the next.
const BLOCK: usize = 64;

impl<T: Real> Layer<T> for LayerNorm {
    fn init(&self, params: &mut [T], _rng: &mut Rng) {
        affine::init(params);
    }

    fn tape(&self, rows: usize) -> Tape<T> {
        Tape::new(rows, self.width).with_buffer(rows, self.width).with_buffer(rows, 3)
    }

    fn forward(&self, params: &[T], x: &DMatrix<T>, tape: &mut Tape<T>) {
        let (parts, rows) = (tape.borrow_parts(), x.nrows());
        assert_eq!(x.shape(), parts.output.shape(), "the rows and columns of a layer normalisation");
        let epsilon = T::of(self.epsilon).max(T::MIN_POSITIVE);
        let (z, of_rows) = parts.buffers.split_at_mut(OF_ROWS);
        let (z, mut of_rows) = (z[NORMALIZED].as_mut_slice(), OfRows::new(&mut of_rows[0]));
        for first in (0..rows).step_by(BLOCK) {
            let block = Block { first, count: BLOCK.min(rows - first), rows };
            standardize(x.as_slice(), block, epsilon, z, of_rows.block(block));
            for column in 0..self.width {
                let (scale, shift) = affine::of_column(params, column);
                let y = &mut parts.output.as_mut_slice()[block.range(column)];
                vectorize(
                    #[inline(always)]
                    || {
                        for (y, &z) in y.iter_mut().zip(&z[block.range(column)]) {
                            *y = z * scale + shift;
                        }
                    },
                );
            }
        }
    }

    fn backward(
        &self,
        params: &[T],
        x: &DMatrix<T>,
        tape: &mut Tape<T>,
        grad: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        assert_eq!(grad.len(), self.parameter_count(), "gradient of a layer normalisation");
        let (parts, rows) = (tape.borrow_parts(), x.nrows());
        let (z, of_rows) = parts.buffers.split_at_mut(OF_ROWS);
        let (z, mut of_rows) = (z[NORMALIZED].as_slice(), OfRows::new(&mut of_rows[0]));
        let g = parts.output_gradient.as_slice();
        for column in 0..self.width {
            let range = column * rows..(column + 1) * rows;
            let (g, z) = (&g[range.clone()], &z[range]);
            affine::set_gradient(grad, column, dot(g, z), sum(g));
        }
        let Some(dx) = dx else { return };
        for first in (0..rows).step_by(BLOCK) {
            let block = Block { first, count: BLOCK.min(rows - first), rows };
            input_gradient(params, (g, z), block, of_rows.block(block), dx.as_mut_slice());
        }
    }
}

/// A block of consecutive rows of a matrix.
#[derive(Clone, Copy)]
struct Block {
    first: usize,
    count: usize,
    /// The number of rows of the whole matrix.
    rows: usize,
}

impl Block {
    /// Returns the range that the rows of a column occupy in a column-major slice.
    #[inline(always)]
    fn range(self, column: usize) -> Range<usize> {
        let start = column * self.rows + self.first;
        start..start + self.count
    }
}

/// Vectors with one entry per row: two for scratch, and the factor that scales the row to variance 1.
struct OfRows<'a, T> {
    one: &'a mut [T],
    two: &'a mut [T],
    scale: &'a mut [T],
}

impl<'a, T: Real> OfRows<'a, T> {
    fn new(columns: &'a mut DMatrix<T>) -> Self {
        let rows = columns.nrows();
        let (one, rest) = columns.as_mut_slice().split_at_mut(rows);
        let (two, scale) = rest.split_at_mut(rows);
        OfRows { one, two, scale }
    }

    fn block(&mut self, block: Block) -> OfRows<'_, T> {
        let range = block.first..block.first + block.count;
        OfRows {
            one: &mut self.one[range.clone()],
            two: &mut self.two[range.clone()],
            scale: &mut self.scale[range],
        }
    }
}

/// Writes the deviations from the mean of each row, divided by √(v + ε), to `z`.
fn standardize<T: Real>(x: &[T], block: Block, epsilon: T, z: &mut [T], mut of_rows: OfRows<'_, T>) {
    of_rows.one.fill(T::one());
    standardize_scaled(x, block, epsilon, z, &mut of_rows);
    if of_rows.two.iter().any(|squares| !squares.is_finite()) {
        for (factor, squares) in of_rows.one.iter_mut().zip(of_rows.two.iter()) {
            *factor = if squares.is_finite() { T::one() } else { affine::downscale() };
        }
        standardize_scaled(x, block, epsilon, z, &mut of_rows);
    }
}

/// Standardises `x` by way of `factor x`, with the factor of each row in `one`; leaves the sums of squares in
/// `two`.
fn standardize_scaled<T: Real>(x: &[T], block: Block, epsilon: T, z: &mut [T], of_rows: &mut OfRows<'_, T>) {
    let OfRows { one: factors, two: squares, scale } = of_rows;
    let (columns, firsts) = (x.len() / block.rows.max(1), &x[block.range(0)]);
    let width = T::of(columns as f64);
    vectorize(
        #[inline(always)]
        || {
            let means = &mut **scale;
            means.fill(T::zero());
            for column in 0..columns {
                let x = &x[block.range(column)];
                for (((mean, &x), &first), &factor) in means.iter_mut().zip(x).zip(firsts).zip(&**factors) {
                    *mean += x * factor - first * factor;
                }
            }
            for mean in &mut *means {
                *mean /= width;
            }
            squares.fill(T::zero());
            for column in 0..columns {
                let (x, z) = (&x[block.range(column)], &mut z[block.range(column)]);
                let rows = x.iter().zip(firsts).zip(&**factors).zip(&*means);
                for ((z, square), (((&x, &first), &factor), &mean)) in
                    z.iter_mut().zip(&mut **squares).zip(rows)
                {
                    *z = (x * factor - first * factor) - mean;
                    *square += *z * *z;
                }
            }
            let scales = means;
            for ((scale, &square), &factor) in scales.iter_mut().zip(&**squares).zip(&**factors) {
                *scale = T::one() / (square / width + epsilon * factor * factor).sqrt();
            }
            for column in 0..columns {
                for (z, &scale) in z[block.range(column)].iter_mut().zip(&*scales) {
                    *z *= scale;
                }
            }
            for (scale, &factor) in scales.iter_mut().zip(&**factors) {
                *scale *= factor;
            }
        },
    );
}

/// Computes the gradient with respect to the input from the gradient with respect to the output and the
/// normalised input.
fn input_gradient<T: Real>(
    params: &[T],
    (g, z): (&[T], &[T]),
    block: Block,
    of_rows: OfRows<'_, T>,
    dx: &mut [T],
) {
    let OfRows { one: means, two: slopes, scale: scales } = of_rows;
    let columns = dx.len() / block.rows.max(1);
    let width = T::of(columns as f64);
    vectorize(
        #[inline(always)]
        || {
            means.fill(T::zero());
            slopes.fill(T::zero());
            for column in 0..columns {
                let (gamma, range) = (affine::of_column(params, column).0, block.range(column));
                let rows = g[range.clone()].iter().zip(&z[range]);
                for ((mean, slope), (&g, &z)) in means.iter_mut().zip(slopes.iter_mut()).zip(rows) {
                    *mean += g * gamma;
                    *slope += g * gamma * z;
                }
            }
            for sum in means.iter_mut().chain(slopes.iter_mut()) {
                *sum /= width;
            }
            // The mean and the deviation of a row depend on each of its entries.
            for column in 0..columns {
                let (gamma, range) = (affine::of_column(params, column).0, block.range(column));
                let rows = g[range.clone()].iter().zip(&z[range.clone()]);
                let of_rows = means.iter().zip(&*slopes).zip(&*scales);
                for ((dx, (&g, &z)), ((&mean, &slope), &scale)) in dx[range].iter_mut().zip(rows).zip(of_rows)
                {
                    *dx = ((g * gamma - mean) - z * slope) * scale;
                }
            }
        },
    );
}
