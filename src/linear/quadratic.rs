//! Minimisation of a quadratic model with absolute values.

use nalgebra::DMatrix;

use super::subgradient::smallest;
use crate::scalar::Real;
use crate::scalar::{Factor, all_finite, axpy, dot};

/// The model gᵀd + ½ dᵀHd + Σ λ_i |θ_i + d_i| as a function of the step d.
///
/// # Method
/// Sweeps of coordinate descent, which decide which parameters are zero, alternate with Newton steps on the
/// nonzero parameters. A step ends at the minimum of the model along its line, which may be where a parameter
/// changes its sign. Once the zeros and signs are right, one Newton step is exact, however strongly the
/// columns are correlated.
///
/// # Work
/// The number of multiplications is bounded: beyond the budget, or when rounding hides all progress, the
/// current point is the result. The caller's line search copes with inexact steps.
pub(super) struct Quadratic<'a, T: Real> {
    hessian: &'a DMatrix<T>,
    origin: Vec<T>,
    /// The gradient at the origin.
    start: Vec<T>,
    /// θ + d
    point: Vec<T>,
    /// g + H d
    gradient: Vec<T>,
    lambda: Vec<T>,
    /// The amount added to the diagonal.
    damping: T,
    /// The factor of the last Newton step.
    factor: Factor<T>,
    /// The parameters of the factor; empty if there is no factor.
    factored: Vec<usize>,
    /// The number of multiplications so far.
    work: u64,
}

/// The number of coordinate-descent sweeps per round. Fewer leave wrong zeros to the Newton steps: with 4, 8
/// and 12, six fits of 500 to 1797 rows of digits take 63, 58 and 57 iterations.
const SWEEPS: usize = 12;
/// The budget in factorisations of the whole matrix.
const FACTORISATIONS: u64 = 8;
/// The smallest budget, for models whose factorisations cost next to nothing: a few milliseconds.
const SMALLEST_BUDGET: u64 = 1 << 22;
/// The number of rounds in a row without progress, after which the minimisation ends.
const IDLE: usize = 2;

impl<'a, T: Real> Quadratic<'a, T> {
    /// Creates the model around the point `origin`; `damping` is relative to the largest diagonal entry.
    pub(super) fn new(
        hessian: &'a DMatrix<T>,
        gradient: Vec<T>,
        origin: Vec<T>,
        lambda: Vec<T>,
        damping: f64,
    ) -> Self {
        let largest = (0..hessian.nrows()).fold(T::zero(), |max, i| max.max(hessian[(i, i)]));
        let rounding = T::of(4.0) * T::EPSILON;
        let damping = (T::of(damping) + rounding) * largest.max(T::MIN_POSITIVE);
        Quadratic {
            hessian,
            point: origin.clone(),
            origin,
            start: gradient.clone(),
            gradient,
            lambda,
            damping,
            factor: Factor::default(),
            factored: Vec::new(),
            work: 0,
        }
    }

    /// Minimises until the violations of the optimality conditions are at most `fraction` of the initial
    /// violation, until the budget is used up, or until `go_on`, which receives the number of multiplications
    /// since it was last called, returns `false`.
    pub(super) fn minimize(&mut self, fraction: f64, go_on: &mut dyn FnMut(u64) -> bool) {
        let first = self.violation();
        let wanted = fraction * first;
        let budget = (FACTORISATIONS * cost_of_factor(self.point.len())).max(SMALLEST_BUDGET);
        let (mut lowest, mut nearest, mut idle) = (self.value().0, first, 0);
        let mut reported = self.work;
        while self.work <= budget && idle < IDLE {
            for _ in 0..SWEEPS {
                let changed = self.sweep();
                if !go_on(self.work - reported) {
                    return;
                }
                reported = self.work;
                if !changed {
                    break;
                }
            }
            if self.violation() <= wanted {
                return;
            }
            self.newton();
            let violation = self.violation();
            if violation <= wanted || violation.is_nan() {
                return;
            }
            let (value, noise) = self.value();
            if value < lowest - noise || violation <= 0.5 * nearest {
                idle = 0;
            } else {
                idle += 1;
            }
            (lowest, nearest) = (lowest.min(value), nearest.min(violation));
        }
    }

