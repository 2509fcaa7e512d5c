//! All solvers and starts reach the same optimum.

use logit::prelude::*;
use logit::{LogisticRegression, Penalty, Solver, data};
use nalgebra::DMatrix;

use super::kit::{Data, SMOOTH, assert_same, exact};
use crate::common::{normal, overlapping};

#[test]
fn all_solvers_find_the_same_optimum() {
    for (rows, columns, classes) in [(20, 20, 3), (20, 60, 2), (15, 40, 4), (300, 6, 2), (300, 6, 5)] {
        let data = Data::full(rows, columns, classes, 101);
        for penalty in [Penalty::c(1.0), Penalty::l2(0.1), Penalty::c(0.01)] {
            let newton = data.fit(&exact(penalty, Solver::Newton));
            for solver in SMOOTH {
                let found = data.fit(&exact(penalty, solver));
                assert_same(&found, &newton, 1e-8, &format!("{rows} x {columns}, {classes}: {solver:?}"));
            }
        }
        // Absolute values that weigh nothing beside the squares.
        let squares = data.fit(&exact(Penalty::elastic_net(0.1, 0.0), Solver::Auto));
        let nearly = data.fit(&exact(Penalty::elastic_net(0.1, 1e-12), Solver::Auto));
        assert_same(&nearly, &squares, 1e-9, "elastic net with little of L1");
    }
}

/// A convex problem has one minimum, however the columns are measured.
#[test]
fn irises_in_wild_units_are_solved_by_all() {
    let iris = data::iris();
    let mut x = iris.x.clone();
    x.column_mut(0).scale_mut(1e4);
    x.column_mut(1).add_scalar_mut(1e4);
    let labels: Vec<usize> = iris
        .y
        .iter()
        .map(|name| ["setosa", "versicolor", "virginica"].iter().position(|n| n == name).unwrap())
        .collect();
    for (rows, classes) in [(0..150, 3), (50..150, 2)] {
        let y: Vec<usize> = labels[rows.clone()].iter().map(|k| k + classes - 3).collect();
        let data = Data { x: x.rows_range(rows).into_owned(), y, weights: None, offset: None };
        let lambda = 1.0 / data.y.len() as f64;
        // Gradients are in units of x, where the last digits of 1e4 are.
        let way = |solver| LogisticRegression::new(Penalty::c(1.0)).solver(solver).tolerance(1e-7);
        let newton = data.fit(&way(Solver::Newton));
        for solver in SMOOTH {
            let found = data.fit(&way(solver));
            let (objective, violation) = data.conditions(&found, &[0.0; 4], &[lambda; 4], true);
            assert!(violation < 1e-6, "{solver:?}: {violation:e}");
            approx::assert_relative_eq!(objective, newton.report().objective, max_relative = 1e-10);
        }
        for ratio in [0.5, 1.0] {
            let net = Penalty::elastic_net(lambda, ratio);
            let found = data.fit(&LogisticRegression::new(net).tolerance(1e-7));
            let (l1, l2) = (lambda * ratio, lambda * (1.0 - ratio));
            let (_, violation) = data.conditions(&found, &[l1; 4], &[l2; 4], true);
            assert!(violation < 1e-6, "{ratio}: {violation:e}");
        }
    }
}

#[test]
fn two_hundred_classes_of_two_rows() {
    let x = DMatrix::from_fn(400, 3, |i, j| normal(200, 3, 103)[(i % 200, j)]) + 0.3 * normal(400, 3, 104);
    let y: Vec<usize> = (0..400).map(|row| row % 200).collect();
    let data = Data { x, y, weights: None, offset: None };
    let way = |penalty, solver| LogisticRegression::new(penalty).solver(solver).tolerance(1e-9);
    let reference = data.fit(&way(Penalty::l2(1e-3), Solver::Lbfgs));
    let found = data.fit(&way(Penalty::l2(1e-3), Solver::NewtonCg));
    assert_same(&found, &reference, 1e-5, "conjugate gradients");
    assert_eq!(reference.predict_proba(&data.x).expect("good data").ncols(), 200);
    let sparse = data.fit(&way(Penalty::l1(2e-3), Solver::ProximalNewton).tolerance(1e-8));
    let (_, violation) = data.conditions(&sparse, &[2e-3; 3], &[0.0; 3], true);
    assert!(violation <= 1.01e-8, "{violation:e}");
}

