//! Paths of penalties.

use std::ops::ControlFlow;

use crate::common::{normal, overlapping};
use logit::linear::LogisticPath;
use logit::prelude::*;
use logit::{Error, FitOptions, LogisticRegression, Penalty, data};
use nalgebra::DMatrix;
use proptest::prelude::*;

fn config(penalty: Penalty) -> LogisticRegression {
    LogisticRegression::new(penalty).tolerance(1e-11)
}

const KINDS: [Penalty; 4] = [
    Penalty::L1(logit::linear::Strength::Lambda(1.0)),
    Penalty::L2(logit::linear::Strength::Lambda(1.0)),
    Penalty::ElasticNet { strength: logit::linear::Strength::Lambda(1.0), l1_ratio: 0.3 },
    Penalty::ElasticNet { strength: logit::linear::Strength::Lambda(1.0), l1_ratio: 0.0 },
];

fn with_lambda(penalty: Penalty, lambda: f64) -> Penalty {
    match penalty {
        Penalty::L1(_) => Penalty::l1(lambda),
        Penalty::ElasticNet { l1_ratio, .. } => Penalty::elastic_net(lambda, l1_ratio),
        _ => Penalty::l2(lambda),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Weights, offsets, classes, penalty factors, no intercept: a model of a path is the model fitted alone.
    #[test]
    fn every_model_equals_a_cold_fit(
        kind in 0usize..4, classes in 2usize..4, intercept: bool, weighted: bool, shifted: bool, free: bool, seed in 0u64..1000,
    ) {
        let (x, y) = overlapping(80, 5, classes, seed);
        let columns = if classes == 2 { 1 } else { classes };
        let weights: Vec<f64> = (0..80).map(|i| f64::from(i % 4)).collect();
        let offset = normal(80, columns, seed + 7);
        let options = || { let mut options = FitOptions::new(); options.weights = weighted.then_some(weights.as_slice()); options.offset = shifted.then(|| offset.as_view()); options };
        let mut model = config(KINDS[kind]).intercept(intercept);
        if free {
            model = model.penalty_factors([1.0, 0.0, 2.0, 1.0, 0.5]);
        }
        let path = LogisticPath::new(model.clone()).count(8).smallest_fraction(0.01).fit_with(&x, &y, options()).unwrap();
        prop_assert_eq!(path.len(), 8);
        for (index, found) in path.models().iter().enumerate() {
            prop_assert!(found.report().converged(), "{}", found.report());
            let alone = model.clone().penalty(with_lambda(KINDS[kind], path.lambdas()[index]));
            let alone = alone.fit_with(&x, &y, options()).unwrap();
            let away = (found.coefficients() - alone.coefficients()).amax();
            let away = away.max((found.intercept() - alone.intercept()).amax());
            prop_assert!(away <= 1e-7, "{index}: {away:e}");
        }
    }

    /// At λ_max nothing is in use, right below something is.
    #[test]
    fn an_l1_grid_begins_where_the_first_coefficient_leaves_zero(
        classes in 2usize..4, ratio in prop_oneof![Just(1.0), 0.1f64..1.0], intercept: bool, free: bool, seed in 0u64..1000,
    ) {
        let (x, y) = overlapping(60, 6, classes, seed);
        let mut model = config(Penalty::elastic_net(1.0, ratio)).intercept(intercept);
        let mut unpenalised = 0;
        if free {
            model = model.penalty_factors([0.0, 1.0, 3.0, 1.0, 0.1, 1.0]);
            unpenalised = 1;
        }
        let grid = LogisticPath::new(model.clone()).count(3).fit(&x, &y).unwrap();
        let largest = grid.lambdas()[0];
        prop_assert_eq!(grid.nonzero()[0], unpenalised);
        prop_assert!((grid.lambdas()[2] / largest - 1e-4).abs() < 1e-12);
        prop_assert!((grid.lambdas()[1] / largest - 1e-2).abs() < 1e-12);
        let below = model.penalty(Penalty::elastic_net(0.999 * largest, ratio)).fit(&x, &y).unwrap();
        let used = below.coefficients().row_iter().filter(|row| row.iter().any(|w| *w != 0.0)).count();
        prop_assert!(used > unpenalised);
    }
}

/// The gradient at the intercept-only model, by hand.
#[test]
fn lambda_max_of_a_binary_lasso_is_the_largest_covariance() {
    let (x, y) = overlapping(50, 4, 2, 3);
    let mean = y.iter().sum::<usize>() as f64 / 50.0;
    let gradient = |j: usize| (0..50).map(|i| (mean - y[i] as f64) * x[(i, j)]).sum::<f64>().abs() / 50.0;
    let wanted = (0..4).map(gradient).fold(0.0, f64::max);
    let path = LogisticPath::new(config(Penalty::l1(1.0))).count(1).fit(&x, &y).unwrap();
    approx::assert_relative_eq!(path.lambdas()[0], wanted, max_relative = 1e-9);
    approx::assert_relative_eq!(
        path.models()[0].intercept()[0],
        (mean / (1.0 - mean)).ln(),
        max_relative = 1e-9
    );
    assert!(path.deviance_ratios()[0].abs() < 1e-12);
}

/// For L2 the grid begins at a hundred times the largest p (1 - p) variance.
#[test]
fn the_ridge_grid_follows_the_scale_of_the_columns() {
    let (x, y) = overlapping(50, 4, 2, 3);
    let p = y.iter().sum::<usize>() as f64 / 50.0;
    let wanted = x.column_iter().map(|c| 100.0 * p * (1.0 - p) * c.variance()).fold(0.0, f64::max);
    let path = |x: &DMatrix<f64>| LogisticPath::l2().count(5).fit(x, &y).unwrap();
    let plain = path(&x);
    approx::assert_relative_eq!(plain.lambdas()[0], wanted, max_relative = 1e-7);
    approx::assert_relative_eq!(plain.lambdas()[4], 1e-6 * wanted, max_relative = 1e-7);
    let scaled = path(&(&x * 1e3));
    approx::assert_relative_eq!(scaled.lambdas()[0], 1e6 * wanted, max_relative = 1e-7);
    approx::assert_relative_eq!(
        scaled.coefficients(0).unwrap() * 1e3,
        plain.coefficients(0).unwrap(),
        max_relative = 1e-3,
        epsilon = 1e-6
    );
    // A hundred times the curvature leaves about a hundredth of each coefficient.
    let free = LogisticRegression::new(Penalty::None).fit(&x, &y).unwrap();
    let share = plain.models()[0].coefficients().norm() / free.coefficients().norm();
    assert!((0.001..0.02).contains(&share), "{share}");
}

/// Norms along a ridge path, and its two ends.
#[test]
fn ridge_norms_shrink_with_lambda_to_the_intercept_only_model() {
    for classes in [2, 3] {
        let (x, y) = overlapping(90, 4, classes, 5);
        let mut lambdas: Vec<f64> = (-8..=8).map(|e| 10f64.powf(f64::from(e) / 2.0)).collect();
        lambdas.push(1e12);
        let path = LogisticPath::new(config(Penalty::l2(1.0))).lambdas(lambdas).fit(&x, &y).unwrap();
        assert!(path.lambdas().is_sorted_by(|a, b| a > b));
        let norms: Vec<f64> = path.models().iter().map(|m| m.coefficients().norm()).collect();
        assert!(norms.is_sorted(), "{norms:?}");
        assert!(path.deviance_ratios().is_sorted());
        assert!(norms[0] < 1e-9, "{}", norms[0]);
        let logs: Vec<f64> =
            (0..classes).map(|k| (y.iter().filter(|&&c| c == k).count() as f64 / 90.0).ln()).collect();
        let found = path.models()[0].intercept();
        if classes == 2 {
            approx::assert_abs_diff_eq!(found[0], logs[1] - logs[0], epsilon = 1e-9);
        } else {
            let mean = logs.iter().sum::<f64>() / 3.0;
            (0..3).for_each(|k| approx::assert_abs_diff_eq!(found[k], logs[k] - mean, epsilon = 1e-9));
        }
    }
}

#[test]
fn a_warm_start_saves_iterations() {
    let iris = data::iris();
    for kind in KINDS {
        let path = LogisticPath::new(LogisticRegression::new(kind)).count(40).fit(&iris.x, &iris.y).unwrap();
        let warm: usize = path.models().iter().map(|m| m.report().iterations).sum();
        let cold = |&lambda: &f64| {
            let model = LogisticRegression::new(with_lambda(kind, lambda));
            model.fit(&iris.x, &iris.y).unwrap().report().iterations
        };
        let cold: usize = path.lambdas().iter().map(cold).sum();
        assert!(warm * 4 < cold * 3, "{kind:?}: {warm} warm, {cold} cold");
    }
}

#[test]
fn deviance_ratios_are_those_of_the_likelihood() {
    let (x, y) = overlapping(70, 3, 3, 8);
    let weights: Vec<f64> = (0..70).map(|i| 1.0 + f64::from(i % 3)).collect();
    let options = || FitOptions::new().weights(&weights);
    let path = LogisticPath::elastic_net(0.5).count(6).fit_with(&x, &y, options()).unwrap();
    let total: f64 = weights.iter().sum();
    let share = |k: usize| (0..70).filter(|&i| y[i] == k).map(|i| weights[i]).sum::<f64>() / total;
    let null: f64 = (0..70).map(|i| -weights[i] * share(y[i]).ln()).sum();
    for (model, &ratio) in path.models().iter().zip(path.deviance_ratios()) {
        let logs = model.predict_log_proba(&x).unwrap();
        let deviance: f64 = (0..70).map(|i| -weights[i] * logs[(i, y[i])]).sum();
        approx::assert_abs_diff_eq!(ratio, 1.0 - deviance / null, epsilon = 1e-9);
    }
    assert!(path.deviance_ratios()[5] > 0.1);
}

#[test]
fn a_path_ends_where_it_is_told_to() {
    let iris = data::iris();
    let all = LogisticPath::l1().count(30).fit(&iris.x, &iris.y).unwrap();
    let some = LogisticPath::l1().count(30).deviance_limit(0.5).fit(&iris.x, &iris.y).unwrap();
    let ratios = some.deviance_ratios();
    assert!(some.len() < all.len() && ratios[some.len() - 1] > 0.5 && ratios[some.len() - 2] <= 0.5);
    assert_eq!(some.models(), &all.models()[..some.len()]);

    let mut seen = Vec::new();
    let mut observer = |progress: &logit::Progress| {
        seen.push((progress.iteration, progress.limit, progress.objective));
        if progress.iteration == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = FitOptions::new().observer(&mut observer);
    let stopped = LogisticPath::l1().count(30).fit_with(&iris.x, &iris.y, options).unwrap();
    assert_eq!(stopped.models(), &all.models()[..4]);
    let wanted: Vec<_> =
        all.models()[..4].iter().zip(1..).map(|(m, at)| (at, 30, m.report().objective)).collect();
    assert_eq!(seen, wanted);
}

#[test]
fn what_a_path_tells_agrees() {
    let iris = data::iris();
    let path = LogisticPath::l1().count(12).fit(&iris.x, &iris.y).unwrap();
    for class in 0..3 {
        let along = path.coefficients(class).unwrap();
        assert_eq!(along.shape(), (4, 12));
        (0..12).for_each(|at| assert_eq!(along.column(at), path.models()[at].coefficients().column(class)));
    }
    assert!(path.coefficients(3).is_none());
    for (model, used) in path.models().iter().zip(path.nonzero()) {
        let by_hand = (0..4).filter(|&j| model.coefficients().row(j).amax() > 0.0).count();
        assert_eq!(used, by_hand);
    }
    let table = path.to_string();
    assert_eq!(table.lines().count(), 13);
    assert!(table.contains("deviance ratio") && table.contains("converged"), "{table}");
    assert_eq!(path.clone().into_models(), path.models());
}

#[test]
fn more_columns_than_rows_make_a_shorter_grid() {
    let (x, y) = overlapping(20, 30, 2, 1);
    let path = LogisticPath::l1().count(4).fit(&x, &y).unwrap();
    approx::assert_relative_eq!(path.lambdas()[3] / path.lambdas()[0], 1e-2, max_relative = 1e-12);
    assert!(path.models().iter().all(|model| model.report().converged()));
    let path = LogisticPath::l2().count(4).fit(&x, &y).unwrap();
    approx::assert_relative_eq!(path.lambdas()[3] / path.lambdas()[0], 1e-4, max_relative = 1e-12);
}

#[test]
fn single_precision_has_paths_too() {
    let (x, y) = overlapping(120, 5, 2, 2);
    for path in [LogisticPath::l1(), LogisticPath::l2(), LogisticPath::elastic_net(0.5)] {
        let path = path.count(10).smallest_fraction(0.01);
        let (double, single) = (path.fit(&x, &y).unwrap(), path.fit(&x.map(|v| v as f32), &y).unwrap());
        for (a, b) in double.models().iter().zip(single.models()) {
            assert!(b.report().converged(), "{}", b.report());
            let away = (a.coefficients() - b.coefficients().map(f64::from)).amax();
            assert!(away < 2e-3, "{away}");
        }
        if path != LogisticPath::l2().count(10).smallest_fraction(0.01) {
            assert_eq!(single.nonzero()[0], 0);
        }
    }
}

#[test]
fn bad_grids_and_penalties_are_refused() {
    let (x, y) = overlapping(30, 2, 2, 4);
    let error = |path: LogisticPath| path.fit(&x, &y).unwrap_err();
    let empty = error(LogisticPath::l1().lambdas([]));
    assert_eq!(empty, Error::Empty { argument: "lambdas", axis: "entries" });
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        let error = error(LogisticPath::l2().lambdas([0.1, bad]));
        assert!(matches!(error, Error::InvalidParameter { name: "lambdas", .. }), "{error}");
    }
    let name = |error: Error| match error {
        Error::InvalidParameter { name, .. } => name,
        other => panic!("{other}"),
    };
    assert_eq!(name(error(LogisticPath::l1().count(0))), "count");
    for bad in [0.0, 1.0, -0.1, f64::NAN] {
        assert_eq!(name(error(LogisticPath::l1().smallest_fraction(bad))), "smallest_fraction");
    }
    for bad in [-0.1, 1.1, f64::NAN] {
        assert_eq!(name(error(LogisticPath::l1().deviance_limit(bad))), "deviance_limit");
    }
    assert_eq!(name(error(LogisticPath::elastic_net(1.5))), "l1_ratio");
    let unsupported = |path| matches!(error(path), Error::Unsupported { .. });
    assert!(unsupported(LogisticPath::new(config(Penalty::None))));
    assert!(unsupported(LogisticPath::new(config(Penalty::Jeffreys))));
    assert!(unsupported(LogisticPath::new(config(Penalty::l1(1.0)).on_separation(Penalty::Jeffreys))));
    assert!(unsupported(LogisticPath::new(config(Penalty::l1(1.0)).penalty_factors([0.0, 0.0]))));
    assert!(matches!(LogisticPath::l1().fit(&x, &y[1..]), Err(Error::ShapeMismatch { argument: "y", .. })));
    let constant = DMatrix::<f64>::zeros(30, 2);
    assert!(matches!(LogisticPath::l1().fit(&constant, &y), Err(Error::Unsupported { .. })));
    assert!(LogisticPath::l1().lambdas([0.1]).fit(&constant, &y).unwrap().nonzero() == [0]);
    // A solver that cannot is named as in a single fit.
    let newton = config(Penalty::l1(1.0)).solver(logit::Solver::Newton);
    assert!(unsupported(LogisticPath::new(newton)));
}

/// The default grid of columns of subnormal numbers would consist of zeros.
#[test]
fn a_grid_below_the_normal_numbers_is_refused() {
    let x = DMatrix::from_column_slice(6, 1, &[5e-324, 0.0, 1e-323, 5e-324, 1.5e-323, 0.0]);
    let refused = LogisticPath::l1().fit(&x, &[0, 1, 0, 1, 0, 1]);
    assert!(matches!(refused, Err(Error::Unsupported { .. })), "{refused:?}");
    let tiny = DMatrix::from_column_slice(6, 1, &[5e-300, 0.0, 1e-300, 5e-300, 1.5e-300, 0.0]);
    let path = LogisticPath::l1().fit(&tiny, &[0, 1, 0, 1, 0, 1]).expect("normal numbers");
    assert!(path.lambdas().windows(2).all(|pair| pair[1] < pair[0]), "{:?}", path.lambdas());
}
