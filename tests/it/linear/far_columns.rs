//! Columns far from the origin: a shift of a column moves the intercept, and costs no digits anywhere else.

use allocation_counter::measure;
use approx::assert_relative_eq;
use logit::linear::{Covariance, RowOptions};
use logit::prelude::*;
use logit::{FittedLogistic, LogisticRegression, Penalty, Real, Rng, Scratch};
use nalgebra::DMatrix;

use super::kit::exact;
use crate::common::file_parts::Parts;

/// Rows on a grid of integers, so that shifts by integers are exact, with overlapping classes.
fn grid(rows: usize, columns: usize, classes: usize, seed: u64) -> (DMatrix<f64>, Vec<usize>) {
    let mut rng = Rng::new(seed);
    let y: Vec<usize> = (0..rows).map(|row| row % classes).collect();
    let x = DMatrix::from_fn(rows, columns, |row, j| {
        let drift = if j % classes == y[row] { 6.0 } else { 0.0 };
        (10.0 * rng.standard_normal() + drift).round()
    });
    (x, y)
}

/// The rows moved by `by`, in columns of opposite directions.
fn moved(x: &DMatrix<f64>, by: f64) -> DMatrix<f64> {
    DMatrix::from_fn(x.nrows(), x.ncols(), |row, j| x[(row, j)] + if j % 2 == 0 { by } else { -by })
}

fn weights(rows: usize) -> Vec<f64> {
    (0..rows).map(|row| 0.5 + (row % 4) as f64).collect()
}

/// The largest difference of scores, against the size of scores. Softmax does not see a shift that is common
/// to all classes.
fn apart<T: Real>(a: &DMatrix<T>, b: &DMatrix<T>) -> f64 {
    let centred = |m: &DMatrix<T>| {
        DMatrix::from_fn(m.nrows(), m.ncols(), |row, k| {
            let mean = m.row(row).iter().map(|z| z.as_f64()).sum::<f64>() / m.ncols() as f64;
            m[(row, k)].as_f64() - if m.ncols() > 1 { mean } else { 0.0 }
        })
    };
    let (a, b) = (centred(a), centred(b));
    (&a - &b).amax() / b.amax()
}

/// Every combination of classes and weights.
fn each(mut test: impl FnMut(&DMatrix<f64>, &[usize], Option<&[f64]>)) {
    for classes in [2, 3] {
        let (x, y) = grid(120, 3, classes, 5);
        let weights = weights(120);
        test(&x, &y, None);
        test(&x, &y, Some(&weights));
    }
}

type Fit = FittedLogistic<f64, usize>;

fn fit(way: &LogisticRegression, x: &DMatrix<f64>, y: &[usize], weights: Option<&[f64]>) -> Fit {
    match weights {
        Some(weights) => way.fit_weighted(x, y, weights),
        None => way.fit(x, y),
    }
    .expect("a fit")
}

fn newton(penalty: Penalty) -> LogisticRegression {
    exact(penalty, logit::Solver::Newton)
}

#[test]
fn predictions_keep_their_digits() {
    let kinds = [
        newton(Penalty::None),
        newton(Penalty::l2(0.01)),
        newton(Penalty::Jeffreys),
        exact(Penalty::elastic_net(0.01, 0.5), logit::Solver::ProximalNewton),
    ];
    each(|x, y, weights| {
        for way in &kinds {
            let near = fit(way, x, y, weights);
            let scores = near.decision_function(x).expect("scores");
            for by in [1e4, 1e6, 1e8, 1e10] {
                let far = moved(x, by);
                let model = fit(way, &far, y, weights);
                let found = model.decision_function(&far).expect("scores");
                let error = apart(&found, &scores);
                assert!(error < 1e-12, "{way:?}, {} classes, {by:e}: {error:e}", scores.ncols().max(2));
                let (p, q) = (near.predict_proba(x).expect("p"), model.predict_proba(&far).expect("p"));
                assert_relative_eq!(p, q, max_relative = 1e-11);
                // From coefficients and intercept alone, digits go with the distance.
                let sums = &far * model.coefficients();
                let sums = DMatrix::from_fn(sums.nrows(), sums.ncols(), |row, k| {
                    sums[(row, k)] + model.intercept()[k]
                });
                let lost = apart(&sums, &scores);
                assert!(lost < 1e-15 * by, "{way:?}: {lost:e} for {by:e}");
                if by == 1e10 {
                    assert!(lost > 1e-9, "the data lose no digits: {lost:e}");
                }
            }
        }
    });
}

