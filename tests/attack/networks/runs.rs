//! Runs that are stopped and resumed, and runs that say that they cannot go on.

use std::ops::ControlFlow;

use logit::nn::{Checkpoint, Examples, FittedMlp, MlpOptions, NetworkObjective, StepOutcome, Targets};
use logit::optim::*;
use logit::prelude::*;
use logit::{Activation, Real, StopReason};

use super::setting::Setting;
use crate::case::Case;
use crate::data::Sample;

/// A run that is stopped anywhere and resumed gives the same bits; another run's checkpoint is refused.
pub(super) fn resumed<T: Real>(
    case: &mut Case,
    model: &FittedMlp<T, usize>,
    sample: &Sample<T>,
    setting: &Setting,
) {
    let with_weights = || {
        let options = MlpOptions::new();
        match &sample.weights {
            Some(weights) => options.weights(weights),
            None => options,
        }
    };
    let network = &setting.network;
    let Some(mut run) =
        case.must("a fit cannot be driven", network.start(&sample.x, &sample.y, with_weights()))
    else {
        return;
    };
    let steps = case.draw.below(12);
    for _ in 0..steps {
        if let Err(error) = run.step() {
            return case.fault("a step fails", error);
        }
    }
    let checkpoint = run.checkpoint();
    let Some(bytes) = case.must("a checkpoint cannot be written", checkpoint.to_bytes()) else { return };
    let read = Checkpoint::<T>::from_bytes(&bytes);
    let Some(read) = case.must("a checkpoint cannot be read", read) else { return };
    // A run that has overflowed in an epoch, and diverges in its next step, is stored as before that epoch.
    let kept = read == checkpoint || matches!(run.step(), Ok(StepOutcome::Finished));
    case.check("a checkpoint that was read differs", kept, || "");
    let resumed = network.resume(&sample.x, &sample.y, with_weights(), read);
    let Some(mut resumed) = case.must("a checkpoint is refused", resumed) else { return };
    if let Err(error) = resumed.run_to_end(|_| ControlFlow::Continue(())) {
        return case.fault("a resumed run fails", error);
    }
    let resumed = resumed.finish();
    case.check("a resumed run gives another model", resumed == *model, || {
        format!("after {steps} steps: {} and {}", resumed.report(), model.report())
    });
    let activation =
        if format!("{network:?}").contains("Tanh") { Activation::Relu } else { Activation::Tanh };
    let hidden = !format!("{network:?}").contains("hidden: []");
    let other = network.clone().activation(activation);
    let accepted = other.resume(&sample.x, &sample.y, with_weights(), checkpoint.clone()).is_ok();
    case.check("a checkpoint of another activation is resumed", !hidden || !accepted, || "");
    let other = network.clone().optimizer(if format!("{network:?}").contains("Adadelta(") {
        UpdateRule::from(RmsProp::new(0.01))
    } else {
        UpdateRule::from(Adadelta::new(0.01))
    });
    let accepted = other.resume(&sample.x, &sample.y, with_weights(), checkpoint).is_ok();
    case.check("a checkpoint of another rule is resumed", !accepted, || "");
}

/// Where a minimiser says that no step improves, no step along the gradient does.
pub(super) fn stalled<T: Real>(
    case: &mut Case,
    model: &FittedMlp<T, usize>,
    sample: &Sample<T>,
    setting: &Setting,
) {
    let usual = sample.tame && sample.weights.is_none() && !setting.weighted_classes;
    if !usual || model.report().stop != StopReason::Stalled || sample.occurring() != sample.classes {
        return;
    }
    let examples = Examples::new(&sample.x, Targets::Classes(&sample.y));
    let Ok(mut objective) = NetworkObjective::new(model.network(), model.loss(), examples, setting.l2) else {
        return;
    };
    let mut gradient = vec![T::zero(); model.params().len()];
    let here = objective.evaluate(model.params(), &mut gradient).value;
    let mut ignored = gradient.clone();
    let largest = gradient.iter().map(|g| g.as_f64().abs()).fold(0.0, f64::max);
    for exponent in 0..16 {
        // The parameter of the steepest slope moves by at most a tenth.
        let step = T::of(0.1 * 10f64.powi(-exponent) / largest);
        let moved: Vec<T> = model.params().iter().zip(&gradient).map(|(p, g)| *p - step * *g).collect();
        let there = objective.evaluate(&moved, &mut ignored).value;
        let clear = 1e3 * T::EPSILON.as_f64() * here.abs().max(1e-3);
        case.check(
            "stalled where a step along the gradient improves",
            there.is_nan() || there >= here - clear,
            || format!("step {:e}: {here} to {there}; {}", step.as_f64(), model.report()),
        );
    }
}
