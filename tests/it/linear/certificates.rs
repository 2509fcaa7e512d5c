//! `Converged` is a certificate: the optimality conditions hold, by a computation that shares no code with
//! the solvers.

use logit::prelude::*;
use logit::{FitOptions, FittedLogistic, LogisticRegression, StopReason};
use nalgebra::DMatrix;

use super::kit::{Data, KINDS, penalty, solvers};

const FACTORS: [[f64; 4]; 3] = [[1.0; 4], [1.0, 0.0, 3.0, 0.5], [0.0, 0.0, 0.0, 1.0]];

#[test]
fn converged_means_that_no_condition_is_violated() {
    for (classes, intercept) in [(2, true), (2, false), (3, true), (3, false)] {
        for data in [Data::plain(70, 4, classes, 61), Data::full(150, 4, classes, 62)] {
            for ((l1, l2), factors) in KINDS.into_iter().flat_map(|kind| FACTORS.map(|f| (kind, f))) {
                let (l1, l2) = (0.03 * l1, 0.03 * l2);
                let of_column = |lambda: f64| factors.map(|f| f * lambda);
                for (solver, tolerance) in
                    solvers(l1).into_iter().flat_map(|s| [1e-2, 1e-5, 1e-8, 1e-12].map(|t| (s, t)))
                {
                    let way = LogisticRegression::new(penalty(l1, l2)).solver(solver).intercept(intercept);
                    let way = way.penalty_factors(factors).tolerance(tolerance);
                    let model = data.fit(&way);
                    let (objective, violation) =
                        data.conditions(&model, &of_column(l1), &of_column(l2), intercept);
                    assert!(violation <= 1.001 * tolerance + 1e-15, "{way:?}: {violation:e}");
                    let report = model.report();
                    approx::assert_relative_eq!(report.objective, objective, max_relative = 1e-13);
                    let norm = report.gradient_norm.expect("measured");
                    assert!((norm - violation).abs() <= 1e-14 + 1e-6 * violation, "{norm:e}, {violation:e}");
                }
            }
        }
    }
}

/// Rows of single precision; the conditions are computed in double precision.
#[test]
fn converged_means_the_same_in_single_precision() {
    for classes in [2, 3] {
        let Data { x, y, weights, offset } = Data::full(150, 4, classes, 64);
        let single: DMatrix<f32> = x.map(|v| v as f32);
        let offset: Option<DMatrix<f32>> = offset.map(|o| o.map(|v| v as f32));
        let narrow: Vec<f32> = weights.iter().flatten().map(|&w| w as f32).collect();
        let data =
            Data { x: single.map(f64::from), y, weights, offset: offset.as_ref().map(|o| o.map(f64::from)) };
        for (l1, l2) in KINDS.map(|(l1, l2)| (0.03 * l1, 0.03 * l2)) {
            for solver in solvers(l1) {
                let way = LogisticRegression::new(penalty(l1, l2)).solver(solver);
                let options = {
                    let mut options = FitOptions::new().weights(&narrow);
                    options.offset = offset.as_ref().map(|m| m.as_view());
                    options
                };
                let model: FittedLogistic<f32, usize> =
                    way.fit_with(&single, &data.y, options).expect("good data");
                assert!(model.report().converged(), "{way:?}: {}", model.report());
                let (objective, violation) = data.conditions(&model, &[l1; 4], &[l2; 4], true);
                assert!(violation <= 1.2e-5, "{way:?}: {violation:e}");
                approx::assert_relative_eq!(model.report().objective, objective, max_relative = 1e-6);
                let wide = data.fit(&way);
                let apart = (model.coefficients().map(f64::from) - wide.coefficients()).amax();
                assert!(apart < 1e-3, "{way:?}: {apart:e}");
                let gap = model.report().duality_gap.expect("every column is penalised");
                assert!((0.0..1e-5).contains(&gap), "{way:?}: {gap:e}");
            }
        }
    }
}

/// The report of a fit that has not converged is just as accurate.
#[test]
fn running_out_of_iterations_is_reported_with_what_was_reached() {
    for classes in [2, 3] {
        let data = Data::full(90, 4, classes, 66);
        for (l1, l2) in KINDS.map(|(l1, l2)| (0.03 * l1, 0.03 * l2)) {
            for (solver, limit) in solvers(l1).into_iter().flat_map(|s| (0..4).map(move |limit| (s, limit))) {
                let way = LogisticRegression::new(penalty(l1, l2)).solver(solver);
                let model = data.try_fit(&way.tolerance(1e-15).max_iterations(limit)).expect("good data");
                let report = model.report();
                assert_eq!(
                    (report.stop, report.iterations),
                    (StopReason::IterationLimit, limit),
                    "{solver:?}, {report}"
                );
                assert_eq!(report.objective_curve.len(), limit);
                let (objective, violation) = data.conditions(&model, &[l1; 4], &[l2; 4], true);
                assert!(violation > 1e-15);
                approx::assert_relative_eq!(report.objective, objective, max_relative = 1e-13);
                let norm = report.gradient_norm.expect("measured");
                approx::assert_relative_eq!(norm, violation, max_relative = 1e-6);
                if limit == 0 {
                    assert!(model.coefficients().iter().chain(model.intercept().iter()).all(|&w| w == 0.0));
                }
            }
        }
    }
}

/// Each curve starts below the objective of equal probabilities and never rises by more than rounding.
#[test]
fn the_objective_never_rises() {
    for classes in [2, 3] {
        for data in [Data::plain(60, 4, classes, 68), Data::full(200, 4, classes, 69)] {
            for (l1, l2) in KINDS.map(|(l1, l2)| (0.01 * l1, 0.01 * l2)) {
                for solver in solvers(l1) {
                    let way = LogisticRegression::new(penalty(l1, l2)).solver(solver);
                    let start = data.try_fit(&way.clone().max_iterations(0)).expect("good data");
                    let start = start.report().objective;
                    let report = data.fit(&way.tolerance(1e-11)).report().clone();
                    let curve = [&[start], report.objective_curve.as_slice()].concat();
                    assert!(curve.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-13)), "{curve:?}");
                }
            }
        }
    }
}

/// A penalty larger than every correlation leaves all coefficients at exactly zero; one a little smaller does
/// not.
#[test]
fn the_largest_useful_penalty_is_that_of_the_gradient_at_zero() {
    for classes in [2, 3] {
        let data = Data::full(90, 4, classes, 71);
        let way = |l1: f64| LogisticRegression::new(penalty(l1, 0.0)).tolerance(1e-12);
        let null = data.fit(&way(1e3));
        assert!(null.coefficients().iter().all(|&w| w == 0.0));
        let (_, slopes, _) = data.mean_loss(&null);
        let largest = slopes.amax();
        let above = data.fit(&way(largest * (1.0 + 1e-9)));
        assert!(above.coefficients().iter().all(|&w| w == 0.0), "{}", above.coefficients());
        let below = data.fit(&way(largest * 0.999));
        assert!(below.coefficients().iter().any(|&w| w != 0.0));
        let at_zero = below.coefficients().iter().filter(|&&w| w == 0.0).count();
        assert!(at_zero >= 4 * below.coefficients().ncols() - 2, "{}", below.coefficients());
    }
}
