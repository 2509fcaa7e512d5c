//! Separation by some columns: they are named exactly, the others are at their limits, and a penalty restores
//! an optimum.

use logit::linear::SeparationKind;
use logit::prelude::*;
use logit::{FittedLogistic, LogisticRegression, Penalty, Solver, StopReason};
use nalgebra::{DMatrix, dmatrix};

use super::kit::{Data, KINDS, SMOOTH, penalty, solvers};
use crate::common::normal;

/// Overlapping rows with a further column that is above zero in some rows of the last class only, 0
/// elsewhere.
fn one_bad_column(classes: usize, at: usize) -> (Data, Vec<usize>) {
    let good = Data::plain(160, 3, classes, 131);
    let marked: Vec<usize> = (0..160).filter(|&row| good.y[row] == classes - 1 && row % 3 == 0).collect();
    assert!(marked.len() > 5);
    let mut x = good.x.clone().insert_column(at, 0.0);
    for (count, &row) in marked.iter().enumerate() {
        x[(row, at)] = 1.0 + 0.1 * count as f64;
    }
    (Data { x, ..good }, marked)
}

fn assert_names(model: &FittedLogistic<f64, usize>, column: usize, rows: &[usize], what: &str) {
    assert_eq!(model.report().stop, StopReason::Separated, "{what}: {}", model.report());
    let separation = model.separation().unwrap_or_else(|| panic!("{what}: no direction"));
    assert_eq!(separation.kind(), SeparationKind::Quasi, "{what}");
    assert_eq!(separation.columns(), [column], "{what}: {separation}");
    assert_eq!(separation.separated_rows(), rows, "{what}");
}

#[test]
fn one_bad_column_is_named_and_the_others_are_at_their_limits() {
    for classes in [2, 3] {
        for at in [0, 2, 3] {
            let (data, marked) = one_bad_column(classes, at);
            let overlapping: Vec<usize> = (0..160).filter(|row| !marked.contains(row)).collect();
            let limit = Data { x: data.x.clone().remove_column(at), ..data.clone() }.select(&overlapping);
            let way = |solver| LogisticRegression::new(Penalty::None).solver(solver);
            let wanted = limit.fit(&way(Solver::Newton).tolerance(1e-12));
            for solver in SMOOTH {
                let what = format!("{classes}, {at}, {solver:?}");
                let model = data.try_fit(&way(solver)).expect("a model");
                if classes == 2 {
                    assert_names(&model, at, &marked, &what);
                    let others = model.coefficients().clone().remove_row(at);
                    let apart = (others - wanted.coefficients()).amax();
                    assert!(apart < 1e-3, "{what}: {apart:e}");
                    assert!((model.intercept() - wanted.intercept()).amax() < 1e-3, "{what}");
                    assert!(model.coefficients()[at] > 3.0);
                } else {
                    // With more classes than two the rows differ from each other class.
                    assert_eq!(model.report().stop, StopReason::Separated, "{what}");
                    assert_eq!(model.separation().expect("a direction").columns(), [at], "{what}");
                }
            }
        }
    }
}

/// The column that separates is spared by the penalty; all others are not, and have no part in the direction.
#[test]
fn a_column_without_a_penalty_may_separate_beside_penalised_ones() {
    for classes in [2, 3] {
        let (data, marked) = one_bad_column(classes, 1);
        for (l1, l2) in KINDS.map(|(l1, l2)| (0.05 * l1, 0.05 * l2)) {
            for solver in solvers(l1) {
                let what = format!("{classes}, {l1}, {l2}, {solver:?}");
                let way = LogisticRegression::new(penalty(l1, l2)).solver(solver);
                let model =
                    data.try_fit(&way.clone().penalty_factors([1.0, 0.0, 1.0, 1.0])).expect("a model");
                assert_eq!(model.report().stop, StopReason::Separated, "{what}: {}", model.report());
                let separation = model.separation().expect("a direction");
                assert_eq!(separation.columns(), [1], "{what}");
                if classes == 2 {
                    assert_names(&model, 1, &marked, &what);
                }
                // A penalty on the bad column is enough for an optimum.
                let remedied = data.fit(&way.penalty_factors([0.0, 1.0, 0.0, 0.0]));
                assert!(remedied.separation().is_none(), "{what}");
            }
        }
    }
}

#[test]
fn a_penalty_on_demand_makes_separable_rows_converge() {
    let complete =
        dmatrix![1.0, 3.0; 2.0, 2.0; 3.0, -1.0; 3.5, -1.0; 5.0, 2.0; 6.0, 4.0; 10.0, 1.0; 11.0, 0.0];
    for classes in [2, 3] {
        // Classes in ranges of the first column.
        let y = (0..8).map(|row| usize::from(row >= 4) + usize::from(classes == 3 && row >= 6)).collect();
        let complete = Data { x: complete.clone(), y, weights: None, offset: None };
        for data in [one_bad_column(classes, 1).0, complete] {
            for remedy in [Penalty::Jeffreys, Penalty::l2(0.01), Penalty::l1(0.01), Penalty::c(1.0)] {
                for solver in SMOOTH {
                    let way = LogisticRegression::new(Penalty::None).solver(solver).on_separation(remedy);
                    // Jeffreys' objective is close to 0 for the few rows: see `jeffreys`.
                    let way = if data.y.len() == 8 { way.tolerance(1e-7) } else { way };
                    let model = data.fit(&way);
                    assert!(model.separation().is_some(), "{remedy:?}, {solver:?}");
                    let alone = data.fit(&way.clone().penalty(remedy).solver(Solver::Auto));
                    let apart = (model.coefficients() - alone.coefficients()).amax();
                    assert!(apart == 0.0, "{remedy:?}, {solver:?}: {apart:e}");
                }
            }
        }
    }
}

