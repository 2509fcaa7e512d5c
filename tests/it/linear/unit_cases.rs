//! Data of everyday sciences whose units, origins or collinearity once decided the verdict of a fit.

use logit::decide::PlattScaling;
use logit::prelude::*;
use logit::{Error, FittedLogistic, LogisticRegression, Penalty, Real, Rng, Solver};
use nalgebra::DMatrix;

use super::kit::SMOOTH;
use super::truth::{Problem, Scores};

/// Fits that converge; the solver and the data are named if they do not.
#[track_caller]
fn fit<T: Real>(
    model: &LogisticRegression,
    x: &DMatrix<T>,
    y: &[usize],
    what: &str,
) -> FittedLogistic<T, usize> {
    let fitted = model.fit(x, y).unwrap_or_else(|error| panic!("{what}, {model:?}: {error}"));
    assert!(fitted.report().converged(), "{what}, {model:?}: {}", fitted.report());
    fitted
}

/// Every smooth solver without a penalty.
fn unpenalised() -> impl Iterator<Item = LogisticRegression> {
    SMOOTH.into_iter().map(|solver| LogisticRegression::new(Penalty::None).solver(solver))
}

/// Every penalty, with every solver that takes it.
fn all_penalties() -> Vec<LogisticRegression> {
    let with = |penalty| SMOOTH.map(|solver| LogisticRegression::new(penalty).solver(solver));
    let mut models = [with(Penalty::None), with(Penalty::c(1.0))].concat();
    let absolute = [Penalty::l1(0.01), Penalty::elastic_net(0.01, 0.5), Penalty::Jeffreys];
    models.extend(absolute.map(LogisticRegression::new));
    models
}

#[track_caller]
fn assert_close(found: f64, wanted: f64, tolerance: f64, what: &str) {
    let apart = ((found - wanted) / wanted).abs();
    assert!(apart <= tolerance, "{what}: {found:e}, wanted {wanted:e}, {apart:e} apart");
}

/// 400 rows of noise plus 1 for one class, minus 1 for the other.
fn noisy_classes() -> (DMatrix<f64>, Vec<usize>) {
    let mut rng = Rng::new(17);
    let y: Vec<usize> = (0..400).map(|row| row % 2).collect();
    let x = DMatrix::from_fn(400, 1, |i, _| rng.standard_normal() + 2.0 * y[i] as f64 - 1.0);
    (x, y)
}

/// The estimate was zero, "converged after 0 iterations", with a p-value of 1.
#[test]
fn columns_of_size_1e_8_are_fitted() {
    let (x, y) = noisy_classes();
    let wanted = fit(&LogisticRegression::new(Penalty::None).tolerance(1e-11), &x, &y, "unit 1");
    let p = wanted.inference(&x, &y).expect("an estimate").p_values()[1];
    assert!(p < 1e-15 && wanted.score(&x, &y).expect("rows") > 0.8, "{p:e}");
    for unit in [1e-8, 1e-12, 1e-100, 1e9] {
        let scaled = &x * unit;
        for model in unpenalised() {
            let what = format!("unit {unit:e}");
            let found = fit(&model, &scaled, &y, &what);
            assert_close(found.coefficients()[0] * unit, wanted.coefficients()[0], 1e-6, &what);
            assert_eq!(found.score(&scaled, &y), wanted.score(&x, &y), "{what}");
            let found = found.inference(&scaled, &y).expect("an estimate").p_values()[1];
            assert_close(found, p, 1e-5, &what);
        }
        // A penalty that is far too weak to matter, and Jeffreys' prior.
        let weak = LogisticRegression::new(Penalty::l2(1e-30 * unit * unit));
        let found = fit(&weak, &scaled, &y, "a weak penalty");
        assert_close(found.coefficients()[0] * unit, wanted.coefficients()[0], 1e-6, "a weak penalty");
        let jeffreys = LogisticRegression::new(Penalty::Jeffreys);
        let plain = fit(&jeffreys, &x, &y, "Jeffreys").coefficients()[0];
        let found = fit(&jeffreys, &scaled, &y, "Jeffreys").coefficients()[0];
        assert_close(found * unit, plain, 1e-6, "Jeffreys");
    }
    for unit in [1e-5, 1e-15, 1e6] {
        let single = x.map(|x| (x * unit) as f32);
        for model in unpenalised() {
            let found = fit(&model, &single, &y, "f32");
            let found = f64::from(found.coefficients()[0]) * unit;
            assert_close(found, wanted.coefficients()[0], 1e-3, &format!("f32, unit {unit:e}"));
        }
    }
}

