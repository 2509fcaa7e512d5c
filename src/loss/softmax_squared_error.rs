//! The squared distance between softmax probabilities and targets.

use nalgebra::DMatrix;

use super::elementwise::share;
use super::softmax::{self, Block, Normalizer, RowSoftmax, fill_symmetric};
use super::{CHUNK, Gradient, Link, Loss, Targets, chunk_weights, weighted_sum};
use crate::error::Error;
use crate::examples::check_probabilities;
use crate::scalar::Real;
use crate::scalar::vectorize;

/// Mean squared error of the softmax probabilities of each row: the mean over classes of (p_k - t_k)^2.
///
/// Use it where single wrong labels must not dominate the fit: no row costs more than 2/K. The gradient
/// vanishes on confident mistakes, and the loss is not convex, so training can stall where a cross-entropy
/// would learn.
///
/// # Formula
/// l(z, t) = Σ_k (p_k - t_k)^2 / K with p = softmax(z); dl/dz_j = 2/K p_j (r_j - Σ_k p_k r_k) with r = p - t.
/// The sum over classes, which is the Brier score of several classes, is K times this.
///
/// # Precision
/// Residuals are measured relative to that of the largest probability, whose terms would cancel otherwise.
/// The gradient of a confident prediction therefore keeps its digits, whether the prediction is right or
/// wrong.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{Loss, SoftmaxSquaredError, Targets};
///
/// let scores = dmatrix![0.0, 2f64.ln(), 0.0];
/// let loss = SoftmaxSquaredError.mean(&scores, Targets::Classes(&[0]), None)?;
/// assert!((loss - (0.5625 + 0.25 + 0.0625) / 3.0).abs() < 1e-15);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SoftmaxSquaredError;

impl<T: Real> Loss<T> for SoftmaxSquaredError {
    fn score_columns(&self, classes: usize) -> usize {
        classes
    }

    fn link(&self, _columns: usize) -> Link {
        Link::Ordered
    }

    fn check(&self, targets: Targets<'_, T>) -> Result<(), Error> {
        check_probabilities(targets)
    }

    fn accumulate(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        weights: Option<&[T]>,
        mut gradient: Option<Gradient<'_, T>>,
    ) -> f64 {
        let share = share(scores.ncols());
        let mut sum = 0.0;
        for block in Block::all(scores) {
            let weight = chunk_weights(weights, block.first, block.count);
            let mut kept = gradient.as_mut().map(|gradient| gradient.out.as_mut_slice());
            let residuals = Residuals { block, normalizer: block.normalizer(kept.as_deref_mut()), targets };
            let mut losses = [T::zero(); CHUNK];
            for column in 0..block.columns {
                let (_, residual) = residuals.of(column, kept.as_deref());
                losses.iter_mut().zip(&residual).for_each(|(loss, &r)| *loss += r * r);
            }
            sum += weighted_sum(&weight, &losses, block.count);
            if let Some(Gradient { scale, out }) = &mut gradient {
                let out = out.as_mut_slice();
                residuals.gradient(*scale * T::of(2.0 * share), &weight, out);
                block.remove_weightless(&weight, out);
            }
        }
        sum * share
    }

    fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
        softmax::link(scores, out);
    }

    /// Writes the Gauss-Newton matrix 2/K JᵀJ with the derivatives J = diag p - p pᵀ of the probabilities.
    /// The loss is not convex; this is its second derivative at residuals of zero.
    fn curvature(
        &self,
        scores: &DMatrix<T>,
        _targets: Targets<'_, T>,
        row: usize,
        out: &mut DMatrix<T>,
    ) -> bool {
        let columns = scores.ncols();
        assert_eq!(out.shape(), (columns, columns), "shape of the curvature");
        let p = &mut out.as_mut_slice()[..columns];
        let softmax = RowSoftmax::new(scores, row, p);
        // Σ p² over all classes, the largest p, and Σ p² over all classes but the largest.
        let squares = p.iter().fold(T::zero(), |sum, &p| sum + p * p);
        let large = p.iter().fold(T::zero(), |max, &p| if p > max { p } else { max });
        let small = p
            .iter()
            .enumerate()
            .fold(T::zero(), |sum, (k, &p)| if softmax.is_largest(k) { sum } else { sum + p * p });
        let twice = T::of(2.0 * share(columns));
        let without = |i: usize, p: T| if softmax.is_largest(i) { T::zero() } else { p * p };
        fill_symmetric(out, |i, j, p, q| {
            let (other_p, other_q) = (softmax.complement(i, p), softmax.complement(j, q));
            if i == j {
                let rest = if softmax.is_largest(i) { small } else { squares - p * p };
                return twice * (p * p) * (other_p * other_p + rest);
            }
            // Σ p² of the other classes.
            let top = if softmax.is_largest(i) || softmax.is_largest(j) { T::zero() } else { large * large };
            let rest = top + (small - without(i, p) - without(j, q));
            twice * (p * q) * (rest - (p * other_p + q * other_q))
        });
        true
    }
}

/// The probabilities of a block of rows, and their differences from the targets.
struct Residuals<'a, T: Real> {
    block: Block<'a, T>,
    normalizer: Normalizer<T>,
    targets: Targets<'a, T>,
}

impl<T: Real> Residuals<'_, T> {
    /// Returns p and r = p - t of one column, from the stored exponentials if there are any. (1 - t) p - t
    /// (1 - p) does not cancel for targets of 0 and 1.
    fn of(&self, column: usize, kept: Option<&[T]>) -> ([T; CHUNK], [T; CHUNK]) {
        let Residuals { block, normalizer, targets } = self;
        let (mut p, mut r, mut t) = ([T::zero(); CHUNK], [T::zero(); CHUNK], [T::zero(); CHUNK]);
        match kept {
            Some(kept) => p[..block.count].copy_from_slice(block.of_kept(kept, column)),
            None => block.exponentials(&normalizer.maximum, column, &mut p),
        }
        for (row, t) in t[..block.count].iter_mut().enumerate() {
            *t = match targets {
                Targets::Classes(classes) if classes[block.first + row] == column => T::one(),
                Targets::Classes(_) => T::zero(),
                Targets::Values(values) => values[(block.first + row, column)],
            };
        }
        vectorize(
            #[inline(always)]
            || {
                for row in 0..CHUNK {
                    let (e, sum) = (p[row], T::one() + normalizer.rest[row]);
                    p[row] = e / sum;
                    r[row] = ((T::one() - t[row]) * e - t[row] * normalizer.others(row, column, e)) / sum;
                }
            },
        );
        (p, r)
    }

    /// Turns the exponentials that `out` holds into `factor` times weight times p_j (d_j - Σ_k p_k d_k).
    ///
    /// d are the residuals minus that of the largest probability. The d of the largest probability is 0, so
    /// the sum is small where one probability is close to 1.
    fn gradient(&self, factor: T, weight: &[T; CHUNK], out: &mut [T]) {
        let (block, normalizer) = (&self.block, &self.normalizer);
        let mut top = [T::zero(); CHUNK];
        for column in 0..block.columns {
            let (_, r) = self.of(column, Some(&*out));
            for row in 0..block.count {
                if normalizer.column[row] == column {
                    top[row] = r[row];
                }
            }
        }
        let mut mean = [T::zero(); CHUNK];
        for column in 0..block.columns {
            let (p, r) = self.of(column, Some(&*out));
            for row in 0..block.count {
                mean[row] += p[row] * (r[row] - top[row]);
            }
        }
        for column in 0..block.columns {
            let (p, r) = self.of(column, Some(&*out));
            for (row, out) in block.of_mut(out, column).iter_mut().enumerate() {
                *out = factor * weight[row] * p[row] * ((r[row] - top[row]) - mean[row]);
            }
        }
    }
}
