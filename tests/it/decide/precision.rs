//! Calibrations in every unit, against references with 32 digits.

use logit::decide::{CalibrationMethod, FittedCalibration, IsotonicRegression, PlattScaling};
use logit::nalgebra::{DMatrix, DVector, dmatrix, dvector};
use logit::prelude::*;
use logit::{Error, FittedLogistic, Rng};

use crate::common::double_double::DoubleDouble as Double;

/// The number of random data sets of each test.
const SETS: u64 = 60;

/// Powers of ten of the scores' units, and offsets in these units.
const UNITS: [i32; 7] = [-9, -6, -1, 0, 2, 5, 9];
const OFFSETS: [f64; 5] = [0.0, -3.0, 1e3, -1e6, 1e9];

/// Weights of one of several kinds.
fn weights(kind: u64, rows: usize, rng: &mut Rng) -> Option<Vec<f64>> {
    let unit = [1.0, 1.0, 1e-3, 1e250, 1e-250][kind as usize % 5];
    let mut weight = |row: usize| match kind % 5 {
        0 => 1.0,
        _ if row % 7 == 3 => 0.0,
        _ => unit * 10f64.powf(rng.uniform(-2.0, 2.0)),
    };
    (!kind.is_multiple_of(5)).then(|| (0..rows).map(&mut weight).collect())
}

/// Returns the power of two below the largest weight, by which weights are divided without rounding.
fn binade(weights: &[f64]) -> f64 {
    2f64.powi(weights.iter().copied().fold(0.0, f64::max).log2().floor() as i32)
}

/// Scores and labels that they tell something about.
fn scores(set: u64) -> (Vec<f64>, Vec<bool>, Option<Vec<f64>>) {
    let mut rng = Rng::new(1000 + set);
    let rows = 8 + 5 * set as usize;
    let plain: Vec<f64> = (0..rows).map(|_| rng.uniform(-3.0, 3.0)).collect();
    let truth = plain.iter().map(|z| rng.uniform(0.0, 1.0) < 1.0 / (1.0 + (-z).exp())).collect();
    let unit = 10f64.powi(UNITS[set as usize % UNITS.len()]);
    let offset = OFFSETS[set as usize % OFFSETS.len()];
    let scores = plain.iter().map(|z| unit * (z + offset)).collect();
    (scores, truth, weights(set, rows, &mut rng))
}

/// The slope and the middle, at the first score, of Platt scaling: Newton's method with residuals of 32
/// digits, from a guess.
fn platt_reference(
    (z, truth, w): (&[f64], &[bool], &[f64]),
    (slope, offset): (f64, f64),
) -> (Double, Double) {
    let d = Double::from;
    let sum = |has: bool| (0..z.len()).filter(|&row| truth[row] == has).map(|row| w[row]).sum::<f64>();
    let (positives, negatives) = (d(sum(true)), d(sum(false)));
    let target = |row: usize| {
        let (part, rest) =
            if truth[row] { (positives + d(1.0), d(1.0)) } else { (d(1.0), negatives + d(1.0)) };
        (part / (part + rest), rest / (part + rest))
    };
    let heaviest = binade(w);
    let mut slope = d(slope);
    let mut middle = slope * d(z[0]) + d(offset);
    for _ in 0..8 {
        let (mut g, mut h) = ([d(0.0); 2], [0.0; 3]);
        for row in (0..z.len()).filter(|&row| w[row] > 0.0) {
            let (weight, from_first) = (d(w[row] / heaviest), d(z[row]) - d(z[0]));
            let e = (-(slope * from_first + middle)).exp();
            let p = d(1.0) / (d(1.0) + e);
            let (has, has_not) = target(row);
            let residual = weight * (has_not * p - has * (e * p));
            let curvature = weight.value() * p.value() * (e * p).value();
            g = [g[0] + residual, g[1] + residual * from_first];
            h[0] += curvature;
            h[1] += curvature * from_first.value();
            h[2] += curvature * from_first.value() * from_first.value();
        }
        let determinant = h[0] * h[2] - h[1] * h[1];
        middle -= (d(h[2]) * g[0] - d(h[1]) * g[1]) / d(determinant);
        slope -= (d(h[0]) * g[1] - d(h[1]) * g[0]) / d(determinant);
    }
    (slope, middle)
}

