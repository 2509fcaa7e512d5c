//! Newton's method.

use std::ops::ControlFlow;

use nalgebra::{Cholesky, DMatrix, DVector};

use super::condition::condition;
use super::descent::{Descent, Directions};
use super::effort::Effort;
use super::lbfgs::History;
use super::run::{Point, Stop};
use super::{HasHessian, MinimizeResult};
use crate::check;
use crate::error::Error;
use crate::report::Observer;
use crate::scalar::Real;
use crate::scalar::all_finite;

/// Newton's method with a Cholesky factorisation, for convex objectives with few parameters.
///
/// It usually converges to full precision in five to ten iterations. Each iteration costs a Hessian and about
/// n^3/3 floating-point operations.
///
/// # Method
/// Solves (H + τD) d = -g, then runs a strong-Wolfe line search from the full step. D is the diagonal of H,
/// so the steps do not depend on the units of the parameters. τ is 0 while H is safely positive definite;
/// otherwise it grows from the rounding level (Marquardt 1963). If the Hessian is not
/// finite, the step follows the gradient. If the matrix is not the exact Hessian (see
/// [`HasHessian::is_exact`]), the L-BFGS recursion corrects it with the observed changes of the gradient;
/// scoring alone converges only linearly.
///
/// # Examples
/// ```
/// use nalgebra::DMatrix;
/// use logit::optim::{Evaluation, HasHessian, Newton, Objective};
///
/// /// exp(x) - 2 x, smallest at ln 2.
/// struct Valley;
/// impl Objective<f64> for Valley {
///     fn parameter_count(&self) -> usize {
///         1
///     }
///     fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
///         gradient[0] = p[0].exp() - 2.0;
///         Evaluation::of(p[0].exp() - 2.0 * p[0], gradient)
///     }
/// }
/// impl HasHessian<f64> for Valley {
///     fn hessian(&mut self, p: &[f64], hessian: &mut DMatrix<f64>) {
///         hessian[(0, 0)] = p[0].exp();
///     }
/// }
///
/// let minimum = Newton::new().tolerance(1e-14).minimize(&mut Valley, vec![0.0])?;
/// assert!((minimum.params[0] - std::f64::consts::LN_2).abs() < 1e-14);
/// # Ok::<(), logit::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Newton {
    stop: Stop,
}

impl Default for Newton {
    fn default() -> Self {
        Newton { stop: Stop::after(100) }
    }
}

impl Newton {
    /// Creates Newton's method with default settings.
    pub fn new() -> Self {
        Newton::default()
    }

    /// Sets the tolerance on the objective's optimality (by default the largest absolute entry of its
    /// gradient), above 0. Defaults to [`Real::TOLERANCE`]: 1e-8 for `f64`, 1e-5 for `f32`.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.stop.tolerance = Some(tolerance);
        self
    }

    /// Sets the maximum number of iterations; 0 returns the starting point. Defaults to 100.
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.stop.max_iterations = max_iterations;
        self
    }

    /// Minimises `objective` from `start`.
    ///
    /// # Errors
    /// Returns [`Error::InvalidParameter`] if a setting is out of range, [`Error::ShapeMismatch`] if `start`
    /// has the wrong length, [`Error::NotFinite`] if `start` is not finite, and [`Error::OutOfMemory`] if
    /// there is no memory for the second derivative.
    pub fn minimize<T: Real, O: HasHessian<T> + ?Sized>(
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
    /// Returns the errors of [`minimize`](Newton::minimize).
    pub fn minimize_observed<T: Real, O: HasHessian<T> + ?Sized>(
        &self,
        objective: &mut O,
        start: Vec<T>,
        observer: &mut Observer<'_>,
    ) -> Result<MinimizeResult<T>, Error> {
        self.stop.check()?;
        let history = (!objective.is_exact()).then(|| History::new(MEMORY));
        let size = start.len();
        check::second_derivative::<T>(size)?;
        let directions = Factored { hessian: DMatrix::zeros(size, size), used: false, history };
        self.stop.run(objective, start, observer, Descent::new(size, directions))
    }
}

struct Factored<T> {
    hessian: DMatrix<T>,
    /// Whether the Hessian was ever computed.
    used: bool,
    /// Past steps that correct a Hessian that is not exact.
    history: Option<History<T>>,
}

/// The number of steps remembered.
const MEMORY: usize = 20;

/// The number of dampings tried, each ten times the one before: from the rounding level to far beyond the
/// size of the Hessian.
const DAMPINGS: i32 = 24;

impl<T: Real, O: HasHessian<T> + ?Sized> Directions<T, O> for Factored<T> {
    fn direction(
        &mut self,
        objective: &mut O,
        point: &Point<T>,
        direction: &mut [T],
        _effort: &mut Effort<'_>,
    ) -> f64 {
        objective.hessian(&point.params, &mut self.hessian);
        self.used = true;
        let hessian = &self.hessian;
        match &mut self.history {
            Some(history) => history.correct(&point.gradient, direction, |_, vector| divide(hessian, vector)),
            None => {
                direction.iter_mut().zip(&point.gradient).for_each(|(d, &g)| *d = -g);
                divide(hessian, direction);
            }
        }
        1.0
    }

