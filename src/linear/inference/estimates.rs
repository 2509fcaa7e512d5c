//! Builds the inference from a fitted model and its rows.

use nalgebra::{DMatrix, Dyn};

use super::Inference;
use super::covariance::{Covariance, Information};
use super::likelihood::null_log_likelihood;
use super::standardized::Standardized;
use super::units::Units;
use crate::classifier::Classifier;
use crate::error::{Error, unsupported};
use crate::label::{Label, plain};
use crate::linear::fitted::FittedLogistic;
use crate::linear::objective::LogisticObjective;
use crate::linear::sample::{RowOptions, Sample};
use crate::optim::Objective;
use crate::rows::Rows;
use crate::scalar::Real;

impl<T: Real, L: Label> FittedLogistic<T, L> {
    /// Computes standard errors, tests and intervals from the rows that the model was fitted to.
    ///
    /// # Errors
    /// Returns the same errors as [`inference_with`](Self::inference_with).
    pub fn inference<'a>(&self, x: impl Into<Rows<'a, T>>, y: &[L]) -> Result<Inference, Error> {
        let x = x.into();
        self.inference_with(x, y, RowOptions::default(), Covariance::Observed)
    }

    /// Computes standard errors, tests and intervals from the rows and sample weights that the model was
    /// fitted with.
    ///
    /// # Errors
    /// Returns the same errors as [`inference_with`](Self::inference_with).
    pub fn inference_weighted<'a>(
        &self,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
        weights: &[T],
    ) -> Result<Inference, Error> {
        let x = x.into();
        let rows = RowOptions { weights: Some(weights), ..RowOptions::default() };
        self.inference_with(x, y, rows, Covariance::Observed)
    }

    /// Computes standard errors, tests and intervals with the given covariance estimator, from the rows,
    /// weights and offsets that the model was fitted with.
    ///
    /// The model remembers class weights.
    ///
    /// A model that has not converged, or whose coefficients were given, is treated as if it were at an
    /// optimum. Its report, the first line of the summary table, states this.
    ///
    /// # Errors
    /// Returns an error if the rows, labels, weights or offsets are invalid (as in a fit), or if the columns
    /// or classes are not the model's. In addition, returns
    /// - [`Error::Singular`] if the coefficients are not determined: without a penalty, separable classes or
    ///   linearly dependent columns, or a robust covariance that is zero;
    /// - [`Error::SeparationUndecided`] if the fit could not decide whether the classes are separable;
    /// - [`Error::Unsupported`] for a fit with an L1 penalty, and for a robust covariance of any penalised
    ///   fit;
    /// - [`Error::InvalidParameter`] for fewer than two clusters, or if the covariance has a factor that
    ///   divides by n - p and there are no more observations than estimates;
    /// - [`Error::FitOverflow`] if a standard error or the likelihood is outside the range of `f64`.
    ///
    /// # Examples
    /// ```
    /// use logit::linear::{Covariance, RowOptions};
    /// use logit::prelude::*;
    /// use logit::{LogisticRegression, Penalty, data};
    ///
    /// let iris = data::iris();
    /// let x = iris.x.columns(1, 1).into_owned();
    /// let model = LogisticRegression::new(Penalty::None).fit(&x, &iris.y)?;
    /// let inference =
    ///     model.inference_with(&x, &iris.y, RowOptions::default(), Covariance::Hc0)?;
    /// assert_eq!(inference.covariance_name(), "robust, HC0");
    /// # Ok::<(), logit::Error>(())
    /// ```
    pub fn inference_with<'a>(
        &self,
        x: impl Into<Rows<'a, T>>,
        y: &[L],
        rows: RowOptions<'_, T>,
        covariance: Covariance,
    ) -> Result<Inference, Error> {
        let x = x.into();
        let sample = self.sample(x, y, rows)?;
        self.check_smooth("standard errors")?;
        self.check_estimate_exists()?;
        let terms = self.terms();
        let penalized = !terms.penalty.is_none() || terms.jeffreys;
        if penalized && covariance.is_robust() {
            return Err(unsupported(
                "a robust covariance",
                "a fit with a penalty",
                "use Covariance::Observed, or fit without a penalty",
            ));
        }
        let mut objective = LogisticObjective::new(sample.problem(&terms.penalty, terms.intercept));
        objective.check_information()?;
        let params = self.params_in(&objective.coordinates);
        let mut gradient = vec![T::zero(); params.len()];
        let value = objective.evaluate(&params, &mut gradient).value;
        let penalty = terms.penalty.l2_value(self.coefficients().as_slice());
        let information = Information::new(&mut objective, &params)?;
        let (covariance, weight, kind) = information.covariance(&covariance, &mut objective, &params)?;
        let kind = match (terms.jeffreys, penalized) {
            (true, _) => "inverse information with Jeffreys' prior".into(),
            (_, true) => "posterior, with an L2 penalty".into(),
            _ => kind,
        };
        let estimates = estimates(self.coefficients(), self.intercept().as_slice(), terms.intercept);
        let (rows, equations) = estimates.shape();
        let standardized = Standardized {
            units: Units::new(&objective.coordinates),
            estimates: information.estimates(&params).reshape_generic(Dyn(rows), Dyn(equations)),
            covariance,
            weight,
        };
        let [standard_errors, z_values] = standardized.errors_and_z(&estimates)?;
        let total_weight = sample.examples.total_weight();
        let log_likelihood = -(value - penalty) * total_weight;
        let null_log_likelihood = null_log_likelihood(&sample, terms.intercept)?;
        if !log_likelihood.is_finite() || !null_log_likelihood.is_finite() {
            return Err(Error::FitOverflow);
        }
        let feature_names = self.feature_names().or(x.names()).map(<[String]>::to_vec);
        let columns = feature_names
            .clone()
            .unwrap_or_else(|| (0..x.ncols()).map(|column| format!("x{column}")).collect());
        Ok(Inference {
            names: terms.intercept.then(|| "(intercept)".to_owned()).into_iter().chain(columns).collect(),
            feature_names,
            equations: equation_names(self.classes()),
            classes: self.classes().iter().map(plain).collect(),
            estimates,
            standard_errors,
            z_values,
            covariance: standardized.user_covariance(),
            standardized,
            kind,
            condition: information.condition,
            log_likelihood,
            null_log_likelihood,
            observations: total_weight,
            intercept: terms.intercept,
            penalized,
            report: self.report().clone(),
        })
    }

    /// Checks the rows that the model is applied to.
    pub(in crate::linear) fn sample<'a>(
        &self,
        x: Rows<'a, T>,
        y: &[L],
        options: RowOptions<'a, T>,
    ) -> Result<Sample<'a, T>, Error> {
        x.check_columns(self.features(), self.feature_names())?;
        let RowOptions { weights, offset } = options;
        Sample::of_model(x, y, weights, offset, self.classes(), self.terms().class_weights.as_deref())
    }

    /// Returns an error for fits with a non-smooth penalty.
    pub(super) fn check_smooth(&self, what: &'static str) -> Result<(), Error> {
        if self.terms().penalty.is_smooth() {
            return Ok(());
        }
        Err(unsupported(
            what,
            "a fit with an L1 penalty",
            "refit the selected columns without the L1 penalty on new rows, or use the bootstrap",
        ))
    }
}

/// Returns the name of each equation.
fn equation_names<L: Label>(classes: &[L]) -> Vec<String> {
    match classes {
        [first, others @ ..] if others.len() > 1 => {
            others.iter().map(|class| format!("{} against {}", plain(class), plain(first))).collect()
        }
        _ => classes.iter().skip(1).map(plain).collect(),
    }
}

/// Returns the estimates, terms x equations; with several score columns, each is relative to the first.
fn estimates<T: Real>(w: &DMatrix<T>, b: &[T], intercept: bool) -> DMatrix<f64> {
    let (first, equations) = if w.ncols() == 1 { (0, 1) } else { (1, w.ncols() - 1) };
    let shift = usize::from(intercept);
    DMatrix::from_fn(w.nrows() + shift, equations, |term, equation| {
        let value = |k: usize| if term < shift { b[k].as_f64() } else { w[(term - shift, k)].as_f64() };
        if first == 0 { value(0) } else { value(equation + 1) - value(0) }
    })
}
