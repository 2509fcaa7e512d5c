//! Gradients of several batches in one step.

use logit::Sgd;
use logit::nn::{Examples, SoftmaxCrossEntropy, Targets, TrainOptions, Trainer};

use super::kit::{Data, network};

/// Steps of 2 x 8 rows are those of 16 rows, also where the last step of an epoch has fewer.
#[test]
fn accumulated_batches_are_one_large_batch() {
    let (data, network) = (Data::new(43, 1), network());
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes)).weights(&data.weights);
    let fit = |trainer: Trainer<Sgd>| {
        let loss = SoftmaxCrossEntropy::new();
        trainer.l2(0.01).epochs(3).fit(&network, loss, examples, TrainOptions::default()).expect("a fit")
    };
    let sgd = Sgd::new(0.3).momentum(0.9);
    let large = fit(Trainer::new(sgd).batch_size(16));
    let small = fit(Trainer::new(sgd).batch_size(8).accumulate(2));
    assert_eq!((large.report.evaluations, small.report.evaluations), (9, 9));
    for (large, small) in large.params.iter().zip(&small.params) {
        approx::assert_relative_eq!(large, small, max_relative = 1e-12, epsilon = 1e-13);
    }
    let plain = fit(Trainer::new(sgd).batch_size(8));
    assert_ne!(plain.params, small.params);
}