#[test]
fn rows_one_by_one_and_in_batches_are_scored_alike() {
    // Enough rows for several blocks.
    for (classes, rows) in [(2, 9000), (3, 9000)] {
        let (x, y) = grid(rows, 3, classes, 7);
        let far = moved(&x, 1e9);
        let model = fit(&newton(Penalty::l2(0.1)), &far, &y, None);
        let whole = model.decision_function(&far).expect("scores");
        let near = fit(&newton(Penalty::l2(0.1)), &x, &y, None);
        assert!(apart(&whole, &near.decision_function(&x).expect("scores")) < 1e-12);
        let mut scratch = Scratch::new();
        let mut p = vec![0.0; classes];
        for row in (0..rows).step_by(97).chain([5460, 5461, 5462, rows - 1]) {
            let one = model.decision_function(far.rows(row, 1)).expect("a score");
            assert_relative_eq!(one, whole.rows(row, 1).into_owned(), max_relative = 1e-13, epsilon = 1e-14);
            let values: Vec<f64> = far.row(row).iter().copied().collect();
            model.probabilities_row(&values, &mut p, &mut scratch).expect("probabilities");
            let wanted = model.predict_proba(far.rows(row, 1)).expect("probabilities");
            assert_relative_eq!(p.as_slice(), wanted.as_slice(), max_relative = 1e-13);
        }
    }
}

#[test]
fn single_precision_keeps_its_digits() {
    for classes in [2, 3] {
        let (x, y) = grid(120, 3, classes, 9);
        let way = LogisticRegression::new(Penalty::l2(0.1));
        let near = way.fit(&x, &y).expect("a fit").decision_function(&x).expect("scores");
        for by in [1e3, 1e5, 1e6] {
            let far = moved(&x, by).map(|v| v as f32);
            let found = way.fit(&far, &y).expect("a fit").decision_function(&far).expect("scores");
            let error = apart(&found.map(f64::from), &near);
            // What the tolerance of fits in `f32` allows.
            assert!(error < 1e-4, "{classes}, {by:e}: {error:e}");
        }
    }
}

#[test]
fn errors_intervals_and_influence_do_not_move() {
    each(|x, y, weights| {
        let way = newton(Penalty::None);
        let near = fit(&way, x, y, weights);
        let mut rows = RowOptions::new();
        rows.weights = weights;
        let clusters: Vec<usize> = (0..y.len()).map(|row| row % 13).collect();
        for by in [1e4, 1e7, 1e10] {
            let far = moved(x, by);
            let model = fit(&way, &far, y, weights);
            for kind in [Covariance::Observed, Covariance::Hc1, Covariance::clustered(&clusters)] {
                let a = near.inference_with(x, y, rows, kind.clone()).expect("inference");
                let b = model.inference_with(&far, y, rows, kind).expect("inference");
                let slopes = |m: &DMatrix<f64>| m.rows(1, m.nrows() - 1).into_owned();
                for (a, b) in [
                    (a.standard_errors(), b.standard_errors()),
                    (a.z_values(), b.z_values()),
                    (a.p_values(), b.p_values()),
                ] {
                    assert_relative_eq!(slopes(&a), slopes(&b), max_relative = 1e-9);
                }
                assert_relative_eq!(a.log_likelihood(), b.log_likelihood(), max_relative = 1e-12);
                for terms in [&[1, 2][..], &[0, 1, 2, 3]] {
                    let (c, d) = (a.wald(terms).expect("a test"), b.wald(terms).expect("a test"));
                    if terms[0] > 0 {
                        assert_relative_eq!(c.statistic, d.statistic, max_relative = 1e-9);
                    }
                }
                let (c, d) = (
                    a.probability_intervals(x, 0.95).expect("intervals"),
                    b.probability_intervals(&far, 0.95).expect("intervals"),
                );
                assert_relative_eq!(c.estimates, d.estimates, max_relative = 1e-10);
                assert_relative_eq!(c.standard_errors, d.standard_errors, max_relative = 1e-9);
                assert_relative_eq!(c.lower, d.lower, max_relative = 1e-9);
                let (c, d) = (
                    a.marginal_effects(x, rows).expect("effects"),
                    b.marginal_effects(&far, rows).expect("effects"),
                );
                assert_relative_eq!(*c.estimates(), *d.estimates(), max_relative = 1e-9, epsilon = 1e-13);
                assert_relative_eq!(*c.standard_errors(), *d.standard_errors(), max_relative = 1e-9);
            }
            let a = near.influence_with(x, y, rows).expect("influence");
            let b = model.influence_with(&far, y, rows).expect("influence");
            for (a, b) in [
                (a.leverages(), b.leverages()),
                (a.cooks_distances(), b.cooks_distances()),
                (a.leave_one_out_scores().as_slice(), b.leave_one_out_scores().as_slice()),
            ] {
                assert_relative_eq!(a, b, max_relative = 1e-9, epsilon = 1e-12);
            }
            let a = near.profile_intervals(x, y, rows, 0.95).expect("intervals");
            let b = model.profile_intervals(&far, y, rows, 0.95).expect("intervals");
            for (a, b) in [(a.lower, b.lower), (a.upper, b.upper)] {
                let slopes = |m: &DMatrix<f64>| m.rows(1, m.nrows() - 1).into_owned();
                assert_relative_eq!(slopes(&a), slopes(&b), max_relative = 1e-7);
            }
        }
    });
}

