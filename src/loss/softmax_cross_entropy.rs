//! Cross-entropy of one outcome among several.

use nalgebra::DMatrix;

use super::{CHUNK, Gradient, Loss, Targets, check_probabilities, chunk_weights, weighted_sum};
use crate::error::Error;
use crate::kernel::{Exponential, vectorize};
use crate::real::Real;

/// Softmax cross-entropy of raw scores, one column per class.
///
/// # Formula
/// l(z, t) = -Σ_k t_k log p_k with log p_k = z_k - m - ln Σ_j exp(z_j - m) and m the largest score *of that row*;
/// for a class index, t is one-hot. dl/dz_k = p_k Σ_j t_j - t_k. Target rows must sum to 1 within 1e-6.
///
/// # Precision
/// The sum of exponentials leaves out the largest, which is 1, so its logarithm is ln(1 + rest): the loss of a
/// confident, right prediction keeps its digits, and so does the gradient, which is -rest/(1 + rest) there and not
/// p - 1.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::{Loss, SoftmaxCrossEntropy, Targets};
///
/// let scores = dmatrix![10.0, 1.0, -2.0];
/// let loss = SoftmaxCrossEntropy.mean(&scores, Targets::Classes(&[1]), None)?;
/// assert!((loss - 9.0001295456250432).abs() < 1e-14);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SoftmaxCrossEntropy;

impl<T: Real> Loss<T> for SoftmaxCrossEntropy {
    fn score_columns(&self, classes: usize) -> usize {
        classes
    }

    fn check(&self, targets: Targets<'_, T>) -> Result<(), Error> {
        check_probabilities(targets)?;
        let Targets::Values(values) = targets else { return Ok(()) };
        for row in 0..values.nrows() {
            let sum: f64 = values.row(row).iter().map(|v| v.as_f64()).sum();
            if (sum - 1.0).abs() > 1e-6 {
                return Err(Error::InvalidTarget { row, value: sum, requires: "a target row must sum to 1" });
            }
        }
        Ok(())
    }

    fn accumulate(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        weights: Option<&[T]>,
        mut gradient: Option<Gradient<'_, T>>,
    ) -> f64 {
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
            }
        }
        sum
    }

    fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
        assert_eq!(scores.shape(), out.shape(), "shape of probabilities");
        for block in Block::all(scores) {
            let normalizer = block.normalizer(Some(out.as_mut_slice()));
            for column in 0..block.columns {
                for (p, &rest) in block.of_mut(out.as_mut_slice(), column).iter_mut().zip(&normalizer.rest) {
                    *p /= T::one() + rest;
                }
            }
        }
    }
}

/// Log-probabilities (rows x classes) of softmax scores.
pub(super) fn log_probabilities<T: Real>(scores: &DMatrix<T>) -> DMatrix<T> {
    let mut out = scores.clone();
    for block in Block::all(scores) {
        let normalizer = block.normalizer(None);
        let logs = normalizer.rest.map(|rest| rest.ln_1p());
        for column in 0..block.columns {
            for (row, z) in block.of_mut(out.as_mut_slice(), column).iter_mut().enumerate() {
                *z = (*z - normalizer.maximum[row]) - logs[row];
            }
        }
    }
    out
}

/// A few rows of scores, worked on column by column so that the loops run down contiguous memory.
#[derive(Clone, Copy)]
struct Block<'a, T> {
    z: &'a [T],
    rows: usize,
    columns: usize,
    first: usize,
    count: usize,
}

/// Of each row: the largest score, the column that holds it first, and the sum of the other exponentials.
struct Normalizer<T> {
    maximum: [T; CHUNK],
    column: [usize; CHUNK],
    rest: [T; CHUNK],
}

impl<'a, T: Real> Block<'a, T> {
    fn all(scores: &'a DMatrix<T>) -> impl Iterator<Item = Self> {
        let (rows, columns) = scores.shape();
        let rows = if columns == 0 { 0 } else { rows };
        let block =
            move |first| Block { z: scores.as_slice(), rows, columns, first, count: CHUNK.min(rows - first) };
        (0..rows).step_by(CHUNK).map(block)
    }

