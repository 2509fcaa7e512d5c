//! Predictions of linear models, and transformations of rows.

use std::hint::black_box;

use benches::normal;
use logit::prelude::*;
use logit::{FittedLogistic, LogisticRegression, Pca, Penalty, Pipeline, Real, Rng, Scratch, StandardScaler};
use nalgebra::{DMatrix, dvector};

use crate::{Work, work};

pub const WORK: [Work; 9] = [
    work("predict logistic 50, f32, 20,000 rows", [1, 4], "row", 20_000, many_rows::<f32>),
    work("predict logistic 50, f64, 20,000 rows", [1, 4], "row", 20_000, many_rows::<f64>),
    work("predict logistic 50, f32, one row", [100, 600], "row", 1, one_row::<f32>),
    work("predict scaler and logistic 50, f64, one row", [100, 600], "row", 1, pipeline),
    work("fit standard scaler, f64, 20,000 x 50", [1, 4], "entry", 1_000_000, fit_scaler),
    work("transform standard scaler, f64, 20,000 x 50", [1, 4], "entry", 1_000_000, transform_scaler),
    work("fit 20 of 100 components, f64, 2,000 rows", [1, 3], "fit", 1, fit_components),
    work("transform 20 of 100 components, f64, 2,000 rows", [1, 4], "row", 2_000, transform_components),
    work("transform 20 of 100 components, f64, one row", [100, 600], "row", 1, transform_component_row),
];

fn logistic<T: Real>(rng: &mut Rng) -> FittedLogistic<T, bool> {
    let weights = normal(50, 1, rng);
    FittedLogistic::from_coefficients(vec![false, true], weights, dvector![T::of(0.5)]).expect("a model")
}

fn many_rows<T: Real>(times: usize) {
    let mut rng = Rng::new(1);
    let (model, x) = (logistic::<T>(&mut rng), normal::<T>(20_000, 50, &mut rng));
    for _ in 0..times {
        black_box(model.predict_proba(black_box(&x)).expect("probabilities"));
    }
}

fn one_row<T: Real>(times: usize) {
    let mut rng = Rng::new(1);
    let (model, x) = (logistic::<T>(&mut rng), normal::<T>(50, 1, &mut rng));
    let (mut out, mut scratch) = ([T::zero(); 2], Scratch::new());
    for _ in 0..times {
        model.probabilities_row(black_box(x.as_slice()), &mut out, &mut scratch).expect("probabilities");
        black_box(&out);
    }
}

fn pipeline(times: usize) {
    let mut rng = Rng::new(1);
    let x: DMatrix<f64> = normal(200, 50, &mut rng);
    let y: Vec<bool> = x.column(0).iter().map(|x| x + rng.standard_normal() > 0.0).collect();
    let model = LogisticRegression::new(Penalty::c(1.0)).max_iterations(1);
    let fitted = Pipeline::new(StandardScaler::new(), model).fit(&x, &y).expect("a fit");
    let row: Vec<f64> = x.row(0).iter().copied().collect();
    let (mut out, mut scratch) = ([0.0; 2], Scratch::new());
    for _ in 0..times {
        fitted.probabilities_row(black_box(&row), &mut out, &mut scratch).expect("probabilities");
        black_box(&out);
    }
}

fn fit_scaler(times: usize) {
    let x: DMatrix<f64> = normal(20_000, 50, &mut Rng::new(1));
    for _ in 0..times {
        black_box(StandardScaler::new().fit(black_box(&x)).expect("a fit"));
    }
}

fn transform_scaler(times: usize) {
    let x: DMatrix<f64> = normal(20_000, 50, &mut Rng::new(1));
    let few = x.rows(0, 100).into_owned();
    let scaler = StandardScaler::new().fit(&few).expect("a fit");
    for _ in 0..times {
        black_box(scaler.transform(black_box(&x)).expect("rows"));
    }
}

fn fit_components(times: usize) {
    let x: DMatrix<f64> = normal(2_000, 100, &mut Rng::new(1));
    for _ in 0..times {
        black_box(Pca::new(20).fit(black_box(&x)).expect("a fit"));
    }
}

fn transform_components(times: usize) {
    let x: DMatrix<f64> = normal(2_000, 100, &mut Rng::new(1));
    let pca = Pca::new(20).fit(&x).expect("a fit");
    for _ in 0..times {
        black_box(pca.transform(black_box(&x)).expect("rows"));
    }
}

fn transform_component_row(times: usize) {
    let x: DMatrix<f64> = normal(200, 100, &mut Rng::new(1));
    let pca = Pca::new(20).fit(&x).expect("a fit");
    let row: Vec<f64> = x.row(0).iter().copied().collect();
    let (mut out, mut scratch) = ([0.0; 20], Scratch::new());
    for _ in 0..times {
        pca.transform_row(black_box(&row), &mut out, &mut scratch).expect("a row");
        black_box(&out);
    }
}
