//! Early stopping: when training stops, and the weights that it keeps.

use std::ops::ControlFlow;

use logit::nn::{Checkpoint, MlpOptions, Normalization, StepOutcome};
use logit::optim::ReduceOnPlateau;
use logit::prelude::*;
use logit::{Activation, Adam, Error, MlpClassifier, Rng, Schedule, Sgd, StopReason, data};
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

/// The threshold decides when to stop, the lowest loss which weights are kept. Report, history and picture
/// name the same epoch.
#[test]
fn the_lowest_loss_decides_about_the_weights_and_the_threshold_about_the_end() {
    let iris = data::iris();
    let network = |patience, fall| {
        MlpClassifier::new([6])
            .optimizer(Adam::new(0.002))
            .epochs(200)
            .validation_fraction(0.3)
            .seed(5)
            .patience(patience)
            .min_improvement(fall)
    };
    for (patience, fall) in [(10, 0.1), (3, 0.01), (5, 1.0)] {
        let model = network(patience, fall).fit(&iris.x, &iris.y).unwrap();
        let (report, history) = (model.report(), model.history());
        let best = lowest(&report.validation_curve) + 1;
        assert_eq!(report.stop, StopReason::EarlyStopped);
        assert_eq!((report.best_epoch(), history.best_epoch()), (Some(best), Some(best)));
        assert_eq!(report.objective, report.objective_curve[best - 1]);
        let exactly = network(patience, 0.0).epochs(best).fit(&iris.x, &iris.y).unwrap();
        assert_eq!(model.params(), exactly.params());
        // The patience counts from the last epoch whose loss was lower by the threshold.
        let mut reference = (0, f64::INFINITY);
        for (index, &loss) in report.validation_curve.iter().enumerate() {
            if loss < reference.1 - fall {
                reference = (index + 1, loss);
            }
        }
        assert_eq!(history.epochs.len(), reference.0 + patience);
        assert!(best > reference.0, "a loss that falls slowly");
        let table = history.to_string();
        let marked = table.lines().find(|line| line.contains('*')).unwrap();
        assert_eq!(marked.split_whitespace().next(), Some(&*best.to_string()), "{table}");
        assert!(report.to_string().contains(&format!("weights of epoch {best}")), "{report}");
        #[cfg(feature = "plot")]
        {
            let picture = logit::plot::loss_curves(history).unwrap().to_svg().unwrap();
            assert!(picture.contains(&format!("best epoch: {best}<")), "{picture}");
        }

        // A checkpoint remembers both epochs.
        let network = network(patience, fall);
        let mut run = network.start(&iris.x, &iris.y, MlpOptions::default()).unwrap();
        let steps = 4 * (reference.0 + 1);
        (0..steps).for_each(|_| assert_ne!(run.step(), Ok(StepOutcome::Finished)));
        let stored = Checkpoint::from_bytes(&run.checkpoint().to_bytes().unwrap()).unwrap();
        assert_eq!(stored, run.checkpoint());
        let mut resumed = network.resume(&iris.x, &iris.y, MlpOptions::default(), stored).unwrap();
        resumed.run_to_end(|_| ControlFlow::Continue(())).unwrap();
        assert_eq!(resumed.finish(), model);
    }
}

/// With more patience, a run that stopped early goes on, as if it had had it from the start.
#[test]
fn more_patience_takes_a_run_further() {
    let iris = data::iris();
    let network = |patience| {
        MlpClassifier::new([6])
            .optimizer(Sgd::new(0.3).momentum(0.9))
            .batch_size(8)
            .epochs(300)
            .validation_fraction(0.3)
            .seed(3)
            .patience(patience)
    };
    let mut run = network(3).start(&iris.x, &iris.y, MlpOptions::default()).unwrap();
    run.run_to_end(|_| ControlFlow::Continue(())).unwrap();
    let checkpoint = Checkpoint::from_bytes(&run.checkpoint().to_bytes().unwrap()).unwrap();
    assert_eq!(checkpoint.stop(), Some(StopReason::EarlyStopped));
    let resume = |patience| {
        network(patience).resume(&iris.x, &iris.y, MlpOptions::default(), checkpoint.clone()).unwrap()
    };
    for patience in 1..=3 {
        let still = resume(patience);
        assert!(still.is_finished());
        assert_eq!(still.finish().report().stop, StopReason::EarlyStopped);
    }
    for patience in [4, 7, 50] {
        let mut further = resume(patience);
        assert!(!further.is_finished());
        further.run_to_end(|_| ControlFlow::Continue(())).unwrap();
        assert_eq!(further.finish(), network(patience).fit(&iris.x, &iris.y).unwrap());
    }
}

/// Runs observe losses, which are better if they are smaller.
#[test]
fn a_plateau_for_which_larger_is_better_is_refused() {
    let (x, y) = noisy();
    let larger = Schedule::reduce_on_plateau(ReduceOnPlateau::new(0.1, 2).larger_is_better());
    let smaller = Schedule::reduce_on_plateau(ReduceOnPlateau::new(0.1, 2));
    let chained = Schedule::linear_warmup(0.1, 5).times(larger.clone()).down_to(0.1);
    for (schedule, refused) in [(larger, true), (chained, true), (smaller, false)] {
        assert!(schedule.check().is_ok());
        let result = MlpClassifier::new([2]).epochs(2).schedule(schedule).fit(&x, &y);
        match result {
            Err(Error::Unsupported { .. }) => assert!(refused),
            other => assert!(!refused && other.is_ok()),
        }
    }
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
