//! Early stopping: when training stops, and the weights that it keeps.

use std::ops::ControlFlow;

use logit::nn::{Checkpoint, MlpOptions, Normalization, StepOutcome};
use logit::prelude::*;
use logit::{Activation, Adam, Error, MlpClassifier, Rng, Sgd, StopReason};
use nalgebra::DMatrix;

/// Labels that are half noise: a large network soon learns the noise, and validation rows tell.
fn noisy() -> (DMatrix<f64>, Vec<bool>) {
    let mut rng = Rng::new(8);
    let x = DMatrix::from_fn(200, 5, |_, _| rng.standard_normal());
    let y = (0..200).map(|row| x[(row, 0)] + 1.5 * rng.standard_normal() > 0.0).collect();
    (x, y)
}

fn network() -> MlpClassifier {
    MlpClassifier::new([40]).optimizer(Adam::new(0.01)).validation_fraction(0.3).patience(5).seed(2)
}

fn lowest(curve: &[f64]) -> usize {
    (0..curve.len()).min_by(|&a, &b| curve[a].total_cmp(&curve[b])).unwrap()
}

#[test]
fn the_weights_of_the_best_epoch_are_kept() {
    let (x, y) = noisy();
    let model = network().fit(&x, &y).unwrap();
    let report = model.report();
    let best = lowest(&report.validation_curve);
    assert_eq!(report.stop, StopReason::EarlyStopped);
    assert_eq!(report.iterations, best + 1 + 5, "five epochs after the best");
    assert_eq!(report.objective, report.objective_curve[best]);

    // Training for just as many epochs ends with the same weights.
    let exactly = network().epochs(best + 1).fit(&x, &y).unwrap();
    assert_eq!(exactly.report().stop, StopReason::IterationLimit);
    assert_eq!(model.params(), exactly.params());
    let further = network().epochs(best + 3).fit(&x, &y).unwrap();
    assert_eq!(model.params(), further.params());
}

/// Running statistics belong to the weights: those of the best epoch come back too, also from a checkpoint
/// inside a later epoch.
#[test]
fn the_running_statistics_of_the_best_epoch_are_kept() {
    let (x, y) = noisy();
    let network = network().normalization(Normalization::Batch).dropout(0.2);
    let model = network.fit(&x, &y).unwrap();
    let best = lowest(&model.report().validation_curve) + 1;
    assert_eq!(model.report().stop, StopReason::EarlyStopped);
    let exactly = network.clone().epochs(best).fit(&x, &y).unwrap();
    assert_eq!(model.statistics(), exactly.statistics());
    assert_eq!(model.predict_proba(&x), exactly.predict_proba(&x));
    let further = network.clone().epochs(best + 1).fit(&x, &y).unwrap();
    assert_eq!(further.statistics(), exactly.statistics());

    let mut run = network.start(&x, &y, MlpOptions::default()).unwrap();
    let steps = 140usize.div_ceil(32) * best + 3;
    (0..steps).for_each(|_| assert_ne!(run.step(), Ok(StepOutcome::Finished)));
    let stored = Checkpoint::from_bytes(&run.checkpoint().to_bytes().unwrap()).unwrap();
    assert_eq!(stored.clone().finish().statistics, exactly.statistics());
    let mut resumed = network.resume(&x, &y, MlpOptions::default(), stored).unwrap();
    resumed.run_to_end(|_| ControlFlow::Continue(())).unwrap();
    assert_eq!(resumed.finish(), model);
}

#[test]
fn without_validation_rows_all_epochs_run() {
    let (x, y) = noisy();
    let model = MlpClassifier::new([4]).epochs(7).fit(&x, &y).unwrap();
    let report = model.report();
    assert_eq!((report.stop, report.iterations), (StopReason::IterationLimit, 7));
    assert_eq!((report.objective_curve.len(), report.validation_curve.len()), (7, 0));
    assert_eq!(report.evaluations, 7 * 200usize.div_ceil(32));
}

#[test]
fn divergence_keeps_the_last_finite_weights() {
    let (x, y) = noisy();
    for rate in [1e6, 1e150] {
        let network = |epochs| {
            let leaky = Activation::LeakyRelu(0.1);
            MlpClassifier::new([8, 8])
                .activation(leaky)
                .optimizer(Sgd::new(rate))
                .epochs(epochs)
                .fit(&x, &y)
                .unwrap()
        };
        let model = network(50);
        let report = model.report();
        assert_eq!(report.stop, StopReason::Diverged, "{report}");
        assert!(report.iterations < 50 && model.params().iter().all(|p| p.is_finite()));
        // The weights of the last whole epoch are kept, or the initial ones.
        if report.iterations == 0 {
            assert!(model.score(&x, &y).is_ok());
            assert_eq!(report.objective, f64::INFINITY);
        } else {
            assert_eq!(network(report.iterations).params(), model.params());
        }
    }
}

#[test]
fn an_observer_stops_training_within_an_epoch() {
    let (x, y) = noisy();
    let mut seen = Vec::new();
    let model = network()
        .fit_observed(&x, &y, |progress| {
            seen.push((progress.iteration, progress.validation.is_some()));
            if progress.iteration == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert_eq!(seen, [(1, true), (2, true), (3, true)]);
    assert_eq!((model.report().stop, model.report().iterations), (StopReason::Cancelled, 3));
}

#[test]
fn a_class_too_small_for_two_sides_is_named() {
    let (x, _) = noisy();
    let y: Vec<&str> = (0..200).map(|row| if row == 7 { "rare" } else { "common" }).collect();
    let error = network().fit(&x, &y).unwrap_err();
    assert!(matches!(&error, Error::SplitTooSmall { members: 1, .. }), "{error}");
    assert!(error.to_string().contains("rare"), "{error}");
}
