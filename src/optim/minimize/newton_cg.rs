//! Truncated Newton: Newton directions by conjugate gradients, without forming the Hessian.

use std::ops::ControlFlow;

use super::conjugate_gradients::ConjugateGradients;
use super::descent::{Descent, Directions};
use super::effort::Effort;
use super::run::{Point, Stop};
use super::{HessianProduct, MinimizeResult};
use crate::check;
use crate::error::Error;
use crate::report::Observer;
use crate::scalar::Real;
use crate::scalar::dot;

/// Truncated Newton with conjugate gradients, for convex objectives with many parameters.
///
/// It uses products of the Hessian with vectors instead of the Hessian: n numbers of memory, where
/// [`Newton`](crate::optim::Newton) needs n^2. An iteration usually costs one evaluation and several
/// products, only a few of them far from the optimum.
///
/// # Method
/// Solves H d = -g by conjugate gradients until ‖H d + g‖ <= η ‖g‖, then runs a strong-Wolfe line search from
/// the full step (Dembo, Eisenstat and Steihaug 1982; Nocedal and Wright 2006, algorithm 7.1). The forcing
/// term η = 0.9 (‖g‖ / ‖g before‖)^2 is at most 1/2, and not much below the square of the one before, so
/// convergence is superlinear (Eisenstat and Walker 1996, choice 2). In the last iteration, a residual of
/// half the tolerance is enough. The inner iteration ends early at a direction without positive curvature or
/// a product that is not finite. It then returns its current solution, or the negative gradient if it has
/// none.
///
/// # Examples
/// ```
/// use logit::optim::{Evaluation, HessianProduct, NewtonCg, Objective};
///
/// /// Σ exp(x_i) - i x_i, smallest at x_i = ln i.
/// struct Valleys {
///     curvatures: Vec<f64>,
/// }
/// impl Objective<f64> for Valleys {
///     fn parameter_count(&self) -> usize {
///         self.curvatures.len()
///     }
///     fn evaluate(&mut self, x: &[f64], gradient: &mut [f64]) -> Evaluation {
///         let mut value = 0.0;
///         for (i, (x, g)) in (1..).zip(x.iter().zip(&mut *gradient)) {
///             *g = x.exp() - f64::from(i);
///             value += x.exp() - f64::from(i) * x;
///         }
///         Evaluation::of(value, gradient)
///     }
/// }
/// impl HessianProduct<f64> for Valleys {
///     fn linearize(&mut self, x: &[f64]) {
///         self.curvatures = x.iter().map(|x| x.exp()).collect();
///     }
///     fn hessian_product(&mut self, vector: &[f64], out: &mut [f64]) {
///         for ((out, v), c) in out.iter_mut().zip(vector).zip(&self.curvatures) {
///             *out = c * v;
///         }
///     }
/// }
///
/// let mut valleys = Valleys { curvatures: vec![0.0; 1000] };
/// let minimum =
///     NewtonCg::new().tolerance(1e-10).minimize(&mut valleys, vec![0.0; 1000])?;
/// assert!(minimum.report.converged());
/// assert!((minimum.params[999] - 1000f64.ln()).abs() < 1e-12);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NewtonCg {
    stop: Stop,
    max_products: usize,
}

impl Default for NewtonCg {
    fn default() -> Self {
        NewtonCg { stop: Stop::after(200), max_products: 500 }
    }
}

impl NewtonCg {
    /// Creates truncated Newton with default settings.
    pub fn new() -> Self {
        NewtonCg::default()
    }

