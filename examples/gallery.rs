//! Draws one picture of each kind, for `docs/pictures.md`.
//!
//! `cargo run --release --features plot --example gallery` writes the pictures to `docs/images`, or to the
//! directory that is given as an argument.

use std::path::PathBuf;

use logit::boundary::Slice;
use logit::doctor::{Doctor, WatchOptions};
use logit::linear::Covariance;
use logit::metrics::{Bins, CalibrationCurve, ConfusionMatrix, LogLoss, PrecisionRecallCurve, RocCurve};
use logit::nalgebra::DMatrix;
use logit::nn::{
    Examples, MlpOptions, RateRange, Sequential, SoftmaxCrossEntropy, Targets, TrainOptions, Trainer,
};
use logit::plot::{self, Curves, DecisionRegions, Figure, Intervals, ProbabilitySurface};
use logit::prelude::*;
use logit::select::{Splitter, learning_curve, validation_curve};
use logit::{
    Activation, Adam, Error, Lbfgs, LogisticRegression, MlpClassifier, Penalty, Pipeline, Rng, Sgd,
    StandardScaler, data, metrics, train_test_split,
};

const IRIS: [&str; 4] = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"];

/// Rows of features and their classes.
type Rows<L> = (DMatrix<f64>, Vec<L>);

/// Draws two interlocking crescents, in kilometres and minutes.
fn crescents(rows: usize, noise: f64, seed: u64) -> Rows<&'static str> {
    let mut rng = Rng::new(seed);
    let mut x = DMatrix::zeros(rows, 2);
    let mut y = Vec::new();
    for row in 0..rows {
        let angle = std::f64::consts::PI * (row / 2) as f64 / (rows / 2) as f64;
        let upper = row % 2 == 0;
        let (u, v) = if upper { (angle.cos(), angle.sin()) } else { (1.0 - angle.cos(), 0.5 - angle.sin()) };
        x[(row, 0)] = 20.0 + 8.0 * (u + noise * rng.standard_normal());
        x[(row, 1)] = 300.0 + 90.0 * (v + noise * rng.standard_normal());
        y.push(if upper { "on time" } else { "late" });
    }
    (x, y)
}

/// Draws two overlapping classes with five features.
fn overlapping(rows: usize, seed: u64) -> Rows<&'static str> {
    let mut rng = Rng::new(seed);
    let x = DMatrix::from_fn(rows, 5, |_, _| rng.standard_normal());
    let w = [1.2, -0.8, 0.5, 0.0, 0.2];
    let label = |row: usize, u: f64| {
        let z: f64 = (0..5).map(|column| w[column] * x[(row, column)]).sum::<f64>() - 0.5;
        if u < 1.0 / (1.0 + (-z).exp()) { "default" } else { "paid" }
    };
    let mut draws = Rng::new(seed + 1);
    let y = (0..rows).map(|row| label(row, draws.uniform(0.0, 1.0))).collect();
    (x, y)
}

fn regions() -> Result<Figure, Error> {
    let iris = data::iris();
    let petals = iris.x.select_columns(&[2, 3]);
    let model = Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)));
    let model = model.fit(&petals, &iris.y)?;
    let regions = DecisionRegions::new().feature_names(IRIS[2], IRIS[3]);
    Ok(regions.draw(&model, &petals, &iris.y)?.title("Softmax regression on two features of irises"))
}

fn slice() -> Result<Figure, Error> {
    let iris = data::iris();
    let network = MlpClassifier::new([8]).activation(Activation::Tanh).optimizer(Lbfgs::new()).seed(3);
    let model = Pipeline::new(StandardScaler::new(), network.l2(1e-3));
    let model = model.fit(&iris.x, &iris.y)?;
    let typical: Vec<f64> = iris.x.column_iter().map(|column| column.mean()).collect();
    let slice = Slice::new(&model, [2, 3], &typical)?;
    let regions = DecisionRegions::new().feature_names(IRIS[2], IRIS[3]);
    let figure = regions.draw(&slice, &iris.x.select_columns(&[2, 3]), &iris.y)?;
    Ok(figure.title("A slice through a network of four features"))
}

fn boundary() -> Result<Figure, Error> {
    let (x, y) = crescents(240, 0.18, 1);
    let network = MlpClassifier::new([8]).activation(Activation::Tanh).optimizer(Lbfgs::new()).seed(1);
    let model = Pipeline::new(StandardScaler::new(), network.l2(1e-3)).fit(&x, &y)?;
    let line = DecisionRegions::new().ground(false).feature_names("distance (km)", "departure (min)");
    line.draw(&model, &x, &y).map(|figure| figure.title("The line of equal probability"))
}

fn surface() -> Result<Figure, Error> {
    let (x, y) = crescents(160, 0.3, 2);
    let network = MlpClassifier::new([6]).activation(Activation::Tanh).optimizer(Lbfgs::new()).seed(1);
    let model = Pipeline::new(StandardScaler::new(), network.l2(1e-2)).fit(&x, &y)?;
    let surface = ProbabilitySurface::new().feature_names("distance (km)", "departure (min)");
    surface.draw(&model, &x, &y).map(|figure| figure.title("Probability of being on time"))
}

