//! The Levenberg-Marquardt method.

use std::ops::ControlFlow;

use nalgebra::{Cholesky, DMatrix, DVector};

use super::condition::condition;
use super::effort::Effort;
use super::run::{Advance, Method, Point, Stop};
use super::secant::{Secant, multiply};
use super::{HasHessian, MinimizeResult};
use crate::check;
use crate::error::Error;
use crate::report::Observer;
use crate::scalar::Real;
use crate::scalar::{all_finite, dot, max_abs};

/// The Levenberg-Marquardt method, for objectives with a positive semidefinite curvature matrix and few
/// parameters.
///
/// Use it for sums of squares and for small networks, whose Gauss-Newton matrices describe long steps poorly
/// and are often singular. Close to a minimum where that matrix is the second derivative, it is Newton's
/// method.
///
/// # Method
/// Each step p solves (G + S + μ D) p = -g.
///
/// - G is the matrix of [`HasHessian::hessian`].
/// - D is the largest diagonal of G seen so far, entry by entry (Marquardt 1963, Moré 1978), with a
///   [`floor`](Self::floor).
/// - S approximates the part of the second derivative that G leaves out, if G [is not
///   exact](HasHessian::is_exact).
///
/// S is learned from the changes of the gradient (Dennis, Gay and Welsch 1981), and omitted whenever G alone
/// predicted the last decrease better. With S, convergence is fast even if residuals stay large: a network of
/// 35 parameters on iris takes 84 iterations (floor 1), more than 3,000 without S, and 1,600 with L-BFGS.
///
/// The gain is the actual decrease divided by the decrease that the quadratic model predicts. If the
/// objective does not decrease or is not finite, the step is rejected and μ grows by factors of 2, 4, 8, ...;
/// otherwise the step is accepted and μ is multiplied by max(1/3, 1 - (2 gain - 1)^3) (Nielsen 1999). Every
/// accepted step decreases the objective, with one exception. Once the predicted decrease is lost in the
/// rounding of the objective, a step that leaves the objective unchanged up to rounding is accepted if it
/// halves the optimality.
///
/// Before the method gives up as [`Stalled`](crate::StopReason::Stalled), it starts again from the first μ,
/// because a μ that grew where the curvature is tiny freezes steps elsewhere. It then tries steps against the
/// gradient, of all lengths down to those that change no parameter.
///
/// With an initial damping of 0, this is the Gauss-Newton method until a step fails.
///
/// # Examples
/// ```
/// use nalgebra::DMatrix;
/// use logit::optim::{Evaluation, HasHessian, LevenbergMarquardt, Objective};
///
/// /// Rosenbrock's function ½ (r² + s²) with r = 10 (y - x²), s = 1 - x.
/// struct Valley;
/// impl Objective<f64> for Valley {
///     fn parameter_count(&self) -> usize {
///         2
///     }
///     fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
///         let (r, s) = (10.0 * (p[1] - p[0] * p[0]), 1.0 - p[0]);
///         gradient.copy_from_slice(&[-20.0 * p[0] * r - s, 10.0 * r]);
///         Evaluation::of(0.5 * (r * r + s * s), gradient)
///     }
/// }
/// impl HasHessian<f64> for Valley {
///     fn hessian(&mut self, p: &[f64], out: &mut DMatrix<f64>) {
///         let jacobian = nalgebra::dmatrix![-20.0 * p[0], 10.0; -1.0, 0.0];
///         out.copy_from(&(jacobian.transpose() * jacobian));
///     }
///     fn is_exact(&self) -> bool {
///         false
///     }
/// }
///
/// let minimum = LevenbergMarquardt::new()
///     .tolerance(1e-12)
///     .minimize(&mut Valley, vec![-1.2, 1.0])?;
/// assert!(minimum.report.converged());
/// assert!((minimum.params[0] - 1.0).abs() < 1e-11);
/// # Ok::<(), logit::Error>(())
/// ```
///
/// # References
/// Madsen, Nielsen, Tingleff (2004), *Methods for Non-Linear Least Squares Problems*, section 3.2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LevenbergMarquardt {
    stop: Stop,
    damping: f64,
    floor: Option<f64>,
}

impl Default for LevenbergMarquardt {
    fn default() -> Self {
        LevenbergMarquardt { stop: Stop::after(200), damping: FIRST, floor: None }
    }
}

impl LevenbergMarquardt {
    /// Creates the method with default settings.
    pub fn new() -> Self {
        LevenbergMarquardt::default()
    }

