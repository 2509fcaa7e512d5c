//! Inference for the coefficients of a logistic regression: standard errors, tests, intervals, effects and
//! fit statistics.

mod constrained;
mod covariance;
mod ends;
mod estimates;
mod likelihood;
mod margins;
mod prediction;
mod profile;
mod significance;
mod standardized;
mod summary;
mod units;

use nalgebra::DMatrix;
use statrs::distribution::{ContinuousCDF, Normal};

pub use covariance::{Clusters, Covariance};
pub use margins::MarginalEffects;
pub use prediction::ProbabilityIntervals;
pub use profile::ProfileIntervals;
pub use significance::SignificanceTest;

use self::standardized::Standardized;
use crate::check;
use crate::error::Error;
use crate::report::FitReport;

/// Statistical inference for a fitted logistic regression, from the rows it was fitted to.
///
/// # Formula
/// The covariance of the estimates is the inverse of the observed information H, the second derivative of the
/// negative log-likelihood at the estimates, or a sandwich around it (see [`Covariance`]). Weights count as
/// repetitions throughout. Penalised fits have a covariance too, named by
/// [`covariance_name`](Inference::covariance_name):
/// - With an L2 penalty it is the inverse of H plus the penalty's second derivative: the posterior covariance
///   under a normal prior (Laplace's approximation).
/// - With Jeffreys' prior it is the inverse information at the estimates (Firth, 1993; Heinze and Schemper,
///   2002).
/// - With an L1 penalty there is none: [`Error::Unsupported`].
///
/// # Shapes
/// There are p terms (the intercept first, if there is one, then the columns of `x`) and E equations. Two
/// classes have one equation, for the log-odds of the second class. K > 2 classes have K - 1 equations, for
/// the log-odds of each class against the first. Estimates, standard errors and the like are p x E. The
/// covariance is pE x pE, ordered by equation, then by term.
///
/// The [`Display`](std::fmt::Display) form is a summary table.
///
/// # References
/// Hosmer, Lemeshow and Sturdivant (2013), *Applied Logistic Regression*; McFadden (1974) for the R².
///
/// # Examples
/// ```
/// use logit::prelude::*;
/// use logit::{LogisticRegression, Penalty};
/// use nalgebra::DMatrix;
///
/// // A 2 x 2 table: 10 of 40 without, 30 of 60 with the treatment.
/// let x = DMatrix::from_fn(4, 1, |row, _| if row < 2 { 0.0 } else { 1.0 });
/// let (y, counts) = ([0, 1, 0, 1], [30.0, 10.0, 30.0, 30.0]);
/// let model = LogisticRegression::new(Penalty::None)
///     .tolerance(1e-12)
///     .fit_weighted(&x, &y, &counts)?;
/// let inference =
///     model.inference_weighted(&x, &y, &counts)?.with_names(&["treated"])?;
///
/// let log_odds_ratio: f64 = (30.0f64 * 30.0 / (10.0 * 30.0)).ln();
/// let error = (1.0f64 / 30.0 + 1.0 / 10.0 + 1.0 / 30.0 + 1.0 / 30.0).sqrt();
/// assert!((inference.estimates()[1] - log_odds_ratio).abs() < 1e-9);
/// assert!((inference.standard_errors()[1] - error).abs() < 1e-9);
/// println!("{inference}");
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Inference {
    names: Vec<String>,
    /// The column names that the model or the rows hold, if any.
    feature_names: Option<Vec<String>>,
    equations: Vec<String>,
    classes: Vec<String>,
    estimates: DMatrix<f64>,
    standard_errors: DMatrix<f64>,
    z_values: DMatrix<f64>,
    standardized: Standardized,
    covariance: DMatrix<f64>,
    /// The name of the covariance estimator.
    kind: String,
    condition: f64,
    log_likelihood: f64,
    null_log_likelihood: f64,
    observations: f64,
    intercept: bool,
    penalized: bool,
    report: FitReport,
}

impl Inference {
    /// Returns the summary table, which [`Display`](std::fmt::Display) also prints.
    pub fn summary(&self) -> String {
        self.to_string()
    }

    /// Replaces the names of the columns of `x`, for tables and plots.
    ///
    /// Defaults to the names that the model was fitted with, then to those of the rows, then to x0, x1 and so
    /// on.
    ///
    /// # Errors
    /// Returns [`Error::ShapeMismatch`] if the number of names differs from the number of columns.
    pub fn with_names<S: AsRef<str>>(mut self, names: &[S]) -> Result<Self, Error> {
        let shift = usize::from(self.intercept);
        check::count("names", "entries", self.names.len() - shift, names.len())?;
        for (name, new) in self.names[shift..].iter_mut().zip(names) {
            *name = new.as_ref().to_owned();
        }
        Ok(self)
    }

