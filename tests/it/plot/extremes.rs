//! Numbers of every size give a picture or an error, in bounded time and size.

use std::time::{Duration, Instant};

use logit::Error;
use logit::FittedLogistic;
use logit::boundary::Bounds;
use logit::metrics::{ConfusionMatrix, PrecisionRecallCurve, RocCurve};
use logit::nalgebra::{DMatrix, dmatrix, dvector};
use logit::plot::{self, Curves, DecisionRegions, Figure, Intervals, ProbabilitySurface};
use logit::select::ScoreCurve;
use logit::terminal::Sketch;
use proptest::prelude::*;

use super::kit::read;

/// Far more than a picture of these tests takes, and far less than a loop over all decades or numbers.
const LONGEST: Duration = Duration::from_secs(20);
const MOST: usize = 2_000_000;

/// Returns whether there is a picture; all errors are about the numbers.
fn is_drawn(figure: Result<Figure, Error>) -> bool {
    let start = Instant::now();
    let svg = figure.and_then(|figure| figure.to_svg());
    assert!(start.elapsed() < LONGEST);
    match svg {
        Ok(svg) => {
            assert!(svg.len() < MOST && !svg.contains("inf") && !svg.contains("NaN"));
            read(&svg);
            true
        }
        Err(Error::Picture { .. } | Error::InvalidParameter { .. } | Error::NotFinite { .. }) => false,
        Err(other) => panic!("{other}"),
    }
}

/// Numbers of every size, most of them positive.
fn numbers() -> impl Strategy<Value = f64> {
    let known = [
        0.0,
        5e-324,
        1e-323,
        1e-310,
        2.3e-308,
        1e-300,
        1.0,
        1.0 + 1e-15,
        1e15 + 2.0,
        1e300,
        1.7e308,
        f64::MAX,
        f64::NAN,
        f64::INFINITY,
    ];
    prop_oneof![
        proptest::sample::select(known.to_vec()),
        (-324.0..308.3f64).prop_map(|power| 10f64.powf(power)),
        any::<f64>(),
        proptest::sample::select(known.to_vec()).prop_map(|number| -number),
    ]
}

fn points() -> impl Strategy<Value = Vec<[f64; 2]>> {
    prop::collection::vec([numbers(), numbers()], 1..6)
}

fn curves(points: &[[f64; 2]], logarithmic: [bool; 2]) -> Result<Figure, Error> {
    let curves = Curves::new("x", "y").curve("c", points.iter().copied()).points("p", points.iter().copied());
    let curves = if logarithmic[0] { curves.logarithmic_x() } else { curves };
    if logarithmic[1] { curves.logarithmic_y().figure() } else { curves.figure() }
}

#[test]
fn logarithmic_axes_reach_every_number() {
    for points in [
        [[1e-300, 1.0], [1e300, 2.0]],
        [[5e-324, 1.0], [1.0, 2.0]],
        [[1.0, 1.0], [2.0, 2e-323]],
        [[1e-310, 1.7e308], [1.0, 5e-324]],
        [[f64::MAX, 1.0], [5e-324, 1.0]],
        [[1e-323, 1e15 + 2.0], [1e-323, 1e15 + 2.0]],
    ] {
        for logarithmic in [[true, true], [true, false], [false, true]] {
            // The range of a linear axis has to be a number.
            let fits = |axis: usize| logarithmic[axis] || points.iter().all(|point| point[axis] < 1e308);
            let drawn = is_drawn(curves(&points, logarithmic));
            assert!(drawn || !(fits(0) && fits(1)), "{points:?} {logarithmic:?}");
        }
    }
    let halving = (0..1200).map(|i| [f64::from(i), 0.5f64.powi(i)]);
    let figure = Curves::new("epoch", "loss").curve("c", halving).logarithmic_y().figure();
    let picture = read(&figure.expect("a figure").to_svg().expect("a picture"));
    picture.must_have(&["10⁻¹⁰⁰", "10⁻³⁰⁰"]);
}

#[test]
fn marks_of_subnormal_numbers_are_round() {
    let figure = curves(&[[0.0, 0.0], [1.0, 4e-319]], [false; 2]).expect("a figure");
    read(&figure.to_svg().expect("a picture")).must_have(&["10⁻³¹⁹", "2·10⁻³¹⁹", "3·10⁻³¹⁹"]);
}

