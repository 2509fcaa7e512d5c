//! Duality gaps bound the distance to the minimum, at whatever point the fit stopped.

use logit::prelude::*;
use logit::{Error, LogisticRegression, Penalty, StopReason};
use nalgebra::{DMatrix, dmatrix};

use super::kit::{Data, KINDS, penalty, solvers};

/// At every point on the way, gaps bound the distance to the minimum of a fit to the last digits.
#[test]
fn gaps_are_at_least_the_distance_to_the_minimum() {
    let mut loose = 0;
    for (classes, intercept) in [(2, true), (2, false), (3, true), (3, false), (5, true)] {
        for data in [Data::plain(60, 4, classes, 81), Data::full(160, 4, classes, 82)] {
            for (l1, l2) in KINDS.into_iter().flat_map(|(a, b)| [1e-3, 0.05].map(|s| (s * a, s * b))) {
                for factors in [[1.0; 4], [3.0, 0.2, 1.0, 1.0]] {
                    for solver in solvers(l1) {
                        let way = LogisticRegression::new(penalty(l1, l2)).solver(solver);
                        let way = way.penalty_factors(factors).intercept(intercept);
                        let best = data.fit(&way.clone().tolerance(1e-13)).report().clone();
                        assert!(best.duality_gap.expect("penalised") < 1e-11, "{way:?}: {best:?}");
                        for limit in 0..6 {
                            let way = way.clone().tolerance(1e-15).max_iterations(limit);
                            let report = data.try_fit(&way).expect("good data").report().clone();
                            let above = report.objective - best.objective;
                            let gap = report.duality_gap.expect("penalised");
                            assert!(gap >= 0.0 && gap >= above - 1e-14, "{way:?}: {gap:e} < {above:e}");
                            loose += usize::from(gap > 1e-3);
                        }
                    }
                }
            }
        }
    }
    assert!(loose > 100, "{loose} points only are far from the optimum");
}

#[test]
fn there_is_no_gap_without_a_penalty_on_every_column() {
    let data = Data::plain(60, 3, 2, 83);
    for (l1, l2) in KINDS {
        let way = LogisticRegression::new(penalty(0.01 * l1, 0.01 * l2));
        assert!(data.fit(&way).report().duality_gap.is_some());
        assert_eq!(data.fit(&way.penalty_factors([1.0, 0.0, 1.0])).report().duality_gap, None);
    }
    for free in [Penalty::None, Penalty::Jeffreys, Penalty::l2(0.0)] {
        assert_eq!(data.fit(&LogisticRegression::new(free)).report().duality_gap, None);
        let refused = data.try_fit(&LogisticRegression::new(free).gap_tolerance(1e-3));
        assert!(matches!(refused, Err(Error::Unsupported { .. })), "{refused:?}");
    }
}

#[test]
fn a_fit_that_stops_by_its_gap_is_as_close_as_asked() {
    for classes in [2, 3] {
        for data in [Data::plain(60, 4, classes, 85), Data::full(160, 4, classes, 86)] {
            for (l1, l2) in KINDS.map(|(l1, l2)| (0.01 * l1, 0.01 * l2)) {
                for solver in solvers(l1) {
                    let way = LogisticRegression::new(penalty(l1, l2)).solver(solver);
                    let best = data.fit(&way.clone().tolerance(1e-13)).report().clone();
                    let mut iterations = 0;
                    for tolerance in [1e-1, 1e-3, 1e-6, 1e-9, 1e-11] {
                        let model = data.fit(&way.clone().gap_tolerance(tolerance));
                        let report = model.report();
                        let gap = report.duality_gap.expect("penalised");
                        assert!(gap <= tolerance, "{way:?}: {gap:e}");
                        let above = report.objective - best.objective;
                        assert!(
                            above <= tolerance && above >= -1e-13,
                            "{way:?}: {above:e} for {tolerance:e}"
                        );
                        assert!(report.iterations >= iterations);
                        iterations = report.iterations;
                        // The gradient is reported as it is, not as the tolerance would have it.
                        let (_, violation) = data.conditions(&model, &[l1; 4], &[l2; 4], true);
                        let norm = report.gradient_norm.expect("measured");
                        assert!((norm - violation).abs() <= 1e-14 + 1e-6 * violation);
                    }
                    let soon = data.fit(&way.clone().gap_tolerance(0.05)).report().iterations;
                    assert!(soon < best.iterations, "{way:?}: {soon} of {}", best.iterations);
                    let stopped =
                        data.try_fit(&way.gap_tolerance(1e-12).max_iterations(1)).expect("good data");
                    assert_eq!(stopped.report().stop, StopReason::IterationLimit);
                }
            }
        }
    }
}

/// The objective does not depend on whether a gap is requested.
#[test]
fn gaps_in_wide_data_are_bounds_too() {
    for classes in [2, 3] {
        let mut data = Data::plain(20, 60, classes, 88);
        data.x.row_mut(3).scale_mut(30.0);
        for (l1, l2) in KINDS.map(|(l1, l2)| (0.02 * l1, 0.02 * l2)) {
            let way = LogisticRegression::new(penalty(l1, l2));
            let best = data.fit(&way.clone().tolerance(1e-13)).report().clone();
            assert!(best.duality_gap.expect("penalised") < 1e-11, "{best:?}");
            for limit in 1..6 {
                let way = way.clone().tolerance(1e-15).max_iterations(limit);
                let report = way.fit(&data.x, &data.y).expect("good data").report().clone();
                let gap = report.duality_gap.expect("penalised");
                assert!(gap >= report.objective - best.objective - 1e-14, "{way:?}: {gap:e}");
            }
        }
    }
}

/// Correlations out of range prove nothing, least of all that a gap is zero.
#[test]
fn numbers_out_of_range_are_no_proof() {
    let x = DMatrix::from_element(2, 1, f32::MAX);
    let way = LogisticRegression::new(Penalty::l2(1e-3)).gap_tolerance(1e-3);
    for limit in [0, 12] {
        if let Ok(model) = way.clone().max_iterations(limit).fit(&x, &[1, 0]) {
            let report = model.report();
            let measured = report.gradient_norm.is_some_and(|norm| norm >= 0.0);
            assert!(measured || !report.converged() && report.duality_gap.is_none(), "{report:?}");
        }
    }
    let x = dmatrix![1.8e300, 0.0; 0.0, 0.0; 0.0, 0.0; f64::MAX, 0.0];
    let tiny = f64::MIN_POSITIVE / 2.0;
    for penalty in [Penalty::c(1e-3), Penalty::l2(f64::MAX), Penalty::l1(1e-3)] {
        let way = LogisticRegression::new(penalty).intercept(false).gap_tolerance(1e-3);
        if let Ok(model) = way.fit_weighted(&x, &[1, 2, 0, 0], &[tiny, 1.0, tiny, 0.0]) {
            let report = model.report();
            let measured = report.gradient_norm.is_some_and(|norm| norm >= 0.0);
            assert!(measured || !report.converged(), "{report:?}");
        }
    }
}
