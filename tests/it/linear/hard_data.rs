//! Numbers at the ends of the range give finite models or typed errors, and never a false certificate.

use logit::prelude::*;
use logit::{Error, LogisticRegression, Penalty, Solver};
use nalgebra::{DMatrix, dmatrix};

use super::kit::{Data, SMOOTH, numbers, penalty, solvers};
use crate::common::normal;

fn every_way() -> Vec<LogisticRegression> {
    let mut ways: Vec<_> = [(0.0, 0.0), (0.0, 0.1), (0.1, 0.0), (0.05, 0.05)]
        .into_iter()
        .flat_map(|(l1, l2)| {
            solvers(l1).into_iter().map(move |s| LogisticRegression::new(penalty(l1, l2)).solver(s))
        })
        .collect();
    ways.push(LogisticRegression::new(Penalty::Jeffreys));
    ways.push(LogisticRegression::new(Penalty::None).on_separation(Penalty::Jeffreys));
    ways.push(LogisticRegression::new(Penalty::None).on_separation(Penalty::l1(0.1)));
    ways
}

/// A finite model whose predictions are probabilities, or a typed error.
fn assert_sane(data: &Data, way: &LogisticRegression) {
    let model = match data.try_fit(way) {
        Err(Error::FitOverflow | Error::Singular { .. }) => return,
        other => other.unwrap_or_else(|error| panic!("{way:?}: {error}")),
    };
    let report = model.report();
    assert!(numbers(&model).iter().all(|w| w.is_finite()), "{way:?}: {report}");
    assert!(report.objective.is_finite() && report.duality_gap.is_none_or(|g| g >= 0.0), "{report:?}");
    if let Ok(p) = model.predict_proba(&data.x) {
        assert!(p.row_iter().all(|row| (row.sum() - 1.0).abs() < 1e-12), "{way:?}: {p}");
    }
}

#[test]
fn huge_and_tiny_numbers_give_finite_models_or_errors() {
    let z = normal(24, 2, 121);
    for x in [
        dmatrix![0.0; 1e100],
        z.map(|v| v.clamp(-1.0, 1.0) * f64::MAX),
        z.map(|v| 1e300 * v.signum()),
        DMatrix::from_fn(24, 2, |i, j| if i + j == 5 { 1e300 } else { z[(i, j)] }),
        DMatrix::from_fn(24, 2, |i, j| if j == 1 { 1e300 * z[(i, j)] } else { z[(i, j)] }),
        &z * 1e155,
        DMatrix::from_element(24, 1, 5e-324),
        DMatrix::from_fn(24, 2, |i, _| i as f64 * 5e-324),
        &z * 1e-310,
        DMatrix::from_fn(24, 2, |i, j| if j == 0 { 1e-310 * z[(i, 0)] } else { z[(i, 1)] }),
        DMatrix::from_fn(24, 2, |i, j| if j == 0 { 1e-200 } else { 1e200 } * z[(i, j)]),
        z.add_scalar(1e15),
    ] {
        for classes in [2, 3] {
            let y: Vec<usize> = (0..x.nrows()).map(|row| (row + row / 5) % classes).collect();
            if x.nrows() < classes {
                continue;
            }
            let data = Data { x: x.clone(), y, weights: None, offset: None };
            for way in every_way() {
                assert_sane(&data, &way);
            }
        }
    }
}

/// Offsets and weights at the ends of the range.
#[test]
fn extreme_offsets_and_weights_give_finite_models_or_errors() {
    for classes in [2, 3] {
        let data = Data::plain(24, 2, classes, 123);
        let columns = if classes == 2 { 1 } else { 3 };
        let sign = |i: usize| if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        for size in [5e-324, 1e3, 1e16, 1e150, 1e300, f64::MAX] {
            let offset = DMatrix::from_fn(24, columns, |i, k| size * sign(i + k));
            let constant = DMatrix::from_element(24, columns, size);
            let one = DMatrix::from_fn(24, columns, |i, k| if i + k == 3 { size } else { 0.0 });
            for offset in [offset, constant, one] {
                for way in every_way() {
                    assert_sane(&Data { offset: Some(offset.clone()), ..data.clone() }, &way);
                }
            }
        }
        for size in [1e-300, 1e-12, 1e12, 1e300] {
            let weights = (0..24).map(|row| if row % 5 == 0 { size } else { 1.0 }).collect();
            let all = vec![size; 24];
            for weights in [weights, all] {
                for way in every_way() {
                    let data = Data { weights: Some(weights.clone()), ..data.clone() };
                    assert_sane(&data, &way);
                    assert_sane(&data, &way.class_weight(logit::ClassWeight::Balanced));
                }
            }
        }
    }
}

/// A common factor of all weights does not change a mean.
#[test]
fn the_unit_of_weights_does_not_matter() {
    let data = Data::full(80, 3, 3, 125);
    for way in super::kit::ways() {
        let plain = data.fit(&way);
        for unit in [1e-3, 7.0, 1e6] {
            let weights = data.weights.as_ref().map(|w| w.iter().map(|w| w * unit).collect());
            let scaled = Data { weights, ..data.clone() }.fit(&way);
            if way == super::kit::exact(Penalty::Jeffreys, Solver::Newton) {
                // Jeffreys' prior counts for half a row or so, whatever a row weighs.
                continue;
            }
            super::kit::assert_same(&scaled, &plain, 1e-9, &format!("{unit}: {way:?}"));
        }
    }
}

/// A column that no coefficient of sane size can use.
#[test]
fn columns_of_subnormal_numbers_do_not_disturb_the_others() {
    for classes in [2, 3] {
        let alone = Data::plain(60, 2, classes, 127);
        for tiny in [5e-324, 1e-310] {
            let x = DMatrix::from_fn(60, 3, |i, j| match j {
                0 => alone.x[(i, 0)],
                1 => tiny * f64::from(u8::from(i % 3 == 0)),
                _ => alone.x[(i, 1)],
            });
            let beside = Data { x, ..alone.clone() };
            let mut ways: Vec<_> =
                SMOOTH.map(|s| LogisticRegression::new(Penalty::l2(0.02)).solver(s)).to_vec();
            ways.push(LogisticRegression::new(Penalty::l1(0.02)));
            for way in ways {
                let way = way.tolerance(1e-12);
                let (a, b) = (alone.fit(&way), beside.fit(&way));
                let apart = (b.coefficients().clone().remove_row(1) - a.coefficients()).amax();
                assert!(apart < 1e-10 && b.coefficients().row(1).amax() < 1e-10, "{way:?}: {apart:e}");
            }
        }
    }
}
