//! Your own layers and loss as a classifier, and networks with known parameters.

use logit::metrics::Accuracy;
use logit::nalgebra::{DMatrix, dmatrix};
use logit::nn::{
    BinaryCrossEntropy, Dense, Examples, FittedNetwork, Gradient, Layer, Link, Loss, NetworkClassifier,
    Sequential, Shape, SoftmaxCrossEntropy, Tape, Targets, TrainOptions, Trained, Trainer,
};
use logit::prelude::*;
use logit::select::Splitter;
use logit::{
    Activation, Adam, ClassWeight, CrossValidation, Error, FittedMlp, MlpClassifier, OneVsRest, Pipeline,
    Real, Rng, Scratch, StandardScaler, StopReason, data,
};

/// Each column times its square: a layer without parameters.
#[derive(Debug, Clone, PartialEq)]
struct Cubes(usize);

impl Shape for Cubes {
    fn inputs(&self) -> usize {
        self.0
    }
    fn outputs(&self) -> usize {
        self.0
    }
    fn parameter_count(&self) -> usize {
        0
    }
}

impl<T: Real> Layer<T> for Cubes {
    fn init(&self, _: &mut [T], _: &mut Rng) {}
    fn tape(&self, rows: usize) -> Tape<T> {
        Tape::new(rows, self.0)
    }
    fn forward(&self, _: &[T], x: &DMatrix<T>, tape: &mut Tape<T>) {
        tape.output_mut().copy_from(&x.map(|v| v * v * v));
    }
    fn backward(
        &self,
        _: &[T],
        x: &DMatrix<T>,
        tape: &mut Tape<T>,
        _: &mut [T],
        dx: Option<&mut DMatrix<T>>,
    ) {
        if let Some(dx) = dx {
            dx.copy_from(&x.zip_map(tape.output_gradient(), |v, d| T::of(3.0) * v * v * d));
        }
    }
}

/// Squared distance of tanh(z) from -1 and 1: probabilities that are no logistic function of the score.
#[derive(Debug, Clone, PartialEq)]
struct TanhError;

impl<T: Real> Loss<T> for TanhError {
    fn score_columns(&self, _: usize) -> usize {
        1
    }
    fn accumulate(
        &self,
        scores: &DMatrix<T>,
        targets: Targets<'_, T>,
        weights: Option<&[T]>,
        mut gradient: Option<Gradient<'_, T>>,
    ) -> f64 {
        let mut sum = 0.0;
        for row in 0..scores.nrows() {
            let weight = weights.map_or(T::one(), |w| w[row]);
            let (t, y) = (scores[row].tanh(), T::of(2.0) * targets.value(row, 0, 1) - T::one());
            sum += (weight * (t - y) * (t - y)).as_f64();
            if let Some(gradient) = &mut gradient {
                gradient.out[row] = gradient.scale * weight * T::of(2.0) * (t - y) * (T::one() - t * t);
            }
        }
        sum
    }
    fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
        for row in 0..scores.nrows() {
            let p = (T::one() + scores[row].tanh()) / T::of(2.0);
            (out[(row, 0)], out[(row, 1)]) = (T::one() - p, p);
        }
    }
}

type Boxed = Sequential<Box<dyn Layer<f64>>>;

fn cubic(inputs: usize, outputs: usize) -> Result<Boxed, Error> {
    let cubes: Box<dyn Layer<f64>> = Box::new(Cubes(inputs));
    Sequential::new(vec![cubes, Box::new(Dense::new(inputs, outputs)?)])
}

fn trainer() -> Trainer<Adam> {
    Trainer::new(Adam::new(0.05)).epochs(40)
}

/// Two classes of iris that overlap.
fn two_species() -> (DMatrix<f64>, Vec<&'static str>) {
    let iris = data::iris();
    (iris.x.rows(50, 100).into_owned(), iris.y[50..].to_vec())
}