#[test]
fn warm_starts_begin_at_the_optimum() {
    each(|x, y, weights| {
        for way in [newton(Penalty::None), newton(Penalty::l2(0.01))] {
            for by in [0.0, 1e6, 1e10] {
                let far = moved(x, by);
                let way = way.clone().tolerance(1e-8);
                let model = fit(&way, &far, y, weights);
                let mut options = logit::FitOptions::new();
                options.weights = weights;
                let start = way.clone().max_iterations(0);
                let start = start.fit_from_with(&model, &far, y, options).expect("a fit");
                let scores = |model: &Fit| model.decision_function(&far).expect("scores");
                let error = apart(&scores(&start), &scores(&model));
                assert!(error < 1e-13, "{by:e}: {error:e}");
                let mut options = logit::FitOptions::new();
                options.weights = weights;
                let again = way.fit_from_with(&model, &far, y, options).expect("a fit");
                let taken = again.report().iterations;
                // Beyond, the gradient in the units of `x` is rounding alone.
                assert!(taken <= 1 || by > 1e8, "{by:e}: {taken} iterations");
                assert!(apart(&scores(&again), &scores(&model)) < 1e-9);
            }
        }
    });
}

#[test]
fn files_keep_every_bit() {
    each(|x, y, weights| {
        let far = moved(x, 1e9);
        let model = fit(&newton(Penalty::l2(0.1)), &far, y, weights);
        let loaded = Fit::from_bytes(&model.to_bytes().expect("bytes")).expect("a model");
        assert_eq!(loaded, model);
        let bits = |m: &Fit| m.decision_function(&far).expect("scores").map(f64::to_bits);
        assert_eq!(bits(&loaded), bits(&model));
    });
}

#[test]
fn files_with_a_wrong_centre_are_refused() {
    let (x, y) = grid(120, 3, 3, 5);
    let model = fit(&newton(Penalty::l2(0.1)), &moved(&x, 1e9), &y, None);
    let saved = model.to_bytes().expect("bytes");
    let refused = |change: fn(&mut Parts)| {
        let mut parts = Parts::of(&saved);
        change(&mut parts);
        match Fit::from_bytes(&parts.bytes()) {
            Err(logit::Error::InvalidFile { reason }) => reason,
            other => panic!("{other:?}"),
        }
    };
    assert!(refused(|parts| shorter_by_one(parts, "model.origin.center")).contains("`center`"));
    assert!(refused(|parts| shorter_by_one(parts, "model.origin.scores")).contains("`scores`"));
    assert!(refused(|parts| first(parts, "model.origin.center", f64::NAN)).contains("`center`"));
    assert!(refused(|parts| first(parts, "model.origin.scores", f64::INFINITY)).contains("`scores`"));
    // Arrays that contradict each other.
    for name in ["model.origin.center", "model.origin.scores", "model.intercept"] {
        let mut parts = Parts::of(&saved);
        first(&mut parts, name, 1e3);
        let error = Fit::from_bytes(&parts.bytes()).expect_err(name).to_string();
        assert!(error.contains("`intercept` is not that of its `origin`"), "{error}");
    }
    // Without the part, the model is what its coefficients and intercept say, with fewer digits.
    let mut parts = Parts::of(&saved);
    parts.arrays.retain(|array| !array.name.starts_with("model.origin") && !array.name.starts_with("golden"));
    let described = parts.description["parts"].as_object_mut().expect("parts");
    described.remove("golden").expect("golden rows");
    described["model"]["parts"].as_object_mut().expect("parts").remove("origin").expect("an origin");
    let without = Fit::from_bytes(&parts.bytes()).expect("a model");
    assert_eq!((without.coefficients(), without.intercept()), (model.coefficients(), model.intercept()));
    let far = moved(&x, 1e9);
    let scores = |model: &Fit| model.decision_function(&far).expect("scores");
    assert!((1e-12..1e-5).contains(&apart(&scores(&without), &scores(&model))));
}

fn shorter_by_one(parts: &mut Parts, name: &str) {
    let array = parts.array(name);
    array.shape[0] -= 1;
    array.bytes.truncate(8 * array.shape[0] as usize);
}

fn first(parts: &mut Parts, name: &str, value: f64) {
    parts.array(name).bytes[..8].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn single_rows_do_not_allocate() {
    for classes in [2, 3] {
        let (x, y) = grid(60, 3, classes, 2);
        let far = moved(&x, 1e9);
        let model = fit(&newton(Penalty::l2(0.1)), &far, &y, None);
        let (mut scratch, mut p) = (Scratch::new(), vec![0.0; classes]);
        let mut predict = |row: &[f64]| model.probabilities_row(row, &mut p, &mut scratch).expect("a row");
        predict(&[1e9, -1e9, 1e9]);
        assert_eq!(measure(|| predict(&[1e9 + 3.0, 7.0 - 1e9, 1e9])).count_total, 0, "{classes}");
    }
}
