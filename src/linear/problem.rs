//! The data and penalties of a logistic regression: rows, offsets and the penalty of each column.

use super::rows::TrainingRows;
use crate::check;
use crate::error::Error;
use crate::loss::cross_entropy;
use crate::penalty::Penalty;
use crate::scalar::Real;

/// The checked data and penalty of one fit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Problem<'a, T: Real> {
    pub(super) rows: TrainingRows<'a, T>,
    pub(super) classes: usize,
    pub(super) intercept: bool,
    pub(super) penalty: &'a ColumnPenalty,
}

impl<T: Real> Problem<'_, T> {
    /// Returns the number of parameters: the slopes, plus one for each score column if there are intercepts.
    pub(super) fn parameter_count(&self) -> usize {
        let columns = cross_entropy::<T>(self.classes).score_columns(self.classes);
        (self.rows.columns() + usize::from(self.intercept)) * columns
    }
}

/// The penalty coefficients λ of each column, relative to the mean loss: for the absolute value (`l1`) and
/// for half the square (`l2`).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ColumnPenalty {
    pub(super) l1: Vec<f64>,
    pub(super) l2: Vec<f64>,
}

impl ColumnPenalty {
    /// Creates the penalty of `features` columns, multiplied by the factor of each, for weights that sum to
    /// `total`.
    ///
    /// # Errors
    /// Returns an error if the strength or a factor is out of range, or if the number of factors differs from
    /// the number of columns.
    pub(super) fn new<T: Real>(
        penalty: Penalty,
        factors: Option<&[f64]>,
        features: usize,
        total: f64,
    ) -> Result<Self, Error> {
        let (l1, l2) = penalty.factors::<T>(total)?;
        let Some(factors) = factors else {
            return Ok(ColumnPenalty { l1: vec![l1; features], l2: vec![l2; features] });
        };
        check::count("penalty_factors", "entries", features, factors.len())?;
        for &factor in factors {
            check::not_negative("penalty_factors", factor)?;
            let finite = T::of(factor * l1.max(l2)).is_finite();
            check::parameter("penalty_factors", factor, finite, "within the range of the number type")?;
        }
        let times = |lambda: f64| factors.iter().map(|factor| factor * lambda).collect();
        Ok(ColumnPenalty { l1: times(l1), l2: times(l2) })
    }

    /// No penalty on any of `features` columns.
    pub(super) fn none(features: usize) -> Self {
        ColumnPenalty { l1: vec![0.0; features], l2: vec![0.0; features] }
    }

    /// Returns whether the penalty has no absolute values, so that derivatives exist everywhere.
    pub(super) fn is_smooth(&self) -> bool {
        self.l1.iter().all(|&l1| l1 == 0.0)
    }

    /// Returns whether no column is penalised.
    pub(super) fn is_none(&self) -> bool {
        self.free().len() == self.l1.len()
    }

    /// Returns the unpenalised columns.
    pub(super) fn free(&self) -> Vec<usize> {
        (0..self.l1.len()).filter(|&j| self.l1[j] == 0.0 && self.l2[j] == 0.0).collect()
    }

    /// Computes `Σ l2_j w_j² / 2` for slopes stored column by column.
    pub(super) fn l2_value<T: Real>(&self, slopes: &[T]) -> f64 {
        self.sum(&self.l2, slopes, |w| 0.5 * w * w)
    }

    /// Computes `Σ l1_j |w_j|` for slopes stored column by column.
    pub(super) fn l1_value<T: Real>(&self, slopes: &[T]) -> f64 {
        self.sum(&self.l1, slopes, f64::abs)
    }

    fn sum<T: Real>(&self, lambda: &[f64], slopes: &[T], term: impl Fn(f64) -> f64) -> f64 {
        let paired = slopes.chunks_exact(lambda.len().max(1)).flat_map(|w| lambda.iter().zip(w));
        paired.map(|(&lambda, w)| if lambda == 0.0 { 0.0 } else { lambda * term(w.as_f64()) }).sum()
    }

    /// Adds `l2_j w_j`, the gradient of [`l2_value`](Self::l2_value).
    pub(super) fn add_l2_gradient<T: Real>(&self, slopes: &[T], gradient: &mut [T]) {
        let features = self.l2.len().max(1);
        for (g, w) in gradient.chunks_exact_mut(features).zip(slopes.chunks_exact(features)) {
            for ((g, &w), &l2) in g.iter_mut().zip(w).zip(&self.l2) {
                *g += T::of(l2) * w;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::penalty::Strength;

    #[test]
    fn factors_multiply_both_parts() {
        let net = Penalty::ElasticNet { strength: Strength::C(0.5), l1_ratio: 0.25 };
        let penalty = ColumnPenalty::new::<f64>(net, Some(&[0.0, 2.0]), 2, 10.0).unwrap();
        approx::assert_relative_eq!(penalty.l1.as_slice(), [0.0, 0.1].as_slice(), max_relative = 1e-15);
        approx::assert_relative_eq!(penalty.l2.as_slice(), [0.0, 0.3].as_slice(), max_relative = 1e-15);
        assert_eq!(penalty.free(), [0]);
        let slopes = [5.0, -2.0, 7.0, 1.0];
        approx::assert_relative_eq!(penalty.l1_value(&slopes), 0.1 * 3.0, max_relative = 1e-15);
        approx::assert_relative_eq!(penalty.l2_value(&slopes), 0.15 * 5.0, max_relative = 1e-15);
        let mut gradient = [1.0; 4];
        penalty.add_l2_gradient(&slopes, &mut gradient);
        approx::assert_relative_eq!(
            gradient.as_slice(),
            [1.0, 1.0 - 0.6, 1.0, 1.3].as_slice(),
            max_relative = 1e-15
        );
    }

    #[test]
    fn bad_factors_are_refused() {
        for factors in [&[1.0][..], &[1.0, -1.0], &[1.0, f64::NAN], &[1.0, f64::INFINITY]] {
            assert!(
                ColumnPenalty::new::<f64>(Penalty::l2(1.0), Some(factors), 2, 1.0).is_err(),
                "{factors:?}"
            );
        }
    }
}
