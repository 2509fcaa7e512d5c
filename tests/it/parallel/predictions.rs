//! Predictions, transforms and what they learn from columns.

use std::fmt::Debug;

use logit::nalgebra::{DMatrix, DVector};
use logit::prelude::*;
use logit::preprocess::{
    FeatureScore, MaxAbsScaler, RobustScaler, SelectBest, TransformerOptions, VarianceThreshold,
};
use logit::{
    FittedLogistic, Imputer, LogisticRegression, MinMaxScaler, OneHotEncoder, Pca, Penalty, Real, Rng,
    StandardScaler,
};

use super::{on_any_number_of_threads, rows, weights};

/// So many rows that they are cut into several blocks, and none of them ends with the last row.
const ROWS: usize = 40_007;

fn given<T: Real>(columns: usize, classes: usize, seed: u64) -> FittedLogistic<T, usize> {
    let mut rng = Rng::new(seed);
    let width = if classes == 2 { 1 } else { classes };
    let coefficients = DMatrix::from_fn(columns, width, |_, _| T::of(rng.standard_normal()));
    let intercept = DVector::from_fn(width, |_, _| T::of(rng.standard_normal()));
    FittedLogistic::from_coefficients((0..classes).collect(), coefficients, intercept).unwrap()
}

/// A number that changes with any bit of the entries.
fn hash<T: Real>(x: &DMatrix<T>) -> u64 {
    let mix = |hash: u64, v: &T| (hash ^ v.as_f64().to_bits()).wrapping_mul(0x0100_0000_01b3).rotate_left(5);
    x.iter().fold(0xcbf2_9ce4_8422_2325, mix)
}

fn all_predictions<T: Real>(model: &FittedLogistic<T, usize>, x: &DMatrix<T>) {
    on_any_number_of_threads(|| hash(&model.decision_function(x).unwrap()));
    on_any_number_of_threads(|| hash(&model.predict_proba(x).unwrap()));
    on_any_number_of_threads(|| hash(&model.predict_log_proba(x).unwrap()));
    on_any_number_of_threads(|| model.predict(x));
    // Into columns that are apart.
    on_any_number_of_threads(|| {
        let classes = model.classes().len();
        let mut out = DMatrix::from_element(x.nrows() + 3, classes, T::zero());
        model.probabilities_into(x.into(), out.rows_mut(1, x.nrows()), &mut Default::default()).unwrap();
        hash(&out)
    });
}

#[test]
fn predictions_have_the_same_bits() {
    for (columns, classes) in [(12, 2), (3, 5)] {
        all_predictions(&given::<f32>(columns, classes, 1), &rows((ROWS, columns), 2, 1).0);
        all_predictions(&given::<f64>(columns, classes, 2), &rows((ROWS, columns), 2, 2).0);
    }
    // A column that is far from the origin.
    let (mut x, y) = rows::<f64>((ROWS, 2), 2, 3);
    x.column_mut(1).iter_mut().for_each(|v| *v += 1e9);
    let few = x.rows(0, 200).into_owned();
    let model = LogisticRegression::new(Penalty::c(1.0)).fit(&few, &y[..200]).unwrap();
    all_predictions(&model, &x);
}

#[test]
fn the_first_row_that_overflows_is_named() {
    let model = given::<f64>(12, 2, 4);
    let (mut x, _) = rows::<f64>((ROWS, 12), 2, 4);
    for row in [ROWS - 1, 30_000, 20_000] {
        for column in 0..12 {
            x[(row, column)] = f64::MAX.copysign(model.coefficients()[(column, 0)]);
        }
        let text = on_any_number_of_threads(|| model.predict_proba(&x));
        assert!(text.starts_with(&format!("Err(the score of row {row} overflows")), "{text}");
        assert_eq!(on_any_number_of_threads(|| model.predict(&x)), text);
    }
    x[(35_000, 1)] = f64::NAN;
    let text = on_any_number_of_threads(|| model.predict_proba(&x));
    assert!(text.starts_with("Err(column 1 of `x` is not finite at row 35000"), "{text}");
}

