//! Runs that become infinite or NaN.

use std::ops::ControlFlow;

use logit::nalgebra::DMatrix;
use logit::nn::{
    AnyLayer, BatchNorm, Checkpoint, Dense, Examples, Loss, Sequential, SoftmaxCrossEntropy, StepOutcome,
    Targets, TrainOptions, Trained, Trainer,
};
use logit::optim::{Optimizer, Step};
use logit::prelude::*;
use logit::report::NonFinite;
use logit::{Activation, MlpClassifier, Real, Rng, Sgd, StopReason};

use super::kit::{Data, bits, network};

fn fit<O: Optimizer<f64> + Clone>(trainer: &Trainer<O>, data: &Data) -> Trained<f64> {
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
    let network = Sequential::perceptron(&[4, 6, 3], Activation::LeakyRelu(0.1)).expect("valid sizes");
    trainer.fit(&network, SoftmaxCrossEntropy::new(), examples, TrainOptions::default()).expect("a fit")
}

/// The parameters after this number of steps, and the loss of the next batch.
fn after(steps: u64, trainer: &Trainer<Sgd>, data: &Data) -> Vec<f64> {
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
    let network = Sequential::perceptron(&[4, 6, 3], Activation::LeakyRelu(0.1)).expect("valid sizes");
    let loss = SoftmaxCrossEntropy::new();
    let mut run = trainer.start(&network, loss, examples, TrainOptions::default()).expect("a run");
    for _ in 0..steps {
        run.step().expect("a step");
    }
    run.params().to_vec()
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run_at_its_step() {
    let data = Data::new(40, 2);
    for (rate, batch_size) in [(1e6, 8), (1e80, 8), (1e150, 8), (1e40, 40), (1e160, 40)] {
        let trainer = Trainer::new(Sgd::new(rate)).batch_size(batch_size).epochs(60);
        let Trained { params, report, history, .. } = fit(&trainer, &data);
        assert_eq!(report.stop, StopReason::Diverged, "{rate}: {report}");
        let divergence = report.divergence.expect("an account of it");
        assert_eq!(report.iterations, history.epochs.len());
        assert_eq!(divergence.epoch, report.iterations + 1, "no further epochs: {report}");
        assert!(params.iter().all(|p| p.is_finite()), "{rate}");
        // The weights are those from before the step that led out.
        let kept = match divergence.what {
            NonFinite::Loss => divergence.step.saturating_sub(2),
            _ => divergence.step - 1,
        };
        assert_eq!(bits(&params), bits(&after(kept, &trainer, &data)), "{rate}: {report}");
        let text = report.to_string();
        assert!(
            text.contains(&format!("at step {} (epoch {})", divergence.step, divergence.epoch)),
            "{text}"
        );
    }
}

/// Plain gradient descent whose tenth step writes a NaN into the last layer.
#[derive(Debug, Clone)]
struct Faulty;

impl<T: Real> Optimizer<T> for Faulty {
    fn learning_rate(&self) -> f64 {
        0.1
    }
    fn state(&self, _parameters: usize) -> Vec<T> {
        Vec::new()
    }
    fn step(&self, step: Step<'_>, params: &mut [T], grad: &[T], _state: &mut [T]) {
        for (p, g) in params.iter_mut().zip(grad) {
            *p -= T::of(step.learning_rate) * *g;
        }
        if step.number == 10 {
            params[40] = T::of(f64::NAN);
        }
    }
}

#[test]
fn the_layer_whose_parameters_broke_is_named() {
    let data = Data::new(40, 3);
    let trained = fit(&Trainer::new(Faulty).batch_size(10).epochs(9), &data);
    let divergence = trained.report.divergence.expect("an account of it");
    assert_eq!((divergence.step, divergence.epoch), (10, 3));
    assert_eq!(divergence.what, NonFinite::Parameters { layer: 1 });
    let before = after(9, &Trainer::new(Sgd::new(0.1)).batch_size(10).epochs(9), &data);
    assert_eq!(bits(&trained.params), bits(&before));
    assert_eq!(trained.report.iterations, 2);
}

/// Finite losses, and an infinite gradient for targets of class 2.
#[derive(Debug, Clone, Copy)]
struct Steep(usize);

impl Loss<f64> for Steep {
    fn score_columns(&self, classes: usize) -> usize {
        classes
    }
    fn accumulate(
        &self,
        scores: &DMatrix<f64>,
        targets: Targets<'_, f64>,
        weights: Option<&[f64]>,
        gradient: Option<logit::nn::Gradient<'_, f64>>,
    ) -> f64 {
        let Some(gradient) = gradient else { return 1.0 };
        let scale = gradient.scale;
        let sum = SoftmaxCrossEntropy::new().accumulate(
            scores,
            targets,
            weights,
            Some(logit::nn::Gradient { scale, out: &mut *gradient.out }),
        );
        if scores.nrows() == self.0 {
            gradient.out[0] = f64::INFINITY;
        }
        sum
    }
    fn probabilities(&self, scores: &DMatrix<f64>, out: &mut DMatrix<f64>) {
        out.copy_from(scores);
    }
}

#[test]
fn the_layer_whose_gradient_broke_is_named() {
    let data = Data::new(43, 4);
    let network = network();
    let trainer = Trainer::new(Sgd::new(0.1)).batch_size(10).epochs(9);
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
    // The last batch of an epoch has three rows.
    let trained = trainer.fit(&network, Steep(3), examples, TrainOptions::default()).expect("a fit");
    let divergence = trained.report.divergence.expect("an account of it");
    assert_eq!((divergence.step, divergence.epoch), (5, 1));
    assert!(matches!(divergence.what, NonFinite::Gradient { .. }), "{divergence}");
    assert!(trained.params.iter().all(|p| p.is_finite()) && trained.history.epochs.is_empty());
}

#[test]
fn with_validation_rows_the_best_weights_are_kept() {
    let data = Data::new(60, 5);
    let network = network();
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
    let fit = |epochs| {
        let trainer = Trainer::new(Faulty).batch_size(20).epochs(epochs).patience(50);
        let options = TrainOptions::default().validation(examples);
        trainer.fit(&network, SoftmaxCrossEntropy::new(), examples, options).expect("a fit")
    };
    let (broken, best) = (fit(50), fit(3));
    assert_eq!(broken.report.divergence.map(|at| at.step), Some(10));
    assert_eq!(best.report.stop, StopReason::IterationLimit);
    assert_eq!(bits(&broken.params), bits(&best.params));
    assert_eq!(broken.report.objective, best.report.objective);
}

#[test]
fn the_classifier_reports_it_and_can_still_predict() {
    let data = Data::new(40, 6);
    let model = MlpClassifier::new([6]).optimizer(Sgd::new(1e6)).epochs(80).fit(&data.x, &data.classes);
    let report = model.expect("a model").report().clone();
    assert!(report.stop != StopReason::Diverged || report.divergence.is_some());
}

/// Gradient descent whose tenth step writes a huge but finite weight.
#[derive(Debug, Clone)]
struct Reckless;

impl<T: Real> Optimizer<T> for Reckless {
    fn learning_rate(&self) -> f64 {
        0.1
    }
    fn state(&self, _parameters: usize) -> Vec<T> {
        Vec::new()
    }
    fn step(&self, step: Step<'_>, params: &mut [T], _grad: &[T], _state: &mut [T]) {
        if step.number == 10 {
            params[0] = T::of(1e200);
        }
    }
}

/// The validation rows are far out: their scores overflow where those of the training rows are finite.
#[test]
fn a_validation_loss_that_is_not_finite_ends_the_run_and_shows_no_epoch_twice() {
    let data = Data::new(40, 7);
    let far = &data.x * 1e150;
    let network = Sequential::perceptron(&[4, 3], Activation::Identity).expect("valid sizes");
    let train = Examples::new(&data.x, Targets::Classes(&data.classes));
    let options = || TrainOptions::default().validation(Examples::new(&far, Targets::Classes(&data.classes)));
    let trainer = Trainer::new(Reckless).batch_size(10).epochs(9);
    let mut seen = Vec::new();
    let trained = trainer.fit_observed(&network, SoftmaxCrossEntropy::new(), train, options(), |epoch| {
        seen.push(epoch.number);
        if seen.len() > 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let report = trained.expect("a fit").report;
    assert_eq!((report.stop, seen), (StopReason::Diverged, vec![1, 2]));
    let divergence = report.divergence.expect("an account of it");
    assert_eq!((divergence.step, divergence.epoch, divergence.what), (12, 3, NonFinite::ValidationLoss));

    let mut run = trainer.start(&network, SoftmaxCrossEntropy::new(), train, options()).expect("a run");
    let steps: Vec<StepOutcome> = (0..13).map(|_| run.step().expect("a step")).collect();
    assert_eq!(steps[3..5], [StepOutcome::Epoch, StepOutcome::Step]);
    assert_eq!(steps[11..], [StepOutcome::Finished; 2]);
}

/// In single precision the variance of these columns is infinite; normalised by their batch they look
/// healthy.
#[test]
fn running_statistics_that_are_not_finite_stop_the_run() {
    let mut rng = Rng::new(8);
    let x = DMatrix::from_fn(30, 2, |_, _| (1e25 * rng.standard_normal()) as f32);
    let classes: Vec<usize> = (0..30).map(|row| usize::from(x[(row, 0)] > 0.0)).collect();
    let layers = vec![BatchNorm::new(2).expect("a width").into(), Dense::new(2, 2).expect("a width").into()];
    let network = Sequential::<AnyLayer>::new(layers).expect("fitting sizes");
    let trainer = Trainer::new(Sgd::new(0.1)).batch_size(10).epochs(5);
    let examples = Examples::new(&x, Targets::Classes(&classes));
    let trained = trainer.fit(&network, SoftmaxCrossEntropy::new(), examples, TrainOptions::default());
    let trained = trained.expect("a fit");
    let divergence = trained.report.divergence.expect("an account of it");
    assert_eq!((divergence.step, divergence.epoch, divergence.what), (1, 1, NonFinite::Statistics));
    assert_eq!(divergence.to_string(), "the running statistics at step 1 (epoch 1)");
    assert_eq!(trained.statistics, [0.0, 0.0, 1.0, 1.0]);
    assert!(trained.scores(&network, &x).is_ok());

    let checkpoint = {
        let mut run = trainer
            .start(&network, SoftmaxCrossEntropy::new(), examples, TrainOptions::default())
            .expect("a run");
        while run.step().expect("a step") != StepOutcome::Finished {}
        run.checkpoint()
    };
    assert_eq!(Checkpoint::from_bytes(&checkpoint.to_bytes().expect("bytes")), Ok(checkpoint));
}
