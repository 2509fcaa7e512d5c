//! What a logistic regression says about its coefficients: standard errors, tests, intervals, fit statistics.

use nalgebra::{Cholesky, DMatrix};
use statrs::distribution::{ChiSquared, ContinuousCDF, Normal};

use super::fitted::FittedLogistic;
use super::objective::LogisticObjective;
use super::sample::{RowOptions, Sample};
use crate::check;
use crate::classifier::Classifier;
use crate::error::Error;
use crate::label::{Label, plain};
use crate::optim::{Curved, Objective};
use crate::real::Real;
use crate::report::{FitReport, StopReason};

/// Statistical inference for a fitted logistic regression, on the rows it was fitted to.
///
/// # Formula
/// The covariance of the estimates is the inverse of the observed information, the second derivative of the
/// negative log-likelihood at the estimates; sample weights count as repetitions. For a fit with an L2 penalty the
/// penalty's second derivative is part of it: the covariance is then that of the posterior under a normal prior
/// (Laplace's approximation), and [`penalized`](Inference::penalized) says so.
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
/// use logit::{Estimator, LogisticRegression, Penalty};
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
    pub(super) names: Vec<String>,
    pub(super) equations: Vec<String>,
    pub(super) estimates: DMatrix<f64>,
    pub(super) covariance: DMatrix<f64>,
    pub(super) log_likelihood: f64,
    pub(super) null_log_likelihood: f64,
    pub(super) observations: f64,
    pub(super) intercept: bool,
    pub(super) penalized: bool,
    pub(super) report: FitReport,
}

/// A test statistic with its reference distribution, chi-squared.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct SignificanceTest {
    /// The statistic.
    pub statistic: f64,
    /// Degrees of freedom of the chi-squared distribution.
    pub degrees_of_freedom: usize,
    /// The probability of a statistic at least as large if the null hypothesis holds.
    pub p_value: f64,
}

impl SignificanceTest {
    fn chi_squared(statistic: f64, degrees_of_freedom: usize) -> Self {
        let distribution = ChiSquared::new(degrees_of_freedom.max(1) as f64);
        let p_value =
            distribution.map_or(f64::NAN, |d| if degrees_of_freedom == 0 { 1.0 } else { d.sf(statistic) });
        SignificanceTest { statistic, degrees_of_freedom, p_value }
    }
}

impl<T: Real, L: Label> FittedLogistic<T, L> {
    /// Inference on the rows that the model was fitted to.
    ///
    /// # Errors
    /// As [`inference_with`](Self::inference_with).
    pub fn inference(&self, x: &DMatrix<T>, y: &[L]) -> Result<Inference, Error> {
        self.inference_with(x, y, RowOptions::default())
    }

    /// Inference on the rows that the model was fitted to, with the weights that it was fitted with.
    ///
    /// # Errors
    /// As [`inference_with`](Self::inference_with).
    pub fn inference_weighted(&self, x: &DMatrix<T>, y: &[L], weights: &[T]) -> Result<Inference, Error> {
        self.inference_with(x, y, RowOptions { weights: Some(weights), ..RowOptions::default() })
    }

    /// Inference on the rows that the model was fitted to, with the weights and offsets that it was fitted with. Class
    /// weights are remembered by the model.
    ///
    /// # Errors
    /// For bad data as in a fit, columns or classes other than the model's, and [`Error::Singular`] when the
    /// coefficients are not determined: separable classes, or columns that depend on each other, without a penalty.
    pub fn inference_with(
        &self,
        x: &DMatrix<T>,
        y: &[L],
        options: RowOptions<'_, T>,
    ) -> Result<Inference, Error> {
        let sample = self.sample(x, y, options)?;
        if self.report().stop == StopReason::Separated {
            return Err(Error::Singular {
                reason: "the classes are separable, so no estimate exists: use a penalty",
            });
        }
        let terms = self.terms();
        let (count, total_weight) = (sample.classes, sample.total_weight);
        let mut objective = LogisticObjective::new(sample.problem(&terms.penalty, terms.intercept));
        let params =
            objective.coordinates.params(self.coefficients().as_slice(), self.intercept().as_slice());
        let mut gradient = vec![T::zero(); params.len()];
        let value = objective.evaluate(&params, &mut gradient);
        let penalty = terms.penalty.l2_value(self.coefficients().as_slice());
        let covariance = covariance(&mut objective, &params, total_weight)?;

        let mut class_weights = vec![0.0; count];
        for (row, &class) in sample.indices.iter().enumerate() {
            class_weights[class] += sample.weights.as_ref().map_or(1.0, |w| w[row].as_f64());
        }
        let share = |weight: f64| if terms.intercept { weight / total_weight } else { 1.0 / count as f64 };
        let null = class_weights.iter().filter(|w| **w > 0.0).map(|&w| w * share(w).ln()).sum();
        let columns = (0..x.ncols()).map(|column| format!("x{column}"));
        Ok(Inference {
            names: terms.intercept.then(|| "(intercept)".to_owned()).into_iter().chain(columns).collect(),
            equations: equations(self.classes()),
            estimates: estimates(self, terms.intercept),
            covariance,
            log_likelihood: -(value - penalty) * total_weight,
            null_log_likelihood: null,
            observations: total_weight,
            intercept: terms.intercept,
            penalized: !terms.penalty.is_none() || terms.jeffreys,
            report: self.report().clone(),
        })
    }

