//! The effects of the settings of the perceptron.

use logit::metrics::{Accuracy, Metric, RocAuc};
use logit::nn::{AnyLayer, Initializer, MlpOptions, Normalization};
use logit::optim::{Clip, Rprop};
use logit::prelude::*;
use logit::{Activation, Adam, ClassWeight, Error, Lbfgs, MlpClassifier, Schedule, Sgd, StopReason, data};
use nalgebra::DMatrix;

fn iris() -> (DMatrix<f64>, Vec<&'static str>) {
    let iris = data::iris();
    let centred = DMatrix::from_fn(150, 4, |row, column| {
        let mean = iris.x.column(column).mean();
        let deviation = iris.x.column(column).variance().sqrt();
        (iris.x[(row, column)] - mean) / deviation
    });
    (centred, iris.y)
}

#[test]
fn layers_are_those_that_were_asked_for() {
    let (x, y) = iris();
    let names = |network: MlpClassifier| -> Vec<String> {
        let model = network.epochs(1).fit(&x, &y).unwrap();
        model.network().layers().iter().map(logit::nn::Shape::describe).collect()
    };
    assert_eq!(names(MlpClassifier::new([5, 4])), ["Dense, Relu", "Dense, Relu", "Dense"]);
    let batch = MlpClassifier::new([5]).normalization(Normalization::Batch).dropout(0.25);
    assert_eq!(names(batch), ["Dense, no bias", "BatchNorm", "Relu", "Dropout 0.25", "Dense"]);
    let layer = MlpClassifier::new([5]).normalization(Normalization::Layer).activation(Activation::Identity);
    assert_eq!(names(layer), ["Dense", "LayerNorm", "Dense"]);
}

/// A dense layer draws the same weights with and without normalisation after it.
#[test]
fn initial_weights_are_those_for_the_activation_after_the_normalisation() {
    let (x, y) = iris();
    let first = |network: MlpClassifier| {
        let network = network.optimizer(Sgd::new(1e-300)).epochs(1).seed(4);
        network.fit(&x, &y).unwrap().weights(0).unwrap().into_owned()
    };
    let plain = first(MlpClassifier::new([6]));
    assert_eq!(plain, first(MlpClassifier::new([6]).normalization(Normalization::Batch)));
    let uniform = first(MlpClassifier::new([6]).initializer(Initializer::Uniform { low: 2.0, high: 3.0 }));
    assert!(uniform.iter().all(|w| (2.0..3.0).contains(w)));
}

#[test]
fn normalisation_and_dropout_learn_and_predict_row_by_row() {
    let (x, y) = iris();
    for normalization in [Normalization::Batch, Normalization::Layer] {
        let network = MlpClassifier::new([16]).normalization(normalization).dropout(0.2);
        let model = network.optimizer(Adam::new(0.01)).epochs(60).seed(2).fit(&x, &y).unwrap();
        assert!(model.score(&x, &y).unwrap() > 0.95, "{normalization:?}");
        // Neither masks nor other rows affect a prediction.
        let all = model.predict_proba(&x).unwrap();
        assert_eq!(all, model.predict_proba(&x).unwrap());
        for row in [0, 77, 149] {
            let alone = model.predict_proba(&x.rows(row, 1).into_owned()).unwrap();
            for (alone, among) in alone.iter().zip(all.row(row).iter()) {
                approx::assert_relative_eq!(alone, among, max_relative = 1e-12);
            }
        }
    }
    let batch = MlpClassifier::new([4]).normalization(Normalization::Batch).epochs(2).fit(&x, &y).unwrap();
    assert_eq!(batch.statistics().len(), 8, "means and variances of four units");
    assert!(MlpClassifier::new([4]).epochs(2).fit(&x, &y).unwrap().statistics().is_empty());
    assert!(matches!(batch.network().layers()[1], AnyLayer::BatchNorm(_)));
}

#[test]
fn schedules_and_clipping_reach_the_steps() {
    let (x, y) = iris();
    let network = MlpClassifier::new([6]).optimizer(Sgd::new(0.4)).batch_size(50).epochs(4).seed(1);
    let model = network.clone().schedule(Schedule::step(6, 0.5)).fit(&x, &y).unwrap();
    let rates: Vec<f64> = model.history().epochs.iter().map(|epoch| epoch.learning_rate).collect();
    assert_eq!(rates, [0.4, 0.4, 0.2, 0.2]);
    // A step of a clipped gradient is no longer than rate times norm.
    let still = network.epochs(1).batch_size(150).clip(Clip::norm(1e-9)).fit(&x, &y).unwrap();
    for update in &still.history().epochs[0].updates {
        assert!(update.gradient_norm > 1e-3 && update.update_ratio < 1e-9, "{update:?}");
    }
}

#[test]
fn class_weights_are_sample_weights() {
    let (x, y) = iris();
    let network = MlpClassifier::new([4]).epochs(5).seed(3);
    let weighted = network.clone().class_weight(ClassWeight::map([("setosa", 3.0)])).fit(&x, &y).unwrap();
    let weights: Vec<f64> = y.iter().map(|label| if *label == "setosa" { 3.0 } else { 1.0 }).collect();
    assert_eq!(weighted.params(), network.fit_weighted(&x, &y, &weights).unwrap().params());
    let unknown = network.class_weight(ClassWeight::map([("rose", 3.0)])).fit(&x, &y).unwrap_err();
    assert!(matches!(unknown, Error::UnknownClass { .. }), "{unknown}");
}

