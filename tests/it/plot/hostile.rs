//! Unusual data and names give a sensible picture or a typed error, and never a panic.

use logit::boundary::Bounds;
use logit::metrics::{ConfusionMatrix, RocCurve};
use logit::nalgebra::{DMatrix, dmatrix, dvector};
use logit::nn::History;
use logit::plot::{self, Curves, DecisionRegions, Intervals, ProbabilitySurface};
use logit::prelude::*;
use logit::select::ScoreCurve;
use logit::{Error, FittedLogistic, MlpClassifier, data};

use super::kit::drawn;

const NAMES: [&str; 6] = [
    "a < b & \"c\" > 'd'",
    "Größe in Å — ναι, да, 漢字",
    "line\nbreak\u{0}\u{1b}[31m\u{ffff}",
    "",
    "a name that is far longer than anyone would read, and then goes on, and on, and does not end before the page ends",
    "]]>",
];

/// Two classes, in ascending order.
const CLASSES: [&str; 2] = ["<no>&", "ja \"oder\" so"];

fn model() -> FittedLogistic<f64, &'static str> {
    FittedLogistic::from_coefficients(CLASSES.to_vec(), dmatrix![1.0; 1.0], dvector![-1.0]).unwrap()
}

#[test]
fn names_may_be_anything() {
    let mut curves = Curves::new(NAMES[0], NAMES[1]);
    for name in NAMES {
        curves = curves.curve(name, [[0.0, 0.0], [1.0, 1.0]]);
    }
    for name in NAMES {
        let picture = drawn(&curves.figure().unwrap().title(name).x_name(name).y_name(name));
        picture.must_have(&[NAMES[0], NAMES[5]]);
        assert!(picture.texts.iter().any(|text| text.text.ends_with('…')));
    }
    let picture = drawn(&Intervals::new(&NAMES).group("", &[1.0; 6], &[0.0; 6], &[2.0; 6]).figure().unwrap());
    picture.must_have(&[NAMES[0]]);
    let labels: Vec<&str> = NAMES.to_vec();
    drawn(&plot::confusion_matrix(&ConfusionMatrix::new(&labels, &labels).unwrap()).unwrap());
    let x = dmatrix![0.0, 0.0; 2.0, 2.0];
    let classes = model();
    let regions = DecisionRegions::new().class_names(&CLASSES);
    drawn(&regions.draw(&classes, &x, &CLASSES).unwrap()).must_have(&CLASSES);
}

#[test]
fn curves_with_gaps_and_without_points() {
    let nan = f64::NAN;
    let figure = |points: &[[f64; 2]]| Curves::new("x", "y").curve("c", points.iter().copied()).figure();
    let picture =
        drawn(&figure(&[[0.0, 1.0], [1.0, nan], [2.0, 3.0], [3.0, f64::INFINITY], [4.0, 2.0]]).unwrap());
    // Nothing joins the points around a gap; single ones are still marked.
    assert_eq!(picture.circles.iter().filter(|(_, fill)| fill == "#0072B2").count(), 4);
    // The only line of its colour is in the legend.
    assert_eq!(picture.lines.iter().filter(|(_, stroke)| stroke == "#0072B2").count(), 1);
    for points in [&[[nan, nan]] as &[[f64; 2]], &[], &[[f64::INFINITY, 1.0]]] {
        assert!(matches!(figure(points), Err(Error::Picture { .. })), "{points:?}");
    }
    assert!(matches!(figure(&[[-f64::MAX, 0.0], [f64::MAX, 0.0]]), Err(Error::Picture { .. })));
    assert!(matches!(Curves::new("x", "y").figure(), Err(Error::Empty { .. })));
    let negative = Curves::new("x", "y").curve("c", [[1.0, -1.0], [2.0, 0.0]]).logarithmic_y().figure();
    assert!(matches!(negative, Err(Error::Picture { .. })));
    for points in [
        vec![[1.0, 1.0]],
        vec![[1.0, 5.0], [2.0, 5.0]],
        vec![[1e300, 1e-300], [2e300, 2e-300]],
        vec![[1e15, 1.0], [1e15 + 1.0, 1.0 + 1e-15]],
        vec![[5e-324, 1.0], [1e-323, 2.0]],
        (0..20_000).map(|i| [f64::from(i), f64::from(i % 7)]).collect(),
    ] {
        drawn(&figure(&points).unwrap());
    }
}

