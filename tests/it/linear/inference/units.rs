//! Units that are powers of two: nothing but the units changes.

use super::*;

/// Rows whose entries are multiples of 2^-8, so that they stay exact in every unit.
fn rounded(classes: usize) -> (DMatrix<f64>, Vec<usize>) {
    let (x, y) = overlapping(80, 3, classes, 17);
    (x.map(|v| (v * 256.0).round() / 256.0), y)
}

/// The exponents of units in which the columns are normal numbers.
const EXPONENTS: [i32; 7] = [-500, -300, -20, 20, 300, 700, 900];

/// A model with the coefficients of `model` for columns multiplied by `unit`.
fn given(model: &Fit, unit: &[f64; 3]) -> Fit {
    let w = DMatrix::from_fn(3, model.coefficients().ncols(), |j, k| model.coefficients()[(j, k)] / unit[j]);
    FittedLogistic::from_coefficients(model.classes().to_vec(), w, model.intercept().clone()).unwrap()
}

#[test]
fn errors_and_tests_follow_the_units() {
    for classes in [2, 3] {
        let (x, y) = rounded(classes);
        let model = exact(Penalty::None).fit(&x, &y).unwrap();
        let clusters: Vec<usize> = (0..80).map(|row| row % 11).collect();
        for exponent in EXPONENTS {
            // One column in the unit, one in its reciprocal, one as it is.
            let unit = [2f64.powi(exponent), 2f64.powi((-exponent).max(-500)), 1.0];
            let scaled = DMatrix::from_fn(80, 3, |row, j| x[(row, j)] * unit[j]);
            let other = given(&model, &unit);
            for kind in kinds(&clusters) {
                let a = model.inference_with(&x, &y, RowOptions::default(), kind.clone()).unwrap();
                let b = other.inference_with(&scaled, &y, RowOptions::default(), kind).unwrap();
                let in_units = |m: &DMatrix<f64>| {
                    DMatrix::from_fn(m.nrows(), m.ncols(), |i, k| {
                        m[(i, k)] / if i == 0 { 1.0 } else { unit[i - 1] }
                    })
                };
                assert_relative_eq!(
                    in_units(&a.standard_errors()),
                    b.standard_errors(),
                    max_relative = 1e-11
                );
                assert_relative_eq!(a.z_values(), b.z_values(), max_relative = 1e-11);
                assert_relative_eq!(a.p_values(), b.p_values(), max_relative = 1e-9);
                assert!(!b.covariance().iter().any(|v| v.is_nan()));
                for terms in [&[1][..], &[2, 1], &[0, 2], &[0, 1, 2, 3]] {
                    let (c, d) = (a.wald(terms).unwrap(), b.wald(terms).unwrap());
                    assert_relative_eq!(c.statistic, d.statistic, max_relative = 1e-10);
                }
                let rows = RowOptions::default();
                let (c, d) =
                    (a.marginal_effects(&x, rows).unwrap(), b.marginal_effects(&scaled, rows).unwrap());
                assert_relative_eq!(c.z_values(), d.z_values(), max_relative = 1e-10, epsilon = 1e-12);
                let errors = DMatrix::from_fn(3, classes, |j, k| c.standard_errors()[(j, k)] / unit[j]);
                assert_relative_eq!(errors, *d.standard_errors(), max_relative = 1e-10);
                let (c, d) = (
                    a.probability_intervals(&x, 0.9).unwrap(),
                    b.probability_intervals(&scaled, 0.9).unwrap(),
                );
                assert_relative_eq!(c.lower, d.lower, max_relative = 1e-11);
                assert_relative_eq!(c.standard_errors, d.standard_errors, max_relative = 1e-11);
            }
            let (a, b) = (
                model.profile_intervals(&x, &y, RowOptions::default(), 0.95).unwrap(),
                other.profile_intervals(&scaled, &y, RowOptions::default(), 0.95).unwrap(),
            );
            for (j, unit) in unit.iter().enumerate() {
                assert_relative_eq!(
                    a.upper.row(j + 1) / *unit,
                    b.upper.row(j + 1).into_owned(),
                    max_relative = 1e-8
                );
                assert_relative_eq!(
                    a.lower.row(j + 1) / *unit,
                    b.lower.row(j + 1).into_owned(),
                    max_relative = 1e-8
                );
            }
        }
    }
}