#[test]
fn platt_scaling_finds_all_digits_in_every_unit() {
    for set in 0..SETS {
        let (z, truth, w) = scores(set);
        let fitted = PlattScaling::fit(&z, &truth, w.as_deref()).expect("a scaling");
        let ones = vec![1.0; z.len()];
        let (slope, middle) =
            platt_reference((&z, &truth, w.as_deref().unwrap_or(&ones)), (fitted.slope(), fitted.offset()));
        let spread = z.iter().fold(0.0, |most: f64, v| most.max((v - z[0]).abs()));
        let off = (fitted.slope() - slope.value()).abs() / (slope.value().abs() + 1.0 / spread);
        assert!(off <= 1e-12, "set {set}: slope {} and {}", fitted.slope(), slope.value());
        let offset = (middle - slope * z[0].into()).value();
        let off = (fitted.offset() - offset).abs() / (1.0 + offset.abs());
        assert!(off <= 1e-12, "set {set}: offset {} and {offset}", fitted.offset());
    }
}

#[test]
fn platt_scaling_is_the_same_in_every_unit() {
    for set in 0..5 {
        let (z, truth, w) = scores(5 * set);
        let plain = PlattScaling::fit(&z, &truth, w.as_deref()).expect("a scaling");
        for exponent in [-900, -300, -30, 1, 33, 900] {
            let unit = 2f64.powi(exponent);
            let scaled: Vec<f64> = z.iter().map(|z| z * unit).collect();
            let fitted = PlattScaling::fit(&scaled, &truth, w.as_deref()).expect("a scaling");
            assert_eq!((fitted.slope() * unit, fitted.offset()), (plain.slope(), plain.offset()));
        }
        let single: Vec<f32> = z.iter().map(|z| *z as f32).collect();
        let wide: Vec<f64> = single.iter().map(|z| f64::from(*z)).collect();
        let weights: Option<Vec<f64>> = None;
        if set != 4 {
            let found = PlattScaling::fit(&single, &truth, None).expect("a scaling");
            assert_eq!(Ok(found), PlattScaling::fit(&wide, &truth, weights.as_deref()));
        }
    }
    // Scores of 1e10, from a public report.
    let z: Vec<f64> = (0..100).map(|i| ((i * 37) % 100) as f64 / 50.0 - 1.0).collect();
    let truth: Vec<bool> = (0..100).map(|i| z[i] > ((i * 61) % 100) as f64 / 50.0 - 1.0).collect();
    let plain = PlattScaling::fit(&z, &truth, None).expect("a scaling");
    let large: Vec<f64> = z.iter().map(|z| z * 1e10).collect();
    let large = PlattScaling::fit(&large, &truth, None).expect("a scaling");
    approx::assert_relative_eq!(large.slope() * 1e10, plain.slope(), max_relative = 1e-13);
    approx::assert_relative_eq!(large.offset(), plain.offset(), max_relative = 1e-12);
    let tiny = PlattScaling::fit(&[5e-324, 0.0, 0.0], &[true, false, false], None);
    assert!(matches!(tiny, Err(Error::CalibrationFailed { .. })), "{tiny:?}");
    assert!(!tiny.unwrap_err().to_string().contains("column"));
}

/// Targets of 1 less the reciprocal of the weight, which the numbers do not hold.
#[test]
fn platt_scaling_takes_weights_of_any_size() {
    for weight in [1.0f64, 1e17, 1e300] {
        // Scores that are equal up to rounding: the odds of the smoothed targets.
        let z = [0.3, 0.1 + 0.2, 0.3];
        let fitted = PlattScaling::fit(&z, &[true; 3], Some(&[weight; 3])).expect("a scaling");
        assert_eq!(fitted.slope(), 0.0);
        approx::assert_relative_eq!(fitted.offset(), (3.0 * weight + 1.0).ln(), max_relative = 1e-14);
        assert_eq!(PlattScaling::from_bytes(&fitted.to_bytes().expect("bytes")), Ok(fitted));
        // Separable scores end at their targets.
        let z = [-2.0, -1.0, 1.0, 2.0];
        let (truth, w) = ([false, false, true, true], [0.0, 1.0, weight, 0.0]);
        let fitted = PlattScaling::fit(&z, &truth, Some(&w)).expect("a scaling");
        approx::assert_relative_eq!(fitted.log_odds(1.0), (weight + 1.0).ln(), max_relative = 1e-12);
        approx::assert_relative_eq!(fitted.log_odds(-1.0), -2f64.ln(), max_relative = 1e-10);
    }
    let model = FittedLogistic::from_coefficients(vec![0, 1], dmatrix![0.0], dvector![2.0]).expect("a model");
    let (x, w) = (dmatrix![1.0; 2.0; 3.0], [1e17, 1e17, 1.0]);
    let calibrated = FittedCalibration::new(model, CalibrationMethod::Platt, &x, &[1, 1, 0], Some(&w));
    let calibrated = calibrated.expect("a model");
    assert_eq!(FittedCalibration::from_bytes(&calibrated.to_bytes().expect("bytes")), Ok(calibrated));
}

