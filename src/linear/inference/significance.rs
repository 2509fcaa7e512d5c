//! Tests of coefficients: likelihood ratio and Wald.

use nalgebra::DMatrix;
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::Inference;
use super::standardized::Standardized;
use crate::error::{Error, unsupported};
use crate::linear::definite;

/// A test statistic with its chi-squared reference distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct SignificanceTest {
    /// The statistic.
    pub statistic: f64,
    /// The degrees of freedom of the chi-squared distribution.
    pub degrees_of_freedom: usize,
    /// The p-value: the probability of a statistic at least as large under the null hypothesis.
    pub p_value: f64,
}

const REASON: &str = "a term is listed twice, or the clusters do not outnumber the coefficients to test";

impl SignificanceTest {
    fn chi_squared(statistic: f64, degrees_of_freedom: usize) -> Self {
        let distribution = ChiSquared::new(degrees_of_freedom.max(1) as f64);
        let p_value =
            distribution.map_or(f64::NAN, |d| if degrees_of_freedom == 0 { 1.0 } else { d.sf(statistic) });
        SignificanceTest { statistic, degrees_of_freedom, p_value }
    }
}

impl Inference {
    /// Computes the likelihood-ratio test of all slopes against the null model.
    ///
    /// It uses the model's likelihood whatever the covariance estimator: for a robust test, use
    /// [`wald`](Self::wald) on all slopes.
    ///
    /// # Errors
    /// Returns [`Error::Unsupported`] for a penalised fit, which does not maximise the likelihood.
    pub fn likelihood_ratio(&self) -> Result<SignificanceTest, Error> {
        self.check_likelihood()?;
        let slopes = self.estimates.len() - usize::from(self.intercept) * self.estimates.ncols();
        let statistic = 2.0 * (self.log_likelihood - self.null_log_likelihood);
        Ok(SignificanceTest::chi_squared(statistic, slopes))
    }

    /// Returns an error for fits that do not maximise the likelihood because of a penalty.
    fn check_likelihood(&self) -> Result<(), Error> {
        if !self.penalized {
            return Ok(());
        }
        Err(unsupported(
            "a likelihood-ratio test",
            "a fit with a penalty",
            "use profile intervals, or fit without a penalty",
        ))
    }

    /// Computes the likelihood-ratio test of this model against a nested model, fitted to the same rows with
    /// fewer columns.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if `smaller` has a different number of observations, or at least as
    /// many estimates as this model. Returns [`Error::Unsupported`] if either model was fitted with a
    /// penalty.
    pub fn likelihood_ratio_against(&self, smaller: &Inference) -> Result<SignificanceTest, Error> {
        self.check_likelihood()?;
        smaller.check_likelihood()?;
        let (ours, theirs) = (self.estimates.len(), smaller.estimates.len());
        if self.observations != smaller.observations {
            let (expected, found) = (self.observations as usize, smaller.observations as usize);
            return Err(Error::ShapeMismatch { argument: "smaller", axis: "observations", expected, found });
        }
        if theirs >= ours {
            let axis = "estimates (the smaller model must have fewer)";
            return Err(Error::ShapeMismatch {
                argument: "smaller",
                axis,
                expected: ours - 1,
                found: theirs,
            });
        }
        let statistic = 2.0 * (self.log_likelihood - smaller.log_likelihood);
        Ok(SignificanceTest::chi_squared(statistic.max(0.0), ours - theirs))
    }

    /// Computes the Wald test that all coefficients of the given terms are zero, in every equation, with the
    /// covariance of this inference.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if a term does not exist, and [`Error::Empty`] if `terms` is empty.
    /// Returns [`Error::Singular`] if a term is listed twice, or if there are no more clusters than
    /// coefficients to test.
    pub fn wald(&self, terms: &[usize]) -> Result<SignificanceTest, Error> {
        let (count, equations) = self.estimates.shape();
        if terms.is_empty() {
            return Err(Error::Empty { argument: "terms", axis: "entries" });
        }
        if let Some(&found) = terms.iter().find(|term| **term >= count) {
            return Err(Error::ShapeMismatch {
                argument: "terms",
                axis: "as a term index (counted from 0)",
                expected: count - 1,
                found,
            });
        }
        let chosen: Vec<usize> = (0..equations)
            .flat_map(|equation| terms.iter().map(move |term| equation * count + term))
            .collect();
        let Standardized { units, estimates, covariance, weight } = &self.standardized;
        // If the slopes that are tested are zero, the score is the same wherever their columns are. So the
        // intercept is tested at the centre of these columns, and at zero in the others.
        let shift = usize::from(self.intercept);
        let other = |column: usize| !terms.contains(&(column + shift));
        let mut values = DMatrix::from_column_slice(estimates.len(), 1, estimates.as_slice());
        units.move_intercepts(&mut values, other);
        let covariance = units.move_intercepts_of_both(covariance, other);
        let values = values.select_rows(&chosen);
        let part = covariance.select_rows(&chosen).select_columns(&chosen);
        let factor = definite::factor(part, f64::EPSILON).ok_or(definite::singular(REASON))?;
        let statistic = weight * values.dot(&factor.solve(&values));
        Ok(SignificanceTest::chi_squared(statistic, chosen.len()))
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{LogisticRegression, Penalty};

    use super::*;

    #[test]
    fn a_smaller_model_has_fewer_estimates() {
        let x = nalgebra::dmatrix![0.0, 1.0; 1.0, 2.5; 2.0, 3.0; 3.0, -1.0; 4.0, 2.0; 5.0, 0.0];
        let y = [0, 1, 0, 1, 0, 1];
        let model = LogisticRegression::new(Penalty::None).fit(&x, &y).expect("a fit");
        let inference = model.inference(&x, &y).expect("an inference");
        let found = inference.likelihood_ratio_against(&inference);
        let wanted = Err(Error::ShapeMismatch {
            argument: "smaller",
            axis: "estimates (the smaller model must have fewer)",
            expected: 2,
            found: 3,
        });
        assert_eq!(found, wanted);
    }
}
