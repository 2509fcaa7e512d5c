//! Weights of every size: every metric stays a number, in its range, and the same in other units.

use logit::metrics::{
    Bins, Bootstrap, CalibrationCurve, DetCurve, MatthewsCorrelation, MeanCost, Metric, PrecisionRecallCurve,
    RocAuc, RocCurve,
};
use logit::nalgebra::{DMatrix, dmatrix};
use logit::{Error, Rng};
use proptest::prelude::*;

use super::{all, rows};

/// Weights from 5e-324 to 1e308, of which some are 0; at least one is a normal number.
fn weights(count: usize, seed: u64) -> Vec<f64> {
    let mut rng = Rng::new(seed);
    let spread = [0.0, 30.0, 300.0, 1074.0][rng.below(4)];
    let centre = rng.uniform(-1022.0, 1000.0);
    let mut weights: Vec<f64> = (0..count)
        .map(|_| {
            let exponent = (centre + rng.uniform(-spread, spread)).clamp(-1074.0, 1010.0).floor();
            let share = [1.0, 1.0 + rng.uniform(0.0, 1.0)][rng.below(2)];
            if rng.below(6) == 0 { 0.0 } else { (share * 2f64.powi(exponent as i32)).max(5e-324) }
        })
        .collect();
    if weights.iter().sum::<f64>() < f64::MIN_POSITIVE {
        weights[0] = 1.0;
    }
    weights
}

/// The power of two by which weights can be multiplied without overflow.
fn up(weights: &[f64]) -> f64 {
    let largest = weights.iter().copied().fold(0.0, f64::max).log2().ceil() as i32;
    2f64.powi((1010 - largest).clamp(0, 900))
}

/// The smallest and the largest value of a metric of three or fewer classes.
fn range(index: usize, classes: usize) -> (f64, f64) {
    let brier = if classes == 2 { 1.0 } else { 2.0 };
    match index {
        2 | 11 | 12 => (-1.0, 1.0),
        19 => (0.0, 30.0f64.ln()),
        20 => (0.0, brier),
        _ => (0.0, 1.0),
    }
}