/// Classifiers in single precision are calibrated by numbers in double precision.
#[test]
fn log_odds_do_not_cancel_in_single_precision() {
    let z: Vec<f32> = (0..40).map(|i| 1e5 + ((i * 7) % 40) as f32 / 20.0).collect();
    let truth: Vec<bool> = (0..40).map(|i| (i * 7) % 40 > 20 || i % 5 == 0).collect();
    let fitted = PlattScaling::fit(&z, &truth, None).expect("a scaling");
    let wanted = fitted.slope() * f64::from(z[3]) + fitted.offset();
    approx::assert_relative_eq!(f64::from(fitted.log_odds(z[3])), wanted, max_relative = 1e-6);
}

/// Scores of classes, with labels that they tell something about.
fn class_scores(set: u64) -> (DMatrix<f64>, Vec<usize>, Option<Vec<f64>>) {
    let mut rng = Rng::new(2000 + set);
    let (rows, classes) = (30 + 3 * set as usize, 2 + set as usize % 4);
    let mut z = DMatrix::from_fn(rows, classes, |_, _| 2.0 * rng.standard_normal());
    let truth = (0..rows)
        .map(|row| {
            let best = z.row(row).transpose().imax();
            if row < classes {
                row
            } else if rng.uniform(0.0, 1.0) < 0.6 {
                best
            } else {
                rng.below(classes)
            }
        })
        .collect();
    let unit = 10f64.powi(UNITS[set as usize % UNITS.len()]);
    let offset = OFFSETS[set as usize % OFFSETS.len()].clamp(-1e3, 1e3);
    z.iter_mut().for_each(|z| *z = unit * (*z + offset));
    (z, truth, weights(set, rows, &mut rng))
}

/// The derivative of the mean loss at β, with 32 digits.
fn temperature_derivative(beta: f64, z: &DMatrix<f64>, truth: &[usize], weights: &[f64]) -> f64 {
    let heaviest = binade(weights);
    let mut derivative = Double::from(0.0);
    for (row, &own) in truth.iter().enumerate().filter(|(row, _)| weights[*row] > 0.0) {
        let largest = Double::from(z.row(row).max());
        let (mut sum, mut mean) = (Double::from(0.0), Double::from(0.0));
        for &z in z.row(row).iter() {
            let from_largest = Double::from(z) - largest;
            let share = (from_largest * beta.into()).exp();
            sum += share;
            mean += share * from_largest;
        }
        let from_own = mean / sum - (Double::from(z[(row, own)]) - largest);
        derivative += from_own * (weights[row] / heaviest).into();
    }
    derivative.value()
}

/// A model whose scores are its columns.
fn scores_of(classes: usize) -> FittedLogistic<f64, usize> {
    let columns = if classes == 2 { 1 } else { classes };
    let (coefficients, zero) = (DMatrix::identity(columns, columns), DVector::zeros(columns));
    FittedLogistic::from_coefficients((0..classes).collect(), coefficients, zero).expect("a model")
}

fn temperature(z: &DMatrix<f64>, truth: &[usize], weights: Option<&[f64]>) -> f64 {
    let classes = z.ncols();
    // Two classes have one column of scores.
    let x = if classes == 2 { z.columns(1, 1) - z.columns(0, 1) } else { z.clone() };
    let method = CalibrationMethod::Temperature;
    let model = FittedCalibration::new(scores_of(classes), method, &x, truth, weights).expect("a model");
    model.temperature().expect("a temperature")
}

