//! Logistic regression: fits, paths, inference and influence.

use logit::linear::{Covariance, LogisticPath, LogisticRegressionCv, RowOptions};
use logit::prelude::*;
use logit::{Error, FittedLogistic, LogisticRegression, Penalty, Real, Solver, StopReason};
use nalgebra::DMatrix;
use proptest::prelude::*;

use super::same_on_any_number_of_threads;
use crate::linear::kit::{Data, exact, numbers, ways};

fn bits<'a, T: Real>(values: impl IntoIterator<Item = &'a T>) -> Vec<u64> {
    values.into_iter().map(|value| value.as_f64().to_bits()).collect()
}

/// Everything that a fit reports.
fn all_of<T: Real>(model: &FittedLogistic<T, usize>) -> Vec<u64> {
    let report = model.report();
    let measures = [
        report.objective,
        report.gradient_norm.unwrap_or(-1.0),
        report.decrement.unwrap_or(-1.0),
        report.duality_gap.unwrap_or(-1.0),
        report.hessian_condition.unwrap_or(-1.0),
        report.iterations as f64,
        report.evaluations as f64,
    ];
    let numbers = numbers(model);
    let all = bits(&numbers).into_iter().chain(bits(&measures)).chain(bits(&report.objective_curve));
    all.collect()
}

