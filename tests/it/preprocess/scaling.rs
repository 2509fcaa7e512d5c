//! Scalers of numbers whose arithmetic is hard.

use approx::assert_relative_eq;
use logit::nalgebra::{DMatrix, dmatrix};
use logit::prelude::*;
use logit::preprocess::{Moments, RobustScaler, VarianceThreshold};
use logit::{MinMaxScaler, Real, StandardScaler};
use proptest::prelude::*;

fn deviation(values: &[f64]) -> (f64, f64) {
    let moments = Moments::of(&DMatrix::from_column_slice(values.len(), 1, values), None).expect("moments");
    (moments.mean()[0], moments.variance()[0])
}

#[test]
fn large_offsets_cost_no_digits() {
    assert_eq!(deviation(&[4.0, 7.0, 13.0, 16.0].map(|v| 1e9 + v)), (1e9 + 10.0, 22.5));
}

/// The certified standard deviations of the Statistical Reference Datasets of NIST, which divide by n - 1.
#[test]
fn the_numerical_accuracy_sets_of_nist_are_met() {
    let alternating = |middle: f64, step: f64, count: usize| -> Vec<f64> {
        (0..count)
            .map(|row| {
                if row == 0 {
                    middle
                } else if row % 2 == 1 {
                    middle - step
                } else {
                    middle + step
                }
            })
            .collect()
    };
    let sets = [
        (vec![10_000_001.0, 10_000_003.0, 10_000_002.0], 10_000_002.0, 1.0, 1e-14),
        (alternating(1.2, 0.1, 1001), 1.2, 0.1, 1e-12),
        (alternating(1_000_000.2, 0.1, 1001), 1_000_000.2, 0.1, 1e-9),
        (alternating(10_000_000.2, 0.1, 1001), 10_000_000.2, 0.1, 1e-8),
    ];
    for (values, mean, certified, tolerance) in sets {
        let (found, variance) = deviation(&values);
        let count = values.len() as f64;
        assert_relative_eq!(found, mean, max_relative = 1e-15);
        let sample = (variance * count / (count - 1.0)).sqrt();
        assert_relative_eq!(sample, certified, max_relative = tolerance, epsilon = 0.0);
    }
}

fn constants_become_zero<T: Real>() {
    for value in [0.0, 1.0, -0.0, 1e9, 0.1, -1.0 / 3.0, 1e-30, 1e30] {
        for count in [1, 2, 3, 7, 1000] {
            let x = DMatrix::from_element(count, 1, T::of(value));
            let fitted = StandardScaler::new().fit(&x).expect("a fit");
            assert_eq!(fitted.scale(), [T::one()], "{value} {count} times");
            let z = fitted.transform(&x).expect("rows");
            assert!(z.iter().all(|z| z.is_zero()), "{value} {count} times: {z}");
        }
    }
}

#[test]
fn constant_columns_become_exactly_zero() {
    constants_become_zero::<f64>();
    constants_become_zero::<f32>();
}

#[test]
fn huge_and_tiny_columns_are_scaled_like_others() {
    for unit in [1e300, 1e-100, 1e-150, 1e-200, 1e-290, f64::MAX / 8.0] {
        let x = dmatrix![1.0; 2.0; 3.0; 6.0] * unit;
        let z = StandardScaler::new().fit(&x).expect("a fit").transform(&x).expect("rows");
        let plain =
            StandardScaler::new().fit(&(&x / unit)).expect("a fit").transform(&(&x / unit)).expect("rows");
        assert_relative_eq!(z, plain, max_relative = 1e-14, epsilon = 1e-14);
    }
    // No deviation of these is a normal number.
    for unit in [5e-324, 1e-310] {
        let x = dmatrix![1.0; 2.0; 3.0; 6.0] * unit;
        assert_eq!(StandardScaler::new().fit(&x).expect("a fit").scale(), [1.0], "{unit:e}");
    }
    let ends = dmatrix![f64::MIN; f64::MAX];
    let z = StandardScaler::new().fit(&ends).expect("a fit").transform(&ends).expect("rows");
    assert_eq!(z, dmatrix![-1.0; 1.0]);
    assert!(MinMaxScaler::new().fit(&ends).is_err());
    assert!(RobustScaler::new().quantiles(0.0, 1.0).fit(&ends).is_err());
}