    fn learn(&mut self, from: &Point<T>, to: &Point<T>) {
        if let Some(history) = &mut self.history {
            history.remember(from, to);
        }
    }

    fn forget(&mut self) -> bool {
        self.history.as_mut().is_some_and(History::clear)
    }

    fn condition(&self) -> Option<f64> {
        self.used.then(|| condition(&self.hessian))
    }
}

/// Replaces `vector` by (H + τD)⁻¹ times it, with the smallest safe τ and the diagonal D of H. Leaves it
/// unchanged if there is none.
///
/// The matrix is scaled to have a unit diagonal, so the units of the parameters do not matter.
fn divide<T: Real>(hessian: &DMatrix<T>, vector: &mut [T]) {
    let largest = hessian.diagonal().iter().fold(T::zero(), |max, &h| if h > max { h } else { max });
    // The Cholesky factorisation reads only the lower triangle, and does not reject infinities.
    if !all_finite(hessian.as_slice()) || largest <= T::zero() {
        return;
    }
    let scale: Vec<T> =
        hessian.diagonal().iter().map(|&h| if h > T::zero() { h } else { largest }.sqrt().recip()).collect();
    let mut unit = hessian.clone();
    for (column, &s) in unit.as_mut_slice().chunks_exact_mut(scale.len()).zip(&scale) {
        column.iter_mut().zip(&scale).for_each(|(h, &t)| *h = *h * s * t);
    }
    let rounding = T::of(10.0 * hessian.nrows() as f64) * T::EPSILON;
    let mut scaled: Vec<T> = vector.iter().zip(&scale).map(|(&v, &s)| v * s).collect();
    for attempt in 0..DAMPINGS {
        let damping = if attempt == 0 { T::zero() } else { rounding * T::of(10f64.powi(attempt - 1)) };
        if solve(&unit, damping, rounding, &mut scaled) {
            vector.iter_mut().zip(&scaled).zip(&scale).for_each(|((v, &d), &s)| *v = d * s);
            return;
        }
    }
}

/// Overwrites `vector` with the solution d of (H + damping I) d = `vector`.
///
/// Returns `false`, and leaves `vector` unchanged, unless the matrix is positive definite by more than
/// `smallest` and the solution is finite.
fn solve<T: Real>(hessian: &DMatrix<T>, damping: T, smallest: T, vector: &mut [T]) -> bool {
    let mut damped = hessian.clone();
    for i in 0..damped.nrows() {
        damped[(i, i)] += damping;
    }
    let Some(factor) = Cholesky::new(damped) else { return false };
    if factor.l_dirty().diagonal().iter().any(|&pivot| pivot * pivot <= smallest) {
        return false;
    }
    let mut solution = DVector::from_column_slice(vector);
    factor.solve_mut(&mut solution);
    let finite = all_finite(solution.as_slice());
    if finite {
        vector.copy_from_slice(solution.as_slice());
    }
    finite
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::{Evaluation, Objective};

    /// ½ Σ c_i x_i² - x_i, with a Hessian that is off by a factor which differs from entry to entry.
    struct Crude;
    const CURVATURES: [f64; 4] = [1.0, 20.0, 300.0, 4000.0];

    impl Objective<f64> for Crude {
        fn parameter_count(&self) -> usize {
            4
        }
        fn evaluate(&mut self, x: &[f64], gradient: &mut [f64]) -> Evaluation {
            let terms = x.iter().zip(&mut *gradient).zip(CURVATURES);
            let value = terms.map(|((x, g), c)| (*g = c * x - 1.0, 0.5 * c * x * x - x).1).sum();
            Evaluation::of(value, gradient)
        }
    }
    impl HasHessian<f64> for Crude {
        fn hessian(&mut self, _x: &[f64], hessian: &mut DMatrix<f64>) {
            hessian.fill(0.0);
            (0..4).for_each(|i| hessian[(i, i)] = CURVATURES[i] * [1.0, 0.6, 1.8, 3.0][i]);
        }
        fn is_exact(&self) -> bool {
            false
        }
    }

    /// Scoring alone shrinks the error by two thirds at best in each iteration: 1e-12 would take some 60.
    #[test]
    fn what_was_seen_corrects_a_crude_hessian() {
        let minimum = Newton::new().tolerance(1e-12).minimize(&mut Crude, vec![5.0; 4]).unwrap();
        assert!(minimum.report.converged() && minimum.report.iterations <= 15, "{}", minimum.report);
        for (x, c) in minimum.params.iter().zip(CURVATURES) {
            approx::assert_relative_eq!(*x, 1.0 / c, max_relative = 1e-11);
        }
    }
}
