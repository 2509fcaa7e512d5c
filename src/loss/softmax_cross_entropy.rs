//! Cross-entropy of one class among several.

use nalgebra::DMatrix;

use super::softmax::{self, Block, Normalizer, RowSoftmax, below, fill_symmetric};
use super::{CHUNK, Gradient, Link, Loss, Targets, chunk_weights, weighted_sum};
use crate::check;
use crate::error::Error;
use crate::examples::check_distributions;
use crate::scalar::Real;
use crate::scalar::vectorize;

/// Softmax cross-entropy of raw scores, one column per class.
///
/// It is the loss to start with wherever one of several classes is right and its probability matters. Label
/// smoothing keeps the scores of a large network from growing without bound, at the price of probabilities
/// that are less confident than they should be.
///
/// # Formula
/// l(z, t) = -Σ_k t'_k log p_k with log p_k = z_k - m - ln Σ_j exp(z_j - m), where m is the largest score *of
/// that row*. For a class index, t is one-hot. With label smoothing ε for K classes, t' = (1 - ε) t + ε/K.
/// dl/dz_k = p_k Σ_j t'_j - t'_k. Target rows must sum to 1 within 1e-6.
///
/// # Precision
/// The sum of exponentials omits the largest, which is 1, so its logarithm is ln(1 + rest). The loss of a
/// confident, right prediction therefore keeps its digits. So does the gradient, which is computed as
/// -rest/(1 + rest) there and not as p - 1.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{Loss, SoftmaxCrossEntropy, Targets};
///
/// let scores = dmatrix![10.0, 1.0, -2.0];
/// let loss =
///     SoftmaxCrossEntropy::new().mean(&scores, Targets::Classes(&[1]), None)?;
/// assert!((loss - 9.0001295456250432).abs() < 1e-14);
///
/// let smooth = SoftmaxCrossEntropy::new().label_smoothing(0.3);
/// let smooth = smooth.mean(&scores, Targets::Classes(&[1]), None)?;
/// assert!(
///     (smooth - (0.7 * loss + 0.1 * (loss + (loss - 9.0) + (loss + 3.0)))).abs()
///         < 1e-14
/// );
/// # Ok::<(), logit::Error>(())
/// ```
///
/// # References
/// Szegedy, Vanhoucke, Ioffe, Shlens, Wojna (2016), *Rethinking the Inception Architecture for Computer
/// Vision*, for label smoothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SoftmaxCrossEntropy {
    pub(super) label_smoothing: f64,
}

impl SoftmaxCrossEntropy {
    /// Creates the cross-entropy without label smoothing.
    pub const fn new() -> Self {
        SoftmaxCrossEntropy { label_smoothing: 0.0 }
    }

    /// Sets the label smoothing ε, at least 0 and below 1: the fraction of each target that is spread evenly
    /// over all classes. Defaults to 0.
    pub const fn label_smoothing(mut self, label_smoothing: f64) -> Self {
        self.label_smoothing = label_smoothing;
        self
    }
}

impl<T: Real> Loss<T> for SoftmaxCrossEntropy {
    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn score_columns(&self, classes: usize) -> usize {
        classes
    }

    fn link(&self, _columns: usize) -> Link {
        Link::LogOdds
    }

    fn check(&self, targets: Targets<'_, T>) -> Result<(), Error> {
        check_distributions(targets)
    }

    fn check_parameters(&self, _columns: usize) -> Result<(), Error> {
        check::fraction("label_smoothing", self.label_smoothing)
    }

    fn accumulate(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        weights: Option<&[T]>,
        mut gradient: Option<Gradient<'_, T>>,
    ) -> f64 {
        let targets = Smoothed::new(targets, self.label_smoothing, scores.ncols());
        let mut sum = 0.0;
        for block in Block::all(scores) {
            let weight = chunk_weights(weights, block.first, block.count);
            let exponentials = gradient.as_mut().map(|gradient| gradient.out.as_mut_slice());
            let normalizer = block.normalizer(exponentials);
            let mut losses = [T::zero(); CHUNK];
            block.losses(&normalizer, targets, &mut losses);
            sum += weighted_sum(&weight, &losses, block.count);
            if let Some(gradient) = &mut gradient {
                block.gradient(&normalizer, targets, &weight, gradient);
                block.remove_weightless(&weight, gradient.out.as_mut_slice());
            }
        }
        sum
    }

    fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
        softmax::link(scores, out);
    }

    /// Writes the second derivative, Σ_j t'_j (diag p - p pᵀ).
    fn curvature(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        row: usize,
        out: &mut DMatrix<T>,
    ) -> bool {
        let columns = scores.ncols();
        assert_eq!(out.shape(), (columns, columns), "shape of the curvature");
        let targets = Smoothed::new(targets, self.label_smoothing, columns);
        let mass = match targets.class(row) {
            Some(_) => T::one(),
            None => (0..columns).fold(T::zero(), |mass, column| mass + targets.value(row, column)),
        };
        let softmax = RowSoftmax::new(scores, row, &mut out.as_mut_slice()[..columns]);
        fill_symmetric(
            out,
            |i, j, p, q| {
                if i == j { mass * (p * softmax.complement(i, p)) } else { -(mass * (p * q)) }
            },
        );
        true
    }
}

/// Targets after label smoothing.
#[derive(Clone, Copy)]
struct Smoothed<'a, T> {
    targets: Targets<'a, T>,
    smooth: bool,
    kept: T,
    spread: T,
}

impl<'a, T: Real> Smoothed<'a, T> {
    fn new(targets: Targets<'a, T>, smoothing: f64, columns: usize) -> Self {
        let spread = T::of(smoothing / columns.max(1) as f64);
        Smoothed { targets, smooth: smoothing != 0.0, kept: T::of(1.0 - smoothing), spread }
    }

    /// Returns the class of a row whose target is known to be one-hot.
    #[inline(always)]
    fn class(&self, row: usize) -> Option<usize> {
        match self.targets {
            Targets::Classes(classes) if !self.smooth => Some(classes[row]),
            _ => None,
        }
    }

    #[inline(always)]
    fn value(&self, row: usize, column: usize) -> T {
        let target = match self.targets {
            Targets::Classes(classes) if classes[row] == column => T::one(),
            Targets::Classes(_) => T::zero(),
            Targets::Values(values) => values[(row, column)],
        };
        if self.smooth { self.kept * target + self.spread } else { target }
    }

    /// Returns the targets of a block of rows in one column.
    fn chunk<'b>(&self, block: &Block<'_, T>, column: usize, out: &'b mut [T; CHUNK]) -> &'b [T] {
        for (row, target) in out[..block.count].iter_mut().enumerate() {
            *target = self.value(block.first + row, column);
        }
        &out[..block.count]
    }
}

impl<T: Real> Block<'_, T> {
    fn losses(&self, normalizer: &Normalizer<T>, targets: Smoothed<'_, T>, losses: &mut [T; CHUNK]) {
        for (row, loss) in losses[..self.count].iter_mut().enumerate() {
            let (maximum, log) = (normalizer.maximum[row], normalizer.rest[row].ln_1p());
            let surprise = |column: usize| log - below(self.of(column)[row], maximum);
            *loss = match targets.class(self.first + row) {
                Some(class) => surprise(class),
                None => (0..self.columns).fold(T::zero(), |sum, column| {
                    let target = targets.value(self.first + row, column);
                    if target == T::zero() { sum } else { sum + target * surprise(column) }
                }),
            };
        }
    }

    /// Turns the exponentials that `gradient.out` holds into the gradient.
    fn gradient(
        &self,
        normalizer: &Normalizer<T>,
        targets: Smoothed<'_, T>,
        weight: &[T; CHUNK],
        gradient: &mut Gradient<'_, T>,
    ) {
        let mut factor = [T::zero(); CHUNK];
        for ((factor, &weight), &rest) in factor.iter_mut().zip(weight).zip(&normalizer.rest) {
            *factor = gradient.scale * weight / (T::one() + rest);
        }
        let out = gradient.out.as_mut_slice();
        if let (Targets::Classes(classes), false) = (targets.targets, targets.smooth) {
            // The entries of the targets come first, because they need their unscaled exponential.
            let at = |row: usize, class: usize| class * self.rows + self.first + row;
            for (row, &class) in classes[self.first..][..self.count].iter().enumerate() {
                let e = out[at(row, class)];
                out[at(row, class)] = -normalizer.others(row, class, e);
            }
            for column in 0..self.columns {
                for (out, &factor) in self.of_mut(out, column).iter_mut().zip(&factor) {
                    *out *= factor;
                }
            }
            return;
        }
        let (mut mass, mut chunk) = ([T::zero(); CHUNK], [T::zero(); CHUNK]);
        for column in 0..self.columns {
            for (mass, &target) in mass.iter_mut().zip(targets.chunk(self, column, &mut chunk)) {
                *mass += target;
            }
        }
        for column in 0..self.columns {
            let target = targets.chunk(self, column, &mut chunk);
            let out = self.of_mut(out, column);
            vectorize(
                #[inline(always)]
                || {
                    for (row, (out, &target)) in out.iter_mut().zip(target).enumerate().take(CHUNK) {
                        // The exponential times the other targets, minus this target times the other
                        // exponentials.
                        let e = *out;
                        let others = normalizer.others(row, column, e);
                        *out = factor[row] * (e * (mass[row] - target) - target * others);
                    }
                },
            );
        }
    }
}
