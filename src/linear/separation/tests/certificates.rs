//! The proof that the estimate exists: given where it does and the fit is good, never where it does not.

use nalgebra::{DMatrix, DMatrixView};
use proptest::prelude::*;

use super::{Estimate, find, rows, with_budget};
use crate::estimator::Estimator;
use crate::examples::ClassExamples;
use crate::linear::rows::TrainingRows;
use crate::linear::separation::{certificate, design::Design};
use crate::linear::{FittedLogistic, LogisticRegression};
use crate::penalty::Penalty;
use crate::rng::Rng;

fn fit(
    x: &DMatrix<f64>,
    classes: &[usize],
    intercept: bool,
    iterations: usize,
) -> FittedLogistic<f64, usize> {
    let model = LogisticRegression::new(Penalty::None).intercept(intercept).max_iterations(iterations);
    model.fit(x, classes).unwrap()
}

fn estimate_exists(
    rows: ClassExamples<'_, f64>,
    count: usize,
    intercept: bool,
    slopes: &DMatrix<f64>,
    intercepts: &[f64],
    offset: Option<DMatrixView<'_, f64>>,
) -> bool {
    let estimate = Estimate { slopes, intercepts, beside: None };
    let rows = TrainingRows::new(rows, offset);
    with_budget(usize::MAX, |budget| {
        let mut design = Design::new(rows, count, intercept);
        design.drop_dependent(budget);
        certificate::estimate_exists(&design, &estimate, budget).unwrap()
    })
}

fn certified(
    x: &DMatrix<f64>,
    classes: &[usize],
    intercept: bool,
    model: &FittedLogistic<f64, usize>,
) -> bool {
    let count = model.coefficients().ncols().max(2);
    let b = model.intercept().as_slice();
    estimate_exists(rows(x, classes, None), count, intercept, model.coefficients(), b, None)
}

/// Converged fits of random data, with columns far from the origin and badly scaled, are certified.
#[test]
fn converged_fits_are_certified() {
    let mut rng = Rng::new(31);
    for count in [2, 3, 5] {
        for intercept in [true, false] {
            let x = DMatrix::from_fn(600, 4, |_, j| {
                let (scale, shift) = [(1.0, 0.0), (1e4, 0.0), (1.0, 50.0), (1e-3, 0.0)][j];
                scale * rng.standard_normal() + if intercept { shift } else { 0.0 }
            });
            let classes: Vec<usize> = (0..600)
                .map(|row| ((x[(row, 0)] + rng.standard_normal()).abs() * 1.5) as usize % count)
                .collect();
            let model = fit(&x, &classes, intercept, 100);
            assert!(certified(&x, &classes, intercept, &model), "{count} classes");
            // Far from the optimum the residuals prove nothing.
            let start = fit(&x, &classes, intercept, 0);
            assert!(!certified(&x, &classes, intercept, &start), "{count} classes");
        }
    }
}

/// With many classes, the matrix of all pairs would cost more than the fit.
#[test]
fn many_classes_are_certified_by_a_bound() {
    let mut rng = Rng::new(35);
    let x = DMatrix::from_fn(800, 12, |_, _| rng.standard_normal());
    let classes: Vec<usize> = (0..800).map(|_| rng.below(40)).collect();
    let certify = |model: &FittedLogistic<f64, usize>| {
        let estimate =
            Estimate { slopes: model.coefficients(), intercepts: model.intercept().as_slice(), beside: None };
        // The matrix of all pairs takes 60 million for its factor alone.
        with_budget(20_000_000, |budget| {
            let design = Design::new(rows(&x, &classes, None).into(), 40, true);
            certificate::estimate_exists(&design, &estimate, budget).unwrap()
        })
    };
    let model = fit(&x, &classes, true, 100);
    assert!(certify(&model) && model.report().converged(), "{}", model.report());
    assert!(!certify(&fit(&x, &classes, true, 1)));
}

/// An offset takes part in the scores.
#[test]
fn offsets_are_added_to_the_scores() {
    let mut rng = Rng::new(32);
    let x = DMatrix::from_fn(300, 2, |_, _| rng.standard_normal());
    let classes: Vec<usize> =
        (0..300).map(|row| usize::from(x[(row, 0)] + rng.standard_normal() > 0.0)).collect();
    let model = fit(&x, &classes, true, 100);
    let certify = |w: &DMatrix<f64>, offset: &DMatrix<f64>| {
        let b = model.intercept().as_slice();
        estimate_exists(rows(&x, &classes, None), 2, true, w, b, Some(offset.as_view()))
    };
    let zero = DMatrix::zeros(2, 1);
    assert!(certify(&zero, &(&x * model.coefficients())));
    assert!(!certify(&zero, &DMatrix::zeros(300, 1)));
    assert!(!certify(model.coefficients(), &(&x * model.coefficients())));
}

/// Along a separating direction the gradient vanishes too, and with it the residuals: no proof.
#[test]
fn separated_data_is_never_certified() {
    let mut rng = Rng::new(33);
    let x = DMatrix::from_fn(200, 3, |row, j| {
        if j == 2 { f64::from(u8::from(row % 9 == 0)) } else { rng.standard_normal() }
    });
    for count in [2, 3] {
        let classes: Vec<usize> =
            (0..200).map(|row| if row % 9 == 0 { 1 } else { rng.below(count) }).collect();
        assert!(find(&x, &classes, count, true).unwrap().is_some());
        for iterations in [1, 3, 5, 8, 12, 20, 30, 100] {
            let model = fit(&x, &classes, true, iterations);
            assert!(!certified(&x, &classes, true, &model), "{iterations} iterations, {}", model.report());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever the coefficients: what is certified does overlap.
    #[test]
    fn certificates_are_sound(n in 2usize..16, d in 1usize..4, count in 2usize..4, intercept: bool, iterations in 0usize..40, seed: u64) {
        let mut rng = Rng::new(seed);
        let x = DMatrix::from_fn(n, d, |_, _| rng.below(5) as f64 - 2.0);
        let classes: Vec<usize> = (0..n).map(|row| if row < count { row } else { rng.below(count) }).collect();
        prop_assume!(n >= count);
        let model = fit(&x, &classes, intercept, iterations);
        if certified(&x, &classes, intercept, &model) {
            prop_assert!(find(&x, &classes, count, intercept).unwrap().is_none(), "{x}{classes:?}");
        }
    }
}

/// Rows without weight do not count, however large their entries.
#[test]
fn rows_without_weight_leave_the_proof_alone() {
    let mut rng = Rng::new(34);
    let mut x = DMatrix::from_fn(200, 2, |_, _| 1e-9 * rng.standard_normal());
    let classes: Vec<usize> = (0..200).map(|_| rng.below(2)).collect();
    let mut weights = vec![1.0; 200];
    for row in 0..5 {
        (x[(row, 0)], weights[row]) = (1e300, 0.0);
    }
    let model =
        LogisticRegression::new(Penalty::None).tolerance(1e-16).fit_weighted(&x, &classes, &weights).unwrap();
    let (w, b) = (model.coefficients(), model.intercept().as_slice());
    assert!(estimate_exists(rows(&x, &classes, Some(&weights)), 2, true, w, b, None), "{}", model.report());
}