#[test]
fn given_validation_rows_judge_instead_of_a_share() {
    let (x, y) = iris();
    let network = MlpClassifier::new([4]).epochs(30).patience(3).seed(3).optimizer(Adam::new(0.05));
    let mut run = network.start(&x, &y, MlpOptions::default().validation(&x, &y).metric(Accuracy)).unwrap();
    run.run_to_end(|_| std::ops::ControlFlow::Continue(())).unwrap();
    let model = run.finish();
    let best = model.report().validation_curve.iter().copied().fold(f64::INFINITY, f64::min);
    let log_loss = logit::metrics::log_loss(&y, &model.predict_proba(&x).unwrap(), model.classes()).unwrap();
    approx::assert_relative_eq!(best, log_loss, max_relative = 1e-12);
    let unknown = network.start(&x, &y, MlpOptions::default().validation(&x, &["rose"; 150])).unwrap_err();
    assert!(matches!(unknown, Error::UnknownLabel { .. }), "{unknown}");
}

#[test]
fn steps_are_refused_by_minimisers_and_what_needs_batches_too() {
    let (x, y) = iris();
    let lbfgs = MlpClassifier::new([4]).optimizer(Lbfgs::new());
    let unsupported = |result: Result<(), Error>| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    };
    unsupported(lbfgs.start(&x, &y, MlpOptions::default()).map(|_| ()));
    unsupported(lbfgs.partial::<f64, _>(4, ["a", "b"]).map(|_| ()));
    unsupported(lbfgs.clone().dropout(0.1).fit(&x, &y).map(|_| ()));
    unsupported(lbfgs.clone().normalization(Normalization::Batch).fit(&x, &y).map(|_| ()));
    let named = |network: MlpClassifier| match network.fit(&x, &y).unwrap_err() {
        Error::Unsupported { what, by: "a full-batch minimiser", .. } => what,
        other => panic!("{other}"),
    };
    assert_eq!(named(lbfgs.clone().batch_size(10)), "batch_size");
    assert_eq!(named(lbfgs.clone().shuffle(false)), "shuffle");
    assert_eq!(named(lbfgs.clone().epochs(100)), "epochs", "also what is the default");
    assert_eq!(named(lbfgs.clone().accumulate(1)), "accumulate");
    assert_eq!(named(lbfgs.clone().clip(Clip::norm(1.0))), "clip");
    assert_eq!(named(lbfgs.clone().schedule(Schedule::constant())), "schedule");
    assert_eq!(named(lbfgs.clone().patience(3)), "patience");
    assert_eq!(named(lbfgs.clone().min_improvement(0.1)), "min_improvement");
    let steps = MlpClassifier::new([4]).optimizer(Lbfgs::new()).epochs(2).optimizer(Adam::new(0.01));
    assert!(steps.fit(&x, &y).is_ok(), "the last choice counts");
    let normalized = lbfgs.normalization(Normalization::Layer).activation(Activation::Tanh).l2(0.01);
    let stop = normalized.fit(&x, &y).unwrap().report().stop;
    assert!(matches!(stop, StopReason::Converged | StopReason::IterationLimit | StopReason::Stalled));
}

#[test]
fn a_schedule_may_be_a_function() {
    let (x, y) = iris();
    let network = MlpClassifier::new([4]).epochs(4);
    let wanted = network.clone().schedule(Schedule::exponential(0.5).per_epoch()).fit(&x, &y).unwrap();
    let halved = Schedule::custom(|_, epochs| 0.5f64.powi(epochs as i32));
    let found = network.clone().schedule(halved.clone()).fit(&x, &y).unwrap();
    assert_eq!(found.params(), wanted.params());
    let network_with = network.clone().schedule(halved.clone());
    let mut run = network_with.start(&x, &y, MlpOptions::new()).unwrap();
    for _ in 0..7 {
        run.step().unwrap();
    }
    let mut resumed = network_with.resume(&x, &y, MlpOptions::new(), run.checkpoint()).unwrap();
    resumed.run_to_end(|_| std::ops::ControlFlow::Continue(())).unwrap();
    assert_eq!(resumed.finish().params(), wanted.params());
    assert_eq!(halved, halved.clone());
    assert_ne!(halved, Schedule::custom(|_, epochs| 0.5f64.powi(epochs as i32)));
    for bad in [-1.0, f64::NAN] {
        let model = network.clone().schedule(Schedule::custom(move |_, _| bad)).fit(&x, &y).unwrap();
        assert_eq!(model.report().stop, StopReason::Diverged);
    }
}