#[test]
fn weights_near_the_largest_number_have_a_colour_bar() {
    for weight in [9e307, f64::MAX, 5e-324, 1e-310] {
        let weights = dmatrix![weight, -0.5 * weight; 0.25 * weight, 0.0];
        assert!(is_drawn(plot::weight_images(&weights, 2, 1)), "{weight}");
    }
    let figure = plot::weight_images(&dmatrix![9e307; -9e307], 2, 1).expect("a figure");
    read(&figure.to_svg().expect("a picture")).must_have(&["5·10³⁰⁷", "0", "−5·10³⁰⁷"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn curves_of_any_numbers(points in points(), logarithmic: [bool; 2]) {
        is_drawn(curves(&points, logarithmic));
        let finite = points.iter().any(|point| point.iter().all(|v| v.is_finite() && v.abs() < 1e300));
        let start = Instant::now();
        let text = Sketch::new().curves("x", "y", &[("c", &points)]);
        prop_assert!(start.elapsed() < LONGEST);
        match text {
            Ok(text) => prop_assert!(text.len() < MOST),
            Err(error) => {
                let expected = matches!(error, Error::Picture { .. }) && !(finite && points.len() == 1);
                prop_assert!(expected, "{}", error);
            }
        }
    }

    #[test]
    fn scores_and_intervals_of_any_numbers(values in prop::collection::vec(numbers(), 6)) {
        let score = |at: usize| vec![values[at], values[(at + 1) % 6]];
        let (train, test) = (vec![score(0), score(2)], vec![score(3), score(4)]);
        let sizes = ScoreCurve::new(vec![1usize, usize::MAX], train.clone(), test.clone()).unwrap();
        is_drawn(plot::learning_curves(&sizes, "score"));
        if let Ok(settings) = ScoreCurve::new(vec![values[0], values[5]], train, test) {
            is_drawn(plot::validation_curves(&settings, "C", "score"));
        }
        let intervals = Intervals::new(&["a", "b"]).group("", &values[..2], &values[2..4], &values[4..]);
        is_drawn(intervals.figure());
        let weights = DMatrix::from_row_slice(3, 2, &values);
        is_drawn(plot::weight_images(&weights, 1, 3));
    }

    #[test]
    fn rankings_and_tables_of_any_weights(
        weights in prop::collection::vec(numbers(), 6), scores in prop::collection::vec(numbers(), 6),
    ) {
        let y = [0, 1, 0, 1, 1, 0];
        if let Ok(curve) = RocCurve::new(&y, &scores, &1, Some(&weights)) {
            is_drawn(plot::roc_curves(&[("a", &curve)]));
            prop_assert!(Sketch::new().roc(&curve).is_ok());
        }
        if let Ok(curve) = PrecisionRecallCurve::new(&y, &scores, &1, Some(&weights)) {
            is_drawn(plot::precision_recall_curves(&[("a", &curve)]));
        }
        if let Ok(matrix) = ConfusionMatrix::weighted(&y, &[1, 1, 0, 0, 1, 0], &weights) {
            is_drawn(plot::confusion_matrix(&matrix));
        }
    }

    #[test]
    fn planes_of_any_bounds(ends in [numbers(), numbers(), numbers(), numbers()], w in [numbers(), numbers(), numbers()]) {
        let Ok(bounds) = Bounds::new((ends[0], ends[1]), (ends[2], ends[3])) else { return Ok(()) };
        let Ok(model) = FittedLogistic::from_coefficients(vec![0, 1], dmatrix![w[0]; w[1]], dvector![w[2]]) else {
            return Ok(());
        };
        let (x, y) = (dmatrix![0.0, 0.0; 1.0, 1.0], [0, 1]);
        let allowed = |figure: Result<Figure, Error>| match figure {
            Err(Error::Overflow { .. }) => {}
            figure => { is_drawn(figure); }
        };
        allowed(DecisionRegions::new().bounds(bounds).resolution(20).draw(&model, &x, &y));
        allowed(ProbabilitySurface::new().bounds(bounds).resolution(20).draw(&model, &x, &y));
        let start = Instant::now();
        let far = dmatrix![ends[0], ends[2]; ends[1], ends[3]];
        let _ = Sketch::new().regions(&model, &far, &y);
        prop_assert!(start.elapsed() < LONGEST);
    }
}