#[test]
fn own_layers_and_an_own_loss_go_wherever_a_classifier_goes() {
    let (x, y) = two_species();
    let own = NetworkClassifier::new(trainer(), cubic, TanhError);
    let pipeline = Pipeline::new(StandardScaler::new(), own.clone());
    let model = pipeline.fit(&x, &y).unwrap();
    assert!(model.score(&x, &y).unwrap() > 0.9);

    let folds = CrossValidation::new(Splitter::Stratified { k: 4, seed: 1 }).metric("accuracy", Accuracy);
    let scores = folds.run(&pipeline, &x, &y).unwrap();
    assert!(scores.mean("accuracy").unwrap() > 0.85, "{scores}");

    let iris = data::iris();
    let rest = Pipeline::new(StandardScaler::new(), OneVsRest::new(own)).fit(&iris.x, &iris.y).unwrap();
    assert!(rest.score(&iris.x, &iris.y).unwrap() > 0.8);

    let shared: Box<dyn Classifier<f64, Label = &str>> = Box::new(model);
    assert_eq!(shared.report().unwrap().stop, StopReason::IterationLimit);
}

#[test]
fn what_a_network_says_of_rows_agrees() {
    let (x, y) = two_species();
    let weights = ClassWeight::map([("virginica", 2.0)]);
    let own =
        NetworkClassifier::new(trainer(), cubic, TanhError).class_weight(weights).validation_fraction(0.2);
    let model = own.fit(&(&x / 5.0), &y).unwrap();
    let x = &x / 5.0;
    let (scores, p) = (model.decision_function(&x).unwrap(), model.predict_proba(&x).unwrap());
    let log_p = model.predict_log_proba(&x).unwrap();
    let found = model.predict(&x).unwrap();
    let mut scratch = Scratch::new();
    for row in 0..x.nrows() {
        assert_eq!(scores[row], p[(row, 1)] - p[(row, 0)], "the link is unknown");
        assert_eq!(log_p[(row, 0)], p[(row, 0)].ln());
        assert_eq!(found[row], model.classes()[usize::from(p[(row, 1)] > p[(row, 0)])]);
        let entries: Vec<f64> = x.row(row).iter().copied().collect();
        assert_eq!(*model.predict_row(&entries, &mut scratch).unwrap(), found[row]);
    }
    assert_eq!(model.history().epochs.len(), model.report().iterations);
    assert!(model.history().epochs[0].validation_loss.is_some());
}

/// A network of the crate's layers is the same whichever way it is trained.
#[test]
fn the_perceptron_is_one_of_them() {
    let iris = data::iris();
    let plain = MlpClassifier::new([6]).activation(Activation::Tanh).optimizer(Adam::new(0.05)).epochs(5);
    let wanted = plain.clone().seed(3).validation_fraction(0.3).fit(&iris.x, &iris.y).unwrap();
    let build = |inputs, outputs| Sequential::perceptron(&[inputs, 6, outputs], Activation::Tanh);
    let trainer = Trainer::new(Adam::new(0.05)).epochs(5).seed(3);
    let own = NetworkClassifier::new(trainer, build, SoftmaxCrossEntropy::new()).validation_fraction(0.3);
    let found = own.fit(&iris.x, &iris.y).unwrap();
    assert_eq!(found.params(), wanted.params());
    assert_eq!(found.predict_proba(&iris.x).unwrap(), wanted.predict_proba(&iris.x).unwrap());
    assert_eq!(found.decision_function(&iris.x).unwrap(), wanted.decision_function(&iris.x).unwrap());
    assert_eq!(found.predict_log_proba(&iris.x).unwrap(), wanted.predict_log_proba(&iris.x).unwrap());
}

/// Memory of one model is not taken for that of another.
#[test]
fn models_share_a_scratch() {
    let network = |hidden: usize| {
        let sizes = [1, hidden, 1];
        let network = Sequential::perceptron(&sizes, Activation::Tanh).unwrap();
        let params: Vec<f64> = (0..3 * hidden + 1).map(|at| (at as f64).sin()).collect();
        FittedMlp::from_parameters(network, BinaryCrossEntropy, ["no", "yes"], params, []).unwrap()
    };
    let mut scratch = Scratch::new();
    let mut p = [0.0; 2];
    for hidden in [2, 3, 2, 4] {
        let model = network(hidden);
        model.probabilities_row(&[0.7], &mut p, &mut scratch).unwrap();
        assert_eq!(p.as_slice(), model.predict_proba(&dmatrix![0.7]).unwrap().as_slice());
    }
}

