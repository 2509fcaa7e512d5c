//! The log-likelihood of the null model.

use nalgebra::DMatrix;

use crate::error::Error;
use crate::linear::objective::LogisticObjective;
use crate::linear::problem::{ColumnPenalty, Problem};
use crate::linear::rows::TrainingRows;
use crate::linear::sample::Sample;
use crate::optim::{Newton, Objective};
use crate::scalar::Real;

/// Returns the log-likelihood of the null model: an intercept only, or no terms at all, plus the offsets.
///
/// Without offsets it is Σ_k W_k ln(W_k / W) with the class weights W_k, or W ln(1/K) without an intercept.
/// With offsets the intercepts are fitted.
pub(super) fn null_log_likelihood<T: Real>(sample: &Sample<'_, T>, intercept: bool) -> Result<f64, Error> {
    if sample.offset.is_some() {
        return beside_offsets(sample, intercept);
    }
    let mut class_weights = vec![0.0; sample.classes];
    let rows = sample.examples.examples();
    for (row, &class) in rows.targets.iter().enumerate() {
        class_weights[class] += rows.weights.map_or(1.0, |w| w[row].as_f64());
    }
    let share =
        |weight: f64| if intercept { weight / rows.total_weight } else { 1.0 / sample.classes as f64 };
    Ok(class_weights.iter().filter(|w| **w > 0.0).map(|&w| w * share(w).ln()).sum())
}

fn beside_offsets<T: Real>(sample: &Sample<'_, T>, intercept: bool) -> Result<f64, Error> {
    // A column of zeros, whose coefficient a penalty keeps at zero, stands for no columns.
    let x = DMatrix::zeros(sample.examples.x().nrows(), 1);
    let penalty = ColumnPenalty { l1: vec![0.0], l2: vec![1.0] };
    let rows = TrainingRows::new(sample.examples.examples().with_columns((&x).into()), sample.offset);
    let problem = Problem { rows, classes: sample.classes, intercept, penalty: &penalty };
    let mut objective = LogisticObjective::new(problem);
    let start = vec![T::zero(); objective.parameter_count()];
    let minimum = Newton::new().tolerance(T::TOLERANCE).minimize(&mut objective, start)?;
    Ok(-minimum.report.objective * rows.total_weight)
}
