//! The search for the ends of a profile interval.

use super::constrained::{Optimum, minimize, moved};
use crate::error::Error;
use crate::optim::HasHessian;
use crate::scalar::Real;
use crate::scalar::dot;

/// The search for the interval ends of one coefficient.
pub(super) struct Profile<'a, T> {
    /// The square root of the chi-squared quantile, and the sum of the weights.
    pub(super) reach: f64,
    pub(super) total_weight: f64,
    /// The coefficient's derivative in the solver's parameters.
    pub(super) a: Vec<T>,
    /// The direction in which the parameters follow the coefficient at the optimum, with `a . direction` = 1.
    pub(super) direction: Vec<T>,
    pub(super) optimum: &'a Optimum<T>,
    pub(super) estimate: f64,
    /// The first distance to try, and the distance at which the search stops.
    pub(super) first: f64,
    pub(super) limit: f64,
}

/// The maximum growth factor of the distance while no point outside the interval is known.
const GROWTH: f64 = 4.0;
/// The maximum number of fits for one end.
const FITS: usize = 100;

impl<T: Real> Profile<'_, T> {
    /// Finds the end on one side: `side` is -1 or 1.
    pub(super) fn end<O: HasHessian<T>>(&self, objective: &mut O, side: f64) -> Result<f64, Error> {
        let target = self.reach;
        let precision = T::EPSILON.as_f64().sqrt();
        let (mut inside, mut outside) = (0.0, None);
        let (mut distance, mut growth) = (self.first, GROWTH);
        let mut params = self.optimum.params.clone();
        for _ in 0..FITS {
            let Some(fit) = self.fit(objective, &params, self.estimate + side * distance)? else {
                // The point is too far from a known fit for Newton's method: move closer and continue with
                // smaller steps.
                distance = 0.5 * (inside + distance);
                growth = growth.sqrt();
                continue;
            };
            let (root, slope) = self.root(&fit, side);
            let next = distance + (target - root) / slope;
            let useful = slope > 0.0 && slope.is_finite() && next.is_finite();
            let near = (root - target).abs() <= precision.sqrt() * target;
            if useful && near && (next - distance).abs() <= precision * distance {
                return Ok(self.estimate + side * next);
            }
            if root < target {
                inside = distance;
                params = fit.params;
            } else {
                outside = Some(distance);
            }
            distance = match outside {
                Some(outside) if useful && inside < next && next < outside => next,
                Some(outside) => 0.5 * (inside + outside),
                None if useful => next.min(growth * distance),
                None => growth * distance,
            };
            if outside.is_none() && distance > self.limit {
                return Ok(side * f64::INFINITY);
            }
            if outside.is_some_and(|outside| outside - inside <= precision * outside) {
                return Ok(self.estimate + side * distance);
            }
        }
        Err(Error::NotConverged { what: "the search for the end of a profile interval", gradient: f64::NAN })
    }

    /// Fits with the coefficient fixed at `value`, from `params` or else from zero. Returns `None` if neither
    /// start converges.
    fn fit<O: HasHessian<T>>(
        &self,
        objective: &mut O,
        params: &[T],
        value: f64,
    ) -> Result<Option<Optimum<T>>, Error> {
        let zeros = vec![T::zero(); params.len()];
        let square = dot(&self.a, &self.a);
        let shortest: Vec<T> = self.a.iter().map(|&a| a / square).collect();
        for (params, direction) in [(params, &self.direction), (&zeros, &shortest)] {
            match minimize(objective, &moved(params, direction, &self.a, value), Some(&self.a)) {
                Err(Error::NotConverged { .. }) => {}
                fit => return fit.map(Some),
            }
        }
        Ok(None)
    }

    /// Returns the square root of the deviance relative to the optimum, and its derivative in the distance.
    fn root(&self, fit: &Optimum<T>, side: f64) -> (f64, f64) {
        let n = self.total_weight;
        let root = (2.0 * n * (fit.value - self.optimum.value)).max(0.0).sqrt();
        let multiplier = dot(&fit.gradient, &self.a).as_f64() / dot(&self.a, &self.a).as_f64();
        (root, n * side * multiplier / root)
    }
}
