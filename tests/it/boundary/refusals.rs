//! Arguments without an answer are rejected with the cause, and nothing panics.

use std::fmt::Debug;

use logit::boundary::{Bounds, between, class_boundaries, contour, contour_of_grid};
use logit::{Activation, Error};
use nalgebra::{DMatrix, dmatrix};
use proptest::prelude::*;

use super::kit::*;
use super::level_sets::Function;

#[track_caller]
fn assert_message<A: Debug>(result: Result<A, Error>, message: &str) {
    assert_eq!(result.expect_err("refused").to_string(), message);
}

#[test]
fn levels_and_resolutions_out_of_range() {
    let model = logistic(2, 2, 1.0, 1);
    for level in [0.0, 1.0, -1.0, 2.0, f64::NAN, f64::INFINITY] {
        let message = format!("`level` is {level}, but must be above 0 and below 1");
        assert_message(contour(&model, level, frame(), 10), &message);
    }
    for resolution in [0, 1, 4097, usize::MAX] {
        let message = format!("`resolution` is {}, but must be from 2 to 4096", resolution as f64);
        assert_message(contour(&model, 0.5, frame(), resolution), &message);
        assert_message(between(&model, &0, &1, frame(), resolution), &message);
        assert_message(class_boundaries(&model, frame(), resolution), &message);
    }
}

#[test]
fn classifiers_of_other_sizes() {
    let message = "`classifier` has 3 features, expected 2";
    assert_message(contour(&logistic(3, 2, 1.0, 1), 0.5, frame(), 10), message);
    assert_message(between(&logistic(3, 3, 1.0, 1), &0, &1, frame(), 10), message);
    assert_message(class_boundaries(&logistic(3, 3, 1.0, 1), frame(), 10), message);
    assert_message(
        contour(&logistic(2, 3, 1.0, 1), 0.5, frame(), 10),
        "`classes` is 3, but must be 2: for more classes, use `boundary::between`",
    );
    assert_message(
        between(&logistic(2, 3, 1.0, 1), &0, &9, frame(), 10),
        "9 is not one of the classifier's 3 classes",
    );
    assert_message(
        between(&logistic(2, 3, 1.0, 1), &1, &1, frame(), 10),
        "`second` is 1, but must be a different class from the first",
    );
}

#[test]
fn bounds_that_bound_nothing() {
    assert_message(Bounds::new((f64::NAN, 1.0), (0.0, 1.0)), "`x_low` is NaN, but must be finite");
    assert_message(Bounds::new((0.0, 1.0), (0.0, f64::INFINITY)), "`y_high` is inf, but must be finite");
    assert_message(Bounds::new((1.0, 1.0), (0.0, 1.0)), "`x_high` is 1, but must be above the low end");
    assert_message(Bounds::new((0.0, 1.0), (2.0, 1.0)), "`y_high` is 1, but must be above the low end");
    assert!(Bounds::new((-f64::MAX, f64::MAX), (0.0, 1.0)).is_err());
    let empty = DMatrix::<f64>::zeros(0, 2);
    assert_message(Bounds::around(&empty, 0.1), "`x` has no rows: at least one is needed");
    assert_message(Bounds::around(&dmatrix![1.0, 2.0, 3.0], 0.1), "`x` has 3 columns, expected 2");
    assert!(matches!(Bounds::around(&dmatrix![1.0, f64::NAN], 0.1), Err(Error::NotFinite { column: 1, .. })));
    for margin in [-0.1, f64::NAN, f64::INFINITY] {
        assert!(Bounds::around(&dmatrix![1.0, 2.0; 3.0, 4.0], margin).is_err());
    }
    // Constant columns have no extent of their own.
    let constant = Bounds::around(&dmatrix![5.0f32, 0.0; 5.0, 0.0], 0.1).expect("bounds");
    assert_eq!((constant.x(), constant.y()), ((4.5, 5.5), (-0.1, 0.1)));
    assert!(Bounds::around(&dmatrix![5.0, 1.0; 5.0, 2.0], 0.0).is_err());
    assert!(Bounds::around(&dmatrix![f64::MAX, 1.0; -f64::MAX, 2.0], 0.0).is_err());
}

#[test]
fn grids_that_are_none() {
    assert_message(contour_of_grid(&dmatrix![1.0, 2.0], 0.5, frame()), "`values` has 1 row, expected 2");
    assert_message(contour_of_grid(&dmatrix![1.0; 2.0], 0.5, frame()), "`values` has 1 column, expected 2");
    assert!(contour_of_grid(&dmatrix![1.0, 2.0; f64::NAN, 1.0], 0.5, frame()).is_err());
    assert!(contour_of_grid(&dmatrix![1.0, 2.0; 0.0, 1.0], f64::NAN, frame()).is_err());
}

#[test]
fn what_the_classifier_refuses_is_passed_on() {
    // Beyond the numbers of f32.
    let single = network::<f32>(3, 1, Activation::Tanh, 1.0, 1);
    let wide = Bounds::new((-1e300, 1e300), (-1.0, 1.0)).expect("bounds");
    assert_message(
        contour(&single, 0.5, wide, 10),
        &format!("`x_low` is {}, but must be in the range of the classifier's number type", -1e300),
    );
    // Scores beyond those of f64.
    let far = Bounds::new((-1e308, 0.5e308), (-1.0, 1.0)).expect("bounds");
    assert!(matches!(contour(&logistic(2, 2, 1e3, 1), 0.5, far, 10), Err(Error::Overflow { .. })));
    let broken = Function(|x: f64, _| if x > 1.0 { f64::NAN } else { 0.4 });
    assert!(matches!(contour(&broken, 0.5, frame(), 10), Err(Error::Overflow { .. })));
}

/// A classifier whose probabilities are those of any function.
#[test]
fn functions_without_any_order_have_an_answer() {
    let noise = Function(|x: f64, y: f64| {
        (x.to_bits() ^ y.to_bits().rotate_left(17)).wrapping_mul(0x9e37_79b9_7f4a_7c15) as f64
            / u64::MAX as f64
    });
    let found = contour(&noise, 0.5, frame(), 40).expect("lines");
    assert_lines(found.lines(), frame());
    assert!(found.nearest(&noise, [0.0, 0.0]).expect("a distance").is_some());
    let certain =
        Function(
            |x: f64, y: f64| {
                if (x.to_bits() ^ y.to_bits()).count_ones().is_multiple_of(2) { 1.0 } else { 0.0 }
            },
        );
    assert_lines(contour(&certain, 0.3, frame(), 40).expect("lines").lines(), frame());
    assert!(class_boundaries(&noise, frame(), 20).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bounds_and_no_level_panic(
        bits: [u64; 4], level: f64, size in -300i32..300, resolution in 0usize..20, seed: u64,
    ) {
        let [a, b, c, d] = bits.map(f64::from_bits);
        let model = network::<f64>(3, 1, Activation::Tanh, 10f64.powi(size), seed);
        let single = network::<f32>(3, 3, Activation::Relu, 1.0, seed);
        for bounds in [Bounds::new((a, b), (c, d)), Bounds::new((a.min(b), a.max(b)), (c.min(d), c.max(d)))] {
            let Ok(bounds) = bounds else { continue };
            if let Ok(found) = contour(&model, level.abs().fract(), bounds, resolution) {
                assert_lines(found.lines(), bounds);
            }
            let _ = class_boundaries(&single, bounds, resolution);
        }
    }
}