    /// Checks rows that the model is asked about.
    pub(super) fn sample<'a>(
        &self,
        x: &'a DMatrix<T>,
        y: &[L],
        options: RowOptions<'a, T>,
    ) -> Result<Sample<'a, T>, Error> {
        check::count("x", "columns", self.features(), x.ncols())?;
        let RowOptions { weights, offset } = options;
        Sample::of_model(x, y, weights, offset, self.classes(), self.terms().class_weights.clone())
    }
}

/// What each equation is about.
fn equations<L: Label>(classes: &[L]) -> Vec<String> {
    match classes {
        [first, others @ ..] if others.len() > 1 => {
            others.iter().map(|class| format!("{} against {}", plain(class), plain(first))).collect()
        }
        _ => classes.iter().skip(1).map(plain).collect(),
    }
}

/// Terms x equations: for several score columns, each against the first.
fn estimates<T: Real, L: Label>(model: &FittedLogistic<T, L>, intercept: bool) -> DMatrix<f64> {
    let (w, b) = (model.coefficients(), model.intercept());
    let (first, equations) = if w.ncols() == 1 { (0, 1) } else { (1, w.ncols() - 1) };
    let shift = usize::from(intercept);
    DMatrix::from_fn(w.nrows() + shift, equations, |term, equation| {
        let value = |k: usize| if term < shift { b[k].as_f64() } else { w[(term - shift, k)].as_f64() };
        if first == 0 { value(0) } else { value(equation + 1) - value(0) }
    })
}

/// The inverse information, carried from the solver's coordinates to terms and equations.
fn covariance<T: Real>(
    objective: &mut LogisticObjective<'_, T>,
    params: &[T],
    total_weight: f64,
) -> Result<DMatrix<f64>, Error> {
    const REASON: &str =
        "columns depend on each other, or classes are separable: drop columns or use a penalty";
    let size = params.len();
    let mut hessian = DMatrix::zeros(size, size);
    objective.hessian(params, &mut hessian);
    let hessian: DMatrix<f64> = hessian.map(|h| h.as_f64() * total_weight);
    let smallest = 10.0 * size as f64 * T::EPSILON.as_f64();
    // In the solver's coordinates diagonal entries are alike, so pivots tell how far the matrix is from singular.
    let diagonal = hessian.diagonal();
    let factor = Cholesky::new(hessian).ok_or(Error::Singular { reason: REASON })?;
    let pivots = factor.l_dirty().diagonal();
    if pivots
        .iter()
        .zip(diagonal.iter())
        .any(|(pivot, d)| !pivot.is_finite() || pivot * pivot <= smallest * d)
    {
        return Err(Error::Singular { reason: REASON });
    }
    let jacobian = jacobian(objective);
    let half = factor.solve(&jacobian.transpose());
    Ok(jacobian * half)
}

