//! Average marginal effects.

use std::fmt;

use nalgebra::DMatrix;

use super::standardized::Standardized;
use super::summary::{Columns, write_estimates};
use super::{Inference, quantile, two_sided};
use crate::check;
use crate::error::Error;
use crate::linear::definite;
use crate::linear::sample::RowOptions;
use crate::loss::probabilities;
use crate::parallel::{Sum, Tally, workers_for};
use crate::rows::Rows;
use crate::scalar::{Real, all_finite};

/// Average marginal effects: the change in the probability of each class per unit of a column of `x` (at its
/// current slope), averaged over rows.
///
/// All matrices are d x K.
///
/// # Formula
/// The effect is the weighted mean over rows of dp_k/dx_j = p_k (β_kj - Σ_l p_l β_lj), where β are the
/// coefficients against the first class (zero for the first class). For two classes it is p (1 - p) β_j for
/// the second class and the negative of that for the first. The effects of a column sum to 0 over the
/// classes. Standard errors use the delta method: the derivative of the average in the coefficients, with the
/// rows held fixed, around the covariance of the coefficients (whichever estimator the inference uses).
///
/// A derivative is not a meaningful effect for a column of zeros and ones: compare the mean probabilities of
/// the rows with 0 and with 1 in that column instead. Their difference has no standard error here.
///
/// # References
/// Greene (2018), *Econometric Analysis*, chapter 17; Bartus (2005).
#[derive(Debug, Clone, PartialEq)]
pub struct MarginalEffects {
    names: Vec<String>,
    classes: Vec<String>,
    kind: String,
    estimates: DMatrix<f64>,
    standard_errors: DMatrix<f64>,
    z_values: DMatrix<f64>,
}

/// The error for effects that no estimate moves.
const SATURATED: Error = definite::singular(
    "every row has a probability of 0 or 1 for a class, so its effects have no standard errors",
);

/// The number of rows processed together.
const BLOCK: usize = 512;

impl Inference {
    /// Computes average marginal effects over the rows of `x`, usually those of the fit, with their weights
    /// and offsets.
    ///
    /// Class weights do not take part: they affect how the model was fitted, not the number of rows.
    ///
    /// # Errors
    /// Returns an error if there are no rows, or if `x`, weights or offsets have the wrong shape or
    /// non-finite entries. Returns [`Error::Overflow`] if the scores leave the range of the number type,
    /// [`Error::FitOverflow`] if the standard errors do, and [`Error::Singular`] if the probabilities of a
    /// class are 0 or 1 in every row.
    ///
    /// # Examples
    /// ```
    /// use logit::linear::RowOptions;
    /// use logit::prelude::*;
    /// use logit::{LogisticRegression, Penalty};
    /// use nalgebra::dmatrix;
    ///
    /// let x = dmatrix![0.0; 1.0; 2.0; 3.0; 4.0; 5.0];
    /// let y = ["dry", "dry", "wet", "dry", "wet", "wet"];
    /// let inference =
    ///     LogisticRegression::new(Penalty::None).fit(&x, &y)?.inference(&x, &y)?;
    /// let effects = inference.marginal_effects(&x, RowOptions::default())?;
    /// assert_eq!(effects.estimates().shape(), (1, 2));
    /// assert!(effects.estimates()[(0, 1)] > 0.0);
    /// println!("{effects}");
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn marginal_effects<'a, T: Real>(
        &self,
        x: impl Into<Rows<'a, T>>,
        rows: RowOptions<'_, T>,
    ) -> Result<MarginalEffects, Error> {
        let x = x.into();
        check::training_matrix(x)?;
        let total = check::weights(rows.weights, x.nrows())?;
        let scores = self.scores(x, rows.offset)?;
        let (terms, equations) = self.estimates.shape();
        let (classes, shift) = (equations + 1, usize::from(self.intercept));
        let features = terms - shift;
        // Coefficients of all classes against the first, which has zeros, per scale of a column.
        let Standardized { units, estimates, .. } = &self.standardized;
        let beta =
            DMatrix::from_fn(
                features,
                classes,
                |j, k| {
                    if k == 0 { 0.0 } else { estimates[(j + shift, k - 1)] }
                },
            );
        let empty = |_| Effects {
            effects: DMatrix::zeros(features, classes),
            slopes: DMatrix::zeros(terms * equations, features * classes),
        };
        let operations = (x.nrows() * terms * features * classes * equations) as f64;
        let mut workers = vec![(); workers_for(x.nrows().div_ceil(BLOCK), operations)];
        let sums =
            Tally::default().over(&mut workers, (x.nrows(), BLOCK), (), empty, |(), range, sums, ()| {
                let mut block_terms = DMatrix::zeros(terms, range.len());
                for (row, mut terms) in range.clone().zip(block_terms.column_iter_mut()) {
                    units.write_terms(x, row, terms.as_mut_slice());
                }
                let block = Block {
                    terms: block_terms.transpose(),
                    probabilities: probabilities_of(scores.rows(range.start, range.len()).into_owned()),
                    shares: range.map(|row| rows.weights.map_or(1.0, |w| w[row].as_f64()) / total).collect(),
                };
                block.add(&beta, shift, sums);
            });
        let Effects { mut effects, slopes } = sums;
        let errors = slopes.column_iter().map(|slope| self.standardized.error_along(&slope.into_owned()));
        let mut standard_errors = DMatrix::from_iterator(features, classes, errors);
        if standard_errors.iter().any(|&error| error == 0.0) {
            return Err(SATURATED);
        }
        let z_values = effects.component_div(&standard_errors);
        for matrix in [&mut effects, &mut standard_errors] {
            for (j, mut row) in matrix.row_iter_mut().enumerate() {
                row /= units.of_column(j);
            }
        }
        if standard_errors.iter().any(|error| !error.is_normal()) || !all_finite(z_values.as_slice()) {
            return Err(Error::FitOverflow);
        }
        Ok(MarginalEffects {
            names: self.names[shift..].to_vec(),
            classes: self.classes.clone(),
            kind: self.kind.clone(),
            standard_errors,
            z_values,
            estimates: effects,
        })
    }
}

