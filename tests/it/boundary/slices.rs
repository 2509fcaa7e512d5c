//! Slices agree with the whole classifier.

use logit::boundary::{Slice, class_boundaries, contour};
use logit::prelude::*;
use logit::{Error, MlpClassifier, data};
use nalgebra::{DMatrix, DVector, dmatrix};
use proptest::prelude::*;

use super::kit::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_slice_of_a_linear_model_is_a_linear_model(
        seed: u64, features in 2usize..6, first in 0usize..6, other in 0usize..6, level in 0.05f64..0.95,
    ) {
        let (first, second) = (first % features, other % features);
        prop_assume!(first != second);
        let model = logistic(features, 2, 1.0, seed);
        let reference: Vec<f64> = (0..features).map(|i| (i as f64).sin()).collect();
        let slice = Slice::new(&model, [first, second], &reference).expect("a slice");
        // The others belong to the intercept.
        let w = model.coefficients();
        let rest: f64 =
            (0..features).filter(|&i| i != first && i != second).map(|i| w[i] * reference[i]).sum();
        let plane = logit::FittedLogistic::from_coefficients(
            vec![0, 1], dmatrix![w[first]; w[second]], DVector::from_element(1, model.intercept()[0] + rest),
        ).expect("sizes");
        let found = contour(&slice, level, frame(), 20).expect("a contour");
        let wanted = contour(&plane, level, frame(), 20).expect("a contour");
        prop_assert_eq!(found.lines().len(), wanted.lines().len());
        prop_assert!((found.length() - wanted.length()).abs() < 1e-9);
        // On the level of the whole model.
        let points = vertices(found.lines());
        let whole = DMatrix::from_fn(points.len(), features, |row, feature| match feature {
            feature if feature == first => points[row][0],
            feature if feature == second => points[row][1],
            feature => reference[feature],
        });
        let p = model.predict_proba(&whole).expect("rows");
        prop_assert!(p.column(1).iter().all(|p| (p - level).abs() <= 1e-9));
    }
}

#[test]
fn a_slice_predicts_as_the_whole_does() {
    let iris = data::iris();
    let model = MlpClassifier::new([6]).epochs(30).fit(&iris.x, &iris.y).expect("rows");
    let reference: Vec<f64> = iris.x.row(75).iter().copied().collect();
    let slice = Slice::new(&model, [3, 0], &reference).expect("a slice");
    assert_eq!((slice.features(), slice.chosen()), (2, [3, 0]));
    let x = iris.x.select_columns(&[3, 0]);
    let whole = slice.whole(&x).expect("rows");
    assert_eq!(whole.column(1), DVector::from_element(150, reference[1]).column(0));
    assert_eq!((whole.column(3), whole.column(0)), (iris.x.column(3), iris.x.column(0)));
    assert_eq!(slice.predict(&x), model.predict(&whole));
    assert_eq!(slice.predict_proba(&x), model.predict_proba(&whole));
    assert_eq!(slice.predict_log_proba(&x), model.predict_log_proba(&whole));
    assert_eq!(slice.decision_function(&x), model.decision_function(&whole));
    assert_eq!(slice.score(&x, &iris.y), model.score(&whole, &iris.y));
    let bounds = logit::boundary::Bounds::around(&x, 0.2).expect("rows");
    assert!(!class_boundaries(&slice, bounds, 40).expect("boundaries").is_empty());
}

#[test]
fn slices_that_do_not_exist_are_refused() {
    let model = logistic(3, 2, 1.0, 1);
    let message = |features, reference: &[f64]| {
        Slice::new(&model, features, reference).expect_err("no slice").to_string()
    };
    assert_eq!(
        message([0, 3], &[0.0; 3]),
        "`features` is 3, but must be the index of a feature, counted from 0"
    );
    assert_eq!(message([1, 1], &[0.0; 3]), "`features` is 1, but must be a different feature from the first");
    assert_eq!(message([0, 1], &[0.0; 2]), "`reference` has 2 entries, expected 3");
    assert!(message([0, 1], &[0.0, 0.0, f64::NAN]).contains("column 2 of `reference` is not finite"));
    let slice = Slice::new(&model, [0, 1], &[0.0; 3]).expect("a slice");
    assert!(matches!(slice.predict(&dmatrix![1.0]), Err(Error::ShapeMismatch { expected: 2, found: 1, .. })));
}
