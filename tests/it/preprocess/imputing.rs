//! Missing values.

use logit::nalgebra::dmatrix;
use logit::prelude::*;
use logit::preprocess::TransformerOptions;
use logit::{Error, Imputer, LogisticRegression, Penalty, Pipeline, StandardScaler};

const NAN: f64 = f64::NAN;

#[test]
fn each_rule_fills_in_what_it_says() {
    let x = dmatrix![1.0, 5.0; 2.0, NAN; 2.0, 5.0; NAN, 1.0; 7.0, 1.0];
    let filled = |imputer: Imputer| {
        imputer.fit(&x).expect("a fit").transform(&dmatrix![NAN, NAN; 3.0, 4.0]).expect("rows")
    };
    assert_eq!(filled(Imputer::mean()), dmatrix![3.0, 3.0; 3.0, 4.0]);
    assert_eq!(filled(Imputer::median()), dmatrix![2.0, 3.0; 3.0, 4.0]);
    assert_eq!(filled(Imputer::most_frequent()), dmatrix![2.0, 1.0; 3.0, 4.0]);
    assert_eq!(filled(Imputer::constant(-9.0)), dmatrix![-9.0, -9.0; 3.0, 4.0]);
    let indicated = Imputer::mean().indicators(true).fit(&x).expect("a fit");
    assert_eq!(indicated.transform(&dmatrix![NAN, 4.0]).expect("a row"), dmatrix![3.0, 4.0, 1.0, 0.0]);
    assert_eq!(
        indicated.output_names(&["a".into(), "b".into()]).expect("names"),
        ["a", "b", "a missing", "b missing"]
    );
}

#[test]
fn indicators_are_of_columns_with_missing_training_values() {
    let fitted =
        Imputer::mean().indicators(true).fit(&dmatrix![1.0, NAN, 3.0; 2.0, 5.0, 3.0]).expect("a fit");
    assert_eq!(fitted.indicated(), [1]);
    // What is missing elsewhere later is filled in without one.
    assert_eq!(fitted.transform(&dmatrix![NAN, 4.0, 1.0]).expect("a row"), dmatrix![1.5, 4.0, 1.0, 0.0]);
}

#[test]
fn a_column_without_values_is_an_error_that_names_it() {
    let x = dmatrix![1.0, NAN; 2.0, NAN];
    for imputer in [Imputer::mean(), Imputer::median(), Imputer::most_frequent()] {
        assert_eq!(imputer.fit(&x).expect_err("an error"), Error::NothingToImpute { column: 1, name: None });
    }
    assert!(Imputer::constant(0.0).fit(&x).is_ok());
    // Rows of weight 0 are not there.
    let half = dmatrix![1.0, NAN; 2.0, 5.0];
    assert!(Imputer::mean().fit_with(&half, TransformerOptions::new().weights(&[1.0, 0.0])).is_err());
    assert!(Imputer::constant(NAN).fit(&half).is_err());
}

#[test]
fn a_chain_with_an_imputer_leads_back() {
    let x = dmatrix![1.0, 5.0; 2.0, NAN; 6.0, 1.0];
    let chain = (Imputer::mean(), StandardScaler::new()).fit(&x).expect("a fit");
    let back = chain.inverse_transform(&chain.transform(&x).expect("rows")).expect("rows");
    approx::assert_relative_eq!(back, dmatrix![1.0, 5.0; 2.0, 3.0; 6.0, 1.0], max_relative = 1e-14);
    let marked = Imputer::mean().indicators(true).fit(&x).expect("a fit");
    let back = marked.inverse_transform(&marked.transform(&x).expect("rows")).expect("rows");
    assert!(back.iter().zip(&x).all(|(a, b)| a == b || a.is_nan() && b.is_nan()), "{back}");
    assert!(marked.inverse_transform(&dmatrix![1.0, 2.0]).is_err());
}

#[test]
fn missing_values_need_an_imputer() {
    let (x, y) = (dmatrix![1.0; NAN; 3.0; 4.0], [0, 0, 1, 1]);
    let model = LogisticRegression::new(Penalty::c(1.0));
    let without = Pipeline::new(StandardScaler::new(), model.clone()).fit(&x, &y).expect_err("NaN");
    assert!(matches!(without.cause(), Error::NotFinite { row: 1, column: 0, .. }), "{without}");
    let with = Pipeline::new((Imputer::mean(), StandardScaler::new()), model).fit(&x, &y).expect("a fit");
    assert!(with.range_report(&dmatrix![NAN; 2.0]).expect("a report").is_inside());
}
