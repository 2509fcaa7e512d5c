//! The record of each epoch.

use std::ops::ControlFlow;

use logit::metrics::{Accuracy, LogLoss, Metric, RocAuc};
use logit::nn::{
    AnyLayer, BinaryCrossEntropy, Dense, Examples, MlpOptions, Sequential, Shape, SoftmaxCrossEntropy,
    StepOutcome, Targets, TrainOptions, Trainer,
};
use logit::prelude::*;
use logit::{Activation, Error, MlpClassifier, Sgd, StopReason};
use nalgebra::{DMatrix, DMatrixView};

use super::kit::{Data, network};

/// Of one step an epoch everything can be computed by hand.
#[test]
fn norms_rates_and_losses_are_those_of_the_step() {
    let (data, network) = (Data::new(30, 1), network());
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
    let trainer = Trainer::new(Sgd::new(0.5)).batch_size(30).epochs(2).l2(0.1);
    let loss = SoftmaxCrossEntropy::new();
    let mut run = trainer.start(&network, loss, examples, TrainOptions::default()).expect("a run");
    let before = run.params().to_vec();
    run.step().expect("a step");
    let after = run.params().to_vec();
    let epoch = &run.history().epochs[0];
    assert_eq!((epoch.number, epoch.steps, epoch.learning_rate), (1, 1, 0.5));
    assert_eq!(run.history().layers, ["Dense, Tanh", "Dense"]);
    for (range, update) in network.parameter_ranges().zip(&epoch.updates) {
        let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
        let moved = norm(&mut range.clone().map(|i| after[i] - before[i]));
        let size = norm(&mut before[range].iter().copied());
        approx::assert_relative_eq!(update.update_ratio, moved / size, max_relative = 1e-12);
        approx::assert_relative_eq!(update.gradient_norm, moved / 0.5, max_relative = 1e-12);
    }
    let penalty: f64 = network.penalized().into_iter().flatten().map(|i| 0.05 * after[i] * after[i]).sum();
    let zero = vec![0.0; network.parameter_count()];
    let options = TrainOptions::default().start(&zero, &[]);
    let flat = trainer.clone().l2(0.0).epochs(1).fit(&network, loss, examples, options).expect("a fit");
    approx::assert_relative_eq!(flat.report.objective, 3f64.ln(), max_relative = 1e-14);
    assert_eq!(flat.history.epochs[0].updates[1].update_ratio, f64::INFINITY, "from zero");
    assert_eq!(flat.history.epochs[0].updates[0].update_ratio, 0.0, "nothing reaches the first layer");
    assert!(penalty > 0.0 && epoch.train_loss > penalty);
}

#[test]
fn metrics_are_those_of_the_validation_rows_after_the_epoch() {
    let (data, held) = (Data::new(300, 2), Data::new(300, 3));
    let network = MlpClassifier::new([6]).epochs(4).seed(3);
    let options = MlpOptions::default().validation(&held.x, &held.classes).metric(Accuracy).metric(LogLoss);
    let mut run = network.start(&data.x, &data.classes, options).expect("a run");
    run.run_to_end(|_| ControlFlow::Continue(())).expect("a fit");
    let history = run.history().clone();
    let model = run.finish();
    assert_eq!(model.history(), &history);
    let last = history.epochs.last().expect("epochs");
    let score = logit::ClassifierExt::score(&model, &held.x, &held.classes).expect("a score");
    assert_eq!(last.metrics[0], score, "the last epoch was the best");
    approx::assert_relative_eq!(last.metrics[1], last.validation_loss.expect("rows"), max_relative = 1e-12);
    assert_eq!(model.report().validation_curve.len(), 4);
}

#[test]
fn metrics_want_classes_and_early_stopping_wants_an_improvement() {
    let (data, network) = (Data::new(60, 4), network());
    let values = DMatrix::from_element(60, 3, 1.0 / 3.0);
    let soft = Examples::new(&data.x, Targets::Values(&values));
    let loss = SoftmaxCrossEntropy::new();
    let trainer = Trainer::new(Sgd::new(0.1)).epochs(50).patience(3);
    let error =
        trainer.start(&network, loss, soft, TrainOptions::default().validation(soft).metric(Accuracy));
    assert!(matches!(error.map(|_| ()), Err(Error::Unsupported { .. })));
    let nowhere = trainer.start(&network, loss, soft, TrainOptions::default().metric(Accuracy));
    assert!(matches!(nowhere.map(|_| ()), Err(Error::Unsupported { .. })), "there is nothing to judge");

    let hard = Examples::new(&data.x, Targets::Classes(&data.classes));
    let fit = |by: f64| {
        let options = TrainOptions::default().validation(hard);
        trainer.clone().min_improvement(by).fit(&network, loss, hard, options).expect("a fit")
    };
    assert_eq!(fit(0.0).report.stop, StopReason::IterationLimit);
    let impatient = fit(10.0).report;
    assert_eq!((impatient.stop, impatient.iterations), (StopReason::EarlyStopped, 4));
}