#[test]
fn single_precision_keeps_its_digits() {
    let x = dmatrix![100_004.0f32; 100_007.0; 100_013.0; 100_016.0];
    let fitted = StandardScaler::new().fit(&x).expect("a fit");
    assert_eq!((fitted.mean()[0], fitted.scale()[0]), (100_010.0, 22.5f32.sqrt()));
    // A thousand rows, whose standard deviation is a hundredth of the mean: far from constant.
    let many = DMatrix::from_fn(100_000, 1, |row, _| 100.0f32 + (row % 3) as f32);
    assert_relative_eq!(
        StandardScaler::new().fit(&many).expect("a fit").scale()[0],
        (2.0f32 / 3.0).sqrt(),
        max_relative = 1e-5
    );
}

/// Seconds since 1970 within a second, a hundred thousand of them: not constant, whatever the number of rows.
#[test]
fn many_rows_far_away_are_not_constant() {
    let x = DMatrix::from_fn(100_000, 1, |row, _| 1.7e9 + (row % 2) as f64 / 32.0);
    let fitted = StandardScaler::new().fit(&x).expect("a fit");
    assert_relative_eq!(fitted.scale()[0], 1.0 / 64.0, max_relative = 1e-9);
    let z = fitted.transform(&x).expect("rows");
    assert_eq!((z.min(), z.max()), (-1.0, 1.0));
    // One unit in the last place is.
    let x = DMatrix::from_fn(100, 1, |row, _| if row % 2 == 0 { 0.1 + 0.2 } else { 0.3 });
    assert_eq!(StandardScaler::new().fit(&x).expect("a fit").scale(), [1.0]);
}

#[test]
fn blocks_of_rows_without_weight_are_no_rows() {
    let x = dmatrix![1.0; 2.0; 6.0];
    let whole = Moments::of(&x, None).expect("moments");
    let mut parts = Moments::new(1).expect("moments");
    parts.update(&x.add_scalar(5.0), Some(&[0.0; 3])).expect("no rows");
    assert!(parts.scaler::<f64>().is_err());
    parts.update(&x, None).expect("rows");
    parts.update(&DMatrix::from_element(2, 1, 1e300), Some(&[0.0; 2])).expect("no rows");
    assert_eq!(parts, whole);
    assert!(parts.update(&x, Some(&[0.0; 2])).is_err());
    assert!(Moments::of(&x, Some(&[0.0; 3])).is_err());
}

/// Rows without weight may be outside the range of the other rows.
#[test]
fn rows_without_weight_may_be_anything() {
    let x = dmatrix![1e-300, 1.0; 3e-300, 2.0; 1e300, -1e300];
    let (some, kept) =
        (Moments::of(&x, Some(&[1.0, 1.0, 0.0])), Moments::of(&x.rows(0, 2).into_owned(), None));
    let (some, kept) = (some.expect("moments"), kept.expect("moments"));
    assert_eq!((some.mean(), some.deviation()), (kept.mean(), kept.deviation()));
}

#[test]
fn the_first_entry_that_is_not_finite_is_named_row_by_row() {
    let mut x = DMatrix::from_fn(5000, 3, |row, column| (row + column) as f64);
    let fitted = StandardScaler::new().fit(&x).expect("a fit");
    (x[(4001, 0)], x[(4000, 2)], x[(4500, 1)]) = (f64::NAN, f64::INFINITY, f64::NAN);
    let error = fitted.transform(&x).expect_err("an error");
    assert!(matches!(error, logit::Error::NotFinite { row: 4000, column: 2, .. }), "{error}");
    x[(4000, 2)] = f64::MAX;
    (x[(4001, 0)], x[(4500, 1)]) = (1.0, 1.0);
    let tiny = logit::preprocess::FittedStandardScaler::new(vec![0.0; 3], vec![1e-3; 3]).expect("a scaler");
    assert_eq!(tiny.transform(&x), Err(logit::Error::Overflow { row: 4000 }));
}