/// Wavelengths in metres had no effect, in nanometres a strong one.
#[test]
fn two_lamps_differ_by_wavelength_in_any_unit() {
    let mut rng = Rng::new(23);
    let y: Vec<usize> = (0..40).map(|row| row % 2).collect();
    let nanometres = DMatrix::from_fn(40, 1, |i, _| 589.0 + 4.0 * y[i] as f64 + 2.5 * rng.standard_normal());
    for intercept in [true, false] {
        let model = |solver| LogisticRegression::new(Penalty::None).solver(solver).intercept(intercept);
        let wanted = fit(&model(Solver::Newton).tolerance(1e-11), &nanometres, &y, "nanometres");
        let p = wanted.predict_proba(&nanometres).expect("rows");
        let term = usize::from(intercept);
        let wanted = wanted.inference(&nanometres, &y).expect("an estimate").p_values()[term];
        for unit in [1.0, 1e-3, 1e-9, 1e-6, 1e-7, 4e-8] {
            let x = &nanometres * unit;
            for solver in SMOOTH {
                let what = format!("{solver:?}, unit {unit:e}, intercept {intercept}");
                let found = fit(&model(solver), &x, &y, &what);
                let apart = (found.predict_proba(&x).expect("rows") - &p).amax();
                assert!(apart < 1e-6, "{what}: probabilities {apart:e} apart");
                let found = found.inference(&x, &y).expect("an estimate").p_values()[term];
                assert_close(found, wanted, 1e-4, &what);
            }
        }
    }
}

/// Solvers stopped at different coefficients, all "converged", with decrements of 0.24.
#[test]
fn nearly_collinear_columns_have_one_answer() {
    for power in [4, 7, 10, 11, 12, 13, 14, 15, 16] {
        let noise = 10f64.powi(-power);
        let mut rng = Rng::new(31);
        let z = DMatrix::from_fn(200, 2, |_, _| rng.standard_normal());
        let score = |i: usize| z[(i, 0)] + z[(i, 1)];
        let y: Vec<usize> = (0..200).map(|i| usize::from(score(i) + rng.standard_normal() > 0.0)).collect();
        let x = DMatrix::from_fn(200, 2, |i, j| z[(i, 0)] + if j == 1 { noise * z[(i, 1)] } else { 0.0 });
        let mut wanted: Option<(DMatrix<f64>, Vec<usize>)> = None;
        for model in unpenalised() {
            let what = format!("noise 1e-{power}");
            let found = fit(&model, &x, &y, &what);
            let report = found.report();
            let problem = Problem {
                x: x.clone(),
                y: y.clone(),
                classes: 2,
                weights: None,
                offset: None,
                l1: vec![0.0; 2],
                l2: vec![0.0; 2],
                jeffreys: false,
                intercept: true,
            };
            let truth = problem.judge(&found, Scores::OfCoefficients, &report.dependent_columns);
            let allowed = 1e-7f64.max(10.0 * truth.limit());
            assert!(truth.decrement < allowed, "{what}, {model:?}: {report}, {truth}");
            let p = found.predict_proba(&x).expect("rows");
            let (first, dependent) =
                wanted.get_or_insert_with(|| (p.clone(), report.dependent_columns.clone()));
            assert_eq!(&report.dependent_columns, dependent, "{what}, {model:?}");
            // Rounding of the coefficients moves scores by as much.
            let apart = (p - &*first).amax();
            assert!(apart < allowed.max(1e-6) * 10.0, "{what}, {model:?}: probabilities {apart:e} apart");
        }
    }
}