    /// Sets the tolerance on the objective's optimality (by default the largest absolute entry of its
    /// gradient), above 0. Defaults to [`Real::TOLERANCE`]: 1e-8 for `f64`, 1e-5 for `f32`.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.stop.tolerance = Some(tolerance);
        self
    }

    /// Sets the maximum number of iterations, counted in accepted steps; 0 returns the starting point.
    /// Defaults to 200.
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.stop.max_iterations = max_iterations;
        self
    }

    /// Sets the damping μ of the first step, at least 0; it has no unit. Defaults to 1e-3.
    pub fn damping(mut self, damping: f64) -> Self {
        self.damping = damping;
        self
    }

    /// Sets the smallest entry of D as a fraction of the mean entry, at least 0.
    ///
    /// With 0, steps do not depend on the units of the parameters. With 1, parameters that so far have little
    /// effect stay close to their values, which suits the hidden units of networks. Defaults to 0, and to 1
    /// in [`MlpClassifier`](crate::MlpClassifier).
    pub fn floor(mut self, floor: f64) -> Self {
        self.floor = Some(floor);
        self
    }

    /// Returns the maximum number of iterations.
    pub(crate) fn limit(&self) -> usize {
        self.stop.max_iterations
    }

    /// Returns the method with this floor, unless a floor was set.
    pub(crate) fn floor_by_default(self, floor: f64) -> Self {
        LevenbergMarquardt { floor: self.floor.or(Some(floor)), ..self }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        check::not_negative("damping", self.damping)?;
        check::not_negative("floor", self.floor.unwrap_or(0.0))?;
        self.stop.check()
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
    /// Returns the errors of [`minimize`](LevenbergMarquardt::minimize).
    pub fn minimize_observed<T: Real, O: HasHessian<T> + ?Sized>(
        &self,
        objective: &mut O,
        start: Vec<T>,
        observer: &mut Observer<'_>,
    ) -> Result<MinimizeResult<T>, Error> {
        self.check()?;
        check::second_derivative::<T>(start.len())?;
        let mut model = Model::new(start.len(), self.damping, objective.is_exact());
        model.floor = T::of(self.floor.unwrap_or(0.0).max(T::EPSILON.as_f64()));
        self.stop.run(objective, start, observer, model)
    }
}

/// The default initial damping, also used when a step with damping 0 fails.
const FIRST: f64 = 1e-3;
/// The largest number of rejected steps in a row. The damping has then grown by 2^(1 + 2 + ... + 40).
const ATTEMPTS: usize = 40;
/// The largest number of steps against the gradient. The last is 2^-200 times as long as the first.
const DESCENTS: usize = 100;
/// The largest ratio of new to old optimality that is accepted when rounding hides the change of the
/// objective.
const PROGRESS: f64 = 0.5;

/// The quadratic model around a point, with its damping.
struct Model<T> {
    curvature: DMatrix<T>,
    /// Whether the curvature was ever computed.
    used: bool,
    /// The diagonal of D.
    scale: Vec<T>,
    /// The damping μ of the first step.
    first: f64,
    /// The damping μ.
    damping: f64,
    /// The factor by which the damping grows next.
    growth: f64,
    /// The smallest entry of D as a fraction of the mean entry.
    floor: T,
    step: DVector<T>,
    /// The change of the gradient over the last accepted step, if there was one.
    change: Option<Vec<T>>,
    secant: Option<Secant<T>>,
    /// The lowest value so far. Comparisons with it keep differences within rounding from adding up to an
    /// increase.
    lowest: f64,
}

impl<T: Real, O: HasHessian<T> + ?Sized> Method<T, O> for Model<T> {
    /// Every accepted step decreases the objective or halves the optimality.
    const PATIENCE: Option<usize> = None;

    fn advance(
        &mut self,
        objective: &mut O,
        point: &Point<T>,
        trial: &mut Point<T>,
        effort: &mut Effort<'_>,
    ) -> Advance {
        self.lowest = self.lowest.min(point.value());
        self.look(objective, point);
        // The damping of a flat region, in units of its tiny curvature, may freeze all steps outside it.
        let stale = self.damping > self.first_damping();
        let found = self.damped(objective, point, trial, effort)
            || stale && {
                self.renew();
                self.damped(objective, point, trial, effort)
            }
            || self.descend(objective, point, trial, effort);
        if found { Advance::Accepted } else { Advance::Exhausted }
    }

    fn condition(&self) -> Option<f64> {
        self.used.then(|| condition(&self.curvature))
    }
}