#[test]
fn constants_are_found_up_to_rounding() {
    let x = DMatrix::from_fn(10, 3, |row, column| [0.1, 0.1 + 1e-9 * row as f64, 7.0][column]);
    assert_eq!(VarianceThreshold::new().fit(&x).expect("a fit").columns(), [1]);
    assert!(VarianceThreshold::new().threshold(1e-3).fit(&x).is_err());
    assert!(VarianceThreshold::new().threshold(-1.0).fit(&x).is_err());
}

/// Sums of weights up to the end of the range, and beyond it.
#[test]
fn huge_weights_leave_moments_finite() {
    let x = dmatrix![-3.0, 1e300; -2.0, -1e300; 2.0, 1e290; 1.0, 0.0];
    let plain = Moments::of(&x, None).expect("moments");
    for weight in [1e-300, 1e300, 4e307] {
        let mut parts = Moments::of(&x, Some(&[weight; 4])).expect("moments");
        let finite = |moments: &Moments| {
            assert_relative_eq!(moments.mean()[0], plain.mean()[0], max_relative = 1e-14);
            assert_relative_eq!(moments.deviation()[0], plain.deviation()[0], max_relative = 1e-14);
            assert_relative_eq!(moments.deviation()[1], plain.deviation()[1], max_relative = 1e-14);
            assert!(moments.mean()[1].is_finite());
        };
        finite(&parts);
        let before = parts.clone();
        let merged = parts.merge(&before);
        if weight > 1e307 {
            assert_eq!(merged, Err(logit::Error::InvalidWeightSum { sum: f64::INFINITY }));
            assert_eq!(parts, before);
        } else {
            merged.expect("a sum within the range");
        }
        finite(&parts);
    }
    assert!(Moments::of(&x, Some(&[1e308; 4])).is_err());
    let ends = dmatrix![f64::MAX; f64::MIN; f64::MAX; f64::MAX];
    let deviation = Moments::of(&ends, None).expect("moments").deviation()[0];
    assert_relative_eq!(deviation, f64::MAX * 0.75f64.sqrt(), max_relative = 1e-14);
}

proptest! {
    #[test]
    fn parts_together_are_the_whole(
        values in prop::collection::vec(-1e3f64..1e3, 2..60), cut in 0usize..60, offset in prop::sample::select(vec![0.0, 1e6, 1e9]),
        scale in prop::sample::select(vec![1.0, 1e-120, 1e200]),
    ) {
        let values: Vec<f64> = values.iter().map(|v| scale * (v + offset)).collect();
        let x = DMatrix::from_column_slice(values.len(), 1, &values);
        let weights: Vec<f64> = (0..values.len()).map(|row| 0.5 + (row % 4) as f64).collect();
        let cut = cut.min(values.len());
        let whole = Moments::of(&x, Some(&weights)).expect("moments");
        let mut parts = Moments::new(1).expect("moments");
        parts.update(&x.rows(0, cut).into_owned(), Some(&weights[..cut])).expect("rows");
        let mut rest = Moments::new(1).expect("moments");
        rest.update(&x.rows(cut, values.len() - cut).into_owned(), Some(&weights[cut..])).expect("rows");
        parts.merge(&rest).expect("moments");
        prop_assert_eq!(parts.rows(), whole.rows());
        // The offset itself has 16 digits only.
        let rounding = offset * scale * 1e-15;
        prop_assert!((parts.mean()[0] - whole.mean()[0]).abs() <= 1e-13 * scale * 1e3 + rounding);
        let (a, b) = (parts.deviation()[0], whole.deviation()[0]);
        prop_assert!((a - b).abs() <= 1e-12 * b + rounding, "{} and {}", a, b);
    }
}