/// What a transformer learns, and the rows that it makes.
fn all_of<T: Real, P: Transformer<T>>(transformer: &P, x: &DMatrix<T>, y: &[usize], w: &[T])
where
    P::Fitted: Debug,
{
    let classes = y.iter().max().unwrap() + 1;
    let options = || TransformerOptions::new().classes(y, classes);
    let plain = on_any_number_of_threads(|| transformer.fit_with(x, options()));
    assert!(plain.starts_with("Ok("), "{}", plain.chars().take(300).collect::<String>());
    on_any_number_of_threads(|| transformer.fit_with(x, options().weights(w)));
    let fitted = transformer.fit_with(x, options()).unwrap();
    let z = fitted.transform(x).unwrap();
    on_any_number_of_threads(|| hash(&fitted.transform(x).unwrap()));
    on_any_number_of_threads(|| hash(&fitted.transform_owned(x.clone()).unwrap()));
    on_any_number_of_threads(|| fitted.inverse_transform(&z).map(|x| hash(&x)));
}

fn transformers<T: Real>(seed: u64) {
    let (x, y) = rows::<T>((10_007, 21), 3, seed);
    let w = weights::<T>(10_007);
    all_of(&StandardScaler::new(), &x, &y, &w);
    all_of(&MinMaxScaler::new(), &x, &y, &w);
    all_of(&MaxAbsScaler::new(), &x, &y, &w);
    all_of(&RobustScaler::new(), &x, &y, &w);
    all_of(&VarianceThreshold::new(), &x, &y, &w);
    all_of(&Pca::new(3), &x, &y, &w);
    all_of(&Imputer::mean(), &x, &y, &w);
    all_of(&Imputer::median(), &x, &y, &w);
    let best = SelectBest::new(4);
    on_any_number_of_threads(|| {
        best.fit_with(&x, TransformerOptions::new().classes(&y, 3).weights(&w)).unwrap()
    });
    let best = best.score(FeatureScore::MutualInformation { bins: 7 });
    on_any_number_of_threads(|| best.fit_with(&x, TransformerOptions::new().classes(&y, 3)).unwrap());
    let coded = x.columns(0, 4).map(|v| T::of((v.as_f64() * 2.0).round()));
    on_any_number_of_threads(|| OneHotEncoder::new().fit(&coded).unwrap());
}

#[test]
fn transformers_learn_the_same_bits() {
    transformers::<f32>(5);
    transformers::<f64>(6);
}

/// Entries that are not finite in several columns: the first in row order is named.
#[test]
fn transformers_name_the_same_entry() {
    let (mut x, _) = rows::<f64>((10_007, 21), 3, 7);
    let scaler = StandardScaler::new().fit(&x).unwrap();
    let (pca, minimum) = (Pca::new(2).fit(&x).unwrap(), MinMaxScaler::new().fit(&x).unwrap());
    for (row, column) in [(9_000, 2), (8_999, 20), (4_500, 11), (4_500, 3)] {
        x[(row, column)] = f64::INFINITY;
        let named = format!("Err(column {column} of `x` is not finite at row {row} ");
        for text in [
            on_any_number_of_threads(|| StandardScaler::new().fit(&x)),
            on_any_number_of_threads(|| RobustScaler::new().fit(&x)),
            on_any_number_of_threads(|| Imputer::mean().fit(&x)),
            on_any_number_of_threads(|| scaler.transform(&x)),
            on_any_number_of_threads(|| scaler.transform_owned(x.clone())),
            on_any_number_of_threads(|| minimum.transform(&x)),
            on_any_number_of_threads(|| pca.transform(&x)),
        ] {
            assert!(text.starts_with(&named), "{}", text.chars().take(300).collect::<String>());
        }
    }
}
