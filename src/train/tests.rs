//! Runs on several threads have the bits of runs on one.

use nalgebra::DMatrix;
use proptest::prelude::*;

use super::{TrainOptions, Trainer};
use crate::error::Error;
use crate::examples::{Examples, Targets};
use crate::layer::{
    Activate, Activation, AnyLayer, BatchNorm, Dense, Dropout, LayerNorm, PRelu, Residual, Sequential,
};
use crate::loss::SoftmaxCrossEntropy;
use crate::optim::{Adam, AdamW, Lamb, RmsProp, Sgd, UpdateRule};
use crate::parallel::{SHARED, with_awake};
use crate::rng::Rng;
use crate::scalar::Real;

type Network = Sequential<AnyLayer>;

/// A hidden layer of each kind in turn.
fn hidden(kind: usize, inputs: usize, width: usize) -> Result<Vec<AnyLayer>, Error> {
    let dense = Dense::new(inputs, width)?;
    Ok(match kind % 6 {
        0 => vec![dense.activation(Activation::Relu).into()],
        1 => vec![dense.bias(false).into(), BatchNorm::new(width)?.into(), PRelu::new(width)?.into()],
        2 => vec![dense.activation(Activation::Gelu).into(), Dropout::new(width, 0.3)?.into()],
        3 => {
            vec![dense.into(), LayerNorm::new(width)?.into(), Activate::new(width, Activation::Tanh)?.into()]
        }
        4 => {
            let inside = Dense::new(width, width)?.activation(Activation::Silu);
            vec![dense.into(), Residual::new(Sequential::new(vec![inside.into()])?)?.into()]
        }
        _ => vec![dense.activation(Activation::Softplus).into()],
    })
}

fn network(kinds: [usize; 2], inputs: usize, width: usize) -> Result<Network, Error> {
    let mut layers = hidden(kinds[0], inputs, width)?;
    layers.extend(hidden(kinds[1], width, width)?);
    layers.push(Dense::new(width, 3)?.into());
    Sequential::new(layers)
}

fn rule(index: usize) -> UpdateRule {
    match index % 6 {
        0 => Adam::new(1e-3).into(),
        1 => Sgd::new(0.01).momentum(0.9).weight_decay(0.01).into(),
        2 => AdamW::new(1e-3).into(),
        3 => Sgd::new(0.01).into(),
        4 => Lamb::new(1e-3).into(),
        _ => RmsProp::new(1e-3).into(),
    }
}

fn check<T: Real>(network: &Network, trainer: &Trainer<UpdateRule>, rows: usize, weighted: bool, seed: u64) {
    let mut rng = Rng::new(seed);
    let inputs = crate::layer::Shape::inputs(network);
    let x = DMatrix::<T>::from_fn(rows, inputs, |_, _| T::of(rng.standard_normal()));
    let y: Vec<usize> = (0..rows).map(|_| rng.below(3)).collect();
    let weights: Vec<T> = (0..rows).map(|_| T::of(rng.uniform(0.5, 2.0))).collect();
    let examples = Examples::new(&x, Targets::Classes(&y));
    let examples = if weighted { examples.weights(&weights) } else { examples };
    let trained = |threads| {
        with_awake(threads, || {
            let options = TrainOptions::default().validation(Examples::new(&x, Targets::Classes(&y)));
            let shared = SHARED.get();
            let mut trained = trainer.fit(network, SoftmaxCrossEntropy::new(), examples, options).unwrap();
            trained.history.epochs.iter_mut().for_each(|epoch| epoch.elapsed = Default::default());
            (trained, SHARED.get() - shared)
        })
    };
    let (alone, shared) = trained(1);
    assert_eq!(shared, 0);
    for threads in [2, 3, 4, 8] {
        let (beside, shared) = trained(threads);
        assert!(shared >= 6, "shared {shared} times on {threads} threads");
        assert!(beside == alone, "{trainer:?} on {threads} threads");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_number_of_threads_trains_the_same_network(
        kinds: [usize; 2], (inputs, width) in (60usize..300, 70usize..160), batch in 100usize..260,
        rule_index in 0usize..6, weighted: bool, accumulate in 1usize..3, seed: u64,
    ) {
        let network = network(kinds, inputs, width).unwrap();
        let trainer = Trainer::new(rule(rule_index)).batch_size(batch).epochs(2).seed(seed);
        let trainer = trainer.accumulate(accumulate).l2(0.01);
        check::<f32>(&network, &trainer, 300, weighted, seed);
        check::<f64>(&network, &trainer, 300, weighted, seed);
    }
}

/// The first layer of this network has enough weights that updates are shared, and the batches enough numbers that
/// their copies are.
#[test]
fn large_steps_have_the_bits_of_one_thread() {
    let network = network([0, 2], 500, 110).unwrap();
    for index in 0..6 {
        check::<f32>(&network, &Trainer::new(rule(index)).batch_size(200).epochs(2), 400, false, 1);
    }
}
