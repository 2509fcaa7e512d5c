//! The result of a cross-validation of penalties.

use std::fmt;

use super::SelectionRule;
use crate::classifier::{Classifier, classifies_as};
use crate::error::Error;
use crate::label::Label;
use crate::linear::fitted::FittedLogistic;
use crate::linear::path::FittedLogisticPath;
use crate::scalar::Real;

/// The cross-validation scores of one λ.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LambdaScore {
    /// The penalty strength λ.
    pub lambda: f64,
    /// The mean of the folds' scores; NaN if there are none.
    pub mean: f64,
    /// The standard error of the mean: the sample standard deviation over √k; NaN for fewer than two folds.
    pub standard_error: f64,
    /// The score of each fold.
    pub folds: Vec<f64>,
    /// The number of columns that the model fitted to all rows uses.
    pub nonzero: usize,
    /// Whether the fits of all folds converged.
    pub converged: bool,
}

impl LambdaScore {
    pub(super) fn new(lambda: f64, folds: Vec<f64>, nonzero: usize, converged: bool) -> Self {
        let count = folds.len() as f64;
        let mean = folds.iter().sum::<f64>() / count;
        let squares: f64 = folds.iter().map(|score| (score - mean).powi(2)).sum();
        let standard_error = (squares / (count - 1.0) / count).sqrt();
        LambdaScore { lambda, mean, standard_error, folds, nonzero, converged }
    }
}

/// The choices of the selection rules, as positions in a table of descending λ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) best: usize,
    pub(super) one_standard_error: usize,
}

impl Selection {
    /// NaN scores are never chosen, unless all scores are NaN: then the last is chosen.
    pub(super) fn new(table: &[LambdaScore], greater_is_better: bool) -> Self {
        let loss = |score: &LambdaScore| if greater_is_better { -score.mean } else { score.mean };
        let mut best = table.len().saturating_sub(1);
        let mut lowest = f64::NAN;
        for (at, score) in table.iter().enumerate() {
            let loss = loss(score);
            if loss < lowest || (lowest.is_nan() && !loss.is_nan()) {
                (best, lowest) = (at, loss);
            }
        }
        let reach = table.get(best).map_or(f64::NAN, |score| score.standard_error);
        let limit = if reach.is_finite() { lowest + reach } else { lowest };
        let one_standard_error = table.iter().position(|score| loss(score) <= limit).unwrap_or(best);
        Selection { best, one_standard_error }
    }
}

/// A fitted [`LogisticRegressionCv`](crate::linear::LogisticRegressionCv), which classifies with the chosen
/// model.
///
/// The [`Display`](fmt::Display) form is the table of [`scores`](Self::scores), with marks at the best λ, the
/// λ of the one-standard-error rule and the chosen λ.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedLogisticCv<T: Real, L> {
    pub(super) path: FittedLogisticPath<T, L>,
    pub(super) model: FittedLogistic<T, L>,
    pub(super) scores: Vec<LambdaScore>,
    pub(super) selection: Selection,
    pub(super) chosen: usize,
    pub(super) complete: bool,
}

impl<T: Real, L: Label> FittedLogisticCv<T, L> {
    pub(super) fn new(
        path: FittedLogisticPath<T, L>,
        scores: Vec<LambdaScore>,
        selection: Selection,
        rule: SelectionRule,
        complete: bool,
    ) -> Self {
        let chosen = match rule {
            SelectionRule::Best => selection.best,
            SelectionRule::OneStandardError => selection.one_standard_error,
        };
        let model = path.models()[chosen].clone();
        FittedLogisticCv { path, model, scores, selection, chosen, complete }
    }

    /// Returns the chosen model, fitted to all rows.
    pub fn model(&self) -> &FittedLogistic<T, L> {
        &self.model
    }

    /// Consumes the result and returns the chosen model.
    pub fn into_model(self) -> FittedLogistic<T, L> {
        self.model
    }

    /// Returns the chosen λ.
    pub fn lambda(&self) -> f64 {
        self.scores[self.chosen].lambda
    }

    /// Returns the models fitted to all rows, one for each λ.
    pub fn path(&self) -> &FittedLogisticPath<T, L> {
        &self.path
    }

