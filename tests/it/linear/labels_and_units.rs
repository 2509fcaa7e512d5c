//! Names of classes, units of columns and the position of the origin.

use logit::{Penalty, Solver};
use nalgebra::DMatrix;

use super::kit::{Data, exact, penalty, solvers, ways};

#[test]
fn reversed_labels_negate_or_permute_coefficients() {
    // An odd number: of an even number of coefficients, absolute values do not say which is in the middle.
    for classes in [2, 5] {
        let data = Data::full(160, 3, classes, 51);
        let columns = if classes == 2 { 1 } else { classes };
        let mirror: Vec<usize> = (0..columns).rev().collect();
        let sign = if classes == 2 { -1.0 } else { 1.0 };
        let reversed = Data {
            y: data.y.iter().map(|class| classes - 1 - class).collect(),
            offset: data.offset.as_ref().map(|o| sign * o.select_columns(&mirror)),
            ..data.clone()
        };
        for way in ways() {
            let (a, b) = (data.fit(&way), reversed.fit(&way));
            let apart = (a.coefficients() - sign * b.coefficients().select_columns(&mirror)).amax();
            assert!(apart < 1e-9, "{way:?}: {apart:e}");
            let apart = (a.intercept() - sign * b.intercept().select_rows(&mirror)).amax();
            assert!(apart < 1e-9, "{way:?}: {apart:e}");
        }
    }
}

/// A column in other units, its penalty factor likewise: s for absolute values, s^2 for squares.
#[test]
fn columns_in_other_units_have_coefficients_in_other_units() {
    let units = [1e-6, 1e-3, 40.0, 1e6];
    for classes in [2, 3] {
        let data = Data::full(120, 4, classes, 53);
        let rescaled = Data { x: DMatrix::from_fn(120, 4, |i, j| data.x[(i, j)] * units[j]), ..data.clone() };
        for (l1, l2) in [(0.0, 0.0), (0.0, 0.03), (0.02, 0.0)] {
            for solver in solvers(l1) {
                let power = if l1 > 0.0 { 1 } else { 2 };
                // The largest unit sees its gradient 1e6 times larger.
                let way = exact(penalty(l1, l2), solver).tolerance(1e-8);
                let plain = data.fit(&exact(penalty(l1, l2), solver).tolerance(1e-12));
                let found = rescaled.fit(&way.penalty_factors(units.map(|s| s.powi(power))));
                let scaled = DMatrix::from_fn(4, plain.coefficients().ncols(), |j, k| {
                    found.coefficients()[(j, k)] * units[j]
                });
                let apart = (scaled - plain.coefficients()).amax();
                assert!(apart < 1e-6, "{solver:?}, {l1}, {l2}: {apart:e}");
            }
        }
        let way = exact(Penalty::Jeffreys, Solver::Newton);
        let (plain, found) = (data.fit(&way), rescaled.fit(&way.tolerance(1e-8)));
        for (at, w) in plain.coefficients().iter().enumerate() {
            assert!((found.coefficients()[at] * units[at % 4] - w).abs() < 1e-6, "Jeffreys, {at}");
        }
    }
}

#[test]
fn the_origin_moves_the_intercept_alone() {
    for classes in [2, 3] {
        let data = Data::full(120, 3, classes, 55);
        for c in [-3.0, 1e4] {
            let moved = Data { x: data.x.add_scalar(c), ..data.clone() };
            for way in ways() {
                // Gradients are in units of x: c times as large as those of the centred columns, rounding
                // included.
                let way = way.tolerance(1e-9);
                let (a, b) = (data.fit(&way), moved.fit(&way));
                let apart = (a.coefficients() - b.coefficients()).amax();
                assert!(apart < 1e-7, "{way:?}, {c}: {apart:e}");
                for k in 0..a.intercept().len() {
                    let wanted = a.intercept()[k] - c * b.coefficients().column(k).sum();
                    let mean = if classes == 2 { 0.0 } else { c * b.coefficients().sum() / classes as f64 };
                    let apart = (b.intercept()[k] - wanted - mean).abs();
                    assert!(apart < 1e-7, "{way:?}, {c}: {apart:e}");
                }
            }
        }
    }
}

/// The objective of absolute values over three classes is least where the middle coefficient of a column is
/// zero.
#[test]
fn absolute_values_settle_the_shift_of_softmax() {
    let data = Data::plain(150, 4, 3, 57);
    let model = data.fit(&exact(Penalty::l1(0.01), Solver::Auto));
    let mut active = 0;
    for row in model.coefficients().row_iter() {
        let mut sorted: Vec<f64> = row.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        assert_eq!(sorted[1], 0.0, "{row}");
        active += usize::from(sorted[0] < 0.0 && sorted[2] > 0.0);
    }
    assert!(active >= 2, "{}", model.coefficients());
}
