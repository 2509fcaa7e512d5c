//! A logistic regression as a network of one layer, for what attends its fit.

use std::any::Any;
use std::ops::ControlFlow;

use nalgebra::{DMatrix, DVector};

use super::config::LogisticRegression;
use super::fitted::FittedLogistic;
use crate::compiled::compiled;
use crate::error::Error;
use crate::examples::{ClassExamples, Labelled};
use crate::label::Label;
use crate::layer::Dense;
use crate::loss::{BinaryCrossEntropy, ClassificationLoss, SoftmaxCrossEntropy};
use crate::optim::Lbfgs;
use crate::penalty::Penalty;
use crate::report::FitReport;
use crate::rows::Rows;
use crate::scalar::Real;
use crate::train::{AnyObjective, Attendance, Minimizing, NetworkFit, Weights};

/// Shows a fitted model to what attends its fit, as a network whose loss starts at coefficients of 0.
///
/// The lasso counts as a ridge of the same λ. Penalty factors are not counted.
///
/// # Errors
/// Returns the errors of the attendant.
pub(super) fn attend<T: Real, L: Label>(
    config: &LogisticRegression,
    model: &FittedLogistic<T, L>,
    x: Rows<'_, T>,
    y: &[L],
    weights: Option<&[T]>,
    attendance: &mut dyn Any,
) -> Result<(), Error> {
    let labelled = Labelled::new(x, y, weights, config.class_weight.as_ref())?;
    let shown = (model.coefficients(), model.intercept(), model.report());
    show(config, shown, labelled.examples.examples(), labelled.classes.len(), attendance)
}

/// Shows coefficients, intercepts and the report of a fit to what attends it.
#[inline(never)]
fn show<T: Real>(
    config: &LogisticRegression,
    (coefficients, intercept, report): (&DMatrix<T>, &DVector<T>, &FitReport),
    examples: ClassExamples<'_, T>,
    classes: usize,
    attendance: &mut dyn Any,
) -> Result<(), Error> {
    let loss: ClassificationLoss = match classes {
        2 => BinaryCrossEntropy.into(),
        _ => SoftmaxCrossEntropy::new().into(),
    };
    let network = Dense::new(coefficients.nrows(), coefficients.ncols())?.bias(config.intercept);
    let (l1, l2) = config.penalty.factors::<T>(examples.total_weight)?;
    let method = Minimizing {
        minimize: |objective: &mut AnyObjective<'_, T>, start, steps| {
            let mut go_on = |_: &_| ControlFlow::Continue(());
            let found = Lbfgs::new().max_iterations(steps).minimize_observed(objective, start, &mut go_on);
            found.ok().map(|found| found.params)
        },
        limit: report.iterations,
        lambda: l1 + l2,
        bounded: config.penalty == Penalty::Jeffreys,
    };
    let mut params = coefficients.as_slice().to_vec();
    if config.intercept {
        params.extend_from_slice(intercept.as_slice());
    }
    let start = vec![T::zero(); params.len()];
    let fit =
        NetworkFit { network: &network, loss: &loss, examples: examples.into(), held: None, method: &method };
    let attending = Attendance::begin(Some(attendance), fit, Weights { params: &start, statistics: &[] })?;
    attending
        .map_or(Ok(()), |attending| attending.finish(report, Weights { params: &params, statistics: &[] }))
}

compiled!(T: show::<T> as fn(_, (&_, &_, _), _, _, &mut _) -> _);