fn training() -> Result<[Figure; 2], Error> {
    let digits = data::digits();
    let split = train_test_split(&digits.y, 0.7, 1)?;
    let rows = |rows: &[usize]| -> Rows<u8> {
        (digits.x.select_rows(rows), rows.iter().map(|&row| digits.y[row]).collect())
    };
    let ((x, y), (x_held, y_held)) = (rows(&split.train), rows(&split.test));
    let options = MlpOptions::default().validation(&x_held, &y_held).metric(metrics::Accuracy);
    let options = options.metric(metrics::TopK::new(2));
    let mut run = MlpClassifier::new([32]).optimizer(Adam::new(0.01)).epochs(60).start(&x, &y, options)?;
    run.run_to_end(|_| std::ops::ControlFlow::Continue(()))?;
    let model = run.finish();
    let loss = plot::loss_curves(model.history())?.title("Digits: the network begins to overfit");
    let names = ["accuracy", "top-2 accuracy"];
    Ok([loss, plot::metric_curves(model.history(), &names)?.title("Digits: accuracy on held-out rows")])
}

fn watched() -> Result<Figure, Error> {
    let digits = data::digits();
    let classes: Vec<usize> = digits.y.iter().map(|&digit| usize::from(digit)).collect();
    let network = Sequential::perceptron(&[64, 32, 16, 10], Activation::Relu)?;
    let (train, held_out) = (digits.x.rows(0, 1200).into_owned(), digits.x.rows(1200, 597).into_owned());
    let options = WatchOptions::new(TrainOptions::new());
    let watched = Doctor::new().fit(
        &Trainer::new(Adam::new(0.1)).epochs(60).batch_size(32),
        &network,
        &SoftmaxCrossEntropy::new(),
        Examples::new(&train, Targets::Classes(&classes[..1200])),
        options.held_out(Examples::new(&held_out, Targets::Classes(&classes[1200..]))),
    )?;
    Ok(plot::watched_run(&watched.trace)?.title("Digits: a rate so large that units die"))
}

fn objective() -> Result<Figure, Error> {
    let iris = data::iris();
    let objective = |rate: f64| -> Result<Vec<[f64; 2]>, Error> {
        let network = MlpClassifier::new([6]).optimizer(Sgd::new(rate)).epochs(60).seed(2);
        let curve = network.fit(&iris.x, &iris.y)?.report().objective_curve.clone();
        Ok(curve.into_iter().enumerate().map(|(epoch, loss)| [(epoch + 1) as f64, loss]).collect())
    };
    let curves = Curves::new("epoch", "loss").logarithmic_y();
    let curves = curves.curve("rate 0.003", objective(0.003)?).curve("rate 0.03", objective(0.03)?);
    Ok(curves.curve("rate 0.3", objective(0.3)?).figure()?.title("Three learning rates"))
}

fn rankings() -> Result<[Figure; 3], Error> {
    let (x, y) = overlapping(600, 5);
    let (x_test, y_test) = overlapping(1000, 55);
    let linear = LogisticRegression::new(Penalty::None).fit(&x, &y)?;
    // A network with too many units and epochs for the number of rows, so it overfits.
    let network = MlpClassifier::new([40]).optimizer(Adam::new(0.01)).epochs(120).fit(&x, &y)?;
    let scores = [linear.predict_proba(&x_test)?, network.predict_proba(&x_test)?]
        .map(|p| p.column(0).iter().copied().collect::<Vec<f64>>());
    let names = ["logistic regression", "large network"];
    let positive = &"default";
    let roc = |p: &Vec<f64>| RocCurve::corners(&y_test, p, positive, None);
    let pr = |p: &Vec<f64>| PrecisionRecallCurve::new(&y_test, p, positive, None);
    let calibration = |p: &Vec<f64>| CalibrationCurve::new(&y_test, p, positive, None, Bins::Uniform(10));
    let (roc, pr) = ([roc(&scores[0])?, roc(&scores[1])?], [pr(&scores[0])?, pr(&scores[1])?]);
    let calibrated = [calibration(&scores[0])?, calibration(&scores[1])?];
    Ok([
        plot::roc_curves(&[(names[0], &roc[0]), (names[1], &roc[1])])?.title("ROC curves and their areas"),
        plot::precision_recall_curves(&[(names[0], &pr[0]), (names[1], &pr[1])])?
            .title("Precision-recall curves and average precision"),
        plot::calibration_curves(&[(names[0], &calibrated[0]), (names[1], &calibrated[1])])?
            .title("Calibration and its expected error"),
    ])
}

fn confusion() -> Result<Figure, Error> {
    let digits = data::digits();
    let split = train_test_split(&digits.y, 0.5, 4)?;
    let labels = |rows: &[usize]| -> Vec<u8> { rows.iter().map(|&row| digits.y[row]).collect() };
    let model = LogisticRegression::new(Penalty::c(0.001));
    let model = model.fit(&digits.x.select_rows(&split.train), &labels(&split.train))?;
    let predicted = model.predict(&digits.x.select_rows(&split.test))?;
    let matrix = ConfusionMatrix::new(&labels(&split.test), &predicted)?;
    plot::confusion_matrix(&matrix).map(|figure| figure.title("Digits: confusion matrix"))
}

