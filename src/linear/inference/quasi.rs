//! A quasi-Newton method whose knowledge of the curvature lasts from fit to fit.
//!
//! With Jeffreys' prior the information is not the second derivative, and Newton's method needs dozens of
//! iterations for each fit, each with a factorisation. The fits of a profile are all around the same optimum,
//! so the curvature that one of them has learned serves the next.

use nalgebra::{DMatrix, DVector};

use super::constrained::Optimum;
use crate::optim::{Evaluation, Objective};
use crate::scalar::Real;

/// An estimate of the inverse of the second derivative.
///
/// # Formula
/// The step on the plane a . params = constant is -P g with P = W - W a aᵀ W / aᵀ W a. After a step s that
/// changed the gradient by y, W becomes (I - ρ s yᵀ) W (I - ρ y sᵀ) + ρ s sᵀ with ρ = 1/yᵀs, the update of
/// Broyden, Fletcher, Goldfarb and Shanno.
///
/// # References
/// Nocedal and Wright (2006), *Numerical Optimization*, chapter 6.
#[derive(Debug, Clone)]
pub(super) struct Curvature {
    inverse: DMatrix<f64>,
    /// The estimate to begin again with.
    first: DMatrix<f64>,
}

/// The number of iterations after which another method may be better.
const ITERATIONS: usize = 100;
/// The number of halvings of a step.
const HALVINGS: usize = 20;

impl Curvature {
    /// Creates an estimate from a first one, which is symmetric and positive definite.
    pub(super) fn new(inverse: DMatrix<f64>) -> Self {
        Curvature { first: inverse.clone(), inverse }
    }

    /// Minimises `objective` from `start` with `a . params` held fixed, until the largest entry of the
    /// gradient on that plane is at most `tolerance`. Returns `None` if that is not reached.
    pub(super) fn minimize<T: Real, O: Objective<T>>(
        &mut self,
        objective: &mut O,
        start: Vec<T>,
        a: &[T],
        tolerance: f64,
    ) -> Option<Optimum<T>> {
        let a = doubles(a);
        let mut point = Point::new(objective, start)?;
        for _ in 0..ITERATIONS {
            if point.optimality(&a) <= tolerance {
                let Point { params, value, gradient, .. } = point;
                return Some(Optimum { params, value, gradient: singles(&gradient) });
            }
            let Some(next) = self.step(objective, &point, &a) else { break };
            self.learn(&point, &next);
            point = next;
        }
        self.inverse.copy_from(&self.first);
        None
    }

    /// Returns the first point along the step that is low enough.
    fn step<T: Real, O: Objective<T>>(
        &self,
        objective: &mut O,
        from: &Point<T>,
        a: &DVector<f64>,
    ) -> Option<Point<T>> {
        let image = &self.inverse * a;
        let free = &self.inverse * &from.gradient;
        let direction = &image * (image.dot(&from.gradient) / image.dot(a)) - free;
        let slope = direction.dot(&from.gradient);
        let mut length = 1.0;
        for _ in 0..HALVINGS {
            let moved = from.params.iter().zip(&direction).map(|(&p, &d)| p + T::of(length * d));
            if let Some(to) = Point::new(objective, moved.collect()) {
                // Near the optimum, the change of the value is less than its rounding error.
                let rounding = 4.0 * T::EPSILON.as_f64() * from.magnitude.max(to.magnitude);
                if to.value <= from.value + 1e-4 * length * slope + rounding {
                    return Some(to);
                }
            }
            length *= 0.5;
        }
        None
    }

    fn learn<T: Real>(&mut self, from: &Point<T>, to: &Point<T>) {
        let step = DVector::from_iterator(
            from.params.len(),
            to.params.iter().zip(&from.params).map(|(to, from)| (*to - *from).as_f64()),
        );
        let change = &to.gradient - &from.gradient;
        let product = change.dot(&step);
        // Where the objective bends the other way, or only rounding changed, there is nothing to learn.
        if product.is_nan() || product <= T::EPSILON.as_f64() * change.norm() * step.norm() {
            return;
        }
        let image = &self.inverse * &change;
        let rate = product.recip();
        let square = rate * (1.0 + rate * change.dot(&image));
        self.inverse.ger(-rate, &step, &image, 1.0);
        self.inverse.ger(-rate, &image, &step, 1.0);
        self.inverse.ger(square, &step, &step, 1.0);
    }
}