/// The derivative of terms and equations with respect to the solver's parameters.
fn jacobian<T: Real>(objective: &LogisticObjective<'_, T>) -> DMatrix<f64> {
    let coordinates = &objective.coordinates;
    let (features, shift) = (coordinates.features(), usize::from(coordinates.intercept));
    let terms = features + shift;
    let equations = coordinates.columns.max(2) - 1;
    let mut jacobian = DMatrix::zeros(terms * equations, coordinates.parameter_count());
    for equation in 0..equations {
        // The score column itself, or the one of this class against the first.
        let signed: &[(usize, f64)] =
            if coordinates.columns == 1 { &[(0, 1.0)] } else { &[(equation + 1, 1.0), (0, -1.0)] };
        for &(column, sign) in signed {
            let first = equation * terms;
            for j in 0..features {
                let slope = sign / coordinates.scale[j].as_f64();
                let at = objective.index(j, column);
                jacobian[(first + shift + j, at)] = slope;
                if coordinates.intercept {
                    jacobian[(first, at)] = -coordinates.center[j].as_f64() * slope;
                }
            }
            if coordinates.intercept {
                jacobian[(first, objective.index(features, column))] = sign;
            }
        }
    }
    jacobian
}

impl Inference {
    /// Names the columns of `x`, for the table. They are x0, x1, ... otherwise.
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

    /// The estimates, terms x equations.
    pub fn estimates(&self) -> &DMatrix<f64> {
        &self.estimates
    }

    /// The covariance of the estimates, equation after equation.
    pub fn covariance(&self) -> &DMatrix<f64> {
        &self.covariance
    }

    /// Whether the fit was penalised: the covariance is then a posterior one, and tests are approximate at best.
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
        self.z_values().map(|z| 2.0 * Normal::standard().sf(z.abs()))
    }

    /// Lower and upper ends of the Wald intervals of this level, such as 0.95.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a level outside (0, 1).
    pub fn confidence_intervals(&self, level: f64) -> Result<(DMatrix<f64>, DMatrix<f64>), Error> {
        check::parameter("level", level, level > 0.0 && level < 1.0, "above 0 and below 1")?;
        let reach = self.standard_errors() * Normal::standard().inverse_cdf(0.5 + 0.5 * level);
        Ok((&self.estimates - &reach, &self.estimates + &reach))
    }

    /// exp of the estimates: by what factor the odds change when a term grows by 1.
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

    /// The log-likelihood of the model with an intercept only; of equal odds for a model without intercept.
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

    /// The likelihood-ratio test of all slopes against the null model.
    pub fn likelihood_ratio(&self) -> SignificanceTest {
        let slopes = self.estimates.len() - usize::from(self.intercept) * self.estimates.ncols();
        SignificanceTest::chi_squared(2.0 * (self.log_likelihood - self.null_log_likelihood), slopes)
    }

    /// The likelihood-ratio test of this model against one that is nested in it: fitted to the same rows with fewer
    /// columns.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] when `smaller` has another number of observations, or no fewer estimates.
    pub fn likelihood_ratio_against(&self, smaller: &Inference) -> Result<SignificanceTest, Error> {
        let (ours, theirs) = (self.estimates.len(), smaller.estimates.len());
        if self.observations != smaller.observations {
            let (expected, found) = (self.observations as usize, smaller.observations as usize);
            return Err(Error::ShapeMismatch { argument: "smaller", axis: "observations", expected, found });
        }
        if theirs >= ours {
            let axis = "estimates, which must be fewer than this model's";
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

    /// The Wald test that all coefficients of these terms are zero, in every equation.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] for a term that does not exist; [`Error::Empty`] for none; [`Error::Singular`] for a
    /// term named twice.
    pub fn wald(&self, terms: &[usize]) -> Result<SignificanceTest, Error> {
        let (count, equations) = self.estimates.shape();
        if terms.is_empty() {
            return Err(Error::Empty { argument: "terms", axis: "entries" });
        }
        if let Some(&found) = terms.iter().find(|term| **term >= count) {
            return Err(Error::ShapeMismatch {
                argument: "terms",
                axis: "as an entry",
                expected: count - 1,
                found,
            });
        }
        let chosen: Vec<usize> = (0..equations)
            .flat_map(|equation| terms.iter().map(move |term| equation * count + term))
            .collect();
        let values = DMatrix::from_fn(chosen.len(), 1, |i, _| self.estimates[chosen[i]]);
        let part =
            DMatrix::from_fn(chosen.len(), chosen.len(), |i, j| self.covariance[(chosen[i], chosen[j])]);
        let factor = Cholesky::new(part).ok_or(Error::Singular { reason: "a term is named twice" })?;
        Ok(SignificanceTest::chi_squared(values.dot(&factor.solve(&values)), chosen.len()))
    }
}