/// The sum over all subsets of terms is the same from the covariance that is shown.
#[test]
fn wald_tests_are_those_of_the_covariance() {
    for classes in [2, 3] {
        let (x, y) = overlapping(70, 3, classes, 23);
        let x = x.map(|v| v + 2.0);
        let inference = exact(Penalty::None).fit(&x, &y).unwrap().inference(&x, &y).unwrap();
        let count = inference.estimates().nrows();
        for subset in 1..1usize << count {
            let terms: Vec<usize> = (0..count).filter(|term| subset >> term & 1 == 1).collect();
            let chosen: Vec<usize> =
                (0..classes - 1).flat_map(|e| terms.iter().map(move |term| e * count + term)).collect();
            let values = DMatrix::from_fn(chosen.len(), 1, |i, _| inference.estimates()[chosen[i]]);
            let part = inference.covariance().select_rows(&chosen).select_columns(&chosen);
            let wanted = values.dot(&part.cholesky().unwrap().solve(&values));
            assert_relative_eq!(inference.wald(&terms).unwrap().statistic, wanted, max_relative = 1e-9);
        }
    }
}

/// Weights multiplied by a power of two: covariances are divided by it, and those of clusters stay.
#[test]
fn huge_and_tiny_weights_are_weights() {
    let (x, y) = rounded(2);
    let model = exact(Penalty::None).fit(&x, &y).unwrap();
    let clusters: Vec<usize> = (0..80).map(|row| row % 11).collect();
    for exponent in [-900, -500, 500, 540, 900] {
        let weights = vec![2f64.powi(exponent); 80];
        for kind in [Covariance::Observed, Covariance::Hc0] {
            let a = model.inference_with(&x, &y, RowOptions::default(), kind.clone()).unwrap();
            let b = model.inference_with(&x, &y, rows(&weights), kind).unwrap();
            let root = 2f64.powi(exponent / 2);
            assert_relative_eq!(a.standard_errors() / root, b.standard_errors(), max_relative = 1e-12);
            let (c, d) = (a.wald(&[1, 2]).unwrap(), b.wald(&[1, 2]).unwrap());
            assert_relative_eq!(c.statistic * root * root, d.statistic, max_relative = 1e-12);
            let effects = |i: &Inference| i.marginal_effects(&x, RowOptions::default()).unwrap();
            let (c, d) = (effects(&a), effects(&b));
            assert_relative_eq!(c.standard_errors() / root, *d.standard_errors(), max_relative = 1e-12);
        }
        if exponent > 0 {
            for kind in [Covariance::Hc1, Covariance::clustered(&clusters)] {
                let a = model.inference_with(&x, &y, RowOptions::default(), kind.clone()).unwrap();
                let b = model.inference_with(&x, &y, rows(&weights), kind).unwrap();
                let ratio = a.standard_errors().component_div(&b.standard_errors());
                assert!(ratio.iter().all(|r| r.is_finite() && *r > 0.0), "{exponent}: {ratio}");
                assert!((ratio.max() / ratio.min() - 1.0).abs() < 1e-12);
            }
        }
    }
}

/// What is not representable is an error and not a number.
#[test]
fn what_has_no_standard_error_is_refused() {
    // Every cluster is balanced at every value, so its scores cancel.
    let x = dmatrix![-1.0; -1.0; 1.0; 1.0];
    let y = [0usize, 1, 0, 1];
    let model = exact(Penalty::None).fit(&x, &y).unwrap();
    let kind = Covariance::clustered(&["a", "a", "b", "b"]);
    let twice = [&x, &x].iter().flat_map(|x| x.iter().copied()).collect::<Vec<f64>>();
    let (x, y) = (DMatrix::from_vec(8, 1, twice), [y, y].concat());
    let kind = match kind {
        Covariance::Clustered(_) => Covariance::clustered(&["a", "a", "b", "b", "c", "c", "d", "d"]),
        other => other,
    };
    let found = model.inference_with(&x, &y, RowOptions::default(), kind);
    assert!(matches!(found, Err(Error::Singular { .. })), "{found:?}");

    // Probabilities of 0 and 1 everywhere have no effects that can be tested.
    let (x, y) = overlapping(50, 1, 2, 3);
    let model = exact(Penalty::None).fit(&x, &y).unwrap();
    let inference = model.inference(&x, &y).unwrap();
    let far = DMatrix::from_element(2, 1, 1e5);
    let found = inference.marginal_effects(&far, RowOptions::default());
    assert!(matches!(found, Err(Error::Singular { .. })), "{found:?}");
    // Far rows have probabilities of 0 and 1, and standard errors of 0.
    let far = DMatrix::from_element(1, 1, 1e200);
    let intervals = inference.probability_intervals(&far, 0.9).unwrap();
    for matrix in [&intervals.estimates, &intervals.standard_errors, &intervals.lower, &intervals.upper] {
        assert!(matrix.iter().all(|p| (0.0..=1.0).contains(p)), "{matrix}");
    }
}