/// Enough rows for several blocks of the smallest number of columns.
fn rows() -> impl Strategy<Value = usize> {
    prop_oneof![1 => 60usize..400, 3 => 5_000usize..20_000, 1 => Just(16_384usize)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn every_solver_and_penalty(
        rows in rows(), columns in 1usize..24, classes in 2usize..5, full: bool, way in 0usize..10, seed in 0u64..1000,
    ) {
        let data = if full { Data::full(rows, columns, classes, seed) } else { Data::plain(rows, columns, classes, seed) };
        let ways = ways();
        let way = ways[way % ways.len()].clone().tolerance(1e-8).max_iterations(60);
        same_on_any_number_of_threads(|| all_of(&data.try_fit(&way).expect("good data")));
        let narrow: DMatrix<f32> = data.x.map(|v| v as f32);
        let way = way.tolerance(1e-4);
        same_on_any_number_of_threads(|| all_of(&way.fit(&narrow, &data.y).expect("good data")));
    }
}

#[test]
fn many_columns_and_classes() {
    for (rows, columns, classes, solver) in [
        (1_500, 300, 2, Solver::Newton),
        (1_500, 300, 2, Solver::NewtonCg),
        (4_000, 100, 10, Solver::Lbfgs),
        (3_000, 40, 20, Solver::Auto),
        (100_000, 3, 2, Solver::Auto),
    ] {
        let data = Data::plain(rows, columns, classes, 7);
        let way = LogisticRegression::new(Penalty::l2(0.01)).solver(solver).gap_tolerance(1e-7);
        same_on_any_number_of_threads(|| all_of(&data.try_fit(&way).expect("good data")));
    }
}

/// Columns that depend on others, nearly depend on them, or are far from the origin take other paths.
#[test]
fn awkward_columns() {
    let mut data = Data::full(12_000, 6, 3, 21);
    for row in 0..12_000 {
        let x = &mut data.x;
        x[(row, 3)] = x[(row, 0)] + x[(row, 1)];
        x[(row, 4)] = x[(row, 2)] + 1e-9 * x[(row, 4)];
        x[(row, 5)] += 1e6;
    }
    for penalty in [Penalty::None, Penalty::l2(1e-3), Penalty::l1(1e-3)] {
        let way = LogisticRegression::new(penalty);
        same_on_any_number_of_threads(|| all_of(&data.try_fit(&way).expect("good data")));
    }
}

#[test]
fn separable_classes() {
    let mut data = Data::plain(9_000, 3, 2, 31);
    for row in 0..9_000 {
        // Only rows of class 1 have positive entries in column 0.
        let size = data.x[(row, 0)].abs();
        data.x[(row, 0)] = if data.y[row] == 1 { size.max(0.0) } else { 0.0 };
    }
    let none = LogisticRegression::new(Penalty::None);
    let separated = same_on_any_number_of_threads(|| {
        let model = data.try_fit(&none).expect("good data");
        let separation = model.separation().expect("separable classes");
        (model.report().stop, separation.columns().to_vec(), separation.kind(), all_of(&model))
    });
    assert_eq!(separated.0, StopReason::Separated);
    let refitted = none.on_separation(Penalty::Jeffreys);
    same_on_any_number_of_threads(|| all_of(&data.try_fit(&refitted).expect("good data")));
}

#[test]
fn inference_and_influence() {
    for classes in [2, 3] {
        let data = Data::full(9_000, 4, classes, 51);
        let rows = || {
            let options = RowOptions::new().weights(data.weights.as_deref().expect("weights"));
            options.offset(data.offset.as_ref().expect("offsets"))
        };
        let model = data.fit(&exact(Penalty::None, Solver::Newton).tolerance(1e-8));
        let clusters: Vec<usize> = (0..9_000).map(|row| row % 40).collect();
        for kind in [Covariance::Observed, Covariance::Hc0, Covariance::Hc1, Covariance::clustered(&clusters)]
        {
            same_on_any_number_of_threads(|| {
                let inference =
                    model.inference_with(&data.x, &data.y, rows(), kind.clone()).expect("good data");
                let effects = inference.marginal_effects(&data.x, rows()).expect("good data");
                let intervals = inference.probability_intervals(&data.x, 0.9).expect("good data");
                [
                    bits(inference.covariance()),
                    bits(effects.estimates()),
                    bits(effects.standard_errors()),
                    bits(&intervals.lower),
                    bits(&intervals.standard_errors),
                ]
            });
        }
        same_on_any_number_of_threads(|| {
            let profiles = model.profile_intervals(&data.x, &data.y, rows(), 0.95).expect("good data");
            [bits(&profiles.estimates), bits(&profiles.lower), bits(&profiles.upper)]
        });
        same_on_any_number_of_threads(|| {
            let influence = model.influence_with(&data.x, &data.y, rows()).expect("good data");
            [
                bits(influence.leverages()),
                bits(influence.leave_one_out_scores()),
                bits(influence.cooks_distances()),
                bits(influence.pearson_residuals()),
                bits(influence.deviance_residuals()),
            ]
        });
    }
}

#[test]
fn paths_and_their_cross_validation() {
    let data = Data::plain(6_000, 8, 3, 61);
    for path in [LogisticPath::l1().count(4), LogisticPath::l2().count(4)] {
        same_on_any_number_of_threads(|| {
            let path = path.fit(&data.x, &data.y).expect("good data");
            path.models().iter().map(all_of).collect::<Vec<_>>()
        });
        let search = LogisticRegressionCv::new(path).folds(4);
        let scores = || {
            let chosen = search.fit(&data.x, &data.y).expect("good data");
            chosen.scores().iter().map(|score| bits(&score.folds)).collect::<Vec<_>>()
        };
        let unwatched = same_on_any_number_of_threads(scores);
        // An observer sees the fits in order.
        let mut seen = Vec::new();
        let mut observer = |progress: &logit::Progress| {
            seen.push(progress.iteration);
            std::ops::ControlFlow::Continue(())
        };
        let watched = search.fit_with(&data.x, &data.y, logit::FitOptions::new().observer(&mut observer));
        let watched: Vec<_> =
            watched.expect("good data").scores().iter().map(|score| bits(&score.folds)).collect();
        assert_eq!(watched, unwatched);
        assert!(seen.len() >= 20 && seen.is_sorted());
    }
}

#[test]
fn the_setting_limits_threads_and_changes_nothing_else() {
    let data = Data::plain(9_000, 5, 2, 71);
    let way = LogisticRegression::new(Penalty::c(1.0));
    let wanted = all_of(&data.fit(&way));
    for threads in [1, 2, 5] {
        assert_eq!(all_of(&data.fit(&way.clone().threads(threads))), wanted);
    }
    let none = data.try_fit(&way.threads(0));
    assert!(matches!(none, Err(Error::InvalidParameter { name: "threads", .. })));
    for result in [
        LogisticPath::l2().threads(0).fit(&data.x, &data.y).map(drop),
        LogisticRegressionCv::new(LogisticPath::l2()).threads(0).fit(&data.x, &data.y).map(drop),
    ] {
        assert!(matches!(result, Err(Error::InvalidParameter { name: "threads", .. })));
    }
}

/// Errors and interruptions are those of one thread.
#[test]
fn errors_are_the_same() {
    let mut data = Data::plain(9_000, 3, 2, 81);
    data.x[(8_000, 2)] = f64::NAN;
    data.x[(4_500, 1)] = f64::INFINITY;
    let way = LogisticRegression::new(Penalty::c(1.0));
    let error = same_on_any_number_of_threads(|| data.try_fit(&way).map(drop));
    assert!(matches!(error, Err(Error::NotFinite { .. })), "{error:?}");
    let data = Data::plain(9_000, 3, 2, 81);
    let stopped = same_on_any_number_of_threads(|| {
        let mut observer = |progress: &logit::Progress| match progress.iteration {
            0..2 => std::ops::ControlFlow::Continue(()),
            _ => std::ops::ControlFlow::Break(()),
        };
        let options = logit::FitOptions::new().observer(&mut observer);
        all_of(&way.clone().solver(Solver::Lbfgs).fit_with(&data.x, &data.y, options).expect("good data"))
    });
    assert!(!stopped.is_empty());
}
