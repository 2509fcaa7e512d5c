//! Runs that are stopped anywhere and resumed give the same bits as uninterrupted ones.

use std::ops::ControlFlow;

use logit::nn::{
    AnyLayer, BatchNorm, Checkpoint, Dense, Epoch, Examples, LayerNorm, MlpOptions, Residual, Sequential,
    SoftmaxCrossEntropy, SoftmaxSquaredError, StepOutcome, Targets, TrainOptions, Trained, Trainer,
};
use logit::optim::{Adadelta, Clip, Optimizer, RAdam, RmsProp, Rprop, UpdateRule};
use logit::{Activation, Adam, ClassWeight, Error, MlpClassifier, Persist, Schedule, Sgd, StopReason, data};

use super::kit::{Data, network, rules, schedules};

fn finish<O: Optimizer<f64> + Clone>(
    trainer: &Trainer<O>,
    data: &Data,
    cut: Option<usize>,
) -> (Trained<f64>, usize) {
    let network = network();
    let held = Data::new(30, 77);
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes)).weights(&data.weights);
    let options =
        || TrainOptions::default().validation(Examples::new(&held.x, Targets::Classes(&held.classes)));
    let loss = SoftmaxCrossEntropy::new();
    let mut run = trainer.start(&network, loss, examples, options()).expect("a run");
    let mut steps = 0;
    while run.step().expect("a step") != StepOutcome::Finished {
        steps += 1;
        if Some(steps) == cut {
            let checkpoint =
                Checkpoint::from_bytes(&run.checkpoint().to_bytes().expect("bytes")).expect("a checkpoint");
            assert_eq!(checkpoint, run.checkpoint());
            run = trainer.resume(&network, loss, examples, options(), checkpoint).expect("a run");
        }
    }
    (run.finish(), steps)
}

#[test]
fn every_rule_resumes_to_the_same_bits() {
    let data = Data::new(43, 1);
    for rule in rules() {
        let trainer = Trainer::new(rule).batch_size(8).epochs(4).l2(1e-3).seed(5);
        let (whole, steps) = finish(&trainer, &data, None);
        for cut in [1, 3, 6, 7, 11, steps] {
            assert_eq!(finish(&trainer, &data, Some(cut)).0, whole, "{rule:?} cut after step {cut}");
        }
    }
}

#[test]
fn every_schedule_resumes_to_the_same_bits() {
    let data = Data::new(43, 2);
    for schedule in schedules() {
        let sgd = UpdateRule::from(Sgd::new(0.05).momentum(0.9));
        let trainer = Trainer::new(sgd).batch_size(8).accumulate(2).epochs(6).schedule(schedule.clone());
        let (whole, steps) = finish(&trainer, &data, None);
        assert!(whole.history.epochs.iter().all(|epoch| epoch.learning_rate >= 0.0));
        for cut in [1, 3, 4, 10, steps] {
            assert_eq!(finish(&trainer, &data, Some(cut)).0, whole, "{schedule:?} cut after step {cut}");
        }
    }
}

#[test]
fn early_stopping_and_divergence_resume_too() {
    let data = Data::new(43, 3);
    for (rate, patience) in [(2.0, 2), (1e150, 5), (1e40, 5)] {
        let trainer = Trainer::new(Sgd::new(rate)).batch_size(8).epochs(40).patience(patience);
        let (whole, steps) = finish(&trainer, &data, None);
        for cut in 1..=steps.min(20) {
            assert_eq!(finish(&trainer, &data, Some(cut)).0, whole, "rate {rate} cut after step {cut}");
        }
    }
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let (data, network) = (Data::new(43, 4), network());
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
    let loss = SoftmaxCrossEntropy::new();
    let trainer = Trainer::new(Sgd::new(0.1)).epochs(3);
    let run = trainer.start(&network, loss, examples, TrainOptions::default()).expect("a run");
    let fewer = Data::new(42, 4);
    let other_rows = Examples::new(&fewer.x, Targets::Classes(&fewer.classes));
    let momentum = Trainer::new(Sgd::new(0.1).momentum(0.9)).epochs(3);
    let refused = |trainer: &Trainer<Sgd>, examples: Examples<'_, f64>| {
        let checkpoint = run.checkpoint();
        let result = trainer.resume(&network, loss, examples, TrainOptions::default(), checkpoint);
        match result.map(|_| ()) {
            Err(Error::Checkpoint { what, .. }) => what,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&trainer.clone().seed(1), examples), "seed");
    assert_eq!(refused(&trainer.clone().batch_size(5), examples), "batch_size");
    assert_eq!(refused(&trainer.clone().accumulate(2), examples), "accumulate");
    assert_eq!(refused(&trainer, other_rows), "training rows");
    assert_eq!(refused(&momentum, examples), "update rule");
}