    /// Returns the number of multiplications so far.
    pub(super) fn work(&self) -> u64 {
        self.work
    }

    /// Returns the step from the origin to the current point.
    pub(super) fn step(self) -> Vec<T> {
        self.point.iter().zip(&self.origin).map(|(&to, &from)| to - from).collect()
    }

    fn diagonal(&self, i: usize) -> T {
        self.hessian[(i, i)] + self.damping
    }

    /// Returns the gradient of the smooth part, including damping.
    fn slope(&self, i: usize) -> T {
        self.gradient[i] + self.damping * (self.point[i] - self.origin[i])
    }

    /// Returns the value of the model, and how much two values may differ by rounding alone.
    fn value(&self) -> (f64, f64) {
        let (mut value, mut size) = (0.0, 0.0);
        for i in 0..self.point.len() {
            let moved = (self.point[i] - self.origin[i]).as_f64();
            let smooth = 0.5 * moved * (self.start[i] + self.slope(i)).as_f64();
            let absolute = self.lambda[i].as_f64() * self.point[i].as_f64().abs();
            value += smooth + absolute;
            size += smooth.abs() + absolute;
        }
        (value, 8.0 * T::EPSILON.as_f64() * size)
    }

    /// Changes one parameter. Returns whether that made a difference.
    fn set(&mut self, i: usize, value: T) -> bool {
        let change = value - self.point[i];
        if change == T::zero() {
            return false;
        }
        self.point[i] = value;
        let rows = self.hessian.nrows();
        axpy(change, &self.hessian.as_slice()[i * rows..][..rows], &mut self.gradient);
        self.work += rows as u64;
        true
    }

    /// Minimises over each parameter in turn. Returns whether any of them changed.
    fn sweep(&mut self) -> bool {
        let mut changed = false;
        for i in 0..self.point.len() {
            let bend = self.diagonal(i);
            let free = self.point[i] - self.slope(i) / bend;
            let value = soft(free, self.lambda[i] / bend);
            if value.is_finite() {
                changed |= self.set(i, value);
            }
        }
        self.work += self.point.len() as u64;
        changed
    }

    /// Factors the second derivatives with respect to the parameters `free`, unless they are factored
    /// already. Returns whether they are positive definite.
    fn factor(&mut self, free: Vec<usize>) -> bool {
        if self.factored == free {
            return true;
        }
        let (hessian, damping) = (self.hessian, self.damping);
        let entry = |i: usize, j: usize| {
            let h = hessian[(free[i], free[j])];
            if i == j { h + damping } else { h }
        };
        self.work += cost_of_factor(free.len());
        let positive = self.factor.compute(free.len(), entry);
        self.factored = if positive { free } else { Vec::new() };
        positive
    }

    /// Takes a Newton step on the parameters that are nonzero or have no absolute value, up to the minimum
    /// along its line.
    fn newton(&mut self) {
        let free: Vec<usize> = (0..self.point.len())
            .filter(|&i| self.point[i] != T::zero() || self.lambda[i] == T::zero())
            .collect();
        if free.is_empty() || !self.factor(free) {
            return;
        }
        let free = std::mem::take(&mut self.factored);
        let downhill = |&i: &usize| -self.slope(i) - self.lambda[i] * sign(self.point[i]);
        let down: Vec<T> = free.iter().map(downhill).collect();
        let mut step = down.clone();
        self.factor.solve(&mut step);
        self.work += (free.len() * free.len()) as u64;
        if all_finite(&step) {
            let (length, zero) = self.reach(&free, &step, dot(&down, &step).as_f64());
            for (&i, &d) in free.iter().zip(&step) {
                let value = if zero == Some(i) { T::zero() } else { self.point[i] + length * d };
                self.set(i, value);
            }
        }
        self.factored = free;
    }

