//! Newton directions by conjugate gradients: the inner iteration of truncated Newton methods.

use super::effort::Effort;
use super::run::Point;
use crate::scalar::Real;
use crate::scalar::{axpy, dot, max_abs};

/// Divides a vector by the preconditioner.
pub(super) type Divide<'a, T> = &'a dyn Fn(&mut [T]);

/// The inner iteration, and its memory from one direction to the next.
pub(super) struct ConjugateGradients<T> {
    tolerance: f64,
    max_products: usize,
    forcing: f64,
    previous_norm: f64,
    /// The residual that the preconditioner alone left when it was measured last, relative to the gradient.
    alone: f64,
    residual: Vec<T>,
    /// The residual, divided by the preconditioner.
    divided: Vec<T>,
    conjugate: Vec<T>,
    product: Vec<T>,
}

/// The largest forcing term, which is also the first.
const LOOSEST: f64 = 0.5;
/// γ of Eisenstat and Walker: the factor of the squared reduction of the gradient in the forcing term.
const REDUCTION: f64 = 0.9;
/// The threshold of the safeguard: if γ times the square of the forcing term is above it, the next one is at
/// least that large.
const SAFEGUARD: f64 = 0.1;
/// The fraction of the tolerance that the last linear system may leave. The rest allows for changes of the
/// curvature.
const LAST: f64 = 0.5;

impl<T: Real> ConjugateGradients<T> {
    pub(super) fn new(parameters: usize, tolerance: f64, max_products: usize) -> Self {
        let zeros = vec![T::zero(); parameters];
        ConjugateGradients {
            tolerance,
            max_products,
            forcing: LOOSEST,
            previous_norm: 0.0,
            alone: LOOSEST,
            residual: zeros.clone(),
            divided: zeros.clone(),
            conjugate: zeros.clone(),
            product: zeros,
        }
    }

    /// Returns the norm of the gradient at the last point, in the metric of the preconditioner.
    pub(super) fn norm(&self) -> f64 {
        self.previous_norm
    }

    /// Returns the forcing term, the required reduction of the residual relative to the gradient, whose norm
    /// is now `norm`.
    fn force(&mut self, norm: f64) -> f64 {
        let ratio = norm / self.previous_norm;
        let kept = REDUCTION * self.forcing * self.forcing;
        let hoped = REDUCTION * ratio * ratio;
        // Given NaN and a number, `min` returns the number.
        self.forcing = if kept > SAFEGUARD { hoped.max(kept) } else { hoped }.min(LOOSEST);
        self.previous_norm = norm;
        self.forcing
    }

    /// Writes an approximate solution of H d = -g to `direction`, starting from zero. `product` multiplies by
    /// H; `divide` divides by a positive definite matrix close to H, if there is one.
    ///
    /// While that matrix alone meets the forcing term, as last measured, and the gradient falls fast, its
    /// solution is taken without a product. The solution is zero if H has no positive curvature along the
    /// first direction.
    pub(super) fn solve(
        &mut self,
        point: &Point<T>,
        direction: &mut [T],
        effort: &mut Effort<'_>,
        mut product: impl FnMut(&[T], &mut [T]),
        divide: Option<Divide<'_, T>>,
    ) {
        direction.fill(T::zero());
        self.residual.copy_from_slice(&point.gradient);
        let mut squared = self.divide_residual(divide);
        let norm = squared.as_f64().sqrt();
        let falls = self.previous_norm == 0.0 || norm <= LOOSEST * self.previous_norm;
        let forcing = self.force(norm);
        let share = LAST * self.tolerance / point.optimality();
        // The residual is measured as the gradient is: by its largest entry, or in the preconditioner's norm.
        let largest = share * max_abs(&point.gradient);
        let enough = if divide.is_some() { forcing.max(share) } else { forcing };
        let small = enough * norm;
        for (p, &z) in self.conjugate.iter_mut().zip(&self.divided) {
            *p = -z;
        }
        if divide.is_some() && falls && self.alone <= enough {
            return direction.copy_from_slice(&self.conjugate);
        }
        // The squared length of the direction in the metric of the preconditioner.
        let mut span = squared;
        let mut steepest = T::zero();
        for count in 0..self.max_products {
            if !effort.spend(1.0) {
                return;
            }
            product(&self.conjugate, &mut self.product);
            if divide.is_some() && count == 0 {
                axpy(T::one(), &self.product, &mut self.residual);
                self.alone = self.divide_residual(divide).as_f64().sqrt() / norm;
                self.residual.copy_from_slice(&point.gradient);
            }
            let curvature = dot(&self.conjugate, &self.product);
            let quotient = curvature / span;
            if quotient > steepest {
                steepest = quotient;
            }
            // A curvature below the rounding error of the largest one seen counts as zero.
            let curved = quotient > T::EPSILON * steepest && quotient.is_finite();
            let length = squared / curvature;
            if !curved || !length.is_finite() {
                return;
            }
            axpy(length, &self.conjugate, direction);
            axpy(length, &self.product, &mut self.residual);
            let next = self.divide_residual(divide);
            let met = next.as_f64().sqrt() <= small;
            let done = met || (divide.is_none() && max_abs(&self.residual) <= largest);
            if done || !next.is_finite() {
                return;
            }
            let turn = next / squared;
            for (p, &z) in self.conjugate.iter_mut().zip(&self.divided) {
                *p = turn * *p - z;
            }
            span = next + turn * turn * span;
            squared = next;
        }
    }

    /// Divides the residual, and returns the square of its norm in the metric of the preconditioner.
    fn divide_residual(&mut self, divide: Option<Divide<'_, T>>) -> T {
        self.divided.copy_from_slice(&self.residual);
        if let Some(divide) = divide {
            divide(&mut self.divided);
        }
        dot(&self.residual, &self.divided)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forcing_falls_with_the_gradient_and_recovers_with_it() {
        let mut inner = ConjugateGradients::<f64>::new(1, 1e-8, 1);
        assert_eq!(inner.force(8.0), 0.5, "nothing to compare with");
        assert_eq!(inner.force(0.8), 0.9 * 0.25, "not below the square of the one before");
        approx::assert_relative_eq!(inner.force(0.08), 0.009, max_relative = 1e-14);
        approx::assert_relative_eq!(inner.force(8e-5), 0.9e-6, max_relative = 1e-14);
        assert_eq!(inner.force(0.08), 0.5, "the gradient has grown");
        assert!(inner.force(f64::NAN) <= 0.5);
    }
}
