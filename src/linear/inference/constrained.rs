//! An objective with one linear combination of its parameters held fixed.

use nalgebra::DMatrix;

use crate::error::Error;
use crate::optim::{Evaluation, HasHessian, HessianProduct, Newton, Objective};
use crate::scalar::Real;
use crate::scalar::dot;

/// The objective as a function of all parameters but one, which the constraint `a . params = value`
/// determines. Without a constraint it is a function of all parameters.
///
/// # Formula
/// Let the pivot i be the index of the largest |a_i|. Off the pivot, params = base + z. At the pivot,
/// params_i = base_i - Σ r_k z_k with r_k = a_k/a_i. Gradient and Hessian follow by the chain rule: g_k - r_k
/// g_i and H_kl - r_k H_il - r_l H_ki + r_k r_l H_ii.
///
/// The reported optimality is the largest absolute entry of that gradient in the solver's coordinates: the
/// gradient of the mean loss per standard deviation of a column.
struct Constrained<'o, T: Real, O> {
    inner: &'o mut O,
    base: Vec<T>,
    /// The pivot and the ratios r.
    constraint: Option<(usize, Vec<T>)>,
    point: Vec<T>,
    gradient: Vec<T>,
    hessian: DMatrix<T>,
}

/// A minimum that meets the tolerance on the gradient.
#[derive(Debug, Clone)]
pub(super) struct Optimum<T> {
    pub(super) params: Vec<T>,
    pub(super) value: f64,
    /// The gradient in all parameters: a multiple of the constraint vector.
    pub(super) gradient: Vec<T>,
}

/// The maximum number of Newton iterations.
const ITERATIONS: usize = 200;

/// Minimises `inner` from `start`. If `a` is given, `a . params` keeps its value at `start`.
///
/// # Errors
/// Returns [`Error::NotConverged`] if the minimiser does not reach an optimum.
pub(super) fn minimize<T: Real, O: HasHessian<T>>(
    inner: &mut O,
    start: &[T],
    a: Option<&[T]>,
) -> Result<Optimum<T>, Error> {
    let size = start.len();
    let constraint = a.map(|a| {
        let pivot = (0..size).fold(0, |best, k| if a[k].abs() > a[best].abs() { k } else { best });
        (pivot, a.iter().map(|&entry| entry / a[pivot]).collect())
    });
    let mut objective = Constrained {
        inner,
        base: start.to_vec(),
        constraint,
        point: start.to_vec(),
        gradient: vec![T::zero(); size],
        hessian: DMatrix::zeros(size, size),
    };
    // The error in the value is quadratic in the gradient, so two digits beyond the certificate are plenty.
    let tolerance = (1e-2 * T::TOLERANCE).max(4.0 * T::EPSILON.as_f64());
    let newton = Newton::new().tolerance(tolerance).max_iterations(ITERATIONS);
    let zeros = vec![T::zero(); objective.parameter_count()];
    let minimum = newton.minimize(&mut objective, zeros.clone())?;
    let mut reduced = zeros;
    // This evaluation yields the gradient in all parameters.
    let Evaluation { value, optimality, .. } = objective.evaluate(&minimum.params, &mut reduced);
    if optimality.is_nan() || optimality > T::TOLERANCE || !value.is_finite() {
        return Err(Error::NotConverged {
            what: "a fit with a coefficient held fixed",
            gradient: optimality,
        });
    }
    Ok(Optimum { params: objective.point, value, gradient: objective.gradient })
}

impl<T: Real, O: Objective<T>> Constrained<'_, T, O> {
    /// Writes the full parameters for the reduced parameters `reduced`.
    fn load(&mut self, reduced: &[T]) {
        let Some((pivot, ratios)) = &self.constraint else {
            self.point.iter_mut().zip(&self.base).zip(reduced).for_each(|((p, &b), &z)| *p = b + z);
            return;
        };
        let (before, after) = reduced.split_at(*pivot);
        let still = [T::zero()];
        let moves = before.iter().chain(&still).chain(after).copied();
        let mut along = T::zero();
        for (k, z) in moves.enumerate() {
            self.point[k] = self.base[k] + z;
            along += ratios[k] * z;
        }
        self.point[*pivot] -= along;
    }

    /// Writes the derivative in the reduced parameters for the derivative `full` in all of them.
    fn reduce(&self, full: &[T], reduced: &mut [T]) {
        let Some((pivot, ratios)) = &self.constraint else { return reduced.copy_from_slice(full) };
        for (at, out) in reduced.iter_mut().enumerate() {
            let k = at + usize::from(at >= *pivot);
            *out = full[k] - ratios[k] * full[*pivot];
        }
    }
}

