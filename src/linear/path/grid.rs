//! The starting point of a path of penalties, and its default grid.

use nalgebra::{DMatrix, DVector};

use crate::error::{Error, unsupported};
use crate::label::Label;
use crate::linear::config::{LogisticRegression, Solver};
use crate::linear::coordinates::{ColumnMoments, Moments};
use crate::linear::decrement::Doubt;
use crate::linear::fitted::FittedLogistic;
use crate::linear::objective::LogisticObjective;
use crate::linear::problem::ColumnPenalty;
use crate::linear::rows::TrainingRows;
use crate::linear::sample::{Classes, RowOptions, Sample};
use crate::linear::solve::{Solved, solve};
use crate::optim::Objective;
use crate::parallel::Tally;
use crate::penalty::{Penalty, Strength};
use crate::rows::Rows;
use crate::scalar::Real;

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
        let wall = wall(&sample.rows(), &unit);
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
fn wall<T: Real>(rows: &TrainingRows<'_, T>, unit: &ColumnPenalty) -> ColumnPenalty {
    let mut wall = ColumnPenalty::none(rows.columns());
    for (j, column) in Moments::of(rows).columns().iter().enumerate() {
        if unit.l1[j] > 0.0 || unit.l2[j] > 0.0 {
            wall.l1[j] = column.largest().max(1.0);
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
    let (intercept, features) = (objective.coordinates.intercept, objective.coordinates.features());
    let plan = (1, objective.row_operations());
    let zero = |old| Moments::none(old, features);
    let moments = objective.sum_scores(
        params,
        &mut Tally::default(),
        plan,
        (),
        zero,
        |pass, (scores, _), chunk, sum, ()| {
            let mut p = DMatrix::zeros(chunk.len(), pass.problem.classes);
            pass.loss.probabilities(scores, &mut p);
            let factors: Vec<f64> = p
                .row_iter()
                .enumerate()
                .map(|(row, p)| {
                    let largest = p.iter().map(|p| p.as_f64() * (1.0 - p.as_f64())).fold(0.0, f64::max);
                    chunk.share(row) * largest
                })
                .collect();
            sum.add_rows(chunk, Some(&factors));
        },
    );
    let second = |column: &ColumnMoments| {
        let about = if intercept { 0.0 } else { column.mean() };
        moments.weight() * (column.deviation().powi(2) + about * about)
    };
    moments.columns().iter().map(second).collect()
}

/// Returns `count` values from `largest` to `fraction` of it, evenly spaced in their logarithms.
fn log_spaced(largest: f64, fraction: f64, count: usize) -> Vec<f64> {
    let step = fraction.ln() / count.saturating_sub(1).max(1) as f64;
    (0..count).map(|i| largest * (step * i as f64).exp()).collect()
}

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;

    use super::*;
    use crate::examples::ClassExamples;
    use crate::linear::problem::Problem;

    #[test]
    fn rows_without_weight_do_not_raise_the_wall() {
        let x = dmatrix![1.0, 0.1, 4.0; -3.0, 0.2, 5.0; 1e9, -1e9, 1e9];
        let rows = ClassExamples::new((&x).into(), [0, 1, 0].as_slice(), Some(&[1.0, 2.0, 0.0])).unwrap();
        let unit = ColumnPenalty { l1: vec![0.0, 1.0, 0.0], l2: vec![1.0, 1.0, 0.0] };
        assert_eq!(wall(&rows.into(), &unit).l1, [3.0, 1.0, 0.0]);
    }

    /// Without coefficients, p (1 - p) is 1/4.
    #[test]
    fn curvatures_are_quarters_of_variances_or_mean_squares() {
        let x = dmatrix![1e9 + 1.0, 2.0; 1e9 + 2.0, -4.0; 1e9 + 4.0, 3.0; 0.0, 1e200];
        let rows =
            ClassExamples::new((&x).into(), [0, 1, 0, 1].as_slice(), Some(&[1.0, 3.0, 1.0, 0.0])).unwrap();
        let penalty = ColumnPenalty::none(2);
        for (intercept, wanted) in [(true, [0.96, 10.24]), (false, [1e18, 12.2])] {
            let problem = Problem { rows: rows.into(), classes: 2, intercept, penalty: &penalty };
            let params = vec![0.0; problem.parameter_count()];
            let found = curvatures(&mut LogisticObjective::new(problem), &params);
            let wanted = wanted.map(|square| square / 4.0);
            approx::assert_relative_eq!(found.as_slice(), wanted.as_slice(), max_relative = 1e-8);
        }
    }

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
