//! What a logistic regression says about its coefficients: standard errors, tests, intervals, effects, fit statistics.

mod constrained;
mod covariance;
mod ends;
mod estimates;
mod likelihood;
mod margins;
mod prediction;
mod profile;
mod significance;
mod summary;

use nalgebra::DMatrix;
use statrs::distribution::{ContinuousCDF, Normal};

pub use covariance::{Clusters, Covariance};
pub use margins::MarginalEffects;
pub use prediction::ProbabilityIntervals;
pub use profile::ProfileIntervals;
pub use significance::SignificanceTest;

use crate::check;
use crate::error::Error;
use crate::report::FitReport;

/// Statistical inference for a fitted logistic regression, on the rows it was fitted to.
///
/// # Formula
/// The covariance of the estimates is the inverse of the observed information H, the second derivative of the
/// negative log-likelihood at the estimates, or a sandwich around it: see [`Covariance`]. Weights count as repetitions
/// throughout. Fits with a penalty have a covariance too, which [`covariance_name`](Inference::covariance_name) names:
/// - with an L2 penalty, the inverse of H plus the penalty's second derivative: that of the posterior under a normal
///   prior (Laplace's approximation);
/// - with Jeffreys' prior, the inverse information at the estimates (Firth, 1993; Heinze and Schemper, 2002);
/// - with an L1 penalty, none: [`Error::Unsupported`].
///
/// # Shapes
/// p terms (the intercept first, if there is one, then the columns of `x`) and E equations: for two classes one, the
/// log-odds of the second class; for K > 2 classes K - 1, the log-odds of each class against the first. Estimates,
/// standard errors and the like are p x E; the covariance is pE x pE, equation after equation.
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
/// let model = LogisticRegression::new(Penalty::None).tolerance(1e-12).fit_weighted(&x, &y, &counts)?;
/// let inference = model.inference_weighted(&x, &y, &counts)?.with_names(&["treated"])?;
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
    /// Of the columns, as the model knows them.
    feature_names: Option<Vec<String>>,
    equations: Vec<String>,
    classes: Vec<String>,
    estimates: DMatrix<f64>,
    covariance: DMatrix<f64>,
    /// What kind of covariance that is.
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
    /// The summary table, which [`Display`](std::fmt::Display) prints too.
    pub fn summary(&self) -> String {
        self.to_string()
    }

    /// Gives the columns of `x` other names, for tables and pictures. Defaults to the names that the model was fitted
    /// with, then to those of the rows, then to x0, x1 and so on.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] for another number of names than columns.
    pub fn with_names<S: AsRef<str>>(mut self, names: &[S]) -> Result<Self, Error> {
        let shift = usize::from(self.intercept);
        check::count("names", "entries", self.names.len() - shift, names.len())?;
        for (name, new) in self.names[shift..].iter_mut().zip(names) {
            *name = new.as_ref().to_owned();
        }
        Ok(self)
    }

    /// The names of the terms, the intercept first.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What each equation is about: a class, or of several classes one against the first.
    pub fn equations(&self) -> &[String] {
        &self.equations
    }

    /// Whether the first term is the intercept.
    pub fn has_intercept(&self) -> bool {
        self.intercept
    }

    /// The estimates, terms x equations.
    pub fn estimates(&self) -> &DMatrix<f64> {
        &self.estimates
    }

    /// The covariance of the estimates, equation after equation.
    pub fn covariance(&self) -> &DMatrix<f64> {
        &self.covariance
    }

    /// What kind of covariance it is, in words.
    pub fn covariance_name(&self) -> &str {
        &self.kind
    }

    /// The condition number of the information for columns of unit scale, to some per cent. Above about 1e8, columns all
    /// but depend on each other, and standard errors have few digits.
    pub fn condition(&self) -> f64 {
        self.condition
    }

    /// Whether the fit was penalised: the covariance is then not that of maximum likelihood, tests and intervals are
    /// approximate at best, and likelihood-ratio tests are refused.
    pub fn penalized(&self) -> bool {
        self.penalized
    }

    /// The square roots of the variances, terms x equations.
    pub fn standard_errors(&self) -> DMatrix<f64> {
        let errors = self.covariance.diagonal().map(f64::sqrt);
        DMatrix::from_column_slice(self.estimates.nrows(), self.estimates.ncols(), errors.as_slice())
    }

    /// Estimates over standard errors.
    pub fn z_values(&self) -> DMatrix<f64> {
        self.estimates.component_div(&self.standard_errors())
    }

    /// The two-sided p-values of the hypotheses that a coefficient is zero (Wald).
    pub fn p_values(&self) -> DMatrix<f64> {
        self.z_values().map(two_sided)
    }

    /// Lower and upper ends of the Wald intervals of this level, such as 0.95.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a level outside (0, 1).
    pub fn confidence_intervals(&self, level: f64) -> Result<(DMatrix<f64>, DMatrix<f64>), Error> {
        let reach = self.standard_errors() * quantile(level)?;
        Ok((&self.estimates - &reach, &self.estimates + &reach))
    }

    /// exp of the estimates: by what factor the odds change when a term grows by 1. Their intervals are exp of the ends
    /// of the [intervals](Self::confidence_intervals).
    pub fn odds_ratios(&self) -> DMatrix<f64> {
        self.estimates.map(f64::exp)
    }

    /// How many rows the fit had, or the sum of their weights.
    pub fn observations(&self) -> f64 {
        self.observations
    }

    /// The log-likelihood at the estimates, without penalty.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// The log-likelihood of the model with an intercept only; of equal odds for a model without intercept. Offsets
    /// are part of both.
    pub fn null_log_likelihood(&self) -> f64 {
        self.null_log_likelihood
    }

    /// -2 times the log-likelihood.
    pub fn deviance(&self) -> f64 {
        -2.0 * self.log_likelihood
    }

    /// Akaike's criterion, deviance + 2 k for k estimates.
    pub fn aic(&self) -> f64 {
        self.deviance() + 2.0 * self.estimates.len() as f64
    }

    /// Schwarz's criterion, deviance + k ln n for k estimates and n observations.
    pub fn bic(&self) -> f64 {
        self.deviance() + self.estimates.len() as f64 * self.observations.ln()
    }

    /// McFadden's R², 1 - log-likelihood over that of the null model.
    pub fn mcfadden_r2(&self) -> f64 {
        1.0 - self.log_likelihood / self.null_log_likelihood
    }
}

/// How many standard errors an interval of this level reaches to both sides.
///
/// # Errors
/// [`Error::InvalidParameter`] for a level outside (0, 1).
fn quantile(level: f64) -> Result<f64, Error> {
    check::parameter("level", level, level > 0.0 && level < 1.0, "above 0 and below 1")?;
    Ok(Normal::standard().inverse_cdf(0.5 + 0.5 * level))
}

/// The two-sided p-value of a standard normal statistic.
fn two_sided(z: f64) -> f64 {
    2.0 * Normal::standard().sf(z.abs())
}
