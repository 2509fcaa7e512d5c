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

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::super::Doubt;
    use super::*;
    use crate::linear::objective::tests::{Data, draw};
    use crate::optim::{HasHessian, Objective};
    use crate::rng::Rng;

    #[test]
    fn rounding_errors_count_in_units_of_curvature() {
        // Terms of 3 and 4 in these units, and one without an error whose curvature is not known.
        assert_eq!(rounding_limit(2.0, &[3.0, 0.0, 8.0], &[1.0, 0.0, 2.0]), 8.0 * 7.0);
    }

    /// The roots are those of the curvature that is left of each parameter beside all others.
    #[test]
    fn the_limit_knows_how_parameters_depend_on_each_other() {
        let mut rng = Rng::new(22);
        let data = Data::new(50, 3, 2, true, &mut rng);
        let mut objective = data.objective(0.1, true);
        let params = draw(objective.parameter_count(), &mut rng);
        let mut gradient = params.clone();
        objective.evaluate(&params, &mut gradient);
        let (slopes, intercepts) = objective.coefficients(&params);
        let mut hessian = DMatrix::zeros(4, 4);
        objective.hessian(&params, &mut hessian);
        hessian.fill_upper_triangle_with_lower_triangle();
        let inverse = hessian.try_inverse().unwrap();
        let (of_scores, terms) = objective.rounding(&params, slopes.as_slice(), &intercepts);
        assert!(of_scores > 0.0 && terms.iter().all(|&term| term > 0.0));
        let squares = terms.iter().enumerate().map(|(at, term)| term * term * inverse[(at, at)]);
        let wanted = 8.0 * (of_scores + squares.sum::<f64>().sqrt());
        let mut certified = Certified::new(&mut objective, 1e-8, 1e-8, Doubt::Ignored);
        let without = certified.rounding(&params, slopes.as_slice(), &intercepts).unwrap();
        certified.renew(&params, &gradient);
        let limit = certified.rounding(&params, slopes.as_slice(), &intercepts).unwrap();
        approx::assert_relative_eq!(limit, wanted, max_relative = 1e-9);
        assert!(without < limit, "{without:e}, {limit:e}");
    }
}
