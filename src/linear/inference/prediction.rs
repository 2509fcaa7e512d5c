//! Confidence intervals for predicted probabilities.

use nalgebra::{DMatrix, DMatrixView, DVector};

use super::{Inference, quantile};
use crate::check;
use crate::error::Error;
use crate::parallel::{Entries, for_each_part};
use crate::rows::Rows;
use crate::scalar::Real;

/// Predicted probabilities with standard errors and confidence intervals. Each matrix is n x K, with one
/// column per class.
///
/// # Formula
/// The intervals use the delta method on the logit scale. The log-odds of class k, ln p_k/(1 - p_k), have the
/// derivative x̃_t (δ_km - p_m/(1 - p_k) for m other than k) in the coefficient of term t for class m. The
/// covariance of the estimates then gives a standard error s. The ends of the interval are log-odds -+ z s,
/// transformed to probabilities, so the interval lies between 0 and 1. The standard error of p_k itself is
/// p_k (1 - p_k) s. For two classes the log-odds are linear in the coefficients, and the interval is as exact
/// as the coefficients' normal distribution. For more classes, each class has its own interval against all
/// others.
///
/// # References
/// Hosmer, Lemeshow and Sturdivant (2013), chapter 1; Agresti (2013), *Categorical Data Analysis*, for the
/// delta method.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ProbabilityIntervals {
    /// The probabilities.
    pub estimates: DMatrix<f64>,
    /// The standard errors of the probabilities.
    pub standard_errors: DMatrix<f64>,
    /// The lower ends.
    pub lower: DMatrix<f64>,
    /// The upper ends.
    pub upper: DMatrix<f64>,
}

/// The number of rows that are processed together.
const BLOCK: usize = 512;

