//! An estimate of the decrement by conjugate gradients, where the second derivative is too large to form.

use super::{Certified, NEAR};
use crate::linear::triangle::Triangle;
use crate::optim::HessianProduct;
use crate::scalar::{Real, all_finite, axpy, dot};

/// The maximum number of products for one decrement.
const PRODUCTS: usize = 500;

/// The part of the squared decrement that conjugate gradients may leave: the step then reduces the decrement
/// by a factor of about three thousand.
const LEFT: f64 = 1e-7;

impl<T: Real> Certified<'_, '_, T> {
    /// Estimates the decrement by conjugate gradients, and returns the step that they find.
    ///
    /// The sum over the steps grows towards the square of the decrement. The rest is estimated from the
    /// residual and the smallest curvature seen, which also serves for points nearby. The sum is a lower
    /// bound, so the iteration ends early where it is above the square of `limit`.
    pub(super) fn by_products(&mut self, params: &[T], gradient: &[T], limit: f64) -> Option<(f64, Vec<T>)> {
        let triangle = self.objective.coordinates.preconditioner().cloned();
        let slopes = self.objective.slopes.len();
        let mut residual = gradient.to_vec();
        let mut descent = divided(&triangle, slopes, &residual);
        let mut squared = dot(&residual, &descent).as_f64();
        if let Some((point, longest)) = &self.flattest {
            let length = (longest * squared).sqrt();
            if length <= self.tolerance && self.objective.score_change(point, params) <= NEAR {
                return Some((length, vec![T::zero(); params.len()]));
            }
        }
        self.objective.linearize(params);
        let mut step = vec![T::zero(); params.len()];
        let mut product = step.clone();
        let mut conjugate = descent.clone();
        let (mut sum, mut longest) = (0.0, 0.0f64);
        for _ in 0..PRODUCTS {
            let done = sum > 0.0 && longest * squared <= LEFT * sum;
            if done || squared <= 0.0 {
                break;
            }
            if sum.sqrt() > limit {
                return all_finite(&step).then(|| (sum.sqrt(), step));
            }
            self.objective.hessian_product(&conjugate, &mut product);
            let length = squared / dot(&conjugate, &product).as_f64();
            if !(length > 0.0 && length.is_finite() && squared.is_finite()) {
                return None;
            }
            axpy(T::of(length), &conjugate, &mut step);
            axpy(T::of(-length), &product, &mut residual);
            sum += length * squared;
            longest = longest.max(length);
            descent = divided(&triangle, slopes, &residual);
            let next = dot(&residual, &descent).as_f64();
            let turn = T::of(next / squared);
            conjugate.iter_mut().zip(&descent).for_each(|(p, &z)| *p = z + turn * *p);
            squared = next;
        }
        self.flattest = Some((params.to_vec(), longest));
        let length = (sum + longest * squared.max(0.0)).sqrt();
        (length.is_finite() && all_finite(&step)).then_some((length, step))
    }
}

/// Returns (RᵀR)⁻¹ times a vector, for each score column; intercepts stay.
fn divided<T: Real>(triangle: &Option<Triangle<T>>, slopes: usize, vector: &[T]) -> Vec<T> {
    let mut vector = vector.to_vec();
    if let Some(triangle) = triangle {
        triangle.solve_transposed(&mut vector[..slopes]);
        triangle.solve(&mut vector[..slopes]);
    }
    vector
}