impl<T: Real> Model<T> {
    /// Tries steps of the quadratic model with more and more damping. Returns whether one was accepted, which
    /// is then in `trial`.
    fn damped<O: HasHessian<T> + ?Sized>(
        &mut self,
        objective: &mut O,
        point: &Point<T>,
        trial: &mut Point<T>,
        effort: &mut Effort<'_>,
    ) -> bool {
        for _ in 0..ATTEMPTS {
            let Some(promised) = self.step(point, &mut trial.params) else {
                self.raise();
                continue;
            };
            if effort.is_cancelled() || trial.params == point.params {
                return false;
            }
            trial.evaluate(objective, effort);
            let decrease = point.value() - trial.value();
            let blind = promised <= point.noise() && trial.value() <= self.lowest + point.noise();
            let usable = trial.value().is_finite() && trial.optimality().is_finite();
            if usable && (decrease > 0.0 || blind && trial.optimality() <= PROGRESS * point.optimality()) {
                self.lower(if blind { 1.0 } else { decrease / promised });
                self.accept(point, trial);
                return true;
            }
            self.raise();
        }
        false
    }

    /// Tries steps against the gradient, shorter and shorter, until they no longer change the parameters.
    /// Returns whether one decreased the objective by more than rounding; it is then in `trial`.
    fn descend<O: HasHessian<T> + ?Sized>(
        &mut self,
        objective: &mut O,
        point: &Point<T>,
        trial: &mut Point<T>,
        effort: &mut Effort<'_>,
    ) -> bool {
        let (size, slope) = (max_abs(&point.params), max_abs(&point.gradient));
        // The first step moves a parameter by as much as the largest, or by 1.
        let mut length = size.max(1.0) / slope;
        for _ in 0..DESCENTS {
            for ((step, moved), (&p, &g)) in
                self.step.iter_mut().zip(&mut trial.params).zip(point.params.iter().zip(&point.gradient))
            {
                *step = T::of(-length * g.as_f64());
                *moved = p + *step;
            }
            if effort.is_cancelled() || trial.params == point.params {
                return false;
            }
            trial.evaluate(objective, effort);
            if trial.optimality().is_finite() && point.value() - trial.value() > point.noise() {
                self.renew();
                self.accept(point, trial);
                return true;
            }
            length *= 0.25;
        }
        false
    }

    /// Returns the damping of the first step, or the first one above 0.
    fn first_damping(&self) -> f64 {
        if self.first > 0.0 { self.first } else { FIRST }
    }

    /// Goes back to the first damping.
    fn renew(&mut self) {
        self.damping = self.first_damping();
        self.growth = 2.0;
    }

    fn new(size: usize, damping: f64, exact: bool) -> Self {
        Model {
            curvature: DMatrix::zeros(size, size),
            used: false,
            scale: vec![T::zero(); size],
            first: damping,
            damping,
            growth: 2.0,
            floor: T::EPSILON,
            step: DVector::zeros(size),
            change: None,
            secant: (!exact).then(|| Secant::new(size)),
            lowest: f64::INFINITY,
        }
    }

    /// Computes the curvature at `point`.
    fn look<O: HasHessian<T> + ?Sized>(&mut self, objective: &mut O, point: &Point<T>) {
        objective.hessian(&point.params, &mut self.curvature);
        self.used = true;
        if !all_finite(self.curvature.as_slice()) {
            // Without a curvature, the step follows the gradient, with a length that the damping finds.
            self.curvature.fill(T::zero());
        }
        for (i, scale) in self.scale.iter_mut().enumerate() {
            let curvature = self.curvature[(i, i)];
            *scale = if curvature > *scale { curvature } else { *scale };
        }
        if let (Some(secant), Some(change)) = (&mut self.secant, self.change.take()) {
            secant.learn(self.step.as_slice(), &change, &self.curvature);
        }
    }

    /// Records an accepted step, and selects the model that predicted its decrease better.
    fn accept(&mut self, from: &Point<T>, to: &Point<T>) {
        let Some(secant) = &mut self.secant else { return };
        let step = self.step.as_slice();
        let mut product = vec![T::zero(); step.len()];
        multiply(&self.curvature, step, &mut product);
        let (slope, bend) = (dot(step, &from.gradient).as_f64(), dot(step, &product).as_f64());
        secant.judge(step, slope, bend, from.value() - to.value());
        self.change = Some(to.gradient.iter().zip(&from.gradient).map(|(&to, &from)| to - from).collect());
    }

