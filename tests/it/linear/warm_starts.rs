//! Starting from another model, and models of known coefficients.

use std::fmt::Debug;

use logit::prelude::*;
use logit::{Error, FittedLogistic, LogisticRegression, Penalty, Solver, StopReason};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};

use super::kit::{Data, assert_same, exact, numbers, ways};
use crate::common::normal;

#[test]
fn an_optimum_needs_no_iterations() {
    for classes in [2, 3] {
        for data in [Data::plain(90, 4, classes, 141), Data::full(150, 4, classes, 142)] {
            for way in ways() {
                let way = way.tolerance(1e-10);
                let cold = data.fit(&way);
                assert!(cold.report().iterations > 0);
                // Coefficients go through other coordinates and back, which costs a digit.
                let again = way.clone().tolerance(2e-10);
                let again = again.fit_from_with(&cold, &data.x, &data.y, data.options()).expect("good data");
                assert_eq!(again.report().iterations, 0, "{way:?}: {}", again.report());
                assert!(again.report().converged());
                assert_same(&again, &cold, 1e-14, &format!("{way:?}"));
                approx::assert_relative_eq!(
                    again.report().objective,
                    cold.report().objective,
                    max_relative = 1e-13
                );
            }
        }
    }
}

#[test]
fn the_start_does_not_change_the_optimum() {
    for classes in [2, 3] {
        let data = Data::full(120, 3, classes, 144);
        for way in ways() {
            let wanted = data.fit(&way);
            let columns = wanted.coefficients().ncols();
            for size in [0.1, 5.0, 50.0] {
                let w = size * normal(3, columns, 145);
                let b = DVector::from_fn(columns, |k, _| size * (k as f64 - 0.5));
                let start = FittedLogistic::from_coefficients((0..classes).collect(), w, b).expect("good");
                let found = way.fit_from_with(&start, &data.x, &data.y, data.options());
                let found = found.unwrap_or_else(|error| panic!("{way:?} from {size}: {error}"));
                assert!(found.report().converged(), "{way:?} from {size}: {}", found.report());
                assert_same(&found, &wanted, 1e-9, &format!("{way:?} from {size}"));
            }
        }
    }
}

#[test]
fn two_single_steps_of_newtons_method_are_one_run_of_two() {
    // Scoring for Jeffreys' prior remembers its steps, and is left out.
    for classes in [2, 3] {
        let mut data = Data::full(90, 4, classes, 146);
        // Also where rows are centred in blocks.
        for far in [0.0, 1e4] {
            data.x.column_mut(1).add_scalar_mut(far);
            for penalty in
                [Penalty::None, Penalty::l2(0.1), Penalty::elastic_net(0.01, 0.5), Penalty::l1(0.01)]
            {
                let way = LogisticRegression::new(penalty).tolerance(1e-15);
                let (one, two) = (way.clone().max_iterations(1), way.max_iterations(2));
                let first = data.try_fit(&one).expect("good data");
                let second = one.fit_from_with(&first, &data.x, &data.y, data.options()).expect("good data");
                let both = data.try_fit(&two).expect("good data");
                assert_eq!((both.report().iterations, second.report().iterations), (2, 1));
                let apart = (second.coefficients() - both.coefficients()).amax();
                assert!(apart <= 1e-12 * (1.0 + far), "{penalty:?}, {far}: {apart:e}");
            }
        }
    }
}

/// The coefficients of a start are kept if there is nothing to do.
#[test]
fn no_iterations_return_the_start() {
    for classes in [2, 3] {
        let data = Data::plain(50, 3, classes, 147);
        for way in ways() {
            let start = data.fit(&exact(Penalty::l2(0.5), Solver::Newton));
            let kept = way.clone().max_iterations(0).fit_from(&start, &data.x, &data.y).expect("good data");
            assert_same(&kept, &start, 1e-14, &format!("{way:?}"));
            assert_eq!(kept.report().stop, StopReason::IterationLimit, "{way:?}");
        }
    }
}

#[track_caller]
fn assert_error<A: Debug>(found: Result<A, Error>, message: &str) {
    assert_eq!(found.expect_err("to be refused").to_string(), message);
}

