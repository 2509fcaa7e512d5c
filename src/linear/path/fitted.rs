//! The models along a path of penalties.

use std::fmt;

use nalgebra::DMatrix;

use crate::label::Label;
use crate::linear::fitted::FittedLogistic;
use crate::scalar::Real;

/// A fitted [`LogisticPath`](crate::linear::LogisticPath): one model for each λ, the largest λ first.
///
/// The [`Display`](fmt::Display) form is a table of λ, nonzero columns, deviance ratio and the outcome of
/// each fit.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedLogisticPath<T: Real, L> {
    pub(super) lambdas: Vec<f64>,
    pub(super) models: Vec<FittedLogistic<T, L>>,
    pub(super) deviance_ratios: Vec<f64>,
}

impl<T: Real, L: Label> FittedLogisticPath<T, L> {
    pub(super) fn new(capacity: usize) -> Self {
        FittedLogisticPath {
            lambdas: Vec::with_capacity(capacity),
            models: Vec::with_capacity(capacity),
            deviance_ratios: Vec::with_capacity(capacity),
        }
    }

    pub(super) fn push(&mut self, lambda: f64, model: FittedLogistic<T, L>, null_loss: f64) {
        let (slopes, penalty) = (model.coefficients().as_slice(), &model.terms().penalty);
        let loss = model.report().objective - penalty.l1_value(slopes) - penalty.l2_value(slopes);
        self.deviance_ratios.push(if null_loss > 0.0 { 1.0 - loss / null_loss } else { 0.0 });
        self.lambdas.push(lambda);
        self.models.push(model);
    }

    pub(super) fn last_deviance_ratio(&self) -> f64 {
        self.deviance_ratios.last().copied().unwrap_or(0.0)
    }

    /// Returns the number of models: one for each value of λ, unless the path ended early.
    #[allow(clippy::len_without_is_empty)] // There is always one.
    pub fn len(&self) -> usize {
        self.models.len()
    }

    /// Returns the values of λ, in descending order.
    pub fn lambdas(&self) -> &[f64] {
        &self.lambdas
    }

    /// Returns the models, in the order of [`lambdas`](Self::lambdas).
    pub fn models(&self) -> &[FittedLogistic<T, L>] {
        &self.models
    }

    /// Consumes the path and returns its models.
    pub fn into_models(self) -> Vec<FittedLogistic<T, L>> {
        self.models
    }

    /// Returns the fraction of deviance that each model explains: 1 - D / D_0.
    ///
    /// D is -2 times the model's log-likelihood (without the penalty), and D_0 is that of the model whose
    /// penalised coefficients are all zero. The ratio is about 0 for the largest λ, and 1 for a model that
    /// predicts the label of every row with certainty.
    pub fn deviance_ratios(&self) -> &[f64] {
        &self.deviance_ratios
    }

    /// Returns the number of columns of `x` that each model uses: those with a nonzero coefficient.
    pub fn nonzero(&self) -> Vec<usize> {
        let used = |model: &FittedLogistic<T, L>| {
            model.coefficients().row_iter().filter(|row| row.iter().any(|&w| w != T::zero())).count()
        };
        self.models.iter().map(used).collect()
    }

    /// Returns the coefficients of one score column along the path, columns of `x` x models.
    ///
    /// The score column is 0 for two classes and the index of the class for more. Returns `None` if the score
    /// column does not exist.
    pub fn coefficients(&self, score_column: usize) -> Option<DMatrix<T>> {
        let of_model = |model: &FittedLogistic<T, L>| {
            let all = model.coefficients();
            (score_column < all.ncols()).then(|| all.column(score_column).into_owned())
        };
        let columns = self.models.iter().map(of_model).collect::<Option<Vec<_>>>()?;
        Some(DMatrix::from_columns(&columns))
    }
}

impl<T: Real, L: Label> fmt::Display for FittedLogisticPath<T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:>5}{:>12}{:>10}{:>16}{:>12}  fit",
            "", "lambda", "nonzero", "deviance ratio", "iterations"
        )?;
        for (index, (model, nonzero)) in self.models.iter().zip(self.nonzero()).enumerate() {
            let (lambda, ratio) = (self.lambdas[index], self.deviance_ratios[index]);
            let report = model.report();
            writeln!(
                f,
                "{index:>5}{lambda:>12.4e}{nonzero:>10}{ratio:>16.4}{:>12}  {}",
                report.iterations, report.stop
            )?;
        }
        Ok(())
    }
}