#[test]
fn columns_of_large_size_converge() {
    let (x, y) = noisy_classes();
    let wanted = fit(&LogisticRegression::new(Penalty::None).tolerance(1e-11), &x, &y, "unit 1");
    for unit in [1e9, 1e12, 1e15, 1e200] {
        for model in unpenalised() {
            let what = format!("unit {unit:e}");
            let found = fit(&model, &(&x * unit), &y, &what);
            assert_close(found.coefficients()[0] * unit, wanted.coefficients()[0], 1e-6, &what);
        }
    }
}

#[test]
fn calibration_does_not_depend_on_the_size_of_scores() -> Result<(), Error> {
    let scores: Vec<f64> = (0..100).map(|i| f64::from((i * 37) % 100) / 50.0 - 1.0).collect();
    let truth: Vec<bool> = (0..100).map(|i| scores[i] > ((i * 61) % 100) as f64 / 50.0 - 1.0).collect();
    let wanted = PlattScaling::fit(&scores, &truth, None)?;
    for size in [1e-200, 1e-9, 1e9, 1e10, 1e200] {
        let scaled: Vec<f64> = scores.iter().map(|z| z * size).collect();
        let found = PlattScaling::fit(&scaled, &truth, None)?;
        assert_close(found.slope() * size, wanted.slope(), 1e-9, &format!("size {size:e}"));
        assert_close(found.offset(), wanted.offset(), 1e-8, &format!("size {size:e}"));
    }
    Ok(())
}

fn by_number(count: usize, value: impl Fn(usize) -> f64) -> (DMatrix<f64>, Vec<usize>) {
    let x = DMatrix::from_fn(count, 1, |i, _| value((i * 7919) % count));
    (x, (0..count).map(|i| usize::from((i * 37) % count > 40 * count / 100)).collect())
}

/// The coefficients were right to 1e-13, and the reports said "stalled".
#[test]
fn milliseconds_bytes_and_squared_incomes_converge() {
    let columns = [
        ("milliseconds since 1970", by_number(100, |i| 1.6e12 + i as f64 * 3e8)),
        ("nanoseconds since 1970", by_number(100, |i| 1.6e18 + i as f64 * 3e14)),
        ("bytes", by_number(100, |i| (10.0 + 0.2 * i as f64).exp().round())),
        ("squared incomes", by_number(100, |i| (2e4 + 1.3e3 * i as f64).powi(2))),
        ("years", by_number(100, |i| 1925.0 + i as f64)),
    ];
    for (name, (x, y)) in &columns {
        for model in all_penalties() {
            let found = fit(&model, x, y, name);
            let limit = found.report().iterations;
            assert!(limit < 60, "{name}, {model:?}: {}", found.report());
        }
        // Without an intercept, with a constant column beside.
        let with_ones = x.clone().insert_column(1, 1.0);
        for model in all_penalties() {
            fit(&model.intercept(false), &with_ones, y, &format!("{name}, a column of ones"));
        }
    }
}

