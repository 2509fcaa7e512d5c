//! The closed form of linear models, and contours of them.

use logit::boundary::{Bounds, Hyperplane, contour};
use logit::prelude::*;
use logit::{
    Error, FittedLogistic, LogisticRegression, MinMaxScaler, Penalty, Pipeline, Rng, StandardScaler,
};
use nalgebra::{DMatrix, dmatrix, dvector};
use proptest::prelude::*;

use super::kit::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn contours_agree_with_the_closed_form(seed: u64, size in 0.1f64..30.0, level in 0.01f64..0.99) {
        let model = logistic(2, 2, size, seed);
        let line = Hyperplane::of(&model, level).expect("a line");
        let found = contour(&model, level, frame(), 25).expect("a contour");
        let Some(segment) = line.segment(frame()).expect("two features") else {
            prop_assert!(!found.is_reached());
            return Ok(());
        };
        assert_lines(std::slice::from_ref(&segment), frame());
        // A corner may be cut off between the points of the grid.
        if segment.length() > 0.5 {
            prop_assert_eq!(found.lines().len(), 1);
            let (points, ends) = (&found.lines()[0].points, &segment.points);
            let far = distance(points[0], ends[0]).max(distance(points[points.len() - 1], ends[1]));
            prop_assert!(far < 1e-9, "{:?} {:?}", points, ends);
            prop_assert!((found.length() - segment.length()).abs() < 1e-9);
        }
        let away = line.distances(&points_of::<f64>(&vertices(found.lines()))).expect("points");
        prop_assert!(away.iter().all(|distance| distance.abs() < 1e-12), "{}", away);
    }

    #[test]
    fn the_nearest_points_are_on_the_level(
        seed: u64, features in 1usize..6, size in 0.1f64..10.0, level in 0.01f64..0.99,
    ) {
        let model = logistic(features, 2, size, seed);
        let plane = Hyperplane::of(&model, level).expect("a plane");
        let mut rng = Rng::new(seed);
        let x = DMatrix::from_fn(20, features, |_, _| 3.0 * rng.standard_normal());
        let (nearest, distances) = (plane.nearest(&x).expect("rows"), plane.distances(&x).expect("rows"));
        let (here, there) =
            (model.predict_proba(&x).expect("rows"), model.predict_proba(&nearest).expect("rows"));
        for row in 0..20 {
            prop_assert!((there[(row, 1)] - level).abs() < 1e-12);
            prop_assert!(((x.row(row) - nearest.row(row)).norm() - distances[row].abs()).abs() < 1e-12);
            prop_assert_eq!(here[(row, 1)] > level, distances[row] > 0.0);
        }
    }

    #[test]
    fn pairs_of_classes_are_equally_probable_on_their_plane(seed: u64, classes in 2usize..6) {
        let model = logistic(3, classes, 1.0, seed);
        let plane = Hyperplane::between(&model, &1, &0).expect("a plane");
        let mut rng = Rng::new(seed);
        let x = DMatrix::from_fn(20, 3, |_, _| 2.0 * rng.standard_normal());
        let log_p = model.predict_log_proba(&plane.nearest(&x).expect("rows")).expect("rows");
        let here = model.predict_log_proba(&x).expect("rows");
        for (row, distance) in plane.distances(&x).expect("rows").iter().enumerate() {
            prop_assert!((log_p[(row, 0)] - log_p[(row, 1)]).abs() < 1e-12);
            prop_assert_eq!(here[(row, 1)] > here[(row, 0)], *distance > 0.0);
        }
    }
}

#[test]
fn pipelines_with_scalers_have_a_closed_form_in_raw_units() {
    let mut rng = Rng::new(3);
    let x = DMatrix::from_fn(80, 2, |_, column| {
        [50.0, -3.0][column] + [20.0, 0.1][column] * rng.standard_normal()
    });
    let y: Vec<bool> = (0..80)
        .map(|row| (x[(row, 0)] - 50.0) / 20.0 + (x[(row, 1)] + 3.0) / 0.1 + rng.standard_normal() > 0.0)
        .collect();
    let bounds = Bounds::around(&x, 0.1).expect("rows");
    let fit = LogisticRegression::new(Penalty::c(1.0));
    let standard = Pipeline::new(StandardScaler::new(), fit.clone()).fit(&x, &y).expect("rows");
    let steps = standard.steps();
    let line = Hyperplane::of(standard.classifier(), 0.3).expect("a line");
    let line = line.unscaled(steps.mean(), steps.scale()).expect("a line");
    let found = contour(&standard, 0.3, bounds, 40).expect("a contour");
    let segment = line.segment(bounds).expect("two features").expect("a segment");
    assert!(
        (found.length() / segment.length() - 1.0).abs() < 1e-12,
        "{} {}",
        found.length(),
        segment.length()
    );

    let unit = Pipeline::new(MinMaxScaler::new(), fit).fit(&x, &y).expect("rows");
    let found = contour(&unit, 0.3, bounds, 40).expect("a contour");
    let line = Hyperplane::of(unit.classifier(), 0.3).expect("a line");
    let (low, high) = (unit.steps().minimum(), unit.steps().maximum());
    let line = line.unscaled(low, &[high[0] - low[0], high[1] - low[1]]).expect("a line");
    assert!((found.length() / line.segment(bounds).unwrap().unwrap().length() - 1.0).abs() < 1e-12);
}

