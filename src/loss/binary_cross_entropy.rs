//! The logistic loss: cross-entropy of independent yes/no outcomes.

use nalgebra::DMatrix;

use super::elementwise::{self, Elementwise, elementwise_loss, part};
use super::sigmoid::{self, Sigmoid};
use super::{Loss, Targets};
use crate::check;
use crate::error::Error;
use crate::scalar::Real;

/// Binary cross-entropy of raw scores, summed over score columns.
///
/// With one column, it is the loss of two-class logistic regression. With several columns, it is the loss of
/// as many independent labels. It is the loss to start with wherever an answer is yes or no and its
/// probability matters.
///
/// # Formula
/// l(z, y) = y softplus(-z) + (1 - y) softplus(z), for targets y from 0 to 1.
///
/// | labels | loss | derivative in z |
/// |---|---|---|
/// | y = 0 or 1 (or between) | -y ln σ(z) - (1 - y) ln σ(-z) | σ(z) - y |
/// | s = ±1, s = 2y - 1 | ln(1 + exp(-s z)) | -s σ(-s z) |
///
/// Both rows of the table are the same loss with the same derivative. Do not mix them: training on σ(z) - s,
/// for example, still learns something, but it is wrong.
///
/// # Precision
/// softplus(z) = max(z, 0) + ln(1 + exp(-|z|)) and σ share one exponential of a negative number, and σ(-z) is
/// never computed as 1 - σ(z). Value and gradient therefore keep their digits in both tails (8.53e-17 at
/// z = -37 for y = 0 and at z = 37 for y = 1).
///
/// # Link
/// For one column, the probabilities are (σ(-z), σ(z)); for several columns, σ(z) of each.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{BinaryCrossEntropy, Loss, Targets};
///
/// let scores = dmatrix![37.0; -37.0];
/// let loss = BinaryCrossEntropy.mean(&scores, Targets::Classes(&[1, 0]), None)?;
/// assert!((loss / 8.533047625744066e-17 - 1.0).abs() < 1e-14);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BinaryCrossEntropy;

impl BinaryCrossEntropy {
    /// Returns binary cross-entropy with weights on the positive ("yes") outcomes of each label.
    pub fn positive_weights(self, weights: impl Into<Vec<f64>>) -> WeightedBinaryCrossEntropy {
        WeightedBinaryCrossEntropy { positive: weights.into() }
    }
}

impl<T: Real> Loss<T> for BinaryCrossEntropy {
    elementwise_loss! { targets: probabilities, sum of |loss, _| *loss }

    fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
        sigmoid::link(scores, out);
    }

    fn curvature(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        row: usize,
        out: &mut DMatrix<T>,
    ) -> bool {
        elementwise::curvature(scores, targets, row, out, |_, z, _| Sigmoid::new(z).slope())
    }
}

impl<T: Real> Elementwise<T> for BinaryCrossEntropy {
    #[inline(always)]
    fn value_and_slope(self, z: T, y: T) -> (T, T) {
        let sigmoid = Sigmoid::new(z);
        let against = if z >= T::zero() { T::one() - y } else { y };
        (sigmoid.log() + part(against, z.abs()), sigmoid.less(y))
    }
}

/// Binary cross-entropy with weights on the positive ("yes") outcomes of each label.
///
/// Use it where a label is rare and missing it costs more than a false alarm. With the number of negatives
/// divided by the number of positives as the weight, both sides count the same. The probabilities are then
/// those of the weighted problem, not of the data.
///
/// # Formula
/// l(z, y) = w y softplus(-z) + (1 - y) softplus(z), summed over score columns, each with its own w;
/// dl/dz = (1 - y) σ(z) - w y σ(-z).
///
/// Means are divided by the number of rows (or the sum of their weights): w changes the loss of a row, not
/// its weight. With [`Targets::class_weighted`] of \[1, w\], the same sum is divided by the sum of all
/// weights.
///
/// # Examples
/// ```
/// use nalgebra::dmatrix;
/// use logit::nn::{BinaryCrossEntropy, Loss, Targets};
///
/// // Two labels; the second is rare.
/// let loss = BinaryCrossEntropy.positive_weights([1.0, 9.0]);
/// let (scores, targets) = (dmatrix![0.0, 0.0], dmatrix![1.0, 1.0]);
/// let value = loss.mean(&scores, Targets::Values(&targets), None)?;
/// assert!((value - 10.0 * 2f64.ln()).abs() < 1e-14);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct WeightedBinaryCrossEntropy {
    positive: Vec<f64>,
}

impl WeightedBinaryCrossEntropy {
    /// Creates the loss from positive weights of the "yes" outcomes: one for each score column, or a single
    /// one for all.
    pub fn new(weights: impl Into<Vec<f64>>) -> Self {
        BinaryCrossEntropy.positive_weights(weights)
    }

    pub(super) fn weights(&self) -> &[f64] {
        &self.positive
    }

    fn of_column<T: Real>(&self, column: usize) -> Positive<T> {
        let single = self.positive.len() == 1;
        Positive(T::of(self.positive[if single { 0 } else { column }]))
    }
}

impl<T: Real> Loss<T> for WeightedBinaryCrossEntropy {
    fn describe(&self) -> String {
        format!("{self:?}")
    }

    elementwise_loss! { targets: probabilities, sum of |loss, column| loss.of_column::<T>(column) }

    fn check_parameters(&self, columns: usize) -> Result<(), Error> {
        if self.positive.len() != 1 {
            check::count("positive_weights", "entries", columns, self.positive.len())?;
        }
        self.positive.iter().try_for_each(|&weight| check::positive("positive_weights", weight))
    }

    fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
        sigmoid::link(scores, out);
    }

    fn curvature(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        row: usize,
        out: &mut DMatrix<T>,
    ) -> bool {
        elementwise::curvature(scores, targets, row, out, |column, z, y| {
            let Positive(weight) = self.of_column::<T>(column);
            (weight * y + (T::one() - y)) * Sigmoid::new(z).slope()
        })
    }
}

/// The loss of one score column, with the weight of "yes".
#[derive(Clone, Copy)]
struct Positive<T>(T);

impl<T: Real> Elementwise<T> for Positive<T> {
    #[inline(always)]
    fn value_and_slope(self, z: T, y: T) -> (T, T) {
        let sigmoid = Sigmoid::new(z);
        let (yes, no) = (self.0 * y, T::one() - y);
        let against = if z >= T::zero() { no } else { yes };
        let value = (yes + no) * sigmoid.log() + part(against, z.abs());
        (value, no * sigmoid.rises - yes * sigmoid.falls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinite_scores_are_certain() {
        let (inf, zero) = (f64::INFINITY, 0.0);
        let at = |z: f64, y: f64| {
            let (plain, weighted) =
                (BinaryCrossEntropy.value_and_slope(z, y), Positive(1.0).value_and_slope(z, y));
            assert!(plain == weighted || z.is_nan());
            plain
        };
        assert_eq!(at(-inf, zero), (0.0, 0.0));
        assert_eq!(at(inf, 1.0), (0.0, 0.0));
        assert_eq!(at(inf, zero), (inf, 1.0));
        assert_eq!(at(-inf, 1.0), (inf, -1.0));
        assert!(at(f64::NAN, 1.0).0.is_nan());
    }
}