/// Rprop takes every change of sign for a minimum that was passed, so its batches are all rows.
#[test]
fn rprop_takes_all_rows_unless_a_size_is_set() {
    let (x, y) = iris();
    let network = |seed| MlpClassifier::new([10]).optimizer(Rprop::new(0.01)).epochs(60).seed(seed);
    for seed in 0..3 {
        let model = network(seed).fit(&x, &y).unwrap();
        assert_eq!(model, network(seed).batch_size(150).fit(&x, &y).unwrap());
        assert_eq!(model.report().evaluations, 60);
        assert!(model.report().objective < 0.1, "{}", model.report());
        let batches = network(seed).batch_size(32).fit(&x, &y).unwrap();
        assert_eq!(batches.report().evaluations, 60 * 5);
    }
    let others = MlpClassifier::new([10]).epochs(2).fit(&x, &y).unwrap();
    assert_eq!(others.report().evaluations, 2 * 5);
    // The rows of a part are a batch.
    let mut partial = network(0).partial(4, ["setosa", "versicolor", "virginica"]).unwrap();
    (0..60).for_each(|_| partial.fit(&x, &y).unwrap());
    assert_eq!(partial.model().params(), network(0).fit(&x, &y).unwrap().params());
}

/// Weighted validation rows: a weight of 2 is a row twice, and 0 removes it, for the loss and the metrics.
#[test]
fn validation_rows_have_weights() {
    let (x, y) = iris();
    let network = MlpClassifier::new([5]).epochs(3).class_weight(ClassWeight::map([("virginica", 3.0)]));
    let weights: Vec<f64> = (0..150).map(|row| [0.0, 1.0, 2.0][row % 3]).collect();
    let repeated: Vec<usize> = (0..150).flat_map(|row| vec![row; row % 3]).collect();
    let (x_twice, y_twice) = (x.select_rows(&repeated), repeated.iter().map(|&r| y[r]).collect::<Vec<_>>());
    let epochs = |options: MlpOptions<'_, f64, &'static str>| {
        let mut run = network.start(&x, &y, options.metric(Accuracy)).unwrap();
        run.run_to_end(|_| std::ops::ControlFlow::Continue(())).unwrap();
        run.history().epochs.clone()
    };
    let weighted = epochs(MlpOptions::new().validation(&x, &y).validation_weights(&weights));
    let twice = epochs(MlpOptions::new().validation(&x_twice, &y_twice));
    let plain = epochs(MlpOptions::new().validation(&x, &y));
    for ((weighted, twice), plain) in weighted.iter().zip(&twice).zip(&plain) {
        let (found, wanted) = (weighted.validation_loss.unwrap(), twice.validation_loss.unwrap());
        approx::assert_relative_eq!(found, wanted, max_relative = 1e-12);
        assert_ne!(weighted.validation_loss, plain.validation_loss);
    }
    // The same rows and weights for training and validation: the same loss, before any step.
    let still = MlpClassifier::new([5]).optimizer(Sgd::new(1e-300)).batch_size(150).epochs(1);
    let options = MlpOptions::new().weights(&weights).validation(&x, &y).validation_weights(&weights);
    let mut run = still.start(&x, &y, options).unwrap();
    run.run_to_end(|_| std::ops::ControlFlow::Continue(())).unwrap();
    let epoch = &run.history().epochs[0];
    approx::assert_relative_eq!(epoch.train_loss, epoch.validation_loss.unwrap(), max_relative = 1e-12);

    let short = MlpOptions::new().validation(&x, &y).validation_weights(&weights[1..]);
    assert!(matches!(network.start(&x, &y, short), Err(Error::ShapeMismatch { .. })));
    let alone = MlpOptions::new().validation_weights(&weights);
    assert!(matches!(network.start(&x, &y, alone), Err(Error::Unsupported { .. })));
}

/// A metric that the validation rows cannot have is found before the first step, in the words of the labels.
#[test]
fn a_metric_that_lacks_a_class_is_refused_at_the_start() {
    let (x, y) = iris();
    let binary: Vec<&str> = y.iter().map(|&y| if y == "setosa" { "yes" } else { "no" }).collect();
    let (x_held, y_held) = (x.rows(60, 40).into_owned(), vec!["no"; 40]);
    let network = MlpClassifier::new([3]).epochs(2);
    let start = |metric: Box<dyn Metric>| {
        let options = MlpOptions::new().validation(&x_held, &y_held).metric(metric);
        network.start(&x, &binary, options)
    };
    let error = start(Box::new(RocAuc)).map(|_| ()).unwrap_err();
    assert!(matches!(&error, Error::MissingClass { class, .. } if class == "\"yes\""), "{error}");
    assert!(error.to_string().contains("validation rows"), "{error}");
    // Where predictions decide whether a metric is defined, the run decides.
    for metric in [Box::new(Accuracy) as Box<dyn Metric>, Box::new(logit::metrics::LogLoss)] {
        let mut run = start(metric).unwrap();
        run.run_to_end(|_| std::ops::ControlFlow::Continue(())).unwrap();
    }
    let three = network.start(&x, &y, MlpOptions::new().validation(&x_held, &y[60..100]).metric(RocAuc));
    let error = three.map(|_| ()).unwrap_err();
    assert!(matches!(&error, Error::MissingClass { class, .. } if class == "\"setosa\""), "{error}");
}
