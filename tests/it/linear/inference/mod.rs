//! Inference: closed forms, weights, symmetries, profiles, intervals, effects and tables.

mod closed_forms;
mod effects;
mod limits;
mod profiles;
mod symmetries;
mod tables;
mod units;
mod weights;

use crate::common::overlapping;
use approx::assert_relative_eq;
use logit::linear::{Covariance, Inference, RowOptions};
use logit::prelude::*;
use logit::{ClassWeight, Error, FitOptions, FittedLogistic, LogisticRegression, Penalty};
use nalgebra::{DMatrix, dmatrix, dvector};

type Fit = FittedLogistic<f64, usize>;

fn rows<T: logit::Real>(weights: &[T]) -> RowOptions<'_, T> {
    RowOptions::new().weights(weights)
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
