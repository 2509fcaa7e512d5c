//! Training and predictions of networks.

use logit::nn::{Dense, Initializer, Layer, Loss, Sequential, Shape, SigmoidSquaredError, Targets};
use logit::optim::{Optimizer, Step};
use logit::prelude::*;
use logit::{Activation, Adam, FittedMlp, MlpClassifier, Rng, Scratch, Sgd};
use nalgebra::DMatrix;
use serde_json::json;

use crate::{Failure, SHORT, emit, files, seconds};

/// The tasks T1, T2 and T2b. T1 runs 50 epochs and counts 1,000.
pub fn train(task: &str) -> Result<(), Failure> {
    let (data, hidden, rate, batch, epochs, scale) = match task {
        "T1" => ("plane", 3, 0.0009, 15, 50, 20.0),
        "T2" => ("digits", 100, 1e-3, 200, 20, 1.0),
        _ => ("digits", 100, 1e-3, 32, 5, 1.0),
    };
    let (x, y) =
        (files::matrix::<f32>(&format!("{data}_train_x"))?, files::labels(&format!("{data}_train_y"))?);
    let (test, truth) =
        (files::matrix::<f32>(&format!("{data}_test_x"))?, files::labels(&format!("{data}_test_y"))?);
    let network = MlpClassifier::new([hidden])
        .initializer(Initializer::GlorotUniform)
        .optimizer(Adam::new(rate))
        .batch_size(batch)
        .epochs(epochs);
    let (time, fitted) = seconds(0.0, |seed| Ok(network.clone().seed(seed).fit(&x, &y)?))?;
    emit("", task, time * scale, &[("accuracy", json!(fitted.score(&test, &truth)?))]);
    Ok(())
}

/// Probabilities of a network of 784-100-10 units.
pub fn predict() -> Result<(), Failure> {
    let (train, test) = (files::matrix::<f32>("digits_train_x")?, files::matrix::<f32>("digits_test_x")?);
    let y = files::labels("digits_train_y")?;
    let network: FittedMlp<f32, usize> = MlpClassifier::new([100]).epochs(1).fit(&train, &y)?;
    let mut x = DMatrix::zeros(10_000, 784);
    x.rows_mut(0, 8_000).copy_from(&train);
    x.rows_mut(8_000, 2_000).copy_from(&test);
    emit("", "T6 network, 10,000 rows", seconds(SHORT, |_| Ok(network.predict_proba(&x)?))?.0, &[]);
    let row: Vec<f32> = x.row(0).iter().copied().collect();
    let (mut out, mut scratch) = ([0.0; 10], Scratch::new());
    let one = |_| Ok(network.probabilities_row(&row, &mut out, &mut scratch)?);
    emit("", "T6 network, one row", seconds(SHORT, one)?.0, &[]);
    Ok(())
}

const STEPS: usize = 3_000;

const RATE: f64 = 0.5;

/// T7: gradient descent with all rows in each step, by the classifier and by a loop of one's own.
pub fn descend() -> Result<(), Failure> {
    let (x, y) = (files::matrix::<f32>("blobs_x")?, files::labels("blobs_y")?);
    let classifier = MlpClassifier::new([2])
        .activation(Activation::Sigmoid)
        .loss(SigmoidSquaredError)
        .initializer(Initializer::GlorotUniform)
        .optimizer(Sgd::new(RATE))
        .batch_size(x.nrows())
        .epochs(STEPS);
    let (time, fitted) = seconds(SHORT, |seed| Ok(classifier.clone().seed(seed).fit(&x, &y)?))?;
    let p: DMatrix<f32> = fitted.predict_proba(&x)?;
    let squares: f64 = p.column(1).iter().zip(&y).map(|(p, y)| (f64::from(*p) - *y as f64).powi(2)).sum();
    emit("MlpClassifier", "T7", time, &[("error", json!(squares / y.len() as f64))]);

    let layer = |inputs, outputs| -> Result<Dense, Failure> {
        Ok(Dense::new(inputs, outputs)?.initializer(Initializer::GlorotUniform))
    };
    let network = Sequential::new(vec![layer(2, 2)?.activation(Activation::Sigmoid), layer(2, 1)?])?;
    let sgd = Sgd::new(RATE);
    let (time, error) = seconds(SHORT, |seed| {
        let mut params = vec![0.0_f32; network.parameter_count()];
        network.init(&mut params, &mut Rng::new(seed));
        let mut grad = params.clone();
        let mut state = Optimizer::<f32>::state(&sgd, params.len());
        let mut tape = network.tape(x.nrows());
        let mut error = 0.0;
        for number in 1..=STEPS {
            network.forward(&params, &x, &mut tape);
            let (scores, out) = tape.split();
            error = SigmoidSquaredError.mean_and_gradient(scores, Targets::Classes(&y), None, out)?;
            network.backward(&params, &x, &mut tape, &mut grad, None);
            sgd.step(Step::new(number as u64, RATE), &mut params, &grad, &mut state);
        }
        Ok(error)
    })?;
    emit("own loop", "T7", time, &[("error", json!(error))]);
    Ok(())
}
