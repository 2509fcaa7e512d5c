//! The condition number in the report, compared with the eigenvalues of a Hessian that the test computes.

use logit::prelude::*;
use logit::{LogisticRegression, Penalty};
use nalgebra::DMatrix;

use super::kit::{SMOOTH, solvers};
use crate::common::normal;

/// Columns of mean 0 and variance 1, the second and the first with this correlation.
fn correlated(rho: f64) -> DMatrix<f64> {
    let mut x = normal(400, 3, 91);
    for j in 0..3 {
        let mean = x.column(j).mean();
        x.column_mut(j).add_scalar_mut(-mean);
        for i in 0..j {
            let share = x.column(i).dot(&x.column(j)) / 400.0;
            let other = x.column(i).into_owned();
            x.column_mut(j).axpy(-share, &other, 1.0);
        }
        let deviation = (x.column(j).norm_squared() / 400.0).sqrt();
        x.column_mut(j).unscale_mut(deviation);
    }
    let second = x.column(0) * rho + x.column(1) * (1.0 - rho * rho).sqrt();
    x.set_column(1, &second);
    x
}

#[test]
fn the_condition_is_the_ratio_of_eigenvalues() {
    let noise = normal(400, 1, 93);
    for rho in [0.0, 0.9, 0.9999, 1.0 - 1e-8] {
        let x = correlated(rho);
        let y: Vec<bool> = (0..400).map(|i| 0.5 * x[(i, 0)] - x[(i, 2)] + noise[i] > 0.2).collect();
        // The Hessian of columns and intercept; columns have unit scale already.
        for solver in SMOOTH {
            let model = LogisticRegression::new(Penalty::None).solver(solver).tolerance(1e-9).fit(&x, &y);
            let model = model.expect("good data");
            assert!(model.report().converged(), "{solver:?}: {}", model.report());
            let p = model.predict_proba(&x).expect("good data");
            let wide = x.clone().insert_column(3, 1.0);
            let weighted = DMatrix::from_fn(400, 4, |i, j| wide[(i, j)] * p[(i, 0)] * p[(i, 1)] / 400.0);
            let eigenvalues = (wide.transpose() * weighted).symmetric_eigenvalues();
            let wanted = eigenvalues.max() / eigenvalues.min();
            let found = model.report().hessian_condition.expect("few parameters");
            assert!((found / wanted - 1.0).abs() < 0.1, "{solver:?}, {rho}: {found:e}, not {wanted:e}");
        }
    }
}

#[test]
fn penalties_and_sizes_that_have_no_condition_say_so() {
    let (x, y) = crate::common::overlapping(40, 100, 3, 95);
    for (l1, l2) in [(0.0, 0.1), (0.1, 0.0)] {
        for solver in solvers(l1) {
            let model = LogisticRegression::new(super::kit::penalty(l1, l2)).solver(solver);
            let report = model.fit(&x, &y).expect("good data").report().clone();
            assert!(report.converged(), "{solver:?}: {report}");
            let condition = report.hessian_condition;
            assert!(condition.is_none_or(|c| c >= 1.0), "{solver:?}: {condition:?}");
        }
    }
}
