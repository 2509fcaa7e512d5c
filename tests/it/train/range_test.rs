//! The learning-rate range test.

use logit::nalgebra::DMatrix;
use logit::nn::{Examples, Gradient, Loss, RateRange, SoftmaxCrossEntropy, Targets, TrainOptions, Trainer};
use logit::{Error, Lbfgs, MlpClassifier, Sgd};

use super::kit::{Data, network};

#[test]
fn rates_grow_by_a_constant_factor_and_losses_are_those_of_the_batches() {
    let (data, network) = (Data::new(60, 1), network());
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
    let trainer = Trainer::new(Sgd::new(0.1)).batch_size(60);
    let loss = SoftmaxCrossEntropy::new();
    let range = RateRange::default().lowest(1e-3).highest(0.1).steps(21);
    let curve = trainer.find_learning_rate(&network, loss, examples, range).unwrap();
    assert_eq!(curve.rates.len(), 21);
    for (step, rate) in curve.rates.iter().enumerate() {
        approx::assert_relative_eq!(*rate, 10f64.powf(-3.0 + 0.1 * step as f64), max_relative = 1e-12);
    }
    // The first loss is that of the initial weights; the smoothed one starts there too.
    let still = Trainer::new(Sgd::new(1e-300)).batch_size(60).epochs(1);
    let first = still.fit(&network, loss, examples, TrainOptions::default()).unwrap();
    approx::assert_relative_eq!(curve.losses[0], first.report.objective, max_relative = 1e-12);
    approx::assert_relative_eq!(curve.smoothed[0], curve.losses[0], max_relative = 1e-12);
    let weights: Vec<f64> = (0..21).map(|step| 0.9f64.powi(20 - step)).collect();
    let mean =
        weights.iter().zip(&curve.losses).map(|(w, l)| w * l).sum::<f64>() / weights.iter().sum::<f64>();
    approx::assert_relative_eq!(curve.smoothed[20], mean, max_relative = 1e-12);
}

#[test]
fn it_ends_when_the_loss_has_blown_up_and_suggests_a_rate_that_trains() {
    let (data, network) = (Data::new(200, 2), network());
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
    let loss = SoftmaxCrossEntropy::new();
    let trainer = Trainer::new(Sgd::new(1.0)).epochs(20);
    let range = RateRange::default().highest(1e6).steps(150);
    let curve = trainer.find_learning_rate(&network, loss, examples, range).unwrap();
    assert!(curve.rates.len() < 150, "{curve}");
    let (steepest, careful) = (curve.steepest().unwrap(), curve.careful().unwrap());
    assert!(1e-3 < steepest && steepest < 10.0 && careful < steepest * 10.0, "{curve}");
    let trained = Trainer::new(Sgd::new(steepest))
        .epochs(20)
        .fit(&network, loss, examples, TrainOptions::default())
        .unwrap();
    assert!(trained.report.objective < 0.3, "{steepest}: {}", trained.report);
    assert!(curve.to_string().lines().count() <= 43, "{curve}");
}

#[test]
fn a_range_that_is_none_is_refused() {
    let data = Data::new(30, 3);
    for range in [
        RateRange::default().lowest(0.0),
        RateRange::default().highest(f64::INFINITY),
        RateRange::default().lowest(1.0).highest(1.0),
        RateRange::default().steps(1),
    ] {
        let error = MlpClassifier::new([3]).find_learning_rate(&data.x, &data.classes, range).unwrap_err();
        assert!(matches!(error, Error::InvalidParameter { .. }), "{error}");
    }
    let minimiser = MlpClassifier::new([3]).optimizer(Lbfgs::new());
    let error = minimiser.find_learning_rate(&data.x, &data.classes, RateRange::default()).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
}

/// Cross-entropy less five: a loss may be negative, as the logarithm of a density is.
#[derive(Debug, Clone, Copy)]
struct Lowered;

impl Loss<f64> for Lowered {
    fn score_columns(&self, classes: usize) -> usize {
        classes
    }
    fn accumulate(
        &self,
        scores: &DMatrix<f64>,
        targets: Targets<'_, f64>,
        weights: Option<&[f64]>,
        gradient: Option<Gradient<'_, f64>>,
    ) -> f64 {
        let sum = SoftmaxCrossEntropy::new().accumulate(scores, targets, weights, gradient);
        sum - 5.0 * scores.nrows() as f64
    }
    fn probabilities(&self, scores: &DMatrix<f64>, out: &mut DMatrix<f64>) {
        SoftmaxCrossEntropy::new().probabilities(scores, out);
    }
}

#[test]
fn a_negative_loss_has_not_blown_up() {
    let (data, network) = (Data::new(60, 4), network());
    let examples = Examples::new(&data.x, Targets::Classes(&data.classes));
    let trainer = Trainer::new(Sgd::new(0.1));
    let range = RateRange::default().highest(0.1).steps(50);
    let curve = trainer.find_learning_rate(&network, Lowered, examples, range).unwrap();
    assert_eq!(curve.losses.len(), 50, "{curve}");
    let far = RateRange::default().highest(1e6).steps(150);
    let curve = trainer.find_learning_rate(&network, Lowered, examples, far).unwrap();
    assert!(curve.losses.len() < 150, "{curve}");
}

/// The loss of a step is that before it, so few steps say little about the highest rates.
#[test]
fn few_steps_suggest_no_rate() {
    let data = Data::new(60, 5);
    for steps in 2..20 {
        let range = RateRange::default().steps(steps);
        let curve = MlpClassifier::new([3]).find_learning_rate(&data.x, &data.classes, range).unwrap();
        assert!(curve.losses.len() <= steps && curve.steepest().is_none() && curve.careful().is_none());
    }
    for steps in 20..40 {
        let range = RateRange::default().steps(steps);
        let curve = MlpClassifier::new([3]).find_learning_rate(&data.x, &data.classes, range).unwrap();
        let felt = curve.rates[curve.rates.len() - 2];
        assert!(curve.steepest().is_none_or(|rate| rate <= felt), "{curve}");
    }
}

/// Without weights between the columns and the scores, no rate changes the loss by more than rounding.
#[test]
fn a_constant_loss_suggests_no_rate() {
    let x: DMatrix<f64> = DMatrix::zeros(96, 4);
    let classes: Vec<usize> = (0..96).map(|row| row % 3).collect();
    let examples = Examples::new(&x, Targets::Classes(&classes));
    let trainer = Trainer::new(Sgd::new(0.1)).batch_size(96);
    let curve = trainer
        .find_learning_rate(network(), SoftmaxCrossEntropy::new(), examples, RateRange::default())
        .unwrap();
    assert_eq!((curve.losses.len(), curve.steepest(), curve.careful()), (100, None, None), "{curve}");
}

/// Many steps take seconds if the cost of a step does not grow with their number.
#[test]
fn the_cost_of_a_step_does_not_grow() {
    let (x, classes) = (DMatrix::from_element(1, 1, 1.0), [0]);
    let examples = Examples::new(&x, Targets::Classes(&classes));
    let line = logit::nn::Sequential::perceptron(&[1, 1], logit::Activation::Identity).unwrap();
    let range = RateRange::default().lowest(1e-9).highest(1e-3).steps(200_000);
    let start = std::time::Instant::now();
    let trainer = Trainer::new(Sgd::new(0.1)).batch_size(1);
    let curve = trainer.find_learning_rate(&line, logit::nn::BinaryCrossEntropy, examples, range).unwrap();
    assert_eq!(curve.losses.len(), 200_000);
    // 20 thousand million comparisons would take longer in any build.
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
