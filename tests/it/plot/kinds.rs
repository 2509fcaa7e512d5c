//! The contents of every kind of picture.

use logit::doctor::{Trace, TracePoint};
use logit::metrics::{
    Accuracy, Bins, CalibrationCurve, ConfusionMatrix, LogLoss, PrecisionRecallCurve, RocCurve,
};
use logit::nalgebra::DMatrix;
use logit::nn::{Examples, MlpOptions, RateRange, Sequential, SoftmaxCrossEntropy, Targets, Trainer};
use logit::plot::{self, Curves, Intervals};
use logit::prelude::*;
use logit::select::{Splitter, learning_curve, validation_curve};
use logit::{Activation, Adam, Error, LogisticRegression, MlpClassifier, Penalty, data};

use super::kit::{Picture, drawn};

/// Where a number is along the horizontal axis, from two of its marks.
fn x_of(picture: &Picture, [a, b]: [f64; 2], value: f64) -> f64 {
    let label = |number: f64| picture.place(&format!("{number:.1}").replace('-', "−"))[0];
    label(a) + (value - a) / (b - a) * (label(b) - label(a))
}

#[test]
fn losses_with_the_best_epoch() {
    let iris = data::iris();
    let mlp = MlpClassifier::new([16]).optimizer(Adam::new(0.05)).epochs(40).seed(1);
    let without = mlp.clone().fit(&iris.x, &iris.y).unwrap();
    let picture = drawn(&plot::loss_curves(without.history()).unwrap().title("No held-out rows"));
    picture.must_have(&["training", "epoch", "loss", "No held-out rows"]);
    assert!(!picture.has("validation"));

    let with = mlp.validation_fraction(0.3).fit(&iris.x, &iris.y).unwrap();
    let epochs = &with.history().epochs;
    let best = epochs.iter().min_by(|a, b| a.validation_loss.unwrap().total_cmp(&b.validation_loss.unwrap()));
    let picture = drawn(&plot::loss_curves(with.history()).unwrap());
    picture.must_have(&["validation", &format!("best epoch: {}", best.unwrap().number)]);

    let picture = drawn(&plot::objective_curve(with.report()).unwrap());
    picture.must_have(&["objective", "validation loss", "iteration"]);
}

#[test]
fn metrics_of_a_run() {
    let iris = data::iris();
    let options = MlpOptions::default().validation(&iris.x, &iris.y).metric(Accuracy).metric(LogLoss);
    let mut run = MlpClassifier::new([8]).epochs(4).start(&iris.x, &iris.y, options).unwrap();
    run.run_to_end(|_| std::ops::ControlFlow::Continue(())).unwrap();
    let picture = drawn(&plot::metric_curves(run.history(), &["accuracy", "log loss"]).unwrap());
    picture.must_have(&["accuracy", "log loss"]);
    assert!(plot::metric_curves(run.history(), &["accuracy"]).is_err());
}

#[test]
fn rankings_and_calibration() {
    let (truth, p) = ([0, 0, 1, 1, 1, 0], [0.1, 0.4, 0.35, 0.8, 0.9, 0.2]);
    let roc = RocCurve::new(&truth, &p, &1, None).unwrap();
    let picture = drawn(&plot::roc_curves(&[("first", &roc), ("again", &roc)]).unwrap());
    let area = |name: &str| format!("{name} ({:.3})", roc.area());
    picture.must_have(&[
        &area("first"),
        &area("again"),
        "guessing",
        "false positive rate",
        "true positive rate",
    ]);
    let [left, top, right, bottom] = picture.frame();
    assert!(((right - left) - (bottom - top)).abs() < 1e-9, "the frame is a square");
    for (x, y) in roc.false_positive_rate().iter().zip(roc.true_positive_rate()) {
        let [u, v] = picture.place_of((-0.02, 1.02), (-0.02, 1.02), [*x, *y]);
        let mut corners = picture.lines.iter().flat_map(|(points, _)| points);
        assert!(corners.any(|[s, t]| (s - u).hypot(t - v) < 0.01), "({x}, {y})");
    }

    let curve = PrecisionRecallCurve::new(&truth, &p, &1, None).unwrap();
    let picture = drawn(&plot::precision_recall_curves(&[("one", &curve)]).unwrap());
    picture.must_have(&[
        &format!("one ({:.3})", curve.average_precision()),
        "guessing",
        "recall",
        "precision",
    ]);

    let curve = CalibrationCurve::new(&truth, &p, &1, None, Bins::Uniform(3)).unwrap();
    let picture = drawn(&plot::calibration_curves(&[("one", &curve)]).unwrap());
    picture.must_have(&["predicted probability", "observed frequency", "calibrated"]);
    for (p, frequency) in curve.probability().iter().zip(curve.frequency()) {
        let [x, y] = picture.place_of((-0.02, 1.02), (-0.02, 1.02), [*p, *frequency]);
        assert!(picture.circles.iter().any(|([u, v], _)| (u - x).hypot(v - y) < 0.01));
    }
}

