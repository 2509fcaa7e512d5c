//! Columns that are constant up to rounding, in every unit, and what scalers make of them.

use approx::assert_relative_eq;
use logit::nalgebra::{DMatrix, dmatrix};
use logit::persist::Persist;
use logit::pipeline::OutsideRange;
use logit::prelude::*;
use logit::preprocess::{
    FeatureScore, FittedStandardScaler, MaxAbsScaler, Moments, RobustScaler, SelectBest, VarianceThreshold,
};
use logit::{LogisticRegression, MinMaxScaler, Pca, Penalty, Pipeline, Real, StandardScaler};

/// A column about `value` whose range is the given share of it.
fn noisy<T: Real>(value: f64, noise: f64) -> DMatrix<T> {
    let steps = [0.0, 1.0, 0.4, 0.4, 0.9, 0.1, 0.0];
    DMatrix::from_fn(steps.len(), 1, |row, _| T::of(value * (1.0 + noise * steps[row])))
}

/// The smallest and the largest power of two that leave all digits of a column, and the noise that is still
/// rounding.
fn limits<T: Real>() -> (i32, f64) {
    if T::EPSILON.as_f64() > 1e-10 { (100, 3.5e-6) } else { (900, 9.9e-12) }
}

fn becomes_zero<T, P>(scaler: P, constant: impl Fn(&P::Fitted) -> Vec<usize>)
where
    T: Real,
    P: Transformer<T>,
    P::Fitted: Persist<Scalar = T> + PartialEq + std::fmt::Debug,
{
    let (most, noise) = limits::<T>();
    for exponent in [-most, -3, 0, 1, most] {
        for value in [1.0, -1.0 / 3.0, 1.999_999] {
            for noise in [0.0, 0.01 * noise, noise] {
                let x = noisy::<T>(value * 2f64.powi(exponent), noise);
                let fitted = scaler.fit(&x).expect("a fit");
                assert_eq!(constant(&fitted), [0], "{x}");
                let z = fitted.transform(&x).expect("rows");
                assert_eq!(z, DMatrix::zeros(7, 1), "{x}");
                // The centre comes back, and it is one of the values up to rounding.
                let back = fitted.inverse_transform(&z).expect("rows");
                assert!(x.min() <= back.min() && back.max() <= x.max(), "{x}");
                // A real change is seen, in the units of the column.
                let further = x.map(|v| v * T::of(1.001));
                let wanted = (&further - &back).map(|v| v.as_f64());
                let found = fitted.transform(&further).expect("rows").map(|v| v.as_f64());
                assert_relative_eq!(found, wanted, max_relative = 1e-9, epsilon = 0.0);
                let returned = fitted.inverse_transform(&found.map(T::of)).expect("rows");
                let unit = x.amax().as_f64() * T::EPSILON.as_f64();
                assert!((returned - further).iter().all(|v| v.as_f64().abs() <= 2.0 * unit));
                // Files remember the columns.
                let loaded = P::Fitted::from_bytes(&fitted.to_bytes().expect("bytes")).expect("a scaler");
                assert_eq!(loaded, fitted);
                assert_eq!(loaded.transform(&x).expect("rows"), z);
            }
        }
    }
}

fn every_scaler<T: Real>() {
    becomes_zero::<T, _>(StandardScaler::new(), |fitted| fitted.constant_columns().to_vec());
    becomes_zero::<T, _>(StandardScaler::new().scale(false), |fitted| fitted.constant_columns().to_vec());
    becomes_zero::<T, _>(MinMaxScaler::new(), |fitted| fitted.constant_columns().to_vec());
    becomes_zero::<T, _>(RobustScaler::new(), |fitted| fitted.constant_columns().to_vec());
    becomes_zero::<T, _>(Pca::new(1).whiten(true), |fitted| {
        assert_eq!(fitted.explained_variance(), [0.0]);
        vec![0]
    });
}

#[test]
fn rounding_becomes_exactly_zero_in_every_unit() {
    every_scaler::<f64>();
    every_scaler::<f32>();
}

/// The scaled rows have the same bits in every unit, and noise ten times as large is no rounding.
fn scales_alike<T: Real>(scaler: impl Transformer<T>, constant: bool) {
    let (most, noise) = limits::<T>();
    for noise in [0.1, 10.0 * noise] {
        let x = noisy::<T>(1.3, noise);
        let weights = [1.0, 0.5, 2.0, 0.0, 1.0, 3.0, 0.25].map(T::of);
        for weights in [None, Some(&weights[..])] {
            let options = logit::preprocess::TransformerOptions::new();
            let options = weights.map_or(options, |weights| options.weights(weights));
            let of = |x: &DMatrix<T>| scaler.fit_with(x, options).expect("a fit").transform(x).expect("rows");
            let wanted = of(&x);
            assert!(constant || (wanted.max() - wanted.min()).as_f64() > 0.9, "{wanted}");
            for exponent in [-most, -most / 2, -1, 1, 7, most] {
                let unit = T::of(2f64.powi(exponent));
                assert_eq!(of(&x.map(|v| v * unit)), wanted, "2^{exponent}");
            }
        }
    }
}

#[test]
fn units_change_no_bit_of_what_varies() {
    fn all<T: Real>() {
        scales_alike::<T>(StandardScaler::new(), false);
        scales_alike::<T>(MinMaxScaler::new().range(-1.0, 2.0), false);
        scales_alike::<T>(RobustScaler::new(), false);
        scales_alike::<T>(MaxAbsScaler::new(), true);
    }
    all::<f64>();
    all::<f32>();
}

