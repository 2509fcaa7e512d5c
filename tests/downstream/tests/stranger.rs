//! What a user who has read the README and the API documentation does.

use std::ops::Range;

use downstream::{Sequence, SquaredHinge, Swish};
use logit::decide::FittedThreshold;
use logit::nn::{Dense, Layer, Loss, Sequential, Shape, SoftmaxCrossEntropy, Targets};
use logit::optim::{Optimizer, Step};
use logit::parallel::{Exchange, ranks};
use logit::prelude::*;
use logit::source::{RowBlock, RowSource};
use logit::{
    Activation, Adam, Error, FittedLogistic, GradCheck, LogisticRegression, MlpClassifier, Penalty, Rng,
    StopReason, data,
};
use nalgebra::{DMatrix, dmatrix, dvector};

fn names() -> (DMatrix<f64>, Vec<String>) {
    let iris = data::iris();
    (iris.x, iris.y.into_iter().map(String::from).collect())
}

#[test]
fn both_models_fit_string_labels() -> Result<(), Error> {
    let (x, y) = names();
    let logistic = LogisticRegression::new(Penalty::c(1.0)).fit(&x, &y)?;
    let network = MlpClassifier::new([10]).optimizer(Adam::new(0.01)).epochs(150).seed(3).fit(&x, &y)?;
    let models: [Box<dyn Classifier<f64, Label = String>>; 2] = [Box::new(logistic), Box::new(network)];
    for model in models {
        assert_eq!(model.classes(), ["setosa", "versicolor", "virginica"]);
        assert!(model.score(&x, &y)? > 0.95);
        assert_eq!(model.predict_proba(&x)?.shape(), (150, 3));
    }
    Ok(())
}

/// Without features that the crate has only for its own tests.
#[test]
fn saved_settings_come_back_to_the_last_digit() -> Result<(), Error> {
    let mut rng = Rng::new(7);
    let model = FittedLogistic::from_coefficients(vec![false, true], dmatrix![1.0], dvector![0.0])?;
    for _ in 0..1000 {
        let model = FittedThreshold::new(model.clone(), rng.uniform(0.0, 1.0))?;
        assert_eq!(FittedThreshold::from_bytes(&model.to_bytes()?)?, model);
    }
    Ok(())
}

/// In memory, read block by block, and on two ranks that share the rows by number.
#[test]
fn a_source_of_ones_own_is_fitted() -> Result<(), Error> {
    let source = Sequence { rows: 20_000 };
    let mut all = RowBlock::for_rows(&source, 20_000);
    source.read(0..20_000, &mut all).expect("rows that are computed");
    let config = LogisticRegression::new(Penalty::None);
    let wanted = config.fit(&all.x().into_owned(), all.labels())?;
    assert!(wanted.score(&all.x().into_owned(), all.labels())? > 0.7);
    assert_eq!(config.fit_source(&source)?, wanted);
    let halves = ranks(2, |own| {
        let half = Half { source: &source, first: 10_000 * own.rank() };
        config.fit_ranks(&half, own)
    })?;
    for model in halves {
        assert_eq!(model?.coefficients(), wanted.coefficients());
    }
    Ok(())
}

/// Ten thousand rows of a source, with labels that other processes can read.
struct Half<'a> {
    source: &'a Sequence,
    first: usize,
}

impl RowSource<f64> for Half<'_> {
    type Label = String;

    fn rows(&self) -> usize {
        10_000
    }

    fn columns(&self) -> usize {
        self.source.columns()
    }

    fn read(
        &self,
        rows: Range<usize>,
        block: &mut RowBlock<f64, String>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut read = RowBlock::for_rows(self.source, rows.len());
        self.source.read(self.first + rows.start..self.first + rows.end, &mut read)?;
        block.x_mut().copy_from(&read.x());
        block.labels_mut().extend(read.labels().iter().map(|&label| label.to_owned()));
        Ok(())
    }
}

#[test]
fn errors_say_what_to_do() {
    let x = dmatrix![1.0, f64::NAN; 2.0, 0.0];
    let error = MlpClassifier::new([2]).fit(&x, &["a", "b"]).unwrap_err();
    assert_eq!(error.to_string(), "column 1 of `x` is not finite at row 0 (NaN): remove or impute it first");
    let (x, y) = names();
    let model = LogisticRegression::new(Penalty::c(1.0)).fit(&x, &y).unwrap();
    let error = model.predict(&dmatrix![1.0, 2.0]).unwrap_err();
    assert_eq!(error.to_string(), "`x` has 2 columns, expected 4");
}

#[test]
fn separable_classes_without_a_penalty_are_reported() -> Result<(), Error> {
    let model = LogisticRegression::new(Penalty::None).fit(&dmatrix![1.0; 2.0; 3.0; 4.0], &[0, 0, 1, 1])?;
    assert_eq!(model.report().stop, StopReason::Separated);
    Ok(())
}

#[test]
fn a_layer_and_a_loss_of_ones_own_pass_the_check() {
    let mut rng = Rng::new(1);
    let x = DMatrix::from_fn(6, 3, |_, _| rng.standard_normal());
    GradCheck::new().layer(&Swish { width: 3 }, &[1.0, 0.3, -2.0], &x).unwrap();
    let scores = dmatrix![0.3; -0.2; 2.5; -1.7];
    GradCheck::new()
        .loss(&SquaredHinge, &scores, Targets::Classes(&[1, 1, 1, 0]), Some(&[1.0, 2.0, 0.5, 1.0]))
        .unwrap();
}

#[test]
fn a_network_of_boxed_layers_is_trained_by_hand() -> Result<(), Error> {
    let iris = data::iris();
    let classes: Vec<usize> = (0..150).map(|row| row / 50).collect();
    let layers: Vec<Box<dyn Layer<f64>>> = vec![
        Box::new(Dense::new(4, 8)?),
        Box::new(Swish { width: 8 }),
        Box::new(Sequential::perceptron(&[8, 5, 3], Activation::Tanh)?),
    ];
    let network = Sequential::new(layers)?;
    let rate = 0.02;
    let adam = Adam::new(rate);
    let mut params = vec![0.0; network.parameter_count()];
    network.init(&mut params, &mut Rng::new(5));
    let mut grad = vec![0.0; params.len()];
    let mut state = adam.state(params.len());
    let mut tape = network.tape(150);
    let decayed = network.penalized();

    GradCheck::new().max_entries(50).layer(&network, &params, &iris.x.rows(0, 10).into_owned()).unwrap();
    let mut losses = Vec::new();
    for number in 1..=300 {
        network.forward(&params, &iris.x, &mut tape);
        let (scores, gradient) = tape.split();
        losses.push(SoftmaxCrossEntropy::new().mean_and_gradient(
            scores,
            Targets::Classes(&classes),
            None,
            gradient,
        )?);
        network.backward(&params, &iris.x, &mut tape, &mut grad, None);
        let step = Step::new(number, rate).decayed(&decayed);
        adam.step(step, &mut params, &grad, &mut state);
    }
    assert!(losses[299] < 0.1, "{} became {}", losses[0], losses[299]);

    let mut probabilities = DMatrix::zeros(150, 3);
    SoftmaxCrossEntropy::new().probabilities(&network.apply(&params, &iris.x)?, &mut probabilities);
    let right = (0..150).filter(|&row| probabilities.row(row).transpose().imax() == classes[row]).count();
    assert!(right >= 144, "{right} of 150");
    Ok(())
}
