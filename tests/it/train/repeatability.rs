//! The same seed gives the same bits, and an observer that panics leaves nothing broken.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use logit::nn::{
    AnyLayer, BatchNorm, Dense, Dropout, Examples, LayerNorm, Normalization, Residual, Sequential, Shape,
    SoftmaxCrossEntropy, Targets, TrainOptions, Trained, Trainer,
};
use logit::optim::{AdamW, Clip};
use logit::prelude::*;
use logit::{Activation, MlpClassifier, Schedule, Sgd};

use super::kit::{Data, bits};

/// Everything that is random or has a state in one network.
fn everything() -> Sequential<AnyLayer> {
    let block = Sequential::<AnyLayer>::new(vec![
        BatchNorm::new(6).unwrap().into(),
        Dense::new(6, 6).unwrap().into(),
        Dropout::new(6, 0.3).unwrap().into(),
    ]);
    Sequential::new(vec![
        Dense::new(4, 6).unwrap().into(),
        Residual::new(block.unwrap()).unwrap().into(),
        LayerNorm::new(6).unwrap().into(),
        Dropout::new(6, 0.2).unwrap().into(),
        Dense::new(6, 3).unwrap().into(),
    ])
    .unwrap()
}

fn train(seed: u64, data: &Data) -> Trained<f64> {
    let trainer = Trainer::new(AdamW::new(0.01)).batch_size(9).accumulate(2).epochs(5).clip(Clip::norm(1.0));
    let trainer = trainer.schedule(Schedule::cosine(20)).seed(seed);
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
    let options = TrainOptions::default().validation(examples);
    trainer.fit(everything(), SoftmaxCrossEntropy::new(), examples, options).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_run_alone_and_beside_others() {
    let data = Data::new(50, 1);
    let alone = train(7, &data);
    assert_eq!(alone.statistics.len(), 12);
    std::thread::scope(|scope| {
        let beside: Vec<_> = (0..4).map(|_| scope.spawn(|| train(7, &data))).collect();
        for run in beside {
            let run = run.join().unwrap();
            assert_eq!(bits(&run.params), bits(&alone.params));
            assert_eq!(
                (run.history, bits(&run.statistics)),
                (alone.history.clone(), bits(&alone.statistics))
            );
        }
    });
    assert_ne!(train(8, &data).params, alone.params);
}

/// Masks, normalisation, schedules and accumulation are part of what resumes.
#[test]
fn everything_resumes_inside_an_epoch() {
    let data = Data::new(50, 2);
    let trainer = Trainer::new(AdamW::new(0.01)).batch_size(9).accumulate(2).epochs(4).seed(3);
    let trainer = trainer.schedule(Schedule::linear_warmup(0.1, 4).then(4, Schedule::cosine(8)));
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
    let loss = SoftmaxCrossEntropy::new();
    let finish = |cut: usize| {
        let mut run = trainer.start(everything(), loss, examples, TrainOptions::default()).unwrap();
        (0..cut).for_each(|_| assert!(run.step().is_ok()));
        let checkpoint = run.checkpoint();
        let mut run =
            trainer.resume(everything(), loss, examples, TrainOptions::default(), checkpoint).unwrap();
        run.run_to_end(|_| ControlFlow::Continue(())).unwrap();
        run.finish()
    };
    let whole = finish(0);
    for cut in 1..12 {
        assert_eq!(finish(cut), whole, "cut after step {cut}");
    }
}

/// The sum over all rows needs no order: full batches are the same with and without shuffling.
#[test]
fn full_batches_are_not_shuffled() {
    let data = Data::new(50, 4);
    let network = Sequential::perceptron(&[4, 5, 3], Activation::Tanh).unwrap();
    let start = vec![0.1; network.parameter_count()];
    let fit = |batch, shuffle| {
        let trainer = Trainer::new(Sgd::new(0.1)).batch_size(batch).epochs(3).shuffle(shuffle);
        let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
        let options = TrainOptions::default().start(&start, &[]);
        trainer.fit(&network, SoftmaxCrossEntropy::new(), examples, options).unwrap().params
    };
    assert_eq!(fit(50, true), fit(50, false));
    assert_eq!(fit(80, true), fit(50, false));
    assert_ne!(fit(49, true), fit(49, false));
}

/// Without shuffling, an epoch is the steps on consecutive rows, whatever the seed.
#[test]
fn rows_stay_in_their_order_without_shuffling() {
    let data = Data::new(50, 4);
    let network = Sequential::perceptron(&[4, 5, 3], Activation::Tanh).unwrap();
    let start = vec![0.1; network.parameter_count()];
    let loss = SoftmaxCrossEntropy::new();
    let trainer = |batch| Trainer::new(Sgd::new(0.1)).batch_size(batch).epochs(2).shuffle(false);
    let fit = |trainer: &Trainer<Sgd>| {
        let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
        trainer.fit(&network, loss, examples, TrainOptions::default().start(&start, &[])).unwrap()
    };
    let whole = fit(&trainer(20));
    assert_eq!(fit(&trainer(20).seed(9)).params, whole.params);
    assert_ne!(fit(&trainer(20).shuffle(true)).params, whole.params);

    let mut params = start.clone();
    for (first, rows) in [(0, 20), (20, 20), (40, 10)].repeat(2) {
        let x = data.x.rows(first, rows).into_owned();
        let examples = Examples::new(&x, Targets::Classes(&data.classes[first..first + rows]));
        let options = TrainOptions::default().start(&params, &[]);
        let step = trainer(rows).epochs(1).fit(&network, loss, examples, options).unwrap();
        params = step.params;
    }
    assert_eq!(bits(&params), bits(&whole.params));
}

#[test]
fn an_observer_that_panics_leaves_data_and_later_fits_alone() {
    let data = Data::new(50, 3);
    let network = MlpClassifier::new([5]).normalization(Normalization::Batch).dropout(0.1).epochs(4);
    let before = network.fit(&data.x, &data.classes).unwrap();
    let (x, classes) = (data.x.clone(), data.classes.clone());
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        network.fit_observed(&data.x, &data.classes, |progress| {
            assert!(progress.iteration < 2, "on purpose");
            ControlFlow::Continue(())
        })
    }));
    assert!(panicked.is_err());
    assert_eq!((&data.x, &data.classes), (&x, &classes));
    assert_eq!(network.fit(&data.x, &data.classes).unwrap(), before);
}