fn coefficients() -> Result<[Figure; 2], Error> {
    let (x, y) = overlapping(400, 9);
    let names = ["income", "age", "debt", "savings", "loans"];
    let model = LogisticRegression::new(Penalty::None).fit(&x, &y)?;
    let plain = model.inference(&x, &y)?.with_names(&names)?;
    let single = plot::coefficients(&plain, 0.95)?.title("Effects on the log-odds of repayment");

    let half: Vec<usize> = (0..100).collect();
    let (few, few_y) = (x.select_rows(&half), y[..100].to_vec());
    let small = LogisticRegression::new(Penalty::None).fit(&few, &few_y)?;
    let small = small.inference_with(&few, &few_y, logit::linear::RowOptions::default(), Covariance::Hc1)?;
    let mut intervals = Intervals::new(&names);
    for (name, inference) in [("400 rows", &plain), ("100 rows", &small)] {
        let (lower, upper) = inference.confidence_intervals(0.95)?;
        let part = |of: &DMatrix<f64>| of.iter().skip(1).copied().collect::<Vec<f64>>();
        intervals = intervals.group(name, &part(inference.estimates()), &part(&lower), &part(&upper));
    }
    Ok([single, intervals.figure()?.title("More rows, shorter intervals").x_name("coefficient")])
}

fn weights() -> Result<Figure, Error> {
    let digits = data::digits();
    let network = MlpClassifier::new([24]).optimizer(Adam::new(0.003)).epochs(30);
    let model = network.l2(1e-3).fit(&digits.x, &digits.y)?;
    let Some(weights) = model.weights(0) else {
        return Err(Error::Empty { argument: "model", axis: "layers" });
    };
    plot::weight_images(weights, 8, 8).map(|figure| figure.title("Weights of 24 units on digits"))
}

fn selection() -> Result<[Figure; 3], Error> {
    let (x, y) = overlapping(500, 3);
    let splitter = Splitter::default();
    let large = MlpClassifier::new([12]).optimizer(Lbfgs::new().max_iterations(60)).l2(0.02).seed(1);
    let sizes = [30, 60, 120, 200, 300, 400];
    let rows = learning_curve(&large, &x, &y, &sizes, &splitter, &LogLoss)?;
    let values: Vec<f64> = (-8..=4).map(|half| 10f64.powf(0.5 * f64::from(half))).collect();
    let build = |&c: &f64| LogisticRegression::new(Penalty::c(c));
    let few: Vec<usize> = (0..120).collect();
    let setting = validation_curve(&values, build, &x.select_rows(&few), &y[..120], &splitter, &LogLoss)?;

    let iris = data::iris();
    let classes: Vec<usize> = (0..150).map(|row| row / 50).collect();
    let network = Sequential::perceptron(&[4, 10, 3], Activation::Tanh)?;
    let examples = Examples::new(&iris.x, Targets::Classes(&classes));
    let range = RateRange::default().lowest(1e-5).highest(10.0);
    let rates = Trainer::new(Adam::new(1e-3)).find_learning_rate(
        &network,
        SoftmaxCrossEntropy::new(),
        examples,
        range,
    )?;
    Ok([
        plot::learning_curves(&rows, "log loss")?.title("More rows would help"),
        plot::validation_curves(&setting, "C", "log loss")?.title("Choosing a penalty for 120 rows"),
        plot::learning_rates(&rates)?.title("Learning-rate range test"),
    ])
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/images");
    let directory = std::env::args().nth(1).map_or(default, PathBuf::from);
    std::fs::create_dir_all(&directory)?;
    let [loss, metric] = training()?;
    let [roc, precision_recall, calibration] = rankings()?;
    let [coefficients, intervals] = coefficients()?;
    let [learning, validation, rates] = selection()?;
    let figures = [
        ("regions.svg", regions()?),
        ("slice.svg", slice()?),
        ("boundary.svg", boundary()?),
        ("surface.svg", surface()?),
        ("loss.svg", loss),
        ("metrics.svg", metric),
        ("curves.svg", objective()?),
        ("watched.svg", watched()?),
        ("roc.svg", roc),
        ("precision_recall.svg", precision_recall),
        ("calibration.svg", calibration),
        ("confusion.svg", confusion()?),
        ("coefficients.svg", coefficients),
        ("intervals.svg", intervals),
        ("weights.png", weights()?),
        ("learning_curve.svg", learning),
        ("validation_curve.svg", validation),
        ("learning_rates.svg", rates),
    ];
    for (name, figure) in figures {
        let path = directory.join(name);
        figure.save(&path)?;
        println!("{:>8} bytes  {}", std::fs::metadata(&path)?.len(), path.display());
    }
    Ok(())
}