    /// Returns the names of the terms, the intercept first.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the name of each equation: the second of two classes, or one of several classes against the
    /// first.
    pub fn equations(&self) -> &[String] {
        &self.equations
    }

    /// Returns whether the first term is the intercept.
    pub fn has_intercept(&self) -> bool {
        self.intercept
    }

    /// Returns the estimates, terms x equations.
    pub fn estimates(&self) -> &DMatrix<f64> {
        &self.estimates
    }

    /// Returns the covariance of the estimates, pE x pE, ordered by equation, then by term.
    ///
    /// For columns of extreme units its entries, which are in the square of those units, may underflow to 0 or
    /// overflow to an infinity. Standard errors, tests and intervals do not: they are computed for columns
    /// that are centred and scaled.
    pub fn covariance(&self) -> &DMatrix<f64> {
        &self.covariance
    }

    /// Returns the name of the covariance estimator.
    pub fn covariance_name(&self) -> &str {
        &self.kind
    }

    /// Returns the condition number of the information matrix for columns of unit scale, accurate to a few
    /// per cent.
    ///
    /// Above about 1e8 the columns are nearly linearly dependent, and the standard errors have few accurate
    /// digits.
    pub fn condition(&self) -> f64 {
        self.condition
    }

    /// Returns whether the fit was penalised.
    ///
    /// The covariance is then not that of maximum likelihood, tests and intervals are approximate at best,
    /// and likelihood-ratio tests return an error.
    pub fn penalized(&self) -> bool {
        self.penalized
    }

    /// Returns the standard errors (square roots of the variances), terms x equations.
    pub fn standard_errors(&self) -> DMatrix<f64> {
        self.standard_errors.clone()
    }

    /// Returns the z-values: estimates divided by standard errors, terms x equations.
    pub fn z_values(&self) -> DMatrix<f64> {
        self.z_values.clone()
    }

    /// Returns the two-sided p-values of the Wald tests that a coefficient is zero, terms x equations.
    pub fn p_values(&self) -> DMatrix<f64> {
        self.z_values().map(two_sided)
    }

    /// Returns the lower and upper ends of the Wald intervals at the given confidence level, such as 0.95;
    /// both terms x equations.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if `level` is outside (0, 1).
    pub fn confidence_intervals(&self, level: f64) -> Result<(DMatrix<f64>, DMatrix<f64>), Error> {
        let reach = &self.standard_errors * quantile(level)?;
        Ok((&self.estimates - &reach, &self.estimates + &reach))
    }

    /// Returns the odds ratios, exp of the estimates: the factor by which the odds change when a term grows
    /// by 1.
    ///
    /// To get their confidence intervals, apply exp to the ends of the
    /// [intervals](Self::confidence_intervals).
    pub fn odds_ratios(&self) -> DMatrix<f64> {
        self.estimates.map(f64::exp)
    }

    /// Returns the number of rows of the fit, or the sum of their weights.
    pub fn observations(&self) -> f64 {
        self.observations
    }

    /// Returns the log-likelihood at the estimates, without the penalty.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// Returns the log-likelihood of the null model: intercept only, or equal odds for a model without an
    /// intercept. Offsets are part of both.
    pub fn null_log_likelihood(&self) -> f64 {
        self.null_log_likelihood
    }

    /// Returns the deviance: -2 times the log-likelihood.
    pub fn deviance(&self) -> f64 {
        -2.0 * self.log_likelihood
    }

    /// Returns Akaike's information criterion, deviance + 2 k for k estimates.
    pub fn aic(&self) -> f64 {
        self.deviance() + 2.0 * self.estimates.len() as f64
    }

    /// Returns the Bayesian information criterion (Schwarz), deviance + k ln n for k estimates and n
    /// observations.
    pub fn bic(&self) -> f64 {
        self.deviance() + self.estimates.len() as f64 * self.observations.ln()
    }

    /// Returns McFadden's R², 1 - log-likelihood / null log-likelihood.
    pub fn mcfadden_r2(&self) -> f64 {
        1.0 - self.log_likelihood / self.null_log_likelihood
    }
}

/// Returns the half-width of an interval of this level, in standard errors.
///
/// # Errors
/// Returns [`Error::InvalidParameter`] if `level` is outside (0, 1).
fn quantile(level: f64) -> Result<f64, Error> {
    check::parameter("level", level, level > 0.0 && level < 1.0, "above 0 and below 1")?;
    Ok(Normal::standard().inverse_cdf(0.5 + 0.5 * level))
}

/// Returns the two-sided p-value of a standard normal statistic.
fn two_sided(z: f64) -> f64 {
    2.0 * Normal::standard().sf(z.abs())
}