#[test]
fn the_temperature_has_all_digits_in_every_unit() {
    for set in 0..SETS {
        let (mut z, truth, w) = class_scores(set);
        if z.ncols() == 2 {
            let difference = z.column(1) - z.column(0);
            z.column_mut(0).fill(0.0);
            z.set_column(1, &difference);
        }
        let found = 1.0 / temperature(&z, &truth, w.as_deref());
        let w = w.unwrap_or_else(|| vec![1.0; truth.len()]);
        let derivative = |beta: f64| temperature_derivative(beta, &z, &truth, &w);
        let (mut low, mut high) = (found / 2.0, found * 2.0);
        assert!(derivative(low) < 0.0 && derivative(high) > 0.0, "set {set}: {found}");
        for _ in 0..60 {
            let middle = low + (high - low) / 2.0;
            *(if derivative(middle) > 0.0 { &mut high } else { &mut low }) = middle;
        }
        assert!((found - low).abs() <= 1e-12 * low, "set {set}: {found} and {low}");
    }
}

#[test]
fn temperatures_grow_with_the_scores() {
    for set in [3, 7, 14] {
        let (z, truth, w) = class_scores(set);
        let plain = temperature(&z, &truth, w.as_deref());
        for exponent in [-900, -40, 3, 900] {
            let unit = 2f64.powi(exponent);
            assert_eq!(temperature(&(&z * unit), &truth, w.as_deref()), plain * unit, "2^{exponent}");
        }
    }
    // Scores without a mistake, and with nothing else.
    for unit in [1e-200, 1.0, 1e200] {
        let (right, wrong) = (dmatrix![0.0, -unit; 0.0, unit], dmatrix![0.0, unit; 0.0, -unit]);
        let of = |z: &DMatrix<f64>| temperature(z, &[0, 1], None);
        approx::assert_relative_eq!(of(&right), (-10f64).exp() * unit, max_relative = 1e-12);
        approx::assert_relative_eq!(of(&wrong), 10f64.exp() * unit, max_relative = 1e-12);
    }
    // One mistake far below the largest scores.
    let z = dmatrix![0.0, -1e300; 0.0, 1e300; 0.0, 1.0; 0.0, -1.0; 0.0, 2.0];
    let found = temperature(&z, &[0, 1, 0, 0, 0], None);
    let beta = 1.0 / found;
    let slope = |beta: f64| temperature_derivative(beta, &(&z / 1e300), &[0, 1, 0, 0, 0], &[1.0; 5]);
    assert!(slope(beta * 1e300 * (1.0 - 1e-9)) < 0.0 && slope(beta * 1e300 * (1.0 + 1e-9)) > 0.0, "{found}");
}

/// The greatest lower mean: max over starts up to i of the least mean from there to an end from i on.
#[test]
fn isotonic_values_are_those_of_the_formula() {
    for set in 0..SETS {
        let mut rng = Rng::new(3000 + set);
        let rows = 5 + set as usize % 30;
        let unit = 10f64.powi(UNITS[set as usize % UNITS.len()]);
        let x: Vec<f64> = (0..rows).map(|_| unit * rng.below(2 * rows) as f64).collect();
        let offset = OFFSETS[set as usize % 5];
        let y: Vec<f64> =
            x.iter().map(|x| unit * (rng.standard_normal() + 0.1 * x / unit + offset)).collect();
        let w = weights(set, rows, &mut rng);
        let fitted = IsotonicRegression::fit(&x, &y, w.as_deref(), true).expect("a fit");
        let w = w.unwrap_or_else(|| vec![1.0; rows]);
        let heaviest = binade(&w);
        let mean = |from: f64, to: f64| {
            let inside = (0..rows).filter(|&row| w[row] > 0.0 && x[row] >= from && x[row] <= to);
            let (weight, sum) = inside.fold((Double::from(0.0), Double::from(0.0)), |(weight, sum), row| {
                let w = Double::from(w[row] / heaviest);
                (weight + w, sum + w * y[row].into())
            });
            (sum / weight).value()
        };
        for (at, &place) in fitted.x().iter().enumerate() {
            let (starts, ends) = (&fitted.x()[..=at], &fitted.x()[at..]);
            let least = |&from: &f64| ends.iter().map(|&to| mean(from, to)).fold(f64::INFINITY, f64::min);
            let wanted = starts.iter().map(least).fold(f64::NEG_INFINITY, f64::max);
            let found = fitted.value(place);
            assert!((found - wanted).abs() <= 4e-16 * wanted.abs(), "set {set}: {found} and {wanted}");
        }
    }
    // Sums of weights and of weighted y beyond the range.
    let (x, y, w) = ([1.0, 2.0, 3.0], [1e308, -1e308, 1.5e308], [1e307, 1e307, 1e307]);
    let fitted = IsotonicRegression::fit(&x, &y, Some(&w), true).expect("a fit");
    assert_eq!(fitted.y(), [0.0, 0.0, 1.5e308]);
}