impl<T: Real, O: Objective<T>> Objective<T> for Constrained<'_, T, O> {
    fn parameter_count(&self) -> usize {
        self.base.len() - usize::from(self.constraint.is_some())
    }

    fn evaluate(&mut self, reduced: &[T], gradient: &mut [T]) -> Evaluation {
        self.load(reduced);
        let Evaluation { value, magnitude, .. } = self.inner.evaluate(&self.point, &mut self.gradient);
        self.reduce(&self.gradient, gradient);
        Evaluation::of(value, gradient).magnitude(magnitude)
    }
}

impl<T: Real, O: HasHessian<T>> HasHessian<T> for Constrained<'_, T, O> {
    fn is_exact(&self) -> bool {
        self.inner.is_exact()
    }

    fn exact_products(&mut self) -> Option<&mut dyn HessianProduct<T>> {
        if self.inner.exact_products().is_some() { Some(self) } else { None }
    }

    fn hessian(&mut self, reduced: &[T], hessian: &mut DMatrix<T>) {
        self.load(reduced);
        let Some((pivot, ratios)) = &self.constraint else {
            return self.inner.hessian(&self.point, hessian);
        };
        self.inner.hessian(&self.point, &mut self.hessian);
        let (full, pivot) = (&self.hessian, *pivot);
        let entry = |i: usize, j: usize| full[(i.max(j), i.min(j))];
        let index = |at: usize| at + usize::from(at >= pivot);
        for column in 0..hessian.ncols() {
            for row in column..hessian.nrows() {
                let (k, l) = (index(row), index(column));
                let across = ratios[k] * entry(pivot, l) + ratios[l] * entry(pivot, k);
                hessian[(row, column)] = entry(k, l) - across + ratios[k] * ratios[l] * entry(pivot, pivot);
            }
        }
    }
}

/// The exact products of the inner objective, where it has them.
impl<T: Real, O: HasHessian<T>> HessianProduct<T> for Constrained<'_, T, O> {
    fn linearize(&mut self, reduced: &[T]) {
        self.load(reduced);
        if let Some(products) = self.inner.exact_products() {
            products.linearize(&self.point);
        }
    }

    fn hessian_product(&mut self, reduced: &[T], out: &mut [T]) {
        let vector = match &self.constraint {
            None => reduced.to_vec(),
            Some((pivot, ratios)) => {
                let (before, after) = reduced.split_at(*pivot);
                let along = dot(&ratios[..*pivot], before) + dot(&ratios[*pivot + 1..], after);
                [before, &[-along], after].concat()
            }
        };
        let mut product = vec![T::zero(); vector.len()];
        if let Some(products) = self.inner.exact_products() {
            products.hessian_product(&vector, &mut product);
        }
        self.reduce(&product, out);
    }
}