    /// Writes the point that the model suggests, and returns the decrease that it predicts.
    ///
    /// Returns `None` if the damped matrix is not positive definite, or if the step or its decrease is not
    /// usable.
    fn step(&mut self, point: &Point<T>, params: &mut [T]) -> Option<f64> {
        let mean = self.scale.iter().fold(T::zero(), |sum, &s| sum + s) / T::of(self.scale.len() as f64);
        // Without any curvature, D is the identity.
        let floor = if mean > T::zero() { mean * self.floor } else { T::one() };
        let mut damped = self.curvature.clone();
        if let Some(secant) = &self.secant {
            secant.add_to(&mut damped);
        }
        let mut weight = vec![T::zero(); params.len()];
        for (i, (weight, &scale)) in weight.iter_mut().zip(&self.scale).enumerate() {
            *weight = T::of(self.damping) * if scale > floor { scale } else { floor };
            damped[(i, i)] += *weight;
        }
        let factor = Cholesky::new(damped)?;
        for (step, &g) in self.step.iter_mut().zip(&point.gradient) {
            *step = -g;
        }
        factor.solve_mut(&mut self.step);
        let step = self.step.as_slice();
        // ½ p'(μ D p - g) equals -g'p - ½ p'G p.
        let damping = step.iter().zip(&weight).fold(T::zero(), |sum, (&p, &w)| sum + p * w * p);
        let promised = 0.5 * (damping - dot(step, &point.gradient)).as_f64();
        for ((moved, &p), &step) in params.iter_mut().zip(&point.params).zip(step) {
            *moved = p + step;
        }
        (promised > 0.0 && promised.is_finite() && all_finite(params)).then_some(promised)
    }

    /// Increases the damping after a rejected step.
    fn raise(&mut self) {
        self.damping = if self.damping == 0.0 { FIRST } else { self.damping * self.growth };
        self.growth *= 2.0;
    }

    /// Adapts the damping after an accepted step with this gain.
    fn lower(&mut self, gain: f64) {
        let shrink = (1.0 - (2.0 * gain - 1.0).powi(3)).max(1.0 / 3.0);
        let lower = self.damping * shrink;
        // A damping of 0 stays 0; any other stays above the rounding error of G.
        let least = T::EPSILON.as_f64().min(self.damping);
        self.damping = lower.max(least);
        self.growth = 2.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::{Evaluation, Objective};

    /// Rosenbrock's function as a sum of squares, times a factor.
    struct Valley(f64);
    impl Objective<f64> for Valley {
        fn parameter_count(&self) -> usize {
            2
        }
        fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
            let (r, s) = (10.0 * (p[1] - p[0] * p[0]), 1.0 - p[0]);
            gradient.copy_from_slice(&[self.0 * (-20.0 * p[0] * r - s), self.0 * 10.0 * r]);
            Evaluation::of(self.0 * 0.5 * (r * r + s * s), gradient)
        }
    }
    impl HasHessian<f64> for Valley {
        fn hessian(&mut self, p: &[f64], out: &mut DMatrix<f64>) {
            let jacobian = nalgebra::dmatrix![-20.0 * p[0], 10.0; -1.0, 0.0];
            out.copy_from(&(jacobian.transpose() * jacobian * self.0));
        }
        fn is_exact(&self) -> bool {
            false
        }
    }

    /// Powers of two round nothing, so the steps are the same.
    #[test]
    fn the_unit_of_the_objective_does_not_matter() {
        let run = |unit: f64| {
            let minimiser = LevenbergMarquardt::new().tolerance(1e-9 * unit);
            let found = minimiser.minimize(&mut Valley(unit), vec![-1.2, 1.0]).expect("a start");
            assert!(found.report.converged());
            (found.params, found.report.iterations, found.report.evaluations)
        };
        assert_eq!(run(2f64.powi(-20)), run(1.0));
    }

    #[test]
    fn damping_follows_the_gain() {
        let mut model = Model::<f64>::new(1, 1.0, true);
        model.lower(1.0);
        assert_eq!(model.damping, 1.0 / 3.0);
        model.lower(0.5);
        assert_eq!(model.damping, 1.0 / 3.0);
        model.lower(0.0);
        assert_eq!(model.damping, 2.0 / 3.0);
        (0..3).for_each(|_| model.raise());
        assert_eq!(model.damping, 2.0 / 3.0 * 64.0);
        (0..200).for_each(|_| model.lower(1.0));
        assert_eq!(model.damping, f64::EPSILON);
        let mut pure = Model::<f64>::new(1, 0.0, true);
        pure.lower(0.9);
        assert_eq!(pure.damping, 0.0);
        pure.raise();
        assert_eq!(pure.damping, FIRST);
    }
}