    /// Returns the length of `step` at which the model is lowest, and the parameter that is zero there, if
    /// one is. `decrease` is minus the slope of the model along the step.
    ///
    /// Without changes of sign, the length would be 1. Each change makes the rest of the line steeper by
    /// twice its coefficient λ times the component of the step.
    fn reach(&self, free: &[usize], step: &[T], decrease: f64) -> (T, Option<usize>) {
        let mut crossings = Vec::new();
        for (&i, &d) in free.iter().zip(step) {
            let (at, lambda) = (self.point[i], self.lambda[i]);
            if lambda > T::zero() && d != T::zero() && (at + d) * sign(at) <= T::zero() {
                crossings.push(((-at / d).as_f64(), 2.0 * (lambda * d).as_f64().abs(), i));
            }
        }
        crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut raised = 0.0;
        for (at, rise, i) in crossings {
            let slope = raised - (1.0 - at) * decrease;
            if slope >= 0.0 {
                break;
            }
            if slope + rise >= 0.0 {
                return (T::of(at), Some(i));
            }
            raised += rise;
        }
        (T::of(1.0 - raised / decrease), None)
    }

    /// Returns the largest violation of an optimality condition.
    fn violation(&self) -> f64 {
        (0..self.point.len()).fold(0.0, |max: f64, i| {
            let violation = smallest(self.slope(i), self.lambda[i], self.point[i]).abs();
            if violation > max || violation.is_nan() { violation } else { max }
        })
    }
}

/// Returns the sign of a number; 0 for zero.
fn sign<T: Real>(value: T) -> T {
    if value == T::zero() { T::zero() } else { value.signum() }
}

/// Returns the number of multiplications of a factorisation.
fn cost_of_factor(size: usize) -> u64 {
    let size = size as u64;
    size * size * size / 3
}

