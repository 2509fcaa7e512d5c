//! Minimisation of a quadratic model with absolute values.

use nalgebra::{Cholesky, DMatrix, DVector};

use crate::scalar::Real;
use crate::scalar::{all_finite, axpy};

/// The model gᵀd + ½ dᵀHd + Σ λ_i |θ_i + d_i| as a function of the step d.
///
/// # Method
/// Sweeps of coordinate descent, which decide which parameters are zero, alternate with Newton steps on the
/// nonzero parameters. A Newton step is cut short where a parameter would change its sign. Once the zeros and
/// signs are right, one Newton step is exact, however strongly the columns are correlated.
pub(super) struct Quadratic<'a, T: Real> {
    hessian: &'a DMatrix<T>,
    origin: Vec<T>,
    /// θ + d
    point: Vec<T>,
    /// g + H d
    gradient: Vec<T>,
    lambda: Vec<T>,
    /// The amount added to the diagonal.
    damping: T,
}

/// The maximum number of rounds, each with coordinate sweeps and a Newton step.
const ROUNDS: usize = 200;
/// The minimum number of coordinate-descent sweeps per round; a round has more if a factorisation costs as
/// much as many sweeps.
const SWEEPS: usize = 4;
/// The number of parameters per additional sweep.
const PER_SWEEP: usize = 8;

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
        Quadratic { hessian, point: origin.clone(), origin, gradient, lambda, damping }
    }

    /// Minimises until the violations of the optimality conditions are at most `fraction` of the initial
    /// violation.
    pub(super) fn minimize(&mut self, fraction: f64) {
        let wanted = fraction * self.violation();
        let sweeps = SWEEPS + self.point.len() / PER_SWEEP;
        for _ in 0..ROUNDS {
            for sweep in 1..=sweeps {
                self.sweep();
                if sweep % SWEEPS == 0 && self.violation() <= wanted {
                    return;
                }
            }
            self.newton();
            let violation = self.violation();
            if violation <= wanted || violation.is_nan() {
                break;
            }
        }
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

    /// Changes one parameter.
    fn set(&mut self, i: usize, value: T) {
        let change = value - self.point[i];
        if change != T::zero() {
            self.point[i] = value;
            let rows = self.hessian.nrows();
            axpy(change, &self.hessian.as_slice()[i * rows..][..rows], &mut self.gradient);
        }
    }

    /// Minimises over each parameter in turn.
    fn sweep(&mut self) {
        for i in 0..self.point.len() {
            let bend = self.diagonal(i);
            let free = self.point[i] - self.slope(i) / bend;
            let value = soft(free, self.lambda[i] / bend);
            if value.is_finite() {
                self.set(i, value);
            }
        }
    }

    /// Takes a Newton step on the parameters that are nonzero or have no absolute value, up to the first
    /// change of sign.
    fn newton(&mut self) {
        let free: Vec<usize> = (0..self.point.len())
            .filter(|&i| self.point[i] != T::zero() || self.lambda[i] == T::zero())
            .collect();
        let part = DMatrix::from_fn(free.len(), free.len(), |i, j| {
            self.hessian[(free[i], free[j])] + if i == j { self.damping } else { T::zero() }
        });
        if !all_finite(part.as_slice()) {
            return;
        }
        let Some(factor) = Cholesky::new(part) else { return };
        let sign = |i: usize| if self.lambda[i] == T::zero() { T::zero() } else { self.point[i].signum() };
        let right = free.iter().map(|&i| -self.slope(i) - self.lambda[i] * sign(i));
        let mut step = DVector::from_iterator(free.len(), right);
        factor.solve_mut(&mut step);
        if !all_finite(step.as_slice()) {
            return;
        }
        let mut length = T::one();
        let mut blocking = None;
        for (&i, &d) in free.iter().zip(step.iter()) {
            let at = self.point[i];
            if self.lambda[i] > T::zero() && (at + d) * at <= T::zero() && d != T::zero() {
                let reach = -at / d;
                if reach < length {
                    (length, blocking) = (reach, Some(i));
                }
            }
        }
        for (&i, &d) in free.iter().zip(step.iter()) {
            let value = if blocking == Some(i) { T::zero() } else { self.point[i] + length * d };
            self.set(i, value);
        }
    }

    /// Returns the largest violation of an optimality condition.
    fn violation(&self) -> f64 {
        (0..self.point.len()).fold(0.0, |max: f64, i| {
            let (g, lambda) = (self.slope(i).as_f64(), self.lambda[i].as_f64());
            let violation = if self.point[i] == T::zero() {
                (g.abs() - lambda).max(0.0)
            } else if lambda == 0.0 {
                g.abs()
            } else {
                (g + lambda * self.point[i].signum().as_f64()).abs()
            };
            if violation > max || violation.is_nan() { violation } else { max }
        })
    }
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
            model.minimize(1e-13);
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

    /// Two columns that are all but the same: coordinate descent alone would take a million sweeps.
    #[test]
    fn dependent_columns_do_not_slow_it_down() {
        let hessian = DMatrix::from_row_slice(2, 2, &[1.0, 1.0 - 1e-7, 1.0 - 1e-7, 1.0]);
        let mut model = Quadratic::new(&hessian, vec![-1.0, -1.0 - 1e-8], vec![0.0; 2], vec![0.1; 2], 0.0);
        model.minimize(1e-12);
        assert!(model.violation() < 1e-11, "{}", model.violation());
    }
}
