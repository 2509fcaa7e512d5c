//! Runs that are stopped anywhere and resumed give the same bits as uninterrupted ones.

use std::ops::ControlFlow;

use logit::nn::{
    Checkpoint, Epoch, Examples, SoftmaxCrossEntropy, StepOutcome, Targets, TrainOptions, Trained, Trainer,
};
use logit::optim::{Optimizer, UpdateRule};
use logit::{Error, Persist, Sgd, StopReason};

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
    assert_eq!(refused(&momentum, examples), "optimizer state");
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
