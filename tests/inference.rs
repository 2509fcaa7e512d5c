//! Inference: closed forms, what weights mean, symmetries, profiles, intervals, effects and tables.

mod common;

use approx::assert_relative_eq;
use common::overlapping;
use logit::{
    ClassWeight, Covariance, Error, Estimator, FitOptions, FittedLogistic, Inference, LogisticRegression,
    Penalty, RowOptions,
};
use nalgebra::{DMatrix, dmatrix, dvector};

type Fit = FittedLogistic<f64, usize>;

fn rows<T>(weights: &[T]) -> RowOptions<'_, T> {
    RowOptions { weights: Some(weights), ..RowOptions::default() }
}

fn exact(penalty: Penalty) -> LogisticRegression {
    LogisticRegression::new(penalty).tolerance(1e-13)
}

/// The numbers of rows, each as often as its weight says.
fn repeated(weights: &[f64]) -> Vec<usize> {
    weights.iter().enumerate().flat_map(|(row, &w)| std::iter::repeat_n(row, w as usize)).collect()
}

fn close(found: &DMatrix<f64>, wanted: &DMatrix<f64>, relative: f64) {
    assert_eq!(found.shape(), wanted.shape());
    for (found, wanted) in found.iter().zip(wanted) {
        assert_relative_eq!(found, wanted, max_relative = relative, epsilon = 1e-13);
    }
}

fn kinds(clusters: &[usize]) -> [Covariance; 4] {
    [Covariance::Observed, Covariance::Hc0, Covariance::Hc1, Covariance::clustered(clusters)]
}

/// Admissions by rank, after the example of UCLA: rejected and admitted.
const RANKS: [[f64; 2]; 4] = [[28.0, 33.0], [97.0, 54.0], [93.0, 28.0], [55.0, 12.0]];