/// A point with finite value and gradient.
struct Point<T> {
    params: Vec<T>,
    value: f64,
    magnitude: f64,
    gradient: DVector<f64>,
}

impl<T: Real> Point<T> {
    fn new<O: Objective<T>>(objective: &mut O, params: Vec<T>) -> Option<Self> {
        let mut gradient = vec![T::zero(); params.len()];
        let Evaluation { value, magnitude, .. } = objective.evaluate(&params, &mut gradient);
        let gradient = doubles(&gradient);
        let finite = value.is_finite() && gradient.iter().all(|g| g.is_finite());
        finite.then_some(Point { params, value, magnitude, gradient })
    }

    /// Returns the largest entry of the gradient of the parameters other than the one with the largest |a|,
    /// which the others determine.
    fn optimality(&self, a: &DVector<f64>) -> f64 {
        let pivot = a.iamax();
        let multiplier = self.gradient[pivot] / a[pivot];
        self.gradient.iter().zip(a).map(|(g, a)| (g - multiplier * a).abs()).fold(0.0, f64::max)
    }
}

fn doubles<T: Real>(values: &[T]) -> DVector<f64> {
    DVector::from_iterator(values.len(), values.iter().map(|value| value.as_f64()))
}

fn singles<T: Real>(values: &DVector<f64>) -> Vec<T> {
    values.iter().map(|&value| T::of(value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Σ exp(c_k p_k) - p_k, which bends more in some directions than in others, and counts evaluations.
    struct Valleys(usize);
    const RATES: [f64; 5] = [0.5, 1.0, 2.0, 3.0, 4.0];

    impl Objective<f64> for Valleys {
        fn parameter_count(&self) -> usize {
            RATES.len()
        }
        fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
            self.0 += 1;
            let mut value = 0.0;
            for ((g, p), c) in gradient.iter_mut().zip(p).zip(RATES) {
                *g = c * (c * p).exp() - 1.0;
                value += (c * p).exp() - p;
            }
            Evaluation::of(value, gradient)
        }
    }

    #[test]
    fn fits_on_a_plane_are_optima_and_later_ones_cost_less() {
        let a = [1.0, -2.0, 0.5, 1.0, 0.0];
        let mut curvature = Curvature::new(DMatrix::identity(5, 5));
        let mut counts = Vec::new();
        let mut start = vec![0.0; 5];
        for level in [1.0, 1.05, 1.1] {
            start[0] += level - a.iter().zip(&start).map(|(a, p)| a * p).sum::<f64>();
            let mut objective = Valleys(0);
            let optimum = curvature.minimize(&mut objective, start.clone(), &a, 1e-10).expect("an optimum");
            counts.push(objective.0);
            // The gradient is a multiple of the constraint, and the constraint is kept.
            let multiple = optimum.gradient[0] / a[0];
            for (g, a) in optimum.gradient.iter().zip(a) {
                assert!((g - multiple * a).abs() < 1e-9, "{:?}", optimum.gradient);
            }
            let kept: f64 = a.iter().zip(&optimum.params).map(|(a, p)| a * p).sum();
            assert!((kept - level).abs() < 1e-12);
            start = optimum.params;
        }
        assert!(2 * counts[1] < counts[0] && 2 * counts[2] < counts[0], "{counts:?}");
    }

    #[test]
    fn a_minimum_that_does_not_exist_is_not_found() {
        struct Slope;
        impl Objective<f64> for Slope {
            fn parameter_count(&self) -> usize {
                2
            }
            fn evaluate(&mut self, p: &[f64], gradient: &mut [f64]) -> Evaluation {
                gradient.copy_from_slice(&[1.0, 0.0]);
                Evaluation::of(p[0], gradient)
            }
        }
        let mut curvature = Curvature::new(DMatrix::identity(2, 2));
        assert!(curvature.minimize(&mut Slope, vec![0.0; 2], &[0.0, 1.0], 1e-9).is_none());
    }
}
