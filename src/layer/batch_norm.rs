//! Batch normalisation: columns with mean 0 and variance 1.

use std::ops::Range;

use nalgebra::DMatrix;

use super::width::keeps_width;
use super::{Layer, Mode, Shape, Tape, Tensor, affine};
use crate::check;
use crate::error::Error;
use crate::rng::Rng;
use crate::scalar::Real;
use crate::scalar::{dot, sum, vectorize};

/// A layer that normalises each column to mean 0 and variance 1, then applies a learned scale and shift.
///
/// # Formula
/// For each column, y = γ (x - μ) / √(v + ε) + β.
///
/// In [`Mode::Train`], μ and v are the mean and the (biased) variance of the column in the batch, and the
/// gradient includes their dependence on x. [`Layer::update_running_stats`] then updates the running
/// statistics: running = (1 - m) running + m batch, with the momentum m and the unbiased variance of the
/// batch. In [`Mode::Evaluate`], μ and v are the running statistics, which start at 0 and 1.
///
/// A batch of one row has no variance. In training too, it is normalised with the running statistics, and it
/// does not update them. A last mini-batch of one row therefore does no harm.
///
/// # Shapes
/// Input and output are rows x width. The parameters are γ, then β, one entry per column each; penalties
/// leave both out. The running statistics are the means, then the variances.
///
/// # Precision
/// Deviations are taken from the first row before they are averaged. A large common offset therefore costs no
/// digits, and a constant column becomes exactly β. Columns whose variance overflows the number type are
/// rescaled.
///
/// # References
/// Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
/// shift", ICML 2015.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{BatchNorm, Layer, Mode};
///
/// let layer = BatchNorm::new(1)?;
/// let (params, x) = ([1.0, 0.0], dmatrix![10.0; 20.0; 30.0]);
/// let mut tape = layer.tape(3);
/// tape.set_mode(Mode::Train);
/// layer.forward(&params, &x, &mut tape);
/// assert!((tape.output()[2] - 1.5f64.sqrt()).abs() < 1e-6);
///
/// layer.update_running_stats(&mut tape);
/// let mut running = [0.0; 2];
/// tape.save_statistics(&mut running);
/// assert_eq!(running, [0.1 * 20.0, 0.9 + 0.1 * 100.0]);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNorm {
    pub(super) width: usize,
    pub(super) epsilon: f64,
    pub(super) momentum: f64,
    pub(super) affine: bool,
}

impl BatchNorm {
    /// Creates a layer of `width` columns.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if `width` is zero or more than memory can address.
    pub fn new(width: usize) -> Result<Self, Error> {
        Ok(BatchNorm { width: check::width(width)?, epsilon: 1e-5, momentum: 0.1, affine: true })
    }

    /// Sets ε, which is added to the variance so that constant columns can be divided by its square root;
    /// above 0. Defaults to 1e-5.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Sets the momentum, the weight of the newest batch in the running statistics, from 0 to 1.
    ///
    /// With 0 they do not change; with 1 they forget all earlier batches. Defaults to 0.1.
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// Sets whether a scale and a shift are learned. Defaults to `true`.
    pub fn affine(mut self, affine: bool) -> Self {
        self.affine = affine;
        self
    }
}

impl Shape for BatchNorm {
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
        check::positive("epsilon", self.epsilon)?;
        let momentum = self.momentum;
        check::parameter("momentum", momentum, (0.0..=1.0).contains(&momentum), "from 0 to 1")
    }
    fn describe(&self) -> String {
        format!("BatchNorm{}", if self.affine { "" } else { ", not affine" })
    }

    fn settings(&self) -> String {
        let BatchNorm { epsilon, momentum, .. } = self;
        format!("{}, epsilon {epsilon}, momentum {momentum}", self.describe())
    }
}

/// The index of the buffer that holds (x - μ) / √(v + ε).
const NORMALIZED: usize = 0;
/// The index of the buffer that holds the [`Moments`] of each column.
const MOMENTS: usize = 1;

impl<T: Real> Layer<T> for BatchNorm {
    fn init(&self, params: &mut [T], _rng: &mut Rng) {
        affine::init(params);
    }

    fn tape(&self, rows: usize) -> Tape<T> {
        let mut running = vec![T::zero(); 2 * self.width];
        running[self.width..].fill(T::one());
        let moments = Moments::<T>::COUNT;
        Tape::new(rows, self.width)
            .with_buffer(rows, self.width)
            .with_buffer(moments, self.width)
            .with_statistics(running)
    }