#[test]
fn an_observer_stops_the_run_and_the_model_is_that_of_its_epoch() {
    let (data, network) = (Data::new(60, 5), network());
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
    let loss = SoftmaxCrossEntropy::new();
    let trainer = Trainer::new(Sgd::new(0.1)).epochs(50);
    let stop = |epoch: &logit::nn::Epoch| {
        if epoch.number == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let stopped =
        trainer.fit_observed(&network, loss, examples, TrainOptions::default(), stop).expect("a fit");
    let short =
        trainer.clone().epochs(3).fit(&network, loss, examples, TrainOptions::default()).expect("a fit");
    assert_eq!((stopped.report.stop, stopped.report.iterations), (StopReason::Cancelled, 3));
    assert_eq!(stopped.params, short.params);
}

#[test]
fn the_table_has_a_line_for_each_epoch() {
    let data = Data::new(60, 6);
    let model = MlpClassifier::new([5]).epochs(3).validation_fraction(0.2).fit(&data.x, &data.classes);
    let table = model.expect("a model").history().to_string();
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.lines().all(|line| line.trim_end() == line), "{table}");
    let widths: Vec<usize> = table.lines().map(|line| line.chars().count()).collect();
    assert!(widths.iter().all(|width| *width == widths[0]), "{table}");
}

#[test]
fn the_table_has_a_column_for_each_metric() {
    let data = Data::new(60, 10);
    let options = MlpOptions::default().validation(&data.x, &data.classes).metric(Accuracy).metric(LogLoss);
    let mut run = MlpClassifier::new([5]).epochs(2).start(&data.x, &data.classes, options).expect("a run");
    run.run_to_end(|_| ControlFlow::Continue(())).expect("a fit");
    let table = run.history().to_string();
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0][4..8], ["metric", "1", "metric", "2"], "{table}");
    for (line, epoch) in lines[1..].iter().zip(&run.history().epochs) {
        let wanted: Vec<String> = epoch.metrics.iter().map(|metric| format!("{metric:.6}")).collect();
        assert_eq!(line[4..6], wanted, "{table}");
    }
    assert_eq!(lines.len(), 3);
}

#[test]
fn layers_that_cannot_be_used_are_refused_before_the_first_step() {
    let data = Data::new(20, 7);
    let broken = Dense::new(4, 3).expect("valid sizes").activation(Activation::Elu(f64::NAN));
    let chain = Sequential::<AnyLayer>::new(vec![
        Sequential::<AnyLayer>::new(vec![broken.into()]).expect("one").into(),
    ]);
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
    let trainer = Trainer::new(Sgd::new(0.1));
    let loss = SoftmaxCrossEntropy::new();
    let error = trainer.start(chain.expect("one layer"), loss, examples, TrainOptions::default()).map(|_| ());
    assert!(matches!(error, Err(Error::InvalidParameter { .. })), "{error:?}");
}

/// A metric without a value.
struct Undefined;

impl Metric for Undefined {
    fn greater_is_better(&self) -> bool {
        true
    }
    fn evaluate_indices(
        &self,
        _: &[usize],
        _: DMatrixView<'_, f64>,
        _: Option<&[f64]>,
    ) -> Result<f64, Error> {
        Err(Error::UndefinedMetric { reason: "a test" })
    }
}

/// Nothing of the epoch is lost: it runs again. What is missing for any predictions is said before the first
/// step: the area under a curve needs rows of both classes.
#[test]
fn a_metric_that_is_not_defined_leaves_the_run_at_the_start_of_its_epoch() {
    let data = Data::new(40, 8);
    let network = Sequential::perceptron(&[4, 5, 1], Activation::Tanh).expect("valid sizes");
    let classes: Vec<usize> = data.classes.iter().map(|&class| class.min(1)).collect();
    let ones = vec![1; 40];
    let train = Examples::new(&data.x, Targets::Classes(&classes));
    let held = Examples::new(&data.x, Targets::Classes(&ones));
    let trainer = Trainer::new(Sgd::new(0.1).momentum(0.9)).batch_size(20).epochs(3);
    let options = TrainOptions::default().validation(held).metric(RocAuc);
    let refused = trainer.start(&network, BinaryCrossEntropy, train, options).map(|_| ());
    assert!(matches!(refused, Err(Error::MissingClass { index: 0, .. })), "{refused:?}");
    let options = TrainOptions::default().validation(held).metric(Undefined);
    let mut run = trainer.start(&network, BinaryCrossEntropy, train, options).expect("a run");
    let start = run.checkpoint();
    for _ in 0..2 {
        assert_eq!(run.step(), Ok(StepOutcome::Step));
        assert!(run.step().is_err());
        assert!(run.history().epochs.is_empty());
        assert_eq!((run.checkpoint().steps(), run.params()), (0, start.params()));
    }
}

#[test]
fn an_observer_does_not_take_the_credit_for_early_stopping() {
    let (data, network) = (Data::new(60, 9), network());
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
    let trainer = Trainer::new(Sgd::new(0.1)).epochs(50).patience(2).min_improvement(10.0);
    let options = TrainOptions::default().validation(examples);
    let trained = trainer.fit_observed(&network, SoftmaxCrossEntropy::new(), examples, options, |epoch| {
        if epoch.number == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(trained.expect("a fit").report.stop, StopReason::EarlyStopped);
}