/// The two columns are nearly equal: only the likelihood and the sum of coefficients are well determined.
#[test]
fn columns_that_are_all_but_the_same() {
    let (mut x, y) = overlapping(200, 3, 2, 105);
    let noise = normal(200, 1, 1060);
    let two = Data { x: x.columns(0, 2).into_owned(), y: y.clone(), weights: None, offset: None };
    let fewer = two.fit(&exact(Penalty::None, Solver::Newton)).report().objective;
    let mut clear = Data { x: x.clone(), ..two };
    clear.x.set_column(2, &noise.column(0));
    let best = clear.fit(&exact(Penalty::None, Solver::Newton)).report().objective;
    for apart in [1e-3, 1e-6, 1e-9] {
        let near = x.column(0) + apart * noise.column(0);
        x.set_column(2, &near);
        let data = Data { x: x.clone(), y: y.clone(), weights: None, offset: None };
        for solver in SMOOTH {
            let way = LogisticRegression::new(Penalty::l2(0.01)).solver(solver).tolerance(1e-11);
            let found = data.fit(&way);
            let w = found.coefficients();
            assert!((w[0] - w[2]).abs() < 100.0 * apart, "{solver:?}, {apart:e}: {w}");
        }
        // The difference of the columns is as good a column as any.
        for solver in SMOOTH {
            let way = LogisticRegression::new(Penalty::None).solver(solver);
            match data.try_fit(&way) {
                Ok(model) => {
                    let found = model.report();
                    assert!(
                        found.objective > best - 1e-8 && found.objective < fewer + 1e-8,
                        "{solver:?}: {found}"
                    );
                    // Second derivatives see what the gradient, small in all directions, does not show.
                    let curved = solver != Solver::Lbfgs && solver != Solver::NewtonCg;
                    let close = (found.objective - best).abs() < 1e-8;
                    assert!(close || apart < 1e-7 || !curved, "{solver:?}, {apart:e}: {found}, not {best}");
                }
                Err(error) => assert!(matches!(error, logit::Error::Singular { .. }), "{error}"),
            }
        }
        for ratio in [0.5, 1.0] {
            data.fit(&LogisticRegression::new(Penalty::elastic_net(0.01, ratio)).tolerance(1e-11));
        }
    }
}

/// Twice the same column: squares divide the coefficient evenly, absolute values keep the sum.
#[test]
fn a_column_twice() {
    for classes in [2, 3] {
        let once = Data::full(120, 3, classes, 107);
        let twice = Data { x: once.x.clone().insert_column(3, 0.0), ..once.clone() };
        let mut twice = twice;
        let copy = once.x.column(1).into_owned();
        twice.x.set_column(3, &copy);
        for solver in SMOOTH {
            let halved = exact(Penalty::l2(0.02), solver).penalty_factors([1.0, 2.0, 1.0, 2.0]);
            let (a, b) = (once.fit(&exact(Penalty::l2(0.02), solver)), twice.fit(&halved));
            for k in 0..a.coefficients().ncols() {
                let (w, v) = (a.coefficients().column(k), b.coefficients().column(k));
                assert!((v[1] - v[3]).abs() < 1e-9 && (v[1] + v[3] - w[1]).abs() < 1e-9, "{solver:?}: {v}");
            }
        }
        let sparse = exact(Penalty::l1(0.02), Solver::Auto);
        let (a, b) = (once.fit(&sparse), twice.fit(&sparse));
        for k in 0..a.coefficients().ncols() {
            let (w, v) = (a.coefficients().column(k), b.coefficients().column(k));
            assert!((v[1] + v[3] - w[1]).abs() < 1e-8 && v[1] * v[3] >= 0.0, "{v}, {w}");
        }
        approx::assert_relative_eq!(a.report().objective, b.report().objective, max_relative = 1e-12);
    }
}

/// A constant column has no effect beside an intercept, and acts as the intercept if there is none.
#[test]
fn a_constant_column() {
    for classes in [2, 3] {
        let alone = Data::full(90, 2, classes, 109);
        for constant in [0.0, -0.0, 1.0, 1e9] {
            let beside = Data { x: alone.x.clone().insert_column(1, constant), ..alone.clone() };
            let mut ways: Vec<_> = SMOOTH.map(|solver| exact(Penalty::l2(0.02), solver)).to_vec();
            ways.extend([0.5, 1.0].map(|ratio| exact(Penalty::elastic_net(0.02, ratio), Solver::Auto)));
            for way in ways {
                // The gradient is in units of the column.
                let tolerance = 1e-12_f64.max(1e-17 * constant);
                let way = way.tolerance(tolerance);
                let (a, b) = (alone.fit(&way), beside.fit(&way));
                let constants = b.coefficients().row(1).amax();
                assert!(constants <= 1e-10, "{way:?}, {constant:e}: {constants:e}");
                let others = (b.coefficients().clone().remove_row(1) - a.coefficients()).amax();
                assert!(others <= 100.0 * tolerance, "{way:?}, {constant:e}: {others:e}");
            }
        }
    }
}

#[test]
fn a_stronger_penalty_never_makes_coefficients_larger() {
    for classes in [2, 3] {
        let data = Data::full(100, 4, classes, 111);
        for ratio in [0.0, 0.5, 1.0] {
            let mut last = f64::INFINITY;
            for exponent in -8..=8 {
                let lambda = 10f64.powf(f64::from(exponent) / 2.0);
                let model = data.fit(&exact(Penalty::elastic_net(lambda, ratio), Solver::Auto));
                let w = model.coefficients();
                let size = w.iter().map(|w| ratio * w.abs() + 0.5 * (1.0 - ratio) * w * w).sum::<f64>();
                assert!(size <= last * (1.0 + 1e-9) + 1e-15, "{lambda}, {ratio}: {size} after {last}");
                last = size;
            }
            assert!(last < 1e-6, "{ratio}: {last:e}");
        }
    }
}

#[test]
fn a_single_column_and_many_rows() {
    let (x, y) = overlapping(20_000, 1, 2, 113);
    let fit = |solver| exact(Penalty::l2(1e-4), solver).tolerance(1e-10).fit(&x, &y).expect("good data");
    let newton = fit(Solver::Newton);
    for solver in SMOOTH {
        let found = fit(solver);
        assert!(found.report().converged(), "{solver:?}: {}", found.report());
        approx::assert_abs_diff_eq!(found.coefficients(), newton.coefficients(), epsilon = 1e-8);
    }
}
