//! What is written down after each epoch.

use std::ops::ControlFlow;

use logit::metrics::{Accuracy, LogLoss};
use logit::{
    Activation, AnyLayer, Dense, Error, Estimator, Examples, MlpClassifier, MlpOptions, Sequential, Sgd,
    Shape, SoftmaxCrossEntropy, StopReason, Targets, TrainOptions, Trainer,
};
use nalgebra::DMatrix;

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
    run.drive(|_| ControlFlow::Continue(())).expect("a fit");
    let history = run.history().clone();
    let model = run.finish();
    assert_eq!(model.history(), &history);
    let last = history.epochs.last().expect("epochs");
    let score = logit::Classifier::score(&model, &held.x, &held.classes).expect("a score");
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
    let stop = |epoch: &logit::Epoch| {
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