#[test]
fn the_area_under_steps_is_the_average_precision() {
    let (truth, p) = ([0, 1, 1, 0, 1, 0, 1], [0.1, 0.3, 0.35, 0.6, 0.7, 0.75, 0.9]);
    let curve = PrecisionRecallCurve::new(&truth, &p, &1, None).unwrap();
    let picture = drawn(&plot::precision_recall_curves(&[("one", &curve)]).unwrap());
    let [left, top, right, bottom] = picture.frame();
    let shares = |[x, y]: [f64; 2]| {
        [1.04 * (x - left) / (right - left) - 0.02, 1.04 * (bottom - y) / (bottom - top) - 0.02]
    };
    let (steps, _) = picture.lines.iter().max_by_key(|(points, _)| points.len()).unwrap();
    let steps: Vec<[f64; 2]> = steps.iter().map(|&at| shares(at)).collect();
    let area: f64 = steps.windows(2).map(|pair| (pair[0][0] - pair[1][0]) * pair[0][1]).sum();
    assert!((area - curve.average_precision()).abs() < 2e-4, "{area} and {}", curve.average_precision());
}

#[test]
fn counts_are_in_their_cells() {
    let truth = ["a", "a", "a", "b", "b", "b", "b", "b", "c"];
    let predicted = ["a", "b", "b", "b", "b", "b", "c", "a", "c"];
    let matrix = ConfusionMatrix::new(&truth, &predicted).unwrap();
    let picture = drawn(&plot::confusion_matrix(&matrix).unwrap());
    picture.must_have(&["predicted class", "true class", "share of the true class", "a", "b", "c"]);
    let [left, top, right, bottom] = picture.frame();
    for (row, counts) in matrix.counts().row_iter().enumerate() {
        for (column, count) in counts.iter().enumerate() {
            let x = left + (column as f64 + 0.5) / 3.0 * (right - left);
            let y = top + (row as f64 + 0.5) / 3.0 * (bottom - top);
            let near = |text: &&super::kit::Text| (text.at[0] - x).hypot(text.at[1] - y) < 6.0;
            let text = picture.texts.iter().find(near).unwrap();
            assert_eq!(text.text, format!("{count}"), "true {row}, predicted {column}");
        }
    }
    // Text can be read on every colour: white on dark cells, dark on light ones.
    let dark = picture.colour_at([left + 0.5, bottom - 0.5 * (bottom - top) / 3.0]);
    let full = picture.colour_at([right - 2.0, bottom - 2.0]);
    assert_ne!(dark, full);
}

