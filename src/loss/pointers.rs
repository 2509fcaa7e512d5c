//! Losses behind pointers, so that a `Box<dyn Loss<T>>` can be used like any other loss.

use std::sync::Arc;

use nalgebra::DMatrix;

use super::{Gradient, Link, Loss, Targets};
use crate::error::Error;
use crate::scalar::Real;

macro_rules! delegate {
    ($($pointer:ty),*) => {$(
        impl<T: Real, L: Loss<T> + ?Sized> Loss<T> for $pointer {
            fn score_columns(&self, classes: usize) -> usize {
                (**self).score_columns(classes)
            }
            fn describe(&self) -> String {
                (**self).describe()
            }
            fn check(&self, targets: Targets<'_, T>) -> Result<(), Error> {
                (**self).check(targets)
            }
            fn check_parameters(&self, columns: usize) -> Result<(), Error> {
                (**self).check_parameters(columns)
            }
            fn accumulate(
                &self,
                scores: &DMatrix<T>,
                targets: Targets<'_, T>,
                weights: Option<&[T]>,
                gradient: Option<Gradient<'_, T>>,
            ) -> f64 {
                (**self).accumulate(scores, targets, weights, gradient)
            }
            fn link(&self, columns: usize) -> Link {
                (**self).link(columns)
            }
            fn probabilities(&self, scores: &DMatrix<T>, out: &mut DMatrix<T>) {
                (**self).probabilities(scores, out);
            }
            fn curvature(
                &self,
                scores: &DMatrix<T>,
                targets: Targets<'_, T>,
                row: usize,
                out: &mut DMatrix<T>,
            ) -> bool {
                (**self).curvature(scores, targets, row, out)
            }
            fn mean(
                &self,
                scores: &DMatrix<T>,
                targets: Targets<'_, T>,
                weights: Option<&[T]>,
            ) -> Result<f64, Error> {
                (**self).mean(scores, targets, weights)
            }
            fn mean_and_gradient(
                &self,
                scores: &DMatrix<T>,
                targets: Targets<'_, T>,
                weights: Option<&[T]>,
                gradient: &mut DMatrix<T>,
            ) -> Result<f64, Error> {
                (**self).mean_and_gradient(scores, targets, weights, gradient)
            }
        }
    )*};
}

delegate!(&L, Box<L>, Arc<L>);
