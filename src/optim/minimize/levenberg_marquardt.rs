//! The Levenberg-Marquardt method.

use std::ops::ControlFlow;

use nalgebra::{Cholesky, DMatrix, DVector};

use super::condition::condition;
use super::run::{Advance, Method, Point, Stop};
use super::secant::{Secant, multiply};
use super::{HasHessian, MinimizeResult};
use crate::check;
use crate::error::Error;
use crate::report::Observer;
use crate::scalar::Real;
use crate::scalar::{all_finite, dot};

/// The Levenberg-Marquardt method, for objectives with a positive semidefinite curvature matrix and few parameters.
///
/// Use it for sums of squares and for small networks, whose Gauss-Newton matrices say little about far steps and are
/// often singular. Close to a minimum where that matrix is the second derivative it is Newton's method.
///
/// # Method
/// Each step p solves (G + S + μ D) p = -g. G is what [`HasHessian::hessian`] gives. D is the largest diagonal of G seen so far,
/// entry by entry (Marquardt 1963, Moré 1978), with a [`floor`](Self::floor). S approximates what G leaves out of the second derivative, where it [leaves something
/// out](HasHessian::is_exact); it is learnt from the changes of the gradient (Dennis, Gay and Welsch 1981), and left out again
/// whenever G alone foretold the last decrease better. With it convergence is fast also where residuals stay large: a network of 35
/// parameters on iris takes 84 iterations (floor 1), without it more than 3,000, and L-BFGS 1,600.
///
/// The gain, actual decrease over the one that the quadratic model promises, decides:
/// with no decrease, or a value that is not finite, the step is taken back and μ grows by 2, 4, 8, ...; otherwise μ shrinks by
/// max(1/3, 1 - (2 gain - 1)^3) (Nielsen 1999). Every step accepted decreases the objective. Once the decrease that is
/// promised is lost in the rounding of the objective, a step may also leave it as it is, to rounding, if it halves the
/// optimality.
///
/// A damping of 0 at the start makes it the Gauss-Newton method, until a step fails.
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
/// let minimum = LevenbergMarquardt::new().tolerance(1e-12).minimize(&mut Valley, vec![-1.2, 1.0])?;
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
    /// The method with default settings.
    pub fn new() -> Self {
        LevenbergMarquardt::default()
    }

    /// The tolerance on the objective's optimality (the largest entry of its gradient), above 0. Defaults to
    /// [`Real::TOLERANCE`]: 1e-8 for `f64`, 1e-5 for `f32`.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.stop.tolerance = Some(tolerance);
        self
    }

    /// The largest number of iterations, which are steps accepted; 0 returns the starting point. Defaults to 200.
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.stop.max_iterations = max_iterations;
        self
    }

    /// The damping μ of the first step, at least 0; it has no unit. Defaults to 1e-3.
    pub fn damping(mut self, damping: f64) -> Self {
        self.damping = damping;
        self
    }

    /// The least share of its mean that an entry of D has, at least 0. With 0, steps do not depend on the units of the
    /// parameters; with 1, parameters that hardly matter yet are kept where they are, as the hidden units of networks want
    /// it. Defaults to 0, and in [`MlpClassifier`](crate::MlpClassifier) to 1.
    pub fn floor(mut self, floor: f64) -> Self {
        self.floor = Some(floor);
        self
    }

    /// The same with this floor if none was chosen.
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
    /// When a setting is out of range, or `start` has the wrong length or is not finite.
    pub fn minimize<T: Real, O: HasHessian<T> + ?Sized>(
        &self,
        objective: &mut O,
        start: Vec<T>,
    ) -> Result<MinimizeResult<T>, Error> {
        self.minimize_observed(objective, start, &mut |_| ControlFlow::Continue(()))
    }

    /// Minimises `objective` from `start`, and lets `observer` watch and stop the run after each iteration.
    ///
    /// # Errors
    /// As [`minimize`](LevenbergMarquardt::minimize).
    pub fn minimize_observed<T: Real, O: HasHessian<T> + ?Sized>(
        &self,
        objective: &mut O,
        start: Vec<T>,
        observer: &mut Observer<'_>,
    ) -> Result<MinimizeResult<T>, Error> {
        self.check()?;
        let mut model = Model::new(start.len(), self.damping, objective.is_exact());
        model.floor = T::of(self.floor.unwrap_or(0.0).max(T::EPSILON.as_f64()));
        self.stop.run(objective, start, observer, model)
    }
}

/// The damping to begin with, and to come back to from 0.
const FIRST: f64 = 1e-3;
/// Steps taken back in a row: the damping has grown by 2^(1 + 2 + ... + 40) then.
const ATTEMPTS: usize = 40;
/// What a step must do to the optimality when the objective cannot tell.
const PROGRESS: f64 = 0.5;

