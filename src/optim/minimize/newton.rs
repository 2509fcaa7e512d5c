//! Newton's method.

use std::ops::ControlFlow;

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::condition::condition;
use super::conjugate_gradients::ConjugateGradients;
use super::descent::{Descent, Directions};
use super::effort::Effort;
use super::lbfgs::History;
use super::run::{Point, Stop};
use super::{HasHessian, MinimizeResult};
use crate::check;
use crate::error::Error;
use crate::report::Observer;
use crate::scalar::Real;
use crate::scalar::{all_finite, dot};

/// Newton's method with a Cholesky factorisation, for convex objectives with few parameters.
///
/// It usually converges to full precision in five to ten iterations. Each iteration costs a Hessian and about
/// n^3/3 floating-point operations.
///
/// # Method
/// Solves (H + τD) d = -g, then runs a strong-Wolfe line search from the full step. D is the diagonal of H,
/// so the steps do not depend on the units of the parameters. τ is 0 while H is safely positive definite;
/// otherwise it grows from the rounding level (Marquardt 1963). If the Hessian is not finite, the step follows
/// the gradient.
///
/// If the matrix is not the exact Hessian (see [`HasHessian::is_exact`]), it preconditions conjugate gradients
/// on [exact products](HasHessian::exact_products), with the forcing term of
/// [`NewtonCg`](crate::optim::NewtonCg), so that convergence is superlinear. Its own direction is used while
/// that meets the forcing term, as last measured. Without products, the L-BFGS recursion corrects it with the
/// observed changes of the gradient.
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
        let size = start.len();
        check::second_derivative::<T>(size)?;
        let inner = || ConjugateGradients::new(size, self.stop.tolerance::<T>(), PRODUCTS);
        let correction = match (objective.is_exact(), objective.exact_products()) {
            (true, _) => Correction::None,
            (false, Some(_)) => Correction::Products(inner()),
            (false, None) => Correction::Steps(History::new(MEMORY)),
        };
        let directions = Factored { hessian: DMatrix::zeros(size, size), used: false, correction };
        self.stop.run(objective, start, observer, Descent::new(size, directions))
    }
}

struct Factored<T> {
    hessian: DMatrix<T>,
    /// Whether the Hessian was ever computed.
    used: bool,
    correction: Correction<T>,
}

/// What corrects the directions of a matrix that is not the exact Hessian.
enum Correction<T> {
    /// The matrix is exact.
    None,
    /// Conjugate gradients on exact products, preconditioned by the matrix.
    Products(ConjugateGradients<T>),
    /// Past steps, if there are no exact products.
    Steps(History<T>),
}

/// The number of steps remembered.
const MEMORY: usize = 20;

/// The largest number of exact products in one iteration.
const PRODUCTS: usize = 20;

/// The number of dampings tried, each ten times the one before: from the rounding level to far beyond the
/// size of the Hessian.
const DAMPINGS: i32 = 24;

impl<T: Real, O: HasHessian<T> + ?Sized> Directions<T, O> for Factored<T> {
    fn direction(
        &mut self,
        objective: &mut O,
        point: &Point<T>,
        direction: &mut [T],
        effort: &mut Effort<'_>,
    ) -> f64 {
        objective.hessian(&point.params, &mut self.hessian);
        self.used = true;
        let hessian = &self.hessian;
        if let Correction::Steps(history) = &mut self.correction {
            history.correct(&point.gradient, direction, |_, vector| {
                Damped::divide(hessian, vector);
            });
            return 1.0;
        }
        direction.iter_mut().zip(&point.gradient).for_each(|(d, &g)| *d = -g);
        let factor = Damped::divide(hessian, direction);
        let Correction::Products(inner) = &mut self.correction else { return 1.0 };
        if let (Some(factor), Some(products)) = (factor, objective.exact_products()) {
            let scoring = direction.to_vec();
            products.linearize(&point.params);
            let product = |vector: &[T], out: &mut [T]| products.hessian_product(vector, out);
            inner.solve(point, direction, effort, product, Some(&|vector| _ = factor.solve(vector)));
            let slope = dot(&point.gradient, direction);
            if !(slope < T::zero() && slope.is_finite()) {
                direction.copy_from_slice(&scoring);
            }
        }
        1.0
    }

    fn learn(&mut self, from: &Point<T>, to: &Point<T>) {
        if let Correction::Steps(history) = &mut self.correction {
            history.remember(from, to);
        }
    }

