//! An offset is a known part of the score.

use logit::{Penalty, Solver};
use nalgebra::DMatrix;

use super::kit::{Data, assert_same, exact, penalty, solvers, ways};

#[test]
fn a_constant_offset_moves_the_intercept_alone() {
    for classes in [2, 3] {
        let data = Data::plain(100, 3, classes, 41);
        let columns = if classes == 2 { 1 } else { 3 };
        for c in [-2.5, 1.0, 20.0] {
            // Softmax does not see a shift that is common to all classes: only differences count.
            let by_class: Vec<f64> = (0..columns).map(|k| c * (1.0 - 0.7 * k as f64)).collect();
            let mean = if columns == 1 { 0.0 } else { by_class.iter().sum::<f64>() / columns as f64 };
            let shifted =
                Data { offset: Some(DMatrix::from_fn(100, columns, |_, k| by_class[k])), ..data.clone() };
            for way in ways() {
                let way = way.tolerance(1e-11);
                let (a, b) = (data.fit(&way), shifted.fit(&way));
                let apart = (a.coefficients() - b.coefficients()).amax();
                assert!(apart < 1e-9, "{way:?}, {c}: {apart:e}");
                for (k, own) in by_class.iter().enumerate() {
                    let moved = b.intercept()[k] - a.intercept()[k];
                    assert!((moved + own - mean).abs() < 1e-8, "{way:?}: {moved} for {c}");
                }
                approx::assert_relative_eq!(a.report().objective, b.report().objective, max_relative = 1e-11);
            }
        }
    }
}

/// Columns that are taken out of `x` and put into the offset with their coefficients leave the others as they
/// were.
#[test]
fn an_offset_is_a_column_with_a_known_coefficient() {
    for classes in [2, 3] {
        let data = Data::full(120, 4, classes, 43);
        for way in ways() {
            if way == exact(Penalty::Jeffreys, Solver::Newton) {
                // Jeffreys' penalty depends on which columns are estimated.
                continue;
            }
            for intercept in [true, false] {
                let way = way.clone().intercept(intercept);
                let whole = data.fit(&way);
                let known = data.x.columns(1, 1) * whole.coefficients().rows(1, 1);
                let offset = data.offset.clone().map(|offset| offset + known);
                let without = Data { x: data.x.clone().remove_column(1), offset, ..data.clone() };
                let rest = without.fit(&way);
                let wanted = whole.coefficients().clone().remove_row(1);
                let apart = (rest.coefficients() - wanted).amax();
                assert!(apart < 1e-9, "{way:?}: {apart:e}");
                assert!((rest.intercept() - whole.intercept()).amax() < 1e-9, "{way:?}");
            }
        }
    }
}

/// Without a penalty on it, the column's own coefficient makes up for the offset.
#[test]
fn an_unpenalised_column_takes_its_offset_back() {
    for (classes, (l1, l2)) in [2, 3].into_iter().flat_map(|k| [(0.0, 0.05), (0.03, 0.0)].map(|l| (k, l))) {
        let data = Data::plain(120, 3, classes, 47);
        let columns = if classes == 2 { 1 } else { classes };
        let beta = DMatrix::from_fn(1, columns, |_, k| 1.5 - k as f64);
        let shifted = Data { offset: Some(data.x.columns(2, 1) * &beta), ..data.clone() };
        for solver in solvers(l1) {
            let way = exact(penalty(l1, l2), solver).penalty_factors([1.0, 1.0, 0.0]);
            let (a, b) = (data.fit(&way), shifted.fit(&way));
            let mean = if columns == 1 { 0.0 } else { beta.mean() };
            let mut moved = b.coefficients().clone();
            moved.rows_mut(2, 1).zip_apply(&beta, |w, beta| *w += beta - mean);
            let apart = (moved - a.coefficients()).amax();
            assert!(apart < 1e-9, "{way:?}: {apart:e}");
        }
        // Jeffreys' prior is invariant too.
        let way = exact(Penalty::Jeffreys, Solver::Newton);
        let (a, b) = (data.fit(&way), shifted.fit(&way));
        let mean = if columns == 1 { 0.0 } else { beta.mean() };
        let mut moved = b.coefficients().clone();
        moved.rows_mut(2, 1).zip_apply(&beta, |w, beta| *w += beta - mean);
        assert!((moved - a.coefficients()).amax() < 1e-9);
    }
}

#[test]
fn an_offset_of_zero_is_none() {
    for classes in [2, 3] {
        let data = Data::plain(60, 3, classes, 49);
        let zero =
            Data { offset: Some(DMatrix::zeros(60, if classes == 2 { 1 } else { 3 })), ..data.clone() };
        for way in ways() {
            assert_same(&zero.fit(&way), &data.fit(&way), 0.0, &format!("{way:?}"));
        }
    }
}