    fn forward(&self, params: &[T], x: &DMatrix<T>, tape: &mut Tape<T>) {
        let (parts, rows) = (tape.borrow_parts(), x.nrows());
        assert_eq!(x.shape(), parts.output.shape(), "the rows and columns of a batch normalisation");
        let epsilon = T::of(self.epsilon).max(T::MIN_POSITIVE);
        for column in 0..self.width {
            let range = column * rows..(column + 1) * rows;
            let x = &x.as_slice()[range.clone()];
            let z = &mut parts.buffers[NORMALIZED].as_mut_slice()[range.clone()];
            let moments = if uses_batch(parts.mode, rows) {
                standardize(x, epsilon, z)
            } else {
                let (mean, variance) = (parts.statistics[column], parts.statistics[self.width + column]);
                let scale = T::one() / (variance + epsilon).sqrt();
                map(x, z, move |x| (x - mean) * scale);
                Moments { mean, variance, scale }
            };
            moments.save(column, parts.buffers[MOMENTS].as_mut_slice());
            let (scale, shift) = affine::of_column(params, column);
            let z = &parts.buffers[NORMALIZED].as_slice()[range.clone()];
            map(z, &mut parts.output.as_mut_slice()[range], move |z| z * scale + shift);
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
        assert_eq!(grad.len(), self.parameter_count(), "gradient of a batch normalisation");
        let (parts, rows) = (tape.borrow_parts(), x.nrows());
        let count = T::of(rows.max(1) as f64);
        for column in 0..self.width {
            let range = column * rows..(column + 1) * rows;
            let g = &parts.output_gradient.as_slice()[range.clone()];
            let z = &parts.buffers[NORMALIZED].as_slice()[range.clone()];
            let (total, product) = (sum(g), dot(g, z));
            affine::set_gradient(grad, column, product, total);
            let Some(dx) = &mut dx else { continue };
            let dx = &mut dx.as_mut_slice()[range];
            let moments = Moments::load(column, parts.buffers[MOMENTS].as_slice());
            let factor = affine::of_column(params, column).0 * moments.scale;
            if uses_batch(parts.mode, rows) {
                // The mean and the deviation of the batch depend on each of its entries.
                let (mean, slope) = (total / count, product / count);
                map_two(g, z, dx, move |g, z| ((g - mean) - z * slope) * factor);
            } else {
                map(g, dx, move |g| g * factor);
            }
        }
    }

    fn update_running_stats(&self, tape: &mut Tape<T>) {
        let parts = tape.borrow_parts();
        let rows = parts.output.nrows();
        if !uses_batch(parts.mode, rows) {
            return;
        }
        let momentum = T::of(self.momentum);
        let move_to =
            |running: &mut T, batch: T| *running = (T::one() - momentum) * *running + momentum * batch;
        let unbiased = T::of(rows as f64 / (rows - 1) as f64);
        let (means, variances) = parts.statistics.split_at_mut(self.width);
        for (column, (mean, variance)) in means.iter_mut().zip(variances).enumerate() {
            let batch = Moments::load(column, parts.buffers[MOMENTS].as_slice());
            move_to(mean, batch.mean);
            move_to(variance, batch.variance * unbiased);
        }
    }
}

/// Returns whether a pass uses the statistics of the batch instead of the running statistics.
fn uses_batch(mode: Mode, rows: usize) -> bool {
    mode == Mode::Train && rows > 1
}

/// The statistics that a column was normalised with.
struct Moments<T> {
    mean: T,
    /// The biased variance.
    variance: T,
    /// 1 / √(v + ε)
    scale: T,
}

impl<T: Real> Moments<T> {
    const COUNT: usize = 3;

    fn save(&self, column: usize, buffer: &mut [T]) {
        buffer[column * Self::COUNT..][..Self::COUNT].copy_from_slice(&[
            self.mean,
            self.variance,
            self.scale,
        ]);
    }