/// A column of 0.3 and 0.1 + 0.2 says nothing, whatever the scaler: the model without it gives 0.4457.
#[test]
fn a_scaled_column_of_rounding_changes_no_prediction() {
    let x = DMatrix::from_fn(12, 2, |i, j| {
        if j == 0 {
            (i * 5 % 12) as f64
        } else if i % 3 == 0 {
            0.1 + 0.2
        } else {
            0.3
        }
    });
    let y = [0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0];
    fn check(scaler: impl Transformer<f64> + Clone, x: &DMatrix<f64>, y: &[i32]) {
        for penalty in [Penalty::None, Penalty::l2(1e-9)] {
            let pipeline = Pipeline::new(scaler.clone(), LogisticRegression::new(penalty));
            let model = pipeline.fit(x, y).expect("a fit");
            let new = dmatrix![6.0, 0.3; 6.0, 0.3000001; 6.0, 0.29; 6.0, 0.1 + 0.2];
            let p = model.predict_proba(&new).expect("probabilities");
            for p in p.column(1).iter() {
                assert!((p - 0.44567).abs() < 5e-6, "{p}");
            }
        }
    }
    check(StandardScaler::new(), &x, &y);
    check(MinMaxScaler::new(), &x, &y);
    check(RobustScaler::new(), &x, &y);
}

/// The quartiles of a column may differ by rounding although the column varies.
#[test]
fn quartiles_that_differ_by_rounding_are_equal() {
    let x = DMatrix::from_fn(20, 1, |row, _| if row == 0 { 5.0 } else { [0.3, 0.1 + 0.2][row % 2] });
    let fitted = RobustScaler::new().fit(&x).expect("a fit");
    assert_eq!((fitted.scale(), fitted.constant_columns()), (&[1.0][..], &[][..]));
}

#[test]
fn rounding_is_no_information_about_classes() {
    let y: Vec<bool> = (0..12).map(|row| row % 3 == 0).collect();
    let x =
        DMatrix::from_fn(
            12,
            2,
            |row, column| {
                if column == 1 { (row % 5) as f64 } else { [0.1 + 0.2, 0.3, 0.3][row % 3] }
            },
        );
    for score in [FeatureScore::AnovaF, FeatureScore::MutualInformation { bins: 4 }] {
        let fitted = SelectBest::new(1).score(score).fit_supervised(&x, &y).expect("a fit");
        assert_eq!(fitted.scores()[0], 0.0, "{score:?}");
    }
    let single = x.map(|v| if v == 0.3 { 0.3f32 } else { v as f32 * (1.0 + 2e-6) });
    let fitted = SelectBest::new(1).fit_supervised(&single, &y).expect("a fit");
    assert_eq!(fitted.scores()[0], 0.0);
}

#[test]
fn moments_know_the_precision_of_their_rows() {
    let x = dmatrix![0.3f32, 1.0; 0.300_000_1, 2.0];
    let mut single = Moments::of(&x, None).expect("moments");
    assert_eq!(single.constant(), [true, false]);
    assert_eq!(Moments::from_bytes(&single.to_bytes().expect("bytes")).as_ref(), Ok(&single));
    single.update(&dmatrix![0.3, 1.0], None).expect("rows");
    assert_eq!(single.constant(), [true, false]);
    let double = Moments::of(&x.map(f64::from), None).expect("moments");
    assert_eq!(double.constant(), [false, false]);
    assert_eq!(double.scaler::<f32>().expect("a scaler").constant_columns(), [0]);
    assert!(double.scaler::<f64>().expect("a scaler").constant_columns().is_empty());
}

/// A variance below the range of the numbers is no reason to drop a column.
#[test]
fn tiny_columns_that_vary_are_kept() {
    let x = noisy::<f64>(1e-250, 0.5).insert_column(1, 0.1);
    assert_eq!(VarianceThreshold::new().fit(&x).expect("a fit").columns(), [0]);
}

#[test]
fn a_principal_component_is_no_rounding() {
    let x = dmatrix![1e-16, 0.3; 2e-16, 0.1 + 0.2; 4e-16, 0.3];
    let pca = Pca::new(2).whiten(true).fit(&x).expect("a fit");
    assert_eq!(pca.components().column(0), dmatrix![1.0; 0.0].column(0));
    let z = pca.transform(&x).expect("scores");
    assert_relative_eq!(z.column(0).norm_squared(), 3.0, max_relative = 1e-12);
    assert_eq!(z.column(1).amax(), 0.0);
}

/// Scalers of other systems know of no constant columns, as those of files of version 1.0.
#[test]
fn given_scalers_do_as_they_are_told() {
    let given = FittedStandardScaler::new(vec![0.3], vec![1.0]).expect("a scaler");
    assert!(given.constant_columns().is_empty());
    assert_eq!(given.transform(&dmatrix![0.1 + 0.2]).expect("rows"), dmatrix![(0.1 + 0.2) - 0.3]);
}

#[test]
fn rounding_is_not_outside_the_range() {
    let (x, y) = (dmatrix![0.3, 1.0; 0.3, 2.0; 0.3, 3.0; 0.1 + 0.2, 4.0], [0, 1, 0, 1]);
    for rows in [x.clone(), x.rows(0, 3).into_owned()] {
        let pipeline = Pipeline::new(StandardScaler::new(), LogisticRegression::new(Penalty::c(1.0)))
            .outside_range(OutsideRange::Refuse { beyond: 0.5 });
        let model = pipeline.fit(&rows, &y[..rows.nrows()]).expect("a fit");
        for near in [0.3f64.next_down(), 0.3, 0.1 + 0.2, (0.1f64 + 0.2).next_up()] {
            assert!(model.predict(&dmatrix![near, 2.0]).is_ok(), "{near}");
        }
        assert!(model.predict(&dmatrix![0.300_000_1, 2.0]).is_err());
    }
}