    /// The rows of this block in a column of the scores.
    #[inline(always)]
    fn of(&self, column: usize) -> &'a [T] {
        &self.z[column * self.rows + self.first..][..self.count]
    }

    /// The rows of this block in a column of a matrix of the same shape.
    #[inline(always)]
    fn of_mut<'b>(&self, matrix: &'b mut [T], column: usize) -> &'b mut [T] {
        &mut matrix[column * self.rows + self.first..][..self.count]
    }

    /// The maximum and the sum of each row; keeps the exponentials exp(z - maximum) where there is room for them.
    fn normalizer(&self, mut keep: Option<&mut [T]>) -> Normalizer<T> {
        let mut maximum = [T::zero(); CHUNK];
        let mut largest = [0; CHUNK];
        maximum[..self.count].copy_from_slice(self.of(0));
        for column in 1..self.columns {
            for (row, &z) in self.of(column).iter().enumerate() {
                if z > maximum[row] {
                    (maximum[row], largest[row]) = (z, column);
                }
            }
        }
        let mut rest = [T::zero(); CHUNK];
        let mut exponentials = [T::zero(); CHUNK];
        for column in 0..self.columns {
            let z = self.of(column);
            vectorize(
                #[inline(always)]
                || {
                    for ((e, &z), &maximum) in exponentials.iter_mut().zip(z).zip(&maximum) {
                        *e = Exponential::new(z - maximum).value();
                    }
                },
            );
            for ((rest, &e), &largest) in rest.iter_mut().zip(&exponentials).zip(&largest) {
                *rest += if largest == column { T::zero() } else { e };
            }
            if let Some(keep) = &mut keep {
                self.of_mut(keep, column).copy_from_slice(&exponentials[..self.count]);
            }
        }
        Normalizer { maximum, column: largest, rest }
    }

    fn losses(&self, normalizer: &Normalizer<T>, targets: Targets<'_, T>, losses: &mut [T; CHUNK]) {
        for (row, loss) in losses[..self.count].iter_mut().enumerate() {
            let (maximum, log) = (normalizer.maximum[row], normalizer.rest[row].ln_1p());
            let surprise = |column: usize| (maximum - self.of(column)[row]) + log;
            *loss = match targets {
                Targets::Classes(classes) => surprise(classes[self.first + row]),
                Targets::Values(values) => (0..self.columns).fold(T::zero(), |sum, column| {
                    let target = values[(self.first + row, column)];
                    if target == T::zero() { sum } else { sum + target * surprise(column) }
                }),
            };
        }
    }

    /// Turns the exponentials that `gradient.out` holds into the gradient.
    fn gradient(
        &self,
        normalizer: &Normalizer<T>,
        targets: Targets<'_, T>,
        weight: &[T; CHUNK],
        gradient: &mut Gradient<'_, T>,
    ) {
        let mut factor = [T::zero(); CHUNK];
        for ((factor, &weight), &rest) in factor.iter_mut().zip(weight).zip(&normalizer.rest) {
            *factor = gradient.scale * weight / (T::one() + rest);
        }
        let out = gradient.out.as_mut_slice();
        match targets {
            Targets::Classes(classes) => {
                // The entries of the targets first: they need their exponential as it is.
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
            }
            Targets::Values(values) => {
                let mut mass = [T::zero(); CHUNK];
                for column in 0..self.columns {
                    for (row, mass) in mass[..self.count].iter_mut().enumerate() {
                        *mass += values[(self.first + row, column)];
                    }
                }
                for column in 0..self.columns {
                    for (row, out) in self.of_mut(out, column).iter_mut().enumerate() {
                        // This exponential towards the other targets, less the others towards this target.
                        let (e, target) = (*out, values[(self.first + row, column)]);
                        let others = normalizer.others(row, column, e);
                        *out = factor[row] * (e * (mass[row] - target) - target * others);
                    }
                }
            }
        }
    }
}

impl<T: Real> Normalizer<T> {
    /// The sum of the exponentials of all columns but one, whose own is `e`; no cancellation for the largest.
    #[inline(always)]
    fn others(&self, row: usize, column: usize, e: T) -> T {
        if self.column[row] == column { self.rest[row] } else { T::one() + (self.rest[row] - e) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_probabilities_survive_where_probabilities_underflow() {
        let scores = DMatrix::from_row_slice(2, 2, &[0.0, -800.0, 3.0, 3.0]);
        let logs = log_probabilities(&scores);
        assert_eq!(logs[(0, 1)], -800.0);
        assert_eq!(logs[(1, 0)], -std::f64::consts::LN_2);
    }
}