/// Returns the softmax probabilities from the scores of all classes.
fn probabilities_of(scores: DMatrix<f64>) -> DMatrix<f64> {
    if scores.ncols() > 2 {
        return probabilities(&scores, scores.ncols());
    }
    probabilities(&(scores.column(1) - scores.column(0)).resize_horizontally(1, 0.0).into_owned(), 2)
}

/// The effects, and their derivatives in the coefficients, summed over some rows.
struct Effects {
    effects: DMatrix<f64>,
    slopes: DMatrix<f64>,
}

impl Sum for Effects {
    fn add(&mut self, next: &Self) {
        self.effects += &next.effects;
        self.slopes += &next.slopes;
    }
}

/// A block of rows, with their probabilities and their weights in the average.
struct Block {
    terms: DMatrix<f64>,
    probabilities: DMatrix<f64>,
    shares: Vec<f64>,
}

impl Block {
    /// Adds a block's contribution to the effects and to their derivatives in the coefficients:
    /// ∂(dp_k/dx_j)/∂β_mt = x̃_t (p_k (δ_km - p_m) (β_kj - B_j) - p_k p_m (β_mj - B_j)) + δ_tj p_k (δ_km -
    /// p_m) with B_j = Σ_l p_l β_lj.
    fn add(&self, beta: &DMatrix<f64>, shift: usize, sums: &mut Effects) {
        let Effects { effects, slopes } = sums;
        let (p, terms) = (&self.probabilities, self.terms.ncols());
        let (features, classes) = beta.shape();
        let means = p * beta.transpose();
        let mut factors = DMatrix::zeros(p.nrows(), features);
        for k in 0..classes {
            for j in 0..features {
                let effect =
                    |(row, share): (usize, &f64)| share * p[(row, k)] * (beta[(j, k)] - means[(row, j)]);
                effects[(j, k)] += self.shares.iter().enumerate().map(effect).sum::<f64>();
            }
            for m in 1..classes {
                let mut own = 0.0;
                for (row, share) in self.shares.iter().enumerate() {
                    let both = share * p[(row, k)] * p[(row, m)];
                    let change = if k == m { share * p[(row, k)] - both } else { -both };
                    own += change;
                    for j in 0..features {
                        let mean = means[(row, j)];
                        factors[(row, j)] = change * (beta[(j, k)] - mean) - both * (beta[(j, m)] - mean);
                    }
                }
                let mut part = slopes.view_mut(((m - 1) * terms, k * features), (terms, features));
                part.gemm_tr(1.0, &self.terms, &factors, 1.0);
                for j in 0..features {
                    part[(j + shift, j)] += own;
                }
            }
        }
    }
}

impl MarginalEffects {
    /// Returns the effects, columns of `x` x classes.
    pub fn estimates(&self) -> &DMatrix<f64> {
        &self.estimates
    }

    /// Returns the standard errors of the effects, columns of `x` x classes.
    pub fn standard_errors(&self) -> &DMatrix<f64> {
        &self.standard_errors
    }

    /// Returns the z-values: effects divided by standard errors, columns of `x` x classes.
    pub fn z_values(&self) -> DMatrix<f64> {
        self.z_values.clone()
    }

    /// Returns the two-sided p-values of the tests that an effect is zero, columns of `x` x classes.
    pub fn p_values(&self) -> DMatrix<f64> {
        self.z_values().map(two_sided)
    }

    /// Returns the lower and upper ends of the confidence intervals at the given level, such as 0.95; both
    /// columns of `x` x classes.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if `level` is outside (0, 1).
    pub fn confidence_intervals(&self, level: f64) -> Result<(DMatrix<f64>, DMatrix<f64>), Error> {
        let reach = &self.standard_errors * quantile(level)?;
        Ok((&self.estimates - &reach, &self.estimates + &reach))
    }

    /// Returns the names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

impl fmt::Display for MarginalEffects {
    /// Formats the effect, standard error, z, p and 95 % interval of each column; for two classes, of the
    /// second only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok((lower, upper)) = self.confidence_intervals(0.95) else { return Err(fmt::Error) };
        writeln!(f, "average marginal effects on probabilities; covariance: {}", self.kind)?;
        let first = usize::from(self.classes.len() == 2);
        let shown = self.classes.len() - first;
        let of = |matrix: &DMatrix<f64>| matrix.columns(first, shown).into_owned();
        let columns = Columns {
            heading: "dp/dx",
            estimates: &of(&self.estimates),
            errors: &of(&self.standard_errors),
            z_values: &of(&self.z_values),
            lower: &of(&lower),
            upper: &of(&upper),
        };
        write_estimates(f, &self.classes[first..], &self.names, &columns)
    }
}