    fn forget(&mut self) -> bool {
        match &mut self.correction {
            Correction::Steps(history) => history.clear(),
            _ => false,
        }
    }

    fn condition(&self) -> Option<f64> {
        self.used.then(|| condition(&self.hessian))
    }
}

/// The Cholesky factor of H + τD, where D is the diagonal of H.
///
/// The matrix is scaled to have a unit diagonal, so the units of the parameters do not matter.
struct Damped<T: Real> {
    factor: Cholesky<T, Dyn>,
    /// The factors of the parameters that give H a unit diagonal.
    scale: Vec<T>,
}

impl<T: Real> Damped<T> {
    /// Replaces `vector` by (H + τD)⁻¹ times it, with the smallest safe τ, and returns the factor. Leaves it
    /// unchanged if there is none.
    fn divide(hessian: &DMatrix<T>, vector: &mut [T]) -> Option<Self> {
        let largest = hessian.diagonal().iter().fold(T::zero(), |max, &h| if h > max { h } else { max });
        // The Cholesky factorisation reads only the lower triangle, and does not reject infinities.
        if !all_finite(hessian.as_slice()) || largest <= T::zero() {
            return None;
        }
        let root = |&h: &T| if h > T::zero() { h } else { largest }.sqrt().recip();
        let scale: Vec<T> = hessian.diagonal().iter().map(root).collect();
        let mut unit = hessian.clone();
        for (column, &s) in unit.as_mut_slice().chunks_exact_mut(scale.len()).zip(&scale) {
            column.iter_mut().zip(&scale).for_each(|(h, &t)| *h = *h * s * t);
        }
        let rounding = T::of(10.0 * hessian.nrows() as f64) * T::EPSILON;
        for attempt in 0..DAMPINGS {
            let damping = if attempt == 0 { T::zero() } else { rounding * T::of(10f64.powi(attempt - 1)) };
            let Some(factor) = factor(&unit, damping, rounding) else { continue };
            let damped = Damped { factor, scale: scale.clone() };
            if damped.solve(vector) {
                return Some(damped);
            }
        }
        None
    }

    /// Replaces `vector` by (H + τD)⁻¹ times it. Returns whether the result is finite, and leaves `vector`
    /// unchanged if not.
    fn solve(&self, vector: &mut [T]) -> bool {
        let scaled = vector.iter().zip(&self.scale).map(|(&v, &s)| v * s);
        let mut solution = DVector::from_iterator(vector.len(), scaled);
        self.factor.solve_mut(&mut solution);
        let finite = all_finite(solution.as_slice());
        if finite {
            let scaled = solution.iter().zip(&self.scale).map(|(&d, &s)| d * s);
            vector.iter_mut().zip(scaled).for_each(|(v, d)| *v = d);
        }
        finite
    }
}

