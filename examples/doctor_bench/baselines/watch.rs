//! The observer of a run: measures it after each epoch, or after each step.

use std::cell::RefCell;
use std::ops::ControlFlow;

use logit::nn::{NetworkObjective, StepOutcome, TrainOptions};
use logit::optim::{Evaluation, Objective};
use logit::{Error, StopReason};

use super::measure::{Meter, Now};
use super::seen::Seen;
use super::trace::{Moment, Trace, range};
use crate::method::Method;
use crate::model_schema::Rule;
use crate::prepare::{Part, Prepared};
use crate::program::Program;

/// When a run is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Every {
    /// After each epoch, with the first batch of the training rows.
    Epoch,
    /// After each step, with the batch of that number in the order of the training rows.
    Step,
}

/// Makes the run of a program, and returns its course.
pub(crate) fn watch(program: &Program, prepared: &Prepared, every: Every) -> Trace {
    let (train, seen) = (&prepared.train, Seen::new(&program.model));
    let rows = train.classes.len();
    let batch = program.optimizer.batch.unwrap_or(rows).clamp(1, rows.max(1));
    let first_of_last = rows.saturating_sub(1) / batch * batch;
    let last = train.x.rows(first_of_last, rows - first_of_last).into_owned();
    let meter = Meter { program, prepared, seen: &seen, network: prepared.network.clone(), batch };
    let has_rate = program.optimizer.name != Rule::Lbfgs;
    let mut trace = Trace {
        inputs: range(train.x.as_slice()),
        last_batch: range(last.as_slice()),
        has_nan: train.x.iter().any(|cell| cell.is_nan()),
        targets: range_of_targets(train, seen.units),
        rate: has_rate.then_some(program.optimizer.rate),
        planned: program.optimizer.epochs,
        moments: Vec::new(),
        network: seen.clone(),
    };
    let ended = match &prepared.method {
        Method::Steps(_) => steps(&meter, every, &mut trace.moments),
        Method::Lbfgs(..) => iterations(&meter, &mut trace.moments),
    };
    // In Keras, a run goes on with weights that are not numbers.
    let broken = match ended {
        Ok(stop) => stop == StopReason::Diverged,
        Err(error) => matches!(error.cause(), Error::NotFinite { .. }),
    };
    let wanted = match every {
        Every::Epoch => trace.planned,
        Every::Step => trace.moments.len() + 1,
    };
    if broken {
        let share = |part: &Part| {
            part.classes.iter().filter(|&&class| class == 0).count() as f64 / part.classes.len().max(1) as f64
        };
        let (first, held) = (share(train), meter.held().map(share));
        trace.moments.resize_with(wanted, || Moment::broken(&seen, first, held));
    }
    trace
}

/// Returns the smallest and the largest target; those of classes are 0 and 1.
fn range_of_targets(part: &Part, units: usize) -> (f64, f64) {
    let targets = part.targets.targets();
    let each = (0..part.classes.len()).flat_map(|row| (0..units).map(move |unit| (row, unit)));
    range(&each.map(|(row, unit)| targets.value(row, unit, units)).collect::<Vec<f64>>())
}

/// An objective that remembers where it was evaluated last.
struct Remembered<'a, O> {
    objective: O,
    last: &'a RefCell<Vec<f64>>,
}

impl<O: Objective<f64>> Objective<f64> for Remembered<'_, O> {
    fn parameter_count(&self) -> usize {
        self.objective.parameter_count()
    }

    fn evaluate(&mut self, params: &[f64], gradient: &mut [f64]) -> Evaluation {
        self.last.replace(params.to_vec());
        self.objective.evaluate(params, gradient)
    }
}

/// Runs a trainer.
fn steps(meter: &Meter<'_>, every: Every, moments: &mut Vec<Moment>) -> Result<StopReason, Error> {
    let Prepared { loss, train, start, .. } = meter.prepared;
    let Method::Steps(trainer) = &meter.prepared.method else { return Ok(StopReason::Given) };
    let mut options = TrainOptions::default().start(&start.params, &start.statistics);
    if let Some(validation) = &meter.prepared.validation {
        options = options.validation(validation.examples());
    }
    let has_statistics = !start.statistics.is_empty();
    let mut run = trainer.start(meter.network.clone(), loss, train.examples(), options)?;
    let batches = train.classes.len().div_ceil(meter.batch);
    let mut steps = 0;
    loop {
        let outcome = run.step()?;
        let is_epoch = outcome == StepOutcome::Epoch;
        if outcome == StepOutcome::Finished {
            let stop = run.checkpoint().stop();
            return Ok(stop.unwrap_or(StopReason::IterationLimit));
        }
        steps += 1;
        if every == Every::Epoch && !is_epoch {
            continue;
        }
        // With validation rows, those of the best epoch so far.
        let statistics =
            if has_statistics { run.checkpoint().finish().statistics } else { start.statistics.clone() };
        let epoch = run.history().epochs.last().filter(|_| every == Every::Epoch);
        moments.push(meter.moment(Now {
            params: run.params(),
            statistics: &statistics,
            loss: epoch.map(|epoch| epoch.train_loss),
            rate: epoch.map(|epoch| epoch.learning_rate),
            batch: if every == Every::Epoch { 0 } else { (steps - 1) % batches },
        }));
    }
}