#[test]
fn histories_that_are_empty_or_of_one_epoch() {
    assert!(matches!(plot::loss_curves(&History::default()), Err(Error::Empty { .. })));
    assert!(matches!(plot::metric_curves(&History::default(), &["a"]), Err(Error::Empty { .. })));
    let iris = data::iris();
    let model = MlpClassifier::new([2]).epochs(1).validation_fraction(0.2).fit(&iris.x, &iris.y).unwrap();
    drawn(&plot::loss_curves(model.history()).unwrap()).must_have(&["best epoch: 1"]);
}

#[test]
fn one_class_and_many_classes() {
    let one = ConfusionMatrix::new(&["only"], &["only"]).unwrap();
    drawn(&plot::confusion_matrix(&one).unwrap()).must_have(&["only", "1"]);
    let many: Vec<usize> = (0..60).collect();
    let shifted: Vec<usize> = (0..60).map(|k| (k + 1) % 60).collect();
    drawn(&plot::confusion_matrix(&ConfusionMatrix::new(&many, &shifted).unwrap()).unwrap());
    let weighted = ConfusionMatrix::weighted(&[0, 1], &[1, 1], &[1e-9, 12345.678]).unwrap();
    drawn(&plot::confusion_matrix(&weighted).unwrap()).must_have(&["12345.68"]);

    let count = 40;
    let w = DMatrix::from_fn(2, count, |axis, k| {
        let angle = k as f64 / count as f64 * std::f64::consts::TAU;
        if axis == 0 { angle.cos() } else { angle.sin() }
    });
    let labels: Vec<usize> = (0..count).collect();
    let fan = FittedLogistic::from_coefficients(
        labels.clone(),
        w.clone(),
        DMatrix::zeros(count, 1).column(0).into(),
    )
    .unwrap();
    let picture = drawn(&DecisionRegions::new().resolution(60).draw(&fan, &w.transpose(), &labels).unwrap());
    assert!(picture.texts.iter().any(|text| text.text.starts_with("and ") && text.text.ends_with(" more")));
}

#[test]
fn planes_without_a_boundary_or_with_one_point() {
    let far = FittedLogistic::from_coefficients(vec![0, 1], dmatrix![1.0; 1.0], dvector![99.0]).unwrap();
    let x = dmatrix![0.5, 0.5];
    let picture = drawn(&plot::decision_regions(&far, &x, &[1]).unwrap());
    assert!(!picture.has("boundary") && picture.has("0") && picture.has("1"));
    drawn(&plot::decision_boundary(&far, &x, &[0]).unwrap());
    drawn(&ProbabilitySurface::new().draw(&far, &x, &[0]).unwrap());

    let nobody = DMatrix::zeros(0, 2);
    assert!(matches!(plot::decision_regions(&far, &nobody, &[]), Err(Error::Empty { .. })));
    let bounds = Bounds::new((0.0, 1.0), (0.0, 1.0)).unwrap();
    drawn(&DecisionRegions::new().bounds(bounds).draw(&far, &nobody, &[]).unwrap());

    let tiny = dmatrix![1e-200, 1e200; 2e-200, 3e200];
    let flat = FittedLogistic::from_coefficients(vec![0, 1], dmatrix![0.0; 1e-200], dvector![-2.0]).unwrap();
    drawn(&plot::decision_regions(&flat, &tiny, &[0, 1]).unwrap());
}