#[test]
fn a_table_of_counts_has_its_closed_form() {
    let x = DMatrix::from_fn(8, 3, |row, j| f64::from(u8::from(row / 2 == j + 1)));
    let y: Vec<usize> = (0..8).map(|row| row % 2).collect();
    let counts: Vec<f64> = RANKS.iter().flatten().copied().collect();
    let numbers = repeated(&counts);
    let (all, labels) = (x.select_rows(&numbers), common::pick(&y, &numbers));
    let weighted = exact(Penalty::None).fit_weighted(&x, &y, &counts).unwrap();
    let expanded = exact(Penalty::None).fit(&all, &labels).unwrap();
    let both =
        [weighted.inference_weighted(&x, &y, &counts).unwrap(), expanded.inference(&all, &labels).unwrap()];
    for inference in both {
        let coefficients =
            dmatrix![0.16430305129127634; -0.7500299832303847; -1.3646980342693285; -1.686729586735747];
        let errors =
            dmatrix![0.2569383506160885; 0.30796933757494432; 0.33538677657839278; 0.40930730207567462];
        close(inference.estimates(), &coefficients, 1e-9);
        close(&inference.standard_errors(), &errors, 1e-9);
        assert_relative_eq!(inference.log_likelihood(), -237.48335921402705, max_relative = 1e-12);
        assert_eq!(inference.observations(), 400.0);
        // Saturated: the effect of no dummy is a difference of probabilities, but intervals of groups are known.
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

/// For one group HC0 is the model's variance; clusters of one row each are HC0 times n/(n - 1) (n - 1)/(n - p).
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

#[test]
fn a_weight_is_a_repetition_everywhere() {
    for classes in [2, 3] {
        let (x, y) = overlapping(70, 2, classes, 11 + classes as u64);
        let weights: Vec<f64> = (0..70).map(|row| (row % 4) as f64).collect();
        let columns = if classes == 2 { 1 } else { classes };
        let offset = DMatrix::from_fn(70, columns, |row, k| 0.3 * (row as f64 + k as f64).sin());
        let clusters: Vec<usize> = (0..70).map(|row| row % 11).collect();
        let numbers = repeated(&weights);
        let (all, labels) = (x.select_rows(&numbers), common::pick(&y, &numbers));
        let (offsets, groups) = (offset.select_rows(&numbers), common::pick(&clusters, &numbers));
        let weighted = RowOptions { weights: Some(weights.as_slice()), offset: Some(&offset) };
        let expanded = RowOptions { weights: None, offset: Some(&offsets) };
        let fit = |x: &DMatrix<f64>, y: &[usize], rows: RowOptions<'_, f64>| -> Fit {
            let options = FitOptions { weights: rows.weights, offset: rows.offset, ..FitOptions::default() };
            let weight = ClassWeight::map([(1usize, 2.0)]);
            exact(Penalty::None).class_weight(weight).fit_with(x, y, options).unwrap()
        };
        let (a, b) = (fit(&x, &y, weighted), fit(&all, &labels, expanded));
        for (kind, same) in kinds(&clusters).into_iter().zip(kinds(&groups)) {
            let a = a.inference_with(&x, &y, weighted, kind).unwrap();
            let b = b.inference_with(&all, &labels, expanded, same).unwrap();
            assert_eq!(a.covariance_name(), b.covariance_name());
            close(&a.standard_errors(), &b.standard_errors(), 1e-9);
            assert_relative_eq!(a.null_log_likelihood(), b.null_log_likelihood(), max_relative = 1e-10);
            let (c, d) =
                (a.marginal_effects(&x, weighted).unwrap(), b.marginal_effects(&all, expanded).unwrap());
            close(c.estimates(), d.estimates(), 1e-9);
            close(c.standard_errors(), d.standard_errors(), 1e-9);
            let (c, d) = (
                a.probability_intervals_with(&x, Some(&offset), 0.9).unwrap(),
                b.probability_intervals_with(&x, Some(&offset), 0.9).unwrap(),
            );
            close(&c.lower, &d.lower, 1e-9);
            close(&c.upper, &d.upper, 1e-9);
        }
        let a = a.profile_intervals(&x, &y, weighted, 0.95).unwrap();
        let b = b.profile_intervals(&all, &labels, expanded, 0.95).unwrap();
        close(&a.lower, &b.lower, 1e-8);
        close(&a.upper, &b.upper, 1e-8);
    }
}

/// A class weight of 2 is a sample weight of 2 for its rows.
#[test]
fn class_weights_count_in_every_covariance() {
    let (x, y) = overlapping(80, 2, 2, 3);
    let doubled: Vec<f64> = y.iter().map(|&class| if class == 1 { 2.0 } else { 1.0 }).collect();
    let a = exact(Penalty::None).class_weight(ClassWeight::map([(1usize, 2.0)])).fit(&x, &y).unwrap();
    let b = exact(Penalty::None).fit_weighted(&x, &y, &doubled).unwrap();
    let clusters: Vec<usize> = (0..80).map(|row| row % 7).collect();
    for kind in kinds(&clusters) {
        let a = a.inference_with(&x, &y, RowOptions::default(), kind.clone()).unwrap();
        let b = b.inference_with(&x, &y, rows(&doubled), kind).unwrap();
        close(a.covariance(), b.covariance(), 1e-10);
    }
    let a = a.profile_intervals(&x, &y, RowOptions::default(), 0.9).unwrap();
    let b = b.profile_intervals(&x, &y, rows(&doubled), 0.9).unwrap();
    close(&a.upper, &b.upper, 1e-9);
}

#[test]
fn reversed_labels_negate_and_permute() {
    // Two classes: everything changes its sign, and intervals swap their ends.
    let (x, y) = overlapping(60, 2, 2, 21);
    let reversed: Vec<usize> = y.iter().map(|&class| 1 - class).collect();
    let (a, b) =
        (exact(Penalty::None).fit(&x, &y).unwrap(), exact(Penalty::None).fit(&x, &reversed).unwrap());
    let clusters: Vec<usize> = (0..60).map(|row| row % 9).collect();
    for kind in kinds(&clusters) {
        let a = a.inference_with(&x, &y, RowOptions::default(), kind.clone()).unwrap();
        let b = b.inference_with(&x, &reversed, RowOptions::default(), kind).unwrap();
        close(&(-a.estimates()), b.estimates(), 1e-10);
        close(a.covariance(), b.covariance(), 1e-10);
        let (c, d) = (
            a.marginal_effects(&x, RowOptions::default()).unwrap(),
            b.marginal_effects(&x, RowOptions::default()).unwrap(),
        );
        close(&c.estimates().columns(0, 1).into_owned(), &d.estimates().columns(1, 1).into_owned(), 1e-10);
        close(c.standard_errors(), d.standard_errors(), 1e-10);
    }
    let a = a.profile_intervals(&x, &y, RowOptions::default(), 0.95).unwrap();
    let b = b.profile_intervals(&x, &reversed, RowOptions::default(), 0.95).unwrap();
    close(&a.lower, &(-&b.upper), 1e-9);

    // Three classes: against the last instead of the first; probabilities and effects are permuted.
    let (x, y) = overlapping(90, 2, 3, 22);
    let reversed: Vec<usize> = y.iter().map(|&class| 2 - class).collect();
    let (a, b) =
        (exact(Penalty::None).fit(&x, &y).unwrap(), exact(Penalty::None).fit(&x, &reversed).unwrap());
    let (ci, di) = (a.inference(&x, &y).unwrap(), b.inference(&x, &reversed).unwrap());
    // Old class 2 against 0 is minus new class 2 against 0.
    close(&ci.estimates().columns(1, 1).into_owned(), &(-di.estimates().columns(1, 1).into_owned()), 1e-9);
    close(
        &ci.standard_errors().columns(1, 1).into_owned(),
        &di.standard_errors().columns(1, 1).into_owned(),
        1e-9,
    );
    let (c, d) = (
        ci.marginal_effects(&x, RowOptions::default()).unwrap(),
        di.marginal_effects(&x, RowOptions::default()).unwrap(),
    );
    let (e, f) = (ci.probability_intervals(&x, 0.95).unwrap(), di.probability_intervals(&x, 0.95).unwrap());
    for class in 0..3 {
        let pairs = [
            (c.estimates(), d.estimates()),
            (c.standard_errors(), d.standard_errors()),
            (&e.standard_errors, &f.standard_errors),
            (&e.lower, &f.lower),
            (&e.upper, &f.upper),
        ];
        for (one, other) in pairs {
            close(&one.columns(class, 1).into_owned(), &other.columns(2 - class, 1).into_owned(), 1e-9);
        }
    }
    let a = a.profile_intervals(&x, &y, RowOptions::default(), 0.95).unwrap();
    let b = b.profile_intervals(&x, &reversed, RowOptions::default(), 0.95).unwrap();
    close(&a.lower.columns(1, 1).into_owned(), &(-b.upper.columns(1, 1).into_owned()), 1e-9);
}

#[test]
fn a_column_in_other_units_has_errors_and_ends_in_them() {
    let (x, y) = overlapping(80, 2, 3, 31);
    let mut scaled = x.clone();
    scaled.column_mut(1).apply(|v| *v = 1e4 * *v + 7e5);
    let (a, b) = (exact(Penalty::None).fit(&x, &y).unwrap(), exact(Penalty::None).fit(&scaled, &y).unwrap());
    for kind in [Covariance::Observed, Covariance::Hc1] {
        let ai = a.inference_with(&x, &y, RowOptions::default(), kind.clone()).unwrap();
        let bi = b.inference_with(&scaled, &y, RowOptions::default(), kind).unwrap();
        for (term, factor) in [(1, 1.0), (2, 1e-4)] {
            let (c, d) =
                (ai.standard_errors().row(term) * factor, bi.standard_errors().row(term).into_owned());
            assert_relative_eq!(c, d, max_relative = 1e-6);
        }
    }
    let (a, b) = (
        a.profile_intervals(&x, &y, RowOptions::default(), 0.95).unwrap(),
        b.profile_intervals(&scaled, &y, RowOptions::default(), 0.95).unwrap(),
    );
    for (term, factor) in [(1, 1.0), (2, 1e-4)] {
        assert_relative_eq!(a.upper.row(term) * factor, b.upper.row(term).into_owned(), max_relative = 1e-6);
        assert_relative_eq!(a.lower.row(term) * factor, b.lower.row(term).into_owned(), max_relative = 1e-6);
    }
}

/// For a proportion y/n with an intercept-like column the profile has a one-dimensional equation.
#[test]
fn the_profile_of_a_single_proportion_solves_its_equation() {
    let (x, y, counts) = (dmatrix![1.0; 1.0], [0, 1], [14.0, 6.0]);
    let model = exact(Penalty::None).intercept(false).fit_weighted(&x, &y, &counts).unwrap();
    let intervals = model.profile_intervals(&x, &y, rows(&counts), 0.95).unwrap();
    let log_likelihood = |b: f64| 6.0 * b - 20.0 * b.exp().ln_1p();
    for end in [intervals.lower[0], intervals.upper[0]] {
        let deviance = 2.0 * (log_likelihood((6.0f64 / 14.0).ln()) - log_likelihood(end));
        assert_relative_eq!(deviance, 3.841458820694124, max_relative = 1e-10);
    }
    assert!(intervals.lower[0] < intervals.estimates[0] && intervals.estimates[0] < intervals.upper[0]);
}

/// In a saturated table Jeffreys' prior adds half a row to every cell, so its profile is that of the likelihood of the
/// larger table; also where a cell is empty and the classes are separable.
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

/// Without a penalty the likelihood of separable rows has an end on one side only: in the other direction it grows for
/// ever.
#[test]
fn an_end_that_the_data_does_not_determine_is_infinite() {
    let (x, y) = (dmatrix![-2.0; -1.5; -1.0; 1.0; 1.5; 2.0], [0, 0, 0, 1, 1, 1]);
    let model = LogisticRegression::new(Penalty::None).fit(&x, &y).unwrap();
    let intervals = model.profile_intervals(&x, &y, RowOptions::default(), 0.95).unwrap();
    assert_eq!(intervals.upper[1], f64::INFINITY);
    // At the lower end the largest log-likelihood is minus half the quantile; by symmetry the intercept is 0 there.
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
    assert!(table.starts_with("fit: iteration limit reached after 1 iterations"), "{table}");
}

#[test]
fn single_precision_follows_double() {
    let (x, y) = overlapping(100, 2, 2, 61);
    let single = x.map(|v| v as f32);
    let double = single.map(f64::from);
    let a = LogisticRegression::new(Penalty::None).fit(&single, &y).unwrap();
    let b = LogisticRegression::new(Penalty::None).fit(&double, &y).unwrap();
    for kind in [Covariance::Observed, Covariance::Hc1] {
        let a = a.inference_with(&single, &y, RowOptions::default(), kind.clone()).unwrap();
        let b = b.inference_with(&double, &y, RowOptions::default(), kind).unwrap();
        close(&a.standard_errors(), &b.standard_errors(), 1e-4);
        let of = |i: &Inference| i.marginal_effects(&double, RowOptions::default()).unwrap();
        close(of(&a).standard_errors(), of(&b).standard_errors(), 1e-3);
    }
    let a = a.profile_intervals(&single, &y, RowOptions::default(), 0.95).unwrap();
    let b = b.profile_intervals(&double, &y, RowOptions::default(), 0.95).unwrap();
    for (a, b) in a.lower.iter().zip(&b.lower).chain(a.upper.iter().zip(&b.upper)) {
        assert!((a - b).abs() < 2e-3 * (1.0 + b.abs()), "{a} {b}");
    }
}

#[test]
fn intervals_of_probabilities_stay_between_0_and_1() {
    let (x, y) = overlapping(40, 1, 3, 71);
    let inference = exact(Penalty::None).fit(&x, &y).unwrap().inference(&x, &y).unwrap();
    let far = DMatrix::from_fn(9, 1, |row, _| (row as f64 - 4.0) * 3.0);
    let intervals = inference.probability_intervals(&far, 0.999).unwrap();
    for at in 0..intervals.estimates.len() {
        let (low, p, high) = (intervals.lower[at], intervals.estimates[at], intervals.upper[at]);
        assert!((0.0..p).contains(&low) && p < high && high <= 1.0, "{low} {p} {high}");
    }
    for row in intervals.estimates.row_iter() {
        assert_relative_eq!(row.sum(), 1.0, max_relative = 1e-14);
    }
}

/// The standard error of an effect against the derivative of the effect by differences.
#[test]
fn effects_are_averages_of_derivatives_of_probabilities() {
    use logit::Classifier;
    for classes in [2, 4] {
        let (x, y) = overlapping(150, 2, classes, 81);
        let model = exact(Penalty::None).fit(&x, &y).unwrap();
        let effects = model.inference(&x, &y).unwrap().marginal_effects(&x, RowOptions::default()).unwrap();
        for j in 0..2 {
            let moved = |h: f64| {
                let mut x = x.clone();
                x.column_mut(j).add_scalar_mut(h);
                model.predict_proba(&x).unwrap().row_mean()
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            for class in 0..classes {
                assert_relative_eq!(effects.estimates()[(j, class)], slope[class], max_relative = 1e-7);
            }
            assert!(effects.estimates().row(j).sum().abs() < 1e-13);
        }
    }
}

#[test]
fn what_is_not_valid_is_refused() {
    let (x, y) = overlapping(50, 2, 2, 91);
    let none = exact(Penalty::None).fit(&x, &y).unwrap();
    let ridge = exact(Penalty::l2(0.1)).fit(&x, &y).unwrap();
    let lasso = LogisticRegression::new(Penalty::l1(0.01)).fit(&x, &y).unwrap();
    let firth = exact(Penalty::Jeffreys).fit(&x, &y).unwrap();
    let default = RowOptions::default();

    assert!(matches!(lasso.inference(&x, &y), Err(Error::Unsupported { .. })));
    assert!(matches!(lasso.profile_intervals(&x, &y, default, 0.95), Err(Error::Unsupported { .. })));
    for (model, name) in [
        (&none, "inverse observed information"),
        (&ridge, "posterior, with an L2 penalty"),
        (&firth, "inverse information with Jeffreys' prior"),
    ] {
        let inference = model.inference(&x, &y).unwrap();
        assert_eq!(inference.covariance_name(), name);
        assert!(inference.to_string().contains(name));
        assert_eq!(inference.penalized(), name != "inverse observed information");
        assert_eq!(inference.likelihood_ratio().is_ok(), !inference.penalized());
        let smaller = exact(Penalty::None).fit(&x.columns(0, 1).into_owned(), &y).unwrap();
        let smaller = smaller.inference(&x.columns(0, 1).into_owned(), &y).unwrap();
        assert_eq!(inference.likelihood_ratio_against(&smaller).is_ok(), !inference.penalized());
        let robust = model.inference_with(&x, &y, default, Covariance::Hc0);
        assert_eq!(robust.is_ok(), !inference.penalized());
        assert!(model.profile_intervals(&x, &y, default, 0.95).is_ok());
    }

    let clusters = |labels: &[usize]| none.inference_with(&x, &y, default, Covariance::clustered(labels));
    assert!(matches!(clusters(&[1; 50]), Err(Error::InvalidParameter { name: "clusters", .. })));
    assert!(matches!(clusters(&[1; 49]), Err(Error::ShapeMismatch { .. })));
    // The second cluster has no weight.
    let halves: Vec<usize> = (0..50).map(|row| row / 25).collect();
    let mut weights = vec![1.0; 50];
    weights[25..].fill(0.0);
    let one = none.inference_with(&x, &y, rows(&weights), Covariance::clustered(&halves));
    assert!(matches!(one, Err(Error::InvalidParameter { name: "clusters", .. })));
    // Two clusters determine no test of two coefficients.
    let two = clusters(&halves).unwrap();
    assert!(two.wald(&[1]).is_ok());
    assert!(matches!(two.wald(&[0, 1, 2]), Err(Error::Singular { .. })));

    let few = [1e-2; 50];
    let tiny = none.inference_with(&x, &y, rows(&few), Covariance::Hc1);
    assert!(matches!(tiny, Err(Error::InvalidParameter { name: "observations", .. })));

    let inference = none.inference(&x, &y).unwrap();
    for level in [0.0, 1.0, -0.5, 2.0, f64::NAN] {
        assert!(inference.confidence_intervals(level).is_err());
        assert!(inference.probability_intervals(&x, level).is_err());
        assert!(none.profile_intervals(&x, &y, default, level).is_err());
    }
    let wide = DMatrix::zeros(3, 3);
    assert!(matches!(inference.probability_intervals(&wide, 0.9), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(inference.marginal_effects(&wide, default), Err(Error::ShapeMismatch { .. })));
    let bad = dmatrix![0.0, f64::NAN];
    assert!(matches!(inference.probability_intervals(&bad, 0.9), Err(Error::NotFinite { .. })));
    assert!(inference.marginal_effects(&DMatrix::<f64>::zeros(0, 2), default).is_err());
    let empty = inference.probability_intervals(&DMatrix::<f64>::zeros(0, 2), 0.9).unwrap();
    assert_eq!(empty.estimates.shape(), (0, 2));
    let offset = DMatrix::zeros(2, 1);
    assert!(inference.probability_intervals_with(&x, Some(&offset), 0.9).is_err());

    // Columns that depend on each other.
    let twice = DMatrix::from_fn(50, 2, |row, j| x[row] * (j + 1) as f64);
    let model = LogisticRegression::new(Penalty::None).fit(&twice, &y).unwrap();
    assert!(matches!(model.profile_intervals(&twice, &y, default, 0.9), Err(Error::Singular { .. })));
}

#[test]
fn given_coefficients_are_judged_and_called_given() {
    let (x, y) = overlapping(50, 2, 2, 95);
    let given =
        FittedLogistic::from_coefficients(vec![0usize, 1], dmatrix![0.5; -0.5], dvector![0.1]).unwrap();
    let inference = given.inference(&x, &y).unwrap();
    assert!(inference.to_string().starts_with("fit: not fitted: the coefficients were given"));
    assert_eq!(inference.estimates().as_slice(), [0.1, 0.5, -0.5]);
}

/// Rows without weight have no say, however large they are.
#[test]
fn rows_without_weight_may_be_huge() {
    let (mut x, y) = overlapping(40, 2, 2, 97);
    let mut weights = vec![1.0; 40];
    weights[3] = 0.0;
    let model = exact(Penalty::None).fit_weighted(&x, &y, &weights).unwrap();
    let before = model.inference_with(&x, &y, rows(&weights), Covariance::Hc1).unwrap();
    x[(3, 1)] = 1e100;
    let after = model.inference_with(&x, &y, rows(&weights), Covariance::Hc1).unwrap();
    close(before.covariance(), after.covariance(), 1e-12);
}

#[test]
fn the_condition_number_tells_of_columns_that_are_alike() {
    let (x, y) = overlapping(80, 2, 2, 98);
    let condition = |mix: f64| {
        let x = DMatrix::from_columns(&[x.column(0).into_owned(), x.column(0) + x.column(1) * mix]);
        exact(Penalty::None).fit(&x, &y).unwrap().inference(&x, &y).unwrap().condition()
    };
    assert!(condition(1.0) < 100.0);
    let (alike, more) = (condition(1e-2), condition(1e-3));
    assert!((50.0..200.0).contains(&(more / alike)), "{alike} {more}");
}

/// Tables stay tables whatever is in them.
#[test]
fn lines_of_tables_are_of_one_width() {
    let (mut x, y) = overlapping(60, 3, 3, 99);
    x.column_mut(0).scale_mut(1e9);
    x.column_mut(1).scale_mut(1e-12);
    let labels: Vec<&str> =
        y.iter().map(|&class| ["no", "a rather long label of a class", "yes"][class]).collect();
    let model = exact(Penalty::None).fit(&x, &labels).unwrap();
    let names = ["line\nbreak", "größe (µm²)", "a name that is longer than any column of numbers"];
    let inference = model.inference(&x, &labels).unwrap().with_names(&names).unwrap();
    let effects = inference.marginal_effects(&x, RowOptions::default()).unwrap();
    println!("{inference}\n{effects}");
    for table in [inference.to_string(), effects.to_string()] {
        let wide: Vec<usize> = table
            .lines()
            .filter(|line| {
                line.contains("97.5 %") || line.starts_with(['g', '(']) || line.starts_with("line ")
            })
            .map(|l| l.chars().count())
            .collect();
        assert!(wide.len() > 6 && wide.windows(2).all(|pair| pair[0] == pair[1]), "{table}");
    }
    let (x, y) = overlapping(60, 1, 2, 100);
    let inference = exact(Penalty::None).fit(&x, &y).unwrap().inference(&x, &y).unwrap();
    println!("{inference}\n{}", inference.marginal_effects(&x, RowOptions::default()).unwrap());
}