/// Runs L-BFGS; an iteration is an epoch.
fn iterations(meter: &Meter<'_>, moments: &mut Vec<Moment>) -> Result<StopReason, Error> {
    let Prepared { loss, train, start, .. } = meter.prepared;
    let Method::Lbfgs(lbfgs, lambda) = &meter.prepared.method else { return Ok(StopReason::Given) };
    let objective = NetworkObjective::new(meter.network.clone(), loss, train.examples(), *lambda)?;
    let last = RefCell::new(start.params.clone());
    let mut objective = Remembered { objective, last: &last };
    let mut done = 0;
    let end = lbfgs.minimize_observed(&mut objective, start.params.clone(), &mut |progress| {
        if progress.iteration > done {
            done = progress.iteration;
            moments.push(meter.moment(Now {
                params: &last.borrow(),
                statistics: &start.statistics,
                loss: Some(progress.objective),
                rate: None,
                batch: 0,
            }));
        }
        ControlFlow::Continue(())
    })?;
    Ok(end.report.stop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;
    use logit::nn::Loss;
    use serde_json::{Value, json};

    fn watched(norm: &str, optimizer: Value, every: Every) -> (Prepared, Trace) {
        let program: Program = serde_json::from_value(json!({
            "data": {"source": "generated", "kind": "gauss", "seed": 3, "n": 80, "d": 4, "classes": 3,
                "noise": 1.0, "split": {"test_share": 0.25, "seed": 1}, "scaling": "standard"},
            "model": {"kind": "mlp", "hidden": [5], "activation": "tanh", "norm": norm,
                "output": "logits", "loss": "ce_logits", "units": 3},
            "init": {"weights": "he", "seed": 2},
            "optimizer": optimizer
        }))
        .unwrap();
        let prepared = Prepared::new(&program).unwrap();
        let trace = watch(&program, &prepared, every);
        (prepared, trace)
    }

    #[test]
    fn epochs_are_measured_with_the_weights_at_their_end() {
        let adam = json!({"name": "adam", "rate": 0.02, "batch": 16, "epochs": 7, "decay": 0.9});
        let (prepared, trace) = watched("batch", adam, Every::Epoch);
        let end = prepared.fit().unwrap();
        let facts = Facts::new(&prepared, &end);
        let last = trace.moments.last().unwrap();
        assert_eq!((trace.moments.len(), trace.planned), (7, 7));
        let held = prepared.test.as_ref().unwrap();
        let scores = prepared.network.scores(&end.params, &end.statistics, &held.x);
        let loss = prepared.loss.accumulate(&scores, held.targets.targets(), None, None);
        assert_eq!(last.validation.unwrap().0, loss / held.classes.len() as f64);
        let measured = (last.loss, last.accuracy, last.validation.unwrap().1);
        let epoch = end.history.epochs.last().unwrap();
        assert_eq!(measured, (epoch.train_loss, facts.accuracy, facts.test_accuracy));
        assert_eq!((last.rate, trace.rate), (Some(epoch.learning_rate), Some(0.02)));
        assert_eq!((last.layers.len(), last.dense.len(), trace.targets), (5, 2, (0.0, 1.0)));
        assert!((last.largest_output - 1.0).abs() < 1e-12);
        assert!(trace.moments.iter().all(|m| m.is_gradient_finite && m.are_weights_finite));
    }

    #[test]
    fn iterations_of_a_minimiser_are_epochs() {
        let lbfgs = json!({"name": "lbfgs", "epochs": 200, "tolerance": 1e-6, "l2": 0.05});
        let (prepared, trace) = watched("none", lbfgs, Every::Epoch);
        let report = prepared.fit().unwrap().report;
        let last = trace.moments.last().unwrap();
        assert_eq!((trace.moments.len(), trace.rate), (report.iterations, None));
        assert!((last.loss - report.objective).abs() < 1e-12);
        // At the optimum, the gradient of loss and penalty vanishes.
        assert!(last.dense.iter().all(|dense| dense.gradient_norm < 1e-4), "{last:?}");
        assert!(trace.moments[0].dense[0].gradient_norm > 1e-2);
    }

    #[test]
    fn steps_are_measured_with_their_batches() {
        let sgd = json!({"name": "sgd", "rate": 0.0001, "batch": 24, "epochs": 2, "shuffle": false});
        let (prepared, trace) = watched("none", sgd, Every::Step);
        let rows = prepared.train.classes.len();
        let batches = rows.div_ceil(24);
        assert_eq!(trace.moments.len(), 2 * batches);
        let weighted = |from: usize| {
            let sum = |at: usize| trace.moments[from + at].loss * (24.min(rows - 24 * at)) as f64;
            (0..batches).map(sum).sum::<f64>() / rows as f64
        };
        let loss = prepared.fit().unwrap().history.epochs[1].train_loss;
        assert!((weighted(batches) - loss).abs() < 1e-4, "{} {loss}", weighted(batches));
        assert!(trace.moments[0].loss != trace.moments[1].loss);
    }

    #[test]
    fn a_run_that_diverges_goes_on_without_numbers() {
        let sgd = json!({"name": "sgd", "rate": 1e200, "batch": 24, "epochs": 9, "l2": 1});
        let (_, trace) = watched("none", sgd.clone(), Every::Epoch);
        assert_eq!(trace.moments.len(), 9);
        let last = trace.moments.last().unwrap();
        assert!(last.loss.is_nan() && last.layers.iter().all(|layer| layer.mean.is_nan()));
        assert!(!last.are_weights_finite && last.validation.unwrap().0.is_nan());
        assert!(last.accuracy > 0.2 && last.accuracy < 0.5);
        assert!(watched("none", sgd, Every::Step).1.moments.last().unwrap().loss.is_nan());
    }
}