#[test]
fn lines_along_an_axis_and_along_the_frame() {
    let bounds = Bounds::new((0.0, 4.0), (0.0, 1.0)).expect("bounds");
    let at = |w: [f64; 2], b: f64| {
        let model =
            FittedLogistic::from_coefficients(vec![0, 1], dmatrix![w[0]; w[1]], dvector![b]).expect("sizes");
        Hyperplane::of(&model, 0.5).expect("a line").segment(bounds).expect("two features")
    };
    assert_eq!(at([2.0, 0.0], -2.0).expect("a segment").points, [[1.0, 1.0], [1.0, 0.0]]);
    assert_eq!(at([0.0, -3.0], 1.5).expect("a segment").points, [[4.0, 0.5], [0.0, 0.5]]);
    assert_eq!(at([1.0, 0.0], -4.0).expect("the frame").points, [[4.0, 1.0], [4.0, 0.0]]);
    assert_eq!(at([1.0, 1.0], 0.0), None, "touches the corner");
    assert_eq!(at([1.0, 1.0], 1.0), None);
    assert_eq!(at([1e300, 1e300], -1e300).expect("a segment").points, [[0.0, 1.0], [1.0, 0.0]]);
    assert_eq!(at([1e-300, 1e-300], -1e-300).expect("a segment").points, [[0.0, 1.0], [1.0, 0.0]]);
}

#[test]
fn planes_that_do_not_exist_are_refused() {
    let flat =
        FittedLogistic::from_coefficients(vec![0, 1], dmatrix![0.0; 0.0], dvector![1.0]).expect("sizes");
    assert!(matches!(Hyperplane::of(&flat, 0.5), Err(Error::InvalidParameter { name: "coefficients", .. })));
    let model = logistic(2, 3, 1.0, 1);
    assert!(matches!(Hyperplane::of(&model, 0.5), Err(Error::InvalidParameter { name: "classes", .. })));
    assert!(matches!(
        Hyperplane::between(&model, &0, &0),
        Err(Error::InvalidParameter { name: "second", .. })
    ));
    assert!(matches!(Hyperplane::between(&model, &0, &7), Err(Error::NoSuchClass { classes: 3, .. })));
    let plane = Hyperplane::between(&model, &0, &1).expect("a plane");
    assert!(plane.distances(&dmatrix![1.0, f64::NAN]).is_err());
    assert!(plane.nearest(&dmatrix![1.0]).is_err());
    assert!(plane.unscaled(&[0.0, 0.0], &[1.0, 0.0]).is_err());
    assert!(plane.unscaled(&[0.0], &[1.0, 1.0]).is_err());
    let space = Hyperplane::of(&logistic(3, 2, 1.0, 1), 0.5).expect("a plane");
    assert!(matches!(space.segment(frame()), Err(Error::ShapeMismatch { .. })));
    for level in [0.0, 1.0, -0.5, f64::NAN] {
        assert!(matches!(
            Hyperplane::of(&logistic(2, 2, 1.0, 1), level),
            Err(Error::InvalidParameter { name: "level", .. })
        ));
    }
}

/// Boundaries of columns far from the origin are those of the same rows near it, moved.
#[test]
fn far_planes_keep_their_digits() {
    let mut rng = Rng::new(3);
    let y: Vec<usize> = (0..90).map(|row| row % 3).collect();
    let x = DMatrix::from_fn(90, 2, |row, j| {
        (10.0 * rng.standard_normal()).round() + if y[row] == j { 9.0 } else { 0.0 }
    });
    let fit = LogisticRegression::new(Penalty::l2(0.01)).tolerance(1e-12);
    let two: Vec<usize> = y.iter().map(|&class| class.min(1)).collect();
    for by in [1e4, 1e9, 1e11] {
        let moved = x.map(|v| v + by);
        let frame = |by: f64| Bounds::new((by - 40.0, by + 40.0), (by - 40.0, by + 40.0)).expect("bounds");
        let check = |near: Hyperplane, far: Hyperplane| {
            assert!((near.normal() - far.normal()).amax() < 1e-12);
            assert!((near.distances(&x).unwrap() - far.distances(&moved).unwrap()).amax() < 1e-11);
            let (a, b) =
                (near.segment(frame(0.0)).unwrap().unwrap(), far.segment(frame(by)).unwrap().unwrap());
            for (a, b) in a.points.iter().zip(&b.points) {
                assert!(
                    (0..2).all(|j| (a[j] + by - b[j]).abs() < 1e-11 + 4.0 * f64::EPSILON * by),
                    "{a:?} {b:?}"
                );
            }
            // In units of 1/3, from a shift that is no number.
            let (shift, scale) = ([0.1, 0.2], [1.0 / 3.0, 3.0]);
            let unscaled = far.unscaled(&shift, &scale).unwrap();
            let rows = DMatrix::from_fn(90, 2, |row, j| moved[(row, j)] * scale[j] + shift[j]);
            let wanted =
                near.unscaled(&[0.0, 0.0], &scale)
                    .unwrap()
                    .distances(&DMatrix::from_fn(90, 2, |row, j| x[(row, j)] * scale[j]));
            let apart = (unscaled.distances(&rows).unwrap() - wanted.unwrap()).amax();
            // What the entries themselves lose.
            assert!(apart < 1e-11 + 2.0 * f64::EPSILON * by * 3.0, "{apart:e}");
        };
        let (near, far) = (fit.fit(&x, &two).unwrap(), fit.fit(&moved, &two).unwrap());
        check(Hyperplane::of(&near, 0.3).unwrap(), Hyperplane::of(&far, 0.3).unwrap());
        check(Hyperplane::between(&near, &0, &1).unwrap(), Hyperplane::between(&far, &0, &1).unwrap());
        let (near, far) = (fit.fit(&x, &y).unwrap(), fit.fit(&moved, &y).unwrap());
        check(Hyperplane::between(&near, &2, &0).unwrap(), Hyperplane::between(&far, &2, &0).unwrap());
    }
}