impl Inference {
    /// Computes confidence intervals at the given level for the class probabilities of the rows of `x`.
    ///
    /// They are intervals for the probabilities, which the model assumes to be the same for equal rows, not
    /// for the next outcome. See [`ProbabilityIntervals`].
    ///
    /// # Errors
    /// Returns the same errors as [`probability_intervals_with`](Self::probability_intervals_with).
    ///
    /// # Examples
    /// ```
    /// use logit::prelude::*;
    /// use logit::{LogisticRegression, Penalty};
    /// use nalgebra::dmatrix;
    ///
    /// let x = dmatrix![0.0; 1.0; 2.0; 3.0; 4.0; 5.0];
    /// let y = ["dry", "dry", "wet", "dry", "wet", "wet"];
    /// let inference =
    ///     LogisticRegression::new(Penalty::None).fit(&x, &y)?.inference(&x, &y)?;
    /// let wet = inference.probability_intervals(&dmatrix![2.5], 0.95)?;
    /// assert!((wet.estimates[(0, 1)] - 0.5f64).abs() < 1e-6);
    /// assert!(0.0 < wet.lower[(0, 1)] && wet.upper[(0, 1)] < 1.0);
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn probability_intervals<'a, T: Real>(
        &self,
        x: impl Into<Rows<'a, T>>,
        level: f64,
    ) -> Result<ProbabilityIntervals, Error> {
        let x = x.into();
        self.probability_intervals_with(x, None, level)
    }

    /// Computes confidence intervals for the class probabilities of rows with offsets.
    ///
    /// `level` is the confidence level, and the offsets, n x 1 for two classes and n x K for more, are added
    /// to the scores of the rows of `x`.
    ///
    /// # Errors
    /// Returns an error if `x` or the offsets have the wrong shape or non-finite entries, and
    /// [`Error::InvalidParameter`] if `level` is outside (0, 1). Returns [`Error::Overflow`] if the scores
    /// leave the range of the number type.
    pub fn probability_intervals_with<'a, T: Real>(
        &self,
        x: impl Into<Rows<'a, T>>,
        offset: Option<DMatrixView<'_, T>>,
        level: f64,
    ) -> Result<ProbabilityIntervals, Error> {
        let x = x.into();
        let reach = quantile(level)?;
        let scores = self.scores(x, offset)?;
        let (terms, equations) = self.estimates.shape();
        let (rows, classes) = (scores.nrows(), equations + 1);
        let zeros = DMatrix::zeros(rows, classes);
        let mut intervals = ProbabilityIntervals {
            estimates: zeros.clone(),
            standard_errors: zeros.clone(),
            lower: zeros.clone(),
            upper: zeros,
        };
        let ProbabilityIntervals { estimates, standard_errors, lower, upper } = &mut intervals;
        let sides: Vec<_> = [estimates, standard_errors, lower, upper]
            .map(|matrix| Entries::columns(matrix.as_mut_slice(), rows))
            .into();
        let operations = (rows * classes * terms * terms * equations) as f64;
        let new = || (DVector::zeros(terms), DVector::zeros(terms * equations));
        for_each_part((rows, BLOCK), operations, sides, new, |(term, slope), range, sides| {
            let mut out: Vec<Vec<_>> =
                sides.into_iter().map(|side| side.into_iter().map(Entries::into_slice).collect()).collect();
            for (at, row) in range.enumerate() {
                self.standardized.units.write_terms(x, row, term.as_mut_slice());
                let z: Vec<f64> = scores.row(row).iter().copied().collect();
                for class in 0..classes {
                    let others = log_sum_exp(&z, class);
                    let log_odds = z[class] - others;
                    for equation in 0..equations {
                        let other = equation + 1;
                        let factor = if other == class { 1.0 } else { -(z[other] - others).exp() };
                        slope.rows_mut(equation * terms, terms).axpy(factor, term, 0.0);
                    }
                    let error = self.standardized.error_along(slope);
                    let values = [
                        sigmoid(log_odds),
                        sigmoid(log_odds) * sigmoid(-log_odds) * error,
                        sigmoid(log_odds - reach * error),
                        sigmoid(log_odds + reach * error),
                    ];
                    out.iter_mut().zip(values).for_each(|(columns, value)| columns[class][at] = value);
                }
            }
        });
        Ok(intervals)
    }

    /// Returns the scores of all classes against the first, n x K. The first column is zero unless offsets
    /// are given.
    pub(super) fn scores<T: Real>(
        &self,
        x: Rows<'_, T>,
        offset: Option<DMatrixView<'_, T>>,
    ) -> Result<DMatrix<f64>, Error> {
        let (terms, equations) = self.estimates.shape();
        x.check_columns(terms - usize::from(self.intercept), self.feature_names.as_deref())?;
        check::finite("x", x)?;
        if let Some(offset) = offset {
            check::count("offset", "rows", x.nrows(), offset.nrows())?;
            let columns = if equations == 1 { 1 } else { equations + 1 };
            check::count("offset", "columns", columns, offset.ncols())?;
            check::finite("offset", offset)?;
        }
        let mut scores = DMatrix::zeros(x.nrows(), equations + 1);
        let mut term = vec![0.0; terms];
        for row in 0..x.nrows() {
            self.standardized.units.write_terms(x, row, &mut term);
            for equation in 0..equations {
                let column = self.standardized.estimates.column(equation);
                scores[(row, equation + 1)] = column.iter().zip(&term).map(|(b, t)| b * t).sum();
            }
            if let Some(offset) = offset {
                let first = usize::from(equations == 1);
                for column in 0..offset.ncols() {
                    scores[(row, first + column)] += offset[(row, column)].as_f64();
                }
            }
        }
        check::scores(&scores)?;
        Ok(scores)
    }
}

/// Computes ln Σ exp z over all classes except `without`.
fn log_sum_exp(z: &[f64], without: usize) -> f64 {
    let others = || z.iter().enumerate().filter(|(class, _)| *class != without).map(|(_, &z)| z);
    let largest = others().fold(f64::NEG_INFINITY, f64::max);
    largest + others().map(|z| (z - largest).exp()).sum::<f64>().ln()
}

fn sigmoid(z: f64) -> f64 {
    let e = (-z.abs()).exp();
    if z < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}
