//! Analytic gradients against finite differences, in training and in prediction.

use logit::{AnyLayer, BatchNorm, GradCheck, Layer, Mode, Rng, Shape};
use proptest::prelude::*;

use crate::kit::{MODES, every_kind, normal, parameters, prepared, random_chain};

fn tight() -> GradCheck {
    GradCheck::new().relative_tolerance(1e-8).absolute_tolerance(1e-9)
}

fn check(layer: &impl Layer<f64>, rows: usize, mode: Mode, seed: u64) -> Result<(), TestCaseError> {
    let mut rng = Rng::new(seed);
    let params = parameters(layer, &mut rng);
    let x = normal(rows, layer.inputs(), &mut rng);
    let mut tape = prepared(layer, rows, mode, &mut rng);
    let agreement = tight().seed(seed).layer_on(layer, &params, &x, &mut tape);
    prop_assert!(agreement.is_ok(), "{}, {mode:?}: {}", layer.describe(), agreement.unwrap_err());
    let agreement = agreement.unwrap();
    prop_assert_eq!(agreement.entries, params.len() + x.len());
    prop_assert_eq!(agreement.kinks, 0);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn of_every_kind_of_layer(rows in 1usize..20, width in 1usize..8, epsilon in 0.1f64..1.0, seed: u64) {
        for layer in every_kind(width, epsilon) {
            for mode in MODES {
                check(&layer, rows, mode, seed)?;
            }
        }
    }

    #[test]
    fn of_random_chains_with_chains_and_residual_blocks_inside(
        rows in 1usize..10, inputs in 1usize..6, seed: u64,
    ) {
        let network = random_chain(inputs, 2, &mut Rng::new(seed));
        for mode in MODES {
            check(&network, rows, mode, seed)?;
        }
    }

    /// Many rows and columns, so that all lanes, blocks and remainders occur; the usual epsilon.
    #[test]
    fn of_normalisation_of_many_rows_and_columns(rows in 60usize..140, width in 12usize..20, seed: u64) {
        for layer in every_kind(width, 1e-5) {
            let mut rng = Rng::new(seed);
            let params = parameters(&layer, &mut rng);
            let x = normal(rows, width, &mut rng);
            let mut tape = prepared(&layer, rows, Mode::Train, &mut rng);
            let agreement = tight().max_entries(40).seed(seed).layer_on(&layer, &params, &x, &mut tape);
            prop_assert!(agreement.is_ok(), "{}: {}", layer.describe(), agreement.unwrap_err());
        }
    }
}

/// Without the mode, the same layer is another function: the check would not notice a mode that is ignored.
#[test]
fn training_and_prediction_differ_where_they_should() {
    let mut rng = Rng::new(1);
    for layer in every_kind(4, 1e-5) {
        let params = parameters(&layer, &mut rng);
        let x = normal(6, 4, &mut rng);
        let [evaluated, trained] = MODES.map(|mode| {
            let mut tape = prepared(&layer, 6, mode, &mut Rng::new(2));
            layer.forward(&params, &x, &mut tape);
            tape.output().clone()
        });
        let differ = matches!(layer, AnyLayer::Dropout(_) | AnyLayer::BatchNorm(_));
        assert_eq!(evaluated != trained, differ, "{}", layer.describe());
    }
}

/// A layer with a learned scale and shift has as many parameters as it says, none of them penalised.
#[test]
fn scales_and_shifts_are_spared_by_penalties() {
    for layer in every_kind(5, 1e-5) {
        let penalized: usize = layer.penalized().iter().map(ExactSizeIterator::len).sum();
        let (count, wanted) = match &layer {
            AnyLayer::Dense(_) => (30, 25),
            AnyLayer::Sequential(_) | AnyLayer::Residual(_) => (38, 30),
            AnyLayer::Dropout(_) => (0, 0),
            _ => (layer.parameter_count(), 0),
        };
        assert_eq!((layer.parameter_count(), penalized), (count, wanted), "{}", layer.describe());
    }
    let layer = BatchNorm::new(5).unwrap();
    assert_eq!([layer.parameter_count(), layer.affine(false).parameter_count()], [10, 0]);
}