    /// Returns the cross-validation scores of each λ, the largest λ first.
    pub fn scores(&self) -> &[LambdaScore] {
        &self.scores
    }

    /// Returns the position of the chosen λ in [`scores`](Self::scores) and [`path`](Self::path).
    pub fn chosen(&self) -> usize {
        self.chosen
    }

    /// Returns the position of the λ with the best mean score in [`scores`](Self::scores).
    pub fn best(&self) -> usize {
        self.selection.best
    }

    /// Returns the position of the largest λ whose mean score is within one standard error of the best.
    pub fn one_standard_error(&self) -> usize {
        self.selection.one_standard_error
    }

    /// Returns whether all folds took part in the choice; false if an observer stopped the search.
    pub fn is_complete(&self) -> bool {
        self.complete
    }
}

impl<T: Real, L: Label> Classifier<T> for FittedLogisticCv<T, L> {
    type Label = L;

    classifies_as!(self => (&self.model as &dyn Classifier<T, Label = L>));
}

impl<T: Real, L> fmt::Display for FittedLogisticCv<T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folds = self.scores.first().map_or(0, |score| score.folds.len());
        let stopped = if self.complete { "" } else { " (stopped by the observer)" };
        writeln!(f, "cross-validation with {folds} folds{stopped}")?;
        writeln!(f, "{:>5}{:>12}{:>14}{:>12}{:>10}", "", "lambda", "mean score", "std. error", "nonzero")?;
        for (index, score) in self.scores.iter().enumerate() {
            let LambdaScore { lambda, mean, standard_error, nonzero, .. } = score;
            write!(f, "{index:>5}{lambda:>12.4e}{mean:>14.6}{standard_error:>12.6}{nonzero:>10}")?;
            let marks = [
                (self.selection.best, "best"),
                (self.selection.one_standard_error, "one standard error"),
                (self.chosen, "chosen"),
            ];
            let here: Vec<&str> =
                marks.iter().filter(|(at, _)| *at == index).map(|(_, mark)| *mark).collect();
            let warning = if score.converged { "" } else { "  not converged in every fold" };
            let gap = if here.is_empty() { "" } else { "  " };
            writeln!(f, "{gap}{}{warning}", here.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(f64, f64)]) -> Vec<LambdaScore> {
        let score = |&(mean, standard_error): &(f64, f64)| LambdaScore {
            lambda: 1.0,
            mean,
            standard_error,
            folds: Vec::new(),
            nonzero: 0,
            converged: true,
        };
        rows.iter().map(score).collect()
    }

    #[test]
    fn ties_go_to_the_larger_lambda_and_the_error_is_that_of_the_best() {
        let rows = table(&[(0.9, 9.0), (0.55, 9.0), (0.5, 0.1), (0.5, 9.0), (0.7, 0.0)]);
        assert_eq!(Selection::new(&rows, false), Selection { best: 2, one_standard_error: 1 });
        let rows = table(&[(0.5, 9.0), (0.85, 0.0), (0.9, 0.04), (0.87, 0.0)]);
        assert_eq!(Selection::new(&rows, true), Selection { best: 2, one_standard_error: 2 });
    }

    #[test]
    fn scores_that_are_no_numbers_are_not_chosen() {
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        let rows = table(&[(nan, nan), (inf, nan), (0.5, nan), (0.6, 0.0)]);
        assert_eq!(Selection::new(&rows, false), Selection { best: 2, one_standard_error: 2 });
        let rows = table(&[(nan, nan), (nan, nan)]);
        assert_eq!(Selection::new(&rows, false), Selection { best: 1, one_standard_error: 1 });
        let rows = table(&[(inf, nan), (inf, nan)]);
        assert_eq!(Selection::new(&rows, false), Selection { best: 0, one_standard_error: 0 });
    }

    #[test]
    fn mean_and_standard_error_are_those_of_the_folds() {
        let score = LambdaScore::new(1.0, vec![1.0, 2.0, 3.0, 6.0], 0, true);
        assert_eq!(score.mean, 3.0);
        approx::assert_relative_eq!(score.standard_error, (14.0f64 / 3.0 / 4.0).sqrt(), max_relative = 1e-15);
    }
}
