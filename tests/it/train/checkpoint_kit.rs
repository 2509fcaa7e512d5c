//! Checkpoints of all kinds.

use logit::metrics::Accuracy;
use logit::nalgebra::DMatrix;
use logit::nn::{
    AnyLayer, BatchNorm, Checkpoint, Dense, Examples, Sequential, SoftmaxCrossEntropy, StepOutcome, Targets,
    TrainOptions, Trainer,
};
use logit::optim::Optimizer;
use logit::{Activation, Persist, Real};

use super::kit::Data;

/// With running statistics.
pub(crate) fn normalised() -> Sequential<AnyLayer> {
    Sequential::new(vec![
        Dense::new(4, 5).expect("a layer").activation(Activation::Tanh).into(),
        BatchNorm::new(5).expect("a layer").into(),
        Dense::new(5, 3).expect("a layer").into(),
    ])
    .expect("a network")
}

/// A checkpoint after this number of steps, six per epoch, with validation rows and a metric.
pub(crate) fn checkpoint<T: Real, O: Optimizer<T> + Clone>(
    trainer: &Trainer<O>,
    steps: usize,
) -> Checkpoint<T> {
    let (data, held) = (Data::new(43, 1), Data::new(20, 2));
    let convert = |x: &DMatrix<f64>| x.map(T::of);
    let (x, x_held) = (convert(&data.x), convert(&held.x));
    let examples = Examples::new(&x, Targets::Classes(&data.classes));
    let validation = Examples::new(&x_held, Targets::Classes(&held.classes));
    let options = TrainOptions::default().validation(validation).metric(Accuracy);
    let trainer = trainer.clone().batch_size(8).seed(u64::MAX - 1);
    let mut run = trainer.start(normalised(), SoftmaxCrossEntropy::new(), examples, options).expect("a run");
    for _ in 0..steps {
        if run.step().expect("a step") == StepOutcome::Finished {
            break;
        }
    }
    run.checkpoint()
}

/// The checkpoint as a file.
pub(crate) fn bytes<T: Real>(checkpoint: &Checkpoint<T>) -> Vec<u8> {
    checkpoint.to_bytes().expect("bytes")
}