#[test]
fn a_start_for_other_columns_or_classes_is_refused_with_both() {
    let (x, y) = (normal(12, 2, 148), ["a", "b"].repeat(6));
    let way = LogisticRegression::new(Penalty::c(1.0));
    let wide = way.fit(&normal(12, 3, 149), &y).expect("good data");
    assert_error(
        way.fit_from(&wide, &x, &y),
        "the starting model has 3 columns and the classes [\"a\", \"b\"], but the data has 2 columns and the \
         classes [\"a\", \"b\"]: start from a fit to the same columns and classes",
    );
    let other = ["a", "c"].repeat(6);
    let renamed = way.fit(&x, &other).expect("good data");
    for (start, data) in [(&renamed, &y), (&way.fit(&x, &["a", "b", "c"].repeat(4)).expect("good data"), &y)]
    {
        let error = way.fit_from(start, &x, data).expect_err("other classes");
        assert!(matches!(error, Error::WarmStart { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("\"c\"") && text.contains("[\"a\", \"b\"]"), "{text}");
    }
}

#[test]
fn given_coefficients_come_back_and_predict() {
    let data = Data::plain(60, 3, 3, 150);
    for way in ways() {
        for data in [data.clone(), Data::plain(60, 3, 2, 151)] {
            let model = data.fit(&way);
            let (w, b) = (model.coefficients().clone(), model.intercept().clone());
            let given = FittedLogistic::from_coefficients(model.classes().to_vec(), w, b).expect("good");
            assert_eq!(numbers(&given), numbers(&model));
            assert_eq!(given.report().stop, StopReason::Given);
            assert_eq!(given.predict_proba(&data.x), model.predict_proba(&data.x));
            assert_eq!(given.predict(&data.x), model.predict(&data.x));
        }
    }
    // Extreme coefficients are valid too.
    let extreme = FittedLogistic::from_coefficients(vec![0, 1], dmatrix![f64::MAX; 5e-324], dvector![-0.0]);
    let extreme = extreme.expect("finite");
    assert_eq!(extreme.coefficients()[0], f64::MAX);
    assert!(extreme.intercept()[0].is_sign_negative());
    assert_eq!(extreme.decision_function(&dmatrix![2.0, 0.0]), Err(Error::Overflow { row: 0 }));
    assert_eq!(extreme.predict(&dmatrix![1.0, 0.0; -1.0, 0.0]), Ok(vec![1, 0]));
}

#[test]
fn coefficients_that_make_no_model_are_refused() {
    fn given(classes: &[u8], w: DMatrix<f64>, b: &[f64]) -> Result<FittedLogistic<f64, u8>, Error> {
        FittedLogistic::from_coefficients(classes.to_vec(), w, DVector::from_column_slice(b))
    }
    let w = dmatrix![1.0; 2.0];
    assert_error(given(&[], w.clone(), &[0.0]), "`classes` has no entries: at least one is needed");
    assert_error(
        given(&[7], w.clone(), &[0.0]),
        "`y` contains only the class 7: a classifier needs rows of at least two classes",
    );
    assert_error(
        given(&[2, 1], w.clone(), &[0.0]),
        "`classes` lists 2 before 1: classes must be distinct and in ascending order",
    );
    assert_error(
        given(&[1, 2, 2], DMatrix::zeros(2, 3), &[0.0; 3]),
        "`classes` lists 2 before 2: classes must be distinct and in ascending order",
    );
    assert_error(
        given(&[1, 2], DMatrix::zeros(0, 1), &[0.0]),
        "`coefficients` has no rows: at least one is needed",
    );
    assert_error(given(&[1, 2], DMatrix::zeros(2, 2), &[0.0]), "`coefficients` has 2 columns, expected 1");
    assert_error(given(&[1, 2, 3], w.clone(), &[0.0; 3]), "`coefficients` has 1 column, expected 3");
    assert_error(given(&[1, 2], w.clone(), &[]), "`intercept` has 0 entries, expected 1");
    assert_error(given(&[1, 2], w.clone(), &[0.0; 2]), "`intercept` has 2 entries, expected 1");
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let found = given(&[1, 2], dmatrix![1.0; bad], &[0.0]);
        assert!(
            matches!(found, Err(Error::NotFinite { argument: "coefficients", row: 1, column: 0, .. })),
            "{found:?}"
        );
        let found = given(&[1, 2], w.clone(), &[bad]);
        assert!(matches!(found, Err(Error::NotFinite { argument: "intercept", row: 0, .. })), "{found:?}");
    }
}

/// Starts at the end of the range are refused or survived.
#[test]
fn a_start_far_out_of_range_is_survived() {
    for classes in [2, 3] {
        let data = Data::plain(40, 2, classes, 152);
        let columns = if classes == 2 { 1 } else { 3 };
        for size in [1e3, 1e10, 1e100, 1e300, f64::MAX] {
            let w = DMatrix::from_fn(2, columns, |j, k| if (j + k) % 2 == 0 { size } else { -size });
            let start = FittedLogistic::from_coefficients((0..classes).collect(), w, DVector::zeros(columns))
                .expect("good");
            for way in ways() {
                match way.fit_from(&start, &data.x, &data.y) {
                    Ok(model) => assert!(numbers(&model).iter().all(|w| w.is_finite()), "{way:?}, {size:e}"),
                    Err(error) => {
                        let typed = matches!(error, Error::FitOverflow | Error::Singular { .. });
                        assert!(typed, "{way:?}, {size:e}: {error}");
                    }
                }
            }
        }
    }
}

/// Coordinates of a start are found in a pass over the data; here they overflow, which only a fit that can go
/// on finds.
#[test]
fn a_solver_that_does_not_suit_the_penalty_is_refused_before_any_pass() {
    let (x, y) = (dmatrix![1e3; -1e3; 2e3; 0.0], [0, 1, 0, 1]);
    let start = FittedLogistic::from_coefficients(vec![0, 1], dmatrix![1e307], dvector![0.0])
        .expect("finite numbers");
    let from_there = |penalty, solver| {
        LogisticRegression::new(penalty).solver(solver).fit_from(&start, &x, &y).map(|_| ())
    };
    assert_eq!(from_there(Penalty::l2(1.0), Solver::Lbfgs), Err(Error::FitOverflow));
    assert_error(
        from_there(Penalty::l1(1.0), Solver::Lbfgs),
        "this solver does not support an L1 penalty: use Solver::Auto or Solver::ProximalNewton",
    );
    assert_error(
        from_there(Penalty::Jeffreys, Solver::NewtonCg),
        "this solver does not support Jeffreys' penalty: use Solver::Auto or Solver::Newton",
    );
}