    fn load(column: usize, buffer: &[T]) -> Self {
        let of_column = &buffer[column * Self::COUNT..];
        Moments { mean: of_column[0], variance: of_column[1], scale: of_column[2] }
    }
}

/// Writes the deviations from the mean, divided by √(v + ε), to `z`, and returns the moments.
fn standardize<T: Real>(x: &[T], epsilon: T, z: &mut [T]) -> Moments<T> {
    let moments = standardize_scaled(x, T::one(), epsilon, z);
    if moments.variance.is_finite() {
        moments
    } else {
        standardize_scaled(x, affine::downscale(), epsilon, z)
    }
}

/// Standardises `x` by way of `factor x`, and returns the moments of `x`.
fn standardize_scaled<T: Real>(x: &[T], factor: T, epsilon: T, z: &mut [T]) -> Moments<T> {
    let Some(&first) = x.first() else {
        return Moments { mean: T::zero(), variance: T::one(), scale: T::one() };
    };
    let (first, count) = (first * factor, T::of(x.len() as f64));
    vectorize(
        #[inline(always)]
        || {
            let mean = sum_of(x, |x| x * factor - first) / count;
            for (z, &x) in z.iter_mut().zip(x) {
                *z = (x * factor - first) - mean;
            }
            let variance = sum_of(z, |z| z * z) / count;
            let inverse = T::one() / (variance + epsilon * factor * factor).sqrt();
            for z in z.iter_mut() {
                *z *= inverse;
            }
            let mean = (mean + first) / factor;
            Moments { mean, variance: variance / factor / factor, scale: inverse * factor }
        },
    )
}

/// Returns `Σ term(x_i)`, computed as sixteen interleaved sums.
#[inline(always)]
fn sum_of<T: Real>(x: &[T], term: impl Fn(T) -> T) -> T {
    let (chunks, rest) = x.as_chunks::<16>();
    let mut sums = [T::zero(); 16];
    for chunk in chunks {
        for (sum, &x) in sums.iter_mut().zip(chunk) {
            *sum += term(x);
        }
    }
    let head = sums.iter().fold(T::zero(), |a, &b| a + b);
    rest.iter().fold(head, |a, &x| a + term(x))
}

#[inline(always)]
fn map<T: Real>(from: &[T], to: &mut [T], term: impl Fn(T) -> T + Copy) {
    vectorize(
        #[inline(always)]
        || {
            let term = term;
            for (to, &from) in to.iter_mut().zip(from) {
                *to = term(from);
            }
        },
    );
}

#[inline(always)]
fn map_two<T: Real>(a: &[T], b: &[T], to: &mut [T], term: impl Fn(T, T) -> T + Copy) {
    vectorize(
        #[inline(always)]
        || {
            let term = term;
            for ((to, &a), &b) in to.iter_mut().zip(a).zip(b) {
                *to = term(a, b);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_refused() {
        let layer = BatchNorm::new(2).unwrap();
        for epsilon in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(layer.epsilon(epsilon).check().unwrap_err().to_string().starts_with("`epsilon` is "));
        }
        for momentum in [-0.1, 1.1, f64::NAN] {
            assert!(
                layer.momentum(momentum).check().unwrap_err().to_string().ends_with("must be from 0 to 1")
            );
        }
        assert!([0.0, 1.0].iter().all(|&momentum| layer.momentum(momentum).check().is_ok()));
        assert!(BatchNorm::new(0).is_err());
    }

    #[test]
    fn huge_columns_are_normalised_like_their_multiples_of_moderate_size() {
        fn compare<T: Real>(exponent: i32) {
            let (small, mut huge) = ([1.0, -2.0, 4.0, 0.5].map(T::of), [T::zero(); 4]);
            map(&small, &mut huge, move |x| x * T::of(2.0).powi(exponent));
            let (mut z, mut z_huge) = ([T::zero(); 4], [T::zero(); 4]);
            let plain = standardize(&small, T::MIN_POSITIVE, &mut z);
            let scaled = standardize(&huge, T::MIN_POSITIVE, &mut z_huge);
            assert_eq!(z, z_huge);
            assert_eq!(scaled.mean, plain.mean * T::of(2.0).powi(exponent));
            assert!(scaled.scale > T::zero() && plain.variance.is_finite());
        }
        compare::<f64>(1021);
        compare::<f32>(125);
    }

    #[test]
    fn the_moments_of_a_column_keep_their_digits_beside_a_large_offset() {
        let column = |offset: f64| [4.0, 7.0, 13.0, 16.0].map(|x| x + offset);
        let (mut near, mut far) = ([0.0; 4], [0.0; 4]);
        standardize(&column(0.0), 1e-5, &mut near);
        let moments = standardize(&column(1e15), 1e-5, &mut far);
        assert_eq!((near, moments.mean, moments.variance), (far, 1e15 + 10.0, 22.5));
    }
}
