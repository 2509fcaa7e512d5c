//! The starting point of a path of penalties, and its default grid.

use nalgebra::{DMatrix, DVector};

use crate::error::{Error, unsupported};
use crate::label::Label;
use crate::linear::config::{LogisticRegression, Solver};
use crate::linear::decrement::Doubt;
use crate::linear::fitted::FittedLogistic;
use crate::linear::objective::LogisticObjective;
use crate::linear::problem::ColumnPenalty;
use crate::linear::sample::{Classes, RowOptions, Sample};
use crate::linear::solve::{Solved, solve};
use crate::optim::Objective;
use crate::parallel::{Entries, map, workers_for};
use crate::penalty::{Penalty, Strength};
use crate::rows::Rows;
use crate::scalar::Real;
use crate::scalar::max_abs;
use crate::scalar::{column, columns};

/// The ratio of the L2 penalty to the curvature of the loss at the start of a grid.
const RIDGE_FACTOR: f64 = 100.0;

/// The model with all penalised coefficients zero and the others optimal: the limit of large λ.
pub(super) struct Origin<T: Real, L> {
    pub(super) model: FittedLogistic<T, L>,
    /// The mean loss of the model.
    pub(super) loss: f64,
    /// The largest λ of the grid; 0 if no penalised column is informative about the classes.
    largest: f64,
}

impl<T: Real, L: Label> Origin<T, L> {
    pub(super) fn new(
        config: &LogisticRegression,
        x: Rows<'_, T>,
        y: &[L],
        RowOptions { weights, offset }: RowOptions<'_, T>,
    ) -> Result<Self, Error> {
        let (sample, Classes { labels: classes, .. }) =
            Sample::new(x, y, weights, offset, config.class_weight.as_ref())?;
        // The penalty of each column for λ = 1.
        let unit = LogisticRegression { penalty: config.penalty.with_lambda(1.0), ..config.clone() };
        let unit = unit.column_penalty::<T>(x.ncols(), sample.rows().total_weight)?;
        let wall = wall(x, &unit);
        let problem = sample.problem(&wall, config.intercept);
        let alone = LogisticRegression {
            penalty: Penalty::L1(Strength::Lambda(1.0)),
            solver: Solver::Auto,
            gap_tolerance: None,
            max_iterations: None,
            ..config.clone()
        };
        let solved =
            solve(&alone, &problem, None, &mut |_| std::ops::ControlFlow::Continue(()), Doubt::Ignored)?;

        let mut objective = LogisticObjective::new(problem);
        let model = Self::model(classes, solved)?;
        let params = model.params_in(&objective.coordinates);
        let loss = objective.evaluate(&params, &mut vec![T::zero(); params.len()]).value;
        let largest = if unit.is_smooth() {
            RIDGE_FACTOR * largest_over(&curvatures(&mut objective, &params), &unit.l2)
        } else {
            // The factor exceeds rounding errors, so every penalised coefficient is zero at this λ.
            let gradient: Vec<f64> = objective.user_gradient().0.iter().map(|g| g.as_f64().abs()).collect();
            (1.0 + 16.0 * T::EPSILON.as_f64()) * largest_over(&gradient, &unit.l1)
        };
        Ok(Origin { model, loss, largest })
    }

    fn model(classes: Vec<L>, solved: Solved<T>) -> Result<FittedLogistic<T, L>, Error> {
        let Solved { coefficients, intercept, origin, .. } = solved;
        let model = FittedLogistic::from_coefficients(classes, coefficients, DVector::from_vec(intercept))
            .map_err(|_| Error::FitOverflow)?;
        Ok(FittedLogistic { origin, ..model })
    }

    /// Returns the default grid: `count` values down to `fraction` of the largest.
    pub(super) fn grid(&self, fraction: f64, count: usize) -> Result<Vec<f64>, Error> {
        // Below the normal numbers, neighbouring values would be equal or 0.
        if self.largest.is_finite() && self.largest * fraction >= f64::MIN_POSITIVE {
            return Ok(log_spaced(self.largest, fraction, count));
        }
        Err(unsupported(
            "columns that are all uninformative about the classes or unpenalised",
            "the default grid of λ",
            "set `lambdas`",
        ))
    }
}

/// Returns an L1 penalty that no gradient exceeds, on the columns that `unit` penalises: residuals are below
/// 1.
fn wall<T: Real>(x: Rows<'_, T>, unit: &ColumnPenalty) -> ColumnPenalty {
    let mut wall = ColumnPenalty::none(x.ncols());
    for (j, column) in columns(&x).enumerate() {
        if unit.l1[j] > 0.0 || unit.l2[j] > 0.0 {
            wall.l1[j] = max_abs(column).max(1.0);
        }
    }
    wall
}

/// Returns the largest ratio of an entry of `values` (score column by score column) to the nonzero entry of
/// `unit` for its column.
fn largest_over(values: &[f64], unit: &[f64]) -> f64 {
    let pairs = values.iter().enumerate().map(|(at, &value)| (value, unit[at % unit.len()]));
    pairs.filter(|(_, unit)| *unit > 0.0).map(|(value, unit)| value / unit).fold(0.0, f64::max)
}

/// Returns the second derivative of the mean loss with respect to each column's coefficient, with the
/// intercept optimised: the variance of the column with weights p (1 - p), for the class where it is largest.
fn curvatures<T: Real>(objective: &mut LogisticObjective<'_, T>, params: &[T]) -> Vec<f64> {
    let intercept = objective.coordinates.intercept;
    let mut factors = vec![0.0; objective.problem.rows.count()];
    objective.for_each_scores(params, Entries::new(&mut factors, 1), |pass, chunk, scores, factors| {
        let mut p = DMatrix::zeros(chunk.len(), pass.problem.classes);
        pass.loss.probabilities(scores, &mut p);
        for (row, (p, factor)) in p.row_iter().zip(factors.into_slice()).enumerate() {
            let largest = p.iter().map(|p| p.as_f64() * (1.0 - p.as_f64())).fold(0.0, f64::max);
            *factor = chunk.share(row) * largest;
        }
    });
    let sum = |terms: &mut dyn Iterator<Item = f64>| terms.sum::<f64>();
    let total = sum(&mut factors.iter().copied());
    let x = objective.problem.rows.examples().x;
    let operations = 4.0 * x.len() as f64;
    map(x.ncols(), workers_for(x.ncols(), operations), |j| {
        let column = column(&x, j);
        let mean = sum(&mut factors.iter().zip(column).map(|(h, x)| h * x.as_f64())) / total;
        let mean = if intercept && mean.is_finite() { mean } else { 0.0 };
        sum(&mut factors.iter().zip(column).map(|(h, x)| h * (x.as_f64() - mean).powi(2)))
    })
}

/// Returns `count` values from `largest` to `fraction` of it, evenly spaced in their logarithms.
fn log_spaced(largest: f64, fraction: f64, count: usize) -> Vec<f64> {
    let step = fraction.ln() / count.saturating_sub(1).max(1) as f64;
    (0..count).map(|i| largest * (step * i as f64).exp()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_is_even_in_the_logarithm() {
        let grid = log_spaced(2.0, 1e-4, 5);
        approx::assert_relative_eq!(
            grid.as_slice(),
            [2.0, 0.2, 0.02, 0.002, 0.0002].as_slice(),
            max_relative = 1e-14
        );
        assert_eq!(log_spaced(3.0, 1e-4, 1), [3.0]);
    }
}