/// A value in other units of the weights: the same, or the same error.
fn agree(a: &Result<f64, Error>, b: &Result<f64, Error>) -> bool {
    match (a, b) {
        (Ok(a), Ok(b)) => (a - b).abs() <= 1e-13 * a.abs().max(1e-3),
        (a, b) => a == b,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_metric_has_a_value_in_its_range(count in 4usize..30, classes in 2usize..4, seed: u64) {
        let (truth, p) = rows(count, classes, seed);
        let labels: Vec<usize> = (0..classes).collect();
        let weights = weights(count, seed ^ 5);
        let unit = up(&weights);
        let scaled: Vec<f64> = weights.iter().map(|weight| weight * unit).collect();
        for (index, metric) in all().iter().enumerate() {
            let of = |weights: &[f64]| metric.evaluate(&truth, &p, &labels, Some(weights));
            let found = of(&weights);
            if let Ok(value) = found {
                let (least, most) = range(index, classes);
                prop_assert!((least..=most).contains(&value), "metric {}: {} of {:?}", index, value, weights);
            }
            // Only a class without weight, or a ratio of zeros, leaves a metric without a value.
            let has_row = |class: usize| (0..count).any(|row| truth[row] == class && weights[row] > 0.0);
            let missing = !(0..classes).all(has_row);
            prop_assert!(found.is_ok() || missing, "metric {}: {:?} of {:?}", index, found, weights);
            prop_assert!(agree(&found, &of(&scaled)), "metric {}: {:?}, {:?}", index, found, of(&scaled));
        }
        let costs = DMatrix::from_fn(classes, classes, |i, j| (i as f64 - 2.0 * j as f64) * 1e300);
        let (least, most) = (costs.min(), costs.max());
        let cost = MeanCost::new(costs).evaluate(&truth, &p, &labels, Some(&weights)).expect("a cost");
        prop_assert!((least..=most).contains(&cost), "{}", cost);
    }

    #[test]
    fn curves_stay_in_their_ranges(count in 4usize..30, seed: u64) {
        let (truth, p) = rows(count, 2, seed);
        let (weights, scores) = (weights(count, seed ^ 9), p.column(1).into_owned());
        let counts = |class: usize| (0..count).any(|row| truth[row] == class && weights[row] > 0.0);
        let unit_range = |values: &[f64]| values.iter().all(|value| (0.0..=1.0).contains(value));
        if counts(0) && counts(1) {
            let curve = RocCurve::new(&truth, scores.as_slice(), &1, Some(&weights)).expect("a curve");
            let area = RocAuc.evaluate_indices(&truth, p.as_view(), Some(&weights)).expect("an area");
            prop_assert!((curve.area() - area).abs() < 1e-13, "{} and {}", curve.area(), area);
            prop_assert!(unit_range(curve.true_positive_rate()) && curve.true_positive_rate().is_sorted());
            prop_assert!(unit_range(curve.false_positive_rate()) && curve.false_positive_rate().is_sorted());
            let det = DetCurve::new(&truth, scores.as_slice(), &1, Some(&weights)).expect("a curve");
            prop_assert!(unit_range(det.false_positive_rate()) && unit_range(det.false_negative_rate()));
        }
        if counts(1) {
            let curve = PrecisionRecallCurve::new(&truth, scores.as_slice(), &1, Some(&weights));
            let curve = curve.expect("a curve");
            prop_assert!(unit_range(curve.precision()) && unit_range(curve.recall()));
            prop_assert!((0.0..=1.0).contains(&curve.average_precision()));
        }
        for bins in [Bins::Uniform(3), Bins::Quantile(3), Bins::Distinct] {
            let curve = CalibrationCurve::new(&truth, scores.as_slice(), &1, Some(&weights), bins);
            let curve = curve.expect("a curve");
            prop_assert!(curve.probability().is_sorted() && unit_range(curve.probability()));
            prop_assert!(unit_range(curve.frequency()), "{:?}", curve);
            if bins == Bins::Distinct {
                // Every bin has a single value, which is its mean, to the last digit.
                let mut values: Vec<f64> =
                    (0..count).filter(|&row| weights[row] > 0.0).map(|row| scores[row]).collect();
                values.sort_unstable_by(f64::total_cmp);
                values.dedup();
                prop_assert_eq!(curve.probability(), values.as_slice());
            }
        }
    }
}

#[test]
fn means_of_bins_are_those_of_their_rows() {
    let (truth, p) = ([0, 1, 1, 0], [0.25, 0.75, 1e-300, 2e-300]);
    for unit in [5e-324, 1e-310, 1.0, 1e300] {
        let weights = [unit, unit, unit, unit];
        let curve = CalibrationCurve::new(&truth, &p, &1, Some(&weights), Bins::Uniform(2));
        let Ok(curve) = curve else { continue };
        approx::assert_relative_eq!(curve.probability()[0], 0.25 / 3.0, max_relative = 1e-15);
        approx::assert_relative_eq!(curve.frequency()[0], 1.0 / 3.0, max_relative = 1e-15);
        assert_eq!((curve.probability()[1], curve.frequency()[1]), (0.75, 1.0));
    }
    let of = |weights: &[f64]| {
        let curve =
            CalibrationCurve::new(&[0, 1, 1], &[1e-200, 2e-200, 0.9], &1, Some(weights), Bins::Uniform(2));
        curve.expect("a curve").probability()[0]
    };
    approx::assert_relative_eq!(of(&[1e-200, 1e-200, 1.0]), 1.5e-200, max_relative = 1e-15);
}

/// Two classes, one of which is lighter than the digits, or the range, of a number.
#[test]
fn a_light_class_counts_as_a_class() {
    let p = dmatrix![0.9, 0.1; 0.4, 0.6; 0.2, 0.8; 0.7, 0.3];
    for light in [1e-17, 1e-160, 1e-300, 5e-324] {
        for weights in [[light, light, 1.0, 1.0], [1.0, 1.0, light, light]] {
            let of = |metric: &dyn Metric| {
                (&metric).evaluate(&[0, 0, 1, 1], &p, &[0, 1], Some(&weights)).expect("a value")
            };
            approx::assert_relative_eq!(of(&RocAuc), 0.75, max_relative = 1e-15);
            let correlation = of(&logit::metrics::MatthewsCorrelation);
            let kappa = of(&logit::metrics::CohenKappa::default());
            assert!(correlation.abs() < 1e-7 && kappa.abs() < 1e-7, "{correlation} and {kappa}");
            let right = dmatrix![0.9, 0.1; 0.6, 0.4; 0.2, 0.8; 0.3, 0.7];
            for metric in all().iter().take(19) {
                let value = metric.evaluate(&[0, 0, 1, 1], &right, &[0, 1], Some(&weights));
                assert_eq!(value, Ok(1.0), "{weights:?}");
            }
            let interval = Bootstrap::new().resamples(60);
            let interval = interval.interval(&RocAuc, &[0, 0, 1, 1], &right, &[0, 1], Some(&weights));
            let interval = interval.expect("an interval");
            assert_eq!((interval.lower, interval.upper), (1.0, 1.0));
        }
    }
}

/// Weights of one row are some 1e600 times those of another.
#[test]
fn correlations_are_numbers_for_rows_of_any_weights() {
    let probabilities = dmatrix![0.9, 0.1; 0.2, 0.8; 0.7, 0.3; 0.1, 0.9];
    for (weights, wanted) in [
        ([1e308, 1e-308, 0.0, 1e307], 0.0),
        ([1e-308, 1e308, 1e307, 0.0], 0.0),
        ([1e307, 1e-307, 1e-307, 0.0], 0.5_f64.sqrt()),
    ] {
        let found = MatthewsCorrelation.evaluate(&[0, 1, 1, 0], &probabilities, &[0, 1], Some(&weights[..]));
        approx::assert_abs_diff_eq!(found.expect("both classes"), wanted, epsilon = 1e-12);
    }
}