/// Rows that overlap never meet the penalty on demand.
#[test]
fn a_penalty_on_demand_is_not_used_where_there_is_an_optimum() {
    for classes in [2, 3] {
        let data = Data::full(120, 3, classes, 135);
        for solver in SMOOTH {
            let plain = LogisticRegression::new(Penalty::None).solver(solver);
            let (a, b) = (data.fit(&plain), data.fit(&plain.clone().on_separation(Penalty::l2(1.0))));
            assert_eq!(a.coefficients(), b.coefficients());
            assert!(b.separation().is_none());
        }
    }
}

/// Rows without weight neither separate nor save from separation.
#[test]
fn rows_without_weight_have_no_say_in_separation() {
    let (data, marked) = one_bad_column(2, 1);
    // A single row against the rule, and the same without weight.
    let against = Data {
        x: data.x.clone().insert_row(160, 1.0),
        y: [data.y.as_slice(), &[0]].concat(),
        ..data.clone()
    };
    let way = LogisticRegression::new(Penalty::None);
    assert!(against.fit(&way).separation().is_none());
    let mut weights = vec![1.0; 161];
    weights[160] = 0.0;
    let without = Data { weights: Some(weights), ..against };
    assert_names(&without.try_fit(&way).expect("a model"), 1, &marked, "weight 0");
}

/// An offset, a constant among the scores, changes nothing about separation.
#[test]
fn offsets_do_not_hide_separation() {
    for classes in [2, 3] {
        let (data, _) = one_bad_column(classes, 2);
        let offset = 2.0 * normal(160, if classes == 2 { 1 } else { 3 }, 137);
        let data = Data { offset: Some(offset), ..data };
        for solver in SMOOTH {
            let model =
                data.try_fit(&LogisticRegression::new(Penalty::None).solver(solver)).expect("a model");
            assert_eq!(model.report().stop, StopReason::Separated, "{solver:?}: {}", model.report());
            assert_eq!(model.separation().expect("a direction").columns(), [2], "{solver:?}");
        }
    }
}

/// More columns than rows: every labelling is separable.
#[test]
fn more_columns_than_rows_are_separated() {
    for classes in [2, 3] {
        let data = Data::plain(10, 20, classes, 139);
        for solver in SMOOTH {
            for tiny in [0.0, 1e-30] {
                let way = LogisticRegression::new(Penalty::l2(tiny)).solver(solver);
                let model = data.try_fit(&way).expect("a model");
                if tiny == 0.0 {
                    assert_eq!(model.report().stop, StopReason::Separated, "{solver:?}");
                    assert_eq!(model.separation().expect("a direction").kind(), SeparationKind::Complete);
                }
                assert!(model.coefficients().iter().all(|w| w.is_finite()));
                assert_eq!(model.score(&data.x, &data.y), Ok(1.0));
            }
        }
        let single: DMatrix<f32> = data.x.map(|v| v as f32);
        let model = LogisticRegression::new(Penalty::None).fit(&single, &data.y).expect("a model");
        assert_eq!(model.report().stop, StopReason::Separated);
    }
}

/// Class 0 has ones only, class 1 zeros only, class 2 both: every row ties with class 2, but 0 and 1 are
/// apart.
fn all_rows_tie(zero: f64, one: f64) -> FittedLogistic<f64, usize> {
    let x = dmatrix![zero; one; one; 0.0; 0.0; 0.0];
    let data = Data { x, y: vec![1, 2, 0, 1, 1, 2], weights: None, offset: None };
    let model = data.try_fit(&LogisticRegression::new(Penalty::None)).expect("a model");
    assert_eq!(model.report().stop, StopReason::Separated);
    if let Some(separation) = model.separation() {
        assert_eq!(separation.columns(), [0], "{separation:?}");
        assert!(separation.separated_rows().is_empty() && separation.direction().amax() > 0.0);
    }
    model
}

#[test]
fn two_classes_of_three_may_be_apart_though_every_row_ties() {
    assert!(all_rows_tie(0.0, 1.0).separation().is_some());
    assert!(all_rows_tie(0.0, -1e6).separation().is_some());
}

/// The direction may have no representation in the units of such columns; it is then left out, not wrong.
#[test]
fn classes_may_be_apart_in_a_column_with_a_subnormal_number() {
    all_rows_tie(f64::MIN_POSITIVE / 2.0, 1.0);
}

#[test]
fn classes_may_be_apart_in_a_column_of_the_largest_numbers() {
    all_rows_tie(1.0, f64::MAX);
}
