//! The decrement that rounding errors can cause, below which no fit can measure.

use super::Certified;
use super::metric::Metric;
use crate::scalar::Real;

impl<T: Real> Certified<'_, '_, T> {
    /// Returns the decrement that rounding errors can cause at `params`, in a model with these slopes and
    /// scores at the centre.
    pub(in crate::linear) fn rounding(&mut self, params: &[T], slopes: &[T], shifts: &[T]) -> Option<f64> {
        let (of_scores, terms) = self.objective.rounding(params, slopes, shifts);
        let limit = match self.metric.as_mut().map(Metric::factor) {
            Some(Some(factor)) => {
                let inverse = factor.inverse();
                let roots: Vec<f64> = inverse.diagonal().iter().map(|h| h.sqrt().recip()).collect();
                rounding_limit(of_scores, &terms, &roots)
            }
            // Upper bounds of the curvature give a lower limit.
            _ => rounding_limit(of_scores, &terms, &self.roots),
        };
        limit.is_finite().then_some(limit)
    }
}

/// The number of rounding errors of the largest size that may add up.
const ROUNDING: f64 = 8.0;

/// Returns the decrement that rounding can cause, from that of the scores, the rounding errors of the
/// gradient, and the root of the curvature of each parameter.
pub(in crate::linear) fn rounding_limit(of_scores: f64, terms: &[f64], roots: &[f64]) -> f64 {
    let part = |(&term, &root): (&f64, &f64)| if term == 0.0 { 0.0 } else { (term / root).powi(2) };
    ROUNDING * (of_scores + terms.iter().zip(roots).map(part).sum::<f64>().sqrt())
}