/// The quadratic model around a point, and how far it is trusted.
struct Model<T> {
    curvature: DMatrix<T>,
    /// Whether the curvature was formed at all.
    used: bool,
    /// D.
    scale: Vec<T>,
    /// μ.
    damping: f64,
    /// What the damping grows by next.
    growth: f64,
    /// The least share of its mean that an entry of D has.
    floor: T,
    step: DVector<T>,
    /// The change of the gradient over the last step accepted, if there was one.
    change: Option<Vec<T>>,
    secant: Option<Secant<T>>,
    /// The lowest value so far: values that differ by rounding alone do not add up to a rise.
    lowest: f64,
}

impl<T: Real, O: HasHessian<T> + ?Sized> Method<T, O> for Model<T> {
    /// Every step accepted decreases the objective or halves the optimality.
    const PATIENCE: Option<usize> = None;

    fn advance(
        &mut self,
        objective: &mut O,
        point: &Point<T>,
        trial: &mut Point<T>,
        evaluations: &mut usize,
    ) -> Advance {
        self.lowest = self.lowest.min(point.value());
        self.look(objective, point);
        for _ in 0..ATTEMPTS {
            let Some(promised) = self.step(point, &mut trial.params) else {
                self.raise();
                continue;
            };
            if trial.params == point.params {
                return Advance::Exhausted;
            }
            trial.evaluate(objective, evaluations);
            let decrease = point.value() - trial.value();
            let blind = promised <= point.noise() && trial.value() <= self.lowest + point.noise();
            let usable = trial.value().is_finite() && trial.optimality().is_finite();
            if usable && (decrease > 0.0 || blind && trial.optimality() <= PROGRESS * point.optimality()) {
                self.lower(if blind { 1.0 } else { decrease / promised });
                self.accept(point, trial);
                return Advance::Accepted;
            }
            self.raise();
        }
        Advance::Exhausted
    }

    fn condition(&self) -> Option<f64> {
        self.used.then(|| condition(&self.curvature))
    }
}

impl<T: Real> Model<T> {
    fn new(size: usize, damping: f64, exact: bool) -> Self {
        Model {
            curvature: DMatrix::zeros(size, size),
            used: false,
            scale: vec![T::zero(); size],
            damping,
            growth: 2.0,
            floor: T::EPSILON,
            step: DVector::zeros(size),
            change: None,
            secant: (!exact).then(|| Secant::new(size)),
            lowest: f64::INFINITY,
        }
    }

    /// Takes the curvature at `point`.
    fn look<O: HasHessian<T> + ?Sized>(&mut self, objective: &mut O, point: &Point<T>) {
        objective.hessian(&point.params, &mut self.curvature);
        self.used = true;
        if !all_finite(self.curvature.as_slice()) {
            // Nothing is known: the gradient's direction, at a length that the damping finds.
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

    /// Remembers a step that was accepted, and asks which model foretold it better.
    fn accept(&mut self, from: &Point<T>, to: &Point<T>) {
        let Some(secant) = &mut self.secant else { return };
        let step = self.step.as_slice();
        let mut product = vec![T::zero(); step.len()];
        multiply(&self.curvature, step, &mut product);
        let (slope, bend) = (dot(step, &from.gradient).as_f64(), dot(step, &product).as_f64());
        secant.judge(step, slope, bend, from.value() - to.value());
        self.change = Some(to.gradient.iter().zip(&from.gradient).map(|(&to, &from)| to - from).collect());
    }

    /// Writes the point that the model suggests, and returns the decrease that it promises; `None` if the damped
    /// matrix is not positive definite.
    fn step(&mut self, point: &Point<T>, params: &mut [T]) -> Option<f64> {
        let mean = self.scale.iter().fold(T::zero(), |sum, &s| sum + s) / T::of(self.scale.len() as f64);
        // Without any curvature the unit of the parameters is all there is.
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
        // ½ p'(μ D p - g) is -g'p - ½ p'G p.
        let damping = step.iter().zip(&weight).fold(T::zero(), |sum, (&p, &w)| sum + p * w * p);
        let promised = 0.5 * (damping - dot(step, &point.gradient)).as_f64();
        for ((moved, &p), &step) in params.iter_mut().zip(&point.params).zip(step) {
            *moved = p + step;
        }
        (promised > 0.0 && promised.is_finite() && all_finite(params)).then_some(promised)
    }

    /// After a step that was taken back.
    fn raise(&mut self) {
        self.damping = if self.damping == 0.0 { FIRST } else { self.damping * self.growth };
        self.growth *= 2.0;
    }

    /// After a step with this gain.
    fn lower(&mut self, gain: f64) {
        let shrink = (1.0 - (2.0 * gain - 1.0).powi(3)).max(1.0 / 3.0);
        let lower = self.damping * shrink;
        // 0 stays 0; anything else stays above what G's own rounding hides.
        let least = T::EPSILON.as_f64().min(self.damping);
        self.damping = lower.max(least);
        self.growth = 2.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