#[test]
fn polynomials_and_uncentred_columns_of_many_sizes_converge() {
    let mut rng = Rng::new(41);
    let base: Vec<f64> = (0..300).map(|i| 1.0 + 677.0 * f64::from(i) / 299.0).collect();
    let y: Vec<usize> = base.iter().map(|x| usize::from(rng.uniform(0.0, 678.0) < 0.3 * x + 200.0)).collect();
    for degree in [2, 3, 4, 5] {
        let x = DMatrix::from_fn(300, degree, |i, j| base[i].powi(j as i32 + 1));
        // Of powers as close as these, methods without a matrix may run into their limit.
        let exact = [Solver::Newton, Solver::ProximalNewton];
        let solvers = if degree <= 3 { SMOOTH.as_slice() } else { &exact };
        for &solver in solvers {
            let model = LogisticRegression::new(Penalty::None).solver(solver);
            fit(&model, &x, &y, &format!("degree {degree}"));
        }
        fit(&LogisticRegression::new(Penalty::Jeffreys), &x, &y, &format!("degree {degree}"));
    }
    let sizes = [0.5, 1e6, 1.6e9];
    let x = DMatrix::from_fn(300, 3, |_, j| sizes[j] * (1.0 + 0.1 * rng.standard_normal()));
    for model in all_penalties() {
        fit(&model, &x, &y, "columns of 0.5, 1e6 and 1.6e9");
    }
}

/// Jeffreys' prior "converged" at a coefficient of -1.2e7 of a column that only rounding moved.
#[test]
fn a_column_that_rounding_moved_is_constant_for_jeffreys_prior() {
    for c in [1.0, 0.3, 1e5, 1e8, 1e15] {
        let of_values = |values: [f64; 3]| {
            let mut rng = Rng::new(4);
            DMatrix::from_fn(60, 2, |i, j| if j == 0 { rng.standard_normal() } else { values[i % 3] })
        };
        let (exact, rounded) = (of_values([c; 3]), of_values([c, c.next_up(), c.next_down()]));
        let mut rng = Rng::new(5);
        let y: Vec<usize> = (0..60)
            .map(|i| usize::from(rng.uniform(0.0, 1.0) < 1.0 / (1.0 + (-exact[(i, 0)]).exp())))
            .collect();
        let model = LogisticRegression::new(Penalty::Jeffreys);
        match (model.fit(&exact, &y), model.fit(&rounded, &y)) {
            (Ok(exact_fit), Ok(rounded_fit)) => {
                let wanted = exact_fit.predict_proba(&exact).expect("rows");
                let found = rounded_fit.predict_proba(&rounded).expect("rows");
                let apart = (found - wanted).amax();
                assert!(apart < 1e-9, "c = {c:e}: probabilities {apart:e} apart");
            }
            (Err(Error::Singular { .. }), Err(Error::Singular { .. })) => {}
            (exact, rounded) => {
                let outcome = |fit: Result<FittedLogistic<f64, usize>, Error>| match fit {
                    Ok(model) => model.report().to_string(),
                    Err(error) => error.to_string(),
                };
                panic!("c = {c:e}: constant: {}; rounded: {}", outcome(exact), outcome(rounded));
            }
        }
    }
}

/// The gradient was that of centred coordinates, 1e-11, not of coefficients whose intercept is rounded, 1e-2.
#[test]
fn the_gradient_is_that_of_the_coefficients() {
    let (x, y) = noisy_classes();
    for far in [1e5, 1e7, 1e9] {
        let moved = x.add_scalar(far);
        let problem = Problem {
            x: moved.clone(),
            y: y.clone(),
            classes: 2,
            weights: None,
            offset: None,
            l1: vec![0.0],
            l2: vec![0.0],
            jeffreys: false,
            intercept: true,
        };
        for model in unpenalised() {
            let found = fit(&model, &moved, &y, &format!("{far:e} from the origin"));
            let truth = problem.judge(&found, Scores::OfCoefficients, &[]);
            let norm = found.report().gradient_norm.expect("measured");
            let apart = (norm - truth.gradient_norm).abs();
            assert!(
                apart <= 0.5 * truth.gradient_norm + 10.0 * truth.gradient_rounding,
                "{far:e} from the origin, {model:?}: reported {norm:e}, {truth}"
            );
            let predicted = problem.judge(&found, Scores::OfPredictions, &[]);
            assert!(predicted.decrement < 1e-7, "{far:e} from the origin, {model:?}: {predicted}");
        }
    }
}