#[test]
fn coefficients_with_their_intervals() {
    let iris = data::iris();
    let model = LogisticRegression::new(Penalty::c(1.0)).fit(&iris.x, &iris.y).unwrap();
    let names = ["sepal length", "sepal width", "petal length", "petal width"];
    let inference = model.inference(&iris.x, &iris.y).unwrap().with_names(&names).unwrap();
    let picture = drawn(&plot::coefficients(&inference, 0.9).unwrap());
    picture.must_have(&names);
    picture.must_have(&[
        "versicolor against setosa",
        "virginica against setosa",
        "coefficient, 90 % interval",
    ]);
    assert!(!picture.has("intercept"));

    let figure = Intervals::new(&["first", "second"]).group("", &[1.0, -0.5], &[0.5, -1.0], &[2.0, 0.25]);
    let picture = drawn(&figure.figure().unwrap());
    let x = |value: f64| x_of(&picture, [-1.0, 2.0], value);
    for (row, [low, middle, high]) in [[0.5, 1.0, 2.0], [-1.0, -0.5, 0.25]].into_iter().enumerate() {
        let y = picture.place(["first", "second"][row])[1];
        let circle =
            picture.circles.iter().find(|([u, v], _)| (u - x(middle)).abs() < 0.02 && (v - y).abs() < 6.0);
        assert!(circle.is_some(), "row {row}");
        let line = picture.lines.iter().find(|(points, _)| {
            (points[0][0] - x(low)).abs() < 0.02 && (points[1][0] - x(high)).abs() < 0.02
        });
        assert!(line.is_some(), "row {row}");
    }
}

#[test]
fn weights_are_images() {
    // One unit with a bright pixel in the second row, first column; one with a dark one in the first row,
    // third column.
    let mut weights = DMatrix::zeros(6, 2);
    (weights[(3, 0)], weights[(2, 1)]) = (0.8, -0.8);
    let picture = drawn(&plot::weight_images(&weights, 2, 3).unwrap());
    picture.must_have(&["weight", "−0.5", "0.5", "0.0"]);
    let right = picture.frame()[0];
    // The page comes first. Each image is an edge, a background, and the pixels that differ from it.
    let areas: Vec<_> = picture.areas[1..].iter().filter(|(points, _)| points[0][0] < right).collect();
    assert_eq!(areas.len(), 6, "{areas:?}");
    for (image, (row, column), light) in [(&areas[..3], (1, 0), "#A"), (&areas[3..], (0, 2), "#0")] {
        let ([ground, pixel], side) =
            ([&image[1].0, &image[2].0], (image[1].0[2][0] - image[1].0[0][0]) / 3.0);
        let place = [(pixel[0][0] - ground[0][0]) / side, (pixel[0][1] - ground[0][1]) / side];
        assert!((place[0] - f64::from(column)).abs() < 0.01 && (place[1] - f64::from(row)).abs() < 0.01);
        assert!(image[2].1.starts_with(light), "{}", image[2].1);
    }
}

#[test]
fn scores_and_learning_rates() {
    let iris = data::iris();
    let model = LogisticRegression::new(Penalty::c(1.0));
    let curve =
        learning_curve(&model, &iris.x, &iris.y, &[20, 60, 120], &Splitter::default(), &Accuracy).unwrap();
    let picture = drawn(&plot::learning_curves(&curve, "accuracy").unwrap());
    picture.must_have(&["training rows", "test rows", "number of training rows", "accuracy"]);

    let build = |&c: &f64| LogisticRegression::new(Penalty::c(c));
    let curve =
        validation_curve(&[0.001, 0.1, 10.0], build, &iris.x, &iris.y, &Splitter::default(), &LogLoss);
    let picture = drawn(&plot::validation_curves(&curve.unwrap(), "C", "log loss").unwrap());
    picture.must_have(&["C", "log loss", "0.01", "1"]);
    let step = picture.place("1")[0] - picture.place("0.1")[0];
    let other = picture.place("0.1")[0] - picture.place("0.01")[0];
    assert!((step - other).abs() < 0.02, "the axis is logarithmic");

    let classes: Vec<usize> = (0..150).map(|row| row / 50).collect();
    let network = Sequential::perceptron(&[4, 10, 3], Activation::Tanh).unwrap();
    let examples = Examples::new(&iris.x, Targets::Classes(&classes));
    let rates = Trainer::new(Adam::new(1e-3))
        .find_learning_rate(&network, SoftmaxCrossEntropy::new(), examples, RateRange::default())
        .unwrap();
    let picture = drawn(&plot::learning_rates(&rates).unwrap());
    picture.must_have(&["learning rate", "smoothed", "each step"]);
    assert!(picture.texts.iter().any(|text| text.text.starts_with("steepest fall: 0.")));
}