/// Moves `params` along `direction` until `a . params` equals `value`, and corrects rounding errors in the
/// pivot.
pub(super) fn moved<T: Real>(params: &[T], direction: &[T], a: &[T], value: f64) -> Vec<T> {
    let step = T::of(value - dot(a, params).as_f64());
    let mut moved: Vec<T> = params.iter().zip(direction).map(|(&p, &d)| p + step * d).collect();
    let pivot = (0..a.len()).fold(0, |best, k| if a[k].abs() > a[best].abs() { k } else { best });
    let missing = T::of(value - dot(a, &moved).as_f64());
    moved[pivot] += missing / a[pivot];
    moved
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::GradCheck;

    /// x² y² + exp(x + 2 y) + z⁴ + x z, not a plane quadratic, and the Hessian of the last linearisation.
    struct Bowl(DMatrix<f64>);

    impl Objective<f64> for Bowl {
        fn parameter_count(&self) -> usize {
            3
        }
        fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
            let (x, y, z) = (p[0], p[1], p[2]);
            let e = (x + 2.0 * y).exp();
            gradient.copy_from_slice(&[
                2.0 * x * y * y + e + z,
                2.0 * x * x * y + 2.0 * e,
                4.0 * z.powi(3) + x,
            ]);
            Evaluation::of(x * x * y * y + e + z.powi(4) + x * z, gradient)
        }
    }

    impl HasHessian<f64> for Bowl {
        fn hessian(&mut self, p: &[f64], hessian: &mut DMatrix<f64>) {
            let (x, y, z) = (p[0], p[1], p[2]);
            let e = (x + 2.0 * y).exp();
            hessian[(0, 0)] = 2.0 * y * y + e;
            hessian[(1, 0)] = 4.0 * x * y + 2.0 * e;
            hessian[(1, 1)] = 2.0 * x * x + 4.0 * e;
            hessian[(2, 0)] = 1.0;
            hessian[(2, 1)] = 0.0;
            hessian[(2, 2)] = 12.0 * z * z;
        }
        fn exact_products(&mut self) -> Option<&mut dyn HessianProduct<f64>> {
            Some(self)
        }
    }

    impl HessianProduct<f64> for Bowl {
        fn linearize(&mut self, params: &[f64]) {
            let mut hessian = DMatrix::zeros(3, 3);
            self.hessian(params, &mut hessian);
            hessian.fill_upper_triangle_with_lower_triangle();
            self.0 = hessian;
        }
        fn hessian_product(&mut self, vector: &[f64], out: &mut [f64]) {
            out.copy_from_slice((&self.0 * nalgebra::DVector::from_column_slice(vector)).as_slice());
        }
    }

    #[test]
    fn moved_parameters_meet_the_constraint() {
        assert_eq!(moved(&[1.0], &[0.5], &[2.0], 3.0), [1.5]);
        // What the direction misses, the parameter with the largest coefficient makes up for.
        for a in [[3.0, 1.0], [1.0, -3.0]] {
            let there = moved(&[1.0, 1.0], &[0.0, 0.0], &a, 5.0);
            approx::assert_relative_eq!(a[0] * there[0] + a[1] * there[1], 5.0, max_relative = 1e-15);
            assert_eq!(there.iter().position(|&p| p == 1.0), a.iter().position(|&a| a == 1.0));
        }
    }

    /// A slope without a descent.
    struct Lie;

    impl Objective<f64> for Lie {
        fn parameter_count(&self) -> usize {
            1
        }
        fn evaluate(&mut self, _: &[f64], gradient: &mut [f64]) -> Evaluation {
            gradient.fill(1.0);
            Evaluation::of(0.0, gradient)
        }
    }

    impl HasHessian<f64> for Lie {
        fn hessian(&mut self, _: &[f64], hessian: &mut DMatrix<f64>) {
            hessian.fill(1.0);
        }
    }

    #[test]
    fn a_minimiser_that_stalls_is_an_error() {
        let found = minimize(&mut Lie, &[0.0], None).map(|optimum| optimum.value);
        assert!(matches!(found, Err(Error::NotConverged { gradient: 1.0, .. })), "{found:?}");
    }

    #[test]
    fn derivatives_on_the_plane_are_those_of_the_value() {
        for a in [[1.0, -3.0, 0.5], [2.0, 0.0, 0.1], [0.0, 0.0, 4.0]] {
            let pivot = if a[0] == 1.0 {
                1
            } else if a[0] == 2.0 {
                0
            } else {
                2
            };
            let mut objective = Constrained {
                inner: &mut Bowl(DMatrix::zeros(3, 3)),
                base: vec![0.3, -0.2, 0.7],
                constraint: Some((pivot, a.iter().map(|v| v / a[pivot]).collect())),
                point: vec![0.0; 3],
                gradient: vec![0.0; 3],
                hessian: DMatrix::zeros(3, 3),
            };
            GradCheck::new().objective(&mut objective, &[0.4, -0.6]).expect("the gradient");
            GradCheck::new().hessian(&mut objective, &[0.4, -0.6]).expect("the Hessian");
            GradCheck::new().hessian_product(&mut objective, &[0.4, -0.6]).expect("its products");
            let before: f64 = a.iter().zip(&objective.base).map(|(a, p)| a * p).sum();
            let after: f64 = a.iter().zip(&objective.point).map(|(a, p)| a * p).sum();
            approx::assert_relative_eq!(before, after, max_relative = 1e-14);
        }
    }
}