#[test]
fn arguments_that_do_not_fit_are_refused() {
    let model = model();
    let x = dmatrix![0.0, 0.0; 2.0, 2.0];
    let y = CLASSES;
    let draw = |regions: DecisionRegions| regions.draw(&model, &x, &y);
    assert!(matches!(draw(DecisionRegions::new().resolution(1)), Err(Error::InvalidParameter { .. })));
    assert!(matches!(draw(DecisionRegions::new().resolution(5000)), Err(Error::InvalidParameter { .. })));
    assert!(matches!(draw(DecisionRegions::new().class_names(&["one"])), Err(Error::ShapeMismatch { .. })));
    let regions = DecisionRegions::new();
    assert!(matches!(regions.draw(&model, &x, &y[..1]), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(regions.draw(&model, &x, &["other", CLASSES[0]]), Err(Error::UnknownLabel { .. })));
    assert!(matches!(regions.draw(&model, &dmatrix![0.0; 1.0], &y), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(
        regions.draw(&model, &dmatrix![0.0, f64::NAN; 1.0, 1.0], &y),
        Err(Error::NotFinite { .. })
    ));
    let wide = FittedLogistic::from_coefficients(vec![0, 1], dmatrix![1.0; 1.0; 1.0], dvector![0.0]).unwrap();
    assert!(matches!(regions.draw(&wide, &x, &[0, 1]), Err(Error::ShapeMismatch { .. })));
    let surface = ProbabilitySurface::new();
    assert!(matches!(surface.clone().class(2).draw(&model, &x, &y), Err(Error::InvalidParameter { .. })));
    assert!(matches!(surface.levels(&[1.0]).draw(&model, &x, &y), Err(Error::InvalidParameter { .. })));

    let figure = Curves::new("x", "y").curve("c", [[0.0, 0.0], [1.0, 1.0]]).figure().unwrap();
    for (width, height) in [(0, 400), (400, 0), (100_000, 400), (u32::MAX, u32::MAX)] {
        let small = figure.clone().size(width, height);
        assert!(matches!(small.to_svg(), Err(Error::InvalidParameter { .. })));
        assert!(matches!(small.to_png(), Err(Error::InvalidParameter { .. })));
    }
    for (width, height) in [(160, 160), (4000, 160), (160, 4000)] {
        drawn(&figure.clone().title(NAMES[4]).size(width, height));
    }
}

#[test]
fn empty_lists_are_refused() {
    let none: [(&str, &RocCurve); 0] = [];
    assert!(matches!(plot::roc_curves(&none), Err(Error::Empty { .. })));
    assert!(matches!(plot::precision_recall_curves::<&str>(&[]), Err(Error::Empty { .. })));
    assert!(matches!(plot::calibration_curves::<&str>(&[]), Err(Error::Empty { .. })));
    let empty = ScoreCurve::new(Vec::<usize>::new(), vec![], vec![]).unwrap();
    assert!(matches!(plot::learning_curves(&empty, "score"), Err(Error::Empty { .. })));
    let nan = ScoreCurve::new(vec![1usize, 2], vec![vec![f64::NAN]; 2], vec![vec![]; 2]).unwrap();
    assert!(matches!(plot::learning_curves(&nan, "score"), Err(Error::Picture { .. })));
    let half = ScoreCurve::new(vec![1.0], vec![vec![0.5, f64::NAN]], vec![vec![0.25]]).unwrap();
    drawn(&plot::validation_curves(&half, "C", "score").unwrap());
    assert!(matches!(ScoreCurve::new(vec![1.0], vec![], vec![vec![0.25]]), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(Intervals::new::<&str>(&[]).figure(), Err(Error::Empty { .. })));
    assert!(matches!(Intervals::new(&["a"]).figure(), Err(Error::Empty { .. })));
    let uneven = Intervals::new(&["a"]).group("", &[1.0, 2.0], &[0.0], &[2.0]).figure();
    assert!(matches!(uneven, Err(Error::ShapeMismatch { .. })));
    let open = [f64::NEG_INFINITY, 0.0, f64::NAN];
    let figure =
        Intervals::new(&["a", "b", "c"]).group("", &[1.0, 1.0, f64::NAN], &open, &[f64::INFINITY; 3]);
    drawn(&figure.figure().unwrap());
    let many: Vec<String> = (0..400).map(|i| format!("x{i}")).collect();
    let zeros = vec![0.0; 400];
    drawn(&Intervals::new(&many).group("", &zeros, &zeros, &zeros).figure().unwrap());
}

#[test]
fn weights_of_any_size() {
    let draw = |weights: &DMatrix<f64>, height, width| plot::weight_images(weights, height, width);
    drawn(&draw(&DMatrix::zeros(4, 1), 2, 2).unwrap());
    drawn(&draw(&DMatrix::from_element(1, 1, 1e-300), 1, 1).unwrap());
    drawn(&draw(&DMatrix::from_fn(784, 100, |i, j| ((i * j) as f64).sin()), 28, 28).unwrap());
    drawn(&draw(&DMatrix::from_fn(2000, 3, |i, _| i as f64), 1, 2000).unwrap());
    drawn(&draw(&DMatrix::from_fn(4, 900, |i, j| (i + j) as f64), 2, 2).unwrap());
    assert!(matches!(draw(&DMatrix::zeros(4, 1), 3, 2), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(draw(&DMatrix::zeros(4, 0), 2, 2), Err(Error::Empty { .. })));
    assert!(matches!(draw(&DMatrix::zeros(0, 4), 0, 2), Err(Error::Empty { .. })));
    assert!(matches!(draw(&DMatrix::from_element(1, 1, f64::NAN), 1, 1), Err(Error::NotFinite { .. })));
    assert!(matches!(draw(&DMatrix::zeros(4, 1), usize::MAX, 2), Err(Error::ShapeMismatch { .. })));
}