    /// Sets the tolerance on the objective's optimality (by default the largest absolute entry of its
    /// gradient), above 0. Defaults to [`Real::TOLERANCE`]: 1e-8 for `f64`, 1e-5 for `f32`.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.stop.tolerance = Some(tolerance);
        self
    }

    /// Sets the maximum number of iterations; 0 returns the starting point. Defaults to 200.
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.stop.max_iterations = max_iterations;
        self
    }

    /// Sets the maximum number of Hessian products in one iteration, at least 1. Defaults to 500.
    pub fn max_products(mut self, max_products: usize) -> Self {
        self.max_products = max_products;
        self
    }

    /// Minimises `objective` from `start`.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if a setting is out of range, [`Error::ShapeMismatch`] if `start`
    /// has the wrong length, and [`Error::NotFinite`] if `start` is not finite.
    pub fn minimize<T: Real, O: HessianProduct<T> + ?Sized>(
        &self,
        objective: &mut O,
        start: Vec<T>,
    ) -> Result<MinimizeResult<T>, Error> {
        self.minimize_observed(objective, start, &mut |_| ControlFlow::Continue(()))
    }

    /// Minimises `objective` from `start`, and calls `observer`, which can stop the run, after each
    /// iteration.
    ///
    /// # Errors
    /// Returns the errors of [`minimize`](NewtonCg::minimize).
    pub fn minimize_observed<T: Real, O: HessianProduct<T> + ?Sized>(
        &self,
        objective: &mut O,
        start: Vec<T>,
        observer: &mut Observer<'_>,
    ) -> Result<MinimizeResult<T>, Error> {
        self.stop.check()?;
        check::parameter("max_products", self.max_products as f64, self.max_products > 0, "at least 1")?;
        let size = start.len();
        let directions = ConjugateGradients::new(size, self.stop.tolerance::<T>(), self.max_products);
        self.stop.run(objective, start, observer, Descent::new(size, directions))
    }
}

impl<T: Real, O: HessianProduct<T> + ?Sized> Directions<T, O> for ConjugateGradients<T> {
    fn direction(
        &mut self,
        objective: &mut O,
        point: &Point<T>,
        direction: &mut [T],
        effort: &mut Effort<'_>,
    ) -> f64 {
        objective.linearize(&point.params);
        let product = |vector: &[T], out: &mut [T]| objective.hessian_product(vector, out);
        self.solve(point, direction, effort, product, None);
        let slope = dot(&point.gradient, direction);
        if slope < T::zero() && slope.is_finite() {
            return 1.0;
        }
        for (d, &g) in direction.iter_mut().zip(&point.gradient) {
            *d = -g;
        }
        self.norm().max(1.0).recip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::{Evaluation, Objective};
    use crate::report::{Progress, StopReason};

    /// Σ i⁴ x_i² / 2 - Σ x_i: conjugate gradients need many products.
    struct Ellipse {
        products: usize,
    }
    impl Objective<f64> for Ellipse {
        fn parameter_count(&self) -> usize {
            200
        }
        fn evaluate(&mut self, x: &[f64], gradient: &mut [f64]) -> Evaluation {
            let value = (1..).zip(x.iter().zip(&mut *gradient)).map(|(i, (x, g))| {
                let c = f64::from(i).powi(4);
                *g = c * x - 1.0;
                0.5 * c * x * x - x
            });
            let value = value.sum();
            Evaluation::of(value, gradient)
        }
    }
    impl HessianProduct<f64> for Ellipse {
        fn linearize(&mut self, _: &[f64]) {}
        fn hessian_product(&mut self, vector: &[f64], out: &mut [f64]) {
            self.products += 1;
            (1..).zip(out.iter_mut().zip(vector)).for_each(|(i, (out, v))| *out = f64::from(i).powi(4) * v);
        }
    }

    #[test]
    fn an_observer_ends_an_iteration() {
        let mut ellipse = Ellipse { products: 0 };
        let run = NewtonCg::new().tolerance(1e-12);
        let end = &mut |progress: &Progress| {
            if progress.iteration == 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        run.minimize_observed(&mut ellipse, vec![0.0; 200], end).unwrap();
        let whole = std::mem::take(&mut ellipse.products);
        assert!(whole > 40, "{whole} products");
        let end = &mut |_: &Progress| ControlFlow::Break(());
        let report = run.minimize_observed(&mut ellipse, vec![0.0; 200], end).unwrap().report;
        assert_eq!((report.stop, report.iterations), (StopReason::Cancelled, 0));
        assert!(ellipse.products < 40, "{} products", ellipse.products);
    }
}
