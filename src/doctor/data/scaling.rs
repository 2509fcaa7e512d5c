//! How much a solver that takes gradient steps suffers from the scales of the columns.

use nalgebra::{DMatrix, DVector};

use super::terms::Terms;
use crate::code::Code;
use crate::doctor::finding::{Finding, Severity, short};
use crate::examples::ClassExamples;
use crate::preprocess::Moments;
use crate::rng::Rng;
use crate::scalar::{LARGEST_POWER, Real, column, power_of_two};

/// The largest number of rows that are measured, in even steps through all.
const ROWS: usize = 4096;

/// The number of products of the power iteration.
const PRODUCTS: usize = 12;

/// The ratio of the eigenvalues from which scales are worth a remark. It is below 3 on standardised columns
/// and on pixels.
const UNEVEN: f64 = 50.0;

/// The total variance below which the columns are too small for the usual learning rates.
const SMALL: f64 = 1e-3;

/// The curvature of the columns as they are, beside that of standardised columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scaling {
    /// The largest eigenvalue λ of the mean cross products of the columns and a 1.
    pub(crate) curvature: f64,
    /// λ relative to that of standardised columns.
    pub(crate) ratio: f64,
    /// The column with the largest mean square.
    pub(crate) column: usize,
    /// The root mean square of this column.
    pub(crate) size: f64,
    /// The sum of the variances.
    pub(crate) variance: f64,
}

impl Scaling {
    /// Measures the rows, with their weights. Columns that are constant count as they are, and as 0 in the
    /// standardised rows.
    ///
    /// Returns `None` if all columns are constant.
    pub(crate) fn new<T: Real>(
        examples: ClassExamples<'_, T>,
        moments: &Moments,
        constant: &[usize],
    ) -> Option<Self> {
        let x = examples.x;
        if constant.len() == x.ncols() {
            return None;
        }
        let step = x.nrows().div_ceil(ROWS);
        let sample: Vec<usize> = (0..x.nrows()).step_by(step).collect();
        let weight = |row: usize| examples.weights.map_or(1.0, |w| w[row].as_f64() / examples.total_weight);
        let weights: Vec<f64> = sample.iter().map(|&row| weight(row)).collect();
        let total: f64 = weights.iter().sum();
        let roots: Vec<f64> =
            weights.iter().map(|w| if total > 0.0 { (w / total).sqrt() } else { 0.0 }).collect();
        let (mean, deviation) = (moments.mean(), moments.deviation());
        // In units of a power of two, squares do not overflow.
        let size = |j: usize| mean[j].abs().max(deviation[j]);
        let largest = (0..x.ncols()).map(size).fold(1.0, f64::max);
        let unit = power_of_two(largest);
        let mut entries = DMatrix::from_fn(sample.len(), x.ncols() + 1, |i, j| match j {
            0 => roots[i] / unit,
            _ => roots[i] * (column(&x, j - 1)[sample[i]].as_f64() / unit),
        });
        let curvature = largest_eigenvalue(&entries);
        for j in 0..x.ncols() {
            let entry =
                |row: usize| (0.5 * column(&x, j)[row].as_f64() - 0.5 * mean[j]) / (0.5 * deviation[j]);
            let flat = deviation[j] <= 0.0 || constant.binary_search(&j).is_ok();
            for (i, &row) in sample.iter().enumerate() {
                entries[(i, j + 1)] = if flat { 0.0 } else { roots[i] * entry(row) };
            }
        }
        entries.column_mut(0).copy_from_slice(&roots);
        let standard = largest_eigenvalue(&entries);
        let bounded = |value: f64| value.min(LARGEST_POWER);
        let curvature = bounded(bounded(curvature * unit) * unit);
        let ratio = curvature / standard;
        let by_size =
            |&a: &usize, &b: &usize| mean[a].hypot(deviation[a]).total_cmp(&mean[b].hypot(deviation[b]));
        let largest = (0..x.ncols()).max_by(by_size)?;
        let variance = bounded(deviation.iter().map(|deviation| deviation * deviation).sum());
        let size = bounded(mean[largest].hypot(deviation[largest]));
        let found = Scaling { curvature, ratio, column: largest, size, variance };
        (ratio.is_finite() && standard > 0.0).then_some(found)
    }

    /// Returns whether gradient descent suffers from the scales.
    pub(crate) fn is_uneven(&self) -> bool {
        self.ratio > UNEVEN || self.variance < SMALL
    }

    pub(super) fn finding(&self, classes: usize, terms: &Terms<'_>) -> Option<Finding> {
        let change = "put a `StandardScaler` first (`Pipeline`), or use a solver that scales columns itself, \
                      as those of `LogisticRegression` do";
        let why = if self.ratio > UNEVEN {
            // Half the second derivative of softmax is at most 1/2, that of the logistic loss 1/4.
            let bound = if classes > 2 { 4.0 } else { 8.0 } / self.curvature;
            format!(
                "{} is of size {} and outweighs the others: gradient descent on these columns is only sure \
                 to descend below a learning rate of {}",
                terms.column(self.column),
                short(self.size),
                short(bound)
            )
        } else if self.variance < SMALL {
            "all columns vary so little that gradient descent with a usual learning rate hardly moves"
                .to_owned()
        } else {
            return None;
        };
        let finding = Finding::new(Code::UnscaledColumns, Severity::Info, why, change);
        Some(finding.saw("curvature beside standardised columns", self.ratio).saw("variance", self.variance))
    }
}

/// Returns the largest eigenvalue of AᵀA by power iteration, a lower bound that is close after few products.
fn largest_eigenvalue(a: &DMatrix<f64>) -> f64 {
    let mut rng = Rng::new(0);
    let mut vector = DVector::from_fn(a.ncols(), |_, _| rng.uniform(0.5, 1.5));
    let mut eigenvalue = 0.0;
    for _ in 0..PRODUCTS {
        let norm = vector.norm();
        if norm <= 0.0 || !norm.is_finite() {
            break;
        }
        vector /= norm;
        vector = a.tr_mul(&(a * &vector));
        eigenvalue = vector.norm();
    }
    eigenvalue
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::Rows;

    fn scaling(x: &DMatrix<f64>) -> Scaling {
        let classes = vec![0; x.nrows()];
        let examples = ClassExamples::new(Rows::from(x), &classes, None).unwrap();
        let moments = Moments::of(x, None).unwrap();
        Scaling::new(examples, &moments, &[]).unwrap()
    }

    #[test]
    fn the_eigenvalue_is_that_of_the_cross_products() {
        let mut rng = Rng::new(4);
        let x = DMatrix::from_fn(60, 4, |_, j| 3f64.powi(j as i32) * (rng.standard_normal() + 0.5));
        let found = scaling(&x);
        let with_one = x.clone().insert_column(0, 1.0);
        let products = with_one.transpose() * &with_one / 60.0;
        let wanted = products.symmetric_eigenvalues().max();
        approx::assert_relative_eq!(found.curvature, wanted, max_relative = 1e-3);
        assert_eq!(found.column, 3);
    }

    #[test]
    fn numbers_at_the_ends_of_the_range_stay_in_it() {
        let mut rng = Rng::new(5);
        let x = DMatrix::from_fn(50, 3, |_, _| rng.standard_normal());
        let plain = scaling(&x);
        assert!(plain.ratio < 3.0, "{plain:?}");
        for factor in [1e300, 1e-300] {
            let found = scaling(&(&x * factor));
            assert!(found.ratio.is_finite() && found.variance.is_finite(), "{found:?}");
            assert_eq!(found.ratio > UNEVEN, factor > 1.0);
        }
    }
}