#[test]
fn curves_of_your_own() {
    let figure = Curves::new("step", "cost")
        .curve("falling", (0..100).map(|step| [f64::from(step), 10f64.powi(-step / 10)]))
        .points("measured", [[10.0, 0.1], [50.0, 1e-5]])
        .logarithmic_y()
        .figure()
        .unwrap();
    let figure = figure.title("Costs").x_name("steps").y_name("costs").size(300, 200);
    let picture = drawn(&figure);
    picture.must_have(&["falling", "measured", "Costs", "steps", "costs"]);
    assert_eq!((picture.width, picture.height), (300.0, 200.0));
}

#[test]
fn saved_files_are_what_their_names_say() {
    let figure = Curves::new("x", "y").curve("line", [[0.0, 0.0], [1.0, 1.0]]).figure().unwrap();
    let directory = std::env::temp_dir().join(format!("logit-plot-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    figure.save(directory.join("line.svg")).unwrap();
    figure.save(directory.join("line.PNG")).unwrap();
    assert_eq!(std::fs::read(directory.join("line.svg")).unwrap(), figure.to_svg().unwrap().as_bytes());
    assert_eq!(std::fs::read(directory.join("line.PNG")).unwrap(), figure.to_png().unwrap());
    for name in ["line.jpg", "line", ".svg"] {
        let error = figure.save(directory.join(name)).unwrap_err();
        assert!(error.to_string().contains("must end in .svg or .png"), "{error}");
    }
    assert!(figure.save(directory.join("missing/line.svg")).is_err());
    std::fs::remove_dir_all(&directory).unwrap();
}

/// A run of 100 epochs that was watched, in which hidden layer 1 dies.
fn trace() -> Trace {
    let point = |epoch: usize, loss: f64, ratios: &[f64], dead: [f64; 2]| {
        let mut point = TracePoint::default();
        (point.epoch, point.loss, point.held_out_loss) = (epoch, loss, Some(loss + 0.1));
        (point.update_ratios, point.dead, point.saturated) = (ratios.to_vec(), dead.to_vec(), vec![0.0; 2]);
        point
    };
    let mut trace = Trace::default();
    trace.constant_loss = Some(0.5);
    trace.layers = ["Dense, Relu", "Dense, Relu", "Dense"].map(str::to_owned).to_vec();
    trace.points = vec![
        point(0, 0.9, &[], [0.0, 0.25]),
        point(9, 0.5, &[1e-3, 1e-2, 0.0], [0.0, 0.5]),
        point(99, 0.3, &[1e-2, 1e-4, 1e-1], [0.0, 1.0]),
    ];
    trace
}

#[test]
fn a_watched_run() {
    let picture = drawn(&plot::watched_run(&trace()).unwrap().title("A run").x_name("passes"));
    picture.must_have(&[
        "A run",
        "passes",
        "loss",
        "update ratio",
        "dead units",
        "training rows",
        "held-out rows",
        "best constant",
        "usual",
        "layer 0: Dense, Relu",
        "layer 2: Dense",
        "hidden layer 0",
        "hidden layer 1",
    ]);
    let frames: Vec<[f64; 4]> =
        picture.frames.iter().map(|(at, _)| [at[0][0], at[0][1], at[2][0], at[2][1]]).collect();
    assert_eq!(frames.len(), 3);
    assert!(frames.windows(2).all(|pair| pair[0][3] < pair[1][1]), "one above the other");
    assert!(frames.iter().all(|frame| frame[0] == frames[0][0] && frame[2] == frames[0][2]));
    let inside = |at: &[f64; 2], panel: usize| (frames[panel][1]..=frames[panel][3]).contains(&at[1]);
    // The points of the first colour, from left to right, with the white edges left out.
    let of_first = |panel: usize| -> Vec<[f64; 2]> {
        let points = picture.circles.iter().filter(|(_, fill)| fill == "#0072B2").map(|(at, _)| *at);
        points.filter(|at| at[0] <= frames[0][2] && inside(at, panel)).collect()
    };
    let guide = |panel: usize| {
        let lines =
            picture.lines.iter().filter(|(points, stroke)| stroke == "#787878" && inside(&points[0], panel));
        lines.map(|(points, _)| points[0][1]).next().unwrap()
    };
    let near = |a: f64, b: f64| assert!((a - b).abs() < 0.05, "{a} and {b}");
    // A logarithmic axis with a place for the start: 1 + epoch is 1, 10 and 100.
    let losses = of_first(0);
    assert_eq!(losses.len(), 3);
    near(losses[1][0] - losses[0][0], losses[2][0] - losses[1][0]);
    near(losses[0][0], picture.place("0")[0]);
    near(losses[1][1], guide(0));
    // Losses are linear.
    near((losses[2][1] - losses[0][1]) / (losses[1][1] - losses[0][1]), 1.5);
    let ratios = of_first(1);
    assert_eq!(ratios.len(), 2, "there is no ratio at the start");
    near(ratios[0][1], guide(1));
    near(ratios[0][0], losses[1][0]);
    near(ratios[1][1] - picture.place("0.01")[1], ratios[0][1] - picture.place("0.001")[1]);
    // The ratio of 0 is at the lower edge, beside the second and last points of the other layers.
    let lines = |panel: usize, colour: &str| -> Vec<Vec<[f64; 2]>> {
        let lines =
            picture.lines.iter().filter(|(points, stroke)| stroke == colour && inside(&points[0], panel));
        lines.map(|(points, _)| points.clone()).filter(|points| points[0][0] < frames[0][2]).collect()
    };
    near(lines(1, "#009E73")[0][0][1], frames[1][3]);
    let dead = &lines(2, "#E69F00")[0];
    let text =
        |text: &str| picture.place(text)[1] - 0.5 * (picture.place("100 %")[1] + picture.place("0 %")[1]);
    near(dead[1][1] - dead[0][1], 0.25 * (text("100 %") - text("0 %")));
    near(dead[2][1] - dead[0][1], 0.75 * (text("100 %") - text("0 %")));
}

#[test]
fn watched_runs_of_every_kind() {
    assert!(matches!(plot::watched_run(&Trace::default()), Err(Error::Empty { .. })));
    let mut lost = trace();
    lost.points.iter_mut().for_each(|point| (point.loss, point.held_out_loss) = (f64::NAN, None));
    lost.constant_loss = None;
    assert!(matches!(plot::watched_run(&lost), Err(Error::Picture { .. })));

    // Sigmoid units are saturated, not dead; both kinds have a name each.
    let mut sigmoid = trace();
    sigmoid.points.iter_mut().for_each(|point| std::mem::swap(&mut point.dead, &mut point.saturated));
    let picture = drawn(&plot::watched_run(&sigmoid).unwrap());
    picture.must_have(&["saturated", "hidden layer 1"]);
    sigmoid.points[0].dead[0] = 0.5;
    drawn(&plot::watched_run(&sigmoid).unwrap())
        .must_have(&["hidden layer 1: dead", "hidden layer 1: saturated"]);

    // A minimiser without hidden layers: one part, with the objective.
    let mut minimiser = trace();
    minimiser.objective = (1..=40).map(|at| 1.0 / f64::from(at)).collect();
    for point in &mut minimiser.points {
        (point.update_ratios, point.dead, point.saturated) = Default::default();
    }
    let picture = drawn(&plot::watched_run(&minimiser).unwrap());
    picture.must_have(&["iteration", "with the penalty", "training rows"]);
    assert_eq!(picture.frames.len(), 1);

    // Of many layers, the first and the last have names.
    let mut deep = trace();
    for point in &mut deep.points[1..] {
        point.update_ratios = (1..=9).map(|layer| 1e-4 * f64::from(layer)).collect();
    }
    let picture = drawn(&plot::watched_run(&deep).unwrap());
    picture.must_have(&["layer 0: Dense, Relu", "layer 8"]);
    assert!(!picture.has("layer 4"));

    // A loss that rounds to 0 does not squeeze the others.
    let mut small = trace();
    small.points[2].loss = 1e-200;
    let picture = drawn(&plot::watched_run(&small).unwrap());
    let label = |text: &str| picture.texts.iter().any(|found| found.text.contains(text));
    assert!(label("10⁻⁶") && !label("10⁻⁵⁰"), "{:?}", picture.texts);
}