/// Networks, rules and classes of the same sizes: what decides is what they are.
#[test]
fn a_checkpoint_of_a_run_with_the_same_sizes_is_refused() {
    let iris = data::iris();
    let net = |hidden: &[usize]| {
        MlpClassifier::new(hidden).activation(Activation::Tanh).optimizer(Adam::new(0.01)).epochs(20)
    };
    let mut run = net(&[4, 5]).start(&iris.x, &iris.y, MlpOptions::default()).expect("a run");
    for _ in 0..23 {
        run.step().expect("a step");
    }
    let checkpoint = Checkpoint::from_bytes(&run.checkpoint().to_bytes().expect("bytes")).expect("bytes");
    assert_eq!(checkpoint, run.checkpoint());
    let refused = |network: MlpClassifier, y: &[&'static str]| match network
        .resume(&iris.x, y, MlpOptions::default(), checkpoint.clone())
        .map(|_| ())
    {
        Err(Error::Checkpoint { what, expected, found }) => {
            assert_ne!(expected, found);
            format!("{what}: {found}, {expected}")
        }
        other => panic!("{network:?}: {other:?}"),
    };
    let base = || net(&[4, 5]);
    for (network, difference) in [
        (net(&[6, 3]), "layer 1: Dense, Tanh 4 x 4, Dense, Tanh 4 x 6"),
        (net(&[11]), "layer 1: Dense, Tanh 4 x 4, Dense, Tanh 4 x 11"),
        (net(&[4]), "layer 2: Dense, Tanh 4 x 5, Dense 4 x 3"),
        (net(&[4, 5, 5]), "layer 3: Dense 5 x 3, Dense, Tanh 5 x 5"),
        (base().activation(Activation::Relu), "layer 1: Dense, Tanh 4 x 4, Dense, Relu 4 x 4"),
        (base().dropout(0.1), "layer 2: Dense, Tanh 4 x 5, Dropout 0.1 4 x 4"),
        (base().loss(SoftmaxSquaredError), "loss: SoftmaxCrossEntropy"),
        (base().loss(SoftmaxCrossEntropy::new().label_smoothing(0.1)), "loss: SoftmaxCrossEntropy"),
        (base().optimizer(RAdam::new(0.01)), "update rule: Adam"),
        (base().optimizer(Rprop::new(0.01)), "batch_size: 32, 150"),
        (base().optimizer(Rprop::new(0.01)).batch_size(32), "update rule: Adam"),
        (base().optimizer(Adadelta::new(0.01)), "update rule: Adam"),
        (base().optimizer(RmsProp::new(0.01).centered(true)), "update rule: Adam"),
        (base().optimizer(Adam::new(0.01).beta1(0.8)), "update rule: Adam"),
        (base().optimizer(Adam::new(0.01).weight_decay(0.1)), "update rule: Adam"),
        (base().l2(0.1), "l2: 0, 0.1"),
        (base().clip(Clip::norm(1.0)), "clip: none, "),
        (base().class_weight(ClassWeight::map([("setosa", 2.0)])), "sample weights: none, "),
        (base().validation_fraction(0.2), "training rows: 150, 120"),
        (base().seed(1), "seed: 0, 1"),
        (base().batch_size(31), "batch_size: 32, 31"),
        (base().shuffle(false), "shuffle: none, false"),
    ] {
        let found = refused(network, &iris.y);
        assert!(found.starts_with(difference), "{found}, wanted {difference}");
    }
    // The same classes under other names, and names in another order.
    let renamed = |names: [&'static str; 3]| -> Vec<&'static str> {
        let of = |y: &&str| names[["setosa", "versicolor", "virginica"].iter().position(|n| n == y).unwrap()];
        iris.y.iter().map(of).collect()
    };
    let other = renamed(["setosa", "versicolor", "zinnia"]);
    assert_eq!(refused(base(), &other), "class 2: \"virginica\", \"zinnia\"");
    let other = renamed(["virginica", "versicolor", "setosa"]);
    assert!(refused(base(), &other).starts_with("targets: "), "the rows have other classes");

    // What steers a run, but does not make it another one.
    for network in [
        base(),
        base().epochs(50),
        base().patience(3).min_improvement(0.1),
        base().optimizer(Adam::new(0.003)),
        base().schedule(Schedule::cosine(100)),
    ] {
        network.resume(&iris.x, &iris.y, MlpOptions::default(), checkpoint.clone()).expect("the same run");
    }
}

/// Settings of layers that have no parameters count too, also behind pointers and within other layers.
#[test]
fn settings_of_layers_are_compared() {
    let (data, loss) = (Data::new(30, 6), SoftmaxCrossEntropy::new());
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
    let network = |normalization: AnyLayer, inner: AnyLayer| -> Sequential<AnyLayer> {
        let block = Sequential::new(vec![inner]).expect("a chain");
        let (block, last) = (Residual::new(block).expect("a layer"), Dense::new(4, 3).expect("a layer"));
        Sequential::new(vec![normalization, block.into(), last.into()]).expect("a network")
    };
    let batch = || BatchNorm::new(4).expect("a layer");
    let layer = || LayerNorm::new(4).expect("a layer");
    let trainer = Trainer::new(Sgd::new(0.1)).epochs(3);
    let first = network(batch().into(), layer().into());
    let run = trainer.start(&first, loss, examples, TrainOptions::default()).expect("a run");
    let resumed = |network: Sequential<AnyLayer>| {
        trainer
            .resume(Box::new(network), &loss, examples, TrainOptions::default(), run.checkpoint())
            .map(|_| ())
    };
    resumed(first.clone()).expect("the same run");
    for (other, what) in [
        (network(batch().momentum(0.2).into(), layer().into()), "layer 1"),
        (network(batch().epsilon(0.1).into(), layer().into()), "layer 1"),
        (network(batch().into(), layer().epsilon(0.1).into()), "layer 2.1"),
    ] {
        let error = resumed(other).expect_err("another network");
        assert!(matches!(&error, Error::Checkpoint { what: found, .. } if found == what), "{error}");
        assert!(error.to_string().contains("epsilon"), "{error}");
    }
}

/// Stopped by its observer, or at the last epoch that was asked for: a later run takes it up to the same
/// bits.
#[test]
fn what_an_observer_stopped_goes_on() {
    let (data, network) = (Data::new(43, 5), network());
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
    let loss = SoftmaxCrossEntropy::new();
    let trainer = Trainer::new(Sgd::new(0.1).momentum(0.9)).batch_size(8).epochs(6);
    let whole = trainer.fit(&network, loss, examples, TrainOptions::default()).expect("a fit");
    let stopped = |trainer: &Trainer<Sgd>, at: usize| {
        let mut run = trainer.start(&network, loss, examples, TrainOptions::default()).expect("a run");
        let stop = |epoch: &Epoch| {
            if epoch.number == at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        run.run_to_end(stop).expect("a run");
        assert!(run.is_finished());
        run.checkpoint()
    };
    for (checkpoint, stop) in [
        (stopped(&trainer, 2), Some(StopReason::Cancelled)),
        (stopped(&trainer.clone().epochs(3), 9), None),
        (stopped(&trainer, 6), Some(StopReason::Cancelled)),
    ] {
        assert_eq!(checkpoint.stop(), stop);
        let stored = Checkpoint::from_bytes(&checkpoint.to_bytes().expect("bytes")).expect("a checkpoint");
        assert_eq!(stored.clone().finish().params, checkpoint.params());
        let mut run =
            trainer.resume(&network, loss, examples, TrainOptions::default(), stored).expect("a run");
        run.run_to_end(|_| ControlFlow::Continue(())).expect("a run");
        assert_eq!(run.finish(), whole);
    }
}
