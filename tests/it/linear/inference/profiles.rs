//! Profile intervals: infinite ends, and agreement with other methods.

use super::*;

/// Without a penalty the likelihood of separable rows has an end on one side only: in the other direction it
/// grows for ever.
#[test]
fn an_end_that_the_data_does_not_determine_is_infinite() {
    let (x, y) = (dmatrix![-2.0; -1.5; -1.0; 1.0; 1.5; 2.0], [0, 0, 0, 1, 1, 1]);
    let model = LogisticRegression::new(Penalty::None).fit(&x, &y).unwrap();
    let intervals = model.profile_intervals(&x, &y, RowOptions::default(), 0.95).unwrap();
    assert_eq!(intervals.upper[1], f64::INFINITY);
    // At the lower end the largest log-likelihood is minus half the quantile; by symmetry the intercept is 0
    // there.
    let at = |b: f64| -> f64 {
        x.iter().zip(&y).map(|(x, &y)| -(if y == 1 { -b * x } else { b * x }).exp().ln_1p()).sum()
    };
    assert_relative_eq!(-2.0 * at(intervals.lower[1]), 3.841458820694124, max_relative = 1e-6);
    assert_eq!((intervals.lower[0], intervals.upper[0]), (f64::NEG_INFINITY, f64::INFINITY));
}

/// The ends for L2 are those of the penalised likelihood; of a quadratic they would be Wald's.
#[test]
fn profiles_approach_wald_intervals_for_many_rows() {
    let (x, y) = overlapping(4000, 2, 2, 41);
    for penalty in [Penalty::None, Penalty::l2(0.01), Penalty::Jeffreys] {
        let model = exact(penalty).fit(&x, &y).unwrap();
        let inference = model.inference(&x, &y).unwrap();
        let (lower, upper) = inference.confidence_intervals(0.95).unwrap();
        let profile = model.profile_intervals(&x, &y, RowOptions::default(), 0.95).unwrap();
        let width = 1.96 * inference.standard_errors();
        for term in 0..3 {
            assert!((profile.lower[term] - lower[term]).abs() < 0.02 * width[term], "{penalty:?}");
            assert!((profile.upper[term] - upper[term]).abs() < 0.02 * width[term], "{penalty:?}");
        }
    }
}

#[test]
fn profiles_do_not_depend_on_how_far_the_fit_went() {
    let (x, y) = overlapping(60, 2, 3, 51);
    let short = LogisticRegression::new(Penalty::None).max_iterations(1).fit(&x, &y).unwrap();
    let long = exact(Penalty::None).fit(&x, &y).unwrap();
    assert!(!short.report().converged());
    let a = short.profile_intervals(&x, &y, RowOptions::default(), 0.95).unwrap();
    let b = long.profile_intervals(&x, &y, RowOptions::default(), 0.95).unwrap();
    close(&a.estimates, &b.estimates, 1e-9);
    close(&a.lower, &b.lower, 1e-9);
    let table = short.inference(&x, &y).unwrap().to_string();
    assert!(table.starts_with("fit: iteration limit reached after 1 iteration"), "{table}");
}