#[test]
fn known_parameters_are_the_model_that_had_them() {
    let iris = data::iris();
    let fitted = MlpClassifier::new([5])
        .normalization(logit::nn::Normalization::Batch)
        .epochs(3)
        .fit(&iris.x, &iris.y)
        .unwrap();
    let (network, loss) = (fitted.network().clone(), fitted.loss().clone());
    let classes = fitted.classes().to_vec();
    let given =
        FittedMlp::from_parameters(network, loss, classes, fitted.params(), fitted.statistics()).unwrap();
    assert_eq!(given.report().stop, StopReason::Given);
    assert_eq!(given.predict_proba(&iris.x).unwrap(), fitted.predict_proba(&iris.x).unwrap());
    let loaded = FittedMlp::<f64, String>::from_bytes(&given.to_bytes().unwrap()).unwrap();
    assert_eq!(loaded.predict_proba(&iris.x).unwrap(), given.predict_proba(&iris.x).unwrap());
}

#[test]
fn parameters_that_do_not_fit_are_refused() {
    let refused = |sizes: &[usize], classes: &[&'static str], params: Vec<f64>, statistics: Vec<f64>| {
        let network = Sequential::perceptron(sizes, Activation::Relu).unwrap();
        FittedMlp::from_parameters(network, BinaryCrossEntropy, classes, params, statistics).unwrap_err()
    };
    let outputs = |expected, found| Error::NetworkOutputs { classes: 3, expected, found };
    let count = |argument, axis, expected, found| Error::ShapeMismatch { argument, axis, expected, found };
    assert_eq!(refused(&[2, 1], &["a", "b"], vec![0.0; 2], vec![]), count("params", "entries", 3, 2));
    assert_eq!(refused(&[2, 1], &["a", "b", "c"], vec![0.0; 3], vec![]), outputs(3, 1));
    assert_eq!(refused(&[2, 1], &["a", "b"], vec![0.0; 3], vec![1.0]), count("statistics", "entries", 0, 1));
    assert_eq!(refused(&[2, 1], &["a"], vec![0.0; 3], vec![]), Error::OneClass { label: "\"a\"".into() });
    assert!(matches!(refused(&[2, 1], &["b", "a"], vec![0.0; 3], vec![]), Error::UnsortedClasses { .. }));
    let infinite = refused(&[2, 1], &["a", "b"], vec![0.0, f64::INFINITY, 0.0], vec![]);
    assert!(matches!(infinite, Error::NotFinite { argument: "params", row: 1, .. }), "{infinite}");
}

#[test]
fn losses_that_are_no_distribution_and_wrong_outputs_are_refused() {
    let iris = data::iris();
    let build = |inputs, outputs| Sequential::perceptron(&[inputs, outputs], Activation::Relu);
    let error =
        NetworkClassifier::new(trainer(), build, BinaryCrossEntropy).fit(&iris.x, &iris.y).unwrap_err();
    assert!(error.to_string().contains("do not sum to 1"), "{error}");
    let narrow = |inputs, _| Sequential::perceptron(&[inputs, 2], Activation::Relu);
    let error = NetworkClassifier::new(trainer(), narrow, SoftmaxCrossEntropy::new()).fit(&iris.x, &iris.y);
    let wanted = "the network has 2 outputs, but its loss needs 3 for 3 classes: change the last layer";
    assert_eq!(error.unwrap_err().to_string(), wanted);
    let trained = Trained::from_parameters(vec![0.0; 15]);
    let network = Sequential::perceptron(&[4, 3], Activation::Relu).unwrap();
    let error = trained.into_classifier(network, BinaryCrossEntropy, ["a", "b", "c"]).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
}

#[test]
fn a_run_becomes_a_classifier() {
    let (x, y) = two_species();
    let x = &x / 5.0;
    let indices: Vec<usize> = y.iter().map(|&label| usize::from(label == "virginica")).collect();
    let examples = Examples::new(&x, Targets::Classes(&indices));
    let network = cubic(4, 1).unwrap();
    let trained = trainer().fit(&network, TanhError, examples, TrainOptions::new()).unwrap();
    let scores = trained.scores(&network, &x).unwrap();
    let model: FittedNetwork<f64, &str, _, _> =
        trained.into_classifier(network, TanhError, ["versicolor", "virginica"]).unwrap();
    let p = model.predict_proba(&x).unwrap();
    for row in 0..x.nrows() {
        approx::assert_relative_eq!(p[(row, 1)], (1.0 + scores[row].tanh()) / 2.0, max_relative = 1e-12);
    }
    assert_eq!(Loss::<f64>::link(model.loss(), 1), Link::Unknown);
}
