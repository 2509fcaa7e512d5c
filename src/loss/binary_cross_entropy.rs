//! The logistic loss: cross-entropy of independent yes/no outcomes.

use nalgebra::DMatrix;

use super::{CHUNK, Gradient, Loss, Targets, check_probabilities, chunk_weights, weighted_sum};
use crate::error::Error;
use crate::kernel::{Exponential, log_one_plus, vectorize};
use crate::real::Real;

/// Binary cross-entropy of raw scores, summed over score columns.
///
/// With one column it is the loss of two-class logistic regression; with several, of as many independent labels.
///
/// # Formula
/// l(z, y) = y softplus(-z) + (1 - y) softplus(z), for targets y from 0 to 1; dl/dz = (1 - y) σ(z) - y σ(-z).
/// With labels s = ±1 this is ln(1 + exp(-s z)), the same loss.
///
/// # Precision
/// softplus(z) = max(z, 0) + ln(1 + exp(-|z|)) and σ come from one exponential of a negative number, and σ(-z) is
/// never computed as 1 - σ(z): value and gradient keep their digits in both tails (8.53e-17 at z = -37 for y = 0 and
/// at z = 37 for y = 1).
///
/// # Link
/// For one column, probabilities are (σ(-z), σ(z)); for several, σ(z) of each.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::{BinaryCrossEntropy, Loss, Targets};
///
/// let scores = dmatrix![37.0; -37.0];
/// let loss = BinaryCrossEntropy.mean(&scores, Targets::Classes(&[1, 0]), None)?;
/// assert!((loss / 8.533047625744066e-17 - 1.0).abs() < 1e-14);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BinaryCrossEntropy;

impl<T: Real> Loss<T> for BinaryCrossEntropy {
    fn score_columns(&self, classes: usize) -> usize {
        if classes == 2 { 1 } else { classes }
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
        let (rows, columns) = scores.shape();
        let mut sum = 0.0;
        for column in 0..columns {
            let span = column * rows..(column + 1) * rows;
            let z = &scores.as_slice()[span.clone()];
            for first in (0..rows).step_by(CHUNK) {
                let count = CHUNK.min(rows - first);
                let weight = chunk_weights(weights, first, count);
                let mut target = [T::zero(); CHUNK];
                for (row, target) in target[..count].iter_mut().enumerate() {
                    *target = targets.value(first + row, column, columns);
                }
                let z = &z[first..first + count];
                let mut losses = [T::zero(); CHUNK];
                if let Some(Gradient { scale, out }) = &mut gradient {
                    let out = &mut out.as_mut_slice()[span.clone()][first..first + count];
                    let scale = *scale;
                    vectorize(
                        #[inline(always)]
                        || {
                            for i in 0..count.min(CHUNK) {
                                let (loss, slope) = value_and_slope(z[i], target[i]);
                                losses[i] = loss;
                                out[i] = scale * weight[i] * slope;
                            }
                        },
                    );
                } else {
                    vectorize(
                        #[inline(always)]
                        || {
                            for i in 0..count.min(CHUNK) {
                                losses[i] = value_and_slope(z[i], target[i]).0;
                            }
                        },
                    );
                }
                sum += weighted_sum(&weight, &losses, count);
            }
        }
        sum
    }

    fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
        assert_eq!(scores.nrows(), out.nrows(), "rows of probabilities");
        let rows = scores.nrows();
        if scores.ncols() == 1 && out.ncols() == 2 {
            let (no, yes) = out.as_mut_slice().split_at_mut(rows);
            vectorize(
                #[inline(always)]
                || {
                    for ((no, yes), &z) in no.iter_mut().zip(yes).zip(scores.as_slice()) {
                        (*no, *yes) = (sigmoid(-z), sigmoid(z));
                    }
                },
            );
        } else {
            assert_eq!(scores.ncols(), out.ncols(), "columns of probabilities");
            for (p, &z) in out.as_mut_slice().iter_mut().zip(scores.as_slice()) {
                *p = sigmoid(z);
            }
        }
    }
}

/// `l(z, y)` and its derivative, from e = exp(-|z|).
#[inline(always)]
fn value_and_slope<T: Real>(z: T, y: T) -> (T, T) {
    let e = Exponential::new(-z.abs()).value();
    let larger = T::one() / (T::one() + e);
    let smaller = e * larger;
    let positive = z >= T::zero();
    let (rises, falls) = if positive { (larger, smaller) } else { (smaller, larger) };
    let no = T::one() - y;
    // The linear part has the factor that is zero at certainty: at z = ±∞ it must not become 0 * ∞.
    let against = if positive { no } else { y };
    let linear = if against == T::zero() { T::zero() } else { against * z.abs() };
    (log_one_plus(e) + linear, no * rises - y * falls)
}

/// σ(z), to the last digits on both sides.
#[inline(always)]
fn sigmoid<T: Real>(z: T) -> T {
    let e = Exponential::new(-z.abs()).value();
    let larger = T::one() / (T::one() + e);
    if z < T::zero() { e * larger } else { larger }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinite_scores_are_certain() {
        let (inf, zero) = (f64::INFINITY, 0.0);
        assert_eq!(value_and_slope(-inf, zero), (0.0, 0.0));
        assert_eq!(value_and_slope(inf, 1.0), (0.0, 0.0));
        assert_eq!(value_and_slope(inf, zero), (inf, 1.0));
        assert_eq!(value_and_slope(-inf, 1.0), (inf, -1.0));
        assert!(value_and_slope(f64::NAN, 1.0).0.is_nan());
    }
}
