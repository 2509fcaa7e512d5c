//! Cases whose answers are known in closed form.

use super::*;

/// Admissions by rank, after the example of UCLA: rejected and admitted.
const RANKS: [[f64; 2]; 4] = [[28.0, 33.0], [97.0, 54.0], [93.0, 28.0], [55.0, 12.0]];

#[test]
fn a_table_of_counts_has_its_closed_form() {
    let x = DMatrix::from_fn(8, 3, |row, j| f64::from(u8::from(row / 2 == j + 1)));
    let y: Vec<usize> = (0..8).map(|row| row % 2).collect();
    let counts: Vec<f64> = RANKS.iter().flatten().copied().collect();
    let numbers = repeated(&counts);
    let (all, labels) = (x.select_rows(&numbers), crate::common::pick(&y, &numbers));
    let weighted = exact(Penalty::None).fit_weighted(&x, &y, &counts).unwrap();
    let expanded = exact(Penalty::None).fit(&all, &labels).unwrap();
    let both =
        [weighted.inference_weighted(&x, &y, &counts).unwrap(), expanded.inference(&all, &labels).unwrap()];
    for inference in both {
        let coefficients =
            dmatrix![0.16430305129127634; -0.7500299832303847; -1.3646980342693285; -1.686729586735747];
        let errors = dmatrix![0.2569383506160885; 0.3079693375749443; 0.3353867765783928; 0.4093073020756746];
        close(inference.estimates(), &coefficients, 1e-9);
        close(&inference.standard_errors(), &errors, 1e-9);
        assert_relative_eq!(inference.log_likelihood(), -237.48335921402705, max_relative = 1e-12);
        assert_eq!(inference.observations(), 400.0);
        // Saturated: the effect of no dummy is a difference of probabilities, but intervals of groups are
        // known.
        let groups = inference.probability_intervals(&dmatrix![0.0, 0.0, 0.0; 0.0, 0.0, 1.0], 0.95).unwrap();
        for (row, [no, yes]) in [(0, RANKS[0]), (1, RANKS[3])] {
            let (p, s) = (yes / (yes + no), (1.0 / yes + 1.0 / no).sqrt());
            assert_relative_eq!(groups.estimates[(row, 1)], p, max_relative = 1e-10);
            assert_relative_eq!(groups.standard_errors[(row, 1)], p * (1.0 - p) * s, max_relative = 1e-9);
            let end = |sign: f64| 1.0 / (1.0 + no / yes * (sign * 1.959963984540054 * s).exp());
            assert_relative_eq!(groups.lower[(row, 1)], end(1.0), max_relative = 1e-9);
            assert_relative_eq!(groups.upper[(row, 1)], end(-1.0), max_relative = 1e-9);
            assert_relative_eq!(groups.lower[(row, 0)], 1.0 - end(-1.0), max_relative = 1e-9);
        }
    }
}

/// For one group HC0 is the model's variance; clusters of one row each are HC0 times n/(n - 1) (n - 1)/(n -
/// p).
#[test]
fn sandwiches_of_special_cases_are_known() {
    let (x, y) = overlapping(60, 2, 3, 5);
    let model = exact(Penalty::None).fit(&x, &y).unwrap();
    let covariance =
        |kind| model.inference_with(&x, &y, RowOptions::default(), kind).unwrap().covariance().clone();
    let own: Vec<usize> = (0..60).collect();
    close(&covariance(Covariance::clustered(&own)), &covariance(Covariance::Hc1), 1e-12);
    close(&covariance(Covariance::Hc1), &(covariance(Covariance::Hc0) * (60.0 / 54.0)), 1e-12);

    // A saturated table: scores of a group have the variance that the model says.
    let x = DMatrix::from_fn(4, 1, |row, _| (row / 2) as f64);
    let (y, counts) = ([0, 1, 0, 1], [5.0, 7.0, 11.0, 3.0]);
    let model = exact(Penalty::None).fit_weighted(&x, &y, &counts).unwrap();
    let observed = model.inference_weighted(&x, &y, &counts).unwrap();
    let robust = model.inference_with(&x, &y, rows(&counts), Covariance::Hc0).unwrap();
    close(robust.covariance(), observed.covariance(), 1e-9);
}

/// For a proportion y/n with an intercept-like column the profile has a one-dimensional equation.
#[test]
fn the_profile_of_a_single_proportion_solves_its_equation() {
    let (x, y, counts) = (dmatrix![1.0; 1.0], [0, 1], [14.0, 6.0]);
    for lambda in [0.0, 0.1] {
        let model = exact(Penalty::l2(lambda)).intercept(false).fit_weighted(&x, &y, &counts).unwrap();
        let intervals = model.profile_intervals(&x, &y, rows(&counts), 0.95).unwrap();
        let log_likelihood = |b: f64| 6.0 * b - 20.0 * b.exp().ln_1p() - 20.0 * lambda / 2.0 * b * b;
        for end in [intervals.lower[0], intervals.upper[0]] {
            let deviance = 2.0 * (log_likelihood(model.coefficients()[0]) - log_likelihood(end));
            assert_relative_eq!(deviance, 3.841458820694124, max_relative = 1e-10);
        }
        assert!(intervals.lower[0] < intervals.estimates[0] && intervals.estimates[0] < intervals.upper[0]);
    }
}

/// In a saturated table Jeffreys' prior adds half a row to every cell, so its profile is that of the
/// likelihood of the larger table; also where a cell is empty and the classes are separable.
#[test]
fn jeffreys_profile_of_a_table_is_the_likelihood_s_with_half_a_row_more() {
    for counts in [[5.0, 0.0, 2.0, 4.0], [5.0, 3.0, 2.0, 4.0], [6.0, 0.0, 0.0, 9.0]] {
        let (x, y) = (dmatrix![0.0; 0.0; 1.0; 1.0], [0, 1, 0, 1]);
        let more = counts.map(|c| c + 0.5);
        let a = exact(Penalty::Jeffreys).fit_weighted(&x, &y, &counts).unwrap();
        let b = exact(Penalty::None).fit_weighted(&x, &y, &more).unwrap();
        let a = a.profile_intervals(&x, &y, rows(&counts), 0.95).unwrap();
        let b = b.profile_intervals(&x, &y, rows(&more), 0.95).unwrap();
        close(&a.estimates, &b.estimates, 1e-8);
        close(&a.lower, &b.lower, 1e-8);
        close(&a.upper, &b.upper, 1e-8);
    }
}