/// Returns the Cholesky factor of `hessian` + `damping` I, if it is positive definite by more than `smallest`.
fn factor<T: Real>(hessian: &DMatrix<T>, damping: T, smallest: T) -> Option<Cholesky<T, Dyn>> {
    let mut damped = hessian.clone();
    for i in 0..damped.nrows() {
        damped[(i, i)] += damping;
    }
    let factor = Cholesky::new(damped)?;
    let safe = factor.l_dirty().diagonal().iter().all(|&pivot| pivot * pivot > smallest);
    safe.then_some(factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::{Evaluation, HessianProduct, Objective};

    /// ½ Σ c_i x_i² - x_i, with a Hessian that is off by a factor which differs from entry to entry, and
    /// perhaps with exact products.
    struct Crude {
        exact: bool,
        products: usize,
    }
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
        fn exact_products(&mut self) -> Option<&mut dyn HessianProduct<f64>> {
            if self.exact { Some(self) } else { None }
        }
    }
    impl HessianProduct<f64> for Crude {
        fn linearize(&mut self, _x: &[f64]) {}
        fn hessian_product(&mut self, vector: &[f64], out: &mut [f64]) {
            self.products += 1;
            (0..4).for_each(|i| out[i] = CURVATURES[i] * vector[i]);
        }
    }

    /// What is left of the last column is 24 roundings. That is safe for two parameters, and not for three:
    /// ten roundings each.
    #[test]
    fn a_matrix_that_is_not_safely_definite_is_damped() {
        let nearly = 12.0 * f64::EPSILON;
        for (size, damping) in [(2, 0.0), (3, 30.0 * f64::EPSILON)] {
            let mut hessian = DMatrix::identity(size, size);
            (hessian[(1, 0)], hessian[(0, 1)]) = (1.0 - nearly, 1.0 - nearly);
            let mut vector = [1.0, -1.0, 0.0];
            assert!(Damped::divide(&hessian, &mut vector[..size]).is_some());
            approx::assert_relative_eq!(vector[0], 1.0 / (nearly + damping), max_relative = 0.1);
            approx::assert_relative_eq!(vector[1], -vector[0], max_relative = 1e-9);
        }
    }

    /// Scoring alone shrinks the error by two thirds at best in each iteration: 1e-12 would take some 60.
    #[test]
    fn what_was_seen_corrects_a_crude_hessian() {
        let crude = &mut Crude { exact: false, products: 0 };
        let minimum = Newton::new().tolerance(1e-12).minimize(crude, vec![5.0; 4]).unwrap();
        assert!(minimum.report.converged() && minimum.report.iterations <= 15, "{}", minimum.report);
        for (x, c) in minimum.params.iter().zip(CURVATURES) {
            approx::assert_relative_eq!(*x, 1.0 / c, max_relative = 1e-11);
        }
    }

    /// Conjugate gradients solve four equations in four products.
    #[test]
    fn exact_products_make_a_crude_hessian_exact() {
        let mut crude = Crude { exact: true, products: 0 };
        let minimum = Newton::new().tolerance(1e-12).minimize(&mut crude, vec![5.0; 4]).unwrap();
        assert!(minimum.report.converged() && minimum.report.iterations <= 5, "{}", minimum.report);
        assert!(crude.products <= 12, "{} products", crude.products);
        for (x, c) in minimum.params.iter().zip(CURVATURES) {
            approx::assert_relative_eq!(*x, 1.0 / c, max_relative = 1e-11);
        }
    }

    /// x⁴/4 - x²/2 + y²/2, concave near x = 0, with the matrix of x² + y²; its curvature in x.
    struct Saddle(f64);
    impl Objective<f64> for Saddle {
        fn parameter_count(&self) -> usize {
            2
        }
        fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
            gradient.copy_from_slice(&[p[0].powi(3) - p[0], p[1]]);
            Evaluation::of(p[0].powi(4) / 4.0 - p[0] * p[0] / 2.0 + p[1] * p[1] / 2.0, gradient)
        }
    }
    impl HasHessian<f64> for Saddle {
        fn hessian(&mut self, _p: &[f64], hessian: &mut DMatrix<f64>) {
            hessian.copy_from(&nalgebra::dmatrix![2.0, 0.0; 0.0, 2.0]);
        }
        fn is_exact(&self) -> bool {
            false
        }
        fn exact_products(&mut self) -> Option<&mut dyn HessianProduct<f64>> {
            Some(self)
        }
    }
    impl HessianProduct<f64> for Saddle {
        fn linearize(&mut self, p: &[f64]) {
            self.0 = 3.0 * p[0] * p[0] - 1.0;
        }
        fn hessian_product(&mut self, vector: &[f64], out: &mut [f64]) {
            out.copy_from_slice(&[self.0 * vector[0], vector[1]]);
        }
    }

    #[test]
    fn without_positive_curvature_the_matrix_decides() {
        let mut factored = Factored {
            hessian: DMatrix::zeros(2, 2),
            used: false,
            correction: Correction::Products(ConjugateGradients::new(2, 1e-8, PRODUCTS)),
        };
        let mut observer = |_: &_| ControlFlow::Continue(());
        let mut effort = Effort::new(9, &mut observer);
        let mut point = Point::new(vec![0.1, 0.0]);
        point.evaluate(&mut Saddle(0.0), &mut effort);
        let mut direction = [0.0; 2];
        // The first direction takes no product; the second does, because the gradient has not fallen.
        let mut saddle = Saddle(0.0);
        for _ in 0..2 {
            factored.direction(&mut saddle, &point, &mut direction, &mut effort);
        }
        assert!(saddle.0 < 0.0);
        approx::assert_relative_eq!(direction[0], -0.5 * point.gradient[0], max_relative = 1e-14);
        let minimum = Newton::new().minimize(&mut Saddle(0.0), vec![0.1, 3.0]).unwrap();
        assert!(minimum.report.converged(), "{}", minimum.report);
    }
}