/// Soft thresholding: the number closest to zero within `reach` of `value`.
fn soft<T: Real>(value: T, reach: T) -> T {
    if value > reach {
        value - reach
    } else if value < -reach {
        value + reach
    } else {
        T::zero()
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DVector;

    use super::*;
    use crate::rng::Rng;

    fn random(size: usize, rng: &mut Rng) -> (DMatrix<f64>, Vec<f64>, Vec<f64>) {
        let root = DMatrix::from_fn(size + 3, size, |_, _| rng.standard_normal());
        let draw = |rng: &mut Rng| (0..size).map(|_| rng.standard_normal()).collect();
        (root.transpose() * &root, draw(rng), draw(rng))
    }

    #[test]
    fn the_minimum_satisfies_the_optimality_conditions() {
        let mut rng = Rng::new(5);
        for size in [1, 2, 7, 30] {
            let (hessian, gradient, origin) = random(size, &mut rng);
            let lambda: Vec<f64> = (0..size).map(|i| if i % 4 == 3 { 0.0 } else { 0.8 }).collect();
            let mut model = Quadratic::new(&hessian, gradient.clone(), origin.clone(), lambda.clone(), 0.0);
            model.minimize(1e-13, &mut |_| true);
            let step = model.step();
            let slope = &hessian * DVector::from_column_slice(&step) + DVector::from_vec(gradient);
            for i in 0..size {
                let w = origin[i] + step[i];
                let violation = if w == 0.0 {
                    slope[i].abs() - lambda[i]
                } else {
                    (slope[i] + lambda[i] * w.signum()).abs()
                };
                assert!(violation <= 1e-10, "{size}, {i}: {violation}");
            }
        }
    }

    /// Damping adds a part of the largest second derivative to all of them.
    #[test]
    fn damping_is_part_of_the_model() {
        let (hessian, gradient, origin) = random(7, &mut Rng::new(8));
        let mut model = Quadratic::new(&hessian, gradient.clone(), origin.clone(), vec![0.5; 7], 0.5);
        model.minimize(1e-13, &mut |_| true);
        let step = DVector::from_vec(model.step());
        let damped = &hessian + DMatrix::identity(7, 7) * (0.5 * hessian.diagonal().max());
        let slope = damped * &step + DVector::from_vec(gradient);
        for i in 0..7 {
            assert!(smallest(slope[i], 0.5, origin[i] + step[i]).abs() <= 1e-10, "{i}");
        }
    }

    /// Two columns that are all but the same: coordinate descent alone would take a million sweeps.
    #[test]
    fn dependent_columns_do_not_slow_it_down() {
        let hessian = DMatrix::from_row_slice(2, 2, &[1.0, 1.0 - 1e-7, 1.0 - 1e-7, 1.0]);
        let mut model = Quadratic::new(&hessian, vec![-1.0, -1.0 - 1e-8], vec![0.0; 2], vec![0.1; 2], 0.0);
        model.minimize(1e-12, &mut |_| true);
        assert!(model.violation() < 1e-11, "{}", model.violation());
    }

    /// Rows of one sign and all sizes leave a matrix that rounding makes indefinite, and signs that never
    /// settle.
    #[test]
    fn the_work_is_bounded_for_matrices_without_digits() {
        let mut rng = Rng::new(3);
        for size in [2, 12, 60, 150] {
            for decades in [8.0, 40.0, 150.0, 300.0] {
                let mut draw = || 10f64.powf(rng.uniform(-decades, 0.0)) * rng.standard_normal();
                let root = DMatrix::from_fn(size / 3 + 1, size, |_, _| draw());
                let hessian = root.transpose() * &root;
                let gradient = (0..size).map(|_| draw()).collect();
                let origin = (0..size).map(|_| draw()).collect();
                let lambda = (0..size).map(|_| draw().abs()).collect();
                let mut model = Quadratic::new(&hessian, gradient, origin, lambda, 0.0);
                model.minimize(1e-30, &mut |_| true);
                let round = cost_of_factor(size) + ((SWEEPS + 3) * (size + 1) * size) as u64;
                let budget = (FACTORISATIONS * cost_of_factor(size)).max(SMALLEST_BUDGET);
                assert!(model.work() <= budget + round, "{size}, {decades}: {}", model.work());
            }
        }
    }

    #[test]
    fn the_caller_learns_of_all_work_and_ends_it() {
        let (hessian, gradient, origin) = random(30, &mut Rng::new(8));
        let told = |last: usize| {
            let origin = origin.clone();
            let mut model = Quadratic::new(&hessian, gradient.clone(), origin, vec![0.1; 30], 0.0);
            let (mut calls, mut told) = (0, 0);
            model.minimize(0.0, &mut |work| {
                (calls, told) = (calls + 1, told + work);
                calls < last
            });
            (calls, told, model.work())
        };
        let (calls, reported, work) = told(usize::MAX);
        // All but the last Newton step.
        assert!(calls > SWEEPS && reported <= work && work - reported < 30u64.pow(3), "{reported}, {work}");
        let (calls, reported, work) = told(3);
        assert!(calls == 3 && reported == work, "{reported}, {work}");
    }

    /// What rounding leaves of a violation is not worth the rest of the budget.
    #[test]
    fn it_ends_where_rounding_hides_progress() {
        for size in [2, 7, 30] {
            let (hessian, gradient, origin) = random(size, &mut Rng::new(7));
            let mut model = Quadratic::new(&hessian, gradient, origin, vec![0.1; size], 0.0);
            model.minimize(0.0, &mut |_| true);
            assert!(model.work() < SMALLEST_BUDGET / 4, "{size}: {}", model.work());
        }
    }

    /// An absolute value of 1e-200 that changes its sign does not shorten a step.
    #[test]
    fn steps_pass_over_changes_of_sign_that_cost_nothing() {
        let size = 40;
        let (hessian, gradient, origin) = random(size, &mut Rng::new(6));
        let mut model = Quadratic::new(&hessian, gradient, origin, vec![1e-200; size], 0.0);
        model.newton();
        assert!(model.violation() < 1e-10, "{}", model.violation());
    }

    /// ½ (θ - 3)² + |θ| / 2 from -1: the line passes zero, where the slope rises by 1, and ends at 2.5. With
    /// 4 |θ| it ends at zero.
    #[test]
    fn a_step_ends_at_the_minimum_of_its_line() {
        for (lambda, wanted) in [(0.5, 2.5), (4.0, 0.0)] {
            let hessian = DMatrix::from_element(1, 1, 1.0);
            let mut model = Quadratic::new(&hessian, vec![-4.0], vec![-1.0], vec![lambda], 0.0);
            model.newton();
            approx::assert_abs_diff_eq!(model.point[0], wanted, epsilon = 1e-14);
        }
    }
}
